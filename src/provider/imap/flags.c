/*
 * Flags and keywords: one command for all that is put on, one for all that is
 * taken off.
 *
 * Where mod-sequences can be trusted the command is conditional (RFC 7162,
 * section 3.1.3): a message that somebody changed since the reader saw it is left
 * alone, and asked for.  The answer names every message that it changed, which
 * proves that these are there; only what it does not name is looked at.
 * Elsewhere all are looked at, in the flight of the change.  Repeating a change
 * is harmless, so a lost answer is no more than unknown.
 */
#include <inttypes.h>
#include <string.h>

#include "base/i18n.h"
#include "model/flags.h"
#include "provider/imap/job.h"
#include "provider/imap/pull.h"
#include "provider/imap/rights.h"
#include "provider/imap/uidset.h"

enum { FLAGS_GROUPS_MAX = 8 }; /* batches with more different mod-sequences: the rest share the greatest */

/* --- the words ------------------------------------------------------------------------- */

/* "\Seen work", NULL if there are none; a new string. */
static char *names_of(unsigned flags, const char *keywords)
{
	char names[FLAGS_NAMES_MAX];
	bool words = keywords && *keywords;

	flags_to_imap(flags, names);
	if (!*names && !words)
		return NULL;
	return g_strconcat(names, *names && words ? " " : "", words ? keywords : "", NULL);
}

/* An atom each (RFC 3501, flag-keyword), or the command would be something else. */
static bool sendable(const char *keywords)
{
	for (const char *p = keywords ? keywords : ""; *p; p++)
		if ((unsigned char)*p < ' ' || (unsigned char)*p > '~' || strchr("(){%*\"\\]", *p))
			return false;
	return true;
}

static int check(const struct job *j, struct err *err)
{
	const struct mutation_batch *b = j->batch;

	if (!sendable(b->add_keywords) || !sendable(b->remove_keywords))
		return err_set(err, ERR_REFUSED,
			_("A keyword with such characters in it cannot be sent to the server."));
	if (!rights_keep(j->imap, b->add | b->remove, NULL))
		return err_set(err, ERR_REFUSED,
			_("The server does not let you change this flag in the mailbox %s."),
			b->source_path);
	if (!rights_keep(j->imap, 0, b->add_keywords))
		return err_set(err, ERR_REFUSED,
			_("The server cannot store new keywords in the mailbox %s."),
			b->source_path);
	return 0;
}

/* --- the witness ----------------------------------------------------------------------- */

/* The first look, in the flight of the change itself; once per connection it is enough. */
static int call_witness(struct job *j, size_t from, size_t to, struct err *err)
{
	struct sent sent = { 0 };
	char uid[24];
	int r;

	j->witness = (struct witness){ 0 };
	if (j->imap->modseq_rises)
		return 0;
	while (from < to && !j->picks[from].open)
		from++;
	if (from == to)
		return 0;
	j->witness.uid = j->picks[from].uid;
	g_snprintf(uid, sizeof uid, "%" PRIu64, j->witness.uid);
	r = job_send(j, "UID FETCH ", uid, " (UID FLAGS MODSEQ)", &sent, err);
	j->witness.tag = sent.tag;
	return r;
}

/* The second look may name no flags (.SILENT): then they are what we made of them. */
static void testify(struct job *j, const struct fetch *f)
{
	const struct mutation_batch *b = j->batch;
	struct witness *w = &j->witness;

	if (!w->uid || f->uid != w->uid || !f->modseq || (!w->after && !(f->has & FETCH_FLAGS)))
		return;
	w->flags[w->after] = f->has & FETCH_FLAGS ? f->flags : (w->flags[0] | b->add) & ~b->remove;
	w->modseq[w->after] = f->modseq;
}

static void hear_witness(struct job *j)
{
	const struct witness *w = &j->witness;
	const struct pick *p = w->uid ? job_find(j, w->uid) : NULL;

	if (!p || p->modified || !w->modseq[0] || !w->modseq[1] || w->flags[0] == w->flags[1])
		return;
	j->imap->modseq_rises = w->modseq[1] > w->modseq[0];
	if (!j->imap->modseq_rises)
		imap_evidence(j->imap, EVIDENCE_MODSEQ_STUCK);
}

