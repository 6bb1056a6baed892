/* Parts as bytes, and what seals are about. */
#include "test_read.h"

#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/mem.h"
#include "mime/export.h"

#define MIXED "Subject: x\nContent-Type: multipart/mixed; boundary=B\n\n"
#define SIGNED "Content-Type: multipart/signed; boundary=S; protocol=\"application/pgp-signature\"\n\n"
#define SIGNATURE "--S\nContent-Type: application/pgp-signature\n\nsig\n--S--\n"
#define INNER "Subject: inner\nFrom: a@example.org\n\nHello\n"

static const struct {
	const char *mail;
	int part, code;
	const char *bytes;
} exports[] = {
	{ "Subject: x\n\nhello\n", 0, 0, "hello\n" },
	{ "Subject: x\r\n\r\nhello\r\nyou\r\n", 0, 0, "hello\r\nyou\r\n" },
	{ "no header, and so all of it is text\n", 0, 0, "no header, and so all of it is text\n" },
	{ "Subject: x\nContent-Type: text/plain; charset=koi8-r\n\n\xf0\xd2\xc9\n", 0, 0,
		"\xf0\xd2\xc9\n" },
	{ "Content-Transfer-Encoding: base64\n\naGVsbG8=\n", 0, 0, "hello" },
	{ "Content-Transfer-Encoding: quoted-printable\n\na=3Db=\nc\n", 0, 0, "a=bc\n" },
	{ MIXED "--B\n\none\n--B\nContent-Transfer-Encoding: base64\n\ndHdv\n--B--\n", 1, 0, "one" },
	{ MIXED "--B\n\none\n--B\nContent-Transfer-Encoding: base64\n\ndHdv\n--B--\n", 2, 0, "two" },
	{ MIXED "--B\n\none\n--B--\n", 0, ERR_UNSUPPORTED, NULL },
	{ MIXED "--B\n\none\n--B--\n", 2, ERR_GONE, NULL },
	{ "Subject: x\n\nhello\n", 1, ERR_GONE, NULL },
	{ "Subject: x\n\nhello\n", -1, ERR_GONE, NULL },
	{ MIXED "--B\nContent-Type: message/rfc822\n\n" INNER "\n--B--\n", 1, 0, INNER },
	{ MIXED "--B\nContent-Type: message/rfc822\nContent-Disposition: attachment\n\n" INNER
		"\n--B--\n", 1, 0, INNER },
	{ MIXED "--B\n\nthe end is missing\n", 1, 0, "the end is missing\n" },
};

START_TEST(a_part_as_bytes)
{
	AUTO(fd_close) int fd = file_of(exports[_i].mail, strlen(exports[_i].mail));
	AUTO(fd_close) int out = file_of("", 0);
	g_autoptr(GByteArray) got = NULL;
	struct err err = { 0 };
	uint64_t bytes = 0;

	ck_assert_int_eq(document_export(fd, NULL, exports[_i].part, out, &bytes, &err),
		exports[_i].code);
	if (exports[_i].code < 0) {
		ck_assert_str_ne(err.text, "");
		return;
	}
	got = bytes_of(out);
	ck_assert_uint_eq(bytes, got->len);
	g_byte_array_append(got, (const guint8 *)"", 1);
	ck_assert_str_eq((const char *)got->data, exports[_i].bytes);
}
END_TEST

START_TEST(what_was_left_at_the_server_is_gone)
{
	static const char mail[] = MIXED "--B\n\none\n--B\nContent-Type: image/png\n"
					 "Content-Transfer-Encoding: base64\n\n";
	g_autofree char *all = g_strconcat(mail, "\n--B--\n", NULL);
	AUTO(fd_close) int fd = file_of(all, strlen(all)), out = file_of("", 0);
	struct body_hole hole = { .at = sizeof mail - 1, .bytes = 1 << 20 };
	struct document_how how = { .holes = &hole, .n_holes = 1 };
	struct err err;
	uint64_t bytes;

	ck_assert_int_eq(document_export(fd, &how, 2, out, &bytes, &err), ERR_GONE);
	ck_assert_int_eq(document_export(fd, &how, 1, out, &bytes, &err), 0);
	ck_assert_uint_eq(bytes, 3);
}
END_TEST

