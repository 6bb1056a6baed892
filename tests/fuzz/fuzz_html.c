/*
 * A libFuzzer target: any bytes as a page of HTML, at two widths.  `make fuzz` builds and runs it.
 * The text must be UTF-8, the spans in order, in the text and never overlapping in part.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <glib.h>

#include "base/text.h"
#include "mime/body.h"
#include "mime/document.h"
#include "mime/html.h"
#include "mime/text.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static void check_spans(const struct body_text *b)
{
	g_autoptr(GArray) ends = g_array_new(FALSE, FALSE, sizeof(size_t));
	size_t last = 0;

	for (guint i = 0; i < b->spans->len; i++) {
		const struct document_span *s = &g_array_index(b->spans, struct document_span, i);
		size_t end = s->at + (size_t)s->len;

		while (ends->len > 0 && g_array_index(ends, size_t, ends->len - 1) <= s->at)
			g_array_set_size(ends, ends->len - 1);
		if (s->len == 0 || end > b->text->len || s->at < last)
			abort();
		if (ends->len > 0 && end > g_array_index(ends, size_t, ends->len - 1))
			abort();
		if (s->kind == SPAN_LINK && s->value >= b->links->len)
			abort();
		last = s->at;
		g_array_append_val(ends, end);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	g_autofree char *page = g_utf8_make_valid((const char *)data, (gssize)len);

	mime_init();
	for (int width = 20; width <= 80; width += 60) {
		struct html_how how = { .width = width };
		struct body_text b;
		struct html_out out;

		body_text_init(&b);
		out = (struct html_out){ .text = b.text, .spans = b.spans, .links = b.links };
		html_to_text(page, strlen(page), &how, &out);
		if (!text_is_utf8(b.text->str, b.text->len))
			abort();
		check_spans(&b);
		body_text_clear(&b);
	}
	return 0;
}
