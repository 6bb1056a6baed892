/*
 * The queue seen by people: its rows, in groups, and what they may do with them.
 */
#include <limits.h>

#include "base/clock.h"
#include "base/i18n.h"
#include "store/priv.h"

void mutation_row_free(struct mutation_row **p)
{
	struct mutation_row *r = *p;

	if (!r)
		return;
	g_free(r->source_name);
	g_free(r->target_name);
	g_free(r->subject);
	g_free(r->answer);
	g_free(r);
	*p = NULL;
}

static void free_row(gpointer p)
{
	struct mutation_row *r = p;

	mutation_row_free(&r);
}

static struct mutation_row *read_row(sqlite3_stmt *q, int64_t now)
{
	struct mutation_row *r = g_new0(struct mutation_row, 1);
	int64_t next = sqlite3_column_int64(q, 11);

	r->id = sqlite3_column_int64(q, 0);
	r->account.v = sqlite3_column_int64(q, 1);
	r->message.v = sqlite3_column_int64(q, 2);
	r->source.v = sqlite3_column_int64(q, 3);
	r->target.v = sqlite3_column_int64(q, 4);
	r->verb = queue_verb(db_column(q, 5));
	r->status = queue_status(db_column(q, 6));
	r->add = (unsigned)sqlite3_column_int(q, 7);
	r->remove = (unsigned)sqlite3_column_int(q, 8);
	r->uncertain = sqlite3_column_int(q, 9) != 0;
	r->attempts = sqlite3_column_int(q, 10);
	r->next_in_ms = next > now ? next - now : 0;
	r->created_at = sqlite3_column_int64(q, 12);
	r->answer = g_strdup(db_column(q, 13));
	r->source_name = g_strdup(db_column(q, 14));
	r->target_name = g_strdup(db_column(q, 15));
	r->subject = g_strdup(db_column(q, 16));
	return r;
}

#define QUEUE_ROWS                                                                                 \
	"SELECT q.id, q.account_id, q.message_id, q.source_id, ifnull(q.target_id, 0), q.verb,"    \
	" q.status, q.add_flags, q.remove_flags, q.uncertain, q.attempts, q.next_at,"              \
	" q.created_at, q.answer, b.name, t.name, m.subject FROM mutation q"                       \
	" LEFT JOIN mailbox b ON b.id = q.source_id LEFT JOIN mailbox t ON t.id = q.target_id"     \
	" LEFT JOIN message m ON m.id = q.message_id WHERE (?1 = 0 OR q.account_id = ?1)"

#define LISTED QUEUE_ROWS " AND q.status IN ('queued', 'leased', 'conflict', 'failed')"

static int read_rows(struct store *s, sqlite3_stmt *q, GPtrArray **out, struct err *err)
{
	g_autoptr(GPtrArray) rows = g_ptr_array_new_with_free_func(free_row);
	int64_t now = clock_mono_ms();
	int r;

	while ((r = db_step(s, q, err)) > 0)
		g_ptr_array_add(rows, read_row(q, now));
	if (r < 0)
		return r;
	*out = g_steal_pointer(&rows);
	return 0;
}

int store_queue_rows(struct store *s, account_id a, bool all, GPtrArray **out, struct err *err)
{
	sqlite3_stmt *q = db_stmt(s, all ? QUEUE_ROWS " ORDER BY q.id" : LISTED " ORDER BY q.id");

	if (!q)
		return db_fail(s, err);
	db_bind(q, "i", a.v);
	return read_rows(s, q, out, err);
}

int store_queue_some(struct store *s, account_id a, message_id m, size_t max, GPtrArray **out,
	struct err *err)
{
	sqlite3_stmt *q = db_stmt(s, m.v ? LISTED " AND q.message_id = ?2 ORDER BY q.id LIMIT ?3"
					 : LISTED " AND ?2 = 0 ORDER BY q.id LIMIT ?3");

	if (!q)
		return db_fail(s, err);
	db_bind(q, "iii", a.v, m.v, (int64_t)MIN(max, (size_t)INT_MAX));
	return read_rows(s, q, out, err);
}

int store_queue_counts(struct store *s, account_id a, int64_t *waiting, int64_t *stuck,
	struct err *err)
{
	sqlite3_stmt *q = db_stmt(s,
		"SELECT count(*) FILTER (WHERE status IN ('queued', 'leased')), count(*)"
		" FROM mutation WHERE (?1 = 0 OR account_id = ?1)"
		" AND status IN ('queued', 'leased', 'conflict', 'failed')");
	int r;

	if (!q)
		return db_fail(s, err);
	db_bind(q, "i", a.v);
	r = db_step(s, q, err);
	if (r <= 0)
		return r;
	*waiting = sqlite3_column_int64(q, 0);
	*stuck = sqlite3_column_int64(q, 1) - *waiting;
	sqlite3_reset(q);
	return 0;
}

/* --- groups ------------------------------------------------------------ */

void queue_group_free(struct queue_group **g)
{
	if (!*g)
		return;
	g_free((*g)->row.source_name);
	g_clear_pointer(g, g_free);
}

char *queue_group_words(const struct queue_group *g)
{
	(void)g;
	return g_strdup("");
}

int store_queue_groups(struct store *s, account_id a, size_t max, GPtrArray **out, struct err *err)
{
	(void)s, (void)a, (void)max, (void)out;
	return err_set(err, ERR_UNSUPPORTED, "not yet");
}

int store_queue_act(struct store *s, int64_t row, bool group, enum queue_act act, struct err *err)
{
	(void)s, (void)row, (void)group, (void)act;
	return err_set(err, ERR_UNSUPPORTED, "not yet");
}

int store_queue_retarget(struct store *s, int64_t row, bool group, mailbox_id target,
	struct err *err)
{
	(void)s, (void)row, (void)group, (void)target;
	return err_set(err, ERR_UNSUPPORTED, "not yet");
}
