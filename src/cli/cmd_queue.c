/*
 * The queue as people see it: changes of messages and wishes about mailboxes
 * that wait, conflict or failed.  A wish's number is written with an m.
 */
#include <string.h>

#include "base/i18n.h"
#include "base/mem.h"
#include "cli/command.h"
#include "model/flags.h"

static json_t *flag_json(unsigned flags)
{
	char names[FLAGS_NAMES_MAX];

	flags_to_imap(flags, names);
	return json_text(names);
}

static void queue_json(const struct cli *c, const struct mutation_row *r)
{
	bool move = r->verb == MUTATION_MOVE;

	out_json(json_pack(
		"{s:s, s:I, s:o, s:I, s:s, s:s, s:o, s:o, s:o, s:o, s:b, s:i, s:o, s:o, s:o, s:o}",
		"kind", "message", "id", (json_int_t)r->id, "account",
		json_text(account_name_of(c, r->account)), "message", (json_int_t)r->message.v,
		"verb", mutation_verb_name(r->verb), "status", mutation_status_name(r->status),
		"source", json_text(r->source_name), "target",
		json_text(move ? r->target_name : NULL), "add",
		move ? json_null() : flag_json(r->add), "remove",
		move ? json_null() : flag_json(r->remove), "uncertain", r->uncertain, "attempts",
		r->attempts, "created", json_time(r->created_at), "next_in_ms",
		r->next_in_ms < 0 ? json_null() : json_integer(r->next_in_ms), "subject",
		json_text(r->subject), "answer",
		json_text(r->answer && *r->answer ? r->answer : NULL)));
}

static char *wish_text(const struct mutation_row *r)
{
	char add[FLAGS_NAMES_MAX], remove[FLAGS_NAMES_MAX];

	if (r->verb == MUTATION_MOVE)
		return g_strdup_printf("%s -> %s", r->source_name, r->target_name);
	flags_to_imap(r->add, add);
	flags_to_imap(r->remove, remove);
	return g_strdup_printf("%s%s%s%s", *add ? "+" : "", add, *remove ? "-" : "", remove);
}

static void queue_cells(struct table *t, const struct cli *c, const struct mutation_row *r)
{
	g_autofree char *id = g_strdup_printf("%" G_GINT64_FORMAT, r->id), *wish = wish_text(r);
	g_autofree char *message = g_strdup_printf("%" G_GINT64_FORMAT, r->message.v);

	table_row(
		t, (const char *[]){ id, account_name_of(c, r->account),
			   mutation_status_name(r->status), message, wish, r->subject, r->answer });
}

/* --- wishes about mailboxes ---------------------------------------------- */

static void tree_json(const struct cli *c, const struct tree_wish *w)
{
	out_json(json_pack("{s:s, s:I, s:o, s:s, s:s, s:o, s:o, s:i, s:o, s:o, s:o}", "kind",
		"mailbox", "id", (json_int_t)w->id, "account",
		json_text(account_name_of(c, w->account)), "verb", mailbox_verb_name(w->verb),
		"status", mutation_status_name(w->status), "mailbox",
		json_text(w->path && *w->path ? w->path : NULL), "name", json_text(w->name),
		"attempts", w->attempts, "created", json_time(w->created_at), "next_in_ms",
		w->next_in_ms < 0 ? json_null() : json_integer(w->next_in_ms), "answer",
		json_text(w->answer && *w->answer ? w->answer : NULL)));
}

static char *tree_text(const struct tree_wish *w)
{
	const char *verb = mailbox_verb_name(w->verb);

	if (w->verb == MAILBOX_RENAME)
		return g_strdup_printf("%s %s -> %s", verb, w->path, w->name);
	return g_strdup_printf("%s %s", verb, w->verb == MAILBOX_CREATE ? w->name : w->path);
}

static void tree_cells(struct table *t, const struct cli *c, const struct tree_wish *w)
{
	g_autofree char *id = g_strdup_printf("m%" G_GINT64_FORMAT, w->id), *wish = tree_text(w);

	table_row(t, (const char *[]){ id, account_name_of(c, w->account),
			     mutation_status_name(w->status), "", wish, "", w->answer });
}

/* --- the commands -------------------------------------------------------- */

int cmd_queue(struct cli *c, const struct args *a)
{
	static const int widths[] = { 0, 16, 0, 0, 40, 40, 0 };
	AUTO(table_free) struct table *t = table_new(7, widths);
	const char *name = args_option(a, "account");
	const struct account *account = name ? config_account(c->config, name) : NULL;
	account_id id = account ? account->id : (account_id){ 0 };
	g_autoptr(GPtrArray) rows = NULL, wishes = NULL;
	struct err err = { 0 };

	if (name && !account)
		err_set(&err, ERR_GONE, _("There is no account \"%s\"."), name);
	if (err.code || store_queue_rows(c->store, id, args_has(a, "all"), &rows, &err) < 0 ||
		store_tree_rows(c->store, id, &wishes, &err) < 0)
		return say_error(&err);
	for (guint i = 0; i < rows->len; i++)
		if (a->json)
			queue_json(c, rows->pdata[i]);
		else
			queue_cells(t, c, rows->pdata[i]);
	for (guint i = 0; i < wishes->len; i++)
		if (a->json)
			tree_json(c, wishes->pdata[i]);
		else
			tree_cells(t, c, wishes->pdata[i]);
	table_print(t);
	return EXIT_DONE;
}

int cmd_queue_discard(struct cli *c, const struct args *a)
{
	const char *word = args_word(a, 0);
	struct err err = { 0 };
	int64_t id;

	if (word[0] != 'm')
		err_set(&err, ERR_USAGE,
			_("\"%s\" is no wish about a mailbox: those are m1, m2 and so on in `tern "
			  "queue`; "
			  "changes of messages are taken back with `tern undo`."),
			word);
	if (err.code || args_number(word + 1, 1, 0, &id, &err) < 0 ||
		store_tree_discard(c->store, id, &err) < 0)
		return say_error(&err);
	if (a->json)
		out_json(json_pack("{s:I, s:b}", "id", (json_int_t)id, "discarded", 1));
	else
		say(_("discarded"));
	return EXIT_DONE;
}
