/*
 * Time, in one place, so that a test can turn the clock.
 *
 * Decisions (retry, lease, cadence) use clock_mono_ms, which counts through a
 * suspend and never steps back; clock_unix is only for what people read and
 * for the dates of rows.  Both are safe from any thread.
 */
#ifndef TERN_BASE_CLOCK_H
#define TERN_BASE_CLOCK_H

#include <stdint.h>

int64_t clock_mono_ms(void);  /* milliseconds since boot, suspend included */
int64_t clock_unix(void);     /* seconds since 1970-01-01 UTC */

/* Tests only: from now on the clocks stand still at these values; (-1, -1) lets them run again. */
void clock_fake(int64_t mono_ms, int64_t unix_s);

#endif
