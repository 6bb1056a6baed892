/* When to try again: base/backoff.h, unless the server said when or the reader must act. */
#include "base/backoff.h"
#include "base/log.h"
#include "sync/priv.h"

const struct timing timing_default = {
	.poll = 180 * 1000,
	.poll_live = 300 * 1000,
	.poll_least = 20 * 1000,
	.poll_most = 900 * 1000,
	.look_lasts = 2 * 60 * 1000,
	.reader_lasts = 15 * 60 * 1000,
	.look_gap = 3000,
	.glance = 5000,
	.silence = 6 * 3600 * 1000,
	.backfill = 240 * 1000,
	.backfill_soon = 1000,
	.learn = 1000,
	.push_gap = 500,
	.stuck = 30 * 1000,
	.watch = 2000,
	.network = 1500,
	.lease = 3000,
	.retry_cap = BACKOFF_LAST_MS,
	.turn = 2000,
	.progress = 200,
	.body_idle = 5 * 60 * 1000,
	.ready_after = 1000,
	.aside_patience = 5000,
	.aside_rest = 60 * 1000,
	.warm_first = 5000,
	.warm_tick = 2000,
	.warm_idle = 60 * 1000,
	.warm_gap = 200,
	.warm_fresh = 10 * 1000,
	.offline_idle = 60 * 1000,
};

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

bool retry_at_once(const struct session *s, unsigned *breaks, const struct err *why)
{
	if (why->code != ERR_OFFLINE || !s->broke || s->lost || *breaks >= BREAKS_MAX)
		return false;
	++*breaks;
	log_event(LOG_WARN, "connection-broke", "s:s, s:s, s:i, s:s", "account", s->account->name,
		"sync_id", s->id, "times", (int)*breaks, "words", why->text);
	return true;
}

int64_t retry_next_ms(struct retry *r, const struct timing *t, const struct err *why)
{
	int64_t ms;

	if (retry_needs_reader(why->code))
		return -1;
	r->failures++;
	if (why->after_s > 0)
		return MIN(why->after_s, RETRY_AFTER_MAX_S) * (int64_t)1000;
	ms = backoff_ms(r->failures);
	return MIN(ms, (int64_t)t->retry_cap);
}
