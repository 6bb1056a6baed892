/* The ground that every room stands on. */
#include <check.h>
#include <fcntl.h>
#include <glib.h>
#include <glib/gstdio.h>
#include <locale.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <wchar.h>

#include "base/backoff.h"
#include "base/cancel.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/queue.h"
#include "base/spawn.h"
#include "base/text.h"
#include "model/flags.h"
#include "test_base.h"

/* --- outside text ------------------------------------------------------ */

static const struct {
	const char *name, *in, *out;
	int width;
} cleaned[] = {
	{ "plain", "hello", "hello", 5 },
	{ "escape sequence", "a\033[31mb", "a\xE2\x90\x9B[31mb", 7 },
	{ "delete", "a\177b", "a\xE2\x90\xA1" "b", 3 },
	{ "C1 as code point", "a\xC2\x9B" "31mb", "a31mb", 5 },
	{ "C1 as raw byte", "a\x9B" "b", "a\xEF\xBF\xBD" "b", 3 },
	{ "bidi override", "a\xE2\x80\xAE" "b", "ab", 2 },
	{ "bidi isolate", "a\xE2\x81\xA6" "b", "ab", 2 },
	{ "zero width joiner", "a\xE2\x80\x8D" "b", "ab", 2 },
	{ "variation selector", "\xE2\x9D\xA4\xEF\xB8\x8F", "\xE2\x9D\xA4", 1 },
	{ "tag block", "a\xF3\xA0\x81\x81" "b", "ab", 2 },
	{ "line ends", "a\r\nb\tc\nd", "a b c d", 7 },
	{ "line separator", "a\xE2\x80\xA8" "b", "a b", 3 },
	{ "overlong slash", "a\xC0\xAF" "b", "a\xEF\xBF\xBD\xEF\xBF\xBD" "b", 4 },
	{ "surrogate", "\xED\xA0\x80", "\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD", 3 },
	{ "above U+10FFFF", "\xF4\x90\x80\x80", "\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD", 4 },
	{ "cut sequence", "ab\xE4\xB8", "ab\xEF\xBF\xBD\xEF\xBF\xBD", 4 },
	{ "wide", "\xE4\xB8\xAD\xE6\x96\x87", "\xE4\xB8\xAD\xE6\x96\x87", 4 },
	{ "combining", "e\xCC\x81", "e\xCC\x81", 1 },
	{ "combining without base", "\xCC\x81" "a", "a", 1 },
	{ "soft hyphen", "a\xC2\xAD" "b", "ab", 2 },
	{ "nothing", "", "", 0 },
};

START_TEST(text_is_cleaned)
{
	char out[100];
	int cells = text_clean_into(cleaned[_i].in, -1, out, sizeof out);
	g_autofree char *copy = text_clean(cleaned[_i].in, -1, false);

	ck_assert_msg(strcmp(out, cleaned[_i].out) == 0, "%s: got %s", cleaned[_i].name, out);
	ck_assert_msg(cells == cleaned[_i].width, "%s: %d cells", cleaned[_i].name, cells);
	ck_assert_int_eq(text_width(cleaned[_i].in), cleaned[_i].width);
	ck_assert_str_eq(copy, out);
}
END_TEST

START_TEST(at_most_eight_marks_sit_on_a_cell)
{
	for (int n = TEXT_MARKS_MAX - 1; n <= TEXT_MARKS_MAX + 1; n++) {
		g_autoptr(GString) in = g_string_new("a");
		char out[100];

		for (int i = 0; i < n; i++)
			g_string_append(in, "\xCC\x81");
		text_clean_into(in->str, -1, out, sizeof out);
		ck_assert_uint_eq(strlen(out), 1 + 2 * (size_t)MIN(n, TEXT_MARKS_MAX));
	}
}
END_TEST

START_TEST(lines_are_kept_when_asked)
{
	g_autofree char *out = text_clean("a\r\nb\tc\033\n", -1, true);

	ck_assert_str_eq(out, "a\nb\tc\xE2\x90\x9B\n");
}
END_TEST

