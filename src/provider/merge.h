/*
 * Comparing a listing with what the store knows, in constant memory.
 *
 * A provider that can only say "these messages are here, with these flags"
 * (plain IMAP, a folder of files) walks its listing in ascending uid order and
 * tells each entry to merge_present.  The merge reads the known messages
 * beside it, both in one pass, and
 *   - sends CHANGE_FLAGS for those whose flags differ,
 *   - answers "unknown" for those the store has not seen, so that the provider
 *     fetches them,
 *   - remembers those that are known but were not listed, and sends CHANGE_GONE
 *     for them in merge_finish, which the provider calls only after it has
 *     proof that the listing was complete.
 * Entries out of order are ERR_PROTOCOL.  Known messages outside
 * [low, high] are left alone (coverage, C-04).
 */
#ifndef TERN_PROVIDER_MERGE_H
#define TERN_PROVIDER_MERGE_H

#include <glib.h>

#include "provider/provider.h"

enum { MERGE_WINDOW = 512 };

struct merge {
	struct sink *out;
	uint64_t high, last;
	size_t at, have;
	bool end;              /* no more known messages */
	struct known window[MERGE_WINDOW];
	GArray *gone;          /* of uint64_t */
	uint64_t n_known, n_present;
};

void merge_init(struct merge *m, struct sink *out, uint64_t low, uint64_t high);
void merge_release(struct merge *m);

/* 1 = the store does not know this uid: fetch it; 0 = it does. */
int merge_present(struct merge *m, uint64_t uid, unsigned flags, const char *keywords,
	struct err *err);

/* The listing was complete: report what is gone. */
int merge_finish(struct merge *m, struct err *err);

#endif
