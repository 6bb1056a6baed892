/* The screen as a person meets it: keys in, cells out. */
#include <locale.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "mime/text.h"
#include "model/flags.h"
#include "screen.h"

static struct screen *s;

static void teardown(void)
{
	if (s)
		screen_free(&s);
}

static void one_account(void)
{
	s = screen_new(1, 24, 80);
	screen_fill(s);
}

static const char letter[] = "From: Ana Lima <ana@example.org>\n"
			     "To: me@example.org, team@example.org\n"
			     "Subject: Tuesday's review moved to 3 pm\n"
			     "Date: Fri, 15 Mar 2024 11:55:00 +0000\n"
			     "X-Mailer: test 1.0\n"
			     "Content-Type: text/plain; charset=utf-8\n\n"
			     "Hello,\n\n"
			     "the review of Tuesday is at 3 pm now, because the room is taken in the "
			     "morning, and nobody likes mornings anyway.\n\n"
			     "> On Monday you wrote:\n"
			     "> > Shall we move it? I am asking because the room that we always use is "
			     "being painted this week.\n"
			     "> Let me see.\n\n"
			     "Details: https://example.org/rooms/3/calendar?week=12&view=full&highlight="
			     "review-of-tuesday-at-three-in-the-afternoon\n\n"
			     "日本語の長い文章も画面の幅で正しく折り返されなければなりません。半分の文字を"
			     "表示してはいけません。\n\n"
			     "-- \nAna\nexample.org\n";

static guint waiting_changes(void)
{
	g_autoptr(GPtrArray) rows = NULL;
	struct err err;

	ck_assert_int_eq(store_queue_rows(s->rig->store, s->rig->account, false, &rows, &err), 0);
	return rows->len;
}

/* --- screens ----------------------------------------------------------- */

START_TEST(welcome_screen)
{
	static const struct {
		int h, w;
		const char *name;
	} sizes[] = { { 24, 80, "welcome-80x24" }, { 50, 160, "welcome-160x50" },
		{ 10, 40, "welcome-40x10" } };

	s = screen_new(0, 24, 80);
	for (size_t i = 0; i < G_N_ELEMENTS(sizes); i++) {
		screen_size(s, sizes[i].h, sizes[i].w);
		screen_golden(s, sizes[i].name);
	}
	screen_size(s, 24, 80);
	screen_keys(s, "1");
	ck_assert(screen_shows(s, "tern account add"));
}
END_TEST

START_TEST(list_screen)
{
	static const struct {
		int h, w;
		const char *name;
	} sizes[] = { { 24, 80, "list-80x24" }, { 50, 160, "list-160x50" }, { 10, 40, "list-40x10" },
		{ 60, 200, "list-200x60" }, { 5, 20, "list-20x5" }, { 4, 19, "list-too-small" } };

	one_account();
	for (size_t i = 0; i < G_N_ELEMENTS(sizes); i++) {
		screen_size(s, sizes[i].h, sizes[i].w);
		screen_golden(s, sizes[i].name);
	}
}
END_TEST

START_TEST(any_size_can_be_drawn)
{
	one_account();
	screen_body(s, 1, letter);
	for (int round = 0; round < 4; round++) {
		for (int h = 1; h < 30; h += 3)
			for (int w = 1; w < 100; w += 7) {
				screen_size(s, h, w);
				ui_draw(s->ui, s->canvas);
			}
		screen_size(s, 24, 80);
		screen_keys(s, round == 0 ? "<Enter>" : round == 1 ? "q?" : "<Esc>c");
	}
}
END_TEST

START_TEST(several_accounts_share_an_inbox)
{
	s = screen_new(2, 24, 80);
	screen_fill(s);
	screen_golden(s, "accounts-80x24");
	screen_keys(s, "J");
	ck_assert(screen_shows(s, "test / Inbox"));
	screen_keys(s, "gs");
	screen_golden(s, "sent-80x24");
	screen_keys(s, "gu");
	ck_assert(screen_shows(s, "All inboxes"));
}
END_TEST

