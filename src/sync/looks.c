/*
 * What the reader looks at: a heartbeat that comes often, and few looks that
 * follow from it.  Another mailbox is brought up to date at once; the same one
 * again only as often as the fastest poll, and never while push covers it.
 */
#include "base/clock.h"
#include "sync/priv.h"

void looks_init(struct looks *l)
{
	*l = (struct looks){ 0 };
	pthread_mutex_init(&l->lock, NULL);
}

void looks_release(struct looks *l)
{
	pthread_mutex_destroy(&l->lock);
}

static bool is_due(const struct looks *l, mailbox_id m, bool covered, int64_t now,
	const struct timing *t)
{
	int64_t ago = now - l->last_at;

	if (l->last_at == 0 || l->last.v != m.v)
		return true;
	return covered ? false : ago >= MAX(t->poll_least, t->look_gap);
}

/* Adds m, the newest last; the oldest makes room. */
static void add(struct looks *l, mailbox_id m)
{
	for (size_t i = 0; i < l->n; i++)
		if (l->wanted[i].v == m.v)
			return;
	if (l->n == LOOKS_MAX) {
		l->n--;
		for (size_t i = 0; i < l->n; i++)
			l->wanted[i] = l->wanted[i + 1];
	}
	l->wanted[l->n++] = m;
}

bool looks_ask(struct looks *l, mailbox_id m, bool covered, const struct timing *t)
{
	int64_t now = clock_mono_ms();
	bool due;

	pthread_mutex_lock(&l->lock);
	due = is_due(l, m, covered, now, t);
	if (due) {
		add(l, m);
		l->last = m;
		l->last_at = now;
	}
	pthread_mutex_unlock(&l->lock);
	return due;
}

mailbox_id looks_take(struct looks *l)
{
	mailbox_id m = { 0 };

	pthread_mutex_lock(&l->lock);
	if (l->n > 0)
		m = l->wanted[--l->n];
	pthread_mutex_unlock(&l->lock);
	return m;
}

bool looks_waiting(struct looks *l)
{
	bool yes;

	pthread_mutex_lock(&l->lock);
	yes = l->n > 0;
	pthread_mutex_unlock(&l->lock);
	return yes;
}
