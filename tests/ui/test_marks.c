/* Marks, ranges, counts, and what is done to many messages at once: keys in, cells and wishes out. */
#include <stdio.h>
#include <string.h>

#include "base/text.h"
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

/* n messages, all read; number 1 is the oldest. */
static void many(int n)
{
	s = screen_new(1, 24, 80);
	screen_fill_many(s, n);
}

static guint marked(void)
{
	return marks_count(&s->ui->marks);
}

static int64_t total(mailbox_id m)
{
	return rig_total(s->rig, m);
}

/* The wishes that wait. */
static int64_t waiting(void)
{
	return rig_ask(s->rig, "SELECT count(*) FROM mutation WHERE status = 'queued'");
}

/* Carries large steps to their end, as the thread behind the screen does. */
static void carry_on(void)
{
	struct err err = { 0 };
	int more = 1;

	for (int i = 0; more > 0 && i < 10000; i++)
		more = store_want_more(s->rig->store, &err);
	ck_assert_msg(more == 0, "%s", err.text);
	screen_events(s);
}

/* Lets a search look at everything. */
static void search_on(void)
{
	for (int i = 0; i < 100 && s->ui->search.query; i++)
		screen_wait(s, 1);
	ck_assert_ptr_null(s->ui->search.query);
}

/* The server does not let messages be removed from the inbox. */
static void deny(unsigned what)
{
	struct batch *b = batch_new(s->rig->account, s->rig->inbox);
	struct err err;

	batch_rights(b, what);
	batch_cursor(b, "1", 1, true);
	ck_assert_int_ge(batch_apply(s->rig->store, b, NULL, &err), 0);
	batch_free(&b);
	screen_events(s);
}

/* --- marks ------------------------------------------------------------- */

START_TEST(marks_are_put_and_taken_off)
{
	one_account();
	screen_keys(s, "<Space>jt");
	ck_assert_uint_eq(marked(), 2);
	ck_assert_int_eq(s->ui->list.cursor, 3);
	ck_assert(screen_shows(s, "2 marked: e archive"));
	ck_assert(screen_shows(s, "2 marked · "));
	screen_golden(s, "marked-80x24");
	screen_keys(s, "k<Space>");
	ck_assert_uint_eq(marked(), 1);
	screen_keys(s, "<Esc>");
	ck_assert_uint_eq(marked(), 0);
	ck_assert(!screen_shows(s, "marked"));
	ck_assert_int_eq(waiting(), 0);
}
END_TEST

START_TEST(marks_on_every_screen)
{
	one_account();
	screen_keys(s, "t<Space>jt");
	screen_size(s, 10, 40);
	screen_golden(s, "marked-40x10");
	screen_size(s, 50, 160);
	screen_golden(s, "marked-160x50");
}
END_TEST

START_TEST(marks_stay_with_their_messages)
{
	one_account();
	screen_keys(s, "jt");
	screen_mail(s, s->rig->inbox, 50, &(struct mail){ "New", "n@example.org", NULL, "Just in", 1, 0 });
	screen_events(s);
	screen_keys(s, "oOo"); /* other orders */
	ck_assert_uint_eq(marked(), 1);
	screen_keys(s, "G<C-u>:order<Space>date<Enter>gg");
	ck_assert(screen_shows(s, "✓10:00"));
	screen_keys(s, "d");
	ck_assert(!screen_shows(s, "build 4711"));
	ck_assert(screen_shows(s, "Just in"));
	ck_assert_uint_eq(marked(), 0);
}
END_TEST

START_TEST(marks_of_what_is_gone_drop_out)
{
	one_account();
	screen_keys(s, "ttt");
	rig_fact(s->rig, s->rig->inbox, CHANGE_GONE, 2, 0);
	screen_events(s);
	ck_assert_uint_eq(marked(), 2);
	screen_keys(s, "J");
	ck_assert_uint_eq(marked(), 0);
}
END_TEST

