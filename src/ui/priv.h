/*
 * The inside of the screen: struct ui, and the seam below the terminal.
 *
 * ui_new, ui_key, ui_event, ui_tick and ui_draw are the whole screen without a
 * terminal: loop.c joins them to one, the tests drive them by hand.  Main
 * thread only.
 */
#ifndef TERN_UI_PRIV_H
#define TERN_UI_PRIV_H

#include "base/span.h"
#include "ui/ask.h"
#include "ui/canvas.h"
#include "ui/carry.h"
#include "ui/command.h"
#include "ui/coverage.h"
#include "ui/deed.h"
#include "ui/errand.h"
#include "ui/key.h"
#include "ui/keymap.h"
#include "ui/known.h"
#include "ui/list.h"
#include "ui/marks.h"
#include "ui/prompt.h"
#include "ui/reading.h"
#include "ui/search.h"
#include "ui/seen.h"
#include "ui/sidebar.h"
#include "ui/status.h"
#include "ui/ui.h"
#include "ui/unsubscribe.h"
#include "ui/view.h"

enum {
	WHICH_KEY_MS = 500,     /* until the keys that may follow are listed */
	REREAD_MS = 100,        /* at most this often while a sync writes */
	LOOK_MS = 10000,        /* keys tell the engine this often which mailbox is looked at */
	MARK_RANGE_MAX = 100000, /* rows of a visual range */
};

/* What commands can do in a mailbox, as far as it was asked; bits are rows of a table in deed.c. */
struct offers {
	mailbox_id mailbox;
	unsigned known, possible;
};

/* A program that the terminal is to be lent to. */
struct lent {
	char **argv;           /* NULL = none */
	int in;                /* its standard input, -1 = the terminal */
	bool wait;             /* for a key at its end, so that its output can be read */
};

struct filter;

struct ui {
	const struct places *places;
	const struct config *config;
	struct store *store;
	struct queue *events;
	struct engine *engine;
	struct reader *reader;

	GPtrArray *views;      /* of struct view, the top one last */
	struct keymap *keymap;
	struct sidebar sidebar;
	struct list list;      /* the open mailbox; the reader walks it too */
	struct coverage coverage; /* how much of its history is here */
	int64_t looked_at;     /* when the engine was told last what is looked at, monotonic ms */
	struct prompt prompt;
	struct status status;

	struct key keys[KEY_SEQUENCE_MAX]; /* typed so far, not yet a command */
	size_t n_keys;
	int64_t keys_at;       /* when the last of them came */
	bool pasting;

	bool stale;            /* the rows or counters on the screen may be old */
	int64_t read_at;       /* when they were read last, monotonic ms; 0 = never */
	struct list_key acted; /* the row of the last change: undo goes back to it */
	message_id acted_message;
	bool has_acted;
	struct marks marks;
	bool visual;           /* a range is open: from anchor to the cursor */
	struct list_key anchor;
	int count;             /* digits typed before a command, 0 = none */
	struct targets targets; /* what the command that runs, or waits for an answer, is about */
	struct deed asked;     /* what an open question is to do */
	struct deed last;      /* what the key for "again" does */
	struct ask ask;
	struct search search;
	struct reading *reading; /* of the reader that is open; NULL = none is */
	struct seen seen;
	struct carry carry;
	struct errands errands;
	struct filter *filter; /* filter.c: the program whose output is awaited; NULL = none */
	struct lent lent;
	char *asked_url;       /* what an open question is to open, copy or ask; NULL = nothing */
	char *to_copy;         /* what the terminal is to copy; the loop hands it over */
	struct leaving leaving[LEAVING_MAX];
	struct known known;
	struct offers offers;
	mailbox_id emptying;   /* what an open question is to empty */
	int64_t retargeting;   /* the row of the queue that the open picker is to give another target */
	mailbox_id naming;     /* what the open prompt is to rename or delete */

