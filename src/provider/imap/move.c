/*
 * Moving and copying messages, at most once in effect.
 *
 * MOVE (RFC 6851) where offered.  Else COPY, and only when that is proved, out
 * of the source (expunge.c).  Which messages were there is told by COPYUID (RFC
 * 4315); where there is none, a question in the same flight tells it.  A tagged
 * OK is final, however odd the COPYUID in it may be.
 */
#include <string.h>

#include "base/i18n.h"
#include "base/mem.h"
#include "model/flags.h"
#include "provider/imap/job.h"
#include "provider/imap/rights.h"
#include "provider/imap/uidset.h"

/* --- COPYUID ----------------------------------------------------------------------- */

/* One command on its way, and what its answers tell. */
struct trial {
	struct job *job;
	size_t from, to;
	bool moves;	      /* by MOVE */
	struct sent sent[2];  /* the question who is there, the verb */
	bool mapped;	      /* a COPYUID came that makes sense */
	bool odd;	      /* one came that does not */
	uint64_t expunged;    /* of the source, before */
	bool last;	      /* there will be no other try */
};

enum { MOVE_TRIES = 3 }; /* of one set, for servers that refuse all because one is gone */

/* Where pick(s) of that uid went; false if none of ours has it. */
static bool went(struct trial *t, uint64_t uid, uint64_t target, uint64_t uidvalidity)
{
	struct pick *p = job_find(t->job, uid), *first = p;

	for (; p; p = job_next(t->job, p)) {
		p->target_uid = target;
		p->out->target_uidvalidity = (uint32_t)uidvalidity;
	}
	return first != NULL;
}

/* "COPYUID uidvalidity source-set target-set": one to one, in order; false if it is not. */
static bool map_uids(struct trial *t, struct scan s)
{
	g_autoptr(GArray) from = g_array_new(FALSE, FALSE, sizeof(uint64_t));
	g_autoptr(GArray) to = g_array_new(FALSE, FALSE, sizeof(uint64_t));
	uint64_t uidvalidity;
	bool ours = true;

	if (!scan_number(&s, &uidvalidity) || uidvalidity > UINT32_MAX)
		return false;
	scan_blanks(&s);
	if (!uidset_read(&s, from))
		return false;
	scan_blanks(&s);
	if (!uidset_read(&s, to) || from->len != to->len)
		return false;
	for (guint n = 0; n < from->len; n++)
		ours &= went(t, g_array_index(from, uint64_t, n), g_array_index(to, uint64_t, n),
			uidvalidity);
	return ours;
}

static int on_answer(struct imap *i, const struct response *r, void *ctx, struct err *err)
{
	struct trial *t = ctx;
	struct resp_text text;

	(void)i;
	(void)err;
	job_there(t->job, r);
	if (!slice_is(r->word, "OK"))
		return 0;
	resp_text_parse(r->rest, &text);
	if (!slice_is(text.code, "COPYUID"))
		return 0;
	if (map_uids(t, text.args))
		t->mapped = true;
	else
		t->odd = true;
	return 0;
}

/* --- sending ----------------------------------------------------------------------- */

/* Will the answer tell which messages were there? */
static bool tells(const struct job *j)
{
	return j->imap->plan.uidplus || j->batch->uncertain; /* in doubt we have just looked */
}

/* Was it the name of the target that the server did not take?  Then the command was never whole. */
static bool never_left(int r)
{
	return r == ERR_REFUSED || r == ERR_RETRY || r == ERR_GONE || r == ERR_LIMIT;
}

/* The question who is there leaves in front of a MOVE, but behind a COPY: servers may answer a
 * FETCH as if what is gone were there still (RFC 3501, section 5.5), and a COPY leaves all there. */