START_TEST(many_marks_of_what_is_gone_drop_out)
{
	many(5000);
	screen_keys(s, "Tall<Enter>");
	search_on();
	ck_assert_uint_eq(marked(), 5000);
	for (int i = 0; i < 5; i++)
		rig_fact(s->rig, s->rig->inbox, CHANGE_GONE, (uint64_t)(i * 1000 + 1), 0);
	screen_events(s);
	for (int i = 0; i < 4; i++)
		screen_wait(s, 4000);
	ck_assert_uint_eq(marked(), 4995);
}
END_TEST

START_TEST(the_marked_are_acted_on)
{
	one_account();
	screen_keys(s, "tjtjjte");
	ck_assert(screen_shows(s, "Archived: 3 messages; u undoes it"));
	ck_assert_int_eq(s->ui->list.total, 7);
	ck_assert_int_eq(total(s->rig->archive), 3);
	ck_assert_uint_eq(marked(), 0);
	ck_assert_str_eq(s->calls->str, "push 1\n");
	screen_keys(s, "u");
	ck_assert_int_eq(s->ui->list.total, 10);
	ck_assert_uint_eq(marked(), 0);
	ck_assert(screen_shows(s, "Undone: move of 3 messages"));
	ck_assert(screen_shows(s, "^R does it again"));
}
END_TEST

START_TEST(the_cursor_goes_to_the_next_that_is_there)
{
	one_account();
	screen_keys(s, "jttkkd"); /* rows 1 and 2, the cursor on 1 */
	ck_assert_int_eq(s->ui->list.cursor, 1);
	ck_assert_str_eq(list_current(&s->ui->list)->from_name, "山田太郎");
}
END_TEST

START_TEST(toggles_make_them_alike)
{
	one_account();
	screen_keys(s, "ttt"); /* two unread, one read */
	screen_keys(s, "U");
	ck_assert(screen_shows(s, "Marked read: 2 messages"));
	screen_keys(s, "ggtttU");
	ck_assert(screen_shows(s, "Marked unread: 3 messages"));
	screen_keys(s, "ggtttF");
	ck_assert(screen_shows(s, "Flagged: 3 messages"));
	screen_keys(s, "ggtttF");
	ck_assert(screen_shows(s, "Flag removed: 3 messages"));
}
END_TEST

START_TEST(the_picker_moves_the_marked)
{
	one_account();
	screen_keys(s, "ttsdevel<Enter>");
	ck_assert(screen_shows(s, "Moved to Lists/tern-devel: 2 messages"));
	ck_assert_int_eq(s->ui->list.total, 8);
}
END_TEST

START_TEST(the_reader_acts_on_what_it_shows)
{
	one_account();
	screen_keys(s, "tjjjj<Enter>d");
	ck_assert_int_eq(s->ui->list.total, 9);
	ck_assert_uint_eq(marked(), 1);
}
END_TEST

/* --- ranges and counts ------------------------------------------------- */

START_TEST(a_range_follows_the_cursor)
{
	one_account();
	screen_keys(s, "jvjj");
	screen_golden(s, "range-80x24");
	screen_keys(s, "e");
	ck_assert(screen_shows(s, "Archived: 3 messages"));
	ck_assert(!s->ui->visual);
	screen_keys(s, "Gvkv");
	ck_assert(!screen_shows(s, "✓"));
	screen_keys(s, "vkk<Esc>d");
	ck_assert(screen_shows(s, "Moved to the trash; u undoes it"));
	screen_keys(s, "ggvjt");
	ck_assert_uint_eq(marked(), 2);
}
END_TEST

START_TEST(a_range_may_be_longer_than_the_window)
{
	static const char *const orders[] = { "date", "sender", "subject", "size" };

	many(1500);
	for (size_t i = 0; i < G_N_ELEMENTS(orders); i++) {
		g_autofree char *line = g_strdup_printf("order %s", orders[i]);

		ui_run_line(s->ui, line);
		screen_keys(s, "gg4jvGkt");
		ck_assert_msg(marked() == 1495, "%s: %u", orders[i], marked());
		screen_keys(s, "OGvggt");
		ck_assert_msg(marked() == 1500, "%s: %u", orders[i], marked());
		screen_keys(s, "<Esc>");
	}
}
END_TEST

