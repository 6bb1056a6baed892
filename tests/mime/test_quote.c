/*
 * Who speaks: replies of real mail programs (tests/data/reply-quotes), and
 * texts that keep naive patterns busy for ever.  M-10: what is shown of a body.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <check.h>

#include "mime/document.h"
#include "mime/quote.h"
#include "test_mime.h"

#define DATA TEST_DATA "/reply-quotes/"

static int passed, total, wrong;

static char *content(const char *path)
{
	char *text = NULL;

	ck_assert_msg(g_file_get_contents(path, &text, NULL, NULL), "%s", path);
	return text;
}

/* "NAME<TAB>words" lines as a table. */
static GHashTable *table_of(const char *name)
{
	g_autofree char *path = g_strconcat(DATA, name, NULL), *text = content(path);
	g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
	GHashTable *table = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);

	for (size_t i = 0; lines[i]; i++) {
		char *tab = strchr(lines[i], '\t');

		if (tab)
			g_hash_table_insert(table, g_strndup(lines[i], (gsize)(tab - lines[i])), g_strdup(tab + 1));
	}
	return table;
}

static bool is_blank(const struct quote_line *l)
{
	return strspn(l->text, " \t\r") >= l->len;
}

/* The kinds of all lines that are not empty: "o3 a1 q2". */
static char *kinds(const char *text)
{
	struct quote_scan scan;
	struct quote_line line;
	GString *out = g_string_new(NULL);
	char last = 0;
	int n = 0;

	quote_begin(&scan, text, strlen(text));
	while (quote_next(&scan, &line)) {
		char kind = "oqas"[line.kind];

		if (is_blank(&line))
			continue;
		if (kind != last && n > 0)
			g_string_append_printf(out, "%c%d ", last, n);
		n = kind == last ? n + 1 : 1;
		last = kind;
	}
	if (n > 0)
		g_string_append_printf(out, "%c%d", last, n);
	return g_string_free(out, FALSE);
}

/* The lines of these kinds, without blanks around them. */
static char *only(const char *text, const char *which)
{
	GString *out = g_string_new(NULL);
	struct quote_scan scan;
	struct quote_line line;

	quote_begin(&scan, text, strlen(text));
	while (quote_next(&scan, &line))
		if (strchr(which, "oqas"[line.kind])) {
			g_string_append_len(out, line.text, (gssize)line.len);
			g_string_append_c(out, '\n');
		}
	return g_strstrip(g_string_free(out, FALSE));
}

static void judge(GHashTable *disagreements, const char *name, const char *expected, const char *got)
{
	const char *reason = g_hash_table_lookup(disagreements, name);
	bool same = strcmp(expected, got) == 0;

	total++;
	passed += same;
	if (same == !reason)
		return;
	wrong++;
	fprintf(stderr, "%s: %s\n--- expected\n%s\n--- got\n%s\n", name,
		same ? "is listed as a disagreement and passes" : "differs", expected, got);
}

/* --- the texts --------------------------------------------------------------- */

static void judge_texts(GHashTable *disagreements)
{
	g_autoptr(GHashTable) expected = table_of("expected.txt");
	g_autoptr(GDir) dir = g_dir_open(DATA "email_reply_parser", 0, NULL);
	const char *name;

	while ((name = g_dir_read_name(dir))) {
		g_autofree char *path = g_strconcat(DATA "email_reply_parser/", name, NULL);
		g_autofree char *text = NULL, *got = NULL;
		const char *should = g_hash_table_lookup(expected, name);

		if (!g_str_has_suffix(name, ".txt"))
			continue;
		ck_assert_msg(should != NULL, "expected.txt does not know %s", name);
		text = content(path);
		got = kinds(text);
		judge(disagreements, name, should, got);
	}
}

/* Blanks that do not break are blanks here. */
static char *with_blanks(const char *text)
{
	g_auto(GStrv) pieces = g_strsplit(text, "\xc2\xa0", -1);

	return g_strjoinv(" ", pieces);
}

/* The new text is "Hello"; with a signature where a file beside it has one. */
static void judge_replies(GHashTable *disagreements)
{
	g_autoptr(GDir) dir = g_dir_open(DATA "talon/standard_replies", 0, NULL);
	const char *name;

	while ((name = g_dir_read_name(dir))) {
		g_autofree char *path = g_strconcat(DATA "talon/standard_replies/", name, NULL);
		g_autofree char *beside = NULL, *should = NULL, *got = NULL, *text = NULL;
		struct document *doc = NULL;
		struct err err;
		int fd;

		if (!g_str_has_suffix(name, ".eml"))
			continue;
		beside = g_strdup_printf("%.*s_reply_text", (int)strlen(path) - 4, path);
		if (!g_file_get_contents(beside, &should, NULL, NULL))
			should = g_strdup("Hello");
		g_strstrip(should);
		fd = open(path, O_RDONLY | O_CLOEXEC);
		ck_assert_int_ge(fd, 0);
		ck_assert_msg(document_read(fd, NULL, &doc, &err) >= 0, "%s: %s", name, err.text);
		close(fd);
		text = with_blanks(doc->text);
		got = only(text, "os");
		judge(disagreements, name, should, got);
		document_free(&doc);
	}
}

