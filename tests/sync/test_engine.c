/* What the engine decides: when, how much, on which connection. */
#include <check.h>
#include <string.h>
#include <sys/stat.h>

#include "base/log.h"
#include "base/mem.h"
#include "sync/rig.h"
#include "sync/suites.h"

static struct rig *rig;

static void one_account(void)
{
	rig = rig_new(1);
}

static void two_accounts(void)
{
	rig = rig_new(2);
}

static void teardown(void)
{
	rig_free(&rig);
}

/* --- M-55: the reader looks -------------------------------------------------- */

START_TEST(what_is_looked_at_is_brought_up_to_date)
{
	struct fake_box *trash = rig_box(rig, 0, TRASH);
	int64_t begin;

	rig_start(rig);
	UNTIL(rig_state(rig, 0).stage == STAGE_IDLE && rig_state(rig, 0).last_sync > 0);
	fake_deliver(trash, 3);
	begin = now_ms();
	rig->engine->look(rig->engine, rig->id[0], rig_mailbox(rig, 0, TRASH));
	UNTIL(rig_total(rig, 0, TRASH) == 3);
	ck_assert_int_le(now_ms() - begin, 500);
	ck_assert(fake_was_asked(trash, rig->server[0], CHANGES_LOOKED_AT));
}
END_TEST

START_TEST(looking_again_and_again_is_cheap)
{
	mailbox_id trash, archive;
	int before;

	rig->sync->timing.poll_least = 100000;
	rig_start(rig);
	UNTIL(fake_count(rig->server[0], FAKE_WAIT) >= 2);
	trash = rig_mailbox(rig, 0, TRASH);
	archive = rig_mailbox(rig, 0, ARCHIVE);
	before = fake_count(rig->server[0], FAKE_CHANGES);
	for (int i = 0; i < 200; i++) {
		rig->engine->look(rig->engine, rig->id[0], trash);
		g_usleep(1000);
	}
	UNTIL(fake_count(rig->server[0], FAKE_CHANGES) == before + 1);
	rig->engine->look(rig->engine, rig->id[0], archive);
	UNTIL(fake_count(rig->server[0], FAKE_CHANGES) == before + 2);
}
END_TEST

/* Two seconds in which somebody looks; true if polls came every 300 ms or more often. */
static bool polls_while_looking(void)
{
	int before = fake_count(rig->server[0], FAKE_MAILBOXES);
	int64_t began = now_ms();

	for (int i = 0; i < 100; i++) {
		rig->engine->look(rig->engine, rig->id[0], (mailbox_id){ 0 });
		g_usleep(20000);
	}
	return (fake_count(rig->server[0], FAKE_MAILBOXES) - before) * 300 >= now_ms() - began;
}

START_TEST(looking_pulls_the_next_poll_forward)
{
	bool forward = false;

	rig->sync->timing.poll = 400;
	rig->sync->timing.poll_least = 10;
	rig->sync->timing.poll_most = 400;
	rig->server[0]->traits.cheap_scan = true;
	rig_start(rig);
	for (int i = 0; i < 6 && !forward; i++) /* a busy machine may need another try */
		forward = polls_while_looking();
	ck_assert(forward); /* 200 ms each, not 400 */
}
END_TEST

START_TEST(an_opened_mailbox_goes_first)
{
	struct backfill b = { 0 };
	AUTO(session_close) struct session s;
	struct cancel never;
	struct err err = { 0 };

	fake_deliver(rig_box(rig, 0, INBOX), 100);
	fake_deliver(rig_box(rig, 0, TRASH), 100);
	rig_limits(rig, 20, 0, BACKFILL_BOOTSTRAP_ONLY);
	rig_pass(rig);
	rig_limits(rig, 20, 0, BACKFILL_PROGRESSIVE);
	cancel_init(&never);
	session_init(&s, rig->sync, rig->config.accounts->pdata[0], &never);
	ck_assert_int_ge(session_open(&s, STORE_CLI, &err), 0);
	ck_assert_int_ge(lease_take(&s, &err), 0);
	b.first = rig_mailbox(rig, 0, TRASH);
	backfill_begin(&s, &b);
	for (int i = 0; i < 100 && rig_total(rig, 0, TRASH) < 100; i++)
		ck_assert_int_eq(backfill_slice(&s, &b, &err), 1);
	ck_assert_int_eq(rig_total(rig, 0, TRASH), 100);
	ck_assert_int_eq(rig_total(rig, 0, INBOX), 20);
	lease_drop(&s);
	cancel_release(&never);
}
END_TEST

