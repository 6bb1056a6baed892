/*
 * How rows of the queue end: done, as a conflict, failed, or taken back; and
 * how they come back to wait.
 *
 * Whatever ends a row without its effect takes back what the row promised of
 * its target: wishes behind a move are about its source again, wishes behind a
 * copy or an append, which will not be, end with it.  Then the picture is made
 * anew from what the server has.
 */
#include "base/backoff.h"
#include "base/clock.h"
#include "base/i18n.h"
#include "model/flags.h"
#include "store/priv.h"

/* The columns of an open row that its end needs. */
struct open_row {
	int64_t id, message, account, source_location, source, target_location, target, attempts;
	enum mutation_verb verb;
	bool tags;             /* it is about keywords */
	bool quiet;            /* marked read because it was shown: never a conflict for people */
};

#define ROW                                                                                        \
	"SELECT id, message_id, account_id, source_location_id, source_id,"                        \
	" ifnull(target_location_id, 0), ifnull(target_id, 0), attempts, verb,"                    \
	" add_keywords <> '' OR remove_keywords <> '', step_id = 0 AND verb = 'flags'"             \
	" AND add_flags = 1 AND remove_flags = 0 AND add_keywords = '' AND remove_keywords = ''"   \
	" FROM mutation "

G_STATIC_ASSERT(FLAG_SEEN == 1);

static struct open_row read_open(sqlite3_stmt *q)
{
	return (struct open_row){ .id = sqlite3_column_int64(q, 0),
		.message = sqlite3_column_int64(q, 1),
		.account = sqlite3_column_int64(q, 2),
		.source_location = sqlite3_column_int64(q, 3),
		.source = sqlite3_column_int64(q, 4),
		.target_location = sqlite3_column_int64(q, 5),
		.target = sqlite3_column_int64(q, 6),
		.attempts = sqlite3_column_int64(q, 7),
		.verb = queue_verb(db_column(q, 8)),
		.tags = sqlite3_column_int(q, 9) != 0,
		.quiet = sqlite3_column_int(q, 10) != 0 };
}

static int load_row(struct store *s, int64_t id, const char *sql, struct open_row *o,
	struct err *err)
{
	sqlite3_stmt *q = db_stmt(s, sql);
	int r;

	db_bind(q, "i", id);
	r = db_step(s, q, err);
	if (r <= 0)
		return r;
	*o = read_open(q);
	sqlite3_reset(q);
	return 1;
}

static int close_row(struct store *s, int64_t id, enum mutation_status st, const char *answer,
	struct err *err)
{
	return db_run(s, err,
		"UPDATE mutation SET status = ?, held = 0, ready = 0, answer = ?, updated_at = ?"
		" WHERE id = ?",
		"ttii", mutation_status_name(st), answer, clock_unix(), id);
}

/* --- what people and scripts hear -------------------------------------- */

/* M-44..M-48: what a row did to the picture, or (taken = true) what its end without effect did. */
static enum store_topic topic_of(enum mutation_verb verb, bool tags, bool taken)
{
	switch (verb) {
	case MUTATION_MOVE:
		return TOPIC_MESSAGES_MOVED;
	case MUTATION_COPY:
	case MUTATION_APPEND:
		return taken ? TOPIC_MESSAGES_DELETED : TOPIC_MESSAGES_ADDED;
	case MUTATION_EXPUNGE:
		return taken ? TOPIC_MESSAGES_ADDED : TOPIC_MESSAGES_DELETED;
	case MUTATION_FLAGS:
		break;
	}
	return tags ? TOPIC_TAGS_CHANGED : TOPIC_FLAGS_CHANGED;
}

static int tell(struct store *s, const struct open_row *o, bool taken, int64_t n, struct err *err)
{
	bool there = o->verb == MUTATION_COPY || o->verb == MUTATION_APPEND;

	return event_emit(s, topic_of(o->verb, o->tags, taken), (account_id){ o->account },
		(mailbox_id){ there ? o->target : o->source },
		(message_id){ n == 1 ? o->message : 0 }, n, err);
}

/* --- taking back what a row promised ------------------------------------ */

