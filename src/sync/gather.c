/*
 * What one mailbox says, gathered into batches for the store.
 *
 * The rules of the sink:
 *   - A batch holds at most BATCH_CHANGES_MAX facts; a full one is committed
 *     without a cursor, for each new message and each flag stands for itself.
 *   - The cursor is committed together with the last facts before it.  Points
 *     that follow each other quickly share a commit, which the last one of them
 *     stands for: small commits write the same pages again and again.  What is
 *     held back is at most COMMIT_MS old when the next point comes, and is
 *     written before the store is asked what it knows.
 *   - CHANGE_GONE is held back until the cursor point behind it proves that the
 *     answer was complete.  What an answer said before it broke is forgotten.
 *   - ONE WITNESS IS NOT PROOF OF LOSS: if more than half of a mailbox (and at
 *     least GONE_LEAST messages) would go, or all its uids would become void,
 *     the call is abandoned, the connection is made anew, and only what the
 *     second answer says too is believed.
 *   - While only history is told that the store does not have, the reader's own
 *     changes leave by the second connection (aside.c).  Batches only add then.
 *   - The provider is asked to pause behind a slice when the reader's own
 *     change waits, the doorbell rang, or other mailboxes wait for their turn.
 */
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/i18n.h"
#include "base/log.h"
#include "base/mem.h"
#include "sync/priv.h"

/* The two structs are one: known messages pass from the store to a provider without a copy. */
_Static_assert(sizeof(struct known) == sizeof(struct store_known), "struct known");
_Static_assert(offsetof(struct known, uid) == offsetof(struct store_known, uid), "uid");
_Static_assert(offsetof(struct known, flags) == offsetof(struct store_known, flags), "flags");
_Static_assert(offsetof(struct known, keywords_hash) ==
		       offsetof(struct store_known, keywords_hash),
	"keywords_hash");

enum { COMMIT_MS = 250 };        /* facts wait for more of their kind this long */

struct gather {
	struct sink sink;        /* first: what the provider sees */
	struct session *s;
	const struct mailbox *mailbox;
	struct batch *batch;
	struct writer *writer;   /* since a batch was full; NULL = this thread writes */
	bool losses;             /* the batch holds CHANGE_GONE */
	GArray *gone;            /* uint64_t: waits for the cursor point behind it */
	GArray *gone_first;      /* what the first witness said, sorted; NULL = not asked */
	bool void_first;         /* the first witness said that all uids are void */
	bool second;             /* this is the second witness */
	bool doubt;              /* the first witness said something grave: ask again */
	bool voided;             /* the batch begins with a reset that is not committed */
	bool paused;             /* the provider was told to pause */
	bool dirty;              /* the batch says something that the store does not know */
	bool adding;             /* history is told, and the second connection may push */
	bool moved;              /* the cursor is no longer the one that the call began with */
	int64_t known, removed;  /* in the mailbox before the call; by the call so far */
	int64_t came;            /* messages told by the call so far */
	struct stop stop;
	int64_t commit_at;       /* clock_mono_ms: a cursor point is written from then on */
};

static void gather_release(struct gather *g)
{
	writer_stop(&g->writer);
	batch_free(&g->batch);
	g_clear_pointer(&g->gone, g_array_unref);
	g_clear_pointer(&g->gone_first, g_array_unref);
}

/* A busy database is the disk's failure here, a lost lease everybody's: both end the pass, not
 * only this mailbox. */
static int ours(struct session *s, int r, struct err *err)
{
	if (session_stored(s, r) < 0)
		err->code = ERR_STORAGE;
	return r < 0 ? ERR_STORAGE : r;
}

static void count_result(struct session *s, const struct batch_result *result)
{
	s->added += result->added;
	s->changed += result->changed;
	s->removed += result->removed;
}

