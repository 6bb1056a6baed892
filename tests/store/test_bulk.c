/* Large steps: more than one transaction of the screen should hold. */
#include <check.h>
#include <glib.h>
#include <stdlib.h>
#include <string.h>

#include "model/flags.h"
#include "support/rig.h"

enum { MANY = 1000 };

static struct rig *rig;
static struct err err;

static void fill(mailbox_id m, uint64_t from, uint64_t n)
{
	struct batch *b = batch_new(rig->account, m);

	for (uint64_t i = from; i < from + n; i++) {
		g_autofree char *id = g_strdup_printf("m%d@example.org", (int)i);
		struct change c = { .kind = CHANGE_MESSAGE, .uid = i, .message_id = id,
			.subject = id, .received_at = 1600000000 + (int64_t)i, .size = 100 + i };

		batch_change(b, &c);
	}
	batch_cursor(b, "1", 1, true);
	ck_assert_int_eq(batch_apply(rig->store, b, NULL, &err), 0);
	batch_free(&b);
}

static void setup(void)
{
	rig = rig_new();
	fill(rig->inbox, 1, MANY);
}

static void teardown(void)
{
	rig_sound(rig);
	rig_free(&rig);
}

static const struct want seen = { .verb = MUTATION_FLAGS, .add = FLAG_SEEN };
static const struct want flagged = { .verb = MUTATION_FLAGS, .add = FLAG_FLAGGED };
static const struct want expunge = { .verb = MUTATION_EXPUNGE };

/* All places of a mailbox, newest first as a screen marks them. */
static GArray *places(mailbox_id m)
{
	struct list_scope scope = { .order = ORDER_DATE, .n = 1, .mailboxes = &m };
	GArray *out = g_array_new(FALSE, FALSE, sizeof(location_id));
	g_autoptr(GPtrArray) rows = NULL;

	ck_assert_int_eq(store_page(rig->store, &scope, PAGE_FIRST, NULL, 5000, &rows, &err), 0);
	for (guint i = 0; i < rows->len; i++)
		g_array_append_val(out, ((struct list_row *)rows->pdata[i])->location);
	return out;
}

static int want_marked(const struct want *w, mailbox_id m)
{
	g_autoptr(GArray) all = places(m);

	return store_want(rig->store, w, (const location_id *)(const void *)all->data, all->len, &err);
}

static int64_t left(void)
{
	return store_want_left(rig->store, rig->account);
}

/* To the end, as many slices as it takes. */
static void finish(void)
{
	int r, n = 0;

	while ((r = store_want_more(rig->store, &err)) > 0)
		ck_assert_int_lt(n++, 1000);
	ck_assert_msg(r == 0, "%s", err.text);
	ck_assert_int_eq(left(), 0);
	ck_assert_int_eq(rig_ask(rig, "SELECT count(*) FROM bulk_done"), 0);
}

static int64_t open_rows(const char *verb)
{
	g_autofree char *sql = g_strdup_printf("SELECT count(*) FROM mutation WHERE status = 'queued'"
					       " AND verb = '%s'", verb);

	return rig_ask(rig, sql);
}

static int want_one(const struct want *w, mailbox_id m, uint64_t number)
{
	struct list_row *row = rig_row(rig, m, number);
	int r;

	ck_assert_ptr_nonnull(row);
	r = store_want(rig->store, w, &row->location, 1, &err);
	list_row_free(&row);
	return r;
}

/* --- the way of a large step ------------------------------------------- */

