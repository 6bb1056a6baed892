/*
 * The store: the truth that the screen, the workers and the command line share.
 *
 * One SQLite database (WAL) and a folder of raw bodies below one directory.
 * What the SERVER has is stored as it is; what the reader WANTS lies over it as
 * rows of a queue; what a list SHOWS is computed from both by one function
 * (rebase.c) in the transaction that changes either.  doc/STORE lists tables
 * and invariants.
 *
 * Handles: one struct store per thread, never shared (checked in debug
 * builds).  Writers of one process take turns, the screen first (turn.c);
 * writers of other processes wait for at most 5 s.  Every writing call is one
 * transaction of its own and is on disk when it returns, unless it says
 * otherwise.  Events are written to event_log in that transaction and posted
 * to the queue after the commit.
 *
 * Strings in results belong to the result; results are freed with their own
 * free function; arrays free their elements.  All strings from mail are outside
 * text.
 */
#ifndef TERN_STORE_STORE_H
#define TERN_STORE_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <glib.h>

#include "base/err.h"
#include "base/queue.h"
#include "model/change.h"
#include "model/hole.h"
#include "model/id.h"
#include "model/mailbox.h"
#include "model/mutation.h"
#include "model/query.h"

struct store;

enum store_role {
	STORE_UI,     /* its writes go first; no checkpoints */
	STORE_WORKER,
	STORE_CLI,
	STORE_PROMPT, /* a thread whose writes somebody waits for: likewise */
	STORE_BULK,   /* brings in many facts: the only one that needs a large cache */
};

/*
 * Opens (and makes or migrates) the store in dir.  events may be NULL.
 * ERR_STORAGE: disk full, read-only, damaged, or from a newer tern; the text
 * says which and what to do.
 */
int store_open(const char *dir, enum store_role role, struct queue *events, struct store **out,
	struct err *err);
void store_close(struct store **s);
/* True from when a process died with the store open until store_recover found it sound. */
bool store_was_unclean(const struct store *s);
/* After an unclean exit: looks for damage, removes half-written bodies.  Takes as long as reading
 * the whole file: not for the screen's thread.  0 = sound. */
int store_recover(struct store *s, struct err *err);
/* Looks for damage (quick_check) and for counters that do not match their rows; 0 = sound. */
int store_check(struct store *s, struct err *err);
/*
 * The screen's commits never checkpoint, and where no worker writes nobody else
 * does: the write-ahead log would grow.  A thread that nobody waits for calls
 * this now and then; it does something only when the log has grown.
 */
void store_checkpoint(struct store *s);
/* Rises with every commit of ANY process: cheap to ask again and again. */
int64_t store_version(struct store *s);

/* --- accounts ---------------------------------------------------------- */

struct account_row {
	account_id id;
	char name[64], type[16];
	int64_t last_sync;     /* unix seconds of the last complete pass, 0 = never */
	int failures;          /* in a row */
	bool attention;        /* the reader must act */
	struct err error;      /* of the last failed pass; code 0 = none */
};

/* The id of the account of that name, made on first sight. */
int store_account_bind(struct store *s, const char *name, const char *type, account_id *out,
	struct err *err);
/* Array of struct account_row. */
int store_accounts(struct store *s, GArray **out, struct err *err);
/* Forgets the account and everything of it, bodies included. */
int store_account_remove(struct store *s, account_id a, struct err *err);
/* Notes how a pass ended; why->code 0 = well. */
int store_account_result(struct store *s, account_id a, const struct err *why, struct err *err);

/* What the provider of the account wants to remember (provider.h); NULL = nothing. */
int store_account_memory(struct store *s, account_id a, char **out, struct err *err);
int store_account_memory_set(struct store *s, account_id a, const char *memory, struct err *err);

/*
 * What the program makes of the facts of a mailbox: raised when it begins to
 * keep more of them.  An account whose rows were written by an older version
 * needs one full comparison of all its mailboxes; who made it says so (L-10).
 */
enum { LOCAL_METADATA_VERSION = 1 };
bool store_metadata_outdated(struct store *s, account_id a);
int store_metadata_done(struct store *s, account_id a, struct err *err);

