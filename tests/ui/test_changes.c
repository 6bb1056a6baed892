/* Changes on their way, in the activity view, and the history of steps (M-71, C-02, C-14). */
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "model/flags.h"
#include "screen.h"
#include "ui/activity.h"

static struct screen *s;

static void teardown(void)
{
	if (s)
		screen_free(&s);
}

static void must(int rc, const struct err *err)
{
	ck_assert_msg(rc >= 0, "%s", err->text);
}

static void one_account(void)
{
	s = screen_new(1, 24, 80);
	screen_fill(s);
}

static void shows(const char *text)
{
	g_autofree char *all = screen_text(s);

	ck_assert_msg(strstr(all, text) != NULL, "\"%s\" expected on\n%s", text, all);
}

static void settle_next(enum applied_state state)
{
	struct mutation_batch *b = rig_claim(s->rig);

	ck_assert_ptr_nonnull(b);
	rig_settle(s->rig, &b, state, 900, ERR_OK);
	screen_events(s);
}

static void counts(int64_t waiting, int64_t stuck)
{
	int64_t w, f;
	struct err err;

	must(store_queue_counts(s->rig->store, s->rig->account, &w, &f, &err), &err);
	ck_assert_int_eq(w, waiting);
	ck_assert_int_eq(f, stuck);
}

/* Acts of the reader on n messages of the inbox as one step. */
static void want(enum mutation_verb verb, size_t n, unsigned add, mailbox_id target)
{
	const struct list_scope scope = { .order = ORDER_DATE, .n = 1, .mailboxes = &s->rig->inbox };
	const struct want w = { .verb = verb, .add = add, .target = target };
	g_autoptr(GArray) where = g_array_new(FALSE, FALSE, sizeof(location_id));
	g_autoptr(GPtrArray) rows = NULL;
	struct err err;

	must(store_page(s->rig->store, &scope, PAGE_FIRST, NULL, n, &rows, &err), &err);
	ck_assert_uint_eq(rows->len, n);
	for (guint i = 0; i < rows->len; i++)
		g_array_append_val(where, ((struct list_row *)rows->pdata[i])->location);
	must(store_want(s->rig->store, &w, (location_id *)(void *)where->data, n, &err), &err);
	screen_events(s);
}

/* --- the activity view --------------------------------------------------- */

/* Something in each state: a move of three, held; a refused flag; one that waits. */
static void many_states(void)
{
	one_account();
	want(MUTATION_FLAGS, 1, FLAG_FLAGGED, (mailbox_id){ 0 });
	settle_next(APPLIED_REFUSED);
	want(MUTATION_MOVE, 3, 0, s->rig->archive);
	screen_keys(s, "gp");
	screen_keys(s, "jH");
	screen_keys(s, "q");
	want(MUTATION_COPY, 2, 0, s->sent);
	s->ms += 125000;
	clock_fake(s->ms, NOW + 125);
	screen_keys(s, "gp");
}

START_TEST(changes_screen)
{
	static const struct {
		int h, w;
		const char *name;
	} sizes[] = { { 24, 80, "changes-80x24" }, { 50, 160, "changes-160x50" },
		{ 10, 40, "changes-40x10" } };

	many_states();
	for (size_t i = 0; i < G_N_ELEMENTS(sizes); i++) {
		screen_size(s, sizes[i].h, sizes[i].w);
		screen_golden(s, sizes[i].name);
	}
}
END_TEST

START_TEST(a_refused_change_is_tried_again)
{
	static const char *const keys[] = { "r", "<Enter>" };

	for (size_t i = 0; i < G_N_ELEMENTS(keys); i++) {
		one_account();
		screen_keys(s, "jF");
		settle_next(APPLIED_REFUSED);
		counts(0, 1);
		screen_keys(s, "gp");
		shows("refused");
		shows("The test says so.");
		shows("Not done.  r tries it again, x gives it up.");
		screen_keys(s, keys[i]);
		shows("Trying again: ");
		shows("waiting");
		counts(1, 0);
		ck_assert(strstr(s->calls->str, "push 1") != NULL);
		screen_free(&s);
	}
}
END_TEST