START_TEST(a_screenful_at_once_the_rest_in_slices)
{
	ck_assert_int_eq(want_marked(&seen, rig->inbox), MANY);
	ck_assert_int_eq(rig_unread(rig, rig->inbox), MANY - WANT_AT_ONCE);
	ck_assert_int_eq(left(), MANY - WANT_AT_ONCE);
	ck_assert_int_eq(rig_ask(rig, "SELECT messages FROM undo_step"), MANY);
	ck_assert_ptr_null(rig_claim(rig)); /* wishes leave in the reader's order */
	finish();
	ck_assert_int_eq(rig_unread(rig, rig->inbox), 0);
	ck_assert_int_eq(open_rows("flags"), MANY);
	ck_assert_int_eq(rig_ask(rig, "SELECT messages FROM undo_step"), MANY);
	ck_assert_int_eq(rig_ask(rig, "SELECT count(*) FROM undo_item"), MANY);
	/* not one per message; on a slow machine there is less in a slice */
	ck_assert_int_lt(rig_ask(rig, "SELECT count(*) FROM event_log WHERE topic = 'flags_changed'"),
		MANY * 3 / 4);
	{
		struct mutation_batch *b = rig_claim(rig);

		ck_assert_uint_eq(b->n, MANY);
		rig_settle(rig, &b, APPLIED_DONE, 0, ERR_OK);
	}
}
END_TEST

START_TEST(killed_between_any_two_slices) /* by closing and opening the store */
{
	int more = 1, n = 0;

	ck_assert_int_eq(want_marked(&(struct want){ .verb = MUTATION_MOVE, .target = rig->archive },
				 rig->inbox), MANY);
	while (more > 0) {
		rig_reopen(rig);
		rig_sound(rig);
		more = store_want_more(rig->store, &err);
		ck_assert_int_ge(more, 0);
		ck_assert_int_eq(rig_total(rig, rig->inbox) + rig_total(rig, rig->archive), MANY);
		n++;
	}
	ck_assert_int_gt(n, 1);
	ck_assert_int_eq(rig_total(rig, rig->archive), MANY);
	ck_assert_int_eq(open_rows("move"), MANY);
}
END_TEST

START_TEST(two_at_a_time_do_nothing_twice)
{
	struct store *other;
	int a = 1, b = 1;

	ck_assert_int_eq(store_open(rig->dir, STORE_CLI, NULL, &other, &err), 0);
	want_marked(&(struct want){ .verb = MUTATION_COPY, .target = rig->archive }, rig->inbox);
	while (a > 0 || b > 0) {
		a = store_want_more(rig->store, &err);
		b = store_want_more(other, &err);
		ck_assert(a >= 0 && b >= 0);
	}
	store_close(&other);
	ck_assert_int_eq(open_rows("copy"), MANY);
	ck_assert_int_eq(rig_total(rig, rig->archive), MANY);
}
END_TEST

START_TEST(all_of_a_mailbox_is_what_is_there_now)
{
	ck_assert_int_eq(store_want_all(rig->store, &seen, &rig->inbox, 1, true, &err), MANY);
	ck_assert_int_eq(rig_ask(rig, "SELECT ids IS NULL FROM bulk"), 1);
	fill(rig->inbox, MANY + 1, 5); /* new mail */
	finish();
	ck_assert_int_eq(rig_unread(rig, rig->inbox), 5);
	ck_assert_int_eq(rig_ask(rig, "SELECT messages FROM undo_step"), MANY);
	ck_assert_int_eq(store_want_all(rig->store, &seen, &rig->archive, 1, true, &err), 0);
}
END_TEST

START_TEST(all_of_several_mailboxes_is_one_step)
{
	const mailbox_id both[] = { rig->archive, rig->inbox };
	struct undone u;

	fill(rig->archive, 2 * MANY, 3);
	ck_assert_int_eq(store_want_all(rig->store, &seen, both, 2, true, &err), MANY + 3);
	finish();
	ck_assert_int_eq(rig_unread(rig, rig->inbox) + rig_unread(rig, rig->archive), 0);
	ck_assert_int_eq(rig_ask(rig, "SELECT count(*) FROM undo_step"), 1);
	ck_assert_int_eq(rig_ask(rig, "SELECT messages FROM undo_step"), MANY + 3);
	ck_assert_int_eq(store_undo(rig->store, 0, &u, &err), 1);
	finish();
	ck_assert_int_eq(rig_unread(rig, rig->inbox), MANY);
	ck_assert_int_eq(rig_unread(rig, rig->archive), 3);
}
END_TEST

