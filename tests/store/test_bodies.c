/* Bodies in packs, what is missing, what expires; previews; a store of the first version. */
#include <check.h>
#include <fcntl.h>
#include <glib.h>
#include <glib/gstdio.h>
#include <signal.h>
#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>
#include <utime.h>

#include "base/clock.h"
#include "base/mem.h"
#include "model/flags.h"
#include "support/rig.h"

enum { DAY = 86400, BIG = 300 * 1024 };

static struct rig *rig;
static struct err err;

static void setup(void)
{
	rig = rig_new();
	err = (struct err){ 0 };
}

static void teardown(void)
{
	clock_fake(-1, -1);
	rig_sound(rig);
	rig_free(&rig);
}

static void must(int r)
{
	ck_assert_msg(r >= 0, "%s", err.text);
}

static message_id message(uint64_t uid)
{
	struct list_row *row = rig_row(rig, rig->inbox, uid);
	message_id m = row->message;

	list_row_free(&row);
	return m;
}

/* Messages 1 .. n of the inbox in one batch. */
static void fill(uint64_t n)
{
	struct batch *b = batch_new(rig->account, rig->inbox);
	char id[40];

	for (uint64_t i = 1; i <= n; i++) {
		g_snprintf(id, sizeof id, "m%d@example.org", (int)i);
		batch_change(b, &(struct change){ .kind = CHANGE_MESSAGE, .uid = i,
					.message_id = id, .received_at = 1600000000 + (int64_t)i,
					.size = 3000 });
	}
	batch_cursor(b, "1", 1, true);
	must(batch_apply(rig->store, b, NULL, &err));
	batch_free(&b);
}

/* The bytes of a body say whose they are. */
static char *text_of(uint64_t number, size_t n)
{
	char *text = g_strnfill(n, (char)('a' + number % 26));

	g_snprintf(text, n, "%d", (int)number);
	return text;
}

static void put(uint64_t from, uint64_t to, size_t n)
{
	g_autoptr(GArray) pieces = g_array_new(FALSE, FALSE, sizeof(struct body_piece));

	for (uint64_t i = from; i <= to; i++) {
		struct body_piece p = { message(i), text_of(i, n), n };

		g_array_append_val(pieces, p);
	}
	must(store_bodies_put(rig->store, (const struct body_piece *)(const void *)pieces->data,
		pieces->len, &err));
	for (guint i = 0; i < pieces->len; i++)
		g_free((char *)g_array_index(pieces, struct body_piece, i).p);
}

static void check_body(uint64_t number, size_t n)
{
	g_autofree char *want = text_of(number, n), *got = g_malloc(n + 1);
	int fd = -1;

	must(store_body_open(rig->store, message(number), &fd, &err));
	ck_assert_int_eq(read(fd, got, n + 1), (ssize_t)n);
	ck_assert_int_eq(memcmp(want, got, n), 0);
	if (n <= 256 * 1024)
		ck_assert_int_eq(write(fd, "x", 1), -1);
	fd_close(&fd);
}

static int64_t files(const char *folder)
{
	g_autofree char *path = g_build_filename(rig->dir, "bodies", folder, NULL);
	GDir *d = g_dir_open(path, 0, NULL);
	int64_t n = 0;

	while (d && g_dir_read_name(d))
		n++;
	if (d)
		g_dir_close(d);
	return n;
}

/* --- packs ---------------------------------------------------------------- */

START_TEST(many_bodies_are_one_file)
{
	fill(40);
	put(1, 30, 3000);
	put(31, 31, BIG);
	ck_assert_int_eq(files("packs"), 1);
	for (uint64_t i = 1; i <= 30; i++)
		check_body(i, 3000);
	check_body(31, BIG);
	ck_assert(!store_body_cached(rig->store, message(32)));
	rig_reopen(rig);
	check_body(30, 3000);
	put(1, 1, 0); /* an empty one, and again */
	check_body(1, 0);
	rig_keep_body(rig, rig->inbox, 2); /* becomes a file */
	ck_assert_int_eq(rig_ask(rig, "SELECT count(*) FROM body WHERE pack = 0"), 2);
}
END_TEST

START_TEST(a_body_of_a_removed_message_is_left_out)
{
	struct body_piece p[2] = { { { 99 }, "x", 1 }, { { 0 }, "12", 2 } };

	fill(1);
	p[1].message = message(1);
	must(store_bodies_put(rig->store, p, 2, &err));
	ck_assert_int_eq(rig_ask(rig, "SELECT count(*) FROM body"), 1);
	ck_assert(store_body_cached(rig->store, message(1)));
}
END_TEST

