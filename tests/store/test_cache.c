/* The cache ledger: rows, signals, scores, claims, failures, holes (L-25..L-49, C-05..C-07). */
#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "model/flags.h"
#include "store/larder.h"

static void sql(const char *text)
{
	g_autofree char *path = g_build_filename(rig->dir, "tern.db", NULL);
	sqlite3 *db;

	ck_assert_int_eq(sqlite3_open(path, &db), SQLITE_OK);
	ck_assert_int_eq(sqlite3_exec(db, text, NULL, NULL, NULL), SQLITE_OK);
	sqlite3_close(db);
}

static size_t window(struct cache_pick *out, size_t max)
{
	struct err err;
	int n = store_cache_window(rig->store, rig->account, out, max, &err);

	must(n, &err);
	return (size_t)n;
}

static int rescore(int max)
{
	struct err err;
	int n = store_cache_rescore(rig->store, rig->account, max, &err);

	must(n, &err);
	return n;
}

static int stale(int max)
{
	struct err err;
	int n = store_cache_stale(rig->store, rig->account, max, &err);

	must(n, &err);
	return n;
}

static void failed_with(message_id m, enum err_code code)
{
	struct err why = { .code = code }, err;

	must(store_cache_failed(rig->store, m, &why, &err), &err);
}

/* --- rows ----------------------------------------------------------------- */

START_TEST(cache_object_parity) /* L-95, L-25..L-27 */
{
	message_id a = put(1, 0, 5000, 0), b = put(2, 0, 5000, 400);
	struct err err;

	put_in(rig->archive, 3, 0, 5000, 1);
	ck_assert_int_eq(rig_ask(rig, "SELECT count(*) FROM cache_object"), 3);
	ck_assert_int_eq(rig_ask(rig, "SELECT count(DISTINCT message_id) FROM cache_object"
				      " WHERE layer = 'body' AND object_id = ''"), 3);
	note(CACHE_OPENED, a, 0, 0);
	note(CACHE_PINNED_ON, b, 0, 0);
	keep(a, 5000);
	ck_assert_int_eq(bytes_used(), 5000);
	keep(a, 4000); /* a whole one in place of another: still one row, real bytes */
	ck_assert_int_eq(bytes_used(), 4000);
	ck_assert_int_eq(rig_ask(rig, "SELECT count(*) FROM cache_rescore"), 2);
	rig_fact(rig, rig->inbox, CHANGE_GONE, 1, 0);
	rig_fact(rig, rig->inbox, CHANGE_GONE, 2, 0);
	for (int i = 0; i < 4; i++)
		must(store_pass_done(rig->store, rig->account, &err), &err);
	ck_assert_int_eq(rig_ask(rig, "SELECT count(*) FROM message"), 1);
	ck_assert_int_eq(rig_ask(rig, "SELECT count(*) FROM cache_object"), 1);
	ck_assert_int_eq(rig_ask(rig, "SELECT count(*) FROM cache_signal"), 0);
	ck_assert_int_eq(rig_ask(rig, "SELECT count(*) FROM cache_rescore"), 0);
	ck_assert_int_eq(bytes_used(), 0);
	ck_assert_str_eq(state_of(a), "");
	note(CACHE_OPENED, a, 0, 0); /* of a message that is gone: nothing happens */
	ck_assert_int_eq(rig_ask(rig, "SELECT count(*) FROM cache_signal"), 0);
}
END_TEST

START_TEST(a_signal_makes_the_row) /* L-31 */
{
	message_id m = put(1, 0, 5000, 0);

	sql("DELETE FROM cache_object");
	note(CACHE_SAW_ROW, m, 0, 0);
	ck_assert_str_eq(state_of(m), "wanted");
	ck_assert_int_eq(rescore(10), 1);
	ck_assert(priority_of(m) > 0);
}
END_TEST

