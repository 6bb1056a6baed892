/*
 * The contract between tern and whatever keeps the mail.
 *
 * A provider is a connection of one account, used by ONE thread: the worker
 * that created it.  All calls block, but every wait inside them polls
 * p->cancel, so that a call returns ERR_CANCELED within 300 ms after
 * cancel_set(), whatever the network does (name look-up included).
 *
 * Life cycle: create -> connect -> (mailboxes | changes | body | prepare |
 * apply | wait)* -> destroy.  After ERR_OFFLINE, ERR_PROTOCOL, ERR_CANCELED or
 * ERR_TRUST the connection is gone; connect makes a new one, and is a no-op
 * while one is alive.  No call touches the store: facts leave through a sink.
 *
 * Errors by grade (base/err.h): OFFLINE and RETRY are tried again later,
 * AUTH and TRUST stop the account until the reader acts, PROTOCOL drops the
 * connection, GONE concerns the one thing asked for, REFUSED is the server's no.
 * err.after_s carries a wait that the server asked for.
 */
#ifndef TERN_PROVIDER_PROVIDER_H
#define TERN_PROVIDER_PROVIDER_H

#include <stddef.h>
#include <stdint.h>

#include "base/cancel.h"
#include "base/err.h"
#include "model/account.h"
#include "model/change.h"
#include "model/engine.h"
#include "model/mailbox.h"
#include "model/mutation.h"

/* What the store knows of one message in a mailbox, for comparing. */
struct known {
	uint64_t uid;
	unsigned flags;          /* as the server had them */
	uint32_t keywords_hash;  /* flags_keywords_hash */
};

/* Where a listing stands; everything reported before it is complete. */
struct cursor_point {
	const char *cursor;      /* opaque to all but the provider; "" is never saved */
	uint32_t uidvalidity;    /* 0 = the provider has none */
	bool complete;           /* nothing older is missing any more */
	int64_t done, of;        /* messages fetched in this mailbox so far, and of how many (0 = unknown) */
};

/*
 * What a provider calls while it lists.  Implemented by sync/pull.  A negative
 * return is an error that the provider hands on unchanged.
 */
struct sink {
	/* mailboxes(): one call per mailbox; all of them were listed when mailboxes() returns 0 */
	int (*mailbox)(struct sink *s, const struct mailbox *m, struct err *err);
	/* changes(): everything known of this mailbox's uids is void (UIDVALIDITY changed) */
	int (*reset)(struct sink *s, struct err *err);
	/* changes(): one fact.  CHANGE_MESSAGE may come before the answer is complete (each stands
	 * for itself); CHANGE_GONE only after the answer that proves it was complete. */
	int (*change)(struct sink *s, const struct change *c, struct err *err);
	/* changes(): all before this point is complete; 1 = please pause now (return 1 from changes) */
	int (*cursor)(struct sink *s, const struct cursor_point *at, struct err *err);
	/* changes(): the known messages with uid >= from, ascending, at most max; returns how many */
	int (*known)(struct sink *s, uint64_t from, struct known *out, size_t max, struct err *err);
	/* any: progress for people; may be called often */
	void (*progress)(struct sink *s, enum engine_stage stage, int64_t done, int64_t of);
};

/* Which message to read: its place, and what it should be. */
struct body_ref {
	const char *mailbox_path;
	uint32_t uidvalidity;
	uint64_t uid;
	const char *canonical; /* may be NULL */
	uint64_t size;         /* expected bytes, 0 = unknown */
	const char *message_id_header; /* expected, without <>; may be NULL */
};

struct provider_ops;

/* First member of every provider's own struct. */
struct provider {
	const struct provider_ops *ops;
	const struct account *account; /* borrowed, outlives the provider */
	struct cancel *cancel;         /* borrowed; "stop what you are doing" */
};

enum changes_flags {
	CHANGES_FULL = 1 << 0,     /* distrust the cursor: compare everything inside the coverage */
};

struct provider_ops {
	const char *name; /* the account's `type` */

	/* Allocates and fills in struct provider, ops included; no I/O. */
	struct provider *(*create)(const struct account *account, struct cancel *cancel);
	void (*destroy)(struct provider **p);

	/* Makes the connection usable: network, trust, login. */
	int (*connect)(struct provider *p, struct err *err);

	/* Reports every mailbox of the account through out->mailbox. */
	int (*mailboxes)(struct provider *p, struct sink *out, struct err *err);

	/*
	 * Reports what is new in a mailbox since m->cursor ("" = first time: the
	 * newest messages first, in slices, with out->cursor after each).  With a
	 * cursor of "", m->uidvalidity still tells whose numbers the store may have.
	 * Returns 0 = up to date and complete, 1 = paused because the sink asked
	 * (call again with the new cursor).
	 */
	int (*changes)(struct provider *p, const struct mailbox *m, unsigned flags, struct sink *out,
		struct err *err);

	/*
	 * Streams the raw message into fd (open for reading, too), never whole in
	 * memory.  ERR_GONE if it is not there; ERR_PROTOCOL if what came is
	 * another message than ref says.
	 */
	int (*body)(struct provider *p, const struct body_ref *ref, int fd, struct err *err);

	/*
	 * Notes in b->mark what will be needed to find out later whether a lost
	 * answer was a success (IMAP: UIDVALIDITY and UIDNEXT of the target).
	 * Changes nothing on the server.
	 */
	int (*prepare)(struct provider *p, struct mutation_batch *b, struct err *err);

	/*
	 * Makes the wanted end state true for each item, at most once in effect.
	 * out has b->n entries, all APPLIED_NOT_TRIED at entry, and is valid also
	 * when the call fails: the entries tell what happened before the failure.
	 * With b->uncertain the provider looks first (from the mark) and acts only
	 * on what has not happened yet.
	 */
	int (*apply)(struct provider *p, const struct mutation_batch *b, struct applied *out,
		struct err *err);

	/*
	 * Sleeps until something changed at the server in m (IDLE, inotify),
	 * `wake` was set, or timeout_ms passed.  Returns 1 = look for changes,
	 * 0 = nothing; *live tells whether the server really pushes.
	 */
	int (*wait)(struct provider *p, const struct mailbox *m, struct cancel *wake, int timeout_ms,
		bool *live, struct err *err);
};

/* The provider of that name, NULL if there is none.  One row each in registry.c. */
const struct provider_ops *provider_find(const char *name);

#endif
