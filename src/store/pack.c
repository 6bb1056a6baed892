/*
 * Small bodies in bulk: packs.
 *
 * A file with an fsync of its own costs more than the few kilobytes in it.
 * Bodies that come by the hundred are therefore written one behind the other
 * into a pack, DIR/bodies/packs/ID.pack, which is written once, synced once
 * and never changed: a body row says in which pack it lies, where and how
 * long.  What is removed stays in the file as a hole; a pack without rows is
 * removed, and one that is mostly holes is copied into a new one.
 *
 * The row is what counts here, too: the pack is on disk under its name before
 * the transaction with its rows commits, and a pack that no row of body_pack
 * names is a rest of a crash.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/i18n.h"
#include "base/mem.h"
#include "store/ledger.h"

enum {
	PACK_BYTES = 16 << 20,   /* of one pack */
	PACK_BODIES = 1000,
	PACK_PIECE = 256 << 10,  /* a larger body is a file of its own */
	CLEAN_MAX = 1000,        /* empty packs removed in one call */
	COMPACT_MAX = 128,       /* packs copied in one call: at most 1 GiB is written by it */
	COMPACT_FULL = 50,       /* percent in use, from which on a pack stays as it is */
};

char *pack_path(const struct store *s, int64_t pack)
{
	return g_strdup_printf("%s/bodies/packs/%" G_GINT64_FORMAT ".pack", s->dir, pack);
}

static int cannot_store(const char *path, int why, struct err *err)
{
	return err_set(err, ERR_STORAGE, _("Bodies cannot be stored as %s: %s."), path,
		g_strerror(why));
}

/* --- reading ----------------------------------------------------------- */

static int cannot_read(const char *path, const char *why, struct err *err)
{
	return err_set(err, ERR_GONE, _("The stored messages %s cannot be read: %s."), path, why);
}

/* The bytes of one body; g_free. */
static int read_piece(const struct store *s, int64_t pack, int64_t at, int64_t size, char **out,
	struct err *err)
{
	g_autofree char *path = pack_path(s, pack), *bytes = NULL;
	AUTO(fd_close) int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	ssize_t n = 0, r = 1;

	if (fd < 0)
		return cannot_read(path, g_strerror(errno), err);
	if (at < 0 || size < 0 || size > PACK_PIECE)
		return cannot_read(path, _("its row makes no sense"), err);
	bytes = g_malloc((gsize)size + 1);
	while (n < size && r > 0) {
		r = pread(fd, bytes + n, (size_t)(size - n), at + n);
		if (r < 0 && errno == EINTR)
			r = 1;
		else if (r > 0)
			n += r;
	}
	if (n < size)
		return cannot_read(path, r < 0 ? g_strerror(errno) : _("it is too short"), err);
	*out = g_steal_pointer(&bytes);
	return 0;
}

int pack_open(const struct store *s, int64_t pack, int64_t at, int64_t size, int *fd_out,
	struct err *err)
{
	g_autofree char *bytes = NULL;
	int fd, r = read_piece(s, pack, at, size, &bytes, err);

	if (r < 0)
		return r;
	fd = memfd_create("body", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	if (fd < 0 || fd_write_all(fd, bytes, (size_t)size) < 0 || lseek(fd, 0, SEEK_SET) < 0 ||
		fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE | F_SEAL_GROW | F_SEAL_SHRINK | F_SEAL_SEAL)) {
		r = err_set(err, ERR_STORAGE, _("There is no memory for this message: %s."),
			g_strerror(errno));
		fd_close(&fd);
		return r;
	}
	*fd_out = fd;
	return 0;
}

/* --- writing ----------------------------------------------------------- */

/* A pack on its way: pieces[0 .. n), bytes long, in tmp, synced. */
struct pack {
	const struct body_piece *pieces;
	size_t n;
	int64_t bytes;
	char *tmp;
};

/* How many of the pieces go into one pack. */
static void measure(struct pack *p, const struct body_piece *pieces, size_t n)
{
	*p = (struct pack){ .pieces = pieces };
	while (p->n < n && p->n < PACK_BODIES &&
		(p->n == 0 || p->bytes + (int64_t)pieces[p->n].n <= PACK_BYTES))
		p->bytes += (int64_t)pieces[p->n++].n;
}

