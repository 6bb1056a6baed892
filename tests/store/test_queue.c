/* The reader's wishes and the queue that carries them to the server. */
#include <check.h>
#include <glib.h>
#include <stdlib.h>
#include <string.h>

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

static unsigned shown_flags(mailbox_id m, uint64_t number)
{
	struct list_row *row = rig_row(rig, m, number);
	unsigned flags;

	ck_assert_ptr_nonnull(row);
	flags = row->flags;
	list_row_free(&row);
	return flags;
}

static void want_flags(uint64_t number, unsigned add, unsigned remove, int expect)
{
	struct list_row *row = rig_row(rig, rig->inbox, number);
	struct err err;

	ck_assert_int_eq(store_want_flags(rig->store, &row->location, 1, add, remove, &err), expect);
	list_row_free(&row);
}

static void want_move(mailbox_id from, uint64_t number, mailbox_id to)
{
	struct list_row *row = rig_row(rig, from, number);
	struct err err;

	ck_assert_ptr_nonnull(row);
	ck_assert_int_eq(store_want_move(rig->store, &row->location, 1, to, &err), 1);
	list_row_free(&row);
}

static int undo(void)
{
	struct undone undone;
	struct err err;

	return store_undo(rig->store, 0, &undone, &err);
}

static guint open_rows(void)
{
	g_autoptr(GPtrArray) rows = NULL;
	struct err err;

	ck_assert_int_eq(store_queue_rows(rig->store, rig->account, false, &rows, &err), 0);
	return rows->len;
}

static guint some_rows(message_id m, size_t max)
{
	g_autoptr(GPtrArray) rows = NULL;
	struct err err;

	ck_assert_int_eq(store_queue_some(rig->store, rig->account, m, max, &rows, &err), 0);
	for (guint i = 0; m.v && i < rows->len; i++)
		ck_assert_int_eq(((struct mutation_row *)rows->pdata[i])->message.v, m.v);
	return rows->len;
}

/* --- wishes ------------------------------------------------------------ */

START_TEST(a_screen_reads_a_part_of_a_long_queue)
{
	for (uint64_t i = 1; i <= 5; i++) {
		rig_add(rig, rig->inbox, i, 0);
		want_flags(i, FLAG_FLAGGED, 0, 1);
	}
	ck_assert_uint_eq(some_rows((message_id){ 0 }, 3), 3);
	ck_assert_uint_eq(some_rows((message_id){ 0 }, 9), 5);
	ck_assert_uint_eq(some_rows((message_id){ 2 }, 9), 1);
	ck_assert_uint_eq(some_rows((message_id){ 99 }, 9), 0);
}
END_TEST

START_TEST(a_wish_shows_at_once_and_survives_a_restart)
{
	rig_add(rig, rig->inbox, 1, 0);
	want_flags(1, FLAG_FLAGGED | FLAG_SEEN, 0, 1);
	rig_reopen(rig);
	ck_assert_uint_eq(shown_flags(rig->inbox, 1), FLAG_FLAGGED | FLAG_SEEN);
	ck_assert_int_eq(rig_unread(rig, rig->inbox), 0);
	ck_assert_uint_eq(open_rows(), 1);
}
END_TEST

START_TEST(inbound_facts_never_overwrite_a_wish) /* C-14 */
{
	rig_add(rig, rig->inbox, 1, 0);
	want_flags(1, FLAG_FLAGGED, 0, 1);
	rig_fact(rig, rig->inbox, CHANGE_FLAGS, 1, FLAG_SEEN);
	ck_assert_uint_eq(shown_flags(rig->inbox, 1), FLAG_FLAGGED | FLAG_SEEN);
}
END_TEST

START_TEST(on_and_off_cancel) /* M-69 */
{
	rig_add(rig, rig->inbox, 1, 0);
	want_flags(1, FLAG_FLAGGED, 0, 1);
	want_flags(1, 0, FLAG_FLAGGED, 1);
	ck_assert_uint_eq(open_rows(), 0);
	ck_assert_ptr_null(rig_claim(rig));
	want_flags(1, 0, FLAG_FLAGGED, 0);
}
END_TEST

