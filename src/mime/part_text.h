/*
 * The text of one part, by its type: what each kind of text looks like to a
 * reader.  Which parts are shown is body.c's affair.
 */
#ifndef TERN_MIME_PART_TEXT_H
#define TERN_MIME_PART_TEXT_H

#include <stdbool.h>
#include <stddef.h>

#include "mime/body.h"
#include "mime/outline.h"

enum { PART_LINKS_MAX = 1000 }; /* links of a message */

struct part_how {
	size_t max;          /* bytes read of a text */
	size_t html_budget;  /* bytes of HTML that may still be read */
	int width;           /* cells that tables may take; 0 = 80 */
	int text_width;      /* cells that words will take, if fewer; 0 = width */
	bool cards;          /* a calendar's card was shown: the same one as a file is not */
};

/* Appends the text of a leaf; spans and links with it.  Sets node->size and node->armor. */
void part_text(struct part_how *how, struct node *n, struct body_text *out);

/* Parts that are shown as text though they are not text/...: reports. */
bool part_is_text(const struct node *n);
/* Invitations, however they are attached. */
bool part_is_calendar(const struct node *n);

#endif
