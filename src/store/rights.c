/*
 * What may be wished where: the account, the mailbox and the server have a say.
 *
 * A wish that cannot come true is refused before anything is written, with
 * words that say why and what can be done.
 */
#include "base/i18n.h"
#include "base/mem.h"
#include "model/flags.h"
#include "store/wish.h"

/* A mailbox as rights see it. */
struct ground {
	int64_t account;
	unsigned attrs, denied;
	bool read_only; /* the account takes no wishes */
	char *name, *account_name;
};

static void ground_clear(struct ground *g)
{
	g_free(g->name);
	g_free(g->account_name);
}

static int load_ground(struct store *s, int64_t mailbox, struct ground *g, struct err *err)
{
	sqlite3_stmt *q = db_stmt(s, "SELECT b.account_id, b.attrs, b.denied, a.read_only, b.name,"
				  " a.name FROM mailbox b JOIN account a ON a.id = b.account_id"
				  " WHERE b.id = ?");
	int r;

	if (!q)
		return db_fail(s, err);
	db_bind(q, "i", mailbox);
	r = db_step(s, q, err);
	if (r == 0)
		return err_set(err, ERR_GONE, _("That mailbox does not exist any more."));
	if (r < 0)
		return r;
	*g = (struct ground){ .account = sqlite3_column_int64(q, 0),
		.attrs = (unsigned)sqlite3_column_int(q, 1),
		.denied = (unsigned)sqlite3_column_int(q, 2),
		.read_only = sqlite3_column_int(q, 3) != 0,
		.name = g_strdup(db_column(q, 4)),
		.account_name = g_strdup(db_column(q, 5)) };
	sqlite3_reset(q);
	return 0;
}

static int check_account(const struct ground *g, struct err *err)
{
	if (!g->read_only)
		return 0;
	return err_set(err, ERR_REFUSED,
		_("The account %s is read-only: set two_way = on for it to change its mail."),
		g->account_name);
}

static int check_flags(const struct want *w, const struct ground *g, struct err *err)
{
	unsigned bits = w->add | w->remove;

	if ((bits & FLAG_SEEN) && (g->denied & DENIED_SEEN))
		return err_set(err, ERR_REFUSED,
			_("The server does not let you mark messages read or unread in %s; "
			  "copy them to a mailbox of your own."), g->name);
	if (((bits & ~(unsigned)FLAG_SEEN) || (w->remove_keywords && *w->remove_keywords)) &&
		(g->denied & DENIED_FLAGS))
		return err_set(err, ERR_REFUSED,
			_("The server does not let you change flags in %s; "
			  "copy the messages to a mailbox of your own."), g->name);
	if (w->add_keywords && *w->add_keywords && (g->denied & DENIED_KEYWORDS))
		return err_set(err, ERR_REFUSED,
			_("Tags cannot be kept in %s; use a flag instead."), g->name);
	return 0;
}

static int check_source(const struct want *w, const struct ground *g, struct err *err)
{
	if (w->verb == MUTATION_COPY)
		return 0;
	if (g->attrs & MAILBOX_READONLY)
		return err_set(err, ERR_REFUSED,
			_("%s is read-only at the server: nothing can be changed there, but messages "
			  "can be copied from it."), g->name);
	if (w->verb == MUTATION_FLAGS)
		return check_flags(w, g, err);
	if (g->denied & DENIED_REMOVE)
		return err_set(err, ERR_REFUSED,
			_("The server does not let you remove messages from %s; "
			  "copy them instead."), g->name);
	return 0;
}

static int check_target(struct store *s, int64_t account, int64_t target, struct err *err)
{
	AUTO(ground_clear) struct ground g = { 0 };
	int r = load_ground(s, target, &g, err);

	if (r < 0)
		return r;
	if (g.account != account)
		return err_set(err, ERR_UNSUPPORTED,
			_("%s belongs to another account; tern moves messages within one account only."),
			g.name);
	if (g.attrs & (MAILBOX_NOSELECT | MAILBOX_READONLY))
		return err_set(err, ERR_REFUSED, _("%s cannot hold messages; choose another mailbox."),
			g.name);
	if (g.denied & DENIED_INSERT)
		return err_set(err, ERR_REFUSED,
			_("The server does not let you put messages into %s; choose another mailbox."),
			g.name);
	return 0;
}

static int find_target(struct store *s, const struct want *w, int64_t account, int64_t *target,
	struct err *err)
{
	*target = w->target.v;
	if (*target == 0)
		*target = store_mailbox_with_role(s, (account_id){ account }, w->role).v;
	if (*target == 0)
		return err_set(err, ERR_GONE,
			_("This account has no mailbox for \"%s\": give one this use, or move the "
			  "message to a mailbox of your choice."),
			mailbox_role_name(w->role));
	return 0;
}

int wish_allowed(struct store *s, const struct want *w, int64_t mailbox, int64_t *target,
	struct err *err)
{
	bool goes = w->verb != MUTATION_FLAGS && w->verb != MUTATION_EXPUNGE;
	AUTO(ground_clear) struct ground g = { 0 };
	int r = load_ground(s, mailbox, &g, err);

	*target = 0;
	if (r == 0)
		r = check_account(&g, err);
	if (r == 0 && w->verb != MUTATION_APPEND)
		r = check_source(w, &g, err);
	if (r == 0 && goes)
		r = find_target(s, w, g.account, target, err);
	if (r == 0 && goes && (*target != mailbox || w->verb == MUTATION_APPEND))
		r = check_target(s, g.account, *target, err);
	return r;
}

int trash_already(struct err *err)
{
	return err_set(err, ERR_UNSUPPORTED,
		_("The message is in the trash already; delete it for ever, or move it elsewhere."));
}

int store_may(struct store *s, const struct want *w, mailbox_id m, struct err *err)
{
	int64_t target;
	int r = wish_allowed(s, w, m.v, &target, err);

	if (r == 0 && w->verb == MUTATION_MOVE && w->target.v == 0 && w->role == ROLE_TRASH &&
		target == m.v)
		r = trash_already(err);
	return r;
}

int store_account_read_only(struct store *s, account_id a, bool read_only, struct err *err)
{
	int64_t differs;
	int r = db_ask(s, err, &differs, "SELECT 1 FROM account WHERE id = ? AND read_only <> ?",
		"ii", a.v, (int64_t)read_only);

	if (r > 0)
		r = tx_begin(s, TX_DURABLE, err);
	else
		return r;
	if (r < 0)
		return r;
	return tx_end(s, db_run(s, err, "UPDATE account SET read_only = ? WHERE id = ?", "ii",
				(int64_t)read_only, a.v), err);
}
