/* The workers: threads that follow the server and the reader. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/mem.h"
#include "model/flags.h"
#include "sync/rig.h"
#include "sync/suites.h"

static struct rig *rig;

static void three_accounts(void)
{
	rig = rig_new(3);
}

static void one_account(void)
{
	rig = rig_new(1);
}

static void teardown(void)
{
	rig_free(&rig);
}

START_TEST(a_busy_account_is_a_conflict_with_words)
{
	struct err err = { 0 };
	char word[40];
	int fds[2], status;
	pid_t child;

	ck_assert_int_eq(pipe(fds), 0);
	child = fork();
	if (child == 0) {
		AUTO(store_close) struct store *s = NULL;
		int holder;

		if (store_open(rig->places.data, STORE_CLI, NULL, &s, &err) < 0 ||
			store_lease_take(s, rig->id[0], &holder, &err) != 1 ||
			write(fds[1], "x", 1) != 1)
			_exit(1);
		pause();
	}
	ck_assert_int_eq(read(fds[0], word, 1), 1);
	snprintf(word, sizeof word, "%d", (int)child);
	ck_assert_int_eq(rig->engine->pass(rig->engine, rig->id[0], false, NULL, &err),
		ERR_CONFLICT);
	ck_assert_ptr_nonnull(strstr(err.text, word));
	rig_start(rig);
	UNTIL(rig_state(rig, 0).stage == STAGE_WAITING);
	ck_assert_ptr_nonnull(strstr(rig_state(rig, 0).error.text, word));
	kill(child, SIGKILL);
	waitpid(child, &status, 0);
	UNTIL(rig_state(rig, 0).last_sync > 0);
	ck_assert_int_eq(rig_state(rig, 0).error.code, ERR_OK);
	close(fds[0]);
	close(fds[1]);
}
END_TEST

START_TEST(workers_follow_the_server_and_the_reader)
{
	struct fake_box *inbox = rig_box(rig, 0, INBOX);
	int m = fake_deliver(inbox, 5);

	rig->server[0]->push_live = true;
	rig_start(rig);
	UNTIL(rig_equal(rig, 0));
	UNTIL(rig_state(rig, 0).push_live);
	fake_deliver(inbox, 2);
	UNTIL(rig_total(rig, 0, INBOX) == 7);
	rig_move(rig, INBOX, m, ARCHIVE);
	rig->engine->push(rig->engine, rig->id[0]);
	UNTIL(fake_copies(rig_box(rig, 0, ARCHIVE), m, NULL) == 1);
	UNTIL(rig_equal(rig, 0));
	fake_deliver(rig_box(rig, 0, TRASH), 2);
	rig->engine->sync_now(rig->engine, (account_id){ 0 }, false);
	UNTIL(rig_equal(rig, 0));
}
END_TEST

START_TEST(a_request_during_a_look_is_not_forgotten)
{
	struct fake_box *inbox = rig_box(rig, 0, INBOX), *trash = rig_box(rig, 0, TRASH);

	rig->server[0]->push_live = true;
	rig_start(rig);
	UNTIL(rig_state(rig, 0).push_live);
	fake_slow(rig->server[0], 1, 30);
	fake_deliver(inbox, 10);
	UNTIL(rig_total(rig, 0, INBOX) > 2); /* a look at the inbox is under way */
	fake_deliver(trash, 1);
	rig->engine->sync_now(rig->engine, rig->id[0], false);
	UNTIL(rig_total(rig, 0, TRASH) == 1);
}
END_TEST

/* A process that dies with a row in its hands: the next one looks after it. */
START_TEST(what_a_dead_process_held_leaves_after_all)
{
	struct fake_box *inbox = rig_box(rig, 0, INBOX);
	int status, m = fake_deliver(inbox, 5);
	unsigned flags = 0;
	pid_t child;

	rig_pass(rig);
	rig_flag(rig, INBOX, m, FLAG_SEEN);
	child = fork();
	if (child == 0) {
		struct mutation_batch *b = NULL;
		struct store *s = NULL;
		struct err err = { 0 };

		_exit(store_open(rig->places.data, STORE_CLI, NULL, &s, &err) < 0 ||
			store_queue_claim(s, rig->id[0], &b, &err) != 1);
	}
	waitpid(child, &status, 0);
	ck_assert(WIFEXITED(status) && WEXITSTATUS(status) == 0);
	ck_assert_int_eq(rig_rows(rig, MUTATION_LEASED), 1);
	rig_start(rig);
	UNTIL((fake_copies(inbox, m, &flags), flags == FLAG_SEEN));
}
END_TEST

