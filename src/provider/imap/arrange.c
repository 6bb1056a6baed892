/*
 * Wishes about the tree of mailboxes: CREATE, RENAME, DELETE, SUBSCRIBE,
 * UNSUBSCRIBE (RFC 3501, 6.3.3 to 6.3.7) as end states.
 *
 * A server's no may mean that the wish is true already.  Some say so
 * (ALREADYEXISTS, NONEXISTENT: RFC 5530); of the others the list is asked.
 */
#include <string.h>

#include "base/i18n.h"
#include "base/mem.h"
#include "provider/imap/job.h"
#include "provider/imap/list.h"
#include "provider/imap/pull.h"
#include "provider/imap/status.h"
#include "provider/imap/utf7.h"

struct rearranging {
	struct imap *imap;
	const char *path;    /* as it is */
	char *target;	     /* as it is to be called; NULL if the wish has no name */
	GPtrArray *followed; /* char *: subscriptions that a new name must keep */
};

static void rearranging_release(struct rearranging *w)
{
	g_free(w->target);
	if (w->followed)
		g_ptr_array_unref(w->followed);
}

/* --- where mailboxes live ------------------------------------------------------------ */

/* "((prefix": the first of the personal ones */
static bool first_space(struct scan *s, struct slice *prefix)
{
	if (!scan_char(s, '('))
		return false;
	return scan_char(s, '(') && scan_string(s, prefix);
}

/* "* NAMESPACE ((prefix delimiter)...) ..." (RFC 2342) or "* LIST () delimiter name" */
static int on_space(struct imap *i, const struct response *r, void *ctx, struct err *err)
{
	struct slice prefix = { 0 }, delimiter = { 0 }, attributes;
	struct scan s = r->rest;
	bool told;

	(void)ctx;
	(void)err;
	if (slice_is(r->word, "NAMESPACE")) {
		told = first_space(&s, &prefix);
		scan_blanks(&s);
	} else if (slice_is(r->word, "LIST")) {
		told = scan_list(&s, &attributes);
		scan_blanks(&s);
	} else {
		return 0;
	}
	if (!told || !scan_string(&s, &delimiter) || prefix.n > IMAP_PATH_MAX)
		return 0;
	g_free(i->prefix);
	i->prefix = imap_path(i, prefix);
	i->delimiter =
		delimiter.p && delimiter.n ? (delimiter.escaped ? '\\' : *delimiter.p) : '\0';
	return 0;
}

static int ask_space_by(struct imap *i, const char *text, struct err *err)
{
	AUTO(command_release) struct command c = { 0 };
	struct answer a;

	if (i->prefix)
		return 0;
	command_init(&c, i, text);
	return imap_run(i, &c, on_space, NULL, &a, err);
}

static int ask_space(struct imap *i, struct err *err)
{
	int r = i->plan.namespace ? ask_space_by(i, "NAMESPACE", err) : 0;

	if (r == 0) /* no personal namespace: the root */
		r = ask_space_by(i, "LIST \"\" \"\"", err);
	if (r == 0 && !i->prefix)
		return err_set(err, ERR_UNSUPPORTED,
			_("The server does not tell how it separates the levels of mailboxes."));
	return r;
}

/* --- names ------------------------------------------------------------------------------ */

static bool is_inbox(const char *path)
{
	return g_ascii_strcasecmp(path, "INBOX") == 0;
}

/* One level of a name into path, encoded. */
static int put_level(const struct imap *i, const char *level, GString *path, struct err *err)
{
	g_autofree char *encoded = NULL;

	if (!*level)
		return err_set(err, ERR_USAGE, _("A mailbox needs a name at every level."));
	for (const char *p = level; *p; p++)
		if ((unsigned char)*p < ' ' || *p == 0x7f)
			return err_set(err, ERR_USAGE,
				_("The name of a mailbox cannot hold control characters."));
	if (i->delimiter && strchr(level, i->delimiter))
		return err_set(err, ERR_USAGE,
			_("The name cannot hold \"%c\": this server separates levels with it."),
			i->delimiter);
	encoded = utf7_encode(level);
	if (path->len) {
		if (!i->delimiter)
			return err_set(err, ERR_USAGE,
				_("This server has no mailboxes inside of mailboxes."));
		g_string_append_c(path, i->delimiter);
	}
	g_string_append(path, encoded);
	return 0;
}

