/*
 * One message, whole: its bytes go to the file as they come.  Large ones are
 * first tried without what nobody reads (partial.c).
 */
#include <errno.h>
#include <jansson.h>
#include <string.h>
#include <unistd.h>

#include "base/i18n.h"
#include "base/log.h"
#include "mime/header.h"
#include "provider/imap/partial.h"
#include "provider/imap/skeleton.h"

enum {
	BODY_HEADER_MAX = 256 * 1024, /* bytes in which the message's own id is looked for */
	BODY_SLACK = 16 * 1024,	      /* an RFC822.SIZE may always be wrong by this */
};

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

/* Are a and b so different that no estimate explains it? */
static bool far_off(uint64_t a, uint64_t b)
{
	return MAX(a, b) - MIN(a, b) > BODY_SLACK && MAX(a, b) / 2 > MIN(a, b);
}

bool imap_header_names(const char *head, size_t n, const char *id)
{
	return memmem(head, n, id, strlen(id)) != NULL;
}

/* Does the header in fd name the message?  True also if its end is beyond what is looked at. */
static bool names(int fd, const char *id)
{
	g_autofree char *head = g_malloc(BODY_HEADER_MAX);
	size_t have = 0, block;
	ssize_t n;

	while (have < BODY_HEADER_MAX &&
		(n = pread(fd, head + have, BODY_HEADER_MAX - have, (off_t)have)) > 0)
		have += (size_t)n;
	block = header_block_length(head, have);
	return (block == 0 && have == BODY_HEADER_MAX) ||
	       imap_header_names(head, block ? block : have, id);
}

/*
 * A number that a broken server gave to another message must not put that one
 * into the cache.  Some servers tell an estimate as RFC822.SIZE and some write
 * ids anew, so that it takes two signs: another id and another size, or, for a
 * message without an id, a size that is far off.
 */
static bool is_another(const struct body_ref *ref, uint64_t bytes, int fd)
{
	if (ref->size == bytes)
		return false;
	if (ref->message_id_header && *ref->message_id_header)
		return !names(fd, ref->message_id_header);
	return ref->size && far_off(ref->size, bytes);
}

/* Is what came the whole message, and the right one?  (Else the connection had broken.) */
static int judge(struct imap *i, const struct body_ref *ref, const struct wanted *w, int64_t bytes,
	int fd, struct err *err)
{
	if (!w->came)
		return err_set(err, ERR_GONE, _("The message is no longer on the server."));
	if (bytes <= 0 && w->size > 0)
		return err_set(err, ERR_PROTOCOL,
			_("The server sent an empty message instead of the real one."));
	if (bytes > 0 && is_another(ref, (uint64_t)bytes, fd))
		return err_set(err, ERR_PROTOCOL,
			_("The server sent another message than the one in the list; it was not "
			  "kept. Synchronise and open it again."));
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
	int64_t bytes;
	int r;

	wire_body_to(i->wire, fd);
	r = imap_open_fetch(i, ref, "(UID RFC822.SIZE BODY.PEEK[])", GUARD_BODY_MAX, on_body, &w, &a,
		err);
	if (!i->wire)
		return r;
	bytes = wire_body_bytes(i->wire);
	wire_body_to(i->wire, -1);
	if (r < 0)
		return r;
	if (a.status != ANSWER_OK)
		return answer_error(&a, err);
	return judge(i, ref, &w, bytes, fd, err);
}

/* Large messages come without what nobody reads, if the server can be trusted with such questions. */
static bool may_be_partial(const struct imap *i, const struct body_ref *ref,
	const struct body_rest *rest)
{
	return !rest->whole && ref->size >= SKELETON_FROM && !i->whole_only && !imap_distrusted(i);
}

/* What a try of the other kind left there goes. */
static int empty_again(int fd, struct err *err)
{
	if (lseek(fd, 0, SEEK_SET) < 0 || ftruncate(fd, 0) < 0)
		return err_set(err, ERR_STORAGE, _("The message cannot be written to disk: %s."),
			g_strerror(errno));
	return 0;
}

int imap_body(struct provider *p, const struct body_ref *ref, int fd, struct body_rest *rest,
	struct err *err)
{
	struct imap *i = imap_of(p);
	int r = imap_ready(i, err);

	rest->n = 0;
	if (r == 0 && (ref->uid == 0 || ref->uid > UINT32_MAX))
		r = err_set(err, ERR_GONE, _("The message is no longer on the server."));
	if (r == 0 && may_be_partial(i, ref, rest)) {
		r = imap_partial(i, ref, fd, rest, err);
		if (r > 0)
			return imap_settle(i, 0);
		if (r == 0)
			r = empty_again(fd, err);
	}
	if (r == 0)
		r = read_body(i, ref, fd, err);
	return imap_settle(i, r);
}
