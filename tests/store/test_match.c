/* Many messages at once: queries in slices, ranges in every order, what places are now. */
#include <stdlib.h>

#include "model/flags.h"
#include "support/rig.h"

static struct rig *r;

static void setup(void)
{
	r = rig_new();
	for (uint64_t i = 1; i <= 10; i++)
		rig_add(r, r->inbox, i, i % 2 ? FLAG_SEEN : 0);
	for (uint64_t i = 11; i <= 15; i++)
		rig_add(r, r->archive, i, FLAG_FLAGGED);
}

static void teardown(void)
{
	rig_free(&r);
}

static const location_id *ids(const GArray *a)
{
	return (const location_id *)(const void *)a->data;
}

/* Looks through inbox and archive in slices; how many match, and how many slices it took. */
static guint search(const char *text, size_t slice, int *slices)
{
	const mailbox_id boxes[] = { r->inbox, r->archive };
	struct list_scope scope = { .n = 2, .mailboxes = boxes };
	g_autoptr(GArray) found = g_array_new(FALSE, FALSE, sizeof(location_id));
	struct match_at at = { 0 };
	struct query *q = NULL;
	struct err err = { 0 };
	int more = 1;

	ck_assert_msg(query_parse(text, 0, &q, &err) == 0, "%s", err.text);
	for (*slices = 0; more > 0 && *slices < 100; (*slices)++) {
		int64_t before = at.looked;

		more = store_match(r->store, &scope, q, &at, slice, found, &err);
		ck_assert_msg(more >= 0, "%s", err.text);
		ck_assert_int_le(at.looked - before, (int64_t)slice);
	}
	ck_assert_int_eq(at.looked, 15);
	query_free(&q);
	return found->len;
}

START_TEST(a_query_in_slices)
{
	for (size_t slice = 1; slice <= 20; slice++) {
		int slices;

		ck_assert_uint_eq(search("all", slice, &slices), 15);
		ck_assert_int_ge(slices, (int)(15 / slice));
		ck_assert_uint_eq(search("is:unread", slice, &slices), 10);
		ck_assert_uint_eq(search("is:unread is:flagged", slice, &slices), 5);
	}
}
END_TEST

START_TEST(a_range_either_way)
{
	const mailbox_id boxes[] = { r->inbox, r->archive };

	for (int order = 0; order < ORDER_COUNT; order++) {
		struct list_scope scope = { .order = (enum list_order)order, .n = 2, .mailboxes = boxes };
		g_autoptr(GArray) there = g_array_new(FALSE, FALSE, sizeof(location_id));
		g_autoptr(GArray) back = g_array_new(FALSE, FALSE, sizeof(location_id));
		g_autoptr(GPtrArray) rows = NULL;
		const struct list_row *a, *b;
		struct err err = { 0 };

		ck_assert_int_eq(store_page(r->store, &scope, PAGE_FIRST, NULL, 15, &rows, &err), 0);
		a = rows->pdata[3];
		b = rows->pdata[11];
		ck_assert_int_ge(store_range(r->store, &scope, &a->key, &b->key, 9, there, &err), 0);
		ck_assert_int_ge(store_range(r->store, &scope, &b->key, &a->key, 9, back, &err), 0);
		ck_assert_uint_eq(there->len, 9);
		ck_assert_uint_eq(back->len, 9);
		ck_assert_int_eq(store_range(r->store, &scope, &a->key, &b->key, 8, back, &err), ERR_LIMIT);
	}
}
END_TEST

START_TEST(what_places_are_now)
{
	g_autoptr(GArray) places = g_array_new(FALSE, FALSE, sizeof(location_id));
	struct survey v = { 0 };
	struct err err = { 0 };

	for (uint64_t i = 10; i > 0; i--) {
		location_id l = rig_place(r, r->inbox, i);

		g_array_append_val(places, l);
	}
	for (uint64_t i = 11; i <= 12; i++) {
		location_id l = rig_place(r, r->archive, i);

		g_array_append_val(places, l);
	}
	rig_fact(r, r->inbox, CHANGE_GONE, 4, 0);
	ck_assert_int_eq(store_survey(r->store, ids(places), places->len, &v, &err), 0);
	ck_assert_uint_eq(v.here->len, 11);
	ck_assert_int_eq(g_array_index(v.here, location_id, 0).v, g_array_index(places, location_id, 0).v);
	ck_assert_int_eq(g_array_index(v.here, location_id, 10).v, g_array_index(places, location_id, 11).v);
	ck_assert_uint_eq(v.mailboxes->len, 2);
	ck_assert_int_eq(v.unread, 4 + 2);
	ck_assert_int_eq(v.unflagged, 9);
	survey_release(&v);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("match");
	TCase *tc = tcase_create("match");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, a_query_in_slices);
	tcase_add_test(tc, a_range_either_way);
	tcase_add_test(tc, what_places_are_now);
	suite_add_tcase(suite, tc);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
