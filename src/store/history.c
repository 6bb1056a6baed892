/* The history as people read it: one line for each step. */
#include <limits.h>

#include "base/i18n.h"
#include "store/priv.h"

void history_row_free(struct history_row **p)
{
	struct history_row *r = *p;

	if (!r)
		return;
	g_free(r->add_keywords);
	g_free(r->remove_keywords);
	g_free(r->source_name);
	g_free(r->target_name);
	g_free(r->subject);
	g_free(r);
	*p = NULL;
}

static void free_row(gpointer p)
{
	struct history_row *r = p;

	history_row_free(&r);
}

char *history_words(const struct history_row *r)
{
	return wish_words(&(struct wish_words){ .verb = r->verb,
		.n = r->messages,
		.add = r->add,
		.remove = r->remove,
		.add_keywords = r->add_keywords,
		.remove_keywords = r->remove_keywords,
		.source = mailbox_label_of(r->source_role, r->source_name),
		.target = mailbox_label_of(r->target_role, r->target_name) });
}

#define STEPS                                                                                      \
	"SELECT u.id, u.at, u.account_id, u.verb, u.messages, u.add_flags, u.remove_flags,"        \
	" u.add_keywords, u.remove_keywords, u.subject, u.undone <> 0, b.name, t.name, "          \
	ROLE_OF("b") ", " ROLE_OF("t")             \
	" FROM undo_step u LEFT JOIN mailbox b ON b.id = u.source_id"                              \
	" LEFT JOIN mailbox t ON t.id = u.target_id"

static struct history_row *read_row(sqlite3_stmt *q)
{
	struct history_row *r = g_new0(struct history_row, 1);

	r->step = sqlite3_column_int64(q, 0);
	r->at = sqlite3_column_int64(q, 1);
	r->account.v = sqlite3_column_int64(q, 2);
	r->verb = queue_verb(db_column(q, 3));
	r->messages = sqlite3_column_int64(q, 4);
	r->add = (unsigned)sqlite3_column_int(q, 5);
	r->remove = (unsigned)sqlite3_column_int(q, 6);
	r->add_keywords = g_strdup(db_column(q, 7));
	r->remove_keywords = g_strdup(db_column(q, 8));
	r->subject = g_strdup(db_column(q, 9));
	r->undone = sqlite3_column_int(q, 10) != 0;
	r->source_name = g_strdup(db_column(q, 11));
	r->target_name = g_strdup(db_column(q, 12));
	r->source_role = (enum mailbox_role)sqlite3_column_int(q, 13);
	r->target_role = (enum mailbox_role)sqlite3_column_int(q, 14);
	return r;
}

/* What of it is still under way. */
static int count_rows(struct store *s, struct history_row *h, struct err *err)
{
	sqlite3_stmt *q = db_stmt(s,
		"SELECT count(*) FILTER (WHERE status IN ('queued', 'leased')), count(*),"
		" count(*) FILTER (WHERE status = 'queued' AND held = 1)"
		" FROM mutation WHERE step_id = ?"
		" AND status IN ('queued', 'leased', 'conflict', 'failed')");
	int r;

	db_bind(q, "i", h->step);
	r = db_step(s, q, err);
	if (r <= 0)
		return r;
	h->waiting = sqlite3_column_int64(q, 0);
	h->stuck = sqlite3_column_int64(q, 1) - h->waiting;
	h->held = sqlite3_column_int64(q, 2);
	sqlite3_reset(q);
	r = db_ask(s, err, &h->left,
		"SELECT ifnull(sum(total - done), 0) FROM bulk WHERE step_id = ?", "i", h->step);
	return r < 0 ? r : 0;
}

int history_row(struct store *s, int64_t step, struct history_row **out, struct err *err)
{
	sqlite3_stmt *q = db_stmt(s, STEPS " WHERE u.id = ?");
	int r;

	db_bind(q, "i", step);
	r = db_step(s, q, err);
	if (r <= 0)
		return r;
	*out = read_row(q);
	sqlite3_reset(q);
	return 1;
}

int store_history(struct store *s, int64_t before, size_t max, GPtrArray **out, struct err *err)
{
	g_autoptr(GPtrArray) rows = g_ptr_array_new_with_free_func(free_row);
	sqlite3_stmt *q = db_stmt(s, STEPS " WHERE u.id < ? ORDER BY u.id DESC LIMIT ?");
	int r;

	if (!q)
		return db_fail(s, err);
	db_bind(q, "ii", before > 0 ? before : INT64_MAX, (int64_t)MIN(max, (size_t)INT_MAX));
	while ((r = db_step(s, q, err)) > 0)
		g_ptr_array_add(rows, read_row(q));
	for (guint i = 0; r == 0 && i < rows->len; i++)
		r = count_rows(s, rows->pdata[i], err);
	if (r < 0)
		return r;
	*out = g_steal_pointer(&rows);
	return 0;
}

int history_place(struct store *s, int64_t message, int64_t was, int64_t now, struct err *err)
{
	if (!was || !now || was == now)
		return 0;
	return db_run(s, err,
		"UPDATE OR IGNORE undo_item SET place = iif(place = ?2, ?3, place),"
		" target_place = iif(target_place = ?2, ?3, target_place)"
		" WHERE message_id = ?1 AND ?2 IN (place, target_place)",
		"iii", message, was, now);
}

int history_describe(struct store *s, int64_t step, int64_t rest, struct err *err)
{
	return db_run(s, err,
		"UPDATE undo_step SET messages = i.n + ?2,"
		" source_id = iif(i.source = i.last_source, i.source, 0),"
		" target_id = iif(i.target = i.last_target, i.target, 0),"
		" account_id = iif(i.account = i.last_account, i.account, 0),"
		" subject = iif(i.n + ?2 = 1, i.subject, '') FROM"
		" (SELECT count(DISTINCT u.message_id) AS n, min(u.source_id) AS source,"
		"  max(u.source_id) AS last_source, min(ifnull(u.target_id, 0)) AS target,"
		"  max(ifnull(u.target_id, 0)) AS last_target, min(m.account_id) AS account,"
		"  max(m.account_id) AS last_account, min(m.subject) AS subject"
		"  FROM undo_item u JOIN message m ON m.id = u.message_id WHERE u.step_id = ?1) AS i"
		" WHERE undo_step.id = ?1 AND i.n > 0",
		"ii", step, rest);
}