START_TEST(a_pack_goes_with_its_last_message)
{
	fill(3);
	put(1, 3, 100);
	for (uint64_t i = 1; i <= 3; i++) {
		ck_assert_int_eq(files("packs"), 1);
		rig_fact(rig, rig->inbox, CHANGE_GONE, i, 0);
		must(store_pass_done(rig->store, rig->account, &err));
		must(store_pass_done(rig->store, rig->account, &err));
	}
	ck_assert_int_eq(files("packs"), 0);
	fill(3);
	put(1, 3, 100);
	ck_assert_int_eq(files("packs"), 1);
	must(store_account_remove(rig->store, rig->account, &err));
	ck_assert_int_eq(files("packs"), 0);
}
END_TEST

START_TEST(gaps_are_found_in_order)
{
	struct body_gap g[4];

	fill(9);
	put(2, 4, 10);
	ck_assert_int_eq(store_body_gaps(rig->store, rig->inbox, 1, g, 4, &err), 4);
	ck_assert_uint_eq(g[0].uid, 1);
	ck_assert_uint_eq(g[1].uid, 5);
	ck_assert_int_eq(g[1].message.v, message(5).v);
	ck_assert_int_eq(store_body_gaps(rig->store, rig->inbox, g[3].uid + 1, g, 4, &err), 2);
	ck_assert_uint_eq(g[1].uid, 9);
	ck_assert_int_eq(store_body_gaps(rig->store, rig->inbox, 10, g, 4, &err), 0);
	ck_assert_int_eq(store_body_gaps(rig->store, rig->inbox, UINT64_MAX, g, 4, &err), 0);
}
END_TEST

/* --- expiry (M-15, M-16, M-37) ---------------------------------------------- */

static void want_flag(uint64_t uid, unsigned flag)
{
	location_id l = rig_place(rig, rig->inbox, uid);

	must(store_want_flags(rig->store, &l, 1, flag, 0, &err));
}

START_TEST(unused_bodies_go_protected_ones_stay)
{
	int64_t now = clock_unix();

	fill(10);
	put(1, 8, 1000);
	rig_keep_body(rig, rig->inbox, 9);
	rig_fact(rig, rig->inbox, CHANGE_FLAGS, 1, FLAG_FLAGGED); /* flagged at the server */
	want_flag(2, FLAG_SEEN);                                  /* a change that waits */
	ck_assert_int_eq(store_bodies_expire(rig->store, 30, &err), 0);
	clock_fake(clock_mono_ms(), now + 20 * DAY);
	check_body(3, 1000); /* used */
	clock_fake(clock_mono_ms(), now + 31 * DAY);
	ck_assert_int_eq(store_bodies_expire(rig->store, 30, &err), 6);
	for (uint64_t i = 1; i <= 3; i++)
		check_body(i, 1000);
	for (uint64_t i = 4; i <= 9; i++)
		ck_assert(!store_body_cached(rig->store, message(i)));
	ck_assert(rig_shows(rig, rig->inbox, 9)); /* M-16: only the body went */
	/* three of eight were left: the pack was written anew */
	ck_assert_int_eq(rig_ask(rig, "SELECT bytes FROM body_pack"), 3000);
	ck_assert_int_eq(files("packs"), 1);
	ck_assert_int_eq(rig_ask(rig, "SELECT count(*) FROM cache_object WHERE state = 'evicted'"), 6);
	put(4, 4, 500);
	check_body(4, 500);
}
END_TEST

/* --- bad worlds --------------------------------------------------------------- */

static char *only_pack(void)
{
	return g_strdup_printf("%s/bodies/packs/%d.pack", rig->dir,
		(int)rig_ask(rig, "SELECT max(id) FROM body_pack"));
}

START_TEST(a_lost_pack_is_found_out)
{
	g_autofree char *path = NULL;
	int fd = -1;

	fill(2);
	put(1, 2, 1000);
	path = only_pack();
	ck_assert_int_eq(truncate(path, 1500), 0);
	check_body(1, 1000);
	ck_assert_int_eq(store_body_open(rig->store, message(2), &fd, &err), ERR_GONE);
	ck_assert(!store_body_cached(rig->store, message(2))); /* to be fetched again */
	ck_assert(store_body_cached(rig->store, message(1)));
	unlink(path);
	ck_assert_int_eq(store_body_open(rig->store, message(1), &fd, &err), ERR_GONE);
	ck_assert(!store_body_cached(rig->store, message(1)));
	put(1, 2, 700);
	check_body(2, 700);
}
END_TEST

