/*
 * The history: every key that changed something is a step, with one item for
 * each message.
 *
 * Undo is nothing but the inverse wish, made where the message is now, so that
 * the rules about wishes that meet (M-69) cancel what has not left.  Only
 * deleting for ever has no inverse: it is taken back as long as it is certain
 * that nothing of it has left; a copy or an append that had not left either and
 * gave way to it is wished again (revive.c).  An item remembers that it was undone, so that
 * redo leaves alone what undo did not find.  What is more than the screen can
 * wait for follows as a row of `bulk`, in the order of the messages' ids.
 */
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/i18n.h"
#include "base/mem.h"
#include "store/wish.h"

enum { UNDO_PASSED_MAX = 1000 }; /* newer steps that cannot be undone and are passed over */

struct item {
	int64_t message, source, place, target, target_place, gave_way, replaces;
	unsigned add, remove;
	char *add_keywords, *remove_keywords;
};

static void item_clear(gpointer p)
{
	struct item *u = p;

	g_free(u->add_keywords);
	g_free(u->remove_keywords);
}

/* What is being done to a step. */
struct doing {
	struct store *s;
	int64_t step, account;
	enum mutation_verb verb;
	bool redo;
	int final;             /* items that cannot be taken back any more */
	int64_t place;         /* of the last item: its own, which a revived copy may have changed */
	int64_t put, gave_way; /* ... where its message comes to be, and what gave way to it */
	struct undone *out;
};

/* --- one item ---------------------------------------------------------- */

/*
 * Where the message is now: at the place of the item; else (anywhere) where
 * later steps took it from there; else in that mailbox; else (anywhere) in the
 * oldest of its places.  Places that other items of the step are about are theirs.
 */
static int find_place(const struct doing *d, const struct item *u, bool anywhere, int64_t *location,
	struct err *err)
{
	return db_ask(d->s, err, location,
		"WITH RECURSIVE way (id) AS (SELECT ?3 UNION SELECT i.target_place FROM way"
		"  JOIN undo_item i ON i.message_id = ?1 AND i.place = way.id"
		"  WHERE way.id > 0 AND i.target_place > 0)"
		" SELECT id FROM location l WHERE message_id = ?1 AND shown = 1"
		" AND (?5 OR mailbox_id = ?2) AND NOT EXISTS (SELECT 1 FROM undo_item o"
		"  WHERE o.step_id = ?4 AND o.message_id = ?1 AND o.place = l.id AND o.place <> ?3)"
		" ORDER BY id <> ?3, id NOT IN (SELECT id FROM way), mailbox_id <> ?2, id LIMIT 1",
		"iiiii", u->message, u->source, u->place, d->step, (int64_t)anywhere);
}

/*
 * Where the step put the message: that place; else one in that mailbox that no
 * step is known to have put it to.  Of several that which came from there, and
 * not one that is known to come from elsewhere.
 */
static int find_put(const struct doing *d, const struct item *u, int64_t *location, struct err *err)
{
	return db_ask(d->s, err, location,
		"SELECT id FROM location l WHERE message_id = ?1 AND shown = 1 AND mailbox_id = ?2"
		" AND (id = ?4 OR NOT EXISTS (SELECT 1 FROM undo_item o WHERE o.message_id = ?1"
		"  AND o.target_place = l.id))"
		" ORDER BY id <> ?4, ifnull((SELECT iif(q.source_id = ?3, 0, 2) FROM mutation q"
		"  WHERE q.message_id = ?1 AND q.target_location_id = l.id AND q.verb = 'move'"
		"  AND q.status IN ('queued', 'leased')), 1), id LIMIT 1",
		"iiii", u->message, u->target, u->source, u->target_place);
}

static int wish_at(struct doing *d, const struct want *w, int64_t location, struct err *err)
{
	AUTO(wishing_close) struct wishing x = { 0 };
	int r;

	wishing_open(&x, d->s, w, d->step, false);
	r = wishing_act(&x, location, err);
	d->put = x.place;
	d->gave_way = x.gave_way;
	return r;
}

/* The row of this step that deletes what was shown there: about just that place; or a move that
 * waited gave way to it, and it is about where that would have come from. */
