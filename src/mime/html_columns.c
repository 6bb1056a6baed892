/*
 * A grid of cells as lines.  Every cell is first written for itself, as lines
 * of any length; from their widths come those of the columns; then the rows
 * are put together, piece by piece.
 */
#include "mime/html_table.h"

#include <string.h>

#include "base/text.h"
#include "mime/document.h"
#include "mime/html.h"

enum {
	WORD_MAX = 24,  /* a longer word may be broken to make a column narrower */
	HANG = 2,       /* the indentation of a long "heading: text" */
};

/* --- the text of the cells ------------------------------------------------------------- */

static void measure(const struct html_grid *g, struct html_cell *c)
{
	struct text_iter it;
	int width, line = 0, word = 0;
	uint32_t ch;

	text_iter_init(&it, g->text->str + c->at, (ssize_t)c->len);
	for (;;) {
		bool nl = it.p < it.end && *it.p == '\n';

		ch = text_next(&it, &width);
		line = nl || !ch ? 0 : line + width;
		word = !ch || ch == ' ' ? 0 : width == 2 ? 2 : word + width;
		c->cells = MAX(c->cells, line);
		c->word = MAX(c->word, word);
		if (!ch)
			return;
	}
}

/* Many write the headings of columns as bold text. */
static bool is_strong(const struct html_grid *g, const struct html_cell *c)
{
	const struct document_span *s;

	if (c->spans != 1 || c->len == 0)
		return false;
	s = &g_array_index(g->spans, struct document_span, c->span_at);
	return s->kind == SPAN_STRONG && s->len == c->len;
}

static void write_cell(struct html_flow *f, struct html_grid *g, struct html_cell *c)
{
	const struct html_node *n = html_node(f->page, c->node);
	struct html_pen w = { .spans_left = HTML_SPANS_MAX };

	pen_init(&w, g->text, g->spans, &f->links);
	c->at = g->text->len;
	c->span_at = g->spans->len;
	if (c->head || n->flags & FLAG_STRONG)
		pen_begin(&w, SPAN_STRONG, NULL);
	html_flow_write(f, &w, c->node + 1, n->end);
	pen_finish(&w);
	if (g->text->len > c->at)
		g_string_truncate(g->text, g->text->len - 1);
	c->len = g->text->len - c->at;
	c->spans = g->spans->len - c->span_at;
	c->head = c->head || (c->row == 0 && is_strong(g, c));
	measure(g, c);
}

/* "1,234.50", "-3 %", "\u20AC 12" */
static bool is_number(const char *s, size_t len)
{
	bool digit = false;

	for (size_t i = 0; i < len; i++) {
		const char *p = s + i;

		if (g_ascii_isdigit(*p))
			digit = true;
		else if (!strchr(".,' %$\xC2\xA3\xE2\x82\xAC\xA5", *p) &&
			 !(strchr("+-(", *p) && !digit) && *p != ')')
			return false;
	}
	return digit;
}

/* --- the widths of the columns ------------------------------------------------------------- */

struct columns {
	int width[HTML_COLUMNS_MAX];  /* 0: nothing stands in it */
	int at[HTML_COLUMNS_MAX + 1];
	bool right[HTML_COLUMNS_MAX];
	int count, gap, room;
};

/* What is tried in turn, until the columns fit: cells between them, and how narrow one may be. */
static const struct {
	int gap, narrow;
} tight[] = { { 2, INT32_MAX }, { 1, INT32_MAX }, { 2, 10 }, { 2, 5 }, { 1, 5 } };

static int sum(const struct columns *k, const int *w)
{
	int total = 0;

	for (int i = 0; i < k->count; i++)
		total += w[i] > 0 ? w[i] + k->gap : 0;
	return MAX(total - k->gap, 0);
}

/* Takes from the wide columns what is too much; false if even words do not fit. */
static bool squeeze(struct columns *k, const int *least, int room)
{
	int have = sum(k, k->width), need = sum(k, least), spare, give;

	if (have <= room)
		return true;
	if (need > room)
		return false;
	spare = room - need;
	give = have - need;
	for (int i = 0; i < k->count; i++)
		k->width[i] = least[i] + (int)((gint64)(k->width[i] - least[i]) * spare / give);
	return true;
}

