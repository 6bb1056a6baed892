/* What the screen tells the cache (C-28, L-29). */
#include <check.h>

#include "ui/screen.h"

static struct screen *s;

static void setup(void)
{
	s = screen_new(1, 20, 80);
	screen_fill_many(s, 10);
	screen_events(s);
	screen_wait(s, 1000);
	s->n_notices = 0;
}

static void teardown(void)
{
	screen_free(&s);
}

static message_id row(int y)
{
	return list_shown(&s->ui->list, y)->message;
}

/* Rows once they have stood for a while, and once. */
START_TEST(rows_are_told_when_they_have_stood)
{
	screen_fill_many(s, 12);
	screen_events(s);
	screen_wait(s, 200);
	screen_wait(s, SEEN_MS + 1);
	ck_assert_uint_ge(s->n_notices, 10);
	for (size_t i = 0; i < s->n_notices; i++) {
		ck_assert_int_eq(s->notices[i].kind, CACHE_SAW_ROW);
		ck_assert_int_eq(s->notices[i].rank, (int)i);
		ck_assert(s->notices[i].message.v == row((int)i).v);
	}
	s->n_notices = 0;
	screen_wait(s, 10 * SEEN_MS);
	ck_assert_uint_eq(s->n_notices, 0);
}
END_TEST

/* What a search has marked and what stands on the screen is a hit; its rank is that among the hits. */
START_TEST(hits_on_the_screen_are_told)
{
	size_t hits = 0;

	screen_keys(s, "Tfrom:nobody-at-all<Enter>");
	screen_wait(s, 10);
	screen_wait(s, SEEN_MS + 1);
	ck_assert_uint_eq(s->n_notices, 0); /* nothing changed */
	screen_keys(s, "Tall<Enter>");
	screen_wait(s, 10);
	screen_wait(s, 1);
	screen_wait(s, SEEN_MS + 1);
	ck_assert_uint_gt(s->n_notices, 0);
	for (size_t i = 0; i < s->n_notices; i++) {
		const struct cache_notice *n = &s->notices[i];

		if (n->kind != CACHE_SAW_HIT)
			continue;
		ck_assert_int_eq(n->rank, (int)hits++);
		ck_assert_int_eq(n->of, (int)marks_count(&s->ui->marks));
	}
	ck_assert_uint_gt(hits, 0);
	ui_forget_marks(s->ui);
	screen_wait(s, 1);
	screen_wait(s, SEEN_MS + 1);
	for (size_t i = 0; i < s->n_notices; i++)
		ck_assert_int_eq(s->notices[i].kind, CACHE_SAW_ROW);
}
END_TEST

static void opening_is_told(int rank)
{
	message_id m = row(0);

	screen_keys(s, "<Enter>");
	ck_assert_uint_eq(s->n_notices, 1);
	ck_assert_int_eq(s->notices[0].kind, CACHE_OPENED);
	ck_assert_int_eq(s->notices[0].rank, rank);
	ck_assert(s->notices[0].message.v == m.v);
}

START_TEST(an_open_that_had_to_be_fetched_is_told)
{
	opening_is_told(0);
}
END_TEST

START_TEST(an_open_that_was_here_is_told)
{
	screen_body(s, 10, "From: a@example.org\r\nSubject: x\r\n\r\nText.\r\n");
	s->n_notices = 0;
	opening_is_told(1);
}
END_TEST

Suite *suite_of_seen(void)
{
	Suite *suite = suite_create("seen");
	TCase *c = tcase_create("seen");

	tcase_add_checked_fixture(c, setup, teardown);
	tcase_add_test(c, rows_are_told_when_they_have_stood);
	tcase_add_test(c, hits_on_the_screen_are_told);
	tcase_add_test(c, an_open_that_had_to_be_fetched_is_told);
	tcase_add_test(c, an_open_that_was_here_is_told);
	suite_add_tcase(suite, c);
	return suite;
}
