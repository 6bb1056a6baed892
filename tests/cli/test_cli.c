/* The parts of the command line that need no store: arguments and cursors. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "cli/command.h"
#include "cli/cursor.h"

/* --- arguments ----------------------------------------------------------- */

#define USAGE "ID... --to M [--limit N] [--raw|--text] [--json]"

static char **words; /* args borrows them */

static void forget_words(void)
{
	g_clear_pointer(&words, g_strfreev);
}

static int parse(const char *usage, const char *line, struct args *out, struct err *err)
{
	words = g_strsplit(line, " ", -1);
	return args_parse(usage, (int)g_strv_length(words), words, out, err);
}

START_TEST(options_and_words_are_told_apart)
{
	AUTO(args_release) struct args a = { 0 };
	struct err err = { 0 };

	ck_assert_int_eq(parse(USAGE, "7 --to Old --limit=5 8 --text --json", &a, &err), 0);
	ck_assert_uint_eq(a.words->len, 2);
	ck_assert_str_eq(args_word(&a, 1), "8");
	ck_assert_ptr_null(args_word(&a, 2));
	ck_assert_str_eq(args_option(&a, "to"), "Old");
	ck_assert_str_eq(args_option(&a, "limit"), "5");
	ck_assert(args_has(&a, "text") && !args_has(&a, "raw") && a.json);
}
END_TEST

START_TEST(two_dashes_end_the_options)
{
	AUTO(args_release) struct args a = { 0 };
	struct err err = { 0 };

	ck_assert_int_eq(parse(USAGE, "1 -- --to", &a, &err), 0);
	ck_assert_str_eq(args_word(&a, 1), "--to");
	ck_assert_ptr_null(args_option(&a, "to"));
}
END_TEST

static const struct {
	const char *name, *usage, *line, *words;
} refusals[] = {
	{ "nothing", USAGE, "--raw", "missing" },
	{ "mistyped", USAGE, "1 --limti 3", "did you mean --limit?" },
	{ "unknown", USAGE, "1 --zzz", "--zzz" },
	{ "short", USAGE, "1 -r", "-r" },
	{ "no value", USAGE, "1 --to", "--to needs a value" },
	{ "a value too many", USAGE, "1 --raw=yes", "takes no value" },
	{ "a word too many", "[NAME] [--json]", "a b", "\"b\"" },
	{ "no words", "[--all]", "a", "\"a\"" },
};

START_TEST(nonsense_is_refused_in_words)
{
	AUTO(args_release) struct args a = { 0 };
	struct err err = { 0 };

	ck_assert_int_eq(parse(refusals[_i].usage, refusals[_i].line, &a, &err), ERR_USAGE);
	ck_assert_msg(strstr(err.text, refusals[_i].words) != NULL, "%s: \"%s\"", refusals[_i].name,
		err.text);
}
END_TEST

START_TEST(numbers_are_whole)
{
	static const char *const bad[] = { "", " 1", "+1", "-1", "1x", "0", "99999999999999999999" };
	struct err err = { 0 };
	int64_t n;

	for (size_t i = 0; i < G_N_ELEMENTS(bad); i++)
		ck_assert_msg(args_number(bad[i], 1, 0, &n, &err) == ERR_USAGE, "%s", bad[i]);
	ck_assert_int_eq(args_number("42", 1, 0, &n, &err), 0);
	ck_assert_int_eq(n, 42);
	ck_assert_int_eq(args_number(NULL, 1, 30, &n, &err), 0);
	ck_assert_int_eq(n, 30);
}
END_TEST

/* --- cursors ------------------------------------------------------------- */

static const struct list_key keys[] = {
	{ 0 },
	{ .number = 1767225600, .date = 1767225600, .location = { 12345678901 } },
	{ .number = INT64_MIN, .date = INT64_MAX, .location = { INT64_MAX } },
	{ .text = "Ana \xc3\xa9 = \x01 +/ ", .date = -5, .location = { 1 } },
	{ .text = "0123456789012345678901234567890123456789012345\xff" },
};

START_TEST(a_cursor_reads_back)
{
	g_autofree char *word = cursor_write(&keys[_i]);
	struct list_key key;
	struct err err = { 0 };

	ck_assert_uint_eq(strspn(word, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
				       "0123456789-_"),
		strlen(word));
	ck_assert_msg(cursor_read(word, &key, &err) == 0, "%s", err.text);
	ck_assert_int_eq(key.number, keys[_i].number);
	ck_assert_int_eq(key.date, keys[_i].date);
	ck_assert_int_eq(key.location.v, keys[_i].location.v);
	ck_assert_str_eq(key.text, keys[_i].text);
}
END_TEST

START_TEST(a_damaged_cursor_is_refused)
{
	g_autofree char *word = cursor_write(&keys[1]);
	struct list_key key = { .number = 7 };
	struct err err = { 0 };

	for (size_t i = 0; word[i]; i++) {
		g_autofree char *bad = g_strdup(word), *cut = g_strndup(word, i);

		bad[i] = bad[i] == 'A' ? 'B' : 'A';
		ck_assert_int_eq(cursor_read(bad, &key, &err), ERR_USAGE);
		ck_assert_int_eq(cursor_read(cut, &key, &err), ERR_USAGE);
	}
	ck_assert_int_eq(cursor_read("what?", &key, &err), ERR_USAGE);
	ck_assert_int_eq(key.number, 7);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("cli");
	TCase *t = tcase_create("cli");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_add_checked_fixture(t, NULL, forget_words);
	tcase_add_test(t, options_and_words_are_told_apart);
	tcase_add_test(t, two_dashes_end_the_options);
	tcase_add_loop_test(t, nonsense_is_refused_in_words, 0, (int)G_N_ELEMENTS(refusals));
	tcase_add_test(t, numbers_are_whole);
	tcase_add_loop_test(t, a_cursor_reads_back, 0, (int)G_N_ELEMENTS(keys));
	tcase_add_test(t, a_damaged_cursor_is_refused);
	suite_add_tcase(suite, t);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
