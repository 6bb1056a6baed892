/* When cycles and runs begin, and how far the history of a mailbox goes. */
#include <check.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "sync/rig.h"
#include "sync/suites.h"

enum { MINUTE = 60 * 1000 };

static struct rig *rig;

static void one_account(void)
{
	rig = rig_new(1);
}

static void teardown(void)
{
	rig_free(&rig);
}

/* --- C-25, C-37: the table of the cadence ----------------------------------- */

static const struct {
	const char *what;
	struct cadence in;
	int64_t expect;
} cadences[] = {
	{ "reader there, no push", { false, -1, 0, 0 }, 180 * 1000 },
	{ "reader there, push", { true, -1, 0, 0 }, 300 * 1000 },
	{ "looking, no push", { false, 0, 0, 0 }, 90 * 1000 },
	{ "looking, push", { true, MINUTE, 0, 0 }, 150 * 1000 },
	{ "looked two minutes ago", { false, 2 * MINUTE, MINUTE, 0 }, 90 * 1000 },
	{ "looked longer ago", { false, 2 * MINUTE + 1, MINUTE, 0 }, 180 * 1000 },
	{ "reader just there", { false, -1, 15 * MINUTE, 900 * 1000 }, 180 * 1000 },
	{ "nobody, first", { false, -1, 15 * MINUTE + 1, 180 * 1000 }, 270 * 1000 },
	{ "nobody, second", { false, -1, 20 * MINUTE, 270 * 1000 }, 405 * 1000 },
	{ "nobody, for long", { false, -1, 300 * MINUTE, 800 * 1000 }, 900 * 1000 },
	{ "nobody, at the limit", { false, -1, 300 * MINUTE, 900 * 1000 }, 900 * 1000 },
	{ "nobody ever, push", { true, -1, -1, 0 }, 450 * 1000 },
	{ "back at the screen", { true, 0, 0, 900 * 1000 }, 150 * 1000 },
};

START_TEST(cadence_follows_the_table)
{
	ck_assert_msg(cadence_pause(&timing_default, &cadences[_i].in) == cadences[_i].expect,
		"%s: %lld ms", cadences[_i].what,
		(long long)cadence_pause(&timing_default, &cadences[_i].in));
}
END_TEST

START_TEST(cadence_has_limits)
{
	struct timing t = timing_default;
	struct cadence looking = { .looked = 0, .reader = 0 }, gone = { .looked = -1, .reader = -1 };

	t.poll = 30 * 1000;
	ck_assert_int_eq(cadence_pause(&t, &looking), 20 * 1000); /* the floor */
	t.poll = 10 * 1000;
	ck_assert_int_eq(cadence_pause(&t, &looking), 10 * 1000); /* never slower for looking */
	t.poll = 1000 * 1000;
	ck_assert_int_eq(cadence_pause(&t, &gone), 1000 * 1000);
	ck_assert(cadence_wide(true, 0));
	ck_assert(!cadence_wide(false, 0) && !cadence_wide(false, 1) && cadence_wide(false, 2));
}
END_TEST

START_TEST(backfill_goes_on_only_where_nobody_minds)
{
	struct cadence there = { .looked = -1, .reader = MINUTE }, gone = { .looked = -1,
		.reader = 16 * MINUTE };
	const struct timing *t = &timing_default;

	ck_assert_int_eq(cadence_backfill(t, true, false, &there), t->backfill_soon);
	ck_assert_int_eq(cadence_backfill(t, true, true, &there), 240 * 1000); /* class D */
	ck_assert_int_eq(cadence_backfill(t, true, false, &gone), 240 * 1000);
	ck_assert_int_eq(cadence_backfill(t, false, false, &there), 240 * 1000);
}
END_TEST

/* --- M-35, M-36, M-63..M-67: bootstrap and backfill -------------------------- */

START_TEST(the_newest_come_at_once_and_the_rest_later)
{
	fake_deliver(rig_box(rig, 0, INBOX), 200);
	fake_deliver(rig_box(rig, 0, TRASH), 20);
	rig_limits(rig, 50, 0, BACKFILL_PROGRESSIVE);
	rig->sync->timing.backfill = 1000;
	rig->sync->timing.backfill_soon = 1000;
	fake_slow(rig->server[0], 10, 10);
	rig_start(rig);
	UNTIL(rig_box_state(rig, 0, INBOX) == MAILBOX_INCREMENTAL);
	UNTIL(rig_box_state(rig, 0, TRASH) == MAILBOX_COMPLETE);
	ck_assert_int_ge(rig_total(rig, 0, INBOX), 50);
	ck_assert(rig_shows(rig, 0, INBOX, 200)); /* the newest */
	ck_assert(!rig_shows(rig, 0, INBOX, 1));
	UNTIL(rig_box_state(rig, 0, INBOX) == MAILBOX_COMPLETE);
	ck_assert(rig_equal(rig, 0));
}
END_TEST

START_TEST(a_mailbox_is_capped)
{
	fake_deliver(rig_box(rig, 0, INBOX), 200);
	rig_limits(rig, 50, 100, BACKFILL_PROGRESSIVE);
	rig_pass(rig);
	ck_assert_int_eq(rig_box_state(rig, 0, INBOX), MAILBOX_CAPPED);
	ck_assert_int_eq(rig_total(rig, 0, INBOX), 100);
	fake_deliver(rig_box(rig, 0, INBOX), 5); /* what is new comes all the same */
	rig_pass(rig);
	ck_assert_int_eq(rig_total(rig, 0, INBOX), 105);
	rig_limits(rig, 50, 0, BACKFILL_PROGRESSIVE); /* the reader lifts the limit */
	rig_pass(rig);
	ck_assert_int_eq(rig_box_state(rig, 0, INBOX), MAILBOX_COMPLETE);
	ck_assert(rig_equal(rig, 0));
}
END_TEST

