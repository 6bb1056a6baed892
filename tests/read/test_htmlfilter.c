/* The reader's own program for HTML: M-READ, option html-filter. */
#include "test_read.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/text.h"
#include "read/htmlfilter.h"
#include "read/reader.h"

/* Latin-1 that calls itself so, quoted-printable; a plain text behind it. */
#define MAIL "Subject: x\nMIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=B\n\n" \
	     "--B\nContent-Type: text/plain\n\nfirst\n" \
	     "--B\nContent-Type: text/html; charset=iso-8859-1\n" \
	     "Content-Transfer-Encoding: quoted-printable\n\n" \
	     "<p><b>Gr=FC=DFe</b> <a href=3D\"https://example.org/\">there</a></p>\n" \
	     "--B\nContent-Type: text/plain\n\nlast https://example.net/\n--B--\n"

static void read_with(const char *command, int width, struct reader_answer *a)
{
	AUTO(reader_free) struct reader *r = reader_new(NULL);
	struct reader_question q = { .fd = file_of(MAIL, sizeof MAIL - 1), .part = -1, .out = -1,
		.how = { .width = width, .text_width = 60 } };
	struct err err;

	reader_set_html_filter(r, command);
	ck_assert_msg(reader_read(r, &q, NULL, a, &err) == 0, "%s", err.text);
}

/* Everything that wire_unpack promises of spans holds for those that are left, too. */
static void must_be_sound(const struct document *d)
{
	size_t len = strlen(d->text);

	ck_assert(text_is_utf8(d->text, len));
	for (guint i = 0; i < d->spans->len; i++) {
		const struct document_span *s = &g_array_index(d->spans, struct document_span, i);

		ck_assert_uint_le(s->at + s->len, len);
		if (i > 0)
			ck_assert_uint_ge(s->at, s[-1].at);
	}
}

static bool has_span(const struct document *d, enum span_kind kind, const char *words)
{
	for (guint i = 0; i < d->spans->len; i++) {
		const struct document_span *s = &g_array_index(d->spans, struct document_span, i);

		if (s->kind == kind && s->len == strlen(words) &&
			memcmp(d->text + s->at, words, s->len) == 0)
			return true;
	}
	return false;
}

START_TEST(what_it_prints_stands_in_place_of_ours)
{
	AUTO(reader_answer_release) struct reader_answer a = { 0 };

	read_with("cat; echo; echo \"$COLUMNS cells\"", 57, &a);
	must_be_sound(a.doc);
	ck_assert_msg(strstr(a.doc->text, "<p><b>Gr\xC3\xBC\xC3\x9F" "e</b>") != NULL, "%s", a.doc->text);
	ck_assert_ptr_nonnull(strstr(a.doc->text, "57 cells\n"));
	ck_assert(g_str_has_prefix(a.doc->text, "first\n"));
	ck_assert(g_str_has_suffix(a.doc->text, "last https://example.net/\n"));
	ck_assert(!has_span(a.doc, SPAN_STRONG, "Gr\xC3\xBC\xC3\x9F" "e"));
	ck_assert(has_span(a.doc, SPAN_LINK, "https://example.net/"));
	ck_assert_uint_eq(a.doc->links->len, 2);
	ck_assert(a.doc->wide);
	ck_assert_ptr_null(a.doc->note);
}
END_TEST

/* M-READ: it is told how wide the words shall be, not the screen. */
START_TEST(it_is_told_the_width_of_the_text)
{
	AUTO(reader_answer_release) struct reader_answer a = { 0 };

	read_with("echo \"$COLUMNS cells\"", 200, &a);
	ck_assert_ptr_nonnull(strstr(a.doc->text, "\n60 cells\n"));
	ck_assert(!has_span(a.doc, SPAN_FLOWED, "60 cells\n"));
}
END_TEST

START_TEST(what_it_prints_is_cleaned)
{
	AUTO(reader_answer_release) struct reader_answer a = { 0 };

	read_with("printf 'a\\033[31mb\\000c\\377d\\n\\n\\n'", 80, &a);
	must_be_sound(a.doc);
	ck_assert_ptr_null(strchr(a.doc->text, '\033'));
	ck_assert_ptr_nonnull(strstr(a.doc->text, "d\n\nlast"));
}
END_TEST

