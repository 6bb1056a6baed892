/* Commands about tern itself. */
#include "base/i18n.h"
#include "ui/command.h"
#include "ui/priv.h"

static int help(struct ui *ui, const char *arg, struct err *err)
{
	(void)arg;
	(void)err;
	view_help_open(ui);
	return 0;
}

/* Closes the top view if the one below is of that context: there and back is no longer stack. */
static bool went_back(struct ui *ui, enum context to)
{
	guint n = ui->views->len;

	if (n < 2 || ((struct view *)ui->views->pdata[n - 2])->ops->context != to)
		return false;
	view_pop(ui);
	return true;
}

static int activity(struct ui *ui, const char *arg, struct err *err)
{
	(void)arg;
	(void)err;
	if (!went_back(ui, IN_ACTIVITY))
		view_activity_open(ui);
	return 0;
}

static int history(struct ui *ui, const char *arg, struct err *err)
{
	(void)arg;
	return went_back(ui, IN_HISTORY) ? 0 : view_history_open(ui, err);
}

static int command(struct ui *ui, const char *arg, struct err *err)
{
	(void)err;
	ui_ask_command(ui, arg);
	return 0;
}

static int redraw(struct ui *ui, const char *arg, struct err *err)
{
	(void)arg;
	(void)err;
	ui->want_redraw = true;
	ui->stale = true;
	return 0;
}

static int suspend(struct ui *ui, const char *arg, struct err *err)
{
	(void)arg;
	(void)err;
	ui->want_suspend = true;
	return 0;
}

static int quit(struct ui *ui, const char *arg, struct err *err)
{
	(void)arg;
	(void)err;
	ui_end(ui, UI_QUIT);
	return 0;
}

/* Of what was begun in the list, the newest: a search, a range, marks, a large step. */
static bool cancel_here(struct ui *ui)
{
	if (search_stop(ui)) {
		ui_say(ui, _("Stopped: nothing was marked"));
		return true;
	}
	if (ui->visual) {
		ui->visual = false;
		return true;
	}
	return ui_forget_marks(ui) || carry_escape(ui);
}

/* Esc where there is nothing to close: the message in the status line goes. */
static int cancel(struct ui *ui, const char *arg, struct err *err)
{
	(void)arg;
	(void)err;
	if (errand_cancel(ui))
		return 0;
	if (ui_view(ui)->ops->context == IN_LIST && cancel_here(ui))
		return 0;
	if (ui_view(ui)->ops->context & ~(unsigned)(IN_LIST | IN_WELCOME))
		view_pop(ui);
	else
		ui_say(ui, _("Nothing to cancel; :quit leaves tern"));
	return 0;
}

static int add_account(struct ui *ui, const char *arg, struct err *err)
{
	(void)arg;
	(void)err;
	ui_say(ui, _("Leave with q, then type: tern account add"));
	return 0;
}

static int demo(struct ui *ui, const char *arg, struct err *err)
{
	(void)arg;
	(void)err;
	ui_say(ui, _("Leave with q, then type: tern demo"));
	return 0;
}

/* A name for the account that no other one has: "mail", "mail-2", ... */
static char *free_name(const struct ui *ui, const char *base)
{
	char *name = g_strdup(base);

	for (int i = 2; config_account(ui->config, name); i++) {
		g_free(name);
		name = g_strdup_printf("%s-%d", base, i);
	}
	return name;
}

static char *account_name(const struct ui *ui, const char *path)
{
	g_autofree char *base = g_path_get_basename(path);

	g_strcanon(base, G_CSET_A_2_Z G_CSET_a_2_z G_CSET_DIGITS "_-", '-');
	return free_name(ui, base[0] == '-' || base[0] == '\0' ? "mail" : base);
}

static bool is_maildir(const char *path)
{
	g_autofree char *cur = g_build_filename(path, "cur", NULL);
	g_autoptr(GDir) dir = g_dir_open(path, 0, NULL);
	const char *name;

	if (g_file_test(cur, G_FILE_TEST_IS_DIR))
		return true;
	while (dir && (name = g_dir_read_name(dir))) {
		g_autofree char *sub = g_build_filename(path, name, "cur", NULL);

		if (g_file_test(sub, G_FILE_TEST_IS_DIR))
			return true;
	}
	return false;
}

static int open_maildir_at(struct ui *ui, const char *typed, struct err *err)
{
	g_autofree char *path = path_typed(typed);
	g_autofree char *name = account_name(ui, path);
	struct account a = { .name = name, .type = (char *)"maildir", .path = path, .two_way = true };
	int rc;

	if (!is_maildir(path))
		return err_set(err, ERR_USAGE,
			_("This is no Maildir, there is no folder 'cur' in it: %s"), path);
	rc = config_account_add(ui->places, ui->config, &a, err);
	if (rc < 0)
		return rc;
	ui_end(ui, UI_RELOAD);
	return 0;
}

static void maildir_typed(struct ui *ui, const char *text)
{
	struct err err = { 0 };

	if (*text && open_maildir_at(ui, text, &err) < 0)
		ui_complain(ui, &err);
}

static int open_maildir(struct ui *ui, const char *arg, struct err *err)
{
	if (*arg)
		return open_maildir_at(ui, arg, err);
	prompt_ask(&ui->prompt, _("Path of the Maildir: "), "~/", path_offers, maildir_typed,
		false);
	return 0;
}

const struct command commands_app[] = {
	{ "help", "", IN_ANY & ~IN_HELP, 0, 0, N_("help"), N_("show keys and commands"), help },
	{ "activity", "", IN_LIST | IN_READER | IN_HISTORY, NEEDS_STORE, 0, N_("activity"),
		N_("show what tern does: accounts, jobs, changes that wait"), activity },
	{ "history", "", IN_LIST | IN_READER | IN_ACTIVITY, NEEDS_STORE, 0, N_("history"),
		N_("show what you changed; any step can be undone"), history },
	{ "command", "", IN_ANY, 0, 0, N_("command"), N_("type a command; Tab completes"), command },
	{ "redraw", "", IN_ANY, 0, 0, NULL, N_("draw the screen anew"), redraw },
	{ "suspend", "", IN_ANY, 0, 0, NULL, N_("back to the shell; fg returns"), suspend },
	{ "cancel", "", IN_ANY, 0, 0, N_("cancel"), N_("cancel what was begun, or close"), cancel },
	{ "quit", "", IN_ANY, 0, 0, N_("quit"), N_("leave tern; everything is saved"), quit },
	{ "add-account", "", IN_ANY, 0, 0, N_("add an account"), N_("how to add an account"),
		add_account },
	{ "demo", "", IN_ANY, 0, 0, N_("demo"), N_("how to see the demo mailbox"), demo },
	{ "open-maildir", N_("[path]"), IN_ANY, 0, COMPLETES_PATH, N_("open a Maildir"),
		N_("add a Maildir as an account"), open_maildir },
	{ 0 },
};
