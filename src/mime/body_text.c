/* Text that grows, with its spans and links: what every kind of part writes into. */
#include "mime/body.h"

#include "mime/document.h"

static void link_free(void *p)
{
	struct document_link *link = p;

	g_free(link->target);
	g_free(link->label);
	g_free(link);
}

void body_text_init(struct body_text *b)
{
	*b = (struct body_text){ .text = g_string_new(NULL),
		.spans = g_array_new(FALSE, FALSE, sizeof(struct document_span)),
		.links = g_ptr_array_new_with_free_func(link_free) };
}

void body_text_clear(struct body_text *b)
{
	if (b->text)
		g_string_free(b->text, TRUE);
	g_clear_pointer(&b->spans, g_array_unref);
	g_clear_pointer(&b->links, g_ptr_array_unref);
	b->text = NULL;
}

void body_text_truncate(struct body_text *b, size_t len)
{
	guint kept = 0;

	if (len >= b->text->len)
		return;
	g_string_truncate(b->text, len);
	for (guint i = 0; i < b->spans->len; i++) {
		struct document_span s = g_array_index(b->spans, struct document_span, i);

		if (s.at >= len)
			continue;
		s.len = (uint32_t)MIN((size_t)s.len, len - s.at);
		g_array_index(b->spans, struct document_span, kept++) = s;
	}
	g_array_set_size(b->spans, kept);
}

void body_text_span(struct body_text *b, size_t at, unsigned kind, size_t value)
{
	struct document_span s = { .at = (uint32_t)at,
		.len = (uint32_t)(b->text->len - at),
		.kind = (uint16_t)kind,
		.value = (uint16_t)value };

	if (s.len > 0)
		g_array_append_val(b->spans, s);
}

void body_text_ours(struct body_text *b, const char *words)
{
	size_t at = b->text->len;

	g_string_append(b->text, words);
	body_text_span(b, at, SPAN_OURS, 0);
}

/* A part is around whatever is in it. */
static int outer_first(const void *a, const void *b)
{
	const struct document_span *s = a, *t = b;

	if (s->at != t->at)
		return s->at < t->at ? -1 : 1;
	if (s->len != t->len)
		return s->len > t->len ? -1 : 1;
	return (t->kind == SPAN_PART) - (s->kind == SPAN_PART);
}

void body_text_sort(struct body_text *b)
{
	g_array_sort(b->spans, outer_first); /* stable: what was said first stays outside */
}
