/*
 * A message of ours into a mailbox (RFC 3501, section 6.3.11), streamed from its
 * file.
 *
 * Small ones follow their command at once where the server takes that (RFC
 * 7888); large ones wait for its "+", so that a refusal costs no more than a
 * round trip.  In doubt the target is looked at first: a message is there once.
 */
#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/i18n.h"
#include "base/mem.h"
#include "model/flags.h"
#include "provider/imap/job.h"

enum {
	APPEND_PIECE = 64 * 1024,
	APPEND_AHEAD_MAX = 64 * 1024, /* bytes of a message that is sent without being asked for */
	APPEND_DATE_MAX = 32,
};

/* --- the file -------------------------------------------------------------------------- */

static int unreadable(struct err *err)
{
	return err_set(err, ERR_STORAGE, _("The message to be stored on the server cannot be read: %s."),
		errno ? g_strerror(errno) : _("it has become shorter"));
}

/* What may not be in a message on its way: words, or NULL.  *last: the byte before p. */
static const char *fault(const char *p, size_t n, char *last)
{
	for (size_t k = 0; k < n; k++) {
		char before = *last;

		*last = p[k];
		if (p[k] == '\0')
			return _("The message has a NUL byte in it, which no mail may have; it was not "
				 "sent to the server.");
		if ((p[k] == '\n') != (before == '\r'))
			return _("A line of the message does not end with CR LF; it was not sent to the "
				 "server.");
	}
	return NULL;
}

/* Reads all of it once: its size, and whether it may be sent. */
static int inspect(int fd, uint64_t *size, const char **words, struct err *err)
{
	g_autofree char *piece = g_malloc(APPEND_PIECE);
	char last = '\0';
	ssize_t n;

	*size = 0;
	*words = NULL;
	errno = 0;
	while (!*words && (n = pread(fd, piece, APPEND_PIECE, (off_t)*size)) != 0) {
		if (n < 0)
			return unreadable(err);
		*words = fault(piece, (size_t)n, &last);
		*size += (uint64_t)n;
	}
	if (!*words && last == '\r')
		*words = fault("x", 1, &last);
	return 0;
}

static int stream_file(struct imap *i, int fd, uint64_t size, struct err *err)
{
	g_autofree char *piece = g_malloc(APPEND_PIECE);
	uint64_t at = 0;
	int r = 0;

	while (r == 0 && at < size) {
		ssize_t n = pread(fd, piece, (size_t)MIN(APPEND_PIECE, size - at), (off_t)at);

		if (n <= 0) {
			errno = n < 0 ? errno : 0;
			return unreadable(err);
		}
		r = wire_write(i->wire, piece, (size_t)n, err);
		at += (uint64_t)n;
	}
	return r < 0 ? r : wire_write(i->wire, "\r\n", 2, err);
}

/* --- the command ------------------------------------------------------------------------- */

/* RFC 3501, date-time, in UTC. */
static void write_date(int64_t when, char *out)
{
	static const char *const months[] = { "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug",
		"Sep", "Oct", "Nov", "Dec" };
	time_t t = (time_t)when;
	struct tm tm;

	*out = '\0';
	if (when > 0 && gmtime_r(&t, &tm) && tm.tm_year <= 9999 - 1900)
		g_snprintf(out, APPEND_DATE_MAX, " \"%2d-%s-%04d %02d:%02d:%02d +0000\"", tm.tm_mday,
			months[tm.tm_mon], tm.tm_year + 1900, tm.tm_hour, tm.tm_min, tm.tm_sec);
}

static int write_command(struct job *j, const struct pick *p, uint64_t size, struct command *c,
	struct err *err)
{
	const struct mutation_batch *b = j->batch;
	bool words = b->add_keywords && *b->add_keywords;
	char names[FLAGS_NAMES_MAX], date[APPEND_DATE_MAX];
	int r;

	flags_to_imap(b->add, names);
	write_date(p->item->received_at, date);
	command_init(c, j->imap, "APPEND ");
	r = command_mailbox(j->imap, c, b->target_path, err);
	if (r == 0 && (*names || words))
		g_string_append_printf(c->text, " (%s%s%s)", names, *names && words ? " " : "",
			words ? b->add_keywords : "");
	g_string_append_printf(c->text, "%s {%" PRIu64 "%s}", date, size,
		size <= MIN(c->literal_free, APPEND_AHEAD_MAX) ? "+" : "");
	return r;
}

