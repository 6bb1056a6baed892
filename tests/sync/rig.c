#include "sync/rig.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/mem.h"

static const char *const names[] = { "one", "two", "three" };

static struct account *make_account(struct rig *r, int i)
{
	struct account *a = g_new0(struct account, 1);
	struct err err = { 0 };

	a->name = g_strdup(names[i]);
	a->type = g_strdup("fake");
	a->two_way = true;
	ck_assert_msg(store_account_bind(r->store, a->name, a->type, &a->id, &err) >= 0, "%s",
		err.text);
	r->id[i] = a->id;
	r->server[i] = fake_account_add(a->name);
	fake_box_add(r->server[i], "INBOX", ROLE_INBOX);
	fake_box_add(r->server[i], "Archive", ROLE_ARCHIVE);
	fake_box_add(r->server[i], "Trash", ROLE_TRASH);
	return a;
}

static void free_account(gpointer p)
{
	struct account *a = p;

	account_free(&a);
}

/* The program's waits, shortened. */
static const struct timing quick = {
	.poll = 100000,
	.poll_live = 100000,
	.poll_least = 1000,
	.poll_most = 100000,
	.look_lasts = 500,
	.reader_lasts = 1000,
	.look_gap = 20,
	.glance = 20,
	.silence = 1000000,
	.backfill = 50,
	.backfill_soon = 5,
	.learn = 20,
	.push_gap = 5,
	.stuck = 20,
	.watch = 20,
	.network = 20,
	.lease = 20,
	.retry_cap = 30,
	.turn = 10,
	.progress = 20,
	.body_idle = 50,
	.ready_after = 100000,
	.aside_patience = 300,
	.aside_rest = 1000,
	.warm_first = 20,
	.warm_tick = 5,
	.warm_idle = 50,
	.warm_gap = 5,
	.warm_fresh = 500,
	.offline_idle = 50,
};

static void make_engine(struct rig *r)
{
	r->sync = sync_new(&r->places, &r->config, r->events);
	r->sync->find = fake_find;
	r->sync->timing = quick;
	r->engine = sync_engine(r->sync);
}

static void open_store(struct rig *r)
{
	struct err err = { 0 };

	ck_assert_msg(store_open(r->places.data, STORE_UI, NULL, &r->store, &err) >= 0, "%s",
		err.text);
}

struct rig *rig_new(int accounts)
{
	struct rig *r = g_new0(struct rig, 1);
	struct err err = { 0 };

	fake_world_new();
	r->dir = g_dir_make_tmp("tern-sync-XXXXXX", NULL);
	r->places.data = g_build_filename(r->dir, "data", NULL);
	ck_assert_int_eq(dir_make_private(r->places.data, &err), 0);
	r->events = queue_new();
	r->config.tuning = tuning_default;
	r->config.accounts = g_ptr_array_new_with_free_func(free_account);
	open_store(r);
	for (int i = 0; i < accounts; i++)
		g_ptr_array_add(r->config.accounts, make_account(r, i));
	make_engine(r);
	return r;
}

void rig_free(struct rig **r)
{
	g_autofree char *remove = g_strdup_printf("rm -rf '%s'", (*r)->dir);

	sync_free(&(*r)->sync);
	store_close(&(*r)->store);
	queue_free(&(*r)->events);
	g_ptr_array_unref((*r)->config.accounts);
	fake_world_free();
	if (system(remove) != 0)
		fprintf(stderr, "%s is left behind\n", (*r)->dir);
	g_free((*r)->places.data);
	g_free((*r)->dir);
	g_clear_pointer(r, g_free);
}

void rig_start(struct rig *r)
{
	struct err err = { 0 };

	ck_assert_msg(sync_start(r->sync, &err) == 0, "%s", err.text);
}

void rig_stop(struct rig *r)
{
	sync_free(&r->sync);
	r->engine = NULL;
}

void rig_restart(struct rig *r)
{
	sync_free(&r->sync);
	store_close(&r->store);
	open_store(r);
	make_engine(r);
}

struct fake_box *rig_box(struct rig *r, int account, int box)
{
	return &r->server[account]->boxes[box];
}

void rig_pass(struct rig *r)
{
	struct err err = { 0 };
	int n = r->engine->pass(r->engine, (account_id){ 0 }, false, NULL, &err);

	ck_assert_msg(n == 0, "%s", err.text);
}

int rig_drain(struct rig *r)
{
	struct err err = { 0 };
	int n = r->engine->drain(r->engine, (account_id){ 0 }, NULL, &err);

	ck_assert_msg(n >= 0, "%s", err.text);
	return n;
}

mailbox_id rig_mailbox(struct rig *r, int account, int box)
{
	AUTO(mailbox_free) struct mailbox *m = NULL;
	struct err err = { 0 };

	if (store_mailbox_find(r->store, r->id[account], rig_box(r, account, box)->path, &m,
		    &err) < 0)
		return (mailbox_id){ 0 };
	return m->id;
}

static GPtrArray *rows(struct rig *r, int account, int box)
{
	GPtrArray *out = NULL;
	mailbox_id m = rig_mailbox(r, account, box);
	struct list_scope scope = { .order = ORDER_DATE, .n = 1, .mailboxes = &m };
	struct err err = { 0 };

	if (m.v == 0)
		return g_ptr_array_new();
	ck_assert_msg(store_page(r->store, &scope, PAGE_FIRST, NULL, FAKE_MESSAGES, &out, &err) >= 0,
		"%s", err.text);
	g_ptr_array_set_free_func(out, NULL);
	return out;
}

