/*
 * The history of a mailbox, newest first.
 *
 * Messages are asked for in windows of sequence numbers counted down from
 * EXISTS, because those have no holes; only uids are reported.  Two windows
 * are in flight, so that the server never waits for us, and their answers may
 * come in any order.  An EXPUNGE on the way shifts what lies above it down by
 * one: windows are never moved for it, so that they can overlap but never
 * leave a gap (reporting a message twice changes nothing).
 */
#include <inttypes.h>

#include "base/i18n.h"
#include "base/mem.h"
#include "provider/imap/pull.h"

enum {
	SLICES_IN_FLIGHT = 2,
	SLICE_FIRST = 100, /* the first screen should not wait for a whole slice */
};

struct slice_fetch {
	uint32_t tag;
	uint64_t lo, hi;  /* sequence numbers */
	uint64_t low_uid; /* lowest uid that came, 0 = none yet */
	bool answered;
};

struct backfill {
	struct pull *pull;
	uint64_t next_hi; /* 0 = everything was asked for */
	unsigned n;
	struct slice_fetch slices[SLICES_IN_FLIGHT]; /* oldest first */
	bool first;
};

static int on_slice(struct imap *i, const struct response *r, void *ctx, struct err *err)
{
	struct backfill *b = ctx;
	struct scan s = r->rest;
	struct fetch f;

	(void)i;
	if (!slice_is(r->word, "FETCH") || !fetch_parse(r->number, &s, &f))
		return 0;
	for (unsigned n = 0; n < b->n; n++) {
		struct slice_fetch *x = &b->slices[n];

		if (f.seq >= x->lo && f.seq <= x->hi && f.uid && fetch_is_whole(&f))
			x->low_uid = x->low_uid ? MIN(x->low_uid, f.uid) : f.uid;
	}
	return pull_report(b->pull, &f, err);
}

static int ask(struct backfill *b, struct err *err)
{
	struct imap *i = b->pull->imap;
	AUTO(command_release) struct command c = { 0 };
	uint64_t want = b->first ? SLICE_FIRST : IMAP_FETCH_BATCH;
	struct slice_fetch *x = &b->slices[b->n];

	b->next_hi = MIN(b->next_hi, i->sel.exists);
	if (b->next_hi == 0)
		return 0;
	*x = (struct slice_fetch){ .hi = b->next_hi };
	x->lo = x->hi > want ? x->hi - want + 1 : 1;
	b->next_hi = x->lo - 1;
	b->first = false;
	b->n++;
	command_init(&c, i, "FETCH ");
	g_string_append_printf(c.text, "%" PRIu64 ":%" PRIu64 " " PULL_ITEMS, x->lo, x->hi);
	return imap_send(i, &c, 0, &x->tag, err);
}

/* The oldest slice is complete: the coverage grows down to it. */
static int conclude(struct backfill *b, struct err *err)
{
	struct pull *p = b->pull;
	struct slice_fetch x = b->slices[0];
	uint64_t exists = p->imap->sel.exists;

	b->slices[0] = b->slices[1];
	b->n--;
	if (x.low_uid)
		p->at.low = MIN(p->at.low, x.low_uid);
	if (x.lo == 1)
		p->at.low = 1;
	if (!p->at.uidnext) /* the server did not tell it */
		p->at.uidnext = (uint32_t)MIN(p->max_uid + 1, UINT32_MAX);
	return pull_point(p, exists > x.lo - 1 ? exists - (x.lo - 1) : 0, err);
}

static int on_tagged(struct backfill *b, const struct response *r, struct err *err)
{
	struct answer a;
	int n = 0;

	answer_parse(r, &a);
	for (unsigned k = 0; k < b->n; k++) {
		if (b->slices[k].tag != r->tag)
			continue;
		if (a.status != ANSWER_OK && b->pull->imap->sel.stirred)
			return err_set(err, ERR_RETRY,
				_("The mailbox changed while it was read; it will be read again."));
		if (a.status != ANSWER_OK)
			return answer_error(&a, err);
		b->slices[k].answered = true;
	}
	while (n == 0 && b->n > 0 && b->slices[0].answered)
		n = conclude(b, err);
	return n;
}

