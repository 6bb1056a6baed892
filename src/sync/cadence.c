/*
 * When the next cycle begins, and how much it asks: pure decisions.
 *
 * A poll comes so long after the last cycle ENDED, whatever that cycle was: each
 * trigger pushes the deadline out, and ticks that were missed are not made up
 * (L-05).  The pause is halved while the reader looks at the account, grows by
 * half from cycle to cycle while nobody is there, and has limits at both ends.
 */
#include "sync/priv.h"

static bool within(int64_t since, int64_t span)
{
	return since >= 0 && since <= span;
}

int64_t cadence_pause(const struct timing *t, const struct cadence *c)
{
	int64_t base = c->live ? t->poll_live : t->poll;

	if (within(c->looked, t->look_lasts))
		return MIN(base, MAX(base / 2, (int64_t)t->poll_least));
	if (within(c->reader, t->reader_lasts))
		return base;
	return MAX(base, MIN(MAX(c->last, base) * 3 / 2, (int64_t)t->poll_most));
}

bool cadence_wide(bool cheap_scan, int polls)
{
	return cheap_scan || polls + 1 >= WIDE_EVERY;
}

int64_t cadence_backfill(const struct timing *t, bool more, bool limited, const struct cadence *c)
{
	bool there = within(c->reader, t->reader_lasts);

	return more && there && !limited ? t->backfill_soon : t->backfill;
}
