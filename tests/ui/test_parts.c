/* The parts below the views: canvas, keys, key table, wrapping, formats. */
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "screen.h"
#include "ui/ui.h"

static char *row_of(struct canvas *c)
{
	char *text = canvas_dump(c, false);

	*strchrnul(text, '\n') = '\0';
	return text;
}

START_TEST(canvas_cuts_with_an_ellipsis)
{
	static const struct {
		const char *text, *shown;
		int max;
	} cases[] = {
		{ "short", "short", 10 },
		{ "exactly ten", "exactly t…", 10 },
		{ "日本語テキスト", "日本…", 6 },       /* the third would be cut in half */
		{ "日本語", "日本語", 6 },
		{ "e\xcc\x81t\xc3\xa9", "e\xcc\x81t\xc3\xa9", 3 },
		{ "a\nb\tc", "a b c", 9 },
		{ "\x1b[31mred", "␛[31mred", 20 },
		{ "a\xe2\x80\xae" "b", "ab", 5 },
	};

	for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
		struct canvas *c = canvas_new(1, 20);
		g_autofree char *row = NULL;

		canvas_put_cut(c, 0, 0, cases[i].max, STYLE_NORMAL, cases[i].text);
		row = row_of(c);
		ck_assert_str_eq(row, cases[i].shown);
		canvas_free(&c);
	}
}
END_TEST

START_TEST(canvas_never_leaves_half_a_wide_character)
{
	struct canvas *c = canvas_new(1, 6);
	g_autofree char *row = NULL, *row2 = NULL;

	canvas_put(c, 0, 0, 6, STYLE_NORMAL, "日本語");
	canvas_put(c, 0, 1, 1, STYLE_NORMAL, "x");
	canvas_put(c, 0, 4, 1, STYLE_NORMAL, "y");
	row = row_of(c);
	ck_assert_str_eq(row, " x本y");
	canvas_put(c, 0, 5, 1, STYLE_NORMAL, "語"); /* no room for it */
	row2 = row_of(c);
	ck_assert_str_eq(row2, " x本y");
	canvas_free(&c);
}
END_TEST

START_TEST(canvas_ignores_what_is_outside)
{
	struct canvas *c = canvas_new(2, 4);

	canvas_put(c, -1, 0, 4, STYLE_NORMAL, "no");
	canvas_put(c, 2, 0, 4, STYLE_NORMAL, "no");
	canvas_put(c, 0, 4, 4, STYLE_NORMAL, "no");
	canvas_put(c, 0, 0, -3, STYLE_NORMAL, "no");
	canvas_put(c, 1, 2, 100, STYLE_NORMAL, "yes");
	canvas_fill(c, 0, -2, 3, STYLE_CURSOR);
	g_autofree char *text = canvas_dump(c, false);
	ck_assert_str_eq(text, "\n  ye\n");
	canvas_free(&c);
}
END_TEST

START_TEST(canvas_compares_and_copies_marks)
{
	struct canvas *a = canvas_new(1, 3), *b = canvas_new(1, 3);

	canvas_put(a, 0, 0, 3, STYLE_NORMAL, "xe\xcc\x81");
	canvas_put(b, 0, 0, 3, STYLE_NORMAL, "xe\xcc\x80");
	ck_assert(canvas_same_cell(a, b, 0, 0));
	ck_assert(!canvas_same_cell(a, b, 0, 1));
	canvas_copy(b, a);
	ck_assert(canvas_same_cell(a, b, 0, 1));
	canvas_free(&a);
	canvas_free(&b);
}
END_TEST

START_TEST(keys_have_names)
{
	static const struct {
		const char *file, *shown;
	} cases[] = { { "j", "j" }, { "<Enter>", "Enter" }, { "<C-d>", "^D" }, { "<c-D>", "^D" },
		{ "<A-x>", "M-x" }, { "<lt>", "<" }, { "<F12>", "F12" }, { "<S-Tab>", "S-Tab" },
		{ "é", "é" }, { "<Space>", "Space" }, { "#", "#" } };

	for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
		const char *s = cases[i].file;
		char name[KEY_NAME_MAX];
		struct key k;

		ck_assert(key_parse(&s, &k));
		ck_assert_int_eq(*s, 0);
		key_text(&k, name);
		ck_assert_str_eq(name, cases[i].shown);
	}
}
END_TEST

