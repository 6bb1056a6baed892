/*
 * Which process works for an account (M-24..M-27).
 *
 * A lease is a row: the owner's token (boot id, pid, start time) and the
 * moment, in milliseconds of the boot clock, until which it holds.  A dead
 * owner's lease is free at once, that of an owner that lives but has been
 * silent (stopped, or asleep with the machine) when its time is over.  The
 * silent one may wake up at any moment, in the middle of a pass: so what a
 * holder writes is checked against the row in the transaction that writes it.
 *
 * The lease is the process's: every handle of it may take it again, and only
 * handles that took it are checked.
 */
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/i18n.h"
#include "store/priv.h"

/* --- who we are -------------------------------------------------------- */

static void read_line(const char *path, char *out, size_t cap)
{
	FILE *f = fopen(path, "re");

	*out = '\0';
	if (!f)
		return;
	if (!fgets(out, (int)cap, f))
		*out = '\0';
	fclose(f);
	g_strchomp(out);
}

/*
 * Field 22 of /proc/PID/stat: when the process started, in ticks since boot; 0 = no such process.
 * One that died and whose parent has not asked for it yet (Z, X) does nothing any more.
 */
static long long start_time(int pid)
{
	char path[40], line[1024];
	long long ticks = 0;
	char *p, state;

	g_snprintf(path, sizeof path, "/proc/%d/stat", pid);
	read_line(path, line, sizeof line);
	p = strrchr(line, ')');
	if (!p || sscanf(p + 2, "%c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %*u %*u %*d %*d %*d"
				" %*d %*d %*d %lld", &state, &ticks) != 2)
		return 0;
	return state == 'Z' || state == 'X' ? 0 : ticks;
}

static const char *boot_id(void)
{
	static char id[64];

	if (!*id)
		read_line("/proc/sys/kernel/random/boot_id", id, sizeof id);
	return id;
}

/* Made once a process; a fork makes another process. */
const char *owner_token(void)
{
	static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER; /* a leaf */
	static char token[128];
	static pid_t made_by;

	pthread_mutex_lock(&lock);
	if (made_by != getpid()) {
		made_by = getpid();
		g_snprintf(token, sizeof token, "%s %d %lld", boot_id(), (int)made_by,
			start_time(made_by));
	}
	pthread_mutex_unlock(&lock);
	return token;
}

bool owner_alive(const char *token)
{
	char boot[64];
	long long started;
	int pid;

	owner_token(); /* the boot id is read under its lock */
	if (sscanf(token, "%63s %d %lld", boot, &pid, &started) != 3)
		return false;
	return strcmp(boot, boot_id()) == 0 && start_time(pid) == started && started != 0;
}

/* --- taking and giving ------------------------------------------------- */

/* True if another process has it and may keep it. */
static bool foreign(sqlite3_stmt *q)
{
	const char *owner = db_column(q, 0);

	return strcmp(owner, owner_token()) != 0 && sqlite3_column_int64(q, 2) > clock_mono_ms() &&
	       owner_alive(owner);
}

/* 1 = somebody else's, 0 = free or ours; *fresh (true before): it was not ours so far. */
static int look(struct store *s, account_id a, int *holder, bool *fresh, struct err *err)
{
	sqlite3_stmt *q = db_stmt(s, "SELECT owner, pid, until_ms FROM lease WHERE account_id = ?");
	int r;

	if (!q)
		return db_fail(s, err);
	db_bind(q, "i", a.v);
	r = db_step(s, q, err);
	if (r <= 0)
		return r;
	r = foreign(q);
	*fresh = strcmp(db_column(q, 0), owner_token()) != 0;
	if (r)
		*holder = sqlite3_column_int(q, 1);
	sqlite3_reset(q);
	return r;
}

static int write_lease(struct store *s, account_id a, bool fresh, struct err *err)
{
	int r = db_run(s, err,
		"INSERT INTO lease (account_id, owner, pid, taken_at, until_ms)"
		" VALUES (?, ?, ?, ?, ?)"
		" ON CONFLICT (account_id) DO UPDATE SET owner = excluded.owner,"
		" pid = excluded.pid, taken_at = excluded.taken_at, until_ms = excluded.until_ms",
		"itiii", a.v, owner_token(), (int64_t)getpid(), clock_unix(),
		clock_mono_ms() + LEASE_MS);

	if (r < 0 || !fresh)
		return r;
	/* what an earlier holder had claimed, nobody brings in now */
	return db_run(s, err,
		"UPDATE mailbox SET claimed_by = NULL WHERE account_id = ?"
		" AND claimed_by IS NOT NULL",
		"i", a.v);
}

