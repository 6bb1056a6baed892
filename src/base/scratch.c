#include "base/scratch.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <glib/gstdio.h>

#include "base/i18n.h"
#include "base/mem.h"

#define HEAD "tern-open-"

/* GLib names the cache folder where there is no run-time folder: that is no place for such files. */
static const char *base_folder(void)
{
	const char *run = g_get_user_runtime_dir();

	return strcmp(run, g_get_user_cache_dir()) != 0 && g_access(run, W_OK) == 0 ? run
										  : g_get_tmp_dir();
}

static int failed(const char *what, struct err *err)
{
	return err_set(err, ERR_STORAGE, _("No temporary file can be made in %s: %s."), what,
		g_strerror(errno));
}

static int make_folder(struct scratch *s, struct err *err)
{
	g_autofree char *path = g_build_filename(base_folder(), HEAD "XXXXXX", NULL);

	if (!g_mkdtemp_full(path, 0700))
		return failed(base_folder(), err);
	s->lock = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (s->lock < 0 || flock(s->lock, LOCK_EX | LOCK_NB) < 0) {
		failed(path, err);
		fd_close(&s->lock);
		rmdir(path);
		return err->code;
	}
	s->path = TAKE(path);
	return 0;
}

int scratch_path(struct scratch *s, const char *extension, char **out, struct err *err)
{
	g_autoptr(GString) name = g_string_new(NULL);

	if (!s->path && make_folder(s, err) < 0)
		return err->code;
	g_string_printf(name, "attachment-%d", ++s->files);
	for (int n = 0; *extension && n < SCRATCH_EXTENSION_MAX; extension++)
		if (g_ascii_isalnum(*extension)) {
			if (n++ == 0)
				g_string_append_c(name, '.');
			g_string_append_c(name, *extension);
		}
	*out = g_build_filename(s->path, name->str, NULL);
	return 0;
}

int scratch_create(const char *path, int *fd_out, struct err *err)
{
	*fd_out = open(path, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	return *fd_out < 0 ? failed(path, err) : 0;
}

/* Removes a folder of ours with its files: there are no folders in it, and links are not followed. */
static void remove_folder(int folder, const char *path)
{
	DIR *d = fdopendir(fcntl(folder, F_DUPFD_CLOEXEC, 0));
	const struct dirent *e;

	while (d && (e = readdir(d)))
		if (strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0)
			unlinkat(folder, e->d_name, 0);
	if (d)
		closedir(d);
	rmdir(path);
}

void scratch_release(struct scratch *s)
{
	if (!s->path)
		return;
	remove_folder(s->lock, s->path);
	fd_close(&s->lock);
	g_clear_pointer(&s->path, g_free);
}

static void sweep_one(const char *path)
{
	AUTO(fd_close) int fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	struct stat st;

	if (fd >= 0 && fstat(fd, &st) == 0 && st.st_uid == geteuid() && flock(fd, LOCK_EX | LOCK_NB) == 0)
		remove_folder(fd, path);
}

void scratch_sweep(void)
{
	g_autoptr(GDir) dir = g_dir_open(base_folder(), 0, NULL);
	const char *name;
	int n = 0;

	while (dir && (name = g_dir_read_name(dir)) && n < SCRATCH_SWEPT_MAX) {
		g_autofree char *path = g_build_filename(base_folder(), name, NULL);

		if (!g_str_has_prefix(name, HEAD))
			continue;
		sweep_one(path);
		n++;
	}
}

int scratch_nameless(int *fd_out, struct err *err)
{
	g_autofree char *path = NULL;

	*fd_out = open(g_get_tmp_dir(), O_TMPFILE | O_RDWR | O_EXCL | O_CLOEXEC, 0600);
	if (*fd_out >= 0)
		return 0;
	path = g_build_filename(g_get_tmp_dir(), "tern-XXXXXX", NULL);
	*fd_out = g_mkstemp_full(path, O_RDWR | O_CLOEXEC, 0600);
	if (*fd_out < 0)
		return failed(g_get_tmp_dir(), err);
	unlink(path);
	return 0;
}