/* --- cycles ------------------------------------------------------------------ */

START_TEST(only_every_third_poll_asks_for_all)
{
	rig->sync->timing.poll = 30;
	rig->sync->timing.poll_most = 30;
	rig->server[0]->traits.cheap_scan = _i;
	rig_start(rig);
	UNTIL(fake_count(rig->server[0], FAKE_CHANGES) >= 30);
	if (_i)
		ck_assert_int_ge(fake_count(rig->server[0], FAKE_MAILBOXES), 9);
	else
		ck_assert_int_le(fake_count(rig->server[0], FAKE_MAILBOXES), 8);
	fake_deliver(rig_box(rig, 0, TRASH), 1);
	UNTIL(rig_total(rig, 0, TRASH) == 1);
}
END_TEST

START_TEST(a_full_pass_distrusts_every_cursor)
{
	rig_start(rig);
	UNTIL(rig_state(rig, 0).last_sync > 0);
	rig->engine->sync_now(rig->engine, rig->id[0], true);
	UNTIL(fake_was_asked(rig_box(rig, 0, TRASH), rig->server[0], CHANGES_FULL));
}
END_TEST

START_TEST(push_tells_of_every_mailbox)
{
	struct fake_account *a = rig->server[0];

	a->push_live = a->push_everywhere = true;
	rig_start(rig);
	UNTIL(rig_state(rig, 0).push_everywhere);
	fake_deliver(rig_box(rig, 0, TRASH), 2);
	UNTIL(rig_total(rig, 0, TRASH) == 2);
	fake_box_appears(a, "New");
	UNTIL(rig_mailbox(rig, 0, 3).v != 0);
	fake_deliver(rig_box(rig, 0, 3), 2);
	UNTIL(rig_total(rig, 0, 3) == 2);
	ck_assert_int_eq(fake_count(a, FAKE_CONNECT), 1);
}
END_TEST

/* C-31: only a cheap question on a quiet account, a full comparison if push missed something. */
START_TEST(silent_push_is_checked)
{
	struct fake_account *a = rig->server[0];

	a->push_live = true;
	rig->sync->timing.silence = 60;
	rig->sync->timing.poll = rig->sync->timing.poll_live = 80;
	rig->sync->timing.poll_most = 80;
	rig_pass(rig); /* what a first pass may compare is compared */
	a->flags_seen = 0;
	rig_start(rig);
	UNTIL(fake_count(a, FAKE_MAILBOXES) >= 6);
	ck_assert(fake_was_ever_asked(a, CHANGES_CHECK));
	ck_assert(!fake_was_ever_asked(a, CHANGES_FULL));
	if (_i == 0)
		return;
	fake_deafen(a);
	for (int i = 0; i < 50 && !fake_was_ever_asked(a, CHANGES_FULL); i++) {
		fake_deliver(rig_box(rig, 0, INBOX), 1); /* a cycle that is under way may bring it */
		g_usleep(100000);
	}
	ck_assert(fake_was_ever_asked(a, CHANGES_FULL));
}
END_TEST

/* --- connections and memory --------------------------------------------------- */

START_TEST(one_connection_serves_bodies_too)
{
	struct fake_account *a = rig->server[0];
	int first = fake_deliver(rig_box(rig, 0, INBOX), 5);
	message_id m, n;

	rig_pass(rig);
	m = rig_message(rig, INBOX, first);
	n = rig_message(rig, INBOX, first + 1);
	if (_i == 0)
		a->traits.connections = 1;
	else
		a->most = 1; /* it does not tell, but refuses the second */
	a->connected_max = 0;
	rig_start(rig);
	UNTIL(fake_count(a, FAKE_WAIT) >= 2);
	rig->engine->want_body(rig->engine, rig->id[0], m);
	ck_assert_int_eq(rig_body_event(rig, m), 0);
	fake_deliver(rig_box(rig, 0, ARCHIVE), 2000);
	fake_slow(a, 20, 20);
	rig->engine->sync_now(rig->engine, rig->id[0], false);
	UNTIL(rig_total(rig, 0, ARCHIVE) > 20);
	rig->engine->want_body(rig->engine, rig->id[0], n); /* between two slices */
	ck_assert_int_eq(rig_body_event(rig, n), 0);
	ck_assert_int_lt(rig_total(rig, 0, ARCHIVE), 1500);
	ck_assert_int_eq(a->connected_max, 1);
}
END_TEST