static const struct {
	const char *mail;
	int part, code;
	const char *body, *signature;
} extracts[] = {
	{ SIGNED "--S\nContent-Type: text/plain\n\nhello\n" SIGNATURE, 0, 0,
		"Content-Type: text/plain\n\nhello", "sig" },
	{ SIGNED "--S\r\nContent-Type: text/plain\r\n\r\nhello  \r\n\r\n--S\r\n\r\nsig\r\n--S--\r\n", 0,
		0, "Content-Type: text/plain\r\n\r\nhello  \r\n", "sig" },
	/* odd headers and blanks stay as they are */
	{ SIGNED "preamble\n--S  \nX-Odd:   a\n\tb\ncontent-TYPE: text/plain\n\n -- S\n--Sx\n" SIGNATURE,
		0, 0, "X-Odd:   a\n\tb\ncontent-TYPE: text/plain\n\n -- S\n--Sx", "sig" },
	/* a tree is signed, and stands inside another */
	{ MIXED "--B\n" SIGNED "--S\nContent-Type: multipart/mixed; boundary=I\n\n--I\n\none\n--I\n\n"
		"two\n--I--\n" SIGNATURE "\n--B\n\nfooter\n--B--\n",
		1, 0, "Content-Type: multipart/mixed; boundary=I\n\n--I\n\none\n--I\n\ntwo\n--I--",
		"sig" },
	/* in an attached message */
	{ MIXED "--B\nContent-Type: message/rfc822\n\nSubject: i\n" SIGNED
		"--S\nContent-Type: text/plain\n\nhello\n" SIGNATURE "\n--B--\n",
		2, 0, "Content-Type: text/plain\n\nhello", "sig" },
	{ SIGNED "--S\n\nhello\n--S--\n", 0, ERR_GONE, NULL, NULL },
	{ SIGNED "nothing\n", 0, ERR_GONE, NULL, NULL },
	{ "Content-Type: multipart/encrypted; boundary=S\n\n--S\n"
	  "Content-Type: application/pgp-encrypted\n\nVersion: 1\n--S\n"
	  "Content-Type: application/octet-stream\nContent-Transfer-Encoding: base64\n\naGVsbG8=\n"
	  "--S--\n", 0, 0, "hello", "" },
	{ "Content-Type: application/pkcs7-mime; smime-type=enveloped-data\n"
	  "Content-Transfer-Encoding: base64\n\naGVsbG8=\n", 0, 0, "hello", "" },
	{ "Subject: x\n\nbefore\n-----BEGIN PGP MESSAGE-----\n\nabc\n-----END PGP MESSAGE-----\nafter\n",
		0, 0, "-----BEGIN PGP MESSAGE-----\n\nabc\n-----END PGP MESSAGE-----\n", "" },
	{ "Subject: x\n\n-----BEGIN PGP SIGNED MESSAGE-----\n\nabc\n-----BEGIN PGP SIGNATURE-----\n"
	  "x\n-----END PGP SIGNATURE-----", 0, 0,
		"-----BEGIN PGP SIGNED MESSAGE-----\n\nabc\n-----BEGIN PGP SIGNATURE-----\nx\n"
		"-----END PGP SIGNATURE-----", "" },
	{ "Subject: x\n\n-----BEGIN PGP PUBLIC KEY BLOCK-----\n\n-----END PGP PUBLIC KEY BLOCK-----\n",
		0, ERR_GONE, NULL, NULL },
	{ "Subject: x\n\n-----BEGIN PGP MESSAGE-----\n\nno end\n", 0, ERR_GONE, NULL, NULL },
};

static void must_hold(int fd, const char *what)
{
	g_autoptr(GByteArray) got = bytes_of(fd);

	g_byte_array_append(got, (const guint8 *)"", 1);
	ck_assert_str_eq((const char *)got->data, what);
}

START_TEST(what_a_seal_is_about)
{
	AUTO(fd_close) int fd = file_of(extracts[_i].mail, strlen(extracts[_i].mail));
	AUTO(fd_close) int body = file_of("", 0), signature = file_of("", 0);
	struct err err = { 0 };

	ck_assert_int_eq(document_extract(fd, extracts[_i].part, body, signature, &err),
		extracts[_i].code);
	if (extracts[_i].code < 0)
		return;
	must_hold(body, extracts[_i].body);
	must_hold(signature, extracts[_i].signature);
}
END_TEST

/* A line longer than any buffer, and a signed part larger than any chunk. */
START_TEST(large_signed_parts_are_exact)
{
	g_autoptr(GString) part = g_string_new("Content-Type: text/plain\n\n");
	g_autoptr(GString) mail = g_string_new(SIGNED "--S\n");
	AUTO(fd_close) int fd = -1, body = file_of("", 0), signature = file_of("", 0);
	struct err err;

	for (int i = 0; i < 3 * 1000 * 1000; i++) {
		char c = i % 100000 ? "abcdefgh"[i % 8] : '\n';

		g_string_append_c(part, c);
	}
	g_string_append_printf(mail, "%s\n" SIGNATURE, part->str);
	fd = file_of(mail->str, mail->len);
	ck_assert_int_eq(document_extract(fd, 0, body, signature, &err), 0);
	must_hold(body, part->str);
	must_hold(signature, "sig");
}
END_TEST

TCase *export_cases(void)
{
	TCase *t = tcase_create("export");

	tcase_set_timeout(t, 60);
	tcase_add_loop_test(t, a_part_as_bytes, 0, G_N_ELEMENTS(exports));
	tcase_add_test(t, what_was_left_at_the_server_is_gone);
	tcase_add_loop_test(t, what_a_seal_is_about, 0, G_N_ELEMENTS(extracts));
	tcase_add_test(t, large_signed_parts_are_exact);
	return t;
}
