/*
 * Bytes in some charset to UTF-8, whatever the label says.
 *
 * Labels in mail are often missing, misspelt or wrong.  The decoder takes the
 * label when the C library knows it, reads the narrow charsets as the wider
 * ones that people really use (Latin-1 as Windows-1252, GB2312 as GB18030),
 * believes valid UTF-8 over a label of the Latin family, and guesses where
 * there is nothing to believe.  It never fails: bytes that mean nothing become
 * U+FFFD.  Pure; any thread.
 */
#ifndef TERN_MIME_CHARSET_H
#define TERN_MIME_CHARSET_H

#include <stdbool.h>
#include <stddef.h>

#include <glib.h>

enum { CHARSET_NAME_MAX = 40 };

/*
 * Appends data as valid UTF-8 without NUL.  name may be NULL or nonsense.
 * Returns false if the label could not be used, or some bytes had no meaning.
 */
bool charset_append(GString *out, const char *name, const char *data, size_t len);

#endif
