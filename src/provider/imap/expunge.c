/*
 * Taking messages out of a mailbox for ever.
 *
 * \Deleted is put on exactly our messages, and UID EXPUNGE (RFC 4315) names
 * them; both leave in one flight, for if the first is refused the second finds
 * nothing of ours to remove but what somebody else had marked.  Without UIDPLUS
 * they stay marked: a plain EXPUNGE or CLOSE would also take what others have
 * marked, and neither of the two is in this program.  With UIDPLUS none of ours
 * stays marked: what cannot be removed loses the mark again.
 */
#include "base/i18n.h"
#include "model/flags.h"
#include "provider/imap/job.h"
#include "provider/imap/rights.h"

enum { LOOK, MARK, EXPUNGE, COMMANDS }; /* in the order in which they leave */

static int on_answer(struct imap *i, const struct response *r, void *ctx, struct err *err)
{
	(void)i;
	(void)err;
	job_there(ctx, r);
	return 0;
}

static int send_all(struct job *j, struct sent *x, size_t from, size_t to, const char *set,
	bool look, struct err *err)
{
	int r = look ? job_ask(j, from, to, set, &x[LOOK], err) : 0;

	if (r == 0)
		r = job_send(j, "UID STORE ", set, " +FLAGS.SILENT (\\Deleted)", &x[MARK], err);
	if (r == 0 && j->imap->plan.uidplus)
		r = job_send(j, "UID EXPUNGE ", set, "", &x[EXPUNGE], err);
	return r;
}

/* The server said no.  What was to be removed may be marked now, or even removed. */
static int refused(struct job *j, size_t from, size_t to, const struct answer *a, struct err *err)
{
	int later = job_postponed(a, err);

	job_decide(j, from, to, later ? APPLIED_UNKNOWN : APPLIED_REFUSED, a);
	return later;
}

/* They may be marked but not removed: whoever expunges the mailbox later must not take them.  That
 * the server may refuse this, too, changes nothing. */
static int unmark(struct job *j, const char *set, struct err *err)
{
	struct sent x;
	int r = job_send(j, "UID STORE ", set, " -FLAGS.SILENT (\\Deleted)", &x, err);

	return r < 0 ? r : job_hear(j, &x, 1, NULL, NULL, err);
}

static int expunge_refused(struct job *j, size_t from, size_t to, const char *set,
	const struct answer *a, struct err *err)
{
	int r = job_postponed(a, err) < 0 ? 0 : unmark(j, set, err);

	if (r < 0) {
		job_decide(j, from, to, APPLIED_UNKNOWN, a);
		return r;
	}
	return refused(j, from, to, a, err);
}

int job_remove(struct job *j, size_t from, size_t to, bool look, struct err *err)
{
	g_autoptr(GString) set = g_string_new(NULL);
	struct sent x[COMMANDS] = { 0 };
	int r = 0;

	if (!job_rest(j, from, to, set))
		return 0;
	r = send_all(j, x, from, to, set->str, look, err);
	if (r == 0)
		r = job_hear(j, x, COMMANDS, on_answer, j, err);
	if (r < 0) {
		job_decide(j, from, to, APPLIED_UNKNOWN, NULL);
		return r;
	}
	if (look && x[LOOK].answer.status == ANSWER_OK)
		job_drop_gone(j, from, to);
	if (x[MARK].answer.status != ANSWER_OK)
		return refused(j, from, to, &x[MARK].answer, err);
	if (x[EXPUNGE].tag && x[EXPUNGE].answer.status != ANSWER_OK)
		return expunge_refused(j, from, to, set->str, &x[EXPUNGE].answer, err);
	for (size_t n = from; n < to; n++)
		if (j->picks[n].open)
			j->picks[n].out->marked = !x[EXPUNGE].tag;
	job_decide(j, from, to, APPLIED_DONE, NULL);
	return 0;
}

/* In doubt: what is not in the source any more is done. */
static int look_first(struct job *j, size_t from, size_t to, const char *set, struct err *err)
{
	int r = job_look(j, from, to, set, err);

	for (size_t n = from; r == 0 && n < to; n++)
		if (!j->picks[n].there)
			job_decide(j, n, n + 1, APPLIED_DONE, NULL);
	return r;
}

int job_expunge(struct job *j, struct err *err)
{
	bool doubt = j->batch->uncertain;
	size_t at = 0;
	int r = 0;

	if (!rights_keep(j->imap, FLAG_DELETED, NULL))
		return err_set(err, ERR_REFUSED,
			_("The server does not let you delete messages in the mailbox %s."),
			j->batch->source_path);
	while (r == 0 && at < j->n) {
		g_autoptr(GString) set = g_string_new(NULL);
		size_t from = job_set(j, &at, set);

		if (set->len && doubt)
			r = look_first(j, from, at, set->str, err);
		if (r == 0)
			r = job_remove(j, from, at, !doubt, err);
	}
	return r;
}
