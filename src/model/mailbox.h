/*
 * A mailbox (folder) of an account.
 */
#ifndef TERN_MODEL_MAILBOX_H
#define TERN_MODEL_MAILBOX_H

#include <stdbool.h>
#include <stdint.h>

#include "model/id.h"

/* The use of a mailbox (RFC 6154); the order is the order of the sidebar. */
enum mailbox_role {
	ROLE_INBOX,
	ROLE_DRAFTS,
	ROLE_SENT,
	ROLE_ARCHIVE,
	ROLE_JUNK,
	ROLE_TRASH,
	ROLE_ALL,
	ROLE_FLAGGED,
	ROLE_NONE,
};

enum mailbox_attrs {
	MAILBOX_NOSELECT = 1 << 0,   /* a node of the tree that holds no messages */
	MAILBOX_SUBSCRIBED = 1 << 1,
	MAILBOX_READONLY = 1 << 2,
};

/* What the server does not let the reader do in a mailbox (RFC 4314, RFC 3501 READ-ONLY and
 * PERMANENTFLAGS); 0 = everything is allowed, or nothing is known yet. */
enum mailbox_denied {
	DENIED_SEEN = 1 << 0,     /* mark read or unread */
	DENIED_FLAGS = 1 << 1,    /* other flags */
	DENIED_KEYWORDS = 1 << 2, /* keywords that are not there yet */
	DENIED_REMOVE = 1 << 3,   /* move or delete messages from it */
	DENIED_INSERT = 1 << 4,   /* put messages into it */
	DENIED_CHILDREN = 1 << 5, /* make mailboxes below it */
	DENIED_DROP = 1 << 6,     /* rename or delete it */
};

/* How much of a mailbox's history is in the store (M-64). */
enum mailbox_state {
	MAILBOX_PENDING,       /* never synchronised */
	MAILBOX_BOOTSTRAPPING, /* the newest messages are coming */
	MAILBOX_INCREMENTAL,   /* they are here, older ones are missing */
	MAILBOX_CAPPED,        /* the limit of messages per mailbox was reached */
	MAILBOX_COMPLETE,
};

/* What may be wished about the tree of mailboxes. */
enum mailbox_verb {
	MAILBOX_CREATE,
	MAILBOX_RENAME,
	MAILBOX_DELETE,
	MAILBOX_SUBSCRIBE,
	MAILBOX_UNSUBSCRIBE,
};

struct mailbox {
	mailbox_id id;       /* 0 in what a provider reports */
	account_id account;
	char *path;          /* the provider's own name, byte for byte; unique in the account */
	char *name;          /* the same for people: UTF-8, levels separated by '/' ; still outside text */
	char delimiter;      /* hierarchy separator of path, 0 = none */
	enum mailbox_role role;
	bool own_role;       /* role is the reader's own idea, not the server's (L-64) */
	unsigned attrs;
	unsigned denied;     /* enum mailbox_denied, as last told */
	int64_t total, unread; /* kept by the store, of what the reader wants to see */
	char *cursor;        /* the provider's position, "" before the first sync; read by its provider only */
	uint32_t uidvalidity;
	bool complete;       /* the whole history is in the store */
	enum mailbox_state state;
	int64_t fetched;     /* messages brought in so far by bootstrap and backfill */
	int64_t backfilled_at; /* unix seconds when the history was complete, 0 = it is not */
	char *object_id;     /* the server's lasting id of the mailbox (RFC 8474), NULL = none */
};

void mailbox_free(struct mailbox **m);
void mailbox_drop(void *m); /* the same for the elements of a GLib container */
/* What a mailbox is called on the screen: "Inbox" for every inbox, of those that have a use the last
 * level; outside text. */
const char *mailbox_label(const struct mailbox *m);
const char *mailbox_label_of(enum mailbox_role role, const char *name);
const char *mailbox_role_name(enum mailbox_role role);          /* "inbox", ..., "none" */
enum mailbox_role mailbox_role_from_name(const char *name);     /* ROLE_NONE for an unknown word */
const char *mailbox_state_name(enum mailbox_state state);       /* "pending", ..., "complete" */
const char *mailbox_verb_name(enum mailbox_verb verb);          /* "create", ..., "unsubscribe" */

#endif