/* --- what is heard --------------------------------------------------------------------- */

static void on_fetch(struct job *j, const struct response *r)
{
	struct scan s = r->rest;
	struct fetch f;

	if (!fetch_parse(r->number, &s, &f) || !f.uid)
		return;
	testify(j, &f);
	if (j->witness.uid && !j->witness.after)
		return; /* before the change: of the witness, or news */
	for (struct pick *p = job_find(j, f.uid); p; p = job_next(j, p)) {
		p->told = p->there = true;
		if (f.modseq)
			p->modseq = f.modseq;
		if (!(f.has & FETCH_FLAGS))
			continue;
		p->flags_told = true;
		p->flags = f.flags;
		g_free(p->out->keywords);
		p->out->keywords = g_strdup(row_keywords(j->imap->row, &f));
	}
}

/* "MODIFIED 7,9:11" in a tagged OK or NO */
static void on_modified(struct job *j, const struct response *r)
{
	g_autoptr(GArray) uids = g_array_new(FALSE, FALSE, sizeof(uint64_t));
	struct resp_text t;

	resp_text_parse(r->rest, &t);
	if (!slice_is(t.code, "MODIFIED"))
		return;
	(void)uidset_read(&t.args, uids);
	for (guint n = 0; n < uids->len; n++) {
		struct pick *p = job_find(j, g_array_index(uids, uint64_t, n));

		for (; p; p = job_next(j, p))
			p->modified = true;
	}
}

static int on_answer(struct imap *i, const struct response *r, void *ctx, struct err *err)
{
	struct job *j = ctx;

	(void)i;
	(void)err;
	if (r->kind == RESPONSE_TAGGED && r->tag == j->witness.tag)
		j->witness.after = true;
	else if (r->kind == RESPONSE_TAGGED)
		on_modified(j, r);
	else if (slice_is(r->word, "FETCH"))
		on_fetch(j, r);
	return 0;
}

/* --- one command's worth ----------------------------------------------------------------- */

struct piece {
	struct job *job;
	size_t from, to;
	const char *names[2]; /* put on, taken off; NULL = none */
	struct answer answer; /* that of the last command */
	bool conditional;     /* the last command was */
};

static int send_store(struct piece *x, int sign, const char *set, uint64_t since, struct sent *out,
	struct err *err)
{
	g_autofree char *condition =
		since ? g_strdup_printf(" (UNCHANGEDSINCE %" PRIu64 ")", since) : g_strdup("");
	g_autofree char *tail = g_strdup_printf("%s %cFLAGS.SILENT (%s)", condition, "+-"[sign],
		x->names[sign]);

	return job_send(x->job, "UID STORE ", set, tail, out, err);
}

static int unknown(struct piece *x, int r)
{
	job_decide(x->job, x->from, x->to, APPLIED_UNKNOWN, NULL);
	return r;
}

/* Has the message all of the keywords (`all`), or any of them? */
static bool has_keywords(const struct pick *p, const char *keywords, bool all)
{
	g_autofree char *wanted = flags_keywords_normalize(keywords ? keywords : "");
	g_autofree char *common =
		flags_keywords_common(wanted, p->out->keywords ? p->out->keywords : "");

	return all ? strcmp(common, wanted) == 0 : *common != '\0';
}

/* Does the message have what the reader wants of its flags? */
static bool holds(const struct piece *x, const struct pick *p)
{
	const struct mutation_batch *b = x->job->batch;

	return p->flags_told && (p->flags & b->add) == b->add && !(p->flags & b->remove) &&
	       has_keywords(p, b->add_keywords, true) &&
	       !has_keywords(p, b->remove_keywords, false);
}

/* A condition, OK, and neither MODIFIED nor a mod-sequence (both required by RFC 7162, section
 * 3.1.3): the look tells that the server left the message alone in silence.  Conditions are of no
 * use there. */
