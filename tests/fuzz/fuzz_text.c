/*
 * A libFuzzer target: any bytes as text for the screen.  Whatever goes in, valid
 * UTF-8 without anything that a terminal obeys comes out, as wide as promised,
 * and cleaning it again changes nothing.
 */
#include <glib.h>
#include <locale.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>

#include "base/text.h"

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc;
	(void)argv;
	if (!setlocale(LC_ALL, "C.UTF-8"))
		abort();
	return 0;
}

/* Bidirectional controls, zero-width characters, byte order mark, variation selectors, tags. */
static bool is_invisible(gunichar c)
{
	return c == 0x61C || (c >= 0x200B && c <= 0x200F) || (c >= 0x2028 && c <= 0x202E) ||
	       (c >= 0x2060 && c <= 0x206F) || (c >= 0xFE00 && c <= 0xFE0F) || c == 0xFEFF ||
	       (c >= 0xE0000 && c <= 0xE0FFF);
}

/* The cells of s; -1 if it holds what may not reach a terminal. */
static int judge(const char *s, size_t len, bool lines)
{
	int cells = 0, marks = 0;

	if (!g_utf8_validate(s, (gssize)len, NULL))
		return -1;
	for (const char *p = s; p < s + len; p = g_utf8_next_char(p)) {
		gunichar c = g_utf8_get_char(p);
		int w = wcwidth((wchar_t)c);

		if (lines && (c == '\n' || c == '\t'))
			w = marks = 0;
		else if (c < 0x20 || (c >= 0x7F && c <= 0x9F) || w < 0 || is_invisible(c))
			return -1;
		marks = w > 0 ? 0 : marks + 1;
		if (!lines && marks > TEXT_MARKS_MAX)
			return -1;
		cells += w;
	}
	return cells;
}

static void must(bool holds)
{
	if (!holds)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	const char *in = (const char *)data;
	size_t cap = 4 * len + 8, small = 1 + (len ? data[0] % 16 : 0);
	g_autofree char *out = g_malloc(cap), *cut = g_malloc(small);
	g_autofree char *whole = text_clean(in, (ssize_t)len, false);
	g_autofree char *lines = text_clean(in, (ssize_t)len, true), *again = NULL;
	int cells = text_clean_into(in, (ssize_t)len, out, cap);

	must(judge(out, strlen(out), false) == cells);
	must(text_width(out) == cells);
	must(strcmp(out, whole) == 0);
	must(judge(lines, strlen(lines), true) >= 0);
	again = text_clean(out, -1, false);
	must(strcmp(out, again) == 0);
	cells = text_clean_into(in, (ssize_t)len, cut, small);
	must(strlen(cut) < small && judge(cut, strlen(cut), false) == cells);
	must(g_str_has_prefix(out, cut));
	must(text_is_utf8(in, len) == g_utf8_validate(in, (gssize)len, NULL));
	return 0;
}
