#include "net/press.h"

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>
#include <zlib.h>

#include "base/i18n.h"
#include "base/mem.h"

enum {
	RAW_WINDOW = -15, /* no zlib header: RFC 4978, section 3 */
	MEMORY_LEVEL = 8,
};

struct press {
	z_stream in, out;
	bool flushed; /* nothing of the last press_put is left */
	bool peeked;  /* `ahead` is the next plain byte */
	unsigned char ahead;
	unsigned char came[PRESS_PIECE], leaves[PRESS_PIECE];
};

struct press *press_new(struct err *err)
{
	struct press *p = g_new0(struct press, 1);

	p->flushed = true;
	if (inflateInit2(&p->in, RAW_WINDOW) == Z_OK) {
		if (deflateInit2(&p->out, Z_DEFAULT_COMPRESSION, Z_DEFLATED, RAW_WINDOW,
			    MEMORY_LEVEL, Z_DEFAULT_STRATEGY) == Z_OK)
			return p;
		inflateEnd(&p->in);
	}
	g_free(p);
	err_set(err, ERR_RETRY, _("Compression cannot be set up."));
	return NULL;
}

void press_free(struct press **p)
{
	struct press *x = TAKE(*p);

	if (!x)
		return;
	inflateEnd(&x->in);
	deflateEnd(&x->out);
	explicit_bzero(x, sizeof *x);
	g_free(x);
}

void press_put(struct press *p, const void *plain, size_t n)
{
	p->out.next_in = (unsigned char *)(uintptr_t)plain;
	p->out.avail_in = (uInt)n;
	p->flushed = false;
}

size_t press_packed(struct press *p, const void **out)
{
	if (p->flushed)
		return 0;
	p->out.next_out = p->leaves;
	p->out.avail_out = sizeof p->leaves;
	(void)deflate(&p->out, Z_SYNC_FLUSH); /* cannot fail: state and buffers are sound */
	p->flushed = p->out.avail_out > 0;
	*out = p->leaves;
	return sizeof p->leaves - p->out.avail_out;
}

void *press_space(struct press *p, size_t *cap)
{
	*cap = sizeof p->came;
	return p->came;
}

void press_got(struct press *p, size_t n)
{
	p->in.next_in = p->came;
	p->in.avail_in = (uInt)n;
}

/* zlib may hold plain bytes even when it has eaten all that came, so it is always asked. */
static ssize_t unpack(struct press *p, unsigned char *buf, size_t cap, struct err *err)
{
	int r;

	p->in.next_out = buf;
	p->in.avail_out = (uInt)MIN(cap, PRESS_UNPACK_MAX);
	cap = p->in.avail_out;
	r = inflate(&p->in, Z_SYNC_FLUSH);
	if (cap > p->in.avail_out)
		return (ssize_t)(cap - p->in.avail_out);
	if (r == Z_OK || r == Z_BUF_ERROR)
		return 0;
	return err_set(err, ERR_PROTOCOL,
		_("The server's compressed data is damaged; the connection was closed."));
}

ssize_t press_unpack(struct press *p, void *buf, size_t cap, struct err *err)
{
	ssize_t n = 0;
	unsigned char *to = buf;

	if (p->peeked) {
		*to++ = p->ahead;
		p->peeked = false;
		n = cap > 1 ? unpack(p, to, cap - 1, NULL) : 0;
		return n > 0 ? n + 1 : 1; /* damage behind it shows at the next call */
	}
	return unpack(p, to, cap, err);
}

int press_has(struct press *p, struct err *err)
{
	ssize_t n = p->peeked ? 1 : unpack(p, &p->ahead, 1, err);

	p->peeked = n > 0;
	return (int)n;
}
