/*
 * Warming: fetching the messages that will probably be opened, before they are.
 *
 * One worker for all reasons (C-28): signals only change scores.  It lives in the
 * thread that fetches the bodies of the account, and works in slices (P-12):
 *
 *   lease -> signals -> stale rows -> re-scoring -> the best of the wanted rows,
 *   each admitted, fetched like a mail that is opened, told to the ledger
 *
 * How much a slice may do is the lease of governor.h.  The ledger decides what is
 * worth it; here nothing is scored.  Between two messages everything else has
 * its turn: a mail that the reader opens, a change that waits for this
 * connection, the end.  Warming opens a connection only where the account is
 * online and nothing waits for the reader, so that a wrong password is tried by
 * nobody twice.
 *
 * It is off for an account with cache = no, on a metered network, and while the
 * disk is nearly full (M-82): then nothing is fetched, but signals are kept.
 */
#include <stdio.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/i18n.h"
#include "base/log.h"
#include "sync/priv.h"

enum {
	WARM_WINDOW = 4,             /* candidates looked at for each request (P-12) */
	WARM_PICKS_MAX = WARM_WINDOW * GOVERNOR_REQUESTS_LEASE_PRESSED,
	WARM_NOTICES = 128,          /* signals written in one step */
	WARM_NOTE_S = 60,            /* its row in the table of jobs is right to this */
};

struct slice {
	struct lane *lane;
	struct session *s;
	struct lease lease;
	struct used used;
	int signals, stale, candidates;
	bool more;                   /* there is something left to do */
	struct err why;              /* the last failure */
};

struct cache_caps caps_of(const struct sync *s, double pressure)
{
	struct cache_caps caps = { .soft = s->config->cache_soft_cap,
		.hard = s->config->cache_hard_cap, .pressure = pressure };

	if (caps.soft == 0 && caps.hard == 0) {
		caps.soft = CACHE_SOFT_CAP;
		caps.hard = CACHE_HARD_CAP;
	}
	caps.hard = MAX(caps.hard, caps.soft);
	return caps;
}

void warm_init(struct lane *l)
{
	int64_t now = clock_mono_ms();

	governor_init(&l->warm.governor, now);
	atomic_store(&l->warm.next_at, now + l->sync->timing.warm_first);
	atomic_store(&l->warm.offline_at, now + l->sync->timing.warm_first);
}

/* --- when -------------------------------------------------------------------------- */

void warm_stir(struct lane *l)
{
	if (atomic_exchange(&l->warm.stirred, true))
		return; /* it is on its way already */
	if (atomic_load(&l->shared))
		lane_ring(l);
	else
		cancel_set(&l->bodies.ring);
}

void warm_resume(struct lane *l)
{
	if (atomic_exchange(&l->warm.held, false))
		warm_stir(l);
}

int64_t warm_wait(struct lane *l)
{
	struct warm *w = &l->warm;
	int64_t at = MIN(atomic_load(&w->next_at), atomic_load(&w->offline_at));

	if (atomic_load(&w->busy)) /* by the other worker of the lane */
		return l->sync->timing.warm_gap;
	if (atomic_load(&w->stirred))
		at = MIN(at, atomic_load(&w->last_at) + l->sync->timing.warm_gap);
	return MAX(0, at - clock_mono_ms());
}

bool warm_online(struct lane *l)
{
	struct engine_state state;

	board_read(&l->board, &state);
	return atomic_load(&l->up) && !retry_needs_reader(state.error.code);
}

bool warm_yields(struct lane *l, struct session *s)
{
	return cancel_is_set(&l->stop) || bodies_waiting(&l->bodies) ||
	       (s->lane ? push_due_in(s) == 0 || looks_waiting(&l->looks) || atomic_load(&l->asked) :
			  aside_has_work(l, s));
}