static int find_expunge(const struct doing *d, const struct item *u, int64_t *row, struct err *err)
{
	return db_ask(d->s, err, row,
		"SELECT id FROM mutation q WHERE message_id = ?1 AND verb = 'expunge'"
		" AND status IN ('queued', 'leased') AND status = 'queued' AND uncertain = 0"
		" AND step_id = ?2 AND NOT EXISTS (SELECT 1 FROM undo_item o WHERE o.step_id = ?2"
		"  AND o.message_id = ?1 AND o.place = q.source_location_id AND o.place <> ?4)"
		" ORDER BY source_location_id <> ?4, source_id <> ?3, EXISTS (SELECT 1"
		"  FROM undo_item o WHERE o.step_id = ?2 AND o.message_id = ?1"
		"  AND o.source_id = q.source_id), id LIMIT 1",
		"iiii", u->message, d->step, u->source, u->place);
}

/* What the row was about: a place in that mailbox. */
static int row_place(const struct doing *d, int64_t row, int64_t *location, int64_t *mailbox,
	struct err *err)
{
	sqlite3_stmt *q = db_stmt(d->s, "SELECT source_location_id, source_id FROM mutation WHERE id = ?");
	int r;

	if (!q)
		return db_fail(d->s, err);
	db_bind(q, "i", row);
	r = db_step(d->s, q, err);
	if (r <= 0)
		return r;
	*location = sqlite3_column_int64(q, 0);
	*mailbox = sqlite3_column_int64(q, 1);
	sqlite3_reset(q);
	return 1;
}

/* What had not left when the item made it give way: 1 = it waits again, in the item's place. */
static int revive(struct doing *d, const struct item *u, struct err *err)
{
	int64_t place;
	int r = wish_revive(d->s, u->gave_way, &place, err);

	if (r > 0 && place)
		d->place = place;
	return r;
}

/* Taken back only while it is certain that nothing of it has left. */
static int undo_expunge(struct doing *d, const struct item *u, struct err *err)
{
	const struct want back = { .verb = MUTATION_MOVE, .target = { u->source } };
	int64_t row, location = 0, mailbox = 0;
	int r = u->gave_way ? revive(d, u, err) : find_expunge(d, u, &row, err);

	d->final += r == 0;
	if (r <= 0 || u->gave_way)
		return r;
	r = row_place(d, row, &location, &mailbox, err);
	if (r <= 0)
		return r;
	r = queue_end(d->s, row, MUTATION_CANCELED, "", err);
	if (r < 0 || mailbox == u->source)
		return r < 0 ? r : 1;
	/* it was shown elsewhere when it was deleted: a move that waited gave way to the deletion */
	r = wish_at(d, &back, location, err);
	return r < 0 ? r : 1;
}

/* The older version of a draft gave way before it left: 1 = it waits again, and what waited for the
 * newer one waits for it. */
static int revive_older(const struct doing *d, const struct item *u, struct err *err)
{
	int64_t unused;
	int r = wish_revive(d->s, u->gave_way, &unused, err);

	if (r <= 0)
		return r;
	r = db_run(d->s, err,
		"UPDATE mutation SET after_id = (SELECT max(id) FROM mutation WHERE message_id = ?1"
		"  AND status IN ('queued', 'leased') AND verb = 'append') WHERE after_id > 0"
		" AND after_id IN (SELECT id FROM mutation WHERE message_id = ?2"
		"  AND status IN ('queued', 'leased') AND verb = 'append')",
		"ii", u->replaces, u->message);
	return r < 0 ? r : 1;
}

/* The server had it: 1 = it is not deleted after all, or never was to be. */
static int keep_older(const struct doing *d, const struct item *u, struct err *err)
{
	int64_t row, shown;
	int r = 1;

	while (r > 0) { /* each round ends a row */
		r = db_ask(d->s, err, &row,
			"SELECT id FROM mutation WHERE message_id = ? AND step_id = ?"
			" AND verb = 'expunge' AND status IN ('queued', 'leased')"
			" AND status = 'queued' AND uncertain = 0 LIMIT 1",
			"ii", u->replaces, d->step);
		if (r > 0)
			r = queue_end(d->s, row, MUTATION_CANCELED, "", err) < 0 ? err->code : 1;
	}
	return r < 0 ? r : db_ask(d->s, err, &shown,
		"SELECT 1 FROM location WHERE message_id = ? AND shown = 1 LIMIT 1", "i",
		u->replaces);
}

