/*
 * Plain text bodies as they were meant: line ends made LF, and format=flowed
 * (RFC 3676) joined into paragraphs, each quote level by itself.
 */
#ifndef TERN_MIME_FLOWED_H
#define TERN_MIME_FLOWED_H

#include <stdbool.h>
#include <stddef.h>

#include <glib.h>

enum { FLOWED_QUOTES_MAX = 100 }; /* deeper quotes are shown as text */

/* Appends text with CRLF and lone CR as LF, and a line end at its end. */
void plain_append(GString *out, const char *text, size_t len);

/* Appends the paragraphs of flowed text; delsp: the blank at a soft line end is not text. */
void flowed_append(GString *out, const char *text, size_t len, bool delsp);

#endif
