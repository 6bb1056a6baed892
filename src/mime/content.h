/*
 * The bytes and the text of one part.  Nothing is kept; any thread.
 */
#ifndef TERN_MIME_CONTENT_H
#define TERN_MIME_CONTENT_H

#include <stdbool.h>
#include <stddef.h>

#include "mime/outline.h"

/* The decoded content, at most max bytes; *cut (may be NULL) is set if there was more. */
GString *content_bytes(const struct node *n, size_t max, bool *cut);

/*
 * The content as UTF-8, by the charset that the part, or the page in it, names;
 * sets node->size.  Returns with enum body_notes added to *notes.
 */
GString *content_text(struct node *n, size_t max, unsigned *notes);

/* A parameter of the part's Content-Type; NULL if missing. */
const char *content_param(const struct node *n, const char *name);
bool content_param_is(const struct node *n, const char *name, const char *value);

#endif
