/* Waiting for a change of the tree: by inotify, else by looking. */
#include "provider/maildir/maildir.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/inotify.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/i18n.h"
#include "base/mem.h"

static const uint32_t moves = IN_CREATE | IN_DELETE | IN_MOVED_FROM | IN_MOVED_TO |
			      IN_DELETE_SELF | IN_MOVE_SELF | IN_ONLYDIR;

void watch_end(struct maildir *m)
{
	fd_close(&m->inotify);
	m->stale = m->unwatchable = false;
}

static int watch_path(struct maildir *m, const char *path, const char *sub)
{
	const char *folder = strcmp(path, "INBOX") == 0 ? "." : path;
	g_autofree char *full = g_build_filename(m->base.account->path, folder, sub, NULL);

	if (inotify_add_watch(m->inotify, full, moves) >= 0)
		return 0;
	if (strcmp(path, "INBOX") == 0 && errno == ENOENT) { /* a folder of that name */
		g_autofree char *named = g_build_filename(m->base.account->path, path, sub, NULL);

		if (inotify_add_watch(m->inotify, named, moves) >= 0)
			return 0;
	}
	/* a folder that just went is no matter */
	return errno == ENOSPC || errno == ENOMEM ? -1 : 0;
}

static int watch_folder(void *ctx, const char *path, struct err *err)
{
	struct maildir *m = ctx;

	(void)err;
	m->unwatchable = watch_path(m, path, "new") < 0 || watch_path(m, path, "cur") < 0;
	return m->unwatchable ? 1 : 0;
}

static int stamp_folder(void *ctx, const char *path, struct err *err)
{
	struct maildir *m = ctx;
	AUTO(folder_close) struct folder f = FOLDER_NONE;
	int64_t t[N_SUBS] = { 0 };

	(void)err;
	if (folder_open(m, path, &f, NULL) == 0)
		folder_mtimes(&f, t, NULL);
	for (int i = 0; i < N_SUBS; i++)
		m->stamp = m->stamp * 1099511628211u + (uint64_t)t[i];
	return 0;
}

/* Looks by hand at the time stamps: 1 = something changed since the last look. */
static int look(struct maildir *m, struct err *err)
{
	uint64_t before = m->stamp;
	int r;

	m->stamp = 0;
	r = tree_walk(m, stamp_folder, m, err);
	if (r < 0)
		return r;
	return before != 0 && before != m->stamp;
}

void watch_begin(struct maildir *m)
{
	if (m->root < 0 || m->unwatchable || (m->inotify >= 0 && !m->stale))
		return;
	watch_end(m);
	m->inotify = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
	m->unwatchable = m->inotify < 0;
	if (!m->unwatchable && inotify_add_watch(m->inotify, m->base.account->path, moves) < 0)
		m->unwatchable = errno == ENOSPC;
	if (!m->unwatchable)
		tree_walk(m, watch_folder, m, NULL);
	if (m->unwatchable) {
		fd_close(&m->inotify);
		look(m, NULL); /* what the first wait compares with */
	}
}

/* Reads what happened: 1 = something did. */
static int drain(struct maildir *m)
{
	char buf[4096] __attribute__((aligned(__alignof__(struct inotify_event))));
	int any = 0;
	ssize_t n;

	while ((n = read(m->inotify, buf, sizeof buf)) > 0) {
		any = 1;
		for (char *p = buf; p < buf + n;) {
			const struct inotify_event *e = (const struct inotify_event *)(void *)p;

			if (e->mask & (IN_ISDIR | IN_Q_OVERFLOW | IN_IGNORED | IN_UNMOUNT |
					      IN_DELETE_SELF | IN_MOVE_SELF))
				m->stale = true;
			p += sizeof *e + e->len;
		}
	}
	return any;
}

/* Until `end`: 1 = the watch fired, 0 = time is up or `wake`, or ERR_CANCELED. */
static int sleep_until(struct maildir *m, struct cancel *wake, int64_t end, struct err *err)
{
	for (;;) {
		struct pollfd p[] = {
			{ .fd = m->inotify, .events = POLLIN },
			{ .fd = m->base.cancel ? cancel_fd(m->base.cancel) : -1,
				.events = POLLIN },
			{ .fd = wake ? cancel_fd(wake) : -1, .events = POLLIN },
		};
		int64_t left = end - clock_mono_ms();
		int n;

		if (cancel_is_set(m->base.cancel))
			return maildir_canceled(m, err);
		if (cancel_is_set(wake) || left <= 0)
			return 0;
		n = poll(p, G_N_ELEMENTS(p), (int)MIN(left, (int64_t)INT_MAX));
		if (n < 0 && errno != EINTR)
			return err_set(err, ERR_RETRY, _("Waiting for new mail failed: %s."),
				g_strerror(errno));
		if (n > 0 && p[0].revents)
			return 1;
	}
}

static int wait_by_hand(struct maildir *m, struct cancel *wake, int64_t end, struct err *err)
{
	int r = look(m, err);

	while (r == 0 && clock_mono_ms() < end && !cancel_is_set(wake)) {
		r = sleep_until(m, wake, MIN(end, clock_mono_ms() + MAILDIR_POLL_MS), err);
		if (r == 0)
			r = look(m, err);
	}
	return r;
}

int maildir_wait(struct provider *p, struct watch *w, struct err *err)
{
	struct maildir *m = (struct maildir *)p;
	int64_t soon = clock_mono_ms() + MAILDIR_RACY_S * 1000;
	int64_t end = clock_mono_ms() + w->timeout_ms;
	bool again = m->again && end > soon;
	int r = tree_check(m, err);

	if (r < 0)
		return r;
	watch_begin(m);
	w->live = w->everywhere = m->inotify >= 0;
	m->again = m->again && !again;
	end = again ? soon : end;
	r = w->live ? sleep_until(m, w->wake, end, err) : wait_by_hand(m, w->wake, end, err);
	if (r > 0 && w->live)
		r = drain(m);
	if (r == 0 && again && !cancel_is_set(w->wake))
		r = 1;
	w->news = r > 0; /* every folder is watched: it may be any of them */
	return r;
}