static bool is_pressed(const struct lane *l)
{
	int64_t fresh = atomic_load(&l->sync->notices.fresh_at);

	return fresh > 0 && clock_mono_ms() - fresh < l->sync->timing.warm_fresh;
}

bool disk_is_low(int64_t left, int64_t of, int64_t least)
{
	return left >= 0 && (left < least || left < of / 100 * DISK_LEAST_PERCENT);
}

static bool disk_is_full(const struct sync *s)
{
	int64_t of = 0, left = s->disk_least > 0 ? file_free_bytes(s->places->data, &of) : -1;

	return disk_is_low(left, of, s->disk_least);
}

bool warm_affords(const struct sync *s)
{
	return !s->config->metered && !disk_is_full(s);
}

/* Why nothing is fetched ahead; NULL = it is. */
static const char *off(const struct lane *l)
{
	if (!l->account->cache)
		return _("off: cache = no for this account");
	if (l->sync->config->metered)
		return _("off: the network is metered");
	if (disk_is_full(l->sync))
		return _("off: the disk is nearly full");
	return NULL;
}

/* --- a slice ------------------------------------------------------------------------- */

/* Opens are counted, too: rank says whether the message was here. */
static int write_signals(struct slice *k, const struct cache_notice *n, size_t count)
{
	struct store *store = k->s->store;
	int r = store_cache_notice(store, n, count, &k->why);

	for (size_t i = 0; i < count && r >= 0; i++)
		if (n[i].kind == CACHE_OPENED)
			r = store_cache_opened(store, n[i].message, n[i].rank > 0, &k->why);
	k->signals += (int)count;
	return r;
}

static int take_signals(struct slice *k)
{
	struct cache_notice some[WARM_NOTICES];
	size_t n;
	struct notices *from = &k->lane->sync->notices;
	int r = 0;

	pthread_mutex_lock(&from->writing);
	while (r >= 0 && (n = notices_take(from, some, WARM_NOTICES)) > 0)
		r = write_signals(k, some, n);
	pthread_mutex_unlock(&from->writing);
	return r;
}

/* Signals before what is merely old, and both before the choice (L-42, L-96). */
static int score(struct slice *k)
{
	struct store *store = k->s->store;
	account_id a = k->lane->account->id;
	int r = take_signals(k);

	if (r >= 0)
		r = k->stale = store_cache_stale(store, a, k->lease.stale, &k->why);
	if (r >= 0)
		r = store_cache_rescore(store, a, k->lease.rows, &k->why);
	k->used.rows = MAX(r, 0);
	k->more = k->used.rows > 0;
	return r;
}

static void log_pick(const struct slice *k, const struct cache_pick *p, const char *what)
{
	log_event(LOG_DEBUG, "cache-pick", "s:s, s:I, s:f, s:I, s:I, s:b, s:s", "account",
		k->lane->account->name, "message", (long long)p->message.v, "priority", p->priority,
		"fetch_bytes", (long long)p->fetch_bytes, "bytes_left",
		(long long)(k->lease.bytes - k->used.bytes), "pressed", (int)k->lease.pressed,
		"decision", what);
}

/* One of the window; < 0 ends the slice. */
static int consider(struct slice *k, const struct cache_pick *p)
{
	struct cache_caps caps = caps_of(k->lane->sync, k->lease.pressed ? 1.0 : 0.0);
	int64_t bytes = 0;
	int r;

	if (p->fetch_bytes > k->lease.bytes - k->used.bytes) {
		log_pick(k, p, "too large for this lease");
		return 0; /* L-46: a smaller one behind it may fit */
	}
	r = store_cache_admit(k->s->store, p, &caps, false, &k->why);
	log_pick(k, p, r > 0 ? "fetch" : r == 0 ? "not worth its room" : "failed");
	if (r <= 0)
		return r;
	k->used.requests++;
	r = body_fill(k->s, p->message, false, &bytes, &k->why);
	k->used.bytes += bytes;
	k->used.cached += r >= 0;
	k->used.failed += r < 0;
	return r < 0 && (retry_is_wide(&k->why) || !k->s->up) ? r : 0;
}

