#include "support/rig.h"

#include <glib.h>
#include <sqlite3.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static void must(int r, const struct err *err)
{
	ck_assert_msg(r >= 0, "%s", err->text);
}

static void add_mailboxes(struct rig *r)
{
	static const struct mailbox list[] = {
		{ .path = (char *)"INBOX", .name = (char *)"INBOX", .role = ROLE_INBOX },
		{ .path = (char *)"Archive", .name = (char *)"Archive", .role = ROLE_ARCHIVE },
		{ .path = (char *)"Trash", .name = (char *)"Trash", .role = ROLE_TRASH },
	};
	struct batch *b = batch_new(r->account, (mailbox_id){ 0 });
	struct err err;

	for (size_t i = 0; i < G_N_ELEMENTS(list); i++)
		batch_mailbox(b, &list[i]);
	batch_replace_mailboxes(b);
	must(batch_apply(r->store, b, NULL, &err), &err);
	batch_free(&b);
	r->inbox = store_mailbox_with_role(r->store, r->account, ROLE_INBOX);
	r->archive = store_mailbox_with_role(r->store, r->account, ROLE_ARCHIVE);
	r->trash = store_mailbox_with_role(r->store, r->account, ROLE_TRASH);
}

static void rig_open(struct rig *r)
{
	struct err err;

	must(store_open(r->dir, STORE_CLI, r->events, &r->store, &err), &err);
}

struct rig *rig_new(void)
{
	struct rig *r = g_new0(struct rig, 1);
	struct err err;

	r->dir = g_dir_make_tmp("tern-test-XXXXXX", NULL);
	ck_assert_ptr_nonnull(r->dir);
	r->events = queue_new();
	rig_open(r);
	must(store_account_bind(r->store, "test", "imap", &r->account, &err), &err);
	add_mailboxes(r);
	return r;
}

void rig_free(struct rig **p)
{
	struct rig *r = *p;
	g_autofree char *command = g_strdup_printf("rm -rf -- '%s'", r->dir);

	store_close(&r->store);
	queue_free(&r->events);
	ck_assert_int_eq(system(command), 0);
	g_free(r->dir);
	g_free(r);
	*p = NULL;
}

void rig_reopen(struct rig *r)
{
	store_close(&r->store);
	rig_open(r);
}

static void rig_apply(struct rig *r, mailbox_id m, const struct change *c)
{
	struct batch *b = batch_new(r->account, m);
	struct err err;

	batch_change(b, c);
	batch_cursor(b, "1", 1, true);
	must(batch_apply(r->store, b, NULL, &err), &err);
	batch_free(&b);
}

void rig_add(struct rig *r, mailbox_id m, uint64_t uid, unsigned flags)
{
	char id[40], subject[40], from[40];
	struct change c = { .kind = CHANGE_MESSAGE,
		.uid = uid,
		.flags = flags,
		.message_id = id,
		.subject = subject,
		.from_name = from,
		.from_addr = "a@example.org",
		.received_at = 1600000000 + (int64_t)uid * 60,
		.size = 1000 + uid };

	snprintf(id, sizeof id, "m%d@example.org", (int)uid);
	snprintf(subject, sizeof subject, "Subject %d", (int)uid);
	snprintf(from, sizeof from, "Person %d", (int)(uid * 7 % 10));
	rig_apply(r, m, &c);
}

void rig_fact(struct rig *r, mailbox_id m, enum change_kind kind, uint64_t uid, unsigned flags)
{
	rig_apply(r, m, &(struct change){ .kind = kind, .uid = uid, .flags = flags });
}

static GPtrArray *all_rows(struct rig *r, mailbox_id m)
{
	struct list_scope scope = { .order = ORDER_DATE, .n = 1, .mailboxes = &m };
	GPtrArray *rows = NULL;
	struct err err;

	must(store_page(r->store, &scope, PAGE_FIRST, NULL, 10000, &rows, &err), &err);
	return rows;
}

