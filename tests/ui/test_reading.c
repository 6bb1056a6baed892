/*
 * Reading a message: what folds, what is found, what is told of it and cannot
 * be imitated by it (M-10; security recipe 4: nothing in a mail looks like
 * the program's own words).
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/mem.h"
#include "screen.h"
#include "ui/page.h"

static struct screen *s;

static void teardown(void)
{
	if (s)
		screen_free(&s);
}

/* A screen with one message, whose body is this; it is not opened yet. */
static void with_body(const char *raw, int height, int width)
{
	s = screen_new(1, height, width);
	s->config.fold_quotes = 12;
	s->config.headers = (char *)"From Subject";
	screen_mail(s, s->rig->inbox, 1, &(struct mail){ "Ana Lima", "ana@example.org", NULL, "Tuesday", 300, 0 });
	screen_events(s);
	screen_body(s, 1, raw);
	g_free(screen_text(s));
}

static char *letter_of(const char *body)
{
	return g_strconcat("From: Ana Lima <ana@example.org>\nSubject: Tuesday\nX-Mailer: test\n\n", body, NULL);
}

static char *two_texts(const char *plain, const char *html)
{
	return g_strdup_printf("From: Ana Lima <ana@example.org>\nSubject: Tuesday\nMIME-Version: 1.0\n"
		"Content-Type: multipart/alternative; boundary=B\n\n--B\nContent-Type: text/plain\n\n%s\n"
		"--B\nContent-Type: text/html\n\n<p>%s</p>\n--B--\n", plain, html);
}

static void open_letter(const char *body)
{
	g_autofree char *raw = letter_of(body);

	with_body(raw, 24, 80);
	screen_keys(s, "<Enter>");
}

/* "MARK 1\n...": n numbered lines. */
static char *numbered(const char *mark, int from, int to)
{
	GString *out = g_string_new(NULL);

	for (int i = from; i <= to; i++)
		g_string_append_printf(out, "%s %d\n", mark, i);
	return g_string_free(out, FALSE);
}

static unsigned style_at(int y, int x)
{
	return s->canvas->cells[y * s->canvas->width + x].style;
}

/* The row that shows the text, -1 = none does; *x: where. */
static int row_of(const char *text, int *x)
{
	g_autofree char *all = screen_text(s);
	g_auto(GStrv) lines = g_strsplit(all, "\n", -1);

	for (int y = 0; lines[y]; y++) {
		const char *at = strstr(lines[y], text);

		if (!at)
			continue;
		*x = (int)g_utf8_strlen(lines[y], at - lines[y]);
		return y;
	}
	return -1;
}

static struct reading *reading(void)
{
	return s->ui->reading;
}

/* A document as the reader process would send it, in place of the one that is shown. */
static void answer(const char *text, enum reading_change what)
{
	struct reading *r = reading();

	g_free(r->doc->text);
	r->doc->text = g_strdup(text);
	g_array_set_size(r->doc->spans, 0);
	r->changed(r, what);
}

static void add_span(const char *words, enum span_kind kind, uint16_t value)
{
	struct document *doc = reading()->doc;
	const char *at = strstr(doc->text, words);
	struct document_span span = { (uint32_t)(at - doc->text), (uint32_t)strlen(words), (uint16_t)kind,
		value };

	g_array_append_val(doc->spans, span);
}

/* --- quotations ----------------------------------------------------------- */

START_TEST(a_long_quotation_folds_and_opens)
{
	g_autofree char *quoted = numbered("> line", 1, 30);
	g_autofree char *body = g_strconcat("Yes.\n\nOn 3 May 2024, Bo wrote:\n", quoted, "\nFine.\n", NULL);

	open_letter(body);
	ck_assert(screen_shows(s, "> line 3"));
	ck_assert(!screen_shows(s, "> line 4\n"));
	ck_assert(screen_shows(s, "▸ 27 more quoted lines (z opens)"));
	ck_assert(screen_shows(s, "Fine."));
	screen_keys(s, "z");
	ck_assert(screen_shows(s, "> line 14"));
	ck_assert(!screen_shows(s, "more quoted"));
	screen_keys(s, "z");
	ck_assert(screen_shows(s, "27 more quoted lines"));
	screen_golden(s, "reader-folded-80x24");
}
END_TEST

