/* Folders: found, opened and read through descriptors. */
#include "provider/maildir/maildir.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/i18n.h"
#include "base/mem.h"

static const char inbox[] = "INBOX";
static const char *const subs[N_SUBS] = { [SUB_NEW] = "new", [SUB_CUR] = "cur" };

static void close_stream(DIR **d)
{
	if (*d)
		closedir(*d);
	*d = NULL;
}

static int open_dir(int at, const char *name)
{
	return openat(at, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
}

/* A fresh stream over the folder, with its own position. */
static DIR *stream_of(int at, const char *path)
{
	int fd = open_dir(at, path);
	DIR *d = fd < 0 ? NULL : fdopendir(fd);

	if (!d && fd >= 0)
		close(fd);
	return d;
}

static bool is_maildir(int at, const char *path)
{
	struct stat st;
	char sub[PATH_MAX];

	for (int i = 0; i < N_SUBS; i++) {
		if (g_snprintf(sub, sizeof sub, "%s/%s", path, subs[i]) >= (int)sizeof sub ||
			fstatat(at, sub, &st, AT_SYMLINK_NOFOLLOW) || !S_ISDIR(st.st_mode))
			return false;
	}
	return true;
}

/* --- the connection ------------------------------------------------------------- */

static void drop(struct maildir *m)
{
	fd_close(&m->root);
	watch_end(m);
}

static int unreachable(struct maildir *m, int why, struct err *err)
{
	const char *path = m->base.account->path ? m->base.account->path : "";

	drop(m);
	if (why == EACCES || why == EPERM)
		return err_set(err, ERR_AUTH, _("The Maildir %s may not be read: %s."), path,
			g_strerror(why));
	if (why == ENOENT || why == ENOTDIR)
		return err_set(err, ERR_OFFLINE,
			_("The Maildir %s is not there; it will be looked for again."), path);
	return err_set(err, ERR_OFFLINE, _("The Maildir %s cannot be read: %s."), path,
		g_strerror(why));
}

/* Finds out which of the two layouts it is; false if it is none. */
static bool find_layout(struct maildir *m)
{
	AUTO(close_stream) DIR *d = stream_of(m->root, ".");
	bool root = is_maildir(m->root, "."), plain = false;
	struct dirent *e;

	m->dotted = false;
	while (d && !m->dotted && (e = readdir(d))) {
		if (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0)
			continue;
		if (*e->d_name == '.')
			m->dotted = is_maildir(m->root, e->d_name);
		else if (!plain && !root)
			plain = e->d_type == DT_DIR || is_maildir(m->root, e->d_name);
	}
	return root || m->dotted || plain;
}

/* A plain tree needs at least one folder of mail. */
static int stop_at_first(void *ctx, const char *path, struct err *err)
{
	(void)path;
	(void)err;
	*(bool *)ctx = true;
	return 1;
}

int tree_connect(struct maildir *m, struct err *err)
{
	const char *path = m->base.account->path;
	bool any = false;
	int r;

	if (m->root >= 0 && tree_check(m, NULL) == 0)
		return 0;
	drop(m);
	if (!path || !*path)
		return err_set(err, ERR_USAGE, _("The account %s has no path to its Maildir."),
			m->base.account->name);
	m->root = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (m->root < 0)
		return unreachable(m, errno, err);
	if (find_layout(m)) {
		r = tree_walk(m, stop_at_first, &any, err);
		if (r < 0)
			return r;
	}
	if (any)
		return 0;
	drop(m);
	return err_set(err, ERR_OFFLINE,
		_("%s is not a Maildir: it has no folders cur and new."), path);
}

int tree_check(struct maildir *m, struct err *err)
{
	struct stat here, there;

	if (m->root < 0)
		return unreachable(m, ENOENT, err);
	if (stat(m->base.account->path, &here) || fstat(m->root, &there))
		return unreachable(m, errno, err);
	if (here.st_dev != there.st_dev || here.st_ino != there.st_ino)
		return unreachable(m, ENOENT, err); /* replaced: connect again */
	return 0;
}

/* --- one folder -------------------------------------------------------------------- */

void folder_close(struct folder *f)
{
	for (int i = 0; i < N_SUBS; i++)
		fd_close(&f->sub[i]);
	fd_close(&f->top);
}

static void folder_swap(struct folder *a, struct folder *b)
{
	struct folder was = *a;

	*a = *b;
	*b = was;
}

/* No way out of the tree: no "..", no empty part, not absolute. */
static bool path_is_safe(const char *path)
{
	g_auto(GStrv) parts = NULL;

	if (!*path || strlen(path) >= PATH_MAX - 8)
		return false;
	parts = g_strsplit(path, "/", 0);
	if (g_strv_length(parts) > MAILDIR_DEPTH_MAX)
		return false;
	for (char **p = parts; *p; p++)
		if (!**p || strcmp(*p, "..") == 0)
			return false;
	return true;
}

static int missing(struct maildir *m, const char *path, int why, struct err *err)
{
	int r = tree_check(m, err);

	if (r < 0)
		return r;
	return err_set(err, ERR_RETRY, _("The folder %s cannot be read: %s."), path,
		g_strerror(why));
}

/* Opens a folder level by level, so that no symbolic link leads out of the tree; -errno. */
static int open_path(int root, const char *path)
{
	g_auto(GStrv) parts = g_strsplit(path, "/", 0);
	int dir = open_dir(root, ".");

	for (char **p = parts; dir >= 0 && *p; p++) {
		int next = open_dir(dir, *p), why = errno;

		close(dir);
		errno = why;
		dir = next;
	}
	return dir < 0 ? -errno : dir;
}

int folder_open(struct maildir *m, const char *path, struct folder *out, struct err *err)
{
	AUTO(folder_close) struct folder f = FOLDER_NONE;
	int r = tree_check(m, err);

	if (r < 0)
		return r;
	if (!path_is_safe(path))
		return err_set(err, ERR_RETRY, _("%s is not the name of a folder."), path);
	if (strcmp(path, inbox) == 0 && is_maildir(m->root, "."))
		path = ".";
	f.top = open_path(m->root, path);
	for (int i = 0; f.top >= 0 && i < N_SUBS; i++) {
		f.sub[i] = open_dir(f.top, subs[i]);
		if (f.sub[i] < 0)
			return missing(m, path, errno, err);
	}
	if (f.top < 0)
		return missing(m, path, -f.top, err);
	*out = FOLDER_NONE;
	folder_swap(out, &f);
	return 0;
}

/* --- all folders --------------------------------------------------------------------- */

struct walk {
	struct maildir *m;
	GPtrArray *paths;  /* of char*, found so far */
	GQueue todo;       /* of char*: plain folders to look into */
	bool root_is_inbox;
};

static void walk_release(struct walk *w)
{
	g_ptr_array_unref(w->paths);
	g_queue_clear_full(&w->todo, g_free);
}

static bool is_sub_name(const char *name)
{
	return strcmp(name, "cur") == 0 || strcmp(name, "new") == 0 || strcmp(name, "tmp") == 0;
}

static void take_entry(struct walk *w, const char *parent, const char *name)
{
	bool top = strcmp(parent, ".") == 0;
	g_autofree char *path = top ? g_strdup(name) : g_strdup_printf("%s/%s", parent, name);
	struct stat st;

	if (strcmp(name, ".") == 0 || strcmp(name, "..") == 0 || is_sub_name(name))
		return;
	if ((*name == '.') != w->m->dotted || (top && w->root_is_inbox && strcmp(name, inbox) == 0))
		return;
	if (fstatat(w->m->root, path, &st, AT_SYMLINK_NOFOLLOW) || !S_ISDIR(st.st_mode) ||
		!path_is_safe(path))
		return;
	if (is_maildir(w->m->root, path))
		g_ptr_array_add(w->paths, g_strdup(path));
	if (!w->m->dotted)
		g_queue_push_tail(&w->todo, g_steal_pointer(&path));
}

static int walk_folder(struct walk *w, const char *parent, struct err *err)
{
	AUTO(close_stream) DIR *d = stream_of(w->m->root, parent);
	struct dirent *e;
	int n = 0, r;

	if (!d && strcmp(parent, ".") != 0)
		return 0; /* went away, or may not be read: the folders beside it count */
	if (!d)
		return unreachable(w->m, errno, err);
	for (errno = 0; (e = readdir(d)); errno = 0) {
		if (++n % MAILDIR_CANCEL_EVERY == 0 && (r = maildir_canceled(w->m, err)) < 0)
			return r;
		take_entry(w, parent, e->d_name);
		if (w->paths->len + w->todo.length > 2 * MAILDIR_FOLDERS_MAX)
			return err_set(err, ERR_LIMIT, _("The Maildir has more than %d folders."),
				(int)MAILDIR_FOLDERS_MAX);
	}
	return errno ? err_set(err, ERR_RETRY, _("The Maildir %s cannot be read: %s."),
			       w->m->base.account->path, g_strerror(errno))
		     : 0;
}

static int by_path(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static int find_folders(struct walk *w, struct err *err)
{
	int r;

	find_layout(w->m); /* the first dotted folder may have come since the last look */
	w->root_is_inbox = is_maildir(w->m->root, ".");
	r = walk_folder(w, ".", err);
	while (r == 0 && !g_queue_is_empty(&w->todo)) {
		g_autofree char *next = g_queue_pop_head(&w->todo);

		r = walk_folder(w, next, err);
	}
	g_ptr_array_sort(w->paths, by_path);
	if (w->root_is_inbox)
		g_ptr_array_insert(w->paths, 0, g_strdup(inbox));
	return r;
}

int tree_walk(struct maildir *m, int (*each)(void *ctx, const char *path, struct err *err),
	void *ctx, struct err *err)
{
	AUTO(walk_release) struct walk w = { .m = m, .todo = G_QUEUE_INIT };
	int r;

	w.paths = g_ptr_array_new_with_free_func(g_free);
	r = find_folders(&w, err);
	for (guint i = 0; r == 0 && i < w.paths->len && i < MAILDIR_FOLDERS_MAX; i++)
		r = each(ctx, w.paths->pdata[i], err);
	return MIN(r, 0);
}