/* Of a newer version of a draft only if the older one comes back: else none would be left. */
static int undo_append(struct doing *d, const struct item *u, struct err *err)
{
	const struct want w = { .verb = MUTATION_EXPUNGE };
	int64_t location;
	int r = find_put(d, u, &location, err);

	if (r > 0 && u->replaces) {
		r = u->gave_way ? revive_older(d, u, err) : keep_older(d, u, err);
		if (r == 0)
			r = err_set(err, ERR_REFUSED,
				_("The older version of this draft is gone: to undo this would "
				  "remove both.  Delete the newer one if that is meant."));
	}
	return r <= 0 ? r : wish_at(d, &w, location, err);
}

static int undo_item(struct doing *d, const struct item *u, struct err *err)
{
	struct want w = { .verb = d->verb,
		.add = u->remove,
		.remove = u->add,
		.add_keywords = u->remove_keywords,
		.remove_keywords = u->add_keywords,
		.target = { u->source } };
	int64_t location;
	int r;

	switch (d->verb) {
	case MUTATION_FLAGS:
		r = find_place(d, u, true, &location, err);
		return r <= 0 ? r : wish_at(d, &w, location, err);
	case MUTATION_MOVE:
		r = find_put(d, u, &location, err);
		return r <= 0 ? r : wish_at(d, &w, location, err);
	case MUTATION_COPY:
		w.verb = MUTATION_EXPUNGE;
		r = find_put(d, u, &location, err);
		return r <= 0 ? r : wish_at(d, &w, location, err);
	case MUTATION_APPEND:
		return undo_append(d, u, err);
	case MUTATION_EXPUNGE:
		return undo_expunge(d, u, err);
	}
	return 0;
}

static int redo_item(struct doing *d, const struct item *u, struct err *err)
{
	const struct want w = { .verb = d->verb,
		.add = u->add,
		.remove = u->remove,
		.add_keywords = u->add_keywords,
		.remove_keywords = u->remove_keywords,
		.target = { u->target } };
	int64_t location;
	int r;

	if (d->verb == MUTATION_APPEND)
		return wish_append_again(d->s, u->message, u->target, d->step, u->add,
			u->add_keywords, err);
	r = find_place(d, u, d->verb == MUTATION_FLAGS, &location, err);
	return r <= 0 ? r : wish_at(d, &w, location, err);
}

/* The item was undone, or done again: what it is about from now on. */
static int note_item(const struct doing *d, const struct item *u, struct err *err)
{
	bool again = d->redo && d->verb != MUTATION_APPEND;
	int64_t was = d->redo ? u->target_place : u->place;
	int r = db_run(d->s, err,
		"UPDATE undo_item SET undone = ?, gave_way = iif(?, ?, gave_way)"
		" WHERE step_id = ? AND message_id = ? AND source_id = ? AND place = ?",
		"iiiiiii", (int64_t)!d->redo, (int64_t)again, d->gave_way, d->step, u->message,
		u->source, d->place);

	if (r == 0 && again && !was)
		r = db_run(d->s, err,
			"UPDATE undo_item SET target_place = ? WHERE step_id = ? AND message_id = ?"
			" AND source_id = ? AND place = ?",
			"iiiii", d->put, d->step, u->message, u->source, d->place);
	return r < 0 ? r : history_place(d->s, u->message, was, d->put, err);
}

/* What this one message does not allow is left out, the others go on. */
static bool skips(int r)
{
	return r == ERR_REFUSED || r == ERR_GONE || r == ERR_UNSUPPORTED || r == ERR_USAGE;
}

static int do_item(struct doing *d, const struct item *u, struct err *err)
{
	int r;

	d->place = u->place;
	d->put = d->gave_way = 0;
	r = d->redo ? redo_item(d, u, err) : undo_item(d, u, err);
	/* the one item of an append: what is refused is refused as a whole */
	if (r < 0 && (!skips(r) || d->verb == MUTATION_APPEND))
		return r;
	if (r <= 0) {
		d->out->skipped++;
		return 0;
	}
	d->out->done++;
	return note_item(d, u, err);
}

/* --- many items -------------------------------------------------------- */

static int read_items(struct store *s, sqlite3_stmt *q, GArray *items, struct err *err)
{
	int r;

	while ((r = db_step(s, q, err)) > 0) {
		struct item u = { .message = sqlite3_column_int64(q, 0),
			.source = sqlite3_column_int64(q, 1),
			.target = sqlite3_column_int64(q, 2),
			.add = (unsigned)sqlite3_column_int(q, 3),
			.remove = (unsigned)sqlite3_column_int(q, 4),
			.add_keywords = g_strdup(db_column(q, 5)),
			.remove_keywords = g_strdup(db_column(q, 6)),
			.gave_way = sqlite3_column_int64(q, 7),
			.replaces = sqlite3_column_int64(q, 8),
			.place = sqlite3_column_int64(q, 9),
			.target_place = sqlite3_column_int64(q, 10) };

		g_array_append_val(items, u);
	}
	return r;
}