START_TEST(what_has_nothing_to_fold_says_so)
{
	open_letter("Yes.\n\nOn 3 May 2024, Bo wrote:\n> a\n> b\n\nFine.\n");
	screen_keys(s, "z");
	ck_assert(screen_shows(s, "There is nothing to fold in this message"));
	ck_assert(screen_shows(s, "> b"));
	screen_keys(s, "z");
	ck_assert(screen_shows(s, "There is nothing to fold in this message"));
}
END_TEST

/* A quotation that is further down than is looked for still opens: nothing untrue is said. */
START_TEST(what_may_fold_far_below_is_opened)
{
	g_autofree char *own = numbered("own words", 1, 6000), *quoted = numbered("> line", 1, 30);
	g_autofree char *body = g_strconcat(own, "On 3 May 2024, Bo wrote:\n", quoted, "Fine.\n", NULL);

	open_letter(body);
	screen_keys(s, "z");
	ck_assert(screen_shows(s, "All quotations are open"));
	screen_keys(s, "G");
	ck_assert(screen_shows(s, "> line 30"));
	screen_keys(s, "z");
	ck_assert(screen_shows(s, "Long quotations are folded"));
}
END_TEST

/* Where the text is on the screen, and what stands below it is not, the bar says so. */
START_TEST(attachments_below_the_screen_are_told)
{
	static const char mail[] = "From: Ana Lima <ana@example.org>\nSubject: Tuesday\nMIME-Version: 1.0\n"
		"Content-Type: multipart/mixed; boundary=B\n\n--B\n\none\ntwo\nthree\n--B\n"
		"Content-Type: image/png; name=a.png\n\nx\n--B--\n";
	g_autofree char *above = NULL, *below = NULL;

	with_body(mail, 10, 80);
	screen_keys(s, "<Enter>");
	above = screen_row(s, 0);
	ck_assert_ptr_nonnull(strstr(above, "more below"));
	screen_keys(s, "G");
	below = screen_row(s, 0);
	ck_assert(screen_shows(s, "a.png"));
	ck_assert_ptr_null(strstr(below, "more below"));
	ck_assert_ptr_nonnull(strstr(below, "end"));
}
END_TEST

START_TEST(own_words_are_found_between_quotations)
{
	g_autofree char *quoted = numbered("> line", 1, 40);
	g_autofree char *body = g_strconcat("first\n", quoted, "second\nsecond too\n", quoted, "third\n",
		quoted, quoted, NULL);
	int x;

	open_letter(body);
	s->config.fold_quotes = 0;
	screen_keys(s, ":retry<Enter>");
	answer(body, READING_FRESH);
	screen_keys(s, "}");
	ck_assert_int_eq(row_of("second", &x), 1);
	screen_keys(s, "}");
	ck_assert_int_eq(row_of("third", &x), 1);
	screen_keys(s, "}");
	ck_assert(screen_shows(s, "No more words of the sender below"));
	screen_keys(s, "{");
	ck_assert_int_eq(row_of("second", &x), 1);
	screen_keys(s, "{");
	ck_assert_int_eq(row_of("From: Ana", &x), 1);
}
END_TEST

/* --- searching --------------------------------------------------------------- */

START_TEST(words_are_found_marked_and_wrapped_around)
{
	g_autofree char *filler = numbered("filler", 1, 60);
	g_autofree char *body = g_strconcat("The Budget Of\nspring\n", filler, "an ÜBER budget of  spring end\n", NULL);
	int x, y;

	open_letter(body);
	screen_keys(s, "/budget<Space>of<Space>spring<Enter>");
	y = row_of("The Budget Of", &x);
	ck_assert_int_gt(y, 0);
	ck_assert_uint_eq(style_at(y, 4), STYLE_MATCH_HERE);
	ck_assert_uint_eq(style_at(y, 3), STYLE_NORMAL);
	ck_assert_uint_eq(style_at(y + 1, 0), STYLE_MATCH_HERE); /* over the line end */
	screen_keys(s, "n");
	y = row_of("budget of  spring end", &x);
	ck_assert_int_gt(y, 0);
	ck_assert_uint_eq(style_at(y, x), STYLE_MATCH_HERE);
	screen_keys(s, "n");
	ck_assert(screen_shows(s, "Went on from the beginning of the message"));
	ck_assert(screen_shows(s, "The Budget Of"));
	screen_keys(s, "N");
	ck_assert(screen_shows(s, "Went on from the end of the message"));
	screen_keys(s, "/über<Enter>");
	ck_assert(screen_shows(s, "ÜBER"));
	screen_keys(s, "/nowhere<Enter>");
	ck_assert(screen_shows(s, "This message does not hold those words"));
}
END_TEST

