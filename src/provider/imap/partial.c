#include "provider/imap/partial.h"

#include <inttypes.h>
#include <jansson.h>
#include <string.h>

#include "base/i18n.h"
#include "base/log.h"
#include "base/mem.h"
#include "provider/imap/select.h"
#include "provider/imap/skeleton.h"

enum {
	PARTIAL_ITEMS = 40, /* sections of one command, which stays under 8 KiB (RFC 7162, 4) */
	PARTIAL_COMMANDS = (SKELETON_WANTS_MAX + PARTIAL_ITEMS - 1) / PARTIAL_ITEMS,
};

/* --- the flight that opens ------------------------------------------------------------ */

struct opening {
	struct selecting mailbox; /* its tag: awaited, 0 = not */
	untagged_fn fn;
	void *ctx;
};

static bool is_open(const struct imap *i, const char *path)
{
	return i->sel.path && strcmp(i->sel.path, path) == 0 &&
	       (i->sel.writable || !i->base.account->two_way);
}

static int open_mailbox(struct imap *i, struct opening *o, const char *path, struct err *err)
{
	if (is_open(i, path))
		return 0;
	if (imap_distrusted(i)) /* one thing at a time */
		return imap_select(i, path, true, false, err);
	return select_send(i, &o->mailbox, path, SELECT_WRITE, NULL, err);
}

static int send_fetch(struct imap *i, uint64_t uid, const char *items, uint64_t literal_max,
	uint32_t *tag, struct err *err)
{
	AUTO(command_release) struct command c = { 0 };

	command_init(&c, i, "UID FETCH ");
	g_string_append_printf(c.text, "%" PRIu64 " %s", uid, items);
	return imap_send(i, &c, literal_max, tag, err);
}

static int on_opening(struct imap *i, const struct response *r, void *ctx, struct err *err)
{
	struct opening *o = ctx;

	if (o->mailbox.tag) /* before its end no answer is about the message */
		select_note(&o->mailbox, r);
	else
		return o->fn(i, r, o->ctx, err);
	return 0;
}

static void end_opening(struct imap *i, struct opening *o, const struct response *r,
	struct err *refusal)
{
	struct answer a;

	o->mailbox.tag = 0;
	answer_parse(r, &a);
	(void)select_end(i, &o->mailbox, &a, refusal); /* refusal->code tells */
}

static int check_validity(const struct imap *i, const struct body_ref *ref, struct err *err)
{
	if (!ref->uidvalidity || ref->uidvalidity == i->sel.uidvalidity)
		return 0;
	return err_set(err, ERR_GONE,
		_("The mailbox was made anew on the server; the message has another place now."));
}

/* Reads until the FETCH is answered; a mailbox that cannot be opened is told then, in step. */
static int land(struct imap *i, struct opening *o, uint32_t tag, struct answer *a,
	struct err *refusal, struct err *err)
{
	struct response r;
	int n;

	do {
		n = imap_read(i, STREAM_READ_MS, on_opening, o, &r, err);
		if (n == 0 && r.kind == RESPONSE_TAGGED && o->mailbox.tag &&
			r.tag == o->mailbox.tag)
			end_opening(i, o, &r, refusal);
	} while (n == 0 && !(r.kind == RESPONSE_TAGGED && r.tag == tag));
	if (n == 0)
		answer_parse(&r, a);
	return n;
}

int imap_open_fetch(struct imap *i, const struct body_ref *ref, const char *items,
	uint64_t literal_max, untagged_fn fn, void *ctx, struct answer *a, struct err *err)
{
	struct opening o = { .fn = fn, .ctx = ctx };
	struct err refusal = { 0 };
	uint32_t tag;
	int n = open_mailbox(i, &o, ref->mailbox_path, err);

	if (n == 0 && !o.mailbox.tag)
		n = check_validity(i, ref, err);
	if (n == 0)
		n = send_fetch(i, ref->uid, items, literal_max, &tag, err);
	if (n == 0)
		n = land(i, &o, tag, a, &refusal, err);
	if (n == 0 && refusal.code) {
		*err = refusal;
		return refusal.code;
	}
	if (n == 0 && o.mailbox.tag)
		return err_set(err, ERR_PROTOCOL,
			_("The server answered out of order; the connection was closed."));
	return n < 0 ? n : check_validity(i, ref, err);
}

/* --- the message without its attachments ------------------------------------------------ */

struct partial {
	uint64_t uid;
	struct skeleton *skeleton;
	char *header;
	size_t header_n;
	const char *why; /* it has to come whole */
	bool nonsense;	 /* ... because the server did not answer what was asked */
};

static void partial_release(struct partial *p)
{
	skeleton_free(&p->skeleton);
	g_clear_pointer(&p->header, g_free);
}

