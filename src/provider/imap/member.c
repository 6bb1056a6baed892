/*
 * Who is still there: UID SEARCH over what the store knows (RFC 7162, section
 * 3.2.6, for servers with CONDSTORE and without QRESYNC).
 *
 * The known uids are gone through in chunks, so that neither an answer nor what
 * is kept of it grows with the mailbox.  With ESEARCH (RFC 4731) an answer is a
 * set, else a list of numbers.
 */
#include <inttypes.h>

#include "base/mem.h"
#include "provider/imap/pull.h"
#include "provider/imap/uidset.h"

enum {
	CHUNK_KNOWN = 20000, /* known messages that one SEARCH is about */
	CHUNK_WINDOW = 512,
};

struct search {
	GArray *spans; /* of struct span */
	uint64_t low, high;
	bool told; /* an answer came, even if it names nobody */
	bool overflow;
};

static void add_one(struct search *f, uint64_t uid)
{
	struct span x = { uid, uid };

	if (uid < f->low || uid > f->high)
		return;
	if (f->spans->len >= PULL_SPANS_MAX)
		f->overflow = true;
	else
		g_array_append_val(f->spans, x);
}

/* "(TAG "T5") UID ALL 1:3,7": the set behind ALL. */
static void extended(struct search *f, struct scan s)
{
	struct slice word;

	while (scan_blanks(&s), !scan_at_end(&s)) {
		if (scan_word(&s, "ALL")) {
			scan_blanks(&s);
			f->overflow |=
				!uidset_spans(&s, f->low, f->high, PULL_SPANS_MAX, f->spans);
			return;
		}
		if (!scan_atom(&s, &word) && !scan_skip(&s))
			return;
	}
}

static int on_search(struct imap *i, const struct response *r, void *ctx, struct err *err)
{
	struct search *f = ctx;
	struct scan s = r->rest;
	uint64_t uid;

	(void)i;
	(void)err;
	f->told |= slice_is(r->word, "ESEARCH") || slice_is(r->word, "SEARCH");
	if (slice_is(r->word, "ESEARCH"))
		extended(f, s);
	else if (slice_is(r->word, "SEARCH"))
		while (scan_blanks(&s), scan_number(&s, &uid))
			add_one(f, uid);
	return 0;
}

static int search(struct pull *p, struct search *f, struct err *err)
{
	AUTO(command_release) struct command c = { 0 };
	struct answer a;
	int r;

	command_init(&c, p->imap, p->imap->plan.esearch ? "UID SEARCH RETURN (ALL) UID "
							  : "UID SEARCH UID ");
	g_string_append_printf(c.text, "%" PRIu64 ":%" PRIu64, f->low, f->high);
	r = imap_run(p->imap, &c, on_search, f, &a, err);
	if (r == 0 && a.status != ANSWER_OK)
		return answer_error(&a, err);
	uidset_spans_join(f->spans);
	return r;
}

/* The last uid of the chunk of known messages that begins at `from`. */
static int chunk_end(struct pull *p, uint64_t from, uint64_t high, uint64_t *last, struct err *err)
{
	struct known window[CHUNK_WINDOW];
	size_t total = 0;
	int n;

	*last = 0;
	do {
		n = p->out->known(p->out, *last ? *last + 1 : from, window, CHUNK_WINDOW, err);
		for (int k = 0; k < n && window[k].uid <= high; k++, total++)
			*last = window[k].uid;
	} while (n > 0 && total < CHUNK_KNOWN && window[n - 1].uid <= high);
	if (total < CHUNK_KNOWN)
		*last = high;
	return n < 0 ? n : 0;
}

static uint64_t count(const GArray *spans)
{
	uint64_t n = 0;

	for (guint k = 0; k < spans->len; k++) {
		const struct span *x = &g_array_index(spans, struct span, k);

		n += x->last - x->first + 1;
	}
	return n;
}

/* One chunk, low .. high: what is gone of it goes into `gone`. */
static int chunk(struct pull *p, uint64_t low, uint64_t high, GArray *gone, uint64_t *known,
	bool *heavy, struct err *err)
{
	g_autoptr(GArray) spans = g_array_new(FALSE, FALSE, sizeof(struct span));
	struct search f = { .spans = spans, .low = low, .high = high };
	uint64_t there = 0, before = gone->len;
	int r = search(p, &f, err);

	if (r < 0)
		return r;
	r = pull_gone(p, spans, true, low, high, gone, &there, err);
	*known += there;
	*heavy |= !f.told || f.overflow || gone->len >= PULL_GONE_MAX ||
		  count(spans) != there - (gone->len - before);
	return r;
}

int pull_members(struct pull *p, bool *heavy, struct err *err)
{
	g_autoptr(GArray) gone = g_array_new(FALSE, FALSE, sizeof(uint64_t));
	uint64_t low = p->at.low, high = p->covered - 1, known = 0, last = 0;
	uint64_t now = p->imap->sel.exists + p->imap->sel.expunged;
	int r = 0;

	*heavy = false;
	if (p->covered <= p->at.low)
		return 0;
	while (r == 0 && !*heavy && low <= high) {
		r = chunk_end(p, low, high, &last, err);
		if (r == 0)
			r = chunk(p, low, last, gone, &known, heavy, err);
		low = last + 1;
	}
	*heavy |= pull_heavy(gone->len, known);
	*heavy |= p->at.low == 1 ? known - gone->len + p->n_new != now
				 : gone->len + now > p->at.exists;
	if (r < 0 || *heavy)
		return r;
	p->at.exists = now;
	return pull_report_gone(p, gone, err);
}

int pull_strays(struct pull *p, struct err *err)
{
	g_autoptr(GArray) spans = g_array_new(FALSE, FALSE, sizeof(struct span));
	g_autoptr(GArray) gone = g_array_new(FALSE, FALSE, sizeof(uint64_t));
	struct search f = { .spans = spans, .low = p->covered };
	uint64_t known = 0;
	int r;

	if (!p->strays || p->at.uidnext <= p->covered)
		return 0;
	f.high = p->at.uidnext - 1;
	r = search(p, &f, err);
	if (r == 0 && f.told && !f.overflow)
		r = pull_gone(p, spans, true, f.low, f.high, gone, &known, err);
	if (r < 0 || pull_heavy(gone->len, known))
		return r; /* so much is not lost on one answer: the daily comparison tells */
	return pull_report_gone(p, gone, err);
}
