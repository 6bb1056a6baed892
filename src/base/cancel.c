#include "base/cancel.h"

#include <errno.h>
#include <glib.h>
#include <poll.h>
#include <stdint.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/mem.h"

void cancel_init(struct cancel *c)
{
	atomic_init(&c->set, false);
	c->fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (c->fd < 0)
		g_error("eventfd: %s", g_strerror(errno));
}

void cancel_release(struct cancel *c)
{
	fd_close(&c->fd);
}

void cancel_set(struct cancel *c)
{
	uint64_t one = 1;

	if (!atomic_exchange(&c->set, true) && write(c->fd, &one, sizeof one) < 0)
		return; /* the counter is full: it is readable, which is all we want */
}

static void drain(const struct cancel *c)
{
	uint64_t n;

	if (read(c->fd, &n, sizeof n) < 0)
		return; /* nothing was written yet: cancel_poll drains a late byte */
}

void cancel_clear(struct cancel *c)
{
	if (atomic_exchange(&c->set, false))
		drain(c);
}

bool cancel_is_set(const struct cancel *c)
{
	return c && atomic_load(&c->set);
}

int cancel_fd(const struct cancel *c)
{
	return c->fd;
}

int cancel_poll(const struct cancel *c, int fd, short events, int timeout_ms)
{
	int64_t end = clock_mono_ms() + timeout_ms;

	for (;;) {
		struct pollfd p[2] = {
			{ .fd = fd, .events = events },
			{ .fd = c ? c->fd : -1, .events = POLLIN },
		};
		int left = timeout_ms;
		int n;

		if (cancel_is_set(c))
			return -1;
		if (timeout_ms > 0) {
			left = (int)(end - clock_mono_ms());
			left = left < 0 ? 0 : left;
		}
		n = poll(p, 2, left);
		if (n < 0 && errno == EINTR)
			continue;
		if (cancel_is_set(c))
			return -1;
		if (n == 0)
			return 0;
		if (p[0].revents)
			return 1;
		if (c)
			drain(c); /* a late byte of a latch that was cleared meanwhile */
	}
}
