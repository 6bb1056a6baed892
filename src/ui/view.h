/*
 * Views: what fills the screen between the top line and the hint line.
 *
 * A view is a struct that begins with struct view; its kind is a table of
 * functions.  Views stack: the top one gets the keys, and closing it shows the
 * one below as it was.  A view draws cells only, reads what it draws from the
 * store, and is told by events that something changed, never what.  Any entry
 * but `name`, `context`, `size` and `draw` may be NULL.
 */
#ifndef TERN_UI_VIEW_H
#define TERN_UI_VIEW_H

#include <stdint.h>

#include "base/err.h"
#include "base/queue.h"
#include "store/store.h"
#include "ui/canvas.h"
#include "ui/key.h"
#include "ui/keymap.h"

struct activity_item;
struct document_link;
struct ui;
struct view;

enum motion {
	MOVE_NEXT,
	MOVE_PREV,
	MOVE_HALF_DOWN,
	MOVE_HALF_UP,
	MOVE_PAGE_DOWN,
	MOVE_PAGE_UP,
	MOVE_FIRST,
	MOVE_LAST,
};

struct view_ops {
	const char *name;
	enum context context;
	size_t size;      /* of the whole struct */
	bool overlay;     /* the view below shows around it */
	const char *const *hints; /* command lines for the hint line, best first; NULL-ended */
	const char *(*hint)(struct view *v); /* words in their place, of a view that takes all keys */
	void (*close)(struct view *v);
	/* A key before the key table sees it: 1 = taken, 0 = not mine. */
	int (*key)(struct view *v, const struct key *k);
	int (*move)(struct view *v, enum motion m, struct err *err);
	int (*open)(struct view *v, struct err *err); /* what Enter does */
	void (*event)(struct view *v, const struct event *e);
	/* The rows on the screen were read again. */
	void (*reread)(struct view *v);
	/* Does what is due; milliseconds until the next thing is, -1 = nothing. */
	int64_t (*tick)(struct view *v);
	/* The message that commands act on, borrowed until the next call of anything; NULL = none. */
	const struct list_row *(*row)(struct view *v);
	/* The message of row() is no longer where it was: go on to the next, or close. */
	void (*row_left)(struct view *v);
	/* Left and right text of the top line. */
	void (*title)(struct view *v, GString *left, GString *right);
	void (*draw)(struct view *v, struct canvas *c, const struct area *a);
	/* Only the cursor bar moved since draw(), from row `from` of the list: draws both rows again. */
	void (*draw_bar)(struct view *v, struct canvas *c, int from);
};

struct view {
	const struct view_ops *ops;
	struct ui *ui;
};

/* Makes a zero-filled view of that kind and puts it on top; its opener fills it. */
struct view *view_push(struct ui *ui, const struct view_ops *ops);
/* Closes the top view; the last one stays. */
void view_pop(struct ui *ui);

/* How many lines a motion goes, < 0 up, where `height` of n are shown. */
int view_lines(enum motion m, int height, int n);
/* Moves the first shown of n lines; says so at either end. */
void view_scroll(struct ui *ui, enum motion m, int height, int n, int *top);

/* Openers; each pushes. */
void view_main_open(struct ui *ui);
void view_welcome_open(struct ui *ui);
void view_help_open(struct ui *ui);
void view_activity_open(struct ui *ui);
/* The change under the cursor of the activity view, borrowed until the next key or event; NULL =
 * none, or another view is on top. */
const struct activity_item *view_activity_item(struct ui *ui);
/* What a command did shows at once. */
void view_activity_reread(struct ui *ui);
int view_history_open(struct ui *ui, struct err *err);
/* The step under the cursor of the history view, likewise. */
const struct history_row *view_history_row(struct ui *ui);
void view_history_reread(struct ui *ui);
/* The links of the open message: letters over those on the screen, to open one or to copy it ... */
void view_hints_open(struct ui *ui, bool copy);
/* ... and all of them. */
void view_links_open(struct ui *ui);
/* The link under the cursor of that list, borrowed; NULL = another view is on top. */
const struct document_link *view_links_link(struct ui *ui);
/* Shows the message of the list's cursor. */
int view_message_open(struct ui *ui, struct err *err);
/* Asks for a mailbox (of one account, 0 = all); chosen() runs after the picker closed. */
void view_picker_open(struct ui *ui, const char *label, account_id account,
	void (*chosen)(struct ui *ui, mailbox_id m));

/* A text that a program printed; heading: outside text, may be. */
void view_text_open(struct ui *ui, const char *heading, const char *text);
/* The parts of the open message. */
void view_parts_open(struct ui *ui);
/* The part under the cursor of that view, -1 = none, or another view is on top. */
int view_parts_part(struct ui *ui);

#endif
