#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "base/i18n.h"
#include "base/mem.h"

int dir_make_private(const char *path, struct err *err)
{
	if (g_mkdir_with_parents(path, 0700) == 0)
		return 0;
	return err_set(err, ERR_STORAGE, _("The folder %s cannot be made: %s."), path,
		g_strerror(errno));
}

int fd_write_all(int fd, const void *data, size_t len)
{
	const char *p = data;

	while (len > 0) {
		ssize_t n = write(fd, p, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		p += n;
		len -= (size_t)n;
	}
	return 0;
}

int dir_sync(const char *dir)
{
	AUTO(fd_close) int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	return fd < 0 || fsync(fd) ? -errno : 0;
}

int file_write_atomic(const char *path, const void *data, size_t len, struct err *err)
{
	g_autofree char *tmp = g_strdup_printf("%s.XXXXXX", path);
	g_autofree char *dir = g_path_get_dirname(path);
	AUTO(fd_close) int fd = g_mkstemp_full(tmp, O_WRONLY | O_CLOEXEC, 0600);
	int r = fd < 0 ? -errno : fd_write_all(fd, data, len);

	if (r == 0 && fsync(fd))
		r = -errno;
	if (r == 0 && rename(tmp, path))
		r = -errno;
	if (r == 0)
		r = dir_sync(dir);
	else if (fd >= 0)
		unlink(tmp);
	if (r < 0)
		return err_set(err, ERR_STORAGE, _("%s cannot be written: %s."), path,
			g_strerror(-r));
	return 0;
}

int64_t file_free_bytes(const char *path, int64_t *of)
{
	struct statvfs v;

	if (statvfs(path, &v))
		return -1;
	if (of)
		*of = (int64_t)v.f_blocks * (int64_t)v.f_frsize;
	return (int64_t)v.f_bavail * (int64_t)v.f_frsize;
}
