/*
 * A list of mailboxes meets the rows that the store has.
 *
 * Which entry is which row?  First by the server's lasting id (RFC 8474), then
 * by path; of those that are left when the list is complete, by the name for
 * people: the same name under another path is the same mailbox, written in
 * another way (a rename of our own whose path the store could only guess, or a
 * server that began to speak UTF-8).  A row that is found keeps its id, its
 * messages and its wishes, whatever it is called now.
 *
 * Nothing in a list is trusted: of two entries with one path the first counts,
 * and a lasting id told twice is told once.
 */
#include <string.h>

#include "base/mem.h"
#include "store/priv.h"

/* A row of the store. */
struct known {
	int64_t id;
	char *path, *name, *object_id; /* object_id may be NULL */
	bool claimed;
};

/* An entry of the list. */
struct entry {
	const struct mailbox *m;
	const char *object_id; /* NULL: none, or told before */
	struct known *row;     /* NULL: it is new */
};

struct match {
	GPtrArray *rows;       /* struct known *, owned */
	GArray *entries;       /* struct entry, in the order of the list */
	GHashTable *paths;     /* of the list: borrowed */
};

static void known_free(gpointer p)
{
	struct known *k = p;

	g_free(k->path);
	g_free(k->name);
	g_free(k->object_id);
	g_free(k);
}

static void match_release(struct match *x)
{
	g_clear_pointer(&x->rows, g_ptr_array_unref);
	g_clear_pointer(&x->entries, g_array_unref);
	g_clear_pointer(&x->paths, g_hash_table_unref);
}

static int load_rows(struct store *s, account_id a, GPtrArray *rows, struct err *err)
{
	sqlite3_stmt *q = db_stmt(s, "SELECT id, path, name, object_id FROM mailbox"
				  " WHERE account_id = ? ORDER BY id");
	int r;

	if (!q)
		return db_fail(s, err);
	db_bind(q, "i", a.v);
	while ((r = db_step(s, q, err)) > 0) {
		struct known *k = g_new0(struct known, 1);

		k->id = sqlite3_column_int64(q, 0);
		k->path = g_strdup(db_column(q, 1));
		k->name = g_strdup(db_column(q, 2));
		k->object_id = g_strdup((const char *)sqlite3_column_text(q, 3));
		g_ptr_array_add(rows, k);
	}
	return r;
}

static void load_entries(struct match *x, const GPtrArray *list)
{
	g_autoptr(GHashTable) ids = g_hash_table_new(g_str_hash, g_str_equal);

	for (guint i = 0; i < list->len; i++) {
		struct entry e = { .m = list->pdata[i] };

		if (!g_hash_table_add(x->paths, e.m->path))
			continue;
		if (e.m->object_id && *e.m->object_id && g_hash_table_add(ids, e.m->object_id))
			e.object_id = e.m->object_id;
		g_array_append_val(x->entries, e);
	}
}

/* --- matching ---------------------------------------------------------- */

enum by { BY_OBJECT, BY_PATH, BY_NAME };

static const char *row_key(const struct match *x, const struct known *k, enum by by)
{
	if (by == BY_OBJECT)
		return k->object_id;
	if (by == BY_PATH)
		return k->path;
	return g_hash_table_contains(x->paths, k->path) ? NULL : k->name;
}

static const char *entry_key(const struct entry *e, enum by by)
{
	return by == BY_OBJECT ? e->object_id : by == BY_PATH ? e->m->path : e->m->name;
}

/* The name is no proof against two lasting ids that differ. */
static bool denied(const struct entry *e, const struct known *k, enum by by)
{
	return by == BY_NAME && e->object_id && k->object_id &&
	       strcmp(e->object_id, k->object_id) != 0;
}

static void match_by(struct match *x, enum by by)
{
	g_autoptr(GHashTable) free = g_hash_table_new(g_str_hash, g_str_equal);

	for (guint i = 0; i < x->rows->len; i++) {
		struct known *k = x->rows->pdata[i];
		const char *key = k->claimed ? NULL : row_key(x, k, by);

		if (key)
			g_hash_table_insert(free, (gpointer)key, k);
	}
	for (guint i = 0; i < x->entries->len; i++) {
		struct entry *e = &g_array_index(x->entries, struct entry, i);
		const char *key = e->row ? NULL : entry_key(e, by);
		struct known *k = key ? g_hash_table_lookup(free, key) : NULL;

		if (!k || k->claimed || denied(e, k, by))
			continue;
		k->claimed = true;
		e->row = k;
	}
}

static int match(struct store *s, account_id a, const GPtrArray *list, bool replace,
	struct match *x, struct err *err)
{
	int r;

