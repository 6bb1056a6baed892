/* Spans, links, seals, holes, one part alone, and the rarer kinds of parts (M-10: what is cached is
 * what was shown). */
#include "test_mime.h"

#include <string.h>
#include <unistd.h>

#include <glib.h>

#include "base/file.h"
#include "base/mem.h"
#include "mime/charset.h"
#include "mime/linkify.h"

#define MULTI(kind) "Content-Type: multipart/" kind "; boundary=B\n\n"
#define PART(type, body) "--B\nContent-Type: " type "\n\n" body "\n"
#define END "--B--\n"

static struct document *read_as(const char *mail, const struct document_how *how)
{
	AUTO(fd_close) int fd = file_of(mail, strlen(mail));
	struct document *d = NULL;

	ck_assert_int_eq(document_read(fd, how, &d, NULL), 0);
	check_document(d);
	return d;
}

/* The text that a span of this kind covers; NULL if there is none. */
static char *span_text(const struct document *d, unsigned kind, unsigned value)
{
	for (guint i = 0; i < d->spans->len; i++) {
		const struct document_span *s = &g_array_index(d->spans, struct document_span, i);

		ck_assert_uint_le(s->at + s->len, strlen(d->text));
		if (s->kind == kind && s->value == value)
			return g_strndup(d->text + s->at, s->len);
	}
	return NULL;
}

static const struct {
	const char *text, *shown, *target;
} urls[] = {
	{ "see http://a.example/b.", "http://a.example/b", "http://a.example/b" },
	{ "(https://a.example/x_(y))", "https://a.example/x_(y)", "https://a.example/x_(y)" },
	{ "<http://a.example/long\npath>", "http://a.example/long\npath", "http://a.example/longpath" },
	{ "<URL:ftp://a.example/>", "ftp://a.example/", "ftp://a.example/" },
	{ "go to www.a.example, now", "www.a.example", "http://www.a.example" },
	{ "mailto:a@b.example?subject=x!", "mailto:a@b.example?subject=x", "mailto:a@b.example?subject=x" },
	{ "\u201chttp://a.example/\u00e9\u201d", "http://a.example/\u00e9", "http://a.example/\u00e9" },
	{ "http://[::1]/x]", "http://[::1]/x", "http://[::1]/x" },
	{ "nohttp://a.example", NULL, NULL },
	{ "http:// and www. and mailto:x", NULL, NULL },
	{ "javascript://a.example/%0Aalert(1)", NULL, NULL },
};

START_TEST(addresses_in_text)
{
	struct found_link found = { 0 };
	size_t from = 0, len = strlen(urls[_i].text);
	bool any = linkify_next(urls[_i].text, len, &from, &found);

	ck_assert_int_eq(any, urls[_i].shown != NULL);
	if (!any)
		return;
	ck_assert_uint_eq(found.len, strlen(urls[_i].shown));
	ck_assert_int_eq(memcmp(urls[_i].text + found.at, urls[_i].shown, found.len), 0);
	ck_assert_str_eq(found.target, urls[_i].target);
	g_free(found.target);
	ck_assert(!linkify_next(urls[_i].text, len, &from, &found));
}
END_TEST

START_TEST(spans_of_parts)
{
	static const char mail[] = MULTI("mixed") PART("text/plain", "see http://a.example/")
		PART("message/rfc822", "From: =?utf-8?q?a?= <a@b>\n\ninner") PART("text/x-patch", "+x") END;
	AUTO(document_free) struct document *d = read_as(mail, NULL);
	g_autofree char *one = span_text(d, SPAN_PART, 1), *link = span_text(d, SPAN_LINK, 0),
			*ours = span_text(d, SPAN_OURS, 0), *inner = span_text(d, SPAN_PART, 3),
			*patch = span_text(d, SPAN_PREFORMATTED, 0);
	const struct document_link *l = d->links->pdata[0];

	ck_assert_str_eq(one, "see http://a.example/\n");
	ck_assert_str_eq(link, "http://a.example/");
	ck_assert_str_eq(l->target, "http://a.example/");
	ck_assert_str_eq(ours, "---------- Attached message ----------");
	ck_assert_str_eq(inner, "inner\n");
	ck_assert_str_eq(patch, "+x\n");
	ck_assert(strstr(d->text, "[1]") == NULL);
	for (guint i = 1; i < d->spans->len; i++)
		ck_assert_uint_le(g_array_index(d->spans, struct document_span, i - 1).at,
			g_array_index(d->spans, struct document_span, i).at);
}
END_TEST

