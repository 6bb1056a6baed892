/*
 * Commands of the activity and history views: what can be done with a change
 * that is on its way, was refused, or has happened.
 *
 * Each acts on the line under the cursor, on the whole group that it stands
 * for, is on disk when it returns, and says what happened.
 */
#include <string.h>

#include "base/i18n.h"
#include "base/mem.h"
#include "ui/activity.h"
#include "ui/command.h"
#include "ui/priv.h"

/* After something changed: every view shows it, and the engine carries it on. */
static void settle(struct ui *ui, account_id a)
{
	ui->status.pending_at = 0;
	ui_reread(ui);
	view_activity_reread(ui);
	view_history_reread(ui);
	if (ui->engine)
		ui->engine->push(ui->engine, a);
}

/* --- changes on their way ------------------------------------------------ */

/* What a command says and does must outlive the view's next reading. */
struct picked {
	struct activity_item item;
	char *what;
};

static void picked_release(struct picked *p)
{
	g_clear_pointer(&p->what, g_free);
}

static int pick(struct ui *ui, struct picked *out, struct err *err)
{
	const struct activity_item *item = view_activity_item(ui);

	if (!item)
		return err_set(err, ERR_USAGE, _("There is no change under the cursor"));
	*out = (struct picked){ .item = *item, .what = g_strdup(item->what) };
	return 0;
}

static int act(struct ui *ui, const struct activity_item *item, enum queue_act what, struct err *err)
{
	if (!item->tree)
		return store_queue_act(ui->store, item->id, true, what, err);
	if (what == QUEUE_RETRY)
		return store_tree_retry(ui->store, item->id, err);
	if (what == QUEUE_DROP)
		return store_tree_discard(ui->store, item->id, err);
	return err_set(err, ERR_USAGE, _("Only changes of messages can be held"));
}

/* A change alone does not end the pause after a failure; the reader who asks does. */
static void end_pause(struct ui *ui, account_id a)
{
	struct engine_state state = { 0 };

	if (ui->engine && ui->engine->state(ui->engine, a, &state) && state.stage == STAGE_WAITING)
		ui->engine->sync_now(ui->engine, a, false);
}

static int retry(struct ui *ui, const char *arg, struct err *err)
{
	AUTO(picked_release) struct picked p = { 0 };

	(void)arg;
	if (pick(ui, &p, err) < 0 ||
		act(ui, &p.item, p.item.held ? QUEUE_RELEASE : QUEUE_RETRY, err) < 0)
		return err->code;
	settle(ui, p.item.account);
	end_pause(ui, p.item.account);
	ui_say(ui, p.item.held ? _("Goes on: %s") : _("Trying again: %s"), p.what);
	return 0;
}

static int hold(struct ui *ui, const char *arg, struct err *err)
{
	AUTO(picked_release) struct picked p = { 0 };

	(void)arg;
	if (pick(ui, &p, err) < 0 ||
		act(ui, &p.item, p.item.held ? QUEUE_RELEASE : QUEUE_HOLD, err) < 0)
		return err->code;
	settle(ui, p.item.account);
	ui_say(ui, p.item.held ? _("Goes on: %s") : _("Held until you release it: %s"), p.what);
	return 0;
}

static int drop(struct ui *ui, const char *arg, struct err *err)
{
	AUTO(picked_release) struct picked p = { 0 };
	bool over;

	(void)arg;
	if (pick(ui, &p, err) < 0 || act(ui, &p.item, QUEUE_DROP, err) < 0)
		return err->code;
	over = mutation_is_stuck(p.item.status);
	settle(ui, p.item.account);
	ui_say(ui, over ? _("Out of sight: %s") : _("Dropped: %s; the lists show the server's state"),
		p.what);
	return 0;
}

static int retarget(struct ui *ui, mailbox_id m, struct err *err)
{
	int n = store_queue_retarget(ui->store, ui->retargeting, true, m, err);
	const struct mailbox *mailbox;

	if (n < 0)
		return n;
	settle(ui, (account_id){ 0 });
	mailbox = sidebar_mailbox(&ui->sidebar, m);
	ui_say(ui, ngettext("%d message goes to %s now", "%d messages go to %s now", (unsigned long)n),
		n, mailbox ? mailbox_label(mailbox) : "?");
	return 0;
}

static void target_chosen(struct ui *ui, mailbox_id m)
{
	struct err err = { 0 };

	if (retarget(ui, m, &err) < 0)
		ui_complain(ui, &err);
}