START_TEST(a_small_buffer_is_never_overrun_nor_cut_in_a_character)
{
	for (size_t cap = 1; cap < 12; cap++) {
		char out[16];

		memset(out, 'x', sizeof out);
		text_clean_into("\xE4\xB8\xAD\xE6\x96\x87\xE4\xB8\xAD", -1, out, cap);
		ck_assert_uint_lt(strlen(out), cap);
		ck_assert_uint_eq(strlen(out) % 3, 0);
		ck_assert_int_eq(out[cap], 'x');
	}
}
END_TEST

/* Whatever goes in: valid UTF-8 without a control comes out, as wide as promised. */
static bool is_clean(const char *out, int cells)
{
	if (!g_utf8_validate(out, -1, NULL))
		return false;
	for (const char *p = out; *p; p = g_utf8_next_char(p)) {
		gunichar c = g_utf8_get_char(p);
		int w = wcwidth((wchar_t)c);

		if (c < 0x20 || (c >= 0x7F && c <= 0x9F) || w < 0)
			return false;
		if ((c >= 0x202A && c <= 0x202E) || (c >= 0x2066 && c <= 0x2069))
			return false;
		cells -= w;
	}
	return cells == 0;
}

START_TEST(random_strings_come_out_clean)
{
	const int rounds = g_getenv("TEXT_ROUNDS") ? atoi(g_getenv("TEXT_ROUNDS")) : 1000000;
	GRand *rand = g_rand_new_with_seed(20261122);
	char in[32], out[160];

	for (int i = 0; i < rounds; i++) {
		int n = g_rand_int_range(rand, 0, (int)sizeof in);

		for (int k = 0; k < n; k++)
			in[k] = (char)g_rand_int_range(rand, 0, 256);
		if (i % 2) /* plausible UTF-8 more often than chance gives */
			for (int k = 0; k + 3 < n; k += 4)
				text_put((uint32_t)g_rand_int_range(rand, 1, 0x30000), in + k);
		/* one assertion a string would write a million notes to Check's pipe */
		if (!is_clean(out, text_clean_into(in, n, out, sizeof out)))
			ck_abort_msg("string %d came out as %s", i, out);
	}
	g_rand_free(rand);
}
END_TEST

/* --- queue and latch --------------------------------------------------- */

static bool readable(int fd)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };

	return poll(&p, 1, 0) == 1;
}

START_TEST(the_queue_wakes_at_the_edge_only)
{
	struct queue *q = queue_new();
	struct event e = { .kind = EV_BODY, .message = 1 }, got;

	ck_assert(!readable(queue_fd(q)));
	queue_post(q, &e);
	e.message = 2;
	queue_post(q, &e);
	ck_assert(readable(queue_fd(q)));
	ck_assert_int_eq(queue_pop(q, &got), 1);
	ck_assert(readable(queue_fd(q)));
	ck_assert_int_eq(queue_pop(q, &got), 1);
	ck_assert_int_eq(got.message, 2);
	ck_assert(!readable(queue_fd(q)));
	ck_assert_int_eq(queue_pop(q, &got), 0);
	queue_free(&q);
}
END_TEST

START_TEST(equal_events_merge)
{
	struct queue *q = queue_new();
	struct event e = { .kind = EV_MESSAGES, .mailbox = 7 }, got;

	for (int i = 0; i < 100; i++)
		queue_post(q, &e);
	ck_assert_int_eq(queue_pop(q, &got), 1);
	ck_assert_int_eq(queue_pop(q, &got), 0);
	queue_free(&q);
}
END_TEST

START_TEST(a_full_queue_collapses_to_one_resync)
{
	struct queue *q = queue_new();
	struct event got;

	for (int i = 0; i <= QUEUE_MAX; i++)
		queue_post(q, &(struct event){ .kind = EV_BODY, .message = i + 1 });
	ck_assert_int_eq(queue_pop(q, &got), 1);
	ck_assert_int_eq(got.kind, EV_RESYNC);
	ck_assert_int_eq(queue_pop(q, &got), 0);
	queue_free(&q);
}
END_TEST

static void *ring(void *latch)
{
	g_usleep(50 * 1000);
	cancel_set(latch);
	return NULL;
}

