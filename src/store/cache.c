/*
 * The ledger: the states of its rows.  The row of a message is made with the
 * message (entry.c); here it becomes cached, evicted, claimed, failed, and
 * wanted again.  doc/STORE, "The cache".
 */
#include "base/backoff.h"
#include "base/clock.h"
#include "store/ledger.h"

enum { WAKE_MAX = 2000 }; /* rows in one step: a daily job may have evicted 100,000 in one minute */

/* --- what bodies tell ---------------------------------------------------- */

int body_ledger(struct store *s, int64_t message, int64_t size, struct err *err)
{
	if (size < 0)
		return db_run(s, err,
			"UPDATE cache_object SET state = 'evicted', stored_bytes = 0, kept = 0,"
			" owner = NULL, started_at = NULL, next_try_at = ? WHERE" LEDGER_OF_MESSAGE,
			"ii", cache_until(false, clock_unix(), 0), message);
	return db_run(s, err,
		"UPDATE cache_object SET state = 'cached', stored_bytes = ?, last_error = NULL,"
		" attempts = 0, owner = NULL, started_at = NULL, next_try_at = NULL"
		" WHERE" LEDGER_OF_MESSAGE,
		"ii", size, message);
}

int ledger_bytes(struct store *s, int64_t *out, struct err *err)
{
	int r = db_ask(s, err, out,
		"SELECT bytes + (SELECT ifnull(sum(fetch_bytes), 0) FROM cache_object"
		" WHERE state = 'fetching') FROM cache_total",
		"");

	return MIN(r, 0);
}

/* --- failures ------------------------------------------------------------ */

/* How a failure is taken (C-07). */
enum verdict {
	FOR_GOOD,     /* of this message: until it changes, or the reader opens it */
	COUNTED,      /* CACHE_TRIES of them are for good, too */
	WEATHER,      /* of the network: the pauses grow, and that is all */
	NOT_ITS_OWN,  /* of the account or this machine */
};

static enum verdict judge(enum err_code code)
{
	switch (code) {
	case ERR_GONE:
	case ERR_LIMIT:
	case ERR_UNSUPPORTED:
	case ERR_REFUSED:
		return FOR_GOOD;
	case ERR_OFFLINE:
	case ERR_RETRY:
		return WEATHER;
	case ERR_AUTH:
	case ERR_TRUST:
	case ERR_CANCELED:
	case ERR_STORAGE:
		return NOT_ITS_OWN;
	default:
		return COUNTED;
	}
}

/* When to try again after n failures, unix seconds; 0 = not by itself. */
static int64_t next_try(const struct err *why, int64_t n, int64_t now)
{
	enum verdict v = judge(why->code);
	int64_t pause = (backoff_ms((int)CLAMP(n, 1, 20)) + 999) / 1000;

	if (v == FOR_GOOD || (v == COUNTED && n >= CACHE_TRIES))
		return 0;
	return now + MIN(MAX(pause, why->after_s), CACHE_AHEAD_S / 2);
}

static int write_failure(struct store *s, int64_t message, const struct err *why, struct err *err)
{
	bool counts = judge(why->code) != NOT_ITS_OWN;
	int64_t n = 0, now = clock_unix();
	int r = db_ask(s, err, &n, "SELECT attempts FROM cache_object WHERE" LEDGER_OF_MESSAGE, "i",
		message);

	if (r <= 0)
		return r;
	n += counts;
	return db_run(s, err,
		"UPDATE cache_object SET state = 'failed', attempts = ?, last_error = ?,"
		" next_try_at = nullif(?, 0), owner = NULL, started_at = NULL WHERE" LEDGER_OF_MESSAGE,
		"itii", n, err_name(why->code), next_try(why, n, now), message);
}

static bool has_state(struct store *s, int64_t message, const char *state)
{
	int64_t one;

	return db_ask(s, NULL, &one,
		       "SELECT 1 FROM cache_object WHERE state = ? AND" LEDGER_OF_MESSAGE, "ti",
		       state, message) > 0;
}

int ledger_failed(struct store *s, int64_t message, const struct err *why, struct err *err)
{
	return has_state(s, message, "cached") ? 0 : write_failure(s, message, why, err);
}

int store_cache_failed(struct store *s, message_id m, const struct err *why, struct err *err)
{
	int r = tx_begin(s, TX_CONSISTENT, err);

	if (r < 0)
		return r;
	/* whoever streamed the body may have told already */
	r = has_state(s, m.v, "fetching") ? write_failure(s, m.v, why, err) : 0;
	return tx_end(s, r, err);
}

int ledger_changed(struct store *s, int64_t message, struct err *err)
{
	return db_run(s, err,
		"UPDATE cache_object SET state = 'wanted', attempts = 0, next_try_at = NULL,"
		" last_error = NULL WHERE state = 'failed' AND" LEDGER_OF_MESSAGE,
		"i", message);
}

