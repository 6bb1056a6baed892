/*
 * Signals: what somebody saw or did becomes decayed counts of the messages
 * that it is about, and a place in the re-score queue (L-29..L-32, P-09, C-28).
 * A count is kept with the time at which it was right; whoever adds to it lets
 * it fade first.
 */
#include "base/clock.h"
#include "store/ledger.h"

#define BOOST_STEP 0.05 /* a row that is seen again and again is written only if it matters so much */

/* A message that a signal is about. */
struct subject {
	int64_t message, account, conversation;
};

static int find_subject(struct store *s, message_id m, struct subject *out, struct err *err)
{
	sqlite3_stmt *q = db_stmt(s, "SELECT account_id, conversation_id FROM message WHERE id = ?");
	int r;

	*out = (struct subject){ 0 };
	if (!q)
		return db_fail(s, err);
	db_bind(q, "i", m.v);
	r = db_step(s, q, err);
	if (r > 0) {
		*out = (struct subject){ m.v, sqlite3_column_int64(q, 0), sqlite3_column_int64(q, 1) };
		sqlite3_reset(q);
	}
	return r;
}

/* Both rows that a signal needs (L-31). */
static int make_rows(struct store *s, const struct subject *u, struct err *err)
{
	int r = db_run(s, err,
		"INSERT INTO cache_object (message_id, account_id, layer, object_id, state)"
		" VALUES (?, ?, 'body', '', 'wanted') ON CONFLICT DO NOTHING",
		"ii", u->message, u->account);

	return r < 0 ? r
		     : db_run(s, err,
			       "INSERT INTO cache_signal (message_id) VALUES (?) ON CONFLICT DO NOTHING",
			       "i", u->message);
}

/* Its place in the queue follows from its signals; at least `least`. */
static int queue_local(struct store *s, const struct subject *u, double least, int64_t now,
	struct err *err)
{
	struct ledger_facts f;
	int r = ledger_facts(s, u->message, now, &f, err);

	if (r <= 0)
		return r;
	return ledger_queue(s, u->message, u->account, MAX(cache_rescore_priority(&f.facts), least),
		now, err);
}

/* --- counts ------------------------------------------------------------ */

/* What is left of a count that `sql` reads with its time for an id; 0 if there is none. */
static int faded(struct store *s, const char *sql, int64_t id, int64_t now, double fades, double *out,
	struct err *err)
{
	sqlite3_stmt *q = db_stmt(s, sql);
	int r;

	*out = 0;
	if (!q)
		return db_fail(s, err);
	db_bind(q, "i", id);
	r = db_step(s, q, err);
	if (r > 0) {
		*out = cache_decay(sqlite3_column_double(q, 0), now - sqlite3_column_int64(q, 1), fades);
		sqlite3_reset(q);
	}
	return MIN(r, 0);
}

static int count_thread(struct store *s, int64_t message, int64_t now, struct err *err)
{
	double was;
	int r = faded(s, "SELECT thread, thread_at FROM cache_signal WHERE message_id = ?", message, now,
		CACHE_THREAD_FADES, &was, err);

	return r < 0 ? r
		     : db_run(s, err,
			       "UPDATE cache_signal SET thread = ?, thread_at = ? WHERE message_id = ?",
			       "dii", was + 1, now, message);
}

static int count_behaviour(struct store *s, int64_t message, int64_t now, struct err *err)
{
	double was;
	int r = faded(s, "SELECT behaviour, behaviour_at FROM cache_signal WHERE message_id = ?",
		message, now, CACHE_BEHAVIOUR_FADES, &was, err);

	return r < 0 ? r
		     : db_run(s, err,
			       "UPDATE cache_signal SET behaviour = ?, behaviour_at = ?"
			       " WHERE message_id = ?",
			       "dii", was + 1, now, message);
}

static int count_sender(struct store *s, const struct subject *u, int64_t now, struct err *err)
{
	double was;
	int r = faded(s,
		"SELECT f.opened, f.at FROM cache_sender f JOIN message m"
		" ON f.account_id = m.account_id AND f.address = lower(m.from_addr) WHERE m.id = ?",
		u->message, now, CACHE_SENDER_FADES, &was, err);

	return r < 0 ? r
		     : db_run(s, err,
			       "INSERT INTO cache_sender (account_id, address, opened, at)"
			       " SELECT account_id, lower(from_addr), ?1, ?2 FROM message WHERE id = ?3"
			       " AND from_addr <> '' ON CONFLICT DO UPDATE SET opened = ?1, at = ?2",
			       "dii", was + 1, now, u->message);
}

/* --- a conversation ------------------------------------------------------ */

static int newest_of(struct store *s, const struct subject *u, GArray *ids, struct err *err)
{
	return db_ids(s, err, ids,
		"SELECT id FROM message WHERE conversation_id = ? AND id <> ? ORDER BY id DESC LIMIT ?",
		"iii", u->conversation, u->message, (int64_t)CACHE_THREAD_FAN);
}