START_TEST(a_to_b_to_c_is_a_to_c) /* M-69 */
{
	struct mutation_batch *b;

	rig_add(rig, rig->inbox, 1, 0);
	want_move(rig->inbox, 1, rig->archive);
	want_move(rig->archive, 1, rig->trash);
	ck_assert(!rig_shows(rig, rig->inbox, 1) && !rig_shows(rig, rig->archive, 1) && rig_shows(rig, rig->trash, 1));
	b = rig_claim(rig);
	ck_assert_int_eq(b->target.v, rig->trash.v);
	ck_assert_int_eq(b->source.v, rig->inbox.v);
	rig_settle(rig, &b, APPLIED_DONE, 77, ERR_OK);
	ck_assert_int_ne(rig_place(rig, rig->trash, 77).v, 0);
	ck_assert_ptr_null(rig_claim(rig));
}
END_TEST

START_TEST(undo_of_an_unsent_move_sends_nothing)
{
	rig_add(rig, rig->inbox, 1, 0);
	want_move(rig->inbox, 1, rig->archive);
	ck_assert_int_eq(undo(), 1);
	ck_assert(rig_shows(rig, rig->inbox, 1) && !rig_shows(rig, rig->archive, 1));
	ck_assert_uint_eq(open_rows(), 0);
	ck_assert_int_eq(undo(), 0);
}
END_TEST

START_TEST(undo_of_a_sent_move_queues_the_inverse)
{
	struct mutation_batch *b;

	rig_add(rig, rig->inbox, 1, 0);
	want_move(rig->inbox, 1, rig->archive);
	b = rig_claim(rig);
	rig_settle(rig, &b, APPLIED_DONE, 9, ERR_OK);
	rig_reopen(rig);
	ck_assert_int_eq(undo(), 1);
	ck_assert(rig_shows(rig, rig->inbox, 1));
	b = rig_claim(rig);
	ck_assert_int_eq(b->source.v, rig->archive.v);
	ck_assert_uint_eq(b->items[0].uid, 9);
	rig_settle(rig, &b, APPLIED_DONE, 10, ERR_OK);
	ck_assert_int_ne(rig_place(rig, rig->inbox, 10).v, 0);
}
END_TEST

START_TEST(undo_while_the_move_is_leased_waits_for_its_outcome)
{
	struct mutation_batch *b, *next;

	rig_add(rig, rig->inbox, 1, 0);
	want_move(rig->inbox, 1, rig->archive);
	b = rig_claim(rig);
	ck_assert_int_eq(undo(), 1);
	ck_assert(rig_shows(rig, rig->inbox, 1));
	ck_assert_ptr_null(rig_claim(rig));
	rig_settle(rig, &b, APPLIED_DONE, 9, ERR_OK);
	next = rig_claim(rig);
	ck_assert_ptr_nonnull(next);
	ck_assert_int_eq(next->target.v, rig->inbox.v);
	rig_settle(rig, &next, APPLIED_DONE, 11, ERR_OK);
	ck_assert(rig_shows(rig, rig->inbox, 1));
}
END_TEST

START_TEST(reading_is_no_step_of_the_history)
{
	int64_t waiting, stuck;
	struct err err;

	rig_add(rig, rig->inbox, 1, 0);
	want_flags(1, FLAG_FLAGGED, 0, 1);
	ck_assert_int_eq(store_note_read(rig->store, rig_place(rig, rig->inbox, 1), &err), 1);
	ck_assert_int_eq(store_queue_counts(rig->store, rig->account, &waiting, &stuck, &err), 0);
	ck_assert_int_eq(waiting, 1);
	ck_assert_int_eq(stuck, 0);
	ck_assert_int_eq(undo(), 1);
	ck_assert_uint_eq(shown_flags(rig->inbox, 1), FLAG_SEEN);
	ck_assert_int_eq(undo(), 0);
}
END_TEST

START_TEST(many_flags_leave_as_one_batch)
{
	location_id l[40];
	struct mutation_batch *b;
	struct err err;

	for (uint64_t i = 1; i <= 40; i++)
		rig_add(rig, rig->inbox, i, 0);
	for (uint64_t i = 1; i <= 40; i++)
		l[i - 1] = rig_place(rig, rig->inbox, i);
	ck_assert_int_eq(store_want_flags(rig->store, l, 40, FLAG_SEEN, 0, &err), 40);
	b = rig_claim(rig);
	ck_assert_uint_eq(b->n, 40);
	rig_settle(rig, &b, APPLIED_DONE, 0, ERR_OK);
	ck_assert_int_eq(rig_unread(rig, rig->inbox), 0);
}
END_TEST