/* The connection first: what cannot be fetched is not claimed. */
static int get_ready(struct slice *k)
{
	int r;

	if (!k->s->up && !warm_online(k->lane)) {
		atomic_store(&k->lane->warm.held, true);
		if (!warm_online(k->lane)) /* else it came just now, and saw nothing held */
			return ERR_OFFLINE;
	}
	r = session_connect(k->s, &k->why);
	if (r >= 0)
		return 0;
	if (!lane_crowded(k->lane, k->s, &k->why))
		k->used.failed++;
	return r;
}

static int fetch_window(struct slice *k)
{
	struct cache_pick picks[WARM_PICKS_MAX];
	size_t max = MIN((size_t)k->lease.requests * WARM_WINDOW, (size_t)WARM_PICKS_MAX);
	int n = max ? store_cache_window(k->s->store, k->lane->account->id, picks, max, &k->why) : 0;
	int r = MIN(n, 0);

	k->candidates = MAX(n, 0);
	if (n > 0)
		r = get_ready(k);
	for (int i = 0; i < n && r >= 0 && k->used.requests < k->lease.requests; i++) {
		if (warm_yields(k->lane, k->s)) {
			k->more = true;
			break;
		}
		r = consider(k, &picks[i]);
	}
	k->more |= k->used.requests > 0;
	return r;
}

static void give_back(struct slice *k)
{
	struct sync *s = k->lane->sync;

	pthread_mutex_lock(&s->notices.lock);
	governor_give(&k->lane->warm.governor, &s->notices.purse, &k->lease, &k->used,
		clock_mono_ms());
	pthread_mutex_unlock(&s->notices.lock);
	if (k->more || k->signals > 0 || k->used.failed > 0)
		log_event(LOG_INFO, "cache-lease",
			"s:s, s:b, s:i, s:i, s:I, s:b, s:f, s:i, s:i, s:i, s:i, s:i, s:I, s:i, s:i, s:s",
			"account", k->lane->account->name, "pressed", (int)k->lease.pressed, "rows",
			k->lease.rows, "requests", k->lease.requests, "bytes",
			(long long)k->lease.bytes, "paused", (int)k->lease.paused, "multiplier",
			k->lane->warm.governor.multiplier, "signals", k->signals, "stale", MAX(k->stale, 0),
			"scored", k->used.rows, "candidates", k->candidates, "used_requests",
			k->used.requests, "used_bytes", (long long)k->used.bytes, "cached",
			k->used.cached, "failed", k->used.failed, "words", k->why.text);
}

/* Where nothing is fetched, what is for fetching goes back at once. */
static void take_lease(struct slice *k, bool fetches)
{
	struct sync *s = k->lane->sync;
	struct governor *g = &k->lane->warm.governor;
	int64_t now = clock_mono_ms();

	pthread_mutex_lock(&s->notices.lock);
	k->lease = governor_take(g, &s->notices.purse, is_pressed(k->lane), now);
	if (!fetches) {
		struct lease spare = { .requests = k->lease.requests, .bytes = k->lease.bytes };

		governor_give(g, &s->notices.purse, &spare, &(struct used){ 0 }, now);
		k->lease.requests = 0;
		k->lease.bytes = 0;
	}
	pthread_mutex_unlock(&s->notices.lock);
}

/* --- for people ------------------------------------------------------------------------ */

static void describe(const struct slice *k, const char *why_off, char *out, size_t cap)
{
	if (why_off)
		g_strlcpy(out, why_off, cap);
	else
		snprintf(out, cap, _("scored %d, fetched %d, failed %d, %lld KB; of %d requests, %lld KB"),
			k->used.rows, k->used.cached, k->used.failed,
			(long long)(k->used.bytes / 1024), k->lease.requests,
			(long long)(k->lease.bytes / 1024));
}