/* Later wishes about the target of a move that will not happen are about its source again. */
static int lend_source(struct store *s, const struct open_row *o, struct err *err)
{
	int r = db_run(s, err,
		"UPDATE mutation SET source_location_id = ?, source_id = ?, uidvalidity ="
		" (SELECT uidvalidity FROM mutation WHERE id = ?3) WHERE message_id = ?4"
		" AND source_location_id = ?5 AND status IN ('queued', 'leased') AND id <> ?3",
		"iiiii", o->source_location, o->source, o->id, o->message, o->target_location);

	return r < 0 ? r : location_delete(s, o->target_location, err);
}

/* A wish that now moves the message to where it is: 1 = there was one, it is canceled. */
static int cancel_idle_move(struct store *s, struct open_row *o, struct err *err)
{
	sqlite3_stmt *q = db_stmt(s, ROW "WHERE message_id = ? AND status IN ('queued', 'leased')"
				     " AND source_location_id = ? AND target_id = source_id"
				     " AND verb = 'move' AND id <> ? ORDER BY id LIMIT 1");
	int r;

	db_bind(q, "iii", o->message, o->source_location, o->id);
	r = db_step(s, q, err);
	if (r <= 0)
		return r;
	*o = read_open(q);
	sqlite3_reset(q);
	r = close_row(s, o->id, MUTATION_CANCELED, "", err);
	return r < 0 ? r : 1;
}

/* The move will not happen.  Undo may wait behind it as a move back: that one is void then, too. */
static int withdraw_move(struct store *s, const struct open_row *o, struct err *err)
{
	struct open_row void_move = *o;
	int r = 1;

	while (r > 0) {
		r = lend_source(s, &void_move, err);
		if (r == 0)
			r = cancel_idle_move(s, &void_move, err);
	}
	return r;
}

/* Open rows about a place of the message end; the places that they promised follow in `places`. */
static int end_behind(struct store *s, int64_t message, int64_t place, enum mutation_status st,
	const char *answer, GArray *places, struct err *err)
{
	g_autoptr(GArray) rows = g_array_new(FALSE, FALSE, sizeof(struct open_row));
	sqlite3_stmt *q = db_stmt(s, ROW "WHERE message_id = ? AND source_location_id = ?"
				     " AND status IN ('queued', 'leased') AND verb <> 'append'");
	int r;

	db_bind(q, "ii", message, place);
	while ((r = db_step(s, q, err)) > 0) {
		struct open_row o = read_open(q);

		g_array_append_val(rows, o);
	}
	for (guint i = 0; r == 0 && i < rows->len; i++) {
		const struct open_row *o = &g_array_index(rows, struct open_row, i);

		r = close_row(s, o->id, st, answer, err);
		if (o->target_location)
			g_array_append_val(places, o->target_location);
	}
	return r;
}

/* The copy will not be: neither will what is wished of it, and of copies of it. */
static int withdraw_copy(struct store *s, const struct open_row *o, enum mutation_status st,
	const char *answer, struct err *err)
{
	g_autoptr(GArray) places = g_array_new(FALSE, FALSE, sizeof(int64_t));
	int r = 0;

	if (st == MUTATION_FAILED)
		st = MUTATION_CONFLICT; /* the server did not judge these */
	g_array_append_val(places, o->target_location);
	/* every round ends rows or adds no place: the number of rows of a message is the limit */
	for (guint i = 0; r == 0 && i < places->len; i++) {
		int64_t place = g_array_index(places, int64_t, i);

		r = end_behind(s, o->message, place, st, answer, places, err);
		if (r == 0)
			r = location_delete(s, place, err);
	}
	return r;
}

static int withdraw(struct store *s, const struct open_row *o, enum mutation_status st,
	const char *answer, struct err *err)
{
	if (!o->target_location)
		return 0;
	return o->verb == MUTATION_MOVE ? withdraw_move(s, o, err)
					: withdraw_copy(s, o, st, answer, err);
}