START_TEST(reader_screen)
{
	one_account();
	screen_body(s, 1, letter);
	screen_keys(s, "<Enter>");
	screen_golden(s, "reader-80x24");
	screen_keys(s, "G");
	screen_golden(s, "reader-end-80x24");
	screen_size(s, 10, 40);
	screen_golden(s, "reader-40x10");
	screen_keys(s, "gg"); /* the headers leave room for the text */
	screen_golden(s, "reader-top-40x10");
	screen_keys(s, "G");
	screen_size(s, 50, 160);
	screen_golden(s, "reader-160x50");
	screen_size(s, 24, 80);
	screen_keys(s, "H");
	screen_golden(s, "reader-headers-80x24");
	screen_keys(s, "q");
	ck_assert_int_eq(ui_view(s->ui)->ops->context, IN_LIST);
}
END_TEST

START_TEST(help_screen)
{
	one_account();
	screen_keys(s, "?");
	screen_golden(s, "help-80x24");
	screen_size(s, 10, 40);
	screen_golden(s, "help-40x10");
	screen_size(s, 24, 80);
	ck_assert(!screen_shows(s, "…"));
	screen_keys(s, "<Space><Space>jkG<Esc>");
	ck_assert_int_eq(ui_view(s->ui)->ops->context, IN_LIST);
}
END_TEST

START_TEST(picker_narrows)
{
	one_account();
	screen_keys(s, "c");
	screen_golden(s, "picker-80x24");
	screen_keys(s, "tr");
	screen_golden(s, "picker-narrowed-80x24");
	screen_keys(s, "<BS><BS>übu<Enter>");
	ck_assert(screen_shows(s, "test / Lists/Übung"));
	screen_keys(s, "czzz<Enter>");
	ck_assert(screen_shows(s, "No mailbox has these letters"));
	screen_keys(s, "<Esc>");
	ck_assert_int_eq(ui_view(s->ui)->ops->context, IN_LIST);
}
END_TEST

START_TEST(which_key_comes_after_a_while)
{
	one_account();
	screen_keys(s, "g");
	ck_assert(screen_shows(s, "g…"));
	ck_assert(!screen_shows(s, "go archive"));
	ck_assert_int_gt(ui_tick(s->ui), 0); /* something looks again until then */
	ck_assert_int_le(ui_tick(s->ui), WHICH_KEY_MS);
	screen_wait(s, WHICH_KEY_MS);
	screen_golden(s, "which-key-80x24");
	screen_keys(s, "<Esc>");
	ck_assert(!screen_shows(s, "go archive"));
	ck_assert(!screen_shows(s, "does nothing"));
}
END_TEST

/* --- changes ----------------------------------------------------------- */

START_TEST(a_flag_is_stored_shown_and_pushed)
{
	one_account();
	screen_keys(s, "F");
	ck_assert(screen_shows(s, "Flagged; u undoes it"));
	ck_assert(screen_shows(s, "1 waiting"));
	ck_assert_str_eq(s->calls->str, "push 1\n");
	ck_assert_uint_eq(waiting_changes(), 1);
	ck_assert_int_eq(s->ui->list.cursor, 1);
	screen_golden(s, "flagged-80x24");
	screen_keys(s, "u");
	ck_assert(screen_shows(s, "Undone:"));
	ck_assert_int_eq(s->ui->list.cursor, 0);
	screen_golden(s, "unflagged-80x24");
}
END_TEST

START_TEST(delete_and_undo)
{
	one_account();
	screen_keys(s, "jd");
	ck_assert(!screen_shows(s, "build 4711"));
	ck_assert(screen_shows(s, "Moved to the trash; u undoes it"));
	ck_assert_str_eq(list_current(&s->ui->list)->subject, "Re: Invoice 2024-03");
	screen_golden(s, "deleted-80x24");
	screen_keys(s, "u");
	ck_assert(screen_shows(s, "build 4711"));
	ck_assert_str_eq(list_current(&s->ui->list)->subject, "[tern] build 4711 failed: test_ui");
	screen_keys(s, "u");
	ck_assert(screen_shows(s, "Nothing to undo"));
}
END_TEST