START_TEST(a_latch_ends_a_wait_from_another_thread)
{
	struct cancel c;
	pthread_t t;
	int64_t begin = clock_mono_ms();

	cancel_init(&c);
	pthread_create(&t, NULL, ring, &c);
	ck_assert_int_eq(cancel_poll(&c, -1, 0, 10000), -1);
	ck_assert_int_lt(clock_mono_ms() - begin, 300);
	pthread_join(t, NULL);
	cancel_clear(&c);
	ck_assert_int_eq(cancel_poll(&c, -1, 0, 10), 0);
	cancel_release(&c);
}
END_TEST

/* --- files, children, log ---------------------------------------------- */

START_TEST(atomic_files_are_private_and_whole)
{
	g_autofree char *dir = g_dir_make_tmp("tern-base-XXXXXX", NULL);
	g_autofree char *path = g_build_filename(dir, "a", NULL), *text = NULL;
	struct err err;
	GStatBuf st;

	ck_assert_int_eq(file_write_atomic(path, "one", 3, &err), 0);
	ck_assert_int_eq(file_write_atomic(path, "second", 6, &err), 0);
	ck_assert(g_file_get_contents(path, &text, NULL, NULL));
	ck_assert_str_eq(text, "second");
	ck_assert_int_eq(g_stat(path, &st), 0);
	ck_assert_uint_eq(st.st_mode & 0777, 0600);
	g_unlink(path);
	ck_assert_int_eq(g_rmdir(dir), 0); /* no temporary file was left */
	ck_assert_int_eq(file_write_atomic(path, "x", 1, &err), ERR_STORAGE);
}
END_TEST

START_TEST(a_command_gives_its_first_line)
{
	char out[64];
	struct err err;

	ck_assert_int_eq(spawn_first_line("printf 'secret\\nmore\\n'", NULL, 5000, out, sizeof out, &err), 6);
	ck_assert_str_eq(out, "secret");
	ck_assert_int_eq(spawn_first_line("exit 3", NULL, 5000, out, sizeof out, &err), ERR_AUTH);
	ck_assert_ptr_nonnull(strstr(err.text, "3"));
	ck_assert_int_eq(spawn_first_line("true", NULL, 5000, out, sizeof out, &err), ERR_AUTH);
	ck_assert_int_eq(spawn_first_line("sleep 20", NULL, 200, out, sizeof out, &err), ERR_AUTH);
	/* one that closes its output and goes on is ended too */
	ck_assert_int_eq(spawn_first_line("echo a; exec >&-; sleep 20", NULL, 200, out, sizeof out, &err), ERR_AUTH);
	ck_assert_ptr_nonnull(strstr(err.text, "was ended"));
	ck_assert_int_eq(spawn_first_line("echo a; exec >&-; sleep .1", NULL, 5000, out, sizeof out, &err), 1);
	ck_assert_int_eq(spawn_first_line("yes | head -c 1000000", NULL, 5000, out, sizeof out, &err), 1);
}
END_TEST

START_TEST(a_command_ends_when_asked)
{
	struct cancel c;
	char out[64];
	struct err err;
	pthread_t t;
	int64_t begin = clock_mono_ms();

	cancel_init(&c);
	pthread_create(&t, NULL, ring, &c);
	ck_assert_int_eq(spawn_first_line("sleep 20", &c, 10000, out, sizeof out, &err), ERR_CANCELED);
	ck_assert_int_lt(clock_mono_ms() - begin, 300);
	pthread_join(t, NULL);
	cancel_release(&c);
}
END_TEST

