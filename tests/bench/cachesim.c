/*
 * cachesim - how often the mail that is opened is here already
 *
 * usage: cachesim [-n MESSAGES] [-b PERCENT] [-t TICK_S] [-s SEED] [--store DIR] [--check]
 *
 * Thirty invented days (bench/cacheday.h) of a store of MESSAGES (100,000), a
 * cache of PERCENT (3) of all bytes, and a worker with the budget of P-10 that
 * has its turn every TICK_S (60) seconds; the cache is empty at the beginning.
 * One line of JSON: the hit rate of opens of
 *
 *   ours      model/cache.c and the admission rule of store/cache_evict.c, in memory
 *   store     the same by the real functions of the store, in DIR (with --store)
 *   lru       what was opened, the least recently used goes
 *   newest    the worker fetches the newest, the oldest goes; what is missed, too
 *   oracle    the worker knows the future: the nearest open first
 *
 * --check: fails unless ours beats lru and newest and the store agrees with it.
 * Bodies in the store are files with holes: their size counts, their bytes cost
 * nothing.  No cap is soft: the bytes are the same for all.
 */
#include <glib.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "bench/cacheday.h"
#include "model/flags.h"
#include "store/cache.h"

enum { RESCORES_PER_S = 50, STALE_PERCENT = 25, WINDOW = 4, FAN = CACHE_THREAD_FAN };
#define REQUESTS_PER_S 0.3
#define BYTES_PER_S (256 * 1024.0)
#define AGREE 0.03 /* of hit rates in memory and in the store */

struct sim {
	const struct days *d;
	int64_t cap, now, used;
	int tick;
	bool *here;
	unsigned arrived;
	double tokens, bytes;  /* of the worker's budget */
	void *self;
};

struct policy {
	const char *name;
	void (*begin)(struct sim *s);
	void (*arrives)(struct sim *s, unsigned m);
	void (*notice)(struct sim *s, const struct day_event *e);
	void (*opened)(struct sim *s, unsigned m, bool hit);
	void (*works)(struct sim *s);
	void (*end)(struct sim *s);
};

static void refill(struct sim *s)
{
	s->tokens = MIN(s->tokens + REQUESTS_PER_S * s->tick, MAX(8, REQUESTS_PER_S * s->tick));
	s->bytes = MIN(s->bytes + BYTES_PER_S * s->tick, MAX((double)(64 << 20), BYTES_PER_S * s->tick));
}

static bool may_fetch(const struct sim *s, unsigned m)
{
	return s->tokens >= 1 && s->bytes >= (double)s->d->mails[m].size;
}

static void fetched(struct sim *s, unsigned m)
{
	s->tokens -= 1;
	s->bytes -= (double)s->d->mails[m].size;
}

static void keep(struct sim *s, unsigned m)
{
	s->here[m] = true;
	s->used += s->d->mails[m].size;
}

static void drop(struct sim *s, unsigned m)
{
	s->here[m] = false;
	s->used -= s->d->mails[m].size;
}

/* --- heaps: a place for every message, the least key at the top ----------------- */

struct heap {
	double *key;
	unsigned *at, *item, n; /* at: place + 1, 0 = not in it */
};

static struct heap *heap_new(unsigned n)
{
	struct heap *h = g_new0(struct heap, 1);

	h->key = g_new0(double, n);
	h->at = g_new0(unsigned, n);
	h->item = g_new0(unsigned, n + 1);
	return h;
}

static void heap_free(struct heap *h)
{
	g_free(h->key);
	g_free(h->at);
	g_free(h->item);
	g_free(h);
}

static void place(struct heap *h, unsigned i, unsigned m)
{
	h->item[i] = m;
	h->at[m] = i + 1;
}

