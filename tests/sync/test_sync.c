/* The sync room against a real store and a server in memory. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/backoff.h"
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

static int leave(const char *path)
{
	struct err err = { 0 };
	int n = 0;

	(void)path;
	for (int i = 0; i < 20 && (n = rig_drain(rig)) > 0; i++)
		;
	ck_assert_msg(n == 0, "%d rows did not leave: %s", n, err.text);
	return n;
}

/* --- retry ---------------------------------------------------------------- */

START_TEST(backoff_doubles_and_is_capped)
{
	struct retry r = { 0 };
	struct err why = { .code = ERR_OFFLINE };
	int64_t expect = 5000;

	backoff_seed(7);
	for (int i = 0; i < 30; i++) {
		int64_t ms = retry_next_ms(&r, &timing_default, &why);

		ck_assert_int_ge(ms, expect * 8 / 10);
		ck_assert_int_le(ms, MIN(expect * 12 / 10, BACKOFF_LAST_MS));
		expect = MIN(expect * 2, BACKOFF_LAST_MS);
	}
}
END_TEST

START_TEST(backoff_honours_the_server)
{
	struct retry r = { 0 };
	struct err why = { .code = ERR_RETRY, .after_s = 77 };

	ck_assert_int_eq(retry_next_ms(&r, &timing_default, &why), 77000);
	why.after_s = 10 * RETRY_AFTER_MAX_S;
	ck_assert_int_eq(retry_next_ms(&r, &timing_default, &why), RETRY_AFTER_MAX_S * 1000LL);
	why = (struct err){ .code = ERR_AUTH, .after_s = 5 };
	ck_assert_int_eq(retry_next_ms(&r, &timing_default, &why), -1);
	why.code = ERR_TRUST;
	ck_assert_int_eq(retry_next_ms(&r, &timing_default, &why), -1);
}
END_TEST

/* --- pull ----------------------------------------------------------------- */

START_TEST(pass_brings_everything)
{
	fake_deliver(rig_box(rig, 0, INBOX), 250);
	fake_deliver(rig_box(rig, 0, ARCHIVE), 1200);
	rig_pass(rig);
	ck_assert(rig_equal(rig, 0));
	fake_deliver(rig_box(rig, 0, INBOX), 3);
	fake_expunge(rig_box(rig, 0, INBOX), 7);
	fake_set_flags(rig_box(rig, 0, ARCHIVE), 300, FLAG_FLAGGED);
	rig_pass(rig);
	ck_assert(rig_equal(rig, 0));
}
END_TEST

START_TEST(every_mailbox_has_its_newest_slice_first)
{
	static const int first[] = { INBOX, ARCHIVE, TRASH, INBOX };

	for (int i = INBOX; i <= TRASH; i++)
		fake_deliver(rig_box(rig, 0, i), 300);
	rig->sync->timing.turn = 0;
	rig_pass(rig);
	ck_assert_int_ge(rig->server[0]->n_visits, 9);
	for (int i = 0; i < 4; i++)
		ck_assert_int_eq(rig->server[0]->visits[i], first[i]);
	ck_assert(rig_equal(rig, 0));
}
END_TEST

START_TEST(nodes_without_messages_are_skipped)
{
	rig_box(rig, 0, ARCHIVE)->attrs = MAILBOX_NOSELECT;
	rig_pass(rig);
	for (int i = 0; i < rig->server[0]->n_visits; i++)
		ck_assert_int_ne(rig->server[0]->visits[i], ARCHIVE);
}
END_TEST

static const struct {
	const char *name;
	enum err_code code;
	bool ends;
} grades[] = {
	{ "gone", ERR_GONE, false },
	{ "protocol", ERR_PROTOCOL, false },
	{ "limit", ERR_LIMIT, false },
	{ "offline", ERR_OFFLINE, true },
	{ "auth", ERR_AUTH, true },
	{ "trust", ERR_TRUST, true },
};

START_TEST(one_bad_mailbox_does_not_stop_the_others)
{
	struct err err = { 0 };
	int r;

	fake_deliver(rig_box(rig, 0, INBOX), 5);
	fake_deliver(rig_box(rig, 0, TRASH), 5);
	rig_box(rig, 0, ARCHIVE)->fail = grades[_i].code;
	rig_box(rig, 0, ARCHIVE)->fail_times = 1;
	r = rig->engine->pass(rig->engine, rig->id[0], false, NULL, &err);
	ck_assert_int_eq(r, grades[_i].ends ? (int)grades[_i].code : 0);
	ck_assert_int_eq(rig_total(rig, 0, INBOX), 5);
	ck_assert_int_eq(rig_total(rig, 0, TRASH), grades[_i].ends ? 0 : 5);
}
END_TEST