#define ITEMS                                                                                      \
	"SELECT message_id, source_id, ifnull(target_id, 0), add_flags, remove_flags,"             \
	" add_keywords, remove_keywords, gave_way, replaces, place, target_place FROM undo_item"    \
	" WHERE step_id = ?1 AND undone = ?2"

/* At least max of them, if there are so many: a message with several places is not cut in two. */
static int load_items(const struct doing *d, int64_t after, size_t max, GArray *items,
	struct err *err)
{
	sqlite3_stmt *q = db_stmt(d->s, ITEMS " AND message_id > ?3 ORDER BY message_id, source_id,"
					      " place LIMIT ?4");
	const struct item *last;
	int r;

	db_bind(q, "iiii", d->step, (int64_t)d->redo, after, (int64_t)max);
	r = read_items(d->s, q, items, err);
	if (r < 0 || items->len < max)
		return r;
	last = &g_array_index(items, struct item, items->len - 1);
	q = db_stmt(d->s, ITEMS " AND message_id = ?3 AND (source_id, place) > (?4, ?5)"
			      " ORDER BY source_id, place");
	db_bind(q, "iiiii", d->step, (int64_t)d->redo, last->message, last->source, last->place);
	return read_items(d->s, q, items, err);
}

static int slice(struct doing *d, size_t max, int64_t *at, struct err *err)
{
	g_autoptr(GArray) items = g_array_new(FALSE, FALSE, sizeof(struct item));
	int r;

	g_array_set_clear_func(items, item_clear);
	r = load_items(d, *at, max, items, err);
	for (guint i = 0; r == 0 && i < items->len; i++) {
		const struct item *u = &g_array_index(items, struct item, i);

		r = do_item(d, u, err);
		*at = u->message;
	}
	return r < 0 ? r : (int)items->len;
}

/* 1 = there is such a step, and it is not so already. */
static int load_step(struct doing *d, struct err *err)
{
	sqlite3_stmt *q = db_stmt(d->s, "SELECT verb, account_id FROM undo_step WHERE id = ?"
				     " AND (undone <> 0) = ?");
	int r;

	db_bind(q, "ii", d->step, (int64_t)d->redo);
	r = db_step(d->s, q, err);
	if (r <= 0)
		return r;
	d->verb = queue_verb(db_column(q, 0));
	d->account = sqlite3_column_int64(q, 1);
	sqlite3_reset(q);
	return 1;
}

int history_slice(struct store *s, int64_t step, bool redo, size_t max, int64_t *at,
	struct undone *out, struct err *err)
{
	struct doing d = { .s = s, .step = step, .redo = redo, .out = out };
	struct history_row *row = NULL;
	int r = history_row(s, step, &row, err);

	if (r <= 0)
		return r;
	d.verb = row->verb;
	history_row_free(&row);
	return slice(&d, max, at, err);
}

/* --- a step ------------------------------------------------------------ */

/* What the screen does not wait for; out->left says how much it is. */
static int leave_rest(const struct doing *d, int64_t at, struct err *err)
{
	int64_t left = 0;
	int r = db_ask(d->s, err, &left,
		"SELECT count(*) FROM undo_item WHERE step_id = ? AND message_id > ?"
		" AND undone = ?",
		"iii", d->step, at, (int64_t)d->redo);

	d->out->left = (int)left;
	if (r < 0 || left == 0)
		return r < 0 ? r : 0;
	return db_run(d->s, err,
		"INSERT INTO bulk (step_id, account_id, kind, verb, at, done, total)"
		" VALUES (?, ?, ?, ?, ?, 0, ?)",
		"iittii", d->step, d->account, d->redo ? "redo" : "undo",
		mutation_verb_name(d->verb), at, left);
}

static int note_state(const struct doing *d, struct err *err)
{
	if (d->redo)
		return db_run(d->s, err, "UPDATE undo_step SET undone = 0 WHERE id = ?", "i",
			d->step);
	return db_run(d->s, err,
		"UPDATE undo_step SET undone = (SELECT ifnull(max(undone), 0) + 1"
		" FROM undo_step WHERE undone > 0),"
		" newest_id = (SELECT max(id) FROM undo_step) WHERE id = ?",
		"i", d->step);
}

