/* The inside of the store: never included outside this room. */
#ifndef TERN_STORE_PRIV_H
#define TERN_STORE_PRIV_H

#include <sqlite3.h>
#include <sys/stat.h>

#include "base/err.h"
#include "model/cache.h"
#include "store/store.h"

enum {
	STORE_BUSY_MS = 5000,              /* wait for another process's write */
	STORE_WAL_PAGES = 8000,             /* of the write-ahead log, until it is emptied */
	STORE_LOW_DISK = 20 * 1024 * 1024, /* below this no new change is accepted */
	EVENT_KEEP_ROWS = 100000,          /* C-29 */
	EVENT_KEEP_S = 30 * 86400,
	EVENT_SINGLES_MAX = 20,            /* more changes of one kind in one batch become one event */
	ORPHAN_PASSES = 2,                 /* complete passes that a lost message or an awaited copy outlives */
	HISTORY_KEEP_S = 30 * 86400,       /* settled queue rows and undo steps */
};

struct store {
	sqlite3 *db;
	char *dir;
	enum store_role role;
	struct queue *events;
	GHashTable *statements; /* const char * (the literal's address) -> sqlite3_stmt * */
	GArray *posted;         /* of struct event: to be sent after the commit */
	int depth;              /* 1 inside a transaction */
	int lock_fd;            /* shared lock on DIR/open, tells an unclean exit */
	bool full_sync;
	const void *owner;      /* the thread that may use this handle (store.c) */
	GArray *deltas;         /* of struct delta: counters to add up at commit (count.c) */
	GArray *news;           /* of struct news: wishes to be told of at commit (event.c) */
	GArray *leases;         /* int64_t: accounts whose lease this handle took (lease.c) */
	bool reaching;          /* a large step acts on a message: no other one has a say (bulk.c) */
	int64_t settled;        /* messages with a higher id came after the last complete pass */
};

/* --- statements (store.c) ---------------------------------------------- */

/* The prepared statement of a string literal, reset and ready; aborts on a malformed literal. */
sqlite3_stmt *db_stmt(struct store *s, const char *sql);

/*
 * Binds by a format: i = int64_t, t = const char * (NULL = SQL NULL, must live
 * until the step), d = double.
 */
void db_bind(sqlite3_stmt *q, const char *format, ...);

/* Binds, runs to the end, resets; 0 or an error. */
int db_run(struct store *s, struct err *err, const char *sql, const char *format, ...);
/* Binds, reads the first column of the first row; 1 = there was one, 0 = none. */
int db_ask(struct store *s, struct err *err, int64_t *out, const char *sql, const char *format, ...);
/* Binds, adds the first column of every row to `ids` (of int64_t); 0 or an error. */
int db_ids(struct store *s, struct err *err, GArray *ids, const char *sql, const char *format, ...);
/* Steps: 1 = a row, 0 = done (and reset), < 0 = error. */
int db_step(struct store *s, sqlite3_stmt *q, struct err *err);
/* Turns the state of the connection into a sentence. */
int db_fail(struct store *s, struct err *err);
/* Column as a string, never NULL. */
const char *db_column(sqlite3_stmt *q, int i);
/* Rows changed by the last statement. */
int64_t db_changed(struct store *s);

/* --- transactions (store.c, turn.c) ------------------------------------ */

enum durability {
	TX_CONSISTENT, /* a power cut may take it back, whole */
	TX_DURABLE,    /* on disk when tx_commit returns */
};
int tx_begin(struct store *s, enum durability d, struct err *err);
/* A consistent one, but only if no other process is writing: 1 = begun, 0 = busy. */
int tx_try(struct store *s, struct err *err);
/* For what only the holder of the account's lease may write: ERR_CONFLICT if it was taken away. */
int tx_begin_leased(struct store *s, enum durability d, account_id a, struct err *err);
int tx_commit(struct store *s, struct err *err); /* rolls back on failure */
void tx_rollback(struct store *s);               /* no-op outside a transaction */
/* Commit if r >= 0, else roll back; returns r or the commit's error. */
int tx_end(struct store *s, int r, struct err *err);

void turn_take(enum store_role role);
void turn_give(void);
bool turn_wanted(void); /* the screen waits for its turn */

