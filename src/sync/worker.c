/*
 * The life of an account's sync worker.
 *
 *   lease -> recover -> connect -> { push | look or pass | wait } ...
 *
 * The reader's own changes go first, always.  A complete pass runs at start, on
 * request and by the clock, whose deadline is set anew when a pass ends; a look
 * at single mailboxes follows what the server pushed and what we moved.
 * Waiting happens inside the provider (IDLE, inotify), with the doorbell at
 * hand.  A failure ends this round: the connection goes, the error is shown,
 * and retry.c says when the next round begins.
 */
#include <poll.h>

#include "base/clock.h"
#include "base/i18n.h"
#include "base/log.h"
#include "base/mem.h"
#include "sync/priv.h"

enum trigger { BY_NOTHING, BY_STARTUP, BY_PUSH, BY_POLL, BY_MANUAL };
static const char *const trigger_names[] = { "", "startup", "push", "poll", "manual" };

enum { SLICE_MS = 5000, WAIT_MAX_MS = 24 * 3600 * 1000 };

struct worker {
	struct lane *lane;
	struct session s;
	struct retry retry;
	bool recovered;          /* what a dead process left in the queue is in doubt now */
	bool started;            /* the first pass is through */
	bool pushed;             /* the server said that the inbox changed */
	bool live, live_known;
	int64_t next_pass;       /* clock_mono_ms */
	int64_t looked_at;
};

/* --- beginning a round ---------------------------------------------------- */

int lease_take(struct session *s, struct err *err)
{
	int holder = 0;
	int r = store_lease_take(s->store, s->account->id, &holder, err);

	if (r == 0)
		return err_set(err, ERR_CONFLICT,
			_("Another tern (process %d) is synchronising account %s."), holder,
			s->account->name);
	return r < 0 ? r : 0;
}