/* The first of those whose time lies between the two. */
static int wake_between(struct store *s, int64_t from, int64_t to, struct err *err)
{
	return db_run(s, err,
		"UPDATE cache_object SET next_try_at = NULL,"
		" state = iif(state IN ('failed', 'evicted'), 'wanted', state)"
		" WHERE layer = 'body' AND object_id = '' AND message_id IN (SELECT message_id"
		"  FROM cache_object WHERE next_try_at BETWEEN ? AND ? ORDER BY next_try_at LIMIT ?)",
		"iii", from, to, (int64_t)WAKE_MAX);
}

int ledger_wake(struct store *s, int64_t now, struct err *err)
{
	int64_t one;
	int r = db_ask(s, err, &one,
		"SELECT 1 WHERE EXISTS (SELECT 1 FROM cache_object WHERE next_try_at <= ?)"
		" OR EXISTS (SELECT 1 FROM cache_object WHERE next_try_at >= ?)",
		"ii", now, now + CACHE_AHEAD_S);

	if (r <= 0)
		return r;
	r = tx_begin(s, TX_CONSISTENT, err);
	if (r < 0)
		return r;
	r = wake_between(s, INT64_MIN, now, err);
	if (r == 0)
		r = wake_between(s, now + CACHE_AHEAD_S, INT64_MAX, err);
	return tx_end(s, r, err);
}

/* --- claims whose owner is gone -------------------------------------------- */

static int lost_claims(struct store *s, int64_t now, GArray *ids, struct err *err)
{
	sqlite3_stmt *q = db_stmt(s, "SELECT message_id, owner, started_at FROM cache_object"
				  " WHERE state = 'fetching'");
	int r;

	if (!q)
		return db_fail(s, err);
	while ((r = db_step(s, q, err)) > 0) {
		int64_t id = sqlite3_column_int64(q, 0);

		if (sqlite3_column_int64(q, 2) <= now - CACHE_CLAIM_S ||
			!owner_alive(db_column(q, 1)))
			g_array_append_val(ids, id);
	}
	return r;
}

/* A message that is fatal to its fetcher five times is not tried for ever. */
static int give_back(struct store *s, int64_t message, struct err *err)
{
	return db_run(s, err,
		"UPDATE cache_object SET owner = NULL, started_at = NULL, attempts = attempts + 1,"
		" state = iif(attempts + 1 >= ?, 'failed', 'wanted'), last_error = 'interrupted'"
		" WHERE state = 'fetching' AND" LEDGER_OF_MESSAGE,
		"ii", (int64_t)CACHE_TRIES, message);
}

int store_cache_reap(struct store *s, struct err *err)
{
	g_autoptr(GArray) ids = g_array_new(FALSE, FALSE, sizeof(int64_t));
	int r = lost_claims(s, clock_unix(), ids, err);

	if (r < 0 || ids->len == 0)
		return r;
	r = tx_begin(s, TX_CONSISTENT, err);
	if (r < 0)
		return r;
	for (guint i = 0; r == 0 && i < ids->len; i++)
		r = give_back(s, g_array_index(ids, int64_t, i), err);
	return tx_end(s, r < 0 ? r : (int)ids->len, err);
}

/* --- what must not be, and is ------------------------------------------------ */

int ledger_repair(struct store *s, struct err *err)
{
	int r = tx_begin(s, TX_CONSISTENT, err);

	if (r < 0)
		return r;
	r = db_run(s, err,
		"INSERT INTO cache_object (message_id, account_id, layer, object_id, state)"
		" SELECT id, account_id, 'body', '', 'wanted' FROM message m"
		" WHERE NOT EXISTS (SELECT 1 FROM cache_object c WHERE c.message_id = m.id"
		"  AND c.layer = 'body' AND c.object_id = '')",
		"");
	if (r == 0)
		r = db_run(s, err, "UPDATE account SET cache_scored = 0", "");
	if (r == 0)
		r = db_run(s, err,
			"UPDATE cache_object SET state = 'wanted', stored_bytes = 0, next_try_at = NULL"
			" WHERE state = 'cached' AND NOT EXISTS"
			" (SELECT 1 FROM body b WHERE b.message_id = cache_object.message_id)",
			"");
	if (r == 0)
		r = db_run(s, err,
			"UPDATE cache_object SET state = 'cached', owner = NULL, started_at = NULL,"
			" next_try_at = NULL, stored_bytes = b.stored_bytes FROM body b"
			" WHERE b.message_id = cache_object.message_id AND (state <> 'cached'"
			" OR cache_object.stored_bytes <> b.stored_bytes)",
			"");
	if (r == 0)
		r = db_run(s, err,
			"UPDATE cache_total SET bytes = (SELECT ifnull(sum(stored_bytes), 0) FROM body)", "");
	return tx_end(s, r, err);
}

/* --- opened ------------------------------------------------------------------ */

int store_cache_opened(struct store *s, message_id m, bool hit, struct err *err)
{
	int64_t one;
	int r = db_ask(s, err, &one, "SELECT 1 FROM message WHERE id = ?", "i", m.v);

	if (r <= 0)
		return r;
	r = tx_begin(s, TX_CONSISTENT, err);
	return r < 0 ? r
		     : tx_end(s,
			       db_run(s, err, "UPDATE cache_total SET opens = opens + 1, hits = hits + ?",
				       "i", (int64_t)hit),
			       err);
}
