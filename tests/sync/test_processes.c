/* More than one process at one store: the lease, and what the second one sees and does. */
#include <check.h>
#include <signal.h>
#include <sqlite3.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/mem.h"
#include "model/flags.h"
#include "sync/rig.h"
#include "sync/suites.h"

static struct rig *rig;

static void setup(void)
{
	rig = rig_new(1);
}

static void teardown(void)
{
	rig_free(&rig);
}

/* A process that does something with the store and goes. */
static void in_another_process(int (*run)(struct store *s, struct err *err))
{
	int status;
	pid_t child = fork();

	if (child == 0) {
		struct store *s = NULL;
		struct err err = { 0 };

		_exit(store_open(rig->places.data, STORE_CLI, NULL, &s, &err) < 0 ||
			run(s, &err) < 0);
	}
	waitpid(child, &status, 0);
	ck_assert(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

static location_id foreign;

static int flag_it(struct store *s, struct err *err)
{
	return store_want_flags(s, &foreign, 1, FLAG_SEEN, 0, err);
}

START_TEST(a_change_of_a_second_process_leaves_within_a_second)
{
	AUTO(list_row_free) struct list_row *row = NULL;
	struct fake_box *inbox = rig_box(rig, 0, INBOX);
	int m = fake_deliver(inbox, 5);
	unsigned flags = 0;
	int64_t begin;

	rig->sync->timing.watch = 100000; /* what tells is the commit itself */
	rig_start(rig);
	UNTIL(fake_count(rig->server[0], FAKE_WAIT) >= 2);
	row = rig_row(rig, 0, INBOX, m);
	foreign = row->location;
	begin = now_ms();
	in_another_process(flag_it);
	UNTIL((fake_copies(inbox, m, &flags), flags == FLAG_SEEN));
	ck_assert_int_le(now_ms() - begin, 1000);
}
END_TEST

static pid_t hold_lease(account_id a)
{
	int fds[2];
	char c;
	pid_t child;

	ck_assert_int_eq(pipe(fds), 0);
	child = fork();
	if (child == 0) {
		struct store *s = NULL;
		struct err err = { 0 };
		int holder;

		if (store_open(rig->places.data, STORE_CLI, NULL, &s, &err) < 0)
			_exit(1);
		while (store_lease_take(s, a, &holder, &err) != 1)
			g_usleep(500);
		if (write(fds[1], "x", 1) != 1)
			_exit(1);
		pause();
	}
	ck_assert_int_eq(read(fds[0], &c, 1), 1);
	close(fds[0]);
	close(fds[1]);
	return child;
}

START_TEST(the_second_instance_reads_and_queues)
{
	int status, first = fake_deliver(rig_box(rig, 0, INBOX), 5);
	message_id m;
	pid_t child;

	rig_pass(rig);
	m = rig_message(rig, INBOX, first);
	child = hold_lease(rig->id[0]);
	rig_start(rig);
	UNTIL(rig_state(rig, 0).stage == STAGE_WAITING);
	rig->engine->want_body(rig->engine, rig->id[0], m);
	ck_assert_int_eq(rig_body_event(rig, m), 0);
	rig_flag(rig, INBOX, first, FLAG_SEEN);
	ck_assert_int_eq(rig_rows(rig, MUTATION_QUEUED), 1);
	kill(child, SIGKILL); /* nobody has to ask how it ended */
	UNTIL(rig_rows(rig, MUTATION_QUEUED) == 0); /* its turn has come */
	waitpid(child, &status, 0);
}
END_TEST

/* True once an event about the mailbox came since *heard was false. */
static bool told_of(int64_t mailbox, bool *heard)
{
	struct event e;

	while (queue_pop(rig->events, &e))
		*heard = *heard || (e.kind == EV_MESSAGES && e.mailbox == mailbox);
	return *heard;
}

START_TEST(the_second_instance_sees_what_the_first_wrote)
{
	AUTO(list_row_free) struct list_row *row = NULL;
	int status, first = fake_deliver(rig_box(rig, 0, INBOX), 5);
	bool heard = false;
	int64_t inbox;
	pid_t child;

	rig_pass(rig);
	row = rig_row(rig, 0, INBOX, first);
	inbox = rig_mailbox(rig, 0, INBOX).v;
	child = hold_lease(rig->id[0]);
	rig_start(rig);
	UNTIL(rig_state(rig, 0).stage == STAGE_WAITING);
	g_usleep(100000);
	told_of(inbox, &heard);
	heard = false;
	foreign = row->location;
	in_another_process(flag_it);
	UNTIL(told_of(inbox, &heard));
	kill(child, SIGKILL);
	waitpid(child, &status, 0);
}
END_TEST

START_TEST(a_lost_lease_ends_the_work)
{
	struct err err = { 0 };
	int status;
	pid_t child;

	rig_start(rig);
	UNTIL(fake_count(rig->server[0], FAKE_WAIT) >= 2);
	ck_assert_int_ge(store_lease_drop(rig->store, rig->id[0], &err), 0); /* as if its term was over */
	child = hold_lease(rig->id[0]);
	fake_deliver(rig_box(rig, 0, INBOX), 3);
	rig->engine->sync_now(rig->engine, rig->id[0], false);
	UNTIL(rig_state(rig, 0).stage == STAGE_WAITING);
	ck_assert_int_eq(rig_total(rig, 0, INBOX), 0);
	UNTIL(fake_connected(rig->server[0]) == 0);
	kill(child, SIGKILL);
	waitpid(child, &status, 0);
	UNTIL(rig_total(rig, 0, INBOX) == 3);
}
END_TEST

/* While somebody writes for long, a renewal has to wait, and has its turn later (M-27). */
START_TEST(a_busy_store_costs_no_lease)
{
	g_autofree char *path = g_build_filename(rig->places.data, "tern.db", NULL);
	AUTO(session_close) struct session s;
	struct cancel never;
	struct err err = { 0 };
	sqlite3 *db;

	rig_pass(rig);
	cancel_init(&never);
	session_init(&s, rig->sync, rig->config.accounts->pdata[0], &never);
	ck_assert_int_ge(session_open(&s, STORE_CLI, &err), 0);
	ck_assert_int_ge(lease_take(&s, &err), 0);
	clock_fake(clock_mono_ms() + LEASE_MS / 2, clock_unix());
	ck_assert_int_eq(store_lease_renew_in(s.store, rig->id[0]), 0);
	ck_assert_int_eq(sqlite3_open(path, &db), SQLITE_OK);
	ck_assert_int_eq(sqlite3_exec(db, "BEGIN IMMEDIATE", NULL, NULL, NULL), SQLITE_OK);
	ck_assert_int_eq(lease_keep(&s, &err), 0);
	sqlite3_close(db);
	ck_assert_int_eq(lease_keep(&s, &err), 0);
	ck_assert_int_gt(store_lease_renew_in(s.store, rig->id[0]), 0);
	lease_drop(&s);
	ck_assert_int_eq(store_lease_renew_in(s.store, rig->id[0]), 0);
	clock_fake(-1, -1);
	cancel_release(&never);
}
END_TEST

/* One call may take longer than a lease lasts: a whole comparison on a slow line (M-27). */
START_TEST(a_long_call_keeps_the_lease)
{
	const struct stop never = { .at = INT64_MAX };
	AUTO(mailbox_free) struct mailbox *m = NULL;
	AUTO(session_close) struct session s;
	struct cancel latch;
	struct err err = { 0 };

	fake_deliver(rig_box(rig, 0, INBOX), 10);
	rig_pass(rig);
	cancel_init(&latch);
	session_init(&s, rig->sync, rig->config.accounts->pdata[0], &latch);
	ck_assert_int_ge(session_open(&s, STORE_CLI, &err), 0);
	ck_assert_int_ge(lease_take(&s, &err), 0);
	ck_assert_int_eq(store_mailbox(s.store, rig_mailbox(rig, 0, INBOX), &m, &err), 0);
	clock_fake(clock_mono_ms() + LEASE_MS / 2, clock_unix());
	ck_assert_int_eq(store_lease_renew_in(s.store, rig->id[0]), 0);
	ck_assert_int_ge(gather_mailbox(&s, m, CHANGES_FULL, &never, &err), 0);
	ck_assert_int_gt(store_lease_renew_in(s.store, rig->id[0]), 0);
	lease_drop(&s);
	clock_fake(-1, -1);
	cancel_release(&latch);
}
END_TEST

TCase *suite_processes(void)
{
	TCase *c = tcase_create("processes");

	tcase_add_checked_fixture(c, setup, teardown);
	tcase_set_timeout(c, 60);
	tcase_add_test(c, a_change_of_a_second_process_leaves_within_a_second);
	tcase_add_test(c, the_second_instance_reads_and_queues);
	tcase_add_test(c, the_second_instance_sees_what_the_first_wrote);
	tcase_add_test(c, a_lost_lease_ends_the_work);
	tcase_add_test(c, a_busy_store_costs_no_lease);
	tcase_add_test(c, a_long_call_keeps_the_lease);
	return c;
}