/* M-10: what may be broken where it reads well: not the lines that somebody broke himself. */
START_TEST(paragraphs_are_known)
{
	static const char mail[] = MULTI("mixed") PART("text/plain", "own")
		PART("text/plain; format=flowed", "one \ntwo") PART("text/html", "<p>words</p>")
		PART("text/html", "<table><tr><th>a<th>b<tr><td>1<td>2</table>") PART("text/x-c; format=flowed", "x;") END;
	static const char *const want[] = { "one two\n", "words\n", "a  b\n\u2500  \u2500\n1  2\n" };
	AUTO(document_free) struct document *d = read_as(mail, NULL);
	g_autofree char *table = span_text(d, SPAN_PREFORMATTED, 0);
	size_t n = 0;

	for (guint i = 0; i < d->spans->len; i++) {
		const struct document_span *s = &g_array_index(d->spans, struct document_span, i);

		if (s->kind != SPAN_FLOWED)
			continue;
		ck_assert_uint_lt(n, G_N_ELEMENTS(want));
		ck_assert_uint_eq(s->len, strlen(want[n]));
		ck_assert_int_eq(strncmp(d->text + s->at, want[n++], s->len), 0);
	}
	ck_assert_uint_eq(n, G_N_ELEMENTS(want));
	ck_assert_str_eq(table, "a  b\n\u2500  \u2500\n1  2");
}
END_TEST

START_TEST(one_text_or_another)
{
	static const char mail[] = MULTI("alternative") PART("text/plain", "plain")
		PART("text/html", "<p>html</p>") PART("text/csv; name=a.csv", "1,2") END;
	struct document_how how = { .as = DOCUMENT_HTML };
	AUTO(document_free) struct document *h = read_as(mail, &how);
	AUTO(document_free) struct document *p = NULL;
	AUTO(document_free) struct document *c = NULL;

	how.as = DOCUMENT_PLAIN;
	p = read_as(mail, &how);
	how.as = DOCUMENT_PART;
	how.part = 3;
	c = read_as(mail, &how);
	ck_assert_str_eq(h->text, "html\n");
	ck_assert_str_eq(p->text, "plain\n");
	ck_assert_str_eq(c->text, "1,2\n");
	how.part = 99;
	document_free(&c);
	c = read_as(mail, &how);
	ck_assert_str_eq(c->text, "");
}
END_TEST

#define CLEAR "-----BEGIN PGP SIGNED MESSAGE-----\n\nx\n-----BEGIN PGP SIGNATURE-----\n\n" \
	      "-----END PGP SIGNATURE-----\n"

static const struct {
	const char *mail;
	enum seal_kind kind;
	int part;
	bool whole;
} seals[] = {
	{ "Subject: x\n\nhello\n", SEAL_NONE, 0, false },
	{ MULTI("signed") PART("text/plain", "x") PART("application/pgp-signature", "s") END,
		SEAL_PGP_SIGNED, 0, true },
	{ MULTI("signed") PART("text/plain", "x") PART("application/pkcs7-signature", "s") END,
		SEAL_SMIME_SIGNED, 0, true },
	{ MULTI("mixed") "--B\nContent-Type: multipart/signed; boundary=C\n\n--C\n\nx\n--C\n"
	  "Content-Type: application/pgp-signature\n\ns\n--C--\n" PART("text/plain", "footer") END,
		SEAL_PGP_SIGNED, 1, false },
	{ MULTI("encrypted") PART("application/pgp-encrypted", "Version: 1")
	  PART("application/octet-stream", "x") END, SEAL_PGP_ENCRYPTED, 0, true },
	{ "Content-Type: application/pkcs7-mime; smime-type=enveloped-data\n\nx\n",
		SEAL_SMIME_ENCRYPTED, 0, true },
	{ "Content-Type: application/pkcs7-mime; smime-type=signed-data\n\nx\n", SEAL_SMIME_OPAQUE, 0,
		true },
	{ "Content-Type: application/octet-stream; name=smime.p7m\n"
	  "Content-Transfer-Encoding: base64\n\nMIAGCSqGSIb3DQEHAqCAMIA=\n", SEAL_SMIME_OPAQUE, 0, true },
	{ "Subject: x\n\n" CLEAR, SEAL_PGP_INLINE, 0, true },
	{ "Subject: x\n\nbefore\n" CLEAR, SEAL_PGP_INLINE, 0, false },
	{ "Subject: x\n\n> " CLEAR, SEAL_NONE, 0, false },
};

