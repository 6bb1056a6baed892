/* Warming, whole messages on request, and reading offline; with the fake server. */
#include <check.h>
#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/mem.h"
#include "sync/rig.h"
#include "sync/suites.h"

static struct rig *rig;

static struct account *account(int i)
{
	return g_ptr_array_index(rig->config.accounts, (guint)i);
}

static void setup(void)
{
	rig = rig_new(2);
	account(0)->cache = account(1)->cache = true;
	rig->sync->disk_least = 0;
}

static void teardown(void)
{
	rig_free(&rig);
}

static int fetched(int i)
{
	return fake_read(&rig->server[i]->n_fetched);
}

/* "wanted", "cached", ... of a message. */
static const char *state_of(message_id m)
{
	struct cache_line *l = NULL;
	struct err err = { 0 };
	const char *state;

	ck_assert_msg(store_cache_line(rig->store, m, &l, &err) == 1, "%s", err.text);
	state = g_intern_string(l->state);
	cache_line_free(l);
	return state;
}

static struct cache_report report(void)
{
	struct cache_report c = { 0 };
	struct err err = { 0 };

	ck_assert_msg(store_cache_report(rig->store, (account_id){ 0 }, 0, &c, &err) >= 0, "%s",
		err.text);
	cache_report_release(&c);
	return c;
}

static bool job_says(int i, const char *name, const char *words)
{
	struct job_row row;

	return job_last(rig->store, rig->id[i], name, &row) && strstr(row.words, words);
}

/* --- warming ------------------------------------------------------------------ */

/* L-92, cache-worker-budget: a burst of eight requests, then one in three seconds. */
START_TEST(cache_worker_budget)
{
	fake_deliver(rig_box(rig, 0, INBOX), 40);
	rig_pass(rig);
	rig_start(rig);
	UNTIL(fetched(0) >= 8);
	g_usleep(150000);
	ck_assert_int_ge(fetched(0), 8);
	ck_assert_int_le(fetched(0), 9);
	UNTIL(report().cached == fetched(0));
	ck_assert_int_eq(report().cached + report().wanted, 40);
	UNTIL(job_says(0, "cache-warm", "fetched"));
}
END_TEST

/* L-92: what is not admitted is not fetched. */
START_TEST(only_what_fits_is_fetched)
{
	fake_deliver(rig_box(rig, 0, INBOX), 20);
	rig->config.cache_soft_cap = rig->config.cache_hard_cap = 100; /* two bodies and a half */
	rig_pass(rig);
	rig_start(rig);
	UNTIL(fetched(0) >= 2);
	g_usleep(100000);
	ck_assert_int_eq(fetched(0), 2);
	ck_assert_int_le(report().bytes, 100);
}
END_TEST

/* L-49: it is in the ledger with its code, and the worker lives. */
START_TEST(a_failure_lands_in_the_ledger)
{
	fake_deliver(rig_box(rig, 0, INBOX), 3);
	rig_pass(rig);
	fake_fail(rig->server[0], FAKE_BODY, ERR_REFUSED, 1);
	rig_start(rig);
	UNTIL(report().failed == 1 && report().cached == 2);
	g_usleep(50000);
	ck_assert_int_eq(fake_count(rig->server[0], FAKE_BODY), 3);
	ck_assert_int_eq(rig_state(rig, 0).error.code, 0); /* that is nobody's concern */
}
END_TEST

static void forget_numbers(void)
{
	g_autofree char *path = g_build_filename(rig->places.data, "tern.db", NULL);
	sqlite3 *db;

	ck_assert_int_eq(sqlite3_open(path, &db), SQLITE_OK);
	ck_assert_int_eq(sqlite3_exec(db, "UPDATE location SET uid = NULL; UPDATE mailbox SET known = 0",
				 NULL, NULL, NULL), SQLITE_OK);
	sqlite3_close(db);
}

/* What a try that was claimed for the message ends with. */
static void fails_with(message_id m, enum err_code code, const char *noted)
{
	const struct cache_caps caps = { CACHE_SOFT_CAP, CACHE_HARD_CAP, 0 };
	const struct cache_pick p = { .message = m, .account = rig->id[0], .fetch_bytes = 50 };
	struct cache_line *l = NULL;
	struct cancel never;
	struct session s;
	struct err err = { 0 };

	cancel_init(&never);
	session_init(&s, rig->sync, account(0), &never);
	ck_assert_int_eq(session_open(&s, STORE_WORKER, &err), 0);
	ck_assert_int_eq(store_cache_admit(s.store, &p, &caps, true, &err), 1);
	ck_assert_int_eq(body_fill(&s, m, false, NULL, &err), code);
	session_close(&s);
	cancel_release(&never);
	ck_assert_int_eq(store_cache_line(rig->store, m, &l, &err), 1);
	ck_assert_str_eq(l->state, "failed");
	ck_assert_str_eq(l->last_error, noted);
	cache_line_free(l);
}