START_TEST(the_log_keeps_no_secret)
{
	g_autofree char *dir = g_dir_make_tmp("tern-base-XXXXXX", NULL), *text = NULL, *path = NULL;
	struct err err;
	const char *name;
	GDir *d;

	ck_assert_int_eq(log_open(dir, LOG_INFO, &err), 0);
	for (int i = 0; i < 200; i++) { /* as often as the account logs in */
		log_secret("hunter2hunter2");
		log_secret("pass\"wo\\rd");
	}
	log_secret("anotherone");
	log_event(LOG_INFO, "words", "s:s, s:s", "a", "is pass\"wo\\rd", "b", "is anotherone");
	log_event(LOG_INFO, "login", "s:s, s:i", "line", "LOGIN alice hunter2hunter2", "n", 5);
	log_event(LOG_DEBUG, "noise", NULL);
	log_close();
	d = g_dir_open(dir, 0, NULL);
	name = g_dir_read_name(d);
	path = g_build_filename(dir, name, NULL);
	ck_assert(g_file_get_contents(path, &text, NULL, NULL));
	ck_assert_ptr_null(strstr(text, "hunter2"));
	ck_assert_ptr_null(strstr(text, "noise"));
	ck_assert_ptr_null(strstr(text, "wo\\"));
	ck_assert_ptr_null(strstr(text, "anotherone"));
	ck_assert_ptr_nonnull(strstr(text, "\"event\":\"login\""));
	ck_assert_ptr_nonnull(strstr(text, "\"n\":5"));
	g_dir_close(d);
	g_unlink(path);
	g_rmdir(dir);
}
END_TEST

START_TEST(errors_carry_clean_sentences)
{
	struct err err = { .after_s = 9 };

	ck_assert_int_eq(err_set(&err, ERR_REFUSED, "The server said: %s", "no\033[2J\r\n"), ERR_REFUSED);
	ck_assert_str_eq(err.text, "The server said: no\xE2\x90\x9B[2J ");
	ck_assert_int_eq(err.after_s, 0);
	ck_assert_int_eq(err_set(NULL, ERR_GONE, "x"), ERR_GONE);
}
END_TEST

START_TEST(waits_double_up_to_a_cap_with_jitter) /* C-39 */
{
	backoff_seed(1);
	for (int n = 1; n < 20; n++) {
		int64_t ideal = MIN((int64_t)BACKOFF_FIRST_MS << (n - 1), BACKOFF_LAST_MS);
		int64_t ms = backoff_ms(n);

		ck_assert_int_ge(ms, ideal * 8 / 10);
		ck_assert_int_le(ms, ideal * 12 / 10 + 1);
	}
}
END_TEST

START_TEST(keywords_have_one_form)
{
	g_autofree char *words = flags_keywords_normalize("Work $Forwarded  work a");

	ck_assert_str_eq(words, "$forwarded a work");
	ck_assert_uint_eq(flags_keywords_hash(""), 0);
	ck_assert_uint_eq(flags_keywords_hash(NULL), 0);
	ck_assert_uint_ne(flags_keywords_hash("a"), 0);
	ck_assert_uint_eq(flags_from_imap("\\sEEN", 5), FLAG_SEEN);
	ck_assert_uint_eq(flags_from_imap("\\Seen2", 6), 0);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("base");
	TCase *t = tcase_create("base");
	SRunner *runner;
	int failed;

	setlocale(LC_ALL, "C.UTF-8");
	tcase_set_timeout(t, 120);
	tcase_add_loop_test(t, text_is_cleaned, 0, G_N_ELEMENTS(cleaned));
	tcase_add_test(t, at_most_eight_marks_sit_on_a_cell);
	tcase_add_test(t, lines_are_kept_when_asked);
	tcase_add_test(t, a_small_buffer_is_never_overrun_nor_cut_in_a_character);
	tcase_add_test(t, random_strings_come_out_clean);
	tcase_add_test(t, the_queue_wakes_at_the_edge_only);
	tcase_add_test(t, equal_events_merge);
	tcase_add_test(t, a_full_queue_collapses_to_one_resync);
	tcase_add_test(t, a_latch_ends_a_wait_from_another_thread);
	tcase_add_test(t, atomic_files_are_private_and_whole);
	tcase_add_test(t, a_command_gives_its_first_line);
	tcase_add_test(t, a_command_ends_when_asked);
	tcase_add_test(t, the_log_keeps_no_secret);
	tcase_add_test(t, errors_carry_clean_sentences);
	tcase_add_test(t, waits_double_up_to_a_cap_with_jitter);
	tcase_add_test(t, keywords_have_one_form);
	suite_add_tcase(suite, t);
	runner = srunner_create(suite);
	srunner_add_suite(runner, suite_of_save());
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
