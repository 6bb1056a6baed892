/*
 * The flow: a message's text, broken into the lines of a screen.
 *
 * Lines break at blanks, or between wide characters, or, where a word is longer
 * than the screen, in the word.  A wrapped quoted line repeats its quote marks.
 * Lines are made on demand, so that a text of many megabytes opens at once;
 * only flow_total works through all of it.  The text is copied; tabs are
 * expanded in the copy.  One thread.
 */
#ifndef TERN_UI_FLOW_H
#define TERN_UI_FLOW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <glib.h>

struct flow_line {
	const char *text;     /* not NUL-terminated */
	size_t len;
	const char *prefix;   /* quote marks to repeat before the text; prefix_len 0 = none */
	size_t prefix_len;
	int quote;            /* how deep it is quoted, 0 = the sender's own words */
	bool signature;       /* below "-- " */
};

struct flow {
	char *text;
	size_t len, done;     /* bytes, and how far lines have been made */
	int width;
	bool signature;       /* the signature has begun */
	const char *rest;     /* of the paragraph that is being broken, NULL = none is */
	size_t rest_len;
	size_t prefix_len;    /* its quote marks */
	struct flow_line next; /* what its next line has in common with the last */
	GArray *lines;        /* of struct flow_line */
};

void flow_init(struct flow *f, const char *text, int width);
void flow_release(struct flow *f);
/* Breaks again for another width. */
void flow_set_width(struct flow *f, int width);
/* Line i, borrowed until the next call; NULL behind the end. */
const struct flow_line *flow_line(struct flow *f, size_t i);
size_t flow_total(struct flow *f);
/* The line that shows byte `at` of the text. */
size_t flow_find(struct flow *f, size_t at);
/* Where line i begins in the text, to find it again after flow_set_width. */
size_t flow_offset(struct flow *f, size_t i);

#endif
