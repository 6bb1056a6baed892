/*
 * The queue seen by people: its rows, in groups, and what they may do with them.
 */
#include <limits.h>

#include "base/clock.h"
#include "store/priv.h"

enum { GROUP_COUNTED_MIN = 20 }; /* rows of a group, whatever was counted before */

static void row_clear(struct mutation_row *r)
{
	g_free(r->add_keywords);
	g_free(r->remove_keywords);
	g_free(r->source_name);
	g_free(r->target_name);
	g_free(r->subject);
	g_free(r->answer);
}

void mutation_row_free(struct mutation_row **p)
{
	struct mutation_row *r = *p;

	if (!r)
		return;
	row_clear(r);
	g_free(r);
	*p = NULL;
}

static void free_row(gpointer p)
{
	struct mutation_row *r = p;

	mutation_row_free(&r);
}

static void read_row(sqlite3_stmt *q, int64_t now, struct mutation_row *r)
{
	int64_t next = sqlite3_column_int64(q, 11);

	*r = (struct mutation_row){ .id = sqlite3_column_int64(q, 0),
		.account.v = sqlite3_column_int64(q, 1),
		.message.v = sqlite3_column_int64(q, 2),
		.source.v = sqlite3_column_int64(q, 3),
		.target.v = sqlite3_column_int64(q, 4),
		.verb = queue_verb(db_column(q, 5)),
		.status = queue_status(db_column(q, 6)),
		.add = (unsigned)sqlite3_column_int(q, 7),
		.remove = (unsigned)sqlite3_column_int(q, 8),
		.uncertain = sqlite3_column_int(q, 9) != 0,
		.attempts = sqlite3_column_int(q, 10),
		.next_in_ms = next > now ? next - now : 0,
		.created_at = sqlite3_column_int64(q, 12),
		.answer = g_strdup(db_column(q, 13)),
		.source_name = g_strdup(db_column(q, 14)),
		.target_name = g_strdup(db_column(q, 15)),
		.subject = g_strdup(db_column(q, 16)),
		.add_keywords = g_strdup(db_column(q, 17)),
		.remove_keywords = g_strdup(db_column(q, 18)),
		.held = sqlite3_column_int(q, 19) != 0,
		.source_role = (enum mailbox_role)sqlite3_column_int(q, 21),
		.target_role = (enum mailbox_role)sqlite3_column_int(q, 22),
		.step = sqlite3_column_int64(q, 20) };
}

#define ROW                                                                                        \
	"SELECT q.id, q.account_id, q.message_id, q.source_id, ifnull(q.target_id, 0), q.verb,"    \
	" q.status, q.add_flags, q.remove_flags, q.uncertain, q.attempts, q.next_at,"              \
	" q.created_at, q.answer, b.name, t.name, m.subject, q.add_keywords, q.remove_keywords,"   \
	" q.held, q.step_id, " ROLE_OF("b") ", " ROLE_OF("t") " FROM mutation q"                                                       \
	" LEFT JOIN mailbox b ON b.id = q.source_id LEFT JOIN mailbox t ON t.id = q.target_id"     \
	" LEFT JOIN message m ON m.id = q.message_id"
#define QUEUE_ROWS ROW " WHERE (?1 = 0 OR q.account_id = ?1)"

#define LISTED QUEUE_ROWS " AND q.status IN ('queued', 'leased', 'conflict', 'failed')"

