/*
 * Signals on their way to the ledger: what was drawn, opened, flagged.
 *
 * Who draws must not wait for a disk, so that signals are copied into a ring of
 * NOTICES_MAX and written by the worker that next has a turn.  When they come
 * faster than that, the oldest are forgotten: a signal is a hint.
 */
#include "base/clock.h"
#include "sync/priv.h"

void notices_init(struct notices *n)
{
	*n = (struct notices){ 0 };
	pthread_mutex_init(&n->writing, NULL);
	pthread_mutex_init(&n->lock, NULL);
	purse_init(&n->purse, clock_mono_ms());
}

void notices_release(struct notices *n)
{
	pthread_mutex_destroy(&n->lock);
	pthread_mutex_destroy(&n->writing);
}

/* The reader looks at what these are about. */
static bool presses(const struct cache_notice *n)
{
	return n->kind == CACHE_SAW_ROW || n->kind == CACHE_SAW_HIT;
}

/* The lock is held. */
static void push(struct notices *n, const struct cache_notice *one)
{
	n->ring[(n->first + n->n) % NOTICES_MAX] = *one;
	if (n->n < NOTICES_MAX)
		n->n++;
	else
		n->first = (n->first + 1) % NOTICES_MAX;
}

bool notices_add(struct notices *n, const struct cache_notice *in, size_t count)
{
	bool fresh = false;

	pthread_mutex_lock(&n->lock);
	for (size_t i = 0; i < count; i++) {
		push(n, &in[i]);
		fresh |= presses(&in[i]);
	}
	pthread_mutex_unlock(&n->lock);
	if (fresh)
		atomic_store(&n->fresh_at, clock_mono_ms());
	return fresh;
}

size_t notices_take(struct notices *n, struct cache_notice *out, size_t max)
{
	size_t i = 0;

	pthread_mutex_lock(&n->lock);
	for (; i < max && n->n > 0; i++, n->n--) {
		out[i] = n->ring[n->first];
		n->first = (n->first + 1) % NOTICES_MAX;
	}
	pthread_mutex_unlock(&n->lock);
	return i;
}
