/* The formulas of the cache, against values computed by hand (L-18..L-36, P-02, P-06..P-13). */
#include <check.h>
#include <math.h>
#include <stdlib.h>

#include "model/cache.h"

#define SAME(a, b) ck_assert_double_eq_tol(a, b, 1e-6)

/* An old, read, unflagged message of 1 MiB outside the inbox: utility is nearly nothing. */
static struct cache_facts plain(void)
{
	return (struct cache_facts){ .age_days = 36500,
		.search_rank = -1,
		.fetch_bytes = 1 << 20,
		.layer = CACHE_LAYER_BODY };
}

START_TEST(weights_are_those_of_L_20)
{
	SAME(CACHE_W_RECENCY + CACHE_W_THREAD + CACHE_W_SENDER + CACHE_W_IMPORTANCE + CACHE_W_SEARCH +
		     CACHE_W_BEHAVIOUR,
		1.0);
	struct cache_facts f = plain();
	f.age_days = 0;
	SAME(cache_score(&f).utility, 0.35);
	f.age_days = 30; /* L-21 */
	SAME(cache_score(&f).recency, 0.175);
	f.age_days = -1; /* P-06: 2^(-365/30) */
	SAME(cache_score(&f).recency, 0.35 * 0.000217506);
	f = plain();
	f.thread = 4; /* L-22: 1 - 1/e */
	SAME(cache_score(&f).thread, 0.20 * 0.63212056);
	f.sender = 8;
	SAME(cache_score(&f).sender, 0.15 * 0.86466472);
	f.behaviour = 1e9;
	SAME(cache_score(&f).behaviour, 0.10);
}
END_TEST

START_TEST(importance_is_that_of_P_07)
{
	static const struct {
		bool flagged, unread, inbox;
		double value;
	} cases[] = { { true, true, true, 1.0 }, { true, false, false, 1.0 }, { false, true, true, 0.6 },
		{ false, true, false, 0.4 }, { false, false, true, 0.2 }, { false, false, false, 0 } };

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct cache_facts f = plain();

		f.flagged = cases[i].flagged;
		f.unread = cases[i].unread;
		f.inbox = cases[i].inbox;
		SAME(cache_score(&f).importance, 0.1 * cases[i].value);
	}
}
END_TEST

START_TEST(cache_priority_size_aware) /* L-19, L-91 (C-21: the first of two): bytes to be moved */
{
	struct cache_facts f = plain();

	f.age_days = 0;
	SAME(cache_score(&f).cost, 1.0);
	SAME(cache_score(&f).priority, 0.35);
	f.fetch_bytes = 0; /* floor: (1/256)^0.7 */
	SAME(cache_score(&f).cost, 0.02061731);
	SAME(cache_score(&f).priority, 0.35 / 0.02061731110582649);
	f.fetch_bytes = 4096;
	SAME(cache_score(&f).cost, 0.02061731);
	f.fetch_bytes = 16 << 20; /* 16^0.7 */
	SAME(cache_score(&f).cost, 6.96440451);
	/* a raw fetch pays for the attachment, a fetch by parts does not (L-35) */
	ck_assert_int_eq(cache_fetch_bytes(10 << 20, false), 10 << 20);
	ck_assert_int_eq(cache_fetch_bytes(10 << 20, true), CACHE_GUESS_MOST);
	ck_assert(cache_in_parts(10 << 20, true));
	ck_assert(!cache_in_parts(10 << 20, false));
	ck_assert(!cache_in_parts(CACHE_GUESS_MOST, true));
	ck_assert_int_eq(cache_fetch_bytes(0, false), CACHE_GUESS);
}
END_TEST

START_TEST(cache_priority_size_aware_utility) /* C-21: the second: what a person does counts */
{
	struct cache_facts small = plain(), large = plain();

	small.fetch_bytes = 4096;
	small.age_days = 0;
	large.fetch_bytes = 256 * 1024;
	ck_assert(cache_score(&small).priority > cache_score(&large).priority);
	large.pinned = true; /* P-08: + 4.0 */
	SAME(cache_score(&large).boost, 4.0);
	large.boost = cache_visible_boost(0);
	SAME(cache_score(&large).boost, 4.8);
	SAME(cache_score(&large).utility, 4.8);
	small.age_days = 60;
	ck_assert(cache_score(&large).priority > cache_score(&small).priority);
}
END_TEST

START_TEST(layers_weigh_as_L_33_says)
{
	struct cache_facts f = plain();

	f.age_days = 0;
	f.layer = CACHE_LAYER_RAW;
	SAME(cache_score(&f).utility, 0.35 * 0.45);
	f.layer = CACHE_LAYER_ATTACHMENT * CACHE_ATTACHMENT_OPENED;
	SAME(cache_score(&f).utility, 0.35 * 0.75);
	f.layer = CACHE_LAYER_ATTACHMENT * CACHE_ATTACHMENT_INLINE;
	SAME(cache_score(&f).utility, 0.35 * 0.4);
}
END_TEST

START_TEST(search_context_is_guarded) /* L-24, C-20 */
{
	SAME(cache_search_context(3, 1000, 0), 0.79934238);
	SAME(cache_search_context(3, 1000, 3), 0.39967119);
	SAME(cache_search_context(0, 1000, 0), 0);
	SAME(cache_search_context(5, 0, 0), 0);
	SAME(cache_search_context(-1, -1, 0), 0);
	SAME(cache_search_context(5, 5, -1), 0);
	SAME(cache_search_context(5000, 1000, 0), 0); /* n is capped by N */
	SAME(cache_search_context(1000, 1000, 0), 0);
	for (int n = -2; n < 50; n++)
		for (int of = -2; of < 50; of++)
			for (int rank = -2; rank < 5; rank++) {
				double v = cache_search_context(n, of, rank);

				ck_assert(v >= 0 && v <= 1);
			}
}
END_TEST

