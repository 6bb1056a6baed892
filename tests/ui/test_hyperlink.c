/* Links that can be clicked on: which terminals, which targets, which bytes. */
#include <string.h>

#include "screen.h"
#include "ui/hyperlink.h"

static const char *const *variables; /* name, value, ... NULL */

static char *env(const char *name)
{
	for (const char *const *v = variables; *v; v += 2)
		if (strcmp(*v, name) == 0)
			return (char *)v[1];
	return NULL;
}

START_TEST(known_terminals_have_them)
{
	static const struct {
		const char *variables[7];
		bool known;
	} cases[] = {
		{ { "TERM", "xterm-kitty", NULL }, true },
		{ { "TERM", "foot-extra", NULL }, true },
		{ { "TERM", "xterm-256color", "VTE_VERSION", "7200", NULL }, true },
		{ { "TERM", "xterm-256color", "VTE_VERSION", "4600", NULL }, false },
		{ { "TERM", "xterm-256color", NULL }, false },
		{ { "TERM", "linux", NULL }, false },
		{ { "TERM", "xterm-256color", "KONSOLE_VERSION", "220400", NULL }, true },
		{ { "TERM", "xterm-256color", "TERM_PROGRAM", "iTerm.app", NULL }, true },
		{ { "TMUX", "x", "VTE_VERSION", "7200", NULL }, false },
		{ { "TMUX", "x", "TERM_PROGRAM", "tmux", "TERM_PROGRAM_VERSION", "3.4", NULL }, true },
		{ { "TMUX", "x", "TERM_PROGRAM", "tmux", "TERM_PROGRAM_VERSION", "3.3a", NULL }, false },
		{ { "STY", "x", "TERM", "xterm-kitty", NULL }, false },
		{ { NULL }, false },
	};

	for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
		variables = cases[i].variables;
		ck_assert_msg(hyperlink_known(env) == cases[i].known, "case %zu", i);
	}
}
END_TEST

START_TEST(targets_are_encoded_or_refused)
{
	static const struct {
		const char *target, *sent; /* NULL = nothing */
	} cases[] = {
		{ "https://example.org/a?b=c&d=%20;e#f", "https://example.org/a?b=c&d=%20;e#f" },
		{ "HTTP://example.org", "HTTP://example.org" },
		{ "mailto:a@example.org", "mailto:a@example.org" },
		{ "https://e/\x1b]8;;http://evil\x1b\\", "https://e/%1B]8;;http://evil%1B%5C" },
		{ "https://e/\x07\n\x7f \xc3\xbc\"<>", "https://e/%07%0A%7F%20%C3%BC%22%3C%3E" },
		{ "javascript:alert(1)", NULL },
		{ "file:///etc/passwd", NULL },
		{ "", NULL },
	};
	g_autofree char *long_one = g_strdup_printf("https://e/%*s", HYPERLINK_MAX, "");
	g_autoptr(GString) out = g_string_new(NULL);

	for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
		g_string_truncate(out, 0);
		ck_assert_int_eq(hyperlink_target(out, cases[i].target), cases[i].sent != NULL);
		ck_assert_str_eq(out->str, cases[i].sent ? cases[i].sent : "");
	}
	ck_assert(!hyperlink_target(out, long_one));
}
END_TEST

START_TEST(cells_of_links_are_written_once_more)
{
	struct canvas *c = canvas_new(3, 20), *painted = canvas_new(3, 20);
	g_autoptr(GString) out = g_string_new(NULL);

	hyperlink_paint(out, c, painted, 16);
	ck_assert_str_eq(out->str, "");
	canvas_put(c, 1, 2, 10, STYLE_LINK, "[1] sité");
	canvas_link(c, 1, 2, 8, "https://e/\x1b");
	hyperlink_paint(out, c, painted, 16);
	ck_assert_str_eq(out->str, "\0337\033[2;3H\033[0;4;94m\033]8;id=t1;https://e/%1B\033\\[1] sité"
				   "\033]8;;\033\\\0338");
	canvas_copy(painted, c);
	canvas_settle(c);
	g_string_truncate(out, 0);
	hyperlink_paint(out, c, painted, 16);
	ck_assert_str_eq(out->str, ""); /* nothing changed */
	canvas_put(c, 1, 15, 5, STYLE_NORMAL, "new"); /* in its row: curses may have touched it */
	hyperlink_paint(out, c, painted, 16);
	ck_assert_ptr_nonnull(strstr(out->str, "https://e/%1B"));
	canvas_copy(painted, c);
	canvas_clear(c); /* another message, the same words, no link */
	canvas_put(c, 1, 2, 10, STYLE_LINK, "[1] sité");
	g_string_truncate(out, 0);
	hyperlink_paint(out, c, painted, 0);
	ck_assert_str_eq(out->str, "\0337\033[2;3H\033[0;4m[1] sité\0338");
	canvas_free(&c);
	canvas_free(&painted);
}
END_TEST

TCase *hyperlink_cases(void)
{
	TCase *tc = tcase_create("hyperlink");

	tcase_add_test(tc, known_terminals_have_them);
	tcase_add_test(tc, targets_are_encoded_or_refused);
	tcase_add_test(tc, cells_of_links_are_written_once_more);
	return tc;
}
