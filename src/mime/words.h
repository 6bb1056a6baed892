/*
 * Encoded words of header values (RFC 2047), as they are met.
 *
 * Words may touch each other or plain text, hold blanks, name no charset that
 * exists, or break a character at their border: adjacent words of one charset
 * are decoded together.  What is no word stays as it stands.  One pass; pure;
 * any thread.
 */
#ifndef TERN_MIME_WORDS_H
#define TERN_MIME_WORDS_H

#include <glib.h>

/* The text, valid UTF-8, with its words decoded: a new string (g_free). */
char *words_decode(const char *utf8);

#endif