START_TEST(start_up_repairs_gaps) /* L-27 */
{
	message_id a = put(1, 0, 5000, 0), b = put(2, 0, 5000, 0);
	struct err err;

	keep(b, 100);
	sql("DELETE FROM cache_object WHERE message_id = 1;"
	    "UPDATE cache_object SET state = 'wanted', stored_bytes = 0; UPDATE cache_total SET bytes = 7");
	ck_assert_int_lt(store_check(rig->store, &err), 0);
	must(store_recover(rig->store, &err), &err);
	ck_assert_str_eq(state_of(a), "wanted");
	ck_assert_str_eq(state_of(b), "cached");
	ck_assert_int_eq(bytes_used(), 100);
	score_all();
	ck_assert(priority_of(a) > 0);
}
END_TEST

START_TEST(new_mail_is_scored_as_it_comes) /* L-28 */
{
	message_id fresh = put(1, 0, 5000, 0), read = put(2, FLAG_SEEN, 5000, 0);
	message_id elsewhere = put_in(rig->archive, 3, 0, 5000, 0), old = put(4, 0, 5000, 400);
	struct cache_pick p[9];

	ck_assert(priority_of(fresh) > priority_of(elsewhere));
	ck_assert(priority_of(elsewhere) > priority_of(read));
	ck_assert_uint_eq(window(p, 9), 3); /* L-45: what has no score cannot be fetched */
	ck_assert(p[0].message.v == fresh.v && p[0].fetch_bytes == 5000);
	ck_assert_double_eq(priority_of(old), 0);
	score_all();
	ck_assert_uint_eq(window(p, 9), 4);
	ck_assert(p[3].message.v == old.v);
	ck_assert_uint_eq(window(p, 2), 2);
}
END_TEST

/* --- the queue -------------------------------------------------------------- */

START_TEST(cache_signal_rescore) /* L-96, L-30, L-32, P-09 */
{
	message_id m[30];
	struct cache_pick p[1];

	for (unsigned i = 0; i < 30; i++)
		m[i] = put(i + 1, FLAG_SEEN, 5000, 10);
	score_all();
	clock_at(LARDER_NOW + CACHE_STALE_S + 10);
	ck_assert_int_eq(stale(29), 29); /* maintenance is queued long before ... */
	clock_at(LARDER_NOW + CACHE_STALE_S + 1000);
	note(CACHE_NEW, m[3], 0, 0);
	note(CACHE_SAW_HIT, m[29], 0, 3); /* ... what the reader sees */
	ck_assert_int_eq(ask("SELECT priority >= 108 FROM cache_rescore WHERE message_id = %d", m[29]), 1);
	ck_assert_int_eq(ask("SELECT priority = 90 FROM cache_rescore WHERE message_id = %d", m[3]), 1);
	ck_assert_int_eq(rescore(1), 1);
	ck_assert_int_eq(ask("SELECT count(*) FROM cache_rescore WHERE message_id = %d", m[29]), 0);
	ck_assert_uint_eq(window(p, 1), 1); /* applied before the choice */
	ck_assert(p[0].message.v == m[29].v);
	ck_assert_int_eq(rescore(1), 1);
	ck_assert_int_eq(ask("SELECT count(*) FROM cache_rescore WHERE message_id = %d", m[3]), 0);
	note(CACHE_PINNED_ON, m[5], 0, 0);
	note(CACHE_NEW, m[5], 0, 0); /* the queue keeps the maximum */
	ck_assert_int_eq(ask("SELECT priority > 100 FROM cache_rescore WHERE message_id = %d", m[5]), 1);
	ck_assert_int_eq(rescore(100), 28);
	ck_assert_int_eq(rescore(100), 0);
}
END_TEST

