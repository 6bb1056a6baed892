/*
 * Many messages at once: which match a query, and what a set of places is now.
 *
 * Both look through rows by seeking and in bounded slices, so that the screen
 * can take keys in between.
 */
#include "model/flags.h"
#include "store/priv.h"

enum { SURVEY_SLICE = 5000 /* places of one statement */ };

static void read_facts(sqlite3_stmt *q, struct query_facts *f)
{
	*f = (struct query_facts){ .date = sqlite3_column_int64(q, 1),
		.flags = (unsigned)sqlite3_column_int(q, 2),
		.size = sqlite3_column_int64(q, 3),
		.from_name = db_column(q, 4),
		.from_addr = db_column(q, 5),
		.to = db_column(q, 6),
		.cc = db_column(q, 7),
		.subject = db_column(q, 8),
		.keywords = db_column(q, 9),
		.attachment = sqlite3_column_int(q, 10) != 0 };
}

/* At most max rows of one mailbox; how many were looked at. */
static int64_t match_slice(struct store *s, mailbox_id m, const struct query *query,
	struct match_at *at, int64_t max, GArray *found, struct err *err)
{
	sqlite3_stmt *q = db_stmt(s,
		"SELECT l.id, l.date, l.flags, l.size, m.from_name, m.from_addr, m.to_text,"
		" m.cc_text, m.subject, ifnull(l.shown_keywords, l.keywords), m.attachment"
		" FROM location l CROSS JOIN message m ON m.id = l.message_id"
		" WHERE l.mailbox_id = ?1 AND l.shown = 1 AND (l.date, l.id) < (?2, ?3)"
		" ORDER BY l.date DESC, l.id DESC LIMIT ?4");
	int64_t n = 0;
	int r;

	db_bind(q, "iiii", m.v, at->begun ? at->date : INT64_MAX, at->begun ? at->location.v : INT64_MAX,
		max);
	while ((r = db_step(s, q, err)) > 0) {
		location_id id = { sqlite3_column_int64(q, 0) };
		struct query_facts f;

		read_facts(q, &f);
		at->begun = true;
		at->date = f.date;
		at->location = id;
		n++;
		if (query_match(query, &f))
			g_array_append_val(found, id);
	}
	return r < 0 ? r : n;
}

int store_match(struct store *s, const struct list_scope *scope, const struct query *query,
	struct match_at *at, size_t max, GArray *found, struct err *err)
{
	int64_t left = (int64_t)max;

	while (at->mailbox < scope->n) {
		int64_t n = match_slice(s, scope->mailboxes[at->mailbox], query, at, left, found, err);

		if (n < 0)
			return (int)n;
		at->looked += n;
		left -= n;
		if (left <= 0)
			return 1;
		at->mailbox++;
		at->begun = false;
	}
	return 0;
}

/* --- what they are now ------------------------------------------------- */

void survey_release(struct survey *v)
{
	g_clear_pointer(&v->here, g_array_unref);
	g_clear_pointer(&v->mailboxes, g_array_unref);
}

static void add_mailbox(struct survey *v, mailbox_id m)
{
	for (guint i = v->mailboxes->len; i > 0; i--)
		if (g_array_index(v->mailboxes, mailbox_id, i - 1).v == m.v)
			return;
	g_array_append_val(v->mailboxes, m);
}

static char *id_list(const location_id *l, size_t n)
{
	GString *out = g_string_new("[");

	for (size_t i = 0; i < n; i++)
		g_string_append_printf(out, "%s%" G_GINT64_FORMAT, i ? "," : "", l[i].v);
	g_string_append_c(out, ']');
	return g_string_free(out, FALSE);
}

static int survey_slice(struct store *s, const location_id *l, size_t n, struct survey *v,
	struct err *err)
{
	g_autofree char *list = id_list(l, n);
	sqlite3_stmt *q = db_stmt(s, "SELECT l.id, l.mailbox_id, l.flags FROM json_each(?) j"
				  " CROSS JOIN location l ON l.id = j.value WHERE l.shown = 1");
	int r;

	db_bind(q, "t", list);
	while ((r = db_step(s, q, err)) > 0) {
		location_id id = { sqlite3_column_int64(q, 0) };
		unsigned flags = (unsigned)sqlite3_column_int(q, 2);

		g_array_append_val(v->here, id);
		add_mailbox(v, (mailbox_id){ sqlite3_column_int64(q, 1) });
		v->unread += !(flags & FLAG_SEEN);
		v->unflagged += !(flags & FLAG_FLAGGED);
	}
	return r;
}

int store_survey(struct store *s, const location_id *l, size_t n, struct survey *out,
	struct err *err)
{
	struct survey v = { .here = g_array_new(FALSE, FALSE, sizeof(location_id)),
		.mailboxes = g_array_new(FALSE, FALSE, sizeof(mailbox_id)) };

	for (size_t i = 0; i < n; i += SURVEY_SLICE)
		if (survey_slice(s, l + i, MIN(n - i, (size_t)SURVEY_SLICE), &v, err) < 0) {
			survey_release(&v);
			return err ? err->code : ERR_STORAGE;
		}
	*out = v;
	return 0;
}
