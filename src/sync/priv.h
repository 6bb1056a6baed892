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
#include "store/cache.h"
#include "store/store.h"
#include "sync/governor.h"
#include "sync/sync.h"

enum {
	WORKER_STACK = 8 << 20,      /* the IMAP library's parser recurses */
	BODIES_WANTED_MAX = 64,
	LOOKS_MAX = 8,               /* mailboxes that the reader opened and that wait for their look */
	BACKFILL_MAILBOXES = 5,      /* of one run of the backfill job (M-36) */
	WIDE_EVERY = 3,              /* polls, where asking for all mailboxes costs a command each (C-37) */
	LEASE_BUSY_TRIES = 40,       /* of LEASE_BUSY_MS, when the database is being written */
	LEASE_BUSY_MS = 50,
	CROWDED_MS = 15 * 60 * 1000, /* a server that refused a second connection is not asked again */
	ARRANGE_MAX = 64,            /* wishes about the tree between two slices */
	GONE_LEAST = 20,             /* a listing that removes fewer is believed at once ... */
	GONE_SHARE = 2,              /* ... as is one that removes at most 1/GONE_SHARE of a mailbox */
	MAILBOXES_MAX = 10000,
	BROKEN_MAX = 3,              /* mailboxes of a pass that may break the connection */
	BREAKS_MAX = 20,             /* connections that may break in a pass or a run of history */
	FULL_CALLS_MAX = 3,          /* a paused full comparison starts over this often */
	PUSH_IDLE_MAX = 16,          /* batches in a row of which nothing was settled */
	PUSH_REVIEWED_MAX = 1000,    /* ... of which all met a change and were judged anew */
	PUSH_LATER_S = 5,            /* pause of a batch when the server said "later" and not when */
	RETRY_AFTER_MAX_S = 24 * 3600,
	DISK_LEAST = 1 << 30,        /* bytes: with less left nothing is fetched ahead (M-82) ... */
	DISK_LEAST_PERCENT = 5,      /* ... nor with less of the whole disk */
	NOTICES_MAX = 512,           /* signals for the cache that wait; the oldest are forgotten */
	SUSPEND_MS = 60 * 1000,      /* a jump of the boot clock that makes every socket suspect */
};