START_TEST(order_of_one_message_is_kept)
{
	struct mutation_batch *b;

	rig_add(rig, rig->inbox, 1, 0);
	want_move(rig->inbox, 1, rig->archive);
	{
		struct list_row *row = rig_row(rig, rig->archive, 1);
		struct err err;

		ck_assert_int_eq(store_want_flags(rig->store, &row->location, 1, FLAG_FLAGGED, 0, &err), 1);
		list_row_free(&row);
	}
	b = rig_claim(rig); /* it has not moved yet: the flag goes to where it is */
	ck_assert_int_eq(b->verb, MUTATION_FLAGS);
	ck_assert_int_eq(b->source.v, rig->inbox.v);
	ck_assert_ptr_null(rig_claim(rig));
	rig_settle(rig, &b, APPLIED_DONE, 0, ERR_OK);
	b = rig_claim(rig);
	ck_assert_int_eq(b->verb, MUTATION_MOVE);
	rig_settle(rig, &b, APPLIED_DONE, 4, ERR_OK);
	ck_assert_uint_eq(shown_flags(rig->archive, 1), FLAG_FLAGGED);
}
END_TEST

/* --- outcomes ---------------------------------------------------------- */

START_TEST(a_refused_move_rolls_back_and_says_why)
{
	g_autoptr(GPtrArray) rows = NULL;
	struct mutation_batch *b;
	struct err err;

	rig_add(rig, rig->inbox, 1, 0);
	want_move(rig->inbox, 1, rig->archive);
	b = rig_claim(rig);
	rig_settle(rig, &b, APPLIED_REFUSED, 0, ERR_OK);
	ck_assert(rig_shows(rig, rig->inbox, 1) && !rig_shows(rig, rig->archive, 1));
	ck_assert_int_eq(store_queue_rows(rig->store, rig->account, false, &rows, &err), 0);
	ck_assert_uint_eq(rows->len, 1);
	ck_assert_int_eq(((struct mutation_row *)rows->pdata[0])->status, MUTATION_FAILED);
	ck_assert_str_eq(((struct mutation_row *)rows->pdata[0])->answer, "The test says so.");
}
END_TEST

START_TEST(offline_costs_no_attempt) /* C-39 */
{
	struct mutation_batch *b;

	rig_add(rig, rig->inbox, 1, 0);
	want_flags(1, FLAG_SEEN, 0, 1);
	for (int i = 0; i < 3 * MUTATION_ATTEMPTS_MAX; i++) {
		b = rig_claim(rig);
		ck_assert_ptr_nonnull(b);
		rig_settle(rig, &b, APPLIED_NOT_TRIED, 0, ERR_OFFLINE);
	}
	ck_assert_uint_eq(shown_flags(rig->inbox, 1), FLAG_SEEN);
}
END_TEST

START_TEST(attempts_run_out_after_eight) /* M-71 */
{
	struct mutation_batch *b;
	int64_t now = 1000000;
	int tries = 0;

	rig_add(rig, rig->inbox, 1, 0);
	want_flags(1, FLAG_SEEN, 0, 1);
	clock_fake(now, 1700000000);
	for (; tries < 20; tries++) {
		b = rig_claim(rig);
		if (!b)
			break;
		ck_assert_ptr_null(rig_claim(rig));
		rig_settle(rig, &b, APPLIED_NOT_TRIED, 0, ERR_PROTOCOL);
		clock_fake(now += 16 * 60 * 1000, 1700000000);
	}
	clock_fake(-1, -1);
	ck_assert_int_eq(tries, MUTATION_ATTEMPTS_MAX);
	ck_assert_uint_eq(shown_flags(rig->inbox, 1), 0);
}
END_TEST

