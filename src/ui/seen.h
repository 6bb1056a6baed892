/*
 * What the reader sees, told to the engine: the rows of the list, and which of
 * them a search has found, so that what will probably be opened next is here by
 * then (C-28, L-29).
 *
 * Only when the rows changed since the last time, and once they have stood for
 * SEEN_MS: who scrolls through a mailbox looks at nothing.  Main thread.
 */
#ifndef TERN_UI_SEEN_H
#define TERN_UI_SEEN_H

#include <stdint.h>

struct ui;

enum {
	SEEN_MS = 300,
	SEEN_ROWS_MAX = 64, /* the uppermost rows of a tall screen */
};

struct seen {
	uint64_t rows;    /* a hash of those that were told last, 0 = none */
	uint64_t waiting; /* ... of those that stand there now */
	int64_t since;    /* monotonic ms */
	int hits;         /* of the last search, as long as they are marked; 0 = none */
};

/* Milliseconds until it has something to tell, -1 = nothing. */
int64_t seen_tick(struct ui *ui);

#endif
