/*
 * Commands that change messages.
 *
 * Each writes the wish to the store, which is on disk when the call returns,
 * shows the list as it is then, says what happened, and asks the engine to
 * carry it to the server.  Nothing waits for the network.
 */
#include <stdarg.h>
#include <stdio.h>

#include "base/i18n.h"
#include "base/mem.h"
#include "model/flags.h"
#include "ui/command.h"
#include "ui/priv.h"

/* What a change is about, kept while the rows are read again. */
struct target {
	location_id location;
	account_id account;
	mailbox_id mailbox;
	unsigned flags;
};

/* The message of a row to act on, or ERR_USAGE if its account must not be changed. */
static int take(struct ui *ui, const struct list_row *r, struct target *out, struct err *err)
{
	const struct account *a;

	if (!r)
		return err_set(err, ERR_USAGE, _("There is no message here"));
	a = ui_account(ui, r->account);
	if (a && !a->two_way)
		return err_set(err, ERR_USAGE,
			_("%s is read-only: set two-way = true in its configuration to change mail"),
			a->name);
	*out = (struct target){ r->location, r->account, r->mailbox, r->flags };
	ui->acted = r->key;
	ui->acted_message = r->message;
	ui->has_acted = true;
	return 0;
}

/* After a wish was stored: show it, go on, tell the engine. */
static void settle(struct ui *ui, const struct target *t, bool left, const char *what)
{
	struct view *v = ui_view(ui);
	char undo[KEY_SEQUENCE_MAX * KEY_NAME_MAX] = ":undo";
	struct err err = { 0 };

	ui->status.pending_at = 0;
	ui_reread(ui);
	if (!left && v->ops->context == IN_LIST && list_move(&ui->list, 1, &err) < 0)
		ui_complain(ui, &err);
	if (left && v->ops->row_left)
		v->ops->row_left(v);
	keymap_keys_of(ui->keymap, v->ops->context, "undo", undo, sizeof undo);
	ui_say(ui, _("%s; %s undoes it"), what, undo);
	if (ui->engine)
		ui->engine->push(ui->engine, t->account);
}

static int pick(struct ui *ui, struct target *out, struct err *err)
{
	return take(ui, ui_row(ui), out, err);
}

static int toggle(struct ui *ui, unsigned flag, const char *on, const char *off, struct err *err)
{
	struct target t = { 0 };
	bool set;
	int rc = pick(ui, &t, err);

	if (rc < 0)
		return rc;
	set = !(t.flags & flag);
	rc = store_want_flags(ui->store, &t.location, 1, set ? flag : 0, set ? 0 : flag, err);
	if (rc < 0)
		return rc;
	settle(ui, &t, false, set ? on : off);
	return 0;
}

static int toggle_read(struct ui *ui, const char *arg, struct err *err)
{
	(void)arg;
	return toggle(ui, FLAG_SEEN, _("Marked read"), _("Marked unread"), err);
}

static int toggle_flag(struct ui *ui, const char *arg, struct err *err)
{
	(void)arg;
	return toggle(ui, FLAG_FLAGGED, _("Flagged"), _("Flag removed"), err);
}

static int to_role(struct ui *ui, enum mailbox_role role, const char *what, struct err *err)
{
	struct target t = { 0 };
	int rc = pick(ui, &t, err);

	if (rc < 0)
		return rc;
	rc = store_want_role(ui->store, &t.location, 1, role, err);
	if (rc < 0)
		return rc;
	if (rc == 0) {
		ui_say(ui, _("Nothing to do: the message is there already"));
		return 0;
	}
	settle(ui, &t, true, what);
	return 0;
}

static int archive(struct ui *ui, const char *arg, struct err *err)
{
	(void)arg;
	return to_role(ui, ROLE_ARCHIVE, _("Archived"), err);
}

static int delete(struct ui *ui, const char *arg, struct err *err)
{
	(void)arg;
	return to_role(ui, ROLE_TRASH, _("Moved to the trash"), err);
}

