#include "ui/spool.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <glib.h>

#include "base/mem.h"

bool spool_open(struct spool *s, int to)
{
	int own = fcntl(to, F_DUPFD_CLOEXEC, 0);

	*s = (struct spool){ .to = to, .memory = -1 };
	s->stream = own >= 0 ? fdopen(own, "w") : NULL;
	if (!s->stream) {
		fd_close(&own);
		return false;
	}
	s->memory = memfd_create("paint", MFD_CLOEXEC);
	return true;
}

void spool_close(struct spool *s)
{
	if (s->stream)
		fclose(s->stream);
	s->stream = NULL;
	fd_close(&s->memory);
}

/* The stream's descriptor becomes another one of this file. */
static bool lead(struct spool *s, int fd)
{
	int r;

	fflush(s->stream); /* some versions of curses write by it, others past it */
	do
		r = dup3(fd, fileno(s->stream), O_CLOEXEC);
	while (r < 0 && errno == EINTR);
	return r >= 0;
}

void spool_begin(struct spool *s)
{
	s->collects = s->memory >= 0 && lseek(s->memory, 0, SEEK_SET) == 0 && lead(s, s->memory);
}

/* A terminal that takes nothing stops us, as it would stop curses; one that is gone is told by poll. */
static void write_out(int fd, const char *p, size_t len)
{
	while (len > 0) {
		struct pollfd room = { .fd = fd, .events = POLLOUT };
		ssize_t n = write(fd, p, len);

		if (n < 0 && errno == EAGAIN && poll(&room, 1, -1) >= 0)
			continue;
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return;
		p += n;
		len -= (size_t)n;
	}
}

void spool_end(struct spool *s, const char *before, const char *after)
{
	size_t head = strlen(before), tail = strlen(after);
	g_autofree char *all = NULL;
	off_t len;
	ssize_t n;

	if (!s->collects)
		return;
	lead(s, s->to);
	s->collects = false;
	len = lseek(s->memory, 0, SEEK_CUR); /* all descriptors of a file share their place in it */
	if (len <= 0)
		return;
	all = g_malloc(head + (size_t)len + tail);
	memcpy(all, before, head);
	n = pread(s->memory, all + head, (size_t)len, 0);
	if (n <= 0)
		return;
	memcpy(all + head + n, after, tail);
	write_out(s->to, all, head + (size_t)n + tail);
}