START_TEST(what_a_provider_learned_is_kept)
{
	g_autofree char *kept = NULL;
	struct err err = { 0 };

	g_strlcpy(rig->server[0]->memory, "learned", sizeof rig->server[0]->memory);
	rig_pass(rig);
	ck_assert_int_ge(store_account_memory(rig->store, rig->id[0], &kept, &err), 0);
	ck_assert_str_eq(kept, "learned");
	rig_pass(rig);
	ck_assert_str_eq(rig->server[0]->recalled, "learned");
}
END_TEST

START_TEST(two_connections_are_the_most)
{
	int first = fake_deliver(rig_box(rig, 0, INBOX), 5);
	message_id m;

	rig_pass(rig);
	rig->server[0]->connected_max = 0;
	m = rig_message(rig, INBOX, first);
	rig_start(rig);
	rig->engine->want_body(rig->engine, rig->id[0], m);
	ck_assert_int_eq(rig_body_event(rig, m), 0);
	UNTIL(fake_count(rig->server[0], FAKE_MAILBOXES) >= 2); /* else the two are one pass */
	fake_lie(rig->server[0], 1, FAKE_EMPTY); /* second witness: a connection of its own, after the first */
	rig->engine->sync_now(rig->engine, rig->id[0], false);
	UNTIL(fake_count(rig->server[0], FAKE_MAILBOXES) >= 3);
	ck_assert_int_le(rig->server[0]->connected_max, CONNECTIONS_MAX);
}
END_TEST

static long wal_size(void)
{
	g_autofree char *path = g_build_filename(rig->places.data, "tern.db-wal", NULL);
	struct stat st;

	return stat(path, &st) == 0 ? (long)st.st_size : -1;
}

START_TEST(a_pass_without_news_writes_little)
{
	enum { FRAME = 4096 + 24, FRAMES_MAX = 10 };
	long before;

	for (int i = 3; i < FAKE_BOXES; i++)
		fake_box_appears(rig->server[0], ((const char *[]){ "a", "b", "c" })[i - 3]);
	for (int i = 0; i < FAKE_BOXES; i++)
		fake_deliver(rig_box(rig, 0, i), 3);
	rig_pass(rig);
	rig_pass(rig);
	before = wal_size();
	ck_assert_int_gt(before, 0);
	rig_pass(rig);
	ck_assert_int_gt(wal_size(), before);
	ck_assert_int_le(wal_size() - before, FRAMES_MAX * FRAME);
}
END_TEST

/* L-11 */
START_TEST(every_line_of_a_cycle_has_its_id)
{
	g_autofree char *text = NULL, *path = NULL, *day = NULL;
	g_autoptr(GDateTime) now = g_date_time_new_now_utc();
	g_auto(GStrv) lines = NULL;
	struct err err = { 0 };
	bool inside = false;
	int n = 0;

	ck_assert_int_eq(log_open(rig->dir, LOG_DEBUG, &err), 0);
	fake_deliver(rig_box(rig, 0, INBOX), 50);
	rig_limits(rig, 10, 0, BACKFILL_PROGRESSIVE);
	rig_pass(rig);
	log_close();
	day = g_date_time_format(now, "tern-%Y-%m-%d.log");
	path = g_build_filename(rig->dir, day, NULL);
	ck_assert_msg(g_file_get_contents(path, &text, NULL, NULL), "%s", path);
	lines = g_strsplit(text, "\n", -1);
	for (char **l = lines; *l && **l; l++) {
		inside = inside || strstr(*l, "\"pass-start\"");
		if (inside && !strstr(*l, "cache-cleanup")) {
			ck_assert_msg(strstr(*l, "\"sync_id\""), "%s", *l);
			n++;
		}
	}
	ck_assert_int_ge(n, 6);
}
END_TEST

/* --- jobs (M-28..M-37) --------------------------------------------------------- */

