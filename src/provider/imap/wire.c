#include "provider/imap/wire.h"

#include <string.h>
#include <strings.h>

#include "base/file.h"
#include "base/i18n.h"
#include "base/mem.h"

struct wire {
	struct stream *stream;
	struct guard guard;
	char *buf;
	size_t cap, pos, len; /* buf[pos, len) is not yet handed out */
	bool careful; /* one byte at a time */
	int body_fd;
	int64_t body_bytes;
};

struct wire *wire_new(struct stream **s)
{
	struct wire *w = g_new0(struct wire, 1);

	w->stream = TAKE(*s);
	w->cap = WIRE_BUFFER;
	w->buf = g_malloc(w->cap);
	w->body_fd = -1;
	w->body_bytes = -1;
	guard_init(&w->guard);
	return w;
}

void wire_free(struct wire **w)
{
	struct wire *x = *w;

	*w = NULL;
	if (!x)
		return;
	stream_close(&x->stream);
	explicit_bzero(x->buf, x->cap);
	g_free(x->buf);
	g_free(x);
}

void wire_reading(struct wire *w)
{
	guard_reading(&w->guard);
}

struct stream *wire_stream(struct wire *w)
{
	return w->stream;
}

size_t wire_pending(const struct wire *w)
{
	return w->len - w->pos;
}

void wire_careful(struct wire *w, bool on)
{
	w->careful = on;
}

int wire_compress(struct wire *w, struct err *err)
{
	if (wire_pending(w))
		return err_set(err, ERR_PROTOCOL,
			_("The server sent data where none was asked for; the connection was "
			  "closed."));
	return stream_compress(w->stream, err);
}

void wire_body_to(struct wire *w, int fd)
{
	w->body_fd = fd;
	w->body_bytes = -1;
}

int64_t wire_body_bytes(const struct wire *w)
{
	return w->body_bytes;
}

/* --- reading ------------------------------------------------------------------- */

/* Makes room behind the unread bytes. */
static int make_room(struct wire *w, struct err *err)
{
	if (w->pos && w->cap - w->len < WIRE_READ_MIN) {
		memmove(w->buf, w->buf + w->pos, w->len - w->pos);
		w->len -= w->pos;
		w->pos = 0;
	}
	if (w->cap - w->len >= WIRE_READ_MIN)
		return 0;
	if (w->cap >= WIRE_RESPONSE_MAX)
		return err_set(err, ERR_LIMIT,
			_("One answer of the server is too large; it was refused."));
	w->cap *= 2;
	w->buf = g_realloc(w->buf, w->cap);
	return 0;
}

/* Reads once; every byte passes the guard. */
static int fill(struct wire *w, int timeout_ms, struct err *err)
{
	ssize_t n;
	int r = make_room(w, err);

	if (r < 0)
		return r;
	n = stream_read(w->stream, w->buf + w->len, w->careful ? 1 : w->cap - w->len, timeout_ms,
		err);
	if (n < 0)
		return (int)n;
	r = guard_in(&w->guard, w->buf + w->len, (size_t)n, err);
	w->len += (size_t)n;
	return r;
}

static int body_write(struct wire *w, const char *p, size_t n, struct err *err)
{
	int r = fd_write_all(w->body_fd, p, n);

	w->body_bytes += (int64_t)n;
	if (r < 0)
		return err_set(err, ERR_STORAGE, _("The message cannot be written to disk: %s."),
			g_strerror(-r));
	return 0;
}

/*
 * The line that ends at *scanned (relative to pos) announces a body of `size`
 * bytes: passes it on and puts NIL where it was announced.
 */
static int body_out(struct wire *w, size_t *scanned, uint64_t size, int timeout_ms, struct err *err)
{
	char *base = w->buf + w->pos;
	char *brace = memrchr(base, '{', *scanned);
	size_t keep = (size_t)(brace - base), have = wire_pending(w) - *scanned;
	size_t now = (size_t)MIN(size, have);
	int r;

	w->body_bytes = 0;
	r = body_write(w, base + *scanned, now, err);
	memcpy(brace, "NIL", 3);
	memmove(brace + 3, base + *scanned + now, have - now);
	w->len = w->pos + keep + 3 + have - now;
	*scanned = keep + 3;
	size -= now;
	while (r == 0 && size > 0) {
		size_t at = w->len - w->pos;

		r = fill(w, timeout_ms, err);
		if (r < 0)
			return r;
		base = w->buf + w->pos;
		have = wire_pending(w) - at;
		now = (size_t)MIN(size, have);
		r = body_write(w, base + at, now, err);
		memmove(base + at, base + at + now, have - now);
		w->len -= now;
		size -= now;
	}
	return r;
}