static int on_outline(struct imap *i, const struct response *r, void *ctx, struct err *err)
{
	struct partial *p = ctx;
	struct scan s = r->rest;
	struct fetch f;

	(void)i;
	(void)err;
	if (!slice_is(r->word, "FETCH") || !fetch_parse(r->number, &s, &f) || f.uid != p->uid)
		return 0;
	if (p->skeleton || p->header || !(f.has & FETCH_HEADER) || !f.header.p || f.has & FETCH_DAMAGED)
		return 0;
	p->header = g_malloc(f.header.n + 1);
	p->header_n = slice_copy(f.header, p->header);
	if (f.has & FETCH_STRUCTURE && f.structure.p)
		p->skeleton = skeleton_new(f.structure, &p->why);
	return 0;
}

/* What the message is made of, and its header. */
static int read_outline(struct imap *i, const struct body_ref *ref, struct partial *p,
	struct err *err)
{
	struct answer a = { 0 };
	int r = imap_open_fetch(i, ref, "(UID BODYSTRUCTURE BODY.PEEK[HEADER])", 0, on_outline, p,
		&a, err);

	if (r < 0)
		return r;
	if (!p->skeleton && !p->why) {
		p->why = "no outline";
		p->nonsense = p->header != NULL || a.status != ANSWER_OK;
	}
	if (p->skeleton && ref->message_id_header && *ref->message_id_header &&
		!imap_header_names(p->header, p->header_n, ref->message_id_header))
		p->why = "another id";
	return 0;
}

static int on_sections(struct imap *i, const struct response *r, void *ctx, struct err *err)
{
	struct fetch_section came[PARTIAL_ITEMS];
	struct partial *p = ctx;
	struct scan s = r->rest;
	struct fetch f;

	(void)i;
	(void)err;
	if (!slice_is(r->word, "FETCH") ||
		!fetch_sections(r->number, &s, &f, came, PARTIAL_ITEMS) || f.uid != p->uid)
		return 0;
	for (size_t n = 0; n < f.n_sections; n++)
		skeleton_take(p->skeleton, &came[n]);
	return 0;
}

/* The next sections, from *at on. */
static int ask_sections(struct imap *i, const struct partial *p, size_t *at, uint32_t *tag,
	struct err *err)
{
	g_autoptr(GString) items = g_string_new("(UID");
	size_t end = MIN(*at + PARTIAL_ITEMS, skeleton_wants(p->skeleton));

	while (*at < end)
		g_string_append_printf(items, " BODY.PEEK[%s]",
			skeleton_want(p->skeleton, (*at)++));
	g_string_append_c(items, ')');
	return send_fetch(i, p->uid, items->str, SKELETON_KEEP_MAX, tag, err);
}

/* A tagged answer to one of the commands; how many are still awaited. */
static size_t answered(struct partial *p, uint32_t *tags, size_t n, const struct response *r)
{
	size_t left = 0;
	struct answer a;

	for (size_t k = 0; k < n; k++) {
		if (tags[k] == r->tag) {
			tags[k] = 0;
			answer_parse(r, &a);
			p->nonsense |= a.status != ANSWER_OK;
		}
		left += tags[k] != 0;
	}
	return left;
}

/* All of them, in one flight. */
static int read_sections(struct imap *i, struct partial *p, struct err *err)
{
	uint32_t tags[PARTIAL_COMMANDS];
	size_t n = 0, at = 0, left;
	struct response r;
	int e = 0;

	while (e == 0 && at < skeleton_wants(p->skeleton))
		e = ask_sections(i, p, &at, &tags[n++], err);
	left = n;
	while (e == 0 && left > 0) {
		e = imap_read(i, STREAM_READ_MS, on_sections, p, &r, err);
		if (e == 0 && r.kind == RESPONSE_TAGGED)
			left = answered(p, tags, n, &r);
	}
	if (p->nonsense)
		p->why = "refused";
	return e;
}

static int write_file(struct partial *p, int fd, struct body_rest *rest, struct err *err)
{
	struct slice header = { .p = p->header, .n = p->header_n };
	int r = skeleton_write(p->skeleton, header, fd, rest->holes, &rest->n, &p->why, err);

	p->nonsense = r == 0;
	if (r <= 0)
		rest->n = 0;
	return r;
}

int imap_partial(struct imap *i, const struct body_ref *ref, int fd, struct body_rest *rest,
	struct err *err)
{
	AUTO(partial_release) struct partial p = { .uid = ref->uid };
	int r = read_outline(i, ref, &p, err);

	if (r == 0 && !p.why)
		r = read_sections(i, &p, err);
	if (r == 0 && !p.why)
		r = write_file(&p, fd, rest, err);
	if (p.nonsense)
		i->whole_only = true; /* on this connection it is not asked again */
	if (p.why)
		log_event(LOG_INFO, "imap-whole", "s:s, s:I, s:s", "account",
			i->base.account->name, "uid", (json_int_t)ref->uid, "why", p.why);
	return r;
}