/* Until the writer has nothing in hand. */
static int settle(struct gather *g, struct err *err)
{
	struct batch_result result = { 0 };
	int r = g->writer ? writer_wait(g->writer, &result, err) : 0;

	count_result(g->s, &result);
	return ours(g->s, r, err);
}

/* Everything is in the store when this returns. */
static int flush(struct gather *g, struct err *err)
{
	struct batch_result result = { 0 };
	int r = settle(g, err);

	if (r < 0 || !g->dirty)
		return r; /* nothing new: no transaction */
	r = batch_apply(g->s->store, g->batch, &result, err);
	count_result(g->s, &result);
	g->dirty = r < 0;
	g->voided = g->voided && r < 0;
	g->losses = g->losses && r < 0;
	g->commit_at = clock_mono_ms() + COMMIT_MS;
	return ours(g->s, r, err);
}

static void new_batch(struct gather *g)
{
	batch_free(&g->batch);
	g->batch = batch_new(g->s->account->id, g->mailbox->id);
	batch_additive(g->batch, g->adding);
}

/*
 * A full batch: there may be many more, so another thread writes it.  Not what
 * voids or removes, which concerns the thread's own handle (identity_settle).
 */
static int hand_over(struct gather *g, struct err *err)
{
	struct session *s = g->s;
	int r = 0;

	if (g->voided || g->losses)
		return flush(g, err);
	if (!g->writer)
		r = writer_start(s, &g->writer, err);
	if (r < 0)
		return r;
	r = writer_put(g->writer, &g->batch, err);
	if (r == 0) {
		new_batch(g);
		g->dirty = false;
	}
	g->commit_at = clock_mono_ms() + COMMIT_MS;
	return ours(s, r, err);
}

/* How many messages may still come; never 0, which means any number. */
static void make_room(struct gather *g)
{
	if (g->stop.known > 0)
		g->sink.room = MAX(g->stop.known - g->known - g->came, 1);
}

static int keep(struct gather *g, const struct change *c, struct err *err)
{
	batch_change(g->batch, c);
	g->dirty = true;
	if (c->kind == CHANGE_MESSAGE) {
		g->came++;
		make_room(g);
	}
	g->losses |= c->kind == CHANGE_GONE;
	return batch_size(g->batch) >= BATCH_CHANGES_MAX ? hand_over(g, err) : 0;
}

/*
 * Does the store have nothing of what is going to be told?  After a call that
 * broke it has messages that no cursor covers: what is told of those must count,
 * for what other clients changed before they were covered nobody tells again.
 */
static bool is_unknown(const struct gather *g, uint64_t low)
{
	struct store_known first;
	int n = store_known(g->s->store, g->mailbox->id, 1, &first, 1, NULL);

	return n == 0 || (n == 1 && first.uid >= low);
}

/* What was gathered so far is in the store before another connection changes anything, and what is
 * gathered meanwhile is there before this one reads of known messages again. */
static int leave_history(struct gather *g, struct err *err)
{
	if (!g->adding)
		return 0;
	g->adding = false;
	if (g->batch)
		batch_additive(g->batch, false);
	return ours(g->s, aside_shut(g->s, err), err);
}

static int on_history(struct sink *sink, uint64_t low, struct err *err)
{
	struct gather *g = (struct gather *)sink;
	int r;

	if (!g->s->lane || g->voided || (low != 0 && g->gone->len > 0))
		return 0;
	r = flush(g, err);
	if (r < 0 || low == 0)
		return r < 0 ? r : leave_history(g, err);
	g->adding = is_unknown(g, low);
	batch_additive(g->batch, g->adding);
	if (g->adding)
		aside_open(g->s->lane);
	return 0;
}

static int on_change(struct sink *sink, const struct change *c, struct err *err)
{
	struct gather *g = (struct gather *)sink;

	if (c->kind != CHANGE_GONE)
		return keep(g, c, err);
	g_array_append_val(g->gone, c->uid);
	return 0;
}

