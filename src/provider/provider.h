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
 *
 * What a provider learns about a server and needs at the next connection (what
 * it could do, what it was caught at) is its `memory`: one opaque line of text
 * that the caller loads before connect and keeps when it has changed.
 */
#ifndef TERN_PROVIDER_PROVIDER_H
#define TERN_PROVIDER_PROVIDER_H

#include <stddef.h>
#include <stdint.h>

#include <glib.h>

#include "base/cancel.h"
#include "base/err.h"
#include "model/account.h"
#include "model/change.h"
#include "model/engine.h"
#include "model/hole.h"
#include "model/mailbox.h"
#include "model/mutation.h"
#include "model/tuning.h"

enum { PROVIDER_MEMORY_MAX = 16 * 1024 }; /* bytes; longer memories are not kept */

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
	/* changes(): what the server does not allow in this mailbox (enum mailbox_denied); told when it was
	 * asked, which is
	 * whenever the mailbox is opened.  May be NULL. */
	int (*rights)(struct sink *s, unsigned denied, struct err *err);
	/* changes(): set while something more urgent waits for the connection: ask for nothing more,
	 * and come to a cursor point soon.  May be NULL. */
	const struct cancel *hurry;
	/* changes(): so many messages of history may still come; 0 = any number.  May shrink under way. */
	int64_t room;
	/* changes(): from here on only messages are told whose uid is below `low`, which no cursor covers
	 * yet (UINT64_MAX: nothing is covered); with 0 that is over, as it is at the end of the call.
	 * May be NULL. */
	int (*history)(struct sink *s, uint64_t low, struct err *err);
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

/* What body() left out; see model/hole.h. */
struct body_rest {
	bool whole;            /* in: nothing may be left out */
	struct body_hole holes[BODY_HOLES_MAX]; /* out: ascending */
	size_t n;              /* out: 0 = the message is whole */
};

/* Where bodies() puts what it reads; implemented by sync. */
struct body_sink {
	/* one whole raw message; p is valid during the call */
	int (*body)(struct body_sink *s, uint64_t uid, const char *p, size_t n, struct err *err);
};

/* A wish about the tree of mailboxes, as an end state: true already is success. */
struct mailbox_wish {
	enum mailbox_verb verb;
	const char *path;      /* the mailbox it is about; "" for MAILBOX_CREATE */
	const char *name;      /* MAILBOX_CREATE, MAILBOX_RENAME: the wanted name for people, levels by '/' */
	const char *cursor;    /* MAILBOX_DELETE: what the store has of it; NULL = nothing is known.
				  ERR_CONFLICT if mail has come since, which nobody has seen */
};

/* What wait() watches, and what it saw. */
struct watch {
	const struct mailbox *mailbox; /* with news of this one every provider that pushes can wake us */
	struct cancel *wake;   /* ends the wait */
	int timeout_ms;
	bool live;             /* out: the server really pushes for `mailbox` */
	bool everywhere;       /* out: ... and for all mailboxes */
	bool news;             /* out: `mailbox` may have changed */
	bool tree;             /* out: the list of mailboxes may have changed */
	GPtrArray *stirred;    /* out: char *, paths of other mailboxes that may have changed; the caller's */
};

/* What the server allows and tells, known after connect. */
struct traits {
	bool cheap_scan;       /* mailboxes() also tells which mailboxes changed, in one command */
	int connections;       /* of one account at the same time, 1 .. CONNECTIONS_MAX */
	int run_s;             /* longest bring-in of history in one go, 0 = as the reader configured */
	int run_messages;      /* likewise in messages, 0 = as configured */
	char letter;           /* the class of M-79, 'A'..'D'; 0 = it does not apply */
};
enum { CONNECTIONS_MAX = 3, BODIES_PIECE_MAX = 1 << 20 };

struct provider_ops;