/* All waits of the room in milliseconds; tests shorten them, the program uses timing_default. */
struct timing {
	int poll, poll_live;         /* between two cycles: alone, and with live push (C-25) */
	int poll_least, poll_most;   /* their limits when halved and when grown */
	int look_lasts;              /* the reader looks at the account for so long after a look */
	int reader_lasts;            /* the reader is there for so long after a sign of life */
	int look_gap;                /* least pause between two looks at different mailboxes */
	int glance;                  /* least pause between two looks at the inbox during long work */
	int silence;                 /* live push that says nothing for so long is checked (C-31) */
	int backfill, backfill_soon; /* between two runs; when nobody would notice that it goes on */
	int learn;                   /* the first wait: to learn whether push is live */
	int push_gap;                /* least pause between two looks that the server asked for */
	int stuck;                   /* pause when rows are due but cannot be claimed */
	int watch;                   /* how often another process's changes are looked for */
	int network;                 /* a change of the network settles for so long */
	int lease;                   /* how often a foreign lease is asked for */
	int retry_cap;               /* longest pause after a failure that heals by itself */
	int turn;                    /* of one mailbox when several bring in their history */
	int progress;                /* least time between two progress events */
	int body_idle;               /* an idle second connection is closed after this */
	int ready_after;             /* it is made so long after the first one, if the reader is there */
	int aside_patience;          /* the sync worker waits so long for its batch */
	int aside_rest;              /* it is not asked to push for so long when it failed */
	int warm_first;              /* until the first slice of warming (P-12) */
	int warm_tick, warm_idle;    /* between two slices: while there is something to do, and not (M-81) */
	int warm_gap;                /* a signal begins one no sooner than this */
	int warm_fresh;              /* for so long after a signal the reader is taken to wait */
	int offline_idle;            /* between two looks for what should be readable offline */
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
/* True if the connection broke under a call about a mailbox, and the call is to be made again at
 * once: what came is kept, and the provider asks for less.  Counts the breaks. */
struct session;
bool retry_at_once(const struct session *s, unsigned *breaks, const struct err *why);

/* --- cadence.c: when the next cycle begins, and how much it asks (C-25, C-37) --- */

/* What the decision depends on; times in milliseconds since, -1 = never. */
struct cadence {
	bool live;                   /* push is live */
	int64_t looked;              /* the reader looked at this account */
	int64_t reader;              /* the reader gave a sign of life */
	int64_t last;                /* the pause before the last cycle, 0 = there was none */
};
/* Milliseconds between the end of a cycle and the next poll. */
int64_t cadence_pause(const struct timing *t, const struct cadence *c);
/* True if a poll asks for all mailboxes; polls: since the last that did. */
bool cadence_wide(bool cheap_scan, int polls);
/* Milliseconds until the next run of the backfill; more: the last one left something to do. */
int64_t cadence_backfill(const struct timing *t, bool more, bool limited, const struct cadence *c);

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
/* These accept a NULL board and post EV_ACCOUNT; stages and
 * progress do so at most once in progress_ms, but the end of the work is always told. */
void board_stage(struct board *b, enum engine_stage stage, const char *mailbox);
void board_progress(struct board *b, enum engine_stage stage, int64_t done, int64_t of);
void board_push(struct board *b, bool live, bool everywhere);
void board_letter(struct board *b, char letter);
/* A cycle began; "" = it is over. */
void board_cycle(struct board *b, const char *trigger, const char *sync_id);
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
	struct lane *lane;           /* whose sync worker this is; NULL in the other threads */
	bool keeps;                  /* what the provider learns is kept (one thread of an account does) */
	bool scan_next;              /* the next call after connect is mailboxes() */
	bool leased;                 /* the account's lease is ours, as far as we know */
	bool lost;                   /* another process took the lease away */
	bool up;                     /* the last call left the connection usable */
	bool broke;                  /* the last call about a mailbox lost a connection that had been usable */
	bool stuck;                  /* rows are due that cannot be claimed now */
	bool stalled;                /* the last run of the backfill brought nothing, though history is left */
	GArray *touched;             /* int64_t: mailboxes that a push left to be looked at */
	int64_t used_at;             /* clock_mono_ms: the connection was last used */
	int64_t glanced_at;          /* clock_mono_ms: the inbox was looked at */
	char trigger[12], id[40];    /* of the cycle, for the log */
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
/* A cycle begins: a new id for its lines in the log and for the board. */
void session_cycle(struct session *s, const char *trigger);
/* The mailbox is to be looked at soon. */
void session_touch(struct session *s, mailbox_id m);
/* What a call of the store that checks the lease returned; notes whether it was lost. */
int session_stored(struct session *s, int r);
/* Keeps how a pass ended in the store; a failure to do so is only logged. */
void session_result(struct session *s, const struct err *why);

/* --- push.c ---------------------------------------------------------------- */

/* Milliseconds until something is due for the server, -1 = nothing is. */
int64_t push_due_in(struct session *s);
/* Pushes everything that is due; the number of batches, or an error that ends the connection. */
int push_due(struct session *s, struct err *err);

/* One batch and nothing around it; 0 = none can leave, or nothing came of it.  ERR_STORAGE: its rows
 * may have stayed leased. */
int push_single(struct session *s, struct err *err);

/* --- aside.c: changes leave by the second connection while history comes by the first --- */

/* What the sync worker and the body worker of a lane agree on. */
struct lane;
struct aside {
	pthread_mutex_t lock;        /* a leaf */
	struct cancel quit;          /* ends every call of the second connection */
	struct cancel done;          /* set while `busy` is not */
	bool open;                   /* the sync worker reads only messages that the store lacks */
	bool busy;                   /* a batch is on its way by the second connection */
	bool ready;                  /* it is connected, and nobody waits for a body */
	int64_t rests_until;         /* clock_mono_ms: it failed, and is not asked before */
	struct err hurt;             /* rows may have stayed leased; code 0 = no */
	GArray *touched;             /* int64_t: mailboxes that the sync worker is to look at */
};
void aside_init(struct aside *a);
void aside_release(struct aside *a);
/* The sync worker: from now on the second connection may push ... */
void aside_open(struct lane *l);
/* ... and here no more, once it is through with its batch; an error if rows were left leased. */
int aside_shut(struct session *s, struct err *err);
/* Wishes are due: true if history need not pause for them, the body worker is rung. */
bool aside_takes(struct lane *l);
/* The body worker: how it is ... */
void aside_ready(struct lane *l, bool ready);
/* ... and a batch, if one is due and it may; true = look for the next one. */
bool aside_push(struct lane *l, struct session *s);
/* Is there something to push, and is it the body worker's? */
bool aside_has_work(struct lane *l, struct session *s);
/* A wish may be due: wakes who can push it now. */
void lane_push(struct lane *l);

/* --- ready.c: the second connection, before anybody needs it --------------- */

/* The sync worker: it is connected. */
void ready_from_now(struct lane *l);
/* The body worker: milliseconds until it is to connect though nothing is wanted, INT64_MAX = not known ... */
int64_t ready_wait(struct lane *l, const struct session *s);
/* ... and does. */
void ready_turn(struct lane *l, struct session *s);

/* --- expand.c: large steps become wishes ----------------------------------- */

/* The rest of what one key did goes into the queue by one more slice, if something of the account
 * is left. */
int expand_slice(struct session *s, struct err *err);
/* All of it, for those who have no such thread. */
int expand_all(struct session *s, struct err *err);
/* The thread that does it whatever the network does. */
void *expand_main(void *sync);

/* --- arrange.c, interlude.c ------------------------------------------------ */

/* Milliseconds until a wish about the tree of mailboxes is due, -1 = none is. */
int64_t arrange_due_in(struct session *s);
/* Makes due wishes about the tree of mailboxes true; how many were settled. */
int arrange_due(struct session *s, struct err *err);
/*
 * What has its turn between any two slices of long work: the end, the lease,
 * the reader's own changes, bodies that only this connection can fetch,
 * mailboxes that the reader opened, and now and then the inbox.
 */
int interlude(struct session *s, struct err *err);
/* The last three of these, for a push that goes on for so many milliseconds already. */
int interlude_turns(struct session *s, int64_t lasts, struct err *err);

/* --- listing.c, gather.c, history.c, pull.c, backfill.c -------------------- */

/* Asks for the mailboxes of the account and keeps the list, with a second witness for losses. */
int listing_refresh(struct session *s, struct err *err);
/* The same, because something changed in it: mailboxes that were never read are touched. */
int listing_follow(struct session *s, struct err *err);
/* Where history pauses: behind the first slice that ends after a time, or with so many messages. */
struct stop {
	int64_t at;                  /* clock_mono_ms, INT64_MAX = never */
	int64_t known;               /* messages of the mailbox in the store, 0 = no limit */
};
/* The changes of one mailbox until it is up to date (0) or paused (1). */
int gather_mailbox(struct session *s, const struct mailbox *m, unsigned flags,
	const struct stop *stop, struct err *err);

/* How much is brought in at once: the reader's configuration. */
const struct tuning *tuning_of(const struct session *s);
/* Where bootstrap (or, with `whole`, backfill) ends, as messages in the store; 0 = nowhere. */
int64_t history_limit(const struct session *s, bool whole);
/* Writes down how far a mailbox is if that is news; `ended`: its last call had nothing more. */
int history_note(struct session *s, mailbox_id id, bool ended, struct mailbox **out,
	struct err *err);
/* Gives the claim of the mailbox back, with how far it is. */
int history_release(struct session *s, mailbox_id id, struct err *err);
/* True if no mailbox of the account was ever read. */
bool history_none(struct session *s);
/* True if the history of a mailbox that was begun is still to come. */
bool history_open(struct session *s);

/* A complete pass of the account: list, newest messages of all mailboxes, result. */
int pull_pass(struct session *s, unsigned flags, struct err *err);
/* Only these mailboxes (of int64_t); not a complete pass. */
int pull_some(struct session *s, const GArray *mailboxes, unsigned flags, struct err *err);
/* Removes what complete passes did not find any more, unless history is still coming. */
int pull_clean(struct session *s, struct err *err);

/* A run of the backfill job, in slices. */
struct backfill {
	mailbox_id at;               /* at work; 0 = none */
	mailbox_id first;            /* the reader opened it: it goes before the others */
	int64_t until;               /* clock_mono_ms, the end of the run; 0 = none runs */
	int64_t share_until;         /* ... and of the mailbox's share of it */
	int64_t room;                /* messages that it may still bring in */
	int64_t began;               /* unix seconds */
	int64_t brought;             /* messages so far */
	int taken;                   /* mailboxes so far */
	unsigned broken;             /* ... that broke the connection */
	unsigned breaks;             /* connections that broke under them and were made anew */
	bool more;                   /* it ended with history left */
	bool limited;                /* the server allows no more than a run now and then */
};
void backfill_begin(struct session *s, struct backfill *b);
/* One slice; 1 = the run goes on, 0 = it is over and written down. */
int backfill_slice(struct session *s, struct backfill *b, struct err *err);
/* The run was cut off: its claim is given back. */
void backfill_abandon(struct session *s, struct backfill *b);
/* Runs until the history of the account is here, or capped, or the server's limits end it. */
int backfill_all(struct session *s, struct err *err);

/* --- job.c: the table of jobs (M-28..M-37) ---------------------------------- */

struct job {
	const char *name;
	int64_t cadence_s;
	int64_t began, next_at;      /* unix seconds; next_at 0 = when something asks for it */
	const struct err *result;    /* NULL = well */
	const char *words;           /* what it did */
};
/* Writes one run down; a failure to do so is only logged. */
void job_note(struct store *store, account_id a, const struct job *j);
/* "poll: 3 new, 1 changed, 2 removed" */
void job_words(const struct session *s, char *out, size_t cap);
/* The row of that job; false if it never ran. */
bool job_last(struct store *store, account_id a, const char *name, struct job_row *out);
/* Bodies that nobody used for long go, once a day; program-wide. */
void job_clean_cache(struct store *store, const struct tuning *tuning, const struct cache_caps *caps);
/* What the last word about the server is, once it changed or a week went by. */
void job_probe(struct session *s);

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
struct lane;
struct bodies {
	pthread_mutex_t lock;        /* a leaf */
	struct cancel ring;
	size_t n;
	struct wanted_body {
		message_id message;
		bool whole;          /* with its attachments */
	} wanted[BODIES_WANTED_MAX];
	struct wanted_body now;      /* being fetched */
};
void bodies_init(struct bodies *b);
void bodies_release(struct bodies *b);
/* Returns the request that had to make room, 0 = none. */
message_id bodies_ask(struct bodies *b, message_id m, bool whole);
bool bodies_waiting(struct bodies *b);
/* Where the account may have one connection only, its sync worker answers all requests. */
void bodies_serve(struct lane *l, struct session *s);
/* The server wants no second connection: the sync worker shall do all, on its own. */
bool lane_crowded(struct lane *l, const struct session *s, const struct err *why);
/*
 * Sees to it that the body is in the cache, with the contents of all parts if
 * `whole`: at once, or by claiming and fetching it.  The one way to a body, for
 * who opens a mail and for who expects that somebody will (L-47).
 */
int body_fetch(struct session *s, message_id m, bool whole, struct err *err);
/* Fetches one that is claimed; *bytes (may be NULL): of the file.  A failure is in the ledger. */
int body_fill(struct session *s, message_id m, bool whole, int64_t *bytes, struct err *err);
void *body_main(void *lane);

/* --- warm.c, notices.c: fetching what will probably be opened (L-39..L-48) ---- */

/* Signals on their way to the ledger; of all accounts. */
struct notices {
	pthread_mutex_t writing;     /* from notices_take until they are in the ledger: nobody chooses meanwhile */
	pthread_mutex_t lock;        /* a leaf */
	size_t first, n;
	struct cache_notice ring[NOTICES_MAX];
	struct bucket purse;         /* bytes of all accounts; same lock */
	_Atomic int64_t fresh_at;    /* clock_mono_ms: the reader's last signal, 0 = none */
};
void notices_init(struct notices *n);
void notices_release(struct notices *n);
/* Copies them; true if the reader waits for the answer. */
bool notices_add(struct notices *n, const struct cache_notice *in, size_t count);
size_t notices_take(struct notices *n, struct cache_notice *out, size_t max);

/* Of one lane.  Its atomics are for all threads; the rest for who has `busy`, which goes from one
 * thread to the other when the lane becomes shared. */
struct warm {
	_Atomic int64_t next_at;     /* clock_mono_ms: the next slice */
	_Atomic int64_t last_at;     /* ... the last one */
	_Atomic int64_t offline_at;  /* ... the next look for what should be readable offline */
	_Atomic bool stirred;        /* a signal came: no later than warm_gap after the last slice */
	_Atomic bool held;           /* a slice had something to fetch, and no connection */
	_Atomic bool busy;
	struct governor governor;
	message_id offline_after;    /* it goes on behind this one */
	int64_t offline_noted_at;    /* unix seconds: its row in the table of jobs ... */
	bool offline_news;           /* ... does not say all */
	int64_t noted_at;            /* unix seconds: its row in the table of jobs */
	bool was_off;                /* ... says so */
};
void warm_init(struct lane *l);
/* Something came that may be worth a slice. */
void warm_stir(struct lane *l);
/* The account is online: what was held up goes on. */
void warm_resume(struct lane *l);
/* Milliseconds until warm_turn has something to do. */
int64_t warm_wait(struct lane *l);
/* One slice, if it is time; ends early for everything else that the lane has to do. */
void warm_turn(struct lane *l, struct session *s);
/* True if somebody waits for this thread: warming goes on later. */
bool warm_yields(struct lane *l, struct session *s);
/* The account is online, and nothing is to be done by the reader first. */
bool warm_online(struct lane *l);
/* Neither the network nor the disk forbids to fetch what nobody waits for (M-82). */
bool warm_affords(const struct sync *s);
bool disk_is_low(int64_t left, int64_t of, int64_t least); /* bytes; left < 0: unknown */
struct cache_caps caps_of(const struct sync *s, double pressure);

/* --- offline.c: mailboxes that are to be readable without a network ------------ */

/* Fetches the next of what the policies want; true = there is more to do now. */
bool offline_turn(struct lane *l, struct session *s);
/* All of it, for the command line; how many came. */
int offline_all(struct session *s, struct err *err);

/* --- worker.c, watch.c, once.c, sync.c ------------------------------------- */

/* Mailboxes that the reader looks at, and when they were last brought up to date for that. */
struct looks {
	pthread_mutex_t lock;        /* a leaf */
	size_t n;
	mailbox_id wanted[LOOKS_MAX];
	mailbox_id last;
	int64_t last_at;             /* clock_mono_ms */
};
void looks_init(struct looks *l);
void looks_release(struct looks *l);
/* True if the mailbox should be brought up to date now; covered: push tells about it anyway. */
bool looks_ask(struct looks *l, mailbox_id m, bool covered, const struct timing *t);
/* The next one, 0 = none. */
mailbox_id looks_take(struct looks *l);
bool looks_waiting(struct looks *l);

enum { ASKED_NOTHING, ASKED_PASS, ASKED_FULL };

struct lane {
	struct sync *sync;
	const struct account *account;
	struct cancel stop;          /* both workers: the end */
	struct cancel wake;          /* the sync worker's doorbell */
	_Atomic int asked;           /* sync_now: a pass, and no more waiting */
	_Atomic bool suspect;        /* the machine slept: the connection may be dead */
	_Atomic bool shared;         /* the sync worker's connection is the only one */
	_Atomic bool up;             /* the sync worker is connected */
	_Atomic int64_t crowded_at;  /* clock_mono_ms: a second connection was refused, 0 = never */
	_Atomic int64_t looked_at;   /* clock_mono_ms: the reader looked at the account, 0 = never */
	_Atomic int64_t ready_at;    /* clock_mono_ms: the second connection is made then, 0 = not yet known */
	_Atomic int64_t watched;     /* the mailbox that live push covers, 0 = none, -1 = all */
	struct board board;
	struct bodies bodies;
	struct looks looks;
	struct aside aside;
	struct warm warm;
	pthread_t threads[2];
	int n_threads;
};
/* Wakes the sync worker: there is work. */
void lane_ring(struct lane *l);
/* A thread "KIND:NAME" with room for deep parsers, which no signal interrupts. */
int sync_spawn(pthread_t *out, const char *kind, const char *name, void *(*run)(void *), void *arg,
	struct err *err);
void *worker_main(void *lane);
void *watch_main(void *sync);
/* Takes the account's lease: ERR_CONFLICT with words when another process has it. */
int lease_take(struct session *s, struct err *err);
/* Renews it when it is time; ERR_CONFLICT if it was taken away. */
int lease_keep(struct session *s, struct err *err);
void lease_drop(struct session *s);

int once_pass(struct engine *e, account_id a, bool full, struct cancel *cancel, struct err *err);
int once_drain(struct engine *e, account_id a, struct cancel *cancel, struct err *err);
int once_body(struct engine *e, account_id a, message_id m, struct cancel *cancel,
	struct err *err);
int once_whole(struct engine *e, account_id a, message_id m, struct cancel *cancel,
	struct err *err);
int once_bodies(struct engine *e, account_id a, struct cancel *cancel, struct err *err);
int once_check(struct engine *e, account_id a, struct cancel *cancel, struct err *err);
/* Fetches the bodies of the account that are not in the cache (bulk.c); how many. */
int bulk_fetch(struct session *s, int64_t *fetched, struct err *err);
/* Fetches these, by uid, whole; how many came.  Only what concerns the account is an error. */
enum { BULK_SOME_MAX = 200 };
int bulk_some(struct session *s, const struct mailbox *m, const struct body_gap *gaps, size_t n,
	struct err *err);

/* --- oneclick.c: leaving lists ----------------------------------------------- */

enum { CLICKS_MAX = 8 };         /* at work, or with an answer that nobody has read */
struct click {
	struct sync *sync;
	char *url;
	int64_t ticket;
	pthread_t thread;
	bool started;                /* the screen's; the thread is to be joined */
	bool done, told;             /* under the lock */
	struct err result;           /* once done */
};
struct clicks {
	pthread_mutex_t lock;        /* a leaf */
	struct click all[CLICKS_MAX];
	int64_t last;                /* the ticket given last */
};
void clicks_init(struct clicks *c);
void clicks_release(struct clicks *c); /* the latch `stop` is set */
/* Entries of struct engine; the ticket is 0 when it could not begin. */
int64_t engine_one_click(struct engine *e, const char *url);
bool engine_told(struct engine *e, int64_t ticket, struct err *out);

struct sync {
	struct engine engine;        /* first: the engine's functions get its address */
	const struct places *places;
	const struct config *config;
	struct queue *events;
	const struct provider_ops *(*find)(const char *name); /* provider_find; tests put theirs here */
	struct notices notices;
	int64_t disk_least;          /* bytes that stay free on the disk; 0 (in tests): it is not looked at */
	struct timing timing;        /* tests change it before sync_start */
	struct cancel stop;          /* the end of the threads below */
	struct cancel grown;         /* a large step may have come: expand.c looks */
	pthread_t threads[2];        /* the watcher, and who brings large steps into the queue */
	int n_threads;
	size_t n;
	struct lane *lanes;
	struct clicks clicks;
	_Atomic unsigned cycles;     /* for ids in the log */
	_Atomic int64_t reader_at;   /* clock_mono_ms: the last sign of life of the reader, 0 = none */
};

#endif
