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
#include "read/seal_layer.h"

#define CORPUS TEST_DATA "/pgp-smime"
#define ALICE "alice@openpgp.example-0xf231550c4f47e38e"
#define BOB "bob@openpgp.example-0xfbfcc82a015e7330"
#define CAROL "carol@example.com-0x3099ff1238852b9f"

enum {
	NOW = 1790000000, /* September 2026: the certificates are valid, the mails were sent before */
	LATE = 2000000000, /* 2033: they have expired */
};

static char *home;

static const char *const results[] = {
	[SEAL_UNKNOWN] = "unknown", [SEAL_GOOD] = "good", [SEAL_UNTRUSTED] = "untrusted",
	[SEAL_OTHER] = "other", [SEAL_PARTLY] = "partly", [SEAL_MISDATED] = "misdated",
	[SEAL_WEAK] = "weak", [SEAL_NO_KEY] = "no-key", [SEAL_EXPIRED] = "expired",
	[SEAL_BAD] = "bad", [SEAL_DECRYPTED] = "decrypted", [SEAL_LOCKED] = "locked",
};

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
	return a->verdict.kind == SEAL_NONE ? "none" : results[a->verdict.result];
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
	ck_assert_int_ge(total, 130);
	ck_assert_int_eq(passed, total);
}
END_TEST

int main(int argc, char **argv)
{
	Suite *s = suite_create("seal");
	TCase *t = tcase_create("seal");
	SRunner *r;
	int failed;

	setlocale(LC_ALL, "C.UTF-8");
	if (argc > 1 && strcmp(argv[1], READER_CHILD_WORD) == 0)
		reader_child();
	if (!g_find_program_in_path("gpg"))
		return 77;
	mime_init();
	make_keyring();
	tcase_set_timeout(t, 120);
	tcase_add_test(t, the_corpus_is_judged_as_expected);
	suite_add_tcase(s, t);
	r = srunner_create(s);
	srunner_run_all(r, CK_ENV);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	remove_keyring();
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
