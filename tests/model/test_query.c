/* Queries: what people type, what it means, and what is said of what means nothing. */
#include <check.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "model/flags.h"
#include "model/query.h"

enum { NOW = 1710504000 /* Friday, 15 March 2024, 12:00 UTC */ };

/* 0 when the text cannot be read, else 1 + whether it matches. */
static int judge(const char *text, const struct query_facts *f)
{
	struct query *q = NULL;
	struct err err = { 0 };
	int answer;

	if (query_parse(text, NOW, &q, &err) < 0) {
		ck_assert_str_ne(err.text, "");
		return 0;
	}
	answer = 1 + query_match(q, f);
	query_free(&q);
	return answer;
}

enum { BAD, NO, YES };

static const struct query_facts invoice = { .from_name = "Ana Müller", .from_addr = "ana@example.org",
	.to = "Bob <bob@example.net>", .cc = "carl@example.com", .subject = "Invoice 2024-03: ÜBERSICHT",
	.keywords = "$forwarded todo", .flags = FLAG_FLAGGED | FLAG_ANSWERED, .attachment = true,
	.date = 1709294400 /* 1 March 2024, 12:00 UTC */, .size = 150 * 1024 };

START_TEST(terms)
{
	static const struct {
		const char *text;
		int answer;
	} cases[] = {
		{ "all", YES }, { "ana", YES }, { "INVOICE ana", YES }, { "invoice bob", NO },
		{ "from:ana", YES }, { "from:MÜLLER", YES }, { "from:example.org", YES }, { "from:bob", NO },
		{ "to:bob", YES }, { "to:carl", YES }, { "to:ana", NO },
		{ "subject:invoice", YES }, { "subject:übersicht", YES }, { "subject:ana", NO },
		{ "subject:\"2024-03: übers\"", YES }, { "subject:\"invoice übers\"", NO },
		{ "\"ana müller\"", YES }, { "\"re: nothing\"", NO },
		{ "is:unread", YES }, { "is:read", NO }, { "is:flagged", YES }, { "is:unflagged", NO },
		{ "is:answered", YES }, { "is:UNREAD", YES }, { "is:draft", NO },
		{ "tag:todo", YES }, { "tag:tod", NO }, { "tag:$Forwarded", YES }, { "tag:odo", NO },
		{ "has:attachment", YES }, { "-has:attachment", NO },
		{ "before:2024-03-01", NO }, { "before:2024-03-02", YES }, { "after:2024-03-01", YES },
		{ "after:2024-03-02", NO }, { "after:2024", YES }, { "before:2024", NO },
		{ "after:2024-03", YES }, { "before:2024-04", YES }, { "after:14d", YES }, { "after:13d", NO },
		{ "before:today", YES }, { "after:yesterday", NO },
		{ "larger:100k", YES }, { "larger:150k", NO }, { "smaller:1M", YES }, { "smaller:100K", NO },
		{ "larger:150KB", NO }, { "smaller:153601", YES },
		{ "-is:read from:ana -subject:offer", YES }, { "-from:ana", NO }, { "  from:ana  ", YES },
		{ "FROM:ana", YES }, { "-", YES },
	};

	for (size_t i = 0; i < G_N_ELEMENTS(cases); i++)
		ck_assert_msg(judge(cases[i].text, &invoice) == cases[i].answer, "%s", cases[i].text);
}
END_TEST

START_TEST(nonsense_is_named)
{
	static const struct {
		const char *text, *words;
	} cases[] = {
		{ "", "Say which ones" }, { "   ", "Say which ones" },
		{ "form:ana", "There is no \"form:\"" }, { "form:ana", "from:" },
		{ "is:unred", "is:unred" }, { "is:unred", "unread" },
		{ "from:", "A word is missing after from:" }, { "before:soon", "\"soon\" is no date" },
		{ "before:2024-13-01", "no date" }, { "before:2024-02-30", "no date" },
		{ "before:1800", "no date" }, { "after:99999999d", "no date" },
		{ "after:2024-1-1", "no date" }, { "after:2024-01-01-01", "no date" },
		{ "larger:big", "\"big\" is no size" }, { "larger:-1", "no size" },
		{ "larger:99999999999999999999", "no size" }, { "larger:9999999999g", "no size" },
		{ "has:wings", "has:attachment" }, { "subject:\"open", "quotation mark" },
		{ "\xff", "readable text" },
	};

	for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
		struct query *q = NULL;
		struct err err = { 0 };

		ck_assert_int_eq(query_parse(cases[i].text, NOW, &q, &err), ERR_USAGE);
		ck_assert_msg(strstr(err.text, cases[i].words), "%s: %s", cases[i].text, err.text);
		ck_assert_ptr_null(q);
	}
}
END_TEST

START_TEST(there_is_a_limit)
{
	g_autoptr(GString) text = g_string_new(NULL);

	for (int i = 0; i < QUERY_TERMS_MAX; i++)
		g_string_append(text, "ana ");
	ck_assert_int_eq(judge(text->str, &invoice), YES);
	g_string_append(text, "ana");
	ck_assert_int_eq(judge(text->str, &invoice), BAD);
	g_string_truncate(text, 0);
	for (int i = 0; i <= QUERY_TEXT_MAX; i++)
		g_string_append_c(text, 'a');
	ck_assert_int_eq(judge(text->str, &invoice), BAD);
}
END_TEST

START_TEST(the_last_term_is_completed)
{
	g_autoptr(GPtrArray) first = query_complete("fr"), last = query_complete("from:ana -is:un");

	ck_assert_uint_eq(first->len, 1);
	ck_assert_str_eq(first->pdata[0], "from:");
	ck_assert_uint_eq(last->len, 3);
	ck_assert_str_eq(last->pdata[0], "from:ana -is:unread");
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("query");
	TCase *tc = tcase_create("query");
	SRunner *runner = srunner_create(suite);
	int failed;

	setenv("TZ", "UTC", 1);
	tzset();
	tcase_add_test(tc, terms);
	tcase_add_test(tc, nonsense_is_named);
	tcase_add_test(tc, there_is_a_limit);
	tcase_add_test(tc, the_last_term_is_completed);
	suite_add_tcase(suite, tc);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