/* The server has it in the trash already: what comes back is another row. */
START_TEST(undo_of_a_sent_delete_goes_back_to_the_message)
{
	struct mutation_batch *b;

	one_account();
	screen_keys(s, "jd");
	b = rig_claim(s->rig);
	ck_assert_ptr_nonnull(b);
	rig_settle(s->rig, &b, APPLIED_DONE, 77, ERR_OK);
	screen_events(s);
	screen_keys(s, "u");
	ck_assert(screen_shows(s, "build 4711"));
	ck_assert_str_eq(list_current(&s->ui->list)->subject, "[tern] build 4711 failed: test_ui");
}
END_TEST

START_TEST(the_last_message_can_go)
{
	one_account();
	for (int i = 0; i < 10; i++)
		screen_keys(s, "Gd");
	ck_assert_ptr_null(list_current(&s->ui->list));
	ck_assert(screen_shows(s, "No messages here."));
	screen_keys(s, "d");
	ck_assert(screen_shows(s, "There is no message here"));
	screen_keys(s, "<Enter>jkG<C-d>U<Tab>");
	for (int i = 0; i < 10; i++)
		screen_keys(s, "u");
	ck_assert_int_eq(s->ui->list.total, 10);
}
END_TEST

START_TEST(move_by_the_picker)
{
	one_account();
	screen_keys(s, "sdevel<Enter>");
	ck_assert(screen_shows(s, "Moved to Lists/tern-devel; u undoes it"));
	ck_assert(!screen_shows(s, "Tuesday's"));
	screen_keys(s, ":move<Space>junk<Enter>S");
	ck_assert_uint_eq(waiting_changes(), 3);
	screen_keys(s, "gj");
	ck_assert_int_eq(s->ui->list.total, 2);
}
END_TEST

START_TEST(the_picker_moves_what_the_key_was_pressed_on)
{
	one_account();
	screen_keys(s, "js");
	rig_fact(s->rig, s->rig->inbox, CHANGE_GONE, 2, 0);
	screen_events(s);
	screen_keys(s, "devel<Enter>");
	ck_assert_uint_eq(waiting_changes(), 0);
	ck_assert_int_eq(s->ui->list.total, 9);
}
END_TEST

START_TEST(the_next_body_is_asked_for_ahead)
{
	one_account();
	screen_body(s, 1, letter);
	screen_keys(s, "<Enter>");
	ck_assert(screen_shows(s, "the review of Tuesday"));
	screen_wait(s, 1);
	ck_assert_str_eq(s->calls->str, "body 1 2\n");
}
END_TEST

/* The newest request goes first, so nothing may be asked for behind the message that is awaited. */
START_TEST(nothing_is_asked_for_ahead_of_the_open_message)
{
	struct event here = { .kind = EV_BODY, .account = 1, .message = 1 };

	one_account();
	screen_keys(s, "<Enter>");
	screen_wait(s, 1);
	ck_assert_str_eq(s->calls->str, "body 1 1\n");
	screen_body(s, 1, letter);
	ui_event(s->ui, &here);
	screen_read(s);
	screen_wait(s, 1);
	ck_assert_str_eq(s->calls->str, "body 1 1\nbody 1 2\n");
}
END_TEST

START_TEST(a_read_only_account_is_left_alone)
{
	one_account();
	((struct account *)s->config.accounts->pdata[0])->two_way = false;
	screen_keys(s, "d");
	ck_assert(screen_shows(s, "test is read-only"));
	ck_assert_uint_eq(waiting_changes(), 0);
	ck_assert_str_eq(s->calls->str, "");
}
END_TEST

