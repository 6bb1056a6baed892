#include "mime/html.h"

#include <string.h>

#include "base/i18n.h"
#include "mime/document.h"
#include "mime/html_flow.h"

enum { WIDTH_USUAL = 80, WIDTH_MAX = 1000, TARGET_SHOWN = 150 };

static int by_number(const void *a, const void *b)
{
	guint x = *(const guint *)a, y = *(const guint *)b;

	return x < y ? -1 : x > y;
}

/* The targets behind the hints.  The number is the program's word, the target is the sender's. */
static void list_links(struct html_flow *f, struct html_pen *w)
{
	guint last = 0;

	g_array_sort(f->links.hinted, by_number);
	pen_owe(w, 2);
	for (guint i = 0; i < f->links.hinted->len; i++) {
		guint n = g_array_index(f->links.hinted, guint, i);
		const struct document_link *l = f->links.list->pdata[n - 1];
		size_t len = strlen(l->target), shown = len > TARGET_SHOWN ? TARGET_SHOWN : len, at;
		char mark[24];

		if (n == last) /* a target that was met before */
			continue;
		last = n;
		g_snprintf(mark, sizeof mark, "[%u] ", n);
		w->line = (struct html_line){ .indent = (int)strlen(mark) };
		pen_bullet(w, mark, w->line.indent);
		pen_pay(w);
		at = w->out->len - strlen(mark);
		pen_span(w, SPAN_OURS, 0, at, strlen(mark));
		while (shown < len && ((unsigned char)l->target[shown] & 0xC0) == 0x80)
			shown--;
		pen_span(w, SPAN_LINK, (uint16_t)(n - 1), w->out->len, shown + (shown < len ? 3 : 0));
		g_string_append_len(w->out, l->target, (gssize)shown);
		if (shown < len)
			g_string_append(w->out, "\u2026");
		pen_owe(w, 1);
	}
	w->line = (struct html_line){ 0 };
}

/* Everything is hidden: it is shown, and said so. */
static void say_hidden(struct html_pen *w)
{
	size_t at;

	pen_pay(w);
	at = w->out->len;
	g_string_append(w->out, _("The sender hid all of this text:"));
	pen_span(w, SPAN_OURS, 0, at, w->out->len - at);
	pen_owe(w, 2);
}

static void lay_out(struct html_flow *f, struct html_out *out, bool show_hidden)
{
	g_autofree struct html_pen *w = g_new0(struct html_pen, 1);
	guint spans = out->spans->len;
	size_t said;

	pen_init(w, out->text, out->spans, &f->links);
	w->spans_left = HTML_SPANS_MAX - MIN(out->spans->len, (guint)HTML_SPANS_MAX);
	f->show_hidden = show_hidden;
	if (show_hidden)
		say_hidden(w);
	said = out->text->len;
	html_flow_write(f, w, 0, f->page->nodes->len);
	if (out->text->len == said) {
		g_string_truncate(out->text, w->start);
		g_array_set_size(out->spans, spans);
	}
	if (f->links.hinted->len > 0)
		list_links(f, w);
	pen_finish(w);
}

/* Spans of nothing are left where only blanks were bold. */
static void drop_empty(GArray *spans, guint from)
{
	guint kept = from;

	for (guint i = from; i < spans->len; i++) {
		struct document_span s = g_array_index(spans, struct document_span, i);

		if (s.len > 0)
			g_array_index(spans, struct document_span, kept++) = s;
	}
	g_array_set_size(spans, kept);
}

void html_to_text(const char *html, size_t len, const struct html_how *how, struct html_out *out)
{
	g_autoptr(GString) trimmed = g_string_sized_new(MIN(len, (size_t)HTML_BODY_MAX) + 1);
	struct html_page page;
	struct html_flow f = { .page = &page, .cells_left = HTML_CELLS_MAX,
		.width = how->width > 0 ? MIN(how->width, WIDTH_MAX) : WIDTH_USUAL };
	size_t start = out->text->len;
	guint first = out->spans->len;
	g_autoptr(GHashTable) hidden = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	struct html_styles styles = { .hidden = hidden };

	f.text_width = how->text_width > 0 ? MIN(how->text_width, f.width) : f.width;
	out->cut = !html_trim(trimmed, html, len, &styles) || out->cut;
	html_page_read(&page, trimmed->str, trimmed->len, &styles);
	html_links_init(&f.links, out->links);
	lay_out(&f, out, false);
	if (out->text->len == start && f.met_hidden)
		lay_out(&f, out, true);
	drop_empty(out->spans, first);
	out->blocked += page.blocked;
	out->wide = out->wide || f.wide;
	out->cut = out->cut || page.cut || f.cut || f.links.cut;
	html_links_clear(&f.links);
	html_page_clear(&page);
}
