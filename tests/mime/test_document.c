#include "test_mime.h"

#include <string.h>

#include <glib.h>

#include "base/mem.h"

#define TEXT(type) "Content-Type: " type "\n\n"
#define MULTI(kind) "Content-Type: multipart/" kind "; boundary=B\n\n"
#define PART(type, body) "--B\nContent-Type: " type "\n\n" body "\n"
#define END "--B--\n"
#define SAID "A long letter that says very much more than its plain part."

/* What is expected: the text, and the parts as "type" with * = shown, + = attachment. */
static const struct {
	const char *mail, *text, *parts;
} rows[] = {
	{ "Subject: x\n\nhello\n", "hello\n", "text/plain*" },
	{ "Subject: x\r\n\r\nhello\r\nyou\r\n", "hello\nyou\n", "text/plain*" },
	{ "Subject: x\n\nno line end", "no line end\n", "text/plain*" },
	{ TEXT("text/plain; charset=iso-8859-1") "caf\xe9\n", "caf\u00e9\n", "text/plain*" },
	{ TEXT("text/plain; charset=utf-8") "caf\xe9 \xe0\n", "caf\u00e9 \u00e0\n", "text/plain*" },
	{ TEXT("text/plain") "caf\xe9 au lait\n", "caf\u00e9 au lait\n", "text/plain*" },
	{ TEXT("text/plain; charset=x-nonsense") "caf\xc3\xa9\n", "caf\u00e9\n", "text/plain*" },
	{ TEXT("text/plain; charset=koi8-r") "\xf0\xd2\xc9\n", "\u041f\u0440\u0438\n",
		"text/plain*" },
	{ "Content-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: base64\n\n"
	  "w6k=\n", "\u00e9\n", "text/plain*" },
	{ "Content-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: quoted-printable\n\n"
	  "a=C3=A9=\nb\n", "a\u00e9b\n", "text/plain*" },
	/* format=flowed */
	{ TEXT("text/plain; format=flowed") "one \ntwo\nthree\n", "one two\nthree\n", "text/plain*" },
	{ TEXT("text/plain; format=flowed; delsp=yes") "one \ntwo\n", "onetwo\n", "text/plain*" },
	{ TEXT("text/plain; format=flowed") ">> a \n>> b\n> c\nd\n", ">> a b\n> c\nd\n",
		"text/plain*" },
	{ TEXT("text/plain; format=flowed") "> a \nb\n", "> a \nb\n", "text/plain*" },
	{ TEXT("text/plain; format=flowed") "end \n-- \nme\n", "end \n-- \nme\n", "text/plain*" },
	{ TEXT("text/plain; format=flowed") " >not a quote\n", ">not a quote\n", "text/plain*" },
	/* which alternative */
	{ MULTI("alternative") PART("text/plain", "plain") PART("text/html", "<p>html</p>") END,
		"plain\n", "multipart/alternative text/plain* text/html" },
	{ MULTI("alternative") PART("text/plain", "") PART("text/html", "<p>html</p>") END,
		"html\n", "multipart/alternative text/plain text/html*" },
	{ MULTI("alternative") PART("text/html", "<p>html</p>") PART("text/plain", "plain") END,
		"plain\n", "multipart/alternative text/html text/plain*" },
	{ MULTI("alternative") PART("text/plain", "See HTML.")
	  PART("text/html", "<p>A long letter that says very much more than its plain part.</p>") END,
		"A long letter that says very much more than its plain part.\n",
		"multipart/alternative text/plain text/html*" },
	{ MULTI("alternative") "--B\nContent-Type: multipart/mixed; boundary=C\n\n--C\n\n\n--C--\n"
	  PART("text/html", "<p>html</p>") END,
		"html\n", "multipart/alternative multipart/mixed text/plain text/html*" },
	{ MULTI("alternative") PART("text/plain; charset=utf-8", "\u00a0\n\u200b\n") PART("text/html", "<p>html</p>") END,
		"html\n", "multipart/alternative text/plain text/html*" },
	/* the HTML with its images, and a plain text of little but an address */
	{ MULTI("alternative") PART("text/plain", "Online: https://a.example/0123456789/0123456789/0123456789")
	  "--B\nContent-Type: multipart/related; boundary=C\n\n--C\nContent-Type: text/html\n\n"
	  "<p>" SAID "</p>\n--C\nContent-Type: image/png\nContent-ID: <a>\n\ny\n--C--\n" END,
		SAID "\n", "multipart/alternative text/plain multipart/related text/html* image/png" },
	{ MULTI("alternative") PART("text/plain; charset=utf-8", "\u8bf7\u770b HTML")
	  PART("text/html", "<p>" SAID "</p>") END,
		SAID "\n", "multipart/alternative text/plain text/html*" },
	/* short letters that say the same in both */
	{ MULTI("alternative") PART("text/plain", "Ok") PART("text/html", "<p>Ok</p><img alt='[logo of a firm]' src=x>") END,
		"Ok\n", "multipart/alternative text/plain* text/html" },
	{ MULTI("alternative") PART("text/plain", "Look: https://a.example/")
	  PART("text/html", "<p>Look: <a href='https://a.example/?long=0123456789012345678901234567890123456789'>"
			    "here</a></p>") END,
		"Look: https://a.example/\n", "multipart/alternative text/plain* text/html" },
	{ MULTI("alternative") PART("text/plain", "https://a.example/") PART("text/html", "<a href='https://a.example/'>a.example</a>") END,
		"https://a.example/\n", "multipart/alternative text/plain* text/html" },
	{ MULTI("alternative") PART("text/x-odd", "odd") END, "",
		"multipart/alternative text/x-odd+" },
	/* mixed */
	{ MULTI("mixed") PART("text/plain", "one") PART("application/pdf; name=a.pdf", "x")
	  PART("text/plain", "two") END, "one\n\ntwo\n",
		"multipart/mixed text/plain* application/pdf+ text/plain*" },
	{ MULTI("mixed") PART("text/plain\nContent-Disposition: attachment; filename=n.txt", "x") END,
		"", "multipart/mixed text/plain+" },
	{ MULTI("mixed") PART("text/html", "<b>x</b>") PART("text/html; name=r.html", "y") END,
		"x\n", "multipart/mixed text/html* text/html+" },
	/* related */
	{ MULTI("related") PART("text/html", "<p>x</p>") PART("image/png\nContent-ID: <a>", "y") END,
		"x\n", "multipart/related text/html* image/png" },
	{ "Content-Type: multipart/related; boundary=B; start=\"<r>\"\n\n"
	  PART("text/plain\nContent-ID: <q>", "no") PART("text/plain\nContent-ID: <r>", "yes") END,
		"yes\n", "multipart/related text/plain text/plain*" },
	/* a message inside */
	{ MULTI("mixed") PART("text/plain", "see") PART("message/rfc822",
		"From: a@b\nSubject: =?utf-8?q?caf=C3=A9?=\n\ninner\n") END,
		"see\n\n---------- Attached message ----------\nFrom: a@b\nSubject: caf\u00e9\n\n"
		"inner\n",
		"multipart/mixed text/plain* message/rfc822* text/plain*" },
	/* signed and encrypted */
	{ MULTI("signed") PART("text/plain", "words") PART("application/pgp-signature", "sig") END,
		"words\n", "multipart/signed text/plain* application/pgp-signature" },
	{ MULTI("encrypted") PART("application/pgp-encrypted", "Version: 1")
	  PART("application/octet-stream", "xx") END, "",
		"multipart/encrypted application/pgp-encrypted application/octet-stream+" },
	/* broken */
	{ "Content-Type: multipart/mixed; boundary=B\n\njust text\n", "just text\n",
		"multipart/mixed*" },
	{ MULTI("mixed") "--B\n\nno end", "no end\n", "multipart/mixed text/plain*" },
	{ "Subject: only a header\n", "", "text/plain" },
	{ "", "", "" },
	{ TEXT("text/plain") "<html><body><p>mislabelled</p></body></html>", "mislabelled\n",
		"text/plain*" },
	{ TEXT("text/html") "<meta charset=\"koi8-r\"><p>\xf0\xd2\xc9</p>", "\u041f\u0440\u0438\n",
		"text/html*" },
	{ TEXT("text/calendar; method=REQUEST") "BEGIN:VCALENDAR\r\nMETHOD:REQUEST\r\nBEGIN:VEVENT\r\n"
	  "DTSTART:20260105T090000Z\r\nSUMMARY:Tea\\, then\r\n  cake\r\nLOCATION:Room 1\r\n"
	  "END:VEVENT\r\nEND:VCALENDAR\r\n",
		"[Invitation]\nEvent: Tea, then cake\nWhen: Mon 2026-01-05 09:00 (UTC)\nPlace: Room 1\n",
		"text/calendar*" },
};