START_TEST(a_lost_answer_comes_back_in_doubt)
{
	struct mutation_batch *b;
	struct err err;

	rig_add(rig, rig->inbox, 1, 0);
	want_move(rig->inbox, 1, rig->archive);
	b = rig_claim(rig);
	g_strlcpy(b->mark, "1 5", sizeof b->mark);
	ck_assert_int_eq(store_queue_mark(rig->store, b, &err), 0);
	mutation_batch_free(&b);
	rig_reopen(rig); /* as after kill -9 with the row leased */
	ck_assert_int_eq(store_queue_recover(rig->store, rig->account, &err), 0);
	b = rig_claim(rig);
	ck_assert(b->uncertain);
	ck_assert_str_eq(b->mark, "1 5");
	rig_settle(rig, &b, APPLIED_DONE, 5, ERR_OK);
	ck_assert(rig_shows(rig, rig->archive, 1) && !rig_shows(rig, rig->inbox, 1));
}
END_TEST

START_TEST(our_own_move_seen_by_a_pass_is_one_message)
{
	struct mutation_batch *b;

	rig_add(rig, rig->inbox, 1, 0);
	rig_keep_body(rig, rig->inbox, 1);
	want_move(rig->inbox, 1, rig->archive);
	b = rig_claim(rig);
	rig_settle(rig, &b, APPLIED_DONE, 0, ERR_OK); /* the server told no number */
	rig_fact(rig, rig->inbox, CHANGE_GONE, 1, 0);
	rig_add(rig, rig->archive, 1, 0); /* the same Message-ID and size */
	ck_assert_int_eq(rig_total(rig, rig->archive), 1);
	ck_assert(rig_has_body(rig, rig->archive, 1));
}
END_TEST

START_TEST(a_pass_that_saw_the_copy_first_gives_way)
{
	struct mutation_batch *b;
	struct err err;

	rig_add(rig, rig->inbox, 1, 0);
	want_move(rig->inbox, 1, rig->archive);
	b = rig_claim(rig);
	{
		struct batch *facts = batch_new(rig->account, rig->archive);
		struct change c = { .kind = CHANGE_MESSAGE, .uid = 33, .size = 5 };

		batch_change(facts, &c);
		ck_assert_int_eq(batch_apply(rig->store, facts, NULL, &err), 0);
		batch_free(&facts);
	}
	rig_settle(rig, &b, APPLIED_DONE, 33, ERR_OK);
	ck_assert_int_eq(rig_total(rig, rig->archive), 1);
	ck_assert(rig_shows(rig, rig->archive, 1));
}
END_TEST

START_TEST(a_moved_copy_that_never_appears_is_given_up)
{
	struct mutation_batch *b;
	struct err err;

	rig_add(rig, rig->inbox, 1, 0);
	want_move(rig->inbox, 1, rig->archive);
	b = rig_claim(rig);
	rig_settle(rig, &b, APPLIED_DONE, 0, ERR_OK);
	for (int i = 0; i < 2; i++) {
		ck_assert(rig_shows(rig, rig->archive, 1));
		ck_assert_int_eq(store_pass_done(rig->store, rig->account, &err), 0);
	}
	ck_assert(!rig_shows(rig, rig->archive, 1));
}
END_TEST

START_TEST(a_message_deleted_elsewhere_makes_a_conflict)
{
	g_autoptr(GPtrArray) rows = NULL;
	struct err err;

	rig_add(rig, rig->inbox, 1, 0);
	want_move(rig->inbox, 1, rig->archive);
	rig_fact(rig, rig->inbox, CHANGE_GONE, 1, 0);
	ck_assert(!rig_shows(rig, rig->inbox, 1) && !rig_shows(rig, rig->archive, 1));
	ck_assert_int_eq(store_queue_rows(rig->store, rig->account, false, &rows, &err), 0);
	ck_assert_int_eq(((struct mutation_row *)rows->pdata[0])->status, MUTATION_CONFLICT);
}
END_TEST

/* The server's whole list of mailboxes, from now on without Archive. */
static void archive_vanishes(void)
{
	static const struct mailbox list[] = {
		{ .path = (char *)"INBOX", .name = (char *)"INBOX", .role = ROLE_INBOX },
		{ .path = (char *)"Trash", .name = (char *)"Trash", .role = ROLE_TRASH },
	};
	struct batch *b = batch_new(rig->account, (mailbox_id){ 0 });
	struct err err;

	for (size_t i = 0; i < G_N_ELEMENTS(list); i++)
		batch_mailbox(b, &list[i]);
	batch_replace_mailboxes(b);
	ck_assert_int_eq(batch_apply(rig->store, b, NULL, &err), 0);
	batch_free(&b);
}