static int target(struct ui *ui, const char *arg, struct err *err)
{
	AUTO(picked_release) struct picked p = { 0 };
	AUTO(mailbox_free) struct mailbox *m = NULL;

	if (pick(ui, &p, err) < 0)
		return err->code;
	if (p.item.tree || (p.item.verb != MUTATION_MOVE && p.item.verb != MUTATION_COPY))
		return err_set(err, ERR_USAGE, _("Only a move or a copy has another mailbox to go to"));
	ui->retargeting = p.item.id;
	if (!*arg) {
		view_picker_open(ui, _("To another mailbox"), p.item.account, target_chosen);
		return 0;
	}
	if (store_mailbox_find(ui->store, p.item.account, arg, &m, err) < 0)
		return err->code;
	return retarget(ui, m->id, err);
}

/* --- steps of the history ------------------------------------------------ */

/* other: the command that turns it back. */
static int turn(struct ui *ui, int64_t step, bool redo, const char *other, struct err *err)
{
	struct undone u = { 0 };
	int r = redo ? store_redo(ui->store, step, &u, err) : store_undo(ui->store, step, &u, err);

	if (r < 0)
		return r;
	if (r == 0) {
		ui_say(ui, redo ? _("Nothing to do again") : _("Nothing to undo"));
		return 0;
	}
	carry_watch(ui, redo ? _("doing again") : _("undoing"), u.done + u.left);
	settle(ui, (account_id){ 0 });
	ui_say_undone(ui, &u, redo, other);
	return 0;
}

static int change_undo(struct ui *ui, const char *arg, struct err *err)
{
	AUTO(picked_release) struct picked p = { 0 };

	(void)arg;
	if (pick(ui, &p, err) < 0)
		return err->code;
	if (!p.item.step)
		return err_set(err, ERR_USAGE, _("This is no step of the history; x drops it"));
	return turn(ui, p.item.step, false, "history", err);
}

/* wish: 0 = undo, 1 = redo, -1 = whichever the step allows. */
static int turn_row(struct ui *ui, int wish, struct err *err)
{
	const struct history_row *r = view_history_row(ui);

	if (!r)
		return err_set(err, ERR_USAGE, _("There is no step under the cursor"));
	if (wish >= 0 && r->undone != (bool)wish)
		return err_set(err, ERR_USAGE,
			wish ? _("This step was not undone") : _("This step is undone already"));
	return turn(ui, r->step, r->undone, r->undone ? "step-undo" : "step-redo", err);
}

static int step_undo(struct ui *ui, const char *arg, struct err *err)
{
	(void)arg;
	return turn_row(ui, 0, err);
}

static int step_redo(struct ui *ui, const char *arg, struct err *err)
{
	(void)arg;
	return turn_row(ui, 1, err);
}

static int step_turn(struct ui *ui, const char *arg, struct err *err)
{
	(void)arg;
	return turn_row(ui, -1, err);
}

static bool item_offers(const struct activity_item *item, const char *what)
{
	if (!item)
		return false;
	if (strcmp(what, "target") == 0)
		return !item->tree && (item->verb == MUTATION_MOVE || item->verb == MUTATION_COPY);
	if (strcmp(what, "hold") == 0)
		return !item->tree && item->status == MUTATION_QUEUED;
	return strcmp(what, "undo") != 0 || item->step > 0;
}

bool queue_offered(struct ui *ui, const char *command)
{
	const struct history_row *step = view_history_row(ui);

	if (g_str_has_prefix(command, "change-"))
		return item_offers(view_activity_item(ui), command + strlen("change-"));
	if (strcmp(command, "step-undo") == 0)
		return step && !step->undone;
	if (strcmp(command, "step-redo") == 0)
		return step && step->undone;
	return true;
}

const struct command commands_queue[] = {
	{ "change-retry", "", IN_ACTIVITY, NEEDS_STORE, 0, N_("retry"),
		N_("try the change again now; one that was refused is wished anew"), retry },
	{ "change-hold", "", IN_ACTIVITY, NEEDS_STORE, 0, N_("hold"),
		N_("keep the change back, or let it go again"), hold },
	{ "change-drop", "", IN_ACTIVITY, NEEDS_STORE, 0, N_("drop"),
		N_("take the change back, or a refused one out of sight"), drop },
	{ "change-target", N_("[mailbox]"), IN_ACTIVITY, NEEDS_STORE, COMPLETES_MAILBOX,
		N_("other mailbox"), N_("let a move or copy go to another mailbox"), target },
	{ "change-undo", "", IN_ACTIVITY, NEEDS_STORE, 0, N_("undo"),
		N_("undo the step that made the change"), change_undo },
	{ "step-undo", "", IN_HISTORY, NEEDS_STORE, 0, N_("undo"), N_("undo this step alone"),
		step_undo },
	{ "step-redo", "", IN_HISTORY, NEEDS_STORE, 0, N_("do again"),
		N_("do this step again, which was undone"), step_redo },
	{ "step-turn", "", IN_HISTORY, NEEDS_STORE, 0, N_("undo or do again"),
		N_("undo this step, or do it again"), step_turn },
	{ 0 },
};
