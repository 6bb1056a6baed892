/*
 * The mailboxes of an account: LIST (RFC 3501), with special uses and
 * subscriptions in the same answer where the server offers it (RFC 5258, 6154),
 * else LSUB for the subscriptions and a guess from the names for the uses.
 */
#include <jansson.h>
#include <string.h>

#include "base/i18n.h"
#include "base/log.h"
#include "base/mem.h"
#include "provider/imap/command.h"
#include "provider/imap/utf7.h"

enum { LIST_MAX = 50000 };

struct listing {
	GPtrArray *all;	     /* of struct mailbox */
	GHashTable *by_path; /* borrowed */
	bool special;	     /* a special use was told */
	bool subscriptions;  /* this is LSUB: only mark */
};

static void free_one(gpointer m)
{
	struct mailbox *box = m;

	mailbox_free(&box);
}

static void listing_release(struct listing *l)
{
	g_clear_pointer(&l->by_path, g_hash_table_unref);
	g_clear_pointer(&l->all, g_ptr_array_unref);
}

/* --- one line -------------------------------------------------------------------- */

static const struct {
	const char *attr;
	enum mailbox_role role;
} uses[] = {
	{ "\\Drafts", ROLE_DRAFTS },
	{ "\\Sent", ROLE_SENT },
	{ "\\Archive", ROLE_ARCHIVE },
	{ "\\Junk", ROLE_JUNK },
	{ "\\Trash", ROLE_TRASH },
	{ "\\All", ROLE_ALL },
	{ "\\Flagged", ROLE_FLAGGED },
};

static void attribute(struct mailbox *m, struct slice word)
{
	if (slice_is(word, "\\Noselect") || slice_is(word, "\\NonExistent"))
		m->attrs |= MAILBOX_NOSELECT;
	if (slice_is(word, "\\Subscribed"))
		m->attrs |= MAILBOX_SUBSCRIBED;
	for (size_t i = 0; i < G_N_ELEMENTS(uses); i++)
		if (slice_is(word, uses[i].attr))
			m->role = uses[i].role;
}

static void attributes(struct mailbox *m, struct slice list)
{
	struct scan s = { list.p, list.p ? list.p + list.n - 1 : NULL };
	struct slice word;

	if (!list.p)
		return;
	s.p++;
	while (scan_blanks(&s), scan_atom(&s, &word))
		attribute(m, word);
}

/* True if the name can be used: short enough, and no control characters that break commands. */
static bool usable(struct imap *i, struct slice name)
{
	if (name.p && name.n > 0 && name.n <= IMAP_PATH_MAX && !memchr(name.p, '\0', name.n) &&
		!memchr(name.p, '\r', name.n) && !memchr(name.p, '\n', name.n))
		return true;
	log_event(LOG_WARN, "imap-mailbox-skipped", "s:s, s:I", "account", i->base.account->name,
		"length", (json_int_t)name.n);
	return false;
}

/* (attributes) delimiter name */
static bool list_line(struct imap *i, struct scan s, struct mailbox *m)
{
	struct slice attrs, delimiter, name;

	if (!scan_list(&s, &attrs))
		return false;
	scan_blanks(&s);
	if (!scan_string(&s, &delimiter))
		return false;
	scan_blanks(&s);
	if (!scan_string(&s, &name) || !usable(i, name))
		return false;
	m->path = g_malloc0(name.n + 1);
	slice_copy(name, m->path);
	if (delimiter.p && delimiter.n)
		m->delimiter = delimiter.escaped ? '\\' : *delimiter.p;
	m->role = ROLE_NONE;
	attributes(m, attrs);
	if (g_ascii_strcasecmp(m->path, "INBOX") == 0)
		m->role = ROLE_INBOX;
	m->name = utf7_name(m->path, m->delimiter);
	m->cursor = g_strdup("");
	return true;
}

static int on_list(struct imap *i, const struct response *r, void *ctx, struct err *err)
{
	struct listing *l = ctx;
	struct mailbox *m, *old;

	if (!slice_is(r->word, "LIST") && !slice_is(r->word, "LSUB"))
		return 0;
	if (l->all->len >= LIST_MAX)
		return err_set(
			err, ERR_LIMIT, _("The account has more than %d mailboxes."), LIST_MAX);
	m = g_new0(struct mailbox, 1);
	if (!list_line(i, r->rest, m)) {
		mailbox_free(&m);
		return 0;
	}
	old = g_hash_table_lookup(l->by_path, m->path);
	if (old || l->subscriptions) {
		if (old && l->subscriptions)
			old->attrs |= MAILBOX_SUBSCRIBED;
		mailbox_free(&m);
		return 0;
	}
	l->special |= m->role != ROLE_NONE && m->role != ROLE_INBOX;
	g_ptr_array_add(l->all, m);
	g_hash_table_insert(l->by_path, m->path, m);
	return 0;
}

