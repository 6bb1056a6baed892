/*
 * Files in plain text, as mail carried them before MIME: "begin 644 name",
 * lines, "end".  Pure; any thread.
 */
#ifndef TERN_MIME_UUENCODE_H
#define TERN_MIME_UUENCODE_H

#include <stdbool.h>
#include <stddef.h>

#include <glib.h>

enum { UUENCODE_NAME_MAX = 200, UUENCODE_BLOCKS_MAX = 50 };

struct uu_block {
	size_t at, len;               /* bytes of the text, whole lines */
	char name[UUENCODE_NAME_MAX]; /* outside text */
};

/*
 * The first whole block at or behind *from; moves *from behind it.  Its bytes
 * are appended to data, which may be NULL.  false = there is none.
 */
bool uuencode_next(const char *text, size_t len, size_t *from, struct uu_block *out,
	GByteArray *data);

#endif
