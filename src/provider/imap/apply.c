/* The queue's batches: a job for each, which carries what becomes of every message. */
#include <stdlib.h>

#include "base/i18n.h"
#include "base/mem.h"
#include "provider/imap/job.h"
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

struct pick *job_next(struct job *j, struct pick *p)
{
	return p + 1 < j->picks + j->n && p[1].uid == p->uid ? p + 1 : NULL;
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
	if (!i->sel.writable && j->batch->verb != MUTATION_COPY)
		return err_set(err, ERR_REFUSED,
			_("The server lets you read the mailbox %s, but not change it."),
			j->batch->source_path);
	return 0;
}

/* --- sets ------------------------------------------------------------------------------ */

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

/* A piece of what fitted in a command does, too. */
bool job_rest(struct job *j, size_t from, size_t to, GString *set)
{
	size_t at = from;

	(void)job_set(&(struct job){ .picks = j->picks, .n = to }, &at, set);
	return set->len > 0;
}

/* --- talking --------------------------------------------------------------------------- */

int job_send(struct job *j, const char *verb, const char *set, const char *tail, struct sent *out,
	struct err *err)
{
	AUTO(command_release) struct command c = { 0 };

	*out = (struct sent){ 0 };
	command_init(&c, j->imap, verb);
	command_add(&c, set);
	command_add(&c, tail);
	return imap_send(j->imap, &c, 0, &out->tag, err);
}

static bool all_heard(const struct sent *sent, size_t n)
{
	for (size_t k = 0; k < n; k++)
		if (sent[k].tag && !sent[k].done)
			return false;
	return true;
}

int job_hear(struct job *j, struct sent *sent, size_t n, untagged_fn fn, void *ctx, struct err *err)
{
	struct response r;
	int x = 0;

	while (x == 0 && !all_heard(sent, n)) {
		x = imap_read(j->imap, STREAM_READ_MS, fn, ctx, &r, err);
		if (x < 0 || r.kind != RESPONSE_TAGGED)
			continue;
		for (size_t k = 0; k < n; k++)
			if (sent[k].tag == r.tag) {
				answer_parse(&r, &sent[k].answer);
				sent[k].done = true;
			}
		if (fn)
			x = fn(j->imap, &r, ctx, err);
	}
	return x;
}

int job_ask(struct job *j, size_t from, size_t to, const char *set, struct sent *out,
	struct err *err)
{
	for (size_t n = from; n < to; n++)
		j->picks[n].there = false;
	return job_send(j, "UID FETCH ", set, " (UID)", out, err);
}

void job_there(struct job *j, const struct response *r)
{
	struct scan s = r->rest;
	struct fetch f;

	if (r->kind != RESPONSE_DATA || !slice_is(r->word, "FETCH") ||
		!fetch_parse(r->number, &s, &f) || !f.uid)
		return;
	for (struct pick *p = job_find(j, f.uid); p; p = job_next(j, p))
		p->there = true;
}

static int on_there(struct imap *i, const struct response *r, void *ctx, struct err *err)
{
	(void)i;
	(void)err;
	job_there(ctx, r);
	return 0;
}

int job_look(struct job *j, size_t from, size_t to, const char *set, struct err *err)
{
	struct sent look;
	int r = job_ask(j, from, to, set, &look, err);

	if (r == 0)
		r = job_hear(j, &look, 1, on_there, j, err);
	if (r == 0 && look.answer.status != ANSWER_OK)
		return answer_error(&look.answer, err);
	return r;
}

/* --- deciding -------------------------------------------------------------------------- */

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
		p->out->modseq = p->modseq;
		if (a && a->status != ANSWER_OK) /* what went well needs no words */
			g_strlcpy(p->out->answer, a->text, sizeof p->out->answer);
	}
}

void job_refuse(struct job *j, const char *words)
{
	struct answer a = { .status = ANSWER_NO };

	g_strlcpy(a.text, words, sizeof a.text);
	job_decide(j, 0, j->n, APPLIED_REFUSED, &a);
}

void job_drop_gone(struct job *j, size_t from, size_t to)
{
	for (size_t n = from; n < to; n++)
		if (!j->picks[n].there)
			job_decide(j, n, n + 1, APPLIED_GONE, NULL);
}

int job_postponed(const struct answer *a, struct err *err)
{
	return a->status != ANSWER_OK && answer_error(a, err) == ERR_RETRY ? ERR_RETRY : 0;
}

/* --- the operations -------------------------------------------------------------------- */

static int run(struct job *j, struct err *err)
{
	switch (j->batch->verb) {
	case MUTATION_FLAGS:
		return job_flags(j, err);
	case MUTATION_MOVE:
	case MUTATION_COPY:
		return job_move(j, err);
	case MUTATION_EXPUNGE:
		return job_expunge(j, err);
	case MUTATION_APPEND:
		return job_append(j, err);
	}
	return err_set(err, ERR_UNSUPPORTED, _("This change is not known here; nothing was sent."));
}

static int read_only(struct err *err)
{
	return err_set(err, ERR_UNSUPPORTED,
		_("The account is read-only (two_way = false); nothing was sent."));
}

/* A no of the whole batch is the server's last word, but for what it may have done already: of that
 * it only says that it tells us nothing now. */
static int judge_no(struct job *j, struct err *err)
{
	bool doubt = j->batch->uncertain && j->batch->verb != MUTATION_FLAGS;

	if (!doubt) {
		job_refuse(j, err->text);
		return 0;
	}
	job_decide(j, 0, j->n, APPLIED_UNKNOWN, NULL);
	return err->code = ERR_RETRY;
}

int imap_apply(
	struct provider *p, const struct mutation_batch *b, struct applied *out, struct err *err)
{
	AUTO(job_release) struct job j = { 0 };
	struct err own = { 0 };
	int r;

	if (!p->account->two_way)
		return read_only(err);
	r = imap_ready(imap_of(p), &own);
	imap_status_forget(imap_of(p), NULL);
	job_init(&j, imap_of(p), b, out);
	if (r == 0 && b->verb != MUTATION_APPEND)
		r = job_select(&j, b->uncertain, &own);
	if (r == 0)
		r = run(&j, &own);
	if (r == ERR_REFUSED)
		r = judge_no(&j, &own);
	if (r < 0 && err)
		*err = own;
	return imap_settle(imap_of(p), r);
}

int imap_prepare(struct provider *p, struct mutation_batch *b, struct err *err)
{
	struct imap *i = imap_of(p);
	int r;

	if (!p->account->two_way)
		return read_only(err);
	b->mark[0] = '\0';
	r = imap_ready(i, err);
	if (r == 0 && b->target_path)
		r = job_mark(i, b, err);
	return imap_settle(i, r);
}
