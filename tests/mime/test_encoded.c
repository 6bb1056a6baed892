/* Messages that were encoded as a whole, names written against the rules, and headers in the charset
 * of the body (M-10: what is cached is what was shown). */
#include "test_mime.h"

#include <string.h>
#include <unistd.h>

#include <glib.h>

#include "base/file.h"
#include "base/mem.h"
#include "mime/export.h"
#include "mime/summary.h"
#include "mime/unpack.h"

#define MIXED "Content-Type: multipart/mixed; boundary=B\n\n"
#define INNER "From: a@b\nSubject: in\nContent-Type: multipart/mixed; boundary=C\n\n" \
	      "--C\n\nwords\n--C\nContent-Type: application/pdf; name=a.pdf\n\nx\n--C--\n"
#define SHOWN "---------- Attached message ----------\nFrom: a@b\nSubject: in\n\nwords\n"

/* A message/rfc822 part with these lines in its header, and its content in base64. */
static char *encoded(const char *inner, size_t len, const char *lines)
{
	g_autofree char *flat = g_base64_encode((const guchar *)inner, len);
	GString *out = g_string_new(NULL);

	g_string_append_printf(out, "Content-Type: message/rfc822\n%s\n", lines);
	for (const char *p = flat; *p; p += strnlen(p, 76))
		g_string_append_printf(out, "%.76s\n", p);
	return g_string_free(out, FALSE);
}

static char *mixed(const char *part)
{
	return g_strconcat(MIXED "--B\n\nsee\n--B\n", part, "--B\n\nbehind\n--B--\n", NULL);
}

static const struct document_part *part_of(const struct document *d, guint i)
{
	ck_assert_uint_lt(i, d->parts->len);
	return d->parts->pdata[i];
}

static char *exported(const char *mail, int part)
{
	AUTO(fd_close) int fd = file_of(mail, strlen(mail));
	AUTO(fd_close) int out = file_of("", 0);
	char *bytes = g_malloc0(1000);
	uint64_t n = 0;

	ck_assert_int_eq(document_export(fd, NULL, part, out, &n, NULL), 0);
	ck_assert_uint_lt(n, 1000);
	ck_assert_int_eq(pread(out, bytes, n, 0), (ssize_t)n);
	return bytes;
}

START_TEST(shown_in_place)
{
	g_autofree char *part = encoded(INNER, strlen(INNER), "Content-Transfer-Encoding: base64\n");
	g_autofree char *mail = mixed(part), *whole = NULL, *leaf = NULL;
	AUTO(document_free) struct document *d = document_of(mail, strlen(mail));

	ck_assert_str_eq(d->text, "see\n\n" SHOWN "\nbehind\n");
	ck_assert_str_eq(part_of(d, 2)->type, "message/rfc822");
	ck_assert(part_of(d, 2)->shown && !part_of(d, 2)->attachment);
	ck_assert_str_eq(part_of(d, 5)->filename, "a.pdf");
	ck_assert(part_of(d, 5)->attachment);
	ck_assert_ptr_null(d->note);
	whole = exported(mail, 2);
	ck_assert_str_eq(whole, INNER);
	leaf = exported(mail, 5);
	ck_assert_str_eq(leaf, "x");
}
END_TEST

START_TEST(quoted_printable)
{
	static const char mail[] = MIXED "--B\nContent-Type: message/rfc822\n"
		"Content-Transfer-Encoding: Quoted-Printable\n\nFrom: a@b\nSubject: in\n\nwo=\nrds\n--B--\n";
	AUTO(document_free) struct document *d = document_of(mail, sizeof mail - 1);

	ck_assert_str_eq(d->text, SHOWN);
}
END_TEST

START_TEST(attached_stays_a_file)
{
	g_autofree char *part = encoded(INNER, strlen(INNER), "Content-Transfer-Encoding: base64\n"
		"Content-Disposition: attachment; filename=m.eml\n");
	g_autofree char *mail = mixed(part), *whole = exported(mail, 2);
	AUTO(document_free) struct document *d = document_of(mail, strlen(mail));

	ck_assert_str_eq(d->text, "see\n\nbehind\n");
	ck_assert(part_of(d, 2)->attachment);
	ck_assert_uint_eq(d->parts->len, 4);
	ck_assert_str_eq(whole, INNER);
}
END_TEST