static int run(struct backfill *b, struct err *err)
{
	struct pull *p = b->pull;
	struct response r;
	int n = 0;

	for (;;) {
		while (n == 0 && !p->paused && b->next_hi > 0 && b->n < SLICES_IN_FLIGHT)
			n = ask(b, err);
		if (n < 0 || b->n == 0)
			return n;
		n = imap_read(p->imap, STREAM_READ_MS, on_slice, b, &r, err);
		if (n == 0 && r.kind == RESPONSE_TAGGED)
			n = on_tagged(b, &r, err);
		if (n < 0)
			return n;
	}
}

/* --- where to go on ----------------------------------------------------------------- */

static int on_probe(struct imap *i, const struct response *r, void *ctx, struct err *err)
{
	struct fetch *found = ctx;
	struct scan s = r->rest;
	struct fetch f;

	(void)i;
	(void)err;
	if (slice_is(r->word, "FETCH") && fetch_parse(r->number, &s, &f) && f.uid)
		*found = f;
	return 0;
}

/* Asks seq and uid of one message; *found is left alone if it is not there. */
static int probe(
	struct imap *i, const char *verb, uint64_t number, struct fetch *found, struct err *err)
{
	AUTO(command_release) struct command c = { 0 };
	struct answer a;
	int r;

	command_init(&c, i, verb);
	g_string_append_printf(c.text, " %" PRIu64 " (UID)", number);
	r = imap_run(i, &c, on_probe, found, &a, err);
	if (r == 0 && a.status != ANSWER_OK)
		return answer_error(&a, err);
	return r;
}

/* How many messages have a uid below `low`? */
static int count_below(struct imap *i, uint64_t low, uint64_t *out, struct err *err)
{
	uint64_t lo = 0, hi = i->sel.exists; /* at least lo, at most hi of them */
	struct fetch f = { 0 };
	int r = probe(i, "UID FETCH", low, &f, err);

	if (r == 0 && f.uid == low && f.seq) {
		*out = f.seq - 1;
		return 0;
	}
	while (r == 0 && lo < hi) {
		uint64_t mid = lo + (hi - lo + 1) / 2;

		f = (struct fetch){ 0 };
		r = probe(i, "FETCH", mid, &f, err);
		if (r == 0 && f.uid && f.uid < low)
			lo = mid;
		else
			hi = mid - 1;
	}
	*out = lo;
	return r;
}

/* Where the oldest message that is not covered stands; 0 = none is left. */
static int where(struct pull *p, bool fresh, uint64_t *hi, struct err *err)
{
	if (!fresh)
		return count_below(p->imap, p->at.low, hi, err);
	*hi = p->imap->sel.exists;
	return 0;
}

/* The slice under way ended with ERR_LIMIT: brings it in message by message where need be. */
static int rescue_slice(struct pull *p, struct err *err)
{
	g_autoptr(GArray) uids = g_array_new(FALSE, FALSE, sizeof(uint64_t));
	g_autofree char *what = NULL;
	struct backfill b = { .pull = p, .n = 1 };
	struct slice_fetch *x = &b.slices[0];
	int r = pull_reconnect(p, err);

	if (r == 0)
		r = count_below(p->imap, p->at.low, &x->hi, err);
	if (r < 0 || x->hi == 0)
		return r;
	x->lo = x->hi > IMAP_FETCH_BATCH ? x->hi - IMAP_FETCH_BATCH + 1 : 1;
	what = g_strdup_printf("FETCH %" PRIu64 ":%" PRIu64, x->lo, x->hi);
	r = pull_list_uids(p, what, uids, err);
	if (r == 0)
		r = pull_rescue(p, (const uint64_t *)(void *)uids->data, uids->len, err);
	if (r < 0)
		return r;
	if (uids->len > 0) {
		x->low_uid = g_array_index(uids, uint64_t, 0);
		p->max_uid = MAX(p->max_uid, g_array_index(uids, uint64_t, uids->len - 1));
	}
	return conclude(&b, err);
}

int pull_backfill(struct pull *p, struct err *err)
{
	bool fresh = p->fresh;
	int r = 0;

	while (r == 0 && !p->paused) { /* each turn after the first brings the coverage down */
		struct backfill b = { .pull = p, .first = fresh };

		r = where(p, fresh, &b.next_hi, err);
		fresh = false;
		if (r < 0)
			return r;
		if (b.next_hi == 0) {
			p->at.low = 1;
			p->at.uidnext = MAX(p->at.uidnext, 1);
			return 0;
		}
		r = run(&b, err);
		if (r != ERR_LIMIT)
			return r;
		r = rescue_slice(p, err);
	}
	return r;
}