/* Until the server asks for the message; *refused if it answers the command instead. */
static int await(struct imap *i, struct sent *s, struct err *err)
{
	struct response r;
	int n;

	do {
		n = imap_read(i, STREAM_READ_MS, NULL, NULL, &r, err);
		if (n == 0 && r.kind == RESPONSE_TAGGED && r.tag == s->tag) {
			answer_parse(&r, &s->answer);
			s->done = true;
		}
	} while (n == 0 && !s->done && r.kind != RESPONSE_CONTINUE);
	return n;
}

/* "APPENDUID uidvalidity uid" (RFC 4315); an odd one says nothing. */
static int on_answer(struct imap *i, const struct response *r, void *ctx, struct err *err)
{
	struct pick *p = ctx;
	struct resp_text t;
	uint64_t uidvalidity, uid;

	(void)i;
	(void)err;
	if (r->kind != RESPONSE_TAGGED || !slice_is(r->word, "OK"))
		return 0;
	resp_text_parse(r->rest, &t);
	if (!slice_is(t.code, "APPENDUID") || !scan_number(&t.args, &uidvalidity))
		return 0;
	scan_blanks(&t.args);
	if (!scan_number(&t.args, &uid) || uidvalidity > UINT32_MAX || uid > UINT32_MAX)
		return 0;
	p->target_uid = uid;
	p->out->target_uidvalidity = (uint32_t)uidvalidity;
	return 0;
}

/* --- one message --------------------------------------------------------------------------- */

static void refuse(struct job *j, size_t n, const char *words)
{
	struct answer a = { .status = ANSWER_NO };

	g_strlcpy(a.text, words, sizeof a.text);
	job_decide(j, n, n + 1, APPLIED_REFUSED, &a);
}

static int judge(struct job *j, size_t n, const struct answer *a, struct err *err)
{
	g_autofree char *words = NULL;

	if (job_postponed(a, err) < 0)
		return ERR_RETRY; /* nothing was judged */
	if (a->status == ANSWER_OK) {
		job_decide(j, n, n + 1, APPLIED_DONE, NULL);
		return 0;
	}
	if (answer_code(a, "TRYCREATE"))
		words = g_strdup_printf(
			_("The mailbox %s is not on the server: %s"), j->batch->target_path, a->text);
	refuse(j, n, words ? words : a->text);
	return 0;
}

/* The command is on its way: until the message is, nothing can have come of it. */
static int transfer(struct job *j, size_t n, uint64_t size, struct sent *s, struct err *err)
{
	struct pick *p = &j->picks[n];
	AUTO(command_release) struct command c = { 0 };
	int r = write_command(j, p, size, &c, err);
	bool ahead = c.text && g_str_has_suffix(c.text->str, "+}");

	if (r == 0)
		r = imap_send(j->imap, &c, 0, &s->tag, err);
	if (r == 0 && !ahead)
		r = await(j->imap, s, err);
	if (r == 0 && !s->done)
		r = stream_file(j->imap, p->item->fd, size, err);
	return r;
}

static int append_one(struct job *j, size_t n, struct err *err)
{
	struct pick *p = &j->picks[n];
	struct sent s = { 0 };
	const char *words;
	uint64_t size;
	struct err why = { 0 };
	int r = inspect(p->item->fd, &size, &words, &why);

	if (r < 0)
		words = why.text;
	if (words || (j->imap->plan.append_max && size > j->imap->plan.append_max)) {
		refuse(j, n, words ? words : _("The message is larger than the server takes."));
		return 0;
	}
	r = transfer(j, n, size, &s, err);
	if (r == ERR_STORAGE) {
		imap_drop(j->imap); /* in the middle of a message: it comes to nothing */
		refuse(j, n, err->text);
		return err->code = ERR_OFFLINE;
	}
	if (r == 0)
		r = job_hear(j, &s, 1, on_answer, p, err);
	if (r < 0) {
		job_decide(j, n, n + 1, APPLIED_UNKNOWN, NULL);
		return r;
	}
	return judge(j, n, &s.answer, err);
}

/* In doubt: those that came to the target since the mark are done. */
static int look_first(struct job *j, struct err *err)
{
	int r = job_search(j, err);

	for (size_t n = 0; r == 0 && n < j->n; n++)
		if (j->picks[n].target_uid)
			job_decide(j, n, n + 1, APPLIED_DONE, NULL);
	return r;
}

int job_append(struct job *j, struct err *err)
{
	int r = 0;

	if (!j->batch->target_path)
		return err_set(err, ERR_USAGE, _("A message needs a mailbox to be put into."));
	if (j->batch->uncertain && j->batch->mark[0]) /* without a mark nothing was sent */
		r = look_first(j, err);
	for (size_t n = 0; r == 0 && n < j->n; n++)
		if (j->picks[n].open)
			r = append_one(j, n, err);
	return r;
}