/* Who asks does not wait for the end of a pause; an account that is well is not asked twice. */
START_TEST(retry_ends_the_pause_of_the_account)
{
	one_account();
	screen_keys(s, "jFgpr");
	ck_assert_ptr_null(strstr(s->calls->str, "sync 1"));
	s->state.stage = STAGE_WAITING;
	s->state.error.code = ERR_OFFLINE;
	s->state.retry_at = NOW + 42;
	screen_keys(s, "qgp");
	shows("Next try   12:00, in 42 s");
	screen_keys(s, "r");
	shows("Trying again: star on 1 message");
	ck_assert(strstr(s->calls->str, "sync 1") != NULL);
}
END_TEST

START_TEST(a_change_is_held_and_released)
{
	one_account();
	screen_keys(s, "jFgpH");
	shows("Held until you release it: ");
	shows("held");
	ck_assert_ptr_null(rig_claim(s->rig));
	screen_keys(s, "H");
	shows("Goes on: ");
	screen_keys(s, "Hr");
	shows("Goes on: ");
	settle_next(APPLIED_DONE);
	counts(0, 0);
	screen_wait(s, 300);
	shows("none waits for the server");
}
END_TEST

/* The hints offer what the line under the cursor allows (C-02). */
START_TEST(hints_are_about_the_change_under_the_cursor)
{
	one_account();
	screen_keys(s, "gp");
	shows("none waits for the server");
	ck_assert(!screen_shows(s, "r retry"));
	ck_assert(!screen_shows(s, "x drop"));
	screen_keys(s, "qjFgp");
	shows("r retry  x drop  H hold  u undo");
	ck_assert(!screen_shows(s, "e other mailbox"));
	screen_keys(s, "qjdgpj");
	shows("e other mailbox");
}
END_TEST

START_TEST(the_history_says_what_is_held)
{
	one_account();
	want(MUTATION_MOVE, 3, 0, s->rig->archive);
	screen_keys(s, "gpHqgh");
	shows("held      move of 3 messages from Inbox to Archive");
	ck_assert(!screen_shows(s, "^R do again"));
	screen_keys(s, "u");
	shows("undone    move of 3");
	shows("^R do again");
	ck_assert(!screen_shows(s, "u undo"));
}
END_TEST

/* A long queue is counted only as far as a key can wait. */
START_TEST(a_large_group_is_counted_in_part)
{
	g_autoptr(GPtrArray) groups = NULL;
	g_autofree char *words = NULL;
	const struct queue_group *g;
	struct err err;

	s = screen_new(1, 24, 80);
	screen_fill_many(s, 180);
	want(MUTATION_FLAGS, 120, FLAG_FLAGGED, (mailbox_id){ 0 });
	want(MUTATION_MOVE, 60, 0, s->rig->archive);
	want(MUTATION_COPY, 1, 0, s->sent);
	must(store_queue_groups(s->rig->store, s->rig->account, 100, 100, &groups, &err), &err);
	ck_assert_uint_eq(groups->len, 3);
	g = groups->pdata[0];
	words = queue_group_words(g);
	ck_assert_str_eq(words, "star on 100+ messages");
	g = groups->pdata[1];
	ck_assert_int_eq(g->n, 20); /* whatever was counted before */
	ck_assert(g->more);
	g = groups->pdata[2];
	ck_assert_int_eq(g->n, 1);
	ck_assert(!g->more);
	g_clear_pointer(&groups, g_ptr_array_unref);
	must(store_queue_groups(s->rig->store, s->rig->account, 100, 0, &groups, &err), &err);
	g = groups->pdata[0];
	ck_assert_int_eq(g->n, 120);
	ck_assert(!g->more);
}
END_TEST

