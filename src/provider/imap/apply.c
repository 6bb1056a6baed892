#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/i18n.h"
#include "base/mem.h"
#include "model/flags.h"
#include "provider/imap/job.h"
#include "provider/imap/status.h"
#include "provider/imap/uidset.h"

/* --- the job ------------------------------------------------------------------------- */

static int by_uid(const void *a, const void *b)
{
	const struct pick *x = a, *y = b;

	return x->uid < y->uid ? -1 : x->uid > y->uid;
}

void job_init(struct job *j, struct imap *i, const struct mutation_batch *b, struct applied *out)
{
	*j = (struct job){
		.imap = i, .batch = b, .n = b->n, .picks = g_new0(struct pick, b->n + 1)
	};
	for (size_t n = 0; n < b->n; n++)
		j->picks[n] = (struct pick){
			.uid = b->items[n].uid, .item = &b->items[n], .out = &out[n], .open = true
		};
	qsort(j->picks, j->n, sizeof *j->picks, by_uid);
}

void job_release(struct job *j)
{
	g_clear_pointer(&j->picks, g_free);
}

struct pick *job_find(struct job *j, uint64_t uid)
{
	struct pick key = { .uid = uid };
	struct pick *p = bsearch(&key, j->picks, j->n, sizeof *j->picks, by_uid);

	while (p && p > j->picks && p[-1].uid == uid)
		p--;
	return p;
}

int job_select(struct job *j, bool fresh, struct err *err)
{
	struct imap *i = j->imap;
	int r = imap_select(i, j->batch->source_path, true, fresh, err);

	if (r == ERR_GONE)
		return err_set(err, ERR_CONFLICT,
			_("The mailbox %s is no longer on the server; the change was not made."),
			j->batch->source_path);
	if (r < 0)
		return r;
	if (j->batch->uidvalidity && j->batch->uidvalidity != i->sel.uidvalidity)
		return err_set(err, ERR_CONFLICT,
			_("The mailbox %s was made anew on the server; the change was not made."),
			j->batch->source_path);
	if (!i->sel.writable)
		return err_set(err, ERR_REFUSED,
			_("The server lets you read the mailbox %s, but not change it."),
			j->batch->source_path);
	return 0;
}

size_t job_set(struct job *j, size_t *at, GString *set)
{
	g_autoptr(GArray) uids = g_array_new(FALSE, FALSE, sizeof(uint64_t));
	size_t from = *at, to = *at, taken;
	uint64_t last = 0;

	for (size_t n = from; n < j->n; n++)
		if (j->picks[n].open && j->picks[n].uid != last) {
			last = j->picks[n].uid;
			g_array_append_val(uids, last);
		}
	taken = uids->len ? uidset_write(set, (const uint64_t *)(void *)uids->data, uids->len) : 0;
	last = taken ? g_array_index(uids, uint64_t, taken - 1) : 0;
	while (to < j->n && (taken == uids->len || j->picks[to].uid <= last))
		to++;
	*at = to;
	return from;
}

/* --- the witness ---------------------------------------------------------------------- */

static void testify(struct job *j, const struct fetch *f)
{
	struct witness *w = &j->witness;

	if (!w->uid || f->uid != w->uid || !(f->has & FETCH_FLAGS) || !f->modseq ||
		w->modseq[w->after])
		return;
	w->flags[w->after] = f->flags;
	w->modseq[w->after] = f->modseq;
}

static int on_witness(struct imap *i, const struct response *r, void *ctx, struct err *err)
{
	struct scan s = r->rest;
	struct fetch f;

	(void)i;
	(void)err;
	if (slice_is(r->word, "FETCH") && fetch_parse(r->number, &s, &f))
		testify(ctx, &f);
	return 0;
}