/* From a name for people to a path below the personal namespace (g_free), NULL with *err. */
static char *path_of(const struct imap *i, const char *name, struct err *err)
{
	g_autoptr(GString) path = g_string_new(NULL);
	g_auto(GStrv) levels = NULL;

	if (!name || !*name || strlen(name) > IMAP_PATH_MAX || !g_utf8_validate(name, -1, NULL)) {
		err_set(err, ERR_USAGE, _("That cannot be the name of a mailbox."));
		return NULL;
	}
	levels = g_strsplit(name, "/", -1);
	for (char **level = levels; *level; level++)
		if (put_level(i, *level, path, err) < 0)
			return NULL;
	if (!is_inbox(levels[0]) && !g_str_has_prefix(path->str, i->prefix))
		g_string_prepend(path, i->prefix);
	if (path->len > IMAP_PATH_MAX) {
		err_set(err, ERR_USAGE, _("The name of the mailbox is too long."));
		return NULL;
	}
	return g_strdup(path->str);
}

/* --- asking ------------------------------------------------------------------------------- */

/* verb path [target] */
static int tell(struct imap *i, const char *verb, const char *path, const char *target,
	struct answer *a, struct err *err)
{
	AUTO(command_release) struct command c = { 0 };
	int r;

	command_init(&c, i, verb);
	r = command_mailbox(i, &c, path, err);
	if (r == 0 && target) {
		command_add(&c, " ");
		r = command_mailbox(i, &c, target, err);
	}
	return r < 0 ? r : imap_run(i, &c, NULL, NULL, a, err);
}

int imap_exists(struct imap *i, const char *path, bool nodes, struct err *err)
{
	AUTO(command_release) struct command c = { 0 };
	AUTO(boxes_free) struct boxes *l = boxes_new();
	const struct mailbox *m;
	struct answer a;
	int r;

	command_init(&c, i, "LIST \"\" ");
	r = command_mailbox(i, &c, path, err);
	if (r == 0)
		r = imap_run(i, &c, boxes_note, l, &a, err);
	if (r == 0 && a.status != ANSWER_OK)
		r = answer_error(&a, err);
	if (r < 0)
		return r;
	m = boxes_find(l, path);
	return m && (nodes || !(m->attrs & MAILBOX_NOSELECT));
}

/* The server's no, unless the wish is true: `there` is what must be, `absent` (or NULL) must not.
 */
static int judge(struct imap *i, const struct answer *a, const char *there, const char *absent,
	struct err *err)
{
	bool nodes = there && absent; /* they are renamed, too */
	int r = 1;

	if (a->status == ANSWER_OK)
		return 0;
	if (answer_error(a, err) == ERR_RETRY)
		return ERR_RETRY;
	if (there)
		r = imap_exists(i, there, nodes, err);
	if (r > 0 && absent) {
		r = imap_exists(i, absent, nodes, err);
		if (r >= 0)
			r = !r;
	}
	if (r > 0)
		return 0;
	return r < 0 ? r : answer_error(a, err);
}

/* --- subscriptions -------------------------------------------------------------------------- */

static int on_lsub(struct imap *i, const struct response *r, void *ctx, struct err *err)
{
	struct rearranging *w = ctx;
	size_t n = strlen(w->path);
	struct slice skipped, name;
	struct scan s = r->rest;
	char *path;

	(void)err;
	if (!slice_is(r->word, "LSUB") || !scan_list(&s, &skipped))
		return 0;
	scan_blanks(&s);
	if (!scan_string(&s, &skipped))
		return 0;
	scan_blanks(&s);
	if (!scan_string(&s, &name) || !name.p || w->followed->len >= LIST_MAX)
		return 0;
	path = imap_path(i, name);
	if (strncmp(path, w->path, n) == 0 &&
		(!path[n] || (i->delimiter && path[n] == i->delimiter)))
		g_ptr_array_add(w->followed, path);
	else
		g_free(path);
	return 0;
}

