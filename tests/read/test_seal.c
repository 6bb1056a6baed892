/*
 * Signatures and encryption, over a corpus and by hand (M-14).
 *
 * The keys go into a keyring in a folder of the test's own; gpg's agent is
 * ended with it.  What is expected of each mail stands in the file `expected`.
 */
#include <check.h>
#include <fcntl.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <glib.h>
#include <glib/gstdio.h>

#include "base/file.h"
#include "base/mem.h"
#include "mime/text.h"
#include "read/reader.h"
#include "read/seal_words.h"

#define CORPUS TEST_DATA "/pgp-smime"
#define ALICE "alice@openpgp.example-0xf231550c4f47e38e"
#define BOB "bob@openpgp.example-0xfbfcc82a015e7330"
#define CAROL "carol@example.com-0x3099ff1238852b9f"

enum {
	NOW = 1790000000, /* September 2026: the certificates are valid, the mails were sent before */
	LATE = 2000000000, /* 2033: they have expired */
};

static char *home;

/* --- the keyring -------------------------------------------------------------- */

static void gpg(const char *program, ...)
{
	g_autoptr(GPtrArray) argv = g_ptr_array_new();
	const char *word;
	int status = -1;
	va_list args;

	g_ptr_array_add(argv, (char *)program);
	va_start(args, program);
	while ((word = va_arg(args, const char *)))
		g_ptr_array_add(argv, (char *)word);
	va_end(args);
	g_ptr_array_add(argv, NULL);
	g_spawn_sync(NULL, (char **)argv->pdata, NULL,
		G_SPAWN_SEARCH_PATH | G_SPAWN_STDOUT_TO_DEV_NULL | G_SPAWN_STDERR_TO_DEV_NULL, NULL, NULL,
		NULL, NULL, &status, NULL);
	if (status != 0)
		g_error("%s failed", program);
}

#define KEYS CORPUS "/openpgp/keys/"
/* Bob and Benny are trusted, of Alice and Carol nothing is known. */
static void make_keyring(void)
{
	static const char trust[] = "D1A66E1A23B182C9980F788CFBFCC82A015E7330:6:\n"
				    "123B9416B238CA89A23A554DC55CCD9C5AB482B2:6:\n";
	g_autofree char *file = NULL;

	home = g_dir_make_tmp("tern-seal-XXXXXX", NULL);
	g_setenv("GNUPGHOME", home, TRUE);
	g_unsetenv("DISPLAY");
	g_unsetenv("WAYLAND_DISPLAY");
	file = g_build_filename(home, "trust", NULL);
	g_file_set_contents(file, trust, -1, NULL);
	gpg("gpg", "--batch", "--disable-dirmngr", "--import", KEYS ALICE "-pub.asc",
		KEYS ALICE "-secret.asc", KEYS BOB "-pub.asc", KEYS BOB "-secret.asc",
		KEYS CAROL "-pub.asc", KEYS "benny-hashwell-0xc55ccd9c5ab482b2-pub.asc",
		KEYS "carol@pgp.icu-0xEF2FD01608AFD744-revoked-secret.asc", NULL);
	gpg("gpg", "--batch", "--import-ownertrust", file, NULL);
}

static void remove_folder(const char *path)
{
	GDir *dir = g_dir_open(path, 0, NULL);
	const char *name;

	while (dir && (name = g_dir_read_name(dir))) {
		g_autofree char *inside = g_build_filename(path, name, NULL);

		if (g_file_test(inside, G_FILE_TEST_IS_DIR) && !g_file_test(inside, G_FILE_TEST_IS_SYMLINK))
			remove_folder(inside);
		else
			g_unlink(inside);
	}
	if (dir)
		g_dir_close(dir);
	g_rmdir(path);
}

static void remove_keyring(void)
{
	gpg("gpgconf", "--homedir", home, "--kill", "all", NULL);
	remove_folder(home);
	g_free(home);
}

/* --- asking ------------------------------------------------------------------------ */

static struct seal_config config_at(int64_t now)
{
	return (struct seal_config){ .ca_file = CORPUS "/smime/TestCA.pem",
		.key_file = CORPUS "/smime/Bob.p12", .key_command = "echo nss", .now = now };
}

static struct reader *reader_with(struct seal_config config)
{
	struct reader *r = reader_new(NULL);

	reader_seals(r, &config);
	return r;
}

