/*
 * Carrying the reader's own changes to the server, each exactly once in effect.
 *
 * A row of the queue is a wish: an END STATE of one message ("seen is on", "it
 * is in Archive and not in INBOX"), kept durably before the screen showed it.
 * It is in one of these states:
 *
 *   queued    waits for its turn (and for its time, after a failure)
 *   leased    this process is at it: claimed in a committed transaction
 *   done      the server has the end state; committed after its answer
 *   in doubt  queued again with `uncertain`: something was sent and no answer
 *             came, or the process that had the lease died
 *   conflict  the server has something else than the reader saw; nothing was
 *             changed there, the reader decides
 *   changed   is no state: the flags of the message are others than the reader
 *             saw.  The store keeps them, judges the wish anew, and has it
 *             queued again at once or done
 *   failed    the server said no for good, or the attempts ran out
 *
 * Two rules carry the whole.  ACKNOWLEDGE AFTER COMMIT: a row is settled only
 * from what the provider knows for certain, and stays leased until that is in
 * the store.  LOOK BEFORE REPEATING: what is in doubt is looked up at the
 * server first, from the mark that prepare() took and store_queue_mark made
 * durable before anything was sent.  (In doubt without a mark: nothing was.)
 *
 * So the order below is: claim | prepare | mark | apply | settle, where each
 * bar is a commit.  Die before apply and nothing was sent; die after it and
 * the row is found leased: in doubt, with its mark.  The store keeps the order
 * of rows on one message, and counts an attempt only when the server judged.
 *
 * An error that concerns the whole account ends the push; any other concerns
 * the rows at hand, which the store puts back for later, and the next batch
 * has its turn: one bad row must not keep new mail away.
 *
 * Days of work may wait.  So whoever waits for this connection has a turn
 * between any two batches (interlude.c), the lease is kept, and the board tells
 * how much of the whole has left, not how far a batch is.
 */
#include "base/clock.h"
#include "base/i18n.h"
#include "base/log.h"
#include "base/mem.h"
#include "sync/priv.h"

enum { COUNT_MS = 1000 };         /* what waits is counted anew so often: with days of work it costs */

/* One emptying of the queue. */
struct drain {
	struct session *s;
	int64_t began, counted_at;   /* clock_mono_ms; counted_at 0 = never */
	int64_t done, of;            /* rows settled, and what there was in all */
	int batches;
	int idle;                    /* batches in a row of which nothing came */
	int reviewed;                /* batches in a row that only met changes */
};

/* What became of the rows of a batch. */
struct tally {
	size_t settled, changed;
};

int64_t push_due_in(struct session *s)
{
	if (!s->account->two_way)
		return -1; /* read-only: the rows wait until the reader allows it */
	return store_queue_due_in(s->store, s->account->id);
}

static bool puts_somewhere(enum mutation_verb verb)
{
	return verb == MUTATION_MOVE || verb == MUTATION_COPY || verb == MUTATION_APPEND;
}

/*
 * Where messages came or went, and whatever did not go as wished, must be seen,
 * and a mailbox that was made anew (ERR_CONFLICT), for whose pass the rows wait.
 * What met a change was told by the answer itself: there is nothing to look at.
 */
static struct tally review(struct session *s, const struct mutation_batch *b,
	const struct applied *out, enum err_code why)
{
	struct tally t = { 0 };
	size_t odd = 0;

	for (size_t i = 0; i < b->n; i++) {
		enum applied_state is = out[i].state;

		t.changed += is == APPLIED_CHANGED;
		t.settled += is == APPLIED_DONE || is == APPLIED_GONE || is == APPLIED_REFUSED;
		odd += is == APPLIED_GONE || is == APPLIED_REFUSED || is == APPLIED_UNKNOWN;
	}
	if (puts_somewhere(b->verb))
		session_touch(s, b->target);
	if (b->verb == MUTATION_MOVE || b->verb == MUTATION_EXPUNGE || odd > 0 ||
		why == ERR_CONFLICT)
		session_touch(s, b->source);
	return t;
}

/* Notes what a lost answer would be looked for by, on disk before anything is sent. */
static int mark(struct session *s, struct mutation_batch *b, struct err *err)
{
	int r;

	if (!puts_somewhere(b->verb) || (b->uncertain && *b->mark))
		return 0;
	r = session_heard(s, s->provider->ops->prepare(s->provider, b, err));
	if (r < 0 || !*b->mark)
		return MIN(r, 0); /* a provider that needs none: its own traces are enough */
	return store_queue_mark(s->store, b, err);
}