static int read_rows(struct store *s, sqlite3_stmt *q, GPtrArray **out, struct err *err)
{
	g_autoptr(GPtrArray) rows = g_ptr_array_new_with_free_func(free_row);
	int64_t now = clock_mono_ms();
	int r;

	while ((r = db_step(s, q, err)) > 0) {
		struct mutation_row *row = g_new(struct mutation_row, 1);

		read_row(q, now, row);
		g_ptr_array_add(rows, row);
	}
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

static void free_group(gpointer p)
{
	struct queue_group *g = p;

	row_clear(&g->row);
	g_free(g);
}

char *queue_group_words(const struct queue_group *g)
{
	return wish_words(&(struct wish_words){ .verb = g->row.verb,
		.n = g->n,
		.more = g->more,
		.add = g->row.add,
		.remove = g->row.remove,
		.add_keywords = g->row.add_keywords,
		.remove_keywords = g->row.remove_keywords,
		.source = mailbox_label_of(g->row.source_role, g->row.source_name),
		.target = mailbox_label_of(g->row.target_role, g->row.target_name) });
}

static int by_age(const void *a, const void *b)
{
	const struct queue_group *x = *(struct queue_group *const *)a;
	const struct queue_group *y = *(struct queue_group *const *)b;

	return x->row.id < y->row.id ? -1 : x->row.id > y->row.id;
}

/*
 * What the rows of a group share are the columns of mutation_of_step up to the
 * id, so that its first row there is its oldest one; from it the next group is
 * found by seeking, however many rows this one has.  Further = the first of
 * these that finds one: the same target and other flags, the same mailbox and
 * another target (none sorts first), anything behind.
 */
#define OPEN "g.status IN ('queued', 'leased', 'conflict', 'failed')"
#define FROM_ROW                                                                                   \
	" FROM mutation o CROSS JOIN mutation g INDEXED BY mutation_of_step WHERE o.id = ?1 AND " OPEN
#define SAME_BOX                                                                                   \
	" AND g.step_id = o.step_id AND g.status = o.status AND g.verb = o.verb"                   \
	" AND g.source_id = o.source_id"
#define SAME_TARGET SAME_BOX " AND g.target_id IS o.target_id"
#define FLAGS(t)                                                                                   \
	t ".add_flags, " t ".remove_flags, " t ".add_keywords, " t ".remove_keywords, " t          \
	  ".held, " t ".uncertain"
#define FIRST " ORDER BY g.step_id, g.status, g.verb, g.source_id, g.target_id, " FLAGS("g")       \
	", g.id LIMIT 1"

/* The first row of the group behind that of a row (0: of the first group): 1 = there is one. */
static int next_group(struct store *s, int64_t *row, struct err *err)
{
	static const char *const further[] = {
		"SELECT g.id" FROM_ROW SAME_TARGET " AND (" FLAGS("g") ") > (" FLAGS("o") ")" FIRST,
		"SELECT g.id" FROM_ROW SAME_BOX " AND g.target_id > ifnull(o.target_id, 0)" FIRST,
		"SELECT g.id" FROM_ROW " AND (g.step_id, g.status, g.verb, g.source_id)"
		" > (o.step_id, o.status, o.verb, o.source_id)" FIRST,
	};
	int r = 0;

	if (*row == 0)
		return db_ask(s, err, row, "SELECT g.id FROM mutation g INDEXED BY mutation_of_step"
				" WHERE " OPEN FIRST, "");
	for (size_t i = 0; r == 0 && i < G_N_ELEMENTS(further); i++)
		r = db_ask(s, err, row, further[i], "i", *row);
	return r;
}

/* Counts the rows of a group, at most max of them. */
static int count_group(struct store *s, struct queue_group *g, int64_t max, struct err *err)
{
	sqlite3_stmt *q = db_stmt(s,
		"SELECT count(*), max(attempts), min(next_at) FROM"
		" (SELECT g.attempts, g.next_at" FROM_ROW SAME_TARGET
		" AND (" FLAGS("g") ") = (" FLAGS("o") ") LIMIT ?2)");
	int r;

	if (!q)
		return db_fail(s, err);
	db_bind(q, "ii", g->row.id, max + 1);
	r = db_step(s, q, err);
	if (r <= 0)
		return r;
	g->n = MIN(sqlite3_column_int64(q, 0), max);
	g->more = sqlite3_column_int64(q, 0) > max;
	g->row.attempts = sqlite3_column_int(q, 1);
	g->row.next_in_ms = MAX(sqlite3_column_int64(q, 2) - clock_mono_ms(), 0);
	sqlite3_reset(q);
	return 0;
}

/* The oldest row of the group stands for it. */
static int read_group(struct store *s, int64_t row, int64_t count, struct queue_group *g,
	struct err *err)
{
	sqlite3_stmt *q = db_stmt(s, ROW " WHERE q.id = ?");
	int r;

	if (!q)
		return db_fail(s, err);
	db_bind(q, "i", row);
	r = db_step(s, q, err);
	if (r <= 0)
		return r;
	read_row(q, 0, &g->row);
	sqlite3_reset(q);
	return count_group(s, g, count, err);
}

/* Appends the group that begins with the row, if it is of the account. */
static int add_group(struct store *s, account_id a, int64_t row, int64_t *left, GPtrArray *groups,
	struct err *err)
{
	int64_t account = a.v;
	struct queue_group *g;
	int r = 0;

	if (a.v)
		r = db_ask(s, err, &account, "SELECT account_id FROM mutation WHERE id = ?", "i", row);
	if (r < 0 || account != a.v)
		return MIN(r, 0);
	g = g_new0(struct queue_group, 1);
	g_ptr_array_add(groups, g);
	r = read_group(s, row, MAX(*left, GROUP_COUNTED_MIN), g, err);
	*left = MAX(*left - g->n, 0);
	return r;
}

int store_queue_groups(struct store *s, account_id a, size_t max, int64_t counted, GPtrArray **out,
	struct err *err)
{
	g_autoptr(GPtrArray) groups = g_ptr_array_new_with_free_func(free_group);
	int64_t left = counted > 0 ? counted : INT32_MAX, row = 0;
	int r = 1;

	while (r > 0 && groups->len < max) {
		r = next_group(s, &row, err);
		if (r > 0 && add_group(s, a, row, &left, groups, err) < 0)
			return err->code;
	}
	if (r < 0)
		return r;
	g_ptr_array_sort(groups, by_age);
	*out = g_steal_pointer(&groups);
	return 0;
}
