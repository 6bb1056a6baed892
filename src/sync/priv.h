/*
 * The inside of the sync room; never leaves it (the room's own tests may look).
 *
 * A `lane` is an account with its two workers.  A `session` is what a thread
 * works with: one store handle and one connection; it belongs to the thread
 * that opened it.  Threads share of a lane only the latches, the atomics, the
 * board (a copy of values under a leaf mutex) and the list of wanted bodies
 * (likewise).  No mutex and no transaction is held across a provider call.
 */
#ifndef TERN_SYNC_PRIV_H
#define TERN_SYNC_PRIV_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include <glib.h>

#include "base/cancel.h"
#include "provider/provider.h"
#include "store/store.h"
#include "sync/sync.h"

enum {
	WORKER_STACK = 8 << 20,      /* the IMAP library's parser recurses */
	BODIES_WANTED_MAX = 64,
	GONE_LEAST = 20,             /* a listing that removes fewer is believed at once ... */
	GONE_SHARE = 2,              /* ... as is one that removes at most 1/GONE_SHARE of a mailbox */
	MAILBOXES_MAX = 10000,
	BROKEN_MAX = 3,              /* mailboxes of a pass that may break the connection */
	FULL_CALLS_MAX = 3,          /* a paused full comparison starts over this often */
	PUSH_IDLE_MAX = 16,          /* batches in a row of which nothing was settled */
	PUSH_LATER_S = 5,            /* pause of a batch when the server said "later" and not when */
	RETRY_AFTER_MAX_S = 24 * 3600,
	SUSPEND_MS = 60 * 1000,      /* a jump of the boot clock that makes every socket suspect */
};

/* All waits of the room in milliseconds; tests shorten them, the program uses timing_default. */
struct timing {
	int poll, poll_live;         /* between complete passes: alone, and with live push */
	int learn;                   /* the first wait: to learn whether push is live */
	int push_gap;                /* least pause between two looks that the server asked for */
	int stuck;                   /* pause when rows are due but cannot be claimed */
	int watch;                   /* how often another process's changes are looked for */
	int lease;                   /* how often a foreign lease is asked for */
	int retry_cap;               /* longest pause after a failure that heals by itself */
	int turn;                    /* of one mailbox when several bring in their history */
	int progress;                /* least time between two progress events */
	int body_idle;               /* an idle body connection is closed after this */
};
extern const struct timing timing_default;

/* --- retry.c: the only place that turns an error into "when again" --------- */

struct retry {
	int failures;                /* in a row */
};
/* Counts a failure; milliseconds until the next try, or -1: not before the reader asks. */
int64_t retry_next_ms(struct retry *r, const struct timing *t, const struct err *why);
/* True if nothing can be done for the account before the reader acts. */
bool retry_needs_reader(enum err_code code);
/* True if the error concerns the whole account or its connection, not one mailbox or message. */
bool retry_is_wide(const struct err *why);

/* --- board.c: what the status line may know -------------------------------- */

struct board {
	pthread_mutex_t lock;        /* a leaf */
	struct engine_state state;
	int64_t told_at;             /* clock_mono_ms of the last progress event */
	int progress_ms;
	account_id account;
	struct queue *events;        /* may be NULL */
};
void board_init(struct board *b, account_id a, struct queue *events, int progress_ms);
void board_release(struct board *b);
/* These accept a NULL board (the blocking forms have none) and post EV_ACCOUNT; stages and
 * progress do so at most once in progress_ms, but the end of the work is always told. */
void board_stage(struct board *b, enum engine_stage stage, const char *mailbox);
void board_progress(struct board *b, enum engine_stage stage, int64_t done, int64_t of);
void board_push_live(struct board *b, bool live);
void board_synced(struct board *b, int64_t at);
/* Keeps the words of the last failure (code 0: there is none any more). */
void board_error(struct board *b, const struct err *why);
/* The same, and nothing goes on until retry_at (unix seconds; 0 = not known, or the reader must act). */
void board_waiting(struct board *b, const struct err *why, int64_t retry_at);
void board_read(struct board *b, struct engine_state *out);

/* --- session.c ------------------------------------------------------------- */

struct session {
	struct sync *sync;
	const struct account *account;
	struct cancel *cancel;       /* ends every provider call */
	struct cancel *wake;         /* doorbell: pause at the next slice; may be NULL */
	struct board *board;         /* may be NULL */
	struct store *store;
	struct provider *provider;   /* NULL until session_connect */
	bool up;                     /* the last call left the connection usable */
	bool stuck;                  /* rows are due that cannot be claimed now */
	GArray *touched;             /* int64_t: mailboxes that a push left to be looked at */
	char id[40];                 /* of the cycle, for the log */
	int64_t added, changed, removed; /* of the cycle */
};
void session_init(struct session *s, struct sync *sync, const struct account *a,
	struct cancel *cancel);