static void settle(struct heap *h, unsigned i, unsigned m)
{
	while (i > 0 && h->key[h->item[(i - 1) / 2]] > h->key[m]) {
		place(h, i, h->item[(i - 1) / 2]);
		i = (i - 1) / 2;
	}
	for (unsigned c; (c = 2 * i + 1) < h->n; i = c) {
		if (c + 1 < h->n && h->key[h->item[c + 1]] < h->key[h->item[c]])
			c++;
		if (h->key[h->item[c]] >= h->key[m])
			break;
		place(h, i, h->item[c]);
	}
	place(h, i, m);
}

static void heap_put(struct heap *h, unsigned m, double key)
{
	unsigned i = h->at[m] ? h->at[m] - 1 : h->n++;

	h->key[m] = key;
	settle(h, i, m);
}

static void heap_take(struct heap *h, unsigned m)
{
	unsigned i, last;

	if (!h->at[m])
		return;
	i = h->at[m] - 1;
	last = h->item[--h->n];
	h->at[m] = 0;
	if (last != m)
		settle(h, i, last);
}

/* --- lru and newest: one heap of what is here ------------------------------------ */

static void begin_heap(struct sim *s)
{
	s->self = heap_new(s->d->n);
}

static void end_heap(struct sim *s)
{
	heap_free(s->self);
}

/* What is here with the least key goes until it fits; false if it is itself the least. */
static bool make_room(struct sim *s, unsigned m, double key)
{
	struct heap *h = s->self;

	while (s->used + s->d->mails[m].size > s->cap) {
		unsigned worst = h->n ? h->item[0] : 0;

		if (h->n == 0 || h->key[worst] >= key)
			return false;
		heap_take(h, worst);
		drop(s, worst);
	}
	return true;
}

static void lru_opened(struct sim *s, unsigned m, bool hit)
{
	double key = (double)s->now;

	if (!hit && !make_room(s, m, key))
		return;
	if (!hit)
		keep(s, m);
	heap_put(s->self, m, key);
}

static void newest_opened(struct sim *s, unsigned m, bool hit)
{
	double key = (double)s->d->mails[m].at;

	if (!hit && make_room(s, m, key)) {
		keep(s, m);
		heap_put(s->self, m, key);
	}
}

static void newest_works(struct sim *s)
{
	int64_t sum = 0;

	refill(s);
	for (unsigned i = s->arrived; i > 0 && s->tokens >= 1; i--) {
		unsigned m = i - 1;

		sum += s->d->mails[m].size;
		if (sum > s->cap || (!s->here[m] && !may_fetch(s, m)))
			return;
		if (s->here[m] || !make_room(s, m, (double)s->d->mails[m].at))
			continue;
		fetched(s, m);
		keep(s, m);
		heap_put(s->self, m, (double)s->d->mails[m].at);
	}
}

/* --- the oracle ------------------------------------------------------------------- */

struct oracle {
	guint next;          /* event from which the future begins */
	unsigned *left;      /* opens to come */
	bool *marked;
};

static void oracle_begin(struct sim *s)
{
	struct oracle *o = s->self = g_new0(struct oracle, 1);

	o->left = g_new0(unsigned, s->d->n);
	o->marked = g_new0(bool, s->d->n);
	for (guint i = 0; i < s->d->events->len; i++) {
		const struct day_event *e = &g_array_index(s->d->events, struct day_event, i);

		o->left[e->mail] += e->kind == DAY_OPENS;
	}
}

static void oracle_end(struct sim *s)
{
	struct oracle *o = s->self;

	g_free(o->left);
	g_free(o->marked);
	g_free(o);
}

static void oracle_opened(struct sim *s, unsigned m, bool hit)
{
	struct oracle *o = s->self;

	if (!hit && s->used + s->d->mails[m].size <= s->cap)
		keep(s, m);
	if (--o->left[m] == 0 && s->here[m])
		drop(s, m);
}

