/* Room in the cache: caps, eviction, protection, expiry, reading offline (L-36, L-37, L-94, C-03, C-05, M-15). */
#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/mem.h"
#include "model/flags.h"
#include "store/larder.h"
#include "store/ledger.h"
#include "store/priv.h" /* the statements that were really run */

/* A body of a message that is worth little: old, read, elsewhere. */
static message_id stock(uint64_t uid, int64_t size)
{
	message_id m = put_in(rig->archive, uid, FLAG_SEEN, size, 50 + (double)uid);

	keep(m, size);
	return m;
}

static int expire(int days, int64_t soft)
{
	const struct cache_caps caps = { soft, soft * 2, 0 };
	struct err err;
	int n = store_cache_expire(rig->store, days, &caps, &err);

	must(n, &err);
	return n;
}

/* --- caps ------------------------------------------------------------------ */

START_TEST(cache_admission_hard_cap) /* L-94, L-36, L-37 */
{
	message_id m[12];

	for (unsigned i = 0; i < 12; i++)
		m[i] = put(i + 1, 0, 10000, 0);
	for (unsigned i = 0; i < 5; i++) { /* up to the soft cap */
		ck_assert_int_eq(admit(m[i], 50000, 80000, 0, false), 1);
		keep(m[i], 10000);
	}
	ck_assert_int_eq(admit(m[5], 50000, 80000, 0, false), 0); /* it beats nobody */
	ck_assert_int_eq(admit(m[5], 50000, 80000, 1, false), 1); /* pressure may pass the soft cap */
	ck_assert_int_eq(admit(m[6], 50000, 80000, 1, false), 1); /* open claims count */
	ck_assert_int_eq(admit(m[7], 50000, 80000, 1, false), 1);
	ck_assert_int_eq(admit(m[8], 50000, 80000, 1, false), 0); /* never the hard cap */
	ck_assert_int_eq(admit(m[8], 50000, 80000, 1, true), 1);  /* who waits may evict anybody */
	keep(m[5], 10000);
	keep(m[6], 10000);
	keep(m[7], 10000);
	keep(m[8], 10000);
	ck_assert_int_eq(bytes_used(), 80000);
	ck_assert_int_eq(admit(put(20, 0, 90000, 0), 50000, 80000, 1, true), 0); /* it could not be stored */
	ck_assert_int_eq(bytes_used(), 80000);
}
END_TEST

START_TEST(what_is_better_evicts_what_is_worse) /* C-05 */
{
	message_id worst = stock(9, 20000), bad = stock(5, 20000), good, huge;
	g_autofree char *file = g_strdup_printf("%s/bodies/%02x/%d.eml", rig->dir, (int)worst.v,
		(int)worst.v);

	score_all();
	good = put(100, 0, 15000, 0);
	ck_assert(g_file_test(file, G_FILE_TEST_EXISTS));
	ck_assert_int_eq(admit(good, 40000, 80000, 0, false), 1);
	ck_assert_str_eq(state_of(worst), "evicted");
	ck_assert(!g_file_test(file, G_FILE_TEST_EXISTS));
	ck_assert_str_eq(state_of(bad), "cached");
	ck_assert_int_eq(bytes_used(), 20000);
	keep(good, 15000);
	ck_assert_int_eq(admit(worst, 40000, 80000, 0, false), 0); /* not the other way round */
	huge = put(101, FLAG_SEEN, 39000, 80);
	ck_assert_int_eq(admit(huge, 40000, 80000, 0, false), 0);
	ck_assert_str_eq(state_of(bad), "cached"); /* nothing went in vain */
	clock_at(LARDER_NOW + CACHE_PLACEHOLDER_S); /* M-11 */
	score_all();
	ck_assert_str_eq(state_of(worst), "wanted");
}
END_TEST

START_TEST(over_the_target_nothing_is_added) /* the pressure fell: a better one takes the place of a worse one */
{
	for (unsigned i = 1; i <= 8; i++)
		stock(i, 10000);
	score_all();
	ck_assert_int_eq(admit(put(100, 0, 10000, 0), 20000, 100000, 0, false), 1);
	ck_assert_int_eq(bytes_used(), 70000);
}
END_TEST

