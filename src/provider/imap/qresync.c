/*
 * The first flight of changes(): SELECT and all that can be asked with it.
 *
 * With QRESYNC (RFC 7162, section 3.2.5) the SELECT itself tells what changed
 * and what vanished; with CONDSTORE a FETCH with CHANGEDSINCE behind it tells
 * the former.  New mail is asked for in the same flight, so that a whole delta
 * costs one round trip.  A mailbox that was opened along with the login is not
 * opened again: a FETCH with CHANGEDSINCE and VANISHED asks for the same.
 *
 * What VANISHED names may never have been known and may span all numbers, so
 * it is cut to the coverage, kept as spans, and held against the store after
 * the tagged answer.
 */
#include <inttypes.h>
#include <string.h>

#include "base/log.h"
#include "base/mem.h"
#include "provider/imap/pull.h"
#include "provider/imap/select.h"
#include "provider/imap/uidset.h"

enum { KNOWN_WINDOW = 512 };

/* One command of the flight. */
struct leg {
	uint32_t tag; /* 0 = not sent */
	bool done;
	struct answer answer;
};

struct flight {
	struct pull *pull;
	struct selecting select;
	struct leg selected, since, news;
	bool had;    /* there is a cursor */
	bool opened; /* SELECT was answered with OK */
	bool lost;   /* something was told that could not be used: list the mailbox */
};

static bool trusted(const struct imap *i)
{
	return i->plan.condstore && !imap_distrusted(i);
}

/* --- reading ----------------------------------------------------------------------- */

/* Are numbers below the cursor still what they were?  Before UIDVALIDITY was told: no. */
static bool holds(const struct flight *f)
{
	return f->had && f->select.sel.uidvalidity == f->pull->at.uidvalidity;
}

/* Flags of a message inside the coverage. */
static int flags_told(struct flight *f, const struct fetch *m, struct err *err)
{
	struct pull *p = f->pull;
	struct change c = { .kind = CHANGE_FLAGS, .uid = m->uid, .flags = m->flags };
	int r;

	if (!(m->has & FETCH_UID) || !(m->has & FETCH_FLAGS))
		p->imap->sel.stirred = true; /* news without a name */
	else if (!f->select.sel.uidvalidity)
		f->lost = true;
	else if (f->opened && m->uid >= p->at.uidnext)
		p->imap->sel.stirred = true; /* a message that has just come changed */
	if (!(m->has & FETCH_UID) || !(m->has & FETCH_FLAGS) || !holds(f) ||
		m->uid < p->at.low || m->uid >= p->at.uidnext)
		return 0;
	c.keywords = row_keywords(p->imap->row, m);
	r = p->out->change(p->out, &c, err);
	return r < 0 ? r : 0;
}

static int on_fetch(struct flight *f, const struct response *r, struct err *err)
{
	struct scan s = r->rest;
	struct fetch m;

	if (!fetch_parse(r->number, &s, &m)) {
		log_event(LOG_WARN, "imap-odd-line", "s:s", "account",
			f->pull->imap->base.account->name);
		return 0;
	}
	if (!fetch_is_whole(&m))
		return flags_told(f, &m, err);
	return holds(f) && f->opened ? pull_report(f->pull, &m, err) : 0;
}

/* "(EARLIER) set" */
static void on_vanished(struct flight *f, struct scan s)
{
	struct pull *p = f->pull;
	struct slice earlier;

	if (!scan_peek(&s, '(') || !scan_list(&s, &earlier))
		return; /* news: the connection's own notes have it */
	scan_blanks(&s);
	if (!p->vanished)
		p->vanished = g_array_new(FALSE, FALSE, sizeof(struct span));
	if (p->at.uidnext > p->at.low &&
		!uidset_spans(&s, p->at.low, p->at.uidnext - 1, PULL_SPANS_MAX, p->vanished))
		f->lost = true;
}

static int on_answer(struct imap *i, const struct response *r, void *ctx, struct err *err)
{
	struct flight *f = ctx;

	(void)i;
	if (!f->selected.done)
		select_note(&f->select, r);
	if (slice_is(r->word, "FETCH"))
		return on_fetch(f, r, err);
	if (slice_is(r->word, "VANISHED"))
		on_vanished(f, r->rest);
	return 0;
}

static int on_tagged(struct flight *f, const struct response *r, struct err *err)
{
	struct leg *const legs[] = { &f->selected, &f->since, &f->news };
	int n = 0;

	for (size_t k = 0; k < G_N_ELEMENTS(legs); k++) {
		if (!legs[k]->tag || legs[k]->tag != r->tag)
			continue;
		answer_parse(r, &legs[k]->answer);
		legs[k]->done = true;
	}
	if (f->selected.done && !f->opened && r->tag == f->selected.tag) {
		n = select_end(f->pull->imap, &f->select, &f->selected.answer, err);
		f->opened = n == 0;
	}
	return n;
}

