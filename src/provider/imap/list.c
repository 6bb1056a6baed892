/*
 * The mailboxes of an account: LIST (RFC 3501), with special uses,
 * subscriptions and numbers in the same answer where the server offers it (RFC
 * 5258, 6154, 5819), else LSUB for the subscriptions, a guess from the names
 * for the uses and a STATUS for each mailbox.
 */
#include "provider/imap/list.h"

#include <jansson.h>
#include <string.h>

#include "base/clock.h"
#include "base/i18n.h"
#include "base/log.h"
#include "base/mem.h"
#include "provider/imap/status.h"
#include "provider/imap/utf7.h"

struct boxes {
	GPtrArray *all;	     /* of struct mailbox */
	GHashTable *by_path; /* borrowed */
	GHashTable *status;  /* path -> struct box_status, of this listing */
	bool special;	     /* a special use was told */
	bool subscriptions;  /* this is LSUB: only mark */
	bool scanned;	     /* the command told the numbers, too */
	int64_t at_ms;	     /* when it was complete, by clock_mono_ms */
};

struct boxes *boxes_new(void)
{
	struct boxes *l = g_new0(struct boxes, 1);

	l->all = g_ptr_array_new_with_free_func(mailbox_drop);
	l->by_path = g_hash_table_new(g_str_hash, g_str_equal);
	l->status = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
	return l;
}

