/* The second connection is there before it is needed (P-22). */
#include <check.h>

#include "base/mem.h"
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

static void ready_soon(void)
{
	rig->sync->timing.ready_after = 5;
	rig->sync->timing.body_idle = 100000;
	rig->sync->timing.look_lasts = 100000;
}

/* Whether the reader came before the first connection, or long after it. */
START_TEST(a_second_connection_is_ready_for_the_reader)
{
	struct fake_account *a = rig->server[0];

	ready_soon();
	rig_start(rig);
	if (_i == 1) {
		UNTIL(fake_count(a, FAKE_WAIT) >= 2);
		ck_assert_int_eq(fake_connected(a), 1); /* nobody is here */
	}
	rig->engine->look(rig->engine, rig->id[0], (mailbox_id){ 0 });
	UNTIL(fake_connected(a) == 2);
	ck_assert_int_eq(fake_count(a, FAKE_BODY), 0);
}
END_TEST

/* Its failure is no news of the account, and is not repeated at once. */
START_TEST(a_second_connection_that_fails_is_left_alone)
{
	struct fake_account *a = rig->server[0];
	int first = fake_deliver(rig_box(rig, 0, INBOX), 1);
	message_id m;

	rig_pass(rig);
	m = rig_message(rig, INBOX, first);
	ready_soon();
	rig->sync->timing.aside_rest = 100000;
	fake_fail_beside(a, FAKE_CONNECT, ERR_AUTH, 1);
	rig->engine->look(rig->engine, rig->id[0], (mailbox_id){ 0 });
	rig_start(rig);
	UNTIL(fake_read(&a->call[FAKE_CONNECT].times) == 0);
	UNTIL(fake_count(a, FAKE_WAIT) >= 2);
	ck_assert_int_eq(fake_connected(a), 1);
	ck_assert_int_eq(rig_state(rig, 0).error.code, 0);
	rig->engine->want_body(rig->engine, rig->id[0], m); /* what is needed is tried */
	ck_assert_int_eq(rig_body_event(rig, m), 0);
}
END_TEST

TCase *suite_ready(void)
{
	TCase *c = tcase_create("ready");

	tcase_add_checked_fixture(c, setup, teardown);
	tcase_set_timeout(c, 60);
	tcase_add_loop_test(c, a_second_connection_is_ready_for_the_reader, 0, 2);
	tcase_add_test(c, a_second_connection_that_fails_is_left_alone);
	return c;
}
