/*
 * The cache ledger: what is here, what is wanted, and what may go.
 *
 * One row of cache_object per message (layer 'body') says its state: wanted,
 * fetching (claimed, by whom and since when), cached, failed (with the time of
 * the next try), evicted (for an hour, or until it is scored again).  Signals gather in cache_signal; a message whose
 * score they change waits in cache_rescore.  One worker (sync/warm) calls the
 * rest in this order: stale, rescore, pick, and for each pick admit, fetch by
 * the path of opening a mail, done or failed.  Admission and eviction are one
 * transaction and count real stored bytes (C-05).  doc/STORE, "The cache".
 * Own thread of the store handle, as all of store.h.
 */
#ifndef TERN_STORE_CACHE_H
#define TERN_STORE_CACHE_H

#include <stdbool.h>
#include <stdint.h>

#include <glib.h>

#include "model/cache.h"
#include "store/store.h"

struct cache_caps {
	int64_t soft, hard;   /* bytes; hard is at least soft */
	double pressure;      /* 0 .. 1 */
};

/* A row that may be fetched. */
struct cache_pick {
	message_id message;
	account_id account;
	int64_t fetch_bytes;
	double priority;
	bool whole;           /* fetch_bytes is no guess: it is fetched with all its attachments */
};

/* Takes signals (L-29..L-32): creates missing rows, queues re-scoring. */
int store_cache_notice(struct store *s, const struct cache_notice *n, size_t count,
	struct err *err);
/* Queues rows that were scored too long ago, oldest first (L-42, L-43, L-97); how many.  Also wakes
 * failed and evicted rows whose pause is over. */
int store_cache_stale(struct store *s, account_id a, int max, struct err *err);
/* Scores the first max rows of the queue (L-30, L-44); how many. */
int store_cache_rescore(struct store *s, account_id a, int max, struct err *err);
/* The best wanted rows, at most max (L-46), never unscored ones (L-45); how many. */
int store_cache_window(struct store *s, account_id a, struct cache_pick *out, size_t max,
	struct err *err);
/*
 * Makes room and claims: 1 = fetch it, 0 = it is not worth it now (nothing was
 * changed).  Evicts only rows of lower priority, never protected ones, and
 * never crosses the hard cap (L-37, L-94, C-05).  waited: the reader opened it;
 * then it is only refused if it could not be stored at all, if it is here and
 * whole, or if another process is fetching it.  One that is here with holes and
 * waited for gets room for its rest and is not claimed: 1.  Bytes that open
 * claims will bring count as used.  The claim ends with store_body_commit,
 * store_body_abandon with a reason, or store_cache_failed.
 */
int store_cache_admit(struct store *s, const struct cache_pick *p, const struct cache_caps *caps,
	bool waited, struct err *err);
/*
 * Gives a claim back with what came of it; success is told by the body itself
 * (C-07, L-49).  ERR_GONE, _LIMIT, _UNSUPPORTED and _REFUSED are for good, any
 * other judgement is after CACHE_TRIES; ERR_OFFLINE and _RETRY are tried again
 * after growing pauses; what is of the account or this machine counts nothing.
 * Nothing happens if store_body_abandon was told already.
 */
int store_cache_failed(struct store *s, message_id m, const struct err *why, struct err *err);
/* Claims whose owner is gone, or silent for CACHE_CLAIM_S, are wanted again (C-06); how many. */
int store_cache_reap(struct store *s, struct err *err);
/* The daily job: what is past its time, then what is over the soft cap (M-15, C-03); how many. */
int store_cache_expire(struct store *s, int days, const struct cache_caps *caps, struct err *err);

/* --- reading offline -------------------------------------------------------------- */

int store_offline_set(struct store *s, mailbox_id m, const struct offline *o, struct err *err);
int store_offline_get(struct store *s, mailbox_id m, struct offline *out, struct err *err);
/* Messages of the account that its policies want here and that are not; the next max after `after`. */
int store_offline_gaps(struct store *s, account_id a, message_id after, struct cache_pick *out,
	size_t max, struct err *err);
/* Of all that the policies want: how many are here, of how many, and their bytes. */
struct offline_progress {
	int64_t here, of, bytes, capped; /* capped: left out by a cap */
};
int store_offline_progress(struct store *s, mailbox_id m, struct offline_progress *out,
	struct err *err);

/* --- for people -------------------------------------------------------------------- */

struct cache_line {
	message_id message;
	char *subject;        /* outside text */
	const char *state;
	struct cache_facts facts;
	struct cache_score score;
	int64_t stored_bytes;
	int attempts;
	char *last_error;
};
void cache_line_free(void *line);

struct cache_report {
	int64_t bytes, soft, hard;           /* in use, and the caps */
	int64_t cached, wanted, fetching, failed, evicted, protected_bytes, queued;
	int64_t opens, hits;                 /* messages opened, and of those from the cache at once */
	GPtrArray *top;                      /* of struct cache_line: the best candidates */
};
int store_cache_report(struct store *s, account_id a, int top, struct cache_report *out,
	struct err *err);
void cache_report_release(struct cache_report *r);
/* One message; 1 = filled in (free with cache_line_free), 0 = there is none. */
int store_cache_line(struct store *s, message_id m, struct cache_line **out, struct err *err);
/* The last lease of an account's worker in words of one line, and what came of it (L-41); *out NULL =
 * there was none. */
int store_cache_note_lease(struct store *s, account_id a, const char *text, struct err *err);
int store_cache_lease(struct store *s, account_id a, char **out, struct err *err);
/* One mail was opened, and was here or not. */
int store_cache_opened(struct store *s, message_id m, bool hit, struct err *err);

#endif
