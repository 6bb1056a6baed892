/*
 * How long to wait after the n-th failure in a row (C-39): 5 s, 10 s, 20 s ...
 * at most 15 minutes, each with +-20 % of jitter so that clients do not march
 * in step.  A wait that the other side asked for wins; callers see to that.
 */
#ifndef TERN_BASE_BACKOFF_H
#define TERN_BASE_BACKOFF_H

#include <stdint.h>

enum { BACKOFF_FIRST_MS = 5000, BACKOFF_LAST_MS = 15 * 60 * 1000 };

/* Milliseconds; n = 1 after the first failure.  Any thread. */
int64_t backoff_ms(int n);

/* Tests: from now on the jitter follows from this seed. */
void backoff_seed(uint64_t seed);

#endif