START_TEST(a_body_larger_than_it_said_stays_under_the_cap)
{
	message_id liar;

	for (unsigned i = 1; i <= 9; i++)
		stock(i, 10000);
	score_all();
	liar = put(100, 0, 5000, 0);
	ck_assert_int_eq(admit(liar, 50000, 100000, 1, false), 1);
	keep(liar, 40000);
	ck_assert_int_le(bytes_used(), 100000);
	ck_assert_str_eq(state_of(liar), "cached");
	score_all(); /* and it pays for what it really is */
	ck_assert_int_eq(ask("SELECT fetch_bytes FROM cache_object WHERE message_id = %d", liar), 40000);
}
END_TEST

START_TEST(a_body_leaves_room_for_the_claims_of_others) /* L-94 */
{
	static const char bytes[30000];
	struct body_piece piece = { .p = bytes, .n = sizeof bytes };
	message_id liar;
	struct err err;

	for (unsigned i = 1; i <= 6; i++)
		stock(i, 10000);
	score_all();
	piece.message = put(100, 0, sizeof bytes, 0);
	liar = put(101, 0, 5000, 0);
	ck_assert_int_eq(admit(piece.message, 100000, 100000, 1, false), 1);
	ck_assert_int_eq(admit(liar, 100000, 100000, 1, false), 1);
	keep(liar, 40000);
	must(store_bodies_put(rig->store, &piece, 1, &err), &err);
	ck_assert_int_le(bytes_used(), 100000);
	ck_assert_str_eq(state_of(piece.message), "cached");
}
END_TEST

/* L-94: what says less than it is, and for which nothing may go, is not kept. */
START_TEST(a_lie_crosses_the_hard_cap_never)
{
	message_id liar = put(100, 0, 5000, 0);
	struct body_draft d;
	struct err err;

	for (unsigned i = 1; i <= 9; i++) {
		stock(i, 10000);
		rig_fact(rig, rig->archive, CHANGE_FLAGS, i, FLAG_SEEN | FLAG_FLAGGED);
	}
	score_all();
	ck_assert_int_eq(admit(liar, 100000, 100000, 1, true), 1);
	must(store_body_begin(rig->store, liar, &d, &err), &err);
	ck_assert_int_eq(ftruncate(d.fd, 40000), 0);
	ck_assert_int_eq(store_body_commit(rig->store, &d, &err), ERR_LIMIT);
	ck_assert_int_eq(bytes_used(), 90000);
	must(store_cache_failed(rig->store, liar, &err, &err), &err);
	ck_assert_str_eq(state_of(liar), "failed");
	keep(put(101, 0, 40000, 0), 40000); /* nobody claimed it: a pass for all bodies, which is asked for */
	ck_assert_int_eq(bytes_used(), 130000);
}
END_TEST

START_TEST(who_waits_takes_the_place_of_an_own_claim)
{
	message_id m = put(1, 0, 10000, 0);

	ck_assert_int_eq(admit(m, 12000, 12000, 0, false), 1);
	ck_assert_int_eq(admit(m, 12000, 12000, 1, true), 1); /* it is not counted twice */
	keep(m, 10000);
	ck_assert_int_eq(bytes_used(), 10000);
}
END_TEST

START_TEST(packs_go_with_their_last_piece)
{
	static const char bytes[2000];
	struct body_piece p[10];
	struct err err;

	for (unsigned i = 0; i < 10; i++)
		p[i] = (struct body_piece){ put_in(rig->archive, i + 1, FLAG_SEEN, 2000, 60), bytes, 2000 };
	must(store_bodies_put(rig->store, p, 10, &err), &err);
	score_all();
	ck_assert_int_eq(rig_ask(rig, "SELECT count(*) FROM body_pack"), 1);
	ck_assert_int_eq(admit(put(100, 0, 10000, 0), 20000, 20000, 0, false), 1);
	ck_assert_int_eq(rig_ask(rig, "SELECT count(*) FROM body"), 5);
	ck_assert_int_eq(rig_ask(rig, "SELECT count(*) FROM body_pack"), 1);
	ck_assert_int_eq(admit(put(101, 0, 10000, 0), 20000, 20000, 0, false), 1);
	ck_assert_int_eq(rig_ask(rig, "SELECT count(*) FROM body_pack"), 0);
	g_autofree char *file = g_strdup_printf("%s/bodies/packs/1.pack", rig->dir);
	ck_assert(!g_file_test(file, G_FILE_TEST_EXISTS));
}
END_TEST