/* The others of it that came last hear that something happened. */
static int fan_out(struct store *s, const struct subject *u, int64_t now, struct err *err)
{
	g_autoptr(GArray) ids = g_array_new(FALSE, FALSE, sizeof(int64_t));
	int r = newest_of(s, u, ids, err);

	for (guint i = 0; r == 0 && i < ids->len; i++) {
		const struct subject other = { g_array_index(ids, int64_t, i), u->account,
			u->conversation };

		r = make_rows(s, &other, err);
		if (r == 0)
			r = count_thread(s, other.message, now, err);
		if (r == 0)
			r = queue_local(s, &other, CACHE_LOCAL_BAND, now, err);
	}
	return r;
}

/* --- the kinds ----------------------------------------------------------- */

/* 1 = it rose enough to be worth scoring. */
static int raise_boost(struct store *s, const struct subject *u, int rank, int64_t now,
	struct err *err)
{
	double was, boost = cache_visible_boost(rank);
	int r = faded(s, "SELECT boost, boost_at FROM cache_signal WHERE message_id = ?", u->message,
		now, CACHE_BOOST_FADES, &was, err);

	if (r < 0)
		return r;
	if (boost < was + BOOST_STEP)
		return 0;
	r = make_rows(s, u, err);
	if (r == 0)
		r = db_run(s, err,
			"UPDATE cache_signal SET boost = ?, boost_at = ? WHERE message_id = ?", "dii",
			boost, now, u->message);
	return r < 0 ? r : 1;
}

static int saw(struct store *s, const struct subject *u, const struct cache_notice *n, int64_t now,
	struct err *err)
{
	int r = raise_boost(s, u, n->rank, now, err);

	return r <= 0 ? r : queue_local(s, u, CACHE_LOCAL_BAND, now, err);
}

static int saw_hit(struct store *s, const struct subject *u, const struct cache_notice *n,
	int64_t now, struct err *err)
{
	int64_t all = 0;
	int r = raise_boost(s, u, n->rank, now, err);

	if (r >= 0)
		r = make_rows(s, u, err);
	if (r == 0)
		r = MIN(db_ask(s, err, &all,
				"SELECT ifnull(sum(total), 0) FROM mailbox WHERE account_id = ?", "i",
				u->account),
			0);
	if (r == 0)
		r = db_run(s, err,
			"UPDATE cache_signal SET search_n = ?, search_of = ?, search_rank = ?,"
			" search_at = ? WHERE message_id = ?",
			"iiiii", (int64_t)n->of, MIN(all, INT_MAX), (int64_t)n->rank, now, u->message);
	return r < 0 ? r : queue_local(s, u, CACHE_LOCAL_BAND, now, err);
}

static int opened(struct store *s, const struct subject *u, int64_t now, struct err *err)
{
	int r = make_rows(s, u, err);

	if (r == 0)
		r = count_behaviour(s, u->message, now, err);
	if (r == 0)
		r = count_sender(s, u, now, err);
	if (r == 0)
		r = fan_out(s, u, now, err);
	return r < 0 ? r : queue_local(s, u, CACHE_LOCAL_BAND, now, err);
}

static int pinned(struct store *s, const struct subject *u, bool on, int64_t now, struct err *err)
{
	int r = make_rows(s, u, err);

	if (r == 0)
		r = db_run(s, err, "UPDATE cache_signal SET pinned = ? WHERE message_id = ?", "ii",
			(int64_t)on, u->message);
	return r < 0 ? r : queue_local(s, u, CACHE_LOCAL_BAND, now, err);
}

static int arrived(struct store *s, const struct subject *u, int64_t now, struct err *err)
{
	int r = make_rows(s, u, err);

	if (r == 0)
		r = ledger_queue(s, u->message, u->account, CACHE_NEW_MAIL, now, err);
	return r < 0 ? r : fan_out(s, u, now, err);
}

int cache_note(struct store *s, const struct cache_notice *n, int64_t now, struct err *err)
{
	struct subject u;
	int r = find_subject(s, n->message, &u, err);

	if (r <= 0)
		return r; /* it may have gone since it was seen */
	switch (n->kind) {
	case CACHE_SAW_ROW:
		return saw(s, &u, n, now, err);
	case CACHE_SAW_HIT:
		return saw_hit(s, &u, n, now, err);
	case CACHE_OPENED:
		return opened(s, &u, now, err);
	case CACHE_FLAGGED: /* the ledger finds the mark itself */
		return ledger_queue(s, u.message, u.account, CACHE_LOCAL_BAND, now, err);
	case CACHE_PINNED_ON:
	case CACHE_PINNED_OFF:
		return pinned(s, &u, n->kind == CACHE_PINNED_ON, now, err);
	case CACHE_NEW:
		return arrived(s, &u, now, err);
	}
	return 0;
}

int store_cache_notice(struct store *s, const struct cache_notice *n, size_t count, struct err *err)
{
	int64_t now = clock_unix();
	int r;

	if (count == 0)
		return 0;
	r = tx_begin(s, TX_CONSISTENT, err);
	if (r < 0)
		return r;
	for (size_t i = 0; r == 0 && i < count; i++)
		r = cache_note(s, &n[i], now, err);
	return tx_end(s, r, err);
}