START_TEST(cache_stale_rescore) /* L-97, L-42, L-43 */
{
	message_id a = put(1, 0, 5000, 0), b;
	double before;

	clock_at(LARDER_NOW + 100);
	b = put(2, 0, 5000, 0);
	score_all();
	before = priority_of(a);
	ck_assert_int_eq(stale(10), 0); /* nothing is due */
	clock_at(LARDER_NOW + 100 + CACHE_STALE_S);
	ck_assert_int_eq(stale(1), 1); /* bounded, the oldest first */
	ck_assert_int_eq(ask("SELECT count(*) FROM cache_rescore WHERE message_id = %d", a), 1);
	ck_assert_int_eq(rig_ask(rig, "SELECT count(*) FROM cache_rescore WHERE priority < 100"), 1);
	ck_assert_int_eq(stale(10), 1); /* what is queued already is not queued again */
	ck_assert_int_eq(ask("SELECT count(*) FROM cache_rescore WHERE message_id = %d", b), 1);
	clock_at(LARDER_NOW + 30 * 86400);
	score_all();
	ck_assert(priority_of(a) < before); /* recency converges */
	ck_assert_int_eq(rig_ask(rig, "SELECT count(*) FROM cache_object WHERE last_scored_at < 1702500000"), 0);
}
END_TEST

/* C-28, M-80: nobody has to tell the ledger of new mail and of marks. */
START_TEST(the_store_tells_what_arrives_and_is_marked)
{
	message_id a = put(1, FLAG_SEEN, 5000, 1), b = put(2, FLAG_SEEN, 5000, 40), c;

	score_all();
	ck_assert_int_eq(rig_ask(rig, "SELECT count(*) FROM cache_rescore"), 0);
	c = put(3, 0, 5000, 0);
	ck_assert_int_eq(ask("SELECT priority = 90 FROM cache_rescore WHERE message_id = %d", c), 1);
	put(4, FLAG_SEEN, 5000, 10); /* somebody moved it here: that is no news */
	ck_assert_int_eq(rig_ask(rig, "SELECT count(*) FROM cache_rescore"), 1);
	rig_fact(rig, rig->inbox, CHANGE_FLAGS, 2, FLAG_SEEN | FLAG_FLAGGED);
	ck_assert_int_eq(ask("SELECT priority >= 100 FROM cache_rescore WHERE message_id = %d", b), 1);
	score_all();
	rig_fact(rig, rig->inbox, CHANGE_FLAGS, 2, FLAG_SEEN);
	rig_fact(rig, rig->inbox, CHANGE_FLAGS, 1, 0);
	ck_assert_int_eq(ask("SELECT count(*) FROM cache_rescore WHERE message_id = %d", a), 0);
	ck_assert_int_eq(ask("SELECT count(*) FROM cache_rescore WHERE message_id = %d", b), 0);
}
END_TEST

/* A clock that was years ahead for a while must freeze nothing. */
START_TEST(a_wrong_clock_is_forgotten)
{
	const struct err weather = { .code = ERR_OFFLINE };
	message_id a, b;
	struct err err;
	double was;

	clock_at(LARDER_NOW + 4000 * (int64_t)CACHE_DAY_S);
	a = put(1, FLAG_SEEN, 5000, 3);
	b = put(2, FLAG_SEEN, 5000, 3);
	for (int i = 0; i < 5; i++)
		note(CACHE_SAW_ROW, a, 0, 0);
	note(CACHE_SAW_HIT, a, 0, 1);
	note(CACHE_OPENED, a, 0, 0);
	score_all();
	was = priority_of(a);
	ck_assert_int_eq(admit(b, 1 << 20, 1 << 20, 0, false), 1);
	must(store_cache_failed(rig->store, b, &weather, &err), &err);
	clock_at(LARDER_NOW);
	score_all();
	ck_assert_str_eq(state_of(b), "wanted");
	ck_assert_int_eq(ask("SELECT last_scored_at FROM cache_object WHERE message_id = %d", a), LARDER_NOW);
	ck_assert(priority_of(a) < was);
	ck_assert(fabs(priority_of(a) - priority_of(b)) < 1e-6);
}
END_TEST

