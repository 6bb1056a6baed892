/* When to try again: 5 s * 2^n with +-20 % jitter, at most 15 min; a server's own wish wins. */
#include <stdlib.h>

#include "sync/priv.h"

enum { DOUBLINGS_MAX = 20, JITTER_PERCENT = 20 };

const struct timing timing_default = {
	.poll = 180 * 1000,
	.poll_live = 300 * 1000,
	.learn = 1000,
	.push_gap = 500,
	.stuck = 1000,
	.watch = 2000,
	.lease = 3000,
	.retry_base = 5 * 1000,
	.retry_cap = 15 * 60 * 1000,
	.turn = 2000,
	.progress = 200,
	.body_idle = 5 * 60 * 1000,
};

void retry_init(struct retry *r)
{
	const char *seed = getenv("TERN_RETRY_SEED");

	*r = (struct retry){ .seed = seed ? (uint32_t)strtoul(seed, NULL, 10) : g_random_int() };
}

/* A small generator is enough: the jitter only keeps clients from marching in step. */
static uint32_t draw(struct retry *r)
{
	r->seed = r->seed * 1664525u + 1013904223u;
	return r->seed >> 8;
}

static int64_t with_jitter(struct retry *r, int64_t ms)
{
	int64_t percent = 100 - JITTER_PERCENT + (int64_t)(draw(r) % (2 * JITTER_PERCENT + 1));

	return ms * percent / 100;
}

bool retry_needs_reader(enum err_code code)
{
	return code == ERR_AUTH || code == ERR_TRUST || code == ERR_USAGE;
}

bool retry_is_wide(const struct err *why)
{
	switch (why->code) {
	case ERR_OFFLINE:
	case ERR_AUTH:
	case ERR_TRUST:
	case ERR_STORAGE:
	case ERR_CANCELED:
		return true;
	case ERR_RETRY:
		return why->after_s > 0;
	default:
		return false;
	}
}

int64_t retry_next_ms(struct retry *r, const struct timing *t, const struct err *why)
{
	unsigned n = r->failures < DOUBLINGS_MAX ? r->failures : DOUBLINGS_MAX;
	int64_t ms;

	if (retry_needs_reader(why->code))
		return -1;
	r->failures++;
	if (why->after_s > 0)
		return MIN(why->after_s, RETRY_AFTER_MAX_S) * (int64_t)1000;
	ms = MIN((int64_t)t->retry_base << n, (int64_t)t->retry_cap);
	return MIN(with_jitter(r, ms), (int64_t)t->retry_cap);
}
