/*
 * Inside of the store, of cache*.c and offline.c only: what they share.
 *
 * A row of cache_object is found by message; layer and object_id are always
 * 'body' and ''.  All functions run inside a transaction of the caller's
 * unless they say otherwise.
 */
#ifndef TERN_STORE_LEDGER_H
#define TERN_STORE_LEDGER_H

#include "store/cache.h"
#include "store/priv.h"

#define LEDGER_OF_MESSAGE " message_id = ? AND layer = 'body' AND object_id = ''"

/* Flagged, with a change that waits, of nobody but us, pinned, or wanted offline (M-15, C-03); id: the
 * column with the message. */
#define LEDGER_PROTECTED(id)                                                                       \
	"(EXISTS (SELECT 1 FROM location l WHERE l.message_id = " id                               \
	" AND (l.pending = 1 OR l.flags & 4 OR l.server_flags & 4))"                               \
	" OR EXISTS (SELECT 1 FROM mutation q WHERE q.message_id = " id                            \
	" AND q.status IN ('queued', 'leased'))"                                                   \
	" OR EXISTS (SELECT 1 FROM mutation q WHERE q.message_id = " id " AND q.verb = 'append'"   \
	" AND q.status IN ('conflict', 'failed'))"                                                 \
	" OR EXISTS (SELECT 1 FROM cache_signal g WHERE g.message_id = " id " AND g.pinned = 1)"   \
	" OR EXISTS (SELECT 1 FROM location l JOIN mailbox_offline o ON o.mailbox_id = l.mailbox_id" \
	" WHERE l.message_id = " id " AND " LEDGER_OFFLINE "))"

/* The place l is wanted by the policy o of its mailbox (2: OFFLINE_RECENT, 3: OFFLINE_ALL). */
#define LEDGER_OFFLINE                                                                             \
	"l.shown = 1 AND o.policy >= 2 AND l.date >= o.since AND (o.cap = 0 OR l.size <= o.cap)"

/* What a message is scored by. */
struct ledger_facts {
	account_id account;
	struct cache_facts facts;
	bool parts;          /* it is fetched without its attachments */
	bool headers;        /* all its mailboxes are OFFLINE_HEADERS: it is not fetched unasked */
	bool past;           /* its body was not used for too long: first in line to go */
	int64_t value_bytes;
};
/* 1 = filled in, 0 = there is no such message. */
int ledger_facts(struct store *s, int64_t message, int64_t now, struct ledger_facts *out,
	struct err *err);
/* The score as it is written: with what keeps a message from being fetched. */
struct cache_score ledger_score(const struct ledger_facts *f);
/* Scores one message now, and takes it out of the queue. */
int ledger_rescore(struct store *s, int64_t message, int64_t now, struct err *err);
/* It is to be scored again; the queue keeps the higher priority (P-09). */
int ledger_queue(struct store *s, int64_t message, int64_t account, double priority, int64_t now,
	struct err *err);
/* Rows whose pause is over are wanted again; begins no transaction if there are none. */
int ledger_wake(struct store *s, int64_t now, struct err *err);

/* Bodies in use, and what the open claims will bring. */
int ledger_bytes(struct store *s, int64_t *out, struct err *err);

/* Bodies that are to go. */
struct victims {
	GArray *messages; /* of int64_t */
	GArray *files;    /* those of them that have a file of their own */
	GArray *packs;    /* of int64_t: the packs of the others */
	int64_t bytes;
};
void victims_init(struct victims *v);
void victims_release(struct victims *v);
/*
 * The lowest rows below that priority (but not `except`), until they make
 * `need` bytes or are EVICT_MAX: 1 = they make it, 0 = they do not.  Marks the protected ones
 * that it meets, so that nobody meets them again soon.
 */
enum { EVICT_MAX = 2000, EVICT_LOOK = 5000 };
int victims_choose(struct store *s, struct victims *v, int64_t need, double below, int64_t except,
	struct err *err);
/* Their rows go; the transaction must be durable, and then victims_unlink. */
int victims_evict(struct store *s, const struct victims *v, struct err *err);
void victims_unlink(struct store *s, const struct victims *v);

/*
 * A body of that size is about to be stored: evicts what must go so that all, with what other claims will
 * bring, stays under the hard cap, also if it is larger than it said.  0, then as victims_evict; or
 * ERR_LIMIT if there is no room for one that was claimed.
 */
int body_room(struct store *s, int64_t message, int64_t size, struct victims *v, struct err *err);

/* So many bytes would have to go for it now; <= 0 = none. */
int64_t body_over(struct store *s, int64_t message, int64_t size);

/* Could not be fetched: noted unless the body is here. */
int ledger_failed(struct store *s, int64_t message, const struct err *why, struct err *err);
/* It is another message now, or elsewhere: what failed for good may be tried again (C-07). */
int ledger_changed(struct store *s, int64_t message, struct err *err);
/* Rows that are missing or contradict the bodies, after damage (L-27); a transaction of its own. */
int ledger_repair(struct store *s, struct err *err);

/* Brings mailbox_offline.since up to date; mailbox 0 = all.  Begins its own transaction. */
int offline_refresh(struct store *s, int64_t mailbox, int64_t now, struct err *err);

#endif
