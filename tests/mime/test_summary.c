#include "test_mime.h"

#include <string.h>

#include <glib.h>

#include "base/mem.h"
#include "mime/summary.h"

static void read_summary(const char *mail, size_t len, struct summary **s, struct change *c)
{
	AUTO(fd_close) int fd = file_of(mail, len);

	*c = (struct change){ 0 };
	ck_assert_int_eq(summary_read(fd, s, NULL), 0);
	summary_fill(*s, c);
}

START_TEST(fields)
{
	static const char mail[] = "From: =?utf-8?q?J=C3=B6rg?= <j@x>\r\nTo: a@b,\r\n c@d\r\n"
		"Subject: =?utf-8?q?caf=C3=A9?=\r\nDate: Mon, 05 Jan 2026 09:07:08 +0100\r\n"
		"Message-ID: <id@x>\r\nReferences: <1@x>\r\n <2@x>\r\nIn-Reply-To: <2@x> <3@x>\r\n"
		"\r\nbody\r\n";
	struct change c;
	AUTO(summary_free) struct summary *s = NULL;

	read_summary(mail, sizeof mail - 1, &s, &c);
	ck_assert_str_eq(c.from_name, "J\u00f6rg");
	ck_assert_str_eq(c.from_addr, "j@x");
	ck_assert_str_eq(c.to, "a@b, c@d");
	ck_assert_ptr_null(c.cc);
	ck_assert_str_eq(c.subject, "caf\u00e9");
	ck_assert_str_eq(c.message_id, "id@x");
	ck_assert_int_eq(c.sent_at, 1767600428);
	ck_assert_uint_eq(c.n_references, 3);
	ck_assert_str_eq(c.references[0], "1@x");
	ck_assert_str_eq(c.references[2], "3@x");
	ck_assert_uint_eq(c.size, sizeof mail - 1);
	ck_assert(!c.has_attachment);
}
END_TEST

static const struct {
	const char *from, *name, *addr;
} people[] = {
	{ "a@b", NULL, "a@b" },
	{ "<a@b>", NULL, "a@b" },
	{ "A B <a@b>", "A B", "a@b" },
	{ "\"B, A\" <a@b>", "B, A", "a@b" },
	{ "a@b (A B)", "A B", "a@b" },
	{ "A <a@b>, C <c@d>", "A", "a@b" },
	{ "=?iso-8859-1?q?J=F6rg?= <a@b>", "J\u00f6rg", "a@b" },
	{ "J\xf6rg Mayer <a@b>", "J\u00f6rg Mayer", "a@b" },
	{ "nobody", "nobody", NULL },
	{ "", NULL, NULL },
};

START_TEST(senders)
{
	g_autofree char *mail = g_strdup_printf("From: %s\n\nx\n", people[_i].from);
	struct change c;
	AUTO(summary_free) struct summary *s = NULL;

	read_summary(mail, strlen(mail), &s, &c);
	if (_i != 8) /* without an @ the parser may call it a name or an address */
		ck_assert_pstr_eq(c.from_name, people[_i].name);
	else
		ck_assert(c.from_name || c.from_addr);
	if (_i != 8)
		ck_assert_pstr_eq(c.from_addr, people[_i].addr);
}
END_TEST

#define MIXED "Content-Type: multipart/mixed;\n boundary=\"B\"\n\n--B\n\ntext\n"

static const struct {
	const char *mail;
	bool has;
} marks[] = {
	{ "Subject: x\n\nbody\n", false },
	{ "Content-Type: application/pdf\n\nx", true },
	{ MIXED "--B--\n", false },
	{ MIXED "--B\nContent-Type: application/pdf\n\nx\n--B--\n", true },
	{ MIXED "--B\r\nContent-Type: text/plain\r\nContent-Disposition: attachment\r\n\r\nx", true },
	{ MIXED "--B\nContent-Type: text/plain; name=x\n\nx\n--B--\n", false },
	{ MIXED "--B\nContent-Type: application/pgp-signature\n\nx\n--B--\n", false },
	{ MIXED "--Bc\nContent-Type: application/pdf\n\nx\n--B--\n", false },
	{ MIXED "--B--\n--B\nContent-Type: application/pdf\n\nx\n", false },
	{ MIXED "--B\nContent-Type: multipart/alternative; boundary=C\n\n--C\n\nx\n--C\n"
		"Content-Type: image/png\n\ny\n--C--\n--B--\n", true },
	{ "Content-Type: multipart/related; boundary=B\n\n--B\nContent-Type: text/html\n\nx\n--B\n"
	  "Content-Type: image/png\nContent-ID: <a>\n\ny\n--B--\n", false },
	{ MIXED "--B\nContent-Type: message/rfc822\n\nSubject: y\nContent-Type: application/zip\n\nx\n"
		"--B--\n", true },
	{ MIXED "--B\nContent-Type: message/rfc822\n\nSubject: y\n\nx\n--B--\n", false },
};

START_TEST(attachment_mark)
{
	struct change c;
	AUTO(summary_free) struct summary *s = NULL;
	AUTO(document_free) struct document *d =
		document_of(marks[_i].mail, strlen(marks[_i].mail));
	bool listed = false;

	read_summary(marks[_i].mail, strlen(marks[_i].mail), &s, &c);
	for (guint i = 0; i < d->parts->len; i++)
		listed |= ((struct document_part *)d->parts->pdata[i])->attachment;
	ck_assert_int_eq(c.has_attachment, marks[_i].has);
	ck_assert_int_eq(listed, marks[_i].has); /* the row and the document agree */
}
END_TEST

START_TEST(limits)
{
	g_autoptr(GString) mail = g_string_new("Subject: first\nReferences:");
	struct change c;
	AUTO(summary_free) struct summary *s = NULL;

	for (int i = 0; i < 60000; i++)
		g_string_append_printf(mail, " <%d@x>\n", i);
	g_string_append(mail, "X-Pad: ");
	while (mail->len < 3 << 20)
		g_string_append(mail, "0123456789 ");
	g_string_append(mail, "\nTo: behind the limit\n\nbody\n");
	read_summary(mail->str, mail->len, &s, &c);
	ck_assert_uint_eq(c.n_references, CHANGE_REFERENCES_MAX);
	ck_assert_str_eq(c.references[0], "0@x");
	ck_assert_str_eq(c.references[CHANGE_REFERENCES_MAX - 1], "59999@x");
	ck_assert_str_eq(c.subject, "first");
	ck_assert_ptr_null(c.to);
}
END_TEST

START_TEST(bare)
{
	struct change c;
	AUTO(summary_free) struct summary *s = NULL;
	AUTO(summary_free) struct summary *t = NULL;

	read_summary("hello world\nno header\n", 22, &s, &c);
	ck_assert_ptr_null(c.subject);
	read_summary("", 0, &t, &c);
	ck_assert_uint_eq(c.size, 0);
}
END_TEST

TCase *summary_cases(void)
{
	TCase *c = tcase_create("summary");

	tcase_add_test(c, fields);
	tcase_add_loop_test(c, senders, 0, (int)G_N_ELEMENTS(people));
	tcase_add_loop_test(c, attachment_mark, 0, (int)G_N_ELEMENTS(marks));
	tcase_add_test(c, limits);
	tcase_add_test(c, bare);
	return c;
}
