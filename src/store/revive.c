/*
 * What gave way before it left, wished again.
 *
 * Deleting for ever swallows a copy or an append that nothing has left of, and
 * a newer version of a draft swallows the append of the older one.  The row of
 * the queue stays, canceled, as long as the step of the history that names it
 * (undo_item.gave_way), so that undo can bring it back.  A copy takes its old
 * place in the order of the wishes, for what was wished of the original since
 * is not true of it; where that cannot be any more, the message is copied from
 * where it is now.
 */
#include "base/clock.h"
#include "base/mem.h"
#include "store/wish.h"

struct swallowed {
	int64_t id, message, source_location, source, target_location, target, step;
	enum mutation_verb verb;
	unsigned add;
	char *add_keywords;
};

static void swallowed_clear(struct swallowed *w)
{
	g_clear_pointer(&w->add_keywords, g_free);
}

/* 1 = it was taken back, and its message is known. */
static int load(struct store *s, int64_t row, struct swallowed *w, struct err *err)
{
	sqlite3_stmt *q = db_stmt(s, "SELECT q.message_id, q.source_location_id, q.source_id,"
				     " ifnull(q.target_id, 0), q.step_id, q.verb, q.add_flags,"
				     " q.add_keywords, ifnull(q.target_location_id, 0) FROM mutation q JOIN message m"
				     " ON m.id = q.message_id WHERE q.id = ? AND q.status = 'canceled'");
	int r;

	if (!q)
		return db_fail(s, err);
	db_bind(q, "i", row);
	r = db_step(s, q, err);
	if (r <= 0)
		return r;
	*w = (struct swallowed){ .id = row,
		.message = sqlite3_column_int64(q, 0),
		.source_location = sqlite3_column_int64(q, 1),
		.source = sqlite3_column_int64(q, 2),
		.target = sqlite3_column_int64(q, 3),
		.step = sqlite3_column_int64(q, 4),
		.verb = queue_verb(db_column(q, 5)),
		.add = (unsigned)sqlite3_column_int(q, 6),
		.add_keywords = g_strdup(db_column(q, 7)),
		.target_location = sqlite3_column_int64(q, 8) };
	sqlite3_reset(q);
	return 1;
}

/* Is what it copies still there, with nothing under way that could take it from under it, and
 * brought there by nothing that stands behind it? */
static int has_its_place(struct store *s, const struct swallowed *w, struct err *err)
{
	int64_t one;

	return db_ask(s, err, &one,
		"SELECT 1 FROM location l WHERE l.id = ?1 AND l.message_id = ?2 AND NOT EXISTS"
		" (SELECT 1 FROM mutation q WHERE q.message_id = ?2"
		"  AND q.status IN ('queued', 'leased') AND (q.status = 'leased' OR q.uncertain = 1))"
		" AND ((l.uid IS NOT NULL AND l.lost = 0) OR EXISTS"
		" (SELECT 1 FROM mutation q WHERE q.message_id = ?2"
		"  AND q.status IN ('queued', 'leased') AND q.target_location_id = ?1 AND q.id < ?3))",
		"iii", w->source_location, w->message, w->id);
}

static int copy_as_before(struct store *s, const struct swallowed *w, int64_t *place,
	struct err *err)
{
	const struct wish wish = { .verb = MUTATION_COPY, .target = w->target };
	AUTO(place_clear) struct place p = { 0 };
	int r = place_load(s, w->source_location, true, &p, err);

	if (r <= 0)
		return r;
	r = place_await(s, &p, w->target, place, err);
	if (r == 0)
		r = db_run(s, err,
			"UPDATE mutation SET status = 'queued', target_location_id = ?, uidvalidity = ?,"
			" attempts = 0, next_at = 0, mark = '', answer = '', updated_at = ?"
			" WHERE id = ?",
			"iiii", *place, p.uidvalidity, clock_unix(), w->id);
	if (r == 0)
		r = rebase(s, w->message, err);
	wish_news(s, &p, &wish);
	return r < 0 ? r : 1;
}

static int copy_from_here(struct store *s, const struct swallowed *w, const struct want *want,
	int64_t *place, struct err *err)
{
	int64_t location;
	int r = db_ask(s, err, &location,
		"SELECT id FROM location WHERE message_id = ? AND shown = 1"
		" ORDER BY id <> ?, mailbox_id <> ?, id LIMIT 1",
		"iii", w->message, w->source_location, w->source);

	return r <= 0 ? r : wish_apply(s, want, location, w->step, place, err);
}

static int revive_copy(struct store *s, const struct swallowed *w, int64_t *place, struct err *err)
{
	const struct want want = { .verb = MUTATION_COPY, .target = { w->target } };
	int64_t goal, there;
	int r = wish_allowed(s, &want, w->source, &goal, err);

	if (r < 0)
		return r;
	r = db_ask(s, err, &there,
		"SELECT 1 FROM location WHERE message_id = ? AND mailbox_id = ? AND shown = 1", "ii",
		w->message, w->target);
	if (r != 0)
		return MIN(r, 0);
	r = has_its_place(s, w, err);
	if (r == 0)
		r = copy_from_here(s, w, &want, place, err);
	else if (r > 0)
		r = copy_as_before(s, w, place, err);
	if (r <= 0)
		return r;
	r = history_place(s, w->message, w->target_location, *place, err);
	return r < 0 ? r : 1;
}

int wish_revive(struct store *s, int64_t row, int64_t *place, struct err *err)
{
	AUTO(swallowed_clear) struct swallowed w = { 0 };
	int r = load(s, row, &w, err);

	*place = 0;
	if (r <= 0)
		return r;
	if (w.verb == MUTATION_COPY)
		return revive_copy(s, &w, place, err);
	return w.verb != MUTATION_APPEND ? 0
					 : wish_append_again(s, w.message, w.target, w.step, w.add,
						   w.add_keywords, err);
}