/* As far into the future as the bytes go. */
static void oracle_works(struct sim *s)
{
	struct oracle *o = s->self;
	GArray *seen = g_array_new(FALSE, FALSE, sizeof(unsigned));
	int64_t sum = 0;

	refill(s);
	while (o->next < s->d->events->len &&
		g_array_index(s->d->events, struct day_event, o->next).at < s->now)
		o->next++;
	for (guint i = o->next; i < s->d->events->len && s->tokens >= 1; i++) {
		const struct day_event *e = &g_array_index(s->d->events, struct day_event, i);
		unsigned m = e->mail;

		if (e->kind != DAY_OPENS || m >= s->arrived || o->marked[m])
			continue;
		sum += s->d->mails[m].size;
		if (sum > s->cap)
			break;
		o->marked[m] = true;
		g_array_append_val(seen, m);
		if (!s->here[m] && may_fetch(s, m) && s->used + s->d->mails[m].size <= s->cap) {
			fetched(s, m);
			keep(s, m);
		}
	}
	for (guint i = 0; i < seen->len; i++)
		o->marked[g_array_index(seen, unsigned, i)] = false;
	g_array_unref(seen);
}

/* --- ours, in memory ---------------------------------------------------------------- */

struct mark {
	double boost, thread, behaviour;
	int64_t boost_at, thread_at, behaviour_at, search_at;
	int search_n, search_of, search_rank;
	bool read, queued;
};

struct ours {
	struct heap *wanted, *cached; /* keys: -priority, priority */
	struct mark *marks;
	double opened[SENDERS];
	int64_t opened_at[SENDERS];
	GQueue *queue;                /* of GUINT: what the reader did (before maintenance) */
	unsigned stale;               /* the next to be scored by maintenance */
	unsigned *before;             /* in the same conversation: the one before, + 1 */
	unsigned *last;               /* by conversation */
};

static struct cache_facts facts_of(struct sim *s, unsigned m)
{
	struct ours *o = s->self;
	const struct mail *v = &s->d->mails[m];
	const struct mark *k = &o->marks[m];

	return (struct cache_facts){ .age_days = (double)(s->now - v->at) / DAY_S,
		.thread = cache_decay(k->thread, s->now - k->thread_at, CACHE_THREAD_FADES),
		.sender = cache_decay(o->opened[v->sender], s->now - o->opened_at[v->sender],
			CACHE_SENDER_FADES),
		.behaviour = cache_decay(k->behaviour, s->now - k->behaviour_at, CACHE_BEHAVIOUR_FADES),
		.flagged = v->flagged,
		.unread = v->unread && !k->read,
		.inbox = true,
		.search_n = k->search_n,
		.search_of = k->search_of,
		.search_rank = k->search_at && s->now - k->search_at <= CACHE_SEARCH_S ? k->search_rank : -1,
		.boost = cache_decay(k->boost, s->now - k->boost_at, CACHE_BOOST_FADES),
		.fetch_bytes = v->size,
		.layer = CACHE_LAYER_BODY };
}

static void score(struct sim *s, unsigned m)
{
	struct ours *o = s->self;
	struct cache_facts f = facts_of(s, m);
	double priority = cache_score(&f).priority;

	o->marks[m].queued = false;
	if (!s->here[m])
		heap_put(o->wanted, m, -priority);
	else if (!f.flagged)
		heap_put(o->cached, m, priority);
}

static void ours_begin(struct sim *s)
{
	struct ours *o = s->self = g_new0(struct ours, 1);

	o->wanted = heap_new(s->d->n);
	o->cached = heap_new(s->d->n);
	o->marks = g_new0(struct mark, s->d->n);
	o->queue = g_queue_new();
	o->before = g_new0(unsigned, s->d->n);
	o->last = g_new0(unsigned, s->d->n);
}

static void ours_end(struct sim *s)
{
	struct ours *o = s->self;

	heap_free(o->wanted);
	heap_free(o->cached);
	g_free(o->marks);
	g_queue_free(o->queue);
	g_free(o->before);
	g_free(o->last);
	g_free(o);
}

