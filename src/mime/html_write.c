#include "mime/html_write.h"

#include <string.h>

#include "mime/document.h"
#include "mime/html.h"

enum { TAB = 8, TABBED_MAX = 500, EMPTY_MAX = 20 };

void pen_init(struct html_pen *w, GString *out, GArray *spans, struct html_links *links)
{
	w->out = out;
	w->start = out->len;
	w->spans = spans;
	w->links = links;
}

bool pen_any(const struct html_pen *w)
{
	return w->out->len > w->start;
}

bool pen_full(const struct html_pen *w)
{
	return w->out->len - w->start >= HTML_TEXT_MAX;
}

/* --- spans --------------------------------------------------------------------------- */

void pen_span(struct html_pen *w, uint16_t kind, uint16_t value, size_t at, size_t len)
{
	struct document_span s = { .at = (uint32_t)at, .len = (uint32_t)len, .kind = kind,
		.value = value };

	if (w->spans_left == 0)
		return;
	w->spans_left--;
	g_array_append_val(w->spans, s);
}

static struct document_span *span_of(struct html_pen *w, const struct html_kind *k)
{
	return &g_array_index(w->spans, struct document_span, k->span - 1);
}

static void close_kind(struct html_pen *w, struct html_kind *k)
{
	struct document_span *s = k->span ? span_of(w, k) : NULL;

	if (s)
		s->len = (uint32_t)w->out->len - MIN(s->at, (uint32_t)w->out->len);
	k->span = 0;
}

static void open_kinds(struct html_pen *w)
{
	for (int i = 0; i < w->n_kinds; i++) {
		struct html_kind *k = &w->kinds[i];

		if (k->target) {
			k->value = (uint16_t)html_links_number(w->links, k->target);
			k->target = NULL;
		}
		if (k->span || w->spans_left == 0 || (k->kind == SPAN_LINK && k->value == 0))
			continue;
		pen_span(w, k->kind, (uint16_t)(k->kind == SPAN_LINK ? k->value - 1 : k->value),
			w->out->len, 0);
		k->span = w->spans->len;
	}
}

static void close_run(struct html_pen *w)
{
	guint n = w->spans->len;

	if (!w->run_open)
		return;
	w->run_open = false;
	for (guint i = n; i > 0; i--) { /* those that were opened with the run */
		struct document_span *s = &g_array_index(w->spans, struct document_span, i - 1);

		if (s->at < w->run_at)
			break;
		if (s->at == w->run_at && (s->kind == SPAN_INDENT || s->kind == SPAN_HEADING ||
						  s->kind == SPAN_PREFORMATTED))
			s->len = (uint32_t)(w->run_end - w->run_at);
	}
}

/* A line begins at out->len. */
static void open_run(struct html_pen *w)
{
	const struct html_line *l = &w->line;

	w->run = *l;
	if (!l->heading && !l->indent && !l->pre)
		return;
	w->run_open = true;
	w->run_at = w->run_end = w->out->len;
	if (l->indent)
		pen_span(w, SPAN_INDENT, (uint16_t)l->indent, w->run_at, 0);
	if (l->heading)
		pen_span(w, SPAN_HEADING, (uint16_t)l->heading, w->run_at, 0);
	if (l->pre)
		pen_span(w, SPAN_PREFORMATTED, 0, w->run_at, 0);
}

void pen_begin(struct html_pen *w, uint16_t kind, const char *target)
{
	struct html_kind *k;

	for (int i = 0; i < w->n_kinds; i++) {
		if (w->kinds[i].kind == kind) {
			w->kinds[i].depth++;
			return;
		}
	}
	if (w->n_kinds == HTML_KINDS_MAX)
		return;
	k = &w->kinds[w->n_kinds++];
	*k = (struct html_kind){ .kind = kind, .depth = 1, .target = target };
}

guint pen_end(struct html_pen *w, uint16_t kind)
{
	for (int i = w->n_kinds - 1; i >= 0; i--) {
		struct html_kind *k = &w->kinds[i];
		guint value = k->value;

		if (k->kind != kind)
			continue;
		if (--k->depth > 0)
			return 0;
		close_kind(w, k);
		memmove(k, k + 1, (size_t)(w->n_kinds - i - 1) * sizeof *k);
		w->n_kinds--;
		return kind == SPAN_LINK ? value : 0;
	}
	return 0;
}

