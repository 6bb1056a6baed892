/*
 * What people may do with rows of the queue: send them now, hold them, take
 * them back, send them elsewhere.
 *
 * A row that needs the reader (conflict, failed) is never revived: wishing it
 * again makes a new row about where the message is now, and the old one goes
 * out of sight.
 */
#include "base/i18n.h"
#include "store/priv.h"

/* A row as it stands, whole. */
struct wished {
	int64_t id, message, source, target, target_location, step;
	enum mutation_verb verb;
	enum mutation_status status;
	bool uncertain;
	unsigned add, remove;
	char *add_keywords, *remove_keywords;
};

static void wished_clear(struct wished *w)
{
	g_free(w->add_keywords);
	g_free(w->remove_keywords);
}

static int load(struct store *s, int64_t row, struct wished *w, struct err *err)
{
	sqlite3_stmt *q = db_stmt(s, "SELECT message_id, source_id, ifnull(target_id, 0),"
				     " ifnull(target_location_id, 0), step_id, verb, status, uncertain,"
				     " add_flags, remove_flags, add_keywords, remove_keywords"
				     " FROM mutation WHERE id = ?"
				     " AND status IN ('queued', 'leased', 'conflict', 'failed')");
	int r;

	if (!q)
		return db_fail(s, err);
	db_bind(q, "i", row);
	r = db_step(s, q, err);
	if (r < 0)
		return r;
	if (r == 0)
		return err_set(err, ERR_GONE, _("That change is not in the queue any more."));
	*w = (struct wished){ .id = row,
		.message = sqlite3_column_int64(q, 0),
		.source = sqlite3_column_int64(q, 1),
		.target = sqlite3_column_int64(q, 2),
		.target_location = sqlite3_column_int64(q, 3),
		.step = sqlite3_column_int64(q, 4),
		.verb = queue_verb(db_column(q, 5)),
		.status = queue_status(db_column(q, 6)),
		.uncertain = sqlite3_column_int(q, 7) != 0,
		.add = (unsigned)sqlite3_column_int(q, 8),
		.remove = (unsigned)sqlite3_column_int(q, 9),
		.add_keywords = g_strdup(db_column(q, 10)),
		.remove_keywords = g_strdup(db_column(q, 11)) };
	sqlite3_reset(q);
	if (w->status != MUTATION_LEASED)
		return 0;
	wished_clear(w);
	return err_set(err, ERR_USAGE,
		_("This change is being sent this moment; try again when the server has answered."));
}

/* --- one row ----------------------------------------------------------- */

static bool waits(const struct wished *w)
{
	return w->status == MUTATION_QUEUED;
}

/* What is wished again of a message is wished where it is now; *location 0: only in the target. */
static int find_now(struct store *s, const struct wished *w, int64_t *location, struct err *err)
{
	bool anywhere = w->verb != MUTATION_EXPUNGE;
	int r = db_ask(s, err, location,
		"SELECT iif(mailbox_id = ?3, 0, id) FROM location WHERE message_id = ?1"
		" AND shown = 1 AND (?4 OR mailbox_id = ?2)"
		" ORDER BY mailbox_id = ?3, mailbox_id <> ?2, id LIMIT 1",
		"iiii", w->message, w->source, w->target, (int64_t)anywhere);

	if (r == 0)
		return err_set(err, ERR_GONE,
			_("The message is not there any more; the change can only be dropped."));
	return r < 0 ? r : 0;
}

/* The old row goes, the wish is made anew; to another target if there is one. */
static int wish_anew(struct store *s, const struct wished *w, int64_t target, struct err *err)
{
	const struct want again = { .verb = w->verb,
		.add = w->add,
		.remove = w->remove,
		.add_keywords = w->add_keywords,
		.remove_keywords = w->remove_keywords,
		.target = { target ? target : w->target } };
	bool append = w->verb == MUTATION_APPEND;
	int64_t location = 0, place = 0;
	int r = append || waits(w) ? 0 : find_now(s, w, &location, err);

	if (r == 0)
		r = queue_end(s, w->id, MUTATION_CANCELED, "", err);
	if (r == 0 && append)
		return wish_append_again(s, w->message, again.target.v, w->step, w->add,
			w->add_keywords, err);
	if (r == 0 && waits(w))
		r = find_now(s, w, &location, err);
	/* nowhere but in the target: it is so already */
	if (r == 0 && location)
		r = wish_apply(s, &again, location, w->step, &place, err);
	return r < 0 ? r : history_place(s, w->message, w->target_location, place, err);
}