/* Until all legs are answered; a refused SELECT is told when the others were read. */
static int read_all(struct flight *f, struct err *err)
{
	struct err refusal = { 0 };
	struct response r;
	int n = 0, refused = 0;

	while (n == 0 && (!f->selected.done || (f->since.tag && !f->since.done) ||
				 (f->news.tag && !f->news.done))) {
		n = imap_read(f->pull->imap, STREAM_READ_MS, on_answer, f, &r, err);
		if (n == 0 && r.kind == RESPONSE_TAGGED && refused == 0)
			refused = on_tagged(f, &r, &refusal);
		else if (n == 0 && r.kind == RESPONSE_TAGGED)
			(void)on_tagged(f, &r, NULL);
	}
	if (n == 0 && refused < 0 && err)
		*err = refusal;
	return n < 0 ? n : refused;
}

/* --- sending ----------------------------------------------------------------------- */

static int send_select(struct flight *f, bool quick, struct err *err)
{
	struct pull *p = f->pull;
	const struct position *at = &p->at;
	g_autofree char *more = NULL;
	int r;

	if (quick && at->uidnext > at->low)
		more = g_strdup_printf("QRESYNC (%" PRIu32 " %" PRIu64 " %" PRIu64 ":%" PRIu32 ")",
			at->uidvalidity, at->modseq, at->low, at->uidnext - 1);
	else if (quick)
		more = g_strdup_printf(
			"QRESYNC (%" PRIu32 " %" PRIu64 ")", at->uidvalidity, at->modseq);
	r = select_send(p->imap, &f->select, p->path,
		SELECT_WRITE | (p->imap->plan.acl ? SELECT_RIGHTS : 0), more, err);
	f->selected.tag = f->select.tag;
	return r;
}

/* `all`: also what vanished (RFC 7162, section 3.2.6). */
static int send_since(struct flight *f, bool all, struct err *err)
{
	const struct position *at = &f->pull->at;
	AUTO(command_release) struct command c = { 0 };

	command_init(&c, f->pull->imap, "UID FETCH ");
	g_string_append_printf(c.text,
		"%" PRIu64 ":%" PRIu32 " (UID FLAGS) (CHANGEDSINCE %" PRIu64 "%s)", at->low,
		at->uidnext - 1, at->modseq, all ? " VANISHED" : "");
	return imap_send(f->pull->imap, &c, 0, &f->since.tag, err);
}

static int send_news(struct flight *f, struct err *err)
{
	struct pull *p = f->pull;
	AUTO(command_release) struct command c = { 0 };

	command_init(&c, p->imap, "UID FETCH ");
	g_string_append_printf(c.text, "%" PRIu32 ":* %s", p->at.uidnext, p->items_new);
	p->from = p->at.uidnext;
	p->max_uid = 0;
	return imap_send(p->imap, &c, 0, &f->news.tag, err);
}

/* Does the scan say that there is no new mail? */
static bool surely_none(const struct pull *p)
{
	const struct box_status *st = imap_status(p->imap, p->path);

	return st && st->uidvalidity == p->at.uidvalidity && st->uidnext &&
	       st->uidnext <= p->at.uidnext;
}

bool pull_is_open(const struct pull *p)
{
	const struct selected *sel = &p->imap->sel;

	return sel->early && !sel->stirred && sel->path && strcmp(sel->path, p->path) == 0;
}

/* The login's flight did what SELECT would do; its numbers must fit the cursor. */
static bool goes_on(struct flight *f, bool quick)
{
	struct pull *p = f->pull;
	const struct selected *sel = &p->imap->sel;

	if (!quick || !pull_is_open(p) || sel->uidvalidity != p->at.uidvalidity ||
		sel->modseq < p->at.modseq)
		return false;
	f->select.sel = *sel;
	f->selected.done = f->opened = true;
	return true;
}

static int send_all(struct flight *f, bool ask, bool quick, struct err *err)
{
	struct pull *p = f->pull;
	bool open = goes_on(f, quick);
	int r = open ? 0 : send_select(f, quick, err);

	if (r == 0 && ask && (open || !quick) && p->at.uidnext > p->at.low)
		r = send_since(f, open, err);
	if (r == 0 && f->had && !surely_none(p))
		r = send_news(f, err);
	return r;
}

/* --- what it proves ------------------------------------------------------------------ */

static bool leg_ok(const struct leg *l)
{
	return l->done && l->answer.status == ANSWER_OK;
}

static void judge(struct flight *f, bool ask, bool quick)
{
	struct pull *p = f->pull;

	p->modseq = pull_modseq(p->imap->sel.modseq, p->imap->sel.exists);
	p->news_read = f->news.tag && (leg_ok(&f->news) || p->imap->sel.exists == 0);
	p->proof = PROOF_NONE;
	if (!holds(f) || !ask || f->lost || p->modseq < p->at.modseq)
		return;
	if (quick && !f->since.tag)
		p->proof = PROOF_QRESYNC;
	else if (leg_ok(&f->since) || p->at.uidnext <= p->at.low)
		p->proof = quick ? PROOF_QRESYNC : PROOF_FLAGS;
}