static void ask(struct reader *r, int fd, const char *from, struct reader_answer *a)
{
	struct err err = { 0 };
	struct reader_question q = { .fd = fd, .part = -1, .out = -1, .seal = true,
		.from = (char *)from };

	ck_assert_msg(reader_read(r, &q, NULL, a, &err) == 0, "%s", err.text);
}

static void ask_file(struct reader *r, const char *path, struct reader_answer *a)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	ck_assert_msg(fd >= 0, "%s", path);
	ask(r, fd, NULL, a);
}

/* --- the corpus ----------------------------------------------------------------------- */

static const char *result_of(const struct reader_answer *a)
{
	return a->verdict.kind == SEAL_NONE ? "none" : seal_name(a->verdict.result);
}

/* "RESULT sealed|opened PATH": true if it is so. */
static bool as_expected(struct reader *r, const char *line)
{
	AUTO(reader_answer_release) struct reader_answer a = { 0 };
	g_auto(GStrv) words = g_strsplit(line, " ", 3);
	g_autofree char *path = g_build_filename(CORPUS, words[2], NULL);
	const char *opened;
	bool same;

	ask_file(r, path, &a);
	opened = a.verdict.encrypted ? "opened" : "-";
	same = strcmp(result_of(&a), words[0]) == 0 && strcmp(opened, words[1]) == 0;
	same = same && (!a.verdict.encrypted || (a.plain > 0 && *a.doc->text));
	if (!same || g_getenv("TERN_TEST_VERBOSE"))
		printf("%s: %s %s, expected %s %s (%s; %s)\n", words[2], result_of(&a), opened, words[0],
			words[1], a.verdict.signer, a.verdict.words);
	return same;
}

START_TEST(the_corpus_is_judged_as_expected)
{
	struct reader *r = reader_with(config_at(NOW));
	g_autofree char *text = NULL;
	g_auto(GStrv) all = NULL;
	int passed = 0, total = 0;

	ck_assert(g_file_get_contents(CORPUS "/expected", &text, NULL, NULL));
	all = g_strsplit(text, "\n", -1);
	for (char **line = all; *line; line++) {
		if (!**line || **line == '#')
			continue;
		total++;
		passed += as_expected(r, *line);
	}
	printf("seals: %d of %d as expected\n", passed, total);
	fflush(stdout);
	reader_free(&r);
	ck_assert_int_ge(total, 110);
	ck_assert_int_eq(passed, total);
}
END_TEST

/* --- by hand ---------------------------------------------------------------------------- */

#define PGP_SIGNED "/openpgp/eml/signed-by-0xfbfcc82a015e7330-to-0xf231550c4f47e38e-unencrypted.eml"
#define PGP_CLOSED "/openpgp/eml/signed-by-0xfbfcc82a015e7330-encrypted-to-0xf231550c4f47e38e.eml"
#define SMIME_SIGNED "/smime/alice.dsig.SHA256.multipart.eml"
#define SMIME_OPAQUE "/smime/alice.sig.SHA256.opaque.eml"
#define SMIME_CLOSED "/smime/alice.env.eml"

/* The mail with the first `old` (NULL = none), or with every line end, replaced. */
static char *mail_of(const char *path, const char *old, const char *new)
{
	g_autofree char *file = g_strconcat(CORPUS, path, NULL), *text = NULL;
	g_autoptr(GString) all = NULL;

	ck_assert(g_file_get_contents(file, &text, NULL, NULL));
	all = g_string_new(text);
	if (old)
		ck_assert_uint_gt(g_string_replace(all, old, new, strcmp(old, "\r\n") != 0), 0);
	return g_strdup(all->str);
}

static int file_of(const char *text)
{
	int fd = memfd_create("mail", MFD_CLOEXEC);

	ck_assert_int_eq(fd_write_all(fd, text, strlen(text)), 0);
	return fd;
}

