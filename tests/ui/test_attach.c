/*
 * Parts of a message: the tree, saving, opening, piping.  What is sent by
 * strangers (names, types) reaches no shell and no path.
 */
#include <glib/gstdio.h>
#include <locale.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/mem.h"
#include "config/mailcap.h"
#include "mime/text.h"
#include "screen.h"
#include "ui/filter.h"
#include "ui/opener.h"
#include "ui/reading.h"

enum { PATIENCE = 10000 /* looks, of a millisecond each */ };

static struct screen *s;
static char *dir; /* of the reader: where is saved, and where proof would appear */

/* Every name and type in it tries something. */
static const char hostile[] =
	"From: Eve <eve@example.org>\nTo: me@example.org\nSubject: see ../the $(touch PROOF) files\n"
	"MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=b\n\n"
	"--b\nContent-Type: text/plain\n\nThe text.\n"
	"--b\nContent-Type: image/png;$(touch PROOF)\n"
	"Content-Disposition: attachment; filename=\"; touch PROOF\"\nContent-Transfer-Encoding: base64\n\naW1hZ2U=\n"
	"--b\nContent-Type: application/octet-stream\n"
	"Content-Disposition: attachment; filename=\"../../etc/report.pdf\"\n\npdf bytes\n"
	"--b\nContent-Type: text/x-note\nContent-Disposition: attachment; filename=\".bashrc\"\n\n"
	"\033]0;owned\007 one\ntwo\n"
	"--b\nContent-Type: application/octet-stream\n"
	"Content-Disposition: attachment; filename=\"invoice.pdf.exe\"\n\nMZ\n"
	"--b--\n";

static void open_message(void)
{
	static const struct mail eve = { "Eve", "eve@example.org", NULL,
		"see ../the $(touch PROOF) files", 60, 0, true };

	s = screen_new(1, 24, 100);
	dir = g_dir_make_tmp("tern-attach-XXXXXX", NULL);
	ck_assert_int_eq(chdir(dir), 0);
	setenv("MAILCAPS", "/nowhere/mailcap", 1);
	unsetenv("DISPLAY");
	unsetenv("WAYLAND_DISPLAY");
	s->config.openers = mailcap_rules_new();
	s->config.save_folder = dir;
	screen_mail(s, s->rig->inbox, 50, &eve);
	screen_fill(s);
	screen_body(s, 50, hostile);
	screen_keys(s, "<Enter>");
	for (int i = 0; i < PATIENCE && !reading_document(s->ui); i++) {
		g_usleep(1000);
		screen_events(s);
	}
	ck_assert_ptr_nonnull(reading_document(s->ui));
}

static void teardown(void)
{
	g_autofree char *command = g_strdup_printf("rm -r '%s'", dir);
	g_autofree char *proof = g_build_filename(dir, "PROOF", NULL);
	bool ran = g_file_test(proof, G_FILE_TEST_EXISTS);

	ck_assert_int_eq(chdir("/"), 0);
	g_ptr_array_unref(s->config.openers);
	screen_free(&s);
	ck_assert(g_spawn_command_line_sync(command, NULL, NULL, NULL, NULL));
	g_clear_pointer(&dir, g_free);
	ck_assert_msg(!ran, "a name or a type from the mail was run");
}

static void shows(const char *text)
{
	g_autofree char *all = screen_text(s);

	ck_assert_msg(strstr(all, text) != NULL, "\"%s\" expected on\n%s", text, all);
}

static bool busy(void)
{
	return s->ui->errands.now || filter_running(s->ui) || s->ui->errands.programs->len > 0;
}

/* Until the errand, and what it started, is over. */
static void settle(void)
{
	for (int i = 0; i < PATIENCE && busy(); i++) {
		g_usleep(1000);
		screen_events(s);
	}
	ck_assert(!busy());
}

static void type(const char *text)
{
	for (; *text; text++) {
		struct key k = { .code = (unsigned char)*text };

		ui_key(s->ui, &k);
	}
	screen_keys(s, "<Enter>");
}