/* --- the second witness --------------------------------------------------- */

START_TEST(an_empty_answer_is_no_proof)
{
	fake_deliver(rig_box(rig, 0, INBOX), 100);
	rig_pass(rig);
	rig->server[0]->lie_empty = 1;
	rig_pass(rig);
	ck_assert_int_eq(rig_total(rig, 0, INBOX), 100);
	ck_assert_int_ge(fake_count(rig->server[0], FAKE_CONNECT), 3);
}
END_TEST

/* Limits: at half nothing is doubted; one more is; below GONE_LEAST nothing is. */
static const struct {
	int total, removed;
	bool doubted;
} shares[] = {
	{ 40, 20, false }, { 40, 21, true }, { 40, 40, true }, { 19, 19, false }, { 20, 20, true },
};

START_TEST(a_mass_removal_needs_two_witnesses)
{
	struct fake_box *inbox = rig_box(rig, 0, INBOX);
	int first = fake_deliver(inbox, shares[_i].total), before;

	rig_pass(rig);
	for (int i = 0; i < shares[_i].removed; i++)
		fake_expunge(inbox, first + i);
	before = fake_count(rig->server[0], FAKE_CONNECT);
	rig_pass(rig);
	ck_assert_int_eq(fake_count(rig->server[0], FAKE_CONNECT) - before,
		shares[_i].doubted ? 2 : 1);
	ck_assert(rig_equal(rig, 0));
}
END_TEST

START_TEST(only_what_both_witnesses_say_goes)
{
	struct fake_box *inbox = rig_box(rig, 0, INBOX);
	int first = fake_deliver(inbox, 100);

	rig_pass(rig);
	for (int i = 0; i < 60; i++)
		fake_expunge(inbox, first + i);
	rig->server[0]->lie_empty = 1;
	rig_pass(rig);
	ck_assert_int_eq(rig_total(rig, 0, INBOX), 40);
	ck_assert(rig_equal(rig, 0));
}
END_TEST

START_TEST(a_short_list_of_mailboxes_is_no_proof)
{
	fake_deliver(rig_box(rig, 0, TRASH), 4);
	rig_pass(rig);
	rig->server[0]->lie_last = 1;
	rig_pass(rig);
	ck_assert_int_eq(rig_total(rig, 0, TRASH), 4);
	rig->server[0]->lie_last = 2;
	rig_pass(rig);
	ck_assert_int_eq(rig_mailbox(rig, 0, TRASH).v, 0);
}
END_TEST

START_TEST(an_empty_list_of_mailboxes_never_removes)
{
	struct err err = { 0 };

	fake_deliver(rig_box(rig, 0, INBOX), 4);
	rig_pass(rig);
	rig->server[0]->lie_boxes = 1;
	rig_pass(rig);
	rig->server[0]->lie_boxes = 2;
	ck_assert_int_eq(rig->engine->pass(rig->engine, rig->id[0], false, NULL, &err), ERR_RETRY);
	ck_assert_int_eq(rig_total(rig, 0, INBOX), 4);
}
END_TEST

static int body_now(message_id m)
{
	struct err err = { 0 };

	return rig->engine->body(rig->engine, rig->id[0], m, NULL, &err);
}

START_TEST(new_uidvalidity_keeps_bodies)
{
	struct fake_box *inbox = rig_box(rig, 0, INBOX);
	int first = fake_deliver(inbox, 50);
	message_id m;

	rig_pass(rig);
	m = rig_message(rig, INBOX, first + 10);
	ck_assert_int_eq(body_now(m), 0);
	fake_expunge(inbox, first);
	fake_renumber(inbox);
	rig_pass(rig);
	ck_assert(rig_equal(rig, 0));
	ck_assert_int_eq(rig_message(rig, INBOX, first + 10).v, m.v);
	ck_assert(store_body_cached(rig->store, m));
}
END_TEST

START_TEST(a_lie_about_uidvalidity_changes_nothing)
{
	int first = fake_deliver(rig_box(rig, 0, INBOX), 50);
	uint64_t uid;

	rig_pass(rig);
	{
		AUTO(list_row_free) struct list_row *row = rig_row(rig, 0, INBOX, first);

		uid = row->uid;
	}
	rig->server[0]->lie_void = 1;
	rig_pass(rig);
	{
		AUTO(list_row_free) struct list_row *row = rig_row(rig, 0, INBOX, first);

		ck_assert_uint_eq(row->uid, uid);
	}
	ck_assert(rig_equal(rig, 0));
}
END_TEST

/* --- push ----------------------------------------------------------------- */

