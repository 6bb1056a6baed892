/*
 * Scoring: what is known of a message is read, model/cache.h makes a number of
 * it, and the ledger keeps that.  The queue says who is next: what the reader
 * saw or did stands before maintenance (L-30), which goes round all rows,
 * the longest not scored first (L-42, L-97).
 */
#include "base/clock.h"
#include "model/flags.h"
#include "store/ledger.h"

/* --- facts ------------------------------------------------------------- */

static void read_signals(sqlite3_stmt *q, int64_t now, struct cache_facts *f)
{
	int64_t searched = sqlite3_column_int64(q, 15);

	f->pinned = sqlite3_column_int(q, 5) != 0;
	f->boost = cache_decay(sqlite3_column_double(q, 6), now - sqlite3_column_int64(q, 7),
		CACHE_BOOST_FADES);
	f->thread = cache_decay(sqlite3_column_double(q, 8), now - sqlite3_column_int64(q, 9),
		CACHE_THREAD_FADES);
	f->behaviour = cache_decay(sqlite3_column_double(q, 10), now - sqlite3_column_int64(q, 11),
		CACHE_BEHAVIOUR_FADES);
	f->search_n = sqlite3_column_int(q, 12);
	f->search_of = sqlite3_column_int(q, 13);
	f->search_rank = sqlite3_column_type(q, 14) == SQLITE_NULL ||
					 now - searched > CACHE_SEARCH_S ||
					 searched - now > CACHE_AHEAD_S
				 ? -1
				 : sqlite3_column_int(q, 14);
	f->sender = cache_decay(sqlite3_column_double(q, 16), now - sqlite3_column_int64(q, 17),
		CACHE_SENDER_FADES);
}

static void read_message(sqlite3_stmt *q, int64_t now, struct ledger_facts *out)
{
	int64_t date = sqlite3_column_int64(q, 1), size = sqlite3_column_int64(q, 2);
	bool attachment = sqlite3_column_int(q, 3) != 0, here = sqlite3_column_int64(q, 19) > 0;
	int64_t days = sqlite3_column_int64(q, 20);
	struct cache_facts *f = &out->facts;

	*out = (struct ledger_facts){ .account.v = sqlite3_column_int64(q, 0) };
	out->parts = cache_in_parts(size, attachment) && g_str_equal(db_column(q, 4), "imap");
	out->value_bytes = cache_guess(size, attachment);
	out->past = here && days > 0 &&
		    cache_until(true, sqlite3_column_int64(q, 19), (int)MIN(days, 36500)) <= now;
	f->layer = CACHE_LAYER_BODY;
	f->age_days = date > 0 ? (double)MAX(now - date, 0) / CACHE_DAY_S : -1;
	f->fetch_bytes = here ? sqlite3_column_int64(q, 18) : cache_fetch_bytes(size, out->parts);
	read_signals(q, now, f);
}

static int load_message(struct store *s, int64_t message, int64_t now, struct ledger_facts *out,
	struct err *err)
{
	sqlite3_stmt *q = db_stmt(s, "SELECT m.account_id, m.received_at, m.size, m.attachment, a.type,"
				  " g.pinned, g.boost, g.boost_at, g.thread, g.thread_at, g.behaviour,"
				  " g.behaviour_at, g.search_n, g.search_of, g.search_rank, g.search_at,"
				  " f.opened, f.at, b.stored_bytes, b.used_at,"
				  " (SELECT days FROM cache_total)"
				  " FROM message m JOIN account a ON a.id = m.account_id"
				  " LEFT JOIN cache_signal g ON g.message_id = m.id"
				  " LEFT JOIN cache_sender f ON f.account_id = m.account_id"
				  "  AND f.address = lower(m.from_addr)"
				  " LEFT JOIN body b ON b.message_id = m.id WHERE m.id = ?");
	int r;

	*out = (struct ledger_facts){ 0 };
	if (!q)
		return db_fail(s, err);
	db_bind(q, "i", message);
	r = db_step(s, q, err);
	if (r > 0) {
		read_message(q, now, out);
		sqlite3_reset(q);
	}
	return r;
}

/* What its places add: flags, and the uses and policies of their mailboxes. */
static int load_places(struct store *s, int64_t message, struct ledger_facts *out, struct err *err)
{
	sqlite3_stmt *q = db_stmt(s, "SELECT l.flags, " ROLE_OF("b") ", ifnull(o.policy, 0)"
				  " FROM location l JOIN mailbox b ON b.id = l.mailbox_id"
				  " LEFT JOIN mailbox_offline o ON o.mailbox_id = b.id"
				  " WHERE l.message_id = ? AND l.shown = 1");
	bool any = false, all = true;
	int r;

	if (!q)
		return db_fail(s, err);
	db_bind(q, "i", message);
	while ((r = db_step(s, q, err)) > 0) {
		unsigned flags = (unsigned)sqlite3_column_int(q, 0);

		any = true;
		out->facts.flagged |= (flags & FLAG_FLAGGED) != 0;
		out->facts.unread |= !(flags & FLAG_SEEN);
		out->facts.inbox |= sqlite3_column_int(q, 1) == ROLE_INBOX;
		all = all && sqlite3_column_int(q, 2) == OFFLINE_HEADERS;
	}
	out->headers = any && all;
	return r;
}