int session_open(struct session *s, enum store_role role, struct err *err); /* no-op if open */
int session_connect(struct session *s, struct err *err);                    /* no-op if up */
/* Takes note of what the error of a provider call means for the connection; returns its code. */
int session_heard(struct session *s, int r);
void session_drop(struct session *s);
void session_close(struct session *s);
/* A new id for the log's lines of one cycle. */
void session_new_id(struct session *s);
/* Keeps how a pass ended in the store; a failure to do so is only logged. */
void session_result(struct session *s, const struct err *why);

/* --- push.c ---------------------------------------------------------------- */

/* Milliseconds until something is due for the server, -1 = nothing is. */
int64_t push_due_in(struct session *s);
/* Pushes everything that is due; the number of batches, or an error that ends the connection. */
int push_due(struct session *s, struct err *err);

/* --- listing.c, gather.c, pull.c ------------------------------------------- */

/* Asks for the mailboxes of the account and keeps the list, with a second witness for losses. */
int listing_refresh(struct session *s, struct err *err);
/* The changes of one mailbox until it is up to date (0) or paused (1); pauses behind the first
 * slice that ends after `until` (clock_mono_ms) while history is missing. */
int gather_mailbox(struct session *s, const struct mailbox *m, unsigned flags, int64_t until,
	struct err *err);
/* A complete pass of the account: list, newest slices, history, result.  flags: changes_flags. */
int pull_pass(struct session *s, unsigned flags, struct err *err);
/* Only these mailboxes (of int64_t); not a complete pass. */
int pull_some(struct session *s, const GArray *mailboxes, struct err *err);

/* --- writer.c -------------------------------------------------------------- */

/* A thread that applies batches with a store handle of its own, while its owner gathers more. */
struct writer;
int writer_start(const struct session *s, struct writer **out, struct err *err);
/* Hands a batch over (*b is NULL then), once the one before it is applied; or that one's error. */
int writer_put(struct writer *w, struct batch **b, struct err *err);
/* Waits until all is applied; *sum: what it came to since the last time. */
int writer_wait(struct writer *w, struct batch_result *sum, struct err *err);
void writer_stop(struct writer **w); /* what was put is applied first */

/* --- body.c ---------------------------------------------------------------- */

/* Messages that someone waits for, newest request first. */
struct bodies {
	pthread_mutex_t lock;        /* a leaf */
	struct cancel ring;
	size_t n;
	message_id wanted[BODIES_WANTED_MAX];
	message_id now;              /* being fetched */
};
void bodies_init(struct bodies *b);
void bodies_release(struct bodies *b);
/* Returns the request that had to make room, 0 = none. */
message_id bodies_ask(struct bodies *b, message_id m);
/* Sees to it that the body is in the cache: at once, or by fetching it. */
int body_fetch(struct session *s, message_id m, struct err *err);
void *body_main(void *lane);

/* --- worker.c, watch.c, once.c, sync.c ------------------------------------- */

struct lane {
	struct sync *sync;
	const struct account *account;
	struct cancel stop;          /* both workers: the end */
	struct cancel wake;          /* the sync worker's doorbell */
	_Atomic bool asked;          /* sync_now: a pass, and no more waiting */
	_Atomic bool suspect;        /* the machine slept: the connection may be dead */
	struct board board;
	struct bodies bodies;
	pthread_t threads[2];
	int n_threads;
};
void lane_ring(struct lane *l, bool ask);
/* A thread "KIND:NAME" with room for deep parsers, which no signal interrupts. */
int sync_spawn(pthread_t *out, const char *kind, const char *name, void *(*run)(void *), void *arg,
	struct err *err);
void *worker_main(void *lane);
void *watch_main(void *sync);
/* Takes the account's lease: ERR_CONFLICT with words when another process has it. */
int lease_take(struct session *s, struct err *err);

int once_pass(struct engine *e, account_id a, bool full, struct cancel *cancel, struct err *err);
int once_drain(struct engine *e, account_id a, struct cancel *cancel, struct err *err);
int once_body(struct engine *e, account_id a, message_id m, struct cancel *cancel,
	struct err *err);
int once_check(struct engine *e, account_id a, struct cancel *cancel, struct err *err);

struct sync {
	struct engine engine;        /* first: the engine's functions get its address */
	const struct places *places;
	const struct config *config;
	struct queue *events;
	const struct provider_ops *(*find)(const char *name); /* provider_find; tests put theirs here */
	struct timing timing;        /* tests change it before sync_start */
	struct cancel stop;          /* the watcher's end */
	pthread_t watcher;
	bool watching;
	size_t n;
	struct lane *lanes;
	_Atomic unsigned cycles;     /* for ids in the log */
};

#endif
