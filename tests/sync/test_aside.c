/*
 * Changes leave by the second connection while history comes in by the first
 * (P-22): at once, once, in order, with no old fact after them; and whatever is
 * wrong with that connection, as ever.
 */
#include <check.h>
#include <poll.h>
#include <signal.h>
#include <sqlite3.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/mem.h"
#include "model/flags.h"
#include "sync/rig.h"
#include "sync/suites.h"

enum { MANY = 400, SLICE_MS = 30, DEATHS = 16, STRIDE = 11 };

static struct rig *rig;
static int first;

static void prepare(struct rig *r)
{
	rig_limits(r, 100000, 0, BACKFILL_PROGRESSIVE);
	r->sync->timing.turn = 100000;
	r->sync->timing.glance = 100000;
	r->sync->timing.body_idle = 100000;
	first = fake_deliver(rig_box(r, 0, INBOX), MANY);
	fake_slow(r->server[0], 10, SLICE_MS);
}

static void setup(void)
{
	rig = rig_new(1);
	prepare(rig);
}

static void teardown(void)
{
	rig_free(&rig);
}

static int newest(int n)
{
	return first + MANY - 1 - n;
}

static void flag(int serial, unsigned add)
{
	rig_flag(rig, INBOX, serial, add);
	rig->engine->push(rig->engine, rig->id[0]);
}

static unsigned flags_of(int serial)
{
	unsigned flags = 0;

	fake_copies(rig_box(rig, 0, INBOX), serial, &flags);
	return flags;
}

/* The history flows, and the second connection is there: a body was read by it. */
static void begin(bool warm)
{
	message_id m;

	rig_start(rig);
	UNTIL(rig_total(rig, 0, INBOX) >= 20);
	m = rig_message(rig, INBOX, newest(0));
	if (warm) {
		rig->engine->want_body(rig->engine, rig->id[0], m);
		ck_assert_int_eq(rig_body_event(rig, m), 0);
		UNTIL(aside_takes(rig->sync->lanes));
	}
}

/*
 * Everything is here, and as the server has it; nothing is wrong with the account.
 * When the changes have left, the rest of history comes without a pause.
 */
static void end(void)
{
	UNTIL(rig_waiting(rig) == 0);
	fake_slow(rig->server[0], 10, 0);
	UNTIL(rig_total(rig, 0, INBOX) + rig_total(rig, 0, ARCHIVE) == MANY && rig_waiting(rig) == 0);
	UNTIL(rig_equal(rig, 0));
	ck_assert_int_eq(rig_state(rig, 0).error.code, 0);
	ck_assert_int_eq(rig->server[0]->wrong, 0);
}

START_TEST(a_flag_leaves_while_history_comes)
{
	int calls, applied;

	begin(true);
	calls = fake_count(rig->server[0], FAKE_CHANGES);
	for (int i = 0; i < 5; i++) {
		flag(newest(i), FLAG_FLAGGED);
		UNTIL(flags_of(newest(i)) == FLAG_FLAGGED);
		UNTIL(rig_waiting(rig) == 0);
	}
	applied = fake_count(rig->server[0], FAKE_APPLY);
	ck_assert_int_lt(rig_total(rig, 0, INBOX), MANY); /* it was still under way ... */
	ck_assert_int_eq(fake_count(rig->server[0], FAKE_CHANGES), calls); /* ... and in one piece */
	ck_assert_int_eq(applied, 5);
	ck_assert_int_eq(rig->server[0]->connected_max, 2);
	end();
	for (int i = 0; i < 5; i++)
		ck_assert_uint_eq(flags_of(newest(i)), FLAG_FLAGGED);
	ck_assert_int_eq(fake_count(rig->server[0], FAKE_APPLY), applied);
}
END_TEST

/* The first change finds no second connection: whoever is quicker, and the next by that one. */
START_TEST(a_cold_connection_is_warmed_by_the_first_change)
{
	int calls;

	begin(false);
	flag(newest(0), FLAG_FLAGGED);
	UNTIL(rig_waiting(rig) == 0 && rig->server[0]->connected_max == 2);
	UNTIL(aside_takes(rig->sync->lanes));
	calls = fake_count(rig->server[0], FAKE_CHANGES);
	for (int i = 1; i < 5; i++) {
		flag(newest(i), FLAG_FLAGGED);
		UNTIL(rig_waiting(rig) == 0);
	}
	ck_assert_int_lt(rig_total(rig, 0, INBOX), MANY);
	/* the first one's, and one that met a slow machine: not each of them */
	ck_assert_int_le(fake_count(rig->server[0], FAKE_CHANGES), calls + 2);
	end();
}
END_TEST

