/*
 * A question that one key answers: y does it, n and Esc do not, other keys
 * (and pasted text) leave it standing.  It takes the last lines of the screen.
 */
#ifndef TERN_UI_ASK_H
#define TERN_UI_ASK_H

#include "ui/canvas.h"
#include "ui/key.h"

struct ui;

struct ask {
	char *text;                   /* NULL = nothing is asked */
	void (*yes)(struct ui *ui);
};

/* text: a whole question without the "y/n" behind it. */
void ask_begin(struct ui *ui, const char *text, void (*yes)(struct ui *ui));
void ask_release(struct ask *a);
void ask_key(struct ui *ui, const struct key *k);
void ask_draw(const struct ask *a, struct canvas *c, int y);

#endif
