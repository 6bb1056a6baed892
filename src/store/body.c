/*
 * Raw messages on disk: DIR/bodies/XX/ID.eml, written beside and renamed; the
 * small ones that came in bulk lie in packs (pack.c).  The row in the body
 * table is what counts; a file without a row is a rest of a crash and is
 * written again or swept (salvage.c), a row whose file is gone is removed when it
 * is found.
 *
 * A file takes its name and loses it under the write lock only: what somebody
 * removes because its row has gone cannot be what somebody else is just bringing.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/i18n.h"
#include "base/mem.h"
#include "store/ledger.h"

enum {
	OPEN_TRIES = 2,
	USED_GRAIN_S = 86400, /* body.used_at is right to a day */
	UNLINK_SLICE = 16,    /* files that go while others wait for the write lock */
};

char *body_path(const struct store *s, int64_t message)
{
	char name[40];

	g_snprintf(name, sizeof name, "%02x/%" G_GINT64_FORMAT ".eml", (unsigned)(message & 0xFF),
		message);
	return g_build_filename(s->dir, "bodies", name, NULL);
}

static void unlink_one(struct store *s, int64_t message)
{
	g_autofree char *path = body_path(s, message);
	int64_t one;

	if (db_ask(s, NULL, &one, "SELECT 1 FROM body WHERE message_id = ? AND pack = 0", "i",
		    message) == 0)
		unlink(path);
}

void body_unlink(struct store *s, const GArray *messages)
{
	for (guint i = 0; i < messages->len; i += UNLINK_SLICE) {
		guint end = MIN(messages->len, i + UNLINK_SLICE);

		if (tx_begin(s, TX_CONSISTENT, NULL) < 0)
			return; /* the next crash sweeps them */
		for (guint k = i; k < end; k++)
			unlink_one(s, g_array_index(messages, int64_t, k));
		tx_end(s, 0, NULL);
	}
}

bool store_body_cached(struct store *s, message_id m)
{
	int64_t one;

	return db_ask(s, NULL, &one, "SELECT 1 FROM body WHERE message_id = ?", "i", m.v) > 0;
}

/* Where a body is. */
struct spot {
	int64_t pack, at, size, used_at;
};

static int find(struct store *s, message_id m, struct spot *out, struct err *err)
{
	sqlite3_stmt *q = db_stmt(s, "SELECT pack, at, stored_bytes, used_at FROM body"
				  " WHERE message_id = ?");
	int r;

	if (!q)
		return db_fail(s, err);
	db_bind(q, "i", m.v);
	r = db_step(s, q, err);
	if (r == 0)
		return err_set(err, ERR_GONE, _("This message has not been fetched yet."));
	if (r < 0)
		return r;
	*out = (struct spot){ sqlite3_column_int64(q, 0), sqlite3_column_int64(q, 1),
		sqlite3_column_int64(q, 2), sqlite3_column_int64(q, 3) };
	sqlite3_reset(q);
	return 0;
}

static int open_spot(struct store *s, message_id m, const struct spot *at, int *fd_out,
	struct err *err)
{
	g_autofree char *path = NULL;
	int fd;

	if (at->pack > 0)
		return pack_open(s, at->pack, at->at, at->size, fd_out, err);
	path = body_path(s, m.v);
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	if (fd < 0)
		return err_set(err, ERR_GONE, _("The stored message %s cannot be read: %s."), path,
			g_strerror(errno));
	*fd_out = fd;
	return 0;
}

/* What is used stays longer: noted once a day, and only if nobody has to wait for it. */
static void note_used(struct store *s, message_id m, const struct spot *at)
{
	int64_t now = clock_unix();

	if (at->used_at < now - USED_GRAIN_S && tx_try(s, NULL) > 0)
		tx_end(s, db_run(s, NULL, "UPDATE body SET used_at = ? WHERE message_id = ?", "ii",
				  now, m.v), NULL);
}

