/* Names from outside, files that are saved, and files for other programs. */
#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <glib.h>
#include <glib/gstdio.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/mem.h"
#include "base/save.h"
#include "base/scratch.h"
#include "base/text.h"
#include "test_base.h"

/* --- names --------------------------------------------------------------- */

static const struct {
	const char *outside, *safe;
} names[] = {
	{ "report.pdf", "report.pdf" },
	{ "Grüße aus Köln 🎉.txt", "Grüße aus Köln 🎉.txt" },
	{ "../../etc/passwd", "passwd" },
	{ "/etc/passwd", "passwd" },
	{ "a/b/", "part-1" },
	{ "/", "part-1" },
	{ "..", "part-1" },
	{ "...", "part-1" },
	{ ".", "part-1" },
	{ "", "part-1" },
	{ NULL, "part-1" },
	{ "   ", "part-1" },
	{ "\r\n\t", "part-1" },
	{ "C:\\Users\\x\\run.bat", "run.bat" },
	{ "..\\..\\autoexec.bat", "autoexec.bat" },
	{ ".bashrc", "bashrc" },
	{ ". .bashrc", "bashrc" },
	{ ".-.-x", "x" },
	{ "-rf", "rf" },
	{ "--output=x", "output=x" },
	{ " -rf *", "rf *" },
	{ "CON", "_CON" },
	{ "nul.txt", "_nul.txt" },
	{ "com1", "_com1" },
	{ "console.txt", "console.txt" },
	{ "a\nb\rc.txt", "a b c.txt" },
	{ "a\033[2Jb.txt", "a[2Jb.txt" },
	{ "a\001b\177c", "abc" },
	{ "a\xc2\x9b" "b", "ab" },
	{ "invoice\xe2\x80\xae" "fdp.exe", "invoicefdp.exe" },
	{ "a\xe2\x81\xa6" "b\xe2\x80\x8b" "c", "abc" },
	{ "\xff\xfe" "a.txt", "a.txt" },
	{ "\xc0\xaf" "x", "x" },
	{ "a\xe2\x80\xa8" "b", "a b" },
	{ "x.pdf   ", "x.pdf" },
	{ "; touch x", "; touch x" }, /* harmless as a name: no shell reads it */
};

START_TEST(names_from_outside_become_safe)
{
	g_autofree char *got = save_name(names[_i].outside, "part-1");

	ck_assert_msg(strcmp(got, names[_i].safe) == 0, "%d: got \"%s\", expected \"%s\"", _i, got,
		names[_i].safe);
}
END_TEST

START_TEST(long_names_keep_their_extension)
{
	for (int n = SAVE_NAME_MAX - 6; n < SAVE_NAME_MAX + 200; n++) {
		g_autofree char *body = g_strnfill((gsize)n, 'x');
		g_autofree char *outside = g_strconcat(body, ".tar.gz", NULL);
		g_autofree char *got = save_name(outside, "y");

		ck_assert_uint_eq(strlen(got), MIN((size_t)n + 7, SAVE_NAME_MAX));
		ck_assert(g_str_has_suffix(got, "x.tar.gz"));
	}
	for (int n = 60; n < 80; n++) { /* never cut in a character */
		g_autoptr(GString) outside = g_string_new(NULL);
		g_autofree char *got = NULL;

		for (int i = 0; i < n; i++)
			g_string_append(outside, "語");
		g_string_append(outside, "ab.png");
		got = save_name(outside->str, "y");
		ck_assert(text_is_utf8(got, strlen(got)));
		ck_assert_uint_le(strlen(got), SAVE_NAME_MAX);
		ck_assert(g_str_has_suffix(got, ".png"));
	}
}
END_TEST

static bool is_visible(const char *name)
{
	const char *p = name;

	while (*p && !g_unichar_iscntrl(g_utf8_get_char(p)) &&
		g_unichar_type(g_utf8_get_char(p)) != G_UNICODE_FORMAT)
		p = g_utf8_next_char(p);
	return *p == '\0';
}

