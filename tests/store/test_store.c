/* The store as its users see it; ids of doc/STORE and of the requirements stand in the names. */
#include <check.h>
#include <glib.h>
#include <glib/gstdio.h>
#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include <utime.h>

#include "base/clock.h"
#include "model/flags.h"
#include "support/rig.h"

static struct rig *rig;

static void setup(void)
{
	rig = rig_new();
}

static void teardown(void)
{
	if (rig)
		rig_sound(rig);
	if (rig)
		rig_free(&rig);
}

static void want_flags(uint64_t number, unsigned add, unsigned remove, int expect)
{
	struct list_row *row = rig_row(rig, rig->inbox, number);
	struct err err;

	ck_assert_int_eq(store_want_flags(rig->store, &row->location, 1, add, remove, &err), expect);
	list_row_free(&row);
}

/* --- facts ------------------------------------------------------------- */

START_TEST(a_fact_seen_twice_changes_nothing) /* M-04 */
{
	rig_add(rig, rig->inbox, 1, 0);
	rig_add(rig, rig->inbox, 1, 0);
	ck_assert_int_eq(rig_total(rig, rig->inbox), 1);
	ck_assert_int_eq(rig_unread(rig, rig->inbox), 1);
}
END_TEST

START_TEST(counters_follow_flags_and_losses)
{
	rig_add(rig, rig->inbox, 1, 0);
	rig_add(rig, rig->inbox, 2, FLAG_SEEN);
	rig_fact(rig, rig->inbox, CHANGE_FLAGS, 1, FLAG_SEEN);
	ck_assert_int_eq(rig_unread(rig, rig->inbox), 0);
	rig_fact(rig, rig->inbox, CHANGE_FLAGS, 2, 0);
	ck_assert_int_eq(rig_unread(rig, rig->inbox), 1);
	rig_fact(rig, rig->inbox, CHANGE_GONE, 2, 0);
	ck_assert_int_eq(rig_unread(rig, rig->inbox), 0);
	ck_assert_int_eq(rig_total(rig, rig->inbox), 1);
}
END_TEST

START_TEST(a_new_uidvalidity_keeps_bodies_by_identity)
{
	struct batch *b;
	struct err err;

	rig_add(rig, rig->inbox, 5, 0);
	rig_keep_body(rig, rig->inbox, 5);
	b = batch_new(rig->account, rig->inbox);
	batch_reset(b);
	ck_assert_int_eq(batch_apply(rig->store, b, NULL, &err), 0);
	batch_free(&b);
	ck_assert_int_eq(rig_total(rig, rig->inbox), 0);
	rig_add(rig, rig->inbox, 5, FLAG_SEEN);
	ck_assert(rig_has_body(rig, rig->inbox, 5));
	ck_assert_int_eq(store_pass_done(rig->store, rig->account, &err), 0);
	ck_assert(rig_has_body(rig, rig->inbox, 5));
}
END_TEST

START_TEST(a_lost_message_goes_after_two_passes)
{
	struct err err;
	message_id m;
	struct list_row *row;

	rig_add(rig, rig->inbox, 5, 0);
	rig_keep_body(rig, rig->inbox, 5);
	row = rig_row(rig, rig->inbox, 5);
	m = row->message;
	list_row_free(&row);
	rig_fact(rig, rig->inbox, CHANGE_GONE, 5, 0);
	ck_assert_int_eq(store_pass_done(rig->store, rig->account, &err), 0);
	ck_assert(store_body_cached(rig->store, m));
	ck_assert_int_eq(store_pass_done(rig->store, rig->account, &err), 0);
	ck_assert(!store_body_cached(rig->store, m));
}
END_TEST

