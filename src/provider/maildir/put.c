/*
 * Messages that come into a folder: copies, and what only we have.
 *
 * The name of the new file follows from the wish: the mark, which is on disk
 * before anything is done and holds a random number, and the row of the queue.
 * So after a death at any point one look tells whether it happened, whatever
 * flags the file got meanwhile, and doing it again cannot make a second one.
 * A file is written in tmp/ and synced before it gets its name in cur/.
 */
#include "provider/maildir/maildir.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/mem.h"

enum { CHUNK = 64 * 1024 };

void put_mark(char out[MUTATION_MARK_MAX])
{
	uint64_t number = 0;

	if (getrandom(&number, sizeof number, 0) != sizeof number)
		number = (uint64_t)g_get_real_time() << 16 ^ (uint64_t)getpid();
	snprintf(out, MUTATION_MARK_MAX, "%" PRId64 ".R%016" PRIx64, clock_unix(), number);
}

char *put_base(const char *mark, int64_t row)
{
	return g_strdup_printf("%sQ%" PRId64 ".tern", mark, row);
}

int put_rename(int from_dir, const char *from, int to_dir, const char *to)
{
	if (renameat2(from_dir, from, to_dir, to, RENAME_NOREPLACE) == 0)
		return 0;
	if (errno != EINVAL && errno != ENOSYS)
		return -errno;
	if (faccessat(to_dir, to, F_OK, AT_SYMLINK_NOFOLLOW) == 0)
		return -EEXIST;
	return renameat(from_dir, from, to_dir, to) == 0 ? 0 : -errno;
}

/* --- the bytes ----------------------------------------------------------------- */

/* Leaves the CR out of each CRLF.  *held: a CR at the end, of which nobody knows yet. */
static size_t unwind(char *p, size_t n, bool *held)
{
	size_t to = 0;

	for (size_t i = 0; i < n; i++) {
		if (p[i] == '\r' && i + 1 == n) {
			*held = true;
			break;
		}
		if (p[i] != '\r' || p[i + 1] != '\n')
			p[to++] = p[i];
	}
	return to;
}

/* One chunk at `at`: bytes read, 0 = the end, -errno. */
static ssize_t pass_chunk(int from, off_t at, int to, char *buf, bool *held, bool lines)
{
	size_t before = lines && *held ? 1 : 0, n;
	ssize_t got;
	int r;

	do
		got = pread(from, buf + before, CHUNK - before, at);
	while (got < 0 && errno == EINTR);
	if (got < 0)
		return -errno;
	if (before)
		buf[0] = '\r';
	*held = false;
	n = (size_t)got + before;
	if (lines && got > 0)
		n = unwind(buf, n, held);
	r = fd_write_all(to, buf, n);
	return r < 0 ? r : got;
}

static int pass_bytes(struct maildir *m, int from, int to, bool lines)
{
	g_autofree char *buf = g_malloc(CHUNK);
	bool held = false;
	off_t at = 0;
	ssize_t n;

	do {
		n = pass_chunk(from, at, to, buf, &held, lines);
		at += n;
		if (cancel_is_set(m->base.cancel))
			return -ECANCELED;
	} while (n > 0);
	return (int)n;
}

/* --- the file ------------------------------------------------------------------ */

/* The folder's tmp/, made if a folder was made without one. */
static int open_tmp(const struct folder *f)
{
	int fd = openat(f->top, "tmp", O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);

	if (fd < 0 && errno == ENOENT && mkdirat(f->top, "tmp", 0700) == 0)
		fd = openat(f->top, "tmp", O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	return fd < 0 ? -errno : fd;
}

/* What stands there with this name is what an earlier try of the same wish left. */
static int make_file(int tmp, const char *name)
{
	int fd;

	unlinkat(tmp, name, 0);
	fd = openat(tmp, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
	return fd < 0 ? -errno : fd;
}

static int fill_file(struct maildir *m, int from, int to, bool lines, int64_t mtime)
{
	struct timespec times[2] = { { .tv_nsec = UTIME_OMIT }, { .tv_sec = (time_t)mtime } };
	int r = pass_bytes(m, from, to, lines);

	if (r == 0 && mtime > 0 && futimens(to, times))
		r = -errno;
	return r == 0 && fsync(to) ? -errno : r;
}

static int put(struct maildir *m, int from, bool lines, int64_t mtime, const struct folder *target,
	const char *to)
{
	AUTO(fd_close) int tmp = open_tmp(target);
	AUTO(fd_close) int fd = tmp < 0 ? tmp : make_file(tmp, to);
	int r = fd < 0 ? fd : fill_file(m, from, fd, lines, mtime);

	if (r == 0)
		r = put_rename(tmp, to, target->sub[SUB_CUR], to);
	if (r < 0 && fd >= 0)
		unlinkat(tmp, to, 0);
	return r;
}

int put_copy(struct maildir *m, const struct folder *from, const struct place *at,
	const struct folder *target, const char *to)
{
	AUTO(fd_close) int fd = -1;
	struct stat st;

	if (linkat(from->sub[at->sub], at->name, target->sub[SUB_CUR], to, 0) == 0)
		return 0;
	if (errno == EEXIST || errno == ENOENT || errno == ENOSPC || errno == EDQUOT)
		return -errno;
	fd = folder_open_file(from, at->sub, at->name); /* no links here, or not between these two */
	if (fd < 0 || fstat(fd, &st))
		return fd < 0 ? fd : -errno;
	return put(m, fd, false, st.st_mtime, target, to);
}

int put_new(struct maildir *m, int fd, int64_t received_at, const struct folder *target,
	const char *to)
{
	return put(m, fd, true, received_at, target, to);
}