START_TEST(digits_are_a_count)
{
	many(100);
	screen_keys(s, "3");
	ck_assert(screen_shows(s, "3…"));
	ck_assert(screen_shows(s, "3 rows: e archive"));
	screen_keys(s, "j");
	ck_assert_int_eq(s->ui->list.cursor, 3);
	ck_assert(!screen_shows(s, "3…"));
	screen_keys(s, "5d");
	ck_assert(screen_shows(s, "Moved to the trash: 5 messages"));
	ck_assert_int_eq(s->ui->list.total, 95);
	ck_assert_int_eq(s->ui->list.cursor, 3);
	screen_keys(s, "10U");
	ck_assert(screen_shows(s, "Marked unread: 10 messages"));
	ck_assert_int_eq(s->ui->list.cursor, 13);
	screen_keys(s, "4t");
	ck_assert_uint_eq(marked(), 4);
	screen_keys(s, "<Esc>7<Esc>d");
	ck_assert_int_eq(s->ui->list.total, 94);
	screen_keys(s, "gg2<Tab>");
	ck_assert_int_eq(s->ui->list.cursor, 4);
	screen_keys(s, "gg0");
	ck_assert(screen_shows(s, "0 does nothing here"));
	screen_keys(s, "99999k");
	ck_assert(screen_shows(s, "This is the first message"));
}
END_TEST

START_TEST(the_last_change_is_done_again)
{
	one_account();
	screen_keys(s, ".");
	ck_assert(screen_shows(s, "There is no change to do again yet"));
	screen_keys(s, "sdevel<Enter>.");
	ck_assert(screen_shows(s, "Moved to Lists/tern-devel; u undoes it"));
	ck_assert_int_eq(s->ui->list.total, 8);
	screen_keys(s, "tt.");
	ck_assert_int_eq(s->ui->list.total, 6);
}
END_TEST

/* --- queries ----------------------------------------------------------- */

START_TEST(a_query_marks)
{
	one_account();
	screen_keys(s, "Tfrom:lima<Enter>");
	ck_assert_uint_eq(marked(), 1);
	ck_assert(screen_shows(s, "1 message matches from:lima and is marked"));
	screen_keys(s, "Tis:unread<Space>after:2024-03-13<Enter>");
	ck_assert_uint_eq(marked(), 3);
	screen_keys(s, "Tsubject:nothing<Enter>");
	ck_assert(screen_shows(s, "No message here matches subject:nothing"));
	ck_assert_uint_eq(marked(), 3);
	screen_keys(s, "Tform:ana<Enter>");
	ck_assert(screen_shows(s, "There is no \"form:\""));
	screen_keys(s, "Tsub<Tab>invoice<Enter>");
	ck_assert_uint_eq(marked(), 4);
	screen_keys(s, "<Esc>Tall<Enter>");
	ck_assert_uint_eq(marked(), 10);
}
END_TEST

START_TEST(a_long_query_leaves_the_keys_alone)
{
	many(9000);
	screen_keys(s, "Tmessage<Enter>");
	ck_assert_uint_eq(marked(), 0);
	ck_assert(screen_shows(s, "of 9,000"));
	ck_assert_int_eq(ui_tick(s->ui), 0);
	screen_keys(s, "j");
	ck_assert_int_eq(s->ui->list.cursor, 1);
	screen_keys(s, "<Esc>");
	ck_assert(screen_shows(s, "Stopped: nothing was marked"));
	ck_assert_int_ne(ui_tick(s->ui), 0);
	screen_keys(s, "Tmessage<Enter>");
	search_on();
	ck_assert_uint_eq(marked(), 9000);
	ck_assert(screen_shows(s, "9,000 messages match message"));
}
END_TEST

/* --- questions --------------------------------------------------------- */