/* The file is lost (a disk that was restored in part): let it be fetched again. */
static void forget(struct store *s, message_id m, const struct spot *at)
{
	int r = tx_try(s, NULL);

	if (r <= 0)
		return;
	r = db_run(s, NULL, "DELETE FROM body WHERE message_id = ? AND pack = ? AND at = ?", "iii", m.v,
		at->pack, at->at);
	if (r == 0 && db_changed(s) > 0)
		r = body_ledger(s, m.v, -1, NULL);
	tx_end(s, r, NULL);
}

int store_body_open(struct store *s, message_id m, int *fd_out, struct err *err)
{
	struct spot at = { 0 };
	int r = 0;

	for (int i = 0; i < OPEN_TRIES; i++) {
		r = find(s, m, &at, err);
		if (r < 0)
			return r;
		r = open_spot(s, m, &at, fd_out, err);
		if (r == 0) {
			note_used(s, m, &at);
			return 0;
		} /* it may just have moved to another pack: look again */
	}
	if (r == ERR_GONE)
		forget(s, m, &at);
	return r;
}

int store_body_place(struct store *s, message_id m, struct body_place *out, struct err *err)
{
	sqlite3_stmt *q = db_stmt(s, "SELECT b.id, b.path, b.uidvalidity, l.uid, m.size, m.canonical,"
				  " m.rfc_id FROM location l JOIN mailbox b ON b.id = l.mailbox_id"
				  " JOIN message m ON m.id = l.message_id"
				  " WHERE l.message_id = ? AND l.uid IS NOT NULL"
				  " ORDER BY l.shown DESC, l.id LIMIT 1");
	int r;

	db_bind(q, "i", m.v);
	r = db_step(s, q, err);
	if (r < 0)
		return r;
	if (r == 0)
		return err_set(err, ERR_GONE,
			_("This message is not at the server now; it may be on its way."));
	*out = (struct body_place){
		.mailbox.v = sqlite3_column_int64(q, 0),
		.path = g_strdup(db_column(q, 1)),
		.uidvalidity = (uint32_t)sqlite3_column_int64(q, 2),
		.uid = (uint64_t)sqlite3_column_int64(q, 3),
		.size = (uint64_t)sqlite3_column_int64(q, 4),
		.canonical = g_strdup((const char *)sqlite3_column_text(q, 5)),
		.message_id_header = g_strdup((const char *)sqlite3_column_text(q, 6)),
	};
	sqlite3_reset(q);
	return 0;
}

void body_place_release(struct body_place *p)
{
	g_clear_pointer(&p->path, g_free);
	g_clear_pointer(&p->canonical, g_free);
	g_clear_pointer(&p->message_id_header, g_free);
}

int store_body_begin(struct store *s, message_id m, struct body_draft *out, struct err *err)
{
	g_autofree char *path = body_path(s, m.v);
	g_autofree char *dir = g_path_get_dirname(path);
	g_autofree char *tmp = g_strdup_printf("%s.XXXXXX", path);
	int fd;

	if (dir_make_private(dir, err) < 0)
		return err->code;
	fd = g_mkstemp_full(tmp, O_RDWR | O_CLOEXEC, 0600);
	if (fd < 0)
		return err_set(err, ERR_STORAGE, _("A body cannot be stored in %s: %s."), dir,
			g_strerror(errno));
	*out = (struct body_draft){ .message = m, .fd = fd, .tmp = TAKE(tmp) };
	return 0;
}

/* --- what was left out ---------------------------------------------------- */

/* "at bytes" a line (g_free); NULL = nothing was. */
static char *holes_text(const struct body_draft *d)
{
	GString *out;

	if (!d->holes || d->n_holes == 0)
		return NULL;
	out = g_string_new(NULL);
	for (size_t i = 0; i < d->n_holes; i++)
		g_string_append_printf(out, "%" G_GUINT64_FORMAT " %" G_GUINT64_FORMAT "\n",
			d->holes[i].at, d->holes[i].bytes);
	return g_string_free(out, FALSE);
}