/* --- guesses ---------------------------------------------------------------------- */

/* The usual names, only where the server tells no uses at all; the first of a role wins. */
static void guess_roles(struct listing *l)
{
	static const struct {
		const char *name;
		enum mailbox_role role;
	} usual[] = {
		{ "Drafts", ROLE_DRAFTS },
		{ "Draft", ROLE_DRAFTS },
		{ "Sent", ROLE_SENT },
		{ "Sent Items", ROLE_SENT },
		{ "Sent Messages", ROLE_SENT },
		{ "Sent Mail", ROLE_SENT },
		{ "Archive", ROLE_ARCHIVE },
		{ "Archives", ROLE_ARCHIVE },
		{ "Junk", ROLE_JUNK },
		{ "Spam", ROLE_JUNK },
		{ "Junk E-mail", ROLE_JUNK },
		{ "Bulk Mail", ROLE_JUNK },
		{ "Trash", ROLE_TRASH },
		{ "Deleted Items", ROLE_TRASH },
		{ "Deleted Messages", ROLE_TRASH },
		{ "Bin", ROLE_TRASH },
	};
	unsigned taken = 0;

	for (size_t u = 0; u < G_N_ELEMENTS(usual); u++)
		for (guint i = 0; i < l->all->len && !(taken & 1u << usual[u].role); i++) {
			struct mailbox *m = g_ptr_array_index(l->all, i);
			const char *name = m->name;

			if (g_ascii_strncasecmp(name, "INBOX/", 6) == 0)
				name += 6;
			if (m->role != ROLE_NONE || g_ascii_strcasecmp(name, usual[u].name) != 0)
				continue;
			m->role = usual[u].role;
			taken |= 1u << usual[u].role;
		}
}

/* --- the listing ------------------------------------------------------------------ */

static int list_run(
	struct imap *i, const char *text, struct listing *l, struct answer *a, struct err *err)
{
	AUTO(command_release) struct command c = { 0 };

	command_init(&c, i, text);
	return imap_run(i, &c, on_list, l, a, err);
}

/* Fills l; extended lists first, since some servers announce them and then answer BAD. */
static int gather(struct imap *i, struct listing *l, struct err *err)
{
	bool told = i->plan.list_extended;
	const char *extended = NULL;
	struct answer a = { .status = ANSWER_BAD };
	int r = 0;

	if (told)
		extended = i->plan.special_use ? "LIST \"\" \"*\" RETURN (SUBSCRIBED SPECIAL-USE)"
					       : "LIST \"\" \"*\" RETURN (SUBSCRIBED)";
	else if (i->plan.special_use)
		extended = "LIST \"\" \"*\" RETURN (SPECIAL-USE)";
	if (extended)
		r = list_run(i, extended, l, &a, err);
	if (r == 0 && a.status != ANSWER_OK) {
		told = false;
		r = list_run(i, "LIST \"\" \"*\"", l, &a, err);
	}
	if (r < 0)
		return r;
	if (a.status != ANSWER_OK)
		return answer_error(&a, err);
	if (told)
		return 0;
	l->subscriptions = true; /* an LSUB that is refused leaves all of them unsubscribed */
	return list_run(i, "LSUB \"\" \"*\"", l, &a, err);
}

int imap_mailboxes(struct provider *p, struct sink *out, struct err *err)
{
	struct imap *i = imap_of(p);
	AUTO(listing_release)
	struct listing l = {
		.all = g_ptr_array_new_with_free_func(free_one),
		.by_path = g_hash_table_new(g_str_hash, g_str_equal),
	};
	int r = imap_ready(i, err);

	if (r == 0)
		r = gather(i, &l, err);
	if (r == 0 && !l.special)
		guess_roles(&l);
	for (guint n = 0; r == 0 && n < l.all->len; n++) {
		struct mailbox *m = g_ptr_array_index(l.all, n);

		m->account = p->account->id;
		r = out->mailbox(out, m, err);
	}
	return imap_settle(i, r < 0 ? r : 0);
}
