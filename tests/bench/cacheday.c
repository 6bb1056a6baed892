#include "bench/cacheday.h"

#include <math.h>
#include <string.h>

enum {
	PER_DAY = 100,       /* messages that arrive for every 100,000 that there are */
	THREAD_BACK = 400,   /* an answer answers one of so many newest */
	RANKS = 40,          /* rows of the screen */
	SITTINGS = 8,        /* a day: she sits down, sees the list, and reads for a while */
	SITTING_S = 20 * 60,
	SIZE_MOST = 25 << 20,
};

struct maker {
	struct days *d;
	GRand *dice;
	double *share;       /* of senders, summed up */
	double interest[SENDERS];
	unsigned *by_sender; /* mails of the same sender: the one before, + 1 */
	unsigned last_of[SENDERS];
	bool *mine;          /* threads that the reader opened */
	int64_t sits[SIM_DAYS * SITTINGS + 1];
};

static double chance(struct maker *k)
{
	return g_rand_double(k->dice);
}

static unsigned pick(struct maker *k, unsigned n)
{
	return n ? (unsigned)g_rand_int_range(k->dice, 0, (gint32)n) : 0;
}

static double normal(struct maker *k)
{
	return sqrt(-2 * log(1 - chance(k))) * cos(2 * G_PI * chance(k));
}

static double wait_of(struct maker *k, double mean)
{
	return -mean * log(1 - chance(k));
}

static void make_senders(struct maker *k)
{
	double sum = 0;

	for (unsigned i = 0; i < SENDERS; i++) {
		double kind = chance(k);

		k->share[i] = sum += 1 / pow(i + 1.0, 1.05);
		k->interest[i] = kind < 0.05 ? 0.8 : kind < 0.3 ? 0.35 : 0.04;
	}
	for (unsigned i = 0; i < SENDERS; i++)
		k->share[i] /= sum;
}

