/* The hint line: the most useful keys of the view, from the key table. */
#ifndef TERN_UI_HINT_H
#define TERN_UI_HINT_H

#include "ui/canvas.h"

struct ui;

/* Draws as many as fit into the row; the key for help always has its place. */
void hint_draw(struct ui *ui, struct canvas *c, int y);

#endif
