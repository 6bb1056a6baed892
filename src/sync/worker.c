/*
 * The life of an account's sync worker.
 *
 *   lease -> recover -> connect -> { push | cycle or look | backfill | wait } ...
 *
 * The reader's own changes go first, always.  A cycle runs at start, on request
 * and by the clock (cadence.c); a look at single mailboxes follows what the
 * server pushed, what we moved and what the reader opened; older history comes
 * in runs of slices when nothing else is to be done.  Waiting happens inside the
 * provider (IDLE, inotify), with the doorbell at hand.  A failure ends this
 * round: the connection goes, the error is shown, and retry.c says when the next
 * round begins.
 */
#include <poll.h>

#include "base/clock.h"
#include "base/i18n.h"
#include "base/log.h"
#include "base/mem.h"
#include "sync/priv.h"

enum trigger { BY_NOTHING, BY_STARTUP, BY_PUSH, BY_POLL, BY_MANUAL, BY_QUEUE };
static const char *const trigger_names[] = { "", "startup", "push", "poll", "manual", "queue" };

enum { SLICE_MS = 5000, WAIT_MAX_MS = 24 * 3600 * 1000 };

struct worker {
	struct lane *lane;
	struct session s;
	struct retry retry;
	struct backfill backfill;
	bool recovered;          /* what a dead process left in the queue is in doubt now */
	bool started;            /* the first pass is through */
	bool fresh;              /* a new connection: what happened meanwhile takes a whole pass */
	bool full;               /* the reader distrusts all cursors */
	bool pushed;             /* the server said that the watched mailbox changed */
	bool tree;               /* ... or the list of mailboxes */
	bool moved;              /* a move left: the next poll asks for all mailboxes */
	bool live, live_known;
	int polls;               /* cycles since the last that asked for all mailboxes */
	int64_t pause;           /* before the last cycle */
	int64_t ended_at;        /* clock_mono_ms: the last cycle */
	int64_t backfilled_at;   /* ... the last run of the backfill; 0 = none yet */
	int64_t looked_at;       /* ... the last look that the server asked for */
	int64_t heard_at;        /* ... the last thing that push told */
};

/* --- beginning a round ---------------------------------------------------- */

static int until_leased(struct worker *w, struct err *err)
{
	struct lane *l = w->lane;
	bool told = false;
	int r;

	while ((r = lease_take(&w->s, err)) == ERR_CONFLICT || r == ERR_RETRY) {
		if (!told && r == ERR_CONFLICT) {
			board_waiting(&l->board, err, 0);
			told = true;
		}
		if (cancel_poll(&l->stop, -1, 0, l->sync->timing.lease) < 0)
			return err_set(err, ERR_CANCELED, _("Stopped."));
	}
	if (told && r == 0)
		board_error(&l->board, &(struct err){ 0 });
	return r;
}

static void recall_last_sync(struct worker *w)
{
	g_autoptr(GArray) rows = NULL;
	struct err err = { 0 };

	if (store_accounts(w->s.store, &rows, &err) < 0)
		return;
	for (guint i = 0; i < rows->len; i++) {
		const struct account_row *a = &g_array_index(rows, struct account_row, i);

		if (a->id.v == w->s.account->id.v)
			board_synced(&w->lane->board, a->last_sync);
	}
}

static int begin(struct worker *w, struct err *err)
{
	struct session *s = &w->s;
	int r = session_open(s, STORE_WORKER, err);

	if (r < 0 || w->recovered)
		return r < 0 ? r : until_leased(w, err);
	recall_last_sync(w);
	r = until_leased(w, err);
	if (r >= 0)
		r = store_queue_recover(s->store, s->account->id, err);
	w->recovered = r >= 0;
	return r;
}

/* --- when ----------------------------------------------------------------- */

/* Milliseconds since a time of the monotonic clock, -1 if it never was. */
static int64_t since(int64_t at, int64_t now)
{
	return at == 0 ? -1 : now - at;
}

