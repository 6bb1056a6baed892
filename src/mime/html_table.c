/*
 * Tables: which hold data, and where their cells stand.  How they are set is
 * html_columns.c.
 */
#include "mime/html_table.h"

#include "mime/document.h"
#include "mime/html.h"

enum {
	BORDERED_LONGEST = 600, /* letters in a cell of a table with lines or headings */
	PLAIN_LONGEST = 120,    /* of one without */
	ROWS_MAX = 20000,
};

static bool is_cell(const struct html_node *n)
{
	return n->tag == TAG_CELL || n->tag == TAG_HEAD_CELL;
}

/*
 * Most tables of mail only place things side by side.  One of data has a
 * heading or lines, or it is a regular grid of short texts; and it never
 * holds tables, headlines or cells of many paragraphs.
 */
static bool holds_data(const struct html_table *t)
{
	bool lined = t->heads > 0 || t->border;

	if (t->nested || t->placing || t->columns < 2 || t->columns > HTML_COLUMNS_MAX)
		return false;
	if (t->rows < 2 || t->letters == 0 || t->images * 4 > t->cells)
		return false;
	if (t->bulky * 10 > t->cells * (lined ? 5 : 1))
		return false;
	if (lined)
		return t->longest <= BORDERED_LONGEST;
	return t->longest <= PLAIN_LONGEST && t->full * 10 >= t->rows * 6;
}

/* --- the grid ----------------------------------------------------------------------- */

struct placing {
	struct html_grid *g;
	int row, column;
	int taken[HTML_COLUMNS_MAX]; /* rows that a cell from above still takes */
	bool full;
};

static void next_row(struct placing *p)
{
	if (p->row >= 0)
		for (int c = 0; c < HTML_COLUMNS_MAX; c++)
			p->taken[c] -= p->taken[c] > 0;
	p->row++;
	p->column = 0;
}

static void place(struct placing *p, size_t i, const struct html_node *n)
{
	struct html_cell cell = { .node = i, .span = n->one, .head = n->tag == TAG_HEAD_CELL,
		.right = (n->flags & FLAG_RIGHT) != 0 };

	if (p->row < 0)
		next_row(p);
	while (p->column < HTML_COLUMNS_MAX && p->taken[p->column] > 0)
		p->column++;
	if (p->column + cell.span > HTML_COLUMNS_MAX || p->row >= ROWS_MAX) {
		p->full = true;
		return;
	}
	cell.row = p->row;
	cell.column = p->column;
	for (int c = 0; c < cell.span; c++)
		p->taken[p->column++] = n->two;
	p->g->columns = MAX(p->g->columns, p->column);
	p->g->rows = p->row + 1;
	g_array_append_val(p->g->cells, cell);
}

/* Finds the cells of the table at node i; false if there are too many. */
static bool make_grid(const struct html_flow *f, size_t i, struct html_grid *g)
{
	struct placing p = { .g = g, .row = -1 };
	const struct html_node *table = html_node(f->page, i);

	for (size_t c = i + 1; c < table->end && !p.full;) {
		const struct html_node *n = html_node(f->page, c);

		if (n->flags & FLAG_HIDDEN && !f->show_hidden) {
			c = n->end;
			continue;
		}
		if (n->tag == TAG_ROW)
			next_row(&p);
		if (is_cell(n))
			place(&p, c, n);
		c = is_cell(n) || n->tag == TAG_CAPTION ? n->end : c + 1;
	}
	return !p.full && g->cells->len > 0;
}

/* What stands in a table but in no cell comes before it, as on every screen. */
static void write_strays(struct html_flow *f, struct html_pen *w, size_t i)
{
	const struct html_node *table = html_node(f->page, i);

	for (size_t c = i + 1; c < table->end;) {
		const struct html_node *n = html_node(f->page, c);

		if (n->tag == TAG_TEXT || n->tag == TAG_CAPTION)
			html_flow_write(f, w, c, n->end);
		c = is_cell(n) || n->tag == TAG_CAPTION ? n->end : c + 1;
	}
}

bool html_table_write(struct html_flow *f, struct html_pen *w, size_t i)
{
	const struct html_node *n = html_node(f->page, i);
	const struct html_table *t = &g_array_index(f->page->tables, struct html_table, n->at);
	struct html_grid g = { 0 };
	bool done;

	if (t->cells > f->cells_left || !holds_data(t) || w->line.pre)
		return false;
	g.cells = g_array_new(FALSE, FALSE, sizeof(struct html_cell));
	g.spans = g_array_new(FALSE, FALSE, sizeof(struct document_span));
	g.text = g_string_new(NULL);
	done = make_grid(f, i, &g) && html_columns_plan(f, w, &g);
	if (done) {
		f->cells_left -= t->cells;
		pen_owe(w, 2);
		write_strays(f, w, i);
		pen_owe(w, 1);
		html_columns_write(f, w, &g);
		pen_owe(w, 2);
	}
	g_string_free(g.text, TRUE);
	g_array_unref(g.spans);
	g_array_unref(g.cells);
	return done;
}