START_TEST(flag_survives_a_lost_connection)
{
	struct fake_box *inbox = rig_box(rig, 0, INBOX);
	int m = fake_deliver(inbox, 3);
	unsigned flags = 0;
	struct err err = { 0 };

	rig_pass(rig);
	rig_flag(rig, INBOX, m, FLAG_FLAGGED);
	fake_fail(rig->server[0], FAKE_APPLY, ERR_OFFLINE, 1);
	ck_assert_int_eq(rig->engine->drain(rig->engine, rig->id[0], NULL, &err), 1);
	ck_assert_int_eq(err.code, ERR_OFFLINE);
	fake_copies(inbox, m, &flags);
	ck_assert_uint_eq(flags, 0);
	leave("flag");
	fake_copies(inbox, m, &flags);
	ck_assert_uint_eq(flags, FLAG_FLAGGED);
	ck_assert(rig_equal(rig, 0));
}
END_TEST

START_TEST(move_with_a_lost_answer_happens_once)
{
	int m = fake_deliver(rig_box(rig, 0, INBOX), 3);

	rig->server[0]->tells_uid = _i == 0;
	rig_pass(rig);
	rig_move(rig, INBOX, m, ARCHIVE);
	rig->server[0]->lose_answer = 1;
	ck_assert_int_eq(rig_drain(rig), 1);
	leave("move");
	rig_pass(rig);
	ck_assert_int_eq(rig->server[0]->moved[m], 1);
	ck_assert_int_eq(fake_copies(rig_box(rig, 0, ARCHIVE), m, NULL), 1);
	ck_assert(rig_equal(rig, 0));
}
END_TEST

START_TEST(a_message_that_is_gone_is_a_conflict)
{
	struct fake_box *inbox = rig_box(rig, 0, INBOX);
	int m = fake_deliver(inbox, 3);

	rig_pass(rig);
	rig_move(rig, INBOX, m, ARCHIVE);
	fake_expunge(inbox, m);
	ck_assert_int_eq(rig_drain(rig), 0);
	ck_assert_int_eq(rig_rows(rig, MUTATION_CONFLICT), 1);
}
END_TEST

START_TEST(changes_of_one_message_keep_their_order)
{
	struct fake_box *inbox = rig_box(rig, 0, INBOX), *trash = rig_box(rig, 0, TRASH);
	int m = fake_deliver(inbox, 3);
	unsigned flags = 0;

	rig_pass(rig);
	rig_flag(rig, INBOX, m, FLAG_SEEN);
	rig_move(rig, INBOX, m, TRASH);
	leave("flag and move");
	rig_pass(rig);
	ck_assert_int_eq(fake_copies(trash, m, &flags), 1);
	ck_assert_uint_eq(flags, FLAG_SEEN);
	ck_assert_int_eq(rig->server[0]->moved[m], 1);
	ck_assert(rig_equal(rig, 0));
}
END_TEST

START_TEST(a_read_only_account_sends_nothing)
{
	struct account *a = g_ptr_array_index(rig->config.accounts, 0);
	int m = fake_deliver(rig_box(rig, 0, INBOX), 3);

	a->two_way = false;
	rig_pass(rig);
	rig_flag(rig, INBOX, m, FLAG_SEEN);
	ck_assert_int_eq(rig_drain(rig), 1);
	rig_pass(rig);
	ck_assert_int_eq(fake_count(rig->server[0], FAKE_APPLY), 0);
	ck_assert_int_eq(fake_count(rig->server[0], FAKE_PREPARE), 0);
}
END_TEST

START_TEST(many_flags_leave_as_one_command)
{
	int first = fake_deliver(rig_box(rig, 0, INBOX), 30);

	rig_pass(rig);
	for (int i = 0; i < 30; i++)
		rig_flag(rig, INBOX, first + i, FLAG_SEEN);
	leave("flags");
	ck_assert_int_eq(fake_count(rig->server[0], FAKE_APPLY), 1);
	ck_assert(rig_equal(rig, 0));
}
END_TEST

/* --- the command line's forms --------------------------------------------- */

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

START_TEST(check_connects_and_lists)
{
	struct err err = { 0 };

	ck_assert_int_eq(rig->engine->check(rig->engine, rig->id[0], NULL, &err), 0);
	fake_fail(rig->server[0], FAKE_CONNECT, ERR_AUTH, 1);
	ck_assert_int_eq(rig->engine->check(rig->engine, rig->id[0], NULL, &err), ERR_AUTH);
	ck_assert_int_eq(rig->engine->check(rig->engine, (account_id){ 99 }, NULL, &err),
		ERR_USAGE);
}
END_TEST