/* What is no message, or too large to be opened, is a file as it was. */
START_TEST(no_message_inside)
{
	g_autofree char *part = encoded("no header here\n", 15, "Content-Transfer-Encoding: base64\n");
	g_autofree char *mail = mixed(part), *whole = exported(mail, 2);
	AUTO(document_free) struct document *d = document_of(mail, strlen(mail));

	ck_assert_str_eq(d->text, "see\n\nbehind\n");
	ck_assert(part_of(d, 2)->attachment);
	ck_assert_str_eq(whole, "no header here\n");
}
END_TEST

/* The lines of the encoding are no header lines, however many (mime/open.c has a limit for these). */
START_TEST(large_one_is_not_cut)
{
	g_autoptr(GString) inner = g_string_new("From: a@b\nSubject: in\n\n");
	g_autofree char *part = NULL, *mail = NULL;
	AUTO(document_free) struct document *d = NULL;

	while (inner->len < 3 << 20)
		g_string_append(inner, "some words in a line\n");
	part = encoded(inner->str, inner->len, "Content-Transfer-Encoding: base64\n"
		"Content-Disposition: attachment\n");
	mail = mixed(part);
	d = document_of(mail, strlen(mail));
	ck_assert_str_eq(d->text, "see\n\nbehind\n");
	ck_assert_ptr_null(d->note);
}
END_TEST

/* What passes the limit of bytes is a file, as it was; what is behind it is still opened. */
START_TEST(too_large_is_a_file)
{
	g_autoptr(GString) inner = g_string_new("From: a@b\nSubject: in\n\n");
	g_autofree char *large = NULL, *small = NULL, *both = NULL, *mail = NULL;
	AUTO(document_free) struct document *d = NULL;
	gsize head = inner->len;

	g_string_set_size(inner, UNPACK_MESSAGES_MAX + 1);
	memset(inner->str + head, 'x', inner->len - head);
	large = encoded(inner->str, inner->len, "Content-Transfer-Encoding: base64\n");
	small = encoded(INNER, strlen(INNER), "Content-Transfer-Encoding: base64\n");
	both = g_strconcat(large, "--B\n", small, NULL);
	mail = mixed(both);
	d = document_of(mail, strlen(mail));
	ck_assert_str_eq(d->text, "see\n\n" SHOWN "\nbehind\n");
	ck_assert(part_of(d, 2)->attachment && !part_of(d, 3)->attachment);
	ck_assert_ptr_null(d->note);
}
END_TEST

/* Each holds the next one. */
START_TEST(nested)
{
	g_autofree char *mail = g_strdup("From: a@b\n\ninnermost\n");
	AUTO(document_free) struct document *d = NULL;

	for (int i = 0; i < 20; i++) {
		g_autofree char *outer = encoded(mail, strlen(mail),
			"Content-Transfer-Encoding: base64\nFrom: a@b\n");

		g_free(mail);
		mail = g_steal_pointer(&outer);
	}
	d = document_of(mail, strlen(mail));
	ck_assert_ptr_nonnull(strstr(d->text, "innermost"));
	ck_assert_uint_eq(d->parts->len, 21);
}
END_TEST

/* Of what stands in an encoded message nothing is said to be signed: its bytes are not in the file. */
START_TEST(no_seal_inside)
{
	static const char inner[] = "From: a@b\nContent-Type: multipart/signed; boundary=C; "
		"protocol=\"application/pgp-signature\"\n\n--C\n\nx\n--C\n"
		"Content-Type: application/pgp-signature\n\ns\n--C--\n";
	g_autofree char *part = encoded(inner, sizeof inner - 1, "Content-Transfer-Encoding: base64\n");
	g_autofree char *mail = mixed(part);
	AUTO(document_free) struct document *d = document_of(mail, strlen(mail));

	ck_assert_int_eq(d->seal.kind, SEAL_NONE);
	ck_assert_ptr_nonnull(strstr(d->text, "x\n"));
}
END_TEST

