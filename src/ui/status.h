/*
 * The last row: what happened, and how the accounts are.
 *
 * Left the last message or error until it expires or the next key replaces
 * it, right one short state per account and how many changes wait.  One thread.
 */
#ifndef TERN_UI_STATUS_H
#define TERN_UI_STATUS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "model/id.h"
#include "ui/canvas.h"

struct ui;
struct engine_state;

enum { TOLD_MAX = 16 }; /* errors that can be read again */

/* An error that stood in the status line. */
struct told {
	int64_t at;           /* unix seconds, when it was told last */
	int times;            /* one after the other */
	char text[ERR_TEXT_MAX];
};

struct status {
	char text[ERR_TEXT_MAX];
	bool error;
	account_id about;     /* whose trouble it tells, 0 = of no account */
	int64_t until;        /* monotonic ms, 0 = nothing is shown */
	int pending;          /* changes that wait to reach a server */
	int stuck;            /* changes that did not happen: refused, or a conflict */
	int64_t pending_at;   /* when they were counted; 0 = count again */
	struct told told[TOLD_MAX]; /* the newest first */
	size_t n_told;
};

/* Shows words for a few seconds, or until the next key. */
void ui_say(struct ui *ui, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* Shows an error for half a minute, likewise, and keeps it for the activity (but ERR_USAGE). */
void ui_complain(struct ui *ui, const struct err *err);
/* Forgets the message; true if there was one. */
bool status_clear(struct ui *ui);
/* Drops what expired; milliseconds until the next thing does, -1 = nothing. */
int64_t status_tick(struct ui *ui);
/* y: the last line; a long message grows upwards from there. */
void status_draw(struct ui *ui, struct canvas *c, int y);
/* A text that may be longer than a line: its last line is row y, the others stand above. */
void status_draw_text(const char *text, enum style style, struct canvas *c, int y);
/* "fetching INBOX 1,200/100,000": "" when there is nothing to say. */
void state_text(const struct engine_state *s, char *out, size_t cap);
/* Another tern on this store looks after the account: nothing is wrong. */
bool state_is_shared(const struct engine_state *s);
/* The account has an error that people should see. */
bool state_is_trouble(const struct engine_state *s);

#endif