/* The first look, in the flight of the change itself; once per connection it is enough. */
static int call_witness(struct job *j, size_t from, size_t to, struct err *err)
{
	struct imap *i = j->imap;
	AUTO(command_release) struct command c = { 0 };
	uint32_t tag;

	j->witness = (struct witness){ 0 };
	if (i->modseq_rises || !i->plan.condstore || !i->sel.modseq || imap_distrusted(i))
		return 0;
	while (from < to && !j->picks[from].open)
		from++;
	if (from == to)
		return 0;
	j->witness.uid = j->picks[from].uid;
	command_init(&c, i, "UID FETCH ");
	g_string_append_printf(c.text, "%" PRIu64 " (UID FLAGS MODSEQ)", j->witness.uid);
	return imap_send(i, &c, 0, &tag, err);
}

static void hear_witness(struct job *j)
{
	const struct witness *w = &j->witness;

	if (!w->uid || !w->modseq[0] || !w->modseq[1] || w->flags[0] == w->flags[1])
		return;
	j->imap->modseq_rises = w->modseq[1] > w->modseq[0];
	if (!j->imap->modseq_rises)
		imap_evidence(j->imap, EVIDENCE_MODSEQ_STUCK);
}

static int on_there(struct imap *i, const struct response *r, void *ctx, struct err *err)
{
	struct job *j = ctx;
	struct scan s = r->rest;
	struct fetch f;
	struct pick *p;

	(void)i;
	(void)err;
	if (!slice_is(r->word, "FETCH") || !fetch_parse(r->number, &s, &f) || !f.uid)
		return 0;
	testify(j, &f);
	for (p = job_find(j, f.uid); p && p < j->picks + j->n && p->uid == f.uid; p++)
		p->there = true;
	return 0;
}

int job_look(struct job *j, size_t from, size_t to, const char *set, struct err *err)
{
	AUTO(command_release) struct command c = { 0 };
	struct answer a;
	int r;

	for (size_t n = from; n < to; n++)
		j->picks[n].there = false;
	command_init(&c, j->imap, "UID FETCH ");
	command_add(&c, set);
	j->witness.after = true;
	command_add(&c, j->witness.uid ? " (UID FLAGS MODSEQ)" : " (UID)");
	r = imap_run(j->imap, &c, on_there, j, &a, err);
	if (r == 0 && a.status != ANSWER_OK)
		return answer_error(&a, err);
	return r;
}

void job_decide(
	struct job *j, size_t from, size_t to, enum applied_state state, const struct answer *a)
{
	for (size_t n = from; n < to; n++) {
		struct pick *p = &j->picks[n];

		if (!p->open)
			continue;
		p->open = false;
		p->out->state = state;
		p->out->target_uid = p->target_uid;
		if (a)
			g_strlcpy(p->out->answer, a->text, sizeof p->out->answer);
	}
}

int job_postponed(const struct answer *a, struct err *err)
{
	return a->status != ANSWER_OK && answer_error(a, err) == ERR_RETRY ? ERR_RETRY : 0;
}

/* --- flags --------------------------------------------------------------------------- */

static int store(struct job *j, const char *set, char sign, unsigned flags, struct answer *a,
	struct err *err)
{
	AUTO(command_release) struct command c = { 0 };
	char names[FLAGS_NAMES_MAX];

	flags_to_imap(flags, names);
	command_init(&c, j->imap, "UID STORE ");
	g_string_append_printf(c.text, "%s %cFLAGS.SILENT (%s)", set, sign, names);
	return imap_run(j->imap, &c, on_witness, j, a, err);
}

/* One command's worth of messages.  Repeating it is harmless, so a lost answer is no more than
 * unknown. */
static int flags_of(struct job *j, size_t from, size_t to, const char *set, struct err *err)
{
	const struct mutation_batch *b = j->batch;
	struct answer a = { .status = ANSWER_OK };
	int r = call_witness(j, from, to, err);

	if (r == 0 && b->add)
		r = store(j, set, '+', b->add, &a, err);
	if (r == 0 && a.status == ANSWER_OK && b->remove)
		r = store(j, set, '-', b->remove, &a, err);
	if (r == 0 && job_postponed(&a, err) < 0)
		return ERR_RETRY; /* nothing was judged: they stay as they are */
	if (r == 0)
		r = job_look(j, from, to, set, err);
	if (r < 0) {
		job_decide(j, from, to, APPLIED_UNKNOWN, NULL);
		return r;
	}
	hear_witness(j);
	for (size_t n = from; n < to; n++) {
		if (!j->picks[n].there)
			job_decide(j, n, n + 1, APPLIED_GONE, NULL);
		else if (a.status == ANSWER_OK)
			job_decide(j, n, n + 1, APPLIED_DONE, NULL);
		else
			job_decide(j, n, n + 1, APPLIED_REFUSED, &a);
	}
	return 0;
}