/* Written before the first of the processes that have the store open now opened it: nobody is at
 * work on that file. */
bool left_over(const struct store *s, const struct stat *file);

/* --- schema (migrate.c) ------------------------------------------------ */

int migrate(struct store *s, struct err *err);

/* --- events (event.c) -------------------------------------------------- */

/* The one place where events are made: a row now, a post after the commit. */
int event_emit(struct store *s, enum store_topic topic, account_id a, mailbox_id m, message_id msg,
	int64_t count, struct err *err);
/* Posts an event that is no fact of the log (queue moves, bodies). */
void event_post(struct store *s, enum event_kind kind, int code, account_id a, message_id m);
/*
 * News of a wish about one message, in a transaction: told at the end of it, as
 * one event per mailbox and topic when there are more than EVENT_SINGLES_MAX.
 */
void event_gather(struct store *s, enum store_topic topic, account_id a, mailbox_id m,
	message_id msg);
int event_flush(struct store *s, struct err *err);
int event_trim(struct store *s, struct err *err);

struct news {
	enum store_topic topic;
	account_id account;
	mailbox_id mailbox;
	guint n;
	message_id singles[EVENT_SINGLES_MAX];
};

/* --- counters (count.c) ------------------------------------------------ */

/* Adds to the kept counters of a mailbox and a conversation; written once, before the commit. */
void count_mailbox(struct store *s, int64_t mailbox, int total, int unread, int known);
int count_flush(struct store *s, struct err *err);

/* --- what a list shows (rebase.c) -------------------------------------- */

/*
 * Recomputes flags, shown and pending of all locations of a message from the
 * server's facts and the open rows of the queue, and the counters with them.
 * The only writer of those columns after a location was made.
 */
int rebase(struct store *s, int64_t message, struct err *err);
/* Removes a location, keeps the counters; a message that lost its last one waits as an orphan. */
int location_delete(struct store *s, int64_t location, struct err *err);

/* --- a new message (entry.c) -------------------------------------------- */

enum entry_how {
	ENTRY_INBOX = 1, /* it comes to the mailbox of that use */
	ENTRY_MANY = 2,  /* to one that has much in it: only news is scored at once */
};
/* Its row, its conversation and its line in the cache ledger; now dates what has no date. */
int entry_message(struct store *s, account_id a, const struct change *c, int64_t now, unsigned how,
	int64_t *message, struct err *err);
/* A place of it, as the server has it (uid 0: as it will have it). */
int entry_location(struct store *s, mailbox_id m, const struct change *c, int64_t now,
	int64_t message, struct err *err);
/* An unread place was added to a message that was there: its conversation counts it. */
int entry_unread(struct store *s, int64_t message, struct err *err);

/* --- identity (identity.c) --------------------------------------------- */

/* A message about to be stored, as conversations see it. */
struct newcomer {
	account_id account;
	const char *rfc_id;       /* may be NULL */
	const char *const *refs;
	size_t n_refs;
	const char *subject;      /* without "Re:" */
	int64_t date;
	bool unread;
};
/* Puts it into its conversation, merging what it joins and counting it in. */
int conversation_join(struct store *s, const struct newcomer *m, int64_t *out, struct err *err);
/* A message that lost its last location waits as an orphan. */
int orphan_if_lost(struct store *s, int64_t message, struct err *err);
/* Remembers where the newcomers of the next pass begin. */
void identity_settle(struct store *s);
/* It has a place again, where the provider calls it so (NULL: it has no name for it). */
int orphan_found(struct store *s, int64_t message, const char *canonical, struct err *err);
/* Rebases a message that lost a place; an orphan takes over the places of a newcomer that is the
 * same message. */
int orphan_reunite(struct store *s, int64_t message, struct err *err);
/* Removes a message with all rows that hang on it; the caller removes its body file after the commit. */
int message_purge(struct store *s, int64_t message, struct err *err);

/* --- the queue (queue.c, settle.c, want.c) ----------------------------- */

/* By the name in a row; an unknown one has failed. */
enum mutation_status queue_status(const char *name);
enum mutation_verb queue_verb(const char *name);
/* Did the server judge?  Only then does a try count (C-39: the reader's change is not lost to bad
 * weather). */
