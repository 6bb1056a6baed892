/*
 * The terminal: the only file that knows curses.
 *
 * One terminal, the main thread.  term_start takes the screen over (alternate
 * screen, raw input, bracketed paste, hidden cursor); term_stop gives it back,
 * also at exit(), and fatal signals (SIGSEGV, SIGABRT, SIGBUS, SIGFPE, SIGILL)
 * restore it with prepared bytes before they take their course.
 */
#ifndef TERN_UI_TERM_H
#define TERN_UI_TERM_H

#include <stdbool.h>

#include "base/err.h"
#include "ui/canvas.h"
#include "ui/key.h"

enum { TERM_COPY_MAX = 64 * 1024 }; /* bytes */

/* ERR_USAGE with words: no terminal, or one that is not known.  color false: attributes only. */
int term_start(bool color, struct err *err);
void term_stop(void);
int term_fd(void);

/* The next key; false when none waits.  Never blocks. */
bool term_key(struct key *out);
/* Asks for the size and adopts it. */
void term_resize(int *height, int *width);
/* Whether links are painted as such (hyperlink.h); off at first. */
void term_hyperlinks(bool on);
/* Writes the cells that differ from what was painted last, by one write (spool.h). */
void term_paint(struct canvas *c);
/* Forgets what is on the screen: the next paint writes all of it. */
void term_forget(void);
/* Gives the terminal to another program, and takes it back; then, with a question, it first waits
 * for Enter. */
void term_leave(void);
void term_return(const char *question);
/* Asks the terminal to copy a text (OSC 52); one that is longer than TERM_COPY_MAX is not copied. */
void term_copy(const char *text);
/* Gives the terminal to the shell and stops the process until it is continued. */
void term_suspend(void);

#endif