static int until_leased(struct worker *w, struct err *err)
{
	struct lane *l = w->lane;
	bool told = false;
	int r;

	while ((r = lease_take(&w->s, err)) == ERR_CONFLICT) {
		if (!told)
			board_waiting(&l->board, err, 0);
		told = true;
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

/* --- passes and looks ----------------------------------------------------- */

static enum trigger due(struct worker *w)
{
	if (atomic_exchange(&w->lane->asked, false))
		return w->started ? BY_MANUAL : BY_STARTUP;
	if (!w->started)
		return BY_STARTUP;
	return clock_mono_ms() >= w->next_pass ? BY_POLL : BY_NOTHING;
}

static int pass(struct worker *w, enum trigger why, struct err *err)
{
	const struct timing *t = &w->lane->sync->timing;
	int r;

	session_new_id(&w->s);
	log_event(LOG_INFO, "pass-start", "s:s, s:s, s:s", "account", w->s.account->name,
		"sync_id", w->s.id, "trigger", trigger_names[why]);
	r = lease_take(&w->s, err);
	if (r >= 0)
		r = pull_pass(&w->s, 0, err);
	if (r < 0)
		return r;
	w->started = true;
	w->pushed = false;
	w->next_pass = clock_mono_ms() + (w->live ? t->poll_live : t->poll);
	return 0;
}

/* The mailbox that is watched: the inbox, or the first that can be read. */
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

static void add_watched(struct worker *w)
{
	AUTO(mailbox_free) struct mailbox *m = NULL;
	struct err err = { 0 };

	if (watched(w, &m, &err) > 0)
		g_array_append_val(w->s.touched, m->id.v);
}

/* What the server pushed, and what our own moves touched. */
static int look(struct worker *w, struct err *err)
{
	g_autoptr(GArray) some = NULL;
	struct session *s = &w->s;

	if (w->pushed)
		add_watched(w);
	session_new_id(s);
	log_event(LOG_INFO, "look-start", "s:s, s:s, s:s", "account", s->account->name, "sync_id",
		s->id, "trigger", w->pushed ? trigger_names[BY_PUSH] : "queue");
	some = g_steal_pointer(&s->touched);
	s->touched = g_array_new(FALSE, FALSE, sizeof(int64_t));
	w->pushed = false;
	w->looked_at = clock_mono_ms();
	return pull_some(s, some, err);
}

/* --- waiting -------------------------------------------------------------- */

/* Milliseconds to wait, 0 = there is work now. */
static int patience(struct worker *w)
{
	const struct timing *t = &w->lane->sync->timing;
	int64_t now = clock_mono_ms();
	int64_t ms = w->next_pass - now;
	int64_t row = push_due_in(&w->s);

	if (atomic_load(&w->lane->asked) || atomic_load(&w->lane->suspect))
		return 0; /* a pass clears the doorbell for its own ends: look at what was asked */
	if (row == 0 && w->s.stuck)
		row = t->stuck;
	if (row >= 0 && row < ms)
		ms = row;
	if (!w->live_known && ms > t->learn)
		ms = t->learn;
	return (int)CLAMP(ms, 0, WAIT_MAX_MS);
}

static int wait_here(struct worker *w, const struct mailbox *m, int ms, struct err *err)
{
	struct lane *l = w->lane;
	struct watch watch = { .mailbox = m, .wake = &l->wake, .timeout_ms = ms };
	bool live;
	int r;

	if (!m) {
		r = cancel_poll(&l->stop, cancel_fd(&l->wake), POLLIN, ms);
		return r < 0 ? err_set(err, ERR_CANCELED, _("Stopped.")) : 0;
	}
	r = session_heard(&w->s, w->s.provider->ops->wait(w->s.provider, &watch, err));
	live = watch.live;
	if (r >= 0 && (!w->live_known || live != w->live))
		board_push_live(&l->board, live);
	if (live && !w->live)
		w->next_pass += l->sync->timing.poll_live - l->sync->timing.poll;
	w->live = live;
	w->live_known = true;
	return r;
}

/* A server that never stops talking must not keep us running in circles. */
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
	board_stage(&w->lane->board, STAGE_IDLE, NULL);
	r = wait_here(w, m, ms, err);
	w->pushed = r > 0;
	return r > 0 ? breathe(w, err) : r;
}

/* The connection goes; what happened at the server meanwhile takes a pass to learn. */
static void lose_touch(struct worker *w)
{
	session_drop(&w->s);
	w->live = w->live_known = false;
	w->next_pass = 0;
}

/* One turn of the round; < 0 ends it. */
static int turn(struct worker *w, struct err *err)
{
	struct lane *l = w->lane;
	enum trigger why;
	int r;

	cancel_clear(&l->wake);
	if (cancel_is_set(&l->stop))
		return err_set(err, ERR_CANCELED, _("Stopped."));
	if (atomic_exchange(&l->suspect, false))
		lose_touch(w);
	r = session_connect(&w->s, err);
	if (r >= 0)
		r = push_due(&w->s, err);
	if (r < 0)
		return r;
	why = due(w);
	if (why != BY_NOTHING)
		r = pass(w, why, err);
	else if (w->pushed || w->s.touched->len > 0)
		r = look(w, err);
	if (r < 0)
		return r;
	w->retry.failures = 0;
	return doze(w, err);
}

/* --- after a failure ------------------------------------------------------ */

/*
 * Sleeps ms (-1: until asked); in slices, because poll's clock stops in a
 * suspend.  The request is used up here: what follows is a whole pass anyway,
 * and one request is good for one attempt.
 */
static void rest(struct lane *l, int64_t ms)
{
	int64_t end = clock_mono_ms() + ms;

	while (!atomic_exchange(&l->asked, false) && !cancel_is_set(&l->stop)) {
		int64_t left = ms < 0 ? SLICE_MS : end - clock_mono_ms();

		if (left <= 0 || (ms >= 0 && atomic_load(&l->suspect)))
			return;
		cancel_poll(&l->stop, cancel_fd(&l->wake), POLLIN, (int)MIN(left, SLICE_MS));
		if (!atomic_load(&l->asked))
			cancel_clear(&l->wake); /* a new change alone does not end the pause */
	}
}

static void fail(struct worker *w, const struct err *why)
{
	int64_t ms = retry_next_ms(&w->retry, &w->lane->sync->timing, why);
	int64_t at = ms < 0 ? 0 : clock_unix() + (ms + 999) / 1000;

	log_event(LOG_WARN, "worker-waits", "s:s, s:s, s:s, s:I", "account", w->s.account->name,
		"result", err_name(why->code), "words", why->text, "ms", (long long)ms);
	board_waiting(&w->lane->board, why, at);
	session_result(&w->s, why); /* its event makes the screen read the board */
	if (why->code == ERR_STORAGE)
		store_close(&w->s.store);
	if (why->code == ERR_STORAGE || why->code == ERR_CONFLICT)
		w->recovered = false; /* rows may be leased, by us or by who had the lease meanwhile */
	rest(w->lane, ms);
}

static void finish(struct worker *w)
{
	struct err err = { 0 };

	session_drop(&w->s);
	if (w->s.store)
		store_lease_drop(w->s.store, w->s.account->id, &err);
	session_close(&w->s);
}

void *worker_main(void *lane)
{
	struct lane *l = lane;
	struct worker w = { .lane = l };

	session_init(&w.s, l->sync, l->account, &l->stop);
	w.s.wake = &l->wake;
	w.s.board = &l->board;
	while (!cancel_is_set(&l->stop)) {
		struct err err = { 0 };
		int r = begin(&w, &err);

		while (r >= 0)
			r = turn(&w, &err);
		lose_touch(&w);
		if (!cancel_is_set(&l->stop))
			fail(&w, &err);
	}
	finish(&w);
	return NULL;
}