START_TEST(nonsense_is_no_key)
{
	static const char *const cases[] = { "<Nope>", "<F13>", "", " ", "\xff", "<C-xy>" };

	for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
		const char *s = cases[i];
		struct key k;

		ck_assert_msg(!key_parse(&s, &k), "%s", cases[i]);
	}
}
END_TEST

static enum keymap_answer look_up(struct keymap *m, unsigned where, const char *typed,
	const char **command)
{
	struct key keys[KEY_SEQUENCE_MAX];
	const struct binding *b = NULL;
	enum keymap_answer answer;
	size_t n = 0;

	while (*typed)
		ck_assert(key_parse(&typed, &keys[n++]));
	answer = keymap_look_up(m, where, keys, n, &b);
	*command = b ? b->command : "";
	return answer;
}

START_TEST(shipped_keys_are_sound)
{
	g_autoptr(GPtrArray) warnings = g_ptr_array_new_with_free_func(g_free);
	struct keymap *m = keymap_new();
	g_autofree char *path = g_strdup_printf("%s/../../../src/ui/default.keys", TEST_GOLDEN);
	const char *command;

	keymap_add_file(m, path, warnings);
	ck_assert_msg(warnings->len == 0, "%s", (char *)(warnings->len ? warnings->pdata[0] : ""));
	ck_assert_int_eq(look_up(m, IN_LIST, "j", &command), KEYMAP_FOUND);
	ck_assert_str_eq(command, "next");
	ck_assert_int_eq(look_up(m, IN_LIST, "g", &command), KEYMAP_MORE);
	ck_assert_int_eq(look_up(m, IN_LIST, "gi", &command), KEYMAP_FOUND);
	ck_assert_str_eq(command, "go inbox");
	ck_assert_int_eq(look_up(m, IN_LIST, "x", &command), KEYMAP_NONE);
	ck_assert_int_eq(look_up(m, IN_READER, "<Esc>", &command), KEYMAP_FOUND);
	ck_assert_str_eq(command, "close");
	keymap_free(&m);
}
END_TEST

START_TEST(the_readers_keys_win)
{
	struct keymap *m = keymap_new();
	const char *command;
	char keys[40];

	keymap_add(m, "list x delete\nlist d none\nany gz help", "keys.conf", true, NULL);
	ck_assert_int_eq(look_up(m, IN_LIST, "x", &command), KEYMAP_FOUND);
	ck_assert_str_eq(command, "delete");
	ck_assert_int_eq(look_up(m, IN_LIST, "d", &command), KEYMAP_NONE);
	ck_assert_int_eq(look_up(m, IN_READER, "d", &command), KEYMAP_FOUND);
	ck_assert(keymap_keys_of(m, IN_LIST, "delete", keys, sizeof keys));
	ck_assert_str_eq(keys, "x");
	keymap_free(&m);
}
END_TEST

START_TEST(a_bad_line_is_named)
{
	g_autoptr(GPtrArray) warnings = g_ptr_array_new_with_free_func(g_free);
	struct keymap *m = keymap_new();

	keymap_add(m, "# fine\n\nlist x fly\nkitchen x next\nlist <Nope> next\nlist xyzab next\n",
		"keys.conf", true, warnings);
	ck_assert_uint_eq(warnings->len, 4);
	ck_assert(g_str_has_prefix(warnings->pdata[0], "keys.conf:3: there is no such command"));
	ck_assert(g_str_has_prefix(warnings->pdata[1], "keys.conf:4: unknown context"));
	ck_assert(g_str_has_prefix(warnings->pdata[2], "keys.conf:5: these keys cannot be read"));
	ck_assert(g_str_has_prefix(warnings->pdata[3], "keys.conf:6: these keys cannot be read"));
	keymap_free(&m);
}
END_TEST

START_TEST(every_command_has_a_whole_row)
{
	const struct command *c;
	size_t n = 0;

	for (size_t i = 0; (c = command_nth(i)); i++, n++) {
		ck_assert_ptr_nonnull(c->args);
		ck_assert_ptr_nonnull(c->run);
		ck_assert_ptr_nonnull(c->help);
		ck_assert(c->where != 0);
		ck_assert_ptr_eq(command_find(c->name), c);
	}
	ck_assert_uint_gt(n, 30);
}
END_TEST

