/* What commands have in common: which accounts, which mailbox, is it here, may it be done. */
#include <inttypes.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

#include "base/i18n.h"
#include "base/mem.h"
#include "cli/command.h"
#include "store/cache.h"

const struct account *account_named(const struct cli *c, const char *name, struct err *err)
{
	const struct account *a = config_account(c->config, name);

	if (!a)
		err_set(err, ERR_GONE, _("There is no account \"%s\"."), name);
	return a;
}

int pick_account_id(const struct cli *c, const struct args *a, account_id *out, struct err *err)
{
	const char *name = args_option(a, "account");
	const struct account *one = name ? account_named(c, name, err) : NULL;

	*out = one ? one->id : (account_id){ 0 };
	return name && !one ? err->code : 0;
}

int pick_accounts(struct cli *c, const struct args *a, GPtrArray **out, struct err *err)
{
	const char *name = args_option(a, "account");
	const struct account *one = name ? account_named(c, name, err) : NULL;
	g_autoptr(GPtrArray) picked = g_ptr_array_new();

	if (name && !one)
		return err->code;
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

const struct account *pick_one_account(struct cli *c, const struct args *a, struct err *err)
{
	g_autoptr(GPtrArray) accounts = NULL;

	if (pick_accounts(c, a, &accounts, err) < 0 || !accounts)
		return NULL;
	if (accounts->len == 1)
		return accounts->pdata[0];
	err_set(err, ERR_USAGE, _("There are several accounts: say which with --account A."));
	return NULL;
}

struct mailbox *pick_mailbox(struct cli *c, const struct args *a, const char *word, struct err *err)
{
	g_autoptr(GPtrArray) accounts = NULL;
	AUTO(mailbox_free) struct mailbox *found = NULL;

	if (pick_accounts(c, a, &accounts, err) < 0 || !accounts)
		return NULL;
	for (guint i = 0; i < accounts->len; i++) {
		AUTO(mailbox_free) struct mailbox *m = NULL;
		account_id id = ((const struct account *)accounts->pdata[i])->id;

		if (store_mailbox_find(c->store, id, word, &m, err) < 0 && err->code != ERR_GONE)
			return NULL;
		if (m && found) {
			err_set(err, ERR_USAGE,
				_("Several accounts have a mailbox \"%s\": say which with "
				  "--account A."),
				word);
			return NULL;
		}
		if (m)
			found = TAKE(m);
	}
	if (found)
		*err = (struct err){ 0 };
	else
		err_set(err, ERR_GONE, _("There is no mailbox \"%s\"."), word);
	return TAKE(found);
}

/* One that was here: the engine tells the ledger of the others.  That is worth no failure. */
static void tell_opened(struct cli *c, message_id m)
{
	const struct cache_notice opened = { .kind = CACHE_OPENED, .message = m, .rank = 1 };

	store_cache_notice(c->store, &opened, 1, NULL);
	store_cache_opened(c->store, m, true, NULL);
}

int fetch_body(struct cli *c, message_id m, account_id *account, struct err *err)
{
	g_autoptr(GPtrArray) rows = NULL;

	if (store_message_rows(c->store, m, &rows, err) < 0)
		return err->code;
	if (rows->len == 0)
		return err_set(err, ERR_GONE, _("There is no message %" PRId64 "."), m.v);
	*account = ((const struct list_row *)rows->pdata[0])->account;
	if (store_body_cached(c->store, m)) {
		tell_opened(c, m);
		return 0;
	}
	if (!account_of(c, *account))
		return err_set(err, ERR_OFFLINE, _("The account of this message is no longer configured."));
	return c->engine->body(c->engine, *account, m, c->cancel, err);
}

bool confirmed(struct cli *c, const struct args *a, const char *question, struct err *err)
{
	char answer[16];

	if (args_has(a, "yes"))
		return true;
	if (!isatty(STDIN_FILENO) || !isatty(STDERR_FILENO)) {
		err_set(err, ERR_USAGE, _("%s  --yes does that."), question);
		return false;
	}
	say(_("%s  Type yes:"), question);
	if (cancel_poll(c->cancel, STDIN_FILENO, POLLIN, -1) > 0 &&
		fgets(answer, sizeof answer, stdin) && strcmp(answer, "yes\n") == 0)
		return true;
	say(_("Nothing was deleted."));
	err_set(err, ERR_CANCELED, "%s", "");
	return false;
}