static char *parts_of(const struct document *d)
{
	GString *out = g_string_new(NULL);

	for (guint i = 0; i < d->parts->len; i++) {
		const struct document_part *p = d->parts->pdata[i];

		g_string_append_printf(out, "%s%s%s", i ? " " : "", p->type,
			p->shown ? "*" : p->attachment ? "+" : "");
	}
	return g_string_free(out, FALSE);
}

START_TEST(choices)
{
	AUTO(document_free) struct document *d = document_of(rows[_i].mail, strlen(rows[_i].mail));
	g_autofree char *parts = parts_of(d);

	ck_assert_str_eq(d->text, rows[_i].text);
	ck_assert_str_eq(parts, rows[_i].parts);
}
END_TEST

static const struct {
	const char *header, *want;
} names[] = {
	{ "attachment; filename=\"a b.pdf\"", "a b.pdf" },
	{ "attachment; filename*=utf-8''caf%C3%A9%20x.pdf", "caf\u00e9 x.pdf" },
	{ "attachment; filename*0*=utf-8''caf; filename*1*=%C3%A9.pdf", "caf\u00e9.pdf" },
	{ "attachment; filename=\"=?utf-8?b?w6kucGRm?=\"", "\u00e9.pdf" },
	{ "attachment; filename=\"caf\xe9 noir.pdf\"", "caf\u00e9 noir.pdf" },
	{ "attachment; filename=\"../../etc/passwd\"", "../../etc/passwd" }, /* cleaned when saved */
};