/* --- protection --------------------------------------------------------------- */

static message_id draft(void)
{
	char path[] = "/tmp/tern-draft-XXXXXX";
	const struct change c = { .message_id = "own@example.org",
		.subject = "Mine",
		.received_at = LARDER_NOW - 90 * 86400,
		.size = 2000,
		.flags = FLAG_SEEN };
	int fd = mkstemp(path);
	message_id m;
	struct err err;

	unlink(path);
	ck_assert_int_eq(ftruncate(fd, 2000), 0);
	must(store_append(rig->store, rig->archive, &c, fd, (message_id){ 0 }, &m, &err), &err);
	close(fd);
	return m;
}

START_TEST(protected_bodies_stay) /* M-15, C-03, L-94 */
{
	message_id flagged = stock(1, 10000), pinned = stock(2, 10000), pending = stock(3, 10000);
	message_id ours = draft(), offline, free_one = stock(5, 10000);
	const struct offline all = { OFFLINE_ALL, 0, 0 };
	location_id place = rig_place(rig, rig->archive, 3);
	struct err err;

	offline = put_in(rig->trash, 6, FLAG_SEEN, 10000, 90);
	keep(offline, 10000);
	rig_fact(rig, rig->archive, CHANGE_FLAGS, 1, FLAG_SEEN | FLAG_FLAGGED);
	note(CACHE_PINNED_ON, pinned, 0, 0);
	must(store_want_flags(rig->store, &place, 1, FLAG_ANSWERED, 0, &err), &err);
	must(store_offline_set(rig->store, rig->trash, &all, &err), &err);
	score_all();
	ck_assert_int_eq(bytes_used(), 52000);
	ck_assert_int_eq(admit(put(100, 0, 30000, 0), 50000, 52000, 1, true), 0); /* only one may go */
	ck_assert_str_eq(state_of(free_one), "cached");
	clock_at(LARDER_NOW + 400 * 86400);
	ck_assert_int_eq(expire(30, 1), 1);
	ck_assert_str_eq(state_of(free_one), "evicted");
	const message_id kept[] = { flagged, pinned, pending, ours, offline };
	for (size_t i = 0; i < G_N_ELEMENTS(kept); i++)
		ck_assert_str_eq(state_of(kept[i]), "cached");
	note(CACHE_PINNED_OFF, pinned, 0, 0); /* no longer: the next score says so */
	score_all();
	ck_assert_int_eq(expire(30, 1), 1);
	ck_assert_str_eq(state_of(pinned), "evicted");
}
END_TEST

START_TEST(what_is_past_its_time_is_first_in_line) /* C-03, M-11, M-16 */
{
	message_id loved = put(1, 0, 10000, 0), dull = stock(2, 10000);
	struct err err;

	keep(loved, 10000);
	must(store_bodies_expire(rig->store, 30, &err), &err); /* tells the days */
	clock_at(LARDER_NOW + 10 * 86400);
	keep(dull, 10000); /* used since */
	note(CACHE_OPENED, loved, 0, 0);
	clock_at(LARDER_NOW + 31 * 86400);
	score_all();
	ck_assert_double_eq(priority_of(loved), 0);
	ck_assert_int_eq(admit(put(100, 0, 5000, 0), 20000, 20000, 0, false), 1);
	ck_assert_str_eq(state_of(loved), "evicted");
	ck_assert_str_eq(state_of(dull), "cached");
	ck_assert_int_eq(rig_ask(rig, "SELECT count(*) FROM message"), 3); /* M-16 */
	ck_assert_int_eq(expire(30, 1 << 20), 0);
	clock_at(LARDER_NOW + 41 * 86400);
	ck_assert_int_eq(expire(30, 1 << 20), 1); /* enforced by the daily job */
}
END_TEST

START_TEST(the_daily_job_shrinks_to_the_soft_cap)
{
	for (unsigned i = 1; i <= 9; i++)
		stock(i, 10000);
	score_all();
	ck_assert_int_eq(expire(36500, 45000), 5);
	ck_assert_int_eq(bytes_used(), 40000);
	ck_assert_int_eq(expire(36500, 45000), 0);
	ck_assert_int_eq(rig_ask(rig, "SELECT count(*) FROM cache_object WHERE state = 'cached' AND"
				      " message_id <= 4"), 4); /* the newest of them */
}
END_TEST

