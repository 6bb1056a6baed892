/*
 * The reader's own changes leave by the second connection while history comes
 * in by the first.
 *
 * The sync worker cannot push in the middle of an answer, and to push behind a
 * slice costs it two SELECTs.  The body worker has a connection and a store
 * handle of its own, and mostly sleeps: it takes one batch at a time while the
 * gate is open, and bodies go before the next one.
 *
 * WHEN THE GATE IS OPEN.  The danger is an old fact: the sync worker reads "not
 * flagged" of a message, the other connection flags it and settles, and then the
 * fact is written down: the flag goes off on the screen until the next pass.
 * While the worker itself pushes that cannot be, for it writes down all that it
 * read before.  So the gate is open only between sink.history() and the end of
 * the call (gather.c), and then
 *   - everything that was read before is in the store: what the second
 *     connection settles comes later;
 *   - what is read is about places that were not in the store when the gate was
 *     opened.  One that is there by the time the fact is written was told twice
 *     (an EXPUNGE shifted the slices), and the second fact is not needed: the
 *     batch only adds.  What somebody changed between the two has a
 *     mod-sequence above that of the cursor, which is as old as the SELECT, or
 *     is found by the comparison of flags, like any change behind the slices;
 *   - nothing is removed, voided or compared: whatever does that is told outside
 *     of history, and the gate is shut before its question is asked;
 *   - the first batch that is written after the gate was shut holds no facts
 *     from before: gather writes those first.
 * A message that was told twice and moved away between may come back as a row
 * that the server does not have; the move touched its mailbox, and the look that
 * follows removes it.
 *
 * ONE PUSHER AT A TIME.  The sync worker pushes only with the gate shut, and it
 * is shut when a batch that is under way is settled (`busy`).  A second
 * connection that hangs is given up after timing.aside_patience: what it was at is
 * in doubt then, and the sync worker's push looks first.  Rows about one message
 * keep their order by the claim.
 *
 * What fails here is no news of the account: the row waits, the sync worker is
 * rung and pushes as ever, and the second connection is left alone for
 * timing.aside_rest.  Only an outcome that could not be stored ends the sync worker's
 * call, because nobody else brings such rows back.
 */
#include "base/clock.h"
#include "base/log.h"
#include "sync/priv.h"

void aside_init(struct aside *a)
{
	*a = (struct aside){ .touched = g_array_new(FALSE, FALSE, sizeof(int64_t)) };
	pthread_mutex_init(&a->lock, NULL);
	cancel_init(&a->quit);
	cancel_init(&a->done);
	cancel_set(&a->done);
}

void aside_release(struct aside *a)
{
	g_array_unref(a->touched);
	cancel_release(&a->done);
	cancel_release(&a->quit);
	pthread_mutex_destroy(&a->lock);
}

/* --- the sync worker's side ------------------------------------------------ */

void aside_open(struct lane *l)
{
	pthread_mutex_lock(&l->aside.lock);
	l->aside.open = true;
	pthread_mutex_unlock(&l->aside.lock);
	if (cancel_is_set(&l->wake))
		cancel_set(&l->bodies.ring); /* it may have been a wish: this is quicker */
}

/* Until no batch is under way; the lock is held at the call and on return. */
static void wait_for_batch(struct aside *a, int patience)
{
	int64_t end = clock_mono_ms() + patience;

	while (a->busy) {
		int64_t left = end - clock_mono_ms();

		if (left <= 0)
			cancel_set(&a->quit);
		pthread_mutex_unlock(&a->lock);
		cancel_poll(&a->done, -1, 0, left > 0 ? (int)left : -1);
		pthread_mutex_lock(&a->lock);
	}
}

int aside_shut(struct session *s, struct err *err)
{
	struct aside *a = &s->lane->aside;
	int r;

	pthread_mutex_lock(&a->lock);
	a->open = false;
	wait_for_batch(a, s->sync->timing.aside_patience);
	for (guint i = 0; i < a->touched->len; i++)
		session_touch(s, (mailbox_id){ g_array_index(a->touched, int64_t, i) });
	g_array_set_size(a->touched, 0);
	r = a->hurt.code;
	if (r < 0)
		*err = a->hurt;
	a->hurt = (struct err){ 0 };
	pthread_mutex_unlock(&a->lock);
	return r;
}

