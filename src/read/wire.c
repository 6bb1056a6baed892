#include "read/wire.h"

#include <string.h>

#include "base/mem.h"
#include "base/text.h"

enum {
	MAGIC = 0x7465726E,
	NO_STRING = UINT32_MAX,           /* in place of a length: NULL */
	TEXT_MAX = DOCUMENT_TEXT_MAX + WIRE_STRING_MAX,
	BLOCKED_MAX = 1 << 24,
	PART_ATTACHMENT = 1 << 0,
	PART_SHOWN = 1 << 1,
	PART_MISSING = 1 << 2,
	DOC_WHOLE = 1 << 0,
	DOC_WIDE = 1 << 1,
	DOC_PARTIAL = 1 << 2,
};

struct head {
	uint32_t magic, headers, parts, spans, links, seal_kind, seal_part, blocked, flags;
};

struct part_facts_on_wire {
	uint64_t size;
	uint32_t depth, flags;
};

/* --- spans ----------------------------------------------------------------------- */

static bool starts_character(const char *text, size_t at)
{
	return ((unsigned char)text[at] & 0xC0) != 0x80; /* the NUL at the end too */
}

static bool value_fits(const struct document_span *s, const struct head *h)
{
	switch ((enum span_kind)s->kind) {
	case SPAN_HEADING:
		return s->value >= 1 && s->value <= 6;
	case SPAN_LINK:
		return s->value < h->links;
	case SPAN_PART:
		return s->value < h->parts;
	case SPAN_STRONG:
	case SPAN_EMPHASIS:
	case SPAN_UNDERLINE:
	case SPAN_STRIKE:
	case SPAN_CODE:
	case SPAN_IMAGE:
	case SPAN_PREFORMATTED:
	case SPAN_INDENT:
	case SPAN_FLOWED:
	case SPAN_OURS:
		return true;
	}
	return false;
}

/* Whether they lie in the text, ascending, each inside what is open before it. */
static bool spans_sound(const struct document_span *spans, const char *text, size_t len,
	const struct head *h)
{
	g_autofree uint64_t *ends = g_new(uint64_t, WIRE_NESTING_MAX);
	uint32_t open = 0, before = 0;

	for (uint32_t i = 0; i < h->spans; i++) {
		const struct document_span *s = &spans[i];
		uint64_t end = (uint64_t)s->at + s->len;

		while (open > 0 && ends[open - 1] <= s->at)
			open--;
		if (end > len || s->at < before || !value_fits(s, h) || open == WIRE_NESTING_MAX ||
			(open > 0 && end > ends[open - 1]) || !starts_character(text, s->at) ||
			!starts_character(text, end))
			return false;
		before = s->at;
		ends[open++] = end;
	}
	return true;
}

/* --- packing --------------------------------------------------------------------- */

static void put(GByteArray *out, const void *bytes, size_t len)
{
	g_byte_array_append(out, bytes, (guint)len);
}

static void put_u32(GByteArray *out, uint32_t n)
{
	put(out, &n, sizeof n);
}

static void put_string(GByteArray *out, const char *s, size_t max)
{
	g_autofree char *valid = NULL;
	size_t len = s ? strlen(s) : 0;

	if (!s) {
		put_u32(out, NO_STRING);
		return;
	}
	if (!text_is_utf8(s, len)) {
		valid = g_utf8_make_valid(s, (gssize)len);
		s = valid;
		len = strlen(s);
	}
	while (len > max || !starts_character(s, len))
		len = MIN(len, max + 1) - 1;
	put_u32(out, (uint32_t)len);
	put(out, s, len);
}

static void pack_part(const struct document_part *p, GByteArray *out)
{
	struct part_facts_on_wire f = { .size = p->size, .depth = (uint32_t)p->depth,
		.flags = (p->attachment ? PART_ATTACHMENT : 0u) | (p->shown ? PART_SHOWN : 0u) |
			(p->missing ? PART_MISSING : 0u) };

	put(out, &f, sizeof f);
	put_string(out, p->type, WIRE_STRING_MAX);
	put_string(out, p->filename, WIRE_STRING_MAX);
}

static struct head head_of(const struct document *d)
{
	struct head h = { .magic = MAGIC,
		.headers = MIN(d->headers->len, (guint)WIRE_HEADERS_MAX),
		.parts = MIN(d->parts->len, (guint)DOCUMENT_PARTS_MAX),
		.spans = d->spans->len,
		.links = MIN(d->links->len, (guint)WIRE_LINKS_MAX),
		.seal_kind = d->seal.kind,
		.seal_part = (uint32_t)d->seal.part,
		.blocked = (uint32_t)CLAMP(d->blocked, 0, BLOCKED_MAX),
		.flags = (d->seal.whole ? DOC_WHOLE : 0u) | (d->wide ? DOC_WIDE : 0u) |
			(d->partial ? DOC_PARTIAL : 0u) };
	const char *text = d->text ? d->text : "";

	if (h.spans > WIRE_SPANS_MAX ||
		!spans_sound((const void *)d->spans->data, text, strlen(text), &h))
		h.spans = 0;
	return h;
}

bool wire_pack(const struct document *d, GByteArray *out)
{
	struct head h = head_of(d);

	put(out, &h, sizeof h);
	for (uint32_t i = 0; i < h.headers && out->len < WIRE_BYTES_MAX; i++) {
		const struct document_header *x = d->headers->pdata[i];

		put_string(out, x->name, WIRE_STRING_MAX);
		put_string(out, x->value, WIRE_STRING_MAX);
	}
	for (uint32_t i = 0; i < h.parts && out->len < WIRE_BYTES_MAX; i++)
		pack_part(d->parts->pdata[i], out);
	put_string(out, d->text ? d->text : "", TEXT_MAX);
	put(out, d->spans->data, h.spans * sizeof(struct document_span));
	for (uint32_t i = 0; i < h.links && out->len < WIRE_BYTES_MAX; i++) {
		const struct document_link *x = d->links->pdata[i];

		put_u32(out, x->differs);
		put_string(out, x->target, WIRE_STRING_MAX);
		put_string(out, x->label, WIRE_STRING_MAX);
	}
	put_string(out, d->note, WIRE_STRING_MAX);
	return out->len <= WIRE_BYTES_MAX;
}