static int give_up(struct store *s, const struct open_row *o, enum mutation_status st,
	const char *answer, struct err *err)
{
	int r;

	if (st == MUTATION_CANCELED && o->verb == MUTATION_EXPUNGE)
		return wish_withdraw(s, o->id, err);
	if (st == MUTATION_CONFLICT && o->quiet)
		st = MUTATION_CANCELED;
	r = close_row(s, o->id, st, answer, err);
	if (r == 0 && o->verb == MUTATION_APPEND)
		r = wish_followers(s, o->id, false, err);
	if (r == 0)
		r = withdraw(s, o, st, answer, err);
	if (r == 0)
		r = rebase(s, o->message, err);
	return r;
}

int queue_end(struct store *s, int64_t row, enum mutation_status st, const char *answer,
	struct err *err)
{
	struct open_row o;
	int r = load_row(s, row, ROW "WHERE id = ?", &o, err);

	if (r <= 0)
		return r;
	event_post(s, EV_MUTATION, 0, (account_id){ o.account }, (message_id){ o.message });
	return give_up(s, &o, st, answer, err);
}

int queue_tell_taken(struct store *s, int64_t row, int64_t n, struct err *err)
{
	struct open_row o;
	int r = load_row(s, row, ROW "WHERE id = ?", &o, err);

	return r <= 0 ? r : tell(s, &o, true, n, err);
}

/* --- what the world does to rows ---------------------------------------- */

/* The end of one may have ended another one of the same list. */
static int conflict_row(struct store *s, int64_t row, const char *why, struct err *err)
{
	struct open_row o;
	int r = load_row(s, row, ROW "WHERE id = ? AND status IN ('queued', 'leased')", &o, err);

	if (r <= 0)
		return r;
	r = give_up(s, &o, MUTATION_CONFLICT, why, err);
	if (r == 0)
		r = tell(s, &o, true, 1, err);
	event_post(s, EV_MUTATION, o.quiet ? 0 : ERR_CONFLICT, (account_id){ o.account },
		(message_id){ o.message });
	return r;
}

/* Open rows that a statement selects end as conflicts with these words; so do those that are about
 * the same place only since a move before them ended. */
static int conflict_rows(struct store *s, const char *sql, int64_t key, const char *why,
	struct err *err)
{
	g_autoptr(GArray) rows = g_array_new(FALSE, FALSE, sizeof(int64_t));
	int r;

	do { /* each round ends a row, or is the last */
		sqlite3_stmt *q = db_stmt(s, sql);

		g_array_set_size(rows, 0);
		db_bind(q, "i", key);
		while ((r = db_step(s, q, err)) > 0) {
			int64_t row = sqlite3_column_int64(q, 0);

			g_array_append_val(rows, row);
		}
		for (guint i = 0; r == 0 && i < rows->len; i++)
			r = conflict_row(s, g_array_index(rows, int64_t, i), why, err);
	} while (r == 0 && rows->len > 0);
	return r;
}

#define OPEN_ROWS ROW "WHERE status IN ('queued', 'leased')"

int queue_conflict(struct store *s, int64_t location, const char *why, struct err *err)
{
	return conflict_rows(s,
		OPEN_ROWS " AND source_location_id = ?1 AND message_id ="
			  " (SELECT message_id FROM location WHERE id = ?1)",
		location, why, err);
}

int queue_conflict_target(struct store *s, int64_t location, const char *why, struct err *err)
{
	return conflict_rows(s,
		OPEN_ROWS " AND target_location_id = ?1 AND message_id ="
			  " (SELECT message_id FROM location WHERE id = ?1)",
		location, why, err);
}

/* Wishes whose place or mailbox vanished under them can never be claimed: say so. */
int queue_settle_lost(struct store *s, account_id a, struct err *err)
{
	int r = conflict_rows(s,
		OPEN_ROWS " AND account_id = ? AND status = 'queued' AND verb <> 'append'"
			  " AND NOT EXISTS (SELECT 1 FROM location l"
			  "  WHERE l.id = mutation.source_location_id)",
		a.v, _("The message is no longer in this mailbox."), err);

	return r < 0 ? r : conflict_rows(s,
		OPEN_ROWS " AND account_id = ? AND status = 'queued' AND target_id IS NOT NULL"
			  " AND NOT EXISTS (SELECT 1 FROM mailbox b WHERE b.id = mutation.target_id)",
		a.v, _("The mailbox that the message was to go to does not exist any more."), err);
}