static const struct {
	const char *path, *old, *new, *from;
	enum seal_result result;
	const char *words;
} mails[] = {
	{ PGP_SIGNED, NULL, NULL, NULL, SEAL_GOOD, "" },
	/* who sent it: exactly one address, and the one that was asked about */
	{ PGP_SIGNED, NULL, NULL, "bob@OpenPGP.example", SEAL_GOOD, "" },
	{ PGP_SIGNED, NULL, NULL, "Bob@openpgp.example", SEAL_OTHER, "" },
	{ PGP_SIGNED, NULL, NULL, "eve@openpgp.example", SEAL_OTHER, "" },
	{ PGP_SIGNED, "From: Bob Babbage <", "From: \"a, b\" <", NULL, SEAL_GOOD, "" },
	{ PGP_SIGNED, "From: Bob Babbage <", "From: \"bob@openpgp.example\" <eve@example.org>, <", NULL,
		SEAL_OTHER, "" },
	{ PGP_SIGNED, "From: Bob Babbage <bob@openpgp.example>",
		"From: bob@openpgp.example\r\nFrom: eve@example.org", NULL, SEAL_OTHER, "" },
	{ PGP_SIGNED, "From: Bob Babbage <bob@openpgp.example>",
		"From: bob@openpgp.example <eve@example.org>", NULL, SEAL_OTHER, "" },
	/* what was signed */
	{ PGP_SIGNED, "\r\n", "\n", NULL, SEAL_GOOD, "" },
	{ PGP_SIGNED, "undays are", "undays were", NULL, SEAL_BAD, "" },
	{ PGP_SIGNED, "\r\n\r\nSundays", "\r\n\r\nI agree. Sundays", NULL, SEAL_BAD, "" },
	{ SMIME_SIGNED, "\r\n", "\n", NULL, SEAL_GOOD, "" },
	{ SMIME_SIGNED, "test message", "test\tmessage", NULL, SEAL_BAD, "" },
	{ SMIME_SIGNED, "From: Alice@", "From: Bob@", NULL, SEAL_OTHER, "" },
	{ SMIME_OPAQUE, "From: Alice@", "From: Bob@", NULL, SEAL_OTHER, "" },
	/* text beside it */
	{ PGP_SIGNED, "Content-Type: multipart/signed;",
		"Content-Type: multipart/mixed; boundary=X\r\n\r\n--X\r\n\r\nPay Eve.\r\n--X\r\n"
		"Content-Type: multipart/signed;", NULL, SEAL_PARTLY, "" },
	{ PGP_CLOSED, "Content-Type: multipart/encrypted;",
		"Content-Type: multipart/mixed; boundary=X\r\n\r\n--X\r\nContent-Type: text/html\r\n\r\n"
		"hello <img src=\"https://evil.example/\r\n--X\r\nContent-Type: multipart/encrypted;", NULL,
		SEAL_LOCKED, "Only a part of this message is encrypted" },
	{ SMIME_CLOSED, "Content-Type: application/pkcs7-mime;",
		"Content-Type: multipart/mixed; boundary=X\r\n\r\n--X\r\n\r\nhello\r\n--X\r\n"
		"Content-Type: application/pkcs7-mime;", NULL, SEAL_LOCKED,
		"Only a part of this message is encrypted" },
};

START_TEST(a_seal_proves_only_what_it_is_about)
{
	AUTO(reader_answer_release) struct reader_answer a = { 0 };
	g_autofree char *text = mail_of(mails[_i].path, mails[_i].old, mails[_i].new);
	struct reader *r = reader_with(config_at(NOW));

	ask(r, file_of(text), mails[_i].from, &a);
	ck_assert_str_eq(seal_name(a.verdict.result), seal_name(mails[_i].result));
	ck_assert_ptr_nonnull(strstr(a.verdict.words, mails[_i].words));
	ck_assert(mails[_i].result != SEAL_LOCKED || a.plain == 0);
	reader_free(&r);
}
END_TEST

static void must_be(struct seal_config config, const char *path, enum seal_result result,
	const char *words)
{
	AUTO(reader_answer_release) struct reader_answer a = { 0 };
	g_autofree char *file = g_strconcat(CORPUS, path, NULL);
	struct reader *r = reader_with(config);

	ask_file(r, file, &a);
	ck_assert_str_eq(seal_name(a.verdict.result), seal_name(result));
	ck_assert_msg(strstr(a.verdict.words, words) != NULL, "%s", a.verdict.words);
	reader_free(&r);
}

START_TEST(certificates_are_judged)
{
	struct seal_config unknown = config_at(NOW);

	unknown.ca_file = NULL;
	must_be(config_at(NOW), SMIME_SIGNED, SEAL_GOOD, "");
	must_be(config_at(LATE), SMIME_SIGNED, SEAL_EXPIRED, "");
	must_be(unknown, SMIME_SIGNED, SEAL_UNTRUSTED, "");
	must_be(unknown, SMIME_OPAQUE, SEAL_UNTRUSTED, "");
}
END_TEST

