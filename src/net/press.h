/*
 * Compression of a byte stream in both directions: raw DEFLATE (RFC 1951), as
 * COMPRESS=DEFLATE wants it (RFC 4978).
 *
 * No I/O: the stream puts compressed bytes in and takes plain ones out, and
 * the other way round.  Memory is bounded by the two pieces below and zlib's
 * windows, whatever the peer sends: plain bytes are made only when there is
 * room for them.  Owner: the thread of the stream.
 */
#ifndef TERN_NET_PRESS_H
#define TERN_NET_PRESS_H

#include <stddef.h>
#include <sys/types.h>

#include "base/err.h"

enum {
	PRESS_PIECE = 16 * 1024,       /* compressed bytes held at a time, each direction */
	PRESS_UNPACK_MAX = 256 * 1024, /* plain bytes of one call */
};

struct press;

struct press *press_new(struct err *err); /* NULL with *err */
void press_free(struct press **p);

/* Plain bytes to be sent; they stay in place until press_packed has returned 0. */
void press_put(struct press *p, const void *plain, size_t n);
/* The next compressed bytes to send (valid until the next call), 0 = all is out and flushed. */
size_t press_packed(struct press *p, const void **out);

/* Where bytes that came are to be written, and how many fit; only when press_unpack returned 0. */
void *press_space(struct press *p, size_t *cap);
void press_got(struct press *p, size_t n);
/* Plain bytes into buf; 0 = more must come first; ERR_PROTOCOL: this is no compressed data. */
ssize_t press_unpack(struct press *p, void *buf, size_t cap, struct err *err);
/* 1 = press_unpack has a byte at once, 0 = it has not; < 0 error. */
int press_has(struct press *p, struct err *err);

#endif
