/* Commands that mark messages, and those about whole mailboxes. */
#include <stdio.h>

#include "base/clock.h"
#include "base/i18n.h"
#include "model/flags.h"
#include "ui/command.h"
#include "ui/priv.h"

/* --- marks ------------------------------------------------------------- */

/* True if every one of them is marked. */
static bool all_marked(const struct marks *m, const GArray *places)
{
	for (guint i = 0; i < places->len; i++)
		if (!marks_has(m, g_array_index(places, location_id, i)))
			return false;
	return true;
}

static void mark_places(struct ui *ui, const GArray *places)
{
	bool on = !all_marked(&ui->marks, places);

	for (guint i = 0; i < places->len; i++)
		marks_put(&ui->marks, g_array_index(places, location_id, i), on);
}

/* The visual range, or so many rows from the cursor on. */
static int mark(struct ui *ui, const char *arg, struct err *err)
{
	g_autoptr(GArray) places = g_array_new(FALSE, FALSE, sizeof(location_id));
	const struct list_row *row = ui_row(ui);
	struct list_scope scope = list_scope(&ui->list);
	int rows;

	(void)arg;
	if (ui->visual) {
		if (store_range(ui->store, &scope, &ui->anchor, &row->key, MARK_RANGE_MAX, places, err) < 0)
			return err->code;
		ui->visual = false;
		mark_places(ui, places);
		return 0;
	}
	rows = list_take(&ui->list, MAX(ui->count, 1), places, err);
	if (rows < 0)
		return rows;
	mark_places(ui, places);
	return list_move(&ui->list, rows, err) < 0 ? err->code : 0;
}

static int visual(struct ui *ui, const char *arg, struct err *err)
{
	(void)arg;
	(void)err;
	ui->visual = !ui->visual;
	if (ui->visual)
		ui->anchor = ui_row(ui)->key;
	return 0;
}

static int mark_query(struct ui *ui, const char *text, struct err *err)
{
	struct query *query = NULL;
	int rc = query_parse(text, clock_unix(), &query, err);

	if (rc < 0)
		return rc;
	ui->visual = false;
	search_begin(ui, query, text);
	return 0;
}

static void query_typed(struct ui *ui, const char *text)
{
	struct err err = { 0 };

	if (*text && mark_query(ui, text, &err) < 0)
		ui_complain(ui, &err);
}

static GPtrArray *complete_query(struct ui *ui, const char *typed)
{
	(void)ui;
	return query_complete(typed);
}

static int mark_by_query(struct ui *ui, const char *arg, struct err *err)
{
	if (*arg)
		return mark_query(ui, arg, err);
	prompt_ask(&ui->prompt, _("Mark: "), "", complete_query, query_typed, false);
	return 0;
}

static int unmark(struct ui *ui, const char *arg, struct err *err)
{
	(void)arg;
	(void)err;
	if (!ui_forget_marks(ui))
		ui_say(ui, _("Nothing is marked"));
	return 0;
}

static int stop(struct ui *ui, const char *arg, struct err *err)
{
	(void)arg;
	if (search_stop(ui)) {
		ui_say(ui, _("Stopped: nothing was marked"));
		return 0;
	}
	return carry_stop(ui, err);
}

/* --- whole mailboxes --------------------------------------------------- */

static void after_all(struct ui *ui, account_id a, const char *word, const char *what, int64_t n)
{
	carry_watch(ui, word, n);
	ui->status.pending_at = 0;
	ui_reread(ui);
	ui_say(ui, "%s", what);
	if (ui->engine)
		ui->engine->push(ui->engine, a);
}

static int read_all(struct ui *ui, struct err *err)
{
	struct want w = { .verb = MUTATION_FLAGS, .add = FLAG_SEEN, .role = ROLE_NONE };
	int64_t unread = ui->list.unread;
	char number[32], what[160], undo[KEYS_NAME_MAX];

	if (store_want_all(ui->store, &w, (const mailbox_id *)(void *)ui->list.mailboxes->data,
		    ui->list.mailboxes->len, true, err) < 0)
		return err->code;
	ui_way_to(ui, "undo", undo);
	snprintf(what, sizeof what,
		ngettext("Marked read: %s message; %s undoes it", "Marked read: %s messages; %s undoes it",
			(unsigned long)unread), number_text(unread, number), undo);
	after_all(ui, (account_id){ 0 }, _("marking read"), what, unread);
	return 0;
}