/* C-07: gone is what the server says of the number that the message has; one without is on its way. */
START_TEST(only_what_is_gone_fails_for_good)
{
	int serial = fake_deliver(rig_box(rig, 0, INBOX), 1);
	message_id m;

	rig_pass(rig);
	m = rig_message(rig, INBOX, serial);
	fake_expunge(rig_box(rig, 0, INBOX), serial);
	fails_with(m, ERR_GONE, err_name(ERR_GONE));
	forget_numbers();
	fails_with(m, ERR_GONE, err_name(ERR_RETRY));
}
END_TEST

/* C-24 */
START_TEST(a_broken_account_slows_nobody)
{
	fake_deliver(rig_box(rig, 0, INBOX), 10);
	fake_deliver(rig_box(rig, 1, INBOX), 10);
	rig_pass(rig);
	fake_fail(rig->server[0], FAKE_BODY, ERR_OFFLINE, 100000);
	rig_start(rig);
	UNTIL(fetched(1) >= 8);
	ck_assert_int_eq(fetched(0), 0);
	ck_assert_int_le(fake_count(rig->server[0], FAKE_BODY), 2); /* a try and its second */
}
END_TEST

/* A mail that is opened goes before all that is only expected. */
START_TEST(the_reader_goes_first)
{
	int first = fake_deliver(rig_box(rig, 0, INBOX), 30), before;
	message_id m;

	rig_pass(rig);
	m = rig_message(rig, INBOX, first); /* the oldest: the last to be warmed */
	fake_slow_bodies(rig->server[0], 50);
	rig_start(rig);
	UNTIL(fetched(0) >= 2);
	before = fetched(0);
	rig->engine->want_body(rig->engine, rig->id[0], m);
	ck_assert_int_eq(rig_body_event(rig, m), 0);
	ck_assert(rig->server[0]->fetched[before] == first ||
		  rig->server[0]->fetched[before + 1] == first);
}
END_TEST

/* L-96: what the reader saw is fetched before what is newer but was not seen. */
START_TEST(cache_signal_rescore_goes_before_the_choice)
{
	int first = fake_deliver(rig_box(rig, 0, INBOX), 30);
	struct cache_notice n = { .kind = CACHE_SAW_ROW, .rank = 0 };

	rig_pass(rig);
	n.message = rig_message(rig, INBOX, first);
	rig->engine->notice(rig->engine, &n, 1);
	rig_start(rig);
	UNTIL(fetched(0) >= 1);
	ck_assert_int_eq(rig->server[0]->fetched[0], first);
}
END_TEST

/* L-48: who looks at rows need not wait for the next tick. */
START_TEST(a_signal_wakes_the_worker)
{
	struct cache_notice n = { .kind = CACHE_SAW_ROW };
	int64_t begin;
	int serial;

	rig->sync->timing.warm_tick = rig->sync->timing.warm_idle = 60000;
	rig->sync->timing.warm_first = 60000;
	serial = fake_deliver(rig_box(rig, 0, INBOX), 3);
	rig_pass(rig);
	n.message = rig_message(rig, INBOX, serial);
	rig_start(rig);
	UNTIL(atomic_load(&rig->sync->lanes[0].up));
	begin = now_ms();
	rig->engine->notice(rig->engine, &n, 1);
	UNTIL(fetched(0) >= 1);
	ck_assert_int_le(now_ms() - begin, 5000);
}
END_TEST

/* The ring forgets the oldest, and nobody waits. */
START_TEST(notices_are_bounded)
{
	struct notices *n = &rig->sync->notices;
	struct cache_notice out[NOTICES_MAX + 10];

	for (int i = 1; i <= NOTICES_MAX + 5; i++)
		notices_add(n, &(struct cache_notice){ .message = { i } }, 1);
	ck_assert_uint_eq(notices_take(n, out, 3), 3);
	ck_assert_int_eq(out[0].message.v, 6);
	ck_assert_uint_eq(notices_take(n, out, G_N_ELEMENTS(out)), NOTICES_MAX - 3);
	ck_assert_int_eq(out[NOTICES_MAX - 4].message.v, NOTICES_MAX + 5);
	ck_assert_uint_eq(notices_take(n, out, 1), 0);
}
END_TEST

