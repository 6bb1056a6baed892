/*
 * Making room: admission and eviction are one transaction (C-05).
 *
 * Room is counted in bytes that are really stored, and what open claims will
 * bring.  What is evicted are the lowest rows of the index of evictable ones,
 * so that the cost is that of the victims, however many bodies there are.
 * Rows go durably, then files; the piece of a pack leaves a hole in it, and a
 * pack without pieces goes with the last of them.
 */
#include <float.h>

#include "base/clock.h"
#include "base/i18n.h"
#include "store/ledger.h"

enum {
	EXPIRE_SLICE = 500,       /* bodies in one transaction */
	EXPIRE_SLICES_MAX = 200,  /* in one call: the rest goes with the next one */
};

G_STATIC_ASSERT(OFFLINE_RECENT == 2 && OFFLINE_ALL == 3); /* LEDGER_OFFLINE */

/* --- victims ------------------------------------------------------------- */

void victims_init(struct victims *v)
{
	*v = (struct victims){ .messages = g_array_new(FALSE, FALSE, sizeof(int64_t)),
		.files = g_array_new(FALSE, FALSE, sizeof(int64_t)),
		.packs = g_array_new(FALSE, FALSE, sizeof(int64_t)) };
}

void victims_release(struct victims *v)
{
	g_array_unref(v->messages);
	g_array_unref(v->files);
	g_array_unref(v->packs);
}

static void add_once(GArray *ids, int64_t id)
{
	for (guint i = ids->len; i > 0; i--)
		if (g_array_index(ids, int64_t, i - 1) == id)
			return;
	g_array_append_val(ids, id);
}

static void add_victim(struct victims *v, int64_t message, int64_t bytes, int64_t pack)
{
	g_array_append_val(v->messages, message);
	v->bytes += bytes;
	if (pack > 0)
		add_once(v->packs, pack);
	else
		g_array_append_val(v->files, message);
}

static int keep_out_of_the_way(struct store *s, const GArray *ids, struct err *err)
{
	int r = 0;

	for (guint i = 0; r == 0 && i < ids->len; i++)
		r = db_run(s, err, "UPDATE cache_object SET kept = 1 WHERE" LEDGER_OF_MESSAGE, "i",
			g_array_index(ids, int64_t, i));
	return r;
}

int victims_choose(struct store *s, struct victims *v, int64_t need, double below, int64_t except,
	struct err *err)
{
	g_autoptr(GArray) met = g_array_new(FALSE, FALSE, sizeof(int64_t));
	sqlite3_stmt *q = db_stmt(s, "SELECT c.message_id, b.stored_bytes, b.pack, "
				  LEDGER_PROTECTED("c.message_id")
				  " FROM cache_object c CROSS JOIN body b ON b.message_id = c.message_id"
				  " WHERE c.state = 'cached' AND c.kept = 0 AND c.priority < ?"
				  " ORDER BY c.priority, c.message_id");
	int r = 1;

	if (!q)
		return db_fail(s, err);
	db_bind(q, "d", below);
	for (int looked = 0; looked < EVICT_LOOK && v->bytes < need && v->messages->len < EVICT_MAX &&
			     (r = db_step(s, q, err)) > 0;
		looked++) {
		int64_t id = sqlite3_column_int64(q, 0);

		if (id == except)
			continue;
		if (sqlite3_column_int(q, 3))
			g_array_append_val(met, id);
		else
			add_victim(v, id, sqlite3_column_int64(q, 1), sqlite3_column_int64(q, 2));
	}
	sqlite3_reset(q);
	if (r >= 0)
		r = keep_out_of_the_way(s, met, err);
	return r < 0 ? r : v->bytes >= need;
}

static int drop_empty_packs(struct store *s, GArray *packs, struct err *err)
{
	int r = 0;

	for (guint i = packs->len; r == 0 && i > 0; i--) {
		r = db_run(s, err,
			"DELETE FROM body_pack WHERE id = ?1 AND NOT EXISTS"
			" (SELECT 1 FROM body WHERE pack = ?1 AND pack > 0)",
			"i", g_array_index(packs, int64_t, i - 1));
		if (r == 0 && db_changed(s) == 0)
			g_array_remove_index_fast(packs, i - 1); /* something lies in it still */
	}
	return r;
}