/* One line; false if it is none. */
static bool read_hole(const char **p, struct body_hole *out)
{
	char *end;

	if (!g_ascii_isdigit(**p))
		return false;
	out->at = g_ascii_strtoull(*p, &end, 10);
	if (*end != ' ' || !g_ascii_isdigit(end[1]))
		return false;
	out->bytes = g_ascii_strtoull(end + 1, &end, 10);
	*p = end + 1;
	return *end == '\n';
}

/* Ascending, within the file, at most BODY_HOLES_MAX; else the text is damaged. */
static int read_holes(const char *text, uint64_t size, struct body_hole *out)
{
	int n = 0;

	for (const char *p = text; *p; n++)
		if (n >= BODY_HOLES_MAX || !read_hole(&p, &out[n]) || out[n].at > size ||
			(n > 0 && out[n].at < out[n - 1].at))
			return -1;
	return n;
}

int store_body_holes(struct store *s, message_id m, struct body_hole *out, struct err *err)
{
	sqlite3_stmt *q = db_stmt(s, "SELECT holes, stored_bytes FROM body WHERE message_id = ?"
				  " AND holes IS NOT NULL");
	uint64_t size;
	int n, r;

	if (!q)
		return db_fail(s, err);
	db_bind(q, "i", m.v);
	r = db_step(s, q, err);
	if (r <= 0)
		return r;
	size = (uint64_t)sqlite3_column_int64(q, 1);
	n = read_holes(db_column(q, 0), size, out);
	sqlite3_reset(q);
	if (n > 0)
		return n;
	out[0] = (struct body_hole){ .at = size }; /* something is missing, nobody knows what */
	return 1;
}

/* --- writing -------------------------------------------------------------- */

/* The row that makes the file count, and its line in the ledger. */
static int enter_row(struct store *s, message_id m, int64_t size, const char *holes, struct err *err)
{
	int64_t now = clock_unix();
	int r = db_run(s, err,
		"INSERT INTO body (message_id, stored_bytes, fetched_at, used_at, holes)"
		" SELECT ?1, ?2, ?3, ?3, ?4 WHERE EXISTS (SELECT 1 FROM message WHERE id = ?1)"
		" ON CONFLICT (message_id) DO UPDATE SET stored_bytes = excluded.stored_bytes,"
		" fetched_at = excluded.fetched_at, used_at = excluded.used_at, pack = 0, at = 0,"
		" holes = excluded.holes",
		"iiit", m.v, size, now, holes);
	if (r == 0 && db_changed(s) == 0)
		r = err_set(err, ERR_GONE, _("This message does not exist any more."));
	return r < 0 ? r : body_ledger(s, m.v, size, err);
}

/* Its score is that of what was guessed of it: it has a size now. */
static int score_soon(struct store *s, message_id m, struct err *err)
{
	return db_run(s, err,
		"INSERT INTO cache_rescore (message_id, account_id, priority, queued_at)"
		" SELECT id, account_id, ?, ? FROM message WHERE id = ? ON CONFLICT DO NOTHING",
		"iii", (int64_t)CACHE_STRUCTURAL, clock_unix(), m.v);
}

/* The file gets its name; what had it waits beside until the row is there (*before, NULL = nothing). */
static int take_name(const struct body_draft *d, const char *path, char **before, struct err *err)
{
	g_autofree char *aside = g_strconcat(path, ".before", NULL);

	unlink(aside); /* of a crash */
	if (link(path, aside) == 0)
		*before = TAKE(aside);
	if (rename(d->tmp, path))
		return err_set(err, ERR_STORAGE, _("A body cannot be stored as %s: %s."), path,
			g_strerror(errno));
	return 0;
}

/* It is stored, or all is as it was. */
static void settle_name(struct store *s, message_id m, const char *path, const char *before, bool stored)
{
	g_autoptr(GArray) one = g_array_new(FALSE, FALSE, sizeof m.v);

	if (before && !stored)
		rename(before, path);
	if (before)
		unlink(before); /* both may be one file: it stays under its name */
	g_array_append_val(one, m.v);
	if (!before && !stored)
		body_unlink(s, one);
}

