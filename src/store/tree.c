/*
 * Wishes about the tree of mailboxes: create, rename, delete, subscribe.
 *
 *   queued --due--> leased --settle--> done | conflict | failed
 *     ^                |
 *     +---- not tried, or its attempts are not used up
 *
 * The same life as a wish about a message (queue.c), but a wish here is an end
 * state that is cheap to look for, so that nothing has to be noted before it
 * is sent.  Wishes that touch the same mailbox leave in the order in which
 * they were made.  While one has not left, its opposite takes it back.
 *
 * The tree itself changes when the server said so: by a listing, or at once
 * when it confirmed a rename or a subscription.
 */
#include <string.h>

#include "base/backoff.h"
#include "base/clock.h"
#include "base/i18n.h"
#include "base/mem.h"
#include "store/priv.h"

enum {
	LEVEL_MAX = 255, /* bytes of one level of a name */
	NAME_MAX_ALL = 1000,
};

#define OPEN "status IN ('queued', 'leased')"

/* --- names ------------------------------------------------------------- */

static int check_level(const char *level, struct err *err)
{
	if (!*level)
		return err_set(err, ERR_USAGE,
			_("A level of a mailbox name cannot be empty: write it as Work/Bills."));
	if (strcmp(level, ".") == 0 || strcmp(level, "..") == 0)
		return err_set(err, ERR_USAGE, _("A mailbox cannot be called \"%s\"."), level);
	if (strlen(level) > LEVEL_MAX)
		return err_set(err, ERR_USAGE,
			_("This mailbox name is too long: a level has at most %d bytes."), LEVEL_MAX);
	return 0;
}

static int check_name(const char *name, struct err *err)
{
	g_auto(GStrv) levels = NULL;
	int r = 0;

	if (!name || !*name)
		return err_set(err, ERR_USAGE, _("A mailbox needs a name."));
	if (!g_utf8_validate(name, -1, NULL))
		return err_set(err, ERR_USAGE, _("This mailbox name is not valid UTF-8."));
	for (const char *p = name; *p; p = g_utf8_next_char(p))
		if (g_unichar_iscntrl(g_utf8_get_char(p)))
			return err_set(err, ERR_USAGE,
				_("A mailbox name cannot hold control characters."));
	if (strlen(name) > NAME_MAX_ALL)
		return err_set(err, ERR_USAGE,
			_("This mailbox name is too long: it has at most %d bytes."), NAME_MAX_ALL);
	levels = g_strsplit(name, "/", -1);
	for (size_t i = 0; r == 0 && levels[i]; i++)
		r = check_level(levels[i], err);
	return r;
}

/* --- what is wished ---------------------------------------------------- */

/* A wish before it is a row. */
struct tree_want {
	account_id account;
	enum mailbox_verb verb;
	const char *name;      /* NULL unless CREATE or RENAME */
	struct mailbox *box;   /* what it is about, NULL for CREATE */
};

static const char *path_of(const struct tree_want *w)
{
	return w->box ? w->box->path : "";
}

/* Is the name taken by a mailbox that holds messages? */
static int check_free(struct store *s, const struct tree_want *w, struct err *err)
{
	int64_t one;
	int r = db_ask(s, err, &one,
		"SELECT 1 FROM mailbox WHERE account_id = ? AND name = ? AND (attrs & ?) = 0", "iti",
		w->account.v, w->name, (int64_t)MAILBOX_NOSELECT);

	return r <= 0 ? r : err_set(err, ERR_USAGE, _("There is already a mailbox \"%s\"."), w->name);
}

static int check_rename(const struct tree_want *w, struct err *err)
{
	size_t n = strlen(w->box->name);

	if (strncmp(w->name, w->box->name, n) == 0 && w->name[n] == '/')
		return err_set(err, ERR_USAGE, _("A mailbox cannot be moved into itself."));
	return 0;
}