START_TEST(reading_marks_read_after_the_delay)
{
	one_account();
	screen_body(s, 1, letter);
	screen_keys(s, "<Enter>");
	ck_assert_uint_eq(waiting_changes(), 0);
	screen_wait(s, 1000);
	ck_assert_uint_eq(waiting_changes(), 1);
	ck_assert(g_str_has_suffix(s->calls->str, "push 1\n"));
	screen_keys(s, "U");
	ck_assert(screen_shows(s, "Marked unread"));
	ck_assert(screen_shows(s, "● unread"));
	screen_keys(s, "q");
	ck_assert(!(list_current(&s->ui->list)->flags & FLAG_SEEN));
}
END_TEST

START_TEST(leaving_early_marks_nothing)
{
	one_account();
	screen_body(s, 1, letter);
	screen_keys(s, "<Enter>q");
	screen_wait(s, 5000);
	ck_assert_uint_eq(waiting_changes(), 0);
}
END_TEST

/* --- the reader -------------------------------------------------------- */

START_TEST(a_missing_body_is_fetched)
{
	struct event e = { .kind = EV_BODY, .account = 1 };

	one_account();
	screen_keys(s, "<Enter>");
	ck_assert(g_str_has_prefix(s->calls->str, "body 1 "));
	ck_assert(screen_shows(s, "Fetching the message"));
	screen_golden(s, "fetching-80x24");
	e.message = ui_row(s->ui)->message.v;
	screen_body(s, 1, letter);
	ui_event(s->ui, &e);
	screen_read(s);
	ck_assert(screen_shows(s, "the review of Tuesday"));
}
END_TEST

START_TEST(a_failed_fetch_says_why)
{
	struct event e = { .kind = EV_BODY, .account = 1, .code = ERR_OFFLINE };

	one_account();
	screen_keys(s, "<Enter>");
	e.message = ui_row(s->ui)->message.v;
	ui_event(s->ui, &e);
	ck_assert(screen_shows(s, "The server cannot be reached"));
	ck_assert(screen_shows(s, "Press r to try again"));
	screen_golden(s, "fetch-failed-80x24");
	g_string_truncate(s->calls, 0);
	screen_keys(s, "r");
	ck_assert(g_str_has_prefix(s->calls->str, "body 1 "));
	screen_keys(s, "<Esc>");
	ck_assert_int_eq(ui_view(s->ui)->ops->context, IN_LIST);
}
END_TEST

START_TEST(the_reader_walks_the_list)
{
	one_account();
	screen_body(s, 1, letter);
	screen_keys(s, "<Enter>J");
	ck_assert(screen_shows(s, "build 4711"));
	screen_keys(s, "K");
	ck_assert(screen_shows(s, "the review of Tuesday"));
	screen_keys(s, "K");
	ck_assert(screen_shows(s, "This is the first message"));
	screen_keys(s, "e");
	ck_assert(screen_shows(s, "Archived; u undoes it"));
	ck_assert_str_eq(ui_row(s->ui)->subject, "[tern] build 4711 failed: test_ui");
	screen_keys(s, "<Tab>");
	ck_assert(screen_shows(s, "会議"));
}
END_TEST

START_TEST(attachments_are_listed)
{
	one_account();
	screen_body(s, 3,
		"From: no-name@example.org\nSubject: Re: Invoice 2024-03\nMIME-Version: 1.0\n"
		"Content-Type: multipart/mixed; boundary=b\n\n"
		"--b\nContent-Type: text/plain\n\nSee the file.\n"
		"--b\nContent-Type: application/pdf\nContent-Transfer-Encoding: base64\n"
		"Content-Disposition: attachment; filename=\"invoice \x1b[2J.pdf\"\n\n"
		"SGVsbG8gd29ybGQ=\n--b--\n");
	screen_keys(s, "jj<Enter>");
	screen_golden(s, "attachments-80x24");
}
END_TEST

/* --- moving and events ------------------------------------------------- */

