/*
 * The name that a sender gave to a file, however it was written down: as RFC
 * 2231 has it, as an encoded word (RFC 2047, which forbids it there), or as
 * bytes of a charset that nothing names.
 */
#ifndef TERN_MIME_NAME_H
#define TERN_MIME_NAME_H

#include <gmime/gmime.h>

enum { NAME_BYTES_MAX = 1000 };

/* UTF-8, at most NAME_BYTES_MAX, still outside text (g_free); NULL: the part has no name. */
char *name_of_part(GMimePart *part);

#endif
