/*
 * The watcher: one thread for all accounts, which notices what no worker can
 * while it waits for its server.
 *
 * Another process queued a change: the bell of those who deal with it is rung.  Another process
 * synchronises an account: what it wrote is told to our screen.  inotify on the
 * store's folder tells of each commit of any process, so that nothing is polled
 * and the disk sleeps; without inotify the store's version is asked often.  The
 * machine slept or its network is another one: every socket is suspect, and the
 * workers connect anew.  It also empties the log that the screen's writes left,
 * checks a store that a process left without closing it, and once a day lets go
 * of bodies that nobody used.
 */
#include <poll.h>
#include <sys/epoll.h>
#include <sys/inotify.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "net/netwatch.h"
#include "sync/priv.h"

enum {
	EVENTS_MAX = 500,            /* read at once */
	BLIND_MS = 500,              /* without inotify the store is asked this often */
	SETTLE_MS = 20,              /* after a sign of a commit: more may come, and it ends soon */
	CLEAN_FIRST_MS = 60 * 1000,  /* the daily clean-up does not disturb a start ... */
	CLEAN_MS = 1800 * 1000,      /* ... and is due or not, asked so often (C-06) */
};

struct watcher {
	struct sync *sync;
	struct store *store;
	int epoll, commits;          /* -1 = not to be had */
	struct netwatch network;
	int64_t seen;                /* store_version */
	int64_t told;                /* seq of the last event that was looked at, -1 = unknown */
	int64_t network_at;          /* clock_mono_ms: the network has settled then, 0 = nothing stirred */
	int64_t clean_at;
};

/* --- what there is to notice ---------------------------------------------- */

static void look(struct sync *s, struct store *store)
{
	for (size_t i = 0; i < s->n; i++) {
		struct lane *l = &s->lanes[i];

		if (!l->account->two_way)
			continue;
		if (store_queue_due_in(store, l->account->id) == 0 ||
			store_tree_due_in(store, l->account->id) == 0)
			lane_push(l);
	}
	if (store_want_left(store, (account_id){ 0 }) > 0)
		cancel_set(&s->grown);
}

/* True if what happens to the account is not told by our own worker. */
static bool is_foreign(struct sync *s, account_id a)
{
	for (size_t i = 0; i < s->n; i++)
		if ((a.v == 0 || s->lanes[i].account->id.v == a.v) && !atomic_load(&s->lanes[i].up))
			return true;
	return false;
}

static void pass_on(struct sync *s, const struct event_row *row)
{
	struct event e = { .kind = row->mailbox.v ? EV_MESSAGES : EV_MAILBOXES,
		.account = row->account.v, .mailbox = row->mailbox.v };

	if (is_foreign(s, row->account))
		queue_post(s->events, &e);
}

/* Tells our screen what other processes wrote, while an account is not in our hands. */
static void follow(struct watcher *w)
{
	struct sync *s = w->sync;
	bool late = w->told < 0;
	guint n;

	if (!s->events || !is_foreign(s, (account_id){ 0 })) {
		w->told = -1;
		return;
	}
	do {
		g_autoptr(GArray) rows = NULL;
		int64_t floor;

		if (store_events(w->store, MAX(w->told, 0), EVENTS_MAX, &rows, &floor, NULL) < 0)
			return;
		n = rows->len;
		for (guint i = 0; i < n; i++) {
			const struct event_row *row = &g_array_index(rows, struct event_row, i);

			w->told = row->seq;
			if (!late)
				pass_on(s, row);
		}
	} while (n == EVENTS_MAX);
	w->told = MAX(w->told, 0);
	if (late)
		queue_post(s->events, &(struct event){ .kind = EV_RESYNC });
}

static void suspect_all(struct sync *s, const char *why)
{
	log_event(LOG_INFO, why, NULL);
	for (size_t i = 0; i < s->n; i++) {
		atomic_store(&s->lanes[i].suspect, true);
		lane_ring(&s->lanes[i]);
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

static void check_store(struct watcher *w)
{
	int64_t version;

	if (!w->store) {
		if (store_open(w->sync->places->data, STORE_WORKER, NULL, &w->store, NULL) < 0)
			return;
		recover(w->sync, w->store);
	}
	version = store_version(w->store);
	if (version != w->seen) {
		look(w->sync, w->store);
		follow(w);
		store_checkpoint(w->store);
	}
	w->seen = version;
}

/* Only the wait itself counts: a round that checks or cleans the store may take long. */
static void check_suspend(struct watcher *w, int64_t since, int period)
{
	if (clock_mono_ms() - since > period + SUSPEND_MS)
		suspect_all(w->sync, "resumed");
}

static void check_time(struct watcher *w)
{
	int64_t now = clock_mono_ms();

	if (w->network_at != 0 && now >= w->network_at) {
		w->network_at = 0;
		if (netwatch_moved(&w->network))
			suspect_all(w->sync, "network-changed");
	}
	if (w->store && now >= w->clean_at) {
		struct cache_caps caps = caps_of(w->sync, 0);

		job_clean_cache(w->store, &w->sync->config->tuning, &caps);
		w->clean_at = now + CLEAN_MS;
	}
}

/* --- noticing ------------------------------------------------------------- */

static void add(struct watcher *w, int fd)
{
	struct epoll_event e = { .events = EPOLLIN, .data.fd = fd };

	if (fd >= 0)
		epoll_ctl(w->epoll, EPOLL_CTL_ADD, fd, &e);
}

static void watch_open(struct watcher *w, struct sync *s)
{
	int64_t now = clock_mono_ms();

	*w = (struct watcher){ .sync = s, .seen = -1, .told = -1, .clean_at = now + CLEAN_FIRST_MS };
	w->epoll = epoll_create1(EPOLL_CLOEXEC);
	netwatch_open(&w->network);
	w->commits = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
	if (w->commits >= 0 && inotify_add_watch(w->commits, s->places->data, IN_MODIFY) < 0)
		fd_close(&w->commits);
	if (w->epoll < 0)
		return;
	add(w, w->commits);
	add(w, w->network.fd);
}

static void watch_close(struct watcher *w)
{
	store_close(&w->store);
	fd_close(&w->commits);
	netwatch_close(&w->network);
	fd_close(&w->epoll);
}

/* Reads the signs away: what they say is found in the store. */
static bool committed(struct watcher *w)
{
	_Alignas(struct inotify_event) char buffer[4096];

	return w->commits >= 0 && read(w->commits, buffer, sizeof buffer) > 0;
}

static int patience(const struct watcher *w)
{
	int ms = w->sync->timing.watch;
	bool sighted = w->epoll >= 0 && w->commits >= 0;

	if (!sighted)
		ms = MIN(ms, BLIND_MS);
	if (w->network_at != 0)
		ms = MIN(ms, w->sync->timing.network);
	return ms;
}

void *watch_main(void *sync)
{
	struct watcher w;
	int r;

	watch_open(&w, sync);
	do {
		int64_t began = clock_mono_ms();
		int ms = patience(&w);

		r = cancel_poll(&w.sync->stop, w.epoll, POLLIN, ms);
		if (r < 0)
			break;
		check_suspend(&w, began, ms);
		if (netwatch_stirred(&w.network))
			w.network_at = clock_mono_ms() + w.sync->timing.network;
		if (r > 0 && committed(&w) && cancel_poll(&w.sync->stop, -1, 0, SETTLE_MS) < 0)
			break;
		check_store(&w);
		check_time(&w);
	} while (true);
	watch_close(&w);
	return NULL;
}
