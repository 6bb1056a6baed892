#include "base/save.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/i18n.h"
#include "base/mem.h"
#include "base/text.h"

/* --- names --------------------------------------------------------------- */

/* What stands behind the last slash or backslash. */
static const char *last_element(const char *s)
{
	const char *last = s;

	for (; *s; s++)
		if (*s == '/' || *s == '\\')
			last = s + 1;
	return last;
}

/* Control characters were made visible by text_next: here they go. */
static bool is_kept(uint32_t c)
{
	return c != '/' && c != '\\' && c != 0xfffd && (c < 0x2400 || c > 0x243f) &&
	       g_unichar_type(c) != G_UNICODE_FORMAT;
}

static bool is_device(const char *name)
{
	static const char *const devices[] = { "con", "prn", "aux", "nul", "com", "lpt" };
	size_t stem = strcspn(name, ".");

	for (size_t i = 0; i < G_N_ELEMENTS(devices); i++) {
		bool numbered = i >= 4;

		if (g_ascii_strncasecmp(name, devices[i], 3) == 0 &&
			(numbered ? stem == 4 && g_ascii_isdigit(name[3]) : stem == 3))
			return true;
	}
	return false;
}

/* Where the extension begins, at the end if there is none that is worth keeping. */
static size_t extension_at(const char *name)
{
	size_t len = strlen(name), at;
	const char *dot = strrchr(name, '.');

	if (!dot || dot == name || !dot[1] || strlen(dot) > SAVE_EXTENSION_MAX)
		return len;
	at = (size_t)(dot - name);
	if (at > 4 && memcmp(dot - 4, ".tar", 4) == 0) /* "x.tar.gz" */
		at -= 4;
	return at;
}

/* The longest beginning of at most max bytes that ends at a character. */
static size_t whole_characters(const char *s, size_t max)
{
	while (max > 0 && ((unsigned char)s[max] & 0xc0) == 0x80)
		max--;
	return max;
}

static void shorten(GString *name)
{
	size_t at = extension_at(name->str), rest = name->len - at;

	if (name->len <= SAVE_NAME_MAX)
		return;
	at = whole_characters(name->str, SAVE_NAME_MAX - rest);
	g_string_erase(name, (gssize)at, (gssize)(name->len - rest - at));
}

char *save_name(const char *outside, const char *otherwise)
{
	g_autoptr(GString) name = g_string_new(NULL);
	struct text_iter it;
	uint32_t c;
	int width;

	text_iter_init(&it, last_element(outside ? outside : ""), -1);
	while ((c = text_next(&it, &width)))
		if (is_kept(c) && !(name->len == 0 && (c == '.' || c == '-' || g_unichar_isspace(c))))
			g_string_append_unichar(name, c);
	g_strchomp(name->str);
	g_string_set_size(name, strlen(name->str));
	shorten(name);
	if (is_device(name->str))
		g_string_prepend_c(name, '_');
	return g_strdup(name->len > 0 ? name->str : otherwise);
}

char *save_part_name(const char *outside, int n)
{
	g_autofree char *plain = g_strdup_printf(_("part-%d"), n);

	return save_name(outside, plain);
}

/* "report (2).pdf" */
static char *numbered(const char *name, int n)
{
	size_t at = extension_at(name);

	return n == 1 ? g_strdup(name) : g_strdup_printf("%.*s (%d)%s", (int)at, name, n, name + at);
}

/* --- files --------------------------------------------------------------- */

int save_failed(const struct save *s, int error, struct err *err)
{
	switch (error) {
	case ENOSPC:
	case EDQUOT:
		return err_set(err, ERR_STORAGE,
			_("\"%s\" was not saved: no room is left in %s.  Make room or choose another folder."),
			s->name, s->path);
	case EFBIG:
		return err_set(err, ERR_STORAGE,
			_("\"%s\" was not saved: files in %s cannot be that large.  Choose another folder."),
			s->name, s->path);
	case EACCES:
	case EPERM:
	case EROFS:
		return err_set(err, ERR_STORAGE,
			_("You may not write into %s.  Choose another folder."), s->path);
	default:
		return err_set(err, ERR_STORAGE, _("\"%s\" was not saved in %s: %s."), s->name, s->path,
			g_strerror(error));
	}
}