START_TEST(random_names_are_safe)
{
	g_autoptr(GRand) rand = g_rand_new_with_seed(20240315);

	for (int i = 0; i < 20000; i++) {
		char outside[400];
		gsize n = (gsize)g_rand_int_range(rand, 0, sizeof outside - 1);
		g_autofree char *got = NULL;

		for (gsize k = 0; k < n; k++) /* half of it is what makes trouble */
			outside[k] = g_rand_boolean(rand) ? "./-\\\n\033 \342\200\256"[g_rand_int_range(rand, 0, 10)]
							  : (char)g_rand_int_range(rand, 1, 256);
		outside[n] = '\0';
		got = save_name(outside, "otherwise");
		ck_assert(*got && *got != '.' && *got != '-' && !strchr(got, '/') && !strchr(got, '\\'));
		ck_assert_uint_le(strlen(got), SAVE_NAME_MAX + 1);
		ck_assert(text_is_utf8(got, strlen(got)));
		ck_assert(is_visible(got));
	}
}
END_TEST

/* --- files --------------------------------------------------------------- */

static char *folder;

static void make_folder(void)
{
	folder = g_dir_make_tmp("tern-save-XXXXXX", NULL);
}

static void remove_folder(void)
{
	g_autofree char *command = g_strdup_printf("rm -r '%s'", folder);

	ck_assert(g_spawn_command_line_sync(command, NULL, NULL, NULL, NULL));
	g_clear_pointer(&folder, g_free);
}

static char *in_folder(const char *name)
{
	return g_build_filename(folder, name, NULL);
}

static void put(const char *name, const char *text)
{
	g_autofree char *path = in_folder(name);

	ck_assert(g_file_set_contents(path, text, -1, NULL));
}

static void assert_file(const char *name, const char *text)
{
	g_autofree char *path = in_folder(name), *got = NULL;

	ck_assert_msg(g_file_get_contents(path, &got, NULL, NULL), "%s is not there", name);
	ck_assert_str_eq(got, text);
}

static int files(void)
{
	GDir *d = g_dir_open(folder, 0, NULL);
	int n = 0;

	while (g_dir_read_name(d))
		n++;
	g_dir_close(d);
	return n;
}

/* Saves a text; the name that it got. */
static char *save(const char *name, const char *text)
{
	AUTO(save_release) struct save s = SAVE_NONE;
	struct err err = { 0 };

	ck_assert_msg(save_begin(&s, folder, name, &err) == 0, "%s", err.text);
	ck_assert_int_eq(fd_write_all(s.fd, text, strlen(text)), 0);
	ck_assert_msg(save_commit(&s, &err) == 0, "%s", err.text);
	return g_strdup(s.name);
}

START_TEST(a_file_appears_whole_and_private)
{
	AUTO(save_release) struct save s = SAVE_NONE;
	g_autofree char *path = in_folder("a.txt");
	struct err err = { 0 };
	GStatBuf st;

	ck_assert_int_eq(save_begin(&s, folder, "a.txt", &err), 0);
	ck_assert_int_eq(fd_write_all(s.fd, "half", 4), 0);
	ck_assert(!g_file_test(path, G_FILE_TEST_EXISTS)); /* a half file never has the name */
	ck_assert_int_eq(save_commit(&s, &err), 0);
	ck_assert_int_eq(g_stat(path, &st), 0);
	ck_assert_uint_eq(st.st_mode & 0777, 0600);
	save_release(&s);
	assert_file("a.txt", "half");
	ck_assert_int_eq(files(), 1);
}
END_TEST

START_TEST(an_abandoned_file_leaves_nothing)
{
	struct save s = SAVE_NONE;
	struct err err = { 0 };

	ck_assert_int_eq(save_begin(&s, folder, "a.txt", &err), 0);
	ck_assert_int_eq(files(), 1);
	save_release(&s);
	ck_assert_int_eq(files(), 0);
	save_release(&s);
}
END_TEST

