/*
 * What undo cannot bring back, and what had not left and comes back: deletions
 * for ever, swallowed copies and appends, versions of a draft (M-08, M-69).  And
 * what a row waits for.
 */
#include <check.h>
#include <glib.h>
#include <stdlib.h>
#include <string.h>

#include "model/flags.h"
#include "store/desk.h"

static mailbox_id none;
static message_id none_yet;

/* --- acting ------------------------------------------------------------ */

/* --- deleted for ever ---------------------------------------------------- */

START_TEST(the_newest_that_can_be_undone_is_undone)
{
	struct undone out;
	struct err err;

	for (uint64_t i = 1; i <= 3; i++)
		rig_add(rig, rig->inbox, i, 0);
	want_flags(rig->inbox, 3, FLAG_FLAGGED, 0);
	want_at(MUTATION_EXPUNGE, rig->inbox, 1, none);
	want_at(MUTATION_EXPUNGE, rig->inbox, 2, none);
	send_all(100);
	ck_assert_int_eq(undo(0, &out), 1);
	ck_assert_int_eq(out.passed, 2);
	ck_assert_int_eq(out.done, 1);
	ck_assert_str_eq(out.what, "star on 1 message");
	ck_assert_uint_eq(flags_in(rig->inbox, 3), 0);
	ck_assert_int_eq(store_undo(rig->store, 0, &out, &err), ERR_REFUSED);
	ck_assert_ptr_nonnull(strstr(err.text, "for ever"));
	ck_assert_int_eq(redo(0), 1);
	ck_assert_uint_eq(flags_in(rig->inbox, 3), FLAG_FLAGGED);
}
END_TEST

START_TEST(a_large_deletion_at_the_server_is_not_said_to_be_undone)
{
	enum { N = 450 };
	const struct want all = { .verb = MUTATION_EXPUNGE };
	struct undone out;
	struct err err;

	for (uint64_t i = 1; i <= N; i++)
		rig_add(rig, rig->trash, i, 0);
	must(store_want_all(rig->store, &all, &rig->trash, 1, false, &err), &err);
	while (store_want_more(rig->store, &err) > 0)
		;
	send_all(0);
	ck_assert_int_eq(store_undo(rig->store, 0, &out, &err), ERR_REFUSED);
}
END_TEST

START_TEST(a_deletion_that_swallowed_a_copy_gives_it_back)
{
	rig_add(rig, rig->inbox, 1, 0);
	want_at(MUTATION_COPY, rig->inbox, 1, rig->archive);
	want_flags(rig->inbox, 1, FLAG_FLAGGED, 0);
	want_at(MUTATION_EXPUNGE, rig->archive, 1, none);
	ck_assert_int_eq(open_rows(), 1);
	ck_assert_int_eq(undo(0, NULL), 1);
	ck_assert_uint_eq(flags_in(rig->archive, 1), 0); /* the star came later */
	ck_assert_uint_eq(flags_in(rig->inbox, 1), FLAG_FLAGGED);
	ck_assert_int_eq(redo(0), 1);
	ck_assert(!rig_shows(rig, rig->archive, 1));
	rig_reopen(rig);
	ck_assert_int_eq(undo(0, NULL), 1);
	send_all(100);
	ck_assert_int_ne(rig_place(rig, rig->archive, 100).v, 0);
	ck_assert_int_eq(open_rows(), 0);
	ck_assert_int_eq(undo(0, NULL), 1); /* the star */
	ck_assert_int_eq(undo(0, NULL), 1); /* the copy */
	ck_assert(!rig_shows(rig, rig->archive, 1));
}
END_TEST

START_TEST(a_swallowed_copy_comes_from_where_the_message_went)
{
	rig_add(rig, rig->inbox, 1, 0);
	want_at(MUTATION_COPY, rig->inbox, 1, rig->archive);
	want_at(MUTATION_EXPUNGE, rig->archive, 1, none);
	want_at(MUTATION_MOVE, rig->inbox, 1, rig->trash);
	send_all(100);
	ck_assert_int_eq(undo(step_at(1), NULL), 1);
	ck_assert(rig_shows(rig, rig->archive, 1) && rig_shows(rig, rig->trash, 1));
	send_all(200);
	ck_assert_int_ne(rig_place(rig, rig->archive, 200).v, 0);
}
END_TEST