START_TEST(old_mail_gets_its_first_score_in_bounded_steps)
{
	for (unsigned i = 0; i < 30; i++)
		put(i + 1, FLAG_SEEN, 5000, 400);
	ck_assert_int_eq(stale(7), 7);
	ck_assert_int_eq(rescore(100), 7);
	score_all();
	ck_assert_int_eq(rig_ask(rig, "SELECT count(*) FROM cache_object WHERE last_scored_at IS NULL"), 0);
	ck_assert_int_eq(stale(7), 0);
	put(31, FLAG_SEEN, 5000, 400);
	ck_assert_int_eq(stale(7), 1);
}
END_TEST

START_TEST(what_the_reader_does_raises_a_message) /* L-29, L-32, P-08 */
{
	message_id base = put(1, FLAG_SEEN, 50000, 40), m = put(2, FLAG_SEEN, 50000, 40);
	message_id same_sender = put(12, FLAG_SEEN, 50000, 40);
	double was;

	score_all();
	was = priority_of(m);
	note(CACHE_SAW_ROW, m, 8, 0); /* 0.8 / 3 */
	score_all();
	ck_assert(priority_of(m) > was);
	was = priority_of(m);
	note(CACHE_SAW_ROW, m, 20, 0); /* less than it has: nothing is queued */
	ck_assert_int_eq(rig_ask(rig, "SELECT count(*) FROM cache_rescore"), 0);
	note(CACHE_OPENED, m, 0, 0);
	score_all();
	ck_assert(priority_of(m) > was);
	clock_at(LARDER_NOW + CACHE_STALE_S + 1);
	score_all();
	ck_assert(priority_of(same_sender) > priority_of(base)); /* affinity, without regard to case */
	clock_at(LARDER_NOW + 300 * 86400);
	score_all();
	ck_assert(priority_of(m) < 2 * priority_of(base)); /* all of it fades */
}
END_TEST

/* --- claims ------------------------------------------------------------------- */

START_TEST(a_claim_has_one_owner) /* M-12..M-14 */
{
	message_id m = put(1, 0, 5000, 0);
	struct err err;

	ck_assert_int_eq(admit(m, 1 << 20, 1 << 20, 0, false), 1);
	ck_assert_str_eq(state_of(m), "fetching");
	ck_assert_int_eq(admit(m, 1 << 20, 1 << 20, 0, false), 0);
	keep(m, 4500);
	ck_assert_str_eq(state_of(m), "cached");
	ck_assert_int_eq(admit(m, 1 << 20, 1 << 20, 0, true), 0); /* it is here */
	ck_assert_int_eq(store_cache_reap(rig->store, &err), 0);
}
END_TEST

START_TEST(claims_of_the_dead_and_the_silent_end) /* C-06 */
{
	message_id a = put(1, 0, 5000, 0), b = put(2, 0, 5000, 0);
	struct err err;

	ck_assert_int_eq(admit(a, 1 << 20, 1 << 20, 0, false), 1);
	ck_assert_int_eq(admit(b, 1 << 20, 1 << 20, 0, false), 1);
	sql("UPDATE cache_object SET owner = 'another-boot 1 1' WHERE message_id = 1");
	ck_assert_int_eq(store_cache_reap(rig->store, &err), 1);
	ck_assert_str_eq(state_of(a), "wanted");
	ck_assert_str_eq(state_of(b), "fetching");
	clock_at(LARDER_NOW + CACHE_CLAIM_S - 1);
	ck_assert_int_eq(store_cache_reap(rig->store, &err), 0);
	clock_at(LARDER_NOW + CACHE_CLAIM_S);
	ck_assert_int_eq(store_cache_reap(rig->store, &err), 1);
	ck_assert_str_eq(state_of(b), "wanted");
}
END_TEST

START_TEST(cache_worker_budget) /* L-92, L-49: only what was admitted is claimed; failures are told */
{
	message_id small = put(1, 0, 5000, 0), large = put(2, 0, 90000, 0);

	ck_assert_int_eq(admit(large, 50000, 50000, 0, false), 0);
	ck_assert_str_eq(state_of(large), "wanted"); /* nothing was changed */
	ck_assert_int_eq(admit(small, 50000, 50000, 0, false), 1);
	failed_with(small, ERR_PROTOCOL);
	ck_assert_str_eq(state_of(small), "failed");
	ck_assert_int_eq(ask("SELECT last_error = 'protocol' FROM cache_object WHERE message_id = %d",
				 small),
		1);
	failed_with(small, ERR_PROTOCOL); /* no claim any more: told already */
	ck_assert_int_eq(ask("SELECT attempts FROM cache_object WHERE message_id = %d", small), 1);
}
END_TEST

