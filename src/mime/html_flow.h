/*
 * From the nodes of a page to text.  Inside of mime/html*.c only.
 *
 * One walk over the nodes with a stack of those that are open.  Tables that
 * hold data are handed to html_table.c, which comes back here for what stands
 * in each cell.
 */
#ifndef TERN_MIME_HTML_FLOW_H
#define TERN_MIME_HTML_FLOW_H

#include <stdbool.h>
#include <stddef.h>

#include "mime/html_page.h"
#include "mime/html_write.h"

struct html_flow {
	const struct html_page *page;
	struct html_links links;
	int width;         /* of tables */
	int text_width;    /* of words */
	int cells_left;    /* of tables of data */
	bool show_hidden;
	bool met_hidden;   /* something was left out because it is hidden */
	bool wide;         /* a table was laid out for the width */
	bool cut;          /* there was too much text */
};

/* Writes the nodes [from, to) with the pen. */
void html_flow_write(struct html_flow *f, struct html_pen *w, size_t from, size_t to);

/*
 * Writes the table at node i, if it is one of data that finds room; false and
 * nothing written, if it has to flow.
 */
bool html_table_write(struct html_flow *f, struct html_pen *w, size_t i);

/* Cells of so many for what stands behind the quote marks and the indentation of a line. */
int html_flow_room(const struct html_pen *w, int cells);

#endif
