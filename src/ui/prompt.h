/*
 * The prompt: one line of text asked for in the last row.
 *
 * UTF-8 editing with the usual keys (arrows, ^A ^E ^U ^K ^W), history with up
 * and down, Tab cycles through completions, which show in the hint line.  Enter
 * closes the prompt and then calls done(); Esc, ^G and ^C close it without.
 */
#ifndef TERN_UI_PROMPT_H
#define TERN_UI_PROMPT_H

#include <stdbool.h>

#include <glib.h>

#include "ui/canvas.h"
#include "ui/key.h"

struct ui;

typedef void prompt_done(struct ui *ui, const char *text);
/* Whole lines that continue the text (char *, owned by the array). */
typedef GPtrArray *prompt_complete(struct ui *ui, const char *text);

struct prompt {
	bool active;
	char *label;
	GString *text;
	size_t at;               /* byte of the cursor, at a character */
	GPtrArray *history;      /* of char *, oldest first; lives as long as the screen */
	int history_at;          /* the entry shown; history->len = the new line */
	bool keeps_history;
	GPtrArray *candidates;   /* NULL = not completing */
	int candidate;
	prompt_complete *complete;
	prompt_done *done;
};

void prompt_init(struct prompt *p);
void prompt_release(struct prompt *p);
/* Opens it; label and initial are copied.  complete may be NULL; keeps_history: what was typed can be
 * had again with the up key. */
void prompt_ask(struct prompt *p, const char *label, const char *initial,
	prompt_complete *complete, prompt_done *done, bool keeps_history);
/* Takes every key while it is open. */
void prompt_key(struct ui *ui, const struct key *k);
/* In row y; places the terminal's cursor. */
void prompt_draw(const struct prompt *p, struct canvas *c, int y);
/* The candidates in one row; false if there are none. */
bool prompt_draw_candidates(const struct prompt *p, struct canvas *c, int y);

#endif
