/*
 * The reader's own changes: from a key to durable rows.
 *
 * One call is one step of the undo history and one transaction: the rows of
 * the queue, what the lists show, the history.  Wishes about one message
 * coalesce while nothing of them has left (M-69): flag bits merge and a bit
 * that the server has already is dropped, A->B->C becomes A->C, and a wish
 * that comes back to where it began disappears.  Undo is nothing but the
 * inverse wish, so the same rules cancel what has not left.
 */
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/i18n.h"
#include "model/flags.h"
#include "store/priv.h"

/* A location as a wish needs it. */
struct place {
	int64_t id, message, mailbox, account, uidvalidity;
	unsigned flags, server_flags;
};

static int load_place(struct store *s, int64_t location, struct place *p, struct err *err)
{
	sqlite3_stmt *q = db_stmt(s, "SELECT l.id, l.message_id, l.mailbox_id, b.account_id,"
				  " b.uidvalidity, l.flags, l.server_flags FROM location l"
				  " JOIN mailbox b ON b.id = l.mailbox_id"
				  " WHERE l.id = ? AND l.shown = 1");
	int r;

	db_bind(q, "i", location);
	r = db_step(s, q, err);
	if (r <= 0)
		return r;
	*p = (struct place){ .id = sqlite3_column_int64(q, 0),
		.message = sqlite3_column_int64(q, 1),
		.mailbox = sqlite3_column_int64(q, 2),
		.account = sqlite3_column_int64(q, 3),
		.uidvalidity = sqlite3_column_int64(q, 4),
		.flags = (unsigned)sqlite3_column_int(q, 5),
		.server_flags = (unsigned)sqlite3_column_int(q, 6) };
	sqlite3_reset(q);
	return 1;
}

/* The newest open row of a message, and how many are open. */
struct newest {
	int64_t id, source_location, source, target_location, target;
	bool flags_verb, untouched; /* untouched: nothing of it can have reached the server */
	unsigned add, remove;
	int64_t open;
};

static int load_newest(struct store *s, int64_t message, struct newest *n, struct err *err)
{
	sqlite3_stmt *q = db_stmt(s,
		"SELECT id, source_location_id, source_id, ifnull(target_location_id, 0),"
		" ifnull(target_id, 0), verb = 'flags', status = 'queued' AND uncertain = 0,"
		" add_flags, remove_flags, count(*) OVER () FROM mutation WHERE message_id = ?"
		" AND status IN ('queued', 'leased') ORDER BY id DESC LIMIT 1");
	int r;

	db_bind(q, "i", message);
	r = db_step(s, q, err);
	if (r <= 0)
		return r;
	*n = (struct newest){ .id = sqlite3_column_int64(q, 0),
		.source_location = sqlite3_column_int64(q, 1),
		.source = sqlite3_column_int64(q, 2),
		.target_location = sqlite3_column_int64(q, 3),
		.target = sqlite3_column_int64(q, 4),
		.flags_verb = sqlite3_column_int(q, 5) != 0,
		.untouched = sqlite3_column_int(q, 6) != 0,
		.add = (unsigned)sqlite3_column_int(q, 7),
		.remove = (unsigned)sqlite3_column_int(q, 8),
		.open = sqlite3_column_int64(q, 9) };
	sqlite3_reset(q);
	return 1;
}

static int cancel_row(struct store *s, int64_t id, struct err *err)
{
	return db_run(s, err, "UPDATE mutation SET status = 'canceled', updated_at = ? WHERE id = ?",
		"ii", clock_unix(), id);
}

static int insert_row(struct store *s, const struct place *p, const char *verb, unsigned add,
	unsigned remove, int64_t target, int64_t target_location, struct err *err)
{
	int64_t now = clock_unix();

	return db_run(s, err,
		"INSERT INTO mutation (account_id, message_id, verb, source_location_id, source_id,"
		" uidvalidity, add_flags, remove_flags, base_flags, target_id, target_location_id,"
		" status, created_at, updated_at)"
		" VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, nullif(?, 0), nullif(?, 0), 'queued', ?, ?)",
		"iitiiiiiiiiii", p->account, p->message, verb, p->id, p->mailbox, p->uidvalidity,
		(int64_t)add, (int64_t)remove, (int64_t)p->flags, target, target_location, now,
		now);
}

/* --- flags ------------------------------------------------------------- */