static bool taken_here(const struct store *s, account_id a, guint *at)
{
	for (guint i = 0; i < s->leases->len; i++) {
		*at = i;
		if (g_array_index(s->leases, int64_t, i) == a.v)
			return true;
	}
	return false;
}

/* With the write lock held. */
static int take(struct store *s, account_id a, int *holder, struct err *err)
{
	bool fresh = true;
	int r = look(s, a, holder, &fresh, err);

	if (r == 0)
		r = write_lease(s, a, fresh, err);
	else if (r > 0)
		tx_rollback(s);
	if (s->depth > 0)
		r = tx_end(s, r, err);
	return r < 0 ? r : r == 0;
}

int store_lease_take(struct store *s, account_id a, int *holder, struct err *err)
{
	bool fresh = true;
	guint at;
	int r;

	*holder = 0;
	r = look(s, a, holder, &fresh, err); /* a reader never waits */
	if (r != 0)
		return r < 0 ? r : 0;
	r = tx_try(s, err);
	if (r > 0)
		r = take(s, a, holder, err);
	if (r > 0 && !taken_here(s, a, &at))
		g_array_append_val(s->leases, a.v);
	return r;
}

bool store_lease_heeded(const struct store *s, account_id a)
{
	guint at;

	return taken_here(s, a, &at);
}

void store_lease_heed(struct store *s, account_id a)
{
	if (!store_lease_heeded(s, a))
		g_array_append_val(s->leases, a.v);
}

int64_t store_lease_renew_in(struct store *s, account_id a)
{
	int64_t until = 0, now = clock_mono_ms();

	db_ask(s, NULL, &until, "SELECT until_ms FROM lease WHERE account_id = ? AND owner = ?", "it",
		a.v, owner_token());
	return MAX(until - LEASE_MS + LEASE_MS / 3 - now, 0);
}

int store_lease_drop(struct store *s, account_id a, struct err *err)
{
	guint at;
	int r = tx_begin(s, TX_CONSISTENT, err);

	if (r < 0)
		return r;
	if (taken_here(s, a, &at))
		g_array_remove_index(s->leases, at);
	r = db_run(s, err, "DELETE FROM lease WHERE account_id = ? AND owner = ?", "it", a.v,
		owner_token());
	return tx_end(s, r, err);
}

/* --- checking ---------------------------------------------------------- */

static int lost(struct store *s, account_id a, int64_t pid, struct err *err)
{
	sqlite3_stmt *q = db_stmt(s, "SELECT name FROM account WHERE id = ?");
	g_autofree char *name = NULL;

	db_bind(q, "i", a.v);
	if (db_step(s, q, err) > 0) {
		name = g_strdup(db_column(q, 0));
		sqlite3_reset(q);
	}
	if (pid > 0)
		return err_set(err, ERR_CONFLICT,
			_("Another tern (process %d) took over account %s; nothing was changed."),
			(int)pid, name ? name : "");
	return err_set(err, ERR_CONFLICT,
		_("This tern does not synchronise account %s any more; nothing was changed."),
		name ? name : "");
}

int lease_check(struct store *s, account_id a, struct err *err)
{
	sqlite3_stmt *q;
	int64_t pid = 0;
	bool ours = false;
	guint at;
	int r;

	g_assert(s->depth == 1);
	if (!taken_here(s, a, &at))
		return 0;
	q = db_stmt(s, "SELECT owner, pid FROM lease WHERE account_id = ?");
	db_bind(q, "i", a.v);
	r = db_step(s, q, err);
	if (r > 0) {
		ours = strcmp(db_column(q, 0), owner_token()) == 0;
		pid = sqlite3_column_int64(q, 1);
		sqlite3_reset(q);
	}
	return r < 0 ? r : ours ? 0 : lost(s, a, pid, err);
}

int tx_begin_leased(struct store *s, enum durability d, account_id a, struct err *err)
{
	int r = tx_begin(s, d, err);

	if (r < 0)
		return r;
	r = lease_check(s, a, err);
	if (r < 0)
		tx_rollback(s);
	return r;
}
