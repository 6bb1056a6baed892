/*
 * Lists are read by seeking: a page starts from the key of a row and follows
 * an index, so that its cost depends on the page and not on the mailbox.
 *
 * Each order is a triple of columns, all running the same way, so that SQLite
 * compares them as one row value:
 *   date     (date, id)            newest first
 *   sender   (sender, age, id)     age = -date, so a to z shows the newest first
 *   subject  (subject, age, id)
 *   size     (size, date, id)      largest first
 * Several mailboxes are several seeks, merged.
 */
#include <string.h>

#include "base/i18n.h"
#include "store/priv.h"

enum { SCOPE_MAX = 256, UNREAD_PAGE = 200, UNREAD_PAGES_MAX = 25 };

#define ROW_COLUMNS                                                                                \
	"l.id, l.message_id, l.mailbox_id, m.account_id, m.conversation_id, l.uid, l.flags,"       \
	" l.pending, m.attachment, m.sent_at, l.date, l.size, m.from_name, m.from_addr,"           \
	" m.to_text, m.cc_text, m.subject, m.rfc_id, ifnull(l.shown_keywords, l.keywords),"           \
	" l.sender, l.subject, m.preview"

/* CROSS JOIN keeps SQLite from turning the join around: the index on location leads. */
#define ROW_TABLES " FROM location l CROSS JOIN message m ON m.id = l.message_id"

static const struct order {
	const char *index, *columns;
	bool text;
} orders[ORDER_COUNT] = {
	[ORDER_DATE] = { "location_by_date", "l.date, l.id", false },
	[ORDER_SENDER] = { "location_by_sender", "l.sender, l.age, l.id", true },
	[ORDER_SUBJECT] = { "location_by_subject", "l.subject, l.age, l.id", true },
	[ORDER_SIZE] = { "location_by_size", "l.size, l.date, l.id", false },
};

void list_row_free(struct list_row **p)
{
	struct list_row *r = *p;

	if (!r)
		return;
	g_free(r->from_name);
	g_free(r->from_addr);
	g_free(r->to);
	g_free(r->cc);
	g_free(r->subject);
	g_free(r->message_id_header);
	g_free(r->keywords);
	g_free(r->preview);
	g_free(r);
	*p = NULL;
}

void list_row_drop(void *r)
{
	struct list_row *row = r;

	list_row_free(&row);
}

static struct list_row *read_row(sqlite3_stmt *q, enum list_order order)
{
	struct list_row *r = g_new0(struct list_row, 1);

	r->location.v = sqlite3_column_int64(q, 0);
	r->message.v = sqlite3_column_int64(q, 1);
	r->mailbox.v = sqlite3_column_int64(q, 2);
	r->account.v = sqlite3_column_int64(q, 3);
	r->conversation = sqlite3_column_int64(q, 4);
	r->uid = (uint64_t)sqlite3_column_int64(q, 5);
	r->flags = (unsigned)sqlite3_column_int(q, 6);
	r->pending = sqlite3_column_int(q, 7) != 0;
	r->attachment = sqlite3_column_int(q, 8) != 0;
	r->sent_at = sqlite3_column_int64(q, 9);
	r->received_at = sqlite3_column_int64(q, 10);
	r->size = (uint64_t)sqlite3_column_int64(q, 11);
	r->from_name = g_strdup(db_column(q, 12));
	r->from_addr = g_strdup(db_column(q, 13));
	r->to = g_strdup(db_column(q, 14));
	r->cc = g_strdup(db_column(q, 15));
	r->subject = g_strdup(db_column(q, 16));
	r->message_id_header = g_strdup(db_column(q, 17));
	r->keywords = g_strdup(db_column(q, 18));
	r->preview = g_strdup(db_column(q, 21));
	r->key.date = r->received_at;
	r->key.location = r->location;
	r->key.number = order == ORDER_SIZE ? (int64_t)r->size : r->received_at;
	if (orders[order].text) {
		r->key.number = 0;
		g_strlcpy(r->key.text, db_column(q, order == ORDER_SENDER ? 19 : 20),
			sizeof r->key.text);
	}
	return r;
}

/* "(l.date, l.id) < (?, ?)" and its kin; op NULL = from the end of the index. */
static const char *page_sql(enum list_order order, const char *op, bool down, const char *filter)
{
	const struct order *o = &orders[order];
	const char *way = down ? "DESC" : "ASC";
	g_auto(GStrv) columns = g_strsplit(o->columns, ", ", 3);
	g_autofree char *by = g_strdup_printf("%s %s, %s %s%s%s%s%s", columns[0], way, columns[1],
		way, columns[2] ? ", " : "", columns[2] ? columns[2] : "", columns[2] ? " " : "",
		columns[2] ? way : "");
	g_autofree char *seek = op ? g_strdup_printf(" AND (%s) %s (%s)", o->columns, op,
						columns[2] ? "?3, ?4, ?5" : "?4, ?5")
				   : g_strdup("");
	g_autofree char *sql = g_strdup_printf("SELECT " ROW_COLUMNS ROW_TABLES
					       " WHERE l.mailbox_id = ?1 AND l.shown = 1%s%s"
					       " ORDER BY %s LIMIT ?2",
		filter, seek, by);

	return g_intern_string(sql);
}

