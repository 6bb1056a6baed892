/*
 * The executor: what counts as an attempt and what stops at once (M-71, C-39),
 * changes that were met (L-85, C-02), large steps without a network, days of
 * work.
 */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>

#include "base/mem.h"
#include "model/flags.h"
#include "sync/rig.h"
#include "sync/suites.h"

enum { STEP = 1500 };

static struct rig *rig;

static void setup(void)
{
	rig = rig_new(1);
}

static void teardown(void)
{
	rig_free(&rig);
}

/* --- attempts -------------------------------------------------------------------- */

/* security.md 7: attempts count when the server judged the verb or the outcome is in doubt. */
static const struct {
	enum err_code code;
	int after_s;
	bool lost;           /* something was sent, and the answer was lost */
	enum mutation_status then;
	int attempts;
	int64_t least_ms, most_ms; /* until the next try */
} judged[] = {
	{ ERR_OFFLINE, 0, false, MUTATION_QUEUED, 0, 0, 0 },
	{ ERR_AUTH, 0, false, MUTATION_QUEUED, 0, 0, 0 },
	{ ERR_TRUST, 0, false, MUTATION_QUEUED, 0, 0, 0 },
	{ ERR_RETRY, 0, false, MUTATION_QUEUED, 0, 3000, PUSH_LATER_S * 1000 },
	{ ERR_RETRY, 120, false, MUTATION_QUEUED, 0, 110000, 120000 },
	{ ERR_PROTOCOL, 0, false, MUTATION_QUEUED, 1, 2000, 6000 },
	{ ERR_OFFLINE, 0, true, MUTATION_QUEUED, 1, 2000, 6000 },
	{ ERR_REFUSED, 0, false, MUTATION_FAILED, 0, 0, 0 },
	{ ERR_UNSUPPORTED, 0, false, MUTATION_FAILED, 0, 0, 0 },
	{ ERR_CONFLICT, 0, false, MUTATION_QUEUED, 1, 2000, 6000 }, /* a pass tells where it is */
};

START_TEST(attempts_count_only_what_was_judged)
{
	g_autoptr(GPtrArray) rows = NULL;
	struct fake_account *a = rig->server[0];
	int m = fake_deliver(rig_box(rig, 0, INBOX), 2);
	struct mutation_row *row;
	struct err err = { 0 };

	rig_pass(rig);
	rig_flag(rig, INBOX, m, FLAG_FLAGGED);
	if (judged[_i].lost)
		fake_lose(a, 1);
	else
		fake_fail(a, FAKE_APPLY, judged[_i].code, 1);
	a->call[FAKE_APPLY].after_s = judged[_i].after_s;
	rig->engine->drain(rig->engine, rig->id[0], NULL, &err);
	ck_assert_int_ge(store_queue_rows(rig->store, rig->id[0], false, &rows, &err), 0);
	ck_assert_uint_eq(rows->len, 1);
	row = rows->pdata[0];
	ck_assert_msg(row->status == judged[_i].then && row->attempts == judged[_i].attempts,
		"%d: %s, %d attempts", _i, mutation_status_name(row->status), row->attempts);
	if (row->status == MUTATION_QUEUED)
		ck_assert_msg(row->next_in_ms >= judged[_i].least_ms &&
				row->next_in_ms <= judged[_i].most_ms,
			"%d: again in %lld ms", _i, (long long)row->next_in_ms);
}
END_TEST

/* A mailbox that was made anew is looked at at once: the rows that wait for the pass must not use up
 * their attempts before the clock brings it. */
START_TEST(a_mailbox_made_anew_is_looked_at_at_once)
{
	struct fake_account *a = rig->server[0];
	int m = fake_deliver(rig_box(rig, 0, INBOX), 2), before;

	rig_pass(rig);
	rig_start(rig);
	UNTIL(fake_count(a, FAKE_WAIT) > 0);
	g_usleep(200 * 1000); /* what the start brings with it */
	fake_fail(a, FAKE_APPLY, ERR_CONFLICT, 1);
	before = fake_read(&a->n_visits);
	rig_flag(rig, INBOX, m, FLAG_FLAGGED);
	rig->engine->push(rig->engine, rig->id[0]);
	UNTIL(fake_count(a, FAKE_APPLY) > 0);
	UNTIL(fake_read(&a->n_visits) > before);
	rig_stop(rig);
}
END_TEST

/* --- changes that were met --------------------------------------------------------- */

/* Another client's flag survives, ours arrives, and nothing is asked for beside that. */
START_TEST(a_change_that_was_met_is_judged_anew_at_once)
{
	struct fake_box *inbox = rig_box(rig, 0, INBOX);
	int m = fake_deliver(inbox, 3);
	unsigned flags = 0;

	rig->server[0]->condstore = true;
	rig_pass(rig);
	rig_flag(rig, INBOX, m, FLAG_FLAGGED);
	fake_flag_if_here(inbox, m, FLAG_ANSWERED);
	ck_assert_int_eq(rig_drain(rig), 0);
	fake_copies(inbox, m, &flags);
	ck_assert_uint_eq(flags, FLAG_FLAGGED | FLAG_ANSWERED);
	ck_assert_int_eq(rig->server[0]->batches[MUTATION_FLAGS], 2);
	ck_assert(rig_equal(rig, 0)); /* without a pass: the answer told it */
}
END_TEST

/* --- large steps ----------------------------------------------------------------- */

