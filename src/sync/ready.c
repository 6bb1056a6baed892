/*
 * The second connection, made before anybody needs it.
 *
 * The first mail that is not here, and the first change while history comes in,
 * would otherwise wait for a connection: six turns of the line where one is
 * enough.  So while the reader is at an account the body worker connects by
 * itself, a moment after the sync worker did, whose first page goes first.  It
 * closes after idle minutes like any other, and the reader's next key brings it
 * back.  Not where the network is metered, and not again soon after a failure,
 * which is no news of the account.
 */
#include "base/clock.h"
#include "base/log.h"
#include "sync/priv.h"

void ready_from_now(struct lane *l)
{
	atomic_store(&l->ready_at, clock_mono_ms() + l->sync->timing.ready_after);
	cancel_set(&l->bodies.ring);
}

static bool is_here(const struct lane *l, int64_t now)
{
	int64_t looked = atomic_load(&l->looked_at);

	return looked > 0 && now - looked < l->sync->timing.look_lasts;
}

int64_t ready_wait(struct lane *l, const struct session *s)
{
	int64_t now = clock_mono_ms(), at = atomic_load(&l->ready_at);

	if (s->up || at == 0 || l->sync->config->metered || !is_here(l, now) || !warm_online(l))
		return INT64_MAX;
	return MAX(0, at - now);
}

void ready_turn(struct lane *l, struct session *s)
{
	struct err err = { 0 };
	int r = session_open(s, STORE_PROMPT, &err);

	atomic_store(&l->ready_at, clock_mono_ms() + l->sync->timing.aside_rest);
	if (r >= 0)
		r = session_connect(s, &err);
	if (r < 0 && !lane_crowded(l, s, &err))
		log_event(LOG_INFO, "not-ready", "s:s, s:s", "account", l->account->name, "words", err.text);
}