static struct cadence cadence_of(struct worker *w)
{
	int64_t now = clock_mono_ms();

	return (struct cadence){ .live = w->live, .last = w->pause,
		.looked = since(atomic_load(&w->lane->looked_at), now),
		.reader = since(atomic_load(&w->lane->sync->reader_at), now) };
}

static int64_t next_poll(struct worker *w)
{
	struct cadence c = cadence_of(w);

	return w->ended_at + cadence_pause(&w->lane->sync->timing, &c);
}

/* When the next run of the backfill begins; INT64_MAX = there is nothing to do. */
static int64_t next_backfill(struct worker *w)
{
	struct cadence c = cadence_of(w);
	const struct backfill *b = &w->backfill;

	if (tuning_of(&w->s)->backfill_mode == BACKFILL_BOOTSTRAP_ONLY ||
		(!b->more && b->first.v == 0))
		return INT64_MAX;
	if (w->backfilled_at == 0 || (b->first.v != 0 && !b->limited))
		return 0;
	return w->backfilled_at + cadence_backfill(&w->lane->sync->timing,
				  b->more && b->brought > 0, b->limited, &c);
}

static enum trigger due(struct worker *w)
{
	int asked = atomic_exchange(&w->lane->asked, ASKED_NOTHING);

	w->full = w->full || asked == ASKED_FULL;
	if (asked != ASKED_NOTHING)
		return w->started ? BY_MANUAL : BY_STARTUP;
	if (!w->started)
		return BY_STARTUP;
	return w->fresh || clock_mono_ms() >= next_poll(w) ? BY_POLL : BY_NOTHING;
}

/* --- cycles and looks ----------------------------------------------------- */

/* The mailbox that is watched: the inbox. */
static int watched(struct worker *w, struct mailbox **out, struct err *err)
{
	struct store *store = w->s.store;
	mailbox_id id = store_mailbox_with_role(store, w->s.account->id, ROLE_INBOX);
	int r;

	if (id.v == 0)
		return 0;
	r = store_mailbox(store, id, out, err);
	return r == ERR_GONE ? 0 : r < 0 ? r : 1;
}

static void touch_watched(struct worker *w)
{
	AUTO(mailbox_free) struct mailbox *m = NULL;
	struct err err = { 0 };

	if (watched(w, &m, &err) > 0)
		session_touch(&w->s, m->id);
}

static int some(struct worker *w, unsigned flags, struct err *err)
{
	g_autoptr(GArray) list = g_steal_pointer(&w->s.touched);

	w->s.touched = g_array_new(FALSE, FALSE, sizeof(int64_t));
	return pull_some(&w->s, list, flags, err);
}

/* Live push was silent for so long that it is checked (C-31). */
static bool suspicious(const struct worker *w)
{
	return w->live && clock_mono_ms() - w->heard_at >= w->lane->sync->timing.silence;
}

/* The cheap question first: is there something in the watched mailbox that push should have told? */
static int question(struct worker *w, struct err *err)
{
	struct session *s = &w->s;
	int r;

	touch_watched(w);
	r = some(w, CHANGES_CHECK, err);
	w->heard_at = clock_mono_ms();
	if (r < 0 || s->added + s->changed + s->removed == 0)
		return r; /* it was quiet because nothing happened */
	log_event(LOG_WARN, "push-missed", "s:s, s:s", "account", s->account->name, "sync_id",
		s->id);
	w->full = true;
	return 0;
}

static unsigned how(struct worker *w, enum trigger why)
{
	bool check = w->live && why == BY_POLL && !w->fresh;

	return (w->full ? CHANGES_FULL : 0U) | (check ? CHANGES_CHECK : 0U);
}

/* The cycle itself: all mailboxes, or between two of those only the inbox. */
static int pull(struct worker *w, enum trigger why, bool wide, struct err *err)
{
	int r = suspicious(w) ? question(w, err) : 0;

	if (r < 0)
		return r;
	if (wide)
		return pull_pass(&w->s, how(w, why), err);
	touch_watched(w);
	r = some(w, how(w, why), err);
	if (r >= 0)
		board_synced(&w->lane->board, clock_unix());
	return r;
}