START_TEST(failures_wait_and_end) /* C-07 */
{
	message_id m = put(1, 0, 5000, 0), gone = put(2, 0, 5000, 0), off = put(3, 0, 5000, 0);
	int64_t now = LARDER_NOW;

	for (int i = 1; i <= CACHE_TRIES; i++) {
		ck_assert_int_eq(admit(m, 1 << 20, 1 << 20, 0, false), 1);
		failed_with(m, ERR_PROTOCOL);
		note(CACHE_SAW_HIT, m, 0, 1);
		rescore(10); /* does not bring it back at once */
		ck_assert_str_eq(state_of(m), "failed");
		ck_assert_int_eq(admit(m, 1 << 20, 1 << 20, 0, false), 0);
		clock_at(now += 20 * 60);
		stale(1);
		ck_assert_str_eq(state_of(m), i < CACHE_TRIES ? "wanted" : "failed");
	}
	ck_assert_int_eq(admit(gone, 1 << 20, 1 << 20, 0, false), 1);
	failed_with(gone, ERR_GONE);
	clock_at(now += 86400);
	stale(1);
	ck_assert_str_eq(state_of(gone), "failed"); /* for good ... */
	ck_assert_int_eq(admit(gone, 1 << 20, 1 << 20, 0, true), 1); /* ... unless the reader opens it */
	failed_with(gone, ERR_GONE);
	for (int i = 0; i < 9; i++) { /* weather never becomes for good */
		ck_assert_int_eq(admit(off, 1 << 20, 1 << 20, 0, false), 1);
		failed_with(off, ERR_OFFLINE);
		clock_at(now += 20 * 60);
		stale(1);
	}
	ck_assert_str_eq(state_of(off), "wanted");
}
END_TEST

START_TEST(a_message_that_is_elsewhere_is_tried_again) /* C-07: until the message changes */
{
	message_id m = put(1, 0, 5000, 0);
	struct err why = { .code = ERR_GONE };
	struct body_draft d;
	struct err err;

	must(store_body_begin(rig->store, m, &d, &err), &err);
	store_body_abandon(rig->store, &d, &why);
	ck_assert_str_eq(state_of(m), "failed");
	rig_fact(rig, rig->inbox, CHANGE_GONE, 1, 0);
	put_in(rig->archive, 1, 0, 5000, 0); /* by its Message-ID and size it is the same */
	ck_assert_str_eq(state_of(m), "wanted");
}
END_TEST

/* --- holes -------------------------------------------------------------------- */

START_TEST(holes_are_told_until_the_whole_one_comes)
{
	static const struct body_hole holes[] = { { 10, 5000 }, { 40, 7 } };
	message_id m = put(1, 0, 9000, 0);
	struct body_hole out[BODY_HOLES_MAX];
	struct body_draft d;
	struct err err;

	must(store_body_begin(rig->store, m, &d, &err), &err);
	ck_assert_int_eq(ftruncate(d.fd, 50), 0);
	d.holes = holes;
	d.n_holes = 2;
	must(store_body_commit(rig->store, &d, &err), &err);
	ck_assert_int_eq(store_body_holes(rig->store, m, out, &err), 2);
	ck_assert(out[0].at == 10 && out[0].bytes == 5000 && out[1].at == 40 && out[1].bytes == 7);
	ck_assert_int_eq(admit(m, 1 << 20, 1 << 20, 0, false), 0); /* not unasked */
	ck_assert_int_eq(admit(m, 1 << 20, 1 << 20, 0, true), 1);
	ck_assert_str_eq(state_of(m), "cached"); /* what is here stays here meanwhile */
	static const char *const bad[] = { "10 5000", "x", "10 5000\n40 7\n39 1\n", "51 1\n", "10 \n",
		"1 1\n\n", "-1 5\n" };
	for (size_t i = 0; i < G_N_ELEMENTS(bad); i++) {
		g_autofree char *set = g_strdup_printf("UPDATE body SET holes = '%s'", bad[i]);

		sql(set);
		ck_assert_int_eq(store_body_holes(rig->store, m, out, &err), 1); /* not whole */
		ck_assert_uint_eq(out[0].at, 50);
	}
	keep(m, 9000);
	ck_assert_int_eq(store_body_holes(rig->store, m, out, &err), 0);
}
END_TEST

