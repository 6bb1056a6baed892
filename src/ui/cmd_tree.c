/*
 * Commands about the tree of mailboxes: make, rename, delete, subscribe, role.
 *
 * They are about the mailbox that is open.  Each writes a wish to the store,
 * which is on disk when the call returns, and asks the engine to carry it to
 * the server; the tree changes when the server has done it.
 */
#include <stdio.h>
#include <string.h>

#include "base/i18n.h"
#include "ui/command.h"
#include "ui/priv.h"

/* The open mailbox, borrowed; NULL with words. */
static const struct mailbox *open_one(const struct ui *ui, struct err *err)
{
	const struct place *place = sidebar_current(&ui->sidebar);
	const struct mailbox *m = place ? sidebar_mailbox(&ui->sidebar, place->mailbox) : NULL;

	if (!m)
		err_set(err, ERR_USAGE,
			_("Open the mailbox first: this command is about the open one"));
	else if (deed_writable(ui, m->account, err) < 0)
		return NULL;
	return m;
}

/* Stores the wish, tells the engine, and says so. */
static int want(struct ui *ui, account_id a, enum mailbox_verb verb, mailbox_id m, const char *name,
	const char *what, struct err *err)
{
	char way[KEYS_NAME_MAX];
	int64_t id = store_want_mailbox(ui->store, a, verb, m, name, err);

	if (id < 0)
		return (int)id;
	ui->status.pending_at = 0;
	ui_say(ui, _("%s: waits for the server; %s shows it"), what, ui_way_to(ui, "activity", way));
	ui->waiting_wish = id;
	ui->waiting_until = ui->status.until;
	if (ui->engine)
		ui->engine->push(ui->engine, a);
	return 0;
}

/* --- create and rename --------------------------------------------------- */

static int create_it(struct ui *ui, const char *name, struct err *err)
{
	account_id a = ui_here(ui);
	g_autofree char *what = g_strdup_printf(_("New mailbox %s"), name);

	return deed_writable(ui, a, err) < 0
		       ? err->code
		       : want(ui, a, MAILBOX_CREATE, (mailbox_id){ 0 }, name, what, err);
}

static void create_typed(struct ui *ui, const char *text)
{
	struct err err = { 0 };

	if (*text && create_it(ui, text, &err) < 0)
		ui_complain(ui, &err);
}

static int create(struct ui *ui, const char *arg, struct err *err)
{
	if (*arg)
		return create_it(ui, arg, err);
	prompt_ask(&ui->prompt, _("New mailbox: "), "", NULL, create_typed, false);
	return 0;
}

static int rename_it(struct ui *ui, const struct mailbox *m, const char *name, struct err *err)
{
	g_autofree char *what = g_strdup_printf(_("%s becomes %s"), m->name, name);

	return want(ui, m->account, MAILBOX_RENAME, m->id, name, what, err);
}

static void rename_typed(struct ui *ui, const char *text)
{
	const struct mailbox *m = sidebar_mailbox(&ui->sidebar, ui->naming);
	struct err err = { 0 };

	if (!m) {
		err_set(&err, ERR_GONE, _("This mailbox is not there any more"));
		ui_complain(ui, &err);
	} else if (*text && strcmp(text, m->name) != 0 && rename_it(ui, m, text, &err) < 0) {
		ui_complain(ui, &err);
	}
}

static int rename_open(struct ui *ui, const char *arg, struct err *err)
{
	const struct mailbox *m = open_one(ui, err);

	if (!m)
		return err->code;
	if (*arg)
		return rename_it(ui, m, arg, err);
	ui->naming = m->id;
	prompt_ask(&ui->prompt, _("New name: "), m->name, NULL, rename_typed, false);
	return 0;
}

/* --- delete -------------------------------------------------------------- */