	x->rows = g_ptr_array_new_with_free_func(known_free);
	x->entries = g_array_new(FALSE, FALSE, sizeof(struct entry));
	x->paths = g_hash_table_new(g_str_hash, g_str_equal);
	r = load_rows(s, a, x->rows, err);
	if (r < 0)
		return r;
	load_entries(x, list);
	match_by(x, BY_OBJECT);
	match_by(x, BY_PATH);
	if (replace)
		match_by(x, BY_NAME);
	return 0;
}

int listing_gone(struct store *s, account_id a, const GPtrArray *list, bool replace, GArray *gone,
	struct err *err)
{
	AUTO(match_release) struct match x = { 0 };
	int r = match(s, a, list, replace, &x, err);

	for (guint i = 0; r == 0 && i < x.rows->len; i++) {
		const struct known *k = x.rows->pdata[i];

		if (!k->claimed && (replace || g_hash_table_contains(x.paths, k->path)))
			g_array_append_val(gone, k->id);
	}
	return r;
}

/* --- writing ----------------------------------------------------------- */

static char *aside_of(const struct known *k)
{
	return g_strdup_printf("\001%" G_GINT64_FORMAT, k->id);
}

/* Paths and lasting ids are unique: who changes them lets go of the old ones first.  The wishes
 * about it go aside with it, for another mailbox may get the old path. */
static int let_go(struct store *s, account_id a, const struct entry *e, bool *news, struct err *err)
{
	const struct known *k = e->row;
	g_autofree char *aside = NULL;
	int r;

	if (!k || (strcmp(k->path, e->m->path) == 0 &&
			  (!e->object_id || g_strcmp0(k->object_id, e->object_id) == 0)))
		return 0;
	aside = aside_of(k);
	*news = true;
	r = db_run(s, err, "UPDATE mailbox SET path = ?, object_id = NULL WHERE id = ?", "ti", aside,
		k->id);
	return r < 0 ? r : tree_follow(s, a, k->path, aside, err);
}

static int update(struct store *s, account_id a, const struct entry *e, bool *news, struct err *err)
{
	g_autofree char *aside = aside_of(e->row);
	const struct mailbox *m = e->m;
	int r = db_run(s, err,
		"UPDATE mailbox SET path = ?1, name = ?2, delimiter = ?3, role = ?4, attrs = ?5,"
		" object_id = ?6 WHERE id = ?7 AND (path, name, delimiter, role, attrs)"
		" <> (?1, ?2, ?3, ?4, ?5) OR id = ?7 AND object_id IS NOT ?6",
		"ttiiiti", m->path, m->name, (int64_t)m->delimiter, (int64_t)m->role,
		(int64_t)m->attrs, e->object_id ? e->object_id : e->row->object_id, e->row->id);

	if (r == 0 && db_changed(s) > 0) {
		*news = true;
		r = tree_follow(s, a, aside, m->path, err);
	}
	return r;
}

static int insert(struct store *s, account_id a, const struct entry *e, bool *news, struct err *err)
{
	const struct mailbox *m = e->m;

	*news = true;
	return db_run(s, err,
		"INSERT INTO mailbox (account_id, path, name, delimiter, role, attrs, object_id)"
		" VALUES (?, ?, ?, ?, ?, ?, ?)",
		"ittiiit", a.v, m->path, m->name, (int64_t)m->delimiter, (int64_t)m->role,
		(int64_t)m->attrs, e->object_id);
}

static int write_entries(struct store *s, account_id a, const GArray *entries, bool *news,
	struct err *err)
{
	int r = 0;

	for (guint i = 0; r == 0 && i < entries->len; i++)
		r = let_go(s, a, &g_array_index(entries, struct entry, i), news, err);
	for (guint i = 0; r == 0 && i < entries->len; i++) {
		const struct entry *e = &g_array_index(entries, struct entry, i);

		r = e->row ? update(s, a, e, news, err) : insert(s, a, e, news, err);
	}
	return r;
}

int listing_write(struct store *s, account_id a, const GPtrArray *list, bool replace,
	const GArray *gone, struct err *err)
{
	AUTO(match_release) struct match x = { 0 };
	bool news = gone->len > 0;
	int r = 0;

	for (guint i = 0; r == 0 && i < gone->len; i++)
		r = db_run(s, err, "DELETE FROM mailbox WHERE id = ?", "i",
			g_array_index(gone, int64_t, i));
	if (r == 0)
		r = match(s, a, list, replace, &x, err);
	if (r == 0)
		r = write_entries(s, a, x.entries, &news, err);
	if (r == 0 && news)
		r = event_emit(s, TOPIC_FOLDER_TREE_CHANGED, a, (mailbox_id){ 0 },
			(message_id){ 0 }, 0, err);
	return r;
}
