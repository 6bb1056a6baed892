#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/i18n.h"
#include "base/log.h"
#include "base/mem.h"
#include "store/ledger.h"

/* --- statements -------------------------------------------------------- */

static _Thread_local char me; /* its address names the thread */

static void check_owner(const struct store *s)
{
	g_assert(s->owner == &me);
}

sqlite3_stmt *db_stmt(struct store *s, const char *sql)
{
	sqlite3_stmt *q = g_hash_table_lookup(s->statements, sql);

	check_owner(s);
	if (q) {
		sqlite3_reset(q);
		return q;
	}
	if (sqlite3_prepare_v3(s->db, sql, -1, SQLITE_PREPARE_PERSISTENT, &q, NULL) != SQLITE_OK) {
		int code = sqlite3_errcode(s->db);

		/* a damaged or vanished database is the world's fault, a bad literal ours */
		if (code == SQLITE_ERROR)
			g_error("%s: %s", sqlite3_errmsg(s->db), sql);
		return NULL;
	}
	g_hash_table_insert(s->statements, (gpointer)sql, q);
	return q;
}

static void bind_list(sqlite3_stmt *q, const char *format, va_list ap)
{
	for (int i = 1; *format; format++, i++) {
		const char *text;

		switch (*format) {
		case 'i':
			sqlite3_bind_int64(q, i, va_arg(ap, int64_t));
			break;
		case 'd':
			sqlite3_bind_double(q, i, va_arg(ap, double));
			break;
		case 't':
			text = va_arg(ap, const char *);
			if (text)
				sqlite3_bind_text(q, i, text, -1, SQLITE_STATIC);
			else
				sqlite3_bind_null(q, i);
			break;
		default:
			g_assert_not_reached();
		}
	}
}

void db_bind(sqlite3_stmt *q, const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	bind_list(q, format, ap);
	va_end(ap);
}

static int disk_full(const struct store *s, struct err *err)
{
	return err_set(err, ERR_STORAGE,
		_("The disk is full: nothing was changed. Free some space in %s."), s->dir);
}

static bool no_space(int why)
{
	return why == ENOSPC || why == EDQUOT;
}

int db_fail(struct store *s, struct err *err)
{
	int code = sqlite3_errcode(s->db);

	/* files beside the database that cannot grow are told as failures of another kind */
	if ((code == SQLITE_IOERR || code == SQLITE_CANTOPEN) &&
		no_space(sqlite3_system_errno(s->db)))
		return disk_full(s, err);
	switch (code) {
	case SQLITE_FULL:
		return disk_full(s, err);
	case SQLITE_READONLY:
	case SQLITE_PERM:
	case SQLITE_CANTOPEN:
		return err_set(err, ERR_STORAGE,
			_("The store in %s cannot be written; check its permissions."), s->dir);
	case SQLITE_CORRUPT:
	case SQLITE_NOTADB:
		return err_set(err, ERR_STORAGE,
			_("The store in %s is damaged; run `tern doctor`."), s->dir);
	case SQLITE_BUSY:
	case SQLITE_LOCKED:
		return err_set(err, ERR_RETRY,
			_("Another tern keeps the store busy; nothing was changed. Try again."));
	case SQLITE_IOERR:
		return err_set(err, ERR_STORAGE,
			_("The disk failed while the store in %s was used: %s."), s->dir,
			sqlite3_errmsg(s->db));
	default:
		return err_set(err, ERR_STORAGE, _("The store in %s failed: %s."), s->dir,
			sqlite3_errmsg(s->db));
	}
}

int db_step(struct store *s, sqlite3_stmt *q, struct err *err)
{
	int r = q ? sqlite3_step(q) : SQLITE_ERROR;

	if (r == SQLITE_ROW)
		return 1;
	if (r != SQLITE_DONE)
		db_fail(s, err);
	sqlite3_reset(q);
	return r == SQLITE_DONE ? 0 : err ? err->code : ERR_STORAGE;
}

int db_run(struct store *s, struct err *err, const char *sql, const char *format, ...)
{
	sqlite3_stmt *q = db_stmt(s, sql);
	va_list ap;
	int r;

	if (!q)
		return db_fail(s, err);
	va_start(ap, format);
	bind_list(q, format, ap);
	va_end(ap);
	while ((r = db_step(s, q, err)) > 0)
		;
	return r;
}

int db_ask(struct store *s, struct err *err, int64_t *out, const char *sql, const char *format, ...)
{
	sqlite3_stmt *q = db_stmt(s, sql);
	va_list ap;
	int r;

	if (!q)
		return db_fail(s, err);
	va_start(ap, format);
	bind_list(q, format, ap);
	va_end(ap);
	r = db_step(s, q, err);
	if (r > 0) {
		*out = sqlite3_column_int64(q, 0);
		sqlite3_reset(q);
	}
	return r;
}

int db_ids(struct store *s, struct err *err, GArray *ids, const char *sql, const char *format, ...)
{
	sqlite3_stmt *q = db_stmt(s, sql);
	va_list ap;
	int r;

	if (!q)
		return db_fail(s, err);
	va_start(ap, format);
	bind_list(q, format, ap);
	va_end(ap);
	while ((r = db_step(s, q, err)) > 0) {
		int64_t id = sqlite3_column_int64(q, 0);

		g_array_append_val(ids, id);
	}
	return r;
}