bool queue_counts(const struct err *why);
/* Begins what the reader wants to keep: durable, and refused when the disk is almost full. */
int wish_begin(struct store *s, struct err *err);
/*
 * In a transaction: the wish about the message shown at a place goes into the
 * queue and onto the screen, as a row of that step of the history (0 = of
 * none).  1 = something changes, 0 = it is so already, or nothing is shown there.
 * *place (may be NULL): where the message comes to be by it, 0 = nowhere.
 */
int wish_apply(struct store *s, const struct want *w, int64_t location, int64_t step,
	int64_t *place, struct err *err);
/* The same for an append that was taken back, with these flags: 0 = the message is gone.  What it
 * replaces gives way to it once more. */
int wish_append_again(struct store *s, int64_t message, int64_t target, int64_t step, unsigned flags,
	const char *keywords, struct err *err);

/* The row is done, or will not be: those that waited for it may leave, or stay away. */
int wish_followers(struct store *s, int64_t row, bool done, struct err *err);
/* Takes back a row about flags, an append or an expunge that nothing has left of; flags that an
 * expunge had made superfluous are wished again.  The place of an append is the caller's. */
int wish_withdraw(struct store *s, int64_t row, struct err *err);

/* Which row of a message may leave next; rebase calls it whenever a fact or a wish changed. */
int queue_ready(struct store *s, int64_t message, struct err *err);
/* The mailbox has numbers again, of this UIDVALIDITY: the wishes about its messages are about these. */
int queue_renumber(struct store *s, int64_t mailbox, struct err *err);
/* Ends a row without effect, in a transaction: what it promised of its target is taken back. */
int queue_end(struct store *s, int64_t row, enum mutation_status st, const char *answer,
	struct err *err);
/* Tells of n rows like this one, that their effect was taken back. */
int queue_tell_taken(struct store *s, int64_t row, int64_t n, struct err *err);
/* A move in doubt whose source is gone and whose copy was found is done; 1 = so it is, and the place
 * is gone. */
int queue_prove_moves(struct store *s, int64_t location, struct err *err);
/* Ends what can never leave, for its place or its target is gone. */
int queue_settle_lost(struct store *s, account_id a, struct err *err);

/* --- the history (undo.c, history.c, words.c) -------------------------- */

int history_row(struct store *s, int64_t step, struct history_row **out, struct err *err); /* 1 = is one */
/* Fills in what a line of the history tells, from the items of the step and how many follow; what
 * was wished (verb, flags, keywords) is there from its beginning. */
int history_describe(struct store *s, int64_t step, int64_t rest, struct err *err);
/*
 * One slice of undoing or doing again a large step: the items of messages with
 * an id > *at, at most max of them, in a transaction.  How many were looked at
 * (0 = that was all); *at is the last of them.
 */
int history_slice(struct store *s, int64_t step, bool redo, size_t max, int64_t *at,
	struct undone *out, struct err *err);

/* A place of the message is gone, and this one stands for it now (0 = none does, or none was): so the
 * items of the history have it. */
int history_place(struct store *s, int64_t message, int64_t was, int64_t now, struct err *err);

/* The use of the mailbox that has this name in a statement (enum mailbox_role); none if it is NULL. */
#define ROLE_OF(b)                                                                                 \
	"ifnull((SELECT iif(role < 0, 8, role) FROM mailbox_role_override WHERE mailbox_id = " b   \
	".id), ifnull(" b ".role, 8))"
G_STATIC_ASSERT(ROLE_NONE == 8);

/* Many wishes alike, for a sentence; no string is NULL. */
struct wish_words {
	enum mutation_verb verb;
	int64_t n;
	bool more; /* they are more than n */
	unsigned add, remove;
	const char *add_keywords, *remove_keywords, *source, *target; /* "" = none, or several; labels */
};
char *wish_words(const struct wish_words *w);

/* Open wishes about a place become conflicts, with these words. */
int queue_conflict(struct store *s, int64_t location, const char *why, struct err *err);
/* The same for open wishes that would bring a message to that place. */
int queue_conflict_target(struct store *s, int64_t location, const char *why, struct err *err);