enum { LEASE_MS = 300 * 1000 }; /* a holder that is silent for so long is taken for dead (M-27) */
/*
 * The lease of an account: at most one process synchronises it (M-24..M-27).
 * 1 = it is ours for LEASE_MS from now (also if it was: it is renewed), 0 = a
 * living process has it (its pid in *holder).  Never waits for another process:
 * while one writes it is 0, too, and the holder is 0 (M-25): ask again soon.  A
 * dead process's lease is free at once, that of a living but silent one when
 * its time is over.  The lease is the process's: any handle of it may take it,
 * and the first drop gives it back for all.  While a handle has taken the
 * lease, what it writes for the account (batch_apply, claims, settles, states,
 * the end of a pass) checks in its own transaction that it is still ours, and
 * fails with ERR_CONFLICT if it was taken away.
 */
int store_lease_take(struct store *s, account_id a, int *holder, struct err *err);
/* Milliseconds until the lease should be renewed (a third of LEASE_MS before that passed: 0). */
int64_t store_lease_renew_in(struct store *s, account_id a);
/* A second handle of the same process: its writes, too, check that the lease is still ours. */
void store_lease_heed(struct store *s, account_id a);
bool store_lease_heeded(const struct store *s, account_id a); /* does this handle check? */
int store_lease_drop(struct store *s, account_id a, struct err *err);

/* --- mailboxes --------------------------------------------------------- */

/* Array of struct mailbox *, sidebar order: by account, role, name.  account 0 = all. */
int store_mailboxes(struct store *s, account_id a, GPtrArray **out, struct err *err);
int store_mailbox(struct store *s, mailbox_id id, struct mailbox **out, struct err *err); /* ERR_GONE */
/* By name (as people see it), path, or role name, in this order; ERR_GONE with words. */
int store_mailbox_find(struct store *s, account_id a, const char *word, struct mailbox **out,
	struct err *err);
/* The mailbox with that role (the reader's override first); 0 if there is none. */
mailbox_id store_mailbox_with_role(struct store *s, account_id a, enum mailbox_role role);
/* The reader's own idea of a mailbox's role; ROLE_NONE = explicitly none (L-64). */
int store_mailbox_role_override(struct store *s, mailbox_id m, enum mailbox_role role,
	struct err *err);
/* Back to what the server says. */
int store_mailbox_role_clear(struct store *s, mailbox_id m, struct err *err);
/* The date of the oldest message that the store has of the mailbox, unix seconds; 0 = it has none. */
int64_t store_mailbox_since(struct store *s, mailbox_id m);
/* Notes how far bootstrap and backfill are. */
int store_mailbox_state(struct store *s, mailbox_id m, enum mailbox_state state, int64_t fetched,
	struct err *err);
/* The mailbox whose history is to be continued next: state INCREMENTAL, oldest turn first;
 * claimed for this process until its state is noted, the process dies, or the account's lease
 * changes hands (M-36): note the state also when it could not be brought in.  0 = none. */
mailbox_id store_mailbox_claim_backfill(struct store *s, account_id a, struct err *err);

/* --- wishes about the tree of mailboxes -------------------------------- */

/*
 * Queues a wish, durable when it returns.  name: the new name for people
 * (CREATE, RENAME), else NULL.  m: what it is about, 0 for CREATE.  > 0: its
 * id, or that of the one that it repeats or takes back.  DELETE with m 0 and a
 * name takes back a CREATE that has not left.  ERR_USAGE with words for a name
 * that cannot be.
 */
int64_t store_want_mailbox(struct store *s, account_id a, enum mailbox_verb verb, mailbox_id m,
	const char *name, struct err *err);
struct tree_wish {
	int64_t id;
	account_id account;
	enum mailbox_verb verb;
	enum mutation_status status;
	char *path, *name;     /* of the mailbox when it was queued; the wanted name */
	int attempts;
	int64_t created_at, next_in_ms;
	char *answer;
};
void tree_wish_free(struct tree_wish **w);
/* The oldest wish of the account that is due, now leased by us (until it is settled, asking again
 * gives it again); NULL in *out if none.  Wishes that touch the same mailbox keep their order. */
int store_tree_due(struct store *s, account_id a, struct tree_wish **out, struct err *err);
/* Milliseconds until store_tree_due has one, -1 = there is none.  Changes nothing: any process may
 * ask. */
int64_t store_tree_due_in(struct store *s, account_id a);
/* What became of it: code 0 done (a rename and a subscription show at once, the rest with the next
 * listing: make one); a grade that can be tried again stays queued; else failed. */
