/* Fetching what is new, sending what is queued. */
#include <unistd.h>

#include "base/i18n.h"
#include "cli/command.h"

static void sync_json(const struct account *a, const struct err *why, int left, int bodies)
{
	bool well = why->code == 0;

	out_json(json_pack("{s:o, s:b, s:o, s:o, s:o, s:o}", "account", json_text(a->name), "ok", well,
		"left", left < 0 ? json_null() : json_integer(left), "bodies",
		bodies < 0 ? json_null() : json_integer(bodies), "code",
		json_text(well ? NULL : err_name(why->code)), "error",
		json_text(well ? NULL : why->text)));
}

/* A pass that had to leave a mailbox out ends well; why it did stands in the store. */
static int left_out(struct cli *c, account_id id, struct err *err)
{
	g_autoptr(GArray) rows = NULL;

	if (store_accounts(c->store, &rows, err) < 0)
		return err->code;
	for (guint i = 0; i < rows->len; i++) {
		const struct account_row *r = &g_array_index(rows, struct account_row, i);

		if (r->id.v == id.v && r->error.code) {
			*err = r->error;
			return err->code;
		}
	}
	return 0;
}

/* One pass and what is queued; an account that fails speaks for itself. */
static int sync_one(struct cli *c, const struct account *account, const struct args *a)
{
	bool full = args_has(a, "full"), want_bodies = args_has(a, "bodies"), well = false;
	struct err err = { 0 };
	struct onlooker o;
	int left = -1, bodies = -1;

	if (isatty(STDERR_FILENO))
		say(_("%s: synchronising ..."), account->name);
	onlooker_start(&o, c, account, false);
	if (c->engine->pass(c->engine, account->id, full, c->cancel, &err) >= 0)
		left = c->engine->drain(c->engine, account->id, c->cancel, &err);
	if (left >= 0)
		well = left_out(c, account->id, &err) >= 0;
	if (left >= 0 && want_bodies) {
		bodies = c->engine->bodies(c->engine, account->id, c->cancel, &err);
		well &= bodies >= 0;
	}
	onlooker_stop(&o);
	if (a->json)
		sync_json(account, &err, left, bodies);
	if (!well) {
		if (err.code != ERR_CANCELED)
			say("%s: %s", account->name, err.text);
		else
			say(_("%s: stopped; what came is kept, and the next sync goes on."), account->name);
		return EXIT_FAILED;
	}
	if (isatty(STDERR_FILENO))
		say(_("%s: done"), account->name);
	return left > 0 ? EXIT_QUEUED : EXIT_DONE;
}

int cmd_sync(struct cli *c, const struct args *a)
{
	g_autoptr(GPtrArray) accounts = NULL;
	struct err err = { 0 };
	int code = EXIT_DONE;

	if (pick_accounts(c, a, &accounts, &err) < 0)
		return say_error(&err);
	for (guint i = 0; i < accounts->len && !cancel_is_set(c->cancel); i++)
		code = worse(code, sync_one(c, accounts->pdata[i], a));
	return cancel_is_set(c->cancel) ? EXIT_FAILED : code;
}

int cmd_push(struct cli *c, const struct args *a)
{
	g_autoptr(GPtrArray) accounts = NULL;
	struct err err = { 0 };
	int code = EXIT_DONE;

	if (pick_accounts(c, a, &accounts, &err) < 0 || carry_on(c, 0, &err) < 0)
		return say_error(&err);
	for (guint i = 0; i < accounts->len && !cancel_is_set(c->cancel); i++)
		code = worse(code, push_account(c, accounts->pdata[i], a->json));
	return cancel_is_set(c->cancel) ? EXIT_FAILED : code;
}