int victims_evict(struct store *s, const struct victims *v, struct err *err)
{
	int r = 0;

	for (guint i = 0; r == 0 && i < v->messages->len; i++) {
		int64_t id = g_array_index(v->messages, int64_t, i);

		r = db_run(s, err, "DELETE FROM body WHERE message_id = ?", "i", id);
		if (r == 0)
			r = body_ledger(s, id, -1, err);
	}
	return r < 0 ? r : drop_empty_packs(s, v->packs, err);
}

void victims_unlink(struct store *s, const struct victims *v)
{
	body_unlink(s, v->files);
	for (guint i = 0; i < v->packs->len; i++)
		pack_unlink(s, g_array_index(v->packs, int64_t, i));
}

/* --- admission ------------------------------------------------------------- */

/* What is asked for. */
struct guest {
	const struct cache_pick *pick;
	const struct cache_caps *caps;
	bool waited;
	bool here;     /* stored already, with holes: it grows */
	int64_t need;  /* bytes that it adds */
	int64_t held;  /* ... of which a claim that this one takes the place of counts so many */
};

/* 1 = it may be claimed, 0 = not: it is here, unscored, or somebody has it. */
static int look_at(struct store *s, struct guest *g, struct err *err)
{
	sqlite3_stmt *q = db_stmt(s, "SELECT c.state, c.fetch_bytes, c.owner, c.started_at,"
				  " c.stored_bytes, m.size, b.holes IS NOT NULL"
				  " FROM cache_object c JOIN message m ON m.id = c.message_id"
				  " LEFT JOIN body b ON b.message_id = c.message_id"
				  " WHERE c.message_id = ? AND c.layer = 'body' AND c.object_id = ''");
	const char *state;
	bool mine, taken;
	int r;

	db_bind(q, "i", g->pick->message.v);
	r = db_step(s, q, err);
	if (r <= 0)
		return r;
	state = db_column(q, 0);
	taken = g_str_equal(state, "fetching") &&
		sqlite3_column_int64(q, 3) > clock_unix() - CACHE_CLAIM_S &&
		owner_alive(db_column(q, 2));
	mine = taken && g_str_equal(db_column(q, 2), owner_token());
	g->here = g_str_equal(state, "cached");
	g->need = sqlite3_column_int64(q, 1);
	g->held = g_str_equal(state, "fetching") ? g->need : 0;
	if (g->need <= 0) /* nobody has scored it, but the caller knows what it costs */
		g->need = g->pick->fetch_bytes;
	if (g->pick->whole)
		g->need = MAX(g->need, g->pick->fetch_bytes);
	if (g->waited && g->need <= 0)
		g->need = cache_fetch_bytes(sqlite3_column_int64(q, 5), false);
	if (g->here)
		g->need = MAX(sqlite3_column_int64(q, 5) - sqlite3_column_int64(q, 4), 0);
	r = (g->here || g->need > 0) && (!taken || (mine && g->waited)) &&
	    (g->here ? g->waited && sqlite3_column_int(q, 6)
		     : g->waited || g_str_equal(state, "wanted") ||
			       g_str_equal(state, "evicted"));
	sqlite3_reset(q);
	return r;
}

/* Bytes that must go first; < 0 = none, or an error. */
static int bytes_over(struct store *s, const struct guest *g, int64_t *over, struct err *err)
{
	const struct cache_caps *c = g->caps;
	int64_t target = cache_target(c->soft, c->hard, g->waited ? 1 : c->pressure), used;
	int r = ledger_bytes(s, &used, err);

	used -= g->held;
	/* what is over the target already is for the daily job: nothing may be added to it */
	*over = MIN(used + g->need - target, g->need);
	if (used + g->need - *over > cache_target(c->soft, c->hard, 1))
		*over = used + g->need - cache_target(c->soft, c->hard, 1);
	return r;
}

