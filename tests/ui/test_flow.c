/* The flow: lines, spans, folded quotations. */
#include <string.h>
#include <time.h>

#include "screen.h"
#include "ui/flow.h"

/* All lines of a flow, one per line of text, with the repeated quote marks. */
static char *all_lines(struct flow *f)
{
	GString *out = g_string_new(NULL);
	struct flow_run runs[FLOW_RUNS_MAX];
	const struct flow_line *line;

	for (size_t i = 0; (line = flow_line(f, i)); i++) {
		int n = line->folded ? 0 : flow_runs(f, line, runs);

		g_string_append_len(out, f->text + line->prefix, (gssize)line->prefix_len);
		g_string_append_printf(out, "%*s", line->indent, "");
		for (int k = 0; k < n; k++)
			if (runs[k].text)
				g_string_append_len(out, runs[k].text, (gssize)runs[k].len);
			else
				g_string_append_printf(out, "%*s", (int)runs[k].len, "");
		if (line->folded)
			g_string_append_printf(out, "+%u", line->folded);
		g_string_append_c(out, '\n');
	}
	return g_string_free(out, FALSE);
}

START_TEST(text_breaks_at_words)
{
	static const struct {
		const char *text, *lines;
		int width;
	} cases[] = {
		{ "", "", 10 },
		{ "one", "one\n", 10 },
		{ "one two three four", "one two\nthree four\n", 10 },
		{ "one two   three", "one two\nthree\n", 9 },
		{ "a\n\nb\n", "a\n\nb\n", 10 },
		{ "abcdefghijklmno", "abcdefghij\nklmno\n", 10 },
		{ "see https://example.org/a/b now", "see\nhttps://ex\nample.org/\na/b now\n", 10 },
		{ "  indented and long", "  indented\nand long\n", 10 },
		{ "日本語の文章です", "日本語の文\n章です\n", 10 },
		{ "日本語の文章です", "日本語の\n文章です\n", 9 },
		{ "> quoted words here", "> quoted\n> words\n> here\n", 9 },
		{ "> > deeper words", "> > deeper\n> > words\n", 10 },
		{ "a\tb", "a       b\n", 20 },
		{ "one \r\ntwo", "one \ntwo\n", 10 },
	};

	for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
		g_autofree char *lines = NULL;
		struct flow f;

		flow_init(&f, cases[i].text, cases[i].width);
		lines = all_lines(&f);
		ck_assert_str_eq(lines, cases[i].lines);
		flow_release(&f);
	}
}
END_TEST

START_TEST(quotes_and_signatures_are_known)
{
	struct flow f;

	flow_init(&f, "hi\n> one\n>> two\n> > two\n>>> three\n-- \nAna\n", 40);
	ck_assert_int_eq(flow_line(&f, 0)->quote, 0);
	ck_assert_int_eq(flow_line(&f, 1)->quote, 1);
	ck_assert_int_eq(flow_line(&f, 2)->quote, 2);
	ck_assert_int_eq(flow_line(&f, 3)->quote, 2);
	ck_assert_int_eq(flow_line(&f, 4)->quote, 3);
	ck_assert_int_eq(flow_line(&f, 4)->kind, QUOTE_QUOTED);
	ck_assert_int_eq(flow_line(&f, 5)->kind, QUOTE_SIGNATURE);
	ck_assert_int_eq(flow_line(&f, 6)->kind, QUOTE_SIGNATURE);
	ck_assert_ptr_null(flow_line(&f, 7));
	flow_release(&f);
}
END_TEST

START_TEST(lines_are_made_on_demand)
{
	GString *text = g_string_new(NULL);
	struct flow f;

	for (int i = 0; i < 100000; i++)
		g_string_append_printf(text, "line %d\n", i);
	flow_init(&f, text->str, 80);
	flow_line(&f, 10);
	ck_assert_uint_lt(f.lines->len, 100);
	ck_assert_uint_eq(flow_total(&f), 100000);
	ck_assert_uint_eq(flow_find(&f, flow_offset(&f, 5000)), 5000);
	flow_release(&f);
	g_string_free(text, TRUE);
}
END_TEST

static void span(GArray *spans, uint32_t at, uint32_t len, enum span_kind kind, uint16_t value)
{
	struct document_span s = { at, len, (uint16_t)kind, value };

	g_array_append_val(spans, s);
}

static bool is(const struct flow_run *r, enum span_kind kind)
{
	return r->look.kinds & 1u << kind;
}

