/*
 * Which parts of a message a reader sees, and their text.
 */
#ifndef TERN_MIME_BODY_H
#define TERN_MIME_BODY_H

#include <stdbool.h>
#include <stddef.h>

#include <glib.h>

enum body_notes {
	BODY_CUT = 1 << 0,       /* text was left out */
	BODY_CHARSET = 1 << 1,   /* a charset was unknown or wrong */
	BODY_SIGNED = 1 << 2,
	BODY_ENCRYPTED = 1 << 3,
};

enum { BODY_HTML_BUDGET = 8 << 20 }; /* bytes of HTML read in one message */

/*
 * The text for a reader and what its stretches are (mime/document.h).  The caller owns all of it;
 * the three containers exist before body_render, which appends to them.
 */
struct body_text {
	GString *text;
	GArray *spans;     /* of struct document_span, offsets in text; by at, outer ones first */
	GPtrArray *links;  /* of struct document_link, with a free function */
	int blocked;       /* remote images and the like that were not loaded */
	bool wide;         /* tables were laid out for the width */
	unsigned notes;    /* enum body_notes */
};

/* Empty, with containers; links are freed with it. */
void body_text_init(struct body_text *b);
void body_text_clear(struct body_text *b);
/* Cuts the text at len bytes, and the spans with it. */
void body_text_truncate(struct body_text *b, size_t len);

/* Appends the text of the chosen nodes (outline_build) to out, at most max bytes, tables laid out
 * for width cells (0 = 80); marks node->shown. */
void body_render(GArray *nodes, size_t max, int width, struct body_text *out);

#endif
