/*
 * Walking through an IMAP answer without copying it (RFC 3501, section 9).
 *
 * A struct scan is a position in a buffer that holds one whole answer,
 * literals included.  Every function either takes what it is asked for and
 * moves on, or returns false and leaves the position alone.  They accept more
 * than the grammar does, because servers send more.  Pure.
 */
#ifndef TERN_PROVIDER_IMAP_SCAN_H
#define TERN_PROVIDER_IMAP_SCAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { SCAN_DEPTH_MAX = 100 };

/* A piece of the buffer; p is NULL for NIL. */
struct slice {
	const char *p;
	size_t n;
	bool escaped; /* holds backslashes in front of quotes: slice_copy removes them */
};

struct scan {
	const char *p, *end;
};

bool slice_is(struct slice s, const char *word); /* any case */
/* Copies without the escapes; out holds s.n bytes; returns the length. */
size_t slice_copy(struct slice s, char *out);

bool scan_at_end(const struct scan *s); /* nothing but a line end is left */
bool scan_peek(const struct scan *s, char c);
bool scan_char(struct scan *s, char c);
void scan_blanks(struct scan *s);
bool scan_word(struct scan *s, const char *word); /* any case, a whole word */
bool scan_atom(struct scan *s, struct slice *out);
/* Digits; larger than 64 bits saturates, NIL and negative numbers count as 0. */
bool scan_number(struct scan *s, uint64_t *out);
/* A quoted string, a literal, NIL, or a bare word in its place. */
bool scan_string(struct scan *s, struct slice *out);
/* One value of any kind, with all that is inside it. */
bool scan_skip(struct scan *s);
/* A parenthesised list as a piece of the buffer, brackets included; NIL gives p = NULL. */
bool scan_list(struct scan *s, struct slice *out);

#endif