static bool left_alone(struct piece *x, const struct pick *p)
{
	if (!x->conditional || p->modified || !p->flags_told || holds(x, p))
		return false;
	imap_evidence(x->job->imap, EVIDENCE_BAD_FEATURE);
	return true;
}

static void decide_one(struct piece *x, size_t n)
{
	struct pick *p = &x->job->picks[n];
	bool ok = x->answer.status == ANSWER_OK;

	if (!p->there)
		job_decide(x->job, n, n + 1, APPLIED_GONE, NULL);
	else if (p->modified || (ok && left_alone(x, p))) {
		p->out->flags = p->flags;
		job_decide(x->job, n, n + 1, APPLIED_CHANGED, NULL);
	} else if (ok || holds(x, p))
		job_decide(x->job, n, n + 1, APPLIED_DONE, NULL);
	else
		job_decide(x->job, n, n + 1, APPLIED_REFUSED, &x->answer);
}

/* Did the answer name the message as changed?  News of it, with its flags, may have come among it. */
static bool named(const struct piece *x, const struct pick *p)
{
	return p->told && !p->modified && (!p->flags_told || holds(x, p));
}

/* Asks for those that the change did not name or left alone, and decides all. */
static int conclude(struct piece *x, struct err *err)
{
	g_autoptr(GString) set = g_string_new(NULL);
	struct job *j = x->job;
	struct sent look = { 0 };
	int r = 0;

	for (size_t n = x->from; n < x->to; n++)
		if (x->answer.status == ANSWER_OK && named(x, &j->picks[n]))
			job_decide(j, n, n + 1, APPLIED_DONE, NULL);
		else
			j->picks[n].there = false;
	if (job_rest(j, x->from, x->to, set)) {
		r = job_send(j, "UID FETCH ", set->str, " (UID FLAGS MODSEQ)", &look, err);
		if (r == 0)
			r = job_hear(j, &look, 1, on_answer, j, err);
		if (r == 0 && look.answer.status != ANSWER_OK)
			r = answer_error(&look.answer, err);
	}
	if (r < 0)
		return unknown(x, r);
	hear_witness(j);
	for (size_t n = x->from; n < x->to; n++)
		decide_one(x, n);
	return 0;
}

/* The newest mod-sequence that our own change gave, or what was known before it. */
static uint64_t newest(const struct piece *x, uint64_t since)
{
	for (size_t n = x->from; since && n < x->to; n++)
		if (!x->job->picks[n].modified)
			since = MAX(since, x->job->picks[n].modseq);
	return since;
}

/* What was not left alone so far. */
static bool unmodified(struct piece *x, GString *set)
{
	g_autofree struct pick *picks = g_new(struct pick, x->to - x->from + 1);
	struct job part = { .picks = picks };

	for (size_t n = x->from; n < x->to; n++)
		if (!x->job->picks[n].modified)
			picks[part.n++] = x->job->picks[n];
	return job_rest(&part, 0, part.n, set);
}

/* BAD for UNCHANGEDSINCE, although announced: never again, and now without (C-12). */
static int counted(struct piece *x, uint64_t since, struct err *err)
{
	struct job *j = x->job;
	int r = call_witness(j, x->from, x->to, err);

	for (int sign = 0; r == 0 && sign < 2; sign++) {
		g_autoptr(GString) set = g_string_new(NULL);
		struct sent sent = { 0 };

		if (!x->names[sign] || x->answer.status == ANSWER_NO || !unmodified(x, set))
			continue;
		since = newest(x, since);
		x->conditional = since > 0;
		r = send_store(x, sign, set->str, since, &sent, err);
		if (r == 0)
			r = job_hear(j, &sent, 1, on_answer, j, err);
		x->answer = sent.answer;
		if (r == 0 && x->answer.status == ANSWER_BAD && since) {
			imap_evidence(j->imap, EVIDENCE_BAD_FEATURE);
			since = 0;
			sign--;
		} else if (r == 0 && job_postponed(&x->answer, err) < 0) {
			return ERR_RETRY; /* nothing was judged: they stay as they are */
		}
	}
	return r < 0 ? unknown(x, r) : conclude(x, err);
}

