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
 */
#include "base/i18n.h"
#include "base/log.h"
#include "base/mem.h"
#include "sync/priv.h"

int64_t push_due_in(struct session *s)
{
	if (!s->account->two_way)
		return -1; /* read-only: the rows wait until the reader allows it */
	return store_queue_due_in(s->store, s->account->id);
}

/* A move must be seen from both ends, and whatever did not go as wished from its source. */
static size_t review(struct session *s, const struct mutation_batch *b, const struct applied *out)
{
	size_t settled = 0, odd = 0;

	for (size_t i = 0; i < b->n; i++) {
		settled += out[i].state != APPLIED_NOT_TRIED && out[i].state != APPLIED_UNKNOWN;
		odd += out[i].state != APPLIED_DONE && out[i].state != APPLIED_NOT_TRIED;
	}
	if (b->verb == MUTATION_MOVE)
		session_touch(s, b->target);
	if (b->verb == MUTATION_MOVE || odd > 0)
		session_touch(s, b->source);
	return settled;
}

static int mark_and_apply(struct session *s, struct mutation_batch *b, struct applied *out,
	struct err *err)
{
	const struct provider_ops *ops;
	int r = session_connect(s, err);

	if (r < 0)
		return r;
	ops = s->provider->ops;
	if (b->verb == MUTATION_MOVE && (!b->uncertain || !*b->mark)) {
		r = session_heard(s, ops->prepare(s->provider, b, err));
		if (r >= 0)
			r = store_queue_mark(s->store, b, err);
		if (r < 0)
			return r;
	}
	return session_heard(s, ops->apply(s->provider, b, out, err));
}

static void note(const struct session *s, const struct mutation_batch *b, size_t settled,
	const struct err *why)
{
	log_event(why->code ? LOG_WARN : LOG_INFO, "push", "s:s, s:s, s:s, s:I, s:I, s:b, s:s, s:s",
		"account", s->account->name, "sync_id", s->id, "verb", mutation_verb_name(b->verb),
		"rows", (long long)b->n, "settled", (long long)settled, "in_doubt",
		(int)b->uncertain, "result", err_name(why->code), "words", why->text);
}

/* One batch; returns how many of its rows are settled now. */
static int push_batch(struct session *s, struct mutation_batch *b, struct err *err)
{
	g_autofree struct applied *out = g_new0(struct applied, b->n);
	struct err why = { 0 };
	size_t settled;
	bool wide;

	board_progress(s->board, STAGE_SENDING, 0, (int64_t)b->n);
	if (mark_and_apply(s, b, out, &why) >= 0)
		why = (struct err){ 0 };
	wide = retry_is_wide(&why);
	if (why.code == ERR_RETRY && why.after_s == 0)
		why.after_s = PUSH_LATER_S;
	if (session_stored(s, store_queue_settle(s->store, b, out, &why, err)) < 0)
		return err->code = ERR_STORAGE; /* the rows stay leased: in doubt until recovered */
	settled = review(s, b, out);
	note(s, b, settled, &why);
	if (why.code == 0)
		return (int)settled;
	*err = why;
	return wide ? (int)why.code : (int)settled;
}

int push_due(struct session *s, struct err *err)
{
	int batches = 0, idle = 0, arranged;

	s->stuck = false;
	arranged = arrange_due(s, err);
	if (arranged > 0)
		arranged = listing_follow(s, err);
	if (arranged < 0)
		return arranged;
	while (push_due_in(s) == 0 && idle < PUSH_IDLE_MAX) {
		AUTO(mutation_batch_free) struct mutation_batch *b = NULL;
		int r = session_stored(s, store_queue_claim(s->store, s->account->id, &b, err));

		if (r < 0)
			return r;
		if (r == 0)
			break;
		r = push_batch(s, b, err);
		if (r < 0)
			return r;
		idle = r > 0 ? 0 : idle + 1;
		batches++;
	}
	s->stuck = push_due_in(s) == 0;
	return batches;
}
