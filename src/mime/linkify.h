/*
 * Addresses that stand in plain text: what a reader would want to follow.
 *
 * Found are http, https, ftp and mailto with their scheme, and names that begin
 * with "www.".  An address ends where RFC 3986 (appendix C) and habit end it:
 * at blanks, at quotes and angle brackets, before the full stop of the sentence
 * and before a closing bracket that was opened outside of it.  Between < and >
 * it may go on in the next line.  Each byte is looked at a bounded number of
 * times.  Pure; any thread.
 */
#ifndef TERN_MIME_LINKIFY_H
#define TERN_MIME_LINKIFY_H

#include <stdbool.h>
#include <stddef.h>

#include <glib.h>

enum {
	LINKIFY_MAX = 4096,     /* bytes of an address; a longer one is no link */
	LINKIFY_LINES_MAX = 5,  /* lines of one between < and > */
};

/* Bytes at to at + len of the text show an address; target is what they mean. */
struct found_link {
	size_t at, len;
	char *target; /* g_free */
};

/* The first address at or behind *from; moves *from behind it.  false = there is none. */
bool linkify_next(const char *text, size_t len, size_t *from, struct found_link *out);

#endif
