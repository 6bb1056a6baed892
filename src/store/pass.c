/*
 * What a provider may ask about a mailbox while it compares, and what is
 * cleaned up when a pass has heard all of them.
 */
#include "base/i18n.h"
#include "model/flags.h"
#include "store/priv.h"

enum {
	PURGE_SLICES_MAX = 8,  /* of 500 messages, in one pass */
};

/* --- what the store knows ---------------------------------------------- */

int store_known(struct store *s, mailbox_id m, uint64_t from, struct store_known *out, size_t max,
	struct err *err)
{
	sqlite3_stmt *q = db_stmt(s, "SELECT uid, server_flags, keywords FROM location"
				  " WHERE mailbox_id = ? AND uid >= ? ORDER BY uid LIMIT ?");
	size_t n = 0;
	int r;

	if (from > INT64_MAX)
		return 0;
	db_bind(q, "iii", m.v, (int64_t)from, (int64_t)max);
	while ((r = db_step(s, q, err)) > 0 && n < max) {
		out[n].uid = (uint64_t)sqlite3_column_int64(q, 0);
		out[n].flags = (unsigned)sqlite3_column_int(q, 1);
		out[n].keywords_hash = flags_keywords_hash((const char *)sqlite3_column_text(q, 2));
		n++;
	}
	return r < 0 ? r : (int)n;
}

int64_t store_known_count(struct store *s, mailbox_id m)
{
	int64_t n = 0;

	db_ask(s, NULL, &n, "SELECT known FROM mailbox WHERE id = ?", "i", m.v);
	return n;
}

/* --- the end of a pass ------------------------------------------------- */

/* Unless a move that was in doubt took it elsewhere, what is wished of it has failed. */
static int drop_place(struct store *s, int64_t location, struct err *err)
{
	int64_t message = 0, lost = 0;
	int r = queue_prove_moves(s, location, err);

	if (r == 0)
		r = db_ask(s, err, &message, "SELECT message_id FROM location WHERE id = ?", "i",
			location);
	if (r > 0 && message)
		r = db_ask(s, err, &lost, "SELECT lost FROM location WHERE id = ?", "i", location);
	if (r < 0 || !message)
		return MIN(r, 0);
	r = queue_conflict(s, location,
		lost ? _("The mailbox was made anew at the server, and the message is not in it "
			 "any more.")
		     : _("The moved message was not found in its new mailbox."),
		err);
	if (r == 0)
		r = location_delete(s, location, err);
	return r < 0 ? r : rebase(s, message, err);
}

/* Places without a number that no pass found go, the message waits as an orphan. */
static int drop_awaited(struct store *s, account_id a, struct err *err)
{
	g_autoptr(GArray) ids = g_array_new(FALSE, FALSE, sizeof(int64_t));
	int r = db_run(s, err,
		"UPDATE location SET passes = passes + 1 WHERE uid IS NULL AND mailbox_id IN"
		" (SELECT id FROM mailbox WHERE account_id = ?) AND NOT EXISTS"
		" (SELECT 1 FROM mutation q WHERE q.message_id = location.message_id"
		"  AND q.status IN ('queued', 'leased') AND q.target_location_id = location.id)",
		"i", a.v);

	if (r == 0)
		r = db_ids(s, err, ids,
			"SELECT l.id FROM location l JOIN mailbox b ON b.id = l.mailbox_id"
			" WHERE b.account_id = ? AND l.uid IS NULL AND l.passes >= ?",
			"ii", a.v, (int64_t)ORPHAN_PASSES);
	for (guint i = 0; r == 0 && i < ids->len; i++) {
		int64_t location = g_array_index(ids, int64_t, i);

		r = drop_place(s, location, err);
	}
	return r;
}

/* The messages that no pass has found for too long go (but what only we have stays until it was
 * appended or dropped), a slice at a time; 1 = there may be more. */
static int purge_slice(struct store *s, account_id a, struct err *err)
{
	g_autoptr(GArray) ids = g_array_new(FALSE, FALSE, sizeof(int64_t));
	int r = tx_begin_leased(s, TX_CONSISTENT, a, err);

	if (r < 0)
		return r;
	r = db_ids(s, err, ids,
		"SELECT id FROM message WHERE account_id = ?1 AND orphan > 0 AND orphan > ?2"
		" AND id NOT IN (" ONLY_OURS ") LIMIT 500",
		"ii", a.v, (int64_t)ORPHAN_PASSES);
	for (guint i = 0; r == 0 && i < ids->len; i++)
		r = message_purge(s, g_array_index(ids, int64_t, i), err);
	r = tx_end(s, r, err);
	if (r == 0)
		body_unlink(s, ids);
	if (r == 0 && ids->len > 0)
		r = pack_clean(s, err);
	return r < 0 ? r : ids->len > 0;
}

static int close_pass(struct store *s, account_id a, struct err *err)
{
	int r = tx_begin_leased(s, TX_CONSISTENT, a, err);

	if (r < 0)
		return r;
	r = refind_confirm_all(s, a, err);
	if (r == 0)
		r = drop_awaited(s, a, err);
	if (r == 0)
		r = db_run(s, err,
			"UPDATE message SET orphan = orphan + 1 WHERE account_id = ? AND orphan > 0",
			"i", a.v);
	if (r == 0)
		r = event_trim(s, err);
	return tx_end(s, r, err);
}

int store_pass_done(struct store *s, account_id a, struct err *err)
{
	int r = close_pass(s, a, err), more = 1;

	/* who stops meanwhile waits for this: of very many, the rest goes with the next pass */
	for (int n = 0; r == 0 && more > 0 && n < PURGE_SLICES_MAX; n++) {
		more = purge_slice(s, a, err);
		r = MIN(more, 0);
	}
	if (r == 0)
		identity_settle(s);
	return r;
}
