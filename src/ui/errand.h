/*
 * Errands: what is done with the bytes of a message or of its parts.
 *
 * Saving, opening and piping go the same way: what was left at the server is
 * fetched (EV_BODY), the part is decoded into a file by the reader
 * (EV_DOCUMENT), and what may block on a disk or on another program runs in a
 * thread that is looked at every ERRAND_LOOK_MS and is left alone when it is no
 * longer wanted.  The screen goes on meanwhile; Esc ends the errand.  One
 * errand at a time, of any number of items.  Main thread only.
 */
#ifndef TERN_UI_ERRAND_H
#define TERN_UI_ERRAND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <glib.h>

#include "base/err.h"
#include "base/queue.h"
#include "base/scratch.h"
#include "model/id.h"

enum { ERRAND_LOOK_MS = 20, ERRAND_LEAVE_MS = 1000, PROGRAMS_MAX = 32 };

enum errand_kind { ERRAND_SAVE, ERRAND_OPEN, ERRAND_PIPE };

enum { WHOLE_MESSAGE = -1 };

struct errand_item {
	int part;          /* index in document.parts, or WHOLE_MESSAGE */
	char *type;
	char *filename;    /* as the mail has it, "" = none */
	uint64_t size;     /* about */
	bool missing;      /* left at the server */
};

struct errand_order {
	enum errand_kind kind;
	message_id message;
	account_id account;
	GPtrArray *items;  /* of struct errand_item */
	char *folder;      /* SAVE */
	char *name;        /* SAVE: typed by the reader; NULL = the items' own, made safe */
	char *command;     /* PIPE: typed by the reader */
};
void errand_order_clear(struct errand_order *o);
/* Adds an item, copied. */
void errand_order_add(struct errand_order *o, const struct errand_item *item);
/* The safe name of an item (g_free). */
char *errand_item_name(const struct errand_item *item);

struct errand;
struct program;
struct ui;

/* What the screen knows of errands. */
struct errands {
	struct errand *now;          /* NULL = none */
	struct errand_order asked;   /* what an open prompt or question is about */
	char *folder;                /* where was saved last; NULL = nowhere yet */
	char *command;               /* what was piped to last */
	struct scratch scratch;
	GArray *programs;            /* of struct program: openers that run */
};

void errands_init(struct errands *e);
void errands_release(struct ui *ui);

/* Takes what is in the order.  ERR_USAGE: another errand is under way. */
int errand_begin(struct ui *ui, struct errand_order *order, struct err *err);
void errand_event(struct ui *ui, const struct event *e);
int64_t errand_tick(struct ui *ui);
/* Esc: ends the errand, or the program that a message was piped to.  False if there is neither. */
bool errand_cancel(struct ui *ui);
/* "saving report.pdf 40%", "" if nothing is under way. */
void errand_text(const struct ui *ui, char *out, size_t cap);

#endif