/* Without mod-sequences: the look leaves behind the last change. */
static int plain(struct piece *x, const char *set, struct err *err)
{
	struct job *j = x->job;
	struct sent sent[2] = { 0 };
	int r = 0, last = x->names[1] ? 1 : 0;

	if (x->names[0] && last == 1) {
		r = send_store(x, 0, set, 0, &sent[0], err);
		if (r == 0)
			r = job_hear(j, sent, 1, NULL, NULL, err);
	}
	if (r == 0 && sent[0].answer.status == ANSWER_OK)
		r = send_store(x, last, set, 0, &sent[0], err);
	if (r == 0)
		r = job_ask(j, x->from, x->to, set, &sent[1], err);
	if (r == 0)
		r = job_hear(j, sent, 2, on_answer, j, err);
	x->answer = sent[0].answer;
	if (r == 0 && job_postponed(&x->answer, err) < 0)
		return ERR_RETRY;
	if (r == 0 && sent[1].answer.status != ANSWER_OK)
		r = answer_error(&sent[1].answer, err);
	if (r < 0)
		return unknown(x, r);
	for (size_t n = x->from; n < x->to; n++)
		decide_one(x, n);
	return 0;
}

/* --- groups -------------------------------------------------------------------------------- */

/* Are mod-sequences told in this mailbox, and to be believed? */
static bool counts(const struct imap *i)
{
	return i->plan.condstore && pull_modseq(i->sel.modseq, i->sel.exists) &&
	       !imap_distrusted(i);
}

static void choose_since(struct job *j)
{
	const struct mutation_batch *b = j->batch;
	struct position at;
	bool known = position_read(b->source_cursor ? b->source_cursor : "", &at) &&
		     at.uidvalidity == j->imap->sel.uidvalidity;

	if (b->unconditional || !counts(j->imap))
		return;
	for (size_t n = 0; n < j->n; n++)
		j->picks[n].since = MAX(j->picks[n].item->modseq, known ? at.modseq : 0);
}

/* Moves the open picks with the least `since` into part, or all, with the greatest; false: none. */
static bool take(struct job *j, struct job *part, bool all, uint64_t *since)
{
	uint64_t least = UINT64_MAX, greatest = 0;

	for (size_t n = 0; n < j->n; n++)
		if (j->picks[n].open) {
			least = MIN(least, j->picks[n].since);
			greatest = MAX(greatest, j->picks[n].since);
		}
	*since = all ? greatest : least;
	part->n = 0;
	for (size_t n = 0; n < j->n; n++)
		if (j->picks[n].open && (all || j->picks[n].since == least)) {
			part->picks[part->n++] = j->picks[n];
			j->picks[n].open = false;
		}
	return part->n > 0;
}

static int group(struct job *j, uint64_t since, const char *on, const char *off, struct err *err)
{
	size_t at = 0;
	int r = 0;

	while (r == 0 && at < j->n) {
		g_autoptr(GString) set = g_string_new(NULL);
		struct piece x = { .job = j, .from = job_set(j, &at, set), .names = { on, off } };

		x.to = at;
		if (set->len)
			r = counts(j->imap) ? counted(&x, since, err) : plain(&x, set->str, err);
	}
	return r;
}

int job_flags(struct job *j, struct err *err)
{
	const struct mutation_batch *b = j->batch;
	g_autofree char *on = names_of(b->add, b->add_keywords);
	g_autofree char *off = names_of(b->remove, b->remove_keywords);
	g_autofree struct pick *picks = g_new(struct pick, j->n + 1);
	struct job part = { .imap = j->imap, .batch = b, .picks = picks };
	uint64_t since;
	int r = check(j, err);

	if (r == 0 && !on && !off)
		job_decide(j, 0, j->n, APPLIED_DONE, NULL);
	if (r == 0)
		choose_since(j);
	for (unsigned k = 1; r == 0 && take(j, &part, k == FLAGS_GROUPS_MAX, &since); k++)
		r = group(&part, since, on, off, err);
	return r;
}