	int64_t told_wish;     /* the last refused wish about the tree that was told */
	int64_t waiting_wish;  /* the last one that was said to wait, 0 = none */
	int64_t waiting_until; /* status.until of those words */
	struct event failed;   /* code < 0: a change that a server did not take, to be told */
	bool dirty;            /* something is to be drawn */
	int bar_from;          /* only the cursor bar left this row of the list since the last drawing; -1 = no */
	const struct canvas *drawn; /* the canvas that holds the last drawing */
	GArray *hints;         /* hint.c: what the key table said of command lines; NULL at first */
	bool want_redraw, want_suspend;
	bool done;
	int end;               /* enum ui_end or an error, once done */
};

struct ui *ui_new(const struct ui_start *start);
void ui_free(struct ui **ui);

/* --- what the loop does ------------------------------------------------ */
void ui_key(struct ui *ui, const struct key *k);
void ui_event(struct ui *ui, const struct event *e);
/* Does what is due; milliseconds until the next thing is, -1 = nothing is. */
int64_t ui_tick(struct ui *ui);
void ui_draw(struct ui *ui, struct canvas *c);

/* --- events.c ---------------------------------------------------------- */
/* Says which change a server did not take, if an event told of one. */
void events_tell_failed(struct ui *ui);

/* --- for commands and views -------------------------------------------- */
struct view *ui_view(const struct ui *ui);            /* the top one */
const struct list_row *ui_row(const struct ui *ui);   /* the message to act on, NULL = none */
void ui_run_line(struct ui *ui, const char *line);    /* runs a command and shows its error */
void ui_end(struct ui *ui, int end);
/* Reads list and counters again, now. */
void ui_reread(struct ui *ui);
/* Opens a place of the sidebar in the list. */
int ui_open_place(struct ui *ui, int place, struct err *err);
int ui_open_mailbox(struct ui *ui, mailbox_id m, struct err *err);
const struct account *ui_account(const struct ui *ui, account_id a); /* NULL = unknown */
void ui_ask_command(struct ui *ui, const char *initial);
/* What to press or type here for a command (keymap_way_to). */
const char *ui_way_to(const struct ui *ui, const char *command, char *out);
/* The account that "the archive" and the like mean here. */
account_id ui_here(const struct ui *ui);
/* Tells the engine which mailboxes are looked at: cheap, often. */
void ui_look(struct ui *ui);
/* "Undone: move of 3 messages to Archive (2 of 3; 1 is elsewhere by now); ^R does it again"; other:
 * the command that turns it back. */
void ui_say_undone(struct ui *ui, const struct undone *u, bool again, const char *other);
/* Ends marks and range; false if there were none. */
bool ui_forget_marks(struct ui *ui);
/* Will the next command be about this row of the list, marked or in the range? */
bool ui_marked(const struct ui *ui, const struct list_row *r);
/* The loop lends the terminal to this program, which it waits for.  argv and in are copied. */
void ui_lend(struct ui *ui, char **argv, int in, bool wait);
/* Opens a part with a program, after a question where that is wise (cmd_part.c). */
int cmd_open_part(struct ui *ui, int part, struct err *err);
/* How often the command that runs is to be done. */
int ui_count(const struct ui *ui);
void view_free(gpointer view);

/* Can this command do something with the line under the cursor of the activity or history view?  True
 * for all other commands. */
bool queue_offered(struct ui *ui, const char *command);

/* --- small helpers ----------------------------------------------------- */
/* Bytes as "12 KB". */
const char *size_text(uint64_t bytes, char *out, size_t cap);
/* The tags of a message as people read them, "work, forwarded", cleaned: keywords is in the normal form
 * of model/flags.h, and what starts with $ is the machinery's.  Returns the cells used; 0 = none. */
int tags_text(const char *keywords, char *out, size_t cap);
/* A date for a list row of at most `cells` cells. */
void date_short(int64_t t, const char *other_years, int cells, char *out, size_t cap);
/* A date in full, local time. */
void date_long(int64_t t, char *out, size_t cap);
const char *list_order_name(enum list_order order);
/* What a person typed as a path, absolute; a leading ~/ is the home folder (g_free). */
char *path_typed(const char *typed);
/* Names in the file system that continue `typed`, each behind head. */
void path_complete(GPtrArray *out, const char *head, const char *typed);
/* The same as what a prompt for a path offers (g_ptr_array_unref). */
GPtrArray *path_offers(struct ui *ui, const char *typed);

#endif