START_TEST(seal_found)
{
	AUTO(document_free) struct document *d = read_as(seals[_i].mail, NULL);

	ck_assert_int_eq(d->seal.kind, seals[_i].kind);
	ck_assert_int_eq(d->seal.part, seals[_i].part);
	ck_assert_int_eq(d->seal.whole, seals[_i].whole);
}
END_TEST

START_TEST(left_at_the_server)
{
	static const char mail[] = MULTI("mixed") PART("text/plain", "x")
		"--B\nContent-Type: image/png; name=a.png\nContent-Transfer-Encoding: base64\n\n";
	g_autofree char *whole = g_strconcat(mail, "\n" END, NULL);
	struct body_hole hole = { .at = sizeof mail - 1, .bytes = 78 * 1000 };
	struct body_hole text = { .at = (uint64_t)(strstr(mail, "x\n--B") - mail), .bytes = 10 };
	struct document_how how = { .holes = &hole, .n_holes = 1 };
	AUTO(document_free) struct document *d = read_as(whole, &how);
	const struct document_part *p = d->parts->pdata[2];
	AUTO(document_free) struct document *e = NULL;

	ck_assert(p->missing && p->attachment);
	ck_assert_uint_eq(p->size, 57 * 1000);
	ck_assert(!((struct document_part *)d->parts->pdata[1])->missing);
	how.holes = &text;
	e = read_as(whole, &how);
	ck_assert(!((struct document_part *)e->parts->pdata[1])->missing);
	ck_assert_str_eq(e->text, "x\n");
}
END_TEST

static const struct {
	const char *mail, *text;
} kinds[] = {
	{ "Content-Type: text/enriched\n\n<bold>Now</bold> is\nthe\n\ntime <<x\n", "Now is the\ntime <x\n" },
	{ "Content-Type: text/richtext\n\n<bold>a</bold><nl>b<lt>\n", "a\nb<\n" },
	{ "Content-Type: message/disposition-notification\n\nFinal-Recipient: rfc822;a@b\n"
	  "Disposition: manual-action/MDN-sent-manually; displayed\n",
		"[Reading confirmation]\nYour message was displayed to a@b.\n" },
	{ "Content-Type: message/delivery-status\n\nReporting-MTA: dns; m\n\nFinal-Recipient: rfc822; a@b\n"
	  "Action: failed\nDiagnostic-Code: smtp; 550 No\n such user\nRemote-MTA: dns; mx.example\n",
		"[Delivery report]\nNot delivered to a@b: 550 No such user (mx.example)\n" },
	{ "Content-Type: message/delivery-status\n\nUser's mailbox is full\n",
		"[Delivery report]\nUser's mailbox is full\n" },
	{ "Content-Type: message/partial; number=2; total=3; id=x\n\nmiddle\n",
		"[Piece 2 of 3 of a message that was sent in pieces]\n" },
	{ "Subject: x\n\nbefore\nbegin 644 a.txt\n#86)C\n`\nend\nafter\n",
		"before\n[Attached file: a.txt]\nafter\n" },
	{ "Subject: x\n\nbegin 644 a.txt\nthis is no data at all\n",
		"begin 644 a.txt\nthis is no data at all\n" },
};

START_TEST(kinds_of_text)
{
	AUTO(document_free) struct document *d = read_as(kinds[_i].mail, NULL);

	ck_assert_str_eq(d->text, kinds[_i].text);
}
END_TEST

START_TEST(uuencoded_file)
{
	AUTO(document_free) struct document *d = read_as(kinds[6].mail, NULL);
	const struct document_part *p = d->parts->pdata[1];

	ck_assert_uint_eq(d->parts->len, 2);
	ck_assert(p->attachment);
	ck_assert_str_eq(p->filename, "a.txt");
	ck_assert_uint_eq(p->size, 3);
	ck_assert_int_eq(p->depth, 1);
}
END_TEST