static void rows_free(GPtrArray *rows)
{
	for (guint i = 0; i < rows->len; i++) {
		struct list_row *row = g_ptr_array_index(rows, i);

		list_row_free(&row);
	}
	g_ptr_array_unref(rows);
}

int64_t rig_total(struct rig *r, int account, int box)
{
	GPtrArray *all = rows(r, account, box);
	int64_t n = all->len;

	rows_free(all);
	return n;
}

struct list_row *rig_row(struct rig *r, int account, int box, int serial)
{
	GPtrArray *all = rows(r, account, box);
	struct list_row *found = NULL;

	for (guint i = 0; i < all->len && !found; i++) {
		struct list_row *row = g_ptr_array_index(all, i);

		if (atoi(row->subject) == serial)
			found = g_ptr_array_steal_index_fast(all, i);
	}
	rows_free(all);
	return found;
}

bool rig_shows(struct rig *r, int account, int box, int serial)
{
	AUTO(list_row_free) struct list_row *row = rig_row(r, account, box, serial);

	return row;
}

message_id rig_message(struct rig *r, int box, int serial)
{
	AUTO(list_row_free) struct list_row *row = rig_row(r, 0, box, serial);

	ck_assert_ptr_nonnull(row);
	return row->message;
}

void rig_flag(struct rig *r, int box, int serial, unsigned add)
{
	AUTO(list_row_free) struct list_row *row = rig_row(r, 0, box, serial);
	struct err err = { 0 };

	ck_assert_ptr_nonnull(row);
	ck_assert_msg(store_want_flags(r->store, &row->location, 1, add, 0, &err) == 1, "%s",
		err.text);
}

void rig_move(struct rig *r, int from, int serial, int to)
{
	AUTO(list_row_free) struct list_row *row = rig_row(r, 0, from, serial);
	struct err err = { 0 };

	ck_assert_ptr_nonnull(row);
	ck_assert_msg(store_want_move(r->store, &row->location, 1, rig_mailbox(r, 0, to), &err) == 1,
		"%s", err.text);
}

void rig_limits(struct rig *r, int newest, int cap, enum backfill_mode mode)
{
	r->config.tuning.backfill_bootstrap_max = newest;
	r->config.tuning.backfill_max_total_per_folder = cap;
	r->config.tuning.backfill_mode = mode;
	r->server[0]->slice = 10;
}

void rig_want_box(struct rig *r, const char *name)
{
	struct err err = { 0 };

	ck_assert_msg(store_want_mailbox(r->store, r->id[0], MAILBOX_CREATE, (mailbox_id){ 0 },
			      name, &err) > 0,
		"%s", err.text);
}

enum mailbox_state rig_box_state(struct rig *r, int account, int box)
{
	AUTO(mailbox_free) struct mailbox *m = NULL;
	mailbox_id id = rig_mailbox(r, account, box);

	return id.v && store_mailbox(r->store, id, &m, NULL) >= 0 ? m->state : MAILBOX_PENDING;
}

int rig_rows(struct rig *r, enum mutation_status status)
{
	g_autoptr(GPtrArray) all = NULL;
	struct err err = { 0 };
	int n = 0;

	ck_assert_int_ge(store_queue_rows(r->store, (account_id){ 0 }, false, &all, &err), 0);
	g_ptr_array_set_free_func(all, NULL);
	for (guint i = 0; i < all->len; i++) {
		struct mutation_row *row = g_ptr_array_index(all, i);

		n += row->status == status;
		mutation_row_free(&row);
	}
	return n;
}

int rig_waiting(struct rig *r)
{
	int64_t waiting = 0, stuck = 0;
	struct err err = { 0 };

	ck_assert_int_ge(store_queue_counts(r->store, (account_id){ 0 }, &waiting, &stuck, &err), 0);
	return (int)waiting;
}

static bool box_equal(struct rig *r, int account, int box)
{
	struct fake_box *b = rig_box(r, account, box);
	GPtrArray *all = rows(r, account, box);
	bool equal = (int)all->len == fake_total(b);

	for (guint i = 0; i < all->len; i++) {
		const struct list_row *row = g_ptr_array_index(all, i);
		unsigned flags = 0;

		if (fake_copies(b, atoi(row->subject), &flags) != 1 || row->flags != flags ||
			row->pending)
			equal = false;
	}
	rows_free(all);
	return equal;
}

bool rig_equal(struct rig *r, int account)
{
	bool equal = true;

	for (int i = 0; i < fake_boxes(r->server[account]); i++)
		equal = equal && box_equal(r, account, i);
	return equal;
}

struct engine_state rig_state(struct rig *r, int account)
{
	struct engine_state state = { 0 };

	ck_assert(r->engine->state(r->engine, r->id[account], &state));
	return state;
}

int rig_body_event(struct rig *r, message_id m)
{
	int64_t end = now_ms() + 5000;
	struct event e;

	while (now_ms() < end) {
		if (!queue_pop(r->events, &e))
			g_usleep(1000);
		else if (e.kind == EV_BODY && e.message == m.v)
			return e.code;
	}
	return 1;
}

int64_t now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}