/* First member of every provider's own struct. */
struct provider {
	const struct provider_ops *ops;
	const struct account *account; /* borrowed, outlives the provider */
	struct cancel *cancel;         /* borrowed; "stop what you are doing" */
	const struct tuning *tuning;   /* borrowed; NULL: tuning_default */
	bool scan_follows;             /* mailboxes() is what comes first after connect: it may be sent along */
	bool scan_bare;                /* nothing was read yet: mailboxes() need not ask what changed */
	char *memory;                  /* owned (g_malloc); NULL = none yet */
	bool memory_changed;           /* set by the provider, cleared by who keeps it */
	struct traits traits;          /* by the provider, valid while connected */
};

enum changes_flags {
	CHANGES_FULL = 1 << 0,         /* distrust the cursor: compare everything inside the coverage */
	CHANGES_NO_HISTORY = 1 << 1,   /* only what is new and what changed inside the coverage */
	CHANGES_LOOKED_AT = 1 << 2,    /* the reader looks at it now: worth comparing all flags (C-10) */
	CHANGES_CHECK = 1 << 3,        /* push claims silence: note if something was missed (C-31) */
};

struct provider_ops {
	const char *name; /* the account's `type` */

	/* Allocates and fills in struct provider, ops included; no I/O. */
	struct provider *(*create)(const struct account *account, struct cancel *cancel);
	void (*destroy)(struct provider **p);

	/* Makes the connection usable: network, trust, login. */
	int (*connect)(struct provider *p, struct err *err);

	/*
	 * Reports every mailbox of the account through out->mailbox.  What it learns
	 * about which of them changed saves changes() the question, until the next
	 * call of wait() or mailboxes().
	 */
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
	 * another message than ref says.  A large message may come without the
	 * contents of parts that are not read (attachments), unless rest->whole: it
	 * is then told by rest->holes.  rest is never NULL.
	 */
	int (*body)(struct provider *p, const struct body_ref *ref, int fd, struct body_rest *rest,
		struct err *err);

	/*
	 * Streams many raw messages of a mailbox, in any order, each of at most
	 * BODIES_PIECE_MAX bytes; larger ones and those that are gone are left out.
	 * NULL if the provider has no better way than body().
	 */
	int (*bodies)(struct provider *p, const struct mailbox *m, const uint64_t *uids, size_t n,
		struct body_sink *out, struct err *err);

	/* Makes a wish about the tree of mailboxes true; the next mailboxes() shows it. */
	int (*arrange)(struct provider *p, const struct mailbox_wish *w, struct err *err);

	/*
	 * Notes in b->mark what will be needed to find out later whether a lost
	 * answer was a success (IMAP: UIDVALIDITY and UIDNEXT of the target).
	 * Changes nothing on the server.  Called before the first try of a batch
	 * that puts messages somewhere (MOVE, COPY, APPEND).
	 */
	int (*prepare)(struct provider *p, struct mutation_batch *b, struct err *err);

	/*
	 * Makes the wanted end state true for each item, at most once in effect.
	 * out has b->n entries, all APPLIED_NOT_TRIED at entry, and is valid also
	 * when the call fails: the entries tell what happened before the failure.
	 * With b->uncertain the provider looks first (from the mark) and acts only
	 * on what has not happened yet.  FLAGS are conditional where the server can
	 * do that (UNCHANGEDSINCE), unless b->unconditional.  An account that is
	 * not two_way gets ERR_UNSUPPORTED and nothing is sent.
	 */
	int (*apply)(struct provider *p, const struct mutation_batch *b, struct applied *out,
		struct err *err);

	/*
	 * Sleeps until something changed at the server (IDLE, NOTIFY, inotify),
	 * w->wake was set, or w->timeout_ms passed.  Returns 1 = look for changes
	 * (w says where), 0 = nothing.
	 */
	int (*wait)(struct provider *p, struct watch *w, struct err *err);

	/*
	 * Says what is known from a memory, for people: one call of put for each
	 * line, label and words translated.  Pure, no connection.  May be NULL.
	 */
	void (*explain)(const char *memory, void (*put)(void *ctx, const char *label, const char *words),
		void *ctx);
};

/* Keeps text as the memory of p (taken), if it says something new. */
void provider_remember(struct provider *p, char *text);

/* The provider of that name, NULL if there is none.  One row each in registry.c. */
const struct provider_ops *provider_find(const char *name);

#endif