static void delete_confirmed(struct ui *ui, const char *text)
{
	const struct mailbox *m = sidebar_mailbox(&ui->sidebar, ui->naming);
	g_autofree char *what = m ? g_strdup_printf(_("Delete %s"), m->name) : NULL;
	struct err err = { 0 };

	if (!m)
		err_set(&err, ERR_GONE, _("This mailbox is not there any more"));
	else if (g_ascii_strcasecmp(text, _("yes")) != 0)
		ui_say(ui, _("Nothing was deleted"));
	else
		want(ui, m->account, MAILBOX_DELETE, m->id, NULL, what, &err);
	if (err.code)
		ui_complain(ui, &err);
}

static int delete_open(struct ui *ui, const char *arg, struct err *err)
{
	const struct mailbox *m = open_one(ui, err);
	g_autofree char *label = NULL;
	char number[32];

	(void)arg;
	if (!m)
		return err->code;
	if (m->role == ROLE_INBOX)
		return err_set(
			err, ERR_USAGE, _("The inbox cannot be deleted; every account has one."));
	label = g_strdup_printf(ngettext("Type yes to delete %s message and %s for good: ",
					"Type yes to delete %s messages and %s for good: ",
					(unsigned long)m->total),
		number_text(m->total, number), mailbox_label(m));
	ui->naming = m->id;
	prompt_ask(&ui->prompt, label, "", NULL, delete_confirmed, false);
	return 0;
}

/* --- subscription and role ----------------------------------------------- */

static int subscribe(struct ui *ui, const char *arg, struct err *err)
{
	const struct mailbox *m = open_one(ui, err);

	(void)arg;
	return m ? want(ui, m->account, MAILBOX_SUBSCRIBE, m->id, NULL, _("Subscription"), err)
		 : err->code;
}

static int unsubscribe(struct ui *ui, const char *arg, struct err *err)
{
	const struct mailbox *m = open_one(ui, err);

	(void)arg;
	return m ? want(ui, m->account, MAILBOX_UNSUBSCRIBE, m->id, NULL, _("End of subscription"),
			   err)
		 : err->code;
}

static int role(struct ui *ui, const char *arg, struct err *err)
{
	const struct place *place = sidebar_current(&ui->sidebar);
	enum mailbox_role wanted = mailbox_role_from_name(arg);
	int rc;

	if (!place || !place->mailbox.v)
		return err_set(err, ERR_USAGE,
			_("Open the mailbox first: this command is about the open one"));
	if (strcmp(arg, "auto") == 0)
		rc = store_mailbox_role_clear(ui->store, place->mailbox, err);
	else if (wanted == ROLE_NONE && strcmp(arg, mailbox_role_name(ROLE_NONE)) != 0)
		return err_set(err, ERR_USAGE,
			_("A role is inbox, drafts, sent, archive, junk, trash, all, flagged, none "
			  "or auto"));
	else
		rc = store_mailbox_role_override(ui->store, place->mailbox, wanted, err);
	if (rc < 0)
		return rc;
	ui_say(ui, _("The role of this mailbox is now: %s"), arg);
	ui_reread(ui);
	return 0;
}

const struct command commands_tree[] = {
	{ "mailbox-create", N_("[NAME]"), IN_LIST, NEEDS_STORE, 0, N_("new mailbox"),
		N_("make a mailbox in this account; / separates levels"), create },
	{ "mailbox-rename", N_("[NAME]"), IN_LIST, NEEDS_STORE, COMPLETES_MAILBOX, N_("rename"),
		N_("give the open mailbox another name"), rename_open },
	{ "mailbox-delete", "", IN_LIST, NEEDS_STORE, 0, NULL,
		N_("delete the open mailbox and its messages; asks first"), delete_open },
	{ "mailbox-subscribe", "", IN_LIST, NEEDS_STORE, 0, NULL,
		N_("subscribe to the open mailbox"), subscribe },
	{ "mailbox-unsubscribe", "", IN_LIST, NEEDS_STORE, 0, NULL,
		N_("take the subscription of the open mailbox back"), unsubscribe },
	{ "mailbox-role", N_("ROLE"), IN_LIST, NEEDS_STORE | NEEDS_WORD, COMPLETES_ROLE, NULL,
		N_("say what the open mailbox is for: inbox, sent, ..., none; auto: what the "
		   "server says"),
		role },
	{ 0 },
};