/* A new file in the folder; nothing that is there is touched or followed. */
static int create(int folder, const char *name)
{
	struct open_how how = { .flags = O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, .mode = 0600,
		.resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS };
	long fd = syscall(SYS_openat2, folder, name, &how, sizeof how);

	if (fd < 0 && (errno == ENOSYS || errno == EPERM)) /* an old kernel, or a sandbox that has not heard of it */
		return openat(folder, name, (int)how.flags, 0600);
	return (int)fd;
}

static int open_folder(struct save *s, struct err *err)
{
	s->folder = open(s->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (s->folder >= 0)
		return 0;
	if (errno == ENOENT || errno == ENOTDIR)
		return err_set(err, ERR_GONE, _("There is no folder %s."), s->path);
	return err_set(err, ERR_STORAGE, _("The folder %s cannot be opened: %s."), s->path,
		g_strerror(errno));
}

int save_begin(struct save *s, const char *folder, const char *name, struct err *err)
{
	*s = (struct save)SAVE_NONE;
	if (!*name || strchr(name, '/') || strcmp(name, ".") == 0 || strcmp(name, "..") == 0)
		return err_set(err, ERR_USAGE, _("\"%s\" cannot be the name of a file."), name);
	s->path = g_strdup(folder);
	s->name = g_strdup(name);
	if (open_folder(s, err) < 0) {
		save_release(s);
		return err->code;
	}
	snprintf(s->tmp, sizeof s->tmp, ".tern-%08x%08x.part", g_random_int(), g_random_int());
	s->fd = create(s->folder, s->tmp);
	if (s->fd < 0) {
		save_failed(s, errno, err);
		s->tmp[0] = '\0';
		save_release(s);
		return err->code;
	}
	return 0;
}

/* Gives the file its name unless that is taken: 0, or errno. */
static int rename_softly(int folder, const char *from, const char *to)
{
	AUTO(fd_close) int place = -1;

	if (renameat2(folder, from, folder, to, RENAME_NOREPLACE) == 0)
		return 0;
	if (errno != EINVAL && errno != ENOSYS)
		return errno;
	if (linkat(folder, from, folder, to, 0) == 0) { /* a file system without that rename */
		unlinkat(folder, from, 0);
		return 0;
	}
	if (errno != EPERM && errno != EOPNOTSUPP && errno != ENOSYS)
		return errno;
	place = create(folder, to); /* nor links: the name is taken first, by an empty file of ours */
	if (place < 0 || renameat(folder, from, folder, to) < 0)
		return errno;
	return 0;
}

int save_commit(struct save *s, struct err *err)
{
	int error = fsync(s->fd) < 0 ? errno : EEXIST;

	for (int n = 1; error == EEXIST && n <= SAVE_CLASHES_MAX; n++) {
		g_autofree char *name = numbered(s->name, n);

		error = rename_softly(s->folder, s->tmp, name);
		if (error)
			continue;
		s->tmp[0] = '\0';
		g_free(s->name);
		s->name = TAKE(name);
		fsync(s->folder); /* the file is there: that its name may be lost to a power cut is no failure */
		return 0;
	}
	return save_failed(s, error, err);
}

void save_release(struct save *s)
{
	if (s->folder >= 0 && s->tmp[0])
		unlinkat(s->folder, s->tmp, 0);
	fd_close(&s->fd);
	fd_close(&s->folder);
	g_clear_pointer(&s->path, g_free);
	g_clear_pointer(&s->name, g_free);
	s->tmp[0] = '\0';
}