START_TEST(a_dropped_change_shows_the_truth_of_the_server)
{
	int64_t before;

	one_account();
	before = rig_total(s->rig, s->rig->inbox);
	screen_keys(s, "jd");
	ck_assert_int_eq(rig_total(s->rig, s->rig->inbox), before - 1);
	screen_keys(s, "gpx");
	shows("Dropped: ");
	counts(0, 0);
	ck_assert_int_eq(rig_total(s->rig, s->rig->inbox), before);
	screen_keys(s, "x");
	shows("There is no change under the cursor");
}
END_TEST

START_TEST(a_refused_change_goes_out_of_sight)
{
	one_account();
	screen_keys(s, "jd");
	settle_next(APPLIED_REFUSED);
	counts(0, 1);
	screen_wait(s, 40000);
	shows("1 refused, see gp");
	screen_keys(s, "gp");
	shows("r tries it again, e another mailbox, x gives it up.");
	screen_keys(s, "x");
	ck_assert(!screen_shows(s, "1 refused, see"));
	shows("Out of sight: ");
	counts(0, 0);
}
END_TEST

START_TEST(a_move_gets_another_target)
{
	one_account();
	want(MUTATION_MOVE, 2, 0, s->rig->archive);
	screen_keys(s, "gpe");
	shows("To another mailbox:");
	screen_keys(s, "sent<Enter>");
	shows("2 messages go to Sent now");
	ck_assert_int_eq(rig_total(s->rig, s->rig->archive), 0);
	screen_keys(s, ":change-target<Space>Trash<Enter>");
	shows("2 messages go to Trash now");
	ck_assert_int_eq(rig_total(s->rig, s->rig->trash), 2);
}
END_TEST

START_TEST(a_flag_has_no_target)
{
	one_account();
	screen_keys(s, "jFgpe");
	shows("Only a move or a copy has another mailbox to go to");
}
END_TEST

START_TEST(the_step_of_a_change_is_undone)
{
	int64_t before;

	one_account();
	before = rig_total(s->rig, s->rig->inbox);
	want(MUTATION_MOVE, 3, 0, s->rig->archive);
	screen_keys(s, "gpu");
	shows("Undone: ");
	ck_assert_int_eq(rig_total(s->rig, s->rig->inbox), before);
	counts(0, 0);
}
END_TEST

START_TEST(the_cursor_goes_from_change_to_change)
{
	one_account();
	want(MUTATION_FLAGS, 1, FLAG_FLAGGED, (mailbox_id){ 0 });
	want(MUTATION_MOVE, 2, 0, s->rig->archive);
	screen_keys(s, "gp");
	ck_assert_int_eq(view_activity_item(s->ui)->n, 1);
	screen_keys(s, "j");
	ck_assert_int_eq(view_activity_item(s->ui)->n, 2);
	screen_keys(s, "k");
	ck_assert_int_eq(view_activity_item(s->ui)->n, 1);
	screen_keys(s, "jx");
	counts(1, 0);
	shows("Dropped: move of 2 messages");
	ck_assert_int_eq(view_activity_item(s->ui)->n, 1);
}
END_TEST

/* A wish about a mailbox: dropped or tried again, never held. */
START_TEST(a_wish_about_a_mailbox_is_tried_again)
{
	AUTO(tree_wish_free) struct tree_wish *w = NULL;
	struct err err, why;

	one_account();
	screen_keys(s, ":mailbox-create<Space>Work<Enter>");
	must(store_tree_due(s->rig->store, s->rig->account, &w, &err), &err);
	err_set(&why, ERR_REFUSED, "NO [OVERQUOTA] Too many.");
	must(store_tree_settle(s->rig->store, w->id, &why, &err), &err);
	screen_keys(s, "gp");
	shows("refused");
	shows("NO [OVERQUOTA] Too many.");
	screen_keys(s, "H");
	shows("Only changes of messages can be held");
	screen_keys(s, "r");
	shows("Trying again: make the mailbox Work");
	ck_assert_int_eq(store_tree_due_in(s->rig->store, s->rig->account), 0);
	screen_keys(s, "x");
	shows("Dropped: make the mailbox Work");
	ck_assert_int_eq(store_tree_due_in(s->rig->store, s->rig->account), -1);
}
END_TEST