/* SELECT of the messages that no server has: an append of ours that waits, or came to grief. */
#define ONLY_OURS                                                                                  \
	"SELECT message_id FROM mutation WHERE verb = 'append'"                                    \
	" AND status IN ('queued', 'leased', 'conflict', 'failed')"

/* --- numbers that became void (refind.c) -------------------------------- */

/* A numbered place of a mailbox that was made anew: 1 = it stays and waits to be found again, 0 =
 * nothing is wished of it any more: it may go. */
int refind_void(struct store *s, int64_t location, int64_t message, struct err *err);
/* 1 = what arrives is the message of a lost place, which has a number again. */
int refind_arrival(struct store *s, mailbox_id m, const struct change *c, int64_t *message,
	struct err *err);
/* The mailbox, or all of the account, were heard to the end: what was found may leave. */
int refind_confirm(struct store *s, mailbox_id m, struct err *err);
int refind_confirm_all(struct store *s, account_id a, struct err *err);

/* --- bodies (body.c, cache.c) ------------------------------------------ */

char *body_path(const struct store *s, int64_t message);
/* A temporary file that may become a body (g_free the name); store_recover sweeps what is left. */
int body_tmp(const struct store *s, char **tmp, int *fd, struct err *err);
/* In a transaction: it becomes the body of a message, on disk under its name, with its row. */
int body_adopt(struct store *s, int64_t message, const char *tmp, int64_t size, struct err *err);
/* Removes the files of these messages (GArray of int64_t), those that have one and no row that says so;
 * outside of transactions. */
void body_unlink(struct store *s, const GArray *messages);
/* The ledger says that the body is here, size in bytes, or (size < 0) that it was removed. */
int body_ledger(struct store *s, int64_t message, int64_t size, struct err *err);
/* One signal, in the caller's transaction; of a message that is gone it is nothing. */
int cache_note(struct store *s, const struct cache_notice *n, int64_t now, struct err *err);
/* After a crash: rows whose bytes are lost go (the ledger is ledger_repair's), and files without a row
 * (salvage.c). */
int body_salvage(struct store *s, struct err *err);

/* --- packs (pack.c) ---------------------------------------------------- */

/* A body that lies in a pack, as a sealed descriptor of its own; ERR_GONE if it cannot be read. */
int pack_open(const struct store *s, int64_t pack, int64_t at, int64_t size, int *fd_out,
	struct err *err);
void pack_unlink(const struct store *s, int64_t pack);
/* Removes the packs that nothing lies in any more. */
int pack_clean(struct store *s, struct err *err);
/* Writes packs anew that are mostly empty. */
int pack_compact(struct store *s, struct err *err);
char *pack_path(const struct store *s, int64_t pack);

/* --- the tree (listing.c, tree.c) -------------------------------------- */

/*
 * A list of mailboxes meets the rows of the account: which rows are gone
 * (GArray of int64_t)?  With replace, all that the list does not have; else
 * only those whose path now belongs to another mailbox.
 */
int listing_gone(struct store *s, account_id a, const GPtrArray *list, bool replace, GArray *gone,
	struct err *err);
/* Removes the gone (empty by now) and writes the list; in a transaction. */
int listing_write(struct store *s, account_id a, const GPtrArray *list, bool replace,
	const GArray *gone, struct err *err);
/* Wishes about the tree that were under way when a process died wait again. */
int tree_recover(struct store *s, account_id a, struct err *err);
/* The mailbox has another path now: so have the open wishes about it. */
int tree_follow(struct store *s, account_id a, const char *from, const char *to, struct err *err);

/* --- damage (check.c) -------------------------------------------------- */

/* SQLite's quick check; its sentence says what to do. */
int check_pages(struct store *s, struct err *err);

/* --- who we are (lease.c) ---------------------------------------------- */

/* Boot id, pid and start time of this process: the owner of leases and claims. */
const char *owner_token(void);
bool owner_alive(const char *token);
/* Inside a transaction: ERR_CONFLICT if this handle took the lease and the process lost it. */
int lease_check(struct store *s, account_id a, struct err *err);

static inline const char *or_empty(const char *text)
{
	return text ? text : "";
}

#endif