/* A move by another program whose target is listed before its source. */
START_TEST(a_move_told_from_its_target_keeps_the_message)
{
	struct list_row *row;
	message_id m;
	struct err err;

	rig_add(rig, rig->inbox, 5, 0);
	rig_keep_body(rig, rig->inbox, 5);
	ck_assert_int_eq(store_pass_done(rig->store, rig->account, &err), 0);
	rig_add(rig, rig->archive, 5, FLAG_SEEN);
	rig_fact(rig, rig->inbox, CHANGE_GONE, 5, 0);
	row = rig_row(rig, rig->archive, 5);
	m = row->message;
	ck_assert(row->flags == FLAG_SEEN);
	list_row_free(&row);
	ck_assert(store_body_cached(rig->store, m));
	ck_assert_int_eq(rig_total(rig, rig->inbox), 0);
	ck_assert_int_eq(rig_total(rig, rig->archive), 1);
	rig_sound(rig);
}
END_TEST

/* Two copies that both were there before are two messages, also when one goes. */
START_TEST(a_known_copy_takes_nothing_over)
{
	struct list_row *row;
	struct err err;
	message_id m;

	rig_add(rig, rig->inbox, 5, 0);
	rig_keep_body(rig, rig->inbox, 5);
	rig_add(rig, rig->archive, 5, 0);
	ck_assert_int_eq(store_pass_done(rig->store, rig->account, &err), 0);
	rig_fact(rig, rig->inbox, CHANGE_GONE, 5, 0);
	row = rig_row(rig, rig->archive, 5);
	m = row->message;
	list_row_free(&row);
	ck_assert(!store_body_cached(rig->store, m));
	rig_sound(rig);
}
END_TEST

static void add_mail(uint64_t uid, const char *id, const char *ref)
{
	struct batch *b = batch_new(rig->account, rig->inbox);
	struct change c = { .kind = CHANGE_MESSAGE, .uid = uid, .message_id = id,
		.references = &ref, .n_references = ref ? 1 : 0, .received_at = (int64_t)uid };
	struct err err;

	batch_change(b, &c);
	ck_assert_int_eq(batch_apply(rig->store, b, NULL, &err), 0);
	batch_free(&b);
}

static int64_t conversation_of(uint64_t uid)
{
	location_id l = rig_place(rig, rig->inbox, uid);
	struct list_row *row;
	struct err err;
	int64_t c;

	ck_assert_int_eq(store_row(rig->store, l, &row, &err), 0);
	c = row->conversation;
	list_row_free(&row);
	return c;
}

START_TEST(later_mail_joins_two_conversations) /* C-23 */
{
	add_mail(1, "a@x", NULL);
	add_mail(2, "b@x", "root@x");
	ck_assert_int_ne(conversation_of(1), conversation_of(2));
	add_mail(3, "root@x", "a@x");
	ck_assert_int_eq(conversation_of(1), conversation_of(2));
	ck_assert_int_eq(conversation_of(1), conversation_of(3));
	add_mail(4, "c@x", "b@x");
	ck_assert_int_eq(conversation_of(4), conversation_of(1));
}
END_TEST

/* --- lists ------------------------------------------------------------- */

static void compare_orders(enum list_order order, bool ascending)
{
	struct list_scope scope = { order, ascending, 1, &rig->inbox };
	g_autoptr(GPtrArray) whole = NULL, back = NULL;
	struct list_key at = { 0 };
	struct err err;
	guint seen = 0;

	ck_assert_int_eq(store_page(rig->store, &scope, PAGE_FIRST, NULL, 1000, &whole, &err), 0);
	for (;;) {
		g_autoptr(GPtrArray) page = NULL;

		ck_assert_int_eq(store_page(rig->store, &scope, seen ? PAGE_AFTER : PAGE_FIRST, &at,
					 7, &page, &err), 0);
		if (page->len == 0)
			break;
		for (guint i = 0; i < page->len; i++, seen++)
			ck_assert_int_eq(((struct list_row *)page->pdata[i])->location.v,
				((struct list_row *)whole->pdata[seen])->location.v);
		at = ((struct list_row *)page->pdata[page->len - 1])->key;
	}
	ck_assert_uint_eq(seen, whole->len);
	ck_assert_int_eq(store_page(rig->store, &scope, PAGE_BEFORE, &at, 5, &back, &err), 0);
	for (guint i = 0; i < 5; i++)
		ck_assert_int_eq(((struct list_row *)back->pdata[i])->location.v,
			((struct list_row *)whole->pdata[seen - 6 + i])->location.v);
}