/* Through a buffer that any piece fits into, so that a pack never stands in memory twice. */
static int write_pieces(int fd, const struct pack *p)
{
	g_autofree char *buffer = g_malloc(PACK_PIECE);
	size_t at = 0;
	int r = 0;

	for (size_t i = 0; r == 0 && i < p->n; i++) {
		const struct body_piece *b = &p->pieces[i];

		if (at + b->n > PACK_PIECE) {
			r = fd_write_all(fd, buffer, at);
			at = 0;
		}
		memcpy(buffer + at, b->p, b->n);
		at += b->n;
	}
	if (r == 0)
		r = fd_write_all(fd, buffer, at);
	if (r == 0 && fsync(fd))
		r = -errno;
	return r;
}

static int write_tmp(struct store *s, struct pack *p, struct err *err)
{
	g_autofree char *dir = g_build_filename(s->dir, "bodies", "packs", NULL);
	AUTO(fd_close) int fd = -1;
	int r = dir_make_private(dir, err);

	if (r < 0)
		return r;
	p->tmp = g_build_filename(dir, "new.XXXXXX", NULL);
	fd = g_mkstemp_full(p->tmp, O_RDWR | O_CLOEXEC, 0600);
	if (fd < 0)
		return cannot_store(p->tmp, errno, err);
	r = write_pieces(fd, p);
	return r < 0 ? cannot_store(p->tmp, -r, err) : 0;
}

/* Under its name, and the name on disk. */
static int publish(struct store *s, struct pack *p, int64_t id, struct err *err)
{
	g_autofree char *path = pack_path(s, id), *dir = g_path_get_dirname(path);
	AUTO(fd_close) int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0 || rename(p->tmp, path) || fsync(fd))
		return cannot_store(path, errno, err);
	return 0;
}

/* New bodies: the row, if the message is still there, and the ledger. */
static int enter_new(struct store *s, const struct body_piece *b, int64_t pack, int64_t at,
	struct err *err)
{
	int r = db_run(s, err,
		"INSERT INTO body (message_id, stored_bytes, fetched_at, used_at, pack, at)"
		" SELECT ?1, ?2, ?3, ?3, ?4, ?5 WHERE EXISTS (SELECT 1 FROM message WHERE id = ?1)"
		" ON CONFLICT (message_id) DO UPDATE SET stored_bytes = excluded.stored_bytes,"
		" fetched_at = excluded.fetched_at, used_at = excluded.used_at,"
		" pack = excluded.pack, at = excluded.at, holes = NULL",
		"iiiii", b->message.v, (int64_t)b->n, clock_unix(), pack, at);

	return r < 0 ? r : body_ledger(s, b->message.v, (int64_t)b->n, err);
}

/* Bodies that only move from one pack to another; those that went meanwhile stay away. */
static int enter_moved(struct store *s, const struct body_piece *b, int64_t from, int64_t pack,
	int64_t at, struct err *err)
{
	return db_run(s, err, "UPDATE body SET pack = ?, at = ? WHERE message_id = ? AND pack = ?",
		"iiii", pack, at, b->message.v, from);
}

static int enter(struct store *s, struct pack *p, int64_t from, struct err *err)
{
	int64_t at = 0, id;
	int r = db_run(s, err, "INSERT INTO body_pack (bytes) VALUES (?)", "i", p->bytes);

	if (r < 0)
		return r;
	id = sqlite3_last_insert_rowid(s->db);
	r = publish(s, p, id, err);
	for (size_t i = 0; r == 0 && i < p->n; i++) {
		r = from ? enter_moved(s, &p->pieces[i], from, id, at, err)
			 : enter_new(s, &p->pieces[i], id, at, err);
		at += (int64_t)p->pieces[i].n;
	}
	return r;
}

/* One pack, durable.  from: the pack that the pieces lie in now, 0 = they are new. */
static int put_pack(struct store *s, struct pack *p, int64_t from, struct err *err)
{
	int r = write_tmp(s, p, err);

	if (r == 0)
		r = tx_begin(s, TX_DURABLE, err);
	if (r == 0)
		r = tx_end(s, enter(s, p, from, err), err);
	if (r < 0 && p->tmp)
		unlink(p->tmp);
	g_clear_pointer(&p->tmp, g_free);
	return r;
}

static int put_file(struct store *s, const struct body_piece *b, struct err *err)
{
	struct body_draft d;
	int r = store_body_begin(s, b->message, &d, err);

	if (r < 0)
		return r;
	r = fd_write_all(d.fd, b->p, b->n);
	if (r < 0) {
		r = cannot_store(d.tmp, -r, err);
		store_body_abandon(s, &d, NULL);
		return r;
	}
	r = store_body_commit(s, &d, err);
	if (r == ERR_LIMIT) /* larger than it said: that is its own matter */
		return store_cache_failed(s, b->message, err, err);
	return r == ERR_GONE ? 0 : r; /* it went meanwhile */
}