/*
 * Begins the transaction in which a body of that size is entered, a durable one
 * if others must go for it, which they do.
 */
static int begin_with_room(struct store *s, int64_t message, int64_t size, struct victims *v,
	struct err *err)
{
	enum durability d = body_over(s, message, size) > 0 ? TX_DURABLE : TX_CONSISTENT;
	int r = tx_begin(s, d, err);

	if (r == 0)
		r = body_room(s, message, size, v, err);
	if (r < 0 || v->messages->len == 0 || d == TX_DURABLE)
		return r;
	tx_rollback(s); /* somebody was quicker to fill it */
	victims_release(v);
	victims_init(v);
	r = tx_begin(s, TX_DURABLE, err);
	return r < 0 ? r : body_room(s, message, size, v, err);
}

static int enter(struct store *s, const struct body_draft *d, int64_t size, struct err *err)
{
	g_autofree char *path = body_path(s, d->message.v), *holes = holes_text(d), *before = NULL;
	struct victims v;
	bool named;
	int r;

	victims_init(&v);
	r = begin_with_room(s, d->message.v, size, &v, err);
	if (r == 0)
		r = enter_row(s, d->message, size, holes, err);
	if (r == 0)
		r = score_soon(s, d->message, err);
	named = r == 0;
	if (named)
		r = take_name(d, path, &before, err);
	r = tx_end(s, r, err);
	if (named)
		settle_name(s, d->message, path, before, r == 0);
	if (r == 0)
		victims_unlink(s, &v);
	victims_release(&v);
	return r;
}

int body_tmp(const struct store *s, char **tmp, int *fd, struct err *err)
{
	g_autofree char *dir = g_build_filename(s->dir, "bodies", "00", NULL);
	g_autofree char *name = g_build_filename(dir, "new.eml.XXXXXX", NULL);

	if (dir_make_private(dir, err) < 0)
		return err->code;
	*fd = g_mkstemp_full(name, O_RDWR | O_CLOEXEC, 0600);
	if (*fd < 0)
		return err_set(err, ERR_STORAGE, _("A body cannot be stored in %s: %s."), dir,
			g_strerror(errno));
	*tmp = TAKE(name);
	return 0;
}

int body_adopt(struct store *s, int64_t message, const char *tmp, int64_t size, struct err *err)
{
	g_autofree char *path = body_path(s, message), *dir = g_path_get_dirname(path);
	g_autofree char *bodies = g_path_get_dirname(dir);

	if (dir_make_private(dir, err) < 0)
		return err->code;
	if (rename(tmp, path) || dir_sync(dir) < 0 || dir_sync(bodies) < 0)
		return err_set(err, ERR_STORAGE, _("A body cannot be stored as %s: %s."), path,
			g_strerror(errno));
	return enter_row(s, (message_id){ message }, size, NULL, err);
}

int store_body_commit(struct store *s, struct body_draft *d, struct err *err)
{
	struct stat st;
	int r = 0;

	if (fstat(d->fd, &st) || fsync(d->fd))
		r = err_set(err, ERR_STORAGE, _("A body cannot be stored in %s: %s."), d->tmp,
			g_strerror(errno));
	if (r == 0)
		r = enter(s, d, st.st_size, err);
	if (r < 0) {
		store_body_abandon(s, d, NULL);
		return r;
	}
	fd_close(&d->fd);
	g_clear_pointer(&d->tmp, g_free);
	return 0;
}

void store_body_abandon(struct store *s, struct body_draft *d, const struct err *why)
{
	if (d->tmp)
		unlink(d->tmp);
	fd_close(&d->fd);
	g_clear_pointer(&d->tmp, g_free);
	if (!why || tx_begin(s, TX_CONSISTENT, NULL) < 0)
		return;
	tx_end(s, ledger_failed(s, d->message.v, why, NULL), NULL);
}
