/*
 * Bodies after a crash: rows and files agree again.
 *
 * A file takes its name and loses it under the write lock (body.c), a pack takes
 * it there and its number is never given twice: so whoever holds the lock sees who
 * is ahead.  A process that died, or a power cut, leaves
 *   - a draft, or a file or pack without its row: it goes.  Nobody else would
 *     ever find it, and it would take room that no cap counts;
 *   - a row without its file, or one whose bytes the disk lost: the row goes, the
 *     message is wanted again.  What is to be readable offline must not be missed
 *     first when there is no network.  (What only we have keeps its row.)
 *   - a whole message under the row of one with holes: the row follows the file.
 * Files that are younger than the oldest of the processes at work are left alone.
 * Worker's thread, after SQLite's own check; a stat for every body.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"
#include "store/priv.h"

enum {
	FOLDERS = 256,
	ROWS_SLICE = 500,  /* looked at between two questions to the database */
	LOCKED_SLICE = 64, /* ... and mended while others wait for the write lock */
};

/* What was found, for the log. */
struct finds {
	int64_t lost;      /* bodies that are wanted again */
	int64_t grown;     /* rows that follow their file */
	int64_t nobodys;   /* files */
};

/* --- rows whose bytes are lost --------------------------------------------- */

struct kept {
	int64_t message, bytes;
	bool holes;
};

/* Size of a file, -1 = there is none; `told` if that cannot be found out. */
static int64_t size_of(const char *path, int64_t told)
{
	struct stat st;

	if (lstat(path, &st))
		return errno == ENOENT ? -1 : told;
	return (int64_t)st.st_size;
}

static int64_t file_size(const struct store *s, const struct kept *k)
{
	g_autofree char *path = body_path(s, k->message);

	return size_of(path, k->bytes);
}

static int next_rows(struct store *s, int64_t after, GArray *out, struct err *err)
{
	sqlite3_stmt *q = db_stmt(s, "SELECT message_id, stored_bytes, holes IS NOT NULL FROM body"
				  " WHERE pack = 0 AND message_id > ?"
				  " AND message_id NOT IN (" ONLY_OURS ")"
				  " ORDER BY message_id LIMIT ?");
	int r;

	g_array_set_size(out, 0);
	if (!q)
		return db_fail(s, err);
	db_bind(q, "ii", after, (int64_t)ROWS_SLICE);
	while ((r = db_step(s, q, err)) > 0) {
		const struct kept k = { sqlite3_column_int64(q, 0), sqlite3_column_int64(q, 1),
			sqlite3_column_int(q, 2) != 0 };

		g_array_append_val(out, k);
	}
	return r;
}

/* In a transaction: nobody names a file meanwhile. */
static int mend_row(struct store *s, const struct kept *k, struct finds *f, struct err *err)
{
	int64_t size = file_size(s, k);
	bool grew = k->holes && size > k->bytes;
	int r = grew ? db_run(s, err,
			       "UPDATE body SET stored_bytes = ?1, holes = NULL WHERE message_id = ?2"
			       " AND pack = 0 AND stored_bytes = ?3 AND holes IS NOT NULL",
			       "iii", size, k->message, k->bytes)
		     : db_run(s, err,
			       "DELETE FROM body WHERE message_id = ?1 AND pack = 0 AND stored_bytes = ?2"
			       " AND stored_bytes <> ?3",
			       "iii", k->message, k->bytes, size);

	if (r == 0)
		*(grew ? &f->grown : &f->lost) += db_changed(s);
	return r;
}

static int mend_rows(struct store *s, const GArray *bad, struct finds *f, struct err *err)
{
	int r = 0;

	for (guint i = 0; r == 0 && i < bad->len; i += LOCKED_SLICE) {
		r = tx_begin(s, TX_CONSISTENT, err);
		for (guint k = i; r == 0 && k < MIN(bad->len, i + LOCKED_SLICE); k++)
			r = mend_row(s, &g_array_index(bad, struct kept, k), f, err);
		r = tx_end(s, r, err);
	}
	return r;
}

static int mend_files(struct store *s, struct finds *f, struct err *err)
{
	g_autoptr(GArray) rows = g_array_new(FALSE, FALSE, sizeof(struct kept));
	g_autoptr(GArray) bad = g_array_new(FALSE, FALSE, sizeof(struct kept));
	int64_t after = 0;
	int r;

	while ((r = next_rows(s, after, rows, err)) == 0 && rows->len > 0) {
		after = g_array_index(rows, struct kept, rows->len - 1).message;
		for (guint i = 0; i < rows->len; i++) {
			const struct kept *k = &g_array_index(rows, struct kept, i);

			if (file_size(s, k) != k->bytes)
				g_array_append_val(bad, *k);
		}
	}
	return r < 0 ? r : mend_rows(s, bad, f, err);
}

