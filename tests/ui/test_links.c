/*
 * Links: letters that choose them, what is told and asked before one is opened,
 * copying, leaving a list, and what the head says about the sender.
 */
#include <stdlib.h>
#include <string.h>

#include <unistd.h>

#include "screen.h"
#include "ui/linkhint.h"
#include "ui/reading.h"

enum { WAIT_STEPS = 200, WAIT_MS = 20 };

#define HEAD "From: Ann <ann@example.com>\nTo: me@example.org\nSubject: s\n"
#define HTML HEAD "Content-Type: text/html\n\n"

/* A browser that writes the address it gets into a file: a real program, started as real ones are. */
struct desk {
	struct screen *s;
	char *file, *browser;
};

static void desk_open(struct desk *d, const char *mail, int height, int width)
{
	d->s = screen_new(1, height, width);
	screen_mail(d->s, d->s->rig->inbox, 1, &(struct mail){ "Ann", "ann@example.com", "me", "s", 60, 1, false });
	d->file = g_strdup_printf("%s/opened", d->s->rig->dir);
	d->browser = g_strdup_printf("sh -c 'printf \"%%b\" \"$1\" >\"$0.tmp\" && mv \"$0.tmp\" \"$0\"' '%s'", d->file);
	d->s->config.browser = d->browser;
	screen_start(d->s);
	screen_body(d->s, 1, mail);
	screen_keys(d->s, "<Enter>");
	for (int i = 0; i < WAIT_STEPS && !reading_document(d->s->ui); i++) {
		screen_events(d->s);
		g_usleep(WAIT_MS * 1000 / 10);
	}
	ck_assert_ptr_nonnull(reading_document(d->s->ui));
	g_free(screen_text(d->s)); /* drawn */
}

static void desk_close(struct desk *d)
{
	screen_free(&d->s);
	g_free(d->file);
	g_free(d->browser);
}

static void draw(struct desk *d)
{
	g_free(screen_text(d->s));
}

/* What the browser got, once it has it; "" if it was not started. */
static char *opened(struct desk *d, bool expected)
{
	char *text = NULL;

	for (int i = 0; i < (expected ? WAIT_STEPS : 5); i++) {
		if (g_file_get_contents(d->file, &text, NULL, NULL))
			return text;
		g_usleep(WAIT_MS * 1000);
	}
	return g_strdup("");
}

static void assert_opened(struct desk *d, const char *url)
{
	g_autofree char *got = opened(d, *url);

	ck_assert_str_eq(got, url);
	unlink(d->file);
}

static void assert_shows(struct desk *d, const char *words)
{
	g_autofree char *text = screen_text(d->s);
	g_autofree char *flat = g_strdelimit(g_strdup(text), "\n", ' ');

	for (char *p = flat; (p = strstr(p, "  "));) /* lines of a question are filled up */
		memmove(p, p + 1, strlen(p));
	ck_assert_msg(strstr(flat, words) != NULL, "\"%s\" is not in:\n%s", words, text);
}

/* --- letters ------------------------------------------------------------------------------ */

START_TEST(labels_are_short_and_none_begins_another)
{
	static const size_t counts[] = { 1, 2, 9, 18, 19, 35, 36, 81, 299, LINKHINT_MAX };

	for (size_t k = 0; k < G_N_ELEMENTS(counts); k++) {
		char all[LINKHINT_MAX][LINKHINT_LETTERS + 1];

		for (size_t i = 0; i < counts[k]; i++) {
			linkhint_label(i, counts[k], all[i]);
			ck_assert_uint_ge(strlen(all[i]), 1);
			ck_assert(i == 0 || strlen(all[i]) >= strlen(all[i - 1]));
			for (size_t j = 0; j < i; j++)
				ck_assert(strncmp(all[i], all[j], strlen(all[j])) != 0);
		}
		ck_assert(counts[k] > 18 || strlen(all[counts[k] - 1]) == 1);
	}
}
END_TEST

#define LIST                                                                                       \
	HEAD "\nOne https://one.example/a and two https://two.example/b?c=d\n"                     \
	     "and http://three.example/ again.\n"

