#include "base/clock.h"

#include <stdatomic.h>
#include <time.h>

static _Atomic int64_t fake_mono = -1, fake_unix = -1;

int64_t clock_mono_ms(void)
{
	struct timespec t;

	if (fake_mono >= 0)
		return fake_mono;
	clock_gettime(CLOCK_BOOTTIME, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

int64_t clock_unix(void)
{
	return fake_unix >= 0 ? fake_unix : (int64_t)time(NULL);
}

void clock_fake(int64_t mono_ms, int64_t unix_s)
{
	fake_mono = mono_ms;
	fake_unix = unix_s;
}