START_TEST(a_long_list_is_walked_by_windows)
{
	s = screen_new(1, 24, 80);
	screen_fill_many(s, 5000);
	for (int i = 0; i < 700; i++)
		screen_keys(s, "j");
	ck_assert_str_eq(list_current(&s->ui->list)->subject, "Message 4300");
	ck_assert_uint_lt(s->ui->list.rows->len, 400);
	screen_keys(s, "<PgDn><PgDn><PgUp><C-d><C-u>");
	ck_assert_str_eq(list_current(&s->ui->list)->subject, "Message 4279");
	screen_keys(s, "G");
	ck_assert_str_eq(list_current(&s->ui->list)->subject, "Message 1");
	ck_assert(screen_shows(s, "Message 21"));
	for (int i = 0; i < 300; i++)
		screen_keys(s, "k");
	ck_assert_str_eq(list_current(&s->ui->list)->subject, "Message 301");
	screen_keys(s, "gg");
	ck_assert_str_eq(list_current(&s->ui->list)->subject, "Message 5000");
	ck_assert(screen_shows(s, "5,000 messages"));
}
END_TEST

START_TEST(mail_that_arrives_leaves_the_cursor_alone)
{
	one_account();
	screen_keys(s, "jj");
	screen_mail(s, s->rig->inbox, 50, &(struct mail){ "New", "n@example.org", NULL, "Just in", 1, 0 });
	screen_events(s);
	ck_assert_str_eq(list_current(&s->ui->list)->subject, "Re: Invoice 2024-03");
	ck_assert(screen_shows(s, "Just in"));
	ck_assert_int_eq(s->ui->list.cursor, 3);
}
END_TEST

START_TEST(a_storm_of_events_is_read_ten_times_a_second)
{
	struct event e = { .kind = EV_MESSAGES, .account = 1 };
	int reads = 0;
	int64_t last;

	one_account();
	last = s->ui->read_at;
	for (int i = 0; i < 1000; i++) {
		ui_event(s->ui, &e);
		screen_wait(s, 1);
		reads += s->ui->read_at != last;
		last = s->ui->read_at;
	}
	ck_assert_int_ge(reads, 9);
	ck_assert_int_le(reads, 11);
}
END_TEST

START_TEST(the_server_takes_a_message_away)
{
	one_account();
	screen_keys(s, "j");
	rig_fact(s->rig, s->rig->inbox, CHANGE_GONE, 2, 0);
	screen_events(s);
	ck_assert_str_eq(list_current(&s->ui->list)->subject, "Re: Invoice 2024-03");
	ck_assert(!screen_shows(s, "build 4711"));
}
END_TEST

START_TEST(sorting)
{
	one_account();
	screen_keys(s, "o");
	ck_assert(screen_shows(s, "Sorted by sender, ascending"));
	ck_assert(screen_shows(s, "sender ↑"));
	screen_keys(s, "O");
	ck_assert(screen_shows(s, "sender ↓"));
	screen_keys(s, ":order<Space>size<Enter>");
	ck_assert(screen_shows(s, "size ↓"));
	screen_keys(s, ":order<Space>taste<Enter>");
	ck_assert(screen_shows(s, "A list is sorted by date, sender, subject or size"));
}
END_TEST

START_TEST(unread_is_found)
{
	one_account();
	screen_keys(s, "<Tab>");
	ck_assert_str_eq(list_current(&s->ui->list)->subject, "[tern] build 4711 failed: test_ui");
	screen_keys(s, "<Tab><Tab><Tab>");
	ck_assert(screen_shows(s, "Started again from the top"));
	ck_assert_int_eq(s->ui->list.cursor, 0);
	screen_keys(s, "G<S-Tab>");
	ck_assert_int_eq(s->ui->list.cursor, 6);
}
END_TEST

/* --- prompt, errors, ends ---------------------------------------------- */

