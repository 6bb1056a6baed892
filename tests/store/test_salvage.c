/* Files and rows of bodies after a crash, a failure, a lost disk (doc/STORE, "Bodies"). */
#include <check.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <utime.h>

#include "base/mem.h"
#include "store/larder.h"
#include "store/priv.h"

static char *file_of(message_id m)
{
	return body_path(rig->store, m.v);
}

static bool has_file(message_id m)
{
	g_autofree char *path = file_of(m);

	return g_file_test(path, G_FILE_TEST_EXISTS);
}

/* As old as a dead process would have left it. */
static void write_file(const char *path, size_t bytes, int age)
{
	g_autofree char *text = g_strnfill(bytes, 'x'), *dir = g_path_get_dirname(path);
	struct utimbuf t = { time(NULL) - age, time(NULL) - age };

	ck_assert_int_eq(g_mkdir_with_parents(dir, 0700), 0);
	ck_assert(g_file_set_contents(path, text, (gssize)bytes, NULL));
	ck_assert_int_eq(utime(path, &t), 0);
}

static void salvage(void)
{
	struct err err;

	must(store_recover(rig->store, &err), &err);
	must(store_check(rig->store, &err), &err);
}

static void keep_in_part(message_id m, int64_t bytes, struct body_draft *d)
{
	static const struct body_hole holes[] = { { 10, 5000 } };
	struct err err;

	must(store_body_begin(rig->store, m, d, &err), &err);
	ck_assert_int_eq(ftruncate(d->fd, bytes), 0);
	d->holes = holes;
	d->n_holes = 1;
}

START_TEST(files_of_nobody_go)
{
	message_id kept = put(1, 0, 5000, 0), lost = put(2, 0, 5000, 0), fresh = put(3, 0, 5000, 0);
	message_id packed = put(4, 0, 5000, 0);
	const struct body_piece p = { packed, "in a pack", 9 };
	g_autofree char *a = file_of(lost), *b = file_of(fresh), *c = file_of(packed);
	g_autofree char *draft = g_strconcat(a, ".abcdef", NULL), *before = g_strconcat(a, ".before", NULL);
	struct err err;

	keep(kept, 5000);
	must(store_bodies_put(rig->store, &p, 1, &err), &err);
	write_file(a, 5000, 5000); /* died before its row, or after its row had gone */
	write_file(b, 5000, -5000); /* somebody is at it */
	write_file(c, 9, 5000);
	write_file(draft, 9, 5000);
	write_file(before, 9, 5000);
	salvage();
	ck_assert(has_file(kept) && !has_file(lost) && has_file(fresh) && !has_file(packed));
	ck_assert(!g_file_test(draft, G_FILE_TEST_EXISTS) && !g_file_test(before, G_FILE_TEST_EXISTS));
	ck_assert(store_body_cached(rig->store, packed));
}
END_TEST

/* Before somebody without a network finds it out. */
START_TEST(rows_without_their_bytes_are_wanted_again)
{
	static const char bytes[3000];
	message_id whole = put(1, 0, 5000, 0), gone = put(2, 0, 5000, 0), cut = put(3, 0, 5000, 0);
	message_id first = put(4, 0, 3000, 0), second = put(5, 0, 3000, 0);
	const struct body_piece p[] = { { first, bytes, 3000 }, { second, bytes, 3000 } };
	g_autofree char *pack = pack_path(rig->store, 1), *a = file_of(gone), *b = file_of(cut);
	struct err err;

	keep(whole, 5000);
	keep(gone, 5000);
	keep(cut, 5000);
	must(store_bodies_put(rig->store, p, 2, &err), &err);
	unlink(a);
	ck_assert_int_eq(truncate(b, 0), 0);
	ck_assert_int_eq(truncate(pack, 4000), 0);
	salvage();
	ck_assert_str_eq(state_of(whole), "cached");
	ck_assert_str_eq(state_of(gone), "wanted");
	ck_assert_str_eq(state_of(cut), "wanted");
	ck_assert_str_eq(state_of(first), "cached");
	ck_assert_str_eq(state_of(second), "wanted");
	ck_assert_int_eq(bytes_used(), 8000);
	unlink(pack);
	salvage();
	ck_assert_int_eq(bytes_used(), 5000);
}
END_TEST