static int64_t unread(int64_t *total)
{
	mailbox_id m = rig_mailbox(rig, 0, INBOX);
	struct list_scope scope = { .n = 1, .mailboxes = &m };
	int64_t all, n = -1;
	struct err err = { 0 };

	ck_assert_int_ge(store_scope_counts(rig->store, &scope, total ? total : &all, &n, &err), 0);
	return n;
}

static void mark_all_read(void)
{
	const struct want w = { .verb = MUTATION_FLAGS, .add = FLAG_SEEN };
	mailbox_id m = rig_mailbox(rig, 0, INBOX);
	struct err err = { 0 };

	ck_assert_msg(store_want_all(rig->store, &w, &m, 1, false, &err) > 0, "%s", err.text);
}

/* The screen sees it happen, though the server cannot be reached. */
START_TEST(a_large_step_happens_without_a_network)
{
	fake_deliver(rig_box(rig, 0, INBOX), STEP);
	rig_pass(rig);
	ck_assert_int_eq(unread(NULL), STEP);
	fake_fail(rig->server[0], FAKE_CONNECT, ERR_AUTH, 1000000);
	rig->sync->timing.watch = 100000; /* it is rung, not found */
	rig_start(rig);
	mark_all_read();
	rig->engine->push(rig->engine, rig->id[0]);
	UNTIL(unread(NULL) == 0);
	ck_assert_int_eq(fake_count(rig->server[0], FAKE_APPLY), 0);
}
END_TEST

/* What is left of it when the program stops goes on at the next start (and the stop is quick). */
START_TEST(a_large_step_survives_a_stop)
{
	int64_t begin;

	fake_deliver(rig_box(rig, 0, INBOX), STEP);
	rig_pass(rig);
	rig_start(rig);
	mark_all_read();
	rig->engine->push(rig->engine, rig->id[0]);
	begin = now_ms();
	rig_restart(rig);
	ck_assert_int_le(now_ms() - begin, 1000);
	rig_start(rig);
	UNTIL(unread(NULL) == 0);
	UNTIL(rig_waiting(rig) == 0);
	rig_stop(rig);
}
END_TEST

START_TEST(the_command_line_does_all_of_a_large_step)
{
	fake_deliver(rig_box(rig, 0, INBOX), STEP);
	rig_pass(rig);
	mark_all_read();
	ck_assert_int_eq(rig_drain(rig), 0);
	ck_assert_int_eq(rig->server[0]->items[MUTATION_FLAGS], STEP);
	ck_assert_int_le(rig->server[0]->batches[MUTATION_FLAGS], STEP / MUTATION_BATCH_MAX + 2);
	ck_assert(rig_equal(rig, 0));
}
END_TEST

/* --- days of work ------------------------------------------------------------------ */

static long peak_kib(void)
{
	struct rusage u;

	getrusage(RUSAGE_SELF, &u);
	return u.ru_maxrss;
}

/* WAITING=100000 for the long form; the figures are printed. */
START_TEST(a_long_queue_leaves_in_order_beside_new_mail)
{
	const char *text = getenv("WAITING");
	int n = text ? atoi(text) : 4 * MUTATION_BATCH_MAX;
	struct fake_box *inbox = rig_box(rig, 0, INBOX);
	int64_t begin, most = 0, late, total = 0;
	long peak;

	fake_deliver(inbox, n);
	rig_pass(rig);
	mark_all_read();
	while (store_want_left(rig->store, rig->id[0]) > 0)
		ck_assert_int_ge(store_want_more(rig->store, NULL), 0);
	peak = peak_kib();
	rig->sync->timing.glance = n / 20;
	rig_start(rig);
	begin = now_ms();
	while (fake_read(&rig->server[0]->batches[MUTATION_FLAGS]) == 0 && now_ms() - begin < 60000)
		g_usleep(500);
	fake_deliver(inbox, 1);
	while ((unread(&total), total == n) && now_ms() - begin < 60000) {
		struct engine_state state = rig_state(rig, 0);

		if (state.stage == STAGE_SENDING)
			most = MAX(most, state.of);
		g_usleep(500);
	}
	late = now_ms() - begin;
	while (fake_read(&rig->server[0]->items[MUTATION_FLAGS]) < n && now_ms() - begin < 600000)
		g_usleep(2000);
	printf("%d waiting: new mail after %lld ms, all left after %lld ms, told of %lld,"
	       " %ld KiB more\n", n, (long long)late, (long long)(now_ms() - begin),
		(long long)most, peak_kib() - peak);
	ck_assert_int_eq(rig->server[0]->items[MUTATION_FLAGS], n);
	ck_assert_int_eq(rig->server[0]->wrong, 0);
	rig_stop(rig);
}
END_TEST

TCase *suite_push(void)
{
	TCase *c = tcase_create("push");

	tcase_add_checked_fixture(c, setup, teardown);
	tcase_set_timeout(c, 700);
	tcase_add_loop_test(c, attempts_count_only_what_was_judged, 0, G_N_ELEMENTS(judged));
	tcase_add_test(c, a_mailbox_made_anew_is_looked_at_at_once);
	tcase_add_test(c, a_change_that_was_met_is_judged_anew_at_once);
	tcase_add_test(c, a_large_step_happens_without_a_network);
	tcase_add_test(c, a_large_step_survives_a_stop);
	tcase_add_test(c, the_command_line_does_all_of_a_large_step);
	tcase_add_test(c, a_long_queue_leaves_in_order_beside_new_mail);
	return c;
}