static bool announces_body(const struct wire *w, size_t scanned)
{
	static const char item[] = "BODY[] ";
	const char *base = w->buf + w->pos;
	const char *brace = memrchr(base, '{', scanned);
	size_t n = sizeof item - 1;

	return w->body_fd >= 0 && w->body_bytes < 0 && brace && (size_t)(brace - base) >= n &&
	       strncasecmp(brace - n, item, n) == 0;
}

/* Finds the end of the answer that begins at pos, reading as needed. */
static int whole(struct wire *w, int timeout_ms, size_t *length, struct err *err)
{
	size_t line = 0, scanned = 0; /* relative to pos, which fill() may move */
	bool first = true;

	for (;;) {
		const char *base = w->buf + w->pos, *nl = NULL;
		uint64_t size = 0;
		int r;

		if (wire_pending(w) > scanned)
			nl = memchr(base + scanned, '\n', wire_pending(w) - scanned);
		if (!nl) {
			scanned = MAX(scanned, wire_pending(w));
			r = fill(w, timeout_ms, err);
			if (r < 0)
				return r;
			continue;
		}
		scanned = (size_t)(nl + 1 - base);
		if ((first && guard_is_status(base, MIN(scanned, GUARD_HEAD))) ||
			guard_announces(base + line, nl + 1, &size) <= 0) {
			*length = scanned;
			return 0;
		}
		first = false;
		if (announces_body(w, scanned)) {
			r = body_out(w, &scanned, size, timeout_ms, err);
			if (r < 0)
				return r;
		} else {
			scanned += (size_t)size;
		}
		line = scanned;
	}
}

int wire_next(struct wire *w, int timeout_ms, struct response *out, struct err *err)
{
	size_t length = 0;
	int r = whole(w, timeout_ms, &length, err);

	if (r < 0)
		return r;
	response_parse(w->buf + w->pos, w->buf + w->pos + length, out);
	w->pos += length;
	if (w->pos == w->len)
		w->pos = w->len = 0;
	return 0;
}

/* "T12" -> 12; 0 if it is not one of our tags. */
static uint32_t own_tag(struct slice tag)
{
	struct scan s = { tag.p + 1, tag.p + tag.n };
	uint64_t n;

	if (tag.n < 2 || (*tag.p != 'T' && *tag.p != 't') || !scan_number(&s, &n) || s.p != s.end ||
		n > UINT32_MAX)
		return 0;
	return (uint32_t)n;
}

void response_parse(const char *p, const char *end, struct response *out)
{
	struct scan s = { p, end };
	struct slice tag = { 0 };

	*out = (struct response){ .kind = RESPONSE_JUNK, .p = p, .end = end };
	if (scan_char(&s, '+')) {
		out->kind = RESPONSE_CONTINUE;
	} else if (scan_char(&s, '*')) {
		out->kind = RESPONSE_DATA;
	} else if (scan_atom(&s, &tag)) {
		out->tag = own_tag(tag);
		out->kind = out->tag ? RESPONSE_TAGGED : RESPONSE_JUNK;
	}
	scan_blanks(&s);
	if (out->kind == RESPONSE_DATA && scan_number(&s, &out->number))
		scan_blanks(&s);
	if (out->kind != RESPONSE_CONTINUE)
		(void)scan_atom(&s, &out->word);
	scan_blanks(&s);
	out->rest = s;
}

/* --- writing ------------------------------------------------------------------- */

void wire_command(struct wire *w, uint64_t literal_max)
{
	guard_command(&w->guard, literal_max);
}

void wire_answered(struct wire *w)
{
	guard_answered(&w->guard);
}

int wire_write(struct wire *w, const void *p, size_t len, struct err *err)
{
	int r = guard_out(&w->guard, p, len, err);

	return r < 0 ? r : stream_write(w->stream, p, len, err);
}
