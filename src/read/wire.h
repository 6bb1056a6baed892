/*
 * A document as one string of bytes, from the reader's child to the program.
 *
 * The child is what a stranger may have taken over, so the program believes
 * nothing of what it sends: wire_unpack checks every count against a limit,
 * every string for UTF-8 without NUL, every span for its place in the text and
 * its order, every number of a link or part for its range.  What it returns is
 * as sound as what document_read itself would return; that the words are a
 * stranger's is true of any mail.  Numbers are in the machine's own order, for
 * both ends are one program.  Pure; any thread.
 */
#ifndef TERN_READ_WIRE_H
#define TERN_READ_WIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <glib.h>

#include "mime/document.h"

enum {
	WIRE_HEADERS_MAX = 4000,
	WIRE_SPANS_MAX = 1000 * 1000,
	WIRE_NESTING_MAX = 1024,     /* spans inside spans */
	WIRE_LINKS_MAX = UINT16_MAX, /* what a span can name */
	WIRE_STRING_MAX = 1 << 20,   /* bytes of any string but the text */
	WIRE_BYTES_MAX = 64 << 20,   /* of all */
};

/*
 * Appends the document.  What is beyond the limits is left out, so that
 * wire_unpack always takes what this made; spans that are not in order are
 * left out all together.  False: it is too large to be sent.
 */
bool wire_pack(const struct document *d, GByteArray *out);
/* NULL if anything is wrong with the bytes.  The document is the caller's (document_free). */
struct document *wire_unpack(const void *bytes, size_t len);

#endif