/* The pieces of a pack that lie behind its end go. */
static int cut_pack(struct store *s, int64_t pack, int64_t size, struct finds *f, struct err *err)
{
	int r = tx_begin(s, TX_CONSISTENT, err);

	if (r < 0)
		return r;
	r = db_run(s, err, "DELETE FROM body WHERE pack = ? AND pack > 0 AND at + stored_bytes > ?", "ii",
		pack, size);
	if (r == 0)
		f->lost += db_changed(s);
	return tx_end(s, r, err);
}

static int mend_pack(struct store *s, int64_t pack, struct finds *f, struct err *err)
{
	g_autofree char *path = pack_path(s, pack);
	int64_t bytes = 0, size;
	int r = db_ask(s, err, &bytes, "SELECT bytes FROM body_pack WHERE id = ?", "i", pack);

	if (r <= 0)
		return r;
	size = size_of(path, bytes);
	return size < bytes ? cut_pack(s, pack, size, f, err) : 0;
}

static int mend_packs(struct store *s, struct finds *f, struct err *err)
{
	g_autoptr(GArray) ids = g_array_new(FALSE, FALSE, sizeof(int64_t));
	int r = db_ids(s, err, ids, "SELECT id FROM body_pack ORDER BY id", "");

	for (guint i = 0; r == 0 && i < ids->len; i++)
		r = mend_pack(s, g_array_index(ids, int64_t, i), f, err);
	return r;
}

/* --- files of nobody --------------------------------------------------------- */

/* The number in NAME of "NUMBER.KIND", 0 if it is none such. */
static int64_t number_of(const char *name, const char *kind)
{
	char *end;
	int64_t id = g_ascii_isdigit(*name) ? g_ascii_strtoll(name, &end, 10) : 0;

	return id > 0 && strcmp(end, kind) == 0 ? id : 0;
}

static bool is_left_over(const struct store *s, DIR *d, const char *name)
{
	struct stat st;

	return fstatat(dirfd(d), name, &st, AT_SYMLINK_NOFOLLOW) == 0 && left_over(s, &st);
}

/* Drafts (ID.eml.XXXXXX) go at once; bodies without a row are written down. */
static void sweep_folder(struct store *s, const char *path, GArray *lost)
{
	DIR *d = opendir(path);
	struct dirent *e;
	int64_t one;

	if (!d)
		return;
	while ((e = readdir(d))) {
		int64_t id = number_of(e->d_name, ".eml");

		if ((id == 0 && !strstr(e->d_name, ".eml.")) || !is_left_over(s, d, e->d_name))
			continue;
		if (id == 0)
			unlinkat(dirfd(d), e->d_name, 0);
		else if (db_ask(s, NULL, &one, "SELECT 1 FROM body WHERE message_id = ? AND pack = 0",
				 "i", id) == 0)
			g_array_append_val(lost, id);
	}
	closedir(d);
}

static void sweep_files(struct store *s, struct finds *f)
{
	for (unsigned i = 0; i < FOLDERS; i++) {
		g_autoptr(GArray) lost = g_array_new(FALSE, FALSE, sizeof(int64_t));
		g_autofree char *path = g_strdup_printf("%s/bodies/%02x", s->dir, i);

		sweep_folder(s, path, lost);
		if (lost->len > 0)
			body_unlink(s, lost);
		f->nobodys += lost->len;
	}
}

/* A draft, or a pack without a row. */
static bool is_rest(struct store *s, DIR *d, const char *name)
{
	int64_t one, id = number_of(name, ".pack");

	if (!is_left_over(s, d, name))
		return false;
	return g_str_has_prefix(name, "new.") ||
	       (id > 0 && db_ask(s, NULL, &one, "SELECT 1 FROM body_pack WHERE id = ?", "i", id) == 0);
}

static void sweep_packs(struct store *s, struct finds *f)
{
	g_autofree char *path = g_build_filename(s->dir, "bodies", "packs", NULL);
	DIR *d = opendir(path);
	struct dirent *e;

	if (!d)
		return;
	while ((e = readdir(d))) {
		if (!is_rest(s, d, e->d_name) || tx_begin(s, TX_CONSISTENT, NULL) < 0)
			continue;
		if (is_rest(s, d, e->d_name)) /* nobody is just making it */
			f->nobodys += unlinkat(dirfd(d), e->d_name, 0) == 0;
		tx_end(s, 0, NULL);
	}
	closedir(d);
}

int body_salvage(struct store *s, struct err *err)
{
	struct finds f = { 0 };
	int r = mend_files(s, &f, err);

	if (r == 0)
		r = mend_packs(s, &f, err);
	sweep_files(s, &f);
	sweep_packs(s, &f);
	if (f.lost || f.grown || f.nobodys)
		log_event(LOG_WARN, "bodies-salvaged", "s:I, s:I, s:I", "lost", (long long)f.lost, "grown",
			(long long)f.grown, "files", (long long)f.nobodys);
	return r;
}