static int merge_flags(struct store *s, const struct place *p, const struct newest *n, unsigned on,
	unsigned off, struct err *err)
{
	unsigned add = (n->add & ~off) | on, remove = (n->remove & ~on) | off;

	if (n->open == 1) { /* nobody else is about to change what the server has */
		add &= ~p->server_flags;
		remove &= p->server_flags;
	}
	if (!add && !remove)
		return cancel_row(s, n->id, err);
	return db_run(s, err,
		"UPDATE mutation SET add_flags = ?, remove_flags = ?, updated_at = ? WHERE id = ?",
		"iiii", (int64_t)add, (int64_t)remove, clock_unix(), n->id);
}

/* 1 = changed, 0 = it is so already. */
static int wish_flags(struct store *s, const struct place *p, unsigned *add, unsigned *remove,
	struct err *err)
{
	struct newest n;
	int r;

	*add &= ~p->flags;
	*remove &= p->flags;
	if (!*add && !*remove)
		return 0;
	r = load_newest(s, p->message, &n, err);
	if (r < 0)
		return r;
	if (r > 0 && n.flags_verb && n.untouched && n.source_location == p->id)
		r = merge_flags(s, p, &n, *add, *remove, err);
	else
		r = insert_row(s, p, "flags", *add, *remove, 0, 0, err);
	return r < 0 ? r : 1;
}

/* --- moves ------------------------------------------------------------- */

/* A place in the target that the server does not know yet. */
static int make_awaited(struct store *s, int64_t from_location, int64_t target, int64_t *out,
	struct err *err)
{
	int r = db_run(s, err,
		"INSERT INTO location (message_id, mailbox_id, uid, server_flags, keywords, flags,"
		" shown, date, age, size, sender, subject) SELECT message_id, ?, NULL, flags,"
		" keywords, flags, 1, date, age, size, sender, subject FROM location WHERE id = ?",
		"ii", target, from_location);
	int64_t unread = 0;

	*out = sqlite3_last_insert_rowid(s->db);
	if (r == 0)
		r = db_ask(s, err, &unread, "SELECT (flags & 1) = 0 FROM location WHERE id = ?", "i",
			*out);
	count_mailbox(s, target, 1, (int)unread, 0);
	return r < 0 ? r : 0;
}

/* The newest row moved the message here and has not left: it goes elsewhere instead. */
static int redirect(struct store *s, const struct newest *n, int64_t target, struct err *err)
{
	int64_t location = 0;
	int r = 0;

	if (target == n->source) {
		r = cancel_row(s, n->id, err);
	} else {
		r = make_awaited(s, n->source_location, target, &location, err);
		if (r == 0)
			r = db_run(s, err,
				"UPDATE mutation SET target_id = ?, target_location_id = ?,"
				" updated_at = ?, mark = '' WHERE id = ?",
				"iiii", target, location, clock_unix(), n->id);
	}
	return r < 0 ? r : location_delete(s, n->target_location, err);
}

/* 1 = moved, 0 = it is there already. */
static int wish_move(struct store *s, const struct place *p, int64_t target, struct err *err)
{
	int64_t location;
	struct newest n;
	int r;

	if (p->mailbox == target)
		return 0;
	r = load_newest(s, p->message, &n, err);
	if (r < 0)
		return r;
	if (r > 0 && !n.flags_verb && n.untouched && n.target_location == p->id) {
		r = redirect(s, &n, target, err);
	} else {
		r = make_awaited(s, p->id, target, &location, err);
		if (r == 0)
			r = insert_row(s, p, "move", 0, 0, target, location, err);
	}
	return r < 0 ? r : 1;
}

/* --- a step ------------------------------------------------------------ */

int wish_begin(struct store *s, struct err *err)
{
	int64_t free = file_free_bytes(s->dir);

	if (free >= 0 && free < STORE_LOW_DISK)
		return err_set(err, ERR_STORAGE,
			_("The disk of %s is almost full: the change was not made. "
			  "Free at least %d MiB."), s->dir, STORE_LOW_DISK >> 20);
	return tx_begin(s, TX_DURABLE, err);
}

static int begin_step(struct store *s, const char *verb, int64_t *step_out, struct err *err)
{
	int r = wish_begin(s, err);

	if (r < 0)
		return r;
	if (step_out) {
		r = db_run(s, err, "INSERT INTO undo_step (at, verb) VALUES (?, ?)", "it",
			clock_unix(), verb);
		*step_out = sqlite3_last_insert_rowid(s->db);
	}
	if (r < 0)
		tx_rollback(s);
	return r;
}