location_id rig_place(struct rig *r, mailbox_id m, uint64_t uid)
{
	g_autoptr(GPtrArray) rows = all_rows(r, m);

	for (guint i = 0; i < rows->len; i++) {
		const struct list_row *row = rows->pdata[i];

		if (row->uid == uid)
			return row->location;
	}
	return (location_id){ 0 };
}

struct list_row *rig_row(struct rig *r, mailbox_id m, uint64_t number)
{
	g_autoptr(GPtrArray) rows = all_rows(r, m);
	g_autofree char *id = g_strdup_printf("m%d@example.org", (int)number);

	for (guint i = 0; i < rows->len; i++) {
		const struct list_row *row = rows->pdata[i];

		if (strcmp(row->message_id_header, id) == 0)
			return g_ptr_array_steal_index(rows, i);
	}
	return NULL;
}

bool rig_shows(struct rig *r, mailbox_id m, uint64_t number)
{
	struct list_row *row = rig_row(r, m, number);
	bool there = row != NULL;

	list_row_free(&row);
	return there;
}

void rig_keep_body(struct rig *r, mailbox_id m, uint64_t number)
{
	struct list_row *row = rig_row(r, m, number);
	struct body_draft d;
	struct err err;

	must(store_body_begin(r->store, row->message, &d, &err), &err);
	ck_assert_int_eq(write(d.fd, "Subject: x\n\nbody\n", 17), 17);
	must(store_body_commit(r->store, &d, &err), &err);
	list_row_free(&row);
}

bool rig_has_body(struct rig *r, mailbox_id m, uint64_t number)
{
	struct list_row *row = rig_row(r, m, number);
	bool has = row && store_body_cached(r->store, row->message);

	list_row_free(&row);
	return has;
}

static void counts(struct rig *r, mailbox_id m, int64_t *total, int64_t *unread)
{
	struct list_scope scope = { .n = 1, .mailboxes = &m };
	struct err err;

	must(store_scope_counts(r->store, &scope, total, unread, &err), &err);
}

int64_t rig_total(struct rig *r, mailbox_id m)
{
	int64_t total, unread;

	counts(r, m, &total, &unread);
	return total;
}

int64_t rig_unread(struct rig *r, mailbox_id m)
{
	int64_t total, unread;

	counts(r, m, &total, &unread);
	return unread;
}

struct mutation_batch *rig_claim(struct rig *r)
{
	struct mutation_batch *b = NULL;
	struct err err;

	must(store_queue_claim(r->store, r->account, &b, &err), &err);
	return b;
}

void rig_settle(struct rig *r, struct mutation_batch **b, enum applied_state state,
	uint64_t target_uid, enum err_code code)
{
	g_autofree struct applied *results = g_new0(struct applied, (*b)->n);
	struct err why = { 0 }, err;

	if (code != ERR_OK)
		err_set(&why, code, "The test says so.");
	for (size_t i = 0; i < (*b)->n; i++) {
		results[i].state = state;
		results[i].target_uid = target_uid ? target_uid + i : 0;
		g_strlcpy(results[i].answer, "The test says so.", sizeof results[i].answer);
	}
	must(store_queue_settle(r->store, *b, results, &why, &err), &err);
	mutation_batch_free(b);
}

void rig_sound(struct rig *r)
{
	struct err err;

	must(store_check(r->store, &err), &err);
}

int64_t rig_ask(const struct rig *r, const char *sql)
{
	g_autofree char *path = g_build_filename(r->dir, "tern.db", NULL);
	sqlite3_stmt *q;
	sqlite3 *db;
	int64_t n = -1;

	ck_assert_int_eq(sqlite3_open(path, &db), SQLITE_OK);
	sqlite3_busy_timeout(db, 5000);
	ck_assert_int_eq(sqlite3_prepare_v2(db, sql, -1, &q, NULL), SQLITE_OK);
	if (sqlite3_step(q) == SQLITE_ROW)
		n = sqlite3_column_int64(q, 0);
	sqlite3_finalize(q);
	sqlite3_close(db);
	return n;
}