/* What is bold stays bold over the end of the line, and a link keeps its number. */
START_TEST(styles_survive_wrapping)
{
	static const char text[] = "one bold words of a link here\n";
	g_autoptr(GArray) spans = g_array_new(FALSE, FALSE, sizeof(struct document_span));
	struct flow_run r[FLOW_RUNS_MAX];
	struct flow f;

	span(spans, 4, 20, SPAN_STRONG, 0); /* "bold words of a link" */
	span(spans, 15, 9, SPAN_LINK, 6);   /* "of a link" */
	flow_init_spans(&f, text, strlen(text), spans, 12);
	ck_assert_int_eq(flow_runs(&f, flow_line(&f, 0), r), 2);
	ck_assert(!is(&r[0], SPAN_STRONG) && is(&r[1], SPAN_STRONG));
	ck_assert_int_eq(flow_runs(&f, flow_line(&f, 1), r), 2);
	ck_assert(is(&r[0], SPAN_STRONG) && r[0].look.link == 0);
	ck_assert(is(&r[1], SPAN_STRONG) && r[1].look.link == 7);
	ck_assert_int_eq(flow_runs(&f, flow_line(&f, 2), r), 2);
	ck_assert(is(&r[0], SPAN_LINK) && !is(&r[1], SPAN_LINK) && !is(&r[1], SPAN_STRONG));
	flow_release(&f);
}
END_TEST

START_TEST(preformatted_lines_keep_their_blanks)
{
	static const char text[] = "a    b      c d\n- item that goes on\n";
	g_autoptr(GArray) spans = g_array_new(FALSE, FALSE, sizeof(struct document_span));
	g_autofree char *lines = NULL;
	struct flow f;

	span(spans, 0, 15, SPAN_PREFORMATTED, 0);
	span(spans, 16, 19, SPAN_INDENT, 2);
	flow_init_spans(&f, text, strlen(text), spans, 10);
	lines = all_lines(&f);
	ck_assert_str_eq(lines, "a    b    \n  c d\n- item\n  that\n  goes on\n");
	flow_release(&f);
}
END_TEST

/* M-10.  What the sender broke himself stays whole as long as it fits on the screen. */
START_TEST(paragraphs_keep_to_the_measure)
{
	static const struct {
		const char *text, *lines;
		int kind; /* of all of it, -1 = none */
		int width, measure;
	} cases[] = {
		{ "one two three four", "one two\nthree four\n", SPAN_FLOWED, 20, 10 },
		{ "one two three four", "one two three four\n", -1, 20, 10 },
		{ "one two three four five", "one two\nthree four\nfive\n", -1, 20, 10 },
		{ "one  two three four five", "one  two three four \nfive\n", SPAN_PREFORMATTED, 20, 10 },
		{ "one two three four", "one two three\nfour\n", SPAN_FLOWED, 15, 0 },
		{ "one two three four", "one two three\nfour\n", SPAN_FLOWED, 15, 40 },
		/* a word that is longer than the measure may stand out */
		{ "see https://a.example/b now", "see\nhttps://a.example/b\nnow\n", SPAN_FLOWED, 20, 10 },
		{ "> https://a.example/b", "> https://a.example/b\n", SPAN_FLOWED, 30, 10 },
		{ "> one two three", "> one two\n> three\n", SPAN_FLOWED, 20, 10 },
		{ "日本語の文章です", "日本語\nの文章\nです\n", SPAN_FLOWED, 20, 6 },
		{ "a b c d", "a\nb\nc\nd\n", SPAN_FLOWED, 20, 1 },
	};

	for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
		g_autoptr(GArray) spans = g_array_new(FALSE, FALSE, sizeof(struct document_span));
		g_autofree char *lines = NULL;
		struct flow f;

		if (cases[i].kind >= 0)
			span(spans, 0, (uint32_t)strlen(cases[i].text), (enum span_kind)cases[i].kind, 0);
		flow_init_spans(&f, cases[i].text, strlen(cases[i].text), spans, cases[i].width);
		flow_set_measure(&f, cases[i].measure);
		lines = all_lines(&f);
		ck_assert_str_eq(lines, cases[i].lines);
		flow_release(&f);
	}
}
END_TEST

/* Spans come from a process that strangers feed: none of them may lead outside of the text. */
START_TEST(wild_spans_do_no_harm)
{
	static const char text[] = "short\n> text\n";
	g_autoptr(GArray) spans = g_array_new(FALSE, FALSE, sizeof(struct document_span));
	g_autofree char *lines = NULL;
	struct flow f;

	for (uint32_t i = 0; i < 100; i++)
		span(spans, i % 7, UINT32_MAX - i, SPAN_STRONG, 0);
	span(spans, 3, 900, SPAN_LINK, 65535);
	span(spans, 4000000000u, 4000000000u, SPAN_INDENT, 65535);
	span(spans, 2, 5, (enum span_kind)99, 0);
	flow_init_spans(&f, text, strlen(text), spans, 4);
	lines = all_lines(&f);
	ck_assert_str_eq(lines, "shor\nt\n> te\nxt\n");
	flow_release(&f);
}
END_TEST