static bool job(account_id a, const char *name, struct job_row *out)
{
	return job_last(rig->store, a, name, out);
}

START_TEST(every_run_is_written_down)
{
	struct job_row row = { 0 };

	fake_deliver(rig_box(rig, 0, INBOX), 100);
	rig_limits(rig, 20, 0, BACKFILL_PROGRESSIVE);
	rig->server[0]->traits.letter = 'B';
	rig_pass(rig);
	ck_assert(job(rig->id[0], "incremental", &row));
	ck_assert_int_eq(row.runs, 1);
	ck_assert_ptr_nonnull(strstr(row.words, "manual"));
	ck_assert(job(rig->id[0], "bootstrap", &row));
	ck_assert(job(rig->id[0], "backfill", &row));
	ck_assert_int_eq(row.cadence_s, rig->sync->timing.backfill / 1000);
	ck_assert_ptr_nonnull(strstr(row.words, "80"));
	ck_assert(job(rig->id[0], "probe", &row));
	ck_assert_int_eq(row.next_at, row.last_start + 7 * 86400);
	ck_assert_ptr_nonnull(strstr(row.words, "B"));
	ck_assert(job((account_id){ 0 }, "cache-cleanup", &row));
	ck_assert_int_eq(row.next_at, row.last_start + 86400);
	ck_assert(job((account_id){ 0 }, "export", &row));
	ck_assert_int_eq(row.next_at, 0);
	rig_pass(rig);
	ck_assert(job(rig->id[0], "incremental", &row));
	ck_assert_int_eq(row.runs, 2);
	ck_assert(job((account_id){ 0 }, "cache-cleanup", &row));
	ck_assert_int_eq(row.runs, 1); /* daily */
	ck_assert(job(rig->id[0], "backfill", &row));
	ck_assert_int_eq(row.runs, 1); /* nothing was left to do */
	fake_fail(rig->server[0], FAKE_MAILBOXES, ERR_PROTOCOL, 1);
	rig->engine->pass(rig->engine, rig->id[0], false, NULL, &(struct err){ 0 });
	ck_assert(job(rig->id[0], "incremental", &row));
	ck_assert_int_eq(row.result.code, ERR_PROTOCOL);
	ck_assert_int_eq(row.failures, 1);
}
END_TEST

START_TEST(a_cycle_says_what_it_is)
{
	struct engine_state state;

	fake_deliver(rig_box(rig, 0, INBOX), 500);
	fake_slow(rig->server[0], 10, 20);
	rig_start(rig);
	UNTIL(*rig_state(rig, 0).sync_id);
	state = rig_state(rig, 0);
	ck_assert_str_eq(state.trigger, "startup");
	ck_assert_int_gt(state.started_at, 0);
	fake_slow(rig->server[0], 100, 0);
	UNTIL(!*rig_state(rig, 0).sync_id);
}
END_TEST

/* --- wishes about the tree ------------------------------------------------------- */

START_TEST(a_wished_mailbox_is_made)
{
	rig_start(rig);
	UNTIL(fake_count(rig->server[0], FAKE_WAIT) >= 2);
	fake_fail(rig->server[0], FAKE_ARRANGE, _i ? ERR_OFFLINE : ERR_OK, _i);
	rig_want_box(rig, "Projects");
	rig->engine->push(rig->engine, rig->id[0]);
	UNTIL(fake_boxes(rig->server[0]) == 4);
	UNTIL(rig_mailbox(rig, 0, 3).v != 0);
	ck_assert_int_eq(fake_count(rig->server[0], FAKE_ARRANGE), 1 + _i);
}
END_TEST

START_TEST(a_wish_leaves_by_the_command_line_too)
{
	rig_pass(rig);
	rig_want_box(rig, "Projects");
	fake_fail(rig->server[0], FAKE_ARRANGE, ERR_OFFLINE, 1);
	ck_assert_int_eq(rig_drain(rig), 1);
	ck_assert_int_eq(fake_boxes(rig->server[0]), 3);
	UNTIL(rig_drain(rig) == 0);
	ck_assert_int_ne(rig_mailbox(rig, 0, 3).v, 0);
}
END_TEST

static struct tree_wish *only_wish(void)
{
	g_autoptr(GPtrArray) rows = NULL;
	struct err err = { 0 };

