/*
 * A spool: what a library writes to the terminal in many pieces goes out as one.
 *
 * Curses writes a paint in pieces, each by a write() of its own, some sixty of
 * them for a screen.  Over a network each may become a packet, and between two
 * of them the terminal shows what is half painted.  So curses gets a stream
 * with a descriptor that nobody else has.  It leads to the terminal, whose
 * modes curses asks for and sets by it.  Only from spool_begin to spool_end it
 * leads into a file in memory; then all that was collected there is written to
 * the terminal at once.
 *
 * Where there is no such file everything goes to the terminal directly.  One
 * thread.
 */
#ifndef TERN_UI_SPOOL_H
#define TERN_UI_SPOOL_H

#include <stdbool.h>
#include <stdio.h>

struct spool {
	FILE *stream;  /* for the library; NULL = not open */
	int to;        /* the terminal, borrowed */
	int memory;    /* -1 = there is none */
	bool collects;
};

/* False if no descriptor can be had. */
bool spool_open(struct spool *s, int to);
void spool_close(struct spool *s);
/* From now on it is collected.  The library must not set the terminal's modes meanwhile. */
void spool_begin(struct spool *s);
/* Writes what was collected, between two strings that frame it; nothing if it is nothing. */
void spool_end(struct spool *s, const char *before, const char *after);

#endif