/* The last lease for `tern cache`, and, when it is news and now and then, the table of jobs. */
static void note(struct slice *k, const char *why_off)
{
	struct warm *w = &k->lane->warm;
	bool news = w->noted_at == 0 || w->was_off != (why_off != NULL);
	int64_t now = clock_unix();
	char words[160];

	if (!news && (why_off || (!k->more && k->used.failed == 0)))
		return;
	describe(k, why_off, words, sizeof words);
	if (store_cache_note_lease(k->s->store, k->lane->account->id, words, NULL) < 0 ||
		(!news && now < w->noted_at + WARM_NOTE_S))
		return;
	w->was_off = why_off != NULL;
	w->noted_at = now;
	job_note(k->s->store, k->lane->account->id,
		&(struct job){ .name = "cache-warm", .began = now, .words = words,
			.cadence_s = k->lane->sync->timing.warm_idle / 1000,
			.result = k->used.failed ? &k->why : NULL });
}

static void plan_next(struct slice *k)
{
	const struct timing *t = &k->lane->sync->timing;
	struct warm *w = &k->lane->warm;
	int64_t now = clock_mono_ms();
	int64_t wait = k->more ? t->warm_tick : t->warm_idle;

	if (k->candidates > 0 && k->used.requests == 0 && k->lease.requests == 0)
		wait = CLAMP(governor_wait(&w->governor, k->lease.pressed, now), t->warm_tick,
			t->warm_idle);
	atomic_store(&w->last_at, now);
	atomic_store(&w->next_at, now + wait);
}

static void run_slice(struct lane *l, struct session *s)
{
	struct slice k = { .lane = l, .s = s };
	const char *why_off = off(l);
	int r;

	take_lease(&k, !why_off);
	r = score(&k);
	if (r >= 0 && !why_off && !warm_yields(l, s))
		r = fetch_window(&k);
	if (r == ERR_STORAGE)
		log_event(LOG_WARN, "cache-slice", "s:s, s:s", "account", l->account->name, "words",
			k.why.text);
	give_back(&k);
	note(&k, why_off);
	plan_next(&k);
}

/* Policies are the reader's own wish: only what costs money or the disk stops them. */
static void run_offline(struct lane *l, struct session *s)
{
	const struct timing *t = &l->sync->timing;
	bool may = warm_affords(l->sync) && warm_online(l);
	bool more = may && offline_turn(l, s);

	atomic_store(&l->warm.offline_at, clock_mono_ms() + (more ? 0 : t->offline_idle));
}

/* The store cannot be opened: later. */
static void postpone(struct lane *l, const struct err *why)
{
	int64_t now = clock_mono_ms();

	log_event(LOG_WARN, "cache-slice", "s:s, s:s", "account", l->account->name, "words",
		why->text);
	atomic_store(&l->warm.last_at, now);
	atomic_store(&l->warm.offline_at, now + l->sync->timing.warm_idle);
	atomic_store(&l->warm.next_at, now + l->sync->timing.warm_idle);
}

static void turn(struct lane *l, struct session *s)
{
	int64_t now = clock_mono_ms();
	bool slice = atomic_exchange(&l->warm.stirred, false) || now >= atomic_load(&l->warm.next_at);
	bool offline = now >= atomic_load(&l->warm.offline_at);

	if (slice)
		run_slice(l, s);
	if (offline && !warm_yields(l, s))
		run_offline(l, s);
	else if (offline)
		atomic_store(&l->warm.offline_at, now + l->sync->timing.warm_gap);
}

void warm_turn(struct lane *l, struct session *s)
{
	struct err err = { 0 };

	if (atomic_exchange(&l->warm.busy, true))
		return;
	if (session_open(s, STORE_PROMPT, &err) < 0)
		postpone(l, &err);
	else
		turn(l, s);
	atomic_store(&l->warm.busy, false);
}