/* M-82 */
START_TEST(a_disk_is_full_before_it_is)
{
	const int64_t gib = (int64_t)1 << 30;

	ck_assert(disk_is_low(gib - 1, 10 * gib, gib));
	ck_assert(!disk_is_low(gib, 10 * gib, gib));
	ck_assert(disk_is_low(9 * gib, 200 * gib, gib)); /* less than 5 % */
	ck_assert(!disk_is_low(11 * gib, 200 * gib, gib));
	ck_assert(!disk_is_low(-1, 0, gib)); /* unknown */
}
END_TEST

/* M-80: new mail is here before anybody can open it; by the fake clock of nobody: real milliseconds. */
START_TEST(new_mail_is_fetched_when_it_comes)
{
	int n;

	fake_deliver(rig_box(rig, 0, INBOX), 3);
	rig_pass(rig);
	rig->sync->timing.warm_idle = 60000; /* only news can begin a slice */
	rig->sync->timing.offline_idle = 60000;
	rig_start(rig);
	UNTIL(report().cached == 3);
	n = fetched(0);
	fake_deliver(rig_box(rig, 0, INBOX), 1);
	rig->engine->sync_now(rig->engine, rig->id[0], false);
	UNTIL(fetched(0) == n + 1);
	UNTIL(report().cached == 4);
}
END_TEST

/* M-82: without a cache, on a metered network, on a full disk. */
START_TEST(the_switches_stop_it)
{
	static const char *const words[] = { "cache = no", "metered", "disk" };

	fake_deliver(rig_box(rig, 0, INBOX), 10);
	rig_pass(rig);
	account(0)->cache = _i != 0;
	rig->config.metered = _i == 1;
	rig->sync->disk_least = _i == 2 ? INT64_MAX : 0;
	rig_start(rig);
	UNTIL(job_says(0, "cache-warm", words[_i]));
	g_usleep(50000);
	ck_assert_int_eq(fetched(0), 0);
}
END_TEST

/* One failed login, then silence. */
START_TEST(warming_tries_no_password)
{
	fake_deliver(rig_box(rig, 0, INBOX), 10);
	rig_pass(rig);
	fake_fail(rig->server[0], FAKE_CONNECT, ERR_AUTH, 1000);
	rig->server[0]->call[FAKE_CONNECT].count = 0;
	rig_start(rig);
	UNTIL(rig_state(rig, 0).error.code == ERR_AUTH);
	g_usleep(150000);
	ck_assert_int_eq(fake_count(rig->server[0], FAKE_CONNECT), 1);
	ck_assert_int_eq(fetched(0), 0);
}
END_TEST

/* Where there is one connection only, it warms when it is idle. */
START_TEST(a_shared_connection_warms)
{
	rig->server[0]->traits.connections = 1;
	rig->server[0]->most = 1;
	fake_deliver(rig_box(rig, 0, INBOX), 10);
	rig_pass(rig);
	rig_start(rig);
	UNTIL(fetched(0) >= 8);
	ck_assert_int_eq(fake_read(&rig->server[0]->connected_max), 1);
}
END_TEST

/* C-06: who died while fetching holds nothing for ever. */
START_TEST(a_dead_claim_is_wanted_again)
{
	struct cache_caps caps = { CACHE_SOFT_CAP, CACHE_HARD_CAP, 0 };
	message_id m;
	pid_t pid;

	m.v = fake_deliver(rig_box(rig, 0, INBOX), 1);
	rig_pass(rig);
	m = rig_message(rig, INBOX, (int)m.v);
	rig_stop(rig);
	store_close(&rig->store);
	pid = fork();
	if (pid == 0) {
		struct cache_pick p = { .message = m, .account = rig->id[0], .fetch_bytes = 50 };
		struct store *s = NULL;

		_exit(store_open(rig->places.data, STORE_WORKER, NULL, &s, NULL) < 0 ||
			store_cache_admit(s, &p, &caps, true, NULL) != 1);
	}
	ck_assert(waitpid(pid, &(int){ 0 }, 0) == pid);
	rig_restart(rig);
	rig->sync->disk_least = 0;
	ck_assert_str_eq(state_of(m), "fetching");
	job_clean_cache(rig->store, &tuning_default, &caps);
	ck_assert_str_eq(state_of(m), "wanted");
	rig_start(rig);
	UNTIL(store_body_cached(rig->store, m));
}
END_TEST

/* --- whole messages --------------------------------------------------------------- */