static void again(struct ours *o, unsigned m)
{
	if (o->marks[m].queued)
		return;
	o->marks[m].queued = true;
	g_queue_push_tail(o->queue, GUINT_TO_POINTER(m));
}

/* The newest others of the conversation hear of it. */
static void fan(struct sim *s, unsigned m)
{
	struct ours *o = s->self;
	unsigned n = 0;

	for (unsigned i = o->last[s->d->mails[m].thread]; i > 0 && n < FAN; i = o->before[i - 1]) {
		struct mark *k = &o->marks[i - 1];

		if (i - 1 == m)
			continue;
		k->thread = cache_decay(k->thread, s->now - k->thread_at, CACHE_THREAD_FADES) + 1;
		k->thread_at = s->now;
		again(o, i - 1);
		n++;
	}
}

static void ours_arrives(struct sim *s, unsigned m)
{
	struct ours *o = s->self;

	o->before[m] = o->last[s->d->mails[m].thread];
	o->last[s->d->mails[m].thread] = m + 1;
	if (s->now - s->d->mails[m].at <= CACHE_FIRST_DAYS * DAY_S)
		score(s, m); /* L-28 */
	if (m >= s->d->old) {
		again(o, m);
		fan(s, m);
	}
}

static void ours_notice(struct sim *s, const struct day_event *e)
{
	struct ours *o = s->self;
	struct mark *k = &o->marks[e->mail];
	double was = cache_decay(k->boost, s->now - k->boost_at, CACHE_BOOST_FADES);

	if (e->notice == CACHE_SAW_HIT) {
		k->search_n = e->of;
		k->search_of = (int)s->arrived;
		k->search_rank = e->rank;
		k->search_at = s->now;
		again(o, e->mail);
	}
	if (cache_visible_boost(e->rank) < was + 0.05)
		return;
	k->boost = cache_visible_boost(e->rank);
	k->boost_at = s->now;
	again(o, e->mail);
}

/* The rule of store_cache_admit. */
static bool admit(struct sim *s, unsigned m, double priority)
{
	struct ours *o = s->self;
	int64_t over = s->used + s->d->mails[m].size - s->cap, freed = 0;
	GArray *out = g_array_new(FALSE, FALSE, sizeof(unsigned));
	bool fits;

	while (freed < over && o->cached->n && o->cached->key[o->cached->item[0]] < priority) {
		unsigned worst = o->cached->item[0];

		g_array_append_val(out, worst);
		freed += s->d->mails[worst].size;
		heap_take(o->cached, worst);
	}
	fits = freed >= over;
	for (guint i = 0; i < out->len; i++) {
		unsigned v = g_array_index(out, unsigned, i);

		if (fits)
			drop(s, v);
		score(s, v);
	}
	g_array_unref(out);
	if (!fits)
		return false;
	heap_take(o->wanted, m);
	keep(s, m);
	score(s, m);
	return true;
}

static void ours_opened(struct sim *s, unsigned m, bool hit)
{
	struct ours *o = s->self;
	const struct mail *v = &s->d->mails[m];
	struct mark *k = &o->marks[m];

	if (!hit)
		admit(s, m, INFINITY);
	k->read = true;
	k->behaviour = cache_decay(k->behaviour, s->now - k->behaviour_at, CACHE_BEHAVIOUR_FADES) + 1;
	k->behaviour_at = s->now;
	o->opened[v->sender] = cache_decay(o->opened[v->sender], s->now - o->opened_at[v->sender],
				       CACHE_SENDER_FADES) +
			       1;
	o->opened_at[v->sender] = s->now;
	fan(s, m);
	again(o, m);
}