static const struct {
	const char *header, *want;
} names[] = {
	{ "Content-Disposition: attachment; filename=\"report.pdf", "report.pdf" },
	{ "Content-Disposition: attachment; filename=\"report.pdf\n size=3", "report.pdf" },
	{ "Content-Disposition: attachment;; = ; filename=\"report.pdf\"", "report.pdf" },
	{ "Content-Disposition: attachment;\n\tfilename=\"report.pdf\"", "report.pdf" },
	{ "Content-Type: application/pdf; ; name=report.pdf", "report.pdf" },
	{ "Content-Type: application/pdf; name=\"=?gb2312?B?1tDOxC5wZGY=?=\"", "\u4e2d\u6587.pdf" },
	{ "Content-Type: application/pdf; name=\"=?utf-8?B?5Lit?=\n =?utf-8?B?5paHLnBkZg==?=\"",
		"\u4e2d\u6587.pdf" },
	{ "Content-Type: application/pdf; name=\"\xd6\xd0\xb9\xfa\xc8\xcb\xc3\xf1.pdf\"",
		"\u4e2d\u56fd\u4eba\u6c11.pdf" },
	{ "Content-Type: application/pdf; name=\"\xcf\xf0\xe8\xe2\xe5\xf2.pdf\"",
		"\u041f\u0440\u0438\u0432\u0435\u0442.pdf" },
	{ "Content-Disposition: attachment; filename=\"x.pdf\"; filename*=utf-8''caf%C3%A9.pdf",
		"caf\u00e9.pdf" },
};

START_TEST(odd_names)
{
	g_autofree char *mail = g_strconcat(names[_i].header, "\n\nx\n", NULL);
	AUTO(document_free) struct document *d = document_of(mail, strlen(mail));

	ck_assert_str_eq(part_of(d, 0)->filename, names[_i].want);
}
END_TEST

static const struct {
	const char *mail, *subject;
} raw[] = {
	{ "Subject: \xd6\xd0\xce\xc4\nContent-Type: text/plain; charset=gb2312\n\nx\n", "\u4e2d\u6587" },
	{ "Subject: \xc8\xee\xed\nContent-Type: text/plain; charset=\"windows-1251\"\n\nx\n",
		"\u0418\u043e\u043d" },
	{ "Content-Type: text/plain; charset=iso-8859-2\nSubject: \xb9k\xf3la\n\nx\n",
		"\u0161k\u00f3la" },
	{ "Content-Type: text/plain; charset=iso-8859-2\nSubject: caf\u00e9\n\nx\n", "caf\u00e9" },
	{ "Content-Type: text/plain; charset=us-ascii\nSubject: caf\xe9 noir\n\nx\n", "caf\u00e9 noir" },
	{ "Subject: caf\xe9 noir\n\nx\n", "caf\u00e9 noir" },
};

START_TEST(headers_like_the_body)
{
	AUTO(document_free) struct document *d = document_of(raw[_i].mail, strlen(raw[_i].mail));
	AUTO(fd_close) int fd = file_of(raw[_i].mail, strlen(raw[_i].mail));
	AUTO(summary_free) struct summary *s = NULL;
	struct change c = { 0 };

	ck_assert_str_eq(document_header(d, "Subject"), raw[_i].subject);
	ck_assert_int_eq(summary_read(fd, &s, NULL), 0);
	summary_fill(s, &c);
	ck_assert_str_eq(c.subject, raw[_i].subject);
}
END_TEST

TCase *encoded_cases(void)
{
	TCase *c = tcase_create("encoded");

	tcase_set_timeout(c, 60);
	tcase_add_test(c, shown_in_place);
	tcase_add_test(c, quoted_printable);
	tcase_add_test(c, attached_stays_a_file);
	tcase_add_test(c, no_message_inside);
	tcase_add_test(c, large_one_is_not_cut);
	tcase_add_test(c, too_large_is_a_file);
	tcase_add_test(c, nested);
	tcase_add_test(c, no_seal_inside);
	tcase_add_loop_test(c, odd_names, 0, (int)G_N_ELEMENTS(names));
	tcase_add_loop_test(c, headers_like_the_body, 0, (int)G_N_ELEMENTS(raw));
	return c;
}
