/*
 * A stored message, parsed: what reading it and taking parts out of it begin with.
 *
 * The file is looked at first (structure.h), so that the parser meets no
 * header block, no number of parts and no depth that it was not made for.
 * Large messages stay in the file: the parsed tree holds places, not bytes.
 */
#ifndef TERN_MIME_OPEN_H
#define TERN_MIME_OPEN_H

#include <stdbool.h>
#include <stdint.h>

#include <gmime/gmime.h>

#include "base/err.h"

struct opened {
	GMimeMessage *message; /* NULL: there is no header, all of it is text */
	int64_t size;          /* of the file, bytes */
	int64_t end;           /* so many of them were parsed */
	bool cut;              /* the rest was not, because a limit was reached ... */
	bool partial;          /* ... or because no more was asked for */
};

/* first: bytes to parse at most, 0 = all.  The descriptor must stay open until opened_release.
 * ERR_STORAGE. */
int opened_parse(int fd, uint64_t first, struct opened *out, struct err *err);
void opened_release(struct opened *o);

/* A message in memory, that was inside of another (g_object_unref); the bytes are copied.  NULL: it
 * has no header, or passes a limit. */
GMimeMessage *opened_inside(const char *bytes, size_t len);

/* ERR_STORAGE, with words for errno. */
int opened_unreadable(struct err *err);

/* Reads at most max bytes from the beginning of the file; ERR_STORAGE. */
int opened_start(int fd, size_t max, GByteArray *buf, struct err *err);

#endif
