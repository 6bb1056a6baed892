/* Commands about mailboxes: which one is shown, and how. */
#include <string.h>

#include "base/i18n.h"
#include "base/mem.h"
#include "ui/command.h"
#include "ui/priv.h"

static void picked(struct ui *ui, mailbox_id m)
{
	struct err err = { 0 };

	if (ui_open_mailbox(ui, m, &err) < 0)
		ui_complain(ui, &err);
}

static int mailboxes(struct ui *ui, const char *arg, struct err *err)
{
	(void)arg;
	(void)err;
	view_picker_open(ui, _("Open"), (account_id){ 0 }, picked);
	return 0;
}

account_id ui_here(const struct ui *ui)
{
	const struct place *place = sidebar_current(&ui->sidebar);
	const struct list_row *row = ui_row(ui);

	if (place && place->kind == PLACE_MAILBOX)
		return place->account;
	if (row)
		return row->account;
	return ((const struct account *)ui->config->accounts->pdata[0])->id;
}

static int go_all(struct ui *ui, struct err *err)
{
	int start = sidebar_start(&ui->sidebar);

	if (start < 0)
		return err_set(err, ERR_GONE, _("The mailboxes of the account are not known yet"));
	return ui_open_place(ui, start, err);
}

static int go(struct ui *ui, const char *arg, struct err *err)
{
	enum mailbox_role role = mailbox_role_from_name(arg);
	AUTO(mailbox_free) struct mailbox *m = NULL;
	account_id account = ui_here(ui);

	if (strcmp(arg, "all") == 0)
		return go_all(ui, err);
	if (role != ROLE_NONE) {
		mailbox_id id = store_mailbox_with_role(ui->store, account, role);

		if (id.v)
			return ui_open_mailbox(ui, id, err);
	}
	if (store_mailbox_find(ui->store, account, arg, &m, err) < 0)
		return err->code;
	return ui_open_mailbox(ui, m->id, err);
}

static int step(struct ui *ui, int direction, struct err *err)
{
	int place = -1, rc;

	for (int i = 0; i < ui_count(ui); i++) {
		place = sidebar_step(&ui->sidebar, direction);
		rc = place < 0 ? 0 : ui_open_place(ui, place, err);
		if (rc < 0 || place < 0)
			break;
	}
	if (place >= 0)
		return rc;
	ui_say(ui, direction > 0 ? _("This is the last mailbox") : _("This is the first mailbox"));
	return 0;
}

static int sidebar_next(struct ui *ui, const char *arg, struct err *err)
{
	(void)arg;
	return step(ui, 1, err);
}

static int sidebar_prev(struct ui *ui, const char *arg, struct err *err)
{
	(void)arg;
	return step(ui, -1, err);
}

static int set_order(struct ui *ui, enum list_order order, bool ascending, struct err *err)
{
	int rc = list_set_order(&ui->list, order, ascending, err);

	ui->visual = false; /* its rows stand elsewhere now */
	if (rc < 0)
		return rc;
	ui_say(ui, ascending ? _("Sorted by %s, ascending") : _("Sorted by %s, descending"),
		_(list_order_name(order)));
	return 0;
}

static bool usually_ascends(enum list_order order)
{
	return order == ORDER_SENDER || order == ORDER_SUBJECT;
}

static int order(struct ui *ui, const char *arg, struct err *err)
{
	enum list_order next = (ui->list.order + 1) % ORDER_COUNT;

	if (*arg) {
		for (next = 0; next < ORDER_COUNT; next++)
			if (strcmp(arg, list_order_name(next)) == 0)
				break;
		if (next == ORDER_COUNT)
			return err_set(err, ERR_USAGE,
				_("A list is sorted by date, sender, subject or size"));
	}
	return set_order(ui, next, usually_ascends(next), err);
}

static int reverse(struct ui *ui, const char *arg, struct err *err)
{
	(void)arg;
	return set_order(ui, ui->list.order, !ui->list.ascending, err);
}

static int look_now(struct ui *ui, const char *arg, struct err *err)
{
	bool full = strcmp(arg, "full") == 0;

	if (*arg && !full)
		return err_set(err, ERR_USAGE, _("'sync' looks for new mail, 'sync full' compares everything"));
	if (ui->engine)
		ui->engine->sync_now(ui->engine, (account_id){ 0 }, full);
	ui_say(ui, full ? _("Comparing everything with the server") : _("Looking for new mail"));
	return 0;
}

enum { MAIL = IN_LIST | IN_READER, SYNC = MAIL | IN_ACTIVITY | IN_HISTORY };

const struct command commands_mailbox[] = {
	{ "mailboxes", "", MAIL, NEEDS_STORE, 0, N_("mailbox"), N_("choose a mailbox by a few letters"),
		mailboxes },
	{ "go", N_("MAILBOX"), MAIL, NEEDS_STORE | NEEDS_WORD, COMPLETES_GO, N_("go"),
		N_("open a mailbox: its name, or inbox, sent, archive, drafts, trash, junk, all"), go },
	{ "sidebar-next", "", IN_LIST, NEEDS_STORE, 0, N_("next mailbox"), N_("open the next mailbox"),
		sidebar_next },
	{ "sidebar-prev", "", IN_LIST, NEEDS_STORE, 0, NULL, N_("open the previous mailbox"),
		sidebar_prev },
	{ "order", N_("[date|sender|subject|size]"), IN_LIST, NEEDS_STORE, COMPLETES_ORDER, N_("sort"),
		N_("sort the list by the next order, or the one named"), order },
	{ "reverse", "", IN_LIST, NEEDS_STORE, 0, NULL, N_("sort the other way round"), reverse },
	{ "sync", N_("[full]"), SYNC, NEEDS_STORE, 0, N_("sync"),
		N_("look for new mail now; full: compare everything with the server"), look_now },
	{ 0 },
};
