/*
 * The inside of the IMAP provider: one connection and what is known about it.
 *
 * session.c opens it (libetpan speaks until login, over our stream); from then
 * on all commands leave through command.c and all answers come through
 * wire.c.  The other files are one operation of the provider each.
 * Owner: the thread of the provider.
 */
#ifndef TERN_PROVIDER_IMAP_IMAP_H
#define TERN_PROVIDER_IMAP_IMAP_H

#include "provider/imap/memory.h"
#include "provider/imap/plan.h"
#include "provider/imap/rights.h"
#include "provider/imap/row.h"
#include "provider/imap/wire.h"
#include "provider/provider.h"

enum {
	IMAP_PORT = 143,
	IMAPS_PORT = 993,
	IMAP_PATH_MAX = 1024,	/* bytes of a mailbox name */
	IMAP_FETCH_BATCH = 500, /* messages in one command */
	IMAP_IDLE_MS = 9 * 60 * 1000, /* then IDLE is renewed: routers forget silent connections */
	IMAP_STIRRED_MAX = 1000, /* mailboxes of which news are kept; of more, the list is asked */
};

/* The selected mailbox, as its SELECT and everything since told. */
struct selected {
	char *path;		       /* NULL: none is selected */
	bool writable;		       /* opened by SELECT and not [READ-ONLY] */
	uint32_t uidvalidity, uidnext; /* uidnext as SELECT told; 0 = it did not */
	uint64_t exists, modseq;       /* modseq: HIGHESTMODSEQ at SELECT, 0 = none */
	uint64_t expunged;	       /* messages that went since SELECT, as the server told */
	bool stirred;		       /* something changed since SELECT that was not asked for */
	bool early;		       /* opened along with the login, and not visited yet */
};

/* Where changes() left a mailbox, so that wait() notices what came while another was selected. */
struct seen {
	uint32_t uidnext;
	uint64_t exists, modseq;
};

/* What STATUS told of a mailbox (RFC 3501, 7162, 8474); 0 = not told. */
struct box_status {
	uint32_t uidvalidity, uidnext;
	uint64_t messages, unseen, modseq;
};

struct command;
struct boxes;

struct imap {
	struct provider base; /* first: a struct provider * is one of these */
	struct wire *wire;    /* NULL: not connected */
	struct plan plan;
	struct selected sel;
	struct rights rights; /* in the selected mailbox */
	GHashTable *seen; /* path -> struct seen; NULL = none yet */
	struct row *row;
	uint32_t last_tag;
	unsigned in_flight;	/* commands whose tagged answer has not come */
	GPtrArray *kept;	/* of GBytes: answers that came before a "+" (command.c); NULL = none */
	guint kept_read;	/* ... so many were handed out */
	size_t kept_bytes;	/* ... of all of them */
	char bye[ERR_TEXT_MAX]; /* the words of a BYE, "" if none came */
	bool bulk;		/* compression was begun or is not to be had: imap_bulk was called */
	GHashTable *status;	/* path -> struct box_status, of the last scan; NULL = none */
	struct evidence evidence; /* what the server was caught at; kept in base.memory */
	bool modseq_rises;	  /* seen on this connection: CONDSTORE is not a lie */
	int idle_ms;		  /* so long may one IDLE last */
	int lost_ms;		  /* of silence before a flight counts as lost: FLIGHT_LOST_MS */
	uint64_t unbroken;	  /* messages of history that came through this connection */
	char *silent;		  /* mailbox that an IDLE claimed to watch and told nothing of */
	bool notify_on;		  /* NOTIFY is set on this connection */
	bool whole_only;	  /* it was asked for parts, and the answer made no sense */
	bool tree;		  /* it told that the list of mailboxes changed */
	GHashTable *stirred;	  /* paths of which it told something; NULL = none */
	struct memory known;	/* what is remembered, as read and to be kept */
	char *heard;		/* the words of the last capability list; NULL = none */
	struct boxes *early;	/* asked for along with the login; NULL = none (list.h) */
	char *prefix;		/* of the personal namespace, as told; NULL = not asked (arrange.c) */
	char delimiter;		/* ... and of its levels, 0 = none */
};

static inline struct imap *imap_of(struct provider *p)
{
	return (struct imap *)p;
}

/* Opens the connection and logs in; on failure nothing stays open. */
int imap_session_open(struct imap *i, struct err *err);

/* Forgets the connection. */
void imap_drop(struct imap *i);
/* The end of every operation: drops a connection that is broken or out of step; returns r. */
int imap_settle(struct imap *i, int r);

/* Every operation begins with it: is there a connection? */
int imap_ready(struct imap *i, struct err *err);

/*
 * Selects path (SELECT, or EXAMINE when `write` is false or the account is
 * read-only).  With `fresh` the numbers are asked again even if it is selected.
 * ERR_GONE if there is no such mailbox.
 */
int imap_select(struct imap *i, const char *path, bool write, bool fresh, struct err *err);

/* Where changes() left a mailbox on this connection or an earlier one; NULL = nowhere yet. */
const struct seen *imap_seen(const struct imap *i, const char *path);

/*
 * What the last scan told of the mailbox, NULL if it is not known or no longer
 * fresh: wait(), a change of ours and a new connection forget it.  (list.c)
 */
const struct box_status *imap_status(const struct imap *i, const char *path);
void imap_status_forget(struct imap *i, const char *path); /* NULL = all */

/* Much is going to be read: compresses the connection if that is offered and pays. (session.c) */
int imap_bulk(struct imap *i, struct err *err);

/* Appends the name of a mailbox to a command: as stored (modified UTF-7), or UTF-8 after
 * ENABLE UTF8=ACCEPT. (command.c) */
int command_mailbox(struct imap *i, struct command *c, const char *path, struct err *err);
/* The path of a mailbox as tern stores it (modified UTF-7) from a name in an answer; g_free. */
char *imap_path(const struct imap *i, struct slice name);

/* The operations; contract in provider/provider.h. */
int imap_mailboxes(struct provider *p, struct sink *out, struct err *err);
int imap_changes(struct provider *p, const struct mailbox *m, unsigned flags, struct sink *out,
	struct err *err);
int imap_body(struct provider *p, const struct body_ref *ref, int fd, struct body_rest *rest,
	struct err *err);
int imap_prepare(struct provider *p, struct mutation_batch *b, struct err *err);
int imap_apply(
	struct provider *p, const struct mutation_batch *b, struct applied *out, struct err *err);
int imap_bodies(struct provider *p, const struct mailbox *m, const uint64_t *uids, size_t n,
	struct body_sink *out, struct err *err);
int imap_arrange(struct provider *p, const struct mailbox_wish *w, struct err *err);
int imap_wait(struct provider *p, struct watch *w, struct err *err);
void imap_explain(const char *memory, void (*put)(void *ctx, const char *label, const char *words),
	void *ctx);

#endif
