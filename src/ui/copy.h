/*
 * Copying: to the reader's clipboard, by the terminal or by a program.
 *
 * The option clipboard says how.  The terminal is asked by OSC 52, which works
 * over ssh and, where set-clipboard is on, through tmux; whether it obeyed it
 * does not tell.
 */
#ifndef TERN_UI_COPY_H
#define TERN_UI_COPY_H

#include "base/err.h"

struct ui;

enum { COPY_MAX = 64 * 1024 }; /* bytes of a text that is copied; TERM_COPY_MAX is no less */

/* Says "Copied: ...".  ERR_LIMIT, ERR_USAGE when nothing is to be copied, or why the program fails. */
int copy_text(struct ui *ui, const char *text, struct err *err);

#endif