/* The three columns of a key, from parameter `at` on. */
static void bind_key(sqlite3_stmt *q, enum list_order order, const struct list_key *k, int at)
{
	bool text = orders[order].text;

	if (text)
		sqlite3_bind_text(q, at, k->text, -1, SQLITE_STATIC);
	else if (order == ORDER_SIZE)
		sqlite3_bind_int64(q, at, k->number);
	sqlite3_bind_int64(q, at + 1, text ? -k->date : k->date);
	sqlite3_bind_int64(q, at + 2, k->location.v);
}

/* One mailbox, in index direction `down`. */
static int seek(struct store *s, mailbox_id m, enum list_order order, const char *op, bool down,
	const struct list_key *from, size_t n, const char *filter, GPtrArray *out, struct err *err)
{
	sqlite3_stmt *q = db_stmt(s, page_sql(order, op, down, filter));
	int r;

	if (!q)
		return db_fail(s, err);
	db_bind(q, "ii", m.v, (int64_t)n);
	if (op)
		bind_key(q, order, from, 3);
	while ((r = db_step(s, q, err)) > 0)
		g_ptr_array_add(out, read_row(q, order));
	return r;
}

/* --- merging several mailboxes ----------------------------------------- */

static int compare_numbers(int64_t a, int64_t b)
{
	return a < b ? -1 : a > b;
}

int list_key_compare(enum list_order order, const struct list_key *a, const struct list_key *b)
{
	int c;

	if (orders[order].text) {
		c = strcmp(a->text, b->text);
		c = c ? c : compare_numbers(-a->date, -b->date);
	} else {
		c = compare_numbers(a->number, b->number);
		c = c ? c : compare_numbers(a->date, b->date);
	}
	return c ? c : compare_numbers(a->location.v, b->location.v);
}

struct sorting {
	enum list_order order;
	bool down;
};

static int by_key(gconstpointer pa, gconstpointer pb, gpointer ctx)
{
	const struct list_row *a = *(const struct list_row *const *)pa;
	const struct list_row *b = *(const struct list_row *const *)pb;
	const struct sorting *how = ctx;
	int c = list_key_compare(how->order, &a->key, &b->key);

	return how->down ? -c : c;
}

static void reverse(GPtrArray *rows)
{
	for (guint i = 0; i < rows->len / 2; i++) {
		gpointer t = rows->pdata[i];

		rows->pdata[i] = rows->pdata[rows->len - 1 - i];
		rows->pdata[rows->len - 1 - i] = t;
	}
}

static int seek_all(struct store *s, const struct list_scope *scope, const char *op, bool down,
	const struct list_key *from, size_t n, const char *filter, GPtrArray *out, struct err *err)
{
	struct sorting how = { scope->order, down };

	if (scope->n > SCOPE_MAX)
		return err_set(err, ERR_LIMIT, _("A list of more than %d mailboxes is too wide."),
			SCOPE_MAX);
	for (size_t i = 0; i < scope->n; i++)
		if (seek(s, scope->mailboxes[i], scope->order, op, down, from, n, filter, out,
			    err) < 0)
			return err->code;
	if (scope->n > 1) {
		g_ptr_array_sort_with_data(out, by_key, &how);
		if (out->len > n)
			g_ptr_array_set_size(out, (int)n);
	}
	return 0;
}

int store_page(struct store *s, const struct list_scope *scope, enum page_direction dir,
	const struct list_key *from, size_t n, GPtrArray **out, struct err *err)
{
	g_autoptr(GPtrArray) rows = g_ptr_array_new_with_free_func(list_row_drop);
	bool backward = dir == PAGE_LAST || dir == PAGE_BEFORE;
	bool down = scope->ascending ? backward : !backward;
	const char *op = dir == PAGE_FIRST || dir == PAGE_LAST ? NULL
			 : dir == PAGE_AT                      ? (down ? "<=" : ">=")
							       : (down ? "<" : ">");
	int r = seek_all(s, scope, op, down, from, n, "", rows, err);

	if (r < 0)
		return r;
	if (backward)
		reverse(rows);
	*out = g_steal_pointer(&rows);
	return 0;
}

int store_scope_counts(struct store *s, const struct list_scope *scope, int64_t *total,
	int64_t *unread, struct err *err)
{
	*total = *unread = 0;
	for (size_t i = 0; i < scope->n; i++) {
		sqlite3_stmt *q = db_stmt(s, "SELECT total, unread FROM mailbox WHERE id = ?");
		int r;

		db_bind(q, "i", scope->mailboxes[i].v);
		r = db_step(s, q, err);
		if (r < 0)
			return r;
		if (r > 0) {
			*total += sqlite3_column_int64(q, 0);
			*unread += sqlite3_column_int64(q, 1);
			sqlite3_reset(q);
		}
	}
	return 0;
}

