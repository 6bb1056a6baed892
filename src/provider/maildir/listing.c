/*
 * Listing a folder while other programs rename files in it.
 *
 * new/ is read before cur/, because messages only ever move that way.  A
 * rename inside cur/ can hide a file from readdir; so when a directory's time
 * stamp moved during the listing, everything is read once more on top.  Only a
 * listing during which nothing moved may say that a message is gone.  Time
 * stamps tick slowly (4 to 10 ms on Linux, whole seconds elsewhere), so a
 * stamp proves something only if it was older than a tick at the beginning.
 */
#include "provider/maildir/maildir.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cancel.h"
#include "base/i18n.h"
#include "base/mem.h"

enum { TICK_MS = 30, COARSE_TICK_MS = 2000 };

void listing_init(struct listing *l)
{
	*l = (struct listing){ .entries = g_array_new(FALSE, FALSE, sizeof(struct entry)),
		.names = g_byte_array_new() };
}

void listing_release(struct listing *l)
{
	g_clear_pointer(&l->entries, g_array_unref);
	g_clear_pointer(&l->names, g_byte_array_unref);
}

const char *listing_name(const struct listing *l, const struct entry *e)
{
	return (const char *)l->names->data + e->name;
}

static int io_error(int why, struct err *err)
{
	return err_set(err, ERR_RETRY, _("A folder of the Maildir cannot be read: %s."),
		g_strerror(why));
}

int folder_mtimes(const struct folder *f, int64_t out[N_SUBS], struct err *err)
{
	for (int i = 0; i < N_SUBS; i++) {
		struct stat st;

		if (fstat(f->sub[i], &st))
			return io_error(errno, err);
		if (st.st_nlink == 0) /* removed while it was open: an empty listing would lie */
			return io_error(ENOENT, err);
		out[i] = (int64_t)st.st_mtim.tv_sec * 1000000000 + st.st_mtim.tv_nsec;
	}
	return 0;
}

static void add(struct listing *l, GChecksum *sum, const char *name, enum maildir_sub sub)
{
	struct entry e = { .name = l->names->len, .order = l->entries->len,
		.in_new = sub == SUB_NEW };

	e.uid = maildir_uid(sum, name, maildir_base_length(name));
	g_byte_array_append(l->names, (const guint8 *)name, (guint)strlen(name) + 1);
	g_array_append_val(l->entries, e);
}

static void close_stream(DIR **d)
{
	if (*d)
		closedir(*d);
	*d = NULL;
}

static int read_sub(struct maildir *m, const struct folder *f, enum maildir_sub sub,
	struct listing *l, GChecksum *sum, struct err *err)
{
	int fd = openat(f->sub[sub], ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC), r;
	AUTO(close_stream) DIR *d = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *e;

	if (!d)
		return io_error(errno, err);
	for (errno = 0; (e = readdir(d)); errno = 0) {
		if (*e->d_name == '.' || (e->d_type != DT_REG && e->d_type != DT_UNKNOWN) ||
			maildir_base_length(e->d_name) == 0)
			continue;
		add(l, sum, e->d_name, sub);
		r = l->entries->len % MAILDIR_CANCEL_EVERY ? 0 : maildir_canceled(m, err);
		if (r < 0)
			return r;
		if (l->entries->len > 2 * MAILDIR_MESSAGES_MAX)
			return err_set(err, ERR_LIMIT,
				_("A folder of the Maildir holds more than %d messages."),
				(int)MAILDIR_MESSAGES_MAX);
	}
	return errno ? io_error(errno, err) : 0;
}

static int by_uid(const void *a, const void *b)
{
	const struct entry *x = a, *y = b;

	if (x->uid != y->uid)
		return x->uid < y->uid ? -1 : 1;
	return x->order < y->order ? -1 : 1;
}

/* Sorts, and keeps the latest entry of each uid. */
static void settle(struct listing *l)
{
	struct entry *e = (struct entry *)(void *)l->entries->data;
	guint n = 0;

	g_array_sort(l->entries, by_uid);
	for (guint i = 0; i < l->entries->len; i++) {
		if (n > 0 && e[n - 1].uid == e[i].uid)
			n--;
		e[n++] = e[i];
	}
	g_array_set_size(l->entries, n);
}

static bool older_than_a_tick(const int64_t mtime[N_SUBS])
{
	int64_t now = g_get_real_time() * 1000;

	for (int i = 0; i < N_SUBS; i++) {
		int64_t tick = mtime[i] % 1000000000 ? TICK_MS : COARSE_TICK_MS;

		if (now - mtime[i] < tick * 1000000)
			return false;
	}
	return true;
}