START_TEST(a_swallowed_copy_whose_message_is_gone_is_final)
{
	struct undone out;
	struct err err;

	rig_add(rig, rig->inbox, 1, 0);
	want_at(MUTATION_COPY, rig->inbox, 1, rig->archive);
	want_at(MUTATION_EXPUNGE, rig->archive, 1, none);
	rig_fact(rig, rig->inbox, CHANGE_GONE, 1, 0);
	ck_assert_int_eq(store_undo(rig->store, step_at(0), &out, &err), ERR_REFUSED);
	ck_assert_int_eq(open_rows(), 0);
}
END_TEST

START_TEST(a_deletion_that_swallowed_an_append_gives_it_back)
{
	struct mutation_batch *b;

	append();
	want_flags(rig->archive, 9, FLAG_FLAGGED, 0);
	want_at(MUTATION_EXPUNGE, rig->archive, 9, none);
	ck_assert_int_eq(open_rows(), 0);
	ck_assert_int_eq(undo(0, NULL), 1);
	ck_assert_uint_eq(flags_in(rig->archive, 9), FLAG_DRAFT | FLAG_SEEN | FLAG_FLAGGED);
	b = rig_claim(rig);
	ck_assert_int_eq(b->verb, MUTATION_APPEND);
	ck_assert_uint_eq(b->add, FLAG_DRAFT | FLAG_SEEN | FLAG_FLAGGED);
	rig_settle(rig, &b, APPLIED_DONE, 70, ERR_OK);
	ck_assert_int_ne(rig_place(rig, rig->archive, 70).v, 0);
}
END_TEST

/* The flags that a row has, not those of the step that touched it last. */
START_TEST(an_append_tried_again_keeps_its_flags)
{
	struct mutation_batch *b;
	struct err err;

	append();
	want_flags(rig->archive, 9, FLAG_FLAGGED, 0);
	b = rig_claim(rig);
	rig_settle(rig, &b, APPLIED_REFUSED, 0, ERR_OK);
	must(store_queue_act(rig->store, rig_ask(rig, "SELECT max(id) FROM mutation"), false,
		     QUEUE_RETRY, &err), &err);
	ck_assert_uint_eq(flags_in(rig->archive, 9), FLAG_DRAFT | FLAG_SEEN | FLAG_FLAGGED);
	b = rig_claim(rig);
	ck_assert_uint_eq(b->add, FLAG_DRAFT | FLAG_SEEN | FLAG_FLAGGED);
	rig_settle(rig, &b, APPLIED_DONE, 70, ERR_OK);
}
END_TEST

/* --- versions of a draft -------------------------------------------------- */

START_TEST(a_newer_draft_is_not_undone_when_the_older_one_is_gone)
{
	message_id old = append_version(8, none_yet);
	struct undone out;
	struct err err;

	send_all(50);
	append_version(9, old);
	send_all(60);
	ck_assert(!rig_shows(rig, rig->archive, 8));
	ck_assert_int_eq(store_undo(rig->store, step_at(0), &out, &err), ERR_REFUSED);
	ck_assert_ptr_nonnull(strstr(err.text, "older version"));
	ck_assert(rig_shows(rig, rig->archive, 9));
	ck_assert_int_eq(open_rows(), 0);
}
END_TEST

START_TEST(a_newer_draft_is_undone_while_the_older_one_is_there)
{
	message_id old = append_version(8, none_yet);
	struct mutation_batch *b;

	send_all(50);
	append_version(9, old);
	ck_assert_int_eq(undo(0, NULL), 1); /* neither has left */
	ck_assert(rig_shows(rig, rig->archive, 8) && !rig_shows(rig, rig->archive, 9));
	ck_assert_int_eq(open_rows(), 0);
	ck_assert_int_eq(redo(0), 1);
	ck_assert(!rig_shows(rig, rig->archive, 8) && rig_shows(rig, rig->archive, 9));
	b = rig_claim(rig);
	rig_settle(rig, &b, APPLIED_DONE, 60, ERR_OK);
	ck_assert_int_eq(undo(0, NULL), 1); /* the newer one is there, the older one not deleted yet */
	ck_assert(rig_shows(rig, rig->archive, 8) && !rig_shows(rig, rig->archive, 9));
	b = rig_claim(rig);
	ck_assert_int_eq(b->verb, MUTATION_EXPUNGE);
	ck_assert_uint_eq(b->items[0].uid, 60);
	rig_settle(rig, &b, APPLIED_DONE, 0, ERR_OK);
	ck_assert_int_eq(open_rows(), 0);
	ck_assert(rig_shows(rig, rig->archive, 8));
}
END_TEST