/* --- done --------------------------------------------------------------- */

/* What became of one item of a batch, and of which batch. */
struct outcome {
	const struct mutation_batch *b;
	const struct applied *a;
	const struct err *why;
};

static int change_keywords(struct store *s, const struct mutation_batch *b, int64_t location,
	struct err *err)
{
	sqlite3_stmt *q = db_stmt(s, "SELECT keywords FROM location WHERE id = ?");
	g_autofree char *kept = NULL, *now = NULL;
	int r;

	db_bind(q, "i", location);
	r = db_step(s, q, err);
	if (r <= 0)
		return r;
	kept = flags_keywords_minus(db_column(q, 0), b->remove_keywords);
	now = flags_keywords_plus(kept, b->add_keywords);
	sqlite3_reset(q);
	return db_run(s, err, "UPDATE location SET keywords = nullif(?, '') WHERE id = ?", "ti", now,
		location);
}

static int done_flags(struct store *s, const struct outcome *c, const struct open_row *o,
	struct err *err)
{
	int r = db_run(s, err,
		"UPDATE location SET server_flags = (server_flags | ?1) & ~?2,"
		" modseq = iif(?3 > 0, ?3, modseq) WHERE id = ?4",
		"iiii", (int64_t)c->b->add, (int64_t)c->b->remove, (int64_t)c->a->modseq,
		o->source_location);

	return r < 0 || !o->tags ? r : change_keywords(s, c->b, o->source_location, err);
}

/*
 * A pass may have listed the copy before the move was settled: then the place
 * with that number belongs to a message row of its own, which gives way.
 */
static int clear_number(struct store *s, const struct open_row *o, uint64_t uid, struct err *err)
{
	int64_t location;
	int r = db_ask(s, err, &location,
		"SELECT id FROM location WHERE mailbox_id = ? AND uid = ? AND id <> ?", "iii",
		o->target, (int64_t)uid, o->target_location);

	if (r <= 0)
		return r;
	r = queue_conflict(s, location, _("The message was moved meanwhile."), err);
	return r < 0 ? r : location_delete(s, location, err);
}

/* A number of a mailbox that was made anew since the store listed it means another message. */
static bool believes(struct store *s, const struct open_row *o, const struct applied *a)
{
	int64_t known = 0;

	if (!a->target_uid)
		return false;
	db_ask(s, NULL, &known, "SELECT uidvalidity FROM mailbox WHERE id = ?", "i", o->target);
	return !known || !a->target_uidvalidity || known == (int64_t)a->target_uidvalidity;
}

/* The awaited place has its number, or waits for a pass that finds it. */
static int number_place(struct store *s, const struct open_row *o, const struct applied *a,
	struct err *err)
{
	int64_t numbered = 0;
	int r = db_ask(s, err, &numbered, "SELECT uid IS NOT NULL FROM location WHERE id = ?", "i",
		o->target_location);

	if (r <= 0 || numbered || !believes(s, o, a))
		return r < 0 ? r : 0;
	r = clear_number(s, o, a->target_uid, err);
	if (r >= 0)
		r = db_run(s, err, "UPDATE location SET uid = ?, passes = 0 WHERE id = ?", "ii",
			(int64_t)a->target_uid, o->target_location);
	count_mailbox(s, o->target, 0, 0, 1);
	return r;
}

/* What moves or is copied takes the server's flags along. */
static int done_copy(struct store *s, const struct open_row *o, const struct applied *a,
	struct err *err)
{
	int r = db_run(s, err,
		"UPDATE location SET (server_flags, keywords) = (SELECT server_flags, keywords"
		" FROM location WHERE id = ?1) WHERE id = ?2 AND uid IS NULL"
		" AND EXISTS (SELECT 1 FROM location WHERE id = ?1)",
		"ii", o->source_location, o->target_location);

	return r < 0 ? r : number_place(s, o, a, err);
}