START_TEST(no_key_is_silent)
{
	one_account();
	screen_keys(s, "x");
	ck_assert(screen_shows(s, "x does nothing here: ? shows the keys"));
	screen_keys(s, "gx");
	ck_assert(screen_shows(s, "gx does nothing here"));
	screen_keys(s, ":fly<Enter>");
	ck_assert(screen_shows(s, "There is no command 'fly'"));
	screen_keys(s, ":headers<Enter>");
	ck_assert(screen_shows(s, "This command does nothing here"));
	screen_keys(s, "<Esc>");
	ck_assert(screen_shows(s, "Nothing to cancel"));
	screen_keys(s, "ggk");
	ck_assert(screen_shows(s, "This is the first message"));
	screen_keys(s, "G<PgDn>");
	ck_assert(screen_shows(s, "This is the last message"));
	screen_keys(s, "gg<Enter>H");
	ck_assert(screen_shows(s, "The message is not here yet"));
}
END_TEST

START_TEST(the_prompt_edits_and_completes)
{
	one_account();
	screen_keys(s, ":to<Tab>");
	screen_golden(s, "complete-80x24");
	screen_keys(s, "<Tab>");
	ck_assert(screen_shows(s, ":toggle-flag"));
	screen_keys(s, "<Esc><C-u>helxp<Left><BS><Enter>");
	ck_assert_int_eq(ui_view(s->ui)->ops->context, IN_HELP);
	screen_keys(s, "q:<Up>");
	ck_assert(screen_shows(s, ":help"));
	screen_keys(s, "<C-u>go<Space>lists/t<Tab><Enter>");
	ck_assert(screen_shows(s, "test / Lists/tern-devel"));
	screen_keys(s, ":日本é<Left><Left><Del><C-e>x");
	ck_assert(screen_shows(s, ":日éx"));
	screen_keys(s, "<C-g>");
	ck_assert(!s->ui->prompt.active);
}
END_TEST

START_TEST(pasted_text_is_not_obeyed)
{
	struct key begin = { .code = K_PASTE_BEGIN }, end = { .code = K_PASTE_END };

	one_account();
	ui_key(s->ui, &begin);
	screen_keys(s, "dq<Enter>");
	ui_key(s->ui, &end);
	ck_assert(!s->ui->done);
	ck_assert_int_eq(s->ui->list.total, 10);
	screen_keys(s, ":");
	ui_key(s->ui, &begin);
	screen_keys(s, "quit<Enter>");
	ui_key(s->ui, &end);
	ck_assert(!s->ui->done);
	ck_assert(screen_shows(s, ":quit"));
}
END_TEST

START_TEST(a_quick_escape_is_no_alt)
{
	one_account();
	screen_keys(s, "?<A-j>");
	ck_assert_int_eq(ui_view(s->ui)->ops->context, IN_LIST);
	ck_assert_int_eq(s->ui->list.cursor, 1);
}
END_TEST

START_TEST(quitting)
{
	one_account();
	screen_keys(s, "q");
	ck_assert(s->ui->done);
	ck_assert_int_eq(s->ui->end, UI_QUIT);
}
END_TEST

START_TEST(a_maildir_is_opened)
{
	g_autofree char *root = NULL, *cur = NULL, *command = NULL;

	s = screen_new(0, 24, 80);
	screen_keys(s, ":open-maildir<Space>/nowhere<Enter>");
	ck_assert(screen_shows(s, "This is no Maildir"));
	root = g_build_filename(s->rig->dir, "My mail", NULL);
	cur = g_build_filename(root, "cur", NULL);
	ck_assert_int_eq(g_mkdir_with_parents(cur, 0700), 0);
	command = g_strdup_printf("open-maildir %s", root);
	ui_run_line(s->ui, command);
	ck_assert_msg(s->ui->done, "%s", s->ui->status.text);
	ck_assert_int_eq(s->ui->end, UI_RELOAD);
}
END_TEST

START_TEST(a_refused_change_is_told)
{
	struct mutation_batch *b;
	struct event e;

	one_account();
	screen_keys(s, "d");
	b = rig_claim(s->rig);
	ck_assert_ptr_nonnull(b);
	e = (struct event){ EV_MUTATION, ERR_REFUSED, 1, 0, b->items[0].message.v };
	rig_settle(s->rig, &b, APPLIED_REFUSED, 0, ERR_OK);
	ui_event(s->ui, &e);
	screen_events(s);
	ck_assert(screen_shows(s, "The test says so."));
	ck_assert(screen_shows(s, "Tuesday's"));
}
END_TEST