static int spam(struct ui *ui, const char *arg, struct err *err)
{
	(void)arg;
	return to_role(ui, ROLE_JUNK, _("Moved to junk"), err);
}

static int move_to(struct ui *ui, const struct list_row *row, mailbox_id m, struct err *err)
{
	const struct mailbox *mailbox = sidebar_mailbox(&ui->sidebar, m);
	char what[200];
	struct target t = { 0 };
	int rc = take(ui, row, &t, err);

	if (rc < 0)
		return rc;
	rc = store_want_move(ui->store, &t.location, 1, m, err);
	if (rc < 0)
		return rc;
	if (rc == 0) {
		ui_say(ui, _("Nothing to do: the message is there already"));
		return 0;
	}
	snprintf(what, sizeof what, _("Moved to %s"), mailbox ? mailbox_label(mailbox) : "?");
	settle(ui, &t, true, what);
	return 0;
}

/*
 * The list may have moved on while the picker was open: what is moved is the
 * message that the key was pressed on, or nothing.
 */
static void picked(struct ui *ui, mailbox_id m)
{
	AUTO(list_row_free) struct list_row *row = NULL;
	struct err err = { 0 };

	if (store_row(ui->store, ui->moving, &row, &err) < 0 || move_to(ui, row, m, &err) < 0)
		ui_complain(ui, &err);
}

static int move(struct ui *ui, const char *arg, struct err *err)
{
	const struct list_row *row = ui_row(ui);
	AUTO(mailbox_free) struct mailbox *m = NULL;

	if (!*arg) {
		ui->moving = row->location;
		view_picker_open(ui, _("Move to"), row->account, picked);
		return 0;
	}
	if (store_mailbox_find(ui->store, row->account, arg, &m, err) < 0)
		return err->code;
	return move_to(ui, row, m->id, err);
}

static int undo(struct ui *ui, const char *arg, struct err *err)
{
	struct undone undone;
	int rc = store_undo(ui->store, 0, &undone, err);

	(void)arg;
	if (rc < 0)
		return rc;
	if (rc == 0) {
		ui_say(ui, _("Nothing to undo"));
		return 0;
	}
	ui->status.pending_at = 0;
	ui_reread(ui);
	if (ui->has_acted && ui_view(ui)->ops->context == IN_LIST &&
		list_seek_message(&ui->list, &ui->acted, ui->acted_message, err) < 0)
		return err->code;
	ui->has_acted = false;
	ui_say(ui, _("Undone: %s"), undone.what);
	if (ui->engine)
		ui->engine->push(ui->engine, (account_id){ 0 });
	return 0;
}

enum { MAIL = IN_LIST | IN_READER };

const struct command commands_message[] = {
	{ "archive", "", MAIL, NEEDS_MESSAGE, 0, N_("archive"), N_("move the message to the archive"),
		archive },
	{ "delete", "", MAIL, NEEDS_MESSAGE, 0, N_("delete"), N_("move the message to the trash"),
		delete },
	{ "move", N_("[mailbox]"), MAIL, NEEDS_MESSAGE, COMPLETES_MAILBOX, N_("move"),
		N_("move the message to another mailbox"), move },
	{ "spam", "", MAIL, NEEDS_MESSAGE, 0, N_("spam"), N_("move the message to the junk mailbox"),
		spam },
	{ "toggle-read", "", MAIL, NEEDS_MESSAGE, 0, N_("read/unread"),
		N_("mark the message read or unread"), toggle_read },
	{ "toggle-flag", "", MAIL, NEEDS_MESSAGE, 0, N_("flag"), N_("put a flag on the message or take it off"),
		toggle_flag },
	{ "undo", "", MAIL, NEEDS_STORE, 0, N_("undo"), N_("undo the last change, also after a restart"),
		undo },
	{ 0 },
};