static int send_verb(struct trial *t, const char *verb, const char *set, struct err *err)
{
	struct job *j = t->job;
	AUTO(command_release) struct command c = { 0 };
	bool ask = !tells(j);
	int r = 0;

	t->expunged = j->imap->sel.expunged;
	if (ask && t->moves)
		r = job_ask(j, t->from, t->to, set, &t->sent[0], err);
	command_init(&c, j->imap, verb);
	g_string_append_printf(c.text, " %s ", set);
	if (r == 0)
		r = command_mailbox(j->imap, &c, j->batch->target_path, err);
	if (r == 0)
		r = imap_send(j->imap, &c, 0, &t->sent[1].tag, err);
	if (never_left(r))
		return r;
	if (r == 0 && ask && !t->moves)
		r = job_ask(j, t->from, t->to, set, &t->sent[0], err);
	if (r == 0)
		r = job_hear(j, t->sent, G_N_ELEMENTS(t->sent), on_answer, t, err);
	if (r < 0)
		job_decide(j, t->from, t->to, APPLIED_UNKNOWN, NULL);
	else if (t->sent[0].tag && t->sent[0].answer.status == ANSWER_OK)
		job_drop_gone(j, t->from, t->to);
	return r;
}

/* --- judging ----------------------------------------------------------------------- */

/* Which of what is open stands in the source now? */
static int look_at_rest(struct job *j, size_t from, size_t to, struct err *err)
{
	g_autoptr(GString) set = g_string_new(NULL);

	return job_rest(j, from, to, set) ? job_look(j, from, to, set->str, err) : 0;
}

/* What is not there after a no: a MOVE may have taken some all the same (RFC 6851, section 3.3),
 * a COPY none. */
static enum applied_state missing(const struct trial *t, const struct pick *p)
{
	if (p->target_uid)
		return APPLIED_DONE;
	return t->moves ? APPLIED_UNKNOWN : APPLIED_GONE;
}

/* One of the messages was removed (RFC 5530); a server may tell that at a NOOP only. */
static int hear_expunged(const struct trial *t, const struct answer *a, struct err *err)
{
	AUTO(command_release) struct command c = { 0 };
	struct answer unused;

	if (!answer_code(a, "EXPUNGEISSUED"))
		return 0;
	command_init(&c, t->job->imap, "NOOP");
	return imap_run(t->job->imap, &c, NULL, NULL, &unused, err);
}

/* The server said no.  If one is gone that may be why: the others stay open, to be tried without
 * it. */
static int refused(struct trial *t, const struct answer *a, struct err *err)
{
	struct job *j = t->job;
	int later = job_postponed(a, err);
	struct err ignored;
	bool gone = false;

	if (hear_expunged(t, a, &ignored) < 0 || look_at_rest(j, t->from, t->to, &ignored) < 0) {
		job_decide(j, t->from, t->to, APPLIED_UNKNOWN, a);
		return later ? later : err_set(err, ignored.code, "%s", ignored.text);
	}
	for (size_t n = t->from; n < t->to; n++) {
		struct pick *p = &j->picks[n];

		if (!p->open || p->there)
			continue;
		job_decide(j, n, n + 1, missing(t, p), a);
		gone = true;
	}
	if (!later && !gone && answer_code(a, "EXPUNGEISSUED"))
		return err_set(err, ERR_RETRY, "%s", a->text); /* it does not know yet which one */
	if (!later && (t->last || !gone)) /* later: they were not tried */
		job_decide(j, t->from, t->to, APPLIED_REFUSED, a);
	return later;
}

/* By how many the source has shrunk since the verb was sent. */
static uint64_t shrunk(const struct trial *t)
{
	return t->job->imap->sel.expunged - t->expunged;
}

/* Did so many leave the source that all which were to have gone? */
static bool all_left(const struct trial *t)
{
	const struct pick *picks = t->job->picks;
	uint64_t open = 0, last = 0;

	for (size_t n = t->from; n < t->to; n++)
		if (picks[n].open && picks[n].uid != last) {
			last = picks[n].uid;
			open++;
		}
	return shrunk(t) >= open;
}

/* Those that COPYUID does not name: they were not there, or the server left them.  If there is none
 * although some went, nobody knows which. */