static int claim(struct store *s, const struct guest *g, struct err *err)
{
	if (g->here)
		return 0; /* it stays cached until the whole one is in its place */
	return db_run(s, err,
		"UPDATE cache_object SET state = 'fetching', owner = ?, started_at = ?,"
		" fetch_bytes = max(fetch_bytes, ?), next_try_at = NULL WHERE" LEDGER_OF_MESSAGE,
		"tiii", owner_token(), clock_unix(), g->need, g->pick->message.v);
}

/* Makes room and claims, in a transaction: 1 = done, 0 = there is none to be had. */
static int admit(struct store *s, struct guest *g, struct victims *v, struct err *err)
{
	int64_t over = 0;
	int r = look_at(s, g, err);

	if (r > 0)
		r = bytes_over(s, g, &over, err) < 0 ? (err ? err->code : ERR_STORAGE) : 1;
	if (r > 0 && over > 0)
		r = victims_choose(s, v, over, g->waited ? DBL_MAX : g->pick->priority,
			g->pick->message.v, err);
	if (r == 0 && v->messages->len == EVICT_MAX && v->bytes >= g->need)
		r = 1; /* a cap that was lowered: it shrinks in steps, and nobody waits for the last */
	if (r > 0 && v->messages->len > 0)
		r = victims_evict(s, v, err) < 0 ? (err ? err->code : ERR_STORAGE) : 1;
	if (r > 0)
		r = claim(s, g, err) < 0 ? (err ? err->code : ERR_STORAGE) : 1;
	return r;
}

static int tell_caps(struct store *s, const struct cache_caps *c, struct err *err)
{
	return db_run(s, err, "UPDATE cache_total SET soft = ?1, hard = ?2 WHERE soft <> ?1 OR hard <> ?2",
		"ii", c->soft, cache_target(c->soft, c->hard, 1));
}

/* Will rows go?  Asked before the transaction, for only then it must be durable. */
static bool will_evict(struct store *s, struct guest *g)
{
	int64_t over = 0;

	return look_at(s, g, NULL) > 0 && bytes_over(s, g, &over, NULL) == 0 && over > 0;
}

int store_cache_admit(struct store *s, const struct cache_pick *p, const struct cache_caps *caps,
	bool waited, struct err *err)
{
	struct guest g = { .pick = p, .caps = caps, .waited = waited };
	struct victims v;
	int r = tx_begin(s, will_evict(s, &g) ? TX_DURABLE : TX_CONSISTENT, err);

	if (r < 0)
		return r;
	victims_init(&v);
	r = tell_caps(s, caps, err);
	if (r == 0)
		r = admit(s, &g, &v, err);
	if (r > 0 && v.messages->len > 0 && !s->full_sync) {
		tx_rollback(s); /* somebody was quicker to fill it: the next slice tries again */
		victims_release(&v);
		return 0;
	}
	r = tx_end(s, r, err);
	if (r > 0)
		victims_unlink(s, &v);
	victims_release(&v);
	return r;
}

/* --- room for what is larger than it said ------------------------------------ */

static int read_over(struct store *s, int64_t message, int64_t size, int64_t *over, struct err *err)
{
	return db_ask(s, err, over,
		"SELECT iif(hard > 0, bytes + ?1 - hard - ifnull((SELECT stored_bytes FROM body"
		" WHERE message_id = ?2), 0) + (SELECT ifnull(sum(fetch_bytes), 0) FROM cache_object"
		" WHERE state = 'fetching' AND message_id <> ?2), 0) FROM cache_total",
		"ii", size, message);
}

int64_t body_over(struct store *s, int64_t message, int64_t size)
{
	int64_t over = 0;

	return read_over(s, message, size, &over, NULL) > 0 ? over : 0;
}

/* It was claimed, or is here already: the caps are promised for such. */
static bool is_held_to_caps(struct store *s, int64_t message)
{
	int64_t one;

	return db_ask(s, NULL, &one,
		       "SELECT 1 FROM cache_object WHERE state IN ('fetching', 'cached') AND" LEDGER_OF_MESSAGE,
		       "i", message) > 0;
}