static void touch(const char *name, int64_t age)
{
	g_autofree char *path = g_build_filename(rig->dir, "bodies", "packs", name, NULL);
	struct utimbuf t = { time(NULL) - age, time(NULL) - age };

	ck_assert(g_file_set_contents(path, "x", 1, NULL));
	ck_assert_int_eq(utime(path, &t), 0);
}

START_TEST(rests_of_a_crash_are_swept)
{
	fill(2);
	put(1, 2, 1000);
	touch("new.abcdef", 5000);
	touch("new.ghijkl", -1); /* somebody's work */
	touch("777.pack", 5000);
	touch("notes.txt", 5000);
	must(store_recover(rig->store, &err));
	ck_assert_int_eq(files("packs"), 3);
	check_body(1, 1000);
}
END_TEST

/* No file may grow beyond 200 KB: like a disk that is full. */
START_TEST(a_disk_that_takes_no_more_changes_nothing)
{
	struct rlimit small = { 200000, RLIM_INFINITY }, all = { RLIM_INFINITY, RLIM_INFINITY };
	g_autofree char *text = text_of(1, 150000);
	struct body_piece p[2];
	int r;

	fill(2);
	p[0] = (struct body_piece){ message(1), text, 150000 };
	p[1] = (struct body_piece){ message(2), text, 150000 };
	signal(SIGXFSZ, SIG_IGN);
	ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &small), 0);
	r = store_bodies_put(rig->store, p, 2, &err);
	ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &all), 0);
	ck_assert_int_eq(r, ERR_STORAGE);
	ck_assert_int_eq(files("packs"), 0);
	ck_assert(!store_body_cached(rig->store, message(1)));
	put(1, 2, 150000);
	check_body(2, 150000);
}
END_TEST

/* Killed between any two steps of putting: the rows that are there have their bytes. */
START_TEST(a_kill_while_putting_tears_nothing)
{
	fill(200);
	for (int round = 0; round < 12; round++) {
		pid_t pid = fork();

		if (pid == 0) {
			store_open(rig->dir, STORE_WORKER, NULL, &rig->store, &err);
			for (uint64_t i = 1;; i = i % 180 + 1)
				put(i, i + 19, 2000);
		}
		g_usleep((gulong)(20000 + round * 7000));
		kill(pid, SIGKILL);
		ck_assert_int_eq(waitpid(pid, NULL, 0), pid);
		rig_reopen(rig);
		for (uint64_t i = 1; i <= 200; i += 13)
			if (store_body_cached(rig->store, message(i)))
				check_body(i, 2000);
		rig_sound(rig);
	}
	ck_assert_int_gt(rig_ask(rig, "SELECT count(*) FROM body"), 0);
}
END_TEST

/* --- previews ------------------------------------------------------------------ */

static void add_preview(uint64_t uid, const char *preview)
{
	struct batch *b = batch_new(rig->account, rig->inbox);

	batch_change(b, &(struct change){ .kind = CHANGE_MESSAGE, .uid = uid, .preview = preview });
	must(batch_apply(rig->store, b, NULL, &err));
	batch_free(&b);
}

static void check_preview(uint64_t uid, const char *want)
{
	struct list_row *row = NULL;

	must(store_row(rig->store, rig_place(rig, rig->inbox, uid), &row, &err));
	ck_assert_str_eq(row->preview, want);
	list_row_free(&row);
}

static int find_preview(void *found, const char *line)
{
	*(int *)found += strstr(line, "\"preview\":\"Dear all\"") != NULL;
	return 0;
}

START_TEST(previews_reach_lists_and_dumps)
{
	int found = 0;

	add_preview(1, "Dear all");
	add_preview(2, NULL);
	check_preview(1, "Dear all");
	check_preview(2, "");
	must(store_dump(rig->store, find_preview, &found, &err));
	ck_assert_int_eq(found, 1);
	add_preview(2, "Told later"); /* L-10: a full comparison fills in what was not kept */
	check_preview(2, "Told later");
	add_preview(2, "Something else");
	check_preview(2, "Told later");
}
END_TEST

/* --- migration -------------------------------------------------------------------- */

