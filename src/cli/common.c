#include <string.h>

#include "base/i18n.h"
#include "base/mem.h"
#include "cli/command.h"

int pick_accounts(struct cli *c, const struct args *a, GPtrArray **out, struct err *err)
{
	const char *name = args_option(a, "account");
	const struct account *one = name ? config_account(c->config, name) : NULL;
	g_autoptr(GPtrArray) picked = g_ptr_array_new();

	if (name && !one)
		return err_set(err, ERR_GONE, _("There is no account \"%s\"."), name);
	for (guint i = 0; i < c->config->accounts->len; i++)
		if (!one || c->config->accounts->pdata[i] == one)
			g_ptr_array_add(picked, c->config->accounts->pdata[i]);
	if (picked->len == 0)
		return err_set(err, ERR_GONE,
			_("There is no account yet: `tern account add` makes one, `tern demo` shows tern "
			  "with invented mail."));
	*out = TAKE(picked);
	return 0;
}

const struct account *account_of(const struct cli *c, account_id id)
{
	for (guint i = 0; i < c->config->accounts->len; i++) {
		const struct account *a = c->config->accounts->pdata[i];

		if (a->id.v == id.v)
			return a;
	}
	return NULL;
}

const char *account_name_of(const struct cli *c, account_id id)
{
	const struct account *a = account_of(c, id);

	return a ? a->name : "";
}

int worse(int a, int b)
{
	if (a == EXIT_FAILED || b == EXIT_FAILED)
		return EXIT_FAILED;
	return a == EXIT_DONE ? b : a;
}

static void push_json(const struct account *a, int left, const struct err *why)
{
	out_json(json_pack("{s:o, s:b, s:o, s:o, s:o}", "account", json_text(a->name), "ok", left >= 0,
		"left", left >= 0 ? json_integer(left) : json_null(), "code",
		left >= 0 ? json_null() : json_string(err_name(why->code)), "error",
		left >= 0 ? json_null() : json_text(why->text)));
}

int push_account(struct cli *c, const struct account *a, bool json)
{
	struct err err = { 0 };
	int left = c->engine->drain(c->engine, a->id, c->cancel, &err);

	if (json)
		push_json(a, left, &err);
	if (left < 0) {
		if (err.code != ERR_CANCELED)
			say("%s: %s", a->name, err.text);
		return EXIT_FAILED;
	}
	if (left > 0)
		say(ngettext("%s: %d change is still queued.", "%s: %d changes are still queued.",
			    (unsigned long)left),
			a->name, left);
	return left > 0 ? EXIT_QUEUED : EXIT_DONE;
}