START_TEST(a_change_of_another_process_leaves_soon)
{
	struct fake_box *inbox = rig_box(rig, 0, INBOX);
	int m = fake_deliver(inbox, 5);
	unsigned flags = 0;

	rig_start(rig);
	UNTIL(fake_count(rig->server[0], FAKE_WAIT) >= 2); /* the first wait is a short one */
	rig_flag(rig, INBOX, m, FLAG_SEEN);                /* nobody rings */
	UNTIL((fake_copies(inbox, m, &flags), flags == FLAG_SEEN));
}
END_TEST

START_TEST(offline_is_tried_again_by_itself)
{
	fake_deliver(rig_box(rig, 0, INBOX), 5);
	fake_fail(rig->server[0], FAKE_CONNECT, ERR_OFFLINE, 3);
	rig_start(rig);
	UNTIL(rig_equal(rig, 0));
	UNTIL(rig_state(rig, 0).error.code == ERR_OK);
}
END_TEST

START_TEST(a_new_connection_learns_what_it_missed)
{
	struct fake_box *trash = rig_box(rig, 0, TRASH);

	rig_start(rig);
	UNTIL(rig_state(rig, 0).last_sync > 0);
	fake_deliver(trash, 3); /* nobody watches this mailbox */
	fake_fail(rig->server[0], FAKE_WAIT, ERR_OFFLINE, 1);
	rig->engine->push(rig->engine, rig->id[0]);
	UNTIL(rig_total(rig, 0, TRASH) == 3);
}
END_TEST

START_TEST(a_pause_says_why_and_until_when)
{
	rig->sync->timing.retry_cap = 100000;
	fake_fail(rig->server[0], FAKE_CONNECT, ERR_OFFLINE, 1);
	rig_start(rig);
	UNTIL(rig_state(rig, 0).stage == STAGE_WAITING);
	ck_assert_int_eq(rig_state(rig, 0).error.code, ERR_OFFLINE);
	ck_assert_int_gt(rig_state(rig, 0).retry_at, 0);
	rig->engine->push(rig->engine, rig->id[0]); /* does not end the pause */
	g_usleep(50000);
	ck_assert_int_eq(fake_count(rig->server[0], FAKE_CONNECT), 1);
	rig->engine->sync_now(rig->engine, rig->id[0], false); /* does */
	UNTIL(rig_state(rig, 0).last_sync > 0);
}
END_TEST

START_TEST(a_refused_login_is_not_repeated)
{
	fake_deliver(rig_box(rig, 0, INBOX), 5);
	fake_fail(rig->server[0], FAKE_CONNECT, _i ? ERR_TRUST : ERR_AUTH, 1);
	rig_start(rig);
	UNTIL(rig_state(rig, 0).error.code != ERR_OK);
	rig->engine->push(rig->engine, rig->id[0]);
	rig->engine->want_body(rig->engine, rig->id[0], (message_id){ 12345 });
	ck_assert_int_eq(rig_body_event(rig, (message_id){ 12345 }), _i ? ERR_TRUST : ERR_AUTH);
	g_usleep(150000); /* many times the longest pause */
	ck_assert_int_eq(fake_count(rig->server[0], FAKE_CONNECT), 1);
	rig->engine->sync_now(rig->engine, rig->id[0], false);
	UNTIL(rig_equal(rig, 0));
}
END_TEST

/* A reader without patience must not lock the account: each attempt is a login. */
START_TEST(one_request_is_one_attempt)
{
	fake_fail(rig->server[0], FAKE_CONNECT, ERR_AUTH, 1000000);
	rig_start(rig);
	UNTIL(rig_state(rig, 0).error.code != ERR_OK);
	rig->engine->sync_now(rig->engine, rig->id[0], false);
	UNTIL(fake_count(rig->server[0], FAKE_CONNECT) == 2);
	g_usleep(150000);
	ck_assert_int_eq(fake_count(rig->server[0], FAKE_CONNECT), 2);
}
END_TEST

