/* Opening one mail: round trips, and large ones without their attachments. */
#include "provider/test_imap.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "mime/document.h"
#include "provider/imap/imap.h"
#include "provider/imap/skeleton.h"
#include "provider/imap_script.h"

/* --- a real server ---------------------------------------------------------------------- */

static void add_filling(GString *s, size_t bytes)
{
	for (size_t n = 0; n < bytes; n += 78)
		g_string_append(s, "QUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVphYmNkZWZnaGlqa2xtbm9w"
				   "cXJzdHV2d3h5eg0KQUJD\r\n");
}

static void add_part(GString *s, const char *boundary, const char *header, size_t filling)
{
	g_string_append_printf(s, "--%s\r\n%s\r\n", boundary, header);
	if (filling)
		add_filling(s, filling);
	else
		g_string_append(s, "Some words with \xc3\xa4.\r\n");
}

/* mixed(alternative(plain, html), pdf, message(mixed(plain, zip)), small image) */
static char *large_mail(size_t filling)
{
	GString *s = g_string_new("From: a@test.example\r\nTo: b@test.example\r\nSubject: large\r\n"
				  "Message-ID: <large@test.example>\r\nMIME-Version: 1.0\r\n"
				  "Content-Type: multipart/mixed;\r\n boundary=\"=_outer (1)\"\r\n\r\n"
				  "This is a preamble.\r\n");

	g_string_append(s, "--=_outer (1)\r\nContent-Type: multipart/alternative; boundary=inner\r\n\r\n");
	add_part(s, "inner", "Content-Type: text/plain; charset=utf-8\r\n", 0);
	add_part(s, "inner", "Content-Type: text/html; charset=utf-8\r\n", 0);
	g_string_append(s, "--inner--\r\n");
	add_part(s, "=_outer (1)",
		"Content-Type: application/pdf; name=\"report.pdf\"\r\n"
		"Content-Disposition: attachment;\r\n filename=\"report.pdf\"\r\n"
		"Content-Transfer-Encoding: base64\r\n", filling);
	g_string_append(s, "--=_outer (1)\r\nContent-Type: message/rfc822\r\n\r\n"
			   "From: c@test.example\r\nSubject: inside\r\nMIME-Version: 1.0\r\n"
			   "Content-Type: multipart/mixed; boundary=\"deep\"\r\n\r\n");
	add_part(s, "deep", "Content-Type: text/plain\r\n", 0);
	add_part(s, "deep", "Content-Type: application/zip; name=\"x.zip\"\r\n"
			    "Content-Transfer-Encoding: base64\r\n", filling / 2);
	g_string_append(s, "--deep--\r\n");
	add_part(s, "=_outer (1)", "Content-Type: image/png; name=\"dot.png\"\r\n"
				   "Content-Transfer-Encoding: base64\r\n", 200);
	g_string_append(s, "--=_outer (1)--\r\n");
	return g_string_free(s, FALSE);
}

static int read_body(struct rig *r, const char *path, const char *subject, bool whole, FILE *f,
	struct body_rest *rest)
{
	struct kept *k = recorder_find(&r->rec, subject);
	struct body_ref ref = { .mailbox_path = path, .uid = k->uid, .size = k->size,
		.uidvalidity = r->rec.uidvalidity, .message_id_header = k->message_id };
	int n = rig_connect(r);

	rest->whole = whole;
	return n < 0 ? n : r->p->ops->body(r->p, &ref, fileno(f), rest, &r->err);
}

/* "2 application/pdf report.pdf" of each part. */
static char *tree_of(FILE *f)
{
	AUTO(document_free) struct document *d = NULL;
	GString *s = g_string_new("");
	struct err err = { 0 };

	ck_assert(lseek(fileno(f), 0, SEEK_SET) == 0);
	ck_assert_msg(document_read(fileno(f), NULL, &d, &err) == 0, "%s", err.text);
	for (guint i = 0; i < d->parts->len; i++) {
		const struct document_part *p = g_ptr_array_index(d->parts, i);

		g_string_append_printf(s, "%d %s %s\n", p->depth, p->type,
			p->filename ? p->filename : "-");
	}
	g_string_append(s, d->text);
	return g_string_free(s, FALSE);
}