/* The server could not remove it: it is there, marked, and people do not see it. */
static int mark_removed(struct store *s, const struct open_row *o, struct err *err)
{
	return db_run(s, err,
		"UPDATE location SET removed = 1, server_flags = server_flags | ? WHERE id = ?",
		"ii", (int64_t)FLAG_DELETED, o->source_location);
}

static int done_move(struct store *s, const struct open_row *o, const struct applied *a,
	struct err *err)
{
	int r = done_copy(s, o, a, err);

	if (r < 0)
		return r;
	return a->marked ? mark_removed(s, o, err) : location_delete(s, o->source_location, err);
}

/* What was deleted for ever does not wait to be found again: it goes with the next pass. */
static int done_expunge(struct store *s, const struct open_row *o, const struct applied *a,
	struct err *err)
{
	int r;

	if (a->marked)
		return mark_removed(s, o, err);
	r = location_delete(s, o->source_location, err);
	return r < 0 ? r
		     : db_run(s, err, "UPDATE message SET orphan = ? WHERE id = ? AND orphan > 0",
			       "ii", (int64_t)ORPHAN_PASSES, o->message);
}

static int done_append(struct store *s, const struct outcome *c, const struct open_row *o,
	struct err *err)
{
	int r = db_run(s, err,
		"UPDATE location SET server_flags = ?, keywords = nullif(?, '')"
		" WHERE id = ? AND uid IS NULL",
		"iti", (int64_t)c->b->add, c->b->add_keywords, o->target_location);

	return r < 0 ? r : number_place(s, o, c->a, err);
}

static int take_effect(struct store *s, const struct outcome *c, const struct open_row *o,
	struct err *err)
{
	switch (o->verb) {
	case MUTATION_FLAGS:
		return done_flags(s, c, o, err);
	case MUTATION_MOVE:
		return done_move(s, o, c->a, err);
	case MUTATION_COPY:
		return done_copy(s, o, c->a, err);
	case MUTATION_EXPUNGE:
		return done_expunge(s, o, c->a, err);
	case MUTATION_APPEND:
		return done_append(s, c, o, err);
	}
	return 0;
}

static int settle_done(struct store *s, const struct outcome *c, const struct open_row *o,
	struct err *err)
{
	int r = close_row(s, o->id, MUTATION_DONE, c->a->answer, err);

	if (r == 0)
		r = take_effect(s, c, o, err);
	if (r == 0 && o->verb == MUTATION_APPEND)
		r = wish_followers(s, o->id, true, err);
	return r < 0 ? r : rebase(s, o->message, err);
}

int queue_prove_moves(struct store *s, int64_t location, struct err *err)
{
	const struct applied gone = { .state = APPLIED_DONE };
	struct open_row o;
	int r = load_row(s, location,
		ROW "WHERE source_location_id = ?1 AND message_id ="
		    " (SELECT message_id FROM location WHERE id = ?1) AND verb = 'move'"
		    " AND status IN ('queued', 'leased') AND status = 'queued' AND uncertain = 1"
		    " AND EXISTS (SELECT 1 FROM location t WHERE t.id = target_location_id"
		    "  AND t.uid IS NOT NULL AND t.lost = 0) LIMIT 1",
		&o, err);

	if (r <= 0)
		return r;
	r = close_row(s, o.id, MUTATION_DONE, "", err);
	if (r == 0)
		r = done_move(s, &o, &gone, err);
	if (r >= 0)
		r = rebase(s, o.message, err);
	event_post(s, EV_MUTATION, 0, (account_id){ o.account }, (message_id){ o.message });
	if (r == 0)
		r = tell(s, &o, false, 1, err);
	return r < 0 ? r : 1;
}

/* --- not done ------------------------------------------------------------ */

bool queue_counts(const struct err *why)
{
	switch (why->code) {
	case ERR_OFFLINE:
	case ERR_RETRY:
	case ERR_AUTH:
	case ERR_TRUST:
	case ERR_CANCELED:
	case ERR_STORAGE:
		return false;
	default:
		return true;
	}
}

