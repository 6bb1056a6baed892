/*
 * text/enriched (RFC 1896) and its forerunner text/richtext (RFC 1341) as the
 * words they hold.  Pure; any thread.
 */
#ifndef TERN_MIME_ENRICHED_H
#define TERN_MIME_ENRICHED_H

#include <stdbool.h>
#include <stddef.h>

#include <glib.h>

enum { ENRICHED_TAG_MAX = 60 }; /* bytes of a command; a longer one is text */

/* Appends the text, with a line end at its end.  old: text/richtext. */
void enriched_append(GString *out, const char *text, size_t len, bool old);

#endif