static char *bytes_of(FILE *f, size_t *n)
{
	off_t size = lseek(fileno(f), 0, SEEK_END);
	char *all = g_malloc0((size_t)size + 1);

	ck_assert(pread(fileno(f), all, (size_t)size, 0) == size);
	*n = (size_t)size;
	return all;
}

/* What stands around a hole: the end of a header before it, a boundary behind it. */
static void check_hole(const char *file, size_t n, const struct body_hole *h)
{
	ck_assert_uint_lt(h->at, n);
	ck_assert(strncmp(file + h->at - 4, "\r\n\r\n", 4) == 0);
	ck_assert(strncmp(file + h->at, "\r\n--", 4) == 0);
}

START_TEST(a_large_mail_comes_without_its_attachments)
{
	g_autofree char *mail = large_mail(900000), *partial = NULL, *whole = NULL, *file = NULL;
	FILE *a = tmpfile(), *b = tmpfile();
	struct body_rest rest = { 0 };
	struct rig r;
	size_t n;

	server_make("partial");
	server_save("partial", mail, strlen(mail));
	rig_init(&r);
	ck_assert_int_eq(rig_changes(&r, "partial", 0), 0);
	ck_assert_msg(read_body(&r, "partial", "large", false, a, &rest) == 0, "%s", r.err.text);
	ck_assert_uint_eq(rest.n, 2); /* L-35 */
	file = bytes_of(a, &n);
	ck_assert_uint_lt(n, 4000);
	for (size_t i = 0; i < rest.n; i++)
		check_hole(file, n, &rest.holes[i]);
	ck_assert_uint_lt(rest.holes[0].at, rest.holes[1].at);
	ck_assert_uint_ge(rest.holes[0].bytes, 900000);
	ck_assert_uint_ge(rest.holes[1].bytes, 450000);
	ck_assert_msg(read_body(&r, "partial", "large", true, b, &rest) == 0, "%s", r.err.text);
	ck_assert_uint_eq(rest.n, 0);
	ck_assert_int_eq(lseek(fileno(b), 0, SEEK_END), (off_t)strlen(mail));
	partial = tree_of(a);
	whole = tree_of(b);
	ck_assert_str_eq(partial, whole);
	fclose(a);
	fclose(b);
	rig_release(&r);
}
END_TEST

/* A verification needs every byte (M-101 and the like). */
START_TEST(signed_mail_comes_whole)
{
	g_autoptr(GString) s = g_string_new(
		"From: a@test.example\r\nSubject: signed\r\nMIME-Version: 1.0\r\n"
		"Content-Type: multipart/signed; boundary=b; micalg=pgp-sha256;\r\n"
		" protocol=\"application/pgp-signature\"\r\n\r\n");
	struct body_rest rest = { 0 };
	FILE *f = tmpfile();
	struct rig r;

	add_part(s, "b", "Content-Type: application/pdf\r\nContent-Transfer-Encoding: base64\r\n",
		400000);
	add_part(s, "b", "Content-Type: application/pgp-signature\r\n", 0);
	g_string_append(s, "--b--\r\n");
	server_make("sealed");
	server_save("sealed", s->str, s->len);
	rig_init(&r);
	ck_assert_int_eq(rig_changes(&r, "sealed", 0), 0);
	ck_assert_msg(read_body(&r, "sealed", "signed", false, f, &rest) == 0, "%s", r.err.text);
	ck_assert_uint_eq(rest.n, 0);
	ck_assert_int_eq(lseek(fileno(f), 0, SEEK_END), (off_t)s->len);
	fclose(f);
	rig_release(&r);
}
END_TEST

/* --- structures --------------------------------------------------------------------------- */

#define TEXT "(\"text\" \"plain\" NIL NIL NIL \"7bit\" 20 1)"
#define PDF "(\"application\" \"pdf\" NIL NIL NIL \"base64\" 9000000)"

static const char *reason(const char *structure)
{
	const char *why = NULL;
	struct skeleton *k = skeleton_new(
		(struct slice){ .p = structure, .n = strlen(structure) }, &why);

	ck_assert(!k == !!why);
	skeleton_free(&k);
	return why ? why : "partial";
}