START_TEST(what_cannot_be_opened_says_why)
{
	struct seal_config none = config_at(NOW), wrong = none, silent = none, gone = none;

	none.key_file = NULL;
	wrong.key_command = "echo wrong";
	silent.key_command = "false";
	gone.key_file = "/nowhere/key.p12";
	must_be(none, SMIME_CLOSED, SEAL_LOCKED, "smime-key");
	must_be(wrong, SMIME_CLOSED, SEAL_LOCKED, "password");
	must_be(silent, SMIME_CLOSED, SEAL_LOCKED, "password command");
	must_be(gone, SMIME_CLOSED, SEAL_LOCKED, "/nowhere/key.p12");
}
END_TEST

START_TEST(what_was_opened_is_a_message_of_its_own)
{
	AUTO(reader_answer_release) struct reader_answer a = { 0 }, b = { 0 };
	AUTO(fd_close) int out = memfd_create("out", MFD_CLOEXEC);
	struct reader *r = reader_with(config_at(NOW));
	char text[200] = "";
	struct err err;

	ask_file(r, CORPUS PGP_CLOSED, &a);
	ck_assert_int_gt(a.plain, 0);
	ck_assert(a.verdict.encrypted);
	ck_assert_ptr_nonnull(strstr(a.doc->text, "Sundays are nothing without callaloo."));
	ck_assert_str_eq(document_header(a.doc, "From"), "Bob Babbage <bob@openpgp.example>");
	ck_assert_str_eq(document_header(a.doc, "Subject"), "Signed Encrypted");
	for (guint i = 0; i < a.doc->parts->len; i++) {
		const struct document_part *p = a.doc->parts->pdata[i];
		struct reader_question q = { .fd = dup(a.plain), .part = (int)i, .out = dup(out) };

		if (!p->shown) {
			close(q.fd);
			close(q.out);
			continue;
		}
		ck_assert_msg(reader_read(r, &q, NULL, &b, &err) == 0, "%s", err.text);
	}
	ck_assert_int_gt(pread(out, text, sizeof text - 1, 0), 0);
	ck_assert_ptr_nonnull(strstr(text, "callaloo"));
	reader_free(&r);
}
END_TEST

START_TEST(a_signature_over_what_is_not_here_is_not_called_bad)
{
	AUTO(reader_answer_release) struct reader_answer a = { 0 };
	struct reader *r = reader_with(config_at(NOW));
	struct body_hole hole = { .at = 900, .bytes = 1000 };
	struct reader_question q = { .fd = open(CORPUS PGP_SIGNED, O_RDONLY | O_CLOEXEC), .part = -1,
		.out = -1, .seal = true, .how = { .holes = &hole, .n_holes = 1 } };
	struct err err = { 0 };

	ck_assert_msg(reader_read(r, &q, NULL, &a, &err) == 0, "%s", err.text);
	ck_assert_int_eq(a.verdict.result, SEAL_UNKNOWN);
	ck_assert_str_ne(a.verdict.words, "");
	reader_free(&r);
}
END_TEST

/* --- gpg itself ---------------------------------------------------------------------------- */

/* A gpg that is a script of ours. */
static void play_gpg(const char *script)
{
	g_autofree char *path = g_build_filename(home, "gpg", NULL);
	g_autofree char *list = g_strconcat(home, ":", g_getenv("PATH"), NULL);

	ck_assert(g_file_set_contents(path, script, -1, NULL));
	ck_assert_int_eq(g_chmod(path, 0700), 0);
	g_setenv("PATH", list, TRUE);
}

static void end_play(void)
{
	g_autofree char *path = g_build_filename(home, "gpg", NULL);

	g_unlink(path);
}

/* M-14: no key is ever fetched because a mail names one. */
START_TEST(gpg_is_kept_from_the_network_and_the_terminal)
{
	static const char *const needed[] = { "--disable-dirmngr", "--no-auto-key-retrieve",
		"--no-auto-key-locate", "--no-auto-key-import", "--no-tty", "--pinentry-mode cancel",
		"--ttyname /dev/null", "--batch" };
	g_autofree char *told = g_build_filename(home, "args", NULL), *text = NULL;
	g_autofree char *script = g_strdup_printf("#!/bin/sh\necho \"$@\" >%s\n", told);

	play_gpg(script);
	must_be(config_at(NOW), PGP_SIGNED, SEAL_UNKNOWN, "no signature");
	ck_assert(g_file_get_contents(told, &text, NULL, NULL));
	for (size_t i = 0; i < G_N_ELEMENTS(needed); i++)
		ck_assert_msg(strstr(text, needed[i]) != NULL, "%s", needed[i]);
	end_play();
}
END_TEST

