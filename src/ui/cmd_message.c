/*
 * Commands that change messages: the marked ones, or that of the cursor.
 *
 * What they share stands in deed.c.
 */
#include <stdio.h>
#include <string.h>

#include "base/i18n.h"
#include "base/mem.h"
#include "model/flags.h"
#include "ui/command.h"
#include "ui/priv.h"

#define DEED(function, kind)                                                                       \
	static int function(struct ui *ui, const char *arg, struct err *err)                       \
	{                                                                                          \
		(void)arg;                                                                         \
		return deed_do(ui, kind, err);                                                     \
	}
DEED(toggle_read, DEED_TOGGLE_READ)
DEED(toggle_flag, DEED_TOGGLE_FLAG)
DEED(archive, DEED_ARCHIVE)
DEED(delete, DEED_DELETE)
DEED(spam, DEED_SPAM)
DEED(delete_forever, DEED_FOREVER)

/* --- to another mailbox ------------------------------------------------ */

/*
 * The list may have moved on while the picker was open: what is moved is what
 * the key was pressed on, or nothing.
 */
static void move_picked(struct ui *ui, mailbox_id m)
{
	struct err err = { 0 };

	if (deed_commit(ui, &(struct deed){ .kind = DEED_MOVE, .target = m }, &err) < 0)
		ui_complain(ui, &err);
}

static void copy_picked(struct ui *ui, mailbox_id m)
{
	struct err err = { 0 };

	if (deed_commit(ui, &(struct deed){ .kind = DEED_COPY, .target = m }, &err) < 0)
		ui_complain(ui, &err);
}

static int to_mailbox(struct ui *ui, enum deed_kind kind, const char *arg, struct err *err)
{
	AUTO(mailbox_free) struct mailbox *m = NULL;
	account_id account;

	if (deed_prepare(ui, err) < 0 || deed_account(ui, &account, err) < 0)
		return err->code;
	if (!*arg) {
		view_picker_open(ui, kind == DEED_MOVE ? _("Move to") : _("Copy to"), account,
			kind == DEED_MOVE ? move_picked : copy_picked);
		return 0;
	}
	if (store_mailbox_find(ui->store, account, arg, &m, err) < 0)
		return err->code;
	return deed_commit(ui, &(struct deed){ .kind = kind, .target = m->id }, err);
}

static int move(struct ui *ui, const char *arg, struct err *err)
{
	if (!deed_possible(ui, "move", err))
		return err->code;
	return to_mailbox(ui, DEED_MOVE, arg, err);
}

static int copy(struct ui *ui, const char *arg, struct err *err)
{
	return to_mailbox(ui, DEED_COPY, arg, err);
}

/* --- tags -------------------------------------------------------------- */

/* An atom of RFC 3501, which keywords are. */
static bool is_keyword(const char *word)
{
	if (!*word || strlen(word) > KEYWORD_LEN_MAX)
		return false;
	for (; *word; word++)
		if (!g_ascii_isgraph(*word) || strchr("(){%*\"\\]", *word))
			return false;
	return true;
}

/* "+work -todo" into two lists; a word without a sign is put on. */
static int read_tags(const char *text, struct deed *d, struct err *err)
{
	g_autoptr(GString) add = g_string_new(NULL), remove = g_string_new(NULL);
	g_auto(GStrv) words = g_strsplit(text, " ", KEYWORDS_MAX);

	for (size_t i = 0; words[i]; i++) {
		GString *list = words[i][0] == '-' ? remove : add;
		const char *word = words[i] + (words[i][0] == '-' || words[i][0] == '+');

		if (!*words[i])
			continue;
		if (!is_keyword(word))
			return err_set(err, ERR_USAGE,
				_("\"%s\" cannot be a tag: letters, digits and - _ . $ can"), word);
		g_string_append_printf(list, "%s%s", list->len ? " " : "", word);
	}
	if (add->len + remove->len == 0)
		return err_set(err, ERR_USAGE, _("Say which: +work puts a tag on, -work takes it off"));
	d->add_keywords = flags_keywords_normalize(add->str);
	d->remove_keywords = flags_keywords_normalize(remove->str);
	return 0;
}

static int tag_them(struct ui *ui, const char *text, struct err *err)
{
	AUTO(deed_clear) struct deed d = { .kind = DEED_TAG };

	return read_tags(text, &d, err) < 0 ? err->code : deed_commit(ui, &d, err);
}

static void tags_typed(struct ui *ui, const char *text)
{
	struct err err = { 0 };

	if (*text && tag_them(ui, text, &err) < 0)
		ui_complain(ui, &err);
}

/* The keywords of the rows that are in memory, sorted. */
static char **keywords_seen(const struct ui *ui)
{
	g_autoptr(GString) all = g_string_new(NULL);
	g_autofree char *sorted = NULL;

	for (guint i = 0; i < ui->list.rows->len; i++) {
		const struct list_row *r = ui->list.rows->pdata[i];

		if (*r->keywords)
			g_string_append_printf(all, "%s ", r->keywords);
	}
	sorted = flags_keywords_normalize(all->str);
	return g_strsplit(sorted, " ", -1);
}

