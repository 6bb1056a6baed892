/*
 * A table of data: its cells, and how they are set in columns.  Inside of
 * mime/html*.c only.
 */
#ifndef TERN_MIME_HTML_TABLE_H
#define TERN_MIME_HTML_TABLE_H

#include <stdbool.h>
#include <stddef.h>

#include "mime/html_flow.h"

struct html_cell {
	size_t node;
	int row, column, span; /* span: columns that it takes */
	bool head, right;
	size_t at, len;        /* its text in html_grid.text */
	guint span_at, spans;  /* in html_grid.spans */
	int cells, word;       /* width of its longest line, of its longest word */
};

struct html_grid {
	GArray *cells;         /* of struct html_cell, row by row */
	int rows, columns;
	GString *text;         /* of all cells */
	GArray *spans;
};

static inline struct html_cell *html_cell(const struct html_grid *g, guint i)
{
	return &g_array_index(g->cells, struct html_cell, i);
}

/*
 * Writes each cell for itself into text and spans.  False if the columns find
 * no room and have no headings: the table has to flow.
 */
bool html_columns_plan(struct html_flow *f, const struct html_pen *w, struct html_grid *g);

/* Sets the planned cells in columns, or, where they find no room, as "heading: text". */
void html_columns_write(struct html_flow *f, struct html_pen *w, const struct html_grid *g);

#endif