int store_tree_settle(struct store *s, int64_t id, const struct err *why, struct err *err);
/* Open and failed ones, oldest first (struct tree_wish *). */
int store_tree_rows(struct store *s, account_id a, GPtrArray **out, struct err *err);
/* Takes a wish back that has not left, or a failed one out of sight. */
int store_tree_discard(struct store *s, int64_t id, struct err *err);
/* One that waits for its next try, or that was refused, is tried again now. */
int store_tree_retry(struct store *s, int64_t id, struct err *err);

/* --- jobs (M-28..M-37) -------------------------------------------------- */

struct job_row {
	account_id account;    /* 0 = of the whole program */
	char name[24];         /* "incremental", "bootstrap", "backfill", "probe", ... */
	int64_t cadence_s;
	int64_t last_start, last_end, next_at; /* unix seconds, 0 = never */
	struct err result;     /* of the last run; code 0 = well */
	char words[120];       /* what it did, e.g. "3 new, 1 changed" */
	int64_t runs, failures;
};
int store_job_note(struct store *s, const struct job_row *j, struct err *err); /* counts one run */
int store_jobs(struct store *s, account_id a, GArray **out, struct err *err); /* of struct job_row */

/* --- inbound: one batch, one transaction ------------------------------- */

/* Many, for a small batch dirties nearly as many pages of the indexes as a large one. */
enum { BATCH_CHANGES_MAX = 2000 };
#define BATCH_SIZE_MOST ((uint64_t)1 << 40) /* bytes of a message: what tells more counts as so much */

/* Facts gathered from a provider; deep copies.  Not thread-bound until applied. */
struct batch;

struct batch_result {
	int64_t added, changed, removed;
	int64_t new_unread;    /* added, unread, and newer than the last complete pass */
};

struct batch *batch_new(account_id a, mailbox_id m); /* m 0: for mailbox lists */
void batch_free(struct batch **b);
/* The whole list of mailboxes follows: those not listed are removed. */
void batch_mailbox(struct batch *b, const struct mailbox *m);
void batch_replace_mailboxes(struct batch *b);
/* The uids of the mailbox are void: its messages wait as orphans to be found again by fingerprint. */
void batch_reset(struct batch *b);
void batch_change(struct batch *b, const struct change *c);
/* From now on, also after it was applied: what a fact says of a place that the store has already
 * changes nothing, for it may be older than what the store knows (sync/aside.c). */
void batch_additive(struct batch *b, bool additive);
void batch_rights(struct batch *b, unsigned denied); /* enum mailbox_denied of the mailbox */
void batch_cursor(struct batch *b, const char *cursor, uint32_t uidvalidity, bool complete);
size_t batch_size(const struct batch *b);  /* changes held */

/*
 * Applies everything in one transaction; applying it twice changes nothing.
 * Durable at the next checkpoint or durable commit (facts can be fetched
 * again), but always consistent.  The batch is empty afterwards.
 */
int batch_apply(struct store *s, struct batch *b, struct batch_result *result, struct err *err);

/* See struct known in provider/provider.h: the same members, ascending. */
struct store_known {
	uint64_t uid;
	unsigned flags;
	uint32_t keywords_hash;
};
int store_known(struct store *s, mailbox_id m, uint64_t from, struct store_known *out, size_t max,
	struct err *err);
int64_t store_known_count(struct store *s, mailbox_id m); /* how many there are in all */
/* After a complete pass of the account: messages that are in no mailbox any more are removed,
 * with their bodies; pending moves whose copy never appeared are settled. */
int store_pass_done(struct store *s, account_id a, struct err *err);

/* --- lists: seek pages ------------------------------------------------- */

enum list_order { ORDER_DATE, ORDER_SENDER, ORDER_SUBJECT, ORDER_SIZE, ORDER_COUNT };

/* The place of a row in its order: what a page starts from.  Copied by value. */
struct list_key {
	int64_t number;       /* date or size; 0 for text orders */
	char text[48];        /* sort text; "" for number orders */
	int64_t date;
	location_id location;
};

/* Which rows: the shown locations of the given mailboxes (at most 256), in an order. */
struct list_scope {
	enum list_order order;
	bool ascending;        /* false: newest / largest / z first for DATE, SIZE; text orders usually ascend */
	size_t n;
	const mailbox_id *mailboxes;
};