/* What the cells of one column want. */
static void find_wishes(const struct html_grid *g, struct columns *k, int *word)
{
	bool words[HTML_COLUMNS_MAX] = { false };

	k->count = g->columns;
	for (guint i = 0; i < g->cells->len; i++) {
		const struct html_cell *c = html_cell(g, i);
		bool number = c->right || is_number(g->text->str + c->at, c->len);

		if (c->span > 1 || c->len == 0)
			continue;
		k->width[c->column] = MAX(k->width[c->column], c->cells);
		word[c->column] = MAX(word[c->column], MIN(c->word, WORD_MAX));
		k->right[c->column] = k->right[c->column] || number;
		words[c->column] = words[c->column] || (!number && !c->head);
	}
	for (int i = 0; i < k->count; i++)
		k->right[i] = k->right[i] && !words[i];
}

static bool find_widths(const struct html_grid *g, struct columns *k, int room)
{
	int word[HTML_COLUMNS_MAX] = { 0 }, least[HTML_COLUMNS_MAX] = { 0 };
	bool fits = false;

	k->room = room;
	find_wishes(g, k, word);
	for (size_t t = 0; t < G_N_ELEMENTS(tight) && !fits; t++) {
		k->gap = tight[t].gap;
		for (int i = 0; i < k->count; i++)
			least[i] = MIN(MAX(word[i], tight[t].narrow), k->width[i]);
		fits = squeeze(k, least, room);
	}
	for (int i = 0; i < k->count; i++)
		k->at[i + 1] = k->at[i] + (k->width[i] ? k->width[i] + k->gap : 0);
	return fits && k->at[k->count] > 0;
}

/* The cells that c may take: those of its columns, and what is free behind the last one. */
static int width_of(const struct columns *k, const struct html_cell *c)
{
	int end = k->at[MIN(c->column + c->span, k->count)];

	if (c->span > 1 && c->column + c->span >= k->count)
		return MAX(k->room - k->at[c->column], 1);
	return MAX(end - k->at[c->column] - k->gap, 1);
}

/* --- lines ------------------------------------------------------------------------------ */

/* A piece of a cell's text that fits on a line. */
struct piece {
	size_t from, to, next;
	int cells;
};

/* The piece at `from` of a text that ends at `end`, at most max cells wide: to a blank, if possible. */
static struct piece next_piece(const char *s, size_t from, size_t end, int max)
{
	struct piece p = { .from = from, .to = from }, blank = { 0 };
	struct text_iter it;
	int width;

	text_iter_init(&it, s + from, (ssize_t)(end - from));
	for (;;) {
		size_t at = (size_t)((const char *)it.p - s);

		p.to = p.next = at;
		if (at >= end)
			return p;
		if (s[at] == '\n') {
			p.next++;
			return p;
		}
		if (s[at] == ' ') {
			blank = p;
			blank.next++;
		}
		if (!text_next(&it, &width)) {
			p.next = end;
			return p;
		}
		if (p.cells + width > max && at > from)
			return blank.next ? blank : p;
		p.cells += width;
	}
}

/* Appends [from, to) of the grid's text, with the spans of the cell that lie there. */
static void put_piece(struct html_pen *w, const struct html_grid *g, const struct html_cell *c,
	size_t from, size_t to)
{
	size_t at = w->out->len;

	g_string_append_len(w->out, g->text->str + from, (gssize)(to - from));
	for (guint i = c->span_at; i < c->span_at + c->spans; i++) {
		const struct document_span *s = &g_array_index(g->spans, struct document_span, i);
		size_t begin = MAX((size_t)s->at, from), end = MIN((size_t)s->at + s->len, to);

		if (begin < end && s->kind != SPAN_INDENT && s->kind != SPAN_PREFORMATTED &&
			s->kind != SPAN_HEADING)
			pen_span(w, s->kind, s->value, at + begin - from, end - begin);
	}
}

static void pad(struct html_pen *w, int *column, int to)
{
	for (; *column < to; (*column)++)
		g_string_append_c(w->out, ' ');
}

/* One line of the row whose cells are [first, last); false if all of them are written. */
static bool put_line(struct html_pen *w, const struct html_grid *g, const struct columns *k,
	guint first, guint last, size_t *done)
{
	bool any = false;
	int column = 0;

	for (guint i = first; i < last; i++) {
		const struct html_cell *c = html_cell(g, i);
		int width = width_of(k, c), at = k->at[c->column];
		struct piece p;

		if (done[i - first] >= c->len)
			continue;
		p = next_piece(g->text->str, c->at + done[i - first], c->at + c->len, width);
		done[i - first] = p.next - c->at;
		if (!any)
			pen_pay(w);
		any = true;
		if (c->span == 1 && (c->right || k->right[c->column]))
			at += MAX(width - p.cells, 0);
		pad(w, &column, at);
		put_piece(w, g, c, p.from, p.to);
		column += p.cells;
	}
	pen_owe(w, 1);
	return any;
}