START_TEST(a_move_into_a_mailbox_that_vanishes_is_a_conflict)
{
	g_autoptr(GPtrArray) rows = NULL;
	struct err err;

	rig_add(rig, rig->inbox, 1, 0);
	want_move(rig->inbox, 1, rig->archive);
	archive_vanishes();
	ck_assert(rig_shows(rig, rig->inbox, 1));
	ck_assert_ptr_null(rig_claim(rig));
	ck_assert_int_eq(store_queue_rows(rig->store, rig->account, false, &rows, &err), 0);
	ck_assert_uint_eq(rows->len, 1);
	ck_assert_int_eq(((struct mutation_row *)rows->pdata[0])->status, MUTATION_CONFLICT);
}
END_TEST

START_TEST(a_moved_copy_in_a_mailbox_that_vanishes_is_an_orphan)
{
	struct mutation_batch *b;

	rig_add(rig, rig->inbox, 1, 0);
	rig_keep_body(rig, rig->inbox, 1);
	want_move(rig->inbox, 1, rig->archive);
	b = rig_claim(rig);
	rig_settle(rig, &b, APPLIED_DONE, 0, ERR_OK); /* its number is not known yet */
	archive_vanishes();
	rig_sound(rig);
	rig_add(rig, rig->trash, 1, 0); /* found again by what it is */
	ck_assert(rig_has_body(rig, rig->trash, 1));
}
END_TEST

START_TEST(undo_of_a_move_that_is_refused_later_sends_nothing)
{
	struct mutation_batch *b;

	rig_add(rig, rig->inbox, 1, 0);
	want_move(rig->inbox, 1, rig->archive);
	b = rig_claim(rig);
	ck_assert_int_eq(undo(), 1);
	ck_assert(rig_shows(rig, rig->inbox, 1));
	rig_settle(rig, &b, APPLIED_REFUSED, 0, ERR_OK);
	ck_assert_ptr_null(rig_claim(rig)); /* not "from INBOX to INBOX" */
	ck_assert(rig_shows(rig, rig->inbox, 1) && !rig_shows(rig, rig->archive, 1));
	ck_assert_int_eq(rig_total(rig, rig->inbox), 1);
}
END_TEST

START_TEST(undo_after_a_restart_in_the_middle_of_a_move)
{
	struct mutation_batch *b;
	struct err err;

	rig_add(rig, rig->inbox, 1, 0);
	want_move(rig->inbox, 1, rig->archive);
	b = rig_claim(rig);
	mutation_batch_free(&b);
	rig_reopen(rig);
	ck_assert_int_eq(undo(), 1); /* before the worker has looked at what was left */
	ck_assert_int_eq(store_queue_recover(rig->store, rig->account, &err), 0);
	b = rig_claim(rig);
	ck_assert(b->uncertain);
	ck_assert_int_eq(b->target.v, rig->archive.v);
	rig_settle(rig, &b, APPLIED_DONE, 9, ERR_OK);
	b = rig_claim(rig);
	ck_assert_ptr_nonnull(b);
	ck_assert(!b->uncertain);
	ck_assert_int_eq(b->target.v, rig->inbox.v);
	ck_assert_uint_eq(b->items[0].uid, 9);
	rig_settle(rig, &b, APPLIED_DONE, 2, ERR_OK);
	ck_assert(rig_shows(rig, rig->inbox, 1) && !rig_shows(rig, rig->archive, 1));
}
END_TEST

START_TEST(a_wish_behind_a_refused_move_keeps_the_numbers_of_its_place)
{
	struct batch *facts = batch_new(rig->account, rig->archive);
	struct mutation_batch *b;
	struct err err;

	batch_cursor(facts, "1", 4711, true); /* another UIDVALIDITY than the inbox has */
	ck_assert_int_eq(batch_apply(rig->store, facts, NULL, &err), 0);
	batch_free(&facts);
	rig_add(rig, rig->inbox, 1, 0);
	want_move(rig->inbox, 1, rig->archive);
	b = rig_claim(rig);
	{
		struct list_row *row = rig_row(rig, rig->archive, 1);

		ck_assert_int_eq(store_want_flags(rig->store, &row->location, 1, FLAG_FLAGGED, 0,
					 &err), 1);
		list_row_free(&row);
	}
	rig_settle(rig, &b, APPLIED_REFUSED, 0, ERR_OK);
	b = rig_claim(rig);
	ck_assert_ptr_nonnull(b);
	ck_assert_int_eq(b->source.v, rig->inbox.v);
	ck_assert_uint_eq(b->uidvalidity, 1);
	rig_settle(rig, &b, APPLIED_DONE, 0, ERR_OK);
}
END_TEST