int job_flags(struct job *j, struct err *err)
{
	size_t at = 0;
	int r = 0;

	while (r == 0 && at < j->n) {
		g_autoptr(GString) set = g_string_new(NULL);
		size_t from = job_set(j, &at, set);

		if (set->len)
			r = flags_of(j, from, at, set->str, err);
	}
	return r;
}

/* --- the operations -------------------------------------------------------------------- */

/* An error that concerns the whole batch and is the server's last word. */
static int refused_all(struct job *j, int r, const struct err *err)
{
	struct answer a = { .status = ANSWER_NO };

	if (r != ERR_REFUSED)
		return r;
	g_strlcpy(a.text, err->text, sizeof a.text);
	job_decide(j, 0, j->n, APPLIED_REFUSED, &a);
	return 0;
}

int imap_apply(
	struct provider *p, const struct mutation_batch *b, struct applied *out, struct err *err)
{
	AUTO(job_release) struct job j = { 0 };
	struct err own = { 0 };
	int r;

	if (!p->account->two_way)
		return err_set(err, ERR_UNSUPPORTED,
			_("The account is read-only (two_way = false); nothing was sent."));
	r = imap_ready(imap_of(p), &own);
	imap_status_forget(imap_of(p), NULL);
	job_init(&j, imap_of(p), b, out);
	if (r == 0)
		r = job_select(&j, b->uncertain, &own);
	if (r == 0 && b->verb == MUTATION_FLAGS)
		r = job_flags(&j, &own);
	else if (r == 0)
		r = job_move(&j, &own);
	r = refused_all(&j, r, &own);
	if (r < 0 && err)
		*err = own;
	return imap_settle(imap_of(p), r);
}

/* The STATUS of one mailbox; with NOTIFY that of others may come with it, or news of this one. */
struct marking {
	const char *path;
	struct box_status status;
};

static int on_status(struct imap *i, const struct response *r, void *ctx, struct err *err)
{
	struct marking *m = ctx;
	g_autofree char *path = NULL;
	struct box_status status;
	struct slice name, id;

	(void)err;
	if (!status_read(r, &name, &status, &id) || !status.uidvalidity || !status.uidnext)
		return 0;
	path = imap_path(i, name);
	if (strcmp(path, m->path) == 0 || (g_ascii_strcasecmp(path, m->path) == 0 &&
						  g_ascii_strcasecmp(path, "INBOX") == 0))
		m->status = status;
	return 0;
}

static int mark(struct imap *i, struct mutation_batch *b, struct err *err)
{
	AUTO(command_release) struct command c = { 0 };
	struct marking m = { .path = b->target_path };
	struct answer a;
	int r;

	command_init(&c, i, "STATUS ");
	r = command_mailbox(i, &c, b->target_path, err);
	if (r < 0)
		return r;
	command_add(&c, " (UIDVALIDITY UIDNEXT)");
	r = imap_run(i, &c, on_status, &m, &a, err);
	if (r < 0)
		return r;
	if (a.status != ANSWER_OK)
		return answer_error(&a, err);
	if (m.status.uidvalidity)
		g_snprintf(b->mark, sizeof b->mark, "%" PRIu32 " %" PRIu32, m.status.uidvalidity,
			m.status.uidnext);
	return 0;
}

int imap_prepare(struct provider *p, struct mutation_batch *b, struct err *err)
{
	struct imap *i = imap_of(p);
	int r;

	if (!p->account->two_way)
		return err_set(err, ERR_UNSUPPORTED,
			_("The account is read-only (two_way = false); nothing was sent."));
	b->mark[0] = '\0';
	r = imap_ready(i, err);
	if (r == 0 && b->verb == MUTATION_MOVE)
		r = mark(i, b, err);
	return imap_settle(i, r);
}