const char *db_column(sqlite3_stmt *q, int i)
{
	const char *text = (const char *)sqlite3_column_text(q, i);

	return text ? text : "";
}

int64_t db_changed(struct store *s)
{
	return sqlite3_changes64(s->db);
}

/* --- transactions ------------------------------------------------------ */

static void sync_mode(struct store *s, enum durability d)
{
	bool full = d == TX_DURABLE;

	if (full == s->full_sync)
		return;
	sqlite3_exec(s->db, full ? "PRAGMA synchronous=FULL" : "PRAGMA synchronous=NORMAL", NULL,
		NULL, NULL);
	s->full_sync = full;
}

int tx_begin(struct store *s, enum durability d, struct err *err)
{
	int r;

	check_owner(s);
	g_assert(s->depth == 0);
	turn_take(s->role);
	sync_mode(s, d);
	r = db_run(s, err, "BEGIN IMMEDIATE", "");
	if (r < 0) {
		turn_give();
		return r;
	}
	s->depth = 1;
	return 0;
}

int tx_try(struct store *s, struct err *err)
{
	int code;

	check_owner(s);
	g_assert(s->depth == 0);
	turn_take(s->role);
	sync_mode(s, TX_CONSISTENT);
	sqlite3_busy_timeout(s->db, 0);
	code = sqlite3_exec(s->db, "BEGIN IMMEDIATE", NULL, NULL, NULL);
	sqlite3_busy_timeout(s->db, STORE_BUSY_MS);
	s->depth = code == SQLITE_OK;
	if (s->depth == 0)
		turn_give();
	return s->depth ? 1 : code == SQLITE_BUSY ? 0 : db_fail(s, err);
}

void tx_rollback(struct store *s)
{
	if (s->depth == 0)
		return;
	s->depth = 0;
	s->reaching = false;
	g_array_set_size(s->posted, 0);
	g_array_set_size(s->deltas, 0);
	g_array_set_size(s->news, 0);
	sqlite3_exec(s->db, "ROLLBACK", NULL, NULL, NULL);
	turn_give();
}

int tx_commit(struct store *s, struct err *err)
{
	int r = event_flush(s, err);

	if (r == 0)
		r = count_flush(s, err);
	if (r == 0)
		r = db_run(s, err, "COMMIT", "");
	if (r < 0) {
		tx_rollback(s);
		return r;
	}
	s->depth = 0;
	turn_give();
	if (s->role != STORE_UI && s->role != STORE_PROMPT)
		store_checkpoint(s);
	for (guint i = 0; s->events && i < s->posted->len; i++)
		queue_post(s->events, &g_array_index(s->posted, struct event, i));
	g_array_set_size(s->posted, 0);
	return 0;
}

int tx_end(struct store *s, int r, struct err *err)
{
	int c;

	if (r < 0) {
		tx_rollback(s);
		return r;
	}
	c = tx_commit(s, err);
	return c < 0 ? c : r;
}

/* --- opening ----------------------------------------------------------- */

static int cannot_write(const struct store *s, int why, struct err *err)
{
	if (no_space(why))
		return disk_full(s, err);
	return err_set(err, ERR_STORAGE, _("The store in %s cannot be written: %s."), s->dir,
		g_strerror(why));
}

/*
 * DIR/open is held with a shared lock by every process that has the store
 * open, and holds a byte while anybody does.  Whoever gets it exclusively is
 * alone: a byte found then was left by a process that died, and the byte says
 * SUSPECT until somebody has looked for damage.
 */
enum { OPEN_SOUND = '1', OPEN_SUSPECT = '2' };

static bool write_mark(struct store *s, char mark)
{
	return pwrite(s->lock_fd, &mark, 1, 0) == 1;
}

static int note_open(struct store *s, struct err *err)
{
	g_autofree char *path = g_build_filename(s->dir, "open", NULL);
	struct stat st;

	s->lock_fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (s->lock_fd < 0)
		return cannot_write(s, errno, err);
	if (flock(s->lock_fd, LOCK_EX | LOCK_NB) == 0 &&
		!write_mark(s, fstat(s->lock_fd, &st) == 0 && st.st_size > 0 ? OPEN_SUSPECT
									     : OPEN_SOUND))
		return cannot_write(s, errno, err);
	if (flock(s->lock_fd, LOCK_SH))
		return cannot_write(s, errno, err);
	return 0;
}

static void note_close(struct store *s)
{
	/* a store that nobody checked stays suspect */
	if (s->lock_fd >= 0 && !store_was_unclean(s) &&
		flock(s->lock_fd, LOCK_EX | LOCK_NB) == 0 && ftruncate(s->lock_fd, 0) < 0)
		log_event(LOG_WARN, "store-close", "s:s", "error", g_strerror(errno));
	fd_close(&s->lock_fd);
}