/* The message stays: flags that its deletion had made superfluous are wished again. */
static int wish_flags_again(struct store *s, int64_t row, struct err *err)
{
	return db_run(s, err,
		"INSERT INTO mutation (account_id, message_id, verb, source_location_id, source_id,"
		" uidvalidity, add_flags, remove_flags, base_flags, add_keywords, remove_keywords,"
		" status, created_at, updated_at, step_id) SELECT account_id, message_id, 'flags',"
		" source_location_id, source_id, uidvalidity, add_flags, remove_flags, base_flags,"
		" add_keywords, remove_keywords, 'queued', created_at, ?, step_id FROM mutation"
		" WHERE id = ? AND verb = 'expunge' AND (add_flags OR remove_flags"
		" OR add_keywords <> '' OR remove_keywords <> '')",
		"ii", clock_unix(), row);
}

/* The server judged, or never let us try: the message is where it was. */
static int fail(struct store *s, const struct open_row *o, enum mutation_status st,
	const char *answer, struct err *err)
{
	int r = wish_flags_again(s, o->id, err);

	return r < 0 ? r : give_up(s, o, st, answer, err);
}

static int put_back(struct store *s, const struct open_row *o, bool doubt, bool counted,
	const struct err *why, struct err *err)
{
	int64_t attempts = o->attempts + (counted ? 1 : 0);
	int64_t wait = why->after_s > 0 ? (int64_t)why->after_s * 1000
		       : counted        ? backoff_ms((int)attempts)
					: 0;

	if (attempts >= MUTATION_ATTEMPTS_MAX)
		return fail(s, o,
			why->code == ERR_CONFLICT ? MUTATION_CONFLICT : MUTATION_FAILED, why->text,
			err);
	return db_run(s, err,
		"UPDATE mutation SET status = 'queued', uncertain = (uncertain OR ?), attempts = ?,"
		" next_at = ?, answer = ?, updated_at = ? WHERE id = ?",
		"iiitii", (int64_t)doubt, attempts, wait ? clock_mono_ms() + wait : 0, why->text,
		clock_unix(), o->id);
}

/* The mailbox is not the one that the numbers are of (ERR_CONFLICT): a pass will tell where the
 * messages are now, until then the row waits. */
static int settle_untried(struct store *s, const struct open_row *o, const struct err *why,
	struct err *err)
{
	if (why->code == ERR_UNSUPPORTED || why->code == ERR_REFUSED || why->code == ERR_GONE)
		return fail(s, o, MUTATION_FAILED, why->text, err);
	return put_back(s, o, false, queue_counts(why), why, err);
}

/* What of the wish is not true yet; false = nothing. */
struct rest {
	unsigned add, remove;
	char *add_keywords, *remove_keywords;
};

static bool what_is_left(const struct outcome *c, const char *keywords, struct rest *out)
{
	out->add = c->b->add & ~c->a->flags;
	out->remove = c->b->remove & c->a->flags;
	out->add_keywords = flags_keywords_minus(c->b->add_keywords, keywords);
	out->remove_keywords = flags_keywords_common(c->b->remove_keywords, keywords);
	return out->add || out->remove || *out->add_keywords || *out->remove_keywords;
}

/* Somebody changed the message: what he made of it is the truth, and the wish is about the rest. */
static int judge_anew(struct store *s, const struct outcome *c, const struct open_row *o,
	const char *keywords, struct err *err)
{
	struct rest rest;
	int r;

	if (what_is_left(c, keywords, &rest))
		r = db_run(s, err,
			"UPDATE mutation SET status = 'queued', add_flags = ?, remove_flags = ?,"
			" add_keywords = ?, remove_keywords = ?, reviews = reviews + 1, next_at = 0,"
			" uncertain = 0, updated_at = ? WHERE id = ?",
			"iittii", (int64_t)rest.add, (int64_t)rest.remove, rest.add_keywords,
			rest.remove_keywords, clock_unix(), o->id);
	else
		r = close_row(s, o->id, MUTATION_DONE, "", err);
	g_free(rest.add_keywords);
	g_free(rest.remove_keywords);
	return r < 0 ? r : rebase(s, o->message, err);
}