/* The lock is held. */
static bool may(const struct lane *l)
{
	return l->aside.open && !atomic_load(&l->shared) &&
	       clock_mono_ms() >= l->aside.rests_until;
}

bool aside_takes(struct lane *l)
{
	bool yes;

	pthread_mutex_lock(&l->aside.lock);
	yes = may(l) && l->aside.ready;
	pthread_mutex_unlock(&l->aside.lock);
	if (yes)
		cancel_set(&l->bodies.ring); /* nobody rings when the time of a row comes */
	return yes;
}

void lane_push(struct lane *l)
{
	bool here, ready;

	pthread_mutex_lock(&l->aside.lock);
	here = may(l);
	ready = here && l->aside.ready;
	pthread_mutex_unlock(&l->aside.lock);
	if (here)
		cancel_set(&l->bodies.ring);
	if (!ready) /* who has to connect first may be slower than the end of a slice */
		lane_ring(l);
}

/* --- the body worker's side ------------------------------------------------- */

void aside_ready(struct lane *l, bool ready)
{
	pthread_mutex_lock(&l->aside.lock);
	l->aside.ready = ready;
	pthread_mutex_unlock(&l->aside.lock);
}

/* Leaves the wishes to the sync worker for a while. */
static void give_up(struct lane *l, struct session *s, const struct err *why)
{
	log_event(why->code ? LOG_WARN : LOG_INFO, "push-aside-failed", "s:s, s:s, s:s", "account", l->account->name,
		"result", err_name(why->code), "words", why->text);
	pthread_mutex_lock(&l->aside.lock);
	l->aside.rests_until = clock_mono_ms() + l->sync->timing.aside_rest;
	pthread_mutex_unlock(&l->aside.lock);
	if (!s->up)
		session_drop(s);
	lane_ring(l);
}

bool aside_has_work(struct lane *l, struct session *s)
{
	struct err err = { 0 };
	bool yes;

	pthread_mutex_lock(&l->aside.lock);
	yes = may(l);
	pthread_mutex_unlock(&l->aside.lock);
	if (!yes || session_open(s, STORE_PROMPT, &err) < 0)
		return false;
	if (arrange_due_in(s) != 0)
		return push_due_in(s) == 0;
	lane_ring(l); /* the tree goes first, and is no matter of ours */
	return false;
}

static bool begin(struct lane *l, struct session *s)
{
	struct aside *a = &l->aside;
	bool yes;

	store_lease_heed(s->store, l->account->id);
	pthread_mutex_lock(&a->lock);
	yes = may(l);
	if (yes) {
		a->busy = true;
		cancel_clear(&a->done);
	}
	pthread_mutex_unlock(&a->lock);
	return yes;
}

static void end(struct lane *l, struct session *s, const struct err *why)
{
	struct aside *a = &l->aside;

	pthread_mutex_lock(&a->lock);
	a->busy = false;
	if (why->code == ERR_STORAGE)
		a->hurt = *why;
	g_array_append_vals(a->touched, s->touched->data, s->touched->len);
	g_array_set_size(s->touched, 0);
	cancel_clear(&a->quit);
	if (cancel_is_set(&l->stop)) /* who stops sets this latch first */
		cancel_set(&a->quit);
	cancel_set(&a->done);
	pthread_mutex_unlock(&a->lock);
}

bool aside_push(struct lane *l, struct session *s)
{
	struct err err = { 0 };
	int r;

	if (!aside_has_work(l, s))
		return false;
	r = session_connect(s, &err);
	if (r < 0) {
		if (!lane_crowded(l, s, &err))
			give_up(l, s, &err);
		lane_ring(l);
		return r == ERR_RETRY; /* crowded: what follows is to stand aside */
	}
	if (!begin(l, s))
		return false;
	r = push_single(s, &err);
	end(l, s, &err);
	if (r <= 0)
		give_up(l, s, &err);
	return r > 0;
}
