/*
 * The list: a window of rows around the cursor of a mailbox of any size.
 *
 * Only a few screens full of rows are held, found by the keys of the rows at
 * the window's edges, so that memory and time do not depend on how many
 * messages there are.  A refresh reads the window again and keeps the cursor
 * on the same message; what arrives above pushes the rows down only when the
 * top of the list was on the screen.  Row pointers are borrowed until the next
 * call that is not const.  One thread.
 */
#ifndef TERN_UI_LIST_H
#define TERN_UI_LIST_H

#include <stdbool.h>

#include <glib.h>

#include "base/err.h"
#include "store/store.h"

struct list {
	struct store *store;
	GArray *mailboxes;        /* of mailbox_id: what the scope points to */
	enum list_order order;
	bool ascending;
	GPtrArray *rows;          /* the window: neighbours in list order */
	bool from_first, to_last; /* the window reaches the first, the last row of the list */
	int top, cursor;          /* indexes into rows: first row shown, row of the cursor */
	int height;               /* rows shown */
	int page;                 /* rows of one read, at least; never less than fit on the screen */
	int foot;                 /* rows that stay free below the last row of the list */
	int64_t total, unread;    /* of the whole scope, from the kept counters */
};

/* page: list-page-limit */
void list_init(struct list *l, struct store *s, int page);
void list_release(struct list *l);

/* Shows other mailboxes, from the top. */
int list_open(struct list *l, const mailbox_id *mailboxes, size_t n, struct err *err);
/* Sorts anew, from the top. */
int list_set_order(struct list *l, enum list_order order, bool ascending, struct err *err);
/* How many rows are shown, and how many of these stay free below the last one of the list. */
void list_set_height(struct list *l, int height, int foot);
bool list_shows(const struct list *l, mailbox_id m);

/* Reads window and counters again. */
int list_refresh(struct list *l, struct err *err);

const struct list_row *list_current(const struct list *l); /* NULL: the list is empty */
/* Row y of the screen, NULL below the end. */
const struct list_row *list_shown(const struct list *l, int y);
/* The first row of the screen below the last row of the list; -1 = the end is not on the screen. */
int list_end(const struct list *l);
/* True if the cursor is on the last row, or the list is empty. */
bool list_at_end(const struct list *l);

/* What the list shows, for calls of the store; borrowed. */
struct list_scope list_scope(const struct list *l);
/* Appends the places (location_id) of at most n rows from the cursor on; how many. */
int list_take(struct list *l, int n, GArray *out, struct err *err);
/* Does the row stand between this key and the cursor, either way?  Both included. */
bool list_between(const struct list *l, const struct list_key *from, const struct list_row *r);

/* Moves the cursor by rows; 1 = moved, 0 = it was at the end. */
int list_move(struct list *l, int delta, struct err *err);
/* Moves cursor and top together. */
int list_scroll(struct list *l, int delta, struct err *err);
int list_first(struct list *l, struct err *err);
int list_last(struct list *l, struct err *err);
/* Puts the cursor on the row with this key, or where it would stand. */
int list_seek(struct list *l, const struct list_key *key, struct err *err);
/* The same for a message that may have got another row since, with the same date and name. */
int list_seek_message(struct list *l, const struct list_key *key, message_id m, struct err *err);
/* The next or previous unread row; 1 = found, 2 = found after starting over, 0 = there is none. */
int list_next_unread(struct list *l, struct err *err);
int list_prev_unread(struct list *l, struct err *err);

#endif