START_TEST(a_broken_account_does_not_slow_another)
{
	fake_deliver(rig_box(rig, 1, INBOX), 50);
	fake_block(rig->server[0], FAKE_CONNECT, true);
	fake_fail(rig->server[2], FAKE_MAILBOXES, ERR_PROTOCOL, 1000);
	rig_start(rig);
	UNTIL(rig_equal(rig, 1) && rig_total(rig, 1, INBOX) == 50);
	UNTIL(rig_state(rig, 2).error.code == ERR_PROTOCOL);
}
END_TEST

START_TEST(a_change_leaves_during_a_long_bootstrap)
{
	struct fake_box *inbox = rig_box(rig, 0, INBOX);
	int first = fake_deliver(inbox, 10);
	unsigned flags = 0;

	rig_pass(rig);
	fake_deliver(rig_box(rig, 0, ARCHIVE), 2000);
	fake_slow(rig->server[0], 20, 30);
	rig_start(rig);
	UNTIL(rig_total(rig, 0, ARCHIVE) >= 20);
	rig_flag(rig, INBOX, first, FLAG_SEEN);
	if (_i == 0)
		rig->engine->push(rig->engine, rig->id[0]);
	UNTIL((fake_copies(inbox, first, &flags), flags == FLAG_SEEN));
	ck_assert_int_lt(rig->server[0]->serial_at_apply, 1500);
}
END_TEST

/* While a call blocks, stopping takes no longer than the contract says. */
START_TEST(stopping_is_quick_whatever_blocks)
{
	int m = fake_deliver(rig_box(rig, 0, INBOX), 5);
	int64_t begin;

	rig_pass(rig);
	rig_move(rig, INBOX, m, ARCHIVE);
	if (_i == FAKE_ARRANGE)
		rig_want_box(rig, "New");
	fake_block(rig->server[0], (enum fake_call)_i, true);
	{
		message_id message = rig_message(rig, INBOX, m + 1);
		int before = fake_count(rig->server[0], (enum fake_call)_i);

		rig_start(rig);
		rig->engine->want_body(rig->engine, rig->id[0], message);
		UNTIL(fake_count(rig->server[0], (enum fake_call)_i) > before);
	}
	begin = now_ms();
	rig_stop(rig);
	ck_assert_int_le(now_ms() - begin, 300);
}
END_TEST

START_TEST(progress_is_told_but_not_too_often)
{
	struct event e;
	int n = 0;

	rig->sync->timing.progress = 200;
	board_release(&rig->sync->lanes[0].board);
	board_init(&rig->sync->lanes[0].board, rig->id[0], rig->events, 200);
	for (int i = 0; i < 1000; i++) {
		board_progress(&rig->sync->lanes[0].board, STAGE_FETCHING, i, 1000);
		while (queue_pop(rig->events, &e))
			n++;
	}
	ck_assert_int_ge(n, 1);
	ck_assert_int_le(n, 20);
	ck_assert_int_eq(rig_state(rig, 0).done, 999);
}
END_TEST

/* --- bodies --------------------------------------------------------------- */

START_TEST(a_body_is_fetched_once)
{
	int first = fake_deliver(rig_box(rig, 0, INBOX), 5);
	message_id m;

	rig_pass(rig);
	m = rig_message(rig, INBOX, first);
	rig_start(rig);
	for (int i = 0; i < 3; i++)
		rig->engine->want_body(rig->engine, rig->id[0], m);
	ck_assert_int_eq(rig_body_event(rig, m), 0);
	ck_assert(store_body_cached(rig->store, m));
	rig->engine->want_body(rig->engine, rig->id[0], m);
	ck_assert_int_eq(rig_body_event(rig, m), 0);
	ck_assert_int_eq(fake_count(rig->server[0], FAKE_BODY), 1);
}
END_TEST