START_TEST(dates_are_relative)
{
	static const struct {
		int64_t t;
		int cells;
		const char *shown;
	} cases[] = {
		{ NOW - 60, 10, "11:59" },
		{ NOW - 86400, 10, "Thu" },
		{ NOW - 6 * 86400, 10, " 9 Mar" },
		{ NOW - 70 * 86400, 10, " 5 Jan" },
		{ NOW - 400 * 86400, 10, "2023-02-09" },
		{ NOW - 400 * 86400, 6, "Feb 23" },
		{ NOW + 86400, 10, "16 Mar" },
		{ 0, 10, "" },
	};

	clock_fake(1, NOW);
	for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
		char out[40];

		date_short(cases[i].t, "%Y-%m-%d", cases[i].cells, out, sizeof out);
		ck_assert_str_eq(out, cases[i].shown);
	}
}
END_TEST

START_TEST(numbers_are_grouped)
{
	char out[32];

	ck_assert_str_eq(number_text(0, out), "0");
	ck_assert_str_eq(number_text(999, out), "999");
	ck_assert_str_eq(number_text(1000, out), "1,000");
	ck_assert_str_eq(number_text(1234567, out), "1,234,567");
	ck_assert_str_eq(size_text(512, out, sizeof out), "512 B");
	ck_assert_str_eq(size_text(1500, out, sizeof out), "1.5 KB");
	ck_assert_str_eq(size_text(25000000, out, sizeof out), "25 MB");
}
END_TEST

START_TEST(states_are_told_in_words)
{
	static const struct {
		struct engine_state state;
		const char *text;
	} cases[] = {
		{ { .stage = STAGE_FETCHING, .done = 1200, .of = 100000 }, "fetching 1,200/100,000" },
		{ { .stage = STAGE_FETCHING, .mailbox = "INBOX", .done = 12300, .of = 100000 },
			"fetching Inbox 12,300/100,000" },
		{ { .stage = STAGE_PLANNING, .mailbox = "Lists/A name that is far too long" },
			"comparing A name that is far t…" },
		{ { .stage = STAGE_CONNECTING }, "connecting" },
		{ { .push_live = true, .push_everywhere = true }, "live everywhere" },
		{ { .stage = STAGE_WAITING, .error = { .code = ERR_CONFLICT } },
			"another tern fetches mail" },
		{ { .push_live = true, .last_sync = NOW }, "live" },
		{ { .last_sync = NOW }, "synced 12:00" },
		{ { .stage = STAGE_WAITING, .error = { .code = ERR_OFFLINE }, .last_sync = NOW - 3600,
			  .retry_at = NOW + 60 },
			"offline since 11:00, next try 12:01" },
		{ { .stage = STAGE_WAITING, .error = { .code = ERR_AUTH } }, "sign-in refused" },
		{ { 0 }, "" },
	};

	for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
		char out[120];

		state_text(&cases[i].state, out, sizeof out);
		ck_assert_str_eq(out, cases[i].text);
	}
}
END_TEST

START_TEST(roles_have_names_and_looks)
{
	for (int s = 0; s < STYLE_COUNT_; s++) {
		ck_assert_ptr_nonnull(theme_name((enum style)s));
		ck_assert_int_eq(theme_look((enum style)s, 0).fg, -1);
		ck_assert_int_lt(theme_look((enum style)s, 8).fg, 8);
	}
}
END_TEST

/* --- the manual -------------------------------------------------------- */

static void add_roff(GString *out, const char *s)
{
	for (; *s; s++)
		if (*s == '-' || *s == '\\')
			g_string_append(out, *s == '-' ? "\\-" : "\\e");
		else if (*s == '^')
			g_string_append(out, "\\(ha");
		else
			g_string_append_c(out, *s);
}

/* The words behind a command's name in the lines of ui_keys_text. */
static const char *help_of(char **lines, const char *name)
{
	g_autofree char *head = g_strdup_printf("command\t%s\t", name);

	for (size_t i = 0; lines[i]; i++)
		if (g_str_has_prefix(lines[i], head))
			return strrchr(lines[i], '\t') + 1;
	return NULL;
}

