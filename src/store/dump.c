/* The whole store as JSON lines: what tests compare and what scripts may read. */
#include <jansson.h>
#include <string.h>

#include "base/i18n.h"
#include "model/flags.h"
#include "store/priv.h"

struct out {
	int (*put)(void *ctx, const char *line);
	void *ctx;
};

/* Server strings may hold bytes that are no UTF-8: JSON shows them replaced. */
static json_t *text(const char *s)
{
	json_t *j = json_string(s);

	if (!j) {
		g_autofree char *valid = g_utf8_make_valid(s, -1);

		j = json_string(valid);
	}
	return j;
}

static int put_line(const struct out *o, json_t *line, struct err *err)
{
	char *s = json_dumps(line, JSON_COMPACT | JSON_PRESERVE_ORDER);
	int r = s ? o->put(o->ctx, s) : -1;

	free(s);
	json_decref(line);
	return r < 0 ? err_set(err, ERR_STORAGE, _("The output cannot be written.")) : 0;
}

static json_t *flag_list(unsigned flags)
{
	char names[FLAGS_NAMES_MAX];
	json_t *list = json_array();
	char *save = NULL;

	flags_to_imap(flags, names);
	for (char *w = strtok_r(names, " ", &save); w; w = strtok_r(NULL, " ", &save))
		json_array_append_new(list, json_string(w));
	return list;
}

static int dump_accounts(struct store *s, const struct out *o, struct err *err)
{
	sqlite3_stmt *q = db_stmt(s, "SELECT id, name, type, last_sync, failures, attention, error_text"
				  " FROM account ORDER BY id");
	int r;

	while ((r = db_step(s, q, err)) > 0) {
		json_t *line = json_pack("{s:s, s:I, s:o, s:s, s:I, s:i, s:b, s:o}", "kind", "account",
			"id", (json_int_t)sqlite3_column_int64(q, 0), "name", text(db_column(q, 1)),
			"type", db_column(q, 2), "last_sync", (json_int_t)sqlite3_column_int64(q, 3),
			"failures", sqlite3_column_int(q, 4), "attention", sqlite3_column_int(q, 5),
			"error", text(db_column(q, 6)));

		if (put_line(o, line, err) < 0)
			return err->code;
	}
	return r;
}

static int dump_mailboxes(struct store *s, const struct out *o, struct err *err)
{
	g_autoptr(GPtrArray) list = NULL;

	if (store_mailboxes(s, (account_id){ 0 }, &list, err) < 0)
		return err->code;
	for (guint i = 0; i < list->len; i++) {
		const struct mailbox *m = list->pdata[i];
		json_t *line = json_pack(
			"{s:s, s:I, s:I, s:o, s:o, s:s, s:o, s:I, s:b, s:I, s:I, s:I}", "kind",
			"mailbox", "id", (json_int_t)m->id.v, "account", (json_int_t)m->account.v,
			"path", text(m->path), "name", text(m->name), "role",
			mailbox_role_name(m->role), "cursor", text(m->cursor), "uidvalidity",
			(json_int_t)m->uidvalidity, "complete", m->complete, "total",
			(json_int_t)m->total, "unread", (json_int_t)m->unread, "known",
			(json_int_t)store_known_count(s, m->id));

		json_object_set_new(line, "state", json_string(mailbox_state_name(m->state)));
		if (m->object_id)
			json_object_set_new(line, "object_id", text(m->object_id));
		if (put_line(o, line, err) < 0)
			return err->code;
	}
	return 0;
}

/* What most places have no word to say about: three columns from `at` on. */
static void add_oddities(json_t *place, sqlite3_stmt *q, int at)
{
	static const char *const names[] = { "removed", "lost", "modseq" };

	for (int i = 0; i < (int)G_N_ELEMENTS(names); i++) {
		int64_t n = sqlite3_column_int64(q, at + i);

		if (n != 0)
			json_object_set_new(place, names[i], json_integer(n));
	}
}

static int add_locations(struct store *s, int64_t message, json_t *list, struct err *err)
{
	sqlite3_stmt *q = db_stmt(s, "SELECT id, mailbox_id, uid, server_flags, keywords, flags, shown,"
				  " pending, ifnull(shown_keywords, keywords), removed, lost, modseq"
				  " FROM location"
				  " WHERE message_id = ? ORDER BY id");
	int r;

	db_bind(q, "i", message);
	while ((r = db_step(s, q, err)) > 0) {
		bool numbered = sqlite3_column_type(q, 2) != SQLITE_NULL;

		json_t *place =
			json_pack("{s:I, s:I, s:o, s:o, s:o, s:o, s:o, s:b, s:b}", "id",
				(json_int_t)sqlite3_column_int64(q, 0), "mailbox",
				(json_int_t)sqlite3_column_int64(q, 1), "uid",
				numbered ? json_integer(sqlite3_column_int64(q, 2)) : json_null(),
				"server_flags", flag_list((unsigned)sqlite3_column_int(q, 3)),
				"keywords", text(db_column(q, 4)), "wanted_flags",
				flag_list((unsigned)sqlite3_column_int(q, 5)), "wanted_keywords",
				text(db_column(q, 8)), "shown",
				sqlite3_column_int(q, 6), "pending", sqlite3_column_int(q, 7));

		add_oddities(place, q, 9);
		json_array_append_new(list, place);
	}
	return r;
}

