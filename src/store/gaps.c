/* Which bodies of a mailbox are missing (M-37). */
#include <limits.h>

#include "store/priv.h"

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