/* NAME_body has NAME_signature at its end. */
static void judge_signatures(GHashTable *disagreements)
{
	static const char *const names[] = { "camel_case", "jeff", "johndoeexamplecom", "long", "short_url",
		"sparse", NULL };

	for (size_t i = 0; names[i]; i++) {
		g_autofree char *body = g_strdup_printf(DATA "talon/signature/stripped/%s_body", names[i]);
		g_autofree char *name = g_strconcat("signature/", names[i], NULL);
		g_autofree char *text = content(body), *got = only(text, "s");
		g_autofree char *file = g_strdup_printf(DATA "talon/signature/stripped/%s_signature", names[i]);
		g_autofree char *should = content(file);

		judge(disagreements, name, g_strstrip(should), got);
	}
}

/* Lines that begin with #sig# are the signature, those with #reply# quoted. */
static void judge_annotated(GHashTable *disagreements)
{
	static const char *const names[] = { "102682_R_S", "johndoeexamplecom_body", NULL };

	for (size_t i = 0; names[i]; i++) {
		g_autofree char *path = g_strconcat(DATA "talon/signature/P/", names[i], NULL);
		g_autofree char *text = content(path), *name = g_strconcat("annotated/", names[i], NULL);
		g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
		g_autoptr(GString) plain = g_string_new(NULL), own = g_string_new(NULL);
		g_autofree char *got = NULL;

		for (size_t k = 0; lines[k]; k++) {
			bool sig = g_str_has_prefix(lines[k], "#sig#"), reply = g_str_has_prefix(lines[k], "#reply#");

			g_string_append_printf(plain, "%s\n", lines[k] + (sig ? 5 : reply ? 7 : 0));
			if (!sig && !reply)
				g_string_append_printf(own, "%s\n", lines[k]);
		}
		got = only(plain->str, "o");
		judge(disagreements, name, g_strstrip(own->str), got);
	}
}

START_TEST(replies_of_real_programs)
{
	g_autoptr(GHashTable) disagreements = table_of("disagreements.txt");

	judge_texts(disagreements);
	judge_replies(disagreements);
	judge_signatures(disagreements);
	judge_annotated(disagreements);
	printf("reply-quotes: %d of %d as expected, %u written disagreements\n", passed, total,
		g_hash_table_size(disagreements));
	ck_assert_int_eq(wrong, 0);
	ck_assert_int_eq(total - passed, (int)g_hash_table_size(disagreements));
}
END_TEST

/* --- what is no quotation, and other languages ---------------------------------- */

START_TEST(lines_are_told_apart)
{
	static const struct {
		const char *text, *kinds;
	} cases[] = {
		{ "Hallo\n\nAm 3. Mai 2024 um 10:11 schrieb Ana <ana@example.org>:\n> alt\nneu\n", "o1 a1 q1 o1" },
		{ "Salut\nLe ven. 3 mai 2024 à 10:11, Ana <ana@example.org> a\xc2\xa0"
		  "écrit :\n> a\n", "o1 a1 q1" },
		{ "Salut\nLe 3 mai 2024 à 10:11, Ana <ana@example.org> a écrit :\n> a\n", "o1 a1 q1" },
		{ "Hola\nEl vie, 3 may 2024, Ana (<ana@example.org>)\nescribió:\n\n> a\n", "o1 a2 q1" },
		{ "Ciao\nIl giorno 3 mag 2024, alle ore 10:11, Ana <a@example.org> ha scritto:\n> a\n", "o1 a1 q1" },
		{ "Hej\nDen 3 maj 2024 skrev Ana <a@example.org>:\n> a\n", "o1 a1 q1" },
		{ "Привет\n3 мая 2024 г. Ана <a@example.org> написал:\n> a\n", "o1 a1 q1" },
		{ "你好\n2024年5月3日 Ana <a@example.org> 写道:\n> a\n", "o1 a1 q1" },
		{ "Gut.\n\nVon: Ana\nGesendet: Freitag\nAn: Bo\nBetreff: Test\n\nalt\nälter\n", "o1 a4 q2" },
		{ "Bien.\n\n-----Message d'origine-----\nDe : Ana\nEnvoyé : vendredi\nÀ : Bo\nObjet : Test\n\nvieux\n",
			"o1 a5 q1" },
		/* what was sent on is the message */
		{ "FYI\n\n---------- Forwarded message ---------\nFrom: Ana <a@example.org>\nDate: Fri\n"
		  "Subject: x\nTo: b@example.org\n\nthe text\n", "o7" },
		{ "From: Ana\nSent: Friday\nTo: Bo\nSubject: Test\n\nthe text\n", "o5" },
		/* words like those, in a letter */
		{ "On Monday we meet:\nroom 3\n", "o2" },
		{ "Here is what I wrote:\nnothing\n", "o2" },
		{ "From: here to there\nit is far\n", "o2" },
		{ "To: do\nFrom: now\nplain\n", "o3" },
		{ "a -- b\n--\nAna\n", "o1 s2" },
		{ "a\n--  \t\nAna\n", "o1 s2" },
		{ "Hi\n\n26.06.2014, 14:41, \"Ana L\" <ana@example.org>:\n\n> alt\n", "o1 a1 q1" },
		{ "Hi\nThu, 26 Jun 2014 14:00 +0400 от Ana <ana@example.org>:\n> alt\n", "o1 a1 q1" },
		{ "Call 26, ana@example.org:\nnow\n", "o2" },
		{ "a\n--x\nAna\n", "o3" },
		{ "hi\n-- \nAna\nOn 3 May 2024, Bo wrote:\n> x\n> -- \n> Bo\n", "o1 s2 a1 q3" },
		{ "hi\nVon meinem iPhone gesendet\n", "o1 s1" },
		{ "Sent from my point of view, all is well.\n", "o1" },
		{ "", "" },
		{ ">", "q1" },
		{ "\r\n> a\r\n", "q1" },
	};

	for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
		g_autofree char *got = kinds(cases[i].text);

		ck_assert_msg(strcmp(got, cases[i].kinds) == 0, "%s\nexpected %s, got %s", cases[i].text,
			cases[i].kinds, got);
	}
}
END_TEST

