/* The ledger as people see it. */
#include "base/clock.h"
#include "store/ledger.h"

enum { LEASE_TEXT_MAX = 300 };

void cache_line_free(void *line)
{
	struct cache_line *l = line;

	if (!l)
		return;
	g_free(l->subject);
	g_free(l->last_error);
	g_free(l);
}

void cache_report_release(struct cache_report *r)
{
	g_clear_pointer(&r->top, g_ptr_array_unref);
}

/* --- sums ---------------------------------------------------------------- */

static int read_totals(struct store *s, struct cache_report *out, struct err *err)
{
	sqlite3_stmt *q = db_stmt(s, "SELECT bytes, soft, hard, opens, hits FROM cache_total");
	int r;

	if (!q)
		return db_fail(s, err);
	r = db_step(s, q, err);
	if (r > 0) {
		out->bytes = sqlite3_column_int64(q, 0);
		out->soft = sqlite3_column_int64(q, 1);
		out->hard = sqlite3_column_int64(q, 2);
		out->opens = sqlite3_column_int64(q, 3);
		out->hits = sqlite3_column_int64(q, 4);
		sqlite3_reset(q);
	}
	return MIN(r, 0);
}

static int64_t *counter_of(struct cache_report *r, const char *state)
{
	return g_str_equal(state, "cached")	? &r->cached
	       : g_str_equal(state, "wanted")	? &r->wanted
	       : g_str_equal(state, "fetching") ? &r->fetching
	       : g_str_equal(state, "failed")	? &r->failed
						: &r->evicted;
}

static int read_states(struct store *s, account_id a, struct cache_report *out, struct err *err)
{
	sqlite3_stmt *q = db_stmt(s, "SELECT state, count(*) FROM cache_object"
				  " WHERE ?1 IN (0, account_id) AND layer = 'body' GROUP BY state");
	int r;

	if (!q)
		return db_fail(s, err);
	db_bind(q, "i", a.v);
	while ((r = db_step(s, q, err)) > 0)
		*counter_of(out, db_column(q, 0)) += sqlite3_column_int64(q, 1);
	return r;
}

/* --- candidates ------------------------------------------------------------ */

static const char *state_name(const char *state)
{
	static const char *const names[] = { "wanted", "fetching", "cached", "failed", "evicted" };

	for (size_t i = 0; i < G_N_ELEMENTS(names); i++)
		if (g_str_equal(names[i], state))
			return names[i];
	return "";
}

static int best(struct store *s, account_id a, int max, GArray *ids, struct err *err)
{
	return db_ids(s, err, ids,
		"SELECT message_id FROM cache_object WHERE ?1 IN (0, account_id) AND state = 'wanted'"
		" AND fetch_bytes > 0 AND priority > 0 ORDER BY priority DESC, message_id LIMIT ?2",
		"ii", a.v, (int64_t)max);
}

int store_cache_line(struct store *s, message_id m, struct cache_line **out, struct err *err)
{
	sqlite3_stmt *q = db_stmt(s, "SELECT c.state, m.subject, c.stored_bytes, c.attempts,"
				  " c.last_error FROM cache_object c JOIN message m"
				  " ON m.id = c.message_id WHERE c.message_id = ?"
				  " AND c.layer = 'body' AND c.object_id = ''");
	struct ledger_facts f;
	struct cache_line *l;
	int r = ledger_facts(s, m.v, clock_unix(), &f, err);

	if (r <= 0)
		return r;
	db_bind(q, "i", m.v);
	r = db_step(s, q, err);
	if (r <= 0)
		return r;
	l = g_new0(struct cache_line, 1);
	*l = (struct cache_line){ .message = m,
		.state = state_name(db_column(q, 0)),
		.subject = g_strdup(db_column(q, 1)),
		.facts = f.facts,
		.score = ledger_score(&f),
		.stored_bytes = sqlite3_column_int64(q, 2),
		.attempts = sqlite3_column_int(q, 3),
		.last_error = g_strdup((const char *)sqlite3_column_text(q, 4)) };
	sqlite3_reset(q);
	*out = l;
	return 1;
}

static int read_top(struct store *s, account_id a, int max, struct cache_report *out, struct err *err)
{
	g_autoptr(GArray) ids = g_array_new(FALSE, FALSE, sizeof(int64_t));
	int r = best(s, a, max, ids, err);

	for (guint i = 0; r >= 0 && i < ids->len; i++) {
		struct cache_line *l = NULL;

		r = store_cache_line(s, (message_id){ g_array_index(ids, int64_t, i) }, &l, err);
		if (r > 0)
			g_ptr_array_add(out->top, l);
	}
	return MIN(r, 0);
}

int store_cache_report(struct store *s, account_id a, int top, struct cache_report *out,
	struct err *err)
{
	int r;

	*out = (struct cache_report){ .top = g_ptr_array_new_with_free_func(cache_line_free) };
	r = read_totals(s, out, err);
	if (r == 0)
		r = read_states(s, a, out, err);
	if (r >= 0)
		r = db_ask(s, err, &out->queued,
			"SELECT count(*) FROM cache_rescore WHERE ?1 IN (0, account_id)", "i", a.v);
	if (r >= 0)
		r = db_ask(s, err, &out->protected_bytes,
			"SELECT ifnull(sum(b.stored_bytes), 0) FROM body b JOIN message m"
			" ON m.id = b.message_id WHERE ?1 IN (0, m.account_id)"
			" AND " LEDGER_PROTECTED("b.message_id"),
			"i", a.v);
	if (r >= 0)
		r = read_top(s, a, top, out, err);
	if (r < 0)
		cache_report_release(out);
	return MIN(r, 0);
}

/* --- the last lease (L-41) -------------------------------------------------- */

int store_cache_note_lease(struct store *s, account_id a, const char *text, struct err *err)
{
	g_autofree char *key = g_strdup_printf("cache-lease-%" G_GINT64_FORMAT, a.v);
	g_autofree char *cut = g_strndup(text, LEASE_TEXT_MAX);
	int r = tx_begin(s, TX_CONSISTENT, err);

	return r < 0 ? r
		     : tx_end(s,
			       db_run(s, err,
				       "INSERT INTO meta (key, value) VALUES (?1, ?2)"
				       " ON CONFLICT DO UPDATE SET value = ?2",
				       "tt", key, cut),
			       err);
}

int store_cache_lease(struct store *s, account_id a, char **out, struct err *err)
{
	g_autofree char *key = g_strdup_printf("cache-lease-%" G_GINT64_FORMAT, a.v);
	sqlite3_stmt *q = db_stmt(s, "SELECT value FROM meta WHERE key = ?");
	int r;

	*out = NULL;
	if (!q)
		return db_fail(s, err);
	db_bind(q, "t", key);
	r = db_step(s, q, err);
	if (r > 0) {
		*out = g_strdup(db_column(q, 0));
		sqlite3_reset(q);
	}
	return MIN(r, 0);
}