START_TEST(the_rest_comes_on_request)
{
	struct body_hole holes[BODY_HOLES_MAX];
	message_id m;
	int serial;

	rig->server[0]->hole_bytes = 5000;
	account(0)->cache = false;
	serial = fake_deliver(rig_box(rig, 0, INBOX), 1);
	rig_pass(rig);
	m = rig_message(rig, INBOX, serial);
	rig_start(rig);
	rig->engine->want_body(rig->engine, rig->id[0], m);
	ck_assert_int_eq(rig_body_event(rig, m), 0);
	ck_assert_int_eq(store_body_holes(rig->store, m, holes, NULL), 1);
	ck_assert_uint_eq(holes[0].bytes, 5000);
	rig->engine->want_body(rig->engine, rig->id[0], m);
	ck_assert_int_eq(rig_body_event(rig, m), 0);
	ck_assert_int_eq(fetched(0), 1); /* what is here is enough for reading */
	rig->engine->want_whole(rig->engine, rig->id[0], m);
	ck_assert_int_eq(rig_body_event(rig, m), 0);
	ck_assert_int_eq(store_body_holes(rig->store, m, holes, NULL), 0);
	rig->engine->want_whole(rig->engine, rig->id[0], m);
	ck_assert_int_eq(rig_body_event(rig, m), 0);
	ck_assert_int_eq(fetched(0), 2);
}
END_TEST

/* What is here stays when its rest cannot be had. */
START_TEST(a_failed_rest_harms_nothing)
{
	struct body_hole holes[BODY_HOLES_MAX];
	message_id m;

	rig->server[0]->hole_bytes = 5000;
	m.v = fake_deliver(rig_box(rig, 0, INBOX), 1);
	rig_pass(rig);
	m = rig_message(rig, INBOX, (int)m.v);
	ck_assert_int_eq(rig->engine->body(rig->engine, rig->id[0], m, NULL, NULL), 0);
	fake_fail(rig->server[0], FAKE_BODY, ERR_REFUSED, 1);
	ck_assert_int_eq(rig->engine->whole(rig->engine, rig->id[0], m, NULL, NULL), ERR_REFUSED);
	ck_assert_int_eq(store_body_holes(rig->store, m, holes, NULL), 1);
	ck_assert_str_eq(state_of(m), "cached");
	ck_assert_int_eq(rig->engine->whole(rig->engine, rig->id[0], m, NULL, NULL), 0);
	ck_assert_int_eq(store_body_holes(rig->store, m, holes, NULL), 0);
	ck_assert_int_eq(report().opens, 3);
	ck_assert_int_eq(report().hits, 2);
}
END_TEST

/* --- reading offline ------------------------------------------------------------------ */

static void want_offline(int box, enum offline_policy policy, int64_t cap)
{
	struct offline o = { .policy = policy, .days = 10000, .cap = cap };
	struct err err = { 0 };

	ck_assert_msg(store_offline_set(rig->store, rig_mailbox(rig, 0, box), &o, &err) >= 0, "%s",
		err.text);
}

/* Everything, beyond what the governor would give; then the network may go. */
START_TEST(a_mailbox_becomes_readable_offline)
{
	AUTO(fd_close) int fd = -1;
	int first = fake_deliver(rig_box(rig, 0, ARCHIVE), 60);

	fake_deliver(rig_box(rig, 0, INBOX), 5);
	account(0)->cache = false;
	rig_pass(rig);
	want_offline(ARCHIVE, OFFLINE_ALL, 0);
	rig_start(rig);
	UNTIL(report().cached == 60);
	UNTIL(job_says(0, "offline", "60 of 60"));
	rig_stop(rig);
	fake_fail(rig->server[0], FAKE_CONNECT, ERR_OFFLINE, 1000);
	for (int i = 0; i < 60; i++) {
		ck_assert_int_eq(store_body_open(rig->store, rig_message(rig, ARCHIVE, first + i), &fd,
			NULL), 0);
		fd_close(&fd);
	}
	ck_assert_int_eq(report().cached, 60); /* nothing of the mailbox without a policy */
}
END_TEST

/* A reader's mail comes between two steps; what failed is no reason to stop. */
START_TEST(offline_fetching_gives_way_and_survives)
{
	int first = fake_deliver(rig_box(rig, 0, INBOX), 3);
	message_id m;

	fake_deliver(rig_box(rig, 0, ARCHIVE), 120);
	account(0)->cache = false;
	fake_slow_bodies(rig->server[0], 2); /* a third of them comes one by one */
	rig_pass(rig);
	m = rig_message(rig, INBOX, first);
	want_offline(ARCHIVE, OFFLINE_ALL, 0);
	fake_fail(rig->server[0], FAKE_BODY, ERR_REFUSED, 2);
	rig_start(rig);
	UNTIL(report().cached >= 20);
	rig->engine->want_body(rig->engine, rig->id[0], m);
	ck_assert_int_eq(rig_body_event(rig, m), 0);
	UNTIL(report().cached == 120 - 2 + 1);
}
END_TEST

