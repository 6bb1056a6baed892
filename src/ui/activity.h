/*
 * What the activity view says: the lines, made for a width.
 *
 * Per account its state, what waits for the server or was refused with the
 * server's own words, its jobs, and what is known of its server; at the end the
 * errors that the status line told.  Everything is read from the store and the
 * engine when it is built.  A change is one item: what one step made and what
 * stands alike.
 */
#ifndef TERN_UI_ACTIVITY_H
#define TERN_UI_ACTIVITY_H

#include <stdbool.h>
#include <stdint.h>

#include <glib.h>

#include "model/id.h"
#include "model/mutation.h"
#include "ui/theme.h"

struct tree_wish;
struct ui;

struct activity_line {
	enum style style;
	int x;		   /* cells before the text */
	char *text;	   /* outside text; at most as wide as was asked for */
	const char *label; /* at cell 2, translated; NULL = none */
};

/* A change that can be acted on. */
struct activity_item {
	bool tree;	   /* a wish about a mailbox, else changes of messages */
	int64_t id;	   /* of the wish, or of the oldest row of the group */
	int64_t n, step;   /* messages; the step of the history, 0 = none */
	account_id account;
	enum mutation_verb verb;
	enum mutation_status status;
	bool held;
	char *what;	   /* "move of 3 messages from Inbox to Archive"; outside text */
	int line, lines;   /* where it stands in the lines */
};

struct activity {
	GArray *lines;	   /* of struct activity_line */
	GArray *items;	   /* of struct activity_item, in the order of the lines */
};

/* Of all accounts, for so many cells. */
struct activity *activity_build(struct ui *ui, int width);
void activity_free(struct activity **a);
/* "make the mailbox Work" (g_free). */
char *activity_wish_words(const struct tree_wish *w);

#endif