/* --- for people ----------------------------------------------------------------- */

START_TEST(the_report_adds_up)
{
	message_id a = put(1, FLAG_FLAGGED, 5000, 0), b = put(2, 0, 5000, 0);
	AUTO(cache_report_release) struct cache_report r = { 0 };
	g_autofree char *lease = NULL;
	struct err err;

	put(3, 0, 6000, 0);
	keep(a, 5000);
	ck_assert_int_eq(admit(b, 100000, 200000, 0, false), 1);
	must(store_cache_opened(rig->store, a, true, &err), &err);
	must(store_cache_opened(rig->store, b, false, &err), &err);
	must(store_cache_lease(rig->store, rig->account, &lease, &err), &err);
	ck_assert_ptr_null(lease);
	must(store_cache_note_lease(rig->store, rig->account, "2 requests", &err), &err);
	must(store_cache_lease(rig->store, rig->account, &lease, &err), &err);
	ck_assert_str_eq(lease, "2 requests");
	must(store_cache_report(rig->store, rig->account, 5, &r, &err), &err);
	ck_assert(r.bytes == 5000 && r.soft == 100000 && r.hard == 200000 && r.protected_bytes == 5000);
	ck_assert(r.cached == 1 && r.fetching == 1 && r.wanted == 1 && r.failed == 0);
	ck_assert(r.opens == 2 && r.hits == 1);
	ck_assert_uint_eq(r.top->len, 1);
	const struct cache_line *l = r.top->pdata[0];
	const struct cache_score *s = &l->score;
	ck_assert_double_eq_tol(s->utility,
		s->recency + s->thread + s->sender + s->importance + s->search + s->behaviour + s->boost,
		1e-12);
	ck_assert_double_eq_tol(s->priority, s->utility / s->cost, 1e-12);
	ck_assert_double_eq_tol(s->priority, priority_of(l->message), 1e-5);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("cache");
	TCase *t = tcase_create("ledger");

	tcase_add_checked_fixture(t, larder_open, larder_close);
	tcase_add_test(t, cache_object_parity);
	tcase_add_test(t, a_signal_makes_the_row);
	tcase_add_test(t, start_up_repairs_gaps);
	tcase_add_test(t, new_mail_is_scored_as_it_comes);
	tcase_add_test(t, cache_signal_rescore);
	tcase_add_test(t, cache_stale_rescore);
	tcase_add_test(t, the_store_tells_what_arrives_and_is_marked);
	tcase_add_test(t, a_wrong_clock_is_forgotten);
	tcase_add_test(t, old_mail_gets_its_first_score_in_bounded_steps);
	tcase_add_test(t, what_the_reader_does_raises_a_message);
	tcase_add_test(t, a_claim_has_one_owner);
	tcase_add_test(t, claims_of_the_dead_and_the_silent_end);
	tcase_add_test(t, cache_worker_budget);
	tcase_add_test(t, failures_wait_and_end);
	tcase_add_test(t, a_message_that_is_elsewhere_is_tried_again);
	tcase_add_test(t, holes_are_told_until_the_whole_one_comes);
	tcase_add_test(t, the_report_adds_up);
	suite_add_tcase(s, t);

	SRunner *r = srunner_create(s);
	srunner_run_all(r, CK_ENV);
	int failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