static void add_quoted(GString *text, int n)
{
	for (int i = 1; i <= n; i++)
		g_string_append_printf(text, "> line %d\n", i);
}

START_TEST(long_quotations_are_folded)
{
	g_autoptr(GString) text = g_string_new("Hello\nAna wrote:\n");
	g_autofree char *folded = NULL, *open = NULL, *short_one = NULL;
	struct flow f;

	add_quoted(text, 30);
	g_string_append(text, "and I say\n> a\n> b\n");
	flow_init(&f, text->str, 40);
	flow_set_fold(&f, 12);
	folded = all_lines(&f);
	ck_assert_ptr_nonnull(strstr(folded, "> line 3\n+27\nand I say\n> a\n> b\n"));
	ck_assert_uint_eq(flow_find(&f, (size_t)(strstr(text->str, "line 20") - text->str)), 5);
	flow_set_fold(&f, 0);
	open = all_lines(&f);
	ck_assert_ptr_null(strchr(open, '+'));
	ck_assert_uint_eq(flow_total(&f), 35);
	flow_set_fold(&f, 30);
	short_one = all_lines(&f);
	ck_assert_str_eq(open, short_one);
	flow_release(&f);
}
END_TEST

/* A message that only quotes, or was sent on, is not hidden. */
START_TEST(what_is_all_of_a_message_is_not_folded)
{
	g_autoptr(GString) text = g_string_new(NULL);
	struct flow f;

	add_quoted(text, 30);
	flow_init(&f, text->str, 40);
	flow_set_fold(&f, 12);
	ck_assert_uint_eq(flow_total(&f), 30);
	flow_release(&f);
	g_string_append(text, "\n\nI think so too\n"); /* answered below */
	flow_init(&f, text->str, 40);
	flow_set_fold(&f, 12);
	ck_assert_uint_eq(flow_total(&f), 7);
	flow_release(&f);
}
END_TEST

/* CPU seconds that something took. */
static double spent(clock_t since)
{
	return (double)(clock() - since) / CLOCKS_PER_SEC;
}

/* The first screen of 8 MiB costs what it shows, whatever the text is made of; all of it stays linear. */
START_TEST(a_huge_text_opens_at_once)
{
	static const char *const pieces[] = { "a ", "\n", "> q\n", "On 1 he wrote:\n", "x", "From: a\n",
		">>>>>>>>>>>>>>>>>>>>>>>>>>>>>>", "-----\n", "日本", NULL };

	for (size_t i = 0; pieces[i]; i++) {
		g_autoptr(GString) text = g_string_sized_new(DOCUMENT_TEXT_MAX + 64);
		struct flow f;
		clock_t began;

		while (text->len < DOCUMENT_TEXT_MAX)
			g_string_append(text, pieces[i]);
		began = clock();
		flow_init(&f, text->str, 80);
		flow_set_fold(&f, 12);
		flow_line(&f, 100);
		ck_assert_uint_le(f.lines->len, 101);
		ck_assert_msg(spent(began) < 1.0, "the first screen of \"%s\": %.2f s", pieces[i], spent(began));
		began = clock();
		flow_total(&f);
		ck_assert_msg(spent(began) < 20.0, "all of \"%s\": %.2f s", pieces[i], spent(began));
		if (g_getenv("FLOW_TIMES"))
			g_print("%-16.14s %8u lines %.2f s\n", pieces[i], f.lines->len, spent(began));
		flow_release(&f);
	}
}
END_TEST

Suite *suite_of_flow(void)
{
	Suite *suite = suite_create("flow");
	TCase *tc = tcase_create("flow");

	tcase_set_timeout(tc, 120);
	tcase_add_test(tc, text_breaks_at_words);
	tcase_add_test(tc, quotes_and_signatures_are_known);
	tcase_add_test(tc, lines_are_made_on_demand);
	tcase_add_test(tc, styles_survive_wrapping);
	tcase_add_test(tc, preformatted_lines_keep_their_blanks);
	tcase_add_test(tc, paragraphs_keep_to_the_measure);
	tcase_add_test(tc, wild_spans_do_no_harm);
	tcase_add_test(tc, long_quotations_are_folded);
	tcase_add_test(tc, what_is_all_of_a_message_is_not_folded);
	tcase_add_test(tc, a_huge_text_opens_at_once);
	suite_add_tcase(suite, tc);
	return suite;
}