START_TEST(what_cannot_be_put_together_is_not_begun)
{
	static const struct {
		const char *structure, *result;
	} rows[] = {
		{ "(" TEXT PDF " \"mixed\" (\"boundary\" \"b\"))", "partial" },
		{ PDF, "partial" },
		{ TEXT, "saves" },
		{ "(" TEXT PDF " \"mixed\")", "boundary" },
		{ "(" TEXT PDF " \"mixed\" NIL)", "boundary" },
		{ "(" TEXT PDF " \"mixed\" (\"boundary\" \"\"))", "boundary" },
		{ "(" TEXT PDF " \"mixed\" (\"boundary\" {4}\r\na\r\nb))", "boundary" },
		{ "(" TEXT PDF " \"mixed\" (\"boundary\" {3}\r\na\tb))", "boundary" },
		{ "(" TEXT PDF " \"mixed\" (\"boundary\" \"b \"))", "boundary" },
		{ "(" TEXT PDF " \"signed\" (\"boundary\" \"b\"))", "sealed" },
		{ "(" TEXT PDF " \"encrypted\" (\"boundary\" \"b\"))", "sealed" },
		{ "(\"application\" \"pkcs7-mime\" NIL NIL NIL \"base64\" 9000000)", "sealed" },
		{ "(\"application\" \"pdf\" NIL NIL \"base64\" 9000000)", "structure" },
		{ "(\"application\" \"pdf\" NIL NIL NIL \"base64\" -1)", "structure" },
		{ "(\"application\" \"pdf\" NIL NIL NIL \"base64\" 99999999999999999999)", "size" },
		{ "(\"text\" \"plain\" NIL NIL NIL \"7bit\" 9000000 1)", "text" },
		{ "(\"message\" \"rfc822\" NIL NIL NIL \"7bit\" 9000000 (NIL) " PDF " 3)", "partial" },
		{ "(\"message\" \"rfc822\" NIL NIL NIL \"7bit\" 9000000 (NIL))", "structure" },
		{ "(\"message\" \"rfc822\" NIL NIL NIL \"base64\" 9000000)", "text" },
		{ "(\"text\" \"plain\" NIL NIL NIL \"7bit\" 4294967295 1)", "text" },
		{ "(\"text\" \"plain\" NIL NIL NIL \"7bit\" 4294967296 1)", "size" },
		{ "(\"application\" \"pdf\" NIL NIL NIL \"base64\" 18446744073709551615)", "size" },
		{ "(" TEXT PDF " \"mixed\" (\"boundary\" \"a\\\"b\"))", "boundary" },
		{ "(" TEXT PDF " \"mixed\" (\"boundary\" \"a\\\\b\"))", "boundary" },
		{ "(" TEXT PDF " \"mixed\" (\"boundary\" {2}\r\na\x80))", "boundary" },
		{ "(" TEXT PDF " \"mixed\" (\"boundary\" {9}\r\nb))", "structure" },
		{ "(\"message\" \"rfc822\" NIL NIL NIL \"7bit\" 9000000 (NIL) (\"message\" \"rfc822\""
		  " NIL NIL NIL \"7bit\" 9000000 (NIL) " PDF " 3) 3)", "partial" },
		{ "NIL", "structure" },
		{ "((((", "structure" },
	};

	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++)
		ck_assert_msg(strcmp(reason(rows[i].structure), rows[i].result) == 0,
			"%s: %s", rows[i].structure, reason(rows[i].structure));
}
END_TEST

/* Depth, number of parts, length of a boundary: each has its end. */
START_TEST(a_hostile_structure_is_not_followed)
{
	GString *s = g_string_new("");
	g_autofree char *longest = g_strnfill(SKELETON_BOUNDARY_MAX + 1, 'b');

	for (int i = 0; i < 60; i++)
		g_string_append_c(s, '(');
	g_string_append(s, PDF);
	for (int i = 0; i < 60; i++)
		g_string_append(s, " \"mixed\" (\"boundary\" \"b\"))");
	ck_assert_str_eq(reason(s->str), "depth");
	g_string_assign(s, "(");
	for (int i = 0; i < 5000; i++)
		g_string_append(s, PDF);
	g_string_append(s, " \"mixed\" (\"boundary\" \"b\"))");
	ck_assert_str_eq(reason(s->str), "structure");
	g_string_printf(s, "(" TEXT PDF " \"mixed\" (\"boundary\" \"%s\"))", longest);
	ck_assert_str_eq(reason(s->str), "boundary");
	g_string_free(s, TRUE);
}
END_TEST