struct list_row {
	struct list_key key;
	location_id location;
	message_id message;
	mailbox_id mailbox;
	account_id account;
	int64_t conversation;
	uint64_t uid;
	unsigned flags;        /* as the reader wants them */
	bool pending;          /* a change waits to reach the server */
	bool attachment;
	int64_t sent_at, received_at;
	uint64_t size;
	char *from_name, *from_addr, *to, *cc, *subject, *message_id_header; /* "" if missing */
	char *keywords;        /* as the reader wants them, "" if none */
	char *preview;         /* "" if the server told none */
};

void list_row_free(struct list_row **r);
void list_row_drop(void *r); /* the same for the elements of a GLib container */

enum page_direction {
	PAGE_FIRST,   /* from the top; from is ignored */
	PAGE_LAST,    /* the last n, still in list order */
	PAGE_AFTER,   /* the n rows after from */
	PAGE_BEFORE,  /* the n rows before from, in list order */
	PAGE_AT,      /* from itself (or where it would stand) and the rows after it */
};

/*
 * At most n rows (struct list_row *), by seeking in an index: the cost does
 * not depend on the size of the mailbox.  Never an OFFSET.
 */
int store_page(struct store *s, const struct list_scope *scope, enum page_direction dir,
	const struct list_key *from, size_t n, GPtrArray **out, struct err *err);
/* Sum of the kept counters. */
int store_scope_counts(struct store *s, const struct list_scope *scope, int64_t *total,
	int64_t *unread, struct err *err);
/* The first unread row after `from` in list order (from NULL: from the top); 0 = none. */
int store_next_unread(struct store *s, const struct list_scope *scope, const struct list_key *from,
	struct list_key *out, struct err *err);
/* Adds domains (char *) that the reader of the account has to do with, until there are max: of the newest
 * mail that he sent, and of those that fill his inbox.  Looks at a bounded number of rows. */
int store_known_domains(struct store *s, account_id a, GPtrArray *out, size_t max, struct err *err);
/* One row again; ERR_GONE. */
int store_row(struct store *s, location_id l, struct list_row **out, struct err *err);
/* The rows of one message, one per mailbox it shows in (struct list_row *). */
int store_message_rows(struct store *s, message_id m, GPtrArray **out, struct err *err);

/* < 0: a stands before b in an ascending list of that order. */
int list_key_compare(enum list_order order, const struct list_key *a, const struct list_key *b);
/*
 * The places of all rows from one row to another, both included, whichever
 * comes first: appended to out (of location_id) in no order.  Reads an index
 * only.  ERR_LIMIT with words if they are more than max.
 */
int store_range(struct store *s, const struct list_scope *scope, const struct list_key *a,
	const struct list_key *b, size_t max, GArray *out, struct err *err);

/* --- many messages (match.c) --------------------------------------------- */

/* How far a search is; zeros = at its beginning. */
struct match_at {
	size_t mailbox;        /* index into the scope */
	bool begun;            /* in that mailbox; then the last row looked at: */
	int64_t date;
	location_id location;
	int64_t looked;        /* rows so far */
};
/*
 * Looks at the next max rows of the scope (newest first, mailbox by mailbox)
 * and appends the places of those that match (location_id): 1 = there are
 * more, 0 = that was all.  The cost is that of max rows.
 */
int store_match(struct store *s, const struct list_scope *scope, const struct query *query,
	struct match_at *at, size_t max, GArray *found, struct err *err);

/* What a set of places is now. */
struct survey {
	GArray *here;          /* of location_id: those that lists still show, in the order given */
	GArray *mailboxes;     /* of mailbox_id, each once */
	int64_t unread, unflagged;
};
void survey_release(struct survey *v);
/* A few microseconds a place; the order of the places is kept. */
int store_survey(struct store *s, const location_id *l, size_t n, struct survey *out,
	struct err *err);

/* --- bodies ------------------------------------------------------------ */

/* An open, read-only descriptor of the cached raw message; ERR_GONE if it is not cached. */
int store_body_open(struct store *s, message_id m, int *fd_out, struct err *err);
bool store_body_cached(struct store *s, message_id m);
/* What was left out of the cached message; how many (at most BODY_HOLES_MAX), 0 = it is whole. */
int store_body_holes(struct store *s, message_id m, struct body_hole *out, struct err *err);

struct body_place {
	mailbox_id mailbox;
	char *path;            /* of the mailbox */
	uint32_t uidvalidity;
	uint64_t uid;
	uint64_t size;
	char *canonical, *message_id_header; /* may be NULL */
};
/* Where the server keeps the message now; ERR_GONE. */
int store_body_place(struct store *s, message_id m, struct body_place *out, struct err *err);
void body_place_release(struct body_place *p);

