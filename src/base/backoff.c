#include "base/backoff.h"

#include <stdatomic.h>
#include <unistd.h>

#include "base/clock.h"

static _Atomic uint64_t state;

/* One step of splitmix64: plenty for jitter. */
static uint64_t next_random(void)
{
	uint64_t z;

	if (state == 0)
		state = (uint64_t)clock_mono_ms() * 2654435761u + (uint64_t)getpid();
	z = atomic_fetch_add(&state, 0x9E3779B97F4A7C15u) + 0x9E3779B97F4A7C15u;
	z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
	z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
	return z ^ (z >> 31);
}

void backoff_seed(uint64_t seed)
{
	state = seed;
}

int64_t backoff_ms(int n)
{
	int64_t ms = BACKOFF_FIRST_MS;

	for (int i = 1; i < n && ms < BACKOFF_LAST_MS; i++)
		ms *= 2;
	if (ms > BACKOFF_LAST_MS)
		ms = BACKOFF_LAST_MS;
	return ms * 8 / 10 + (int64_t)(next_random() % (uint64_t)(ms * 4 / 10 + 1));
}