/* The window: the best wanted, wider than what may be fetched, so that a large one blocks nobody. */
static void ours_fetches(struct sim *s)
{
	struct ours *o = s->self;
	int width = WINDOW * (int)MAX(s->tokens, 1);
	GArray *passed = g_array_new(FALSE, FALSE, sizeof(unsigned));

	for (int i = 0; i < width && s->tokens >= 1 && o->wanted->n; i++) {
		unsigned m = o->wanted->item[0];
		double priority = -o->wanted->key[m];

		heap_take(o->wanted, m);
		if (may_fetch(s, m) && admit(s, m, priority))
			fetched(s, m);
		else
			g_array_append_val(passed, m);
	}
	for (guint i = 0; i < passed->len; i++)
		heap_put(o->wanted, g_array_index(passed, unsigned, i),
			o->wanted->key[g_array_index(passed, unsigned, i)]);
	g_array_unref(passed);
}

static void ours_works(struct sim *s)
{
	struct ours *o = s->self;
	int rows = RESCORES_PER_S * s->tick, stale = rows * STALE_PERCENT / 100;
	int round = (int)((int64_t)s->arrived * s->tick / CACHE_STALE_S) + 1;

	refill(s);
	for (; rows > 0 && !g_queue_is_empty(o->queue); rows--)
		score(s, GPOINTER_TO_UINT(g_queue_pop_head(o->queue)));
	for (int i = 0; i < MIN(MIN(stale, rows), round); i++) {
		score(s, o->stale);
		o->stale = (o->stale + 1) % s->arrived;
	}
	ours_fetches(s);
}

/* --- ours, in the store ------------------------------------------------------------- */

struct real {
	struct store *store;
	account_id account;
	mailbox_id inbox;
	message_id *ids;
	bool *read;
};

static const char *store_dir;

static void must(int r, const struct err *err)
{
	if (r >= 0)
		return;
	fprintf(stderr, "cachesim: %s\n", err->text);
	exit(1);
}

static void real_begin(struct sim *s)
{
	const struct mailbox inbox = { .path = (char *)"INBOX", .name = (char *)"INBOX", .role = ROLE_INBOX };
	struct real *r = s->self = g_new0(struct real, 1);
	struct batch *b;
	struct err err;

	r->ids = g_new0(message_id, s->d->n);
	r->read = g_new0(bool, s->d->n);
	clock_fake(SIM_START * (int64_t)1000, SIM_START);
	must(store_open(store_dir, STORE_WORKER, NULL, &r->store, &err), &err);
	must(store_account_bind(r->store, "sim", "maildir", &r->account, &err), &err);
	b = batch_new(r->account, (mailbox_id){ 0 });
	batch_mailbox(b, &inbox);
	batch_replace_mailboxes(b);
	must(batch_apply(r->store, b, NULL, &err), &err);
	batch_free(&b);
	r->inbox = store_mailbox_with_role(r->store, r->account, ROLE_INBOX);
}

static void real_end(struct sim *s)
{
	struct real *r = s->self;
	struct err err;

	must(store_check(r->store, &err), &err);
	store_close(&r->store);
	clock_fake(-1, -1);
	g_free(r->ids);
	g_free(r->read);
	g_free(r);
}

static void real_fact(struct real *r, const struct change *c)
{
	struct batch *b = batch_new(r->account, r->inbox);
	struct err err;

	batch_change(b, c);
	batch_cursor(b, "1", 1, true);
	must(batch_apply(r->store, b, NULL, &err), &err);
	batch_free(&b);
}

static void real_notice(struct real *r, enum cache_notice_kind kind, unsigned m, int rank, int of)
{
	const struct cache_notice n = { kind, r->ids[m], rank, of };
	struct err err;

	must(store_cache_notice(r->store, &n, 1, &err), &err);
}