static const struct {
	const char *label, *bytes, *want;
	int len; /* 0: up to the NUL */
} charsets[] = {
	{ "ks_c_5601-1987", "\xc7\xd1\xb1\xdb", "\ud55c\uae00", 0 },
	{ "gb2312", "\x81\x30\x84\x36", "\u00a5", 0 },
	{ "windows-31j", "\x87\x40", "\u2460", 0 },
	{ "iso-8859-8-i", "\xf9\xec\xe5\xed", "\u05e9\u05dc\u05d5\u05dd", 0 },
	{ "unicode-1-1-utf-7", "+AOk-", "\u00e9", 0 },
	{ "cp-850", "\x82", "\u00e9", 0 },
	{ "win-1250", "\x9a", "\u0161", 0 },
	{ "\"utf8\"", "\xc3\xa9", "\u00e9", 0 },
	{ "us-ascii", "caf\xe9 au lait", "caf\u00e9 au lait", 0 },
	{ "iso-2022-jp", "\x1b$B-!\x1b(I1\x1b(B", "\u2460\uff71", 0 },
	{ "iso-2022-jp", "\x1b$BF|\nx", "\u65e5\nx", 0 },
	{ "euc-jp", "\xad\xa1", "\u2460", 0 },
	{ "iso-8859-2", "\x9akola \x84" "a\x93", "\u0161kola \u201ea\u201c", 0 },
	{ "iso-8859-2", "\xb9kola", "\u0161kola", 0 },
	{ "windows-1252", "caf\xc3\xa9", "caf\u00e9", 0 },
	{ "utf-8-sig", "caf\xe9", "caf\u00e9", 0 },
	{ "x-x-big5", "\xa4\xa4", "\u4e2d", 0 },
	{ "x-sjis", "\x93\xfa", "\u65e5", 0 },
	{ "ks_c_5601", "\xc7\xd1", "\ud55c", 0 },
	{ "windows-874", "\xa1", "\u0e01", 0 },
	{ "default", "caf\xe9 x", "caf\u00e9 x", 0 },
	{ "unknown-8bit", "caf\xc3\xa9", "caf\u00e9", 0 },
	{ "x-unknown", "\x1b$B$\"\x1b(B", "\u3042", 0 },
	{ "utf-16", "\x41\x00\xe9\x00", "A\u00e9", 4 },
	{ "utf-16", "\x00\x41\x00\xe9", "A\u00e9", 4 },
	{ NULL, "\xef\xf0\xe8\xe2\xe5\xf2, \xec\xe8\xf0 \xee\xef\xff\xf2\xfc", "\u043f\u0440\u0438\u0432\u0435\u0442, "
		"\u043c\u0438\u0440 \u043e\u043f\u044f\u0442\u044c", 0 },
	{ NULL, "\xd0\xd2\xc9\xd7\xc5\xd4, \xcd\xc9\xd2 \xcf\xd0\xd1\xd4\xd8", "\u043f\u0440\u0438\u0432\u0435\u0442, "
		"\u043c\u0438\u0440 \u043e\u043f\u044f\u0442\u044c", 0 },
	{ NULL, "\xaf\xe0\xa8\xa2\xa5\xe2, \xac\xa8\xe0 \xae\xaf\xef\xe2\xec", "\u043f\u0440\u0438\u0432\u0435\u0442, "
		"\u043c\u0438\u0440 \u043e\u043f\u044f\u0442\u044c", 0 },
};

START_TEST(odd_charsets)
{
	g_autoptr(GString) out = g_string_new(NULL);
	size_t len = charsets[_i].len ? (size_t)charsets[_i].len : strlen(charsets[_i].bytes);

	charset_append(out, charsets[_i].label, charsets[_i].bytes, len);
	ck_assert_str_eq(out->str, charsets[_i].want);
}
END_TEST

TCase *shape_cases(void)
{
	TCase *c = tcase_create("shapes");

	tcase_add_loop_test(c, addresses_in_text, 0, (int)G_N_ELEMENTS(urls));
	tcase_add_test(c, spans_of_parts);
	tcase_add_test(c, paragraphs_are_known);
	tcase_add_test(c, one_text_or_another);
	tcase_add_loop_test(c, seal_found, 0, (int)G_N_ELEMENTS(seals));
	tcase_add_test(c, left_at_the_server);
	tcase_add_loop_test(c, kinds_of_text, 0, (int)G_N_ELEMENTS(kinds));
	tcase_add_test(c, uuencoded_file);
	tcase_add_loop_test(c, odd_charsets, 0, (int)G_N_ELEMENTS(charsets));
	return c;
}
