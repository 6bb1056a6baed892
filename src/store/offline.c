/*
 * Reading offline: what of a mailbox must be here.  The rule is one date for
 * each mailbox (mailbox_offline.since), so that asking whether a message is
 * wanted costs one row; it is found anew when the policy changes, when a round
 * of fetching begins, and daily.
 */
#include "base/clock.h"
#include "base/i18n.h"
#include "store/ledger.h"

enum {
	POLICY_RESCORED = 2000, /* newest messages that are scored at once when a policy changes */
	MAILBOXES_MAX = 10000,  /* with a policy of their own, in one round */
};
#define OFFLINE_PRIORITY 1e6 /* of a message that a policy wants: before all that is only guessed */

/* --- the date ------------------------------------------------------------ */

static int policy_of(struct store *s, int64_t mailbox, struct offline *out, struct err *err)
{
	sqlite3_stmt *q = db_stmt(s, "SELECT policy, days, cap FROM mailbox_offline"
				  " WHERE mailbox_id = ?");
	int r;

	*out = (struct offline){ OFFLINE_AUTO, 0, 0 };
	if (!q)
		return db_fail(s, err);
	db_bind(q, "i", mailbox);
	r = db_step(s, q, err);
	if (r > 0) {
		*out = (struct offline){ (enum offline_policy)CLAMP(sqlite3_column_int(q, 0),
						 OFFLINE_AUTO, OFFLINE_ALL),
			sqlite3_column_int(q, 1), sqlite3_column_int64(q, 2) };
		sqlite3_reset(q);
	}
	return MIN(r, 0);
}

/* The newest messages that fit into the cap; larger ones than it are passed over. */
static int cut_at_cap(struct store *s, int64_t mailbox, int64_t cap, int64_t *since, struct err *err)
{
	sqlite3_stmt *q = db_stmt(s, "SELECT date, size FROM location WHERE mailbox_id = ?"
				  " AND shown = 1 AND date >= ? ORDER BY date DESC");
	int64_t left = cap;
	int r;

	if (!q)
		return db_fail(s, err);
	db_bind(q, "ii", mailbox, *since);
	while ((r = db_step(s, q, err)) > 0) {
		int64_t date = sqlite3_column_int64(q, 0), size = sqlite3_column_int64(q, 1);

		if (size <= 0 || size > cap)
			continue;
		if (size > left) {
			*since = date + 1;
			break;
		}
		left -= size;
	}
	sqlite3_reset(q);
	return MIN(r, 0);
}

static int since_of(struct store *s, int64_t mailbox, int64_t now, int64_t *since, struct err *err)
{
	struct offline o;
	int r = policy_of(s, mailbox, &o, err);

	*since = o.policy == OFFLINE_RECENT ? now - (int64_t)o.days * CACHE_DAY_S : 0;
	if (r == 0 && o.cap > 0 && o.policy >= OFFLINE_RECENT)
		r = cut_at_cap(s, mailbox, o.cap, since, err);
	return r;
}

static int refresh_one(struct store *s, int64_t mailbox, int64_t now, struct err *err)
{
	int64_t since;
	int r = since_of(s, mailbox, now, &since, err);

	return r < 0 ? r
		     : db_run(s, err,
			       "UPDATE mailbox_offline SET since = ?1 WHERE mailbox_id = ?2"
			       " AND since <> ?1",
			       "ii", since, mailbox);
}

static int with_policy(struct store *s, int64_t mailbox, GArray *ids, struct err *err)
{
	return db_ids(s, err, ids,
		"SELECT mailbox_id FROM mailbox_offline WHERE ?1 IN (0, mailbox_id) LIMIT ?2", "ii",
		mailbox, (int64_t)MAILBOXES_MAX);
}

int offline_refresh(struct store *s, int64_t mailbox, int64_t now, struct err *err)
{
	g_autoptr(GArray) ids = g_array_new(FALSE, FALSE, sizeof(int64_t));
	int r = with_policy(s, mailbox, ids, err);

	if (r < 0 || ids->len == 0)
		return r;
	r = tx_begin(s, TX_CONSISTENT, err);
	if (r < 0)
		return r;
	for (guint i = 0; r == 0 && i < ids->len; i++)
		r = refresh_one(s, g_array_index(ids, int64_t, i), now, err);
	return tx_end(s, r, err);
}

/* --- policies -------------------------------------------------------------- */

static int write_policy(struct store *s, mailbox_id m, const struct offline *o, struct err *err)
{
	if (o->policy == OFFLINE_AUTO)
		return db_run(s, err, "DELETE FROM mailbox_offline WHERE mailbox_id = ?", "i", m.v);
	return db_run(s, err,
		"INSERT INTO mailbox_offline (mailbox_id, policy, days, cap) SELECT id, ?2, ?3, ?4"
		" FROM mailbox WHERE id = ?1 ON CONFLICT (mailbox_id) DO UPDATE SET"
		" policy = excluded.policy, days = excluded.days, cap = excluded.cap",
		"iiii", m.v, (int64_t)o->policy, (int64_t)MAX(o->days, 0), MAX(o->cap, 0));
}

