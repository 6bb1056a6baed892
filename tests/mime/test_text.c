#include "test_mime.h"

#include <stdint.h>
#include <string.h>

#include <glib.h>

#include "mime/charset.h"
#include "mime/text.h"

static const struct {
	const char *raw, *want;
} words[] = {
	{ "plain words", "plain words" },
	{ "", "" },
	{ "  trimmed \r\n", "trimmed" },
	{ "folded\r\n line", "folded line" },
	{ "folded \r\n\t  line\r\n\r\n more", "folded line more" },
	{ "bare\nline\rends", "bare line ends" },
	{ "=?utf-8?q?caf=C3=A9?=", "caf\u00e9" },
	{ "=?UTF-8?B?Y2Fmw6k=?= noir", "caf\u00e9 noir" },
	{ "=?iso-8859-1?Q?a?= =?iso-8859-1?Q?_b?=", "a b" },
	{ "=?utf-8?b?w?=\r\n =?utf-8?b?6k=?=", "\u00e9" },
	{ "=?ISO-2022-JP?B?GyRCRnxLXBsoQg==?=", "\u65e5\u672c" },
	{ "=?gb2312?B?1tDOxA==?=", "\u4e2d\u6587" },
	{ "=?utf-8*en?q?hello?=", "hello" },
	{ "=?windows-1252?Q?=80_5?=", "\u20ac 5" },
	{ "=?utf-8?q?=1b[31m?=", "\x1b[31m" }, /* cleaned where it is shown */
	{ "raw caf\xc3\xa9", "raw caf\u00e9" },
	{ "raw caf\xe9 in Latin-1", "raw caf\u00e9 in Latin-1" },
	{ "raw 5 \x80", "raw 5 \u20ac" },
	{ "raw \xf0\xd2\xc9\xd7\xc5\xd4", "raw \u041f\u0440\u0438\u0432\u0435\u0442" },
	{ "\xcf\xf0\xe8\xe2\xe5\xf2", "\u041f\u0440\u0438\u0432\u0435\u0442" },
	{ "1 = 2? no", "1 = 2? no" },
	{ "raw \xc4\xe3\xba\xc3", "raw \u4f60\u597d" },
	{ "\xcf\xf0\xe8\xe2\xe5\xf2 \xe4\xf0\xf3\xe3", "\u041f\u0440\u0438\u0432\u0435\u0442 \u0434\u0440\u0443\u0433" },
	/* words that were broken where no line may be broken */
	{ "=?utf-8?Q?Hel\n lo_there?= you", "Hello there you" },
	{ "[x]=?utf-8?B?Y2\r\n Fmw6k=?=", "[x]caf\u00e9" },
	{ "=?utf-8?q?a?=\n =?utf-8?q?b?=", "ab" },
	{ "=??Q?caf=C3=A9?= =?? no", "caf\u00e9 =?? no" },
	{ "=?utf-8?b?5Q==?= =?UTF-8?b?sbE=?=", "\u5c71" },
	{ "=?utf-8?q?=E5=B1?=\n =?utf-8?q?=B1?=", "\u5c71" },
	{ "=?broken", "=?broken" },
	{ "=?utf-8?q?", "=?utf-8?q?" },
};

START_TEST(decode_words)
{
	g_autofree char *got = mime_decode_text(words[_i].raw, strlen(words[_i].raw), 1000);

	ck_assert_str_eq(got, words[_i].want);
}
END_TEST

START_TEST(decode_odd_labels)
{
	g_autofree char *got = NULL;

	/* an unknown charset ends in shown characters, never in an empty field */
	got = mime_decode_text("=?x-no-such?q?caf=E9?=", 22, 1000);
	ck_assert(g_utf8_validate(got, -1, NULL));
	ck_assert_ptr_nonnull(strstr(got, "caf"));
}
END_TEST

START_TEST(decode_without_nul)
{
	g_autofree char *got = mime_decode_text("a\0b\xc3\xa9", 5, 1000);

	ck_assert_str_eq(got, "ab\u00e9");
}
END_TEST

START_TEST(decode_cuts_at_a_character)
{
	static const char *const want[] = { "", "a", "a", "a\u00e9", "a\u00e9b" };
	g_autofree char *plain = mime_decode_text("abcdef", 6, 3);

	ck_assert_str_eq(plain, "abc");
	for (size_t max = 0; max < G_N_ELEMENTS(want); max++) {
		g_autofree char *got = mime_decode_text("a\xc3\xa9" "b", 4, max);

		ck_assert_str_eq(got, want[max]);
	}
}
END_TEST

START_TEST(decode_long_values)
{
	g_autoptr(GString) s = g_string_new(NULL);
	g_autofree char *got = NULL;

	for (int i = 0; i < 20000; i++)
		g_string_append(s, "=?utf-8?q?x?= ");
	got = mime_decode_text(s->str, s->len, 1000);
	ck_assert_uint_le(strlen(got), 1000);
	ck_assert_uint_eq(strspn(got, "x"), 1000);
}
END_TEST

