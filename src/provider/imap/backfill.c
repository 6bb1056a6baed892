/*
 * The history of a mailbox, newest first.
 *
 * Messages are asked for in slices of sequence numbers counted down from
 * EXISTS, because those have no holes; only uids are reported.  Several slices
 * are in flight, so that neither the server nor the line waits for us, and
 * their answers may come in any order.  An EXPUNGE on the way shifts what lies
 * above it down by one: slices are never moved for it, so that they can overlap
 * but never leave a gap (reporting a message twice changes nothing).
 *
 * In a mailbox that is new the first slice goes alone: it is on the screen
 * before anything else is asked, and costs little if the sink then wants to
 * pause.
 *
 * What is in flight when the reader wants something has to be waited out.  So no
 * more of it is asked for than the line and the server deliver in a moment
 * (IN_FLIGHT_MS beyond a round trip), and nothing at all once somebody waits.
 *
 * Where a connection breaks in the middle of a slice, slices are half as large
 * from then on (remembered for the next connection), and each one that came
 * whole is told at once: on the worst line history still comes nearer its end.
 * When much came through without a break, they grow again.
 */
#include <inttypes.h>
#include <string.h>

#include "base/clock.h"
#include "base/i18n.h"
#include "base/mem.h"
#include "provider/imap/pull.h"

enum {
	SLICES_IN_FLIGHT = 8,
	IN_FLIGHT_MAX = 800,  /* messages, at least one slice */
	IN_FLIGHT_MS = 25,    /* likewise, at the rate of the call so far */
	RATE_LEAST_MS = 50,   /* a call tells its rate from then on */
	POINT_MESSAGES = 500, /* the coverage is told after so many messages ... */
	POINT_MS = 200,	      /* ... or so long after the last time */
	BULK_FLOOR = 1000,    /* from so many on it pays to prepare the connection */
	FIRST_SLICE = 50,     /* messages: a screen of them, as soon as may be */
	SLICE_LEAST = 10,     /* messages; halved no further */
	SLICE_GROWS = 1000,   /* ... through one connection, then a halved slice is doubled */
};

struct slice_fetch {
	uint32_t tag;
	uint64_t lo, hi;  /* sequence numbers */
	uint64_t low_uid; /* lowest uid that came, 0 = none yet */
	bool answered;
};

