/* What people see of the engine: activity, coverage, wishes about the tree, a second tern. */
#include <string.h>

#include "base/mem.h"
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

static void must(int rc, const struct err *err)
{
	ck_assert_msg(rc >= 0, "%s", err->text);
}

static void set_state(mailbox_id m, enum mailbox_state state, int64_t fetched)
{
	struct batch *b = batch_new(s->rig->account, m);
	struct err err;

	batch_cursor(b, "1", 1, state == MAILBOX_COMPLETE);
	must(batch_apply(s->rig->store, b, NULL, &err), &err);
	batch_free(&b);
	must(store_mailbox_state(s->rig->store, m, state, fetched, &err), &err);
	screen_events(s);
}

static guint wishes(void)
{
	g_autoptr(GPtrArray) rows = NULL;
	struct err err;

	must(store_tree_rows(s->rig->store, s->rig->account, &rows, &err), &err);
	return rows->len;
}

static void note_job(
	account_id a, const char *name, int cadence, const struct err *result, const char *words)
{
	struct job_row j = { .account = a,
		.cadence_s = cadence,
		.last_start = NOW - 125,
		.last_end = NOW - 120,
		.next_at = NOW - 120 + cadence,
		.result = *result };
	struct err err;

	g_strlcpy(j.name, name, sizeof j.name);
	g_strlcpy(j.words, words, sizeof j.words);
	must(store_job_note(s->rig->store, &j, &err), &err);
}

static void settle_wish(enum err_code code, const char *words)
{
	AUTO(tree_wish_free) struct tree_wish *w = NULL;
	struct err err, why = { 0 };

	must(store_tree_due(s->rig->store, s->rig->account, &w, &err), &err);
	ck_assert_ptr_nonnull(w);
	err_set(&why, code, "%s", words);
	must(store_tree_settle(s->rig->store, w->id, &why, &err), &err);
}

/* --- activity (M-28, M-79, L-15) ---------------------------------------- */

/* An account with something of everything. */
static void busy_account(void)
{
	struct err well = { 0 }, off;
	struct mutation_batch *b;

	one_account();
	s->state = (struct engine_state){ .stage = STAGE_FETCHING,
		.push_live = true,
		.letter = 'B',
		.mailbox = "INBOX",
		.done = 12300,
		.of = 100000,
		.last_sync = NOW - 3600,
		.trigger = "startup",
		.sync_id = "s1",
		.started_at = NOW - 60 };
	screen_keys(s, "jd");
	b = rig_claim(s->rig);
	rig_settle(s->rig, &b, APPLIED_REFUSED, 0, ERR_OK);
	screen_keys(s, "F:mailbox-create<Space>Work/2026<Enter>");
	settle_wish(ERR_REFUSED, "NO [CANNOT] Invalid mailbox name: the administrator does not "
				 "allow this character");
	note_job(s->rig->account, "incremental", 180, &well, "3 new, 1 changed");
	err_set(&off, ERR_OFFLINE, "The server imap.example.org cannot be reached.");
	note_job(s->rig->account, "backfill", 240, &off, "");
	note_job((account_id){ 0 }, "cleanup", 86400, &well, "12 texts removed");
	screen_keys(s, "gp");
}

START_TEST(activity_screen)
{
	static const struct {
		int h, w;
		const char *name;
	} sizes[] = { { 24, 80, "activity-80x24" }, { 50, 160, "activity-160x50" },
		{ 10, 40, "activity-40x10" } };

	busy_account();
	for (size_t i = 0; i < G_N_ELEMENTS(sizes); i++) {
		screen_size(s, sizes[i].h, sizes[i].w);
		screen_golden(s, sizes[i].name);
	}
	screen_keys(s, "G");
	screen_golden(s, "activity-end-40x10");
	screen_keys(s, "q");
	ck_assert_int_eq(ui_view(s->ui)->ops->context, IN_LIST);
}
END_TEST

START_TEST(activity_follows_events)
{
	busy_account();
	ck_assert(screen_shows(s, "fetching Inbox 12,300/100,000"));
	s->state = (struct engine_state){ .stage = STAGE_WAITING, .retry_at = NOW + 300 };
	err_set(&s->state.error, ERR_OFFLINE, "The server imap.example.org does not answer.");
	ui_event(s->ui, &(struct event){ .kind = EV_ACCOUNT, .account = 1 });
	screen_wait(s, 300);
	ck_assert(screen_shows(s, "Trouble    The server imap.example.org does not answer."));
	ck_assert(screen_shows(s, "Next try   12:05"));
	ck_assert(!screen_shows(s, "12,300/100,000"));
}
END_TEST

