/*
 * Many raw messages of one mailbox, at the speed of the line.
 *
 * Several commands with many uids each are in flight, so that the server always
 * has something to send.  Each message is asked for as a first piece of one byte
 * more than is wanted: what fills that is larger and left out, and no message
 * of 50 MB ever stands in memory.
 */
#include "base/i18n.h"
#include "base/mem.h"
#include "provider/imap/command.h"
#include "provider/imap/uidset.h"

enum {
	BODIES_IN_FLIGHT = 4,
	BODIES_COMMAND = 200, /* messages in one command */
	BODIES_ASK = BODIES_PIECE_MAX + 1,
};

struct reading {
	struct imap *imap;
	const uint64_t *uids; /* ascending, without doubles */
	size_t n, asked;
	uint32_t tags[BODIES_IN_FLIGHT]; /* 0 = free */
	unsigned in_flight;
	struct body_sink *out;
};

static int on_body(struct imap *i, const struct response *r, void *ctx, struct err *err)
{
	struct reading *b = ctx;
	struct scan s = r->rest;
	struct fetch f;
	int n;

	(void)i;
	if (!slice_is(r->word, "FETCH") || !fetch_parse(r->number, &s, &f))
		return 0;
	if (!(f.has & FETCH_BODY) || !f.body.p || f.body.escaped || f.body.n >= BODIES_ASK)
		return 0; /* news of flags, nothing, or too large */
	if (!uidset_has(b->uids, b->n, f.uid))
		return 0;
	n = b->out->body(b->out, f.uid, f.body.p, f.body.n, err);
	return n < 0 ? n : 0;
}

static int ask(struct reading *b, struct err *err)
{
	AUTO(command_release) struct command c = { 0 };
	unsigned at = 0;

	while (b->tags[at])
		at++;
	command_init(&c, b->imap, "UID FETCH ");
	b->asked += uidset_write(
		c.text, b->uids + b->asked, MIN(b->n - b->asked, BODIES_COMMAND));
	g_string_append_printf(c.text, " (UID BODY.PEEK[]<0.%d>)", BODIES_ASK);
	b->in_flight++;
	return imap_send(b->imap, &c, BODIES_ASK, &b->tags[at], err);
}

static int on_tagged(struct reading *b, const struct response *r, struct err *err)
{
	struct answer a;

	for (unsigned k = 0; k < BODIES_IN_FLIGHT; k++) {
		if (b->tags[k] != r->tag)
			continue;
		b->tags[k] = 0;
		b->in_flight--;
		answer_parse(r, &a);
		return a.status == ANSWER_OK ? 0 : answer_error(&a, err);
	}
	return 0;
}

/* A refusal is told when the other answers were read: the connection stays in step. */
static int read_all(struct reading *b, struct err *err)
{
	struct err refusal = { 0 };
	struct response r;
	int n = 0, refused = 0;

	while (n == 0) {
		while (n == 0 && refused == 0 && b->asked < b->n && b->in_flight < BODIES_IN_FLIGHT)
			n = ask(b, err);
		if (n < 0 || b->in_flight == 0)
			break;
		n = imap_read(b->imap, STREAM_READ_MS, on_body, b, &r, err);
		if (n == 0 && r.kind == RESPONSE_TAGGED && refused == 0)
			refused = on_tagged(b, &r, &refusal);
		else if (n == 0 && r.kind == RESPONSE_TAGGED)
			(void)on_tagged(b, &r, NULL);
	}
	if (n == 0 && refused < 0 && err)
		*err = refusal;
	return n < 0 ? n : refused;
}

static int open_box(struct imap *i, const struct mailbox *m, struct err *err)
{
	int r = imap_select(i, m->path, true, false, err);

	if (r == 0 && m->uidvalidity && m->uidvalidity != i->sel.uidvalidity)
		return err_set(err, ERR_GONE,
			_("The mailbox was made anew on the server; its messages have other "
			  "numbers now."));
	return r;
}

int imap_bodies(struct provider *p, const struct mailbox *m, const uint64_t *uids, size_t n,
	struct body_sink *out, struct err *err)
{
	struct imap *i = imap_of(p);
	g_autofree uint64_t *sorted = g_memdup2(uids, n * sizeof *uids);
	struct reading b = { .imap = i, .uids = sorted, .out = out };
	int r = imap_ready(i, err);

	if (n == 0)
		return r;
	b.n = uidset_sort(sorted, n);
	while (b.n > 0 && sorted[b.n - 1] > UINT32_MAX)
		b.n--;
	if (r == 0)
		r = open_box(i, m, err);
	if (r == 0 && !i->bulk && n >= BODIES_COMMAND)
		r = imap_bulk(i, err);
	if (r == 0)
		r = read_all(&b, err);
	return imap_settle(i, r);
}
