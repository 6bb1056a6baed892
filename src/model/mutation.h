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
	MUTATION_FLAGS,   /* the bits and keywords of `add` are on, those of `remove` are off */
	MUTATION_MOVE,    /* the message is in the target mailbox and not in the source */
	MUTATION_COPY,    /* the message is in the target mailbox, too */
	MUTATION_EXPUNGE, /* the message is not in the source any more, and was put nowhere */
	MUTATION_APPEND,  /* a message that only we have is in the target mailbox, once */
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

/* It has not left, or is on its way. */
bool mutation_is_waiting(enum mutation_status status);
/* It did not happen, and needs the reader. */
bool mutation_is_stuck(enum mutation_status status);

enum {
	MUTATION_BATCH_MAX = 1000,
	MUTATION_APPENDS_MAX = 8,     /* messages of one APPEND batch: each holds a descriptor */
	MUTATION_ATTEMPTS_MAX = 8,
	MUTATION_REVIEWS_MAX = 3,     /* so often a wish that met a change is judged anew before it is
					 sent without a condition: flags commute (C-02) */
	MUTATION_MARK_MAX = 96,
	MUTATION_ANSWER_MAX = 200,
};

/* "waiting", "in doubt", "held", "refused", ...: a word for people, translated. */
const char *mutation_state_words(enum mutation_status status, bool uncertain, bool held);

struct mutation_item {
	int64_t row;             /* id of the queue row */
	message_id message;
	uint64_t uid;            /* in the source mailbox; 0 for APPEND */
	uint64_t size;           /* bytes of the raw message */
	uint64_t modseq;         /* FLAGS: newest mod-sequence known of it, 0 = that of source_cursor */
	unsigned base;           /* flags that the reader saw when he acted */
	int64_t received_at;     /* APPEND: its internal date, unix seconds, 0 = now */
	int fd;                  /* APPEND: the raw message, open for reading; -1 = none.  Owned */
	char *canonical;         /* may be NULL */
	char *message_id_header; /* without <>; may be NULL */
};

struct mutation_batch {
	enum mutation_verb verb;
	account_id account;
	mailbox_id source, target;         /* target: MOVE, COPY, APPEND; source: all but APPEND */
	char *source_path, *target_path;   /* NULL where there is none */
	uint32_t uidvalidity;              /* of the source when the reader acted, 0 = the provider has none */
	char *source_cursor;               /* the provider's own cursor of the source, NULL or "" = none */
	unsigned add, remove;              /* FLAGS; APPEND: add are the flags of the new message */
	char *add_keywords, *remove_keywords; /* FLAGS, APPEND: normal form of model/flags.h; NULL or "" = none */
	bool unconditional;                /* FLAGS: met changes too often: send without a condition */
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
	APPLIED_CHANGED,       /* FLAGS: not done, somebody changed the message since the reader saw it
				  (UNCHANGEDSINCE); flags, keywords and modseq tell what it has now */
};

/* What became of one item. */
struct applied {
	enum applied_state state;
	uint64_t target_uid;           /* MOVE, COPY, APPEND: uid in the target, 0 = not told */
	uint32_t target_uidvalidity;
	uint64_t modseq;               /* FLAGS: of the message now, 0 = not told */
	unsigned flags;                /* CHANGED: what the server has */
	char *keywords;                /* CHANGED: likewise, normal form; NULL = not told.  Owned */
	bool marked;                   /* MOVE, EXPUNGE: the source is only marked \Deleted, for the server
					  cannot remove single messages (no UIDPLUS) */
	char answer[MUTATION_ANSWER_MAX]; /* the server's own words, cleaned */
};

/* Frees an array of n and what its entries own. */
void applied_free(struct applied *a, size_t n);

#endif