START_TEST(activity_syncs)
{
	one_account();
	screen_keys(s, "gp$");
	ck_assert_str_eq(s->calls->str, "sync 0\n");
	screen_keys(s, "g$");
	ck_assert_str_eq(s->calls->str, "sync 0\nsync 0 full\n");
	screen_keys(s, "<Esc>g$");
	ck_assert(screen_shows(s, "Comparing everything with the server"));
	screen_keys(s, ":sync<Space>all<Enter>");
	ck_assert(screen_shows(s, "'sync' looks for new mail"));
}
END_TEST

/* --- coverage (M-64, C-04) ----------------------------------------------- */

START_TEST(the_end_of_the_list_says_what_is_missing)
{
	static const struct {
		enum mailbox_state state;
		const char *words;
	} cases[] = {
		{ MAILBOX_BOOTSTRAPPING, "Loading: the newest messages come first." },
		{ MAILBOX_INCREMENTAL, "History before 2023-02-09 is not loaded yet" },
		{ MAILBOX_CAPPED, "backfill-max-total-per-folder" },
	};

	one_account();
	ck_assert(!screen_shows(s, "History"));
	for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
		set_state(s->rig->inbox, cases[i].state, 10);
		ck_assert_msg(screen_shows(s, cases[i].words), "%s", cases[i].words);
	}
	screen_golden(s, "capped-80x24");
	screen_size(s, 50, 160);
	screen_golden(s, "capped-160x50");
	screen_size(s, 10, 40);
	screen_keys(s, "G");
	screen_golden(s, "capped-40x10");
	set_state(s->rig->inbox, MAILBOX_COMPLETE, 10);
	ck_assert(!screen_shows(s, "History"));
}
END_TEST

START_TEST(the_last_message_leaves_room_for_it)
{
	s = screen_new(1, 24, 80);
	screen_fill_many(s, 200);
	set_state(s->rig->inbox, MAILBOX_INCREMENTAL, 200);
	ck_assert(!screen_shows(s, "History"));
	for (int i = 0; i < 199; i++)
		screen_keys(s, "j");
	ck_assert(screen_shows(s, "Message 1 ") || screen_shows(s, "Message 1\n"));
	ck_assert(screen_shows(s, "History before 2024-03-15 is not loaded yet"));
	screen_keys(s, "j");
	ck_assert(screen_shows(s, "This is the last message"));
	screen_keys(s, "gg");
	ck_assert(!screen_shows(s, "History"));
	screen_keys(s, "G");
	ck_assert(screen_shows(s, "History before 2024-03-15 is not loaded yet"));
}
END_TEST

/* M-55, C-25: what is looked at is told, at the end of what is here, too. */
START_TEST(looking_is_told)
{
	int looks;

	one_account();
	looks = s->looks;
	ck_assert_int_gt(looks, 0);
	screen_keys(s, "J");
	ck_assert_int_eq(s->looks, looks + 1);
	screen_keys(s, "Kjk");
	ck_assert_int_eq(s->looks, looks + 2);
	screen_wait(s, LOOK_MS);
	screen_keys(s, "j");
	ck_assert_int_eq(s->looks, looks + 3);
	set_state(s->rig->inbox, MAILBOX_INCREMENTAL, 10);
	screen_keys(s, "G");
	ck_assert_int_eq(s->looks, looks + 4);
}
END_TEST

/* M-67: a list reads as much as was configured, and at least what shows. */
START_TEST(the_list_reads_pages)
{
	s = screen_new(1, 24, 80);
	s->config.tuning.list_page_limit = 100;
	screen_fill_many(s, 500);
	screen_start(s);
	ck_assert_uint_eq(s->ui->list.rows->len, 100);
	s->config.tuning.list_page_limit = 1;
	screen_start(s);
	g_free(screen_text(s));
	ck_assert_uint_ge(s->ui->list.rows->len, 21);
}
END_TEST

/* --- the tree ------------------------------------------------------------ */

