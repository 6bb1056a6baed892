/*
 * Flags and expunges inside the coverage, in one streamed pass.
 *
 * "UID FETCH low:high (UID FLAGS)" lists what is there; provider/merge.h holds
 * it against the store.  A listing is gapless in sequence numbers, so a line
 * out of turn is news about a message and not its place in the listing: news
 * about what was passed already is handed on, news about what is still to
 * come is dropped, because the listing brings it again.  Should it not do so (a
 * server that lists in another order, or counts otherwise), whatever was named
 * is there all the same and is not taken for gone.
 *
 * The same for the newest messages only begins at the uid of its first line.
 *
 * Nothing is declared gone before the tagged OK, and a heavy loss not before a
 * second listing, over a new connection, says the same.
 */
#include <inttypes.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "provider/imap/pull.h"
#include "provider/imap/uidset.h"
#include "provider/merge.h"

enum {
	UNKNOWN_MAX = 100000, /* uids of messages that the store misses, kept at once */
	NAMED_MAX = 1000000,  /* uids out of turn that are kept; of more, nothing is gone */
	ROUNDS_MAX = 100,
};

/* The sink of the merge: passes on, but holds back what is gone. */
struct holding {
	struct sink base; /* first */
	struct sink *real;
	GArray *gone; /* of uint64_t */
};

struct refresh {
	struct pull *pull;
	struct holding hold;
	struct merge merge;
	GArray *unknown;   /* of uint64_t, ascending */
	bool overflow;	   /* more are unknown than fit */
	GArray *named;	   /* of uint64_t: uids that came out of turn */
	bool spared;	   /* one of them would have been gone: the listing was out of step */
	uint64_t next_seq; /* of the listing, 0 = its first line has not come */
	uint64_t expunged; /* told before the listing */
	uint64_t first;	   /* sequence number to begin at; 0 = the whole coverage */
};

static int hold_change(struct sink *s, const struct change *c, struct err *err)
{
	struct holding *h = (struct holding *)s;

	if (c->kind != CHANGE_GONE)
		return h->real->change(h->real, c, err);
	g_array_append_val(h->gone, c->uid);
	return 0;
}

static int hold_known(struct sink *s, uint64_t from, struct known *out, size_t max, struct err *err)
{
	struct holding *h = (struct holding *)s;

	return h->real->known(h->real, from, out, max, err);
}

static void refresh_init(struct refresh *f, struct pull *p, uint64_t first)
{
	memset(f, 0, sizeof *f);
	f->pull = p;
	f->first = first;
	f->expunged = p->imap->sel.expunged;
	f->hold.base.change = hold_change;
	f->hold.base.known = hold_known;
	f->hold.real = p->out;
	f->hold.gone = g_array_new(FALSE, FALSE, sizeof(uint64_t));
	f->unknown = g_array_new(FALSE, FALSE, sizeof(uint64_t));
	f->named = g_array_new(FALSE, FALSE, sizeof(uint64_t));
	merge_init(&f->merge, &f->hold.base, p->at.low, p->covered - 1);
	f->next_seq = first ? first : p->at.low == 1 ? 1 : 0;
}

static void refresh_release(struct refresh *f)
{
	merge_release(&f->merge);
	g_array_unref(f->hold.gone);
	g_array_unref(f->unknown);
	g_array_unref(f->named);
}

/* --- the listing --------------------------------------------------------------------- */

static int listed(struct refresh *f, const struct fetch *m, struct err *err)
{
	int r;

	if (f->first && f->merge.n_present == 0)
		f->merge.last = m->uid - 1; /* what is below was not asked for */
	r = merge_present(&f->merge, m->uid, m->flags, row_keywords(f->pull->imap->row, m), err);
	f->next_seq = m->seq + 1;
	if (r > 0 && f->unknown->len < UNKNOWN_MAX)
		g_array_append_val(f->unknown, m->uid);
	else if (r > 0)
		f->overflow = true;
	return r < 0 ? r : 0;
}

static int news(struct refresh *f, const struct fetch *m, struct err *err)
{
	struct change c = { .kind = CHANGE_FLAGS,
		.uid = m->uid,
		.flags = m->flags,
		.keywords = row_keywords(f->pull->imap->row, m) };
	int r;

	if (m->uid < f->pull->at.low || m->uid > f->merge.high)
		return 0;
	if (f->named->len < NAMED_MAX)
		g_array_append_val(f->named, m->uid);
	if (m->uid > f->merge.last)
		return 0;
	r = f->pull->out->change(f->pull->out, &c, err);
	return r < 0 ? r : 0;
}

/* How many lines of the listing an answer takes back, by number or (RFC 7162) by uid. */
static uint64_t taken_back(const struct refresh *f, const struct response *r)
{
	struct scan s = r->rest;

	if (slice_is(r->word, "EXPUNGE"))
		return r->number && r->number < f->next_seq;
	if (!slice_is(r->word, "VANISHED") || scan_peek(&s, '('))
		return 0;
	return uidset_count(&s, 1, f->merge.last);
}

static int on_flags(struct imap *i, const struct response *r, void *ctx, struct err *err)
{
	struct refresh *f = ctx;
	struct scan s = r->rest;
	struct fetch m;

	(void)i;
	f->next_seq -= MIN(taken_back(f, r), f->next_seq);
	if (!slice_is(r->word, "FETCH") || !fetch_parse(r->number, &s, &m))
		return 0;
	if (!(m.has & FETCH_UID) || !(m.has & FETCH_FLAGS) || m.uid == 0)
		return 0;
	if (f->first && f->merge.n_present == 0 && m.uid < f->pull->at.low) {
		f->next_seq = m.seq + 1; /* not covered yet */
		return 0;
	}
	if (m.uid > f->merge.last && m.uid <= f->merge.high &&
		(f->next_seq == 0 || m.seq == f->next_seq))
		return listed(f, &m, err);
	return news(f, &m, err);
}