START_TEST(more_than_fifty_are_asked_about)
{
	many(120);
	screen_keys(s, "gg40U40UggTall<Enter>e");
	ck_assert(screen_shows(s, "Move 120 messages of Inbox to Archive?  80 of them are unread.  y/n"));
	screen_golden(s, "bulk-question-80x24");
	screen_size(s, 10, 40);
	screen_golden(s, "bulk-question-40x10");
	screen_size(s, 24, 80);
	screen_keys(s, "xj<Enter>");
	ck_assert(screen_shows(s, "y/n"));
	ck_assert_int_eq(total(s->rig->archive), 0);
	screen_keys(s, "n");
	ck_assert(screen_shows(s, "Nothing was changed"));
	ck_assert_uint_eq(marked(), 120);
	screen_keys(s, "ey");
	ck_assert_int_eq(total(s->rig->archive), 120);
	ck_assert(screen_shows(s, "Archived: 120 messages"));
	screen_keys(s, "u");
	ck_assert_int_eq(s->ui->list.total, 120);
}
END_TEST

START_TEST(fifty_are_not)
{
	many(60);
	screen_keys(s, "50d");
	ck_assert_int_eq(s->ui->list.total, 10);
	screen_keys(s, "u51d");
	ck_assert(screen_shows(s, "Move 51 messages of Inbox to Trash?"));
	screen_keys(s, "<Esc>");
	ck_assert_int_eq(s->ui->list.total, 60);
}
END_TEST

START_TEST(a_question_is_not_answered_by_pasting)
{
	struct key begin = { .code = K_PASTE_BEGIN }, end = { .code = K_PASTE_END };

	many(60);
	screen_keys(s, "60d");
	ui_key(s->ui, &begin);
	screen_keys(s, "y");
	ui_key(s->ui, &end);
	ck_assert_int_eq(s->ui->list.total, 60);
}
END_TEST

START_TEST(deleting_for_ever_is_asked_about)
{
	one_account();
	screen_keys(s, "D");
	ck_assert(screen_shows(s, "Delete 1 message of Inbox for ever?  Nothing brings it back."));
	screen_keys(s, "n");
	ck_assert_int_eq(s->ui->list.total, 10);
	screen_keys(s, "ttDy");
	ck_assert_int_eq(s->ui->list.total, 8);
	ck_assert(screen_shows(s, "Deleted for ever: 2 messages"));
}
END_TEST

/* The wish may leave at any time; before that it can be taken back. */
START_TEST(deleted_for_ever_comes_back_only_before_it_left)
{
	struct mutation_batch *b;

	one_account();
	screen_keys(s, "Dyu");
	ck_assert_int_eq(s->ui->list.total, 10);
	screen_keys(s, "eDy");
	b = rig_claim(s->rig);
	while (b) {
		rig_settle(s->rig, &b, APPLIED_DONE, 0, ERR_OK);
		b = rig_claim(s->rig);
	}
	screen_events(s);
	screen_keys(s, "u");
	ck_assert_ptr_nonnull(strstr(s->ui->status.text, "cannot be undone"));
	ck_assert_int_eq(s->ui->list.total, 9); /* what was archived is back */
}
END_TEST

START_TEST(in_the_trash_delete_says_what_to_press)
{
	one_account();
	screen_keys(s, "ddgt");
	ck_assert(!screen_shows(s, "d delete"));
	ck_assert(screen_shows(s, "e archive"));
	screen_keys(s, "d");
	ck_assert_int_eq(s->ui->list.total, 2);
	ck_assert_msg(s->ui->status.until > 0, "%s", s->ui->status.text);
	screen_keys(s, "2Dy");
	ck_assert_int_eq(s->ui->list.total, 0);
}
END_TEST

START_TEST(the_trash_is_emptied)
{
	one_account();
	screen_keys(s, ":empty-trash<Enter>");
	ck_assert(screen_shows(s, "Trash is empty"));
	screen_keys(s, "3d:empty-trash<Enter>");
	ck_assert(screen_shows(s, "Delete 3 messages of Trash for ever?"));
	screen_keys(s, "y");
	carry_on();
	ck_assert_int_eq(total(s->rig->trash), 0);
	ck_assert_int_eq(s->ui->list.total, 7);
}
END_TEST

START_TEST(everything_is_marked_read)
{
	one_account();
	screen_keys(s, "gR");
	carry_on();
	ck_assert_int_eq(s->ui->list.unread, 0);
	screen_keys(s, "gR");
	ck_assert(screen_shows(s, "Nothing is unread here"));
	screen_keys(s, "u");
	carry_on();
	ck_assert_int_eq(s->ui->list.unread, 4);
}
END_TEST