static void note_cycle(struct worker *w, int64_t began, const struct err *why, int64_t next_at)
{
	char words[120];

	job_words(&w->s, words, sizeof words);
	job_note(w->s.store, w->s.account->id,
		&(struct job){ .name = "incremental", .began = began, .next_at = next_at,
			.cadence_s = w->lane->sync->timing.poll / 1000, .result = why,
			.words = words });
}

/* A cycle is over: the next deadline counts from here. */
static void end_cycle(struct worker *w, bool wide)
{
	struct cadence c = cadence_of(w);

	w->pause = cadence_pause(&w->lane->sync->timing, &c);
	w->ended_at = clock_mono_ms();
	w->polls = wide ? 0 : w->polls + 1;
	w->started = true;
	w->pushed = w->fresh = w->full = false;
	if (wide)
		w->moved = w->tree = false;
	if (w->backfill.until == 0)
		w->backfill.more = history_open(&w->s);
}

/* What has just arrived will probably be opened (M-80). */
static int told(struct worker *w, int r)
{
	if (r >= 0 && w->s.added > 0)
		warm_stir(w->lane);
	return r;
}

static int cycle(struct worker *w, enum trigger why, struct err *err)
{
	struct session *s = &w->s;
	int64_t began = clock_unix();
	bool wide = why != BY_POLL || w->fresh || w->moved || w->tree || suspicious(w) ||
		    cadence_wide(s->provider->traits.cheap_scan, w->polls);
	int r;

	session_cycle(s, trigger_names[why]);
	log_event(LOG_INFO, "pass-start", "s:s, s:s, s:s, s:b, s:b", "account", s->account->name,
		"sync_id", s->id, "trigger", s->trigger, "wide", (int)wide, "full", (int)w->full);
	r = told(w, pull(w, why, wide, err));
	if (r < 0)
		return r;
	end_cycle(w, wide);
	note_cycle(w, began, NULL, clock_unix() + w->pause / 1000);
	return 0;
}

/* What the server pushed, and what our own moves touched. */
static int look(struct worker *w, struct err *err)
{
	struct session *s = &w->s;
	bool by_push = w->pushed || w->tree;
	int r = 0;

	session_cycle(s, trigger_names[by_push ? BY_PUSH : BY_QUEUE]);
	log_event(LOG_INFO, "look-start", "s:s, s:s, s:s", "account", s->account->name, "sync_id",
		s->id, "trigger", s->trigger);
	if (w->tree)
		r = listing_follow(s, err);
	w->pushed = w->tree = false;
	w->looked_at = clock_mono_ms();
	return r < 0 ? r : told(w, some(w, 0, err));
}

/* What the reader opened.  One whose history is missing goes on with that. */
static int look_for_reader(struct worker *w, struct err *err)
{
	struct session *s = &w->s;
	mailbox_id m, last = { 0 };
	int r;

	while ((m = looks_take(&w->lane->looks)).v != 0) {
		session_touch(s, m);
		last = m;
	}
	session_cycle(s, trigger_names[BY_MANUAL]);
	log_event(LOG_INFO, "look-start", "s:s, s:s, s:s, s:I", "account", s->account->name,
		"sync_id", s->id, "trigger", "manual", "mailbox", (long long)last.v);
	r = some(w, CHANGES_LOOKED_AT, err);
	if (r >= 0 && last.v != 0) {
		AUTO(mailbox_free) struct mailbox *opened = NULL;

		if (store_mailbox(s->store, last, &opened, NULL) >= 0 &&
			opened->state == MAILBOX_INCREMENTAL)
			w->backfill.first = last;
	}
	return r;
}