START_TEST(pages_follow_each_other_in_every_order) /* L-69 */
{
	for (uint64_t i = 1; i <= 60; i++)
		rig_add(rig, rig->inbox, i, i % 3 ? FLAG_SEEN : 0);
	for (int o = 0; o < ORDER_COUNT; o++) {
		compare_orders((enum list_order)o, false);
		compare_orders((enum list_order)o, true);
	}
}
END_TEST

START_TEST(lists_never_scan_or_sort) /* the seek must come from an index */
{
	static const char *const sql[] = {
		"EXPLAIN QUERY PLAN SELECT l.id FROM location l CROSS JOIN message m ON m.id = l.message_id"
		" WHERE l.mailbox_id = ?1 AND l.shown = 1 AND (l.date, l.id) < (?4, ?5)"
		" ORDER BY l.date DESC, l.id DESC LIMIT ?2",
		"EXPLAIN QUERY PLAN SELECT l.id FROM location l CROSS JOIN message m ON m.id = l.message_id"
		" WHERE l.mailbox_id = ?1 AND l.shown = 1 AND (l.sender, l.age, l.id) > (?3, ?4, ?5)"
		" ORDER BY l.sender ASC, l.age ASC, l.id ASC LIMIT ?2",
		"EXPLAIN QUERY PLAN SELECT l.id FROM location l CROSS JOIN message m ON m.id = l.message_id"
		" WHERE l.mailbox_id = ?1 AND l.shown = 1 AND (l.flags & 1) = 0 AND (l.date, l.id) < (?4, ?5)"
		" ORDER BY l.date DESC, l.id DESC LIMIT ?2",
	};
	static const char *const index[] = { "location_by_date (mailbox_id=? AND date<?)",
		"location_by_sender (mailbox_id=? AND (sender,age)>(?,?))",
		"location_unread (mailbox_id=? AND date<?)" };
	g_autofree char *path = g_build_filename(rig->dir, "tern.db", NULL);
	sqlite3 *db;

	ck_assert_int_eq(sqlite3_open(path, &db), SQLITE_OK);
	for (size_t i = 0; i < G_N_ELEMENTS(sql); i++) {
		g_autoptr(GString) plan = g_string_new(NULL);
		sqlite3_stmt *q;

		ck_assert_int_eq(sqlite3_prepare_v2(db, sql[i], -1, &q, NULL), SQLITE_OK);
		while (sqlite3_step(q) == SQLITE_ROW)
			g_string_append_printf(plan, "%s\n", sqlite3_column_text(q, 3));
		sqlite3_finalize(q);
		ck_assert_msg(strstr(plan->str, "TEMP B-TREE") == NULL, "%s", plan->str);
		ck_assert_msg(strstr(plan->str, index[i]) != NULL, "%s", plan->str);
	}
	sqlite3_close(db);
}
END_TEST

START_TEST(two_mailboxes_merge_into_one_list)
{
	mailbox_id both[] = { rig->inbox, rig->archive };
	struct list_scope scope = { ORDER_DATE, false, 2, both };
	g_autoptr(GPtrArray) rows = NULL;
	struct err err;

	for (uint64_t i = 1; i <= 10; i++)
		rig_add(rig, i % 2 ? rig->inbox : rig->archive, i, 0);
	ck_assert_int_eq(store_page(rig->store, &scope, PAGE_FIRST, NULL, 6, &rows, &err), 0);
	ck_assert_uint_eq(rows->len, 6);
	for (guint i = 0; i < 6; i++)
		ck_assert_uint_eq(((struct list_row *)rows->pdata[i])->uid, 10 - i);
}
END_TEST

START_TEST(next_unread_is_found_in_every_order)
{
	struct list_scope scope = { ORDER_DATE, false, 1, &rig->inbox };
	struct list_key key;
	struct err err;

	for (uint64_t i = 1; i <= 50; i++)
		rig_add(rig, rig->inbox, i, i == 13 ? 0 : FLAG_SEEN);
	for (int o = 0; o < ORDER_COUNT; o++) {
		scope.order = (enum list_order)o;
		ck_assert_int_eq(store_next_unread(rig->store, &scope, NULL, &key, &err), 1);
		ck_assert_int_eq(key.location.v, rig_place(rig, rig->inbox, 13).v);
		ck_assert_int_eq(store_next_unread(rig->store, &scope, &key, &key, &err), 0);
	}
}
END_TEST

