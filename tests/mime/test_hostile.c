#include "test_mime.h"

#include <string.h>

#include <glib.h>

#include "base/mem.h"
#include "mime/summary.h"

static struct document *read_both(const char *mail, size_t len)
{
	AUTO(fd_close) int fd = file_of(mail, len);
	AUTO(summary_free) struct summary *s = NULL;

	ck_assert_int_eq(summary_read(fd, &s, NULL), 0);
	return document_of(mail, len);
}

START_TEST(deep)
{
	g_autoptr(GString) mail = g_string_new("Subject: deep\n");
	AUTO(document_free) struct document *d = NULL;

	for (int i = 0; i < 3000; i++) {
		if (_i == 0)
			g_string_append_printf(mail,
				"Content-Type: multipart/mixed; boundary=b%d\n\n--b%d\n", i, i);
		else
			g_string_append(mail, "Content-Type: message/rfc822\n\n");
	}
	g_string_append(mail, "\ntext\n");
	d = read_both(mail->str, mail->len);
	ck_assert_uint_eq(d->parts->len, DOCUMENT_DEPTH_MAX);
	ck_assert_ptr_nonnull(d->note);
	ck_assert_str_eq(document_header(d, "subject"), "deep");
}
END_TEST

START_TEST(wide)
{
	static const int n[] = { DOCUMENT_PARTS_MAX - 2, DOCUMENT_PARTS_MAX - 1, DOCUMENT_PARTS_MAX,
		3000, 50000 };
	g_autoptr(GString) mail = g_string_new("Content-Type: multipart/mixed; boundary=B\n\n");
	AUTO(document_free) struct document *d = NULL;

	for (int i = 0; i < n[_i]; i++)
		g_string_append(mail, "--B\n\nx\n");
	d = read_both(mail->str, mail->len);
	ck_assert_uint_eq(d->parts->len, (guint)MIN(n[_i] + 1, (int)DOCUMENT_PARTS_MAX));
	ck_assert((d->note != NULL) == (n[_i] >= DOCUMENT_PARTS_MAX));
}
END_TEST

static const char *const fillers[] = { "(", "<", "\"", ",", "@", "=?", "=?utf-8?b?", ";", "a:", "[",
	"\\", "\x1b$B", "\xff" };

START_TEST(long_headers)
{
	static const char *const fields[] = { "From", "To", "Subject", "Content-Type", "Date",
		"References", "Message-ID", "Content-Disposition" };

	for (size_t f = 0; f < G_N_ELEMENTS(fields); f++) {
		g_autoptr(GString) mail = g_string_new(NULL);
		AUTO(document_free) struct document *d = NULL;

		g_string_append_printf(mail, "%s: ", fields[f]);
		while (mail->len < 200 * 1024)
			g_string_append(mail, fillers[_i]);
		g_string_append(mail, "\n\nbody\n");
		d = read_both(mail->str, mail->len);
	}
}
END_TEST

START_TEST(header_block)
{
	static const size_t sizes[] = { DOCUMENT_HEADER_MAX - 1, DOCUMENT_HEADER_MAX,
		DOCUMENT_HEADER_MAX + 1 };
	g_autoptr(GString) mail = g_string_new("Subject: s\nX: ");
	AUTO(document_free) struct document *d = NULL;

	while (mail->len < sizes[_i] - 2)
		g_string_append_c(mail, 'x');
	g_string_append(mail, "\n\nbody\n");
	d = read_both(mail->str, mail->len);
	ck_assert_str_eq(document_header(d, "Subject"), "s");
	ck_assert((d->note != NULL) == (_i == 2));
}
END_TEST

START_TEST(many_lines)
{
	g_autoptr(GString) mail = g_string_new("Subject: s\n");
	AUTO(document_free) struct document *d = NULL;

	for (int i = 0; i < 300000; i++)
		g_string_append(mail, "a:\n");
	g_string_append(mail, "\nbody\n");
	d = read_both(mail->str, mail->len);
	ck_assert_ptr_nonnull(d->note);
}
END_TEST

START_TEST(long_text)
{
	g_autoptr(GString) mail = g_string_new("Subject: s\n\n");
	AUTO(document_free) struct document *d = NULL;

	while (mail->len < DOCUMENT_TEXT_MAX + 4096)
		g_string_append(mail, "\u20ac 100 and more\n");
	d = read_both(mail->str, mail->len);
	ck_assert_uint_gt(strlen(d->text), DOCUMENT_TEXT_MAX - 8);
	ck_assert_ptr_nonnull(d->note);
}
END_TEST

START_TEST(odd_bytes)
{
	static const char nul[] = "Subject: a\0b\n\nx\0y\n", lines[] = "\n\n\n", cr[] = "\r\r\r";
	AUTO(document_free) struct document *d = read_both(nul, sizeof nul - 1);
	AUTO(document_free) struct document *e = read_both(lines, sizeof lines - 1);
	AUTO(document_free) struct document *f = read_both(cr, sizeof cr - 1);
	static const char letters[] = "\r\n\n: -=?b;Content-Type/multipart\x80\xff";
	g_autofree char *junk = g_malloc(3000);

	ck_assert(g_str_has_prefix(d->text, "x") && g_str_has_suffix(d->text, "y\n"));
	ck_assert_ptr_nonnull(e->text);
	ck_assert_ptr_nonnull(f->text);
	for (int seed = 0; seed < 200; seed++) {
		g_autoptr(GRand) r = g_rand_new_with_seed((guint32)seed);
		AUTO(document_free) struct document *j = NULL;
		size_t len = (size_t)g_rand_int_range(r, 0, 3000);

		for (size_t i = 0; i < len; i++)
			junk[i] = letters[g_rand_int_range(r, 0, sizeof letters)];
		j = read_both(junk, len);
	}
}
END_TEST

TCase *hostile_cases(void)
{
	TCase *c = tcase_create("hostile");

	tcase_set_timeout(c, 180);
	tcase_add_loop_test(c, deep, 0, 2);
	tcase_add_loop_test(c, wide, 0, 5);
	tcase_add_loop_test(c, long_headers, 0, (int)G_N_ELEMENTS(fillers));
	tcase_add_loop_test(c, header_block, 0, 3);
	tcase_add_test(c, many_lines);
	tcase_add_test(c, long_text);
	tcase_add_test(c, odd_bytes);
	return c;
}