static int note_undo(struct store *s, int64_t step_id, const struct place *p, int64_t target,
	unsigned add, unsigned remove, struct err *err)
{
	return db_run(s, err,
		"INSERT INTO undo_item (step_id, message_id, source_id, target_id, add_flags,"
		" remove_flags) VALUES (?, ?, ?, nullif(?, 0), ?, ?) ON CONFLICT DO NOTHING",
		"iiiiii", step_id, p->message, p->mailbox, target, (int64_t)add, (int64_t)remove);
}

/* The picture and the news after a wish about one message. */
static int show_wish(struct store *s, const struct place *p, enum store_topic topic, struct err *err)
{
	int r = rebase(s, p->message, err);

	if (r == 0)
		r = event_emit(s, topic, (account_id){ p->account }, (mailbox_id){ p->mailbox },
			(message_id){ p->message }, 1, err);
	event_post(s, EV_MUTATION, 0, (account_id){ p->account }, (message_id){ p->message });
	return r;
}

/* A step that changed nothing leaves no trace. */
static int end_step(struct store *s, int64_t step_id, int r, int n, struct err *err)
{
	if (r >= 0)
		r = n == 0 ? db_run(s, err, "DELETE FROM undo_step WHERE id = ?", "i", step_id)
			   : history_describe(s, step_id, err);
	r = tx_end(s, r, err);
	return r < 0 ? r : n;
}

/* step_id 0: not to be undone. */
static int one_flag_wish(struct store *s, int64_t step_id, int64_t location, unsigned add,
	unsigned remove, struct err *err)
{
	struct place p;
	int r = load_place(s, location, &p, err);

	if (r <= 0)
		return r;
	r = wish_flags(s, &p, &add, &remove, err);
	if (r <= 0)
		return r;
	r = step_id ? note_undo(s, step_id, &p, 0, add, remove, err) : 0;
	if (r == 0)
		r = show_wish(s, &p, TOPIC_FLAGS_CHANGED, err);
	return r < 0 ? r : 1;
}

int store_want_flags(struct store *s, const location_id *l, size_t n, unsigned add, unsigned remove,
	struct err *err)
{
	int64_t step_id = 0;
	int done = 0, r = begin_step(s, "flags", &step_id, err);

	if (r < 0)
		return r;
	for (size_t i = 0; r >= 0 && i < n; i++) {
		r = one_flag_wish(s, step_id, l[i].v, add, remove, err);
		done += r > 0;
	}
	return end_step(s, step_id, r, done, err);
}

int store_note_read(struct store *s, location_id l, struct err *err)
{
	int r = begin_step(s, "flags", NULL, err);

	if (r < 0)
		return r;
	r = one_flag_wish(s, 0, l.v, FLAG_SEEN, 0, err);
	return tx_end(s, r, err);
}

/* May messages be moved there?  Refuses with words. */
static int check_target(struct store *s, const struct place *p, int64_t target, struct err *err)
{
	sqlite3_stmt *q = db_stmt(s, "SELECT account_id, attrs, name FROM mailbox WHERE id = ?");
	int r;

	db_bind(q, "i", target);
	r = db_step(s, q, err);
	if (r < 0)
		return r;
	if (r == 0)
		return err_set(err, ERR_GONE, _("That mailbox does not exist any more."));
	if (sqlite3_column_int64(q, 0) != p->account)
		r = err_set(err, ERR_UNSUPPORTED,
			_("%s belongs to another account; tern moves messages within one account only."),
			db_column(q, 2));
	else if (sqlite3_column_int(q, 1) & (MAILBOX_NOSELECT | MAILBOX_READONLY))
		r = err_set(err, ERR_REFUSED, _("%s cannot hold messages."), db_column(q, 2));
	else
		r = 0;
	sqlite3_reset(q);
	return r;
}

static int role_target(struct store *s, const struct place *p, enum mailbox_role role,
	int64_t *target, struct err *err)
{
	*target = store_mailbox_with_role(s, (account_id){ p->account }, role).v;
	if (*target == 0)
		return err_set(err, ERR_GONE,
			_("This account has no mailbox for \"%s\"; move the message with `s` instead."),
			mailbox_role_name(role));
	if (*target == p->mailbox && role == ROLE_TRASH)
		return err_set(err, ERR_UNSUPPORTED,
			_("The message is in the trash already; tern does not delete for ever."));
	return 0;
}