static void store_arrives(struct sim *s, unsigned m)
{
	struct real *r = s->self;
	const struct mail *v = &s->d->mails[m];
	g_autofree char *id = g_strdup_printf("m%u@example.org", m);
	g_autofree char *root = g_strdup_printf("m%u@example.org", v->thread);
	g_autofree char *from = g_strdup_printf("s%u@example.org", v->sender);
	const char *refs[] = { root };
	struct change c = { .kind = CHANGE_MESSAGE, .uid = m + 1, .message_id = id, .subject = "x",
		.from_name = "x", .from_addr = from, .received_at = v->at, .size = (uint64_t)v->size,
		.flags = (v->unread ? 0 : FLAG_SEEN) | (v->flagged ? FLAG_FLAGGED : 0),
		.references = refs, .n_references = v->thread != m,
		.has_attachment = v->attachment };

	clock_fake(s->now * 1000, s->now);
	real_fact(r, &c);
	r->ids[m].v = m + 1; /* AUTOINCREMENT: in the order of arrival */
	if (m >= s->d->old)
		real_notice(r, CACHE_NEW, m, 0, 0);
}

static void store_notice(struct sim *s, const struct day_event *e)
{
	clock_fake(s->now * 1000, s->now);
	real_notice(s->self, e->notice, e->mail, e->rank, e->of);
}

static bool real_fetch(struct sim *s, const struct cache_pick *p, bool waited)
{
	struct real *r = s->self;
	const struct cache_caps caps = { s->cap, s->cap, 0 };
	struct body_draft d;
	struct err err;
	int got = store_cache_admit(r->store, p, &caps, waited, &err);

	must(got, &err);
	if (got == 0)
		return false;
	must(store_body_begin(r->store, p->message, &d, &err), &err);
	if (ftruncate(d.fd, s->d->mails[p->message.v - 1].size))
		must(-1, &err);
	must(store_body_commit(r->store, &d, &err), &err);
	return true;
}

static void store_opened(struct sim *s, unsigned m, bool hit)
{
	struct real *r = s->self;
	const struct cache_pick p = { r->ids[m], r->account, s->d->mails[m].size, 0 };
	unsigned flagged = s->d->mails[m].flagged ? FLAG_FLAGGED : 0;

	clock_fake(s->now * 1000, s->now);
	if (!hit)
		real_fetch(s, &p, true);
	real_notice(r, CACHE_OPENED, m, 0, 0);
	if (s->d->mails[m].unread && !r->read[m])
		real_fact(r, &(struct change){ .kind = CHANGE_FLAGS, .uid = m + 1, .flags = FLAG_SEEN | flagged });
	r->read[m] = true;
}

static void store_works(struct sim *s)
{
	struct real *r = s->self;
	struct cache_pick picks[256];
	int rows = RESCORES_PER_S * s->tick, n;
	struct err err;

	refill(s);
	clock_fake(s->now * 1000, s->now);
	must(store_cache_stale(r->store, r->account, rows * STALE_PERCENT / 100, &err), &err);
	must(store_cache_rescore(r->store, r->account, rows, &err), &err);
	n = store_cache_window(r->store, r->account, picks,
		MIN((size_t)WINDOW * (size_t)MAX(s->tokens, 1), G_N_ELEMENTS(picks)), &err);
	must(n, &err);
	for (int i = 0; i < n && s->tokens >= 1; i++) {
		unsigned m = (unsigned)picks[i].message.v - 1;

		if (may_fetch(s, m) && real_fetch(s, &picks[i], false))
			fetched(s, m);
	}
}

/* --- a run ---------------------------------------------------------------------------- */

static bool is_here(const struct sim *s, const struct policy *p, unsigned m)
{
	const struct real *r = s->self;

	return p->works == store_works ? store_body_cached(r->store, r->ids[m]) : s->here[m];
}

static void play(struct sim *s, const struct policy *p, const struct day_event *e, unsigned *hits)
{
	bool hit;

	switch (e->kind) {
	case DAY_ARRIVES:
		s->arrived = e->mail + 1;
		if (p->arrives)
			p->arrives(s, e->mail);
		break;
	case DAY_NOTICE:
		if (p->notice)
			p->notice(s, e);
		break;
	case DAY_OPENS:
		hit = is_here(s, p, e->mail);
		*hits += hit;
		p->opened(s, e->mail, hit);
		break;
	}
}