/* So many stored bodies of 1000 bytes, by hand, for writing them takes long; and a new message. */
static message_id crowd(unsigned n)
{
	struct batch *b = batch_new(rig->account, rig->archive);
	struct err err;

	for (unsigned i = 1; i <= n; i++)
		batch_change(b, &(struct change){ .kind = CHANGE_MESSAGE, .uid = i, .flags = FLAG_SEEN,
					.size = 1000, .received_at = LARDER_NOW - 86400 * 10 });
	must(batch_apply(rig->store, b, NULL, &err), &err);
	batch_free(&b);
	ck_assert_int_eq(sqlite3_exec(rig->store->db,
				 "INSERT INTO body (message_id, stored_bytes, fetched_at, used_at)"
				 " SELECT id, 1000, 1700000000, 1700000000 FROM message;"
				 "UPDATE cache_object SET state = 'cached', stored_bytes = 1000",
				 NULL, NULL, NULL), SQLITE_OK);
	return put(9000, 0, 2000, 0);
}

/* Caps that were lowered far below what is here: who waits does not wait for all of it to go. */
START_TEST(a_lowered_cap_keeps_nobody_waiting)
{
	message_id m = crowd(EVICT_MAX + 100);

	ck_assert_int_eq(admit(m, 10000, 20000, 0, true), 1);
	keep(m, 2000);
	ck_assert_int_le(bytes_used(), 20000); /* the rest went with the body */
	ck_assert_int_eq(expire(36500, 10000), 10);
	ck_assert_int_le(bytes_used(), 10000);
}
END_TEST

/* Many are evicted at once, and their hour ends at once: the screen waits for none of it. */
START_TEST(the_evicted_wake_in_steps)
{
	crowd(2500);
	ck_assert_int_eq(sqlite3_exec(rig->store->db,
				 "DELETE FROM body; UPDATE cache_object SET state = 'evicted',"
				 " stored_bytes = 0, next_try_at = 1000",
				 NULL, NULL, NULL), SQLITE_OK);
	score_all(); /* none of these is due */
	ck_assert_int_gt(rig_ask(rig, "SELECT count(*) FROM cache_object WHERE state = 'evicted'"), 0);
	score_all();
	ck_assert_int_eq(rig_ask(rig, "SELECT count(*) FROM cache_object WHERE state <> 'wanted'"), 0);
}
END_TEST

/* --- reading offline ------------------------------------------------------------ */

static int gaps(struct cache_pick *out, size_t max)
{
	struct err err;
	int n = store_offline_gaps(rig->store, rig->account, (message_id){ 0 }, out, max, &err);

	must(n, &err);
	return n;
}

START_TEST(policies_say_what_must_be_here)
{
	const struct offline recent = { OFFLINE_RECENT, 30, 0 }, capped = { OFFLINE_ALL, 0, 25000 };
	const struct offline none = { OFFLINE_AUTO, 0, 0 };
	struct offline_progress p;
	struct cache_pick out[20];
	message_id m[6];
	struct offline o;
	struct err err;

	for (unsigned i = 0; i < 6; i++)
		m[i] = put(i + 1, FLAG_SEEN, 10000, 10 * i + 1);
	ck_assert_int_eq(gaps(out, 20), 0);
	must(store_offline_set(rig->store, rig->inbox, &recent, &err), &err);
	must(store_offline_get(rig->store, rig->inbox, &o, &err), &err);
	ck_assert(o.policy == OFFLINE_RECENT && o.days == 30 && o.cap == 0);
	ck_assert_int_eq(gaps(out, 20), 3);
	ck_assert_int_eq(gaps(out, 2), 2);
	ck_assert_int_eq(store_offline_gaps(rig->store, rig->account, out[1].message, out, 20, &err), 1);
	ck_assert_int_eq(store_cache_admit(rig->store, &out[0],
				 &(struct cache_caps){ 1 << 20, 1 << 20, 0 }, false, &err), 1);
	keep(m[2], 10000);
	must(store_offline_progress(rig->store, rig->inbox, &p, &err), &err);
	ck_assert(p.here == 1 && p.of == 3 && p.bytes == 10000 && p.capped == 0);
	must(store_offline_set(rig->store, rig->inbox, &capped, &err), &err);
	ck_assert_int_eq(gaps(out, 20), 2); /* the two newest fit */
	ck_assert(out[0].message.v == m[0].v && out[1].message.v == m[1].v);
	must(store_offline_progress(rig->store, rig->inbox, &p, &err), &err);
	ck_assert(p.here == 0 && p.of == 2 && p.capped == 4);
	must(store_offline_set(rig->store, rig->inbox, &none, &err), &err);
	ck_assert_int_eq(gaps(out, 20), 0);
	ck_assert_int_eq(store_offline_set(rig->store, (mailbox_id){ 999 }, &recent, &err), ERR_GONE);
}
END_TEST