/* A store as version 1 left it: its schema, and rows in the tables that version 2 widens. */
static void make_old_store(const char *dir)
{
	static const char file[] = TEST_DATA "/../../src/store/schema/001-initial.sql";
	g_autofree char *path = g_build_filename(dir, "tern.db", NULL), *sql = NULL;
	static const char rows[] =
		"INSERT INTO account VALUES (1, 'old', 'imap', 123, 0, 0, 0, '');"
		"INSERT INTO lease VALUES (1, 'boot 1 1', 1, 5);"
		"INSERT INTO mailbox VALUES (1, 1, 'INBOX', 'INBOX', 46, 0, 0, 'c1', 7, 1, 1, 1, 1);"
		"INSERT INTO mailbox VALUES (2, 1, 'Sub', 'Sub', 46, 8, 0, 'c2', 8, 0, 0, 0, 0);"
		"INSERT INTO mailbox VALUES (3, 1, 'New', 'New', 46, 8, 0, '', 0, 0, 0, 0, 0);"
		"INSERT INTO conversation VALUES (1, 1, NULL, 'Hi', 5, 1, 1);"
		"INSERT INTO message VALUES (1, 1, 1, NULL, 'm@x', 'Hi', 'A', 'a@x', 'b', '', 5, 5,"
		" 17, 0, 0);"
		"INSERT INTO location VALUES (1, 1, 1, 4, 0, NULL, 0, 1, 0, 0, 5, -5, 17, 'a', 'hi');"
		"INSERT INTO cache_object (message_id, layer, object_id, state, stored_bytes)"
		" VALUES (1, 'body', '', 'cached', 17);"
		"INSERT INTO body VALUES (1, 17, 5, 5);"
		"PRAGMA user_version=1;";
	sqlite3 *db;
	char *why = NULL;

	ck_assert(g_file_get_contents(file, &sql, NULL, NULL));
	ck_assert_int_eq(sqlite3_open(path, &db), SQLITE_OK);
	ck_assert_int_eq(sqlite3_exec(db, sql, NULL, NULL, &why), SQLITE_OK);
	ck_assert_msg(sqlite3_exec(db, rows, NULL, NULL, &why) == SQLITE_OK, "%s", why);
	sqlite3_close(db);
}

static void check_box(struct store *s, int64_t id, enum mailbox_state state, bool filled,
	const char *cursor)
{
	AUTO(mailbox_free) struct mailbox *m = NULL;

	must(store_mailbox(s, (mailbox_id){ id }, &m, &err));
	ck_assert_int_eq(m->state, state);
	ck_assert((m->backfilled_at > 0) == filled);
	ck_assert_str_eq(m->cursor, cursor);
	ck_assert_ptr_null(m->object_id);
}

START_TEST(a_store_of_version_1_is_all_there)
{
	g_autofree char *dir = g_build_filename(rig->dir, "old", NULL);
	g_autofree char *folder = g_build_filename(dir, "bodies", "01", NULL);
	g_autofree char *file = g_build_filename(folder, "1.eml", NULL);
	struct list_row *row = NULL;
	struct store *s = NULL;
	account_id a;
	int holder, fd = -1;

	ck_assert_int_eq(g_mkdir_with_parents(folder, 0700), 0);
	ck_assert(g_file_set_contents(file, "Subject: x\n\nbody\n", 17, NULL));
	make_old_store(dir);
	ck_assert_msg(store_open(dir, STORE_CLI, NULL, &s, &err) == 0, "%s", err.text);
	must(store_check(s, &err));
	must(store_account_bind(s, "old", "imap", &a, &err));
	ck_assert_int_eq(a.v, 1);
	check_box(s, 1, MAILBOX_COMPLETE, true, "c1");
	check_box(s, 2, MAILBOX_INCREMENTAL, false, "c2");
	check_box(s, 3, MAILBOX_PENDING, false, "");
	must(store_row(s, (location_id){ 1 }, &row, &err));
	ck_assert_str_eq(row->subject, "Hi");
	ck_assert_str_eq(row->preview, "");
	ck_assert_uint_eq(row->uid, 4);
	must(store_body_open(s, row->message, &fd, &err));
	ck_assert_int_eq(lseek(fd, 0, SEEK_END), 17);
	fd_close(&fd);
	list_row_free(&row);
	ck_assert(store_metadata_outdated(s, a)); /* L-10: its rows are an older program's */
	ck_assert_int_eq(store_lease_take(s, a, &holder, &err), 1);
	store_close(&s);
}
END_TEST

