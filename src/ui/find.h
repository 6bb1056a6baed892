/*
 * Search in the text of the open message.
 *
 * Upper and lower case are the same, and a blank in what is looked for is any
 * blank or line end.  A search goes forward or back from a place, a slice at
 * a time between the keys, and once around the end.  Nothing is remembered of
 * the text: what is on the screen is looked through again when it is drawn.
 * One thread.
 */
#ifndef TERN_UI_FIND_H
#define TERN_UI_FIND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	FIND_WORD_MAX = 200,      /* characters looked for; the rest is left out */
	FIND_SLICE = 1 << 16,     /* places tried between two looks at the keyboard */
};

/* What is looked for: no characters = nothing. */
struct needle {
	uint32_t c[FIND_WORD_MAX]; /* without case */
	int n;
};

/* A search that is under way. */
struct find {
	bool on, back;
	bool wrapped;             /* it went around the end */
	size_t at, start;         /* the next place to try, and where it began */
};

/* What is looked for; "" = nothing. */
void needle_set(struct needle *n, const char *words);
/* Bytes that match at s; 0 = they do not. */
size_t needle_match(const struct needle *n, const char *s, size_t len);
/* The first match that begins in [from, to) of a text; false if none does. */
bool needle_in(const struct needle *n, const char *text, size_t len, size_t from, size_t to,
	size_t *at, size_t *bytes);

/* Begins a search behind (or before) a place. */
void find_begin(struct find *f, size_t from, size_t len, bool back);
/* One slice: 1 = found at *at, 0 = go on, -1 = nothing is there and the search is over. */
int find_step(struct find *f, const struct needle *n, const char *text, size_t len, size_t *at,
	size_t *bytes);

#endif
