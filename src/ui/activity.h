/*
 * What the activity view says: the lines, made for a width.
 *
 * Per account its state, what is known of its server, its jobs, and what waits
 * for the server or was refused, with the server's own words.  Everything is
 * read from the store and the engine when it is built, nothing is kept.
 */
#ifndef TERN_UI_ACTIVITY_H
#define TERN_UI_ACTIVITY_H

#include <glib.h>

#include "ui/theme.h"

struct tree_wish;
struct ui;

struct activity_line {
	enum style style;
	int x;		   /* cells before the text */
	char *text;	   /* outside text; at most as wide as was asked for */
	const char *label; /* at cell 2, translated; NULL = none */
};

/* Array of struct activity_line, which owns them. */
GArray *activity_build(struct ui *ui, int width);
/* "make the mailbox Work" (g_free). */
char *activity_wish_words(const struct tree_wish *w);

#endif