START_TEST(a_copy_that_came_before_our_move_left_is_not_ours)
{
	rig_add(rig, rig->inbox, 1, 0);
	want_move(rig->inbox, 1, rig->archive);
	rig_add(rig, rig->archive, 1, 0); /* another client copied it there */
	ck_assert_int_eq(undo(), 1);
	ck_assert(rig_shows(rig, rig->inbox, 1));
	ck_assert_int_ne(rig_place(rig, rig->archive, 1).v, 0); /* the server has it: it stays */
}
END_TEST

START_TEST(moves_between_accounts_are_refused)
{
	account_id other;
	struct mailbox m = { .path = (char *)"INBOX", .name = (char *)"INBOX", .role = ROLE_INBOX };
	struct batch *b;
	struct list_row *row;
	struct err err;

	ck_assert_int_eq(store_account_bind(rig->store, "other", "imap", &other, &err), 0);
	b = batch_new(other, (mailbox_id){ 0 });
	batch_mailbox(b, &m);
	ck_assert_int_eq(batch_apply(rig->store, b, NULL, &err), 0);
	batch_free(&b);
	rig_add(rig, rig->inbox, 1, 0);
	row = rig_row(rig, rig->inbox, 1);
	ck_assert_int_eq(store_want_move(rig->store, &row->location, 1,
				 store_mailbox_with_role(rig->store, other, ROLE_INBOX), &err),
		ERR_UNSUPPORTED);
	list_row_free(&row);
	ck_assert_int_eq(undo(), 0);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("queue");
	TCase *t = tcase_create("queue");
	SRunner *runner;
	int failed;

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_set_timeout(t, 60);
	tcase_add_test(t, a_screen_reads_a_part_of_a_long_queue);
	tcase_add_test(t, a_wish_shows_at_once_and_survives_a_restart);
	tcase_add_test(t, inbound_facts_never_overwrite_a_wish);
	tcase_add_test(t, on_and_off_cancel);
	tcase_add_test(t, a_to_b_to_c_is_a_to_c);
	tcase_add_test(t, undo_of_an_unsent_move_sends_nothing);
	tcase_add_test(t, undo_of_a_sent_move_queues_the_inverse);
	tcase_add_test(t, undo_while_the_move_is_leased_waits_for_its_outcome);
	tcase_add_test(t, reading_is_no_step_of_the_history);
	tcase_add_test(t, many_flags_leave_as_one_batch);
	tcase_add_test(t, order_of_one_message_is_kept);
	tcase_add_test(t, a_refused_move_rolls_back_and_says_why);
	tcase_add_test(t, offline_costs_no_attempt);
	tcase_add_test(t, attempts_run_out_after_eight);
	tcase_add_test(t, a_lost_answer_comes_back_in_doubt);
	tcase_add_test(t, our_own_move_seen_by_a_pass_is_one_message);
	tcase_add_test(t, a_pass_that_saw_the_copy_first_gives_way);
	tcase_add_test(t, a_moved_copy_that_never_appears_is_given_up);
	tcase_add_test(t, a_message_deleted_elsewhere_makes_a_conflict);
	tcase_add_test(t, a_move_into_a_mailbox_that_vanishes_is_a_conflict);
	tcase_add_test(t, a_moved_copy_in_a_mailbox_that_vanishes_is_an_orphan);
	tcase_add_test(t, undo_of_a_move_that_is_refused_later_sends_nothing);
	tcase_add_test(t, undo_after_a_restart_in_the_middle_of_a_move);
	tcase_add_test(t, a_wish_behind_a_refused_move_keeps_the_numbers_of_its_place);
	tcase_add_test(t, a_copy_that_came_before_our_move_left_is_not_ours);
	tcase_add_test(t, moves_between_accounts_are_refused);
	suite_add_tcase(suite, t);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