static bool is_head(const struct html_grid *g, guint first, guint last)
{
	bool any = false;

	for (guint i = first; i < last; i++) {
		if (html_cell(g, i)->len > 0 && !html_cell(g, i)->head)
			return false;
		any = any || html_cell(g, i)->len > 0;
	}
	return any;
}

static void put_rule(struct html_pen *w, const struct columns *k)
{
	int column = 0;

	pen_pay(w);
	for (int c = 0; c < k->count; c++) {
		pad(w, &column, k->at[c]);
		for (int i = 0; i < k->width[c]; i++, column++)
			g_string_append(w->out, "\u2500");
	}
	pen_owe(w, 1);
}

/* The index behind the last cell of the row of cell i. */
static guint row_end(const struct html_grid *g, guint i)
{
	guint end = i;

	while (end < g->cells->len && html_cell(g, end)->row == html_cell(g, i)->row)
		end++;
	return end;
}

/* The first cell of the first row that has several: what stands above is a title. */
static guint first_full(const struct html_grid *g)
{
	guint i = 0;

	while (i < g->cells->len && row_end(g, i) == i + 1)
		i++;
	return i;
}

static void put_rows(struct html_pen *w, const struct html_grid *g, const struct columns *k)
{
	size_t done[HTML_COLUMNS_MAX];
	guint full = first_full(g);

	for (guint i = 0, end; i < g->cells->len; i = end) {
		end = row_end(g, i);
		memset(done, 0, sizeof done);
		while (put_line(w, g, k, i, end, done))
			;
		if (i == full && end < g->cells->len && is_head(g, i, end))
			put_rule(w, k);
	}
}

/* --- too narrow for columns ---------------------------------------------------------------- */

static void put_field(struct html_pen *w, const struct html_grid *g, const struct html_cell *head,
	const struct html_cell *c)
{
	pen_owe(w, 1);
	pen_bullet(w, "", HANG);
	w->line.indent += HANG;
	pen_pay(w);
	if (head && head->len > 0) {
		struct piece p = next_piece(g->text->str, head->at, head->at + head->len, INT32_MAX);

		put_piece(w, g, head, p.from, p.to);
		g_string_append(w->out, ": ");
	}
	for (size_t at = c->at; at < c->at + c->len;) {
		struct piece p = next_piece(g->text->str, at, c->at + c->len, INT32_MAX);

		pen_pay(w);
		put_piece(w, g, c, p.from, p.to);
		pen_owe(w, 1);
		at = p.next;
	}
	w->line.indent -= HANG;
}

static void put_records(struct html_pen *w, const struct html_grid *g)
{
	const struct html_cell *heads[HTML_COLUMNS_MAX] = { NULL };
	guint full = first_full(g), first = row_end(g, full);

	for (guint i = 0; i < full; i++)
		put_field(w, g, NULL, html_cell(g, i));
	for (guint i = full; i < first; i++)
		heads[html_cell(g, i)->column] = html_cell(g, i);
	for (guint i = first, end; i < g->cells->len; i = end) {
		end = row_end(g, i);
		pen_owe(w, 2);
		for (guint c = i; c < end; c++)
			if (html_cell(g, c)->len > 0)
				put_field(w, g, heads[html_cell(g, c)->column], html_cell(g, c));
	}
}

/* --- the whole --------------------------------------------------------------------------- */

bool html_columns_plan(struct html_flow *f, const struct html_pen *w, struct html_grid *g)
{
	struct columns k = { .count = 0 };
	guint full;

	for (guint i = 0; i < g->cells->len; i++)
		write_cell(f, g, html_cell(g, i));
	if (find_widths(g, &k, html_flow_room(w, f->width)))
		return true;
	full = first_full(g);
	return full < g->cells->len && is_head(g, full, row_end(g, full));
}

void html_columns_write(struct html_flow *f, struct html_pen *w, const struct html_grid *g)
{
	struct columns k = { .count = 0 };
	bool pre = w->line.pre;

	f->wide = true;
	if (!find_widths(g, &k, html_flow_room(w, f->width))) {
		put_records(w, g);
		return;
	}
	w->line.pre = true;
	put_rows(w, g, &k);
	w->line.pre = pre;
}