/* Takes what was named out of what is gone. */
static void spare_named(struct refresh *f)
{
	uint64_t *named = (uint64_t *)(void *)f->named->data;
	size_t n = uidset_sort(named, f->named->len);
	GArray *gone = f->hold.gone;
	guint kept = 0;

	for (guint k = 0; k < gone->len && n < NAMED_MAX; k++) {
		uint64_t uid = g_array_index(gone, uint64_t, k);

		if (!uidset_has(named, n, uid))
			g_array_index(gone, uint64_t, kept++) = uid;
	}
	f->spared = kept < gone->len;
	g_array_set_size(gone, kept);
	if (f->spared)
		log_event(LOG_WARN, "imap-odd-listing", "s:s", "account",
			f->pull->imap->base.account->name);
}

static int list_flags(struct refresh *f, struct err *err)
{
	struct pull *p = f->pull;
	AUTO(command_release) struct command c = { 0 };
	struct answer a;
	int r;

	command_init(&c, p->imap, f->first ? "FETCH " : "UID FETCH ");
	if (f->first)
		g_string_append_printf(c.text, "%" PRIu64 ":*", f->first);
	else
		g_string_append_printf(c.text, "%" PRIu64 ":%" PRIu32, p->at.low, p->covered - 1);
	command_add(&c, " (UID FLAGS)");
	r = imap_run(p->imap, &c, on_flags, f, &a, err);
	if (r < 0)
		return r;
	if (a.status != ANSWER_OK)
		return answer_error(&a, err);
	if (f->first && f->merge.n_present == 0)
		return 0; /* no line came: it proves nothing */
	r = merge_finish(&f->merge, err);
	spare_named(f);
	return r;
}

/* --- what follows from it -------------------------------------------------------------- */

/* Is the loss so heavy that one listing does not prove it? */
static bool doubtful(const struct refresh *f)
{
	return !f->pull->proved && pull_heavy(f->hold.gone->len, f->merge.n_known);
}

/* A new connection for the second proof. */
static int ask_again(struct pull *p, struct err *err)
{
	log_event(LOG_WARN, "imap-heavy-loss", "s:s", "account", p->imap->base.account->name);
	p->proved = true;
	return pull_reconnect(p, err);
}

/* Fetches what the store misses, in bounded commands. */
static int fetch_unknown(struct refresh *f, struct err *err)
{
	struct pull *p = f->pull;
	const uint64_t *uids = (const uint64_t *)(void *)f->unknown->data;
	size_t n = f->unknown->len, done = 0;
	int r = 0;

	while (r == 0 && done < n) {
		AUTO(command_release) struct command c = { 0 };
		struct answer a;
		size_t taken;

		command_init(&c, p->imap, "UID FETCH ");
		taken = uidset_write(c.text, uids + done, MIN(n - done, IMAP_FETCH_BATCH));
		command_add(&c, " ");
		command_add(&c, p->items);
		r = imap_run(p->imap, &c, pull_on_message, p, &a, err);
		if (r == 0 && a.status != ANSWER_OK)
			r = answer_error(&a, err);
		if (r == ERR_LIMIT && pull_reconnect(p, err) == 0)
			r = pull_rescue(p, uids + done, taken, err);
		done += taken;
	}
	return r;
}

/*
 * How many messages there are below the end of the coverage: the number of the
 * last line.  What went during the listing, or one that was out of step, is
 * counted on, so that the next call notices it.
 */
static void count(struct refresh *f)
{
	struct pull *p = f->pull;
	uint64_t went = p->imap->sel.expunged - f->expunged;

	if (f->merge.n_present > 0)
		p->at.exists = f->next_seq - 1 + went + p->n_new + f->spared;
	else
		p->at.exists = p->imap->sel.exists + p->imap->sel.expunged;
}

/* One listing; *again = it has to be repeated. */
static int round_of(struct pull *p, uint64_t first, bool *again, struct err *err)
{
	AUTO(refresh_release) struct refresh f;
	int r;

	refresh_init(&f, p, first);
	r = list_flags(&f, err);
	if (r < 0)
		return r;
	if (doubtful(&f)) {
		*again = true;
		return ask_again(p, err);
	}
	r = pull_report_gone(p, f.hold.gone, err);
	count(&f);
	if (r == 0)
		r = fetch_unknown(&f, err);
	*again = f.overflow;
	return r;
}

static int rounds(struct pull *p, uint64_t first, struct err *err)
{
	bool again = p->covered > p->at.low;
	int r = 0;

	for (int n = 0; r == 0 && again && n < ROUNDS_MAX; n++)
		r = round_of(p, n == 0 ? first : 0, &again, err);
	return r;
}

int pull_refresh(struct pull *p, struct err *err)
{
	int64_t now = clock_unix();
	int r = rounds(p, 0, err);

	if (r == 0 && (now < p->at.flags_at || now - p->at.flags_at >= PULL_FLAGS_NOTE_S))
		p->at.flags_at = now;
	return r;
}

int pull_refresh_newest(struct pull *p, struct err *err)
{
	uint64_t old = p->imap->sel.exists - MIN(p->n_new, p->imap->sel.exists);

	if (old == 0)
		return 0;
	if (old <= PULL_NEWEST)
		return pull_refresh(p, err);
	return rounds(p, old - PULL_NEWEST + 1, err);
}