static const struct {
	const char *raw, *want;
	size_t max;
} ids[] = {
	{ "<a@b>", "a@b", 9 },
	{ "<a@b> <c@d>\r\n\t<e@f>", "a@b|c@d|e@f", 9 },
	{ "<a@b><c@d>", "a@b|c@d", 9 },
	{ "<a@b> <c@d> <e@f>", "a@b|c@d", 2 },
	{ "a@b c@d,e@f", "a@b|c@d|e@f", 9 },
	{ "<a@b <c@d>", "a@b|c@d", 9 },
	{ "<a@b", "a@b", 9 },
	{ "<lo\r\n ng@b>", "long@b", 9 },
	{ "Your message of Mon from x@y <a@b>", "a@b", 9 },
	{ "<>", "", 9 },
	{ "none here", "", 9 },
	{ "", "", 9 },
	{ "<without-at>", "without-at", 9 },
};

static void gather(void *ctx, const char *id, size_t len)
{
	GString *out = ctx;

	if (out->len)
		g_string_append_c(out, '|');
	g_string_append_len(out, id, (gssize)len);
}

START_TEST(message_ids)
{
	g_autoptr(GString) got = g_string_new(NULL);
	size_t n = mime_each_message_id(ids[_i].raw, strlen(ids[_i].raw), ids[_i].max, gather, got);

	ck_assert_str_eq(got->str, ids[_i].want);
	ck_assert_uint_le(n, ids[_i].max);
}
END_TEST

static const struct {
	const char *raw;
	int64_t want;
} dates[] = {
	{ "Mon, 05 Jan 2026 09:07:08 +0100", 1767600428 },
	{ "5 Jan 2026 09:07 +0100", 1767600420 },
	{ " Mon,  5 jan 2026 09:07:08 -0000 (UTC)", 1767604028 },
	{ "Thu, 29 Feb 2024 12:00:00 GMT", 1709208000 },
	{ "Fri, 01 Mar 2024 00:00:00 UT", 1709251200 },
	{ "Thu, 1 Jan 1970 00:00:01 +0000", 1 },
	{ "Sun, 31 Dec 2000 23:59:59 -1200", 978350399 },
	{ "Mon, 05 Jan 2026 09:07:08 +9900", 1767604028 },
	{ "Mon, 05 Jan 2026 09:07:08", 1767604028 },
	{ "Mon, 05 Jan 2026 09:07:08 +01:00", 1767600428 },
	{ "Mon, 05 Jan 2026 09.07.08 +0100", 1767600428 },
	{ "Mon, 05 Jan 2026 09:07:08 Z", 1767604028 },
	{ "Mon, 05 Jan 2026 09:07:08 A", 1767604028 },
	{ "Mon, 05 Jan 2026 09:07:08 +0", 1767604028 },
	{ "05-Jan-2026 09:07:08 +0100", 1767600428 },
	{ "Mon, 5 Jan 2026 09:07:08 EST", 1767622028 },
	{ "Tue, 6 Jan 98 09:07:08 +0000", 884077628 },
	{ "Mon, 05 Jan 1806 09:07:08 +0100", 0 },
	{ "Mon, 05 Jan 99999 09:07:08 +0100", 0 },
	{ "yesterday", 0 },
	{ "", 0 },
};

START_TEST(date_values)
{
	ck_assert_int_eq(mime_parse_date(dates[_i].raw, strlen(dates[_i].raw)), dates[_i].want);
}
END_TEST

START_TEST(charsets)
{
	g_autoptr(GString) out = g_string_new(NULL);

	ck_assert(charset_append(out, "ISO-8859-15", "\xa4", 1));
	ck_assert(charset_append(out, "iso-8859-1", "\xc3\xa9", 2)); /* UTF-8 with a wrong label */
	ck_assert(!charset_append(out, "../../etc/passwd", "x\xe9xx", 4));
	ck_assert(!charset_append(out, "euc-jp", "\xc6", 1));
	ck_assert(charset_append(out, "utf-16le", "h\0i\0\0\0", 6));
	ck_assert_str_eq(out->str, "\u20ac\u00e9x\u00e9xx\ufffdhi");
}
END_TEST

TCase *text_cases(void)
{
	TCase *c = tcase_create("text");

	tcase_add_loop_test(c, decode_words, 0, (int)G_N_ELEMENTS(words));
	tcase_add_test(c, decode_odd_labels);
	tcase_add_test(c, decode_without_nul);
	tcase_add_test(c, decode_cuts_at_a_character);
	tcase_add_test(c, decode_long_values);
	tcase_add_loop_test(c, message_ids, 0, (int)G_N_ELEMENTS(ids));
	tcase_add_loop_test(c, date_values, 0, (int)G_N_ELEMENTS(dates));
	tcase_add_test(c, charsets);
	return c;
}