static void assert_file(const char *name, const char *text)
{
	g_autofree char *path = g_build_filename(dir, name, NULL), *got = NULL;
	gsize n;

	ck_assert_msg(g_file_get_contents(path, &got, &n, NULL), "%s is not there", name);
	ck_assert_str_eq(got, text);
	ck_assert_uint_eq(n, strlen(text));
}

static int files(void)
{
	GDir *d = g_dir_open(dir, 0, NULL);
	int n = 0;

	while (g_dir_read_name(d))
		n++;
	g_dir_close(d);
	return n;
}

/* --- the tree ------------------------------------------------------------ */

START_TEST(parts_screen)
{
	static const struct {
		int height, width;
		const char *name;
	} sizes[] = { { 24, 80, "parts-80x24" }, { 10, 40, "parts-40x10" }, { 30, 160, "parts-160x30" } };

	screen_keys(s, "v");
	screen_size(s, sizes[_i].height, sizes[_i].width);
	screen_golden(s, sizes[_i].name);
}
END_TEST

START_TEST(the_cursor_begins_at_the_first_attachment)
{
	screen_keys(s, "v");
	ck_assert_int_eq(view_parts_part(s->ui), 2);
	screen_keys(s, "gg");
	ck_assert_int_eq(view_parts_part(s->ui), 0);
	screen_keys(s, "Gj");
	ck_assert_int_eq(view_parts_part(s->ui), 5);
	screen_keys(s, "<Esc>");
	ck_assert_int_eq(view_parts_part(s->ui), -1);
	shows("The text.");
}
END_TEST

START_TEST(containers_and_wrong_numbers_are_told)
{
	screen_keys(s, "vggo");
	shows("only holds others");
	screen_keys(s, ":open-part<Space>99<Enter>");
	shows("There is no part 99");
}
END_TEST

/* --- save ---------------------------------------------------------------- */

START_TEST(the_whole_message_is_saved_under_its_subject)
{
	screen_keys(s, ":save<Enter>");
	shows("see ..-the $(touch PROOF) files.eml");
	screen_keys(s, "<Enter>");
	settle();
	shows("Saved: ");
	assert_file("see ..-the $(touch PROOF) files.eml", hostile);
	screen_keys(s, ":save<Enter><Enter>");
	settle();
	assert_file("see ..-the $(touch PROOF) files (2).eml", hostile);
	ck_assert_int_eq(files(), 2);
}
END_TEST

START_TEST(a_typed_name_is_taken)
{
	g_autofree char *line = g_strdup_printf("save %s/mine.txt", dir);

	screen_keys(s, ":");
	type(line);
	settle();
	assert_file("mine.txt", hostile);
}
END_TEST

START_TEST(a_missing_folder_is_told_and_nothing_begins)
{
	g_autofree char *line = g_strdup_printf("save %s/nowhere/x", dir);

	screen_keys(s, ":");
	type(line);
	shows("There is no folder");
	ck_assert(!busy());
}
END_TEST

START_TEST(a_part_is_saved_under_a_safe_name)
{
	screen_keys(s, "vjs<Enter>");
	settle();
	assert_file("report.pdf", "pdf bytes");
	screen_keys(s, "js<Enter>");
	settle();
	assert_file("bashrc", "\033]0;owned\007 one\ntwo");
	ck_assert_int_eq(files(), 2);
}
END_TEST

START_TEST(all_attachments_are_saved)
{
	screen_keys(s, "vS");
	shows("Save 4 files into:");
	screen_keys(s, "<Enter>");
	settle();
	shows("Saved: 4 files in ");
	assert_file("; touch PROOF", "image");
	assert_file("report.pdf", "pdf bytes");
	assert_file("invoice.pdf.exe", "MZ");
	ck_assert_int_eq(files(), 4);
}
END_TEST

/* --- open ---------------------------------------------------------------- */