	ck_assert_int_eq(store_tree_rows(rig->store, rig->id[0], &rows, &err), 0);
	ck_assert_uint_eq(rows->len, 1);
	return g_ptr_array_steal_index(rows, 0);
}

/* The watcher hears of the wish, too; only who sends it may take it (M-25). */
START_TEST(a_wish_without_a_network_can_be_taken_back)
{
	AUTO(tree_wish_free) struct tree_wish *w = NULL;
	struct err err = { 0 };

	fake_fail(rig->server[0], FAKE_CONNECT, ERR_AUTH, 1000);
	rig_start(rig);
	UNTIL(rig_state(rig, 0).stage == STAGE_WAITING);
	rig_want_box(rig, "Projects");
	g_usleep(200000);
	w = only_wish();
	ck_assert_int_eq(w->status, MUTATION_QUEUED);
	ck_assert_int_eq(store_tree_discard(rig->store, w->id, &err), 0);
}
END_TEST

START_TEST(a_server_that_says_later_is_not_asked_in_a_loop)
{
	AUTO(tree_wish_free) struct tree_wish *w = NULL;

	rig_start(rig);
	UNTIL(fake_count(rig->server[0], FAKE_WAIT) >= 2);
	fake_fail(rig->server[0], FAKE_ARRANGE, ERR_RETRY, 1000);
	rig_want_box(rig, "Projects");
	rig->engine->push(rig->engine, rig->id[0]);
	UNTIL(fake_count(rig->server[0], FAKE_ARRANGE) > 0);
	g_usleep(300000);
	ck_assert_int_eq(fake_count(rig->server[0], FAKE_ARRANGE), 1);
	w = only_wish();
	ck_assert_int_eq(w->status, MUTATION_QUEUED);
	ck_assert_int_gt(w->next_in_ms, 1000);
}
END_TEST

/* --- bodies in bulk ---------------------------------------------------------------- */

START_TEST(all_bodies_come_and_only_once)
{
	struct err err = { 0 };
	int first = fake_deliver(rig_box(rig, 0, INBOX), 700), single;

	fake_deliver(rig_box(rig, 0, TRASH), 10);
	rig_pass(rig);
	if (_i)
		fake_fail(rig->server[0], FAKE_BODY, ERR_OFFLINE, 2); /* in the middle: go on later */
	if (_i)
		ck_assert_int_eq(rig->engine->bodies(rig->engine, rig->id[0], NULL, &err), ERR_OFFLINE);
	ck_assert_msg(rig->engine->bodies(rig->engine, rig->id[0], NULL, &err) > 0, "%s", err.text);
	for (int i = 0; i < 700; i += 7)
		ck_assert(store_body_cached(rig->store, rig_message(rig, INBOX, first + i)));
	single = fake_count(rig->server[0], FAKE_BODY);
	ck_assert_int_eq(rig->engine->bodies(rig->engine, rig->id[0], NULL, &err), 0);
	ck_assert_int_eq(fake_count(rig->server[0], FAKE_BODY), single);
}
END_TEST

/* --- failures -------------------------------------------------------------------------- */

static int64_t latency(int account)
{
	int64_t begin = now_ms();
	int m = fake_deliver(rig_box(rig, account, INBOX), 1);

	UNTIL(rig_shows(rig, account, INBOX, m));
	return now_ms() - begin;
}

START_TEST(a_black_hole_beside_changes_nothing)
{
	int64_t worst = 0;

	rig->server[1]->push_live = true;
	fake_block(rig->server[0], FAKE_CONNECT, true);
	rig_start(rig);
	UNTIL(rig_state(rig, 1).push_live);
	for (int i = 0; i < 10; i++)
		worst = MAX(worst, latency(1));
	ck_assert_int_le(worst, 300);
	ck_assert_int_eq(fake_count(rig->server[0], FAKE_CONNECT), 1);
}
END_TEST