START_TEST(a_body_survives_a_dead_connection)
{
	int first = fake_deliver(rig_box(rig, 0, INBOX), 5);
	message_id m;

	rig_pass(rig);
	m = rig_message(rig, INBOX, first);
	fake_fail(rig->server[0], FAKE_BODY, ERR_OFFLINE, 1);
	rig_start(rig);
	rig->engine->want_body(rig->engine, rig->id[0], m);
	ck_assert_int_eq(rig_body_event(rig, m), 0);
	ck_assert_int_eq(fake_count(rig->server[0], FAKE_BODY), 2);
}
END_TEST

START_TEST(a_body_that_cannot_be_had_is_answered)
{
	struct fake_box *inbox = rig_box(rig, 0, INBOX);
	int first = fake_deliver(inbox, 5);
	message_id m, gone;

	rig_pass(rig);
	m = rig_message(rig, INBOX, first);
	gone = rig_message(rig, INBOX, first + 1);
	fake_expunge(inbox, first + 1);
	fake_block(rig->server[0], FAKE_MAILBOXES, true); /* the store shall not hear of it */
	fake_fail(rig->server[0], FAKE_BODY, ERR_OFFLINE, 2);
	rig_start(rig);
	rig->engine->want_body(rig->engine, rig->id[0], m);
	ck_assert_int_eq(rig_body_event(rig, m), ERR_OFFLINE);
	ck_assert_int_eq(rig_state(rig, 0).error.code, ERR_OFFLINE);
	rig->engine->want_body(rig->engine, rig->id[0], gone);
	ck_assert_int_eq(rig_body_event(rig, gone), ERR_GONE);
	rig->engine->want_body(rig->engine, rig->id[0], m);
	ck_assert_int_eq(rig_body_event(rig, m), 0);
}
END_TEST

START_TEST(the_newest_request_goes_first_and_the_list_is_bounded)
{
	struct bodies *b = &rig->sync->lanes[0].bodies;

	for (int i = 1; i <= BODIES_WANTED_MAX; i++)
		ck_assert_int_eq(bodies_ask(b, (message_id){ i }, false).v, 0);
	ck_assert_int_eq(bodies_ask(b, (message_id){ 5 }, false).v, 0); /* again: now the newest */
	ck_assert_int_eq(bodies_ask(b, (message_id){ 1000 }, false).v, 1); /* the oldest makes room */
	ck_assert_uint_eq(b->n, BODIES_WANTED_MAX);
	ck_assert_int_eq(b->wanted[b->n - 1].message.v, 1000);
	ck_assert_int_eq(b->wanted[b->n - 2].message.v, 5);
}
END_TEST

static void add_single(TCase *c)
{
	tcase_add_test(c, a_busy_account_is_a_conflict_with_words);
	tcase_add_test(c, workers_follow_the_server_and_the_reader);
	tcase_add_test(c, a_request_during_a_look_is_not_forgotten);
	tcase_add_test(c, what_a_dead_process_held_leaves_after_all);
	tcase_add_test(c, a_change_of_another_process_leaves_soon);
	tcase_add_test(c, offline_is_tried_again_by_itself);
	tcase_add_test(c, a_new_connection_learns_what_it_missed);
	tcase_add_test(c, a_pause_says_why_and_until_when);
	tcase_add_loop_test(c, a_refused_login_is_not_repeated, 0, 2);
	tcase_add_test(c, one_request_is_one_attempt);
	tcase_add_loop_test(c, a_change_leaves_during_a_long_bootstrap, 0, 2);
	tcase_add_loop_test(c, stopping_is_quick_whatever_blocks, 0, FAKE_BODIES);
	tcase_add_test(c, progress_is_told_but_not_too_often);
	tcase_add_test(c, a_body_is_fetched_once);
	tcase_add_test(c, a_body_survives_a_dead_connection);
	tcase_add_test(c, a_body_that_cannot_be_had_is_answered);
	tcase_add_test(c, the_newest_request_goes_first_and_the_list_is_bounded);
}

static TCase *make_case(Suite *s, const char *name, void (*setup)(void))
{
	TCase *c = tcase_create(name);

	tcase_add_checked_fixture(c, setup, teardown);
	tcase_set_timeout(c, 60);
	suite_add_tcase(s, c);
	return c;
}

void add_worker_tests(Suite *s)
{
	add_single(make_case(s, "workers", one_account));
	tcase_add_test(make_case(s, "neighbours", three_accounts),
		a_broken_account_does_not_slow_another);
}
