/*
 * Servers that give a message an id of its own (L-63, L-101): labels fold into
 * one message, and a server that begins, ends or changes to tell such ids
 * doubles nothing.
 */
#include <stdio.h>
#include <stdlib.h>

#include "support/rig.h"

static struct rig *rig;

static void setup(void)
{
	rig = rig_new();
}

static void teardown(void)
{
	rig_free(&rig);
}

/* The server tells of message `number` under this uid, with its own id (NULL = it has none). */
static void tell(mailbox_id box, uint64_t uid, int number, const char *canonical)
{
	struct batch *b = batch_new(rig->account, box);
	char id[40];
	struct change c = { .kind = CHANGE_MESSAGE,
		.uid = uid,
		.message_id = id,
		.canonical = canonical,
		.subject = id,
		.from_addr = "a@example.org",
		.received_at = 1600000000 + number,
		.size = 1000 + (uint64_t)number };
	struct err err;

	snprintf(id, sizeof id, "m%d@example.org", number);
	batch_change(b, &c);
	ck_assert_msg(batch_apply(rig->store, b, NULL, &err) == 0, "%s", err.text);
	batch_free(&b);
}

static void renumber(mailbox_id box)
{
	struct batch *b = batch_new(rig->account, box);
	struct err err;

	batch_reset(b);
	ck_assert_int_eq(batch_apply(rig->store, b, NULL, &err), 0);
	batch_free(&b);
}

static message_id message_at(mailbox_id box, int number)
{
	struct list_row *row = rig_row(rig, box, (uint64_t)number);
	message_id m;

	ck_assert_ptr_nonnull(row);
	m = row->message;
	list_row_free(&row);
	return m;
}

START_TEST(labels_are_places_of_one_message)
{
	tell(rig->inbox, 1, 1, "g:100");
	tell(rig->archive, 9, 1, "g:100");
	ck_assert_int_eq(message_at(rig->inbox, 1).v, message_at(rig->archive, 1).v);
	rig_fact(rig, rig->inbox, CHANGE_GONE, 1, 0);
	ck_assert(!rig_shows(rig, rig->inbox, 1));
	ck_assert(rig_shows(rig, rig->archive, 1));
	rig_sound(rig);
}
END_TEST

/* From login to login a server tells ids, other ones, or none any more. */
START_TEST(a_change_of_ids_doubles_nothing)
{
	static const char *const told[] = { NULL, "g:100", "e:Mabc", NULL, "e:Mabc" };
	message_id first;

	tell(rig->inbox, 1, 1, NULL);
	first = message_at(rig->inbox, 1);
	for (size_t i = 0; i < G_N_ELEMENTS(told); i++) {
		tell(rig->inbox, 1, 1, told[i]); /* the same place again */
		ck_assert_int_eq(rig_total(rig, rig->inbox), 1);
		ck_assert_int_eq(message_at(rig->inbox, 1).v, first.v);
		renumber(rig->inbox); /* and under a new number */
		tell(rig->inbox, 1, 1, told[i]);
		ck_assert_int_eq(rig_total(rig, rig->inbox), 1);
		ck_assert_int_eq(message_at(rig->inbox, 1).v, first.v);
	}
	rig_sound(rig);
}
END_TEST

/* Two rows from the time without ids; the id that both have now belongs to one message only. */
START_TEST(two_old_rows_of_one_message_do_not_collide)
{
	tell(rig->inbox, 1, 1, NULL);
	tell(rig->archive, 1, 1, NULL);
	renumber(rig->archive);
	tell(rig->archive, 2, 1, "e:Mabc");
	renumber(rig->inbox);
	tell(rig->inbox, 2, 1, "e:Mabc");
	ck_assert_int_eq(rig_total(rig, rig->inbox), 1);
	ck_assert_int_eq(rig_total(rig, rig->archive), 1);
	ck_assert_int_eq(message_at(rig->inbox, 1).v, message_at(rig->archive, 1).v);
	rig_sound(rig);
}
END_TEST

/* A move while the server changed its ids, heard from the target first. */
START_TEST(a_move_across_a_change_of_ids_keeps_the_message)
{
	message_id first;
	struct err err;

	tell(rig->inbox, 1, 1, "g:100");
	rig_keep_body(rig, rig->inbox, 1);
	first = message_at(rig->inbox, 1);
	ck_assert_int_eq(store_pass_done(rig->store, rig->account, &err), 0);
	tell(rig->archive, 1, 1, "e:Mabc");
	rig_fact(rig, rig->inbox, CHANGE_GONE, 1, 0);
	ck_assert_int_eq(message_at(rig->archive, 1).v, first.v);
	ck_assert(store_body_cached(rig->store, first));
	tell(rig->trash, 1, 1, "e:Mabc"); /* it has the new id from now on */
	ck_assert_int_eq(message_at(rig->trash, 1).v, first.v);
	rig_sound(rig);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("canonical");
	TCase *t = tcase_create("canonical");
	SRunner *runner;
	int failed;

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_set_timeout(t, 60);
	tcase_add_test(t, labels_are_places_of_one_message);
	tcase_add_test(t, a_change_of_ids_doubles_nothing);
	tcase_add_test(t, two_old_rows_of_one_message_do_not_collide);
	tcase_add_test(t, a_move_across_a_change_of_ids_keeps_the_message);
	suite_add_tcase(suite, t);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