/* Died between the name of the whole message and its row. */
START_TEST(a_row_follows_its_whole_message)
{
	message_id m = put(1, 0, 9000, 0);
	struct body_hole holes[BODY_HOLES_MAX];
	g_autofree char *path = file_of(m);
	struct body_draft d;
	struct err err;

	keep_in_part(m, 4000, &d);
	must(store_body_commit(rig->store, &d, &err), &err);
	ck_assert_int_eq(store_body_holes(rig->store, m, holes, &err), 1);
	write_file(path, 9000, 5000);
	salvage();
	ck_assert_int_eq(store_body_holes(rig->store, m, holes, &err), 0);
	ck_assert_int_eq(bytes_used(), 9000);
	ck_assert_str_eq(state_of(m), "cached");
}
END_TEST

/* The rest could not be entered: what was here is here. */
START_TEST(a_failed_rest_leaves_the_first_part)
{
	message_id m = put(1, 0, 9000, 0);
	struct body_hole holes[BODY_HOLES_MAX];
	AUTO(fd_close) int fd = -1;
	sqlite3 *other;
	struct body_draft d;
	struct err err;

	keep_in_part(m, 4000, &d);
	must(store_body_commit(rig->store, &d, &err), &err);
	must(store_body_begin(rig->store, m, &d, &err), &err);
	ck_assert_int_eq(ftruncate(d.fd, 9000), 0);
	g_autofree char *path = g_build_filename(rig->dir, "tern.db", NULL);
	ck_assert_int_eq(sqlite3_open(path, &other), SQLITE_OK);
	ck_assert_int_eq(sqlite3_exec(other, "BEGIN IMMEDIATE", NULL, NULL, NULL), SQLITE_OK);
	sqlite3_busy_timeout(rig->store->db, 0);
	ck_assert_int_eq(store_body_commit(rig->store, &d, &err), ERR_RETRY);
	sqlite3_close(other);
	must(store_body_open(rig->store, m, &fd, &err), &err);
	ck_assert_int_eq(lseek(fd, 0, SEEK_END), 4000);
	ck_assert_int_eq(store_body_holes(rig->store, m, holes, &err), 1);
	salvage();
	ck_assert_int_eq(bytes_used(), 4000);
}
END_TEST

/* Nobody removes what somebody else has just brought. */
START_TEST(a_file_with_its_row_is_not_removed)
{
	message_id m = put(1, 0, 5000, 0);
	g_autoptr(GArray) ids = g_array_new(FALSE, FALSE, sizeof m.v);

	keep(m, 5000);
	g_array_append_val(ids, m.v);
	body_unlink(rig->store, ids); /* who evicted it before comes to its file only now */
	ck_assert(has_file(m));
	ck_assert_int_eq(sqlite3_exec(rig->store->db,
				 "DELETE FROM body; UPDATE cache_object SET state = 'evicted', stored_bytes = 0",
				 NULL, NULL, NULL), SQLITE_OK);
	body_unlink(rig->store, ids);
	ck_assert(!has_file(m));
}
END_TEST

/* A worker that still runs writes its report. */
START_TEST(an_account_that_is_gone_has_no_jobs)
{
	struct job_row row = { .account = rig->account, .name = "cache-warm" };
	struct err err;

	put(1, 0, 5000, 0);
	must(store_job_note(rig->store, &row, &err), &err);
	must(store_account_remove(rig->store, rig->account, &err), &err);
	must(store_job_note(rig->store, &row, &err), &err);
	ck_assert_int_eq(rig_ask(rig, "SELECT count(*) FROM job"), 0);
	row.account.v = 0; /* the program's own */
	must(store_job_note(rig->store, &row, &err), &err);
	ck_assert_int_eq(rig_ask(rig, "SELECT count(*) FROM job"), 1);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("salvage");
	TCase *t = tcase_create("salvage");

	tcase_add_checked_fixture(t, larder_open, larder_close);
	tcase_set_timeout(t, 60);
	tcase_add_test(t, files_of_nobody_go);
	tcase_add_test(t, rows_without_their_bytes_are_wanted_again);
	tcase_add_test(t, a_row_follows_its_whole_message);
	tcase_add_test(t, a_failed_rest_leaves_the_first_part);
	tcase_add_test(t, a_file_with_its_row_is_not_removed);
	tcase_add_test(t, an_account_that_is_gone_has_no_jobs);
	suite_add_tcase(s, t);

	SRunner *r = srunner_create(s);
	srunner_run_all(r, CK_ENV);
	int failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
