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
/* Says what the text from at to its end is (enum span_kind); nothing if it is empty. */
void body_text_span(struct body_text *b, size_t at, unsigned kind, size_t value);
/* Appends words of the program: the only way to a SPAN_OURS. */
void body_text_ours(struct body_text *b, const char *words);
/* Brings the spans into their order: by at, outer ones first. */
void body_text_sort(struct body_text *b);

struct document_how;

/*
 * Appends the text of the nodes (outline_build) that are to be read, at most
 * max bytes; which and how wide is told by how.  Marks node->shown.
 */
void body_render(GArray *nodes, const struct document_how *how, size_t max, struct body_text *out);

#endif
