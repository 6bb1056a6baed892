#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/i18n.h"
#include "store/priv.h"

enum { ATTENTION_AFTER = 5 }; /* failures in a row until the reader is told (M-62) */

int store_account_bind(struct store *s, const char *name, const char *type, account_id *out,
	struct err *err)
{
	int r = db_ask(s, err, &out->v, "SELECT id FROM account WHERE name = ?", "t", name);

	if (r != 0)
		return r < 0 ? r : 0;
	r = tx_begin(s, TX_DURABLE, err);
	if (r < 0)
		return r;
	r = db_run(s, err, "INSERT INTO account (name, type) VALUES (?, ?) ON CONFLICT DO NOTHING",
		"tt", name, type);
	if (r == 0)
		r = db_ask(s, err, &out->v, "SELECT id FROM account WHERE name = ?", "t", name);
	return tx_end(s, r < 0 ? r : 0, err);
}

int store_accounts(struct store *s, GArray **out, struct err *err)
{
	g_autoptr(GArray) rows = g_array_new(FALSE, TRUE, sizeof(struct account_row));
	sqlite3_stmt *q = db_stmt(s, "SELECT id, name, type, last_sync, failures, attention,"
				  " error_code, error_text FROM account ORDER BY id");
	int r;

	while ((r = db_step(s, q, err)) > 0) {
		struct account_row a = {
			.id.v = sqlite3_column_int64(q, 0),
			.last_sync = sqlite3_column_int64(q, 3),
			.failures = sqlite3_column_int(q, 4),
			.attention = sqlite3_column_int(q, 5) != 0,
			.error.code = sqlite3_column_int(q, 6),
		};

		g_strlcpy(a.name, db_column(q, 1), sizeof a.name);
		g_strlcpy(a.type, db_column(q, 2), sizeof a.type);
		g_strlcpy(a.error.text, db_column(q, 7), sizeof a.error.text);
		g_array_append_val(rows, a);
	}
	if (r < 0)
		return r;
	*out = g_steal_pointer(&rows);
	return 0;
}

int store_account_remove(struct store *s, account_id a, struct err *err)
{
	g_autoptr(GArray) bodies = g_array_new(FALSE, FALSE, sizeof(int64_t));
	sqlite3_stmt *q;
	int r = tx_begin(s, TX_DURABLE, err);

	if (r < 0)
		return r;
	q = db_stmt(s, "SELECT b.message_id FROM body b JOIN message m ON m.id = b.message_id"
		    " WHERE m.account_id = ?");
	db_bind(q, "i", a.v);
	while ((r = db_step(s, q, err)) > 0) {
		int64_t id = sqlite3_column_int64(q, 0);

		g_array_append_val(bodies, id);
	}
	if (r == 0)
		r = db_run(s, err, "DELETE FROM reference WHERE account_id = ?", "i", a.v);
	if (r == 0)
		r = db_run(s, err, "DELETE FROM location WHERE mailbox_id IN"
				" (SELECT id FROM mailbox WHERE account_id = ?)", "i", a.v);
	if (r == 0)
		r = db_run(s, err, "DELETE FROM account WHERE id = ?", "i", a.v);
	if (r == 0)
		r = event_emit(s, TOPIC_FOLDER_TREE_CHANGED, a, (mailbox_id){ 0 },
			(message_id){ 0 }, 0, err);
	r = tx_end(s, r, err);
	for (guint i = 0; r == 0 && i < bodies->len; i++) {
		g_autofree char *path = body_path(s, g_array_index(bodies, int64_t, i));

		unlink(path);
	}
	return r;
}

int store_account_result(struct store *s, account_id a, const struct err *why, struct err *err)
{
	bool now = why->code == ERR_AUTH || why->code == ERR_TRUST;
	int64_t attention = 0;
	int r = tx_begin(s, TX_CONSISTENT, err);

	if (r < 0)
		return r;
	if (why->code == ERR_OK)
		r = db_run(s, err,
			"UPDATE account SET last_sync = ?, failures = 0, attention = 0,"
			" error_code = 0, error_text = '' WHERE id = ?",
			"ii", clock_unix(), a.v);
	else
		r = db_run(s, err,
			"UPDATE account SET failures = failures + 1, error_code = ?, error_text = ?,"
			" attention = (? OR failures + 1 >= ?) WHERE id = ?",
			"itiii", (int64_t)why->code, why->text, (int64_t)now,
			(int64_t)ATTENTION_AFTER, a.v);
	if (r == 0 && why->code != ERR_OK)
		r = db_ask(s, err, &attention, "SELECT attention FROM account WHERE id = ?", "i", a.v);
	if (r >= 0 && attention)
		r = event_emit(s, TOPIC_ATTENTION_REQUIRED, a, (mailbox_id){ 0 },
			(message_id){ 0 }, 0, err);
	event_post(s, EV_ACCOUNT, why->code, a, (message_id){ 0 });
	return tx_end(s, r < 0 ? r : 0, err);
}

/* --- leases ------------------------------------------------------------ */

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

/* Field 22 of /proc/PID/stat: when the process started, in ticks since boot; 0 = no such process. */
static long long start_time(int pid)
{
	char path[40], line[1024];
	long long ticks = 0;
	char *p;

	g_snprintf(path, sizeof path, "/proc/%d/stat", pid);
	read_line(path, line, sizeof line);
	p = strrchr(line, ')');
	if (!p || sscanf(p + 2, "%*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %*u %*u %*d %*d %*d"
				" %*d %*d %*d %lld", &ticks) != 1)
		return 0;
	return ticks;
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

int store_lease_take(struct store *s, account_id a, int *holder, struct err *err)
{
	sqlite3_stmt *q;
	int r = tx_begin(s, TX_CONSISTENT, err);
	bool free = true;

	if (r < 0)
		return r;
	q = db_stmt(s, "SELECT owner, pid FROM lease WHERE account_id = ?");
	db_bind(q, "i", a.v);
	r = db_step(s, q, err);
	if (r > 0) {
		*holder = sqlite3_column_int(q, 1);
		free = strcmp(db_column(q, 0), owner_token()) == 0 || !owner_alive(db_column(q, 0));
		sqlite3_reset(q);
	}
	if (r >= 0 && free)
		r = db_run(s, err,
			"INSERT INTO lease (account_id, owner, pid, taken_at) VALUES (?, ?, ?, ?)"
			" ON CONFLICT (account_id) DO UPDATE SET owner = excluded.owner,"
			" pid = excluded.pid, taken_at = excluded.taken_at",
			"itii", a.v, owner_token(), (int64_t)getpid(), clock_unix());
	r = tx_end(s, r < 0 ? r : 0, err);
	return r < 0 ? r : free;
}

int store_lease_drop(struct store *s, account_id a, struct err *err)
{
	int r = tx_begin(s, TX_CONSISTENT, err);

	if (r < 0)
		return r;
	r = db_run(s, err, "DELETE FROM lease WHERE account_id = ? AND owner = ?", "it", a.v,
		owner_token());
	return tx_end(s, r, err);
}