/* A temporary file to stream a body into; then commit (takes and closes fd) or abandon. */
struct body_draft {
	message_id message;
	int fd;
	char *tmp;
	const struct body_hole *holes; /* what was left out (ascending), for commit; NULL = nothing */
	size_t n_holes;
};
int store_body_begin(struct store *s, message_id m, struct body_draft *out, struct err *err);
int store_body_commit(struct store *s, struct body_draft *d, struct err *err);
/*
 * Keeps many whole raw messages in one durable step; sizes in bytes, data
 * borrowed.  The more at once, the cheaper each: best 1000, or 16 MiB.  Those of
 * messages that are gone meanwhile are left out.  Not for the screen's thread.
 */
struct body_piece {
	message_id message;
	const char *p;
	size_t n;
};
int store_bodies_put(struct store *s, const struct body_piece *pieces, size_t n, struct err *err);
struct body_gap {
	uint64_t uid;
	message_id message;
};
/* Messages of m (by uid, at most max, from `from` on) whose bodies are not cached; how many. */
int store_body_gaps(struct store *s, mailbox_id m, uint64_t from, struct body_gap *out, size_t max,
	struct err *err);
/* Removes bodies that nobody used for `days`; how many (M-15, M-37).  Protected: those of flagged
 * messages and of messages with a change that waits.  Not for the screen's thread. */
int store_bodies_expire(struct store *s, int days, struct err *err);
/* Removes the file; notes the failure for the ledger when why is given. */
void store_body_abandon(struct store *s, struct body_draft *d, const struct err *why);

/* --- the reader's own changes ------------------------------------------ */

/* What the reader wants of some messages, as an end state. */
struct want {
	enum mutation_verb verb;       /* all but APPEND */
	unsigned add, remove;          /* FLAGS: enum flags */
	const char *add_keywords, *remove_keywords; /* FLAGS: blank-separated words, NULL = none */
	mailbox_id target;             /* MOVE, COPY */
	enum mailbox_role role;        /* MOVE with target 0: the mailbox of each message's own account
					  that has this role */
};

enum { WANT_AT_ONCE = 200 };           /* messages of one transaction of the screen */
/*
 * Queues the wish about the messages at these places and shows it; one step of
 * the history.  Durable when it returns: only then may a screen say so.  How
 * many messages change (0: it is so already).  Up to WANT_AT_ONCE of them, in
 * the order given, show it at once; the rest of a larger step follows by
 * store_want_more, and the step as a whole is as durable.  What the account, the
 * mailbox or the server does not allow is ERR_REFUSED with words, and nothing
 * is changed; so is ERR_STORAGE when the disk is almost full.  doc/SYNC has
 * the table of what becomes of wishes about the same message (M-69).
 */
int store_want(struct store *s, const struct want *w, const location_id *l, size_t n,
	struct err *err);
/* The same for all messages of n mailboxes that are there now (unread: only those): mark all read,
 * empty the trash.  One step; costs the same for any number of messages. */
int store_want_all(struct store *s, const struct want *w, const mailbox_id *m, size_t n, bool unread,
	struct err *err);
/* The common ones. */
int store_want_flags(struct store *s, const location_id *l, size_t n, unsigned add, unsigned remove,
	struct err *err);
int store_want_move(struct store *s, const location_id *l, size_t n, mailbox_id target,
	struct err *err);
int store_want_role(struct store *s, const location_id *l, size_t n, enum mailbox_role role,
	struct err *err);
/* Marks a message read because it was shown: a wish like any other, but no step of the history,
 * and never a conflict for people. */
int store_note_read(struct store *s, location_id l, struct err *err);

/*
 * Carries on with the oldest large step, by one slice in one transaction: 1 =
 * there is more to do, 0 = nothing is left.  Any thread or process may call it,
 * also two at a time; nothing is done twice.
 */
int store_want_more(struct store *s, struct err *err);
/* Messages of large steps that are not yet in the queue, at least 1 as long as one is not through;
 * account 0 = all. */
int64_t store_want_left(struct store *s, account_id a);
/* The rest of the large step does not happen; what was done of it can be undone.  0 = it was over. */
int store_want_stop(struct store *s, int64_t step, struct err *err);

/* May this be wished there?  ERR_REFUSED with words if the account is read-only or the server does
 * not allow it in this mailbox; role and target as in struct want. */
