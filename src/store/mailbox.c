/* The rows of mailboxes: read, found, their uses and how far their history is. */
#include "base/clock.h"
#include "base/i18n.h"
#include "store/priv.h"

#define MAILBOX_COLUMNS                                                                            \
	"SELECT b.id, b.account_id, b.path, b.name, b.delimiter,"                                  \
	" CASE WHEN o.role IS NULL THEN b.role WHEN o.role < 0 THEN 8 ELSE o.role END AS use,"     \
	" b.attrs, b.total, b.unread, b.cursor, b.uidvalidity, b.complete, b.state, b.fetched,"    \
	" b.backfilled_at, b.object_id, o.role IS NOT NULL, b.denied"                              \
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
	m->state = (enum mailbox_state)sqlite3_column_int(q, 12);
	m->fetched = sqlite3_column_int64(q, 13);
	m->backfilled_at = sqlite3_column_int64(q, 14);
	m->object_id = g_strdup((const char *)sqlite3_column_text(q, 15));
	m->own_role = sqlite3_column_int(q, 16) != 0;
	m->denied = (unsigned)sqlite3_column_int(q, 17);
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

/* --- roles of the reader's own (L-59, L-64) ---------------------------- */

static account_id account_of(struct store *s, mailbox_id m)
{
	account_id a = { 0 };

	db_ask(s, NULL, &a.v, "SELECT account_id FROM mailbox WHERE id = ?", "i", m.v);
	return a;
}

/* Runs one statement of an override, tells the tree and ends the transaction. */
static int change_role(struct store *s, mailbox_id m, const char *sql, int64_t role, struct err *err)
{
	int r = tx_begin(s, TX_DURABLE, err);

	if (r < 0)
		return r;
	r = db_run(s, err, sql, "ii", m.v, role);
	if (r == 0 && db_changed(s) > 0)
		r = event_emit(s, TOPIC_FOLDER_TREE_CHANGED, account_of(s, m), m, (message_id){ 0 },
			0, err);
	return tx_end(s, r, err);
}

int store_mailbox_role_override(struct store *s, mailbox_id m, enum mailbox_role role,
	struct err *err)
{
	if (account_of(s, m).v == 0)
		return err_set(err, ERR_GONE, _("This mailbox does not exist any more."));
	return change_role(s, m,
		"INSERT INTO mailbox_role_override (mailbox_id, role) VALUES (?, ?)"
		" ON CONFLICT (mailbox_id) DO UPDATE SET role = excluded.role",
		role == ROLE_NONE ? -1 : (int64_t)role, err);
}

int store_mailbox_role_clear(struct store *s, mailbox_id m, struct err *err)
{
	return change_role(s, m, "DELETE FROM mailbox_role_override WHERE mailbox_id = ?", 0, err);
}

/* --- how far the history is (M-36, M-64) ------------------------------- */

int64_t store_mailbox_since(struct store *s, mailbox_id m)
{
	int64_t date = 0;

	db_ask(s, NULL, &date,
		"SELECT date FROM location INDEXED BY location_by_date"
		" WHERE mailbox_id = ? AND shown = 1 ORDER BY date LIMIT 1",
		"i", m.v);
	return date;
}

int store_mailbox_state(struct store *s, mailbox_id m, enum mailbox_state state, int64_t fetched,
	struct err *err)
{
	account_id a = account_of(s, m);
	int r = tx_begin_leased(s, TX_CONSISTENT, a, err);

	if (r < 0)
		return r;
	r = db_run(s, err,
		"UPDATE mailbox SET state = ?1, fetched = ?2, claimed_by = NULL, backfilled_at ="
		" CASE WHEN ?1 <> ?3 THEN 0 WHEN backfilled_at > 0 THEN backfilled_at ELSE ?4 END"
		" WHERE id = ?5",
		"iiiii", (int64_t)state, fetched, (int64_t)MAILBOX_COMPLETE, clock_unix(), m.v);
	event_post(s, EV_MAILBOXES, 0, a, (message_id){ 0 });
	return tx_end(s, r, err);
}

/* The claims of processes that died are void. */
static int free_claims(struct store *s, account_id a, struct err *err)
{
	g_autoptr(GPtrArray) dead = g_ptr_array_new_with_free_func(g_free);
	sqlite3_stmt *q = db_stmt(s, "SELECT DISTINCT claimed_by FROM mailbox WHERE account_id = ?"
				  " AND claimed_by IS NOT NULL");
	int r;

	db_bind(q, "i", a.v);
	while ((r = db_step(s, q, err)) > 0)
		if (!owner_alive(db_column(q, 0)))
			g_ptr_array_add(dead, g_strdup(db_column(q, 0)));
	for (guint i = 0; r == 0 && i < dead->len; i++)
		r = db_run(s, err,
			"UPDATE mailbox SET claimed_by = NULL WHERE account_id = ? AND claimed_by = ?",
			"it", a.v, dead->pdata[i]);
	return r;
}

mailbox_id store_mailbox_claim_backfill(struct store *s, account_id a, struct err *err)
{
	mailbox_id m = { 0 };
	int r = tx_begin_leased(s, TX_CONSISTENT, a, err);

	if (r < 0)
		return m;
	r = free_claims(s, a, err);
	if (r == 0)
		r = db_ask(s, err, &m.v,
			"UPDATE mailbox SET claimed_by = ?1, backfill_turn = 1 +"
			" (SELECT max(backfill_turn) FROM mailbox WHERE account_id = ?2)"
			" WHERE id = (SELECT id FROM mailbox WHERE account_id = ?2 AND state = ?3"
			"  AND claimed_by IS NULL ORDER BY backfill_turn, role, id LIMIT 1)"
			" RETURNING id",
			"tii", owner_token(), a.v, (int64_t)MAILBOX_INCREMENTAL);
	if (tx_end(s, r < 0 ? r : 0, err) < 0)
		m.v = 0;
	return m;
}