START_TEST(order_is_kept_and_moves_are_seen)
{
	int m = newest(2);

	begin(true);
	for (int i = 0; i < 6; i++) {
		AUTO(list_row_free) struct list_row *row = rig_row(rig, 0, INBOX, m);
		struct err err = { 0 };

		ck_assert_int_ge(store_want_flags(rig->store, &row->location, 1,
					 i % 2 ? 0 : FLAG_FLAGGED, i % 2 ? FLAG_FLAGGED : 0, &err),
			0);
		rig->engine->push(rig->engine, rig->id[0]);
		g_usleep(3000);
	}
	flag(m, FLAG_SEEN);
	rig_move(rig, INBOX, m, ARCHIVE);
	rig->engine->push(rig->engine, rig->id[0]);
	UNTIL(rig_waiting(rig) == 0);
	ck_assert_int_lt(rig_total(rig, 0, INBOX), MANY - 1);
	end();
	ck_assert_int_eq(rig->server[0]->moved[m], 1);
	ck_assert(rig_shows(rig, 0, ARCHIVE, m)); /* both ends were looked at, without a poll */
}
END_TEST

/* Bodies go before the next batch, and a long queue does not keep them away. */
START_TEST(bodies_come_meanwhile)
{
	begin(true);
	for (int i = 0; i < 15; i++) {
		message_id m = rig_message(rig, INBOX, newest(1 + i));

		flag(newest(1 + i), FLAG_FLAGGED);
		rig->engine->want_body(rig->engine, rig->id[0], m);
		ck_assert_int_eq(rig_body_event(rig, m), 0);
	}
	end();
}
END_TEST

/* What was read before a change and is written down after it takes nothing back. */
START_TEST(history_only_adds)
{
	AUTO(batch_free) struct batch *b = NULL;
	AUTO(list_row_free) struct list_row *row = NULL;
	struct change known = { .kind = CHANGE_MESSAGE, .flags = FLAG_FLAGGED, .message_id = "x@y",
		.subject = "x", .from_addr = "x@y", .from_name = "X", .size = 1 };
	struct change unknown = known;
	struct err err = { 0 };

	fake_slow(rig->server[0], 1000, 0);
	rig_pass(rig);
	known.uid = rig_box(rig, 0, INBOX)->m[0].uid;
	unknown.uid = known.uid + MANY;
	b = batch_new(rig->id[0], rig_mailbox(rig, 0, INBOX));
	batch_additive(b, true);
	batch_change(b, &known);
	batch_change(b, &unknown);
	ck_assert_int_ge(batch_apply(rig->store, b, NULL, &err), 0);
	row = rig_row(rig, 0, INBOX, first);
	ck_assert_uint_eq(row->flags, 0);
	ck_assert_int_eq(rig_total(rig, 0, INBOX), MANY + 1);
	batch_change(b, &known); /* the second time, too */
	ck_assert_int_ge(batch_apply(rig->store, b, NULL, &err), 0);
	list_row_free(&row);
	row = rig_row(rig, 0, INBOX, first);
	ck_assert_uint_eq(row->flags, 0);
}
END_TEST

/* --- what is wrong with the second connection -------------------------------------- */

START_TEST(one_connection_does_as_ever)
{
	rig->server[0]->traits.connections = 1;
	begin(false);
	flag(newest(0), FLAG_FLAGGED);
	UNTIL(rig_waiting(rig) == 0);
	ck_assert_int_lt(rig_total(rig, 0, INBOX), MANY);
	end();
	ck_assert_int_eq(rig->server[0]->connected_max, 1);
}
END_TEST

START_TEST(a_refused_connection_does_as_ever)
{
	rig->server[0]->most = 1;
	begin(false);
	for (int i = 0; i < 3; i++) {
		flag(newest(i), FLAG_FLAGGED);
		UNTIL(rig_waiting(rig) == 0);
	}
	ck_assert_int_lt(rig_total(rig, 0, INBOX), MANY);
	end();
}
END_TEST

static const struct {
	enum fake_call call;
	enum err_code code;
} faults[] = {
	{ FAKE_APPLY, ERR_OFFLINE },
	{ FAKE_APPLY, ERR_PROTOCOL },
	{ FAKE_APPLY, ERR_RETRY },
	{ FAKE_APPLY, ERR_AUTH },
	{ FAKE_PREPARE, ERR_OFFLINE },
	{ FAKE_CONNECT, ERR_OFFLINE }, /* cold: the second connection is made now */
	{ FAKE_CONNECT, ERR_AUTH },
};

