/*
 * HTML mail as text.
 *
 * html_trim cuts what makes parsers slow and what is never shown; libxml2
 * calls html_parse.c, which leaves a flat page (html_page.h); html_flow.c
 * walks it with a pen (html_write.h), and html_table.c sets tables of data in
 * columns.  Hidden text is left out, unless there is no other.  Nothing is
 * ever loaded.  Pure; any thread after html_init.
 */
#ifndef TERN_MIME_HTML_H
#define TERN_MIME_HTML_H

#include <stdbool.h>
#include <stddef.h>

#include <glib.h>

enum {
	HTML_BODY_MAX = 2 << 20,   /* bytes read */
	HTML_TAG_MAX = 16 * 1024,  /* a longer tag is left out */
	HTML_ATTRS_MAX = 256,      /* a tag with more is left out */
	HTML_DEPTH_MAX = 512,      /* open elements; deeper, reading ends */
	HTML_NODES_MAX = 1000000,  /* texts and elements that shape them; beyond, reading ends */
	HTML_TEXT_MAX = 8 << 20,   /* bytes written */
	HTML_SPANS_MAX = 20000,    /* of one message; what comes later is plain */
	HTML_CELLS_MAX = 20000,    /* of tables laid out in columns; later ones flow */
	HTML_COLUMNS_MAX = 64,     /* a table with more flows */
	HTML_LINKS_MAX = 1000,
	HTML_LINK_MAX = 4096,      /* bytes of a target; a longer one is not listed */
};

/* Once, before any thread is started (mime_init does it). */
void html_init(void);

struct html_how {
	int width;         /* cells that tables may take; 0 = 80 */
	int text_width;    /* cells that words will take, if fewer; 0 = width */
};

/* The containers are the caller's and are appended to: the numbers of links go on over parts. */
struct html_out {
	GString *text;     /* ends with LF if anything was said */
	GArray *spans;     /* of struct document_span, offsets in text */
	GPtrArray *links;  /* of struct document_link, with a free function */
	int blocked;       /* remote images and the like that were not loaded */
	bool wide;         /* a table was laid out for the width */
	bool cut;          /* a limit left something out */
};

/* Appends html (UTF-8) as text. */
void html_to_text(const char *html, size_t len, const struct html_how *how, struct html_out *out);

#endif