/* --- events and leases ------------------------------------------------- */

START_TEST(events_rise_and_can_be_read_again) /* L-103 */
{
	g_autoptr(GArray) rows = NULL, rest = NULL;
	int64_t floor;
	struct err err;

	rig_add(rig, rig->inbox, 1, 0);
	want_flags(1, FLAG_SEEN, 0, 1);
	ck_assert_int_eq(store_events(rig->store, 0, 1000, &rows, &floor, &err), 0);
	ck_assert_uint_gt(rows->len, 3);
	for (guint i = 1; i < rows->len; i++)
		ck_assert_int_gt(g_array_index(rows, struct event_row, i).seq,
			g_array_index(rows, struct event_row, i - 1).seq);
	ck_assert_int_eq(store_events(rig->store, g_array_index(rows, struct event_row, 1).seq, 1000,
				 &rest, &floor, &err), 0);
	ck_assert_uint_eq(rest->len, rows->len - 2);
}
END_TEST

START_TEST(a_big_batch_is_one_event)
{
	struct batch *b = batch_new(rig->account, rig->inbox);
	g_autoptr(GArray) rows = NULL;
	int64_t floor;
	struct err err;
	guint added = 0;

	for (uint64_t i = 1; i <= 500; i++)
		batch_change(b, &(struct change){ .kind = CHANGE_MESSAGE, .uid = i });
	ck_assert_int_eq(batch_apply(rig->store, b, NULL, &err), 0);
	batch_free(&b);
	ck_assert_int_eq(store_events(rig->store, 0, 1000, &rows, &floor, &err), 0);
	for (guint i = 0; i < rows->len; i++)
		added += g_array_index(rows, struct event_row, i).topic == TOPIC_MESSAGES_ADDED;
	ck_assert_uint_eq(added, 1);
}
END_TEST

START_TEST(a_lease_is_ours_until_we_drop_it)
{
	int holder = 0;
	struct err err;

	ck_assert_int_eq(store_lease_take(rig->store, rig->account, &holder, &err), 1);
	ck_assert_int_eq(store_lease_take(rig->store, rig->account, &holder, &err), 1);
	if (fork() == 0) {
		struct store *s;

		if (store_open(rig->dir, STORE_CLI, NULL, &s, &err) < 0)
			_exit(9);
		_exit(store_lease_take(s, rig->account, &holder, &err) == 0 && holder == getppid() ? 0 : 1);
	}
	int status;
	ck_assert_int_gt(wait(&status), 0);
	ck_assert_int_eq(status, 0);
	ck_assert_int_eq(store_lease_drop(rig->store, rig->account, &err), 0);
}
END_TEST

/* --- bad worlds -------------------------------------------------------- */

START_TEST(a_newer_store_is_refused_untouched)
{
	g_autofree char *path = g_build_filename(rig->dir, "tern.db", NULL);
	struct store *s = NULL;
	struct err err;
	sqlite3 *db;

	store_close(&rig->store);
	ck_assert_int_eq(sqlite3_open(path, &db), SQLITE_OK);
	sqlite3_exec(db, "PRAGMA user_version=999", NULL, NULL, NULL);
	sqlite3_close(db);
	ck_assert_int_eq(store_open(rig->dir, STORE_CLI, NULL, &s, &err), ERR_STORAGE);
	ck_assert_ptr_nonnull(strstr(err.text, "newer"));
	ck_assert_int_eq(sqlite3_open(path, &db), SQLITE_OK);
	sqlite3_exec(db, "PRAGMA user_version=5", NULL, NULL, NULL);
	sqlite3_close(db);
	ck_assert_int_eq(store_open(rig->dir, STORE_CLI, rig->events, &rig->store, &err), 0);
}
END_TEST