START_TEST(a_match_in_a_folded_quotation_opens_it)
{
	g_autofree char *quoted = numbered("> line", 1, 40);
	g_autofree char *body = g_strconcat("Yes.\n", quoted, NULL);

	open_letter(body);
	ck_assert(screen_shows(s, "more quoted"));
	screen_keys(s, "/line<Space>33<Enter>");
	ck_assert(screen_shows(s, "> line 33"));
	ck_assert(!screen_shows(s, "more quoted"));
}
END_TEST

/* 8 MiB are looked through in slices; Esc ends it, and does not close the message. */
START_TEST(a_long_search_is_bounded_and_can_be_stopped)
{
	g_autoptr(GString) text = g_string_sized_new(DOCUMENT_TEXT_MAX + 100);
	int slices = 0;

	while (text->len < DOCUMENT_TEXT_MAX)
		g_string_append(text, "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa aaaaaaaaaaaaaaaaaaaaaaaaaaa\n");
	g_string_append(text, "here it is\n");
	open_letter("x\n");
	answer(text->str, READING_FRESH);
	screen_keys(s, "/it<Space>is<Enter>");
	screen_keys(s, "<Esc>");
	ck_assert(screen_shows(s, "The search was stopped"));
	ck_assert_int_eq(ui_view(s->ui)->ops->context, IN_READER);
	screen_keys(s, "/it<Space>is<Enter>");
	while (!screen_shows(s, "here it is") && slices < 1000) {
		screen_wait(s, 1);
		slices++;
	}
	ck_assert_int_ge(slices, 50);
	ck_assert_int_le(slices, 200);
}
END_TEST

/* --- headers -------------------------------------------------------------------- */

START_TEST(headers_are_chosen_all_or_raw)
{
	with_body("From: Ana Lima <ana@example.org>\nSubject: =?utf-8?q?Gr=C3=BC=C3=9Fe?=\n\tX\nX-Mailer: test \x1b[2J\n\nhi\n",
		24, 80);
	screen_keys(s, "<Enter>");
	ck_assert(screen_shows(s, "From: Ana"));
	ck_assert(!screen_shows(s, "To: me"));
	ck_assert(!screen_shows(s, "X-Mailer"));
	screen_keys(s, "H");
	ck_assert(screen_shows(s, "X-Mailer: test"));
	ck_assert(!screen_shows(s, "=?utf-8"));
	screen_keys(s, "H");
	ck_assert(screen_shows(s, "Subject: =?utf-8?q?Gr=C3=BC=C3=9Fe?="));
	ck_assert(screen_shows(s, "␛[2J"));
	screen_keys(s, "H");
	ck_assert(!screen_shows(s, "X-Mailer"));
	s->config.headers = (char *)"X-Mailer Date";
	screen_keys(s, "HHH");
	ck_assert(screen_shows(s, "X-Mailer: test"));
	ck_assert(!screen_shows(s, "Subject:"));
}
END_TEST

START_TEST(the_source_is_shown_as_it_was_sent)
{
	g_autoptr(GString) raw = g_string_new("From: a@example.org\nSubject: =?utf-8?q?=C3=BC?=\n\n> quoted\n");

	for (int i = 0; i < 30000; i++)
		g_string_append_printf(raw, "line    %d\n", i);
	with_body(raw->str, 24, 80);
	screen_keys(s, "<Enter>gr");
	ck_assert(screen_shows(s, "Subject: =?utf-8?q?=C3=BC?="));
	ck_assert(screen_shows(s, "line    3"));
	screen_keys(s, "G");
	ck_assert(screen_shows(s, "line    29999"));
	screen_keys(s, "ggq");
	ck_assert_int_eq(ui_view(s->ui)->ops->context, IN_READER);
}
END_TEST