int ledger_facts(struct store *s, int64_t message, int64_t now, struct ledger_facts *out,
	struct err *err)
{
	int r = load_message(s, message, now, out, err);

	if (r <= 0)
		return r;
	r = load_places(s, message, out, err);
	return r < 0 ? r : 1;
}

struct cache_score ledger_score(const struct ledger_facts *f)
{
	struct cache_score score = cache_score(&f->facts);

	if ((f->headers || f->past) && !f->facts.pinned)
		score.priority = 0;
	return score;
}

/* --- the queue --------------------------------------------------------- */

int ledger_queue(struct store *s, int64_t message, int64_t account, double priority, int64_t now,
	struct err *err)
{
	return db_run(s, err,
		"INSERT INTO cache_rescore (message_id, account_id, priority, queued_at)"
		" VALUES (?, ?, ?, ?) ON CONFLICT (message_id) DO UPDATE"
		" SET priority = excluded.priority WHERE excluded.priority > priority",
		"iidi", message, account, priority, now);
}

/* Rows that were scored between two times, the longest ago first; how many. */
static int queue_scored(struct store *s, account_id a, int max, int64_t from, int64_t to, int64_t now,
	struct err *err)
{
	int r = db_run(s, err,
		"INSERT INTO cache_rescore (message_id, account_id, priority, queued_at)"
		" SELECT message_id, account_id, 0, ?1 FROM cache_object c"
		" WHERE account_id = ?2 AND last_scored_at BETWEEN ?3 AND ?4"
		" AND state <> 'fetching'"
		" AND NOT EXISTS (SELECT 1 FROM cache_rescore r WHERE r.message_id = c.message_id)"
		" ORDER BY last_scored_at, message_id LIMIT ?5 ON CONFLICT DO NOTHING",
		"iiiii", now, a.v, from, to, (int64_t)max);

	return r < 0 ? r : (int)db_changed(s);
}

/* Rows that were scored too long ago, or by a clock that was far ahead. */
static int queue_stale(struct store *s, account_id a, int max, int64_t now, struct err *err)
{
	int r = queue_scored(s, a, max, INT64_MIN, now - CACHE_STALE_S, now, err), more;

	if (r < 0 || r >= max)
		return r;
	more = queue_scored(s, a, max - r, now + CACHE_AHEAD_S, INT64_MAX, now, err);
	return more < 0 ? more : r + more;
}

/* The next rows that were never scored, after `*last`; in a long history the newer ones have the lower
 * ids, for it is brought in backwards. */
static int next_unscored(struct store *s, account_id a, int max, int64_t *last, GArray *ids,
	struct err *err)
{
	sqlite3_stmt *q = db_stmt(s, "SELECT message_id FROM cache_object WHERE message_id > ?"
				  " AND account_id = ? AND last_scored_at IS NULL"
				  " ORDER BY message_id LIMIT ?");
	int r;

	if (!q)
		return db_fail(s, err);
	db_bind(q, "iii", *last, a.v, (int64_t)max);
	while ((r = db_step(s, q, err)) > 0) {
		*last = sqlite3_column_int64(q, 0);
		g_array_append_val(ids, *last);
	}
	return r;
}

/* In a transaction; how many. */
static int queue_unscored(struct store *s, account_id a, int max, int64_t now, struct err *err)
{
	g_autoptr(GArray) ids = g_array_new(FALSE, FALSE, sizeof(int64_t));
	int64_t last = 0;
	int r = db_ask(s, err, &last, "SELECT cache_scored FROM account WHERE id = ?", "i", a.v);

	if (r > 0)
		r = next_unscored(s, a, max, &last, ids, err);
	for (guint i = 0; r == 0 && i < ids->len; i++)
		r = ledger_queue(s, g_array_index(ids, int64_t, i), a.v, 0, now, err);
	if (r == 0 && (int)ids->len < max) /* there are no more: everything has its score */
		r = MIN(db_ask(s, err, &last, "SELECT ifnull(max(id), 0) FROM message", ""), 0);
	if (r == 0)
		r = db_run(s, err, "UPDATE account SET cache_scored = ? WHERE id = ?", "ii", last, a.v);
	return r < 0 ? r : (int)ids->len;
}