int body_room(struct store *s, int64_t message, int64_t size, struct victims *v, struct err *err)
{
	int64_t over = 0;
	int r = read_over(s, message, size, &over, err);

	if (r <= 0 || over <= 0)
		return MIN(r, 0);
	r = victims_choose(s, v, over, DBL_MAX, message, err);
	if (r == 0 && v->messages->len < EVICT_MAX && is_held_to_caps(s, message))
		return err_set(err, ERR_LIMIT,
			_("This message does not fit into the cache; cache-hard-cap in tern.conf is "
			  "too small for it."));
	return r < 0 ? r : victims_evict(s, v, err);
}

/* --- the daily job ----------------------------------------------------------- */

/* Bodies after `*last` that nobody used since `before` and nobody protects. */
static int choose_old(struct store *s, struct victims *v, int64_t before, int64_t *last,
	struct err *err)
{
	sqlite3_stmt *q = db_stmt(s, "SELECT message_id, stored_bytes, pack FROM body b"
				  " WHERE used_at < ? AND message_id > ?"
				  " AND NOT " LEDGER_PROTECTED("b.message_id")
				  " ORDER BY message_id LIMIT ?");
	int r;

	if (!q)
		return db_fail(s, err);
	db_bind(q, "iii", before, *last, (int64_t)EXPIRE_SLICE);
	while ((r = db_step(s, q, err)) > 0) {
		*last = sqlite3_column_int64(q, 0);
		add_victim(v, *last, sqlite3_column_int64(q, 1), sqlite3_column_int64(q, 2));
	}
	return r;
}

/* What is over the soft cap, the lowest first. */
static int choose_over(struct store *s, struct victims *v, const struct cache_caps *caps,
	struct err *err)
{
	int64_t used;
	int r = ledger_bytes(s, &used, err);

	if (r == 0 && used > caps->soft)
		r = victims_choose(s, v, used - caps->soft, DBL_MAX, 0, err);
	return MIN(r, 0);
}

/* One slice of either; how many went. */
static int expire_slice(struct store *s, int64_t before, int64_t *last, const struct cache_caps *caps,
	struct err *err)
{
	struct victims v;
	int n, r = tx_begin(s, TX_DURABLE, err);

	if (r < 0)
		return r;
	victims_init(&v);
	r = caps ? choose_over(s, &v, caps, err) : choose_old(s, &v, before, last, err);
	if (r == 0)
		r = victims_evict(s, &v, err);
	r = tx_end(s, r, err);
	if (r == 0)
		victims_unlink(s, &v);
	n = (int)v.messages->len;
	victims_release(&v);
	return r < 0 ? r : n;
}

static int expire_all(struct store *s, int64_t before, const struct cache_caps *caps, struct err *err)
{
	int64_t last = 0;
	int removed = 0, n = 1;

	for (int i = 0; i < EXPIRE_SLICES_MAX && n > 0; i++) {
		n = expire_slice(s, before, &last, caps, err);
		if (n < 0)
			return n;
		removed += n;
	}
	return removed;
}

static int tell_days(struct store *s, int days, struct err *err)
{
	int r = tx_begin(s, TX_CONSISTENT, err);

	return r < 0 ? r
		     : tx_end(s, db_run(s, err, "UPDATE cache_total SET days = ?", "i", (int64_t)days),
			       err);
}

int store_cache_expire(struct store *s, int days, const struct cache_caps *caps, struct err *err)
{
	int64_t now = clock_unix();
	int old, over = 0, r = offline_refresh(s, 0, now, err);

	if (r == 0)
		r = tell_days(s, days, err);
	if (r < 0)
		return r;
	old = expire_all(s, now - (int64_t)days * CACHE_DAY_S, NULL, err);
	if (old >= 0 && caps)
		over = expire_all(s, 0, caps, err);
	if (old < 0 || over < 0)
		return MIN(old, over);
	r = pack_clean(s, err);
	if (r == 0)
		r = pack_compact(s, err);
	return r < 0 ? r : old + over;
}

int store_bodies_expire(struct store *s, int days, struct err *err)
{
	return store_cache_expire(s, days, NULL, err);
}