/* --- a server that says what it likes -------------------------------------------------------- */

#define OPENED                                                                                     \
	"* 1 EXISTS\r\n* OK [UIDVALIDITY 77]\r\n* OK [UIDNEXT 2]\r\n%T OK [READ-WRITE]\r\n"
#define HEAD                                                                                       \
	"Message-ID: <big@x>\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n" /* 66 bytes */
#define OUTLINE                                                                                    \
	"* 1 FETCH (UID 5 BODYSTRUCTURE (" TEXT PDF " \"mixed\" (\"boundary\" \"b\")) "             \
	"BODY[HEADER] {66}\r\n" HEAD ")\r\n%T OK\r\n"
#define WHOLE "* 1 FETCH (UID 5 RFC822.SIZE 68 BODY[] {68}\r\n" HEAD "x\n)\r\n%T OK\r\n"
#define MIMES "BODY[1.MIME] \"\" BODY[2.MIME] {2}\r\n\r\n"

static void scripted(struct rig *r, struct script *s, const struct script_rule *rules)
{
	script_start(s, "IDLE CONDSTORE ENABLE", rules);
	rig_init(r);
	r->account.tls = TLS_PLAIN;
	r->account.port = s->port;
}

static int ask(struct rig *r, uint64_t size, uint32_t uidvalidity, FILE *f, struct body_rest *rest)
{
	struct body_ref ref = { .mailbox_path = "big", .uid = 5, .size = size,
		.uidvalidity = uidvalidity, .message_id_header = "big@x" };
	int n = rig_connect(r);

	*rest = (struct body_rest){ 0 };
	return n < 0 ? n : r->p->ops->body(r->p, &ref, fileno(f), rest, &r->err);
}

static const struct {
	const char *sections; /* what it answers when asked for the parts */
	size_t holes;
	int tries; /* how often it is asked so on one connection of two bodies */
} answers[] = {
	{ "* 1 FETCH (UID 5 " MIMES "BODY[1] \"hello\")\r\n%T OK\r\n", 1, 2 },
	{ "* 1 FETCH (UID 5 BODY[1] \"hello\")\r\n* 1 FETCH (UID 5 " MIMES ")\r\n%T OK\r\n", 1, 2 },
	{ "* 1 FETCH (UID 5 " MIMES ")\r\n%T OK\r\n", 0, 1 },
	{ "* 1 FETCH (UID 6 " MIMES "BODY[1] \"hello\")\r\n%T OK\r\n", 0, 1 },
	{ "* 1 FETCH (UID 5 " MIMES "BODY[1] NIL)\r\n%T OK\r\n", 0, 1 },
	{ "* 1 FETCH (UID 5 " MIMES "BODY[1] {7}\r\na\r\n--b\n)\r\n%T OK\r\n", 0, 1 },
	/* a part's header that is more than a header */
	{ "* 1 FETCH (UID 5 BODY[1.MIME] {9}\r\nA: b\r\n\r\nx BODY[2.MIME] \"\" BODY[1] \"hello\")\r\n%T OK\r\n",
		0, 1 },
	{ "%T NO I do not know parts\r\n", 0, 1 },
	{ "%T BAD what?\r\n", 0, 1 },
};