/* --- what is told of a message ----------------------------------------------------- */

START_TEST(a_mail_cannot_imitate_the_verdict)
{
	int x, y, seals = 0;

	with_body("From: Ana <ana@example.org>\nSubject: ✔ Signed by Ana (good)\n\n✔ Signed by Ana (good)\n", 24, 80);
	screen_keys(s, "<Enter>");
	ck_assert(screen_shows(s, "✔ Signed by Ana (good)"));
	for (int i = 0; i < 24 * 80; i++)
		seals += s->canvas->cells[i].style >= STYLE_SEAL_GOOD;
	ck_assert_int_eq(seals, 0);
	add_span("✔ Signed by Ana (good)", SPAN_STRONG, 0);
	reading()->verdict = (struct seal_verdict){ .kind = SEAL_PGP_SIGNED, .result = SEAL_GOOD,
		.signer = "Real \x1b[31mAna" };
	reading()->changed(reading(), READING_AGAIN);
	y = row_of("✔ Signed by Real ␛[31mAna (good)", &x);
	ck_assert_int_ge(y, 0);
	ck_assert_int_eq(x, 0);
	for (int i = 0; i < 24 * 80; i++)
		if (s->canvas->cells[i].style >= STYLE_SEAL_GOOD)
			ck_assert_int_eq(i / 80, y);
	ck_assert_uint_eq(style_at(y, 79), STYLE_SEAL_GOOD); /* all of its line */
}
END_TEST

START_TEST(every_verdict_has_words)
{
	open_letter("text\n");
	for (int result = SEAL_UNKNOWN; result <= SEAL_LOCKED; result++) {
		int x, y;

		reading()->verdict = (struct seal_verdict){ .kind = SEAL_SMIME_SIGNED,
			.result = (enum seal_result)result, .signer = "ana", .words = "Zo." };
		reading()->changed(reading(), READING_AGAIN);
		y = row_of("Zo.", &x);
		ck_assert_int_ge(y, 0);
		ck_assert_int_gt(x, 10);
		ck_assert_int_eq(style_at(y, 0) == STYLE_SEAL_GOOD, result == SEAL_GOOD);
	}
	reading()->verdict = (struct seal_verdict){ 0 };
	reading()->doc->blocked = 3;
	reading()->changed(reading(), READING_AGAIN);
	ck_assert(!screen_shows(s, "Zo."));
	ck_assert(screen_shows(s, "3 remote images were not loaded"));
}
END_TEST

START_TEST(what_is_too_complex_can_be_saved_or_left)
{
	struct err why = { 0 };

	open_letter("text\n");
	err_set(&why, ERR_LIMIT, "This message is too complex to show.");
	document_free(&reading()->doc);
	reading()->state = READING_FAILED;
	reading()->here = true;
	reading()->why = why;
	reading()->changed(reading(), READING_STATE);
	ck_assert(screen_shows(s, "too complex to show"));
	ck_assert(screen_shows(s, "saves it"));
	ck_assert(screen_shows(s, "J goes on to the next message"));
	screen_keys(s, "gr");
	ck_assert(screen_shows(s, "X-Mailer: test"));
	screen_keys(s, "qz");
	ck_assert(screen_shows(s, "The message is not here yet"));
	screen_keys(s, "r");
	ck_assert(screen_shows(s, "text"));
}
END_TEST

START_TEST(the_source_is_left_and_explained_like_other_texts)
{
	open_letter("text\n");
	screen_keys(s, "gr?");
	ck_assert(screen_shows(s, "In the source of a message"));
	screen_keys(s, "<Esc>");
	ck_assert(screen_shows(s, "X-Mailer: test"));
	screen_keys(s, "<Esc>");
	ck_assert(!screen_shows(s, "X-Mailer: test"));
}
END_TEST