START_TEST(many_changes_are_bounded)
{
	enum { STEPS = 130, SHOWN = 100 };

	s = screen_new(1, 24, 80);
	screen_fill_many(s, STEPS);
	for (int i = 0; i < STEPS; i++) /* each in a step of its own */
		screen_keys(s, "F");
	counts(STEPS, 0);
	screen_keys(s, "gp");
	shows("waiting");
	for (int i = 0; i < STEPS; i++) {
		screen_keys(s, "j");
		if (screen_shows(s, "and 30 more"))
			break;
	}
	shows("and 30 more: `tern queue` has all of them");
}
END_TEST

START_TEST(errors_can_be_read_again)
{
	struct err err;

	one_account();
	err_set(&err, ERR_REFUSED, "The server did not change \"x\": NO, never.");
	ui_complain(s->ui, &err);
	ui_complain(s->ui, &err);
	err_set(&err, ERR_STORAGE, "The disk is full.");
	ui_complain(s->ui, &err);
	err_set(&err, ERR_USAGE, "A typing error.");
	ui_complain(s->ui, &err);
	screen_wait(s, 60000);
	screen_keys(s, "gpG");
	shows("Errors that were told here");
	shows("The disk is full.");
	shows("NO, never. (2 times)");
	ck_assert(!screen_shows(s, "A typing error."));
}
END_TEST

/* --- the history --------------------------------------------------------- */

/* A step of each kind and state. */
static void some_history(void)
{
	one_account();
	want(MUTATION_FLAGS, 1, FLAG_FLAGGED, (mailbox_id){ 0 });
	settle_next(APPLIED_DONE);
	want(MUTATION_FLAGS, 1, FLAG_SEEN, (mailbox_id){ 0 });
	settle_next(APPLIED_REFUSED);
	want(MUTATION_MOVE, 3, 0, s->rig->archive);
	want(MUTATION_COPY, 2, 0, s->sent);
	screen_keys(s, "gh");
}

START_TEST(history_screen)
{
	static const struct {
		int h, w;
		const char *name;
	} sizes[] = { { 24, 80, "history-80x24" }, { 50, 160, "history-160x50" },
		{ 10, 40, "history-40x10" } };

	some_history();
	screen_keys(s, "ju");
	for (size_t i = 0; i < G_N_ELEMENTS(sizes); i++) {
		screen_size(s, sizes[i].h, sizes[i].w);
		screen_golden(s, sizes[i].name);
	}
	screen_keys(s, "q");
	ck_assert_int_eq(ui_view(s->ui)->ops->context, IN_LIST);
}
END_TEST

START_TEST(an_empty_history_says_so)
{
	one_account();
	screen_keys(s, "gh");
	shows("You have changed nothing yet");
	screen_keys(s, "u");
	shows("There is no step under the cursor");
}
END_TEST

START_TEST(a_single_step_is_undone_and_done_again)
{
	int64_t sent;

	some_history();
	sent = rig_total(s->rig, s->sent);
	ck_assert_int_eq(rig_total(s->rig, s->rig->archive), 3);
	screen_keys(s, "j"); /* the move, not the latest */
	screen_keys(s, "u");
	shows("Undone: move of 3 messages");
	ck_assert_int_eq(rig_total(s->rig, s->rig->archive), 0);
	ck_assert_int_eq(rig_total(s->rig, s->sent), sent);
	ck_assert(view_history_row(s->ui)->undone);
	screen_keys(s, "u");
	shows("This step is undone already");
	screen_keys(s, "<C-r>");
	shows("Done again: move of 3 messages");
	ck_assert_int_eq(rig_total(s->rig, s->rig->archive), 3);
	ck_assert(!view_history_row(s->ui)->undone);
	screen_keys(s, "<C-r>");
	shows("This step was not undone");
	screen_keys(s, "k<Enter>");
	ck_assert_int_eq(rig_total(s->rig, s->sent), sent - 2);
	screen_keys(s, "<Enter>");
	ck_assert_int_eq(rig_total(s->rig, s->sent), sent);
}
END_TEST