START_TEST(letters_choose_a_link)
{
	struct desk d;

	desk_open(&d, LIST, 24, 80);
	screen_keys(d.s, "o");
	assert_shows(&d, "Open which link?");
	assert_shows(&d, "One attps://one.example/a and two sttps://two.example/b?c=d");
	screen_keys(d.s, "s");
	assert_shows(&d, "Opening https://two.example/b?c=d");
	assert_opened(&d, "https://two.example/b?c=d");
	/* a letter that is not there, and the way out */
	screen_keys(d.s, "o");
	draw(&d);
	screen_keys(d.s, "x");
	assert_shows(&d, "No link has this letter");
	screen_keys(d.s, "<Esc>");
	ck_assert_str_eq(ui_view(d.s->ui)->ops->name, "message");
	assert_opened(&d, "");
	desk_close(&d);
}
END_TEST

/* Nobody chooses what he has not seen. */
START_TEST(letters_that_were_not_seen_choose_nothing)
{
	struct desk d;

	desk_open(&d, LIST, 24, 80);
	screen_keys(d.s, "os");
	ck_assert_str_eq(ui_view(d.s->ui)->ops->name, "hints");
	assert_opened(&d, "");
	desk_close(&d);
}
END_TEST

START_TEST(numbers_choose_a_link)
{
	g_autoptr(GString) mail = g_string_new(HEAD "\n");
	struct desk d;

	for (int i = 1; i <= 12; i++)
		g_string_append_printf(mail, "https://n%d.example/\n", i);
	desk_open(&d, mail->str, 10, 60);
	screen_keys(d.s, "o3");
	assert_opened(&d, "https://n3.example/");
	screen_keys(d.s, "o1<Enter>");
	assert_opened(&d, "https://n1.example/");
	screen_keys(d.s, "o12"); /* also what is not on the screen */
	assert_opened(&d, "https://n12.example/");
	screen_keys(d.s, "o1");
	screen_keys(d.s, "<BS>4");
	assert_opened(&d, "https://n4.example/");
	screen_keys(d.s, ":open-link<Space>13<Enter>");
	assert_shows(&d, "numbered from 1 to 12");
	desk_close(&d);
}
END_TEST

START_TEST(all_links_are_listed_with_their_targets)
{
	struct desk d;

	desk_open(&d, LIST, 24, 80);
	screen_keys(d.s, "gl");
	assert_shows(&d, "Links of the message");
	assert_shows(&d, "[3]");
	screen_keys(d.s, "jj<Enter>");
	assert_opened(&d, "http://three.example/");
	screen_keys(d.s, "ky");
	assert_shows(&d, "Copied: https://two.example/b?c=d");
	ck_assert_str_eq(d.s->ui->to_copy, "https://two.example/b?c=d");
	screen_keys(d.s, "q");
	ck_assert_str_eq(ui_view(d.s->ui)->ops->name, "message");
	desk_close(&d);
}
END_TEST

START_TEST(a_message_without_links_says_so)
{
	struct desk d;

	desk_open(&d, HEAD "\nnothing here\n", 24, 80);
	screen_keys(d.s, "o");
	assert_shows(&d, "This message has no links");
	screen_keys(d.s, "gl");
	assert_shows(&d, "This message has no links");
	desk_close(&d);
}
END_TEST

/* --- what is asked first -------------------------------------------------------------------- */

static const struct {
	const char *html;     /* one link */
	const char *question; /* NULL = it is opened at once */
	const char *url;      /* what the browser gets behind a y; "" = nothing */
} odd[] = {
	{ "<a href='https://one.example/x'>words</a>", NULL, "https://one.example/x" },
	{ "<a href='https://one.example/a\"b c'>words</a>", NULL, "https://one.example/a%22b%20c" },
	{ "<a href='https://evil.example/'>https://bank.example/</a>",
		"The words of this link name another place. It leads to https://evil.example/. Open it?",
		"https://evil.example/" },
	{ "<a href='https://p\xd0\xb0ypal.com/'>words</a>",
		"spelt so that it looks like another. It leads to https://xn--pypal-4ve.com/. Open it?",
		"https://xn--pypal-4ve.com/" },
	{ "<a href='https://bank.example@evil.example/'>words</a>", "leads to evil.example",
		"https://bank.example@evil.example/" },
	{ "<a href='https://m\xc3\xbcnchen.example/'>words</a>", NULL, "https://xn--mnchen-3ya.example/" },
	{ "<a href='ftp://one.example/x'>words</a>", "no address of the web", "ftp://one.example/x" },
};