/* Words that a gpg without a status says are believed by nobody. */
START_TEST(only_status_lines_count)
{
	play_gpg("#!/bin/sh\necho '[GNUPG:] NEWSIG'\necho '[GNUPG:] GOODSIG 1 Bob <bob@openpgp.example>'\n");
	must_be(config_at(NOW), PGP_SIGNED, SEAL_UNKNOWN, "no signature");
	play_gpg("#!/bin/sh\necho '[GNUPG:] NEWSIG' >&3\n"
		 "echo '[GNUPG:] GOODSIG 1 Bob <bob@openpgp.example>' >&3\n");
	must_be(config_at(NOW), PGP_SIGNED, SEAL_UNKNOWN, ""); /* without VALIDSIG */
	end_play();
}
END_TEST

static void *stop_soon(void *arg)
{
	g_usleep(300 * 1000);
	cancel_set(arg);
	return NULL;
}

START_TEST(a_gpg_that_hangs_is_ended)
{
	AUTO(cancel_release) struct cancel stop;
	AUTO(reader_answer_release) struct reader_answer a = { 0 };
	struct reader *r = reader_with(config_at(NOW));
	struct reader_question q = { .fd = open(CORPUS PGP_SIGNED, O_RDONLY | O_CLOEXEC), .part = -1,
		.out = -1, .seal = true };
	gint64 begin = g_get_monotonic_time();
	GThread *t;
	struct err err = { 0 };

	play_gpg("#!/bin/sh\nsleep 1000\n");
	cancel_init(&stop);
	t = g_thread_new("stop", stop_soon, &stop);
	ck_assert_int_eq(reader_read(r, &q, &stop, &a, &err), ERR_CANCELED);
	g_thread_join(t);
	reader_free(&r); /* waits for its thread, which waits for gpg */
	ck_assert_int_lt(g_get_monotonic_time() - begin, 15 * G_USEC_PER_SEC);
	end_play();
}
END_TEST

START_TEST(without_gpg_the_mail_is_shown_all_the_same)
{
	AUTO(reader_answer_release) struct reader_answer a = { 0 };
	struct reader *r = reader_with(config_at(NOW));

	g_setenv("PATH", home, TRUE);
	ask_file(r, CORPUS PGP_SIGNED, &a);
	ck_assert_int_eq(a.verdict.result, SEAL_UNKNOWN);
	ck_assert_ptr_nonnull(strstr(a.verdict.words, "gpg"));
	ck_assert_ptr_nonnull(strstr(a.doc->text, "callaloo"));
	reader_free(&r);
}
END_TEST

int main(int argc, char **argv)
{
	Suite *s = suite_create("seal");
	TCase *t = tcase_create("seal");
	SRunner *r;
	char *gpg;
	int failed;

	setlocale(LC_ALL, "C.UTF-8");
	if (argc > 1 && strcmp(argv[1], READER_CHILD_WORD) == 0)
		reader_child();
	gpg = g_find_program_in_path("gpg");
	if (!gpg)
		return 77;
	g_free(gpg);
	mime_init();
	make_keyring();
	tcase_set_timeout(t, 120);
	tcase_add_test(t, the_corpus_is_judged_as_expected);
	tcase_add_loop_test(t, a_seal_proves_only_what_it_is_about, 0, G_N_ELEMENTS(mails));
	tcase_add_test(t, certificates_are_judged);
	tcase_add_test(t, what_cannot_be_opened_says_why);
	tcase_add_test(t, what_was_opened_is_a_message_of_its_own);
	tcase_add_test(t, a_signature_over_what_is_not_here_is_not_called_bad);
	tcase_add_test(t, gpg_is_kept_from_the_network_and_the_terminal);
	tcase_add_test(t, only_status_lines_count);
	tcase_add_test(t, a_gpg_that_hangs_is_ended);
	tcase_add_test(t, without_gpg_the_mail_is_shown_all_the_same);
	suite_add_tcase(s, t);
	r = srunner_create(s);
	srunner_run_all(r, CK_ENV);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	remove_keyring();
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