void boxes_free(struct boxes **l)
{
	struct boxes *x = TAKE(*l);

	if (!x)
		return;
	g_hash_table_unref(x->by_path);
	g_hash_table_unref(x->status);
	g_ptr_array_unref(x->all);
	g_free(x);
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
	m->path = imap_path(i, name);
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

static int on_list(struct imap *i, const struct response *r, struct boxes *l, struct err *err)
{
	struct mailbox *m, *old;

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

/* Numbers of a mailbox that LIST has named (RFC 5819: its LIST line comes first). */
static void on_status(struct imap *i, const struct response *r, struct boxes *l)
{
	g_autofree char *path = NULL;
	struct box_status status;
	struct slice name, id;
	struct mailbox *m;

	if (!status_read(r, &name, &status, &id))
		return;
	path = imap_path(i, name);
	m = g_hash_table_lookup(l->by_path, path);
	if (!m)
		return;
	if (id.p && id.n) {
		g_free(m->object_id);
		m->object_id = g_strndup(id.p, id.n);
	}
	g_hash_table_replace(l->status, TAKE(path), g_memdup2(&status, sizeof status));
}

int boxes_note(struct imap *i, const struct response *r, void *ctx, struct err *err)
{
	if (slice_is(r->word, "LIST") || slice_is(r->word, "LSUB"))
		return on_list(i, r, ctx, err);
	if (slice_is(r->word, "STATUS"))
		on_status(i, r, ctx);
	return 0;
}

/* --- guesses ---------------------------------------------------------------------- */

/* The usual names, only where the server tells no uses at all; the first of a role wins. */
static void guess_roles(struct boxes *l)
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

/* --- the numbers of mailboxes, one by one --------------------------------------------- */

struct round {
	struct boxes *listing;
	guint next; /* of listing->all */
	unsigned asked;
	bool refused;			 /* BAD: no more of them */
	uint32_t tags[STATUS_IN_FLIGHT]; /* awaited, 0 = none */
	unsigned waiting;
};

/* Is it worth a question?  The selected mailbox must not be asked (RFC 3501, 6.3.10). */
static bool askable(const struct imap *i, const struct mailbox *m)
{
	return !(m->attrs & MAILBOX_NOSELECT) && g_strcmp0(m->path, i->sel.path) != 0;
}

/* A name that needs the server's go-ahead would hold up all others: its mailbox stays unknown. */
static int ask_status(struct imap *i, const char *path, uint32_t *tag, struct err *err)
{
	AUTO(command_release) struct command c = { 0 };
	int r;

	command_init(&c, i, "STATUS ");
	r = command_mailbox(i, &c, path, err);
	if (r < 0 || c.n_stops > 0)
		return r;
	command_add(&c, " ");
	command_add(&c, status_items(&i->plan));
	return imap_send(i, &c, 0, tag, err);
}

/* Keeps STATUS_IN_FLIGHT questions under way. */
static int ask_more(struct imap *i, struct round *w, struct err *err)
{
	for (unsigned slot = 0; slot < STATUS_IN_FLIGHT; slot++) {
		GPtrArray *all = w->listing->all;
		struct mailbox *m = NULL;
		int r;

		if (w->tags[slot])
			continue;
		while (w->next < all->len && !m) {
			m = g_ptr_array_index(all, w->next++);
			m = askable(i, m) ? m : NULL;
		}
		if (!m || w->refused || w->asked >= STATUS_SCAN_MAX)
			return 0;
		r = ask_status(i, m->path, &w->tags[slot], err);
		if (r < 0)
			return r;
		w->asked++;
		w->waiting += w->tags[slot] != 0;
	}
	return 0;
}

static void answered(struct round *w, const struct response *r)
{
	for (unsigned slot = 0; slot < STATUS_IN_FLIGHT; slot++)
		if (w->tags[slot] == r->tag) {
			w->tags[slot] = 0;
			w->waiting--;
			w->refused |= slice_is(r->word, "BAD");
		}
}

static int scan_one_by_one(struct imap *i, struct boxes *l, struct err *err)
{
	struct round w = { .listing = l };
	struct response r;
	int n = ask_more(i, &w, err);

	while (n == 0 && w.waiting > 0) {
		n = imap_read(i, STREAM_READ_MS, boxes_note, l, &r, err);
		if (n == 0 && r.kind == RESPONSE_TAGGED) {
			answered(&w, &r);
			n = ask_more(i, &w, err);
		}
	}
	return n;
}

/* --- the listing ------------------------------------------------------------------ */

bool boxes_command(const struct imap *i, const struct plan *p, struct command *c)
{
	g_autoptr(GString) wants = g_string_new(p->list_extended ? "SUBSCRIBED" : "");

	if (p->special_use)
		g_string_append(wants, wants->len ? " SPECIAL-USE" : "SPECIAL-USE");
	if (p->list_extended && p->list_status && !i->base.scan_bare)
		g_string_append_printf(wants, " STATUS %s", status_items(p));
	if (!wants->len)
		return false;
	command_init(c, i, "LIST \"\" \"*\" RETURN (");
	command_add(c, wants->str);
	command_add(c, ")");
	return true;
}

const struct mailbox *boxes_find(const struct boxes *l, const char *path)
{
	return g_hash_table_lookup(l->by_path, path);
}

void boxes_keep(struct imap *i, struct boxes **l)
{
	boxes_free(&i->early);
	i->early = TAKE(*l);
	i->early->scanned = true;
	i->early->at_ms = clock_mono_ms();
}

static int list_run(
	struct imap *i, const char *text, struct boxes *l, struct answer *a, struct err *err)
{
	AUTO(command_release) struct command c = { 0 };

	command_init(&c, i, text);
	return imap_run(i, &c, boxes_note, l, a, err);
}

/* The one command; *told if it was answered. */
static int list_extended(struct imap *i, struct boxes *l, bool *told, struct err *err)
{
	AUTO(command_release) struct command c = { 0 };
	struct answer a;
	int r;

	*told = false;
	if (!boxes_command(i, &i->plan, &c))
		return 0;
	r = imap_run(i, &c, boxes_note, l, &a, err);
	if (r < 0)
		return r;
	*told = a.status == ANSWER_OK;
	if (a.status == ANSWER_BAD) {
		imap_evidence(i, EVIDENCE_BAD_FEATURE);
		i->plan.list_extended = i->plan.list_status = i->plan.special_use = false;
		i->base.traits.cheap_scan = false;
	}
	return 0;
}

/* Fills l; extended lists first, since some servers announce them and then refuse. */
static int gather(struct imap *i, struct boxes *l, struct err *err)
{
	struct answer a = { .status = ANSWER_OK };
	bool told;
	int r = list_extended(i, l, &told, err);

	if (r == 0 && !told)
		r = list_run(i, "LIST \"\" \"*\"", l, &a, err);
	if (r < 0)
		return r;
	if (a.status != ANSWER_OK)
		return answer_error(&a, err);
	l->scanned = told && i->plan.list_extended && i->plan.list_status;
	if (told && i->plan.list_extended)
		return 0;
	l->subscriptions = true; /* an LSUB that is refused leaves all of them unsubscribed */
	return list_run(i, "LSUB \"\" \"*\"", l, &a, err);
}

/* What was listed along with the login, if it is fresh; else asks. */
static int obtain(struct imap *i, struct boxes **l, struct err *err)
{
	int r = 0;

	*l = TAKE(i->early);
	if (*l && clock_mono_ms() - (*l)->at_ms > LIST_EARLY_MS)
		boxes_free(l);
	imap_status_forget(i, NULL);
	if (*l)
		return 0;
	*l = boxes_new();
	r = gather(i, *l, err);
	if (r == 0 && !(*l)->scanned && !i->base.scan_bare)
		r = scan_one_by_one(i, *l, err);
	return r;
}

int imap_mailboxes(struct provider *p, struct sink *out, struct err *err)
{
	struct imap *i = imap_of(p);
	AUTO(boxes_free) struct boxes *l = NULL;
	int r = imap_ready(i, err);

	if (r == 0)
		r = obtain(i, &l, err);
	if (r == 0 && !l->special)
		guess_roles(l);
	for (guint n = 0; r == 0 && n < l->all->len; n++) {
		struct mailbox *m = g_ptr_array_index(l->all, n);

		m->account = p->account->id;
		r = out->mailbox(out, m, err);
	}
	if (r == 0) {
		i->status = TAKE(l->status);
		l->status = g_hash_table_new(g_str_hash, g_str_equal);
	}
	return imap_settle(i, r < 0 ? r : 0);
}