static double run(const struct days *d, const struct policy *p, int64_t cap, int tick)
{
	struct sim s = { .d = d, .cap = cap, .now = SIM_START, .tick = tick,
		.here = g_new0(bool, d->n) };
	unsigned hits = 0;
	guint next = 0;

	p->begin(&s);
	for (unsigned m = 0; m < d->old; m++) {
		s.arrived = m + 1;
		if (p->arrives)
			p->arrives(&s, m);
	}
	for (int64_t at = SIM_START; at <= SIM_START + (int64_t)SIM_DAYS * DAY_S; at += tick) {
		for (; next < d->events->len &&
			g_array_index(d->events, struct day_event, next).at < at; next++) {
			const struct day_event *e = &g_array_index(d->events, struct day_event, next);

			s.now = e->at;
			play(&s, p, e, &hits);
		}
		s.now = at;
		if (p->works)
			p->works(&s);
	}
	g_assert(s.used <= cap);
	p->end(&s);
	g_free(s.here);
	return (double)hits / d->opens;
}

static const struct policy policies[] = {
	{ "ours", ours_begin, ours_arrives, ours_notice, ours_opened, ours_works, ours_end },
	{ "lru", begin_heap, NULL, NULL, lru_opened, NULL, end_heap },
	{ "newest", begin_heap, NULL, NULL, newest_opened, newest_works, end_heap },
	{ "oracle", oracle_begin, NULL, NULL, oracle_opened, oracle_works, oracle_end },
	{ "store", real_begin, store_arrives, store_notice, store_opened, store_works, real_end },
};

int main(int argc, char **argv)
{
	int messages = 100000, tick = 60, seed = 1;
	double percent = 3, rate[G_N_ELEMENTS(policies)] = { 0 };
	gboolean check = FALSE;
	const GOptionEntry options[] = { { "messages", 'n', 0, G_OPTION_ARG_INT, &messages, "", "N" },
		{ "budget", 'b', 0, G_OPTION_ARG_DOUBLE, &percent, "", "PERCENT" },
		{ "tick", 't', 0, G_OPTION_ARG_INT, &tick, "", "SECONDS" },
		{ "seed", 's', 0, G_OPTION_ARG_INT, &seed, "", "N" },
		{ "store", 0, 0, G_OPTION_ARG_FILENAME, &store_dir, "", "DIR" },
		{ "check", 0, 0, G_OPTION_ARG_NONE, &check, "", NULL },
		{ NULL, 0, 0, 0, NULL, NULL, NULL } };
	GOptionContext *o = g_option_context_new(NULL);
	struct days *d;
	int64_t cap;

	g_option_context_add_main_entries(o, options, NULL);
	if (!g_option_context_parse(o, &argc, &argv, NULL) || messages < 4000 || tick < 1 || percent <= 0)
		return 2;
	g_option_context_free(o);
	d = days_new((unsigned)messages, (uint32_t)seed);
	cap = (int64_t)((double)d->bytes * percent / 100);
	printf("{\"messages\": %u, \"opens\": %u, \"bytes\": %" G_GINT64_FORMAT ", \"cap\": %" G_GINT64_FORMAT
	       ", \"tick_s\": %d, \"seed\": %d",
		d->n, d->opens, d->bytes, cap, tick, seed);
	for (size_t i = 0; i < G_N_ELEMENTS(policies) - (store_dir ? 0 : 1); i++) {
		rate[i] = run(d, &policies[i], cap, tick);
		printf(", \"%s\": %.4f", policies[i].name, rate[i]);
		fflush(stdout);
	}
	printf("}\n");
	days_free(&d);
	return check && (rate[0] <= rate[1] || rate[0] <= rate[2] ||
				(store_dir && fabs(rate[0] - rate[4]) > AGREE));
}
