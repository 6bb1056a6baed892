/*
 * Mailboxes: which there are and how much of them is here, and wishes about
 * the tree, which are durable in the queue first and then sent if asked to.
 */
#include <inttypes.h>
#include <string.h>
#include <time.h>

#include "base/i18n.h"
#include "base/mem.h"
#include "cli/command.h"

/* --- mailboxes ----------------------------------------------------------- */

static json_t *since_json(struct cli *c, const struct mailbox *m)
{
	return json_time(m->state == MAILBOX_COMPLETE ? 0 : store_mailbox_since(c->store, m->id));
}

static void mailbox_json(struct cli *c, const struct account *a, const struct mailbox *m)
{
	out_json(json_pack("{s:I, s:o, s:o, s:o, s:s, s:b, s:I, s:I, s:b, s:b, s:b, s:s, s:I, s:o}",
		"id", (json_int_t)m->id.v, "account", json_text(a->name), "name",
		json_text(m->name), "path", json_text(m->path), "role", mailbox_role_name(m->role),
		"own_role", m->own_role, "total", (json_int_t)m->total, "unread",
		(json_int_t)m->unread, "selectable", !(m->attrs & MAILBOX_NOSELECT), "subscribed",
		(m->attrs & MAILBOX_SUBSCRIBED) != 0, "complete", m->complete, "state",
		mailbox_state_name(m->state), "fetched", (json_int_t)m->fetched, "since",
		since_json(c, m)));
}

/* How much of the history is here, in words; a new string. */
static char *coverage(struct cli *c, const struct mailbox *m)
{
	int64_t since = store_mailbox_since(c->store, m->id);
	time_t at = (time_t)since;
	char date[24] = "?";
	struct tm tm;

	if (m->attrs & MAILBOX_NOSELECT)
		return g_strdup("");
	if (since && localtime_r(&at, &tm))
		strftime(date, sizeof date, "%Y-%m-%d", &tm);
	switch (m->state) {
	case MAILBOX_PENDING:
		return g_strdup(_("not read yet"));
	case MAILBOX_BOOTSTRAPPING:
		return g_strdup(_("loading"));
	case MAILBOX_INCREMENTAL:
		return g_strdup_printf(c->config->tuning.backfill_mode == BACKFILL_PROGRESSIVE
					       ? _("since %s, older to come")
					       : _("since %s, older are left out"),
			date);
	case MAILBOX_CAPPED:
		return g_strdup_printf(_("since %s, limit reached"), date);
	case MAILBOX_COMPLETE:
		break;
	}
	return g_strdup(_("complete"));
}

static void mailbox_cells(
	struct cli *c, struct table *t, const struct account *a, const struct mailbox *m)
{
	g_autofree char *unread = g_strdup_printf("%" G_GINT64_FORMAT, m->unread);
	g_autofree char *total = g_strdup_printf("%" G_GINT64_FORMAT, m->total);
	g_autofree char *covered = coverage(c, m);
	g_autofree char *own = g_strdup_printf(_("%s (yours)"), mailbox_role_name(m->role));

	table_row(t, (const char *[]){ a->name, unread, total,
			     m->own_role	    ? own
			     : m->role == ROLE_NONE ? ""
						    : mailbox_role_name(m->role),
			     covered, m->name });
}

int cmd_mailboxes(struct cli *c, const struct args *a)
{
	static const int widths[] = { 0, 0, 0, 0, 0, 0 };
	AUTO(table_free) struct table *t = table_new(6, widths);
	g_autoptr(GPtrArray) accounts = NULL;
	struct err err = { 0 };
	guint n = 0;

	if (pick_accounts(c, a, &accounts, &err) < 0)
		return say_error(&err);
	for (guint i = 0; i < accounts->len; i++) {
		const struct account *account = accounts->pdata[i];
		g_autoptr(GPtrArray) found = NULL;

		if (store_mailboxes(c->store, account->id, &found, &err) < 0)
			return say_error(&err);
		for (guint j = 0; j < found->len; j++, n++)
			if (a->json)
				mailbox_json(c, account, found->pdata[j]);
			else
				mailbox_cells(c, t, account, found->pdata[j]);
	}
	table_print(t);
	return n ? EXIT_DONE : EXIT_NOTHING;
}

/* --- wishes -------------------------------------------------------------- */

struct wish {
	const struct account *account;
	enum mailbox_verb verb;
	mailbox_id mailbox;
	const char *path, *name; /* of the mailbox, "" for CREATE; the new name or NULL */
};

/* After the queue was sent: an exit code, and what the server said if it refused the wish. */
static int outcome_of(struct cli *c, const struct wish *w, int64_t id, struct err *err)
{
	g_autoptr(GPtrArray) rows = NULL;

	if (store_tree_rows(c->store, w->account->id, &rows, err) < 0)
		return EXIT_FAILED;
	for (guint i = 0; i < rows->len; i++) {
		const struct tree_wish *r = rows->pdata[i];

		if (r->id != id)
			continue;
		if (mutation_is_waiting(r->status))
			return EXIT_QUEUED;
		err_set(err, ERR_REFUSED,
			_("The server refused: %s (`tern queue drop m%" PRId64
			  "` takes the wish out of sight)"),
			r->answer && *r->answer ? r->answer : _("it gave no reason"), id);
		return EXIT_FAILED;
	}
	return EXIT_DONE;
}