START_TEST(nothing_is_ever_replaced)
{
	g_autofree char *second = NULL, *third = NULL, *archive = NULL, *bare = NULL;

	put("a.txt", "mine");
	put("x.tar.gz", "mine");
	put("README", "mine");
	second = save("a.txt", "two");
	third = save("a.txt", "three");
	archive = save("x.tar.gz", "two");
	bare = save("README", "two");
	ck_assert_str_eq(second, "a (2).txt");
	ck_assert_str_eq(third, "a (3).txt");
	ck_assert_str_eq(archive, "x (2).tar.gz");
	ck_assert_str_eq(bare, "README (2)");
	assert_file("a.txt", "mine");
	assert_file("a (2).txt", "two");
	ck_assert_int_eq(files(), 7);
}
END_TEST

START_TEST(links_in_the_folder_are_not_followed)
{
	g_autofree char *link = in_folder("a.txt"), *target = in_folder("target"), *got = NULL;
	g_autofree char *dangling = in_folder("b.txt"), *nowhere = in_folder("nowhere"), *other = NULL;

	put("target", "mine");
	ck_assert_int_eq(symlink(target, link), 0);
	ck_assert_int_eq(symlink(nowhere, dangling), 0);
	got = save("a.txt", "theirs");
	other = save("b.txt", "theirs");
	ck_assert_str_eq(got, "a (2).txt");
	ck_assert_str_eq(other, "b (2).txt");
	assert_file("target", "mine");
	ck_assert(!g_file_test(nowhere, G_FILE_TEST_EXISTS));
}
END_TEST

/* Somebody takes the name, or puts a link there, after the file was begun. */
START_TEST(a_name_that_is_taken_meanwhile_is_left_alone)
{
	AUTO(save_release) struct save s = SAVE_NONE;
	g_autofree char *target = in_folder("target"), *link = in_folder("a.txt");
	struct err err = { 0 };

	put("target", "mine");
	ck_assert_int_eq(save_begin(&s, folder, "a.txt", &err), 0);
	ck_assert_int_eq(fd_write_all(s.fd, "theirs", 6), 0);
	ck_assert_int_eq(symlink(target, link), 0);
	ck_assert_int_eq(save_commit(&s, &err), 0);
	ck_assert_str_eq(s.name, "a (2).txt");
	assert_file("target", "mine");
	assert_file("a (2).txt", "theirs");
}
END_TEST

START_TEST(names_with_a_path_are_refused)
{
	static const char *const bad[] = { "", ".", "..", "a/b", "/a", "../a" };
	struct err err = { 0 };

	for (size_t i = 0; i < G_N_ELEMENTS(bad); i++) {
		struct save s = SAVE_NONE;

		ck_assert_int_eq(save_begin(&s, folder, bad[i], &err), ERR_USAGE);
	}
	ck_assert_int_eq(files(), 0);
}
END_TEST

START_TEST(a_missing_folder_is_told)
{
	struct save s = SAVE_NONE;
	struct err err = { 0 };
	g_autofree char *path = in_folder("nowhere");

	ck_assert_int_eq(save_begin(&s, path, "a", &err), ERR_GONE);
	ck_assert_ptr_nonnull(strstr(err.text, path));
	put("file", "x");
	g_free(path);
	path = in_folder("file");
	ck_assert_int_eq(save_begin(&s, path, "a", &err), ERR_GONE);
}
END_TEST

/* The disk is full: as far as a test can make it so without being root. */
START_TEST(a_full_disk_is_told_and_leaves_nothing)
{
	struct rlimit was, small;
	struct save s = SAVE_NONE;
	struct err err = { 0 };
	char block[8192] = { 0 };
	int r;

	signal(SIGXFSZ, SIG_IGN);
	getrlimit(RLIMIT_FSIZE, &was);
	small = was;
	small.rlim_cur = 4096;
	ck_assert_int_eq(save_begin(&s, folder, "big.iso", &err), 0);
	setrlimit(RLIMIT_FSIZE, &small);
	r = fd_write_all(s.fd, block, sizeof block);
	setrlimit(RLIMIT_FSIZE, &was);
	ck_assert_int_eq(r, -EFBIG);
	ck_assert_int_eq(save_failed(&s, -r, &err), ERR_STORAGE);
	ck_assert_ptr_nonnull(strstr(err.text, "big.iso"));
	ck_assert_int_eq(save_failed(&s, ENOSPC, &err), ERR_STORAGE);
	ck_assert_ptr_nonnull(strstr(err.text, "no room"));
	save_release(&s);
	ck_assert_int_eq(files(), 0);
}
END_TEST