static int check_want(struct store *s, const struct tree_want *w, struct err *err)
{
	bool named = w->verb == MAILBOX_CREATE || w->verb == MAILBOX_RENAME;
	int r = 0;

	if (w->box && w->box->role == ROLE_INBOX &&
		(w->verb == MAILBOX_RENAME || w->verb == MAILBOX_DELETE))
		return err_set(err, ERR_USAGE,
			_("The inbox can be neither renamed nor deleted; every account has one."));
	if (named)
		r = check_name(w->name, err);
	if (r == 0 && w->box && w->verb == MAILBOX_RENAME)
		r = check_rename(w, err);
	if (r == 0 && named && !(w->box && strcmp(w->box->name, w->name) == 0))
		r = check_free(s, w, err);
	return r;
}

/* --- rows -------------------------------------------------------------- */

static int close_wish(struct store *s, int64_t id, enum mutation_status st, const char *answer,
	struct err *err)
{
	return db_run(s, err, "UPDATE tree_wish SET status = ?, answer = ? WHERE id = ?", "tti",
		mutation_status_name(st), answer, id);
}

/* The newest wish with that verb about the same thing that nobody has sent; 1 = *id. */
static int unsent(struct store *s, const struct tree_want *w, enum mailbox_verb verb, const char *name,
	int64_t *id, struct err *err)
{
	return db_ask(s, err, id,
		"SELECT id FROM tree_wish WHERE account_id = ?1 AND path = ?2 AND verb = ?3"
		" AND (?4 IS NULL OR name = ?4) AND status = 'queued' AND attempts = 0"
		" ORDER BY id DESC LIMIT 1",
		"ittt", w->account.v, path_of(w), mailbox_verb_name(verb), name);
}

/* Takes back what has not left and is now pointless; 1 = there was one, *id. */
static int take_back(struct store *s, const struct tree_want *w, enum mailbox_verb verb,
	const char *name, int64_t *id, struct err *err)
{
	int r = unsent(s, w, verb, name, id, err);

	if (r <= 0)
		return r;
	r = close_wish(s, *id, MUTATION_CANCELED, "", err);
	return r < 0 ? r : 1;
}

/* The server has it as it is wished already. */
static bool holds(const struct tree_want *w)
{
	const struct mailbox *m = w->box;

	if (!m)
		return false;
	switch (w->verb) {
	case MAILBOX_RENAME:
		return strcmp(m->name, w->name) == 0;
	case MAILBOX_SUBSCRIBE:
		return (m->attrs & MAILBOX_SUBSCRIBED) != 0;
	case MAILBOX_UNSUBSCRIBE:
		return (m->attrs & MAILBOX_SUBSCRIBED) == 0;
	default:
		return false;
	}
}

/* What waits and is made void by this wish; 1 = and this wish with it, *id. */
static int coalesce(struct store *s, const struct tree_want *w, int64_t *id, struct err *err)
{
	int64_t unused;
	int r = 0;

	switch (w->verb) {
	case MAILBOX_CREATE:
		return unsent(s, w, MAILBOX_CREATE, w->name, id, err);
	case MAILBOX_RENAME:
		r = take_back(s, w, MAILBOX_RENAME, NULL, id, err);
		break;
	case MAILBOX_SUBSCRIBE:
		r = take_back(s, w, MAILBOX_UNSUBSCRIBE, NULL, id, err);
		break;
	case MAILBOX_UNSUBSCRIBE:
		r = take_back(s, w, MAILBOX_SUBSCRIBE, NULL, id, err);
		break;
	case MAILBOX_DELETE:
		for (int v = MAILBOX_RENAME; r >= 0 && v <= MAILBOX_UNSUBSCRIBE; v++)
			if (v != MAILBOX_DELETE)
				r = take_back(s, w, (enum mailbox_verb)v, NULL, &unused, err);
		break;
	}
	if (r > 0 && holds(w))
		return 1;
	return r < 0 || w->verb == MAILBOX_RENAME ? MIN(r, 0) : unsent(s, w, w->verb, NULL, id, err);
}

