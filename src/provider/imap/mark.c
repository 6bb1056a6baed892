/*
 * The mark: where a target stood before anything was put into it, so that a
 * lost answer can be looked into (doubt.c).
 *
 * The source is opened in the same flight, so that the change itself needs no
 * round trip for it.  What that SELECT says is of no interest here; apply() finds
 * the mailbox selected or opens it again.
 */
#include <inttypes.h>
#include <string.h>

#include "base/mem.h"
#include "provider/imap/job.h"
#include "provider/imap/select.h"
#include "provider/imap/status.h"

/* The STATUS of one mailbox; with NOTIFY that of others may come with it, or news of this one. */
struct marking {
	const char *path;
	struct box_status status;
	struct selecting source; /* its tag: 0 = the source needs no opening, or was answered */
	struct answer answer;
	uint32_t tag; /* of the STATUS; 0 = answered */
};

static void status_told(struct imap *i, const struct response *r, struct marking *m)
{
	g_autofree char *path = NULL;
	struct box_status status;
	struct slice name, id;

	if (!status_read(r, &name, &status, &id) || !status.uidvalidity || !status.uidnext)
		return;
	path = imap_path(i, name);
	if (strcmp(path, m->path) == 0 || (g_ascii_strcasecmp(path, m->path) == 0 &&
						  g_ascii_strcasecmp(path, "INBOX") == 0))
		m->status = status;
}

static int on_answer(struct imap *i, const struct response *r, void *ctx, struct err *err)
{
	struct marking *m = ctx;

	(void)err;
	if (m->source.tag)
		select_note(&m->source, r);
	status_told(i, r, m);
	return 0;
}

/* The SELECT leaves before the STATUS: of what is selected, servers need not tell it. */
static int send_both(struct imap *i, const struct mutation_batch *b, struct marking *m,
	struct err *err)
{
	AUTO(command_release) struct command c = { 0 };
	bool open = i->sel.path && i->sel.writable && g_strcmp0(i->sel.path, b->source_path) == 0;
	int r = 0;

	if (b->source_path && !open)
		r = select_send(i, &m->source, b->source_path, SELECT_WRITE, NULL, err);
	command_init(&c, i, "STATUS ");
	if (r == 0)
		r = command_mailbox(i, &c, b->target_path, err);
	command_add(&c, " (UIDVALIDITY UIDNEXT)");
	return r < 0 ? r : imap_send(i, &c, 0, &m->tag, err);
}

static int hear_both(struct imap *i, struct marking *m, struct err *err)
{
	struct response r;
	struct answer a;
	int n = 0;

	while (n == 0 && (m->tag || m->source.tag)) {
		n = imap_read(i, STREAM_READ_MS, on_answer, m, &r, err);
		if (n < 0 || r.kind != RESPONSE_TAGGED)
			continue;
		if (r.tag == m->tag) {
			m->tag = 0;
			answer_parse(&r, &m->answer);
		} else if (r.tag == m->source.tag) {
			m->source.tag = 0;
			answer_parse(&r, &a);
			(void)select_end(i, &m->source, &a, NULL);
		}
	}
	return n;
}

int job_mark(struct imap *i, struct mutation_batch *b, struct err *err)
{
	struct marking m = { .path = b->target_path };
	int r = send_both(i, b, &m, err);

	if (r == 0)
		r = hear_both(i, &m, err);
	if (r < 0)
		return r;
	if (m.answer.status != ANSWER_OK)
		return answer_error(&m.answer, err);
	/* "0 0": all of it is looked at, which is slow but right */
	g_snprintf(b->mark, sizeof b->mark, "%" PRIu32 " %" PRIu32, m.status.uidvalidity,
		m.status.uidnext);
	return 0;
}