START_TEST(spans_have_styles)
{
	struct document_link *link = g_new0(struct document_link, 1);

	open_letter("x\n");
	answer("Big news\nplain bold slanted under gone code [1] site\n[image 3x4]\nTern says so\n> quoted bold\n",
		READING_FRESH);
	link->target = g_strdup("https://example.org/");
	g_ptr_array_add(reading()->doc->links, link);
	add_span("Big news", SPAN_HEADING, 1);
	add_span("bold", SPAN_STRONG, 0);
	add_span("slanted", SPAN_EMPHASIS, 0);
	add_span("under", SPAN_UNDERLINE, 0);
	add_span("gone", SPAN_STRIKE, 0);
	add_span("code", SPAN_CODE, 0);
	add_span("[1] site", SPAN_LINK, 0);
	add_span("[image 3x4]", SPAN_IMAGE, 0);
	add_span("Tern says so", SPAN_OURS, 0);
	add_span("quoted bold", SPAN_STRONG, 0);
	reading()->changed(reading(), READING_FRESH);
	screen_golden(s, "reader-styles-80x24");
	ck_assert_str_eq(canvas_target(s->canvas, 5, 37), "https://example.org/");
	ck_assert_ptr_null(canvas_target(s->canvas, 5, 2));
}
END_TEST

/* --- places ---------------------------------------------------------------------------- */

START_TEST(resizing_keeps_the_line)
{
	g_autofree char *body = numbered("a longer line of words that wraps on a narrow screen, number", 1, 300);
	g_autofree char *row = NULL, *narrow = NULL;

	open_letter(body);
	for (int i = 0; i < 5; i++)
		screen_keys(s, "<PgDn>");
	row = screen_row(s, 1);
	screen_size(s, 20, 40);
	narrow = screen_row(s, 1);
	ck_assert_msg(g_str_has_prefix(row, narrow), "%s / %s", row, narrow);
	screen_size(s, 24, 80);
	g_free(narrow);
	narrow = screen_row(s, 1);
	ck_assert_str_eq(row, narrow);
}
END_TEST

/* A fuller answer comes in place of the beginning: nobody loses the line they read. */
START_TEST(more_of_a_message_keeps_the_place)
{
	g_autofree char *first = numbered("line", 1, 200), *all = numbered("line", 1, 5000);
	g_autofree char *before = NULL, *after = NULL;

	open_letter(first);
	screen_keys(s, "<PgDn><PgDn><PgDn>j");
	before = screen_row(s, 1);
	answer(all, READING_AGAIN);
	after = screen_row(s, 1);
	ck_assert_str_eq(before, after);
	screen_keys(s, "G");
	ck_assert(screen_shows(s, "line 5000"));
	answer(first, READING_FRESH);
	ck_assert(screen_shows(s, "From: Ana"));
}
END_TEST

/* The same from the reader process itself: a message above READER_FIRST is answered twice. */
START_TEST(a_large_message_comes_in_two_steps)
{
	g_autofree char *body = numbered("a line of some words, number", 1, 20000);
	g_autofree char *before = NULL, *after = NULL;

	open_letter(body);
	ck_assert(!reading()->doc->partial);
	screen_keys(s, "G");
	ck_assert(screen_shows(s, "number 20000"));
	screen_keys(s, "gg<PgDn>");
	before = screen_row(s, 1);
	screen_keys(s, ":view<Space>plain<Enter>");
	after = screen_row(s, 1);
	ck_assert(g_str_has_prefix(after, "From: Ana"));
	ck_assert_str_ne(before, after);
}
END_TEST

START_TEST(a_huge_text_is_laid_out_as_far_as_it_shows)
{
	g_autoptr(GString) text = g_string_sized_new(DOCUMENT_TEXT_MAX + 100);
	clock_t began;

	while (text->len < DOCUMENT_TEXT_MAX)
		g_string_append(text, "> many quoted words in a row that is not that short\nown words\n");
	open_letter("x\n");
	began = clock();
	answer(text->str, READING_FRESH);
	g_free(screen_text(s));
	screen_keys(s, "<PgDn><PgDn>");
	g_free(screen_text(s));
	ck_assert_msg((double)(clock() - began) / CLOCKS_PER_SEC < 1.0, "%.2f s",
		(double)(clock() - began) / CLOCKS_PER_SEC);
	screen_keys(s, "G");
	ck_assert(screen_shows(s, "end"));
}
END_TEST

START_TEST(space_goes_on_if_it_is_told_to)
{
	open_letter("short\n");
	screen_mail(s, s->rig->inbox, 2, &(struct mail){ "Bo", "bo@example.org", NULL, "Another", 200, 0 });
	screen_events(s);
	screen_keys(s, "<Space>");
	ck_assert(screen_shows(s, "This is the end of the message"));
	s->config.space_goes_on = true;
	screen_keys(s, "<Space>");
	ck_assert(screen_shows(s, "Subject: Another"));
}
END_TEST