static int put_wish(struct store *s, const struct tree_want *w, int64_t *id, struct err *err)
{
	int r = coalesce(s, w, id, err);

	if (r == 0) {
		r = db_run(s, err,
			"INSERT INTO tree_wish (account_id, verb, path, name, status, created_at)"
			" VALUES (?, ?, ?, ?, 'queued', ?)",
			"ittti", w->account.v, mailbox_verb_name(w->verb), path_of(w),
			w->name, clock_unix());
		*id = sqlite3_last_insert_rowid(s->db);
	}
	event_post(s, EV_MAILBOXES, 0, w->account, (message_id){ 0 });
	return r < 0 ? r : 0;
}

/* A mailbox that was only wished has no row: deleting it takes the wish back. */
static int delete_unborn(struct store *s, const struct tree_want *w, const char *name, int64_t *id,
	struct err *err)
{
	int r = take_back(s, w, MAILBOX_CREATE, name ? name : "", id, err);

	event_post(s, EV_MAILBOXES, 0, w->account, (message_id){ 0 });
	if (r == 0)
		return err_set(err, ERR_GONE, _("This mailbox does not exist any more."));
	return r < 0 ? r : 0;
}

int64_t store_want_mailbox(struct store *s, account_id a, enum mailbox_verb verb, mailbox_id m,
	const char *name, struct err *err)
{
	AUTO(mailbox_free) struct mailbox *box = NULL;
	struct tree_want w = { .account = a, .verb = verb };
	bool unborn = verb == MAILBOX_DELETE && m.v == 0;
	int64_t id = 0;
	int r = 0;

	if (verb == MAILBOX_CREATE || verb == MAILBOX_RENAME)
		w.name = name;
	if (verb != MAILBOX_CREATE && !unborn)
		r = store_mailbox(s, m, &box, err);
	if (box && box->account.v != a.v)
		r = err_set(err, ERR_GONE, _("This mailbox does not exist any more."));
	w.box = box;
	if (r == 0)
		r = check_want(s, &w, err);
	if (r == 0)
		r = wish_begin(s, err);
	if (r < 0)
		return r;
	r = unborn ? delete_unborn(s, &w, name, &id, err) : put_wish(s, &w, &id, err);
	r = tx_end(s, r, err);
	return r < 0 ? r : id;
}

/* --- looking at them --------------------------------------------------- */

void tree_wish_free(struct tree_wish **p)
{
	struct tree_wish *w = *p;

	if (!w)
		return;
	g_free(w->path);
	g_free(w->name);
	g_free(w->answer);
	g_free(w);
	*p = NULL;
}

static void drop_wish(gpointer p)
{
	struct tree_wish *w = p;

	tree_wish_free(&w);
}

static enum mailbox_verb verb_from_name(const char *name)
{
	for (int v = MAILBOX_CREATE; v < MAILBOX_UNSUBSCRIBE; v++)
		if (strcmp(mailbox_verb_name((enum mailbox_verb)v), name) == 0)
			return (enum mailbox_verb)v;
	return MAILBOX_UNSUBSCRIBE;
}

#define WISH                                                                                       \
	"SELECT id, account_id, verb, status, path, name, attempts, created_at, next_at, answer"   \
	" FROM tree_wish w"

static struct tree_wish *read_wish(sqlite3_stmt *q)
{
	struct tree_wish *w = g_new0(struct tree_wish, 1);

	w->id = sqlite3_column_int64(q, 0);
	w->account.v = sqlite3_column_int64(q, 1);
	w->verb = verb_from_name(db_column(q, 2));
	w->status = queue_status(db_column(q, 3));
	w->path = g_strdup(db_column(q, 4));
	w->name = g_strdup((const char *)sqlite3_column_text(q, 5));
	w->attempts = sqlite3_column_int(q, 6);
	w->created_at = sqlite3_column_int64(q, 7);
	w->next_in_ms = MAX(sqlite3_column_int64(q, 8) - clock_mono_ms(), 0);
	w->answer = g_strdup(db_column(q, 9));
	return w;
}