START_TEST(signals_rank_as_P_09_says)
{
	struct cache_facts f = plain();

	SAME(cache_rescore_priority(&f), CACHE_NO_SIGNAL);
	f.boost = 0.8;
	SAME(cache_rescore_priority(&f), 108);
	f.thread = 4;
	SAME(cache_rescore_priority(&f), 108 + 4 * 0.63212056);
	f.pinned = true;
	SAME(cache_rescore_priority(&f), 112 + 4 * 0.63212056);
	f = plain();
	f.sender = f.behaviour = 4;
	SAME(cache_rescore_priority(&f), 100 + 4 * 0.63212056);
	f = plain();
	f.search_n = 3;
	f.search_of = 1000;
	f.search_rank = 0;
	SAME(cache_rescore_priority(&f), 100 + 8 * 0.79934238);
	ck_assert(CACHE_STRUCTURAL < CACHE_LOCAL_BAND && CACHE_NEW_MAIL < CACHE_LOCAL_BAND);
}
END_TEST

START_TEST(counts_fade_and_saturate)
{
	SAME(cache_decay(4, 7 * CACHE_DAY_S, 7), 2);
	SAME(cache_decay(4, 0, 7), 4);
	SAME(cache_decay(4, -100, 7), 4); /* a clock that was set back adds nothing */
	SAME(cache_decay(4, -CACHE_AHEAD_S - 1, 7), 0); /* one that was years ahead told nothing */
	SAME(cache_saturate(-3), 0);
	SAME(cache_saturate(NAN), 0);
	SAME(cache_visible_boost(3), 0.4);
	SAME(cache_visible_boost(-1), 0);
}
END_TEST

/* What is not a number, or is endless, never gets into the store, which takes it for NULL. */
START_TEST(scores_are_numbers)
{
	static const double odd[] = { NAN, INFINITY, -INFINITY, -1, 0, 1e308, 5e-324 };

	for (size_t i = 0; i < sizeof odd / sizeof *odd; i++)
		for (size_t k = 0; k < sizeof odd / sizeof *odd; k++) {
			struct cache_facts f = { .age_days = odd[i], .thread = odd[k], .sender = odd[i],
				.behaviour = odd[k], .boost = odd[i], .search_n = INT32_MAX,
				.search_of = 1, .search_rank = (int)k - 1, .pinned = i % 2,
				.fetch_bytes = k % 2 ? INT64_MAX : INT64_MIN, .layer = 1 };
			struct cache_score s = cache_score(&f);
			double queue = cache_rescore_priority(&f);

			ck_assert(isfinite(s.priority) && s.priority >= 0);
			ck_assert(isfinite(s.utility) && isfinite(s.cost) && s.cost > 0);
			ck_assert(isfinite(queue) && queue >= CACHE_NO_SIGNAL);
		}
}
END_TEST

START_TEST(the_target_lies_between_the_caps) /* L-36, P-02 */
{
	ck_assert_int_eq(cache_target(CACHE_SOFT_CAP, CACHE_HARD_CAP, 0), (int64_t)1 << 30);
	ck_assert_int_eq(cache_target(CACHE_SOFT_CAP, CACHE_HARD_CAP, 0.5), (int64_t)3 << 29);
	ck_assert_int_eq(cache_target(CACHE_SOFT_CAP, CACHE_HARD_CAP, 1), (int64_t)2 << 30);
	ck_assert_int_eq(cache_target(CACHE_SOFT_CAP, CACHE_HARD_CAP, 7), (int64_t)2 << 30);
	ck_assert_int_eq(cache_target(CACHE_SOFT_CAP, CACHE_HARD_CAP, NAN), (int64_t)1 << 30);
	ck_assert_int_eq(cache_target(100, 50, 1), 100);
	ck_assert_int_eq(cache_target(-100, -50, 1), 0);
}
END_TEST

START_TEST(sizes_are_guessed_as_P_13_says)
{
	ck_assert_int_eq(cache_guess(0, false), 64 * 1024);
	ck_assert_int_eq(cache_guess(-1, true), 64 * 1024);
	ck_assert_int_eq(cache_guess(100, false), 4 * 1024);
	ck_assert_int_eq(cache_guess(100, true), 16 * 1024);
	ck_assert_int_eq(cache_guess(100 * 1024, true), 100 * 1024);
	ck_assert_int_eq(cache_guess(10 << 20, true), 256 * 1024);
	ck_assert_int_eq(cache_guess(10 << 20, false), 10 << 20);
	ck_assert_int_eq(cache_until(true, 1000, 30), 1000 + 30 * 86400); /* M-11 */
	ck_assert_int_eq(cache_until(false, 1000, 30), 1000 + 3600);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("cache");
	TCase *t = tcase_create("formulas");

	tcase_add_test(t, weights_are_those_of_L_20);
	tcase_add_test(t, importance_is_that_of_P_07);
	tcase_add_test(t, cache_priority_size_aware);
	tcase_add_test(t, cache_priority_size_aware_utility);
	tcase_add_test(t, layers_weigh_as_L_33_says);
	tcase_add_test(t, search_context_is_guarded);
	tcase_add_test(t, signals_rank_as_P_09_says);
	tcase_add_test(t, counts_fade_and_saturate);
	tcase_add_test(t, scores_are_numbers);
	tcase_add_test(t, the_target_lies_between_the_caps);
	tcase_add_test(t, sizes_are_guessed_as_P_13_says);
	suite_add_tcase(s, t);

	SRunner *r = srunner_create(s);
	srunner_run_all(r, CK_ENV);
	int failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