/* C-07: a pause ends also where nobody but `tern sync` runs. */
START_TEST(a_round_tries_again_what_failed)
{
	const struct offline all = { OFFLINE_ALL, 0, 0 };
	const struct err weather = { .code = ERR_OFFLINE };
	message_id m = put(1, 0, 5000, 0);
	struct cache_pick out[2];
	struct err err;

	must(store_offline_set(rig->store, rig->inbox, &all, &err), &err);
	ck_assert_int_eq(admit(m, 1 << 20, 1 << 20, 1, true), 1);
	must(store_cache_failed(rig->store, m, &weather, &err), &err);
	ck_assert_int_eq(gaps(out, 2), 0);
	clock_at(LARDER_NOW + 20 * 60);
	ck_assert_int_eq(gaps(out, 2), 1);
	ck_assert_str_eq(state_of(m), "wanted");
}
END_TEST

/* It is fetched whole, so that it pays for the whole; nothing of it comes if that is too much. */
START_TEST(what_is_fetched_whole_pays_for_all_of_it)
{
	const struct offline recent = { OFFLINE_RECENT, 30, 0 };
	const struct change c = { .kind = CHANGE_MESSAGE, .uid = 1, .message_id = "big@example.org",
		.received_at = LARDER_NOW - 86400, .size = 5 << 20, .has_attachment = true };
	const struct cache_caps caps = { 1 << 20, 1 << 20, 1 };
	struct batch *b = batch_new(rig->account, rig->inbox);
	struct cache_pick out[2];
	struct err err;

	batch_change(b, &c);
	must(batch_apply(rig->store, b, NULL, &err), &err);
	batch_free(&b);
	must(store_offline_set(rig->store, rig->inbox, &recent, &err), &err);
	score_all(); /* as a guess it is small */
	ck_assert_int_lt(rig_ask(rig, "SELECT fetch_bytes FROM cache_object"), 1 << 20);
	ck_assert_int_eq(gaps(out, 2), 1);
	ck_assert_int_eq(out[0].fetch_bytes, 5 << 20);
	ck_assert_int_eq(store_cache_admit(rig->store, &out[0], &caps, true, &err), 0);
	out[0].whole = false; /* without its attachment */
	ck_assert_int_eq(store_cache_admit(rig->store, &out[0], &caps, true, &err), 1);
}
END_TEST

START_TEST(headers_only_is_not_fetched_unasked)
{
	const struct offline headers = { OFFLINE_HEADERS, 0, 0 };
	message_id m = put(1, 0, 5000, 0);
	struct cache_pick p[3];
	struct err err;

	put_in(rig->archive, 2, 0, 5000, 0);
	must(store_offline_set(rig->store, rig->inbox, &headers, &err), &err);
	score_all();
	ck_assert_int_eq(store_cache_window(rig->store, rig->account, p, 3, &err), 1);
	ck_assert(p[0].message.v != m.v);
	ck_assert_int_eq(gaps(p, 3), 0);
	ck_assert_int_eq(admit(m, 1 << 20, 1 << 20, 0, true), 1); /* asked */
}
END_TEST

/* --- cost ------------------------------------------------------------------------- */

/* No statement about the ledger, the queue or bodies may walk a table or sort one. */
static void no_scans(void)
{
	for (sqlite3_stmt *q = NULL; (q = sqlite3_next_stmt(rig->store->db, q));) {
		const char *sql = sqlite3_sql(q);
		int steps = sqlite3_stmt_status(q, SQLITE_STMTSTATUS_FULLSCAN_STEP, 0);
		int sorts = sqlite3_stmt_status(q, SQLITE_STMTSTATUS_SORT, 0);

		if (strstr(sql, "cache_") || strstr(sql, "FROM body"))
			ck_assert_msg(steps < 20 && sorts == 0, "%d steps, %d sorts: %s", steps, sorts, sql);
	}
}