START_TEST(a_newer_draft_in_doubt_does_not_take_the_older_one_along)
{
	message_id old = append_version(8, none_yet);
	struct mutation_batch *b;
	struct err err;

	send_all(50);
	append_version(9, old);
	b = rig_claim(rig);
	rig_settle(rig, &b, APPLIED_UNKNOWN, 0, ERR_OFFLINE);
	ck_assert_int_eq(undo(0, NULL), 1);
	ck_assert(rig_shows(rig, rig->archive, 8) && !rig_shows(rig, rig->archive, 9));
	must(store_queue_act(rig->store, rig_ask(rig, "SELECT min(id) FROM mutation WHERE status ="
		     " 'queued'"), false, QUEUE_RETRY, &err), &err);
	send_all(60);
	ck_assert(rig_shows(rig, rig->archive, 8) && !rig_shows(rig, rig->archive, 9));
	ck_assert_int_eq(rig_total(rig, rig->archive), 1);
}
END_TEST

START_TEST(undo_of_a_newer_draft_brings_an_unsent_older_one_back)
{
	message_id first = append_version(7, none_yet), second;
	struct mutation_batch *b;

	send_all(50);
	second = append_version(8, first);
	append_version(9, second);
	ck_assert_int_eq(undo(0, NULL), 1);
	ck_assert(rig_shows(rig, rig->archive, 8) && rig_total(rig, rig->archive) == 1);
	ck_assert_int_eq(redo(0), 1);
	ck_assert(rig_shows(rig, rig->archive, 9) && rig_total(rig, rig->archive) == 1);
	ck_assert_int_eq(undo(0, NULL), 1);
	b = rig_claim(rig);
	ck_assert_str_eq(b->items[0].message_id_header, "m8@example.org");
	ck_assert_ptr_null(rig_claim(rig)); /* the first one goes after the second one came */
	rig_settle(rig, &b, APPLIED_DONE, 60, ERR_OK);
	b = rig_claim(rig);
	ck_assert_uint_eq(b->items[0].uid, 50);
	rig_settle(rig, &b, APPLIED_DONE, 0, ERR_OK);
	ck_assert_int_eq(open_rows(), 0);
	ck_assert(rig_shows(rig, rig->archive, 8) && rig_total(rig, rig->archive) == 1);
}
END_TEST

START_TEST(a_deletion_that_swallowed_a_move_gives_it_back)
{
	rig_add(rig, rig->inbox, 1, 0);
	want_at(MUTATION_MOVE, rig->inbox, 1, rig->trash);
	want_at(MUTATION_EXPUNGE, rig->trash, 1, none);
	ck_assert_int_eq(undo(0, NULL), 1);
	ck_assert(rig_shows(rig, rig->trash, 1) && !rig_shows(rig, rig->inbox, 1));
	ck_assert_int_eq(undo(0, NULL), 1);
	ck_assert(rig_shows(rig, rig->inbox, 1));
	ck_assert_int_eq(open_rows(), 0);
}
END_TEST

/* --- a mailbox that is not what it was (M-71) ------------------------------ */

static void refuse_to_try(void)
{
	struct mutation_batch *b = rig_claim(rig);
	struct err err;

	ck_assert_ptr_nonnull(b);
	rig_settle(rig, &b, APPLIED_NOT_TRIED, 0, ERR_CONFLICT);
	must(store_queue_act(rig->store, rig_ask(rig, "SELECT min(id) FROM mutation WHERE status ="
		     " 'queued'"), false, QUEUE_RETRY, &err), &err);
}