/* --- lines --------------------------------------------------------------------------- */

void pen_owe(struct html_pen *w, int lines)
{
	w->wanted = MAX(w->wanted, lines);
	if (w->hard && lines > 0) { /* a line of its own, though empty */
		w->wanted = 2;
		w->hard = false;
	}
	w->space = w->cell = false;
}

void pen_break(struct html_pen *w)
{
	w->wanted = MIN(w->wanted + 1, 2);
	w->space = w->cell = w->hard = false;
}

void pen_bullet(struct html_pen *w, const char *mark, int cells)
{
	g_strlcpy(w->bullet, mark, sizeof w->bullet);
	w->bullet_cells = cells;
}

static void put_quotes(struct html_pen *w, int level, bool bare)
{
	for (int i = 0; i < level; i++)
		g_string_append(w->out, bare && i + 1 == level ? ">" : "> ");
}

/* The line that ends holds only the two dashes over a signature: their blank counts. */
static void mend_dashes(struct html_pen *w)
{
	const char *end = w->out->str + w->out->len;

	if (w->out->len - w->start >= 2 && memcmp(end - 2, "--", 2) == 0 &&
		(w->out->len - w->start == 2 || end[-3] == '\n'))
		g_string_append_c(w->out, ' ');
}

/* Blanks at the end of a line go, also out of the spans that have ended in them. */
static void trim_line(struct html_pen *w)
{
	size_t len = w->out->len;

	while (len > w->start && w->out->str[len - 1] == ' ')
		len--;
	if (len == w->out->len)
		return;
	g_string_truncate(w->out, len);
	for (guint i = w->spans->len; i > 0; i--) {
		struct document_span *s = &g_array_index(w->spans, struct document_span, i - 1);

		if (s->at < w->line_at)
			return;
		s->len = (uint32_t)MIN((size_t)s->len, len - MIN((size_t)s->at, len));
	}
}

static void end_line(struct html_pen *w)
{
	trim_line(w);
	mend_dashes(w);
	for (int i = 0; i < w->n_kinds; i++) /* the spans of writing end with the line */
		close_kind(w, &w->kinds[i]);
	w->run_end = w->out->len;
}

static void begin_line(struct html_pen *w)
{
	bool first = !pen_any(w), same = false;

	if (!first) {
		end_line(w);
		same = w->run.heading == w->line.heading && w->run.indent == w->line.indent &&
		       w->run.pre == w->line.pre;
		if (!same)
			close_run(w);
		g_string_append_c(w->out, '\n');
		for (int i = 1; i < w->wanted; i++) {
			put_quotes(w, MIN(w->quotes, w->last_quotes), true);
			g_string_append_c(w->out, '\n');
		}
	}
	if (!same)
		open_run(w);
	w->line_at = w->out->len;
	put_quotes(w, w->quotes, false);
	w->last_quotes = w->quotes;
	for (int i = w->bullet_cells; i < w->line.indent; i++)
		g_string_append_c(w->out, ' ');
	g_string_append(w->out, w->bullet);
	pen_bullet(w, "", 0);
	w->wanted = 0;
}

void pen_pay(struct html_pen *w)
{
	bool first = !pen_any(w);

	if (w->wanted || first)
		begin_line(w);
	else if (w->cell)
		g_string_append(w->out, "  ");
	else if (w->space)
		g_string_append_c(w->out, ' ');
	w->cell = w->space = w->hard = false;
	if (w->n_kinds)
		open_kinds(w);
}

void pen_words(struct html_pen *w, const char *s)
{
	pen_pay(w);
	g_string_append(w->out, s);
}

void pen_hint(struct html_pen *w, const char *s)
{
	size_t at;

	g_string_append_c(w->out, ' ');
	at = w->out->len;
	g_string_append(w->out, s);
	pen_span(w, SPAN_OURS, 0, at, w->out->len - at);
}

void pen_finish(struct html_pen *w)
{
	if (!pen_any(w))
		return;
	end_line(w);
	close_run(w);
	g_string_append_c(w->out, '\n');
	w->wanted = 0;
}

/* --- characters -------------------------------------------------------------------------- */

