/* Accounts: their rows, their last result, what is remembered of their servers. */
#include "base/clock.h"
#include "base/i18n.h"
#include "store/priv.h"

enum { ATTENTION_AFTER = 5 }; /* failures in a row until the reader is told (M-62) */

static int note_metadata(struct store *s, account_id a, struct err *err)
{
	g_autofree char *version = g_strdup_printf("%d", LOCAL_METADATA_VERSION);

	return db_run(s, err,
		"INSERT INTO sync_cursor (account_id, kind, value) VALUES (?, 'metadata', ?)"
		" ON CONFLICT (account_id, kind) DO UPDATE SET value = excluded.value",
		"it", a.v, version);
}

bool store_metadata_outdated(struct store *s, account_id a)
{
	int64_t version = 0;

	db_ask(s, NULL, &version,
		"SELECT CAST(value AS INTEGER) FROM sync_cursor WHERE account_id = ?"
		" AND kind = 'metadata'",
		"i", a.v);
	return version < LOCAL_METADATA_VERSION;
}

int store_metadata_done(struct store *s, account_id a, struct err *err)
{
	int r = tx_begin_leased(s, TX_CONSISTENT, a, err);

	return r < 0 ? r : tx_end(s, note_metadata(s, a, err), err);
}

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
	if (r > 0)
		r = note_metadata(s, *out, err); /* nothing of it is older than this program */
	return tx_end(s, r, err);
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

/* The bodies that are files of their own: the rows go with the account. */
static int own_files(struct store *s, account_id a, GArray *ids, struct err *err)
{
	return db_ids(s, err, ids,
		"SELECT b.message_id FROM body b JOIN message m ON m.id = b.message_id"
		" WHERE m.account_id = ? AND b.pack = 0",
		"i", a.v);
}

static int remove_rows(struct store *s, account_id a, struct err *err)
{
	static const char *const steps[] = {
		"DELETE FROM reference WHERE account_id = ?",
		"DELETE FROM location WHERE mailbox_id IN (SELECT id FROM mailbox WHERE account_id = ?)",
		"DELETE FROM job WHERE account_id = ?",
		"DELETE FROM account WHERE id = ?",
	};
	int r = 0;

	for (size_t i = 0; r == 0 && i < G_N_ELEMENTS(steps); i++)
		r = db_run(s, err, steps[i], "i", a.v);
	return r;
}

int store_account_remove(struct store *s, account_id a, struct err *err)
{
	g_autoptr(GArray) bodies = g_array_new(FALSE, FALSE, sizeof(int64_t));
	int r = tx_begin(s, TX_DURABLE, err);

	if (r < 0)
		return r;
	r = own_files(s, a, bodies, err);
	if (r == 0)
		r = remove_rows(s, a, err);
	if (r == 0)
		r = event_emit(s, TOPIC_FOLDER_TREE_CHANGED, a, (mailbox_id){ 0 },
			(message_id){ 0 }, 0, err);
	r = tx_end(s, r, err);
	if (r == 0)
		body_unlink(s, bodies);
	return r < 0 ? r : pack_clean(s, err);
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

int store_account_memory(struct store *s, account_id a, char **out, struct err *err)
{
	sqlite3_stmt *q = db_stmt(s, "SELECT memory FROM account WHERE id = ?");
	int r;

	if (!q)
		return db_fail(s, err);
	db_bind(q, "i", a.v);
	r = db_step(s, q, err);
	if (r == 0)
		return err_set(err, ERR_GONE, _("This account does not exist any more."));
	if (r < 0)
		return r;
	*out = g_strdup((const char *)sqlite3_column_text(q, 0));
	sqlite3_reset(q);
	return 0;
}

int store_account_memory_set(struct store *s, account_id a, const char *memory, struct err *err)
{
	int r = tx_begin_leased(s, TX_CONSISTENT, a, err);

	if (r < 0)
		return r;
	return tx_end(s, db_run(s, err, "UPDATE account SET memory = ? WHERE id = ?", "ti", memory,
				 a.v), err);
}