/* An answer that the guard refused ended the connection: only the mailbox is opened again. */
static int open_anew(struct pull *p, struct err *err)
{
	int r;

	imap_drop(p->imap);
	r = imap_session_open(p->imap, err);
	if (r == 0)
		r = imap_select(p->imap, p->path, true, true, err);
	p->modseq = pull_modseq(p->imap->sel.modseq, p->imap->sel.exists);
	p->n_new = 0;
	return r;
}

/* BAD for CONDSTORE or QRESYNC, although announced?  Not if the plain command is no better (C-12). */
static int open_plainly(struct pull *p, struct err *err)
{
	struct imap *i = p->imap;
	bool announced = i->plan.condstore;
	int r;

	i->plan.condstore = false;
	r = imap_select(i, p->path, true, true, err);
	i->plan.condstore = announced;
	if (r == 0)
		imap_evidence(i, EVIDENCE_BAD_FEATURE);
	p->modseq = 0;
	p->n_new = 0;
	return r;
}

int pull_open(struct pull *p, bool had, struct err *err)
{
	struct flight f = { .pull = p, .had = had };
	bool ask = had && trusted(p->imap) && p->at.modseq && !(p->flags & CHANGES_FULL);
	bool quick = ask && p->imap->plan.qresync_on;
	int r;

	r = send_all(&f, ask, quick, err);
	if (r == 0)
		r = read_all(&f, err);
	p->from = 0;
	if (r == ERR_LIMIT)
		return open_anew(p, err);
	if (r < 0 && f.selected.done && f.selected.answer.status == ANSWER_BAD && trusted(p->imap) &&
		p->imap->in_flight == 0)
		return open_plainly(p, err);
	if (r == 0)
		judge(&f, ask, quick);
	return r;
}

/* --- what is gone ---------------------------------------------------------------------- */

bool pull_heavy(uint64_t gone, uint64_t known)
{
	return gone > PULL_LOSS_FLOOR && gone * PULL_LOSS_SHARE > known;
}

int pull_gone(struct pull *p, const GArray *spans, bool inverse, uint64_t low, uint64_t high,
	GArray *gone, uint64_t *n_known, struct err *err)
{
	const struct span *x = (const struct span *)(const void *)spans->data;
	struct known window[KNOWN_WINDOW];
	guint at = 0;
	uint64_t from = low;
	int n = 1;

	while (n > 0 && from <= high && gone->len < PULL_GONE_MAX) {
		if (!inverse && at < spans->len)
			from = MAX(from, x[at].first);
		else if (!inverse)
			return 0;
		n = p->out->known(p->out, from, window, KNOWN_WINDOW, err);
		for (int k = 0; k < n && window[k].uid <= high; k++) {
			uint64_t uid = window[k].uid;

			while (at < spans->len && x[at].last < uid)
				at++;
			++*n_known;
			if ((at < spans->len && x[at].first <= uid) != inverse)
				g_array_append_val(gone, uid);
		}
		from = n > 0 ? window[n - 1].uid + 1 : high + 1;
		while (at < spans->len && x[at].last < from)
			at++;
	}
	return n < 0 ? n : 0;
}

int pull_report_gone(struct pull *p, const GArray *gone, struct err *err)
{
	int r = 0;

	for (guint n = 0; r >= 0 && n < gone->len; n++) {
		struct change c = { .kind = CHANGE_GONE,
			.uid = g_array_index(gone, uint64_t, n) };

		r = p->out->change(p->out, &c, err);
	}
	return r < 0 ? r : 0;
}

/* Can so many be gone, by the number of messages?  What is not covered may have gone, too. */
static bool fits(const struct pull *p, uint64_t gone)
{
	uint64_t there = p->imap->sel.exists + p->imap->sel.expunged;

	return p->at.low == 1 ? there + gone == p->at.exists : there + gone <= p->at.exists;
}

int pull_vanished(struct pull *p, bool *heavy, struct err *err)
{
	g_autoptr(GArray) gone = g_array_new(FALSE, FALSE, sizeof(uint64_t));
	uint64_t unused = 0;
	int r;

	*heavy = false;
	if (!p->vanished || p->covered <= p->at.low)
		return 0;
	uidset_spans_join(p->vanished);
	r = pull_gone(p, p->vanished, false, p->at.low, p->covered - 1, gone, &unused, err);
	if (r < 0)
		return r;
	*heavy = gone->len >= PULL_GONE_MAX || pull_heavy(gone->len, p->at.exists) ||
		 !fits(p, gone->len);
	if (*heavy)
		return 0;
	p->at.exists -= MIN(gone->len, p->at.exists);
	return pull_report_gone(p, gone, err);
}