/* --- unpacking ------------------------------------------------------------------- */

struct cursor {
	const unsigned char *p;
	size_t left;
	bool bad;
};

/* len bytes, NULL (and bad) if they are not there. */
static const void *take(struct cursor *c, size_t len)
{
	const void *at = c->p;

	if (c->bad || len > c->left) {
		c->bad = true;
		return NULL;
	}
	c->p += len;
	c->left -= len;
	return at;
}

static void take_into(struct cursor *c, void *out, size_t len)
{
	const void *p = take(c, len);

	if (p)
		memcpy(out, p, len);
}

static uint32_t take_u32(struct cursor *c)
{
	uint32_t n = 0;

	take_into(c, &n, sizeof n);
	return n;
}

static char *take_string(struct cursor *c, size_t max, bool may_miss)
{
	uint32_t len = take_u32(c);
	const char *s;

	if (!c->bad && len == NO_STRING && may_miss)
		return NULL;
	if (len > max)
		c->bad = true;
	s = take(c, len);
	if (!s || !text_is_utf8(s, len)) {
		c->bad = true;
		return NULL;
	}
	return g_strndup(s, len);
}

static void unpack_header(struct cursor *c, struct document *d)
{
	struct document_header *h = g_new0(struct document_header, 1);

	h->name = take_string(c, WIRE_STRING_MAX, false);
	h->value = take_string(c, WIRE_STRING_MAX, false);
	g_ptr_array_add(d->headers, h);
}

static void unpack_part(struct cursor *c, struct document *d, uint32_t *depth_max)
{
	struct document_part *p = g_new0(struct document_part, 1);
	struct part_facts_on_wire f = { 0 };

	take_into(c, &f, sizeof f);
	if (f.depth > *depth_max || f.depth >= DOCUMENT_DEPTH_MAX || f.size > INT64_MAX)
		c->bad = true;
	*depth_max = f.depth + 1;
	p->depth = (int)MIN(f.depth, (uint32_t)DOCUMENT_DEPTH_MAX);
	p->size = f.size;
	p->attachment = f.flags & PART_ATTACHMENT;
	p->shown = f.flags & PART_SHOWN;
	p->missing = f.flags & PART_MISSING;
	p->type = take_string(c, WIRE_STRING_MAX, false);
	p->filename = take_string(c, WIRE_STRING_MAX, true);
	g_ptr_array_add(d->parts, p);
}

static void unpack_link(struct cursor *c, struct document *d)
{
	struct document_link *x = g_new0(struct document_link, 1);

	x->differs = take_u32(c) != 0;
	x->target = take_string(c, WIRE_STRING_MAX, false);
	x->label = take_string(c, WIRE_STRING_MAX, true);
	g_ptr_array_add(d->links, x);
}

static void unpack_text(struct cursor *c, struct document *d, const struct head *h)
{
	const void *spans;

	d->text = take_string(c, TEXT_MAX, false);
	spans = take(c, h->spans * sizeof(struct document_span));
	if (!spans || !d->text)
		return;
	g_array_append_vals(d->spans, spans, h->spans);
	if (!spans_sound((const void *)d->spans->data, d->text, strlen(d->text), h))
		c->bad = true;
}

static bool head_sound(const struct head *h)
{
	return h->magic == MAGIC && h->headers <= WIRE_HEADERS_MAX &&
	       h->parts <= DOCUMENT_PARTS_MAX && h->spans <= WIRE_SPANS_MAX &&
	       h->links <= WIRE_LINKS_MAX && h->seal_kind <= SEAL_SMIME_ENCRYPTED &&
	       (h->seal_kind == SEAL_NONE || h->seal_part < h->parts) &&
	       h->blocked <= BLOCKED_MAX;
}

static void unpack_all(struct cursor *c, struct document *d, const struct head *h)
{
	uint32_t depth_max = 0;

	for (uint32_t i = 0; i < h->headers && !c->bad; i++)
		unpack_header(c, d);
	for (uint32_t i = 0; i < h->parts && !c->bad; i++)
		unpack_part(c, d, &depth_max);
	unpack_text(c, d, h);
	for (uint32_t i = 0; i < h->links && !c->bad; i++)
		unpack_link(c, d);
	d->note = take_string(c, WIRE_STRING_MAX, true);
	if (h->seal_kind != SEAL_NONE)
		d->seal = (struct document_seal){ (enum seal_kind)h->seal_kind, (int)h->seal_part,
			(h->flags & DOC_WHOLE) != 0 };
	d->blocked = (int)h->blocked;
	d->wide = h->flags & DOC_WIDE;
	d->partial = h->flags & DOC_PARTIAL;
}

struct document *wire_unpack(const void *bytes, size_t len)
{
	AUTO(document_free) struct document *d = NULL;
	struct cursor c = { .p = bytes, .left = len, .bad = len > WIRE_BYTES_MAX };
	struct head h = { 0 };

	take_into(&c, &h, sizeof h);
	if (c.bad || !head_sound(&h))
		return NULL;
	d = document_new();
	g_clear_pointer(&d->text, g_free);
	unpack_all(&c, d, &h);
	return c.bad || c.left > 0 ? NULL : TAKE(d);
}