static void step_words(struct store *s, const struct undone *out, char *what, size_t cap)
{
	g_autofree char *text = NULL;
	struct history_row *row = NULL;

	if (history_row(s, out->step, &row, NULL) <= 0)
		return;
	row->messages = out->done + out->left;
	text = history_words(row);
	g_strlcpy(what, text, cap);
	history_row_free(&row);
}

static int final_words(struct err *err)
{
	return err_set(err, ERR_REFUSED,
		_("These messages were deleted for ever: that cannot be undone."));
}

/* Is there anything of a deletion that nothing has left of?  However large it was, this costs the
 * same. */
static int check_final(const struct doing *d, struct err *err)
{
	int64_t one;
	int r = d->redo || d->verb != MUTATION_EXPUNGE ? 1 : db_ask(d->s, err, &one,
		"SELECT 1 WHERE EXISTS (SELECT 1 FROM bulk WHERE step_id = ?1)"
		" OR EXISTS (SELECT 1 FROM mutation WHERE step_id = ?1 AND verb = 'expunge'"
		"  AND status IN ('queued', 'leased', 'conflict', 'failed') AND status = 'queued'"
		"  AND uncertain = 0)"
		" OR EXISTS (SELECT 1 FROM undo_item WHERE step_id = ?1 AND gave_way > 0)",
		"i", d->step);

	return r != 0 ? MIN(r, 0) : final_words(err);
}

/* In a transaction. */
static int do_step(struct doing *d, struct err *err)
{
	bool stopped;
	int64_t at = 0;
	int r = load_step(d, err);

	if (r <= 0)
		return r;
	r = check_final(d, err);
	/* the rest of what was under way with this step does not happen */
	if (r == 0)
		r = db_run(d->s, err, "DELETE FROM bulk WHERE step_id = ?", "i", d->step);
	stopped = r == 0 && db_changed(d->s) > 0;
	if (r == 0)
		r = slice(d, WANT_AT_ONCE, &at, err);
	if (r >= 0)
		r = leave_rest(d, at, err);
	if (r == 0 && d->final > 0 && d->out->done == 0 && d->out->left == 0 && !stopped)
		r = final_words(err);
	if (r == 0)
		r = note_state(d, err);
	return r < 0 ? r : 1;
}

/* A step, in a transaction of its own. */
static int turn(struct doing *d, struct err *err)
{
	int r = wish_begin(d->s, err);

	if (r < 0)
		return r;
	*d->out = (struct undone){ .step = d->step, .passed = d->out->passed };
	d->final = 0;
	r = tx_end(d->s, do_step(d, err), err);
	if (r > 0)
		step_words(d->s, d->out, d->out->what, sizeof d->out->what);
	return r;
}

/* The newest step older than `before` that is not undone. */
static int next_undone(struct store *s, int64_t before, int64_t *step, struct err *err)
{
	return db_ask(s, err, step,
		"SELECT id FROM undo_step WHERE undone = 0 AND id < ? ORDER BY id DESC LIMIT 1", "i",
		before);
}

/* The newest that can be undone; if there is none, what is said of the newest is the answer. */
static int undo_newest(struct doing *d, struct err *err)
{
	struct err first = { 0 };
	int r = next_undone(d->s, INT64_MAX, &d->step, err);

	while (r > 0) {
		r = turn(d, err);
		if (r != ERR_REFUSED || d->out->passed >= UNDO_PASSED_MAX)
			return r;
		if (d->out->passed++ == 0)
			first = *err;
		r = next_undone(d->s, d->step, &d->step, err);
	}
	if (r == 0 && first.code)
		*err = first;
	return r < 0 ? r : first.code;
}

int store_undo(struct store *s, int64_t step, struct undone *out, struct err *err)
{
	struct doing d = { .s = s, .step = step, .out = out };

	*out = (struct undone){ 0 };
	return step ? turn(&d, err) : undo_newest(&d, err);
}

int store_redo(struct store *s, int64_t step, struct undone *out, struct err *err)
{
	struct doing d = { .s = s, .step = step, .redo = true, .out = out };
	int r = step ? 1 : db_ask(s, err, &d.step,
		"SELECT id FROM undo_step WHERE undone > 0"
		" AND newest_id = (SELECT max(id) FROM undo_step) ORDER BY undone DESC LIMIT 1",
		"");

	*out = (struct undone){ 0 };
	return r <= 0 ? r : turn(&d, err);
}
