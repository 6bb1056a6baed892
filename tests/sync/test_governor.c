/* The governor of warming, with a clock of its own. */
#include <check.h>
#include <stdlib.h>

#include <glib.h>

#include "sync/governor.h"
#include "sync/suites.h"

enum { SECOND = 1000, MIB = 1 << 20 };

static struct bucket purse;
static struct governor one, two;

static void anew(void)
{
	purse_init(&purse, 0);
	governor_init(&one, 0);
	governor_init(&two, 0);
}

/* A slice that fetched so many and failed at so many. */
static struct lease slice(struct governor *g, bool pressed, int64_t now, int cached, int failed)
{
	struct lease l = governor_take(g, &purse, pressed, now);
	struct used u = { .rows = l.rows, .requests = l.requests, .bytes = l.bytes,
		.cached = cached, .failed = failed };

	governor_give(g, &purse, &l, &u, now);
	return l;
}

/* L-93, cache-resource-governor: whatever is asked, no lease is larger than it may be. */
START_TEST(cache_resource_governor_leases_are_bounded)
{
	int64_t rows = 0, requests = 0, bytes = 0, now = 0;
	bool pressed = _i;

	anew();
	for (; now < 600 * SECOND; now += 100) {
		struct lease l = slice(&one, pressed, now, 1, 0);

		ck_assert_int_le(l.rows, 200);
		ck_assert_int_le(l.stale, 50);
		ck_assert_int_le(l.requests, pressed ? 6 : 2);
		ck_assert_int_le(l.bytes, (pressed ? 32 : 4) * (int64_t)MIB);
		ck_assert(l.bytes == 0 || l.bytes >= 64 * 1024);
		ck_assert(!l.requests == !l.bytes);
		rows += l.rows;
		requests += l.requests;
		bytes += l.bytes;
	}
	ck_assert_int_le(rows, 500 + 50 * 600);
	ck_assert_int_ge(rows, 49 * 600);
	ck_assert_int_le(requests, 8 + (pressed ? 900 : 180));
	ck_assert_int_ge(requests, pressed ? 800 : 170);
	ck_assert_int_le(bytes, (64 + (pressed ? 2 * 600 + 4 : 150)) * (int64_t)MIB);
}
END_TEST

START_TEST(cache_resource_governor_burst_and_interactive_minimum)
{
	struct lease l;

	anew();
	l = slice(&one, true, 0, 1, 0);
	ck_assert_int_eq(l.requests, 6);
	ck_assert_int_eq(l.bytes, 32 * MIB);
	l = slice(&one, true, 0, 1, 0);
	ck_assert_int_eq(l.requests, 2);
	l = slice(&one, true, 0, 1, 0);
	ck_assert_int_eq(l.requests, 0); /* eight are the burst */
	purse.tokens = 100 * 1024;
	ck_assert_int_eq(slice(&two, true, 0, 1, 0).bytes, 4 * MIB); /* the reader waits */
	ck_assert(purse.tokens < 0);
	ck_assert_int_eq(slice(&two, true, 0, 1, 0).bytes, 0); /* debt is made once */
	anew();
	purse.tokens = 63 * 1024;
	l = slice(&one, false, 0, 0, 0);
	ck_assert(l.bytes == 0 && l.requests == 0 && l.rows == 200);
}
END_TEST

START_TEST(cache_resource_governor_refunds)
{
	struct lease l;

	anew();
	l = governor_take(&one, &purse, false, 0);
	ck_assert(l.rows == 200 && l.stale == 50 && l.requests == 2 && l.bytes == 4 * MIB);
	governor_give(&one, &purse, &l, &(struct used){ .rows = 3, .requests = 1, .bytes = 5000,
						  .cached = 1 }, 0);
	ck_assert_int_eq((int)one.rows.tokens, 497);
	ck_assert_int_eq((int)one.requests.tokens, 7);
	ck_assert_int_eq((int)purse.tokens, 64 * MIB - 5000);
	l = governor_take(&one, &purse, false, 3600 * SECOND);
	governor_give(&one, &purse, &l, &(struct used){ 0 }, 3600 * SECOND);
	ck_assert_int_eq((int)one.requests.tokens, 8); /* never more than the burst */
	ck_assert_int_eq((int)purse.tokens, 64 * MIB);
	l = governor_take(&one, &purse, false, 3600 * SECOND); /* more came than was thought */
	governor_give(&one, &purse, &l, &(struct used){ .requests = 1, .bytes = 10 * MIB }, 3600 * SECOND);
	ck_assert_int_eq((int)purse.tokens, 54 * MIB);
}
END_TEST

/* P-11: 5 s, 10 s, ... at most 300 s; scoring goes on (L-40). */
START_TEST(cache_resource_governor_backoff)
{
	static const int pauses[] = { 5, 10, 20, 40, 80, 160, 300, 300 };
	int64_t now = 0;

	anew();
	for (size_t i = 0; i < G_N_ELEMENTS(pauses); i++) {
		struct lease l = slice(&one, false, now, 0, 1);

		ck_assert(!l.paused);
		ck_assert_int_eq(one.paused_until - now, pauses[i] * SECOND);
		ck_assert_int_ge(governor_wait(&one, false, now), pauses[i] * SECOND);
		l = slice(&one, true, one.paused_until - 1, 0, 0);
		ck_assert(l.paused && l.requests == 0 && l.bytes == 0 && l.rows > 0);
		now = one.paused_until + 3600 * SECOND;
	}
	ck_assert(one.multiplier == GOVERNOR_MULTIPLIER_LEAST);
	for (int i = 1; i <= 9; i++) {
		now += 60 * SECOND;
		slice(&one, false, now, 1, 0);
		ck_assert(one.multiplier <= 1.0);
	}
	ck_assert(one.multiplier == 1.0 && one.failures == 0);
	slice(&one, false, now, 1, 1); /* something came: slower, but no pause */
	ck_assert(one.multiplier == 0.5 && one.paused_until <= now);
}
END_TEST

/* C-24 */
START_TEST(cache_resource_governor_accounts_are_apart)
{
	anew();
	for (int i = 0; i < 6; i++)
		slice(&one, false, i * 400 * SECOND, 0, 1);
	ck_assert(slice(&one, false, 2001 * SECOND, 0, 0).paused);
	ck_assert_int_eq(slice(&two, false, 2001 * SECOND, 1, 0).requests, 2);
	ck_assert_int_eq(slice(&two, false, 2001 * SECOND, 1, 0).bytes, 4 * MIB);
	ck_assert(two.multiplier == 1.0);
	anew(); /* but the line is one: what one takes the other lacks */
	for (int i = 0; i < 2; i++)
		slice(&one, true, 0, 1, 0);
	ck_assert(purse.tokens < MIB);
	ck_assert_int_eq(slice(&two, false, 0, 0, 0).bytes, 0);
}
END_TEST

TCase *suite_governor(void)
{
	TCase *t = tcase_create("governor");

	tcase_add_loop_test(t, cache_resource_governor_leases_are_bounded, 0, 2);
	tcase_add_test(t, cache_resource_governor_burst_and_interactive_minimum);
	tcase_add_test(t, cache_resource_governor_refunds);
	tcase_add_test(t, cache_resource_governor_backoff);
	tcase_add_test(t, cache_resource_governor_accounts_are_apart);
	return t;
}
