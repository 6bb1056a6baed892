/*
 * How much warming may ask of the computer, the line and the server (P-10, P-11).
 *
 * Nothing sleeps a fixed time: a slice takes a lease of rows, requests and
 * bytes from token buckets, and gives back what it did not use.  Bytes are one
 * purse for all accounts; rows, requests, the multiplier and the pause after
 * failures belong to each account, so that a broken one slows nobody else
 * (C-24).  The reader who waits for something (pressure) gets more of it at once.
 *
 * Values and an injected clock (milliseconds, any zero); no locks: the purse is
 * shared, and its owner guards it.
 */
#ifndef TERN_SYNC_GOVERNOR_H
#define TERN_SYNC_GOVERNOR_H

#include <stdbool.h>
#include <stdint.h>

enum {
	GOVERNOR_ROWS_BURST = 500,
	GOVERNOR_ROWS_LEASE = 200,
	GOVERNOR_STALE_PERCENT = 25,           /* of the rows of a lease */
	GOVERNOR_REQUESTS_BURST = 8,
	GOVERNOR_REQUESTS_LEASE = 2,
	GOVERNOR_REQUESTS_LEASE_PRESSED = 6,
	GOVERNOR_BYTES_RATE = 256 << 10,       /* a second */
	GOVERNOR_BYTES_RATE_PRESSED = 2 << 20,
	GOVERNOR_BYTES_BURST = 64 << 20,
	GOVERNOR_BYTES_LEASE = 4 << 20,
	GOVERNOR_BYTES_LEASE_PRESSED = 32 << 20,
	GOVERNOR_BYTES_PRESSED_LEAST = 4 << 20, /* the purse goes into debt for it, once */
	GOVERNOR_BYTES_LEAST = 64 << 10,       /* a smaller lease is none */
	GOVERNOR_BACKOFF_MS = 5000,            /* doubled by every further failure ... */
	GOVERNOR_BACKOFF_MOST_MS = 300 * 1000,
};
#define GOVERNOR_ROWS_RATE 50.0                /* a second */
#define GOVERNOR_REQUESTS_RATE 0.3
#define GOVERNOR_REQUESTS_RATE_PRESSED 1.5
#define GOVERNOR_MULTIPLIER_LEAST 0.125
#define GOVERNOR_MULTIPLIER_FAILED 0.5         /* times this */
#define GOVERNOR_MULTIPLIER_GOOD 0.1           /* plus this, up to 1 */

struct bucket {
	double tokens;
	int64_t at;             /* ms: tokens are right then */
};

/* Of one account. */
struct governor {
	struct bucket rows, requests;
	double multiplier;      /* of requests and bytes, GOVERNOR_MULTIPLIER_LEAST .. 1 */
	int failures;           /* slices in a row of which nothing came */
	int64_t paused_until;   /* ms: no fetches before */
};

struct lease {
	bool pressed;
	int rows, stale;        /* to be scored; of those for rows that are merely old */
	int requests;
	int64_t bytes;
	bool paused;            /* no fetches because of failures */
};

/* What a slice did with its lease. */
struct used {
	int rows, requests;
	int64_t bytes;
	int cached, failed;
};

void purse_init(struct bucket *purse, int64_t now);
void governor_init(struct governor *g, int64_t now);
struct lease governor_take(struct governor *g, struct bucket *purse, bool pressed, int64_t now);
/* Every lease is given back once. */
void governor_give(struct governor *g, struct bucket *purse, const struct lease *l,
	const struct used *u, int64_t now);
/* Milliseconds until a lease would have a request in it again. */
int64_t governor_wait(const struct governor *g, bool pressed, int64_t now);

#endif
