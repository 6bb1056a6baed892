/*
 * Outside text, made fit for a screen: the one clean-up function.
 *
 * Bytes from mail, servers, file names and error messages may hold escape
 * sequences, C0/C1 controls, bidirectional overrides, invisible characters,
 * broken UTF-8 or piles of combining marks.  Nothing of that may reach a
 * terminal.  Everything tern shows passes through struct text_iter: the canvas
 * reads strings only with it, and text_clean_into / text_clean wrap it for
 * logs, errors and command-line output.  It runs AFTER every decoding step.
 *
 * Rules: the result is valid UTF-8.  Broken bytes and unassigned characters
 * become U+FFFD; C0 and DEL show as control pictures (U+2400..); C1, bidi and
 * other invisible format characters, variation selectors, zero-width joiners
 * and the tag block vanish; tab and line ends become a blank; at most
 * TEXT_MARKS_MAX combining marks stay on one cell.  Widths are wcwidth's,
 * because that is how ncurses places cells; a UTF-8 locale must be set.
 *
 * All functions are pure and safe from any thread.
 */
#ifndef TERN_BASE_TEXT_H
#define TERN_BASE_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

enum { TEXT_MARKS_MAX = 8 };

struct text_iter {
	const unsigned char *p, *end;
	int marks; /* combining marks seen on the current cell */
	bool any;  /* a base character was seen: a mark has something to sit on */
};

/* Starts at s; len -1 means NUL-terminated. */
void text_iter_init(struct text_iter *it, const char *s, ssize_t len);

/*
 * The next character that may be shown, with its width in cells (0 = combining
 * mark, 1, 2); returns 0 at the end.
 */
uint32_t text_next(struct text_iter *it, int *width);

/* Writes c as UTF-8 into out (at least 4 bytes); returns the number of bytes. */
int text_put(uint32_t c, char *out);

/* Cleans s into out (always NUL-terminated, cut at a character); returns the cells used. */
int text_clean_into(const char *s, ssize_t len, char *out, size_t cap);

/* Cuts what a buffer that was too small left of a character at the end of s. */
void text_whole(char *s);

/* The same as text_clean_into, as a new string (g_free); keep_lines leaves '\n' and '\t' in place. */
char *text_clean(const char *s, ssize_t len, bool keep_lines);

/* Cells that s takes after cleaning. */
int text_width(const char *s);

/* True if the bytes are valid UTF-8 without NUL. */
bool text_is_utf8(const char *s, size_t len);

#endif
