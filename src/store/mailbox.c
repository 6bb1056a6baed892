#include <string.h>

#include "base/i18n.h"
#include "store/priv.h"

#define MAILBOX_COLUMNS                                                                            \
	"SELECT b.id, b.account_id, b.path, b.name, b.delimiter,"                                  \
	" CASE WHEN o.role IS NULL THEN b.role WHEN o.role < 0 THEN 8 ELSE o.role END AS use,"     \
	" b.attrs, b.total, b.unread, b.cursor, b.uidvalidity, b.complete"                         \
	" FROM mailbox b LEFT JOIN mailbox_role_override o ON o.mailbox_id = b.id"

G_STATIC_ASSERT(ROLE_NONE == 8); /* the 8 in the SQL above */

static struct mailbox *read_mailbox(sqlite3_stmt *q)
{
	struct mailbox *m = g_new0(struct mailbox, 1);

	m->id.v = sqlite3_column_int64(q, 0);
	m->account.v = sqlite3_column_int64(q, 1);
	m->path = g_strdup(db_column(q, 2));
	m->name = g_strdup(db_column(q, 3));
	m->delimiter = (char)sqlite3_column_int(q, 4);
	m->role = (enum mailbox_role)sqlite3_column_int(q, 5);
	m->attrs = (unsigned)sqlite3_column_int(q, 6);
	m->total = sqlite3_column_int64(q, 7);
	m->unread = sqlite3_column_int64(q, 8);
	m->cursor = g_strdup(db_column(q, 9));
	m->uidvalidity = (uint32_t)sqlite3_column_int64(q, 10);
	m->complete = sqlite3_column_int(q, 11) != 0;
	return m;
}

int store_mailboxes(struct store *s, account_id a, GPtrArray **out, struct err *err)
{
	g_autoptr(GPtrArray) list = g_ptr_array_new_with_free_func(mailbox_drop);
	sqlite3_stmt *q = db_stmt(s, MAILBOX_COLUMNS
		" WHERE ?1 = 0 OR b.account_id = ?1 ORDER BY b.account_id, use, b.name");
	int r;

	if (!q)
		return db_fail(s, err);
	db_bind(q, "i", a.v);
	while ((r = db_step(s, q, err)) > 0)
		g_ptr_array_add(list, read_mailbox(q));
	if (r < 0)
		return r;
	*out = g_steal_pointer(&list);
	return 0;
}

static int one(struct store *s, sqlite3_stmt *q, struct mailbox **out, struct err *err)
{
	int r = db_step(s, q, err);

	if (r <= 0)
		return r;
	*out = read_mailbox(q);
	sqlite3_reset(q);
	return 1;
}

int store_mailbox(struct store *s, mailbox_id id, struct mailbox **out, struct err *err)
{
	sqlite3_stmt *q = db_stmt(s, MAILBOX_COLUMNS " WHERE b.id = ?");
	int r;

	db_bind(q, "i", id.v);
	r = one(s, q, out, err);
	if (r == 0)
		return err_set(err, ERR_GONE, _("This mailbox does not exist any more."));
	return r < 0 ? r : 0;
}

int store_mailbox_find(struct store *s, account_id a, const char *word, struct mailbox **out,
	struct err *err)
{
	sqlite3_stmt *q = db_stmt(s, MAILBOX_COLUMNS
		" WHERE b.account_id = ?1 AND (b.name = ?2 COLLATE NOCASE OR b.path = ?2)"
		" ORDER BY b.name = ?2 DESC, b.path = ?2 DESC LIMIT 1");
	enum mailbox_role role = mailbox_role_from_name(word);
	mailbox_id id;
	int r;

	db_bind(q, "it", a.v, word);
	r = one(s, q, out, err);
	if (r != 0)
		return r < 0 ? r : 0;
	id = role == ROLE_NONE ? (mailbox_id){ 0 } : store_mailbox_with_role(s, a, role);
	if (id.v == 0)
		return err_set(err, ERR_GONE,
			_("There is no mailbox \"%s\" in this account; `tern mailboxes` lists them."),
			word);
	return store_mailbox(s, id, out, err);
}

mailbox_id store_mailbox_with_role(struct store *s, account_id a, enum mailbox_role role)
{
	mailbox_id id = { 0 };

	db_ask(s, NULL, &id.v,
		"SELECT b.id FROM mailbox b LEFT JOIN mailbox_role_override o ON o.mailbox_id = b.id"
		" WHERE b.account_id = ?1 AND ifnull(o.role, b.role) = ?2"
		" ORDER BY o.role IS NULL, b.id LIMIT 1",
		"ii", a.v, (int64_t)role);
	return id;
}

int store_mailbox_role_override(struct store *s, mailbox_id m, enum mailbox_role role,
	struct err *err)
{
	int r = tx_begin(s, TX_DURABLE, err);

	if (r < 0)
		return r;
	r = db_run(s, err,
		"INSERT INTO mailbox_role_override (mailbox_id, role) VALUES (?, ?)"
		" ON CONFLICT (mailbox_id) DO UPDATE SET role = excluded.role",
		"ii", m.v, role == ROLE_NONE ? (int64_t)-1 : (int64_t)role);
	if (r == 0)
		r = event_emit(s, TOPIC_FOLDER_TREE_CHANGED, (account_id){ 0 }, m,
			(message_id){ 0 }, 0, err);
	return tx_end(s, r, err);
}