/* What may have reached the server is looked for there before it is done again. */
static int hand_on_doubt(struct store *s, const struct wished *w, struct err *err)
{
	return db_run(s, err,
		"UPDATE mutation SET uncertain = 1, mark = (SELECT mark FROM mutation WHERE id = ?1)"
		" WHERE id = (SELECT max(id) FROM mutation WHERE message_id = ?2"
		"  AND status = 'queued' AND verb = ?3 AND source_id = ?4 AND ifnull(target_id, 0) = ?5)",
		"iitii", w->id, w->message, mutation_verb_name(w->verb), w->source, w->target);
}

static int retry(struct store *s, const struct wished *w, struct err *err)
{
	int r;

	if (!waits(w)) {
		r = wish_anew(s, w, 0, err);
		return r < 0 || !w->uncertain ? r : hand_on_doubt(s, w, err);
	}
	return db_run(s, err, "UPDATE mutation SET next_at = 0 WHERE id = ?", "i", w->id);
}

static int hold(struct store *s, const struct wished *w, bool held, struct err *err)
{
	int r;

	if (!waits(w))
		return err_set(err, ERR_USAGE,
			_("Only a change that waits can be held; retry or drop this one."));
	r = db_run(s, err, "UPDATE mutation SET held = ? WHERE id = ?", "ii", (int64_t)held, w->id);
	if (r == 0)
		r = queue_ready(s, w->message, err);
	return r;
}

static int act_one(struct store *s, const struct wished *w, enum queue_act act, struct err *err)
{
	switch (act) {
	case QUEUE_RETRY:
		return retry(s, w, err);
	case QUEUE_HOLD:
		return hold(s, w, true, err);
	case QUEUE_RELEASE:
		return hold(s, w, false, err);
	case QUEUE_DROP:
		return queue_end(s, w->id, MUTATION_CANCELED, "", err);
	}
	return 0;
}

/* The history tells where the reader wanted it in the end; of two places of a message that of one. */
static int note_target(struct store *s, const struct wished *w, int64_t target, struct err *err)
{
	return db_run(s, err,
		"UPDATE undo_item SET target_id = ?1 WHERE step_id = ?2 AND message_id = ?3"
		" AND target_id = ?4 AND (target_place = 0 OR EXISTS (SELECT 1 FROM location l"
		"  WHERE l.id = target_place AND l.mailbox_id = ?1))",
		"iiii", target, w->step, w->message, w->target);
}

/* ... in its line, too: the rows of a group are of one step. */
static int label(struct store *s, int64_t row, struct err *err)
{
	int64_t step, rest = 0;
	int r = db_ask(s, err, &step, "SELECT step_id FROM mutation WHERE id = ? AND step_id > 0", "i",
		row);

	if (r > 0)
		r = db_ask(s, err, &rest,
			"SELECT ifnull(sum(total - done), 0) FROM bulk WHERE step_id = ?", "i", step);
	return r <= 0 ? r : history_describe(s, step, rest, err);
}

static int retarget_one(struct store *s, const struct wished *w, int64_t target, struct err *err)
{
	int64_t later;
	int r;

	if (w->verb != MUTATION_MOVE && w->verb != MUTATION_COPY)
		return err_set(err, ERR_USAGE, _("Only moves and copies have a target."));
	if (w->target == target)
		return 0;
	if (w->uncertain)
		return err_set(err, ERR_USAGE,
			_("The server may have done this already: try it again first, which looks "
			  "there, or drop it."));
	r = db_ask(s, err, &later,
		"SELECT id FROM mutation WHERE message_id = ? AND source_location_id = ?"
		" AND status IN ('queued', 'leased') AND verb <> 'flags'",
		"ii", w->message, w->target_location);
	if (r > 0)
		return err_set(err, ERR_USAGE,
			_("A later change takes the message on from there; change that one."));
	if (r == 0)
		r = wish_anew(s, w, target, err);
	return r < 0 ? r : note_target(s, w, target, err);
}