struct backfill {
	struct pull *pull;
	uint64_t next_hi;   /* 0 = everything was asked for */
	uint64_t in_flight; /* messages */
	uint64_t asked, limit; /* messages asked for in this call, and how many may be; 0 = any */
	uint64_t untold;    /* concluded since the last point */
	int64_t told_at, until; /* clock_mono_ms; until 0 = no end */
	int64_t began_at;   /* clock_mono_ms: the first slice was asked for, 0 = not yet */
	int64_t trip;	    /* milliseconds until its answer began, -1 = it did not yet */
	uint64_t came;	    /* messages concluded since */
	unsigned n;
	struct slice_fetch slices[SLICES_IN_FLIGHT]; /* oldest first */
	bool first;	    /* the first slice of all was not concluded yet */
	bool stop;	    /* enough for this call */
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

/* Messages in one command (M-67): the newest slice, then history. */
static uint64_t slice_size(const struct backfill *b)
{
	const struct tuning *t = b->pull->imap->base.tuning;
	int n;

	if (!t)
		t = &tuning_default;
	n = b->first ? MIN(t->sync_batch_size, FIRST_SLICE) : t->backfill_batch_size;
	if (b->pull->imap->known.slice > 0)
		n = MIN(n, b->pull->imap->known.slice);
	if (b->limit)
		n = (int)MIN((uint64_t)n, b->limit - MIN(b->asked, b->limit));
	return (uint64_t)CLAMP(n, 1, IMAP_FETCH_BATCH);
}

/* The connection broke while slices were awaited: the next ones are smaller. */
static void shrink(struct backfill *b)
{
	struct memory *m = &b->pull->imap->known;
	uint64_t size;

	if (b->n == 0)
		return;
	size = b->slices[0].hi - b->slices[0].lo + 1;
	m->slice = (int)MAX(size / 2, SLICE_LEAST);
	imap_keep(b->pull->imap);
}

/* A slice came whole. */
static void grow(struct imap *i, uint64_t size)
{
	const struct tuning *t = i->base.tuning ? i->base.tuning : &tuning_default;

	i->unbroken += size;
	if (i->known.slice == 0 || i->unbroken < SLICE_GROWS)
		return;
	i->unbroken = 0;
	i->known.slice *= 2;
	if (i->known.slice >= t->backfill_batch_size)
		i->known.slice = 0;
	imap_keep(i);
}

static int ask(struct backfill *b, struct err *err)
{
	struct imap *i = b->pull->imap;
	AUTO(command_release) struct command c = { 0 };
	uint64_t want = slice_size(b);
	struct slice_fetch *x = &b->slices[b->n];

	b->next_hi = MIN(b->next_hi, i->sel.exists);
	if (b->next_hi == 0)
		return 0;
	*x = (struct slice_fetch){ .hi = b->next_hi };
	x->lo = x->hi > want ? x->hi - want + 1 : 1;
	b->next_hi = x->lo - 1;
	b->in_flight += x->hi - x->lo + 1;
	b->asked += x->hi - x->lo + 1;
	b->n++;
	command_init(&c, i, "FETCH ");
	g_string_append_printf(
		c.text, "%" PRIu64 ":%" PRIu64 " %s", x->lo, x->hi, b->pull->items);
	return imap_send(i, &c, 0, &x->tag, err);
}

static bool hurried(const struct backfill *b)
{
	return b->pull->out->hurry && cancel_is_set(b->pull->out->hurry);
}

/* Messages that may be in flight: what comes in a round trip and a moment. */
static uint64_t flight_size(const struct backfill *b)
{
	int64_t ms = b->began_at ? clock_mono_ms() - b->began_at : 0;

	if (!b->pull->out->hurry || b->trip < 0 || ms - b->trip < RATE_LEAST_MS)
		return b->trip > IN_FLIGHT_MS || !b->pull->out->hurry ? IN_FLIGHT_MAX
								      : 2 * slice_size(b);
	return MIN(b->came * (uint64_t)(b->trip + IN_FLIGHT_MS) / (uint64_t)(ms - b->trip),
		IN_FLIGHT_MAX);
}

/* May one more slice be asked for? */
static bool room(const struct backfill *b)
{
	if (b->n > 0 && hurried(b))
		return false;
	if (b->stop || b->pull->paused || b->next_hi == 0 || b->n == SLICES_IN_FLIGHT)
		return false;
	if (b->limit && b->asked >= b->limit)
		return false;
	return b->n == 0 || (!b->first && b->in_flight + slice_size(b) <= flight_size(b));
}

/* Is the point due that tells how far the coverage reaches? */
static bool point_is_due(const struct backfill *b)
{
	return b->first || b->stop || b->n == 0 || hurried(b) || b->pull->imap->known.slice > 0 ||
	       b->untold >= POINT_MESSAGES ||
	       clock_mono_ms() - b->told_at >= POINT_MS;
}

/* The oldest slice is complete: the coverage grows down to it. */
static int conclude(struct backfill *b, struct err *err)
{
	struct pull *p = b->pull;
	struct slice_fetch x = b->slices[0];
	uint64_t exists = p->imap->sel.exists;
	bool due;

	b->n--;
	memmove(b->slices, b->slices + 1, b->n * sizeof b->slices[0]);
	b->in_flight -= MIN(x.hi - x.lo + 1, b->in_flight);
	b->untold += x.hi - x.lo + 1;
	b->came += x.hi - x.lo + 1;
	grow(p->imap, x.hi - x.lo + 1);
	if (x.low_uid)
		p->at.low = MIN(p->at.low, x.low_uid);
	if (x.lo == 1)
		p->at.low = 1;
	if (!p->at.uidnext) /* the server did not tell it */
		p->at.uidnext = (uint32_t)MIN(p->max_uid + 1, UINT32_MAX);
	b->stop |= (b->limit && b->asked >= b->limit) || (b->until && clock_mono_ms() >= b->until);
	due = point_is_due(b);
	b->first = false;
	if (!due)
		return 0;
	b->untold = 0;
	b->told_at = clock_mono_ms();
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

/* Before much is read, while nothing is in flight. */
static int prepare(struct backfill *b, struct err *err)
{
	struct imap *i = b->pull->imap;

	if (i->bulk || b->n > 0 || b->first || b->next_hi <= BULK_FLOOR || !room(b))
		return 0;
	return imap_bulk(i, err);
}

static int run(struct backfill *b, struct err *err)
{
	struct pull *p = b->pull;
	struct response r;
	int n = 0;

	for (;;) {
		n = prepare(b, err);
		while (n == 0 && room(b))
			n = ask(b, err);
		if (n < 0 || b->n == 0)
			return n;
		if (b->began_at == 0)
			b->began_at = clock_mono_ms();
		n = imap_read(p->imap, STREAM_READ_MS, on_slice, b, &r, err);
		if (b->trip < 0)
			b->trip = clock_mono_ms() - b->began_at;
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
static int rescue_slice(struct pull *p, uint64_t limit, uint64_t *asked, struct err *err)
{
	uint64_t left = limit ? MAX(limit, *asked) - *asked : IMAP_FETCH_BATCH;
	uint64_t most = CLAMP(left, 1, IMAP_FETCH_BATCH);
	g_autoptr(GArray) uids = g_array_new(FALSE, FALSE, sizeof(uint64_t));
	g_autofree char *what = NULL;
	struct backfill b = { .pull = p, .n = 1, .first = true };
	struct slice_fetch *x = &b.slices[0];
	int r = pull_reconnect(p, err);

	if (r == 0)
		r = count_below(p->imap, p->at.low, &x->hi, err);
	if (r < 0 || x->hi == 0)
		return r;
	x->lo = x->hi > most ? x->hi - most + 1 : 1;
	*asked += x->hi - x->lo + 1;
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

/* How many messages may be brought in by this call: as the caller wants, and small runs from a
 * server of class D; 0 = any number. */
static uint64_t limit_of(const struct pull *p)
{
	int64_t room = p->out->room, run = p->imap->base.traits.run_messages;

	if (room > 0 && run > 0)
		return (uint64_t)MIN(room, run);
	return (uint64_t)MAX(MAX(room, run), 0);
}

/* One try at all that is missing; ERR_LIMIT: a slice was refused by the guard. */
static int attempt(struct pull *p, struct backfill *b, bool fresh, struct err *err)
{
	int r = where(p, fresh, &b->next_hi, err);

	if (r < 0)
		return r;
	if (b->next_hi == 0) {
		p->at.low = 1;
		p->at.uidnext = MAX(p->at.uidnext, 1);
		return 0;
	}
	return run(b, err);
}

int pull_backfill(struct pull *p, struct err *err)
{
	int64_t start = clock_mono_ms(), run_s = p->imap->base.traits.run_s;
	bool fresh = p->fresh;
	uint64_t asked = 0, limit = limit_of(p);
	int r = 0;

	while (r == 0 && !p->paused) { /* each turn after the first brings the coverage down */
		struct backfill b = { .pull = p, .first = fresh, .told_at = start,
			.trip = -1, .asked = asked, .limit = limit,
			.until = run_s > 0 ? start + run_s * 1000 : 0 };

		r = attempt(p, &b, fresh, err);
		fresh = false;
		asked = b.asked;
		if (r == ERR_OFFLINE)
			shrink(&b);
		p->paused |= p->at.low > 1 && (b.stop || (limit && asked >= limit));
		if (r != ERR_LIMIT)
			return r;
		asked -= MIN(b.in_flight, asked);
		r = rescue_slice(p, limit, &asked, err);
	}
	return r;
}