/* "SELECT l.id ... BETWEEN ? AND ?" by the index of the order. */
static const char *range_sql(enum list_order order)
{
	const char *columns = orders[order].columns;
	bool three = orders[order].text || order == ORDER_SIZE;
	g_autofree char *sql = g_strdup_printf(
		"SELECT l.id FROM location l INDEXED BY %s WHERE l.mailbox_id = ?1 AND l.shown = 1"
		" AND (%s) >= (%s) AND (%s) <= (%s) LIMIT ?2", orders[order].index, columns,
		three ? "?3, ?4, ?5" : "?4, ?5", columns, three ? "?6, ?7, ?8" : "?7, ?8");

	return g_intern_string(sql);
}

int store_range(struct store *s, const struct list_scope *scope, const struct list_key *a,
	const struct list_key *b, size_t max, GArray *out, struct err *err)
{
	bool turned = list_key_compare(scope->order, a, b) > 0;
	guint begin = out->len;

	for (size_t i = 0; i < scope->n; i++) {
		sqlite3_stmt *q = db_stmt(s, range_sql(scope->order));
		int r;

		db_bind(q, "ii", scope->mailboxes[i].v, (int64_t)(max - (out->len - begin) + 1));
		bind_key(q, scope->order, turned ? b : a, 3);
		bind_key(q, scope->order, turned ? a : b, 6);
		while ((r = db_step(s, q, err)) > 0) {
			location_id id = { sqlite3_column_int64(q, 0) };

			g_array_append_val(out, id);
		}
		if (r < 0)
			return r;
		if (out->len - begin > max)
			return err_set(err, ERR_LIMIT,
				_("These are more than %zu messages; mark them by a query instead"),
				max);
	}
	return 0;
}

#define UNREAD_FILTER " AND (l.flags & 1) = 0"

/* By date there is an index of the unread; other orders look through a bounded number of pages. */
static int next_by_date(struct store *s, const struct list_scope *scope, const struct list_key *from,
	struct list_key *out, struct err *err)
{
	g_autoptr(GPtrArray) rows = g_ptr_array_new_with_free_func(list_row_drop);
	bool down = !scope->ascending;
	int r = seek_all(s, scope, from ? (down ? "<" : ">") : NULL, down, from, 1, UNREAD_FILTER,
		rows, err);

	if (r < 0 || rows->len == 0)
		return r;
	*out = ((struct list_row *)rows->pdata[0])->key;
	return 1;
}

int store_next_unread(struct store *s, const struct list_scope *scope, const struct list_key *from,
	struct list_key *out, struct err *err)
{
	struct list_key at = from ? *from : (struct list_key){ 0 };

	if (scope->order == ORDER_DATE)
		return next_by_date(s, scope, from, out, err);
	for (int page = 0; page < UNREAD_PAGES_MAX; page++) {
		g_autoptr(GPtrArray) rows = NULL;
		int r = store_page(s, scope, page || from ? PAGE_AFTER : PAGE_FIRST, &at,
			UNREAD_PAGE, &rows, err);

		if (r < 0 || rows->len == 0)
			return r;
		for (guint i = 0; i < rows->len; i++) {
			const struct list_row *row = rows->pdata[i];

			at = row->key;
			if (!(row->flags & 1)) {
				*out = at;
				return 1;
			}
		}
	}
	return 0;
}

int store_row(struct store *s, location_id l, struct list_row **out, struct err *err)
{
	sqlite3_stmt *q = db_stmt(s, "SELECT " ROW_COLUMNS ROW_TABLES " WHERE l.id = ? AND l.shown = 1");
	int r;

	db_bind(q, "i", l.v);
	r = db_step(s, q, err);
	if (r == 0)
		return err_set(err, ERR_GONE, _("This message is not in the list any more."));
	if (r < 0)
		return r;
	*out = read_row(q, ORDER_DATE);
	sqlite3_reset(q);
	return 0;
}

int store_message_rows(struct store *s, message_id m, GPtrArray **out, struct err *err)
{
	g_autoptr(GPtrArray) rows = g_ptr_array_new_with_free_func(list_row_drop);
	sqlite3_stmt *q = db_stmt(s, "SELECT " ROW_COLUMNS ROW_TABLES
				  " WHERE l.message_id = ? AND l.shown = 1 ORDER BY l.id");
	int r;

	db_bind(q, "i", m.v);
	while ((r = db_step(s, q, err)) > 0)
		g_ptr_array_add(rows, read_row(q, ORDER_DATE));
	if (r < 0)
		return r;
	*out = g_steal_pointer(&rows);
	return 0;
}