/* The subscriptions of path and of what is below it. */
static int ask_followed(struct rearranging *w, struct err *err)
{
	AUTO(command_release) struct command c = { 0 };
	struct answer a;
	int r;

	command_init(&c, w->imap, "LSUB \"\" \"*\"");
	r = imap_run(w->imap, &c, on_lsub, w, &a, err);
	return r < 0 ? r : job_postponed(&a, err);
}

static bool is_followed(const struct rearranging *w)
{
	for (guint n = 0; n < w->followed->len; n++)
		if (strcmp(g_ptr_array_index(w->followed, n), w->path) == 0)
			return true;
	return false;
}

static int move_subscription(struct imap *i, const char *old, const char *now, struct err *err)
{
	struct answer a;
	int r = tell(i, "SUBSCRIBE ", now, NULL, &a, err);

	if (r == 0)
		r = job_postponed(&a, err);
	if (r < 0 || a.status != ANSWER_OK)
		return r;
	r = tell(i, "UNSUBSCRIBE ", old, NULL, &a, err);
	return r < 0 ? r : job_postponed(&a, err);
}

/* A refusal is no failure of the wish: the mailbox has its new name. */
static int move_subscriptions(struct rearranging *w, struct err *err)
{
	size_t n = strlen(w->path);
	int r = 0;

	for (guint k = 0; r == 0 && k < w->followed->len; k++) {
		const char *old = g_ptr_array_index(w->followed, k);
		g_autofree char *now = g_strconcat(w->target, old + n, NULL);

		r = move_subscription(w->imap, old, now, err);
	}
	return r;
}

/* --- the verbs -------------------------------------------------------------------------------- */

/* Servers may refuse to change what is selected; CLOSE would expunge. */
static int leave(struct imap *i, const char *path, struct err *err)
{
	if (!i->sel.path || strcmp(i->sel.path, path) != 0)
		return 0;
	return imap_select(i, "INBOX", false, true, err);
}

static int create(struct rearranging *w, struct err *err)
{
	struct answer a;
	int r = tell(w->imap, "CREATE ", w->target, NULL, &a, err);

	if (r < 0 || answer_code(&a, "ALREADYEXISTS"))
		return r;
	return judge(w->imap, &a, w->target, NULL, err);
}

static int rename_to(struct rearranging *w, struct err *err)
{
	struct answer a;
	int r;

	if (is_inbox(w->path) || is_inbox(w->target))
		return err_set(err, ERR_USAGE, _("The inbox keeps its name."));
	if (g_strcmp0(w->path, w->target) == 0)
		return 0;
	r = leave(w->imap, w->path, err);
	if (r == 0)
		r = ask_followed(w, err);
	if (r == 0)
		r = tell(w->imap, "RENAME ", w->path, w->target, &a, err);
	if (r == 0)
		r = judge(w->imap, &a, w->target, w->path, err);
	return r < 0 ? r : move_subscriptions(w, err);
}

struct looking {
	const char *path;
	struct box_status now;
	bool told;
};

static int on_status(struct imap *i, const struct response *r, void *ctx, struct err *err)
{
	struct looking *l = ctx;
	struct box_status s;
	struct slice name, id;
	g_autofree char *path = NULL;

	(void)err;
	if (!status_read(r, &name, &s, &id))
		return 0;
	path = imap_path(i, name);
	if (strcmp(path, l->path) == 0) {
		l->now = s;
		l->told = true;
	}
	return 0;
}

/* Has mail come that the store does not have?  What cannot be asked for does not hinder. */
static bool has_news(const struct looking *l, const char *cursor)
{
	struct position at;

	if (!l->told)
		return false;
	if (!position_read(cursor, &at))
		return l->now.messages > 0;
	if (l->now.uidvalidity && l->now.uidvalidity != at.uidvalidity)
		return l->now.messages > 0;
	return l->now.uidnext > at.uidnext && l->now.messages > 0;
}