static int settle_changed(struct store *s, const struct outcome *c, const struct open_row *o,
	struct err *err)
{
	g_autofree char *keywords = NULL;
	sqlite3_stmt *q;
	int r = db_run(s, err,
		"UPDATE location SET server_flags = ?, keywords = nullif(ifnull(?, keywords), ''),"
		" modseq = ? WHERE id = ?",
		"itii", (int64_t)c->a->flags, c->a->keywords, (int64_t)c->a->modseq,
		o->source_location);

	if (r < 0)
		return r;
	q = db_stmt(s, "SELECT keywords FROM location WHERE id = ?");
	db_bind(q, "i", o->source_location);
	r = db_step(s, q, err);
	if (r < 0)
		return r;
	if (r > 0) {
		keywords = g_strdup(db_column(q, 0));
		sqlite3_reset(q);
	}
	return judge_anew(s, c, o, keywords, err);
}

/* The outcome is not known, for whatever reason: if the attempts run out, words say so. */
static int settle_unknown(struct store *s, const struct outcome *c, const struct open_row *o,
	struct err *err)
{
	struct err why = *c->why;

	if (!*why.text)
		g_strlcpy(why.text, *c->a->answer ? c->a->answer
						  : _("The server does not tell whether it made "
						      "this change; look there before trying again."),
			sizeof why.text);
	return put_back(s, o, true, true, &why, err);
}

/* --- a batch -------------------------------------------------------------- */

static int settle_one(struct store *s, const struct outcome *c, const struct open_row *o,
	struct err *err)
{
	switch (c->a->state) {
	case APPLIED_DONE:
		return settle_done(s, c, o, err);
	case APPLIED_GONE:
		return give_up(s, o, MUTATION_CONFLICT,
			*c->a->answer ? c->a->answer
				      : _("The message is no longer in this mailbox at the server."),
			err);
	case APPLIED_REFUSED:
		return fail(s, o, MUTATION_FAILED, c->a->answer, err);
	case APPLIED_UNKNOWN:
		return settle_unknown(s, c, o, err);
	case APPLIED_CHANGED:
		return settle_changed(s, c, o, err);
	case APPLIED_NOT_TRIED:
		break;
	}
	return settle_untried(s, o, c->why, err);
}

static int outcome_code(const struct applied *a, const struct open_row *o)
{
	return a->state == APPLIED_GONE      ? (o->quiet ? 0 : ERR_CONFLICT)
	       : a->state == APPLIED_REFUSED ? ERR_REFUSED
					     : 0;
}

/* What the events of a batch are about: one for all that is done, one for all that is not. */
struct tally {
	struct open_row done, taken;
	int64_t n_done, n_taken;
};

static void tally(struct tally *t, const struct open_row *o, enum applied_state st)
{
	if (st == APPLIED_DONE || st == APPLIED_CHANGED) {
		t->done = *o;
		t->n_done++;
	} else if (st == APPLIED_GONE || st == APPLIED_REFUSED) {
		t->taken = *o;
		t->n_taken++;
	}
}

static int settle_items(struct store *s, const struct mutation_batch *b,
	const struct applied *results, const struct err *why, struct tally *t, struct err *err)
{
	int r = 0;

	for (size_t i = 0; r >= 0 && i < b->n; i++) {
		const struct outcome c = { b, &results[i], why };
		struct open_row o;

		r = load_row(s, b->items[i].row, ROW "WHERE id = ? AND status = 'leased'", &o, err);
		if (r <= 0)
			continue;
		r = settle_one(s, &c, &o, err);
		tally(t, &o, results[i].state);
		event_post(s, EV_MUTATION, outcome_code(&results[i], &o), b->account,
			b->items[i].message);
	}
	return r;
}

int store_queue_settle(struct store *s, const struct mutation_batch *b, const struct applied *results,
	const struct err *why, struct err *err)
{
	struct tally t = { 0 };
	int r = tx_begin_leased(s, TX_DURABLE, b->account, err);

	if (r < 0)
		return r;
	r = settle_items(s, b, results, why, &t, err);
	if (r >= 0 && t.n_done > 0)
		r = tell(s, &t.done, false, t.n_done, err);
	if (r >= 0 && t.n_taken > 0)
		r = tell(s, &t.taken, true, t.n_taken, err);
	return tx_end(s, r < 0 ? r : 0, err);
}