START_TEST(a_mailbox_is_wished_for)
{
	one_account();
	screen_keys(s, ":mailbox-create<Enter>Work/2026<Enter>");
	ck_assert_uint_eq(wishes(), 1);
	ck_assert(screen_shows(s, "New mailbox Work/2026: waits for the server; gp shows it"));
	ck_assert(screen_shows(s, "1 waiting"));
	ck_assert_str_eq(s->calls->str, "push 1\n");
	screen_keys(s, "c");
	screen_keys(s, "devel<Enter>:mailbox-rename<Space>Lists/tern<Enter>");
	ck_assert_uint_eq(wishes(), 2);
	screen_keys(s, ":mailbox-subscribe<Enter>");
	ck_assert_uint_eq(wishes(), 3);
	settle_wish(ERR_REFUSED, "NO [OVERQUOTA] Too many mailboxes.");
	screen_events(s);
	ck_assert(screen_shows(s, "Refused: make the mailbox Work/2026.  NO [OVERQUOTA] Too many"));
}
END_TEST

START_TEST(a_mailbox_is_deleted_after_a_question)
{
	one_account();
	screen_keys(s, "gs:mailbox-delete<Enter>");
	ck_assert(screen_shows(s, "Type yes to delete 2 messages and Sent for good:"));
	screen_keys(s, "y<Enter>");
	ck_assert(screen_shows(s, "Nothing was deleted"));
	ck_assert_uint_eq(wishes(), 0);
	screen_keys(s, ":mailbox-delete<Enter>yes<Enter>");
	ck_assert_uint_eq(wishes(), 1);
	screen_keys(s, "gi:mailbox-delete<Enter>");
	ck_assert(screen_shows(s, "The inbox cannot be deleted"));
	ck_assert_uint_eq(wishes(), 1);
}
END_TEST

START_TEST(the_tree_of_a_read_only_account_stays)
{
	one_account();
	((struct account *)s->config.accounts->pdata[0])->two_way = false;
	screen_keys(s, ":mailbox-create<Space>X<Enter>");
	ck_assert(screen_shows(s, "test is read-only"));
	screen_keys(s, ":mailbox-delete<Enter>");
	ck_assert(screen_shows(s, "test is read-only"));
	ck_assert_uint_eq(wishes(), 0);
}
END_TEST

START_TEST(a_role_is_set_and_cleared)
{
	one_account();
	screen_keys(s, "gs:mailbox-role<Space>archive<Enter>");
	ck_assert_int_eq(store_mailbox_with_role(s->rig->store, s->rig->account, ROLE_SENT).v, 0);
	screen_keys(s, ":mailbox-role<Space>auto<Enter>");
	ck_assert_int_eq(
		store_mailbox_with_role(s->rig->store, s->rig->account, ROLE_SENT).v, s->sent.v);
	screen_keys(s, ":mailbox-role<Space>shelf<Enter>");
	ck_assert(screen_shows(s, "A role is inbox"));
}
END_TEST

/* --- a second tern (M-24) ------------------------------------------------ */

START_TEST(another_tern_is_no_trouble)
{
	one_account();
	s->state = (struct engine_state){ .stage = STAGE_WAITING };
	err_set(&s->state.error, ERR_CONFLICT,
		"Another tern (process 42) is synchronising account test.");
	ui_event(s->ui, &(struct event){ .kind = EV_ACCOUNT, .account = 1, .code = ERR_CONFLICT });
	ck_assert(screen_shows(s, "another tern fetches mail"));
	ck_assert(!screen_shows(s, "process 42"));
	screen_keys(s, "gp");
	ck_assert(screen_shows(s, "Another tern (process 42)"));
	ck_assert(screen_shows(s, "Everything works here too."));
	ck_assert(!screen_shows(s, "Trouble"));
}
END_TEST

Suite *suite_of_activity(void)
{
	Suite *suite = suite_create("ui activity");
	TCase *tc = tcase_create("activity");

	tcase_add_checked_fixture(tc, NULL, teardown);
	tcase_set_timeout(tc, 60);
	tcase_add_test(tc, activity_screen);
	tcase_add_test(tc, activity_follows_events);
	tcase_add_test(tc, activity_syncs);
	tcase_add_test(tc, the_end_of_the_list_says_what_is_missing);
	tcase_add_test(tc, the_last_message_leaves_room_for_it);
	tcase_add_test(tc, looking_is_told);
	tcase_add_test(tc, the_list_reads_pages);
	tcase_add_test(tc, a_mailbox_is_wished_for);
	tcase_add_test(tc, a_mailbox_is_deleted_after_a_question);
	tcase_add_test(tc, the_tree_of_a_read_only_account_stays);
	tcase_add_test(tc, a_role_is_set_and_cleared);
	tcase_add_test(tc, another_tern_is_no_trouble);
	suite_add_tcase(suite, tc);
	return suite;
}