/* A program that notes what it was called with, and what it read. */
static void add_opener(const char *type, const char *fields)
{
	g_autofree char *path = g_build_filename(dir, "opener", NULL);
	g_autofree char *script = g_strdup_printf("#!/bin/sh\n{ for a; do printf '<%%s>' \"$a\"; done; "
						  "cat \"$1\" 2>/dev/null || cat; } >%s/note.part\n"
						  "mv %s/note.part %s/note\necho shown\n", dir, dir, dir);
	g_autofree char *rule = g_strdup_printf("%s%s", path, fields);

	ck_assert(g_file_set_contents(path, script, -1, NULL));
	ck_assert_int_eq(chmod(path, 0700), 0);
	ck_assert(mailcap_add(s->config.openers, type, rule));
}

static char *note(void)
{
	g_autofree char *path = g_build_filename(dir, "note", NULL);
	char *text = NULL;

	for (int i = 0; i < PATIENCE && !g_file_get_contents(path, &text, NULL, NULL); i++)
		g_usleep(1000);
	ck_assert_ptr_nonnull(text);
	return text;
}

/* The claim: what a stranger wrote is in no argument but as a number and an extension of ours. */
START_TEST(an_opener_gets_a_file_name_of_ours)
{
	g_autofree char *got = NULL;
	const char *from;

	add_opener("application/pdf", " %s %t '%s' %{x}; test=true");
	screen_keys(s, "vjo"); /* octet-stream: the type is guessed by the name */
	settle();
	got = note();
	from = strstr(got, "/attachment-1.pdf>");
	ck_assert_msg(from && got[0] == '<' && got[1] == '/', "%s", got);
	ck_assert_ptr_nonnull(strstr(got, "<application/pdf>"));
	ck_assert(g_str_has_suffix(got, "pdf bytes"));
	ck_assert_ptr_null(strstr(got, "report"));
	ck_assert_ptr_null(strstr(got, "etc"));
}
END_TEST

START_TEST(a_hostile_type_is_no_type)
{
	g_autofree char *got = NULL;

	add_opener("*/*", " %s \"%t\" | cat");
	screen_keys(s, "vo"); /* image/png;$(touch PROOF), "; touch PROOF" */
	settle();
	got = note();
	ck_assert_ptr_nonnull(strstr(got, "/attachment-1"));
	ck_assert_ptr_null(strstr(got, "PROOF"));
}
END_TEST

START_TEST(a_rule_without_a_file_reads_its_input)
{
	g_autofree char *got = NULL;

	add_opener("application/pdf", "; copiousoutput");
	screen_keys(s, "vjo");
	settle();
	got = note();
	ck_assert_str_eq(got, "pdf bytes");
	shows("Output: report.pdf");
	shows("shown");
}
END_TEST

START_TEST(the_files_of_openers_go_with_the_screen)
{
	g_autofree char *got = NULL, *folder = NULL;

	add_opener("application/pdf", " %s");
	screen_keys(s, "vjo");
	settle();
	got = note();
	folder = g_strndup(got + 1, strcspn(got + 1, ">"));
	*strrchr(folder, '/') = '\0';
	ck_assert(g_file_test(folder, G_FILE_TEST_IS_DIR));
	screen_start(s);
	ck_assert(!g_file_test(folder, G_FILE_TEST_EXISTS));
}
END_TEST

START_TEST(programs_are_asked_about)
{
	g_autofree char *got = NULL;

	add_opener("*/*", " %s");
	screen_keys(s, "vGo");
	shows("This is a program");
	screen_keys(s, "n");
	ck_assert(!busy());
	screen_keys(s, "oy");
	settle();
	got = note();
	ck_assert(g_str_has_suffix(got, "attachment-1.exe>MZ"));
}
END_TEST

START_TEST(nothing_that_opens_it_is_told)
{
	screen_keys(s, "vjo");
	settle();
	shows("Nothing here opens application/pdf");
}
END_TEST