START_TEST(odd_links_are_asked_about)
{
	g_autofree char *mail = g_strconcat(HTML, "<p>", odd[_i].html, "</p>\n", NULL);
	struct desk d;

	desk_open(&d, mail, 24, 80);
	if (reading_document(d.s->ui)->links->len == 0) { /* the parser took it for no link at all */
		ck_assert_ptr_nonnull(odd[_i].question);
		desk_close(&d);
		return;
	}
	screen_keys(d.s, "o1");
	if (odd[_i].question) {
		assert_shows(&d, odd[_i].question);
		screen_keys(d.s, "n");
		assert_opened(&d, "");
		screen_keys(d.s, "o1y");
	}
	assert_opened(&d, odd[_i].url);
	desk_close(&d);
}
END_TEST

START_TEST(mail_links_offer_the_address)
{
	struct desk d;

	desk_open(&d, HTML "<a href='mailto:bob%40b@example.com?subject=x'>write</a>\n", 24, 80);
	screen_keys(d.s, "o1");
	assert_shows(&d, "tern cannot write mail yet. Copy bob@b@example.com?");
	ck_assert_ptr_null(d.s->ui->to_copy);
	screen_keys(d.s, "y");
	ck_assert_str_eq(d.s->ui->to_copy, "bob@b@example.com");
	desk_close(&d);
}
END_TEST

/* What is pasted into a shell must not run by itself, nor turn the line round. */
START_TEST(a_copied_address_has_no_line_end)
{
	struct desk d;

	desk_open(&d, HTML "<a href='mailto:bob%0Atouch%20x%0D%1B[31m%E2%80%AE@example.com'>write</a>\n", 24, 80);
	screen_keys(d.s, "o1");
	screen_keys(d.s, "y");
	ck_assert_ptr_nonnull(d.s->ui->to_copy);
	for (const char *p = d.s->ui->to_copy; *p; p++)
		ck_assert_msg((unsigned char)*p >= ' ', "%s", d.s->ui->to_copy);
	ck_assert_ptr_null(strstr(d.s->ui->to_copy, "\xE2\x80\xAE"));
	desk_close(&d);
}
END_TEST

START_TEST(without_a_browser_the_address_can_be_copied)
{
	struct desk d;

	desk_open(&d, LIST, 24, 80);
	d.s->config.browser = (char *)"";
	screen_keys(d.s, "o1y");
	ck_assert_str_eq(d.s->ui->to_copy, "https://one.example/a");
	d.s->config.browser = (char *)"/no/such/program";
	screen_keys(d.s, "o1");
	assert_shows(&d, "/no/such/program");
	desk_close(&d);
}
END_TEST

/* --- copying ---------------------------------------------------------------------------------- */

START_TEST(copying_obeys_the_option)
{
	struct desk d;
	g_autofree char *program = NULL;

	desk_open(&d, LIST, 24, 80);
	screen_keys(d.s, "y");
	assert_shows(&d, "Copy which link?");
	screen_keys(d.s, "a");
	ck_assert_str_eq(d.s->ui->to_copy, "https://one.example/a");
	g_clear_pointer(&d.s->ui->to_copy, g_free);
	d.s->config.clipboard = (char *)"off";
	screen_keys(d.s, ":copy-link<Space>1<Enter>");
	assert_shows(&d, "the option clipboard is off");
	ck_assert_ptr_null(d.s->ui->to_copy);
	program = g_strdup_printf("command:sh -c 'cat >\"$0.tmp\" && mv \"$0.tmp\" \"$0\"' '%s'", d.file);
	d.s->config.clipboard = program;
	screen_keys(d.s, ":copy-link<Space>2<Enter>");
	assert_shows(&d, "Copied: https://two.example/b?c=d");
	ck_assert_ptr_null(d.s->ui->to_copy);
	assert_opened(&d, "https://two.example/b?c=d");
	desk_close(&d);
}
END_TEST

/* --- leaving a list ----------------------------------------------------------------------------- */

static char *clicked;
static struct err click_result;

static int64_t fake_click(struct engine *e, const char *url)
{
	(void)e;
	g_free(clicked);
	clicked = g_strdup(url);
	return 7;
}

static bool fake_told(struct engine *e, int64_t ticket, struct err *out)
{
	(void)e;
	*out = click_result;
	return ticket == 7;
}

