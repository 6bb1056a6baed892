/*
 * The reader's own changes: durable in the queue first, then sent if asked to.
 */
#include <inttypes.h>

#include "base/i18n.h"
#include "base/mem.h"
#include "cli/command.h"
#include "model/flags.h"

/* The rows of the messages that the words name, in every mailbox that shows them (struct list_row *,
 * owned by the array). */
static int read_rows(struct cli *c, const struct args *a, GPtrArray **out, struct err *err)
{
	g_autoptr(GPtrArray) all = g_ptr_array_new_with_free_func(list_row_drop);

	for (guint i = 0; i < a->words->len; i++) {
		g_autoptr(GPtrArray) rows = NULL;
		int64_t id;

		if (args_number(args_word(a, i), 1, 0, &id, err) < 0)
			return err->code;
		if (store_message_rows(c->store, (message_id){ id }, &rows, err) < 0)
			return err->code;
		if (rows->len == 0)
			return err_set(err, ERR_GONE, _("There is no message %" PRId64 "."),
				id);
		g_ptr_array_extend_and_steal(all, TAKE(rows));
	}
	*out = TAKE(all);
	return 0;
}

/* Where the messages are, of one account (0 = all); once: one place of each is enough. */
static GArray *locations(const GPtrArray *rows, account_id only, bool once)
{
	GArray *list = g_array_new(FALSE, FALSE, sizeof(location_id));
	message_id last = { 0 };

	for (guint i = 0; rows && i < rows->len; i++) {
		const struct list_row *r = rows->pdata[i];

		if ((!only.v || r->account.v == only.v) && !(once && r->message.v == last.v))
			g_array_append_val(list, r->location);
		last = r->message;
	}
	return list;
}

static const location_id *data_of(const GArray *list)
{
	return (const location_id *)(const void *)list->data;
}

/* Finishes what was wished of `changed` messages of the rows' accounts (NULL: all), sends it if
 * --push was given, and tells. */
static int report(struct cli *c, const struct args *a, const GPtrArray *rows, int changed)
{
	int code = changed > 0 ? EXIT_QUEUED : EXIT_DONE;
	struct err err = { 0 };

	if (changed > 0 && carry_on(c, changed, &err) < 0)
		return say_error(&err);
	if (changed > 0 && args_has(a, "push"))
		code = push_all(c, rows);
	if (a->json)
		out_json(json_pack("{s:i, s:b}", "changed", changed, "queued", code == EXIT_QUEUED));
	else if (changed > 0 && !args_has(a, "push"))
		say(ngettext("queued: %d message; `tern push` sends it.",
			    "queued: %d messages; `tern push` sends them.", (unsigned long)changed),
			changed);
	return code;
}

/* The same wish about all messages that are named. */
static int change(struct cli *c, const struct args *a, const struct want *w)
{
	g_autoptr(GPtrArray) rows = NULL;
	g_autoptr(GArray) where = NULL;
	struct err err = { 0 };
	int changed;

	if (read_rows(c, a, &rows, &err) < 0)
		return say_error(&err);
	where = locations(rows, (account_id){ 0 }, false);
	changed = store_want(c->store, w, data_of(where), where->len, &err);
	return changed < 0 ? say_error(&err) : report(c, a, rows, changed);
}

/* --- flags and tags ------------------------------------------------------ */