START_TEST(the_trash_is_emptied_of_what_was_just_put_there)
{
	const struct want trash = { .verb = MUTATION_MOVE, .role = ROLE_TRASH };

	ck_assert_int_eq(want_marked(&trash, rig->inbox), MANY);
	/* 800 are on their way: for the reader they are in the trash */
	ck_assert_int_gt(store_want_all(rig->store, &expunge, &rig->trash, 1, false, &err), 0);
	finish();
	ck_assert_int_eq(rig_total(rig, rig->trash), 0);
	ck_assert_int_eq(rig_total(rig, rig->inbox), 0);
	ck_assert_int_eq(open_rows("expunge"), MANY);
	ck_assert_int_eq(open_rows("move"), 0);
}
END_TEST

/* --- the reader goes on meanwhile -------------------------------------- */

START_TEST(a_direct_wish_lets_the_large_step_act_first)
{
	want_marked(&seen, rig->inbox);                    /* 1 is far down the list */
	ck_assert_int_eq(want_one(&(struct want){ .verb = MUTATION_FLAGS, .remove = FLAG_SEEN },
				 rig->inbox, 1), 1);
	ck_assert_int_eq(rig_ask(rig, "SELECT count(*) FROM bulk_done"), 1);
	finish();
	ck_assert_int_eq(rig_unread(rig, rig->inbox), 1);  /* and stays unread */
}
END_TEST

START_TEST(what_the_reader_moved_meanwhile_got_its_turn)
{
	struct list_row *row;

	store_want_all(rig->store, &flagged, &rig->inbox, 1, false, &err);
	ck_assert_int_eq(want_one(&(struct want){ .verb = MUTATION_MOVE, .target = rig->archive },
				 rig->inbox, 1), 1);
	finish();
	row = rig_row(rig, rig->archive, 1);
	ck_assert_uint_eq(row->flags, FLAG_FLAGGED);
	list_row_free(&row);
	ck_assert_int_eq(rig_total(rig, rig->inbox), MANY - 1);
}
END_TEST

/* "All that is unread" is not about what was read, though the reader acts on it meanwhile. */
START_TEST(what_was_read_has_no_turn_among_the_unread)
{
	struct list_row *row;

	ck_assert_int_eq(want_one(&seen, rig->inbox, 1), 1);
	store_want_all(rig->store, &(struct want){ .verb = MUTATION_MOVE, .target = rig->archive },
		&rig->inbox, 1, true, &err);
	ck_assert_int_eq(want_one(&flagged, rig->inbox, 1), 1);
	row = rig_row(rig, rig->inbox, 1);
	ck_assert_ptr_nonnull(row);
	ck_assert_uint_eq(row->flags, FLAG_FLAGGED | FLAG_SEEN);
	list_row_free(&row);
	finish();
	ck_assert_int_eq(rig_total(rig, rig->inbox), 1);
}
END_TEST

START_TEST(a_second_large_step_finds_them_where_they_are)
{
	g_autoptr(GArray) all = places(rig->inbox);

	want_marked(&(struct want){ .verb = MUTATION_MOVE, .target = rig->archive }, rig->inbox);
	ck_assert_int_eq(store_want(rig->store, &flagged, (const location_id *)(void *)all->data + 300,
				 MANY - 300, &err), MANY - 300);
	finish();
	ck_assert_int_eq(rig_total(rig, rig->archive), MANY);
	ck_assert_int_eq(rig_ask(rig, "SELECT count(*) FROM location WHERE shown = 1 AND flags = 4"),
		MANY - 300);
}
END_TEST

