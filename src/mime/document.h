/*
 * A message as a person reads it: decoded headers, the parts, the text.
 *
 * Limits (each is tested): depth 64, parts 2,000,
 * header block 1 MiB, shown text 8 MiB.  Beyond a limit the document says so
 * in `note` and shows what it has; it never fails for being strange.
 * Pure I/O on one file; any thread; the result belongs to the caller.
 * Strings are valid UTF-8, still outside text.
 */
#ifndef TERN_MIME_DOCUMENT_H
#define TERN_MIME_DOCUMENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <glib.h>

#include "base/err.h"

enum {
	DOCUMENT_DEPTH_MAX = 64,
	DOCUMENT_PARTS_MAX = 2000,
	DOCUMENT_HEADER_MAX = 1 << 20,
	DOCUMENT_TEXT_MAX = 8 << 20,
};

struct document_header {
	char *name, *value; /* decoded, unfolded */
};

struct document_part {
	int depth;
	char *type;      /* "text/plain", lower case */
	char *filename;  /* may be NULL */
	uint64_t size;   /* decoded bytes; an estimate for parts that were not decoded */
	bool attachment; /* to be listed as an attachment (not a body that is shown, not a container) */
	bool shown;      /* its text is part of document.text */
};

struct document {
	GPtrArray *headers; /* of struct document_header, in order */
	GPtrArray *parts;   /* of struct document_part, depth first */
	char *text;         /* the body to show: LF lines, format=flowed joined, "" if none */
	char *note;         /* NULL, or a sentence: what could not be shown and why */
};

int document_read(int fd, struct document **out, struct err *err);
void document_free(struct document **d);
/* The first value of a header (any case), NULL if missing. */
const char *document_header(const struct document *d, const char *name);

#endif