START_TEST(nonsense_is_answered_by_the_whole_message)
{
	const struct script_rule rules[] = {
		{ "SELECT", OPENED, 0 },
		{ "UID FETCH 5 (UID BODYSTRUCTURE", OUTLINE, 0 },
		{ "UID FETCH 5 (UID BODY.PEEK[1.MIME]", answers[_i].sections, 0 },
		{ "UID FETCH 5 (UID RFC822.SIZE", WHOLE, 0 },
		{ NULL, NULL, 0 },
	};
	struct body_rest rest;
	struct script s;
	struct rig r;

	scripted(&r, &s, rules);
	for (int i = 0; i < 2; i++) {
		FILE *f = tmpfile();
		g_autofree char *file = NULL;
		size_t n;

		ck_assert_msg(ask(&r, 9000000, 77, f, &rest) == 0, "%s", r.err.text);
		ck_assert_uint_eq(rest.n, answers[_i].holes);
		file = bytes_of(f, &n);
		ck_assert(g_str_has_prefix(file, HEAD));
		ck_assert_uint_eq(n, rest.n ? 66 + 5 + 2 + 5 + 2 + 5 + 2 + 2 + 7 : 68);
		fclose(f);
	}
	ck_assert_int_eq(script_heard(&s, "1.MIME"), answers[_i].tries);
	rig_release(&r);
	script_stop(&s);
}
END_TEST

/* One round trip for a usual mail, whether its mailbox is open or not; two for a large one. */
START_TEST(round_trips_of_opening_a_mail)
{
	const struct script_rule rules[] = {
		{ "SELECT", OPENED, 0 },
		{ "UID FETCH 5 (UID BODYSTRUCTURE", OUTLINE, 0 },
		{ "UID FETCH 5 (UID BODY.PEEK[1.MIME]", answers[0].sections, 0 },
		{ "UID FETCH 5 (UID RFC822.SIZE", WHOLE, 0 },
		{ NULL, NULL, 0 },
	};
	struct body_rest rest;
	struct script s;
	FILE *f = tmpfile();
	struct rig r;

	scripted(&r, &s, rules);
	ck_assert_int_eq(rig_connect(&r), 0);
	script_reset(&s);
	ck_assert_msg(ask(&r, 68, 77, f, &rest) == 0, "%s", r.err.text);
	ck_assert_int_eq(script_flights(&s), 1);
	ck_assert_int_eq(ask(&r, 68, 77, f, &rest), 0);
	ck_assert_int_eq(script_flights(&s), 2);
	ck_assert_int_eq(ask(&r, 9000000, 77, f, &rest), 0);
	ck_assert_int_eq(script_flights(&s), 4);
	ck_assert_int_eq(script_heard(&s, "SELECT"), 1);
	ck_assert_int_eq(ask(&r, 68, 78, f, &rest), ERR_GONE);
	ck_assert_int_eq(ask(&r, 68, 77, f, &rest), 0); /* the connection is in step */
	fclose(f);
	rig_release(&r);
	script_stop(&s);
}
END_TEST

/* The FETCH is already on its way when the mailbox turns out to be gone, or another. */
START_TEST(a_mailbox_that_is_gone_is_told_in_step)
{
	const struct script_rule rules[] = {
		{ "SELECT", "%T NO [NONEXISTENT] no such mailbox\r\n", 1 },
		{ "UID FETCH", "%T BAD no mailbox is selected\r\n", 1 },
		{ "SELECT", OPENED, 0 },
		{ "UID FETCH 5 (UID RFC822.SIZE", WHOLE, 0 },
		{ NULL, NULL, 0 },
	};
	struct body_rest rest;
	struct script s;
	FILE *f = tmpfile();
	struct rig r;

	scripted(&r, &s, rules);
	ck_assert_int_eq(ask(&r, 68, 77, f, &rest), ERR_GONE);
	ck_assert_int_eq(ask(&r, 68, 77, f, &rest), 0);
	fclose(f);
	rig_release(&r);
	script_stop(&s);
}
END_TEST

Suite *imap_partial_suite(void)
{
	Suite *s = suite_create("imap-partial");
	TCase *c = tcase_create("partial");

	tcase_set_timeout(c, 60);
	tcase_add_test(c, a_large_mail_comes_without_its_attachments);
	tcase_add_test(c, signed_mail_comes_whole);
	tcase_add_test(c, what_cannot_be_put_together_is_not_begun);
	tcase_add_test(c, a_hostile_structure_is_not_followed);
	tcase_add_loop_test(c, nonsense_is_answered_by_the_whole_message, 0,
		(int)G_N_ELEMENTS(answers));
	tcase_add_test(c, round_trips_of_opening_a_mail);
	tcase_add_test(c, a_mailbox_that_is_gone_is_told_in_step);
	suite_add_tcase(s, c);
	return s;
}