static int put_packs(struct store *s, const struct body_piece *pieces, size_t n, struct err *err)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < n;) {
		struct pack p;

		measure(&p, pieces + i, n - i);
		i += p.n;
		r = put_pack(s, &p, 0, err);
	}
	return r;
}

int store_bodies_put(struct store *s, const struct body_piece *pieces, size_t n, struct err *err)
{
	g_autoptr(GArray) small = g_array_new(FALSE, FALSE, sizeof(struct body_piece));
	int r = 0;

	for (size_t i = 0; r == 0 && i < n; i++) {
		if (pieces[i].n <= PACK_PIECE)
			g_array_append_val(small, pieces[i]);
		else
			r = put_file(s, &pieces[i], err);
	}
	if (r == 0)
		r = put_packs(s, (const struct body_piece *)(const void *)small->data, small->len, err);
	return r;
}

void pack_unlink(const struct store *s, int64_t pack)
{
	g_autofree char *path = pack_path(s, pack);

	unlink(path);
}

/* --- cleaning ---------------------------------------------------------- */

int pack_clean(struct store *s, struct err *err)
{
	g_autoptr(GArray) ids = g_array_new(FALSE, FALSE, sizeof(int64_t));
	int r = db_ids(s, err, ids,
		"SELECT id FROM body_pack p WHERE NOT EXISTS"
		" (SELECT 1 FROM body WHERE pack = p.id AND pack > 0) LIMIT ?",
		"i", (int64_t)CLEAN_MAX);

	if (r < 0 || ids->len == 0)
		return r;
	r = tx_begin(s, TX_DURABLE, err);
	if (r < 0)
		return r;
	for (guint i = 0; r == 0 && i < ids->len; i++)
		r = db_run(s, err, "DELETE FROM body_pack WHERE id = ?", "i",
			g_array_index(ids, int64_t, i));
	r = tx_end(s, r, err);
	for (guint i = 0; r == 0 && i < ids->len; i++)
		pack_unlink(s, g_array_index(ids, int64_t, i));
	return r;
}

static void drop_piece(void *p)
{
	g_free((char *)((struct body_piece *)p)->p);
}

/* What lies in a pack, read; pieces own their bytes. */
static int load_pack(struct store *s, int64_t pack, GArray *pieces, struct err *err)
{
	sqlite3_stmt *q = db_stmt(s, "SELECT message_id, at, stored_bytes FROM body WHERE pack = ?"
				  " AND pack > 0");
	int r;

	db_bind(q, "i", pack);
	while ((r = db_step(s, q, err)) > 0) {
		struct body_piece b = { .message.v = sqlite3_column_int64(q, 0),
			.n = (size_t)sqlite3_column_int64(q, 2) };
		char *bytes = NULL;

		/* one that cannot be read stays where it is and is found out when it is opened */
		if (read_piece(s, pack, sqlite3_column_int64(q, 1), (int64_t)b.n, &bytes, NULL) < 0)
			continue;
		b.p = bytes;
		g_array_append_val(pieces, b);
	}
	return r;
}

static int compact_one(struct store *s, int64_t pack, struct err *err)
{
	g_autoptr(GArray) pieces = g_array_new(FALSE, FALSE, sizeof(struct body_piece));
	struct pack p;
	int r;

	g_array_set_clear_func(pieces, drop_piece);
	r = load_pack(s, pack, pieces, err);
	if (r < 0 || pieces->len == 0)
		return r;
	measure(&p, (const struct body_piece *)(const void *)pieces->data, pieces->len);
	return put_pack(s, &p, pack, err);
}

int pack_compact(struct store *s, struct err *err)
{
	g_autoptr(GArray) ids = g_array_new(FALSE, FALSE, sizeof(int64_t));
	int r = db_ids(s, err, ids,
		"SELECT p.id FROM body_pack p JOIN body b ON b.pack = p.id AND b.pack > 0"
		" GROUP BY p.id HAVING sum(b.stored_bytes) * 100 < p.bytes * ?1 LIMIT ?2",
		"ii", (int64_t)COMPACT_FULL, (int64_t)COMPACT_MAX);

	for (guint i = 0; r == 0 && i < ids->len; i++)
		r = compact_one(s, g_array_index(ids, int64_t, i), err);
	return r < 0 ? r : pack_clean(s, err);
}
