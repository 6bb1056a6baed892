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

/* Appends the text of the chosen nodes (outline_build) to out, at most max bytes; returns enum
 * body_notes and marks node->shown. */
unsigned body_render(GArray *nodes, size_t max, GString *out);

#endif