static int mark_and_apply(struct session *s, struct mutation_batch *b, struct applied *out,
	struct err *err)
{
	int r = session_connect(s, err);

	if (r >= 0)
		r = mark(s, b, err);
	if (r < 0)
		return r;
	return session_heard(s, s->provider->ops->apply(s->provider, b, out, err));
}

static void note(const struct session *s, const struct mutation_batch *b, const struct tally *t,
	const struct err *why)
{
	log_event(why->code ? LOG_WARN : LOG_INFO, "push",
		"s:s, s:s, s:s, s:I, s:I, s:I, s:b, s:s, s:s", "account", s->account->name,
		"sync_id", s->id, "verb", mutation_verb_name(b->verb), "rows", (long long)b->n,
		"settled", (long long)t->settled, "changed", (long long)t->changed, "in_doubt",
		(int)b->uncertain, "result", err_name(why->code), "words", why->text);
}

/* One batch, and what became of it; an error is one of the whole account. */
static int push_batch(struct session *s, struct mutation_batch *b, struct tally *t,
	struct err *err)
{
	struct applied *out = g_new0(struct applied, b->n);
	struct err why = { 0 };
	bool wide;
	int r;

	if (mark_and_apply(s, b, out, &why) >= 0)
		why = (struct err){ 0 };
	wide = retry_is_wide(&why);
	if (why.code == ERR_RETRY && why.after_s == 0)
		why.after_s = PUSH_LATER_S;
	r = session_stored(s, store_queue_settle(s->store, b, out, &why, err));
	*t = review(s, b, out, why.code);
	applied_free(out, b->n);
	if (r < 0)
		return err->code = ERR_STORAGE; /* the rows stay leased: in doubt until recovered */
	note(s, b, t, &why);
	if (why.code == 0)
		return 0;
	*err = why;
	return wide ? why.code : 0;
}

/* Tells how much of all that waits has left. */
static void tell(struct drain *d)
{
	struct session *s = d->s;
	int64_t now = clock_mono_ms(), waiting, stuck;
	struct err err = { 0 };

	if (d->counted_at == 0 || now - d->counted_at >= COUNT_MS) {
		d->counted_at = now;
		if (store_queue_counts(s->store, s->account->id, &waiting, &stuck, &err) >= 0)
			d->of = d->done + waiting + store_want_left(s->store, s->account->id);
	}
	board_progress(s->board, STAGE_SENDING, d->done, MAX(d->of, d->done));
}

/* What waited for the connection, and for us: between two batches. */
static int breathe(struct drain *d, struct err *err)
{
	struct session *s = d->s;
	int r = cancel_is_set(s->cancel) ? err_set(err, ERR_CANCELED, _("Stopped.")) : 0;

	if (r == 0 && d->batches > 0)
		r = lease_keep(s, err);
	if (r >= 0 && d->batches > 0)
		r = interlude_turns(s, clock_mono_ms() - d->began, err);
	return r < 0 ? r : expand_slice(s, err);
}

/* 1 = there was a batch, 0 = there is none that can leave now. */
static int push_next(struct drain *d, struct err *err)
{
	AUTO(mutation_batch_free) struct mutation_batch *b = NULL;
	struct session *s = d->s;
	struct tally t = { 0 };
	int r = breathe(d, err);

	if (r >= 0)
		r = session_stored(s, store_queue_claim(s->store, s->account->id, &b, err));
	if (r <= 0)
		return r;
	tell(d);
	r = push_batch(s, b, &t, err);
	d->batches++;
	d->done += (int64_t)t.settled;
	d->idle = t.settled + t.changed > 0 ? 0 : d->idle + 1;
	d->reviewed = t.settled == 0 && t.changed > 0 ? d->reviewed + 1 : 0;
	return r < 0 ? r : 1;
}

/* The wishes about the tree go before those about messages, which may need them. */
static int push_tree(struct session *s, struct err *err)
{
	int r = arrange_due(s, err);

	return r > 0 ? listing_follow(s, err) : r;
}

int push_due(struct session *s, struct err *err)
{
	struct drain d = { .s = s, .began = clock_mono_ms() };
	int r = push_tree(s, err);

	s->stuck = false;
	if (r < 0 || !s->account->two_way)
		return MIN(r, 0);
	if (store_want_left(s->store, s->account->id) == 0 && push_due_in(s) != 0)
		return 0;
	do
		r = push_next(&d, err);
	while (r > 0 && d.idle < PUSH_IDLE_MAX && d.reviewed < PUSH_REVIEWED_MAX);
	if (r < 0)
		return r;
	s->stuck = push_due_in(s) == 0;
	return d.batches;
}