static GPtrArray *complete_tags(struct ui *ui, const char *typed)
{
	GPtrArray *out = g_ptr_array_new_with_free_func(g_free);
	const char *blank = strrchr(typed, ' '), *last = blank ? blank + 1 : typed;
	const char *word = last + (*last == '+' || *last == '-');
	g_auto(GStrv) seen = keywords_seen(ui);

	for (size_t i = 0; seen[i]; i++)
		if (*seen[i] && g_ascii_strncasecmp(seen[i], word, strlen(word)) == 0)
			g_ptr_array_add(out, g_strdup_printf("%.*s%c%s", (int)(last - typed), typed,
						     *last == '-' ? '-' : '+', seen[i]));
	return out;
}

static int tag(struct ui *ui, const char *arg, struct err *err)
{
	if (!deed_possible(ui, "tag", err) || deed_prepare(ui, err) < 0)
		return err->code;
	if (*arg)
		return tag_them(ui, arg, err);
	prompt_ask(&ui->prompt, _("Tags (+word -word): "), "", complete_tags, tags_typed, false);
	return 0;
}

/* --- again, and back --------------------------------------------------- */

static int repeat(struct ui *ui, const char *arg, struct err *err)
{
	(void)arg;
	if (ui->last.kind == DEED_NONE)
		return err_set(err, ERR_USAGE, _("There is no change to do again yet"));
	return deed_prepare(ui, err) < 0 ? err->code : deed_commit(ui, &ui->last, err);
}

void ui_say_undone(struct ui *ui, const struct undone *u, bool again, const char *other)
{
	char way[KEYS_NAME_MAX], partly[120] = "", passed[120] = "";
	int all = u->done + u->left + u->skipped;

	ui_way_to(ui, other, way);
	if (u->skipped > 0)
		snprintf(partly, sizeof partly,
			ngettext(" (%d of %d; %d is elsewhere by now)", " (%d of %d; %d are elsewhere by now)",
				(unsigned long)u->skipped), all - u->skipped, all, u->skipped);
	if (u->passed > 0)
		snprintf(passed, sizeof passed,
			ngettext("%d later change cannot be undone.  ", "%d later changes cannot be undone.  ",
				(unsigned long)u->passed), u->passed);
	if (again)
		ui_say(ui, _("Done again: %s%s; %s undoes it"), u->what, partly, way);
	else
		ui_say(ui, _("%sUndone: %s%s; %s does it again"), passed, u->what, partly, way);
}

static int turn_back(struct ui *ui, bool again, struct err *err)
{
	struct undone undone = { 0 };
	int rc = again ? store_redo(ui->store, 0, &undone, err) : store_undo(ui->store, 0, &undone, err);

	if (rc < 0)
		return rc;
	if (rc == 0) {
		ui_say(ui, again ? _("Nothing to do again") : _("Nothing to undo"));
		return 0;
	}
	ui->status.pending_at = 0;
	carry_watch(ui, again ? _("doing again") : _("undoing"), undone.done + undone.left);
	ui_reread(ui);
	if (ui->has_acted && ui_view(ui)->ops->context == IN_LIST &&
		list_seek_message(&ui->list, &ui->acted, ui->acted_message, err) < 0)
		return err->code;
	ui->has_acted = false;
	ui_say_undone(ui, &undone, again, again ? "undo" : "redo");
	if (ui->engine)
		ui->engine->push(ui->engine, (account_id){ 0 });
	return 0;
}

static int undo(struct ui *ui, const char *arg, struct err *err)
{
	(void)arg;
	return turn_back(ui, false, err);
}

static int redo(struct ui *ui, const char *arg, struct err *err)
{
	(void)arg;
	return turn_back(ui, true, err);
}

enum { MAIL = IN_LIST | IN_READER };

const struct command commands_message[] = {
	{ "archive", "", MAIL, NEEDS_MESSAGE, 0, N_("archive"), N_("move the message to the archive"),
		archive },
	{ "delete", "", MAIL, NEEDS_MESSAGE, 0, N_("delete"), N_("move the message to the trash"),
		delete },
	{ "move", N_("[mailbox]"), MAIL, NEEDS_MESSAGE, COMPLETES_MAILBOX, N_("move"),
		N_("move the message to another mailbox"), move },
	{ "copy", N_("[mailbox]"), MAIL, NEEDS_MESSAGE, COMPLETES_MAILBOX, N_("copy"),
		N_("put a copy of the message into another mailbox"), copy },
	{ "spam", "", MAIL, NEEDS_MESSAGE, 0, N_("spam"), N_("move the message to the junk mailbox"),
		spam },
	{ "toggle-read", "", MAIL, NEEDS_MESSAGE, 0, N_("read/unread"),
		N_("mark the message read or unread"), toggle_read },
	{ "toggle-flag", "", MAIL, NEEDS_MESSAGE, 0, N_("flag"), N_("put a flag on the message or take it off"),
		toggle_flag },
	{ "tag", N_("[+word -word]"), MAIL, NEEDS_MESSAGE, 0, N_("tags"),
		N_("put tags on the message or take them off"), tag },
	{ "delete-forever", "", MAIL, NEEDS_MESSAGE, 0, N_("delete for ever"),
		N_("delete the message for ever, after a question"), delete_forever },
	{ "repeat", "", MAIL, NEEDS_MESSAGE, 0, N_("again"), N_("do the last change again, here"), repeat },
	{ "undo", "", MAIL, NEEDS_STORE, 0, N_("undo"), N_("undo the last change, also after a restart"),
		undo },
	{ "redo", "", MAIL, NEEDS_STORE, 0, N_("redo"), N_("do again what was undone last"), redo },
	{ 0 },
};