int store_tree_rows(struct store *s, account_id a, GPtrArray **out, struct err *err)
{
	g_autoptr(GPtrArray) rows = g_ptr_array_new_with_free_func(drop_wish);
	sqlite3_stmt *q = db_stmt(s, WISH " WHERE (?1 = 0 OR account_id = ?1) AND status IN"
				  " ('queued', 'leased', 'conflict', 'failed') ORDER BY id");
	int r;

	if (!q)
		return db_fail(s, err);
	db_bind(q, "i", a.v);
	while ((r = db_step(s, q, err)) > 0)
		g_ptr_array_add(rows, read_wish(q));
	if (r < 0)
		return r;
	*out = g_steal_pointer(&rows);
	return 0;
}

/* Ends a writing transaction that changed no wish of that id: why not. */
static int unchanged(struct store *s, int64_t id, struct err *err)
{
	int64_t leased;
	int r = db_ask(s, err, &leased, "SELECT 1 FROM tree_wish WHERE id = ? AND status = 'leased'",
		"i", id);

	if (r > 0)
		return err_set(err, ERR_CONFLICT,
			_("This change is on its way to the server already."));
	return r < 0 ? r : err_set(err, ERR_GONE, _("There is no such wish any more."));
}

static int change_wish(struct store *s, int64_t id, const char *sql, struct err *err)
{
	int r = tx_begin(s, TX_DURABLE, err);

	if (r < 0)
		return r;
	r = db_run(s, err, sql, "i", id);
	if (r == 0 && db_changed(s) == 0)
		r = unchanged(s, id, err);
	event_post(s, EV_MAILBOXES, 0, (account_id){ 0 }, (message_id){ 0 });
	return tx_end(s, r, err);
}

int store_tree_discard(struct store *s, int64_t id, struct err *err)
{
	return change_wish(s, id,
		"UPDATE tree_wish SET status = 'canceled' WHERE id = ?"
		" AND status IN ('queued', 'conflict', 'failed')",
		err);
}

int store_tree_retry(struct store *s, int64_t id, struct err *err)
{
	return change_wish(s, id,
		"UPDATE tree_wish SET attempts = CASE status WHEN 'queued' THEN attempts ELSE 0 END,"
		" status = 'queued', next_at = 0 WHERE id = ?"
		" AND status IN ('queued', 'conflict', 'failed')",
		err);
}

/* --- the worker's side ------------------------------------------------- */

/* Open, and none that was made before has to leave before it. */
#define FIRST                                                                                      \
	" WHERE account_id = ?1 AND " OPEN " AND NOT EXISTS"                                       \
	" (SELECT 1 FROM tree_wish e WHERE e.account_id = ?1 AND e.id < w.id AND e." OPEN          \
	"  AND (e.path <> '' AND e.path = w.path OR w.name = e.name"                               \
	"   OR substr(w.name, 1, length(e.name) + 1) = e.name || '/'))"

int64_t store_tree_due_in(struct store *s, account_id a)
{
	int64_t next = 0;

	if (db_ask(s, NULL, &next,
		    "SELECT min(next_at) FROM tree_wish w" FIRST " HAVING count(*) > 0", "i", a.v) <= 0)
		return -1;
	return MAX(next - clock_mono_ms(), 0);
}

static int lease_due(struct store *s, account_id a, struct tree_wish **out, struct err *err)
{
	sqlite3_stmt *q = db_stmt(s, WISH FIRST " AND next_at <= ?2 ORDER BY id LIMIT 1");
	int r;

	db_bind(q, "ii", a.v, clock_mono_ms());
	r = db_step(s, q, err);
	if (r <= 0)
		return r;
	*out = read_wish(q);
	sqlite3_reset(q);
	(*out)->status = MUTATION_LEASED;
	return db_run(s, err, "UPDATE tree_wish SET status = 'leased' WHERE id = ?", "i", (*out)->id);
}