START_TEST(a_step_that_is_stopped_stays_as_far_as_it_came)
{
	struct undone u;
	int64_t step;

	want_marked(&seen, rig->inbox);
	step = rig_ask(rig, "SELECT id FROM undo_step");
	ck_assert_int_eq(store_want_stop(rig->store, step, &err), 1);
	ck_assert_int_eq(store_want_stop(rig->store, step, &err), 0);
	finish();
	ck_assert_int_eq(rig_unread(rig, rig->inbox), MANY - WANT_AT_ONCE);
	ck_assert_int_eq(rig_ask(rig, "SELECT messages FROM undo_step"), WANT_AT_ONCE);
	ck_assert_int_eq(store_undo(rig->store, 0, &u, &err), 1);
	finish();
	ck_assert_int_eq(rig_unread(rig, rig->inbox), MANY);
}
END_TEST

START_TEST(undo_and_redo_of_a_large_step)
{
	struct undone u;

	want_marked(&(struct want){ .verb = MUTATION_MOVE, .target = rig->archive }, rig->inbox);
	finish();
	ck_assert_int_eq(store_undo(rig->store, 0, &u, &err), 1);
	ck_assert_int_gt(u.left, 0);
	ck_assert_int_eq(left(), u.left);
	/* the reader acts on one that undo has yet to reach: it is back before that */
	ck_assert_int_eq(want_one(&flagged, rig->archive, MANY), 1);
	finish();
	ck_assert_int_eq(rig_total(rig, rig->inbox), MANY);
	ck_assert_int_eq(open_rows("move"), 0);
	ck_assert_int_eq(open_rows("flags"), 1);
}
END_TEST

START_TEST(undo_of_one_that_is_under_way_ends_it)
{
	struct undone u;

	want_marked(&seen, rig->inbox);
	store_want_more(rig->store, &err);
	ck_assert_int_eq(store_undo(rig->store, 0, &u, &err), 1);
	finish();
	ck_assert_int_eq(rig_unread(rig, rig->inbox), MANY);
	ck_assert_int_eq(open_rows("flags"), 0);
	ck_assert_int_eq(store_redo(rig->store, 0, &u, &err), 1);
	finish();
	ck_assert_int_lt(rig_unread(rig, rig->inbox), MANY);
}
END_TEST

START_TEST(a_refused_large_step_leaves_nothing)
{
	struct batch *b = batch_new(rig->account, rig->archive);

	batch_rights(b, DENIED_INSERT);
	ck_assert_int_eq(batch_apply(rig->store, b, NULL, &err), 0);
	batch_free(&b);
	ck_assert_int_eq(want_marked(&(struct want){ .verb = MUTATION_MOVE, .target = rig->archive },
				 rig->inbox), ERR_REFUSED);
	ck_assert_int_eq(rig_ask(rig, "SELECT (SELECT count(*) FROM bulk) + (SELECT count(*) FROM"
				      " mutation) + (SELECT count(*) FROM undo_step)"), 0);
	ck_assert_int_eq(store_want_more(rig->store, &err), 0);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("bulk");
	TCase *t = tcase_create("bulk");
	SRunner *runner;
	int failed;

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_set_timeout(t, 120);
	tcase_add_test(t, a_screenful_at_once_the_rest_in_slices);
	tcase_add_test(t, killed_between_any_two_slices);
	tcase_add_test(t, two_at_a_time_do_nothing_twice);
	tcase_add_test(t, all_of_a_mailbox_is_what_is_there_now);
	tcase_add_test(t, all_of_several_mailboxes_is_one_step);
	tcase_add_test(t, the_trash_is_emptied_of_what_was_just_put_there);
	tcase_add_test(t, a_direct_wish_lets_the_large_step_act_first);
	tcase_add_test(t, what_the_reader_moved_meanwhile_got_its_turn);
	tcase_add_test(t, what_was_read_has_no_turn_among_the_unread);
	tcase_add_test(t, a_second_large_step_finds_them_where_they_are);
	tcase_add_test(t, a_step_that_is_stopped_stays_as_far_as_it_came);
	tcase_add_test(t, undo_and_redo_of_a_large_step);
	tcase_add_test(t, undo_of_one_that_is_under_way_ends_it);
	tcase_add_test(t, a_refused_large_step_leaves_nothing);
	suite_add_tcase(suite, t);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