/*
 * Of this process: the log waits to be emptied.  That takes as long as the disk
 * likes, so nobody does it within a commit, where the screen may be waiting for
 * its turn: a worker does it behind its own, and the screen never.
 */
static _Atomic bool log_is_long;

static int on_commit(void *unused, sqlite3 *db, const char *name, int pages)
{
	(void)unused;
	(void)db;
	(void)name;
	if (pages >= STORE_WAL_PAGES)
		log_is_long = true;
	return SQLITE_OK;
}

void store_checkpoint(struct store *s)
{
	check_owner(s);
	if (log_is_long) {
		log_is_long = false; /* if readers held some of it back, the next commit says so */
		sqlite3_wal_checkpoint_v2(s->db, NULL, SQLITE_CHECKPOINT_PASSIVE, NULL, NULL);
	}
}

static int set_role(struct store *s, struct err *err)
{
	if (sqlite3_exec(s->db,
		    s->role == STORE_BULK ? "PRAGMA cache_size=-5000" : "PRAGMA cache_size=-2000",
		    NULL, NULL, NULL))
		return db_fail(s, err);
	sqlite3_wal_hook(s->db, on_commit, NULL); /* in place of an automatic checkpoint */
	return 0;
}

static int open_db(struct store *s, struct err *err)
{
	g_autofree char *path = g_build_filename(s->dir, "tern.db", NULL);
	static const char pragmas[] = "PRAGMA journal_mode=WAL;"
				      "PRAGMA synchronous=FULL;"
				      "PRAGMA foreign_keys=ON;"
				      "PRAGMA trusted_schema=OFF;"
				      "PRAGMA cell_size_check=ON;"
				      "PRAGMA secure_delete=OFF;"
				      "PRAGMA temp_store=MEMORY;"
				      "PRAGMA journal_size_limit=67108864;";

	if (sqlite3_open_v2(path, &s->db,
		    SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX, NULL))
		return db_fail(s, err);
	chmod(path, 0600);
	sqlite3_busy_timeout(s->db, STORE_BUSY_MS);
	sqlite3_db_config(s->db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
	if (sqlite3_exec(s->db, pragmas, NULL, NULL, NULL))
		return db_fail(s, err);
	s->full_sync = true;
	return set_role(s, err);
}

/* Once a process: SQLite need not count its memory under a lock. */
static gpointer configure_sqlite(gpointer unused)
{
	(void)unused;
	sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
	return NULL;
}

int store_open(const char *dir, enum store_role role, struct queue *events, struct store **out,
	struct err *err)
{
	static GOnce configured = G_ONCE_INIT;
	AUTO(store_close) struct store *s = g_new0(struct store, 1);

	g_once(&configured, configure_sqlite, NULL);
	s->dir = g_strdup(dir);
	s->role = role;
	s->events = events;
	s->lock_fd = -1;
	s->owner = &me;
	s->statements = g_hash_table_new_full(NULL, NULL, NULL,
		(GDestroyNotify)(void (*)(void))sqlite3_finalize);
	s->posted = g_array_new(FALSE, FALSE, sizeof(struct event));
	s->deltas = g_array_new(FALSE, FALSE, 4 * sizeof(int64_t));
	s->news = g_array_new(FALSE, FALSE, sizeof(struct news));
	s->leases = g_array_new(FALSE, FALSE, sizeof(int64_t));
	if (dir_make_private(dir, err) < 0 || note_open(s, err) < 0 || open_db(s, err) < 0 ||
		migrate(s, err) < 0)
		return err->code;
	identity_settle(s);
	*out = TAKE(s);
	return 0;
}

void store_close(struct store **p)
{
	struct store *s = *p;

	if (!s)
		return;
	tx_rollback(s);
	g_hash_table_destroy(s->statements);
	sqlite3_close(s->db);
	note_close(s);
	g_array_unref(s->posted);
	g_array_unref(s->deltas);
	g_array_unref(s->news);
	g_array_unref(s->leases);
	g_free(s->dir);
	g_free(s);
	*p = NULL;
}

bool left_over(const struct store *s, const struct stat *file)
{
	const struct timespec *at = &file->st_mtim, *opened;
	struct stat mark;

	if (fstat(s->lock_fd, &mark))
		return false;
	opened = &mark.st_mtim;
	return at->tv_sec < opened->tv_sec ||
	       (at->tv_sec == opened->tv_sec && at->tv_nsec < opened->tv_nsec);
}

bool store_was_unclean(const struct store *s)
{
	char mark = OPEN_SOUND;

	return pread(s->lock_fd, &mark, 1, 0) == 1 && mark == OPEN_SUSPECT;
}

int store_recover(struct store *s, struct err *err)
{
	int r = check_pages(s, err);

	if (r < 0)
		return r;
	r = body_salvage(s, err);
	if (r == 0)
		r = ledger_repair(s, err);
	if (r < 0)
		return r;
	if (!write_mark(s, OPEN_SOUND))
		return cannot_write(s, errno, err);
	return 0;
}

int64_t store_version(struct store *s)
{
	int64_t v = 0;

	db_ask(s, NULL, &v, "PRAGMA data_version", "");
	return v;
}
