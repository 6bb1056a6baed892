/* Accounts: added, listed, tried, forgotten. */
#include <string.h>

#include "base/i18n.h"
#include "base/mem.h"
#include "cli/command.h"
#include "config/options.h"

static int fill_account(const struct args *a, struct account *account, struct err *err)
{
	account->name = g_strdup(args_word(a, 0));
	option_defaults(account_options, account);
	for (const struct option *o = account_options; o->name; o++) {
		const char *value = args_option(a, o->name);
		g_autofree char *absolute = value && o->type == OPTION_PATH
			? g_canonicalize_filename(value, NULL)
			: NULL;

		if (value && option_set(o, account, absolute ? absolute : value, err) < 0)
			return err->code;
	}
	return 0;
}

int cmd_account_add(struct cli *c, const struct args *a)
{
	AUTO(account_free) struct account *account = g_new0(struct account, 1);
	struct err err = { 0 };

	if (fill_account(a, account, &err) < 0 ||
		config_account_add(c->places, c->config, account, &err) < 0)
		return say_error(&err);
	if (a->json)
		out_json(json_pack("{s:o, s:o}", "account", json_text(account->name), "type",
			json_text(account->type)));
	else
		say(_("Added \"%s\"; `tern account check %s` tries it."), account->name, account->name);
	return EXIT_DONE;
}

static const struct account_row *row_of(const GArray *rows, account_id id)
{
	for (guint i = 0; i < rows->len; i++) {
		const struct account_row *r = &g_array_index(rows, struct account_row, i);

		if (r->id.v == id.v)
			return r;
	}
	return NULL;
}

static void put_words(void *ctx, const char *label, const char *words)
{
	json_array_append_new(ctx,
		json_pack("{s:o, s:o}", "label", json_text(label), "words", json_text(words)));
}

/* What is known of the account's server, in words for people. */
static json_t *server_json(struct cli *c, const struct account *a)
{
	g_autofree char *memory = NULL;
	json_t *words = json_array();
	struct err ignored;

	if (store_account_memory(c->store, a->id, &memory, &ignored) >= 0)
		c->engine->explain(a->type, memory, put_words, words);
	return words;
}

static void account_json(struct cli *c, const struct account *a, const struct account_row *r)
{
	bool failed = r && r->error.code;

	out_json(json_pack("{s:I, s:o, s:o, s:o, s:i, s:b, s:b, s:o, s:o, s:o}", "id",
		(json_int_t)a->id.v, "account", json_text(a->name), "type", json_text(a->type),
		"last_sync", json_time(r ? r->last_sync : 0), "failures", r ? r->failures : 0,
		"attention", r && r->attention, "two_way", a->two_way, "code",
		json_text(failed ? err_name(r->error.code) : NULL), "error",
		json_text(failed ? r->error.text : NULL), "server", server_json(c, a)));
}

static void account_cells(struct table *t, const struct account *a, const struct account_row *r)
{
	g_autofree char *when = r && r->last_sync ? time_text(r->last_sync) : NULL;
	const char *state = r && r->error.code ? r->error.text : _("in order");

	table_row(t, (const char *[]){ a->name, a->type, when ? when : _("never"), state });
}

int cmd_account_list(struct cli *c, const struct args *a)
{
	static const int widths[] = { 0, 0, 0, 0 };
	AUTO(table_free) struct table *t = table_new(4, widths);
	g_autoptr(GArray) rows = NULL;
	struct err err = { 0 };

	if (store_accounts(c->store, &rows, &err) < 0)
		return say_error(&err);
	for (guint i = 0; i < c->config->accounts->len; i++) {
		const struct account *account = c->config->accounts->pdata[i];

		if (a->json)
			account_json(c, account, row_of(rows, account->id));
		else
			account_cells(t, account, row_of(rows, account->id));
	}
	table_print(t);
	return c->config->accounts->len ? EXIT_DONE : EXIT_NOTHING;
}

static int check_one(struct cli *c, const struct account *account, bool json)
{
	struct err err = { 0 };
	bool well = c->engine->check(c->engine, account->id, c->cancel, &err) >= 0;

	if (json)
		out_json(json_pack("{s:o, s:b, s:o, s:o}", "account", json_text(account->name), "ok",
			well, "code", json_text(well ? NULL : err_name(err.code)), "error",
			json_text(well ? NULL : err.text)));
	else
		say("%s: %s", account->name, well ? _("in order") : err.text);
	return well ? EXIT_DONE : EXIT_FAILED;
}

int cmd_account_check(struct cli *c, const struct args *a)
{
	const char *name = args_word(a, 0);
	struct err err = { 0 };
	int code = EXIT_DONE;

	if (name && !account_named(c, name, &err))
		return say_error(&err);
	for (guint i = 0; i < c->config->accounts->len; i++) {
		const struct account *account = c->config->accounts->pdata[i];

		if (!name || strcmp(account->name, name) == 0)
			code = worse(code, check_one(c, account, a->json));
	}
	return code;
}

int cmd_account_remove(struct cli *c, const struct args *a)
{
	const char *name = args_word(a, 0);
	struct err err = { 0 };
	const struct account *account = account_named(c, name, &err);

	if (!account || config_account_remove(c->places, name, &err) < 0 ||
		store_account_remove(c->store, account->id, &err) < 0)
		return say_error(&err);
	if (a->json)
		out_json(json_pack("{s:o, s:b}", "account", json_text(name), "removed", 1));
	else
		say(_("Removed \"%s\"."), name);
	return EXIT_DONE;
}