/* --- files for other programs ----------------------------------------------- */

START_TEST(files_for_programs_are_private_and_go)
{
	struct scratch s = { 0 };
	g_autofree char *path = NULL, *other = NULL, *base = NULL, *dir = NULL;
	struct err err = { 0 };
	GStatBuf st;
	int fd;

	ck_assert_msg(scratch_path(&s, "p/d;f", &path, &err) == 0, "%s", err.text);
	dir = g_path_get_dirname(path);
	base = g_path_get_basename(path);
	ck_assert_str_eq(base, "attachment-1.pdf");
	ck_assert_int_eq(scratch_create(path, &fd, &err), 0);
	ck_assert_int_eq(g_stat(path, &st), 0);
	ck_assert_uint_eq(st.st_mode & 0777, 0600);
	ck_assert_int_eq(g_stat(dir, &st), 0);
	ck_assert_uint_eq(st.st_mode & 0777, 0700);
	close(fd);
	ck_assert_int_eq(scratch_create(path, &fd, &err), ERR_STORAGE); /* never an existing one */
	ck_assert_int_eq(scratch_path(&s, "", &other, &err), 0);
	ck_assert(g_str_has_suffix(other, "/attachment-2"));
	scratch_sweep(); /* of another process: this one is in use */
	ck_assert(g_file_test(path, G_FILE_TEST_EXISTS));
	scratch_release(&s);
	ck_assert(!g_file_test(dir, G_FILE_TEST_EXISTS));
}
END_TEST

START_TEST(what_a_crash_left_is_swept)
{
	struct scratch s = { 0 };
	g_autofree char *path = NULL, *target = in_folder("target"), *link = NULL;
	struct err err = { 0 };
	int fd;

	put("target", "mine");
	ck_assert_int_eq(scratch_path(&s, "pdf", &path, &err), 0);
	ck_assert_int_eq(scratch_create(path, &fd, &err), 0);
	link = g_strconcat(path, ".link", NULL);
	ck_assert_int_eq(symlink(target, link), 0);
	close(fd);
	close(s.lock); /* as the end of a process does */
	scratch_sweep();
	ck_assert(!g_file_test(s.path, G_FILE_TEST_EXISTS));
	assert_file("target", "mine");
	g_free(s.path);
}
END_TEST

START_TEST(a_nameless_file_has_no_name)
{
	struct err err = { 0 };
	struct stat st;
	int fd;

	ck_assert_int_eq(scratch_nameless(&fd, &err), 0);
	ck_assert_int_eq(fstat(fd, &st), 0);
	ck_assert_uint_eq(st.st_nlink, 0);
	close(fd);
}
END_TEST

Suite *suite_of_save(void)
{
	Suite *suite = suite_create("save");
	TCase *t = tcase_create("save");

	tcase_add_checked_fixture(t, make_folder, remove_folder);
	tcase_add_loop_test(t, names_from_outside_become_safe, 0, (int)G_N_ELEMENTS(names));
	tcase_add_test(t, long_names_keep_their_extension);
	tcase_add_test(t, random_names_are_safe);
	tcase_add_test(t, a_file_appears_whole_and_private);
	tcase_add_test(t, an_abandoned_file_leaves_nothing);
	tcase_add_test(t, nothing_is_ever_replaced);
	tcase_add_test(t, links_in_the_folder_are_not_followed);
	tcase_add_test(t, a_name_that_is_taken_meanwhile_is_left_alone);
	tcase_add_test(t, names_with_a_path_are_refused);
	tcase_add_test(t, a_missing_folder_is_told);
	tcase_add_test(t, a_full_disk_is_told_and_leaves_nothing);
	tcase_add_test(t, files_for_programs_are_private_and_go);
	tcase_add_test(t, what_a_crash_left_is_swept);
	tcase_add_test(t, a_nameless_file_has_no_name);
	suite_add_tcase(suite, t);
	return suite;
}