START_TEST(its_failures_are_no_news_of_the_account)
{
	bool cold = faults[_i].call == FAKE_CONNECT;
	int calls;

	rig->sync->timing.stuck = 1;
	begin(!cold);
	calls = fake_count(rig->server[0], FAKE_MAILBOXES);
	fake_fail_beside(rig->server[0], faults[_i].call, faults[_i].code, 1);
	if (faults[_i].call == FAKE_PREPARE)
		rig_move(rig, INBOX, newest(0), ARCHIVE);
	else
		rig_flag(rig, INBOX, newest(0), FLAG_FLAGGED);
	rig->engine->push(rig->engine, rig->id[0]);
	end();
	ck_assert_int_eq(fake_count(rig->server[0], FAKE_MAILBOXES), calls); /* no pass failed */
	ck_assert_int_le(fake_count(rig->server[0], FAKE_APPLY), 2);
}
END_TEST

/* The answer is lost: in doubt, and the sync worker's push looks first. */
START_TEST(a_lost_answer_is_looked_for)
{
	begin(true);
	fake_lose(rig->server[0], 1);
	rig_move(rig, INBOX, newest(0), ARCHIVE);
	rig->engine->push(rig->engine, rig->id[0]);
	end();
	ck_assert_int_eq(rig->server[0]->moved[newest(0)], 1);
	ck_assert_int_eq(rig_rows(rig, MUTATION_CONFLICT) + rig_rows(rig, MUTATION_FAILED), 0);
}
END_TEST

START_TEST(a_stop_is_heard_in_the_middle_of_it)
{
	int64_t at;

	begin(true);
	fake_block(rig->server[0], FAKE_APPLY, true);
	flag(newest(0), FLAG_FLAGGED);
	UNTIL(rig_rows(rig, MUTATION_LEASED) == 1);
	at = now_ms();
	rig_stop(rig);
	ck_assert_int_le(now_ms() - at, 1000); /* 300 on a machine that is ours alone */
	ck_assert_int_eq(rig_rows(rig, MUTATION_LEASED), 0); /* it was put back, in doubt */
	ck_assert_int_eq(rig_rows(rig, MUTATION_QUEUED), 1);
}
END_TEST

/* It hangs and history ends meanwhile: given up, and the sync worker makes it true. */
START_TEST(a_connection_that_hangs_is_given_up)
{
	begin(true);
	fake_block(rig->server[0], FAKE_APPLY, true);
	flag(newest(0), FLAG_FLAGGED);
	UNTIL(rig_rows(rig, MUTATION_LEASED) == 1);
	fake_slow(rig->server[0], 1000, 0);
	UNTIL(rig_total(rig, 0, INBOX) == MANY);
	fake_block(rig->server[0], FAKE_APPLY, false); /* who waits in it waits on */
	end();
	ck_assert_uint_eq(flags_of(newest(0)), FLAG_FLAGGED);
}
END_TEST

/* The process that takes the lease, though we renew it all the time, and keeps it until it is killed. */
static _Noreturn void hold_lease(int tell)
{
	g_autofree char *path = g_build_filename(rig->places.data, "tern.db", NULL);
	struct store *s = NULL;
	struct err err = { 0 };
	int holder;
	sqlite3 *db;

	if (store_open(rig->places.data, STORE_CLI, NULL, &s, &err) < 0 ||
		sqlite3_open(path, &db) != SQLITE_OK)
		_exit(1);
	do
		sqlite3_exec(db, "DELETE FROM lease", NULL, NULL, NULL);
	while (store_lease_take(s, rig->id[0], &holder, &err) != 1);
	if (write(tell, "x", 1) != 1)
		_exit(1);
	pause();
	_exit(0);
}

/* A fork at a moment when another thread has a lock of SQLite's never gets on: then another one. */
static pid_t take_lease_away(void)
{
	enum { TRIES = 10, TRY_MS = 4000 };
	struct pollfd told = { .events = POLLIN };
	int fds[2];

	ck_assert_int_eq(pipe(fds), 0);
	told.fd = fds[0];
	for (int i = 0; i < TRIES; i++) {
		pid_t child = fork();

		if (child == 0)
			hold_lease(fds[1]);
		if (poll(&told, 1, TRY_MS) == 1) {
			close(fds[0]);
			close(fds[1]);
			return child;
		}
		kill(child, SIGKILL);
		waitpid(child, NULL, 0);
	}
	ck_abort_msg("nobody could take the lease");
	return -1;
}