START_TEST(a_mailbox_that_is_gone_ends_the_wish_with_the_listing)
{
	static const struct mailbox left = { .path = (char *)"INBOX", .name = (char *)"INBOX",
		.role = ROLE_INBOX };
	struct batch *list = batch_new(rig->account, (mailbox_id){ 0 });
	g_autoptr(GPtrArray) rows = NULL;
	struct err err;

	rig_add(rig, rig->archive, 1, 0);
	want_flags(rig->archive, 1, FLAG_FLAGGED, 0);
	refuse_to_try();
	refuse_to_try();
	ck_assert_int_eq(open_rows(), 1);
	batch_mailbox(list, &left);
	batch_replace_mailboxes(list);
	must(batch_apply(rig->store, list, NULL, &err), &err);
	batch_free(&list);
	must(store_queue_rows(rig->store, rig->account, false, &rows, &err), &err);
	ck_assert_uint_eq(rows->len, 1);
	ck_assert_int_eq(((struct mutation_row *)rows->pdata[0])->status, MUTATION_CONFLICT);
	ck_assert_ptr_nonnull(strstr(((struct mutation_row *)rows->pdata[0])->answer,
		"does not exist"));
}
END_TEST

/* What was counted at the mailbox of before does not count at the new one. */
START_TEST(a_mailbox_made_anew_begins_to_count_anew)
{
	const struct change c = { .kind = CHANGE_MESSAGE, .uid = 7, .message_id = "m1@example.org",
		.size = 1001 };
	struct batch *b = batch_new(rig->account, rig->inbox);
	struct err err;

	rig_add(rig, rig->inbox, 1, 0);
	want_flags(rig->inbox, 1, FLAG_FLAGGED, 0);
	for (int i = 0; i < MUTATION_ATTEMPTS_MAX - 1; i++)
		refuse_to_try();
	batch_reset(b);
	batch_change(b, &c);
	batch_cursor(b, "2", 2, true);
	must(batch_apply(rig->store, b, NULL, &err), &err);
	batch_free(&b);
	ck_assert_int_eq(rig_ask(rig, "SELECT attempts FROM mutation"), 0);
	refuse_to_try();
	ck_assert_int_eq(open_rows(), 1);
	send_all(0);
	ck_assert_int_eq(rig_ask(rig, "SELECT server_flags FROM location"), FLAG_FLAGGED);
}
END_TEST

/* A claim gives nothing before a large step is through, and due_in says the same. */
START_TEST(nothing_is_due_before_a_large_step_is_through)
{
	enum { N = WANT_AT_ONCE + 50 };
	const struct want all = { .verb = MUTATION_FLAGS, .add = FLAG_SEEN };
	struct err err;

	for (uint64_t i = 1; i <= N; i++)
		rig_add(rig, rig->inbox, i, 0);
	must(store_want_all(rig->store, &all, &rig->inbox, 1, false, &err), &err);
	ck_assert_ptr_null(rig_claim(rig));
	ck_assert_int_eq(store_queue_due_in(rig->store, rig->account), -1);
	while (store_want_more(rig->store, &err) > 0)
		;
	ck_assert_int_eq(store_queue_due_in(rig->store, rig->account), 0);
	send_all(0);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("undo");
	TCase *t = tcase_create("undo");
	SRunner *runner;
	int failed;

	tcase_add_checked_fixture(t, desk_open, desk_close);
	tcase_set_timeout(t, 60);
	tcase_add_test(t, the_newest_that_can_be_undone_is_undone);
	tcase_add_test(t, a_large_deletion_at_the_server_is_not_said_to_be_undone);
	tcase_add_test(t, a_deletion_that_swallowed_a_copy_gives_it_back);
	tcase_add_test(t, a_swallowed_copy_comes_from_where_the_message_went);
	tcase_add_test(t, a_swallowed_copy_whose_message_is_gone_is_final);
	tcase_add_test(t, a_deletion_that_swallowed_an_append_gives_it_back);
	tcase_add_test(t, an_append_tried_again_keeps_its_flags);
	tcase_add_test(t, a_newer_draft_is_not_undone_when_the_older_one_is_gone);
	tcase_add_test(t, a_newer_draft_is_undone_while_the_older_one_is_there);
	tcase_add_test(t, a_newer_draft_in_doubt_does_not_take_the_older_one_along);
	tcase_add_test(t, undo_of_a_newer_draft_brings_an_unsent_older_one_back);
	tcase_add_test(t, a_deletion_that_swallowed_a_move_gives_it_back);
	tcase_add_test(t, a_mailbox_that_is_gone_ends_the_wish_with_the_listing);
	tcase_add_test(t, a_mailbox_made_anew_begins_to_count_anew);
	tcase_add_test(t, nothing_is_due_before_a_large_step_is_through);
	suite_add_tcase(suite, t);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