START_TEST(a_server_in_trouble_is_given_its_time)
{
	fake_fail(rig->server[0], FAKE_MAILBOXES, ERR_RETRY, 1);
	rig->server[0]->call[FAKE_MAILBOXES].after_s = 3600;
	rig_start(rig);
	UNTIL(rig_state(rig, 0).stage == STAGE_WAITING);
	ck_assert_int_ge(rig_state(rig, 0).retry_at, g_get_real_time() / 1000000 + 3500);
	g_usleep(100000);
	ck_assert_int_eq(fake_count(rig->server[0], FAKE_MAILBOXES), 1);
	rig->engine->sync_now(rig->engine, rig->id[0], false); /* M-61: the reader may bypass it */
	UNTIL(rig_state(rig, 0).last_sync > 0);
}
END_TEST

START_TEST(five_failures_in_a_row_want_attention)
{
	g_autoptr(GArray) rows = NULL;
	struct err err = { 0 };

	for (int i = 1; i <= 5; i++) {
		g_clear_pointer(&rows, g_array_unref);
		fake_fail(rig->server[0], FAKE_CONNECT, ERR_OFFLINE, 1);
		ck_assert_int_lt(rig->engine->pass(rig->engine, rig->id[0], false, NULL, &err), 0);
		ck_assert_int_eq(store_accounts(rig->store, &rows, &err), 0);
		ck_assert_int_eq(g_array_index(rows, struct account_row, 0).failures, i);
		ck_assert_int_eq(g_array_index(rows, struct account_row, 0).attention, i == 5);
	}
}
END_TEST

/* News that came before the worker listened again are no sign that push ended (C-31). */
START_TEST(push_stays_live_when_news_came_first)
{
	int m;

	rig->server[0]->push_live = true;
	rig_start(rig);
	UNTIL(rig_state(rig, 0).push_live);
	fake_slow(rig->server[0], 100, 100);
	rig->engine->sync_now(rig->engine, rig->id[0], false);
	for (int i = 0; i < 10; i++) {
		m = fake_deliver(rig_box(rig, 0, INBOX), 1);
		g_usleep(25000);
		ck_assert(rig_state(rig, 0).push_live);
	}
	fake_slow(rig->server[0], 100, 0);
	UNTIL(rig_shows(rig, 0, INBOX, m));
	g_usleep(50000);
	ck_assert(rig_state(rig, 0).push_live);
}
END_TEST

static void add_single(TCase *c)
{
	tcase_add_test(c, a_pass_without_news_writes_little);
	tcase_add_test(c, every_line_of_a_cycle_has_its_id);
	tcase_add_test(c, what_is_looked_at_is_brought_up_to_date);
	tcase_add_test(c, looking_again_and_again_is_cheap);
	tcase_add_test(c, looking_pulls_the_next_poll_forward);
	tcase_add_test(c, an_opened_mailbox_goes_first);
	tcase_add_loop_test(c, only_every_third_poll_asks_for_all, 0, 2);
	tcase_add_test(c, a_full_pass_distrusts_every_cursor);
	tcase_add_test(c, push_tells_of_every_mailbox);
	tcase_add_loop_test(c, silent_push_is_checked, 0, 2);
	tcase_add_loop_test(c, one_connection_serves_bodies_too, 0, 2);
	tcase_add_test(c, what_a_provider_learned_is_kept);
	tcase_add_test(c, two_connections_are_the_most);
	tcase_add_test(c, every_run_is_written_down);
	tcase_add_test(c, a_cycle_says_what_it_is);
	tcase_add_loop_test(c, a_wished_mailbox_is_made, 0, 2);
	tcase_add_test(c, a_wish_leaves_by_the_command_line_too);
	tcase_add_test(c, a_wish_without_a_network_can_be_taken_back);
	tcase_add_test(c, a_server_that_says_later_is_not_asked_in_a_loop);
	tcase_add_loop_test(c, all_bodies_come_and_only_once, 0, 2);
	tcase_add_test(c, push_stays_live_when_news_came_first);
	tcase_add_test(c, a_server_in_trouble_is_given_its_time);
	tcase_add_test(c, five_failures_in_a_row_want_attention);
}

static TCase *make_case(Suite *s, const char *name, void (*setup)(void))
{
	TCase *c = tcase_create(name);

	tcase_add_checked_fixture(c, setup, teardown);
	tcase_set_timeout(c, 60);
	suite_add_tcase(s, c);
	return c;
}

void add_engine_tests(Suite *s)
{
	add_single(make_case(s, "engine", one_account));
	tcase_add_test(make_case(s, "beside", two_accounts), a_black_hole_beside_changes_nothing);
}