/* ... and as version 2 left it, with a wish that waits, one that is done, and a step. */
static void make_store_2(const char *dir)
{
	static const char file[] = TEST_DATA "/../../src/store/schema/002-engine.sql";
	g_autofree char *path = g_build_filename(dir, "tern.db", NULL), *sql = NULL;
	static const char rows[] =
		"UPDATE location SET flags = 4, pending = 1;"
		"INSERT INTO undo_step VALUES (5, 100, 'flags', 0);"
		"INSERT INTO undo_item VALUES (5, 1, 1, NULL, 4, 0);"
		"INSERT INTO mutation (id, account_id, message_id, verb, source_location_id,"
		" source_id, uidvalidity, add_flags, status, created_at, updated_at) VALUES"
		" (7, 1, 1, 'flags', 1, 1, 7, 4, 'queued', 100, 100),"
		" (6, 1, 1, 'flags', 1, 1, 7, 4, 'done', 100, 100);"
		"PRAGMA user_version=2;";
	sqlite3 *db;
	char *why = NULL;

	make_old_store(dir);
	ck_assert(g_file_get_contents(file, &sql, NULL, NULL));
	ck_assert_int_eq(sqlite3_open(path, &db), SQLITE_OK);
	ck_assert_msg(sqlite3_exec(db, sql, NULL, NULL, &why) == SQLITE_OK, "%s", why);
	ck_assert_msg(sqlite3_exec(db, rows, NULL, NULL, &why) == SQLITE_OK, "%s", why);
	sqlite3_close(db);
}

/* The number that a statement gives in the store of that folder. */
static int ask_file(const char *dir, const char *sql)
{
	g_autofree char *path = g_build_filename(dir, "tern.db", NULL);
	sqlite3_stmt *q;
	sqlite3 *db;
	int n;

	ck_assert_int_eq(sqlite3_open(path, &db), SQLITE_OK);
	ck_assert_int_eq(sqlite3_prepare_v2(db, sql, -1, &q, NULL), SQLITE_OK);
	ck_assert_int_eq(sqlite3_step(q), SQLITE_ROW);
	n = sqlite3_column_int(q, 0);
	sqlite3_finalize(q);
	sqlite3_close(db);
	return n;
}

START_TEST(wishes_of_version_2_wait_on)
{
	g_autofree char *dir = g_build_filename(rig->dir, "old", NULL);
	AUTO(mutation_batch_free) struct mutation_batch *b = NULL;
	struct list_row *row = NULL;
	struct undone undone;
	struct store *s = NULL;

	ck_assert_int_eq(g_mkdir_with_parents(dir, 0700), 0);
	make_store_2(dir);
	ck_assert_msg(store_open(dir, STORE_CLI, NULL, &s, &err) == 0, "%s", err.text);
	ck_assert_int_eq(ask_file(dir, "SELECT add_flags FROM undo_item WHERE step_id = 5"
		" AND message_id = 1 AND source_id = 1 AND place = 0"), FLAG_FLAGGED);
	must(store_row(s, (location_id){ 1 }, &row, &err));
	ck_assert_uint_eq(row->flags, FLAG_FLAGGED);
	ck_assert(row->pending);
	list_row_free(&row);
	ck_assert_int_eq(store_queue_claim(s, (account_id){ 1 }, &b, &err), 1);
	ck_assert_uint_eq(b->add, FLAG_FLAGGED);
	ck_assert_int_eq(b->items[0].row, 7);
	ck_assert_int_eq(store_queue_recover(s, (account_id){ 1 }, &err), 0);
	ck_assert_int_eq(store_want_flags(s, &(location_id){ 1 }, 1, FLAG_ANSWERED, 0, &err), 1);
	ck_assert_int_eq(store_undo(s, 0, &undone, &err), 1);
	store_close(&s);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("bodies");
	TCase *t = tcase_create("bodies");
	SRunner *runner;
	int failed;

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_set_timeout(t, 60);
	tcase_add_test(t, many_bodies_are_one_file);
	tcase_add_test(t, a_body_of_a_removed_message_is_left_out);
	tcase_add_test(t, a_pack_goes_with_its_last_message);
	tcase_add_test(t, gaps_are_found_in_order);
	tcase_add_test(t, unused_bodies_go_protected_ones_stay);
	tcase_add_test(t, a_lost_pack_is_found_out);
	tcase_add_test(t, rests_of_a_crash_are_swept);
	tcase_add_test(t, a_disk_that_takes_no_more_changes_nothing);
	tcase_add_test(t, a_kill_while_putting_tears_nothing);
	tcase_add_test(t, previews_reach_lists_and_dumps);
	tcase_add_test(t, a_store_of_version_1_is_all_there);
	tcase_add_test(t, wishes_of_version_2_wait_on);
	suite_add_tcase(suite, t);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