START_TEST(marking_much_read_is_asked_about)
{
	many(200);
	screen_keys(s, "Tall<Enter>Uy");
	ck_assert_int_eq(s->ui->list.unread, 200);
	screen_keys(s, "gR");
	ck_assert(screen_shows(s, "Mark 200 unread messages of Inbox read?"));
	screen_keys(s, "y");
	carry_on();
	ck_assert_int_eq(s->ui->list.unread, 0);
}
END_TEST

/* --- tags and copies --------------------------------------------------- */

START_TEST(tags)
{
	one_account();
	screen_keys(s, "ttY+todo<Space>Work<Enter>");
	ck_assert(screen_shows(s, "Tags: +todo +work: 2 messages"));
	screen_keys(s, "gg");
	ck_assert_str_eq(list_current(&s->ui->list)->keywords, "todo work");
	screen_keys(s, "Y-to<Tab><Enter>gg");
	ck_assert_str_eq(list_current(&s->ui->list)->keywords, "work");
	screen_keys(s, "Ya(b<Enter>");
	ck_assert(screen_shows(s, "\"a(b\" cannot be a tag"));
	screen_keys(s, "Y<Enter>");
	ck_assert_int_eq(s->ui->list.total, 10);
	screen_keys(s, "ggTtag:work<Enter>");
	ck_assert_uint_eq(marked(), 2);
}
END_TEST

/* A row may end with its tags; no cell of it is another's. */
static void row_ends(const char *subject, const char *end)
{
	g_autofree char *all = screen_text(s);
	const char *row = strstr(all, subject), *found = row ? strstr(row, end) : NULL;

	ck_assert_msg(found && found < strchr(row, '\n'), "\"%s\" expected behind \"%s\" on\n%s", end,
		subject, all);
}

START_TEST(tags_are_seen)
{
	char out[32];

	ck_assert_int_eq(tags_text("$forwarded $junk later work", out, sizeof out), 22);
	ck_assert_str_eq(out, "forwarded, later, work");
	ck_assert_int_eq(tags_text("$junk $mdnsent", out, sizeof out), 0);
	ck_assert_int_eq(tags_text("a\033[31m\342\200\256b", out, sizeof out), text_width(out));
	ck_assert_ptr_null(strchr(out, '\033'));
	ck_assert_ptr_null(strstr(out, "\342\200\256"));
	one_account();
	screen_size(s, 50, 160);
	screen_keys(s, "ggY+work<Space>later<Enter>");
	row_ends("review moved to 3 pm", "  later, work");
	screen_keys(s, "ggY+" "one-tag-that-is-longer-than-any-list-has-room-for-it<Enter>");
	row_ends("review moved to 3 pm", "  later, one-tag-that-is-…");
	screen_size(s, 24, 80);
	screen_keys(s, "gg<Enter>");
	ck_assert(screen_shows(s, "Tags: later, one-tag-that-is-longer-than-any-list-has-room-for-it, work"));
	screen_keys(s, "Y-one-tag-that-is-longer-than-any-list-has-room-for-it<Enter>");
	ck_assert(screen_shows(s, "Tags: later, work"));
}
END_TEST

/* One step, not one for each mailbox. */
START_TEST(everything_in_all_inboxes_is_marked_read)
{
	s = screen_new(2, 24, 80);
	screen_fill(s);
	ck_assert(screen_shows(s, "All inboxes"));
	ck_assert_int_gt(s->ui->list.unread, 0);
	screen_keys(s, "gR");
	carry_on();
	ck_assert_int_eq(s->ui->list.unread, 0);
	ck_assert_int_eq(rig_ask(s->rig, "SELECT count(*) FROM undo_step"), 1);
	screen_keys(s, "u");
	carry_on();
	ck_assert_int_gt(s->ui->list.unread, 0);
}
END_TEST