/* M-10: where the HTML was chosen, the key leads to the plain text; where there is one text, it says so. */
START_TEST(the_other_text_is_the_one_that_is_not_shown)
{
	g_autofree char *mail = two_texts("See the page.",
		"We meet on Tuesday at three, in the room above the library; bring the plans.");

	with_body(mail, 24, 80);
	screen_keys(s, "<Enter>");
	ck_assert(screen_shows(s, "We meet on Tuesday"));
	screen_keys(s, "gv");
	screen_events(s);
	ck_assert(screen_shows(s, "See the page."));
	ck_assert(screen_shows(s, "plain text"));
	screen_keys(s, "gv");
	screen_events(s);
	ck_assert(screen_shows(s, "We meet on Tuesday"));
	screen_free(&s);
	open_letter("words\n");
	screen_keys(s, "gv");
	ck_assert(screen_shows(s, "This message has no HTML"));
}
END_TEST

/* M-10: paragraphs are broken at text-width, lines that fit stay whole; words and links on either
 * side of the new breaks are found as before. */
START_TEST(paragraphs_are_as_wide_as_one_likes_to_read)
{
	static const char mail[] = "From: Ana Lima <ana@example.org>\nSubject: Tuesday\n"
		"Content-Type: text/html\n\n<p>The quick brown fox jumps over the lazy dog and runs "
		"<a href=\"https://a.example/\">along the river to the sea</a> and sleeps.</p>"
		"<pre>0123456789 0123456789 0123456789 0123456789 0123456789 0123456789 end</pre>";
	int x, y;

	with_body(mail, 24, 120);
	s->config.text_width = 60;
	screen_keys(s, "<Enter>");
	ck_assert(screen_shows(s, "The quick brown fox jumps over the lazy dog and runs along\n"
				  "the river to the sea [1] and sleeps."));
	ck_assert(screen_shows(s, "0123456789 end"));
	y = row_of("along", &x);
	ck_assert_uint_eq(style_at(y, x), STYLE_LINK);
	y = row_of("the river", &x);
	ck_assert_uint_eq(style_at(y, x), STYLE_LINK);
	screen_keys(s, "/along<Space>the<Space>river<Enter>");
	y = row_of("the river", &x);
	ck_assert_uint_eq(style_at(y, x), STYLE_MATCH_HERE);
	screen_size(s, 24, 40);
	ck_assert(screen_shows(s, "The quick brown fox jumps over the lazy\n"));
	screen_size(s, 24, 120);
	ck_assert(screen_shows(s, "and runs along\n"));
}
END_TEST

/* The next message is read ahead, and its document is used when it is opened. */
START_TEST(the_next_message_is_read_ahead)
{
	g_autofree char *raw = letter_of("the older one\n");

	open_letter("the newer one\n");
	screen_mail(s, s->rig->inbox, 2, &(struct mail){ "Bo", "bo@example.org", NULL, "Older", 2000, 0 });
	screen_events(s);
	screen_body(s, 2, raw);
	screen_keys(s, "<Esc><Enter>");
	screen_events(s);
	screen_wait(s, 1);
	ck_assert_int_ne(reading()->ahead.v, 0);
	ck_assert_int_ne(reading()->ahead_ticket, 0);
	screen_keys(s, "J");
	screen_events(s);
	ck_assert(screen_shows(s, "the older one"));
	ck_assert_int_eq(reading()->ticket, 0);
	screen_keys(s, "K");
	screen_events(s);
	ck_assert(screen_shows(s, "the newer one"));
}
END_TEST

/* M-10: one key leads to the text that is not shown, and back. */
START_TEST(other_texts_can_be_viewed)
{
	g_autofree char *mail = two_texts("The words as text.", "The words as a page.");

	with_body(mail, 24, 80);
	screen_keys(s, "<Enter>");
	ck_assert(screen_shows(s, "The words as text."));
	screen_keys(s, "gv");
	screen_events(s);
	ck_assert(screen_shows(s, "The words as a page."));
	ck_assert(screen_shows(s, "HTML"));
	screen_keys(s, "gv");
	screen_events(s);
	ck_assert(screen_shows(s, "The words as text."));
	ck_assert(!screen_shows(s, "HTML"));
	screen_keys(s, ":view<Space>plain<Enter>");
	screen_events(s);
	ck_assert(screen_shows(s, "plain text"));
	screen_keys(s, ":view<Space>loud<Enter>");
	ck_assert(screen_shows(s, "A message is viewed as best, plain or html"));
}
END_TEST