START_TEST(one_slice_does_not_pay_for_the_whole_mailbox)
{
	const struct offline all = { OFFLINE_ALL, 0, 0 };
	struct cache_pick out[8];
	struct err err;

	for (unsigned i = 1; i <= 150; i++)
		stock(i, 1000);
	must(store_offline_set(rig->store, rig->trash, &all, &err), &err);
	score_all();
	rig_reopen(rig); /* fresh counts */
	for (unsigned i = 0; i < 5; i++) {
		message_id m = put(1000 + i, 0, 2000, 0);

		note(CACHE_NEW, m, 0, 0);
		note(CACHE_SAW_HIT, m, 0, 1);
		note(CACHE_OPENED, m, 0, 0);
		must(store_cache_reap(rig->store, &err), &err);
		must(store_cache_stale(rig->store, rig->account, 10, &err), &err);
		must(store_cache_rescore(rig->store, rig->account, 10, &err), &err);
		must(store_cache_window(rig->store, rig->account, out, 8, &err), &err);
		ck_assert_int_eq(admit(m, 150000, 150000, 0, false), 1);
		keep(m, 2000);
	}
	ck_assert_int_eq(rig_ask(rig, "SELECT count(*) FROM cache_object WHERE state = 'evicted'"), 10);
	no_scans();
}
END_TEST

START_TEST(protected_rows_are_passed_over_once)
{
	for (unsigned i = 1; i <= 60; i++) {
		stock(i, 1000);
		rig_fact(rig, rig->archive, CHANGE_FLAGS, i, FLAG_SEEN | FLAG_FLAGGED);
	}
	score_all();
	ck_assert_int_eq(admit(put(1000, 0, 2000, 0), 60000, 60000, 0, false), 0);
	ck_assert_int_eq(rig_ask(rig, "SELECT count(*) FROM cache_object WHERE kept = 1"), 60);
	rig_fact(rig, rig->archive, CHANGE_FLAGS, 7, FLAG_SEEN);
	note(CACHE_SAW_ROW, (message_id){ 7 }, 9, 0);
	score_all(); /* scored again: it may go */
	ck_assert_int_eq(rig_ask(rig, "SELECT count(*) FROM cache_object WHERE kept = 1"), 59);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("room");
	TCase *t = tcase_create("room");

	tcase_set_timeout(t, 60);
	tcase_add_checked_fixture(t, larder_open, larder_close);
	tcase_add_test(t, cache_admission_hard_cap);
	tcase_add_test(t, what_is_better_evicts_what_is_worse);
	tcase_add_test(t, over_the_target_nothing_is_added);
	tcase_add_test(t, a_body_larger_than_it_said_stays_under_the_cap);
	tcase_add_test(t, a_body_leaves_room_for_the_claims_of_others);
	tcase_add_test(t, a_lie_crosses_the_hard_cap_never);
	tcase_add_test(t, who_waits_takes_the_place_of_an_own_claim);
	tcase_add_test(t, packs_go_with_their_last_piece);
	tcase_add_test(t, protected_bodies_stay);
	tcase_add_test(t, what_is_past_its_time_is_first_in_line);
	tcase_add_test(t, the_daily_job_shrinks_to_the_soft_cap);
	tcase_add_test(t, a_lowered_cap_keeps_nobody_waiting);
	tcase_add_test(t, the_evicted_wake_in_steps);
	tcase_add_test(t, policies_say_what_must_be_here);
	tcase_add_test(t, a_round_tries_again_what_failed);
	tcase_add_test(t, what_is_fetched_whole_pays_for_all_of_it);
	tcase_add_test(t, headers_only_is_not_fetched_unasked);
	tcase_add_test(t, one_slice_does_not_pay_for_the_whole_mailbox);
	tcase_add_test(t, protected_rows_are_passed_over_once);
	suite_add_tcase(s, t);

	SRunner *r = srunner_create(s);
	srunner_run_all(r, CK_ENV);
	int failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