START_TEST(the_key_table_for_the_manual)
{
	g_autofree char *text = ui_keys_text();

	ck_assert_ptr_nonnull(strstr(text, "key\tlist\tgi\tgo inbox\n"));
	ck_assert_ptr_nonnull(strstr(text, "command\tmove\t[mailbox]\tmove the message"));
}
END_TEST

static Suite *suite_of_screens(void)
{
	Suite *suite = suite_create("ui");
	TCase *tc = tcase_create("screens");

	tcase_add_checked_fixture(tc, NULL, teardown);
	tcase_set_timeout(tc, 60);
	tcase_add_test(tc, welcome_screen);
	tcase_add_test(tc, list_screen);
	tcase_add_test(tc, any_size_can_be_drawn);
	tcase_add_test(tc, several_accounts_share_an_inbox);
	tcase_add_test(tc, reader_screen);
	tcase_add_test(tc, help_screen);
	tcase_add_test(tc, picker_narrows);
	tcase_add_test(tc, which_key_comes_after_a_while);
	tcase_add_test(tc, a_flag_is_stored_shown_and_pushed);
	tcase_add_test(tc, delete_and_undo);
	tcase_add_test(tc, undo_of_a_sent_delete_goes_back_to_the_message);
	tcase_add_test(tc, the_last_message_can_go);
	tcase_add_test(tc, move_by_the_picker);
	tcase_add_test(tc, the_picker_moves_what_the_key_was_pressed_on);
	tcase_add_test(tc, the_next_body_is_asked_for_ahead);
	tcase_add_test(tc, nothing_is_asked_for_ahead_of_the_open_message);
	tcase_add_test(tc, a_read_only_account_is_left_alone);
	tcase_add_test(tc, reading_marks_read_after_the_delay);
	tcase_add_test(tc, leaving_early_marks_nothing);
	tcase_add_test(tc, a_missing_body_is_fetched);
	tcase_add_test(tc, a_failed_fetch_says_why);
	tcase_add_test(tc, the_reader_walks_the_list);
	tcase_add_test(tc, attachments_are_listed);
	tcase_add_test(tc, a_long_list_is_walked_by_windows);
	tcase_add_test(tc, mail_that_arrives_leaves_the_cursor_alone);
	tcase_add_test(tc, a_storm_of_events_is_read_ten_times_a_second);
	tcase_add_test(tc, the_server_takes_a_message_away);
	tcase_add_test(tc, sorting);
	tcase_add_test(tc, unread_is_found);
	tcase_add_test(tc, no_key_is_silent);
	tcase_add_test(tc, the_prompt_edits_and_completes);
	tcase_add_test(tc, pasted_text_is_not_obeyed);
	tcase_add_test(tc, a_quick_escape_is_no_alt);
	tcase_add_test(tc, quitting);
	tcase_add_test(tc, a_maildir_is_opened);
	tcase_add_test(tc, a_refused_change_is_told);
	tcase_add_test(tc, the_key_table_for_the_manual);
	suite_add_tcase(suite, tc);
	return suite;
}

/* Mail is read in a child, which is this program too. */
int main(int argc, char **argv)
{
	SRunner *runner;
	int failed;

	setlocale(LC_ALL, "C.UTF-8");
	if (argc > 1 && strcmp(argv[1], READER_CHILD_WORD) == 0)
		reader_child();
	setenv("TZ", "UTC", 1);
	tzset();
	mime_init();
	runner = srunner_create(suite_of_parts());
	srunner_add_suite(runner, suite_of_screens());
	srunner_add_suite(runner, suite_of_activity());
	srunner_add_suite(runner, suite_of_changes());
	srunner_add_suite(runner, suite_of_flow());
	srunner_add_suite(runner, suite_of_marks());
	srunner_add_suite(runner, suite_of_reading());
	srunner_add_suite(runner, suite_of_seen());
	srunner_add_suite(runner, suite_of_links());
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
