/*
 * Sets of message numbers, "1:4,7,9:*" (RFC 3501, sequence-set).
 */
#ifndef TERN_PROVIDER_IMAP_UIDSET_H
#define TERN_PROVIDER_IMAP_UIDSET_H

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "provider/imap/scan.h"

enum {
	UIDSET_BYTES_MAX = 8000, /* of one set in a command: servers bound their command lines */
	UIDSET_EXPAND_MAX = 1000000,
};

/*
 * Appends the ascending uids[0..n) to out, compressed, until about
 * UIDSET_BYTES_MAX bytes are used; returns how many uids went in (at least 1).
 */
size_t uidset_write(GString *out, const uint64_t *uids, size_t n);

/* Reads a set into out (of uint64_t, in the order given); false if it is malformed or too large. */
bool uidset_read(struct scan *s, GArray *out);

/* A piece of a set: first .. last, both in it. */
struct span {
	uint64_t first, last;
};

/* The next piece, its ends in order; false at the end, or if what follows is malformed ('*' too). */
bool uidset_next(struct scan *s, struct span *out);

/* How many numbers of the set lie in low .. high; a number named twice counts twice. */
uint64_t uidset_count(struct scan *s, uint64_t low, uint64_t high);

/*
 * Appends the pieces of the set, cut to low .. high, to spans (of struct span);
 * false if it is malformed or there would be more than max.
 */
bool uidset_spans(struct scan *s, uint64_t low, uint64_t high, size_t max, GArray *spans);

/* Sorts spans (of struct span) and joins those that touch. */
void uidset_spans_join(GArray *spans);

/* Sorts ascending and removes doubles; returns the new length. */
size_t uidset_sort(uint64_t *uids, size_t n);
bool uidset_has(const uint64_t *uids, size_t n, uint64_t uid); /* in what uidset_sort left */

#endif