/* One slice of history, if it is time for that. */
static int history(struct worker *w, struct err *err)
{
	struct backfill *b = &w->backfill;
	int r;

	if (b->until == 0) {
		backfill_begin(&w->s, b);
		session_cycle(&w->s, trigger_names[BY_POLL]);
		log_event(LOG_INFO, "backfill-start", "s:s, s:s", "account",
			w->s.account->name, "sync_id", w->s.id);
	}
	r = backfill_slice(&w->s, b, err);
	if (r >= 0)
		r = interlude(&w->s, err);
	if (b->until != 0)
		return r;
	w->backfilled_at = clock_mono_ms();
	return r < 0 ? r : pull_clean(&w->s, err);
}

/* --- waiting -------------------------------------------------------------- */

static bool beckoned(struct worker *w)
{
	struct lane *l = w->lane;

	return atomic_load(&l->asked) || atomic_load(&l->suspect) || looks_waiting(&l->looks) ||
	       w->backfill.until != 0 || (atomic_load(&l->shared) && bodies_waiting(&l->bodies));
}

/* Milliseconds to wait, 0 = there is work now. */
static int patience(struct worker *w)
{
	const struct timing *t = &w->lane->sync->timing;
	int64_t now = clock_mono_ms(), row = push_due_in(&w->s), wish = arrange_due_in(&w->s);
	int64_t ms = MIN(next_poll(w), next_backfill(w)) - now;

	if (beckoned(w))
		return 0; /* a cycle clears the doorbell for its own ends: look at what was asked */
	if (row == 0 && w->s.stuck)
		row = t->stuck;
	if (row >= 0 && row < ms)
		ms = row;
	if (wish >= 0 && wish < ms)
		ms = wish;
	if (!w->live_known && ms > t->learn)
		ms = t->learn;
	if (atomic_load(&w->lane->shared))
		ms = MIN(ms, warm_wait(w->lane));
	ms = MIN(ms, store_lease_renew_in(w->s.store, w->s.account->id));
	return (int)CLAMP(ms, 0, WAIT_MAX_MS);
}

static void hear(struct worker *w, const struct mailbox *m, const struct watch *watch)
{
	struct lane *l = w->lane;

	if (!w->live_known || watch->live != w->live)
		board_push(&l->board, watch->live, watch->everywhere);
	if (watch->live && !w->live)
		w->heard_at = clock_mono_ms();
	w->live = watch->live;
	w->live_known = true;
	atomic_store(&l->watched, !watch->live ? 0 : watch->everywhere ? -1 : m->id.v);
}

/* What the server said, as mailboxes to be looked at. */
static void follow(struct worker *w, const struct mailbox *m, const struct watch *watch)
{
	w->heard_at = clock_mono_ms();
	w->pushed = true;
	w->tree = w->tree || watch->tree;
	if (watch->news)
		session_touch(&w->s, m->id);
	for (guint i = 0; i < watch->stirred->len; i++) {
		AUTO(mailbox_free) struct mailbox *other = NULL;
		const char *path = g_ptr_array_index(watch->stirred, i);

		if (store_mailbox_find(w->s.store, w->s.account->id, path, &other, NULL) < 0)
			w->tree = true; /* nobody told us of it yet */
		else
			session_touch(&w->s, other->id);
	}
}

static int wait_here(struct worker *w, const struct mailbox *m, int ms, struct err *err)
{
	struct lane *l = w->lane;
	g_autoptr(GPtrArray) stirred = g_ptr_array_new_with_free_func(g_free);
	struct watch watch = { .mailbox = m, .wake = &l->wake, .timeout_ms = ms,
		.stirred = stirred };
	int r;

	if (!m) {
		r = cancel_poll(&l->stop, cancel_fd(&l->wake), POLLIN, ms);
		return r < 0 ? err_set(err, ERR_CANCELED, _("Stopped.")) : 0;
	}
	r = session_heard(&w->s, w->s.provider->ops->wait(w->s.provider, &watch, err));
	if (r == 0 || watch.live) /* news that waited already tell nothing about push */
		hear(w, m, &watch);
	if (r > 0)
		follow(w, m, &watch);
	return r;
}