/* With a mailbox goes only what the reader knew of. */
static int check_news(struct rearranging *w, const char *cursor, struct err *err)
{
	AUTO(command_release) struct command c = { 0 };
	struct looking l = { .path = w->path };
	struct answer a;
	int r;

	if (!cursor)
		return 0;
	command_init(&c, w->imap, "STATUS ");
	r = command_mailbox(w->imap, &c, w->path, err);
	command_add(&c, " (MESSAGES UIDNEXT UIDVALIDITY)");
	if (r == 0)
		r = imap_run(w->imap, &c, on_status, &l, &a, err);
	if (r == 0)
		r = job_postponed(&a, err);
	if (r == 0 && has_news(&l, cursor))
		return err_set(err, ERR_CONFLICT,
			_("Mail that tern did not know of is in the mailbox %s; it was not deleted. "
			  "Look at it, and delete the mailbox again if you still want to."),
			w->path);
	return r;
}

/* A subscription to what is gone is of no use; RFC 3501 forbids the server to end it. */
static int delete (struct rearranging *w, const char *cursor, struct err *err)
{
	struct answer a;
	int r;

	if (is_inbox(w->path))
		return err_set(err, ERR_USAGE, _("The inbox cannot be deleted."));
	r = leave(w->imap, w->path, err);
	if (r == 0)
		r = check_news(w, cursor, err);
	if (r == 0)
		r = tell(w->imap, "DELETE ", w->path, NULL, &a, err);
	if (r == 0 && !answer_code(&a, "NONEXISTENT"))
		r = judge(w->imap, &a, NULL, w->path, err);
	return r < 0 ? r : tell(w->imap, "UNSUBSCRIBE ", w->path, NULL, &a, err);
}

static int subscribe(struct rearranging *w, bool on, struct err *err)
{
	struct answer a;
	int r = tell(w->imap, on ? "SUBSCRIBE " : "UNSUBSCRIBE ", w->path, NULL, &a, err);

	if (r < 0 || a.status == ANSWER_OK)
		return r;
	r = ask_followed(w, err);
	if (r < 0 || is_followed(w) == on)
		return r;
	return answer_error(&a, err);
}

static int rearrange(struct rearranging *w, const struct mailbox_wish *wish, struct err *err)
{
	switch (wish->verb) {
	case MAILBOX_CREATE:
		return create(w, err);
	case MAILBOX_RENAME:
		return rename_to(w, err);
	case MAILBOX_DELETE:
		return delete (w, wish->cursor, err);
	default:
		return subscribe(w, wish->verb == MAILBOX_SUBSCRIBE, err);
	}
}

int imap_arrange(struct provider *p, const struct mailbox_wish *wish, struct err *err)
{
	struct imap *i = imap_of(p);
	AUTO(rearranging_release) struct rearranging w = { .imap = i, .path = wish->path };
	struct err why = { 0 };
	bool named = wish->verb == MAILBOX_CREATE || wish->verb == MAILBOX_RENAME;
	int r;

	if (!p->account->two_way)
		return err_set(err, ERR_UNSUPPORTED,
			_("The account is read-only (two_way = false); nothing was sent."));
	if (wish->verb != MAILBOX_CREATE &&
		(!wish->path || !*wish->path || strlen(wish->path) > IMAP_PATH_MAX))
		return err_set(err, ERR_USAGE, _("That cannot be the name of a mailbox."));
	w.followed = g_ptr_array_new_with_free_func(g_free);
	r = imap_ready(i, err);
	if (r == 0)
		r = ask_space(i, err);
	if (r == 0 && named)
		w.target = path_of(i, wish->name, &why);
	if (r == 0 && named && !w.target) {
		r = why.code;
		if (err)
			*err = why;
	}
	if (r == 0)
		r = rearrange(&w, wish, err);
	imap_status_forget(i, NULL);
	return imap_settle(i, r);
}