/* All keys of one command in one context, when its first one is met. */
static void add_keys(GString *out, char **lines, size_t first)
{
	g_auto(GStrv) own = g_strsplit(lines[first], "\t", -1);
	g_autoptr(GString) keys = g_string_new(NULL);

	for (size_t i = 0; lines[i]; i++) {
		g_auto(GStrv) w = g_strsplit(lines[i], "\t", -1);

		if (!w[0] || strcmp(w[0], "key") != 0 || strcmp(w[1], own[1]) != 0 ||
			strcmp(w[3], own[3]) != 0)
			continue;
		if (i < first)
			return;
		g_string_append_printf(keys, "%s%s", keys->len ? "  " : "", w[2]);
	}
	g_string_append(out, ".TP\n.B \"");
	add_roff(out, keys->str);
	g_string_append(out, "\"\n.I ");
	add_roff(out, own[3]);
	if (help_of(lines, own[3])) {
		g_string_append(out, "\n\\(en ");
		add_roff(out, help_of(lines, own[3]));
	}
	g_string_append_c(out, '\n');
}

static char *keys_as_roff(void)
{
	static const char *const headings[][2] = { { "list", "In the list of messages" },
		{ "reader", "In a message" }, { "picker", "Choosing a mailbox" }, { "help", "In the help" },
		{ "welcome", "On the first screen" }, { "activity", "In the activity" },
		{ "history", "In the history" }, { "parts", "In the parts of a message" },
		{ "links", "In the links of a message" }, { "text", "In the source of a message, and in the output of a program" } };
	g_autofree char *text = ui_keys_text();
	g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
	GString *out = g_string_new(".SH KEYS\n");

	for (size_t h = 0; h < G_N_ELEMENTS(headings); h++) {
		g_autofree char *head = g_strdup_printf("key\t%s\t", headings[h][0]);

		g_string_append_printf(out, ".SS %s\n", headings[h][1]);
		for (size_t i = 0; lines[i]; i++)
			if (g_str_has_prefix(lines[i], head))
				add_keys(out, lines, i);
	}
	g_string_append(out, ".SH COMMANDS\n");
	for (size_t i = 0; lines[i]; i++) {
		g_auto(GStrv) w = g_strsplit(lines[i], "\t", -1);

		if (!w[0] || strcmp(w[0], "command") != 0)
			continue;
		g_string_append(out, ".TP\n.B ");
		add_roff(out, w[1]);
		if (*w[2]) {
			g_string_append(out, " \\fI");
			add_roff(out, w[2]);
			g_string_append(out, "\\fP");
		}
		g_string_append_c(out, '\n');
		add_roff(out, w[3]);
		g_string_append_c(out, '\n');
	}
	return g_string_free(out, FALSE);
}

START_TEST(the_manual_has_the_keys_of_the_tables)
{
	static const char begin[] = ".\\\" keys\n", end[] = ".\\\" end\n";
	g_autofree char *page = NULL, *wanted = keys_as_roff(), *fresh = NULL;
	const char *from, *to;

	ck_assert(g_file_get_contents(TEST_MANUAL, &page, NULL, NULL));
	from = strstr(page, begin);
	to = strstr(page, end);
	ck_assert(from && to);
	from += strlen(begin);
	fresh = g_strdup_printf("%.*s%s%s", (int)(from - page), page, wanted, to);
	if (g_getenv("UPDATE_GOLDEN"))
		ck_assert(g_file_set_contents(TEST_MANUAL, fresh, -1, NULL));
	else
		ck_assert_msg(strcmp(page, fresh) == 0,
			"doc/tern-keys.7 is not what the tables say; UPDATE_GOLDEN=1 writes it anew");
}
END_TEST

Suite *suite_of_parts(void)
{
	Suite *suite = suite_create("ui parts");
	TCase *tc = tcase_create("parts");

	tcase_add_test(tc, canvas_cuts_with_an_ellipsis);
	tcase_add_test(tc, canvas_never_leaves_half_a_wide_character);
	tcase_add_test(tc, canvas_ignores_what_is_outside);
	tcase_add_test(tc, canvas_compares_and_copies_marks);
	tcase_add_test(tc, keys_have_names);
	tcase_add_test(tc, nonsense_is_no_key);
	tcase_add_test(tc, shipped_keys_are_sound);
	tcase_add_test(tc, the_readers_keys_win);
	tcase_add_test(tc, a_bad_line_is_named);
	tcase_add_test(tc, every_command_has_a_whole_row);
	tcase_add_test(tc, dates_are_relative);
	tcase_add_test(tc, numbers_are_grouped);
	tcase_add_test(tc, states_are_told_in_words);
	tcase_add_test(tc, roles_have_names_and_looks);
	tcase_add_test(tc, the_manual_has_the_keys_of_the_tables);
	suite_add_tcase(suite, tc);
	return suite;
}