/* A server that never stops talking must not keep us running in circles; the first word after a
 * quiet time is followed at once. */
static int breathe(struct worker *w, struct err *err)
{
	struct lane *l = w->lane;
	int gap = l->sync->timing.push_gap;
	int ms = (int)CLAMP(w->looked_at + gap - clock_mono_ms(), 0, gap);

	if (cancel_poll(&l->stop, cancel_fd(&l->wake), POLLIN, ms) < 0)
		return err_set(err, ERR_CANCELED, _("Stopped."));
	return 0;
}

static int doze(struct worker *w, struct err *err)
{
	AUTO(mailbox_free) struct mailbox *m = NULL;
	int ms = patience(w);
	int r = ms > 0 ? watched(w, &m, err) : 0;

	if (r < 0 || ms == 0)
		return r;
	board_cycle(&w->lane->board, "", "");
	board_stage(&w->lane->board, STAGE_IDLE, NULL);
	r = wait_here(w, m, ms, err);
	return r > 0 ? breathe(w, err) : r;
}

/* --- the round ------------------------------------------------------------ */

/* Who answers requests for bodies: this connection, or one of their own. */
static void share(struct lane *l, bool shared)
{
	if (atomic_exchange(&l->shared, shared) != shared)
		cancel_set(&l->bodies.ring);
}

/* The connection goes; what happened at the server meanwhile takes a pass to learn. */
static void lose_touch(struct worker *w)
{
	session_drop(&w->s);
	w->live = w->live_known = false;
	w->fresh = true;
	if (w->backfill.until != 0)
		w->backfilled_at = clock_mono_ms();
	backfill_abandon(&w->s, &w->backfill);
	atomic_store(&w->lane->up, false);
	atomic_store(&w->lane->watched, 0);
	share(w->lane, false);
}

static int connect_up(struct worker *w, struct err *err)
{
	struct lane *l = w->lane;
	int64_t crowded = since(atomic_load(&l->crowded_at), clock_mono_ms());
	int r;

	w->s.scan_next = w->fresh && push_due_in(&w->s) != 0;
	r = session_connect(&w->s, err);
	if (r < 0)
		return r;
	if (!atomic_exchange(&l->up, true)) {
		ready_from_now(l);
		warm_resume(l);
	}
	share(l, w->s.provider->traits.connections == 1 || (crowded >= 0 && crowded < CROWDED_MS));
	if (atomic_load(&l->shared))
		bodies_serve(l, &w->s);
	return 0;
}

static int work(struct worker *w, struct err *err)
{
	enum trigger why = due(w);
	bool reader = looks_waiting(&w->lane->looks);

	if (why == BY_NOTHING && reader)
		return look_for_reader(w, err);
	if (why != BY_NOTHING)
		return cycle(w, why, err);
	if (w->pushed || w->tree || w->s.touched->len > 0)
		return look(w, err);
	if (w->backfill.until != 0 || clock_mono_ms() >= next_backfill(w))
		return history(w, err);
	return 0;
}

/* Where this is the account's only connection, it is also the one that warms: when idle. */
static bool warmed(struct worker *w)
{
	struct lane *l = w->lane;

	if (!atomic_load(&l->shared) || beckoned(w) || warm_wait(l) > 0)
		return false;
	warm_turn(l, &w->s);
	return w->s.up;
}

/* One turn of the round; < 0 ends it. */
static int turn(struct worker *w, struct err *err)
{
	struct lane *l = w->lane;
	guint touched = w->s.touched->len;
	int64_t ended = w->ended_at;
	int r;

	cancel_clear(&l->wake);
	if (cancel_is_set(&l->stop))
		return err_set(err, ERR_CANCELED, _("Stopped."));
	if (atomic_exchange(&l->suspect, false))
		lose_touch(w);
	r = lease_keep(&w->s, err);
	if (r >= 0)
		r = connect_up(w, err);
	if (r >= 0)
		r = push_due(&w->s, err);
	if (r < 0)
		return r;
	w->moved = w->moved || w->s.touched->len > touched;
	r = work(w, err);
	if (r < 0)
		return r;
	w->retry.failures = 0;
	if (w->s.up && warmed(w))
		return 0;
	if (w->s.up)
		return doze(w, err);
	w->fresh = w->fresh || w->ended_at == ended; /* a mailbox broke the connection, in no cycle */
	return 0;
}

