#include "provider/client.h"

#include <check.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/mem.h"
#include "provider/world.h"

enum { ROWS_MAX = 1000 };

static const account_id everyone = { 0 };

/* --- life --------------------------------------------------------------------------- */

static void free_account(gpointer p)
{
	struct account *a = p;

	account_free(&a);
}

void client_open(struct client *c, struct account *a)
{
	struct err err = { 0 };

	*c = (struct client){ .account = a };
	c->dir = g_dir_make_tmp("tern-conform-XXXXXX", NULL);
	c->places.data = g_build_filename(c->dir, "data", NULL);
	ck_assert_int_eq(dir_make_private(c->places.data, &err), 0);
	c->events = queue_new();
	c->config.accounts = g_ptr_array_new_with_free_func(free_account);
	ck_assert_msg(
		store_open(c->places.data, STORE_UI, NULL, &c->store, &err) >= 0, "%s", err.text);
	ck_assert_msg(
		store_account_bind(c->store, a->name, a->type, &a->id, &err) >= 0, "%s", err.text);
	g_ptr_array_add(c->config.accounts, a);
	c->sync = sync_new(&c->places, &c->config, c->events);
	c->engine = sync_engine(c->sync);
}

void client_close(struct client *c)
{
	g_autofree char *remove = g_strdup_printf("rm -rf '%s'", c->dir);

	sync_free(&c->sync);
	store_close(&c->store);
	queue_free(&c->events);
	g_ptr_array_unref(c->config.accounts);
	if (system(remove) != 0)
		fprintf(stderr, "%s is left behind\n", c->dir);
	g_free(c->places.data);
	g_free(c->dir);
}

int client_try(struct client *c, struct err *err)
{
	*err = (struct err){ 0 };
	return c->engine->pass(c->engine, everyone, false, NULL, err);
}

void client_pass(struct client *c)
{
	g_autoptr(GArray) rows = NULL;
	struct err err;

	ck_assert_msg(client_try(c, &err) == 0, "%s", err.text);
	ck_assert_int_ge(store_accounts(c->store, &rows, &err), 0);
	ck_assert_msg(g_array_index(rows, struct account_row, 0).error.code == 0, "%s",
		g_array_index(rows, struct account_row, 0).error.text);
}

int client_drain(struct client *c, struct err *err)
{
	int n;

	*err = (struct err){ 0 };
	n = c->engine->drain(c->engine, everyone, NULL, err);
	ck_assert_msg(n >= 0, "%s", err->text);
	return n;
}

/* --- one message -------------------------------------------------------------------- */

static mailbox_id mailbox_of(struct client *c, const char *box)
{
	AUTO(mailbox_free) struct mailbox *m = NULL;
	struct err err = { 0 };

	ck_assert_msg(store_mailbox_find(c->store, c->account->id, box, &m, &err) >= 0, "%s: %s",
		box, err.text);
	return m->id;
}

static bool find(struct client *c, const char *box, const char *key, struct list_row *copy)
{
	g_autoptr(GPtrArray) rows = NULL;
	mailbox_id m = mailbox_of(c, box);
	struct list_scope scope = { .order = ORDER_DATE, .n = 1, .mailboxes = &m };
	g_autofree char *id = g_strconcat(key, WORLD_DOMAIN, NULL);
	struct err err = { 0 };
	bool found = false;

	ck_assert_msg(store_page(c->store, &scope, PAGE_FIRST, NULL, ROWS_MAX, &rows, &err) >= 0,
		"%s", err.text);
	for (guint i = 0; i < rows->len && !found; i++) {
		const struct list_row *r = g_ptr_array_index(rows, i);

		found = strcmp(r->message_id_header, id) == 0;
		if (found) {
			copy->location = r->location;
			copy->message = r->message;
		}
	}
	return found;
}

location_id client_place(struct client *c, const char *box, const char *key)
{
	struct list_row row = { 0 };

	return find(c, box, key, &row) ? row.location : (location_id){ 0 };
}

message_id client_message(struct client *c, const char *box, const char *key)
{
	struct list_row row = { 0 };

	ck_assert_msg(find(c, box, key, &row), "%s does not show %s", box, key);
	return row.message;
}

void client_flag(struct client *c, const char *box, const char *key, unsigned add, unsigned remove)
{
	location_id l = client_place(c, box, key);
	struct err err = { 0 };

	ck_assert_msg(store_want_flags(c->store, &l, 1, add, remove, &err) == 1, "%s", err.text);
}

void client_want(struct client *c, const char *box, const char *key, struct want w, const char *target)
{
	location_id l = client_place(c, box, key);
	struct err err = { 0 };

	if (target)
		w.target = mailbox_of(c, target);
	ck_assert_msg(store_want(c->store, &w, &l, 1, &err) == 1, "%s", err.text);
}

void client_move(struct client *c, const char *box, const char *key, const char *target)
{
	location_id l = client_place(c, box, key);
	struct err err = { 0 };

	ck_assert_msg(
		store_want_move(c->store, &l, 1, mailbox_of(c, target), &err) == 1, "%s", err.text);
}