static unsigned any_sender(struct maker *k)
{
	double at = chance(k);
	unsigned low = 0, high = SENDERS - 1;

	while (low < high) {
		unsigned mid = (low + high) / 2;

		if (k->share[mid] < at)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

static int64_t any_size(struct maker *k, bool attachment)
{
	double size = exp(log(attachment ? 400e3 : 12e3) + 1.2 * normal(k));

	return (int64_t)CLAMP(size, 800, SIZE_MOST);
}

static void make_mail(struct maker *k, unsigned i, int64_t at)
{
	struct mail *m = &k->d->mails[i];

	*m = (struct mail){ .at = at, .sender = any_sender(k), .thread = i,
		.attachment = chance(k) < 0.08, .flagged = chance(k) < 0.004,
		.unread = i >= k->d->old };
	m->size = any_size(k, m->attachment);
	if (i > 0 && chance(k) < 0.4)
		m->thread = k->d->mails[i - 1 - pick(k, MIN(i, THREAD_BACK))].thread;
	k->by_sender[i] = k->last_of[m->sender];
	k->last_of[m->sender] = i + 1;
	k->d->bytes += m->size;
}

static void add(struct maker *k, double at, enum event_kind_of_day kind, unsigned mail,
	enum cache_notice_kind notice, int rank, int of)
{
	const struct day_event e = { (int64_t)at, kind, mail, notice, rank, of };

	if (at < SIM_START + (double)SIM_DAYS * DAY_S)
		g_array_append_val(k->d->events, e);
}

static void opens(struct maker *k, double at, unsigned mail)
{
	add(k, at, DAY_OPENS, mail, CACHE_OPENED, 0, 0);
	k->mine[k->d->mails[mail].thread] = true;
	if (at < SIM_START + (double)SIM_DAYS * DAY_S)
		k->d->opens++;
}

/* The n-th newest message that is there at `before`, of the same thread or sender. */
static int older(struct maker *k, unsigned before, bool thread, unsigned back)
{
	const struct mail *m = k->d->mails;

	for (unsigned i = before; i > 0 && before - i < 5000; i--)
		if ((thread ? m[i - 1].thread == m[before].thread
			    : m[i - 1].sender == m[before].sender) &&
			back-- == 0)
			return (int)i - 1;
	return -1;
}

/* Nobody opens a message whose row she has not seen: in the first sitting after that. */
static double when_she_sits(struct maker *k, double at)
{
	int i = 0;

	while (i < SIM_DAYS * SITTINGS && (double)k->sits[i] + SITTING_S / 2 < at)
		i++;
	return MAX(at, (double)k->sits[i]) + 10 + chance(k) * SITTING_S / 2;
}

static void arrives(struct maker *k, unsigned i)
{
	const struct mail *m = &k->d->mails[i];
	double wish = k->interest[m->sender];

	if (k->mine[m->thread])
		wish = 1 - (1 - wish) * 0.5;
	add(k, (double)m->at, DAY_ARRIVES, i, CACHE_NEW, 0, 0);
	if (chance(k) < wish) {
		double at = when_she_sits(k, (double)m->at + 30 + wait_of(k, 3600));
		int back = older(k, i, true, pick(k, 3));

		opens(k, at, i);
		if (back >= 0 && chance(k) < 0.3)
			opens(k, at + 20 + wait_of(k, 120), (unsigned)back);
	}
}

static unsigned newest_at(const struct days *d, double at)
{
	unsigned n = d->n;

	while (n > 0 && (double)d->mails[n - 1].at > at)
		n--;
	return n;
}

static void looks(struct maker *k, double at, unsigned first)
{
	unsigned n = newest_at(k->d, at);

	for (unsigned r = 0; r < RANKS && first + r < n; r++)
		add(k, at, DAY_NOTICE, n - 1 - first - r, CACHE_SAW_ROW, (int)r, 0);
	if (first > 0 && n > first + RANKS)
		opens(k, at + 10 + wait_of(k, 60), n - 1 - first - pick(k, RANKS));
}

/* Hits: the mails of a sender, the newest first. */
static void searches(struct maker *k, double at)
{
	unsigned n = newest_at(k->d, at), hits[RANKS], found = 0;
	unsigned sender = k->d->mails[pick(k, n)].sender;

	for (unsigned i = k->last_of[sender]; i > 0 && found < RANKS; i = k->by_sender[i - 1])
		if (i - 1 < n && chance(k) < 0.3)
			hits[found++] = i - 1;
	for (unsigned r = 0; r < found; r++)
		add(k, at, DAY_NOTICE, hits[r], CACHE_SAW_HIT, (int)r, (int)found);
	if (found > 0 && chance(k) < 0.7)
		opens(k, at + 15 + wait_of(k, 40), hits[pick(k, MIN(found, 4))]);
}

static void goes_back(struct maker *k, double at)
{
	unsigned n = newest_at(k->d, at), sender = 0;

	for (int i = 0; i < 50 && k->interest[sender] < 0.5; i++)
		sender = any_sender(k);
	for (unsigned i = k->last_of[sender]; i > 0; i = k->by_sender[i - 1])
		if (i - 1 < n && chance(k) < 0.15) {
			opens(k, at, i - 1);
			return;
		}
}

static void opens_flagged(struct maker *k, double at)
{
	unsigned n = newest_at(k->d, at);

	for (int i = 0; i < 2000; i++) {
		unsigned m = pick(k, n);

		if (k->d->mails[m].flagged) {
			opens(k, at, m);
			return;
		}
	}
}

static void make_day(struct maker *k, int day)
{
	double morning = SIM_START + (double)day * DAY_S;

	for (int i = 0; i < SITTINGS; i++)
		looks(k, (double)k->sits[day * SITTINGS + i], 0);
	looks(k, morning + chance(k) * DAY_S, RANKS * (1 + pick(k, 5)));
	for (int i = 0; i < 4; i++)
		searches(k, morning + chance(k) * DAY_S);
	for (int i = 0; i < 4; i++)
		goes_back(k, morning + chance(k) * DAY_S);
	for (int i = 0; i < 3; i++)
		opens_flagged(k, morning + chance(k) * DAY_S);
}

static gint by_time(gconstpointer a, gconstpointer b)
{
	const struct day_event *x = a, *y = b;

	return x->at != y->at ? (x->at < y->at ? -1 : 1) : (x->kind > y->kind) - (x->kind < y->kind);
}

struct days *days_new(unsigned messages, uint32_t seed)
{
	struct days *d = g_new0(struct days, 1);
	struct maker *k = g_new0(struct maker, 1);
	unsigned fresh = MAX(messages * SIM_DAYS / 1000 * PER_DAY / 100, 1500 * SIM_DAYS / 30);

	*d = (struct days){ .n = messages, .old = messages - MIN(fresh, messages / 2),
		.mails = g_new0(struct mail, messages),
		.events = g_array_new(FALSE, FALSE, sizeof(struct day_event)) };
	k->d = d;
	k->dice = g_rand_new_with_seed(seed);
	k->share = g_new0(double, SENDERS);
	k->by_sender = g_new0(unsigned, messages);
	k->mine = g_new0(bool, messages);
	make_senders(k);
	for (unsigned i = 0; i < d->n; i++)
		make_mail(k, i,
			i < d->old ? SIM_START - (int64_t)(d->old - i) * 900 * DAY_S / d->old
				   : SIM_START + (int64_t)(i - d->old) * SIM_DAYS * DAY_S / (d->n - d->old));
	for (int i = 0; i <= SIM_DAYS * SITTINGS; i++) /* from seven to eleven in the evening */
		k->sits[i] = SIM_START + (int64_t)(i / SITTINGS) * DAY_S + 7 * 3600 +
			     (int64_t)((i % SITTINGS + chance(k)) * 7200);
	for (unsigned i = d->old; i < d->n; i++)
		arrives(k, i);
	for (int day = 0; day < SIM_DAYS; day++)
		make_day(k, day);
	g_array_sort(d->events, by_time);
	g_rand_free(k->dice);
	g_free(k->share);
	g_free(k->by_sender);
	g_free(k->mine);
	g_free(k);
	return d;
}

void days_free(struct days **p)
{
	g_array_unref((*p)->events);
	g_free((*p)->mails);
	g_free(*p);
	*p = NULL;
}