static int dump_messages(struct store *s, const struct out *o, struct err *err)
{
	sqlite3_stmt *q = db_stmt(s, "SELECT m.id, m.account_id, m.conversation_id, m.canonical, m.rfc_id,"
				  " m.subject, m.from_addr, m.received_at, m.size, m.orphan,"
				  " b.message_id IS NOT NULL, m.preview FROM message m"
				  " LEFT JOIN body b ON b.message_id = m.id ORDER BY m.id");
	int r;

	while ((r = db_step(s, q, err)) > 0) {
		json_t *places = json_array();
		json_t *line = json_pack(
			"{s:s, s:I, s:I, s:I, s:o, s:o, s:o, s:o, s:I, s:I, s:b, s:b, s:o}", "kind",
			"message", "id", (json_int_t)sqlite3_column_int64(q, 0), "account",
			(json_int_t)sqlite3_column_int64(q, 1), "thread",
			(json_int_t)sqlite3_column_int64(q, 2), "canonical", text(db_column(q, 3)),
			"message_id", text(db_column(q, 4)), "subject", text(db_column(q, 5)), "from",
			text(db_column(q, 6)), "received", (json_int_t)sqlite3_column_int64(q, 7),
			"size", (json_int_t)sqlite3_column_int64(q, 8), "orphan",
			sqlite3_column_int(q, 9) > 0, "body", sqlite3_column_int(q, 10),
			"locations", places);
		int a = add_locations(s, sqlite3_column_int64(q, 0), places, err);

		if (*db_column(q, 11))
			json_object_set_new(line, "preview", text(db_column(q, 11)));
		if (put_line(o, line, err) < 0 || a < 0)
			return err->code;
	}
	return r;
}

static int dump_mutations(struct store *s, const struct out *o, struct err *err)
{
	g_autoptr(GPtrArray) rows = NULL;

	if (store_queue_rows(s, (account_id){ 0 }, true, &rows, err) < 0)
		return err->code;
	for (guint i = 0; i < rows->len; i++) {
		const struct mutation_row *m = rows->pdata[i];
		json_t *line = json_pack(
			"{s:s, s:I, s:I, s:I, s:s, s:s, s:b, s:o, s:o, s:I, s:I, s:i, s:o}", "kind",
			"mutation", "id", (json_int_t)m->id, "account", (json_int_t)m->account.v,
			"message", (json_int_t)m->message.v, "verb", mutation_verb_name(m->verb),
			"status", mutation_status_name(m->status), "uncertain", m->uncertain, "add",
			flag_list(m->add), "remove", flag_list(m->remove), "source",
			(json_int_t)m->source.v, "target", (json_int_t)m->target.v, "attempts",
			m->attempts, "answer", text(m->answer));

		json_object_set_new(line, "held", json_boolean(m->held));
		json_object_set_new(line, "step", json_integer(m->step));
		json_object_set_new(line, "add_keywords", text(m->add_keywords));
		json_object_set_new(line, "remove_keywords", text(m->remove_keywords));
		if (put_line(o, line, err) < 0)
			return err->code;
	}
	return 0;
}

/* Without times; the jobs of job.c are nothing but times, and not here. */
static int dump_wishes(struct store *s, const struct out *o, struct err *err)
{
	g_autoptr(GPtrArray) rows = NULL;

	if (store_tree_rows(s, (account_id){ 0 }, &rows, err) < 0)
		return err->code;
	for (guint i = 0; i < rows->len; i++) {
		const struct tree_wish *w = rows->pdata[i];
		json_t *line = json_pack("{s:s, s:I, s:I, s:s, s:s, s:o, s:o, s:i, s:o}", "kind",
			"tree_wish", "id", (json_int_t)w->id, "account", (json_int_t)w->account.v,
			"verb", mailbox_verb_name(w->verb), "status",
			mutation_status_name(w->status), "path", text(w->path), "name",
			w->name ? text(w->name) : json_null(), "attempts", w->attempts, "answer",
			text(w->answer));

		if (put_line(o, line, err) < 0)
			return err->code;
	}
	return 0;
}

int store_dump(struct store *s, int (*put)(void *ctx, const char *line), void *ctx, struct err *err)
{
	const struct out o = { put, ctx };
	int r = db_run(s, err, "BEGIN", ""); /* one consistent picture */

	if (r == 0)
		r = dump_accounts(s, &o, err);
	if (r == 0)
		r = dump_mailboxes(s, &o, err);
	if (r == 0)
		r = dump_messages(s, &o, err);
	if (r == 0)
		r = dump_mutations(s, &o, err);
	if (r == 0)
		r = dump_wishes(s, &o, err);
	sqlite3_exec(s->db, "COMMIT", NULL, NULL, NULL);
	return r;
}
