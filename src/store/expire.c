/* Which bodies are missing, and which may go (M-15, M-16, M-37). */
#include <limits.h>

#include "base/clock.h"
#include "base/i18n.h"
#include "model/flags.h"
#include "store/priv.h"

enum {
	EXPIRE_SLICE = 500,       /* bodies in one transaction */
	EXPIRE_SLICES_MAX = 200,  /* in one call: the rest goes with the next one */
	DAY_S = 86400,
};

int store_body_gaps(struct store *s, mailbox_id m, uint64_t from, struct body_gap *out, size_t max,
	struct err *err)
{
	sqlite3_stmt *q = db_stmt(s, "SELECT uid, message_id FROM location l WHERE mailbox_id = ?"
				  " AND uid >= ? AND NOT EXISTS (SELECT 1 FROM body b"
				  " WHERE b.message_id = l.message_id) ORDER BY uid LIMIT ?");
	size_t n = 0;
	int r;

	if (!q)
		return db_fail(s, err);
	if (from > INT64_MAX)
		return 0;
	db_bind(q, "iii", m.v, (int64_t)from, (int64_t)MIN(max, (size_t)INT_MAX));
	while ((r = db_step(s, q, err)) > 0) {
		out[n].uid = (uint64_t)sqlite3_column_int64(q, 0);
		out[n++].message.v = sqlite3_column_int64(q, 1);
	}
	return r < 0 ? r : (int)n;
}

/* Old ones after `last`; what is flagged, or waits to be changed at the server, is protected. */
static int select_old(struct store *s, int64_t before, int64_t last, GArray *all, GArray *files,
	struct err *err)
{
	sqlite3_stmt *q = db_stmt(s, "SELECT message_id, pack FROM body b WHERE used_at < ?"
				  " AND message_id > ? AND NOT EXISTS (SELECT 1 FROM location l"
				  " WHERE l.message_id = b.message_id"
				  " AND (l.pending = 1 OR l.flags & ?3 OR l.server_flags & ?3))"
				  " AND NOT EXISTS (SELECT 1 FROM mutation m WHERE"
				  " m.message_id = b.message_id AND m.status IN ('queued', 'leased'))"
				  " AND message_id NOT IN (" ONLY_OURS ")"
				  " ORDER BY message_id LIMIT ?");
	int r;

	if (!q)
		return db_fail(s, err);
	db_bind(q, "iiii", before, last, (int64_t)FLAG_FLAGGED, (int64_t)EXPIRE_SLICE);
	while ((r = db_step(s, q, err)) > 0) {
		int64_t id = sqlite3_column_int64(q, 0);

		g_array_append_val(all, id);
		if (sqlite3_column_int64(q, 1) == 0)
			g_array_append_val(files, id);
	}
	return r;
}

/* How many; 0 = nothing is left to do.  The rows go durably before the files do. */
static int expire_slice(struct store *s, int64_t before, int64_t *last, struct err *err)
{
	g_autoptr(GArray) all = g_array_new(FALSE, FALSE, sizeof(int64_t));
	g_autoptr(GArray) files = g_array_new(FALSE, FALSE, sizeof(int64_t));
	int r = tx_begin(s, TX_DURABLE, err);

	if (r < 0)
		return r;
	r = select_old(s, before, *last, all, files, err);
	for (guint i = 0; r == 0 && i < all->len; i++) {
		*last = g_array_index(all, int64_t, i);
		r = db_run(s, err, "DELETE FROM body WHERE message_id = ?", "i", *last);
		if (r == 0)
			r = body_ledger(s, *last, -1, err);
	}
	r = tx_end(s, r, err);
	if (r < 0)
		return r;
	body_unlink(s, files);
	return (int)all->len;
}

int store_bodies_expire(struct store *s, int days, struct err *err)
{
	int64_t before = clock_unix() - (int64_t)days * DAY_S, last = 0;
	int removed = 0, n = 1, r;

	for (int i = 0; i < EXPIRE_SLICES_MAX && n > 0; i++) {
		n = expire_slice(s, before, &last, err);
		if (n < 0)
			return n;
		removed += n;
	}
	r = pack_clean(s, err);
	if (r == 0)
		r = pack_compact(s, err);
	return r < 0 ? r : removed;
}