static int change_flags(struct cli *c, const struct args *a, unsigned add, unsigned remove)
{
	return change(c, a,
		&(struct want){ .verb = MUTATION_FLAGS, .add = add, .remove = remove });
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

int cmd_tag(struct cli *c, const struct args *a)
{
	struct want w = { .verb = MUTATION_FLAGS,
		.add_keywords = args_option(a, "add"),
		.remove_keywords = args_option(a, "remove") };
	struct err err = { 0 };

	if (w.add_keywords || w.remove_keywords)
		return change(c, a, &w);
	err_set(&err, ERR_USAGE, _("Say which tags with --add WORDS or --remove WORDS."));
	return say_error(&err);
}

int cmd_read_all(struct cli *c, const struct args *a)
{
	const struct want w = { .verb = MUTATION_FLAGS, .add = FLAG_SEEN };
	struct err err = { 0 };
	AUTO(mailbox_free) struct mailbox *m = pick_mailbox(c, a, args_word(a, 0), &err);
	int changed = m ? store_want_all(c->store, &w, &m->id, 1, true, &err) : (int)err.code;

	return changed < 0 ? say_error(&err) : report(c, a, NULL, changed);
}

/* --- archive and delete -------------------------------------------------- */

int cmd_archive(struct cli *c, const struct args *a)
{
	return change(c, a, &(struct want){ .verb = MUTATION_MOVE, .role = ROLE_ARCHIVE });
}

static char *delete_question(int64_t n)
{
	return g_strdup_printf(ngettext("%d message would be deleted for ever.",
				       "%d messages would be deleted for ever.", (unsigned long)n),
		(int)n);
}

int cmd_delete(struct cli *c, const struct args *a)
{
	g_autofree char *question = delete_question(a->words->len);
	struct err err = { 0 };

	if (!args_has(a, "for-ever"))
		return change(c, a, &(struct want){ .verb = MUTATION_MOVE, .role = ROLE_TRASH });
	if (!confirmed(c, a, question, &err))
		return say_error(&err);
	return change(c, a, &(struct want){ .verb = MUTATION_EXPUNGE });
}

/* The trashes of the accounts that are meant, and how many messages are in them. */
static int find_trashes(struct cli *c, const struct args *a, GArray *trashes, int64_t *n,
	struct err *err)
{
	g_autoptr(GPtrArray) accounts = NULL;

	if (pick_accounts(c, a, &accounts, err) < 0)
		return err->code;
	for (guint i = 0; i < accounts->len; i++) {
		const struct account *account = accounts->pdata[i];
		mailbox_id id = store_mailbox_with_role(c->store, account->id, ROLE_TRASH);
		AUTO(mailbox_free) struct mailbox *m = NULL;

		if (!id.v)
			continue;
		if (store_mailbox(c->store, id, &m, err) < 0)
			return err->code;
		*n += m->total;
		g_array_append_val(trashes, id);
	}
	return trashes->len ? 0 : err_set(err, ERR_GONE, _("There is no trash."));
}

int cmd_empty_trash(struct cli *c, const struct args *a)
{
	const struct want w = { .verb = MUTATION_EXPUNGE };
	g_autoptr(GArray) trashes = g_array_new(FALSE, FALSE, sizeof(mailbox_id));
	g_autofree char *question = NULL;
	struct err err = { 0 };
	int64_t n = 0;
	int changed;

	if (find_trashes(c, a, trashes, &n, &err) < 0)
		return say_error(&err);
	question = delete_question(n);
	if (n > 0 && !confirmed(c, a, question, &err))
		return say_error(&err);
	changed = n == 0 ? 0 : store_want_all(c->store, &w, (const mailbox_id *)(void *)trashes->data,
				       trashes->len, false, &err);
	return changed < 0 ? say_error(&err) : report(c, a, NULL, changed);
}

/* --- move and copy ------------------------------------------------------- */

/* The mailbox of each account that has rows, before anything moves; 0 for the others. */
static int find_targets(struct cli *c, const GPtrArray *rows, const char *word, GArray *targets,
	struct err *err)
{
	for (guint i = 0; i < c->config->accounts->len; i++) {
		const struct account *account = c->config->accounts->pdata[i];
		g_autoptr(GArray) where = locations(rows, account->id, false);
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

/* One step for each account that has rows. */
static int want_each(struct cli *c, enum mutation_verb verb, const GPtrArray *rows,
	const GArray *targets, struct err *err)
{
	int changed = 0;

	for (guint i = 0; i < c->config->accounts->len; i++) {
		const struct account *account = c->config->accounts->pdata[i];
		struct want w = { .verb = verb, .target = g_array_index(targets, mailbox_id, i) };
		g_autoptr(GArray) where = locations(rows, account->id, verb == MUTATION_COPY);
		int n = w.target.v ? store_want(c->store, &w, data_of(where), where->len, err) : 0;

		if (n < 0)
			return n;
		changed += n;
	}
	return changed;
}

/* Moves or copies to the mailbox of --to. */
static int send_to(struct cli *c, const struct args *a, enum mutation_verb verb)
{
	const char *to = args_option(a, "to");
	g_autoptr(GArray) targets = g_array_new(FALSE, FALSE, sizeof(mailbox_id));
	g_autoptr(GPtrArray) rows = NULL;
	struct err err = { 0 };
	int changed;

	if (!to)
		err_set(&err, ERR_USAGE, _("Say where with --to MAILBOX."));
	if (!to || read_rows(c, a, &rows, &err) < 0 || find_targets(c, rows, to, targets, &err) < 0)
		return say_error(&err);
	changed = want_each(c, verb, rows, targets, &err);
	return changed < 0 ? say_error(&err) : report(c, a, rows, changed);
}

int cmd_move(struct cli *c, const struct args *a)
{
	return send_to(c, a, MUTATION_MOVE);
}

int cmd_copy(struct cli *c, const struct args *a)
{
	return send_to(c, a, MUTATION_COPY);
}
