/*
 * Kept counters: total and unread per mailbox are never counted in a list.
 * A transaction gathers its differences here and writes each mailbox once.
 */
#include "store/priv.h"

struct delta {
	int64_t mailbox, total, unread, known;
};

G_STATIC_ASSERT(sizeof(struct delta) == 4 * sizeof(int64_t));

void count_mailbox(struct store *s, int64_t mailbox, int total, int unread, int known)
{
	struct delta fresh = { .mailbox = mailbox, .total = total, .unread = unread,
		.known = known };

	for (guint i = 0; i < s->deltas->len; i++) {
		struct delta *d = &g_array_index(s->deltas, struct delta, i);

		if (d->mailbox == mailbox) {
			d->total += total;
			d->unread += unread;
			d->known += known;
			return;
		}
	}
	g_array_append_val(s->deltas, fresh);
}

static int announce(struct store *s, int64_t mailbox, struct err *err)
{
	sqlite3_stmt *q = db_stmt(s, "SELECT account_id, unread FROM mailbox WHERE id = ?");
	account_id a;
	int64_t unread;
	int r;

	db_bind(q, "i", mailbox);
	r = db_step(s, q, err);
	if (r <= 0)
		return r;
	a.v = sqlite3_column_int64(q, 0);
	unread = sqlite3_column_int64(q, 1);
	sqlite3_reset(q);
	return event_emit(s, TOPIC_UNREAD_COUNT_CHANGED, a, (mailbox_id){ mailbox },
		(message_id){ 0 }, unread, err);
}

int count_flush(struct store *s, struct err *err)
{
	int r = 0;

	for (guint i = 0; r >= 0 && i < s->deltas->len; i++) {
		struct delta d = g_array_index(s->deltas, struct delta, i);

		if (!d.total && !d.unread && !d.known)
			continue;
		r = db_run(s, err,
			"UPDATE mailbox SET total = total + ?, unread = unread + ?,"
			" known = known + ? WHERE id = ?",
			"iiii", d.total, d.unread, d.known, d.mailbox);
		if (r == 0 && d.unread)
			r = announce(s, d.mailbox, err);
	}
	g_array_set_size(s->deltas, 0);
	return r < 0 ? r : 0;
}