#define ONE_CLICK "List-Unsubscribe: <https://lists.example/u/1>\nList-Unsubscribe-Post: List-Unsubscribe=One-Click\n"

START_TEST(a_list_is_left_after_a_question)
{
	struct desk d;

	g_clear_pointer(&clicked, g_free);
	desk_open(&d, ONE_CLICK HEAD "\nx\n", 24, 80);
	d.s->ui->engine->one_click = fake_click;
	d.s->ui->engine->told = fake_told;
	screen_keys(d.s, "gU");
	assert_shows(&d, "Leave this list? tern sends a POST to https://lists.example/u/1; this tells "
			 "lists.example that this address is read. No checked signature vouches for this");
	screen_keys(d.s, "n");
	ck_assert_ptr_null(clicked);
	screen_keys(d.s, "gUy");
	ck_assert_str_eq(clicked, "https://lists.example/u/1");
	assert_shows(&d, "Telling lists.example");
	click_result = (struct err){ 0 };
	ui_event(d.s->ui, &(struct event){ .kind = EV_ONE_CLICK, .message = 7 });
	assert_shows(&d, "Unsubscribed: lists.example has taken the request");
	/* a failure, and one whose event was lost among many */
	screen_keys(d.s, "gUy");
	err_set(&click_result, ERR_REFUSED, "lists.example did not accept the request");
	ui_event(d.s->ui, &(struct event){ .kind = EV_RESYNC });
	assert_shows(&d, "lists.example did not accept the request");
	g_clear_pointer(&clicked, g_free);
	desk_close(&d);
}
END_TEST

START_TEST(a_checked_signature_vouches)
{
	struct desk d;

	desk_open(&d,
		"Authentication-Results: mx.google.com; dkim=pass header.d=lists.example\n"
		"DKIM-Signature: d=lists.example; h=from:list-unsubscribe:list-unsubscribe-post\n" ONE_CLICK HEAD "\nx\n",
		24, 80);
	((struct account *)d.s->config.accounts->pdata[0])->host = g_strdup("imap.gmail.com");
	d.s->ui->engine->one_click = fake_click;
	screen_keys(d.s, "gU");
	assert_shows(&d, "that this address is read. y/n");
	desk_close(&d);
}
END_TEST

START_TEST(other_ways_out_of_a_list)
{
	struct desk d;

	desk_open(&d, "List-Unsubscribe: <https://lists.example/page>\n" HEAD "\nx\n", 24, 80);
	screen_keys(d.s, "gU");
	assert_shows(&d, "is left on a web page, https://lists.example/page");
	screen_keys(d.s, "y");
	assert_opened(&d, "https://lists.example/page");
	desk_close(&d);
	desk_open(&d, "List-Unsubscribe: <mailto:leave@lists.example?subject=go%20away>\n" HEAD "\nx\n", 24, 80);
	screen_keys(d.s, "gU");
	assert_shows(&d, "by a mail with the subject \"go away\", which tern cannot send yet. Copy leave@lists.example?");
	desk_close(&d);
	desk_open(&d, HEAD "\nx\n", 24, 80);
	screen_keys(d.s, "gU");
	assert_shows(&d, "does not say how to leave a list");
	desk_close(&d);
}
END_TEST

/* --- who sent it ---------------------------------------------------------------------------------- */

static const struct {
	const char *mail, *line;
	enum style style;
} senders[] = {
	{ "Authentication-Results: mx.google.com; dmarc=pass header.from=example.com\n" HEAD "\nx\n",
		"Sender checked: example.com (DMARC)", STYLE_SENDER_GOOD },
	{ "Authentication-Results: mx.google.com; dmarc=fail header.from=example.com\n" HEAD "\nx\n",
		"Sender NOT confirmed: this may not come from example.com (DMARC failed)", STYLE_SEAL_DOUBT },
	{ "From: PayPal <service@paypa1.com>\nSubject: s\n\nx\n",
		"This address looks like paypal.com but is paypa1.com", STYLE_SEAL_BAD },
	{ HEAD "Reply-To: x@other.example\n\nx\n", "Answers go to another domain: other.example", STYLE_NOTICE },
};