int store_may(struct store *s, const struct want *w, mailbox_id m, struct err *err);
/* two_way of the account's configuration: no new wishes are taken while it is read-only. */
int store_account_read_only(struct store *s, account_id a, bool read_only, struct err *err);

/*
 * A message that only we have goes to a mailbox: a draft, a copy of what was
 * sent, a file.  facts: what lists show of it (message_id, subject, sender,
 * ..., flags, keywords, received_at, size; uid and canonical are ignored).
 * fd: the whole raw message with CRLF line ends, from its beginning; stays the
 * caller's.  It must have a Message-ID, by which it is found after a lost
 * answer.  replaces: the older version of a draft, whose wish is dropped if
 * it has not left, or which is removed once the new one is proven to be there;
 * 0 = none.  Durable when it returns, like store_want; a step of the history.
 */
int store_append(struct store *s, mailbox_id target, const struct change *facts, int fd,
	message_id replaces, message_id *out, struct err *err);

/* --- the history (undo.c) ---------------------------------------------- */

/* What an undo or redo did. */
struct undone {
	int64_t step;
	int done;              /* messages; of a large step those that are shown already */
	int left;              /* messages that follow by store_want_more */
	int skipped;           /* messages that are not where the step put them */
	int passed;            /* newer steps that cannot be undone any more and were passed over */
	char what[160];        /* a sentence part: "move of 3 messages to Archive" */
};
/*
 * Undoes a step (0 = the newest that is not undone and can be): cancels what
 * has not left, queues the inverse of the rest.  1 = undone, 0 = there is none.
 * ERR_REFUSED with words for what cannot be undone (deleted for ever, at the
 * server already; a draft whose older version is gone).
 */
int store_undo(struct store *s, int64_t step, struct undone *out, struct err *err);
/* Does a step again that was undone (0 = the one undone last); a new step of the reader's ends
 * what 0 can redo. */
int store_redo(struct store *s, int64_t step, struct undone *out, struct err *err);

struct history_row {
	int64_t step, at;
	account_id account;    /* 0 = several */
	enum mutation_verb verb;
	int64_t messages;
	unsigned add, remove;
	char *add_keywords, *remove_keywords;
	char *source_name, *target_name; /* "" = several or none */
	enum mailbox_role source_role, target_role;
	char *subject;         /* of the message, if it is one; outside text */
	bool undone;
	int64_t waiting, stuck, left; /* its changes: not at the server, refused, not in the queue yet */
	int64_t held;          /* those of the waiting ones that the reader keeps back */
};
void history_row_free(struct history_row **r);
/* "move of 3 messages to Archive" (g_free). */
char *history_words(const struct history_row *r);
/* Steps (struct history_row *), newest first, at most max, older than `before` (0 = the newest). */
int store_history(struct store *s, int64_t before, size_t max, GPtrArray **out, struct err *err);

/* --- the queue, worker side -------------------------------------------- */

/* The next batch that is due, now leased by us: 1 = one, 0 = none.  Never one about a message
 * that a large step has yet to reach. */
int store_queue_claim(struct store *s, account_id a, struct mutation_batch **out, struct err *err);
/* Milliseconds until the next row of the account is due; -1 = none is, or none before a large step is
 * through (store_want_left). */
int64_t store_queue_due_in(struct store *s, account_id a);
/* Keeps b->mark: before anything is sent. */
int store_queue_mark(struct store *s, const struct mutation_batch *b, struct err *err);
/*
 * What became of the batch.  why: the error that apply returned (code 0 =
 * none).  DONE, GONE and REFUSED settle a row; NOT_TRIED goes back (an
 * attempt is counted only when the server judged); UNKNOWN goes back in doubt;
 * CHANGED keeps what the server has now and is judged anew: what is true
 * already is done, the rest is queued again.
 */
int store_queue_settle(struct store *s, const struct mutation_batch *b, const struct applied *results,
	const struct err *why, struct err *err);
/* At start, with the lease held: rows that a dead process had leased are in doubt. */
int store_queue_recover(struct store *s, account_id a, struct err *err);

