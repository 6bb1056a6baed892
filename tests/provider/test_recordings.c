/*
 * Every recorded answer of nineteen collections of server replies through the
 * reader: each line is read, or skipped with the lines behind it kept (C-12).
 *
 * How many are skipped is part of the test: a reader that understands less
 * than before fails, and so does one that begins to accept what is no answer.
 */
#include <check.h>
#include <glib.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "mime/text.h"
#include "net/guard.h"
#include "provider/imap/command.h"

enum {
	SERVERS = 19,
	FILES_MIN = 341,
	/* Domino: 29 with the items in brackets of their own; Gmail, Yandex and Exchange: one
	 * each whose literal has another length than it says, or that begins in the middle */
	SKIPPED = 32,
};

struct tally {
	unsigned files, lines, skipped, messages;
};

/* The collection writes A######## for the client's tag, and counts literals with CRLF. */
static GString *on_the_wire(const char *text)
{
	GString *out = g_string_new(NULL);

	for (const char *p = text; *p; p++) {
		if (g_str_has_prefix(p, "A########")) {
			g_string_append(out, "T00000001");
			p += strlen("A########") - 1;
			continue;
		}
		if (*p == '\n' && (p == text || p[-1] != '\r'))
			g_string_append_c(out, '\r');
		g_string_append_c(out, *p);
	}
	if (out->len && out->str[out->len - 1] != '\n')
		g_string_append(out, "\r\n");
	return out;
}

/* The end of the answer that begins at p, with the literals in it. */
static const char *answer_end(const char *p, const char *end)
{
	const char *line = p, *nl = memchr(p, '\n', (size_t)(end - p));
	const char *stop = nl ? nl + 1 : end;
	uint64_t n;

	while (nl && guard_announces(line, stop, &n) > 0 && (uint64_t)(end - stop) > n) {
		line = stop + n;
		nl = memchr(line, '\n', (size_t)(end - line));
		stop = nl ? nl + 1 : end;
	}
	return stop;
}

/* Values to the end of the line, whatever they mean. */
static bool values(struct scan s)
{
	while (!scan_at_end(&s))
		if (!scan_skip(&s) && !scan_char(&s, ' '))
			return false;
	return true;
}

static bool status_line(struct scan s)
{
	struct resp_text t;

	resp_text_parse(s, &t);
	return t.code.p || t.words.n || scan_at_end(&s);
}

static bool fetch_line(struct row *row, const struct response *r)
{
	struct scan s = r->rest;
	struct fetch f;

	if (!fetch_parse(r->number, &s, &f))
		return false;
	if (f.uid)
		ck_assert_ptr_nonnull(row_message(row, &f));
	ck_assert_msg(!(f.has & FETCH_DAMAGED) || f.has & (FETCH_UID | FETCH_BODY),
		"of a damaged answer not even the number was kept");
	return !(f.has & FETCH_DAMAGED);
}

static bool is_read(struct row *row, const struct response *r)
{
	static const char *const status[] = { "OK", "NO", "BAD", "BYE", "PREAUTH" };
	struct plan plan = { .known = false };
	struct scan s = r->rest;

	if (r->kind == RESPONSE_JUNK)
		return false;
	if (r->kind == RESPONSE_CONTINUE)
		return true;
	for (size_t i = 0; i < G_N_ELEMENTS(status); i++)
		if (slice_is(r->word, status[i]))
			return status_line(r->rest);
	if (slice_is(r->word, "FETCH"))
		return fetch_line(row, r);
	if (slice_is(r->word, "CAPABILITY")) {
		plan_read(&plan, &s);
		return plan.known && scan_at_end(&s);
	}
	return r->word.n > 0 && values(r->rest);
}

static void try_file(const char *path, struct row *row, struct tally *t)
{
	g_autofree char *text = NULL;
	g_autoptr(GString) bytes = NULL;
	const char *p, *end;

	ck_assert(g_file_get_contents(path, &text, NULL, NULL));
	bytes = on_the_wire(text);
	t->files++;
	for (p = bytes->str, end = p + bytes->len; p < end; p = answer_end(p, end)) {
		const char *stop = answer_end(p, end);
		struct response r;

		response_parse(p, stop, &r);
		t->lines++;
		t->messages += slice_is(r.word, "FETCH");
		if (is_read(row, &r))
			continue;
		t->skipped++;
		printf("  skipped in %s: %.*s\n", strstr(path, "imap-responses") + 15,
			(int)MIN(60, strcspn(p, "\r\n")), p);
	}
}

static void try_server(const char *dir, struct row *row, struct tally *all)
{
	g_autoptr(GDir) d = g_dir_open(dir, 0, NULL);
	struct tally t = { 0 };
	const char *name;

	while (d && (name = g_dir_read_name(d))) {
		g_autofree char *path = g_build_filename(dir, name, NULL);

		if (g_str_has_suffix(name, ".txt"))
			try_file(path, row, &t);
	}
	printf("%-12s %3u files, %4u lines, %4u read, %u skipped, %u messages\n",
		strrchr(dir, '/') + 1, t.files, t.lines, t.lines - t.skipped, t.skipped, t.messages);
	all->files += t.files;
	all->lines += t.lines;
	all->skipped += t.skipped;
	all->messages += t.messages;
}

START_TEST(recorded_answers_are_read_or_skipped)
{
	g_autoptr(GDir) d = g_dir_open(TEST_DATA "/imap-responses", 0, NULL);
	struct row *row = row_new();
	struct tally all = { 0 };
	unsigned servers = 0;
	const char *name;

	ck_assert_ptr_nonnull(d);
	while ((name = g_dir_read_name(d))) {
		g_autofree char *path = g_build_filename(TEST_DATA "/imap-responses", name, NULL);

		if (!g_file_test(path, G_FILE_TEST_IS_DIR))
			continue;
		try_server(path, row, &all);
		servers++;
	}
	row_free(&row);
	printf("%u servers, %u files, %u lines: %u read, %u skipped, %u messages\n", servers,
		all.files, all.lines, all.lines - all.skipped, all.skipped, all.messages);
	ck_assert_uint_ge(servers, SERVERS);
	ck_assert_uint_ge(all.files, FILES_MIN);
	ck_assert_uint_eq(all.skipped, SKIPPED);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("recorded answers");
	TCase *c = tcase_create("reader");
	SRunner *sr;
	int failed;

	mime_init();
	tcase_add_test(c, recorded_answers_are_read_or_skipped);
	suite_add_tcase(s, c);
	sr = srunner_create(s);
	srunner_run_all(sr, CK_ENV);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