START_TEST(one_bad_account_does_not_stop_a_pass_over_all)
{
	struct err err = { 0 };

	for (int i = 0; i < 3; i++)
		fake_deliver(rig_box(rig, i, INBOX), 5);
	fake_fail(rig->server[1], FAKE_CONNECT, ERR_OFFLINE, 1);
	ck_assert_int_eq(rig->engine->pass(rig->engine, (account_id){ 0 }, false, NULL, &err),
		ERR_OFFLINE);
	ck_assert(rig_equal(rig, 0));
	ck_assert_int_eq(rig_total(rig, 1, INBOX), 0);
	ck_assert(rig_equal(rig, 2));
}
END_TEST

/* --- workers -------------------------------------------------------------- */

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
	rig->engine->sync_now(rig->engine, (account_id){ 0 });
	UNTIL(rig_equal(rig, 0));
}
END_TEST

START_TEST(a_change_of_another_process_leaves_soon)
{
	struct fake_box *inbox = rig_box(rig, 0, INBOX);
	int m = fake_deliver(inbox, 5);
	unsigned flags = 0;

	rig_start(rig);
	UNTIL(rig_state(rig, 0).last_sync > 0);
	rig_flag(rig, INBOX, m, FLAG_SEEN); /* nobody rings */
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
	rig->engine->sync_now(rig->engine, rig->id[0]); /* does */
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
	rig->engine->sync_now(rig->engine, rig->id[0]);
	UNTIL(rig_equal(rig, 0));
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
	rig->server[0]->slow_ms = 30;
	rig->server[0]->slice = 20;
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
		ck_assert_int_eq(bodies_ask(b, (message_id){ i }).v, 0);
	ck_assert_int_eq(bodies_ask(b, (message_id){ 5 }).v, 0); /* again: now the newest */
	ck_assert_int_eq(bodies_ask(b, (message_id){ 1000 }).v, 1); /* the oldest makes room */
	ck_assert_uint_eq(b->n, BODIES_WANTED_MAX);
	ck_assert_int_eq(b->wanted[b->n - 1].v, 1000);
	ck_assert_int_eq(b->wanted[b->n - 2].v, 5);
}
END_TEST

/* --- the list ------------------------------------------------------------- */

static void add_single(TCase *c)
{
	tcase_add_test(c, backoff_doubles_and_is_capped);
	tcase_add_test(c, backoff_honours_the_server);
	tcase_add_test(c, pass_brings_everything);
	tcase_add_test(c, every_mailbox_has_its_newest_slice_first);
	tcase_add_test(c, nodes_without_messages_are_skipped);
	tcase_add_loop_test(c, one_bad_mailbox_does_not_stop_the_others, 0,
		(int)G_N_ELEMENTS(grades));
	tcase_add_test(c, an_empty_answer_is_no_proof);
	tcase_add_loop_test(c, a_mass_removal_needs_two_witnesses, 0, (int)G_N_ELEMENTS(shares));
	tcase_add_test(c, only_what_both_witnesses_say_goes);
	tcase_add_test(c, a_short_list_of_mailboxes_is_no_proof);
	tcase_add_test(c, an_empty_list_of_mailboxes_never_removes);
	tcase_add_test(c, new_uidvalidity_keeps_bodies);
	tcase_add_test(c, a_lie_about_uidvalidity_changes_nothing);
	tcase_add_test(c, flag_survives_a_lost_connection);
	tcase_add_loop_test(c, move_with_a_lost_answer_happens_once, 0, 2);
	tcase_add_test(c, a_message_that_is_gone_is_a_conflict);
	tcase_add_test(c, changes_of_one_message_keep_their_order);
	tcase_add_test(c, a_read_only_account_sends_nothing);
	tcase_add_test(c, many_flags_leave_as_one_command);
	tcase_add_test(c, check_connects_and_lists);
}

static void add_workers(TCase *c)
{
	tcase_add_test(c, a_busy_account_is_a_conflict_with_words);
	tcase_add_test(c, workers_follow_the_server_and_the_reader);
	tcase_add_test(c, a_change_of_another_process_leaves_soon);
	tcase_add_test(c, offline_is_tried_again_by_itself);
	tcase_add_test(c, a_pause_says_why_and_until_when);
	tcase_add_loop_test(c, a_refused_login_is_not_repeated, 0, 2);
	tcase_add_loop_test(c, a_change_leaves_during_a_long_bootstrap, 0, 2);
	tcase_add_loop_test(c, stopping_is_quick_whatever_blocks, 0, FAKE_CALLS);
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

int main(void)
{
	Suite *s = suite_create("sync");
	SRunner *runner = srunner_create(s);
	TCase *three;
	int failed;

	add_single(make_case(s, "blocking", one_account));
	add_workers(make_case(s, "workers", one_account));
	three = make_case(s, "accounts", three_accounts);
	tcase_add_test(three, one_bad_account_does_not_stop_a_pass_over_all);
	tcase_add_test(three, a_broken_account_does_not_slow_another);
	suite_add_tcase(s, suite_interrupt());
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