static size_t blank_of_e2(const unsigned char *u, size_t len, bool *blank)
{
	if (len < 3)
		return 0;
	*blank = false;
	if (u[1] == 0x80) {
		*blank = u[2] <= 0x8A || u[2] == 0xAF || u[2] == 0xA8 || u[2] == 0xA9; /* U+2000 to U+200A */
		return *blank || (u[2] >= 0x8B && u[2] <= 0x8F) || (u[2] >= 0xAA && u[2] <= 0xAE) ? 3 : 0;
	}
	if (u[1] != 0x81)
		return 0;
	*blank = u[2] == 0x9F;
	return *blank || (u[2] >= 0xA0 && u[2] <= 0xAF) ? 3 : 0;
}

size_t html_blank(const char *s, size_t len, bool *blank)
{
	const unsigned char *u = (const unsigned char *)s;

	*blank = true;
	if (*u == ' ' || (*u >= '\t' && *u <= '\r'))
		return 1;
	if (*u < 0xC2)
		return 0;
	if (*u == 0xC2 && len >= 2) {
		*blank = u[1] == 0xA0;
		return u[1] == 0xA0 || u[1] == 0xAD ? 2 : 0;
	}
	if (*u == 0xE2)
		return blank_of_e2(u, len, blank);
	*blank = false;
	if (*u == 0xCD && len >= 2 && u[1] == 0x8F) /* U+034F, of which senders make fillers */
		return 2;
	return *u == 0xEF && len >= 3 && u[1] == 0xBB && u[2] == 0xBF ? 3 : 0;
}

/* U+200C and U+200D shape the letters around them. */
static bool shapes(const char *s, size_t n)
{
	return n == 3 && memcmp(s, "\xE2\x80", 2) == 0 && (s[2] == '\x8C' || s[2] == '\x8D');
}

/* The end of the word that begins at i. */
static size_t word_end(const char *s, size_t i, size_t len)
{
	bool blank;

	while (i < len) {
		unsigned char c = (unsigned char)s[i];

		if (c > ' ' && c < 0xC2) {
			i++;
			continue;
		}
		if (html_blank(s + i, len - i, &blank))
			break;
		i++;
	}
	return i;
}

void pen_flow(struct html_pen *w, const char *s, size_t len)
{
	size_t i = 0;

	while (i < len) {
		bool blank, owed = w->wanted || w->space || w->cell || !pen_any(w);
		size_t n = html_blank(s + i, len - i, &blank), from = i;

		if (n == 0) {
			i = word_end(s, i, len);
			pen_pay(w);
			g_string_append_len(w->out, s + from, (gssize)(i - from));
			continue;
		}
		i += n;
		if (blank) {
			w->space = true;
			w->hard = w->hard || (n == 2 && w->wanted > 0);
		} else if (!owed && shapes(s + from, n) && i < len &&
			   html_blank(s + i, len - i, &blank) == 0) {
			g_string_append_len(w->out, s + from, (gssize)n);
		}
	}
}

/* To the next stop of the tabulator, near the beginning of a line. */
static void put_tab(struct html_pen *w)
{
	size_t near = MIN(w->out->len - w->start, (size_t)TABBED_MAX);
	const char *end = w->out->str + w->out->len, *nl = memrchr(end - near, '\n', near);
	const char *from = nl ? nl + 1 : near < TABBED_MAX ? end - near : end;
	glong cells = from < end ? g_utf8_strlen(from, end - from) - 2 * w->quotes - w->line.indent : 0;

	do
		g_string_append_c(w->out, ' ');
	while (++cells % TAB != 0);
}

void pen_pre(struct html_pen *w, const char *s, size_t len)
{
	for (size_t i = 0; i < len && !pen_full(w); i++) {
		size_t from = i;

		if (s[i] == '\n') {
			w->wanted = MIN(w->wanted + pen_any(w), EMPTY_MAX);
			continue;
		}
		if (s[i] == '\r')
			continue;
		pen_pay(w);
		if (s[i] == '\t') {
			put_tab(w);
			continue;
		}
		while (i + 1 < len && !strchr("\n\r\t", s[i + 1]))
			i++;
		g_string_append_len(w->out, s + from, (gssize)(i + 1 - from));
	}
}