static int settle_unnamed(struct trial *t, const struct answer *a, struct err *err)
{
	struct job *j = t->job;
	int r = look_at_rest(j, t->from, t->to, err);
	bool told = r == 0 && (t->mapped || shrunk(t) == 0);

	for (size_t n = t->from; n < t->to; n++)
		job_decide(j, n, n + 1, told && !j->picks[n].there ? APPLIED_GONE : APPLIED_UNKNOWN, a);
	return r;
}

static void decide_named(struct trial *t)
{
	for (size_t n = t->from; n < t->to; n++)
		if (t->job->picks[n].target_uid)
			job_decide(t->job, n, n + 1, APPLIED_DONE, NULL);
}

static int move_of(struct trial *t, const char *set, struct err *err)
{
	const struct answer *a = &t->sent[1].answer;
	int r = send_verb(t, "UID MOVE", set, err);

	if (r < 0)
		return r;
	if (a->status != ANSWER_OK)
		return refused(t, a, err);
	if (!tells(t->job) || t->odd || (!t->mapped && all_left(t)))
		job_decide(t->job, t->from, t->to, APPLIED_DONE, NULL);
	else
		decide_named(t);
	return settle_unnamed(t, a, err);
}

static int copy_of(struct trial *t, const char *set, struct err *err)
{
	struct job *j = t->job;
	const struct answer *a = &t->sent[1].answer;
	int r = send_verb(t, "UID COPY", set, err);

	if (r < 0)
		return r;
	if (a->status != ANSWER_OK)
		return refused(t, a, err);
	if (t->mapped && !t->odd) {
		for (size_t n = t->from; n < t->to; n++)
			if (!j->picks[n].target_uid) /* not copied: it was not there */
				job_decide(j, n, n + 1, APPLIED_GONE, NULL);
	} else if (tells(j) && !t->odd) { /* nothing told: look at what there was to copy */
		r = look_at_rest(j, t->from, t->to, err);
		if (r < 0)
			job_decide(j, t->from, t->to, APPLIED_UNKNOWN, NULL);
		job_drop_gone(j, t->from, t->to);
	}
	if (r == 0 && j->batch->verb == MUTATION_MOVE)
		return job_remove(j, t->from, t->to, false, err);
	job_decide(j, t->from, t->to, APPLIED_DONE, NULL);
	return r;
}

/* One command's worth, [from, to). */
static int piece(struct job *j, size_t from, size_t to, struct err *err)
{
	bool moves = j->batch->verb == MUTATION_MOVE && j->imap->plan.move;
	int r = 0;

	for (int n = 1; r == 0 && n <= MOVE_TRIES; n++) {
		g_autoptr(GString) set = g_string_new(NULL);
		struct trial t = {
			.job = j, .from = from, .to = to, .moves = moves, .last = n == MOVE_TRIES
		};

		if (!job_rest(j, from, to, set))
			break;
		r = moves ? move_of(&t, set->str, err) : copy_of(&t, set->str, err);
	}
	return r;
}

static int act(struct job *j, struct err *err)
{
	size_t at = 0;
	int r = 0;

	while (r == 0 && at < j->n) {
		g_autoptr(GString) set = g_string_new(NULL);
		size_t from = job_set(j, &at, set);

		r = piece(j, from, at, err);
	}
	return r;
}

int job_move(struct job *j, struct err *err)
{
	const struct mutation_batch *b = j->batch;
	bool move = b->verb == MUTATION_MOVE;
	int r = 0;

	if (!b->target_path)
		return err_set(err, ERR_USAGE, _("A move needs a mailbox to move to."));
	if (move && strcmp(b->source_path, b->target_path) == 0) {
		job_decide(j, 0, j->n, APPLIED_DONE, NULL);
		return 0;
	}
	if (move && !j->imap->plan.move && !rights_keep(j->imap, FLAG_DELETED, NULL))
		return err_set(err, ERR_REFUSED,
			_("The server does not let you delete messages in the mailbox %s."),
			b->source_path);
	if (b->uncertain && b->mark[0]) /* without a mark nothing was sent */
		r = job_doubt(j, err);
	return r < 0 ? r : act(j, err);
}