static void read_all_yes(struct ui *ui)
{
	struct err err = { 0 };

	if (read_all(ui, &err) < 0)
		ui_complain(ui, &err);
}

static int mark_all_read(struct ui *ui, const char *arg, struct err *err)
{
	const struct place *place = sidebar_current(&ui->sidebar);
	g_autofree char *question = NULL;
	char number[32];

	(void)arg;
	if (!deed_possible(ui, "mark-all-read", err))
		return err->code;
	if (ui->list.unread == 0) {
		ui_say(ui, _("Nothing is unread here"));
		return 0;
	}
	if (ui->list.unread <= DEED_ASKS_ABOVE)
		return read_all(ui, err);
	question = g_strdup_printf(_("Mark %s unread messages of %s read?"),
		number_text(ui->list.unread, number), place ? place->label : "?");
	ask_begin(ui, question, read_all_yes);
	return 0;
}

static void empty_yes(struct ui *ui)
{
	struct want w = { .verb = MUTATION_EXPUNGE, .role = ROLE_NONE };
	const struct mailbox *m = sidebar_mailbox(&ui->sidebar, ui->emptying);
	struct err err = { 0 };

	if (!m)
		err_set(&err, ERR_GONE, _("This mailbox is not there any more"));
	if (!m || store_want_all(ui->store, &w, &m->id, 1, false, &err) < 0)
		ui_complain(ui, &err);
	else
		after_all(ui, m->account, _("deleting for ever"), _("The trash is emptied"), m->total);
}

static int empty_trash(struct ui *ui, const char *arg, struct err *err)
{
	mailbox_id id = store_mailbox_with_role(ui->store, ui_here(ui), ROLE_TRASH);
	const struct mailbox *m = sidebar_mailbox(&ui->sidebar, id);
	const struct want w = { .verb = MUTATION_EXPUNGE, .role = ROLE_NONE };
	g_autofree char *question = NULL;
	char number[32];

	(void)arg;
	if (!m)
		return deed_needs_role(ROLE_TRASH, err);
	if (deed_writable(ui, m->account, err) < 0 || store_may(ui->store, &w, id, err) < 0)
		return err->code;
	if (m->total == 0) {
		ui_say(ui, _("%s is empty"), mailbox_label(m));
		return 0;
	}
	question = g_strdup_printf(ngettext("Delete %s message of %s for ever?  Nothing brings it back.",
			"Delete %s messages of %s for ever?  Nothing brings them back.",
			(unsigned long)m->total), number_text(m->total, number), mailbox_label(m));
	ui->emptying = id;
	ask_begin(ui, question, empty_yes);
	return 0;
}

const struct command commands_mark[] = {
	{ "mark", "", IN_LIST, NEEDS_MESSAGE, 0, N_("mark"), N_("mark the message or take the mark off, and go on"),
		mark },
	{ "visual", "", IN_LIST, NEEDS_MESSAGE, 0, N_("range"),
		N_("begin a range that moving extends, or end it"), visual },
	{ "mark-query", N_("[query]"), IN_LIST, NEEDS_STORE, COMPLETES_QUERY, N_("mark by query"),
		N_("mark what matches, e.g. from:ana is:unread; all marks everything"), mark_by_query },
	{ "unmark-all", "", IN_LIST, NEEDS_STORE, 0, N_("unmark"), N_("take all marks off"), unmark },
	{ "stop", "", IN_LIST | IN_READER, NEEDS_STORE, 0, N_("stop"),
		N_("stop the rest of a large change, or a search"), stop },
	{ "mark-all-read", "", IN_LIST, NEEDS_STORE, 0, N_("all read"),
		N_("mark everything in the open mailbox read"), mark_all_read },
	{ "empty-trash", "", IN_LIST, NEEDS_STORE, 0, N_("empty the trash"),
		N_("delete everything in the trash for ever"), empty_trash },
	{ 0 },
};