/* The row of the screen that is just this text; -1 = none. */
static int row_of_text(struct desk *d, const char *line)
{
	for (int y = 0; y < d->s->canvas->height; y++) {
		g_autofree char *row = screen_row(d->s, y);

		if (strcmp(g_strstrip(row), line) == 0)
			return y;
	}
	return -1;
}

START_TEST(the_head_tells_who_sent_it)
{
	struct desk d;
	int y;

	desk_open(&d, senders[_i].mail, 30, 80);
	((struct account *)d.s->config.accounts->pdata[0])->host = g_strdup("imap.gmail.com");
	screen_size(d.s, 31, 81);
	y = row_of_text(&d, senders[_i].line);
	ck_assert_msg(y > 0, "%s", senders[_i].line);
	ck_assert_int_eq(d.s->canvas->cells[y * d.s->canvas->width].style, senders[_i].style);
	desk_close(&d);
}
END_TEST

/* A mail cannot write such a line itself: no header of it gets this look. */
START_TEST(mail_cannot_paint_a_verdict)
{
	static const char fake[] =
		"From: x <x@evil.example>\nSubject: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\n"
		" Sender checked: bank.example (DMARC, DKIM)\n"
		"Sender checked: bank.example (DKIM)\n\nSender checked: bank.example (DKIM)\n";
	struct desk d;

	desk_open(&d, fake, 30, 80);
	for (int all = 0; all < 3; all++) {
		draw(&d);
		for (int i = 0; i < 30 * 80; i++) {
			enum style style = d.s->canvas->cells[i].style;

			ck_assert(style != STYLE_SENDER_GOOD && style != STYLE_SEAL_GOOD);
		}
		screen_keys(d.s, "H");
	}
	desk_close(&d);
}
END_TEST

/* Known are the domains that the reader wrote to, and a look-alike of them is told. */
START_TEST(correspondents_are_known)
{
	struct screen *s = screen_new(1, 30, 80);
	g_autoptr(GPtrArray) out = g_ptr_array_new_with_free_func(g_free);
	struct err err;

	screen_mail(s, s->sent, 1, &(struct mail){ "Me", "me@example.org", "Bob <bob@Example-Bank.com>, c@x.example", "s", 60, 1, false });
	for (int i = 0; i < 9; i++)
		screen_mail(s, s->rig->inbox, (uint64_t)i + 1,
			&(struct mail){ "N", i < 5 ? "n@news.example" : "r@rare.example", "me", "s", 60, 1, false });
	ck_assert_int_eq(store_known_domains(s->rig->store, s->rig->account, out, 10, &err), 0);
	ck_assert_uint_eq(out->len, 3);
	g_ptr_array_add(out, NULL);
	ck_assert(g_strv_contains((const char *const *)out->pdata, "example-bank.com"));
	ck_assert(g_strv_contains((const char *const *)out->pdata, "x.example"));
	ck_assert(g_strv_contains((const char *const *)out->pdata, "news.example"));
	screen_free(&s);
}
END_TEST

Suite *suite_of_links(void)
{
	Suite *s = suite_create("ui links");
	TCase *tc = tcase_create("links");

	tcase_set_timeout(tc, 60);
	tcase_add_test(tc, labels_are_short_and_none_begins_another);
	tcase_add_test(tc, letters_choose_a_link);
	tcase_add_test(tc, letters_that_were_not_seen_choose_nothing);
	tcase_add_test(tc, numbers_choose_a_link);
	tcase_add_test(tc, all_links_are_listed_with_their_targets);
	tcase_add_test(tc, a_message_without_links_says_so);
	tcase_add_loop_test(tc, odd_links_are_asked_about, 0, G_N_ELEMENTS(odd));
	tcase_add_test(tc, mail_links_offer_the_address);
	tcase_add_test(tc, a_copied_address_has_no_line_end);
	tcase_add_test(tc, without_a_browser_the_address_can_be_copied);
	tcase_add_test(tc, copying_obeys_the_option);
	tcase_add_test(tc, a_list_is_left_after_a_question);
	tcase_add_test(tc, a_checked_signature_vouches);
	tcase_add_test(tc, other_ways_out_of_a_list);
	tcase_add_loop_test(tc, the_head_tells_who_sent_it, 0, G_N_ELEMENTS(senders));
	tcase_add_test(tc, mail_cannot_paint_a_verdict);
	tcase_add_test(tc, correspondents_are_known);
	suite_add_tcase(s, tc);
	return s;
}
