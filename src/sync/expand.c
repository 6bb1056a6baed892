/*
 * Large steps become wishes.
 *
 * "Mark all read" is one row on disk, whatever it is about; store_want_more
 * turns it into wishes, a slice in one transaction.  A thread of its own does
 * that, because the screen must see it happen whatever the network does: the
 * workers may be at a server or resting after a failure, and the watcher may be
 * checking a damaged store.  It is rung by the screen's every change and by the
 * watcher when another process left something, and looks once at the start for
 * what a dead process left.  The workers lend a hand before each batch, so that
 * what they send is as large as can be.
 *
 * Two at a time do no harm (store.h); the stop is heard between two slices.
 */
#include <poll.h>

#include "base/i18n.h"
#include "base/log.h"
#include "base/mem.h"
#include "sync/priv.h"

int expand_slice(struct session *s, struct err *err)
{
	int r;

	if (store_want_left(s->store, s->account->id) == 0)
		return 0;
	r = store_want_more(s->store, err);
	return r == ERR_RETRY ? 0 : MIN(r, 0); /* somebody writes: there is time for another try */
}

int expand_all(struct session *s, struct err *err)
{
	int r = 0;

	while (r == 0 && store_want_left(s->store, s->account->id) > 0)
		r = cancel_is_set(s->cancel) ? err_set(err, ERR_CANCELED, _("Stopped."))
					     : MIN(store_want_more(s->store, err), 0);
	return r;
}

/* A slice is in the queue: it may leave. */
static void ring_all(struct sync *s)
{
	for (size_t i = 0; i < s->n; i++)
		if (s->lanes[i].account->two_way)
			lane_push(&s->lanes[i]);
}

/* Until nothing is left; < 0 = not now. */
static int expand(struct sync *s, struct store *store)
{
	struct err err = { 0 };
	int r = 1;

	while (r > 0 && !cancel_is_set(&s->stop) && store_want_left(store, (account_id){ 0 }) > 0) {
		r = store_want_more(store, &err);
		if (r >= 0)
			ring_all(s);
	}
	if (r < 0)
		log_event(LOG_WARN, "large-step-waits", "s:s, s:s", "result", err_name(err.code),
			"words", err.text);
	return r;
}

void *expand_main(void *sync)
{
	struct sync *s = sync;
	AUTO(store_close) struct store *store = NULL;
	int r = 0;

	do {
		cancel_clear(&s->grown);
		if (!store)
			r = store_open(s->places->data, STORE_WORKER, s->events, &store, NULL);
		if (store)
			r = expand(s, store);
		if (r == ERR_STORAGE)
			store_close(&store);
	} while (cancel_poll(&s->stop, cancel_fd(&s->grown), POLLIN,
			 r < 0 ? s->timing.lease : -1) >= 0);
	return NULL;
}
