/*
 * What the IMAP tests and the benchmark share: an account made by hand and a
 * sink that remembers what a provider told it, as the store would.
 */
#ifndef TESTS_PROVIDER_IMAP_RIG_H
#define TESTS_PROVIDER_IMAP_RIG_H

#include <glib.h>

#include "provider/provider.h"

extern const struct provider_ops provider_imap;

struct kept {
	uint64_t uid, size;
	unsigned flags;
	char *keywords, *subject, *message_id, *from_addr, *from_name, *to, *canonical, *preview;
	size_t n_references;
	int64_t sent_at, received_at;
	bool has_attachment;
	int times; /* how often it was told */
};

struct recorder {
	struct sink sink;     /* first */
	bool count_only;      /* keep nothing: for the benchmark */
	GPtrArray *mailboxes; /* of struct mailbox, with path, name, role, attrs */
	GTree *messages;      /* uid -> struct kept */
	GArray *order;	      /* of uint64_t: uids as they came first */
	int resets, changes, flag_changes, gone, points;
	int pause_after; /* pause at this many points, 0 = never */
	int fail_after;	 /* an error at this many changes, 0 = never */
	char cursor[200];
	uint32_t uidvalidity;
	bool complete;
	int64_t done, of;
	uint64_t bytes;
};

void recorder_init(struct recorder *r);
void recorder_release(struct recorder *r);
struct kept *recorder_get(struct recorder *r, uint64_t uid);
/* The message with that subject, NULL if there is none. */
struct kept *recorder_find(struct recorder *r, const char *subject);
size_t recorder_count(struct recorder *r);
struct mailbox *recorder_mailbox(struct recorder *r, const char *path);

#endif