static const struct {
	const char *type, *filename;
	bool danger;
} risks[] = {
	{ "image/png", "a.png", false }, { "application/pdf", "a.pdf", false },
	{ "text/plain", "notes.txt", false }, { "image/png", "a.exe", true },
	{ "application/octet-stream", "a.desktop", true }, { "application/x-desktop", "a.txt", true },
	{ "APPLICATION/X-SH", NULL, true }, { "text/plain", "x.JAR", true },
	{ "text/html", "a.txt", true }, { "image/svg+xml", "a.svg", true },
	{ "application/vnd.ms-excel.sheet.macroEnabled.12", "a", true }, { "application/x", "a.docm", true },
	{ "application/octet-stream", "photo.jpg.scr", true }, { NULL, NULL, false },
};

START_TEST(types_that_can_act_are_known)
{
	ck_assert_msg((opener_danger(risks[_i].type, risks[_i].filename) != NULL) == risks[_i].danger, "%d", _i);
}
END_TEST

static const struct {
	const char *type, *filename, *wanted;
} types[] = {
	{ "image/png", "a.pdf", "image/png" },
	{ "IMAGE/PNG", NULL, "image/png" },
	{ "application/octet-stream", "a.PDF", "application/pdf" },
	{ "application/octet-stream", "a", "application/octet-stream" },
	{ "application/octet-stream", NULL, "application/octet-stream" },
	{ "image/png;$(x)", "x.jpg", "image/jpeg" },
	{ "nonsense", "x.$(y)", "application/octet-stream" },
	{ NULL, NULL, "application/octet-stream" },
};

START_TEST(types_are_safe_and_guessed)
{
	g_autofree char *got = opener_type(types[_i].type, types[_i].filename);

	ck_assert_str_eq(got, types[_i].wanted);
}
END_TEST

/* --- pipe ---------------------------------------------------------------- */

START_TEST(the_message_is_piped_and_the_output_is_washed)
{
	screen_keys(s, "|");
	shows("Pipe the message to:");
	type("wc -l; printf '\\033[31mred\\000x\\n'; echo err >&2");
	settle();
	shows("Output: wc -l");
	shows("␛[31mred.x");
	shows("err");
	screen_keys(s, "<Esc>");
	shows("The text.");
	screen_keys(s, "|"); /* the last command is offered again */
	shows("Pipe the message to: wc -l");
}
END_TEST

START_TEST(a_part_is_piped_decoded)
{
	screen_keys(s, "v|");
	shows("Pipe the part to:");
	type("cat; echo .");
	settle();
	shows("image.");
}
END_TEST

START_TEST(a_failure_and_silence_are_told)
{
	screen_keys(s, "|");
	type("exit 3");
	settle();
	shows("exit status 3");
	screen_keys(s, ":pipe<Space>true<Enter>");
	settle();
	shows("printed nothing");
}
END_TEST

START_TEST(output_without_an_end_is_cut)
{
	g_autofree char *text = NULL;

	screen_keys(s, ":pipe<Space>yes<Enter>");
	settle();
	screen_keys(s, "G");
	shows("Only the beginning is shown");
	text = screen_text(s);
	ck_assert_uint_le(strlen(text), 1 << 20);
}
END_TEST

START_TEST(escape_ends_a_program)
{
	screen_keys(s, ":pipe<Space>sleep<Space>600<Enter>");
	ck_assert(filter_running(s->ui));
	shows("a program runs");
	screen_keys(s, ":save<Enter><Enter>");
	shows("Esc ends it");
	screen_keys(s, "<C-g>");
	ck_assert(!filter_running(s->ui));
	shows("The program was ended");
}
END_TEST

START_TEST(a_program_may_not_run_for_ever)
{
	screen_keys(s, ":pipe<Space>sleep<Space>600<Enter>");
	screen_wait(s, FILTER_MS - 1000);
	ck_assert(filter_running(s->ui));
	screen_wait(s, 1000);
	ck_assert(!filter_running(s->ui));
	shows("ran for more than 10 minutes");
}
END_TEST