static void check_own_body(struct cache_report *sum, int serial)
{
	AUTO(list_row_free) struct list_row *row = rig_row(rig, 0, ARCHIVE, serial);
	g_autofree char *want = g_strdup_printf("<m%d@fake>", serial);
	AUTO(fd_close) int fd = -1;
	char text[200] = "";

	ck_assert_ptr_nonnull(row);
	if (store_body_open(rig->store, row->message, &fd, NULL) < 0)
		return;
	ck_assert_int_gt(read(fd, text, sizeof text - 1), 0);
	ck_assert_msg(strstr(text, want), "message %d has the body %s", serial, text);
	sum->cached++;
}

static uint32_t validity(int box)
{
	AUTO(mailbox_free) struct mailbox *m = NULL;
	struct err err = { 0 };

	ck_assert_int_eq(store_mailbox(rig->store, rig_mailbox(rig, 0, box), &m, &err), 0);
	return m->uidvalidity;
}

/* A mailbox is made anew while it is fetched: a number that was read before is another message's. */
START_TEST(offline_fetching_outlives_a_new_uidvalidity)
{
	int first = fake_deliver(rig_box(rig, 0, ARCHIVE), 190);
	struct cache_report sum = { 0 };
	uint32_t was;

	account(0)->cache = false;
	fake_slow_bodies(rig->server[0], 50); /* of the first step: what comes behind it was read before */
	rig_pass(rig);
	was = validity(ARCHIVE);
	want_offline(ARCHIVE, OFFLINE_ALL, 0);
	rig_start(rig);
	UNTIL(report().cached >= 10);
	fake_expunge(rig_box(rig, 0, ARCHIVE), first); /* every number changes */
	fake_renumber(rig_box(rig, 0, ARCHIVE));
	rig->engine->sync_now(rig->engine, rig->id[0], true);
	UNTIL(validity(ARCHIVE) != was);
	fake_slow_bodies(rig->server[0], 0);
	UNTIL(job_says(0, "offline", "189 of 189"));
	rig_stop(rig);
	for (int i = 1; i < 190; i++)
		check_own_body(&sum, first + i);
	ck_assert_int_eq(sum.cached, 189);
}
END_TEST

START_TEST(offline_keeps_to_the_cap)
{
	struct offline_progress p;

	fake_deliver(rig_box(rig, 0, ARCHIVE), 30);
	account(0)->cache = false;
	rig_pass(rig);
	want_offline(ARCHIVE, OFFLINE_ALL, 10 * 40); /* bodies have about 38 bytes */
	rig_start(rig);
	UNTIL(report().cached >= 8);
	g_usleep(100000);
	ck_assert_int_le(report().bytes, 10 * 40);
	ck_assert_int_eq(store_offline_progress(rig->store, rig_mailbox(rig, 0, ARCHIVE), &p, NULL), 0);
	ck_assert_int_eq(p.here, p.of);
	ck_assert_int_gt(p.capped, 0);
}
END_TEST

TCase *suite_warm(void)
{
	TCase *t = tcase_create("warm");

	tcase_set_timeout(t, 30);
	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, cache_worker_budget);
	tcase_add_test(t, new_mail_is_fetched_when_it_comes);
	tcase_add_test(t, a_disk_is_full_before_it_is);
	tcase_add_test(t, only_what_fits_is_fetched);
	tcase_add_test(t, a_failure_lands_in_the_ledger);
	tcase_add_test(t, only_what_is_gone_fails_for_good);
	tcase_add_test(t, a_broken_account_slows_nobody);
	tcase_add_test(t, the_reader_goes_first);
	tcase_add_test(t, cache_signal_rescore_goes_before_the_choice);
	tcase_add_test(t, a_signal_wakes_the_worker);
	tcase_add_test(t, notices_are_bounded);
	tcase_add_loop_test(t, the_switches_stop_it, 0, 3);
	tcase_add_test(t, warming_tries_no_password);
	tcase_add_test(t, a_shared_connection_warms);
	tcase_add_test(t, a_dead_claim_is_wanted_again);
	tcase_add_test(t, the_rest_comes_on_request);
	tcase_add_test(t, a_failed_rest_harms_nothing);
	tcase_add_test(t, a_mailbox_becomes_readable_offline);
	tcase_add_test(t, offline_fetching_gives_way_and_survives);
	tcase_add_test(t, offline_fetching_outlives_a_new_uidvalidity);
	tcase_add_test(t, offline_keeps_to_the_cap);
	return t;
}
