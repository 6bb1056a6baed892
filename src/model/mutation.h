/*
 * Outbound wishes: the reader's change as a desired END STATE.
 *
 * One row of the queue is one wish about one message in one mailbox.  A
 * provider receives a batch: rows with the same verb, source, target and
 * wanted state, so that a thousand flags leave as one command.
 */
#ifndef TERN_MODEL_MUTATION_H
#define TERN_MODEL_MUTATION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "model/id.h"

enum mutation_verb {
	MUTATION_FLAGS, /* the bits of `add` are on, the bits of `remove` are off */
	MUTATION_MOVE,  /* the message is in the target mailbox and not in the source */
};

/* docs: doc/SYNC draws the diagram */
enum mutation_status {
	MUTATION_QUEUED,   /* waits for its turn */
	MUTATION_LEASED,   /* a worker is at it; found after a crash it means "in doubt" */
	MUTATION_DONE,
	MUTATION_CONFLICT, /* the server has something else than the reader saw; nothing was changed */
	MUTATION_FAILED,   /* the server said no for good, or attempts ran out */
	MUTATION_CANCELED, /* undone before it left */
};

enum {
	MUTATION_BATCH_MAX = 1000,
	MUTATION_ATTEMPTS_MAX = 8,
	MUTATION_MARK_MAX = 96,
	MUTATION_ANSWER_MAX = 200,
};

struct mutation_item {
	int64_t row;             /* id of the queue row */
	message_id message;
	uint64_t uid;            /* in the source mailbox */
	uint64_t size;
	char *canonical;         /* may be NULL */
	char *message_id_header; /* may be NULL */
};

struct mutation_batch {
	enum mutation_verb verb;
	account_id account;
	mailbox_id source, target;         /* target: MOVE only */
	char *source_path, *target_path;
	uint32_t uidvalidity;              /* of the source when the reader acted, 0 = the provider has none */
	unsigned add, remove;              /* FLAGS only */
	bool uncertain;                    /* an earlier try may have reached the server: look before acting */
	char mark[MUTATION_MARK_MAX];      /* what prepare() noted before the first try, "" if none */
	size_t n;
	struct mutation_item *items;
};

void mutation_batch_free(struct mutation_batch **b);

enum applied_state {
	APPLIED_NOT_TRIED = 0, /* nothing was sent for this item */
	APPLIED_DONE,          /* the end state holds */
	APPLIED_GONE,          /* the message is no longer there: the wish ends as a conflict */
	APPLIED_REFUSED,       /* the server judged and said no for good; answer says why */
	APPLIED_UNKNOWN,       /* sent, the answer was lost: the next try must look first */
};

/* What became of one item. */
struct applied {
	enum applied_state state;
	uint64_t target_uid;           /* MOVE: uid in the target, 0 = not told */
	uint32_t target_uidvalidity;
	char answer[MUTATION_ANSWER_MAX]; /* the server's own words, cleaned */
};

#endif