/* Command, and a word of the note. */
static const struct {
	const char *command, *note;
} failures[] = {
	{ "cat; exit 3", "exit status 3" },
	{ "cat > /dev/null", "printed nothing" },
	{ "printf ' \\n\\n'", "printed nothing" },
	{ "/nowhere/at/all", "exit status 127" },
	{ "kill -9 $$", "exit status 137" },
};

START_TEST(a_failure_is_told_and_ours_is_shown)
{
	AUTO(reader_answer_release) struct reader_answer a = { 0 };

	read_with(failures[_i].command, 80, &a);
	ck_assert(has_span(a.doc, SPAN_STRONG, "Gr\xC3\xBC\xC3\x9F" "e"));
	ck_assert_ptr_nonnull(a.doc->note);
	ck_assert_msg(strstr(a.doc->note, failures[_i].note) != NULL, "%s", a.doc->note);
}
END_TEST

/* It and what it started are ended, though they hold the pipe; the next mail is read. */
START_TEST(one_that_hangs_is_ended)
{
	AUTO(reader_answer_release) struct reader_answer a = { 0 };
	int64_t begin = clock_mono_ms();

	read_with("echo some; sleep 300 & sleep 300", 80, &a);
	ck_assert_int_ge(clock_mono_ms() - begin, HTMLFILTER_MS);
	ck_assert_int_lt(clock_mono_ms() - begin, 4 * HTMLFILTER_MS);
	ck_assert_ptr_nonnull(strstr(a.doc->note, "5 seconds"));
	ck_assert(has_span(a.doc, SPAN_STRONG, "Gr\xC3\xBC\xC3\x9F" "e"));
}
END_TEST

START_TEST(one_that_has_no_end_is_cut)
{
	AUTO(reader_answer_release) struct reader_answer a = { 0 };

	read_with("yes words without an end", 80, &a);
	ck_assert_uint_le(strlen(a.doc->text), HTMLFILTER_BYTES_MAX + 4096);
	ck_assert_uint_ge(strlen(a.doc->text), HTMLFILTER_BYTES_MAX);
	ck_assert_ptr_nonnull(strstr(a.doc->text, "more than 8 MiB"));
	ck_assert_ptr_null(a.doc->note);
}
END_TEST

/* Nobody waits for a command when the message is left. */
START_TEST(it_is_ended_when_nobody_wants_the_mail)
{
	AUTO(queue_free) struct queue *q = queue_new();
	struct reader *r = reader_new(q);
	int64_t begin = clock_mono_ms(), ticket;

	reader_set_html_filter(r, "sleep 300");
	ticket = reader_ask(r, &(struct reader_question){ .fd = file_of(MAIL, sizeof MAIL - 1),
					.part = -1, .out = -1 });
	ck_assert(!reader_wait(r, ticket, 1000));
	reader_forget(r, ticket);
	reader_free(&r);
	ck_assert_int_lt(clock_mono_ms() - begin, HTMLFILTER_MS);
}
END_TEST

START_TEST(a_text_without_html_is_left_alone)
{
	AUTO(reader_free) struct reader *r = reader_new(NULL);
	AUTO(reader_answer_release) struct reader_answer a = { 0 };
	struct reader_question q = { .fd = file_of("Subject: x\n\nhello\n", 18), .part = -1, .out = -1 };
	struct err err;

	reader_set_html_filter(r, "echo never");
	ck_assert_int_eq(reader_read(r, &q, NULL, &a, &err), 0);
	ck_assert_str_eq(a.doc->text, "hello\n");
	ck_assert_ptr_null(a.doc->note);
}
END_TEST

TCase *htmlfilter_cases(void)
{
	TCase *c = tcase_create("htmlfilter");

	tcase_set_timeout(c, 60);
	tcase_add_test(c, what_it_prints_stands_in_place_of_ours);
	tcase_add_test(c, it_is_told_the_width_of_the_text);
	tcase_add_test(c, what_it_prints_is_cleaned);
	tcase_add_loop_test(c, a_failure_is_told_and_ours_is_shown, 0, (int)G_N_ELEMENTS(failures));
	tcase_add_test(c, one_that_hangs_is_ended);
	tcase_add_test(c, one_that_has_no_end_is_cut);
	tcase_add_test(c, it_is_ended_when_nobody_wants_the_mail);
	tcase_add_test(c, a_text_without_html_is_left_alone);
	return c;
}
