/*
 * Fetching every body that is not in the cache, for reading without a network.
 *
 * Mailbox by mailbox, in batches of uids whose bodies are missing; the provider
 * streams them, and what came is kept in steps that are durable at once: who
 * stops or loses the connection begins where it ended.  What the provider left
 * out (too large for a piece) is fetched alone, and what cannot be had at all is
 * logged and left out.
 */
#include <stdlib.h>
#include <string.h>

#include "base/i18n.h"
#include "base/log.h"
#include "base/mem.h"
#include "sync/priv.h"

enum {
	BULK_BATCH = 4000,           /* uids in one call: the line is idle between two calls */
	BULK_PIECES = 1000,          /* kept in one durable step ... */
	BULK_BYTES = 16 << 20,       /* ... or at most so many bytes */
};

struct bulk {
	struct body_sink sink;       /* first: what the provider sees */
	struct session *s;
	struct body_gap gaps[BULK_BATCH];
	bool have[BULK_BATCH];
	size_t n;
	struct body_piece pieces[BULK_PIECES];
	size_t n_pieces, bytes;
	bool part;                   /* of what somebody else counts */
	int64_t fetched, of, failed;
};

static void drop_pieces(struct bulk *b)
{
	for (size_t i = 0; i < b->n_pieces; i++)
		g_free((char *)b->pieces[i].p);
	b->n_pieces = b->bytes = 0;
}

static void bulk_release(struct bulk **b)
{
	drop_pieces(*b);
	g_clear_pointer(b, g_free);
}

static int keep(struct bulk *b, struct err *err)
{
	int r = 0;

	if (b->n_pieces > 0)
		r = store_bodies_put(b->s->store, b->pieces, b->n_pieces, err);
	if (r >= 0)
		b->fetched += (int64_t)b->n_pieces;
	drop_pieces(b);
	if (!b->part)
		board_progress(b->s->board, STAGE_FETCHING, b->fetched, b->of);
	return r < 0 ? (err->code = ERR_STORAGE) : 0;
}

static int by_uid(const void *key, const void *gap)
{
	uint64_t a = *(const uint64_t *)key, b = ((const struct body_gap *)gap)->uid;

	return (a > b) - (a < b);
}

static int on_body(struct body_sink *sink, uint64_t uid, const char *p, size_t n, struct err *err)
{
	struct bulk *b = (struct bulk *)sink;
	const struct body_gap *gap = bsearch(&uid, b->gaps, b->n, sizeof *b->gaps, by_uid);
	size_t at = gap ? (size_t)(gap - b->gaps) : 0;
	int r = 0;

	if (!gap || b->have[at] || n > BODIES_PIECE_MAX)
		return 0; /* nobody asked for it, or it is told twice */
	if (b->n_pieces == BULK_PIECES || b->bytes + n > BULK_BYTES)
		r = keep(b, err);
	if (r < 0)
		return r;
	b->have[at] = true;
	b->pieces[b->n_pieces++] = (struct body_piece){ .message = gap->message,
		.p = g_memdup2(p, n), .n = n };
	b->bytes += n;
	return 0;
}

/* What the stream left out, one by one; only what concerns the account ends it. */
static int fetch_rest(struct bulk *b, struct err *err)
{
	struct session *s = b->s;

	for (size_t i = 0; i < b->n; i++) {
		struct err why = { 0 };

		if (cancel_is_set(s->cancel))
			return err_set(err, ERR_CANCELED, _("Stopped."));
		if (b->have[i])
			continue;
		if (body_fetch(s, b->gaps[i].message, true, &why) >= 0) {
			b->fetched++;
			continue;
		}
		if (retry_is_wide(&why)) {
			*err = why;
			return why.code;
		}
		b->failed++;
		log_event(LOG_WARN, "body", "s:s, s:I, s:s, s:s", "account", s->account->name,
			"message", (long long)b->gaps[i].message.v, "result", err_name(why.code),
			"words", why.text);
	}
	return 0;
}

static int fetch_batch(struct bulk *b, const struct mailbox *m, struct err *err)
{
	struct session *s = b->s;
	uint64_t uids[BULK_BATCH];
	int r = session_connect(s, err), kept;

	for (size_t i = 0; i < b->n; i++) {
		uids[i] = b->gaps[i].uid;
		b->have[i] = false;
	}
	if (r < 0)
		return r;
	if (s->provider->ops->bodies)
		r = session_heard(s, s->provider->ops->bodies(s->provider, m, uids, b->n, &b->sink,
					     err));
	kept = keep(b, r < 0 ? &(struct err){ 0 } : err); /* also what came before it broke */
	if (r < 0)
		return retry_is_wide(err) || r == ERR_PROTOCOL ? r : fetch_rest(b, err);
	return kept < 0 ? kept : fetch_rest(b, err);
}

static int fetch_mailbox(struct bulk *b, const struct mailbox *m, struct err *err)
{
	struct session *s = b->s;
	uint64_t from = 1;
	int n, r = 0;

	board_stage(s->board, STAGE_FETCHING, m->name);
	while (r >= 0 && (n = store_body_gaps(s->store, m->id, from, b->gaps, BULK_BATCH, err)) != 0) {
		if (n < 0)
			return n;
		b->n = (size_t)n;
		from = b->gaps[n - 1].uid + 1;
		r = fetch_batch(b, m, err);
		log_event(r < 0 ? LOG_WARN : LOG_INFO, "bodies", "s:s, s:s, s:I, s:I, s:I, s:s",
			"account", s->account->name, "sync_id", s->id, "mailbox",
			(long long)m->id.v, "fetched", (long long)b->fetched, "failed",
			(long long)b->failed, "words", r < 0 ? err->text : "");
	}
	return r;
}

int bulk_some(struct session *s, const struct mailbox *m, const struct body_gap *gaps, size_t n,
	struct err *err)
{
	AUTO(bulk_release) struct bulk *b = g_new0(struct bulk, 1);
	int r;

	b->s = s;
	b->part = true;
	b->sink.body = on_body;
	b->n = MIN(n, (size_t)BULK_SOME_MAX);
	memcpy(b->gaps, gaps, b->n * sizeof *gaps);
	r = fetch_batch(b, m, err);
	return r < 0 ? r : (int)b->fetched;
}

int bulk_fetch(struct session *s, int64_t *fetched, struct err *err)
{
	AUTO(bulk_release) struct bulk *b = g_new0(struct bulk, 1);
	g_autoptr(GPtrArray) all = NULL;
	int r = store_mailboxes(s->store, s->account->id, &all, err);

	b->s = s;
	b->sink.body = on_body;
	for (guint i = 0; r >= 0 && i < all->len; i++) {
		const struct mailbox *m = g_ptr_array_index(all, i);

		if (!(m->attrs & MAILBOX_NOSELECT))
			r = fetch_mailbox(b, m, err);
	}
	*fetched = b->fetched;
	return MIN(r, 0);
}