int store_tree_due(struct store *s, account_id a, struct tree_wish **out, struct err *err)
{
	AUTO(tree_wish_free) struct tree_wish *w = NULL;
	int r;

	*out = NULL;
	if (store_tree_due_in(s, a) != 0)
		return 0;
	r = tx_begin_leased(s, TX_DURABLE, a, err);
	if (r < 0)
		return r;
	r = tx_end(s, lease_due(s, a, &w, err), err);
	if (r == 0)
		*out = TAKE(w);
	return r;
}

int tree_recover(struct store *s, account_id a, struct err *err)
{
	int r = db_run(s, err,
		"UPDATE tree_wish SET status = 'queued', next_at = 0 WHERE account_id = ? AND " OPEN,
		"i", a.v);

	return r < 0 ? r : db_run(s, err,
		"DELETE FROM tree_wish WHERE account_id = ? AND status IN ('done', 'canceled')"
		" AND created_at < ?",
		"ii", a.v, clock_unix() - HISTORY_KEEP_S);
}

/* --- settling ---------------------------------------------------------- */

int tree_follow(struct store *s, account_id a, const char *from, const char *to, struct err *err)
{
	return db_run(s, err,
		"UPDATE tree_wish SET path = ? WHERE account_id = ? AND path = ? AND " OPEN, "tit", to,
		a.v, from);
}

/* The name with the hierarchy separator that the provider's paths have. */
static char *plain_path(const char *name, char delimiter)
{
	char *path = g_strdup(name);

	return delimiter && delimiter != '/' ? g_strdelimit(path, "/", delimiter) : path;
}

/* How the provider will write the new name, as far as the old path shows it; a listing that tells
 * another path finds the row by its name. */
static char *guess_path(const struct mailbox *m, const char *name)
{
	g_autofree char *old = plain_path(m->name, m->delimiter);
	g_autofree char *path = plain_path(name, m->delimiter);
	size_t extra;

	if (!g_str_has_suffix(m->path, old))
		return g_steal_pointer(&path);
	extra = strlen(m->path) - strlen(old);
	return g_strdup_printf("%.*s%s", (int)extra, m->path, path);
}

static int move_row(struct store *s, const struct mailbox *m, const char *path, const char *name,
	struct err *err)
{
	int64_t one;
	int r = db_ask(s, err, &one, "SELECT 1 FROM mailbox WHERE account_id = ? AND path = ?"
				     " AND id <> ?", "iti", m->account.v, path, m->id.v);

	if (r != 0) /* a listing was quicker: the next one sets it right */
		return MIN(r, 0);
	r = db_run(s, err, "UPDATE mailbox SET path = ?, name = ? WHERE id = ?", "tti", path, name,
		m->id.v);
	return r < 0 ? r : tree_follow(s, m->account, m->path, path, err);
}

/* The mailbox and all below it. */
static int move_tree(struct store *s, const struct mailbox *top, const char *name, struct err *err)
{
	g_autofree char *path = guess_path(top, name);
	g_autofree char *below = g_strdup_printf("%s%c", top->path, top->delimiter);
	g_autoptr(GPtrArray) all = NULL;
	int r = store_mailboxes(s, top->account, &all, err);

	for (guint i = 0; r == 0 && top->delimiter && i < all->len; i++) {
		const struct mailbox *m = all->pdata[i];
		g_autofree char *p = NULL, *n = NULL;

		if (!g_str_has_prefix(m->path, below) || !g_str_has_prefix(m->name, top->name))
			continue;
		p = g_strconcat(path, m->path + strlen(top->path), NULL);
		n = g_strconcat(name, m->name + strlen(top->name), NULL);
		r = move_row(s, m, p, n, err);
	}
	return r < 0 ? r : move_row(s, top, path, name, err);
}