START_TEST(a_file_that_is_no_store_is_an_error)
{
	g_autofree char *path = g_build_filename(rig->dir, "tern.db", NULL);
	struct store *s = NULL;
	struct err err;

	rig_free(&rig);
	g_autofree char *dir = g_dir_make_tmp("tern-test-XXXXXX", NULL);
	g_free(path);
	path = g_build_filename(dir, "tern.db", NULL);
	ck_assert(g_file_set_contents(path, "This is a letter, not a database, and long enough.\n"
					    "It goes on for more than one hundred bytes, so that "
					    "SQLite looks at it.\n", -1, NULL));
	ck_assert_int_eq(store_open(dir, STORE_CLI, NULL, &s, &err), ERR_STORAGE);
	ck_assert_ptr_nonnull(strstr(err.text, "damaged"));
}
END_TEST

START_TEST(a_full_disk_loses_nothing)
{
	struct list_row *row;
	struct err err = { 0 };
	int r = 0, added = 0;

	rig_free(&rig);
	g_autofree char *dir = g_dir_make_tmp("tern-full-XXXXXX", NULL);
	if (geteuid() != 0 || mount("tmpfs", dir, "tmpfs", 0, "size=1m") != 0) {
		rmdir(dir);
		return; /* only root can make a small disk */
	}
	struct store *s = NULL;
	account_id a;
	struct mailbox m = { .path = (char *)"INBOX", .name = (char *)"INBOX", .role = ROLE_INBOX };
	struct batch *b;
	mailbox_id inbox;

	ck_assert_int_eq(store_open(dir, STORE_CLI, NULL, &s, &err), 0);
	ck_assert_int_eq(store_account_bind(s, "x", "imap", &a, &err), 0);
	b = batch_new(a, (mailbox_id){ 0 });
	batch_mailbox(b, &m);
	ck_assert_int_eq(batch_apply(s, b, NULL, &err), 0);
	batch_free(&b);
	inbox = store_mailbox_with_role(s, a, ROLE_INBOX);
	for (uint64_t uid = 1; r == 0 && uid < 100000; uid += 20) {
		b = batch_new(a, inbox);
		for (uint64_t i = 0; i < 20; i++)
			batch_change(b, &(struct change){ .kind = CHANGE_MESSAGE, .uid = uid + i,
				.subject = "The subject of a message on a small disk" });
		r = batch_apply(s, b, NULL, &err);
		added += r == 0 ? 20 : 0;
		batch_free(&b);
	}
	ck_assert_int_eq(r, ERR_STORAGE);
	ck_assert_ptr_nonnull(strstr(err.text, "full"));
	{
		struct list_scope scope = { .n = 1, .mailboxes = &inbox };
		g_autoptr(GPtrArray) rows = NULL;

		ck_assert_int_eq(store_page(s, &scope, PAGE_FIRST, NULL, 1, &rows, &err), 0);
		row = rows->pdata[0];
		ck_assert_int_eq(store_want_flags(s, &row->location, 1, FLAG_SEEN, 0, &err), ERR_STORAGE);
		ck_assert_ptr_nonnull(strstr(err.text, "not made"));
	}
	store_close(&s);
	ck_assert_int_eq(store_open(dir, STORE_CLI, NULL, &s, &err), 0);
	ck_assert_int_eq(store_known_count(s, inbox), added);
	ck_assert_int_eq(store_check(s, &err), 0);
	store_close(&s);
	ck_assert_int_eq(umount(dir), 0);
	rmdir(dir);
}
END_TEST