/* What another process does shows while it goes on. */
START_TEST(a_large_step_of_another_process_shows)
{
	const struct want w = { .verb = MUTATION_FLAGS, .add = FLAG_FLAGGED };
	struct store *other = NULL;
	struct err err;

	many(1000);
	screen_wait(s, 1000);
	ck_assert_int_eq(store_open(s->places.data, STORE_CLI, NULL, &other, &err), 0);
	ck_assert_int_eq(store_want_all(other, &w, &s->rig->inbox, 1, false, &err), 1000);
	ui_event(s->ui, &(struct event){ .kind = EV_MESSAGES, .mailbox = s->rig->inbox.v });
	screen_wait(s, 1);
	ck_assert(screen_shows(s, "changing "));
	store_close(&other);
	carry_on();
	screen_wait(s, 300);
	ck_assert(!screen_shows(s, "changing "));
}
END_TEST

START_TEST(copies)
{
	one_account();
	screen_keys(s, "ttCArch<Enter>");
	ck_assert(screen_shows(s, "Copied to Archive: 2 messages"));
	ck_assert_int_eq(s->ui->list.total, 10);
	ck_assert_int_eq(total(s->rig->archive), 2);
}
END_TEST

/* --- large steps ------------------------------------------------------- */

START_TEST(a_large_step_goes_on_behind_the_screen)
{
	many(3000);
	screen_keys(s, "Tall<Enter>");
	search_on();
	screen_keys(s, "ey");
	ck_assert(screen_shows(s, "archiving 200 of 3,000"));
	ck_assert(!screen_shows(s, "Message 3000"));
	screen_golden(s, "bulk-progress-80x24");
	screen_keys(s, "jj");
	carry_on();
	screen_wait(s, 300);
	ck_assert(!screen_shows(s, "archiving"));
	ck_assert_int_eq(s->ui->list.total, 0);
	screen_keys(s, "u");
	carry_on();
	ck_assert_int_eq(s->ui->list.total, 3000);
	screen_keys(s, "<C-r>");
	carry_on();
	ck_assert_int_eq(s->ui->list.total, 0);
}
END_TEST

START_TEST(a_large_step_is_stopped)
{
	many(3000);
	screen_keys(s, "Tall<Enter>");
	search_on();
	screen_keys(s, "ey<Esc>");
	ck_assert(screen_shows(s, "Esc again stops it"));
	ck_assert_int_gt(store_want_left(s->rig->store, s->rig->account), 0);
	screen_keys(s, "<Esc>");
	ck_assert(screen_shows(s, "Stopped: 2,800 messages are left as they were"));
	carry_on();
	ck_assert_int_eq(s->ui->list.total, 2800);
	screen_keys(s, ":stop<Enter>");
	ck_assert(screen_shows(s, "There is nothing to stop"));
	screen_keys(s, "u");
	carry_on();
	ck_assert_int_eq(s->ui->list.total, 3000);
}
END_TEST

/* --- back and again ---------------------------------------------------- */

START_TEST(undo_and_redo)
{
	one_account();
	screen_keys(s, "3eu");
	ck_assert_msg(screen_shows(s, "Undone: move of 3 messages from Inbox to Archive; ^R does it again"), "%s",
		s->ui->status.text);
	screen_keys(s, "<C-r>");
	ck_assert(screen_shows(s, "Done again: move of 3 messages from Inbox to Archive; u undoes it"));
	ck_assert_int_eq(s->ui->list.total, 7);
	screen_keys(s, "u<C-r><C-r>");
	ck_assert(screen_shows(s, "Nothing to do again"));
}
END_TEST

START_TEST(what_is_elsewhere_is_told)
{
	struct mutation_batch *b;

	one_account();
	screen_keys(s, "3e");
	b = rig_claim(s->rig);
	ck_assert_ptr_nonnull(b);
	rig_settle(s->rig, &b, APPLIED_DONE, 77, ERR_OK);
	rig_fact(s->rig, s->rig->archive, CHANGE_GONE, 78, 0);
	screen_events(s);
	screen_keys(s, "u");
	ck_assert_ptr_nonnull(strstr(s->ui->status.text, "(2 of 3; 1 is elsewhere by now); ^R"));
}
END_TEST

/* --- rights ------------------------------------------------------------ */