/* The time stamps before a listing, waiting one tick if they are too young. */
static int begin_listing(struct maildir *m, const struct folder *f, struct listing *l, bool *proof,
	struct err *err)
{
	int r = folder_mtimes(f, l->mtime, err);

	if (r == 0 && !older_than_a_tick(l->mtime)) {
		if (cancel_poll(m->base.cancel, -1, 0, TICK_MS) < 0)
			return maildir_canceled(m, err);
		r = folder_mtimes(f, l->mtime, err);
	}
	*proof = r == 0 && older_than_a_tick(l->mtime);
	return r;
}

int listing_read(struct maildir *m, const struct folder *f, struct listing *l, struct err *err)
{
	g_autoptr(GChecksum) sum = g_checksum_new(G_CHECKSUM_SHA256);
	int64_t after[N_SUBS];
	bool proof = false;
	int r = 0;

	for (int pass = 0; pass < 2 && r == 0 && !l->steady; pass++) {
		r = begin_listing(m, f, l, &proof, err);
		if (r == 0)
			r = read_sub(m, f, SUB_NEW, l, sum, err);
		if (r == 0)
			r = read_sub(m, f, SUB_CUR, l, sum, err);
		if (r == 0)
			r = folder_mtimes(f, after, err);
		l->steady = r == 0 && proof && memcmp(after, l->mtime, sizeof after) == 0;
	}
	if (r < 0)
		return r;
	settle(l);
	if (l->entries->len > MAILDIR_MESSAGES_MAX)
		return err_set(err, ERR_LIMIT,
			_("A folder of the Maildir holds more than %d messages."),
			(int)MAILDIR_MESSAGES_MAX);
	return 0;
}

static const struct entry *find(const struct listing *l, uint64_t uid)
{
	guint low = 0, high = l->entries->len;

	while (low < high) {
		guint mid = low + (high - low) / 2;
		const struct entry *e = &g_array_index(l->entries, struct entry, mid);

		if (e->uid == uid)
			return e;
		if (e->uid < uid)
			low = mid + 1;
		else
			high = mid;
	}
	return NULL;
}

/* --- one message ----------------------------------------------------------------- */

static bool try_name(const struct folder *f, enum maildir_sub sub, const char *base,
	const char *info, struct place *out)
{
	struct stat st;

	if (g_snprintf(out->name, sizeof out->name, "%s%s", base, info) >= (int)sizeof out->name)
		return false;
	out->sub = sub;
	return fstatat(f->sub[sub], out->name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
	       S_ISREG(st.st_mode);
}

/* A copy of a message has a name of its own, but is the same message for the store. */
static bool is_its_name(const char *base, uint64_t uid)
{
	g_autoptr(GChecksum) sum = g_checksum_new(G_CHECKSUM_SHA256);

	return maildir_uid(sum, base, strlen(base)) == uid;
}

/* The names that nearly all messages have: no need to read a huge folder. */
static bool try_usual(const struct folder *f, const char *base, uint64_t uid, struct place *out)
{
	static const char *const usual[] = { ":2,S", ":2,", ":2,RS", ":2,FS", ":2,F", ":2,FRS",
		":2,ST", ":2,PS", "" };

	if (!base || !*base || *base == '.' || strpbrk(base, "/:") ||
		!is_its_name(base, uid))
		return false;
	if (try_name(f, SUB_NEW, base, "", out))
		return true;
	for (size_t i = 0; i < G_N_ELEMENTS(usual); i++)
		if (try_name(f, SUB_CUR, base, usual[i], out))
			return true;
	return false;
}

int folder_locate(struct maildir *m, const struct folder *f, const char *base, uint64_t uid,
	struct place *out, struct err *err)
{
	AUTO(listing_release) struct listing l = { 0 };
	const struct entry *e;
	int r;

	if (try_usual(f, base, uid, out))
		return 1;
	listing_init(&l);
	r = listing_read(m, f, &l, err);
	if (r < 0)
		return r;
	e = find(&l, uid);
	if (!e || strlen(listing_name(&l, e)) >= sizeof out->name)
		return 0;
	out->sub = e->in_new ? SUB_NEW : SUB_CUR;
	g_strlcpy(out->name, listing_name(&l, e), sizeof out->name);
	return 1;
}

int folder_open_file(const struct folder *f, enum maildir_sub sub, const char *name)
{
	int fd = openat(f->sub[sub], name,
		O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY);
	struct stat st;

	if (fd < 0)
		return -errno;
	if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode))
		return fd;
	close(fd);
	return -ENOENT;
}