/* Another process has the account: nothing leaves by this one. */
START_TEST(a_lost_lease_stops_it)
{
	int status, applied;
	pid_t child;

	begin(true);
	applied = fake_count(rig->server[0], FAKE_APPLY);
	child = take_lease_away();
	rig_flag(rig, INBOX, newest(0), FLAG_FLAGGED);
	rig->engine->push(rig->engine, rig->id[0]);
	g_usleep(200000);
	ck_assert_int_eq(fake_count(rig->server[0], FAKE_APPLY), applied);
	ck_assert_int_eq(rig_rows(rig, MUTATION_QUEUED), 1);
	kill(child, SIGKILL);
	ck_assert_int_eq(waitpid(child, &status, 0), child);
	end();
	ck_assert_uint_eq(flags_of(newest(0)), FLAG_FLAGGED);
}
END_TEST

/* --- death ------------------------------------------------------------------------ */

static void live(struct rig *r)
{
	struct err err = { 0 };
	int serial = newest(0);

	if (store_open(r->places.data, STORE_UI, NULL, &r->store, &err) < 0)
		_exit(3);
	r->sync = sync_new(&r->places, &r->config, r->events);
	r->sync->find = fake_find;
	r->sync->timing.turn = 100000;
	r->engine = sync_engine(r->sync);
	if (sync_start(r->sync, &err) < 0)
		_exit(4);
	while (rig_total(r, 0, INBOX) < 20)
		g_usleep(1000);
	r->engine->want_body(r->engine, r->id[0], rig_message(r, INBOX, serial));
	rig_body_event(r, rig_message(r, INBOX, serial));
	rig_flag(r, INBOX, serial - 1, FLAG_FLAGGED);
	r->engine->push(r->engine, r->id[0]);
	rig_move(r, INBOX, serial - 2, ARCHIVE);
	r->engine->push(r->engine, r->id[0]);
	rig_flag(r, INBOX, serial - 3, FLAG_SEEN);
	r->engine->push(r->engine, r->id[0]);
	while (rig_waiting(r) > 0)
		g_usleep(1000);
	kill(getpid(), SIGKILL); /* after the last step that matters */
}

/* The wishes that were made come true exactly once, wherever the process died. */
static void check_after_death(struct rig *r)
{
	int moved = newest(0) - 2;
	struct err err = { 0 };

	r->server[0]->slow_ms = 0;
	ck_assert_msg(store_open(r->places.data, STORE_UI, NULL, &r->store, &err) >= 0, "%s",
		err.text);
	rig_restart(r);
	rig_pass(r);
	ck_assert_int_eq(rig_waiting(rig), 0);
	ck_assert_int_eq(rig_rows(r, MUTATION_CONFLICT) + rig_rows(r, MUTATION_FAILED), 0);
	ck_assert_msg(rig_equal(r, 0), "store and server differ");
	ck_assert_int_eq(rig_total(r, 0, INBOX) + rig_total(r, 0, ARCHIVE), MANY);
	ck_assert_int_eq(r->server[0]->moved[moved], rig_total(r, 0, ARCHIVE) == 1);
	ck_assert_int_eq(r->server[0]->wrong, 0);
	ck_assert_int_eq(store_check(r->store, &err), 0);
}

/* Wherever a process dies from the twentieth message on; two threads make the steps. */
START_TEST(death_loses_nothing)
{
	int status;
	pid_t child;

	store_close(&rig->store);
	sync_free(&rig->sync);
	fake_slow(rig->server[0], 10, 20);
	fake_world->steps = 0;
	fake_world->die_at = 40 + (long)_i * STRIDE;
	child = fork();
	if (child == 0) {
		live(rig);
		_exit(5);
	}
	ck_assert_int_eq(waitpid(child, &status, 0), child);
	fake_world->die_at = 0;
	ck_assert_msg(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL, "it ended with %d",
		WEXITSTATUS(status));
	check_after_death(rig);
}
END_TEST

TCase *suite_aside(void)
{
	TCase *c = tcase_create("aside");

	tcase_add_checked_fixture(c, setup, teardown);
	tcase_set_timeout(c, 60);
	tcase_add_test(c, a_flag_leaves_while_history_comes);
	tcase_add_test(c, a_cold_connection_is_warmed_by_the_first_change);
	tcase_add_test(c, order_is_kept_and_moves_are_seen);
	tcase_add_test(c, bodies_come_meanwhile);
	tcase_add_test(c, history_only_adds);
	tcase_add_test(c, one_connection_does_as_ever);
	tcase_add_test(c, a_refused_connection_does_as_ever);
	tcase_add_loop_test(c, its_failures_are_no_news_of_the_account, 0, G_N_ELEMENTS(faults));
	tcase_add_test(c, a_lost_answer_is_looked_for);
	tcase_add_test(c, a_stop_is_heard_in_the_middle_of_it);
	tcase_add_test(c, a_connection_that_hangs_is_given_up);
	tcase_add_test(c, a_lost_lease_stops_it);
	tcase_add_loop_test(c, death_loses_nothing, 0, DEATHS);
	return c;
}