/* 8 MiB of anything is told apart in a time that depends on its size alone. */
/* The text ends with its block: a memory checker sees who looks behind it. */
START_TEST(a_rule_at_the_end_is_read_to_its_end)
{
	static const char text[] = "Hi\n\n________";
	g_autofree char *block = g_memdup2(text, sizeof text - 1);
	struct quote_scan scan;
	struct quote_line line;
	int n = 0;

	quote_begin(&scan, block, sizeof text - 1);
	while (quote_next(&scan, &line))
		n++;
	ck_assert_int_eq(n, 3);
}
END_TEST

/* What stands below the headers of what is answered is one level deeper, but not beyond the limit. */
START_TEST(levels_stay_within_their_limit)
{
	g_autoptr(GString) text =
		g_string_new("Hi\n\nOn 3 April 2026 Ana <ana@example.org> wrote:\nyes\n");
	struct quote_scan scan;
	struct quote_line line;

	for (int i = 0; i < QUOTE_LEVEL_MAX; i++)
		g_string_append_c(text, '>');
	g_string_append(text, " deep\n");
	quote_begin(&scan, text->str, text->len);
	while (quote_next(&scan, &line))
		ck_assert_int_le(line.level, QUOTE_LEVEL_MAX);
	ck_assert_int_eq(line.level, QUOTE_LEVEL_MAX);
}
END_TEST

START_TEST(time_is_linear)
{
	static const char *const pieces[] = { ">", "On ", "On 1 ", "On 1 a\n", "On 1 wrote:\n", "\n", "-", "_\n",
		"-----\n\n", "From: x\n", "From: x\nTo: y\n", "From: ", "Sent from my ", "wrote:", ":", "> > ",
		"-----Original Message-----\n", "x\n", NULL };

	for (size_t i = 0; pieces[i]; i++) {
		g_autoptr(GString) text = g_string_sized_new((8 << 20) + 64);
		struct quote_scan scan;
		struct quote_line line;
		clock_t began;
		double s;

		g_string_append(text, "Hi\n");
		while (text->len < 8 << 20)
			g_string_append(text, pieces[i]);
		began = clock();
		quote_begin(&scan, text->str, text->len);
		while (quote_next(&scan, &line))
			;
		s = (double)(clock() - began) / CLOCKS_PER_SEC;
		if (g_getenv("QUOTE_TIMES"))
			printf("%-30.20s %.2f s\n", pieces[i], s);
		ck_assert_msg(s < 15, "\"%s\" takes %.1f s", pieces[i], s);
	}
}
END_TEST

TCase *quote_cases(void)
{
	TCase *tc = tcase_create("quote");

	tcase_set_timeout(tc, 120);
	tcase_add_test(tc, replies_of_real_programs);
	tcase_add_test(tc, lines_are_told_apart);
	tcase_add_test(tc, a_rule_at_the_end_is_read_to_its_end);
	tcase_add_test(tc, levels_stay_within_their_limit);
	tcase_add_test(tc, time_is_linear);
	return tc;
}