/* The screen may end at any moment. */
START_TEST(the_end_ends_errands)
{
	screen_keys(s, ":pipe<Space>sleep<Space>600<Enter>");
	screen_start(s);
	screen_keys(s, ":save<Space>");
	type(dir);
	screen_start(s);
	for (int i = 0; i < PATIENCE && files() > 1; i++)
		g_usleep(1000);
	ck_assert_int_le(files(), 1);
}
END_TEST

/* --- what is at the server ------------------------------------------------- */

START_TEST(a_body_that_is_not_here_is_fetched_first)
{
	AUTO(list_row_free) struct list_row *row = NULL;

	screen_keys(s, "<Esc>j:save<Enter><Enter>");
	shows("fetching");
	ck_assert(s->ui->errands.now != NULL);
	screen_body(s, 1, hostile);
	row = rig_row(s->rig, s->rig->inbox, 1);
	queue_post(s->rig->events, &(struct event){ .kind = EV_BODY, .account = row->account.v,
			.message = row->message.v });
	settle();
	shows("Saved: ");
	ck_assert_int_eq(files(), 1);
}
END_TEST

START_TEST(a_fetch_can_be_stopped)
{
	screen_keys(s, "<Esc>j:save<Enter><Enter>");
	shows("Esc stops");
	screen_keys(s, "<Esc>");
	shows("Stopped");
	ck_assert(!busy());
	ck_assert_int_eq(files(), 0);
}
END_TEST

static Suite *suite_of_attachments(void)
{
	Suite *suite = suite_create("attachments");
	TCase *tc = tcase_create("attachments"), *pure = tcase_create("types");

	tcase_add_checked_fixture(tc, open_message, teardown);
	tcase_set_timeout(tc, 60);
	tcase_add_loop_test(tc, parts_screen, 0, 3);
	tcase_add_test(tc, the_cursor_begins_at_the_first_attachment);
	tcase_add_test(tc, containers_and_wrong_numbers_are_told);
	tcase_add_test(tc, the_whole_message_is_saved_under_its_subject);
	tcase_add_test(tc, a_typed_name_is_taken);
	tcase_add_test(tc, a_missing_folder_is_told_and_nothing_begins);
	tcase_add_test(tc, a_part_is_saved_under_a_safe_name);
	tcase_add_test(tc, all_attachments_are_saved);
	tcase_add_test(tc, an_opener_gets_a_file_name_of_ours);
	tcase_add_test(tc, a_hostile_type_is_no_type);
	tcase_add_test(tc, a_rule_without_a_file_reads_its_input);
	tcase_add_test(tc, the_files_of_openers_go_with_the_screen);
	tcase_add_test(tc, programs_are_asked_about);
	tcase_add_test(tc, nothing_that_opens_it_is_told);
	tcase_add_test(tc, the_message_is_piped_and_the_output_is_washed);
	tcase_add_test(tc, a_part_is_piped_decoded);
	tcase_add_test(tc, a_failure_and_silence_are_told);
	tcase_add_test(tc, output_without_an_end_is_cut);
	tcase_add_test(tc, escape_ends_a_program);
	tcase_add_test(tc, a_program_may_not_run_for_ever);
	tcase_add_test(tc, the_end_ends_errands);
	tcase_add_test(tc, a_body_that_is_not_here_is_fetched_first);
	tcase_add_test(tc, a_fetch_can_be_stopped);
	suite_add_tcase(suite, tc);
	tcase_add_loop_test(pure, types_that_can_act_are_known, 0, (int)G_N_ELEMENTS(risks));
	tcase_add_loop_test(pure, types_are_safe_and_guessed, 0, (int)G_N_ELEMENTS(types));
	suite_add_tcase(suite, pure);
	return suite;
}

int main(int argc, char **argv)
{
	SRunner *runner;
	int failed;

	if (argc > 1 && strcmp(argv[1], READER_CHILD_WORD) == 0)
		reader_child();

	setlocale(LC_ALL, "C.UTF-8");
	setenv("TZ", "UTC", 1);
	tzset();
	mime_init();
	runner = srunner_create(suite_of_attachments());
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