START_TEST(an_unclean_exit_is_noticed)
{
	struct err err;
	struct store *s;
	int status;

	ck_assert(!store_was_unclean(rig->store));
	store_close(&rig->store);
	if (fork() == 0) {
		_exit(store_open(rig->dir, STORE_CLI, NULL, &s, &err) < 0); /* dies without closing */
	}
	ck_assert_int_gt(wait(&status), 0);
	ck_assert_int_eq(status, 0);
	rig_reopen(rig);
	ck_assert(store_was_unclean(rig->store));
	rig_reopen(rig);
	ck_assert(store_was_unclean(rig->store)); /* closing it is no proof */
	{
		g_autofree char *dir = g_build_filename(rig->dir, "bodies", "07", NULL);
		g_autofree char *draft = g_build_filename(dir, "7.eml.abcdef", NULL);

		ck_assert_int_eq(g_mkdir_with_parents(dir, 0700), 0);
		ck_assert(g_file_set_contents(draft, "half", 4, NULL)); /* somebody's work */
		ck_assert_int_eq(store_recover(rig->store, &err), 0);
		ck_assert(g_file_test(draft, G_FILE_TEST_EXISTS));
		ck_assert_int_eq(utime(draft, &(struct utimbuf){ 1000, 1000 }), 0);
		ck_assert_int_eq(store_recover(rig->store, &err), 0);
		ck_assert(!g_file_test(draft, G_FILE_TEST_EXISTS));
	}
	ck_assert(!store_was_unclean(rig->store));
}
END_TEST

static int64_t log_bytes(void)
{
	g_autofree char *path = g_build_filename(rig->dir, "tern.db-wal", NULL);
	struct stat st;

	return stat(path, &st) ? 0 : (int64_t)st.st_size;
}

/* 8000 pages are emptied by whoever calls store_checkpoint; twice as much is the bound. */
START_TEST(the_log_of_a_screen_without_workers_stays_bounded)
{
	struct store *screen = NULL;
	location_id l;
	struct err err;

	rig_add(rig, rig->inbox, 1, 0);
	l = rig_place(rig, rig->inbox, 1);
	ck_assert_int_eq(store_open(rig->dir, STORE_UI, NULL, &screen, &err), 0);
	for (int i = 0; i < 1500; i++) {
		unsigned on = i % 2 ? 0 : FLAG_FLAGGED;

		ck_assert_int_eq(store_want_flags(screen, &l, 1, on, FLAG_FLAGGED & ~on, &err), 1);
		if (i % 50 == 0)
			store_checkpoint(rig->store);
	}
	ck_assert_int_gt(log_bytes(), 0);
	ck_assert_int_lt(log_bytes(), (int64_t)2 * 8000 * 4096);
	store_close(&screen);
}
END_TEST

START_TEST(files_are_private)
{
	g_autofree char *path = g_build_filename(rig->dir, "tern.db", NULL);
	struct stat st;

	ck_assert_int_eq(stat(path, &st), 0);
	ck_assert_uint_eq(st.st_mode & 0777, 0600);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("store");
	TCase *t = tcase_create("store");
	SRunner *runner;
	int failed;

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_set_timeout(t, 60);
	tcase_add_test(t, a_fact_seen_twice_changes_nothing);
	tcase_add_test(t, counters_follow_flags_and_losses);
	tcase_add_test(t, a_new_uidvalidity_keeps_bodies_by_identity);
	tcase_add_test(t, a_lost_message_goes_after_two_passes);
	tcase_add_test(t, a_move_told_from_its_target_keeps_the_message);
	tcase_add_test(t, a_known_copy_takes_nothing_over);
	tcase_add_test(t, later_mail_joins_two_conversations);
	tcase_add_test(t, pages_follow_each_other_in_every_order);
	tcase_add_test(t, lists_never_scan_or_sort);
	tcase_add_test(t, two_mailboxes_merge_into_one_list);
	tcase_add_test(t, next_unread_is_found_in_every_order);
	tcase_add_test(t, events_rise_and_can_be_read_again);
	tcase_add_test(t, a_big_batch_is_one_event);
	tcase_add_test(t, a_lease_is_ours_until_we_drop_it);
	tcase_add_test(t, a_newer_store_is_refused_untouched);
	tcase_add_test(t, a_file_that_is_no_store_is_an_error);
	tcase_add_test(t, a_full_disk_loses_nothing);
	tcase_add_test(t, an_unclean_exit_is_noticed);
	tcase_add_test(t, the_log_of_a_screen_without_workers_stays_bounded);
	tcase_add_test(t, files_are_private);
	suite_add_tcase(suite, t);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
