/*
 * The watcher: one thread for all accounts, which empties the log that the
 * screen's writes left, and notices two things that no worker can while it
 * waits for its server.  Another process (`tern flag`)
 * queued a change: the worker's bell is rung.  The machine slept: every socket
 * is suspect, and the workers connect anew.  It also checks a store that a
 * process left without closing it.
 */
#include "base/clock.h"
#include "base/log.h"
#include "sync/priv.h"

static void look(struct sync *s, struct store *store)
{
	for (size_t i = 0; i < s->n; i++) {
		struct lane *l = &s->lanes[i];

		if (l->account->two_way && store_queue_due_in(store, l->account->id) == 0)
			lane_ring(l, false);
	}
}

static void wake_from_sleep(struct sync *s)
{
	log_event(LOG_INFO, "resumed", NULL);
	for (size_t i = 0; i < s->n; i++) {
		atomic_store(&s->lanes[i].suspect, true);
		lane_ring(&s->lanes[i], false);
	}
}

/* The last process died with the store open: look for damage, beside everybody's work. */
static void recover(struct sync *s, struct store *store)
{
	struct err err = { 0 };

	if (!store_was_unclean(store))
		return;
	log_event(LOG_WARN, "unclean-exit", "s:s", "result",
		store_recover(store, &err) < 0 ? err.text : "sound");
	for (size_t i = 0; err.code && i < s->n; i++)
		board_error(&s->lanes[i].board, &err);
}

void *watch_main(void *sync)
{
	struct sync *s = sync;
	struct store *store = NULL;
	struct err err = { 0 };
	int64_t seen = -1, at = clock_mono_ms();

	while (cancel_poll(&s->stop, -1, 0, s->timing.watch) == 0) {
		int64_t now = clock_mono_ms(), version;

		if (now - at > s->timing.watch + SUSPEND_MS)
			wake_from_sleep(s);
		at = now;
		if (!store) {
			if (store_open(s->places->data, STORE_WORKER, NULL, &store, &err) < 0)
				continue;
			recover(s, store);
		}
		version = store_version(store);
		if (version != seen) {
			look(s, store);
			store_checkpoint(store);
		}
		seen = version;
	}
	store_close(&store);
	return NULL;
}
