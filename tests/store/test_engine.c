/* What the sync engine keeps of accounts: leases, memory, jobs, the metadata version. */
#include <check.h>
#include <glib.h>
#include <signal.h>
#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "model/flags.h"
#include "support/rig.h"

static struct rig *rig;
static struct err err;

static void setup(void)
{
	rig = rig_new();
	err = (struct err){ 0 };
}

static void teardown(void)
{
	clock_fake(-1, -1);
	rig_sound(rig);
	rig_free(&rig);
}

static void must(int r)
{
	ck_assert_msg(r >= 0, "%s", err.text);
}

/* --- leases (M-24..M-27) ------------------------------------------------ */

static int take(void)
{
	int holder = -1, r = store_lease_take(rig->store, rig->account, &holder, &err);

	must(r);
	return r > 0 ? 0 : holder;
}

static struct batch *one_message(uint64_t uid)
{
	struct batch *b = batch_new(rig->account, rig->inbox);

	batch_change(b, &(struct change){ .kind = CHANGE_MESSAGE, .uid = uid, .message_id = "n@x" });
	batch_cursor(b, "99", 1, true);
	return b;
}

static int go[2]; /* a byte here: the holder goes on with its pass */

/* Another process that takes the lease and is in the middle of a pass. */
static pid_t start_holder(void)
{
	int ready[2], holder;
	char c;
	pid_t pid;

	ck_assert_int_eq(pipe(ready), 0);
	ck_assert_int_eq(pipe(go), 0);
	pid = fork();
	if (pid == 0) {
		struct store *s;
		char ok = 'n';

		if (store_open(rig->dir, STORE_CLI, NULL, &s, &err) == 0 &&
			store_lease_take(s, rig->account, &holder, &err) == 1)
			ok = 'y';
		if (write(ready[1], &ok, 1) != 1)
			_exit(1);
		struct batch *b = one_message(77);
		if (read(go[0], &ok, 1) != 1)
			_exit(1);
		_exit(batch_apply(s, b, NULL, &err) == ERR_CONFLICT ? 0 : 2);
	}
	ck_assert_int_eq(read(ready[0], &c, 1), 1);
	ck_assert_int_eq(c, 'y');
	close(ready[0]);
	close(ready[1]);
	close(go[0]);
	return pid;
}

static void end_holder(pid_t pid)
{
	close(go[1]);
	kill(pid, SIGKILL);
	ck_assert_int_eq(waitpid(pid, NULL, 0), pid);
}

START_TEST(a_dead_holder_is_free_at_once) /* M-27 */
{
	pid_t pid = start_holder();

	ck_assert_int_eq(take(), pid);
	end_holder(pid);
	ck_assert_int_eq(take(), 0);
}
END_TEST

START_TEST(a_silent_holder_loses_it_in_time) /* M-27 */
{
	pid_t pid = start_holder();
	int64_t now = clock_mono_ms();
	int status;

	kill(pid, SIGSTOP);
	ck_assert_int_eq(take(), pid);
	clock_fake(now + LEASE_MS - 5000, 1700000000);
	ck_assert_int_eq(take(), pid);
	clock_fake(now + LEASE_MS + 1000, 1700000000);
	ck_assert_int_eq(take(), 0);
	kill(pid, SIGCONT); /* it wakes up and goes on as if nothing had been */
	ck_assert_int_eq(write(go[1], "x", 1), 1);
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert(WIFEXITED(status));
	ck_assert_int_eq(WEXITSTATUS(status), 0);
	ck_assert_int_eq(rig_ask(rig, "SELECT count(*) FROM location WHERE uid = 77"), 0);
	ck_assert_int_eq(rig_ask(rig, "SELECT count(*) FROM mailbox WHERE cursor = '99'"), 0);
	close(go[1]);
}
END_TEST

START_TEST(another_boot_is_another_holder) /* M-27 */
{
	int64_t changed;

	ck_assert_int_eq(take(), 0);
	must(store_lease_drop(rig->store, rig->account, &err));
	ck_assert_int_eq(take(), 0);
	/* the same pid and start time, of the boot before this one */
	rig_ask(rig, "UPDATE lease SET owner = '00000000-0000-0000-0000-000000000000'"
	    " || substr(owner, instr(owner, ' ')), until_ms = until_ms + 1000000000");
	changed = rig_ask(rig, "SELECT count(*) FROM lease WHERE owner LIKE '00000000-%'");
	ck_assert_int_eq(changed, 1);
	ck_assert_int_eq(take(), 0);
	ck_assert_int_eq(rig_ask(rig, "SELECT count(*) FROM lease WHERE owner LIKE '00000000-%'"), 0);
}
END_TEST