/* Its newest messages are scored soon; the rest when its turn comes. */
static int rescore_mailbox(struct store *s, mailbox_id m, int64_t now, struct err *err)
{
	return db_run(s, err,
		"INSERT INTO cache_rescore (message_id, account_id, priority, queued_at)"
		" SELECT l.message_id, b.account_id, ?1, ?2 FROM location l JOIN mailbox b"
		" ON b.id = l.mailbox_id WHERE l.mailbox_id = ?3 AND l.shown = 1"
		" ORDER BY l.date DESC LIMIT ?4 ON CONFLICT DO NOTHING",
		"iiii", (int64_t)CACHE_STRUCTURAL, now, m.v, (int64_t)POLICY_RESCORED);
}

int store_offline_set(struct store *s, mailbox_id m, const struct offline *o, struct err *err)
{
	int64_t now = clock_unix(), one;
	int r = db_ask(s, err, &one, "SELECT 1 FROM mailbox WHERE id = ?", "i", m.v);

	if (r == 0)
		return err_set(err, ERR_GONE, _("This mailbox does not exist any more."));
	if (r > 0)
		r = tx_begin(s, TX_DURABLE, err);
	if (r < 0)
		return r;
	r = write_policy(s, m, o, err);
	if (r == 0)
		r = refresh_one(s, m.v, now, err);
	if (r == 0)
		r = rescore_mailbox(s, m, now, err);
	return tx_end(s, r, err);
}

int store_offline_get(struct store *s, mailbox_id m, struct offline *out, struct err *err)
{
	return policy_of(s, m.v, out, err);
}

/* --- what is missing --------------------------------------------------------- */

static int next_gaps(struct store *s, account_id a, message_id after, struct cache_pick *out,
	size_t max, struct err *err)
{
	sqlite3_stmt *q = db_stmt(s, "SELECT l.message_id, m.size FROM location l"
				  " CROSS JOIN mailbox_offline o ON o.mailbox_id = l.mailbox_id"
				  " CROSS JOIN cache_object c ON c.message_id = l.message_id"
				  " AND c.layer = 'body' AND c.object_id = ''"
				  " CROSS JOIN message m ON m.id = l.message_id"
				  " WHERE l.message_id > ? AND c.account_id = ?"
				  " AND (c.state IN ('wanted', 'evicted') OR (c.state = 'cached'"
				  "  AND o.policy = 3 AND EXISTS (SELECT 1 FROM body b"
				  "  WHERE b.message_id = l.message_id AND b.holes IS NOT NULL)))"
				  " AND " LEDGER_OFFLINE
				  " GROUP BY l.message_id ORDER BY l.message_id LIMIT ?");
	size_t n = 0;
	int r;

	if (!q)
		return db_fail(s, err);
	db_bind(q, "iii", after.v, a.v, (int64_t)MIN(max, (size_t)INT_MAX));
	while ((r = db_step(s, q, err)) > 0) {
		out[n++] = (struct cache_pick){ .message.v = sqlite3_column_int64(q, 0),
			.account = a,
			.fetch_bytes = cache_fetch_bytes(sqlite3_column_int64(q, 1), false),
			.priority = OFFLINE_PRIORITY,
			.whole = true };
	}
	return r < 0 ? r : (int)n;
}

/* A round begins: dates move on, and pauses end, for which a command line has no worker. */
static int begin_round(struct store *s, int64_t now, struct err *err)
{
	int r = offline_refresh(s, 0, now, err);

	return r < 0 ? r : ledger_wake(s, now, err);
}

int store_offline_gaps(struct store *s, account_id a, message_id after, struct cache_pick *out,
	size_t max, struct err *err)
{
	int64_t one;
	int r = db_ask(s, err, &one,
		"SELECT 1 FROM mailbox_offline o JOIN mailbox b ON b.id = o.mailbox_id"
		" WHERE b.account_id = ? AND o.policy >= ? LIMIT 1",
		"ii", a.v, (int64_t)OFFLINE_RECENT);

	if (r > 0 && after.v == 0)
		r = begin_round(s, clock_unix(), err) < 0 ? (err ? err->code : ERR_STORAGE) : 1;
	return r <= 0 ? r : next_gaps(s, a, after, out, max, err);
}

int store_offline_progress(struct store *s, mailbox_id m, struct offline_progress *out,
	struct err *err)
{
	sqlite3_stmt *q = db_stmt(s, "SELECT count(b.message_id), count(*), ifnull(sum(b.stored_bytes), 0)"
				  " FROM mailbox_offline o JOIN location l ON l.mailbox_id = o.mailbox_id"
				  " LEFT JOIN body b ON b.message_id = l.message_id"
				  " WHERE o.mailbox_id = ? AND " LEDGER_OFFLINE);
	struct offline o = { OFFLINE_AUTO, 0, 0 };
	int64_t all = 0, now = clock_unix();
	int r;

	*out = (struct offline_progress){ 0 };
	if (!q)
		return db_fail(s, err);
	db_bind(q, "i", m.v);
	r = db_step(s, q, err);
	if (r > 0) {
		*out = (struct offline_progress){ .here = sqlite3_column_int64(q, 0),
			.of = sqlite3_column_int64(q, 1),
			.bytes = sqlite3_column_int64(q, 2) };
		sqlite3_reset(q);
		r = policy_of(s, m.v, &o, err);
	}
	if (r == 0 && o.policy >= OFFLINE_RECENT)
		r = db_ask(s, err, &all,
			"SELECT count(*) FROM location WHERE mailbox_id = ? AND shown = 1 AND date >= ?", "ii",
			m.v, o.policy == OFFLINE_RECENT ? now - (int64_t)o.days * CACHE_DAY_S : 0);
	out->capped = MAX(all - out->of, 0);
	return MIN(r, 0);
}