START_TEST(history_stays_out_if_the_reader_wants_that)
{
	fake_deliver(rig_box(rig, 0, INBOX), 200);
	rig_limits(rig, 50, 0, BACKFILL_BOOTSTRAP_ONLY);
	rig_pass(rig);
	rig_pass(rig);
	ck_assert_int_eq(rig_box_state(rig, 0, INBOX), MAILBOX_INCREMENTAL);
	ck_assert_int_eq(rig_total(rig, 0, INBOX), 50);
}
END_TEST

START_TEST(a_strict_server_is_read_in_small_runs)
{
	fake_deliver(rig_box(rig, 0, INBOX), 200);
	rig_limits(rig, 50, 0, BACKFILL_PROGRESSIVE);
	rig->server[0]->traits = (struct traits){ .connections = 1, .run_s = 25,
		.run_messages = 30, .letter = 'D' };
	rig_pass(rig);
	ck_assert_int_eq(rig_total(rig, 0, INBOX), 80); /* the newest 50 and one run (C-12) */
	rig_pass(rig);
	ck_assert_int_eq(rig_total(rig, 0, INBOX), 110);
}
END_TEST

START_TEST(history_goes_on_after_a_kill)
{
	int status;
	pid_t child;

	fake_deliver(rig_box(rig, 0, INBOX), 300);
	rig_limits(rig, 50, 0, BACKFILL_PROGRESSIVE);
	fake_slow(rig->server[0], 10, 20);
	store_close(&rig->store);
	child = fork();
	if (child == 0) {
		struct err err = { 0 };

		rig->engine->pass(rig->engine, rig->id[0], false, NULL, &err);
		_exit(0);
	}
	UNTIL(fake_reported(rig->server[0]) >= 150);
	kill(child, SIGKILL);
	waitpid(child, &status, 0);
	fake_slow(rig->server[0], 10, 0);
	rig_restart(rig);
	ck_assert_int_ge(rig_total(rig, 0, INBOX), 100);
	ck_assert_int_lt(rig_total(rig, 0, INBOX), 300);
	rig_pass(rig);
	ck_assert(rig_equal(rig, 0));
	ck_assert_int_eq(rig_box_state(rig, 0, INBOX), MAILBOX_COMPLETE);
	ck_assert_int_le(rig->server[0]->reported, 320); /* a slice or two came twice, not all */
}
END_TEST

START_TEST(new_mail_comes_during_the_history)
{
	struct fake_box *inbox = rig_box(rig, 0, INBOX), *archive = rig_box(rig, 0, ARCHIVE);
	int fresh;

	fake_deliver(inbox, 5);
	fake_deliver(archive, 2000);
	rig_limits(rig, 50, 0, BACKFILL_PROGRESSIVE);
	fake_slow(rig->server[0], 10, 10); /* two seconds of history */
	rig_start(rig);
	UNTIL(rig_total(rig, 0, ARCHIVE) > 100);
	fresh = fake_deliver(inbox, 1);
	UNTIL(rig_shows(rig, 0, INBOX, fresh));
	ck_assert_int_lt(rig_total(rig, 0, ARCHIVE), 1500);
}
END_TEST

/* One mailbox whose history cannot be had: the others have theirs, and nobody hammers the server. */
START_TEST(a_poisoned_history_harms_nobody)
{
	struct fake_box *inbox = rig_box(rig, 0, INBOX);
	int connects;

	fake_deliver(inbox, 100);
	fake_deliver(rig_box(rig, 0, ARCHIVE), 100);
	rig_limits(rig, 20, 0, BACKFILL_BOOTSTRAP_ONLY);
	rig_pass(rig);
	rig_limits(rig, 20, 0, BACKFILL_PROGRESSIVE);
	rig->sync->timing.backfill = 100000;
	rig_box(rig, 0, INBOX)->no_history = ERR_PROTOCOL;
	rig_start(rig);
	UNTIL(rig_box_state(rig, 0, ARCHIVE) == MAILBOX_COMPLETE);
	UNTIL(rig_state(rig, 0).stage == STAGE_IDLE && !*rig_state(rig, 0).sync_id);
	fake_deliver(inbox, 1);
	rig->engine->sync_now(rig->engine, rig->id[0], false);
	UNTIL(rig_total(rig, 0, INBOX) == 21); /* what is new comes all the same */
	g_usleep(300000);
	connects = fake_count(rig->server[0], FAKE_CONNECT);
	g_usleep(300000);
	ck_assert_int_eq(fake_count(rig->server[0], FAKE_CONNECT), connects);
}
END_TEST

void add_history_tests(Suite *s)
{
	TCase *c = tcase_create("history");

	tcase_add_checked_fixture(c, one_account, teardown);
	tcase_set_timeout(c, 60);
	tcase_add_loop_test(c, cadence_follows_the_table, 0, (int)G_N_ELEMENTS(cadences));
	tcase_add_test(c, cadence_has_limits);
	tcase_add_test(c, backfill_goes_on_only_where_nobody_minds);
	tcase_add_test(c, the_newest_come_at_once_and_the_rest_later);
	tcase_add_test(c, a_mailbox_is_capped);
	tcase_add_test(c, history_stays_out_if_the_reader_wants_that);
	tcase_add_test(c, a_strict_server_is_read_in_small_runs);
	tcase_add_test(c, history_goes_on_after_a_kill);
	tcase_add_test(c, new_mail_comes_during_the_history);
	tcase_add_test(c, a_poisoned_history_harms_nobody);
	suite_add_tcase(s, c);
}