/* --- a group ----------------------------------------------------------- */

/* The rows like this one, the newest first; pause: of those that wait only what has one to wait for,
 * for ending it does not take them out of the group. */
static int group_rows(struct store *s, int64_t row, bool pause, GArray *rows, struct err *err)
{
	sqlite3_stmt *q = db_stmt(s, "SELECT g.id FROM mutation o CROSS JOIN mutation g"
				     " INDEXED BY mutation_of_step ON g.step_id = o.step_id"
				     " AND g.status = o.status AND g.verb = o.verb"
				     " AND g.source_id = o.source_id AND g.target_id IS o.target_id"
				     " AND g.add_flags = o.add_flags AND g.remove_flags = o.remove_flags"
				     " AND g.add_keywords = o.add_keywords"
				     " AND g.remove_keywords = o.remove_keywords AND g.held = o.held"
				     " AND g.uncertain = o.uncertain WHERE o.id = ?1 AND g.id <> ?1"
				     " AND g.status IN ('queued', 'leased', 'conflict', 'failed')"
				     " AND (?3 = 0 OR g.status <> 'queued' OR g.next_at > 0)"
				     " ORDER BY g.id DESC LIMIT ?2");
	int r;

	db_bind(q, "iii", row, (int64_t)QUEUE_ACT_MAX, (int64_t)pause);
	while ((r = db_step(s, q, err)) > 0) {
		int64_t id = sqlite3_column_int64(q, 0);

		g_array_append_val(rows, id);
	}
	if (r == 0 && rows->len < QUEUE_ACT_MAX)
		g_array_append_val(rows, row);
	return r;
}

/* What is done to each row. */
struct deed {
	enum queue_act act;
	int64_t target;        /* > 0: it is given this target instead */
};

static int do_row(struct store *s, int64_t row, const struct deed *d, struct err *err)
{
	struct wished w = { 0 };
	int r = load(s, row, &w, err);

	if (r < 0)
		return r;
	r = d->target ? retarget_one(s, &w, d->target, err) : act_one(s, &w, d->act, err);
	wished_clear(&w);
	return r;
}

/* A row of a group for which it cannot be done is left alone, if it can be done for others. */
static int do_rows(struct store *s, const GArray *rows, const struct deed *d, struct err *err)
{
	int done = 0, refused = 0;

	for (guint i = 0; i < rows->len; i++) {
		int r = do_row(s, g_array_index(rows, int64_t, i), d, err);

		if (r < 0 && (r != ERR_GONE || rows->len == 1))
			return r;
		refused = r < 0 ? r : refused;
		done += r >= 0;
	}
	return done > 0 || rows->len == 0 ? done : refused;
}

static int tell(struct store *s, int64_t row, const struct deed *d, int n, struct err *err)
{
	if (n <= 0)
		return 0;
	if (d->target)
		return label(s, row, err);
	if (d->act != QUEUE_DROP)
		return 0;
	return queue_tell_taken(s, row, n, err);
}

static int act_on(struct store *s, int64_t row, bool group, const struct deed *d, struct err *err)
{
	g_autoptr(GArray) rows = g_array_new(FALSE, FALSE, sizeof(int64_t));
	bool wishes = d->target || d->act == QUEUE_RETRY;
	int n, r = wishes ? wish_begin(s, err) : tx_begin(s, TX_DURABLE, err);

	if (r < 0)
		return r;
	if (group)
		r = group_rows(s, row, !d->target && d->act == QUEUE_RETRY, rows, err);
	else
		g_array_append_val(rows, row);
	n = r < 0 ? r : do_rows(s, rows, d, err);
	r = n < 0 ? n : tell(s, row, d, n, err);
	event_post(s, EV_MUTATION, 0, (account_id){ 0 }, (message_id){ 0 });
	r = tx_end(s, r, err);
	return r < 0 ? r : n;
}

int store_queue_act(struct store *s, int64_t row, bool group, enum queue_act act, struct err *err)
{
	return act_on(s, row, group, &(struct deed){ .act = act }, err);
}

int store_queue_retarget(struct store *s, int64_t row, bool group, mailbox_id target,
	struct err *err)
{
	return act_on(s, row, group, &(struct deed){ .target = target.v }, err);
}