START_TEST(what_cannot_be_is_not_offered)
{
	one_account();
	deny(DENIED_REMOVE);
	ck_assert(!screen_shows(s, "e archive"));
	ck_assert(!screen_shows(s, "d delete"));
	ck_assert(screen_shows(s, "F flag"));
	screen_golden(s, "denied-80x24");
	screen_keys(s, "d");
	ck_assert_int_eq(waiting(), 0);
	ck_assert(s->ui->status.error);
	screen_keys(s, "F");
	ck_assert_int_eq(waiting(), 1);
	screen_keys(s, "ttD");
	ck_assert(!screen_shows(s, "y/n"));
}
END_TEST

START_TEST(a_read_only_account_offers_nothing)
{
	one_account();
	((struct account *)s->config.accounts->pdata[0])->two_way = false;
	screen_events(s);
	ui_reread(s->ui);
	ck_assert(!screen_shows(s, "e archive"));
	ck_assert(!screen_shows(s, "F flag"));
	ck_assert(screen_shows(s, "Enter open"));
	screen_keys(s, "g");
	screen_wait(s, WHICH_KEY_MS);
	screen_golden(s, "which-key-off-80x24");
	screen_keys(s, "<Esc>ttd");
	ck_assert(screen_shows(s, "test is read-only"));
	ck_assert_uint_eq(marked(), 2);
	screen_keys(s, "s");
	ck_assert(screen_shows(s, "test is read-only"));
	screen_keys(s, ":empty-trash<Enter>");
	ck_assert(screen_shows(s, "test is read-only"));
}
END_TEST

Suite *suite_of_marks(void)
{
	Suite *suite = suite_create("marks");
	TCase *tc = tcase_create("marks");

	tcase_add_checked_fixture(tc, NULL, teardown);
	tcase_set_timeout(tc, 60);
	tcase_add_test(tc, marks_are_put_and_taken_off);
	tcase_add_test(tc, marks_on_every_screen);
	tcase_add_test(tc, marks_stay_with_their_messages);
	tcase_add_test(tc, marks_of_what_is_gone_drop_out);
	tcase_add_test(tc, many_marks_of_what_is_gone_drop_out);
	tcase_add_test(tc, the_marked_are_acted_on);
	tcase_add_test(tc, the_cursor_goes_to_the_next_that_is_there);
	tcase_add_test(tc, toggles_make_them_alike);
	tcase_add_test(tc, the_picker_moves_the_marked);
	tcase_add_test(tc, the_reader_acts_on_what_it_shows);
	tcase_add_test(tc, a_range_follows_the_cursor);
	tcase_add_test(tc, a_range_may_be_longer_than_the_window);
	tcase_add_test(tc, digits_are_a_count);
	tcase_add_test(tc, the_last_change_is_done_again);
	tcase_add_test(tc, a_query_marks);
	tcase_add_test(tc, a_long_query_leaves_the_keys_alone);
	tcase_add_test(tc, more_than_fifty_are_asked_about);
	tcase_add_test(tc, fifty_are_not);
	tcase_add_test(tc, a_question_is_not_answered_by_pasting);
	tcase_add_test(tc, deleting_for_ever_is_asked_about);
	tcase_add_test(tc, deleted_for_ever_comes_back_only_before_it_left);
	tcase_add_test(tc, in_the_trash_delete_says_what_to_press);
	tcase_add_test(tc, the_trash_is_emptied);
	tcase_add_test(tc, everything_is_marked_read);
	tcase_add_test(tc, marking_much_read_is_asked_about);
	tcase_add_test(tc, tags);
	tcase_add_test(tc, tags_are_seen);
	tcase_add_test(tc, everything_in_all_inboxes_is_marked_read);
	tcase_add_test(tc, a_large_step_of_another_process_shows);
	tcase_add_test(tc, copies);
	tcase_add_test(tc, a_large_step_goes_on_behind_the_screen);
	tcase_add_test(tc, a_large_step_is_stopped);
	tcase_add_test(tc, undo_and_redo);
	tcase_add_test(tc, what_is_elsewhere_is_told);
	tcase_add_test(tc, what_cannot_be_is_not_offered);
	tcase_add_test(tc, a_read_only_account_offers_nothing);
	suite_add_tcase(suite, tc);
	return suite;
}