static int note_subscription(struct store *s, const struct mailbox *m, bool on, struct err *err)
{
	return db_run(s, err, "UPDATE mailbox SET attrs = (attrs & ~?1) | ?2 WHERE id = ?3", "iii",
		(int64_t)MAILBOX_SUBSCRIBED, on ? (int64_t)MAILBOX_SUBSCRIBED : 0, m->id.v);
}

/* What the server now has, as far as it is certain without a listing. */
static int show_done(struct store *s, const struct tree_wish *w, struct err *err)
{
	AUTO(mailbox_free) struct mailbox *m = NULL;
	int64_t id = 0;
	int r = db_ask(s, err, &id, "SELECT id FROM mailbox WHERE account_id = ? AND path = ?", "it",
		w->account.v, w->path);

	if (r <= 0)
		return r;
	r = store_mailbox(s, (mailbox_id){ id }, &m, err);
	if (r == 0 && w->verb == MAILBOX_RENAME && w->name)
		r = move_tree(s, m, w->name, err);
	else if (r == 0 && (w->verb == MAILBOX_SUBSCRIBE || w->verb == MAILBOX_UNSUBSCRIBE))
		r = note_subscription(s, m, w->verb == MAILBOX_SUBSCRIBE, err);
	return r;
}

static int wish_back(struct store *s, const struct tree_wish *w, const struct err *why,
	struct err *err)
{
	int attempts = w->attempts + queue_counts(why);
	int64_t wait = why->after_s > 0           ? (int64_t)why->after_s * 1000
		       : attempts > w->attempts ? backoff_ms(attempts)
						: 0;

	if (attempts >= MUTATION_ATTEMPTS_MAX)
		return close_wish(s, w->id, MUTATION_FAILED, why->text, err);
	return db_run(s, err,
		"UPDATE tree_wish SET status = 'queued', attempts = ?, next_at = ?, answer = ?"
		" WHERE id = ?",
		"iiti", (int64_t)attempts, wait ? clock_mono_ms() + wait : 0, why->text, w->id);
}

static int settle(struct store *s, const struct tree_wish *w, const struct err *why, struct err *err)
{
	int r;

	switch (why->code) {
	case ERR_OK:
		r = close_wish(s, w->id, MUTATION_DONE, "", err);
		if (r == 0)
			r = show_done(s, w, err);
		return r < 0 ? r : event_emit(s, TOPIC_FOLDER_TREE_CHANGED, w->account,
			(mailbox_id){ 0 }, (message_id){ 0 }, 0, err);
	case ERR_CONFLICT:
		return close_wish(s, w->id, MUTATION_CONFLICT, why->text, err);
	case ERR_UNSUPPORTED:
	case ERR_REFUSED:
	case ERR_GONE:
	case ERR_USAGE:
		return close_wish(s, w->id, MUTATION_FAILED, why->text, err);
	default:
		return wish_back(s, w, why, err);
	}
}

static int load_open(struct store *s, int64_t id, struct tree_wish **out, struct err *err)
{
	sqlite3_stmt *q = db_stmt(s, WISH " WHERE id = ? AND " OPEN);
	int r;

	if (!q)
		return db_fail(s, err);
	db_bind(q, "i", id);
	r = db_step(s, q, err);
	if (r <= 0)
		return r;
	*out = read_wish(q);
	sqlite3_reset(q);
	return 1;
}

int store_tree_settle(struct store *s, int64_t id, const struct err *why, struct err *err)
{
	AUTO(tree_wish_free) struct tree_wish *w = NULL;
	int r = tx_begin(s, TX_DURABLE, err);

	if (r < 0)
		return r;
	r = load_open(s, id, &w, err);
	if (w)
		r = lease_check(s, w->account, err);
	if (r >= 0 && w) {
		r = settle(s, w, why, err);
		event_post(s, EV_MAILBOXES, (int)why->code, w->account, (message_id){ 0 });
	}
	return tx_end(s, MIN(r, 0), err);
}
