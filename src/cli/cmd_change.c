/*
 * The reader's own changes: durable in the queue first, then sent if asked to.
 */
#include <string.h>

#include "base/i18n.h"
#include "base/mem.h"
#include "cli/command.h"
#include "model/flags.h"

static GPtrArray *no_rows(void)
{
	return g_ptr_array_new_with_free_func(list_row_drop);
}

/* Adds the rows of the messages named on the command line, of struct list_row *, in every mailbox. */
static int read_rows(struct cli *c, const struct args *a, GPtrArray *all, struct err *err)
{
	for (guint i = 0; i < a->words->len; i++) {
		g_autoptr(GPtrArray) rows = NULL;
		int64_t id;

		if (args_number(args_word(a, i), 1, 0, &id, err) < 0)
			return err->code;
		if (store_message_rows(c->store, (message_id){ id }, &rows, err) < 0)
			return err->code;
		if (rows->len == 0)
			return err_set(err, ERR_GONE, _("There is no message %" G_GINT64_FORMAT "."),
				id);
		g_ptr_array_extend_and_steal(all, TAKE(rows));
	}
	return 0;
}

static GArray *locations(const GPtrArray *rows, account_id only)
{
	GArray *list = g_array_new(FALSE, FALSE, sizeof(location_id));

	for (guint i = 0; i < rows->len; i++) {
		const struct list_row *r = rows->pdata[i];

		if (!only.v || r->account.v == only.v)
			g_array_append_val(list, r->location);
	}
	return list;
}

static const location_id *data_of(const GArray *list)
{
	return (const location_id *)(const void *)list->data;
}

/* Sends what waits for the accounts of the rows. */
static int push_rows(struct cli *c, const GPtrArray *rows)
{
	int code = EXIT_DONE;

	for (guint i = 0; i < c->config->accounts->len; i++) {
		const struct account *a = c->config->accounts->pdata[i];
		bool touched = !rows;

		for (guint j = 0; rows && j < rows->len; j++)
			touched |= ((const struct list_row *)rows->pdata[j])->account.v == a->id.v;
		if (touched)
			code = worse(code, push_account(c, a, false));
	}
	return code;
}

/* Tells what happened to `changed` messages and sends them if --push was given. */
static int report(struct cli *c, const struct args *a, const GPtrArray *rows, int changed)
{
	int code = changed > 0 ? EXIT_QUEUED : EXIT_DONE;

	if (changed > 0 && args_has(a, "push"))
		code = push_rows(c, rows);
	if (a->json)
		out_json(json_pack("{s:i, s:b}", "changed", changed, "queued", code == EXIT_QUEUED));
	else if (changed > 0 && !args_has(a, "push"))
		say(ngettext("queued: %d message; `tern push` sends it.",
			    "queued: %d messages; `tern push` sends them.", (unsigned long)changed),
			changed);
	return code;
}

static int change_flags(struct cli *c, const struct args *a, unsigned add, unsigned remove)
{
	g_autoptr(GPtrArray) rows = no_rows();
	g_autoptr(GArray) where = NULL;
	struct err err = { 0 };
	int changed;

	if (read_rows(c, a, rows, &err) < 0)
		return say_error(&err);
	where = locations(rows, (account_id){ 0 });
	changed = store_want_flags(c->store, data_of(where), where->len, add, remove, &err);
	return changed < 0 ? say_error(&err) : report(c, a, rows, changed);
}

int cmd_read(struct cli *c, const struct args *a)
{
	return change_flags(c, a, FLAG_SEEN, 0);
}

int cmd_unread(struct cli *c, const struct args *a)
{
	return change_flags(c, a, 0, FLAG_SEEN);
}

int cmd_flag(struct cli *c, const struct args *a)
{
	return change_flags(c, a, FLAG_FLAGGED, 0);
}

int cmd_unflag(struct cli *c, const struct args *a)
{
	return change_flags(c, a, 0, FLAG_FLAGGED);
}