START_TEST(file_names)
{
	g_autofree char *mail = g_strdup_printf("Content-Type: application/pdf\n"
		"Content-Disposition: %s\n\nx\n", names[_i].header);
	AUTO(document_free) struct document *d = document_of(mail, strlen(mail));
	const struct document_part *p = d->parts->pdata[0];

	ck_assert_str_eq(p->filename, names[_i].want);
	ck_assert(p->attachment);
}
END_TEST

START_TEST(headers_in_order)
{
	static const char mail[] = "Received: one\nSubject: =?utf-8?q?caf=C3=A9?=\n =?utf-8?q?_x?=\n"
		"To: =?utf-8?q?M=C3=BCller=2C_J?= <a@b>\nReceived: two\n\nbody\n";
	AUTO(document_free) struct document *d = document_of(mail, sizeof mail - 1);

	ck_assert_uint_eq(d->headers->len, 4);
	ck_assert_str_eq(document_header(d, "subject"), "caf\u00e9 x");
	ck_assert_str_eq(document_header(d, "received"), "one");
	ck_assert_str_eq(document_header(d, "to"), "\"M\u00fcller, J\" <a@b>");
	ck_assert_ptr_null(document_header(d, "cc"));
	ck_assert_ptr_null(d->note);
}
END_TEST

START_TEST(notes)
{
	static const char secret[] = MULTI("encrypted") PART("application/pgp-encrypted", "1")
		PART("application/octet-stream", "x") END;
	static const char odd[] = TEXT("text/plain; charset=x-nonsense") "a\n";
	AUTO(document_free) struct document *d = document_of(secret, sizeof secret - 1);
	AUTO(document_free) struct document *e = document_of(odd, sizeof odd - 1);

	ck_assert_ptr_nonnull(strstr(d->note, "encrypted"));
	ck_assert_ptr_nonnull(e->note);
}
END_TEST

TCase *document_cases(void)
{
	TCase *c = tcase_create("document");

	tcase_add_loop_test(c, choices, 0, (int)G_N_ELEMENTS(rows));
	tcase_add_loop_test(c, file_names, 0, (int)G_N_ELEMENTS(names));
	tcase_add_test(c, headers_in_order);
	tcase_add_test(c, notes);
	return c;
}