START_TEST(renewal_is_due_after_a_third) /* M-26, M-27 */
{
	clock_fake(1000000, 1700000000);
	ck_assert_int_eq(store_lease_renew_in(rig->store, rig->account), 0);
	ck_assert_int_eq(take(), 0);
	ck_assert_int_eq(store_lease_renew_in(rig->store, rig->account), LEASE_MS / 3);
	clock_fake(1000000 + LEASE_MS / 3 - 10, 1700000000);
	ck_assert_int_eq(store_lease_renew_in(rig->store, rig->account), 10);
	clock_fake(1000000 + LEASE_MS / 2, 1700000000);
	ck_assert_int_eq(store_lease_renew_in(rig->store, rig->account), 0);
	ck_assert_int_eq(take(), 0);
	ck_assert_int_eq(store_lease_renew_in(rig->store, rig->account), LEASE_MS / 3);
}
END_TEST

START_TEST(taking_never_waits) /* M-25 */
{
	g_autofree char *path = g_build_filename(rig->dir, "tern.db", NULL);
	int64_t begun;
	sqlite3 *db;

	ck_assert_int_eq(sqlite3_open(path, &db), SQLITE_OK);
	ck_assert_int_eq(sqlite3_exec(db, "BEGIN IMMEDIATE", NULL, NULL, NULL), SQLITE_OK);
	begun = g_get_monotonic_time();
	int holder = -1;
	ck_assert_int_eq(store_lease_take(rig->store, rig->account, &holder, &err), 0);
	ck_assert_int_eq(holder, 0);
	ck_assert_int_lt(g_get_monotonic_time() - begun, 500000);
	sqlite3_exec(db, "ROLLBACK", NULL, NULL, NULL);
	sqlite3_close(db);
	ck_assert_int_eq(take(), 0);
}
END_TEST

static void take_away(void)
{
	rig_ask(rig, "UPDATE lease SET owner = 'x ' || pid, pid = 4711");
}

START_TEST(who_lost_the_lease_changes_nothing) /* M-24 */
{
	struct batch *b = one_message(77);
	struct mutation_batch *m;
	struct applied done = { .state = APPLIED_DONE };
	location_id l;

	rig_add(rig, rig->inbox, 1, 0);
	l = rig_place(rig, rig->inbox, 1);
	ck_assert_int_eq(take(), 0);
	must(store_want_flags(rig->store, &l, 1, FLAG_SEEN, 0, &err));
	m = rig_claim(rig);
	ck_assert_ptr_nonnull(m);
	take_away();
	ck_assert_int_eq(batch_apply(rig->store, b, NULL, &err), ERR_CONFLICT);
	ck_assert_ptr_nonnull(strstr(err.text, "process 4711"));
	ck_assert_ptr_nonnull(strstr(err.text, "account test"));
	ck_assert_int_eq(store_queue_mark(rig->store, m, &err), ERR_CONFLICT);
	ck_assert_int_eq(store_queue_settle(rig->store, m, &done, &(struct err){ 0 }, &err),
		ERR_CONFLICT);
	mutation_batch_free(&m);
	ck_assert_int_eq(store_queue_claim(rig->store, rig->account, &m, &err), ERR_CONFLICT);
	ck_assert_int_eq(store_pass_done(rig->store, rig->account, &err), ERR_CONFLICT);
	ck_assert_int_eq(store_mailbox_state(rig->store, rig->inbox, MAILBOX_CAPPED, 5, &err),
		ERR_CONFLICT);
	ck_assert_int_eq(rig_ask(rig, "SELECT count(*) FROM location WHERE uid = 77"), 0);
	ck_assert_int_eq(rig_ask(rig, "SELECT count(*) FROM mailbox WHERE cursor = '99'"), 0);
	ck_assert_int_eq(rig_ask(rig, "SELECT count(*) FROM mutation WHERE status = 'leased'"), 1);
	ck_assert_int_eq(rig_ask(rig, "SELECT server_flags FROM location WHERE uid = 1"), 0);
	batch_free(&b);
}
END_TEST

START_TEST(a_reset_under_a_lost_lease_voids_nothing)
{
	struct batch *b = batch_new(rig->account, rig->inbox);

	rig_add(rig, rig->inbox, 1, 0);
	ck_assert_int_eq(take(), 0);
	take_away();
	batch_reset(b);
	ck_assert_int_eq(batch_apply(rig->store, b, NULL, &err), ERR_CONFLICT);
	batch_free(&b);
	ck_assert_int_eq(rig_total(rig, rig->inbox), 1);
}
END_TEST