static void report_json(const struct wish *w, int64_t id, int code, const struct err *err)
{
	out_json(json_pack("{s:I, s:o, s:s, s:o, s:o, s:b, s:b, s:o}", "id", (json_int_t)id,
		"account", json_text(w->account->name), "verb", mailbox_verb_name(w->verb),
		"mailbox", json_text(*w->path ? w->path : NULL), "name", json_text(w->name),
		"queued", code == EXIT_QUEUED, "ok", code != EXIT_FAILED, "error",
		json_text(err->code ? err->text : NULL)));
}

static int want(struct cli *c, const struct args *a, const struct wish *w)
{
	struct err err = { 0 };
	int code = EXIT_QUEUED;
	int64_t id;

	if (!w->account->two_way) {
		err_set(&err, ERR_REFUSED,
			_("%s is read-only: set two-way = on in its configuration to change mail"),
			w->account->name);
		return say_error(&err);
	}
	id = store_want_mailbox(c->store, w->account->id, w->verb, w->mailbox, w->name, &err);
	if (id < 0)
		return say_error(&err);
	if (args_has(a, "push")) {
		code = push_account(c, w->account, false);
		code = worse(code, outcome_of(c, w, id, &err));
	}
	if (a->json)
		report_json(w, id, code, &err);
	if (err.code)
		say("%s", err.text);
	else if (!a->json && !args_has(a, "push"))
		say(_("queued; `tern push` sends it."));
	return code;
}

int cmd_mailbox_create(struct cli *c, const struct args *a)
{
	struct err err = { 0 };
	struct wish w = { .account = pick_one_account(c, a, &err),
		.verb = MAILBOX_CREATE,
		.path = "",
		.name = args_word(a, 0) };

	return w.account ? want(c, a, &w) : say_error(&err);
}

/* A wish about the mailbox of the first word. */
static int want_of(struct cli *c, const struct args *a, enum mailbox_verb verb, const char *name)
{
	struct err err = { 0 };
	AUTO(mailbox_free) struct mailbox *m = pick_mailbox(c, a, args_word(a, 0), &err);

	if (!m)
		return say_error(&err);
	if (verb == MAILBOX_DELETE && m->total > 0 && !args_has(a, "yes")) {
		err_set(&err, ERR_USAGE,
			ngettext(
				"\"%s\" holds %d message, which would be deleted for good with it: "
				"--yes does that.",
				"\"%s\" holds %d messages, which would be deleted for good with "
				"it: "
				"--yes does that.",
				(unsigned long)m->total),
			m->name, (int)m->total);
		return say_error(&err);
	}
	return want(c, a, &(struct wish){ account_of(c, m->account), verb, m->id, m->path, name });
}

int cmd_mailbox_rename(struct cli *c, const struct args *a)
{
	return want_of(c, a, MAILBOX_RENAME, args_word(a, 1));
}

int cmd_mailbox_delete(struct cli *c, const struct args *a)
{
	return want_of(c, a, MAILBOX_DELETE, NULL);
}

int cmd_mailbox_subscribe(struct cli *c, const struct args *a)
{
	return want_of(c, a, MAILBOX_SUBSCRIBE, NULL);
}

int cmd_mailbox_unsubscribe(struct cli *c, const struct args *a)
{
	return want_of(c, a, MAILBOX_UNSUBSCRIBE, NULL);
}

/* --- roles --------------------------------------------------------------- */

static int set_role(struct cli *c, const struct mailbox *m, const char *word, struct err *err)
{
	enum mailbox_role role = mailbox_role_from_name(word);

	if (strcmp(word, "auto") == 0)
		return store_mailbox_role_clear(c->store, m->id, err);
	if (role == ROLE_NONE && strcmp(word, mailbox_role_name(ROLE_NONE)) != 0)
		return err_set(err, ERR_USAGE,
			_("\"%s\" is not one of: inbox, drafts, sent, archive, junk, trash, all, "
			  "flagged, none, auto."),
			word);
	return store_mailbox_role_override(c->store, m->id, role, err);
}

int cmd_mailbox_role(struct cli *c, const struct args *a)
{
	struct err err = { 0 };
	AUTO(mailbox_free) struct mailbox *m = pick_mailbox(c, a, args_word(a, 0), &err), *after = NULL;

	if (!m || set_role(c, m, args_word(a, 1), &err) < 0 ||
		store_mailbox(c->store, m->id, &after, &err) < 0)
		return say_error(&err);
	if (a->json)
		mailbox_json(c, account_of(c, after->account), after);
	else
		say("%s: %s", after->name, mailbox_role_name(after->role));
	return EXIT_DONE;
}
