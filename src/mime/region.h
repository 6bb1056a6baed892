/*
 * Where in the file a part stands, byte for byte.
 *
 * A signature is over the bytes as they were sent, so a signed part must be cut
 * out of the file and not be written anew from the parsed tree.  These two
 * steps walk down to any part: into a message (behind its header), into a
 * multipart (between its boundary lines, RFC 2046 section 5.1.1).
 * Constant memory; any thread.
 */
#ifndef TERN_MIME_REGION_H
#define TERN_MIME_REGION_H

#include <stdint.h>

#include "base/err.h"

struct region {
	int64_t at, end; /* bytes of the file; end is behind the last one */
};

/* From a part or message to what stands behind its header.  ERR_GONE if it has none. */
int region_body(int fd, const struct region *part, struct region *out, struct err *err);
/*
 * From the body of a multipart to its part number n, header and all.  The line
 * end before a boundary belongs to the boundary.  ERR_GONE if there is no such part.
 */
int region_part(int fd, const struct region *body, const char *boundary, int n,
	struct region *out, struct err *err);
/* Writes the bytes to out; returns 0.  ERR_STORAGE. */
int region_copy(int fd, const struct region *r, int out, struct err *err);

#endif