/* Is there anything?  Asked before a transaction is begun for it. */
static int any_stale(struct store *s, account_id a, int64_t now, struct err *err)
{
	int64_t one;

	return db_ask(s, err, &one,
		"SELECT 1 WHERE EXISTS (SELECT 1 FROM cache_object WHERE account_id = ?1"
		" AND last_scored_at IS NOT NULL AND last_scored_at <= ?2) OR EXISTS"
		" (SELECT 1 FROM cache_object WHERE account_id = ?1 AND last_scored_at >= ?3) OR"
		" (SELECT cache_scored FROM account WHERE id = ?1) <"
		" (SELECT ifnull(max(id), 0) FROM message)",
		"iii", a.v, now - CACHE_STALE_S, now + CACHE_AHEAD_S);
}

int store_cache_stale(struct store *s, account_id a, int max, struct err *err)
{
	int64_t now = clock_unix();
	int n, r = ledger_wake(s, now, err);

	if (r >= 0 && max > 0)
		r = any_stale(s, a, now, err);
	if (r <= 0 || max <= 0)
		return MIN(r, 0);
	r = tx_begin(s, TX_CONSISTENT, err);
	if (r < 0)
		return r;
	r = n = queue_unscored(s, a, max, now, err);
	if (r >= 0 && n < max)
		r = queue_stale(s, a, max - n, now, err);
	return tx_end(s, r < 0 ? r : n < max ? n + r : n, err);
}

static const char *reason(const struct ledger_facts *f)
{
	return f->past ? "past its time" : f->headers ? "headers only" : NULL;
}

/* L-44: all of it; who waits after a failure goes on waiting (C-07). */
static int write_score(struct store *s, int64_t message, const struct ledger_facts *f, int64_t now,
	struct err *err)
{
	struct cache_score score = ledger_score(f);

	return db_run(s, err,
		"UPDATE cache_object SET fetch_unit = ?1, value_bytes = ?2, fetch_bytes = ?3,"
		" utility = ?4, priority = ?5, last_scored_at = ?6, reason = ?7, kept = 0,"
		" next_try_at = iif(state = 'failed', next_try_at, NULL),"
		" state = iif(state = 'evicted', 'wanted', state)"
		" WHERE message_id = ?8 AND layer = 'body' AND object_id = ''",
		"tiidditi", f->parts ? "parts" : "raw", f->value_bytes, f->facts.fetch_bytes,
		score.utility, score.priority, now, reason(f), message);
}

int ledger_rescore(struct store *s, int64_t message, int64_t now, struct err *err)
{
	struct ledger_facts facts;
	int r = ledger_facts(s, message, now, &facts, err);

	if (r > 0)
		r = write_score(s, message, &facts, now, err);
	if (r == 0)
		r = db_run(s, err, "DELETE FROM cache_rescore WHERE message_id = ?", "i", message);
	return r;
}

static int first_queued(struct store *s, account_id a, int max, GArray *ids, struct err *err)
{
	return db_ids(s, err, ids,
		"SELECT message_id FROM cache_rescore WHERE account_id = ?"
		" ORDER BY priority DESC, queued_at, message_id LIMIT ?",
		"ii", a.v, (int64_t)max);
}

int store_cache_rescore(struct store *s, account_id a, int max, struct err *err)
{
	g_autoptr(GArray) ids = g_array_new(FALSE, FALSE, sizeof(int64_t));
	int64_t now = clock_unix();
	int r = first_queued(s, a, max, ids, err);

	if (r < 0 || ids->len == 0)
		return r;
	r = tx_begin(s, TX_CONSISTENT, err);
	if (r < 0)
		return r;
	for (guint i = 0; r == 0 && i < ids->len; i++)
		r = ledger_rescore(s, g_array_index(ids, int64_t, i), now, err);
	return tx_end(s, r < 0 ? r : (int)ids->len, err);
}

/* --- candidates -------------------------------------------------------- */

int store_cache_window(struct store *s, account_id a, struct cache_pick *out, size_t max,
	struct err *err)
{
	sqlite3_stmt *q = db_stmt(s, "SELECT message_id, fetch_bytes, priority FROM cache_object"
				  " WHERE account_id = ? AND state = 'wanted' AND fetch_bytes > 0"
				  " AND priority > 0 ORDER BY priority DESC, message_id LIMIT ?");
	size_t n = 0;
	int r;

	if (!q)
		return db_fail(s, err);
	db_bind(q, "ii", a.v, (int64_t)MIN(max, (size_t)INT_MAX));
	while ((r = db_step(s, q, err)) > 0)
		out[n++] = (struct cache_pick){ .message.v = sqlite3_column_int64(q, 0),
			.account = a,
			.fetch_bytes = sqlite3_column_int64(q, 1),
			.priority = sqlite3_column_double(q, 2) };
	return r < 0 ? r : (int)n;
}