static int change_role(struct cli *c, const struct args *a, enum mailbox_role role)
{
	g_autoptr(GPtrArray) rows = no_rows();
	g_autoptr(GArray) where = NULL;
	struct err err = { 0 };
	int changed;

	if (read_rows(c, a, rows, &err) < 0)
		return say_error(&err);
	where = locations(rows, (account_id){ 0 });
	changed = store_want_role(c->store, data_of(where), where->len, role, &err);
	return changed < 0 ? say_error(&err) : report(c, a, rows, changed);
}

int cmd_archive(struct cli *c, const struct args *a)
{
	return change_role(c, a, ROLE_ARCHIVE);
}

int cmd_delete(struct cli *c, const struct args *a)
{
	return change_role(c, a, ROLE_TRASH);
}

/* The mailbox of each account that has rows, before anything moves; 0 for the others. */
static int find_targets(struct cli *c, const GPtrArray *rows, const char *word, GArray *targets,
	struct err *err)
{
	for (guint i = 0; i < c->config->accounts->len; i++) {
		const struct account *account = c->config->accounts->pdata[i];
		g_autoptr(GArray) where = locations(rows, account->id);
		AUTO(mailbox_free) struct mailbox *m = NULL;
		mailbox_id id = { 0 };

		if (where->len && store_mailbox_find(c->store, account->id, word, &m, err) < 0)
			return err->code;
		if (m)
			id = m->id;
		g_array_append_val(targets, id);
	}
	return 0;
}

static int move_rows(struct cli *c, const GPtrArray *rows, const GArray *targets, struct err *err)
{
	int changed = 0;

	for (guint i = 0; i < c->config->accounts->len; i++) {
		const struct account *account = c->config->accounts->pdata[i];
		mailbox_id target = g_array_index(targets, mailbox_id, i);
		g_autoptr(GArray) where = locations(rows, account->id);
		int n = target.v ? store_want_move(c->store, data_of(where), where->len, target, err)
				 : 0;

		if (n < 0)
			return n;
		changed += n;
	}
	return changed;
}

int cmd_move(struct cli *c, const struct args *a)
{
	g_autoptr(GArray) targets = g_array_new(FALSE, FALSE, sizeof(mailbox_id));
	g_autoptr(GPtrArray) rows = no_rows();
	const char *to = args_option(a, "to");
	struct err err = { 0 };
	int changed = 0;

	if (!to)
		err_set(&err, ERR_USAGE, _("Say where with --to MAILBOX."));
	if (!to || read_rows(c, a, rows, &err) < 0 || find_targets(c, rows, to, targets, &err) < 0)
		return say_error(&err);
	changed = move_rows(c, rows, targets, &err);
	return changed < 0 ? say_error(&err) : report(c, a, rows, changed);
}

/* EXIT_QUEUED if anything waits for any account. */
static int waiting(struct cli *c)
{
	for (guint i = 0; i < c->config->accounts->len; i++)
		if (store_queue_due_in(c->store,
			    ((struct account *)c->config->accounts->pdata[i])->id) >= 0)
			return EXIT_QUEUED;
	return EXIT_DONE;
}

int cmd_undo(struct cli *c, const struct args *a)
{
	struct err err = { 0 };
	struct undone u = { 0 };
	int undone = store_undo(c->store, 0, &u, &err), code = EXIT_DONE;

	if (undone < 0)
		return say_error(&err);
	if (undone > 0)
		code = args_has(a, "push") ? push_rows(c, NULL) : waiting(c);
	if (a->json)
		out_json(json_pack("{s:b, s:o}", "undone", undone > 0, "what",
			json_text(undone > 0 ? u.what : NULL)));
	else if (undone > 0)
		say(_("Undone: %s."), u.what);
	else
		say(_("There is nothing to undo."));
	return undone > 0 ? code : EXIT_NOTHING;
}
