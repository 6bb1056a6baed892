/*
 * The sidebar: the places that a list can show.
 *
 * "All inboxes" when there are several accounts, then every account with its
 * mailboxes in role order.  Read from the store as a whole; the current place
 * is kept by what it is, not by where it stands.  One thread.
 */
#ifndef TERN_UI_SIDEBAR_H
#define TERN_UI_SIDEBAR_H

#include <glib.h>

#include "config/config.h"
#include "model/mailbox.h"
#include "store/store.h"
#include "ui/canvas.h"

enum place_kind { PLACE_ALL_INBOXES, PLACE_ACCOUNT, PLACE_MAILBOX };

struct place {
	enum place_kind kind;
	account_id account;
	mailbox_id mailbox;
	int depth;              /* indentation */
	bool selectable;
	int64_t unread;
	char *label;            /* outside text */
};

struct sidebar {
	GPtrArray *mailboxes;   /* of struct mailbox */
	GPtrArray *places;      /* of struct place */
	int current;            /* index of the place that the list shows, -1 = none */
	int top;
};

void sidebar_init(struct sidebar *s);
void sidebar_release(struct sidebar *s);
/* Reads everything again; the current place stays, or is none if it is gone. */
int sidebar_read(struct sidebar *s, struct store *store, const struct config *config,
	struct err *err);
const struct place *sidebar_current(const struct sidebar *s); /* NULL = none */
/* The next selectable place in a direction (1, -1); -1 = there is none. */
int sidebar_step(const struct sidebar *s, int direction);
/* Where to begin: all inboxes, else the first inbox, else the first mailbox; -1 = nothing. */
int sidebar_start(const struct sidebar *s);
int sidebar_find(const struct sidebar *s, mailbox_id m); /* its place, -1 = there is none */
/* Borrowed until the next sidebar_read; NULL = there is none. */
const struct mailbox *sidebar_mailbox(const struct sidebar *s, mailbox_id m);
/* The mailboxes of a place, for a list (of mailbox_id; g_array_unref). */
GArray *sidebar_scope(const struct sidebar *s, int place);
void sidebar_draw(struct sidebar *s, struct canvas *c, const struct area *a);

#endif