/* Stops the call: what it says shall be heard from a second witness. */
static int doubt(struct gather *g, struct err *err)
{
	if (g->second)
		return err_set(err, ERR_CONFLICT,
			_("The server gave two different answers about %s; nothing was removed."),
			g->mailbox->name);
	g->doubt = true;
	return err_set(err, ERR_CONFLICT, _("The answer about %s needs a second look."),
		g->mailbox->name);
}

static int on_reset(struct sink *sink, struct err *err)
{
	struct gather *g = (struct gather *)sink;

	if (g->known > 0 && !g->void_first) {
		g->void_first = !g->second;
		return doubt(g, err);
	}
	batch_reset(g->batch);
	g->dirty = g->moved = g->voided = true;
	g->known = g->came = 0;
	make_room(g);
	return 0;
}

static int by_uid(const void *a, const void *b)
{
	const uint64_t *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

static bool first_said(const struct gather *g, uint64_t uid)
{
	return g->gone_first->len > 0 &&
	       bsearch(&uid, g->gone_first->data, g->gone_first->len, sizeof uid, by_uid);
}

/* Keeps the whole list of the first witness for the second. */
static int doubt_gone(struct gather *g, struct err *err)
{
	if (!g->second) {
		g->gone_first = g_steal_pointer(&g->gone);
		g->gone = g_array_new(FALSE, FALSE, sizeof(uint64_t));
		g_array_sort(g->gone_first, by_uid);
	}
	return doubt(g, err);
}

/* The answer that named the uids was complete: they are gone, unless that is too much to believe. */
static int take_gone(struct gather *g, struct err *err)
{
	int64_t total = g->removed + (int64_t)g->gone->len;
	bool grave = total >= GONE_LEAST && total > g->known / GONE_SHARE;
	int r = 0;

	if (g->gone->len > 0 && grave && !g->gone_first)
		return doubt_gone(g, err);
	for (guint i = 0; r == 0 && i < g->gone->len; i++) {
		struct change c = { .kind = CHANGE_GONE,
			.uid = g_array_index(g->gone, uint64_t, i) };

		if (grave && !first_said(g, c.uid))
			continue;
		g->removed++;
		r = keep(g, &c, err);
	}
	g_array_set_size(g->gone, 0);
	return r;
}

static bool should_pause(const struct gather *g, const struct cursor_point *at)
{
	if (g->s->wake && cancel_is_set(g->s->wake))
		return true;
	if (!g->s->stuck && push_due_in(g->s) == 0 && !(g->adding && aside_takes(g->s->lane)))
		return true;
	if (at->complete)
		return false;
	return clock_mono_ms() >= g->stop.at ||
	       (g->stop.known > 0 && g->known + g->came >= g->stop.known);
}

/* Keeps the point with the facts before it, if it is another than the store has. */
static void move_cursor(struct gather *g, const struct cursor_point *at)
{
	const struct mailbox *m = g->mailbox;

	if (!g->moved && strcmp(at->cursor, m->cursor) == 0 && at->uidvalidity == m->uidvalidity &&
		at->complete == m->complete)
		return;
	batch_cursor(g->batch, at->cursor, at->uidvalidity, at->complete);
	g->dirty = g->moved = true;
}

static int on_cursor(struct sink *sink, const struct cursor_point *at, struct err *err)
{
	struct gather *g = (struct gather *)sink;
	int r = take_gone(g, err);

	if (r < 0)
		return r;
	if (at->cursor && *at->cursor)
		move_cursor(g, at);
	board_progress(g->s->board, STAGE_FETCHING, at->done, at->of);
	g->paused = should_pause(g, at);
	if (g->paused || at->complete || clock_mono_ms() >= g->commit_at)
		r = flush(g, err);
	if (r >= 0 && lease_keep(g->s, err) < 0) /* a whole comparison may take long */
		return g->s->lost ? (err->code = ERR_STORAGE) : err->code;
	return r < 0 ? r : g->paused;
}

static int on_known(struct sink *sink, uint64_t from, struct known *out, size_t max,
	struct err *err)
{
	struct gather *g = (struct gather *)sink;
	int r;

	if (g->voided)
		return 0; /* the uids that the store still has are void */
	r = flush(g, err);
	if (r < 0)
		return r;
	return ours(g->s, store_known(g->s->store, g->mailbox->id, from,
				  (struct store_known *)out, max, err),
		err);
}

/* Without news it is no reason to write. */
static int on_rights(struct sink *sink, unsigned denied, struct err *err)
{
	struct gather *g = (struct gather *)sink;

	(void)err;
	if (denied != g->mailbox->denied) {
		batch_rights(g->batch, denied);
		g->dirty = true;
	}
	return 0;
}

static void on_progress(struct sink *sink, enum engine_stage stage, int64_t done, int64_t of)
{
	board_progress(((struct gather *)sink)->s->board, stage, done, of);
}

static int ask(struct gather *g, const struct mailbox *m, unsigned flags, struct err *err)
{
	struct session *s = g->s;
	int r = session_connect(s, err);

	s->broke = false;
	if (r < 0)
		return r;
	g->mailbox = m;
	new_batch(g);
	g_array_set_size(g->gone, 0);
	g->voided = g->losses = g->paused = g->dirty = g->moved = false;
	g->removed = g->came = g->commit_at = 0;
	g->known = store_known_count(s->store, m->id);
	make_room(g);
	board_stage(s->board, STAGE_PLANNING, m->name);
	r = session_heard(s, s->provider->ops->changes(s->provider, m, flags, &g->sink, err));
	s->broke = r == ERR_OFFLINE;
	return r;
}

static int ask_again(struct gather *g, mailbox_id id, unsigned flags, struct err *err)
{
	AUTO(mailbox_free) struct mailbox *m = NULL;
	int r = settle(g, err);

	if (r == 0)
		r = leave_history(g, err);
	if (r == 0)
		r = store_mailbox(g->s->store, id, &m, err);
	if (r < 0 || !m)
		return r;
	log_event(LOG_WARN, "second-witness", "s:s, s:s, s:s, s:I", "account",
		g->s->account->name, "sync_id", g->s->id, "about",
		g->gone_first ? "messages" : "uidvalidity", "mailbox", (long long)id.v);
	session_drop(g->s);
	g->doubt = false;
	g->second = true;
	return ask(g, m, flags, err);
}

/*
 * What the call left in hand is written.  When the connection broke, too: what
 * came before is true, and on a bad line it is all that ever comes.  After
 * another failure only what another thread has of it.
 */
static int finish(struct gather *g, int r, struct err *err)
{
	struct err second = { 0 };

	if (r == ERR_OFFLINE && !g->voided && !g->doubt)
		flush(g, &second);
	else if (r < 0)
		settle(g, &second);
	else if (flush(g, err) < 0)
		r = err->code;
	if (leave_history(g, &second) < 0 && r >= 0) {
		*err = second;
		r = second.code;
	}
	return r;
}

int gather_mailbox(struct session *s, const struct mailbox *m, unsigned flags,
	const struct stop *stop, struct err *err)
{
	AUTO(gather_release) struct gather g = {
		.sink = { .reset = on_reset, .change = on_change, .cursor = on_cursor,
			.known = on_known, .progress = on_progress, .rights = on_rights,
			.history = on_history, .hurry = s->wake },
		.s = s,
		.stop = *stop,
		.gone = g_array_new(FALSE, FALSE, sizeof(uint64_t)),
	};
	int r = ask(&g, m, flags, err);

	if (g.doubt)
		r = ask_again(&g, m->id, flags, err);
	r = finish(&g, r, err);
	if (r == ERR_CONFLICT)
		session_drop(s); /* we left in the middle of an answer */
	return r < 0 ? r : r > 0 && g.paused;
}
