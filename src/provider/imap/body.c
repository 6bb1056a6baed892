#include <inttypes.h>
#include <jansson.h>

#include "base/i18n.h"
#include "base/log.h"
#include "base/mem.h"
#include "provider/imap/command.h"

struct wanted {
	uint64_t uid;
	uint64_t size; /* RFC822.SIZE of the answer that brought the body */
	bool came;     /* an answer for this uid, with a body in it, was read */
};

static int on_body(struct imap *i, const struct response *r, void *ctx, struct err *err)
{
	struct wanted *w = ctx;
	struct scan s = r->rest;
	struct fetch f;

	(void)i;
	(void)err;
	if (!slice_is(r->word, "FETCH") || !fetch_parse(r->number, &s, &f))
		return 0;
	if (f.uid != w->uid || !(f.has & FETCH_BODY))
		return 0;
	w->came = true;
	w->size = f.size;
	return 0;
}

/* The command and its answer; the body goes to fd on the way. */
static int fetch_body(struct imap *i, struct wanted *w, int fd, struct answer *a, struct err *err)
{
	AUTO(command_release) struct command c = { 0 };
	struct response r;
	uint32_t tag;
	int n;

	command_init(&c, i, "UID FETCH ");
	g_string_append_printf(c.text, "%" PRIu64 " (UID RFC822.SIZE BODY.PEEK[])", w->uid);
	wire_body_to(i->wire, fd);
	n = imap_send(i, &c, GUARD_BODY_MAX, &tag, err);
	do {
		if (n == 0)
			n = imap_read(i, STREAM_READ_MS, on_body, w, &r, err);
	} while (n == 0 && !(r.kind == RESPONSE_TAGGED && r.tag == tag));
	if (n == 0)
		answer_parse(&r, a);
	return n;
}

/*
 * Is what came the whole message?  The literal itself is complete, else the
 * connection had broken; some servers tell an estimate as RFC822.SIZE, so a
 * difference is noted and only an empty body of a non-empty message refused.
 */
static int judge(struct imap *i, const struct wanted *w, int64_t bytes, struct err *err)
{
	if (!w->came)
		return err_set(err, ERR_GONE, _("The message is no longer on the server."));
	if (bytes <= 0 && w->size > 0)
		return err_set(err, ERR_PROTOCOL,
			_("The server sent an empty message instead of the real one."));
	if ((uint64_t)bytes != w->size)
		log_event(LOG_WARN, "imap-size-differs", "s:s, s:I, s:I, s:I", "account",
			i->base.account->name, "uid", (json_int_t)w->uid, "told",
			(json_int_t)w->size, "came", (json_int_t)bytes);
	return 0;
}

static int read_body(struct imap *i, const struct body_ref *ref, int fd, struct err *err)
{
	struct wanted w = { .uid = ref->uid };
	struct answer a = { 0 };
	int r = imap_select(i, ref->mailbox_path, true, false, err);
	int64_t bytes;

	if (r < 0)
		return r;
	if (ref->uidvalidity && ref->uidvalidity != i->sel.uidvalidity)
		return err_set(err, ERR_GONE,
			_("The mailbox was made anew on the server; the message has another place "
			  "now."));
	r = fetch_body(i, &w, fd, &a, err);
	if (r < 0)
		return r; /* the wire is dropped with its body_to */
	bytes = wire_body_bytes(i->wire);
	wire_body_to(i->wire, -1);
	if (a.status != ANSWER_OK)
		return answer_error(&a, err);
	return judge(i, &w, bytes, err);
}

int imap_body(struct provider *p, const struct body_ref *ref, int fd, struct err *err)
{
	struct imap *i = imap_of(p);
	int r = imap_ready(i, err);

	if (r == 0 && (ref->uid == 0 || ref->uid > UINT32_MAX))
		r = err_set(err, ERR_GONE, _("The message is no longer on the server."));
	if (r == 0)
		r = read_body(i, ref, fd, err);
	return imap_settle(i, r);
}