static int one_move_wish(struct store *s, int64_t step_id, int64_t location, int64_t target,
	enum mailbox_role role, struct err *err)
{
	struct place p;
	int r = load_place(s, location, &p, err);

	if (r <= 0)
		return r;
	r = target ? 0 : role_target(s, &p, role, &target, err);
	if (r == 0)
		r = check_target(s, &p, target, err);
	if (r == 0)
		r = wish_move(s, &p, target, err);
	if (r <= 0)
		return r;
	r = note_undo(s, step_id, &p, target, 0, 0, err);
	if (r == 0)
		r = show_wish(s, &p, TOPIC_MESSAGES_MOVED, err);
	return r < 0 ? r : 1;
}

static int want_move(struct store *s, const location_id *l, size_t n, int64_t target,
	enum mailbox_role role, struct err *err)
{
	int64_t step_id = 0;
	int done = 0, r = begin_step(s, "move", &step_id, err);

	if (r < 0)
		return r;
	for (size_t i = 0; r >= 0 && i < n; i++) {
		r = one_move_wish(s, step_id, l[i].v, target, role, err);
		done += r > 0;
	}
	return end_step(s, step_id, r, done, err);
}

int store_want_move(struct store *s, const location_id *l, size_t n, mailbox_id target,
	struct err *err)
{
	return want_move(s, l, n, target.v, ROLE_NONE, err);
}

int store_want_role(struct store *s, const location_id *l, size_t n, enum mailbox_role role,
	struct err *err)
{
	return want_move(s, l, n, 0, role, err);
}

int wish_apply(struct store *s, const struct want *w, int64_t location, int64_t step, struct err *err)
{
	unsigned add = w->add, remove = w->remove;
	struct place p;
	int r = load_place(s, location, &p, err);

	(void)step;
	if (r <= 0)
		return r;
	if (w->verb == MUTATION_FLAGS)
		r = wish_flags(s, &p, &add, &remove, err);
	else if (w->verb == MUTATION_MOVE)
		r = wish_move(s, &p, w->target.v, err);
	else
		r = err_set(err, ERR_UNSUPPORTED, "not yet");
	if (r <= 0)
		return r;
	r = show_wish(s, &p,
		w->verb == MUTATION_MOVE ? TOPIC_MESSAGES_MOVED : TOPIC_FLAGS_CHANGED, err);
	return r < 0 ? r : 1;
}

int wish_append_again(struct store *s, int64_t message, int64_t target, int64_t step,
	struct err *err)
{
	(void)s, (void)message, (void)target, (void)step, (void)err;
	return 0;
}

int store_want(struct store *s, const struct want *w, const location_id *l, size_t n,
	struct err *err)
{
	(void)s, (void)w, (void)l, (void)n;
	return err_set(err, ERR_UNSUPPORTED, "not yet");
}

int store_want_all(struct store *s, const struct want *w, mailbox_id m, bool unread,
	struct err *err)
{
	(void)s, (void)w, (void)m, (void)unread;
	return err_set(err, ERR_UNSUPPORTED, "not yet");
}

int store_want_more(struct store *s, struct err *err)
{
	(void)s, (void)err;
	return 0;
}

int64_t store_want_left(struct store *s, account_id a)
{
	(void)s, (void)a;
	return 0;
}

int store_want_stop(struct store *s, int64_t step, struct err *err)
{
	(void)s, (void)step, (void)err;
	return 0;
}

int store_may(struct store *s, const struct want *w, mailbox_id m, struct err *err)
{
	(void)s, (void)w, (void)m, (void)err;
	return 0;
}

int store_account_read_only(struct store *s, account_id a, bool read_only, struct err *err)
{
	return db_run(s, err, "UPDATE account SET read_only = ?1 WHERE id = ?2 AND read_only <> ?1",
		"ii", (int64_t)read_only, a.v);
}

int store_append(struct store *s, mailbox_id target, const struct change *facts, int fd,
	message_id replaces, message_id *out, struct err *err)
{
	(void)s, (void)target, (void)facts, (void)fd, (void)replaces, (void)out;
	return err_set(err, ERR_UNSUPPORTED, "not yet");
}