struct mutation_row {
	int64_t id, step;
	account_id account;
	message_id message;
	mailbox_id source, target;
	enum mutation_verb verb;
	enum mutation_status status;
	unsigned add, remove;
	char *add_keywords, *remove_keywords;
	bool uncertain, held;
	int attempts;
	int64_t created_at, next_in_ms;
	char *source_name, *target_name, *subject, *answer;
	enum mailbox_role source_role, target_role;
};
void mutation_row_free(struct mutation_row **r);
/* What follows its state: ", tried 2 times, next try in 40 s", "" at first (g_free). */
char *mutation_tries_words(const struct mutation_row *r);
const char *mutation_verb_name(enum mutation_verb v);     /* "flags", ..., "append": in rows and JSON */
const char *mutation_status_name(enum mutation_status s); /* "queued", ..., "canceled": likewise */
/* Unfinished, conflicting and failed rows (all = every row still kept), oldest first; account 0 = all. */
int store_queue_rows(struct store *s, account_id a, bool all, GPtrArray **out, struct err *err);
/* At most max of the unfinished, conflicting and failed ones, those about m unless it is 0: for the
 * screen, which cannot wait for a long queue. */
int store_queue_some(struct store *s, account_id a, message_id m, size_t max, GPtrArray **out,
	struct err *err);
/* How many rows wait to leave, and how many need the reader (failed, conflict); account 0 = all. */
int store_queue_counts(struct store *s, account_id a, int64_t *waiting, int64_t *stuck,
	struct err *err);

/* Rows that one step made and that stand alike: one line of the activity view. */
struct queue_group {
	struct mutation_row row;   /* the oldest of them; attempts: the most, next_in_ms: the least */
	int64_t n;
	bool more;                 /* they are more than n, which is as far as they were counted */
};
/* "move of 3 messages from Inbox to Archive" (g_free). */
char *queue_group_words(const struct queue_group *g);
/*
 * Open, conflicting and failed rows in groups (struct queue_group *), oldest
 * first, at most max.  counted: so many rows are counted, then only the first
 * few of each group (`more` tells): the cost is that of so many rows, however
 * long the queue is; 0 = all are counted.
 */
int store_queue_groups(struct store *s, account_id a, size_t max, int64_t counted, GPtrArray **out,
	struct err *err);

enum queue_act {
	QUEUE_RETRY,   /* waiting: now, not when its pause is over; failed, conflict: wished again where
			  the message is now */
	QUEUE_HOLD,    /* stays in the queue and does not leave, nor does what follows on the message */
	QUEUE_RELEASE, /* ... until this */
	QUEUE_DROP,    /* taken back; the list shows the server's truth again; a failed one goes out of sight */
};
enum { QUEUE_ACT_MAX = 5000 };         /* rows of one transaction */
/*
 * Acts on a row, or on those that are in its group: the newest first, the row
 * itself last, at most QUEUE_ACT_MAX.  How many rows (QUEUE_ACT_MAX: call again
 * for the rest); ERR_USAGE with words for what is being sent this moment.
 */
int store_queue_act(struct store *s, int64_t row, bool group, enum queue_act act, struct err *err);
/* Another target for a move or copy that waits, failed or conflicts: dropped and wished anew. */
int store_queue_retarget(struct store *s, int64_t row, bool group, mailbox_id target,
	struct err *err);

/* --- events and dump --------------------------------------------------- */

enum store_topic { /* M-44..M-53 */
	TOPIC_MESSAGES_ADDED,
	TOPIC_FLAGS_CHANGED,
	TOPIC_MESSAGES_MOVED,
	TOPIC_MESSAGES_DELETED,
	TOPIC_TAGS_CHANGED,
	TOPIC_FOLDER_TREE_CHANGED,
	TOPIC_UNREAD_COUNT_CHANGED,
	TOPIC_REFRESH,
	TOPIC_NEW_MESSAGES,
	TOPIC_ATTENTION_REQUIRED,
};

struct event_row {
	int64_t seq, at;
	enum store_topic topic;
	account_id account;
	mailbox_id mailbox;
	message_id message;    /* 0 = several or none */
	int64_t count;         /* how many messages, or the absolute unread number */
};
const char *store_topic_name(enum store_topic t); /* "messages_added", ...: in rows and JSON */
/* Events with seq > after, oldest first, at most max, as struct event_row.
 * *floor: the oldest seq still kept; a reader below it must read everything again. */
int store_events(struct store *s, int64_t after, size_t max, GArray **out, int64_t *floor,
	struct err *err);

/* Writes the whole store as JSON lines through put (one call per line, without the newline). */
int store_dump(struct store *s, int (*put)(void *ctx, const char *line), void *ctx, struct err *err);

#endif