/* --- after a failure ------------------------------------------------------ */

/*
 * Sleeps ms (-1: until asked); in slices, because poll's clock stops in a
 * suspend.  The request is used up here: what follows is a whole pass anyway,
 * and one request is good for one attempt.
 */
static void rest(struct worker *w, int64_t ms)
{
	struct lane *l = w->lane;
	int64_t end = clock_mono_ms() + ms;
	int asked;

	while ((asked = atomic_exchange(&l->asked, ASKED_NOTHING)) == ASKED_NOTHING &&
		!cancel_is_set(&l->stop)) {
		int64_t left = ms < 0 ? SLICE_MS : end - clock_mono_ms();

		if (left <= 0 || (ms >= 0 && atomic_load(&l->suspect)))
			return;
		share(l, false);
		cancel_poll(&l->stop, cancel_fd(&l->wake), POLLIN, (int)MIN(left, SLICE_MS));
		if (!atomic_load(&l->asked))
			cancel_clear(&l->wake); /* a new change alone does not end the pause */
	}
	w->full = w->full || asked == ASKED_FULL;
	if (asked != ASKED_NOTHING)
		log_event(LOG_INFO, "pause-ended-by-reader", "s:s, s:I", "account",
			l->account->name, "ms_left",
			(long long)(ms < 0 ? -1 : end - clock_mono_ms()));
}

static void fail(struct worker *w, const struct err *why)
{
	int64_t ms = retry_next_ms(&w->retry, &w->lane->sync->timing, why);
	int64_t at = ms < 0 ? 0 : clock_unix() + (ms + 999) / 1000;

	log_event(LOG_WARN, "worker-waits", "s:s, s:s, s:s, s:s, s:I", "account",
		w->s.account->name, "sync_id", w->s.id, "result", err_name(why->code), "words",
		why->text, "ms", (long long)ms);
	board_waiting(&w->lane->board, why, at);
	session_result(&w->s, why); /* its event makes the screen read the board */
	if (w->s.store)
		note_cycle(w, clock_unix(), why, at);
	if (why->code == ERR_STORAGE)
		store_close(&w->s.store);
	if (why->code == ERR_STORAGE || why->code == ERR_CONFLICT)
		w->recovered = false; /* rows may be leased, by us or by who had the lease meanwhile */
	rest(w, ms);
}

/* Another process has the account now: no failure, but somebody else's turn. */
static void step_back(struct worker *w)
{
	log_event(LOG_WARN, "lease-lost", "s:s, s:s", "account", w->s.account->name, "sync_id",
		w->s.id);
	w->s.lost = w->s.leased = w->recovered = false;
	cancel_poll(&w->lane->stop, -1, 0, w->lane->sync->timing.lease);
}

static void finish(struct worker *w)
{
	session_drop(&w->s);
	lease_drop(&w->s);
	session_close(&w->s);
}

void *worker_main(void *lane)
{
	struct lane *l = lane;
	struct worker w = { .lane = l, .fresh = true };

	session_init(&w.s, l->sync, l->account, &l->stop);
	w.s.wake = &l->wake;
	w.s.board = &l->board;
	w.s.lane = l;
	w.s.keeps = true;
	while (!cancel_is_set(&l->stop)) {
		struct err err = { 0 };
		int r = begin(&w, &err);

		while (r >= 0)
			r = turn(&w, &err);
		lose_touch(&w);
		if (w.s.lost)
			step_back(&w);
		else if (!cancel_is_set(&l->stop))
			fail(&w, &err);
	}
	finish(&w);
	return NULL;
}