/* The lease is the process's; only handles that took it are checked. */
START_TEST(handles_of_a_process_share_it)
{
	struct store *other = NULL;
	struct batch *b = one_message(77);
	int holder;

	ck_assert_int_eq(take(), 0);
	must(store_open(rig->dir, STORE_CLI, NULL, &other, &err));
	ck_assert_int_eq(store_lease_take(other, rig->account, &holder, &err), 1);
	must(batch_apply(other, b, NULL, &err));
	batch_free(&b);
	b = one_message(78);
	must(batch_apply(rig->store, b, NULL, &err));
	batch_free(&b);
	must(store_lease_drop(rig->store, rig->account, &err));
	take_away();
	b = one_message(79);
	must(batch_apply(rig->store, b, NULL, &err)); /* it holds nothing */
	batch_free(&b);
	b = one_message(80);
	ck_assert_int_eq(batch_apply(other, b, NULL, &err), ERR_CONFLICT);
	batch_free(&b);
	store_close(&other);
}
END_TEST

/* --- memory, jobs, metadata --------------------------------------------- */

START_TEST(memory_is_kept_as_it_was)
{
	char *text = (char *)"?";

	must(store_account_memory(rig->store, rig->account, &text, &err));
	ck_assert_ptr_null(text);
	must(store_account_memory_set(rig->store, rig->account, "{\"x\": 1}", &err));
	rig_reopen(rig);
	must(store_account_memory(rig->store, rig->account, &text, &err));
	ck_assert_str_eq(text, "{\"x\": 1}");
	g_free(text);
	must(store_account_memory_set(rig->store, rig->account, NULL, &err));
	must(store_account_memory(rig->store, rig->account, &text, &err));
	ck_assert_ptr_null(text);
	ck_assert_int_eq(store_account_memory(rig->store, (account_id){ 99 }, &text, &err), ERR_GONE);
}
END_TEST

START_TEST(jobs_count_runs_and_failures) /* M-28 */
{
	struct job_row j = { .account = rig->account, .name = "probe", .cadence_s = 60,
		.last_start = 5, .last_end = 6, .next_at = 66, .words = "2 new" };
	g_autoptr(GArray) rows = NULL;
	const struct job_row *got;

	must(store_job_note(rig->store, &j, &err));
	err_set(&j.result, ERR_OFFLINE, "No way.");
	must(store_job_note(rig->store, &j, &err));
	g_strlcpy(j.name, "backfill", sizeof j.name);
	j.result = (struct err){ 0 };
	must(store_job_note(rig->store, &j, &err));
	j.account.v = 0;
	g_strlcpy(j.name, "expire", sizeof j.name);
	must(store_job_note(rig->store, &j, &err));
	must(store_jobs(rig->store, (account_id){ 0 }, &rows, &err));
	ck_assert_uint_eq(rows->len, 3);
	ck_assert_str_eq(g_array_index(rows, struct job_row, 0).name, "expire");
	ck_assert_str_eq(g_array_index(rows, struct job_row, 1).name, "backfill");
	got = &g_array_index(rows, struct job_row, 2);
	ck_assert_str_eq(got->name, "probe");
	ck_assert_int_eq(got->runs, 2);
	ck_assert_int_eq(got->failures, 1);
	ck_assert_int_eq(got->result.code, ERR_OFFLINE);
	ck_assert_str_eq(got->result.text, "No way.");
	ck_assert_str_eq(got->words, "2 new");
	ck_assert_int_eq(got->next_at, 66);
	must(store_account_remove(rig->store, rig->account, &err));
	ck_assert_int_eq(rig_ask(rig, "SELECT count(*) FROM job"), 1);
}
END_TEST

START_TEST(older_rows_are_compared_once) /* L-10 */
{
	ck_assert(!store_metadata_outdated(rig->store, rig->account));
	rig_ask(rig, "UPDATE sync_cursor SET value = '0' WHERE kind = 'metadata'");
	ck_assert(store_metadata_outdated(rig->store, rig->account));
	must(store_metadata_done(rig->store, rig->account, &err));
	rig_reopen(rig);
	ck_assert(!store_metadata_outdated(rig->store, rig->account));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("engine");
	TCase *t = tcase_create("engine");
	SRunner *runner;
	int failed;

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_set_timeout(t, 60);
	tcase_add_test(t, a_dead_holder_is_free_at_once);
	tcase_add_test(t, a_silent_holder_loses_it_in_time);
	tcase_add_test(t, another_boot_is_another_holder);
	tcase_add_test(t, renewal_is_due_after_a_third);
	tcase_add_test(t, taking_never_waits);
	tcase_add_test(t, who_lost_the_lease_changes_nothing);
	tcase_add_test(t, a_reset_under_a_lost_lease_voids_nothing);
	tcase_add_test(t, handles_of_a_process_share_it);
	tcase_add_test(t, memory_is_kept_as_it_was);
	tcase_add_test(t, jobs_count_runs_and_failures);
	tcase_add_test(t, older_rows_are_compared_once);
	suite_add_tcase(suite, t);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