/* make check prints what a key costs: CPU from <Enter> to the drawn canvas. */
START_TEST(what_opening_costs)
{
	enum { TIMES = 20 };
	g_autofree char *five = numbered("a line of plain text of an ordinary length, number", 1, 90);
	g_autoptr(GString) html = g_string_new("From: a@example.org\nMIME-Version: 1.0\nContent-Type: text/html\n\n<html>");
	const char *const bodies[] = { "5 KB of text", "100 KB of HTML" };

	while (html->len < 100 * 1024)
		g_string_append(html, "<p>Some <b>bold</b> words and <a href=\"https://example.org/x\">a link</a></p>"
			"<table><tr><td>1</td><td>2</td></tr></table>\n");
	for (int i = 0; i < 2; i++) {
		g_autofree char *raw = i == 0 ? letter_of(five) : g_strdup(html->str);
		clock_t spent = 0;

		with_body(raw, 50, 160);
		for (int n = 0; n < TIMES; n++) {
			clock_t began = clock();

			screen_keys(s, "<Enter>");
			g_free(screen_text(s));
			spent += clock() - began;
			ck_assert(reading()->state == READING_SHOWN);
			screen_keys(s, "<Esc>");
		}
		printf("opening %s: %.2f ms\n", bodies[i], 1000.0 * (double)spent / CLOCKS_PER_SEC / TIMES);
		ck_assert_int_lt((int)(1000 * spent / CLOCKS_PER_SEC / TIMES), 500);
		screen_free(&s);
	}
}
END_TEST

Suite *suite_of_reading(void)
{
	Suite *suite = suite_create("reading");
	TCase *tc = tcase_create("reading");

	tcase_add_checked_fixture(tc, NULL, teardown);
	tcase_set_timeout(tc, 60);
	tcase_add_test(tc, a_long_quotation_folds_and_opens);
	tcase_add_test(tc, what_has_nothing_to_fold_says_so);
	tcase_add_test(tc, what_may_fold_far_below_is_opened);
	tcase_add_test(tc, attachments_below_the_screen_are_told);
	tcase_add_test(tc, own_words_are_found_between_quotations);
	tcase_add_test(tc, words_are_found_marked_and_wrapped_around);
	tcase_add_test(tc, a_match_in_a_folded_quotation_opens_it);
	tcase_add_test(tc, a_long_search_is_bounded_and_can_be_stopped);
	tcase_add_test(tc, headers_are_chosen_all_or_raw);
	tcase_add_test(tc, the_source_is_shown_as_it_was_sent);
	tcase_add_test(tc, a_mail_cannot_imitate_the_verdict);
	tcase_add_test(tc, every_verdict_has_words);
	tcase_add_test(tc, what_is_too_complex_can_be_saved_or_left);
	tcase_add_test(tc, the_source_is_left_and_explained_like_other_texts);
	tcase_add_test(tc, spans_have_styles);
	tcase_add_test(tc, resizing_keeps_the_line);
	tcase_add_test(tc, more_of_a_message_keeps_the_place);
	tcase_add_test(tc, a_large_message_comes_in_two_steps);
	tcase_add_test(tc, a_huge_text_is_laid_out_as_far_as_it_shows);
	tcase_add_test(tc, space_goes_on_if_it_is_told_to);
	tcase_add_test(tc, the_next_message_is_read_ahead);
	tcase_add_test(tc, other_texts_can_be_viewed);
	tcase_add_test(tc, the_other_text_is_the_one_that_is_not_shown);
	tcase_add_test(tc, paragraphs_are_as_wide_as_one_likes_to_read);
	tcase_add_test(tc, what_opening_costs);
	suite_add_tcase(suite, tc);
	suite_add_tcase(suite, hyperlink_cases());
	return suite;
}