START_TEST(a_long_history_is_paged)
{
	enum { STEPS = 450 };

	s = screen_new(1, 24, 80);
	screen_fill_many(s, STEPS);
	for (int i = 0; i < STEPS; i++)
		screen_keys(s, "F");
	screen_keys(s, "gh");
	shows(": Message 1\n");
	ck_assert_int_eq(view_history_row(s->ui)->messages, 1);
	screen_keys(s, "G");
	shows("450 steps");
	shows(": Message 450\n");
	screen_keys(s, "j");
	shows("This is the oldest step");
	screen_keys(s, "u");
	shows("Undone: ");
	ck_assert(view_history_row(s->ui)->undone);
	screen_keys(s, "gg");
	ck_assert(!view_history_row(s->ui)->undone);
	screen_keys(s, "k");
	shows("This is the latest step");
	for (int i = 0; i < 30; i++)
		screen_keys(s, "<PgDn>");
	shows("Message 450");
}
END_TEST

START_TEST(a_new_step_appears)
{
	int64_t step;

	some_history();
	screen_keys(s, "j");
	step = view_history_row(s->ui)->step;
	want(MUTATION_FLAGS, 2, FLAG_ANSWERED, (mailbox_id){ 0 });
	screen_wait(s, 300);
	shows("5 steps");
	ck_assert_int_eq(view_history_row(s->ui)->step, step);
}
END_TEST

START_TEST(the_two_views_lead_to_each_other)
{
	guint deep;

	some_history();
	screen_keys(s, "gp");
	ck_assert_int_eq(ui_view(s->ui)->ops->context, IN_ACTIVITY);
	deep = s->ui->views->len;
	screen_keys(s, "ghgpghgp");
	ck_assert_uint_eq(s->ui->views->len, deep);
	screen_keys(s, "<Esc><Esc>");
	ck_assert_int_eq(ui_view(s->ui)->ops->context, IN_LIST);
}
END_TEST

Suite *suite_of_changes(void)
{
	Suite *suite = suite_create("ui changes");
	TCase *tc = tcase_create("changes");

	tcase_add_checked_fixture(tc, NULL, teardown);
	tcase_set_timeout(tc, 120);
	tcase_add_test(tc, changes_screen);
	tcase_add_test(tc, a_refused_change_is_tried_again);
	tcase_add_test(tc, retry_ends_the_pause_of_the_account);
	tcase_add_test(tc, a_change_is_held_and_released);
	tcase_add_test(tc, hints_are_about_the_change_under_the_cursor);
	tcase_add_test(tc, the_history_says_what_is_held);
	tcase_add_test(tc, a_large_group_is_counted_in_part);
	tcase_add_test(tc, a_dropped_change_shows_the_truth_of_the_server);
	tcase_add_test(tc, a_refused_change_goes_out_of_sight);
	tcase_add_test(tc, a_move_gets_another_target);
	tcase_add_test(tc, a_flag_has_no_target);
	tcase_add_test(tc, the_step_of_a_change_is_undone);
	tcase_add_test(tc, the_cursor_goes_from_change_to_change);
	tcase_add_test(tc, a_wish_about_a_mailbox_is_tried_again);
	tcase_add_test(tc, many_changes_are_bounded);
	tcase_add_test(tc, errors_can_be_read_again);
	tcase_add_test(tc, history_screen);
	tcase_add_test(tc, an_empty_history_says_so);
	tcase_add_test(tc, a_single_step_is_undone_and_done_again);
	tcase_add_test(tc, a_long_history_is_paged);
	tcase_add_test(tc, a_new_step_appears);
	tcase_add_test(tc, the_two_views_lead_to_each_other);
	suite_add_tcase(suite, tc);
	return suite;
}