void client_role(struct client *c, const char *box, const char *key, enum mailbox_role role)
{
	location_id l = client_place(c, box, key);
	struct err err = { 0 };

	ck_assert_msg(store_want_role(c->store, &l, 1, role, &err) == 1, "%s", err.text);
}

void client_undo(struct client *c)
{
	struct err err = { 0 };
	struct undone undone;

	ck_assert_msg(store_undo(c->store, 0, &undone, &err) == 1, "%s", err.text);
}

char *client_body(struct client *c, message_id m, size_t *len)
{
	struct err err = { 0 };
	GString *all = g_string_new(NULL);
	char buf[65536];
	ssize_t n;
	int fd;

	if (!store_body_cached(c->store, m))
		ck_assert_msg(c->engine->body(c->engine, c->account->id, m, NULL, &err) >= 0, "%s",
			err.text);
	ck_assert_msg(store_body_open(c->store, m, &fd, &err) >= 0, "%s", err.text);
	while ((n = read(fd, buf, sizeof buf)) > 0)
		g_string_append_len(all, buf, n);
	close(fd);
	*len = all->len;
	return g_string_free(all, FALSE);
}

int client_rows(struct client *c, enum mutation_status status)
{
	g_autoptr(GPtrArray) rows = NULL;
	struct err err = { 0 };
	int n = 0;

	ck_assert_int_ge(store_queue_rows(c->store, everyone, true, &rows, &err), 0);
	for (guint i = 0; i < rows->len; i++)
		n += ((struct mutation_row *)g_ptr_array_index(rows, i))->status == status;
	return n;
}

int64_t client_total(struct client *c, const char *box)
{
	AUTO(mailbox_free) struct mailbox *m = NULL;
	struct err err = { 0 };

	ck_assert_int_ge(store_mailbox(c->store, mailbox_of(c, box), &m, &err), 0);
	return m->total;
}

/* --- the whole store ---------------------------------------------------------------- */

static int keep_line(void *ctx, const char *line)
{
	json_t *j = json_loads(line, 0, NULL);

	ck_assert_ptr_nonnull(j);
	json_array_append_new(ctx, j);
	return 0;
}

static json_t *dump(struct client *c)
{
	json_t *all = json_array();
	struct err err = { 0 };

	ck_assert_msg(store_dump(c->store, keep_line, all, &err) >= 0, "%s", err.text);
	return all;
}

static const char *word(const json_t *j, const char *key)
{
	return json_string_value(json_object_get(j, key));
}

static void add_places(struct client *c, const json_t *message, GPtrArray *lines)
{
	const char *id = word(message, "message_id");
	json_t *place, *flag;
	size_t i, k;

	json_array_foreach(json_object_get(message, "locations"), i, place)
	{
		AUTO(mailbox_free) struct mailbox *m = NULL;
		mailbox_id at = { json_integer_value(json_object_get(place, "mailbox")) };
		GString *words = g_string_new(word(place, "keywords"));

		if (json_is_true(json_object_get(place, "shown"))) {
			json_array_foreach(json_object_get(place, "wanted_flags"), k, flag)
				g_string_append_printf(words, " %s", json_string_value(flag));
			ck_assert_int_ge(store_mailbox(c->store, at, &m, NULL), 0);
			picture_message(lines, m->name, id && *id ? id : NULL, words->str);
		}
		g_string_free(words, TRUE);
	}
}

char *client_picture(struct client *c)
{
	GPtrArray *lines = g_ptr_array_new_with_free_func(g_free);
	g_autoptr(GPtrArray) boxes = NULL;
	json_t *all = dump(c), *line;
	size_t i;

	ck_assert_int_ge(store_mailboxes(c->store, everyone, &boxes, NULL), 0);
	for (guint k = 0; k < boxes->len; k++) {
		const struct mailbox *m = g_ptr_array_index(boxes, k);

		if (!(m->attrs & MAILBOX_NOSELECT))
			picture_box(lines, m->name);
	}
	json_array_foreach(all, i, line) if (strcmp(word(line, "kind"), "message") == 0)
		add_places(c, line, lines);
	json_decref(all);
	return picture_end(lines);
}

char *client_dump(struct client *c)
{
	json_t *all = dump(c), *line;
	GString *text = g_string_new(NULL);
	size_t i;

	json_array_foreach(all, i, line)
	{
		char *s;

		if (strcmp(word(line, "kind"), "mutation") == 0)
			continue;
		json_object_del(line, "last_sync");
		json_object_del(line, "cursor");
		s = json_dumps(line, JSON_COMPACT | JSON_PRESERVE_ORDER);
		g_string_append_printf(text, "%s\n", s);
		free(s);
	}
	json_decref(all);
	return g_string_free(text, FALSE);
}

int client_pending(struct client *c)
{
	json_t *all = dump(c), *line, *place;
	size_t i, k;
	int n = 0;

	json_array_foreach(all, i, line) json_array_foreach(json_object_get(line, "locations"), k,
		place) n += json_is_true(json_object_get(place, "pending"));
	json_decref(all);
	return n;
}
