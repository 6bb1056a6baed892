/*
 * What charset bytes without a believable label are in.
 */
#ifndef TERN_MIME_GUESS_H
#define TERN_MIME_GUESS_H

#include <stdbool.h>
#include <stddef.h>

enum { GUESS_LOOK = 64 * 1024 }; /* bytes looked at */

/* The charset that unlabelled bytes most likely are in; a name that iconv knows. */
const char *charset_guess(const char *data, size_t len);

/* UTF-16 without its mark: "UTF-16LE" or "UTF-16BE", NULL if the NULs do not look like it; few of
 * them are enough when a label says so. */
const char *guess_utf16(const char *data, size_t len, bool labelled);

/* Valid UTF-8 of which at least `least` characters are longer than a byte. */
bool guess_is_utf8(const char *data, size_t len, size_t least);

#endif
