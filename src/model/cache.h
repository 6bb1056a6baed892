/*
 * What is worth keeping: the formulas and constants of the cache, in one place.
 *
 * Every message has one line in the cache ledger.  Its priority is
 * utility / size_cost, both computed here from plain values, so that the
 * numbers that a person sees (tern cache) are the numbers that decided.
 * Pure; any thread.  Ids in the comments: the requirements.
 */
#ifndef TERN_MODEL_CACHE_H
#define TERN_MODEL_CACHE_H

#include <stdbool.h>
#include <stdint.h>

#include "model/id.h"

/* --- constants --------------------------------------------------------------- */

/* L-20: the weights of utility, together 1 */
#define CACHE_W_RECENCY 0.35
#define CACHE_W_THREAD 0.20
#define CACHE_W_SENDER 0.15
#define CACHE_W_IMPORTANCE 0.10
#define CACHE_W_SEARCH 0.10
#define CACHE_W_BEHAVIOUR 0.10
#define CACHE_HALF_LIFE_DAYS 30.0     /* L-21 */
#define CACHE_NO_DATE_DAYS 365.0      /* P-06 */
/* P-06: scale of the saturating counts: 1 - exp(-count / 4), so 4 events are worth 0.63 of all.
 * The ids leave the curve open; this one never passes 1 and is nearly straight at its beginning. */
#define CACHE_SATURATION 4.0
/* How fast counts fade, in days; the ids leave these open (tests/bench/cachesim measures them). */
#define CACHE_THREAD_FADES 7.0
#define CACHE_SENDER_FADES 60.0
#define CACHE_BEHAVIOUR_FADES 14.0
#define CACHE_BOOST_FADES 0.5
#define CACHE_COST_EXPONENT 0.7       /* L-19 */
#define CACHE_LAYER_BODY 1.0          /* L-33 */
#define CACHE_LAYER_RAW 0.45
#define CACHE_LAYER_ATTACHMENT 0.25
#define CACHE_ATTACHMENT_OPENED 3.0   /* P-08 */
#define CACHE_ATTACHMENT_INLINE 1.6
#define CACHE_PINNED 4.0              /* P-08: added to utility */
#define CACHE_VISIBLE_BOOST 0.8       /* P-08: 0.8 / sqrt(rank + 1) */

enum {
	CACHE_COST_LEAST = 4 * 1024,      /* L-19: bytes */
	CACHE_COST_UNIT = 1024 * 1024,
	CACHE_GUESS = 64 * 1024,          /* P-13: a size that nobody told */
	CACHE_GUESS_LEAST = 16 * 1024,    /* P-13: body of a message with attachments */
	CACHE_GUESS_MOST = 256 * 1024,
	CACHE_LOCAL_BAND = 100,           /* P-09: signals of the reader's own begin here */
	CACHE_NEW_MAIL = 90,              /* C-28 */
	CACHE_NO_SIGNAL = 1,
	CACHE_STALE_S = 6 * 3600,         /* P-12 */
	CACHE_CLAIM_S = 30 * 60,          /* C-06: a claim whose owner is silent */
	CACHE_TRIES = 5,                  /* C-07 */
	CACHE_PLACEHOLDER_S = 3600,       /* M-11: an object without a body: how long it stays one */
	CACHE_DAY_S = 86400,
	CACHE_SEARCH_S = CACHE_DAY_S,     /* so long a search tells of its hits */
	CACHE_FIRST_DAYS = 90,            /* L-28: older messages wait for their first score */
	CACHE_FIRST_MOST = 2000,          /* ... and so do those that a fuller mailbox gets ... */
	CACHE_NEWS_S = 3 * CACHE_DAY_S,   /* ... unless they are as new as this: they have just arrived */
	CACHE_AHEAD_S = 2 * CACHE_DAY_S,  /* a time that lies further ahead was told by a wrong clock */
	CACHE_STRUCTURAL = 50,            /* P-09: re-scoring because a policy or the structure changed */
	CACHE_THREAD_FAN = 8,             /* messages of a conversation that hear of news in it */
};
#define CACHE_SOFT_CAP ((int64_t)1 << 30) /* P-02 */
#define CACHE_HARD_CAP ((int64_t)2 << 30)

/* --- signals ------------------------------------------------------------------- */

/* What somebody saw or did: who makes signals fills these (C-28). */
enum cache_notice_kind {
	CACHE_SAW_ROW,      /* drawn in a list; rank: its row on the screen */
	CACHE_SAW_HIT,      /* a visible search hit; rank, and of so many hits */
	CACHE_OPENED,       /* rank: 1 = it was here, 0 = it had to be fetched */
	CACHE_PINNED_ON,
	CACHE_PINNED_OFF,
	CACHE_FLAGGED,      /* it has just been marked, by whomever; the store tells it itself */
	CACHE_NEW,          /* it has just arrived; the store, too */
};

struct cache_notice {
	enum cache_notice_kind kind;
	message_id message;
	int rank, of;
};

/* --- scoring --------------------------------------------------------------------- */

/* What is known of a message when it is scored. */
struct cache_facts {
	double age_days;        /* < 0: no date */
	double thread, sender, behaviour; /* decayed counts */
	bool flagged, unread, inbox, pinned;
	int search_n, search_of, search_rank; /* of the last visible search; rank -1 = none */
	double boost;           /* L-29: of visible rows and hits */
	int64_t fetch_bytes;
	double layer;           /* CACHE_LAYER_* times the modifiers of P-08 */
};

/* Every term, weighted, so that it can be shown: utility is their sum.  boost: with that of a pin. */
struct cache_score {
	double recency, thread, sender, importance, search, behaviour, boost;
	double utility, cost, priority;
};

struct cache_score cache_score(const struct cache_facts *f);
/* L-24, guarded (C-20): in [0, 1]. */
double cache_search_context(int n, int of, int rank);
/* P-09: where in the re-score queue a signal puts its message. */
double cache_rescore_priority(const struct cache_facts *f);
/* L-36: pressure 0 (background) to 1 (the reader waits). */
int64_t cache_target(int64_t soft, int64_t hard, double pressure);
/* P-13: what a person reads of a message of that size (0 = unknown). */
int64_t cache_guess(int64_t message_bytes, bool attachment);
/* Does a server that gives single parts leave out the attachments of such a message? */
bool cache_in_parts(int64_t message_bytes, bool attachment);
/* L-35, L-91: what must be moved to read it: the whole message, or (parts) all but attachments. */
int64_t cache_fetch_bytes(int64_t message_bytes, bool parts);
/* The pieces: a count in [0, 1); what is left of a count after so long; P-08 (rank -1 = none). */
double cache_saturate(double count);
double cache_decay(double value, int64_t age_s, double half_life_days);
double cache_visible_boost(int rank);
/* M-11: a body counts as past its time `days` after its last use, a row without one after an hour. */
int64_t cache_until(bool body, int64_t since, int days);

/* --- reading offline ------------------------------------------------------------- */

enum offline_policy { OFFLINE_AUTO, OFFLINE_HEADERS, OFFLINE_RECENT, OFFLINE_ALL };

struct offline {
	enum offline_policy policy;
	int days;            /* of OFFLINE_RECENT */
	int64_t cap;         /* bytes of this mailbox, 0 = only the cap of all */
};

#endif
