/*
 * The queue seen by the worker that empties it.
 *
 *   queued --claim--> leased --settle--> done | conflict | failed
 *     ^                  |
 *     +---- not tried, or in doubt (uncertain = 1) after a lost answer
 *
 * A row is claimable when it is due, no older row of the same message is open,
 * and its source has a number at the server.  A row found leased after a crash
 * is in doubt: the provider looks before it acts again.  All of these are
 * durable: the mark is on disk before anything is sent, the outcome before
 * anybody is told.
 */
#include <limits.h>
#include <string.h>

#include "base/backoff.h"
#include "base/clock.h"
#include "base/i18n.h"
#include "base/mem.h"
#include "model/flags.h"
#include "store/priv.h"

static const char *const statuses[] = { "queued", "leased", "done", "conflict", "failed",
	"canceled" };

static const char *const verbs[] = { "flags", "move", "copy", "expunge", "append" };

const char *mutation_verb_name(enum mutation_verb v)
{
	return verbs[v];
}

const char *mutation_status_name(enum mutation_status st)
{
	return statuses[st];
}

enum mutation_verb queue_verb(const char *name)
{
	for (unsigned i = 0; i < G_N_ELEMENTS(verbs); i++)
		if (strcmp(verbs[i], name) == 0)
			return i;
	return MUTATION_FLAGS;
}

enum mutation_status queue_status(const char *name)
{
	for (unsigned i = 0; i < G_N_ELEMENTS(statuses); i++)
		if (strcmp(statuses[i], name) == 0)
			return i;
	return MUTATION_FAILED;
}

/* --- claiming ---------------------------------------------------------- */

/* The doubled condition on status is what lets SQLite use the index of the open rows. */
#define DUE_ROWS                                                                                   \
	" FROM mutation q JOIN location l ON l.id = q.source_location_id"                          \
	" JOIN message m ON m.id = q.message_id"                                                   \
	" WHERE q.account_id = ?1 AND q.status IN ('queued', 'leased') AND q.status = 'queued'"    \
	" AND l.uid IS NOT NULL AND q.next_at <= ?2 AND NOT EXISTS"                                \
	" (SELECT 1 FROM mutation e WHERE e.message_id = q.message_id AND e.id < q.id"             \
	"  AND e.status IN ('queued', 'leased'))"

/* The oldest row that is due decides what the batch is about. */
static int read_head(struct store *s, account_id a, struct mutation_batch *b, int64_t *first,
	struct err *err)
{
	sqlite3_stmt *q = db_stmt(s, "SELECT q.id, q.verb, q.source_id, ifnull(q.target_id, 0),"
				  " q.uidvalidity, q.add_flags, q.remove_flags, q.uncertain, q.mark"
				  DUE_ROWS " ORDER BY q.id LIMIT 1");
	int r;

	if (!q)
		return db_fail(s, err);
	db_bind(q, "ii", a.v, clock_mono_ms());
	r = db_step(s, q, err);
	if (r <= 0)
		return r;
	*first = sqlite3_column_int64(q, 0);
	b->account = a;
	b->verb = queue_verb(db_column(q, 1));
	b->source.v = sqlite3_column_int64(q, 2);
	b->target.v = sqlite3_column_int64(q, 3);
	b->uidvalidity = (uint32_t)sqlite3_column_int64(q, 4);
	b->add = (unsigned)sqlite3_column_int(q, 5);
	b->remove = (unsigned)sqlite3_column_int(q, 6);
	b->uncertain = sqlite3_column_int(q, 7) != 0;
	g_strlcpy(b->mark, db_column(q, 8), sizeof b->mark);
	sqlite3_reset(q);
	return 1;
}

/* All rows like the head. */
static int read_items(struct store *s, struct mutation_batch *b, int64_t first, struct err *err)
{
	sqlite3_stmt *q = db_stmt(s, "SELECT q.id, q.message_id, l.uid, m.size, m.canonical, m.rfc_id"
				  DUE_ROWS " AND q.id >= ?3 AND q.verb = ?4 AND q.source_id = ?5"
				  " AND ifnull(q.target_id, 0) = ?6 AND q.uidvalidity = ?7"
				  " AND q.add_flags = ?8 AND q.remove_flags = ?9"
				  " AND q.uncertain = ?10 AND q.mark = ?11 ORDER BY q.id LIMIT ?12");
	GArray *items = g_array_new(FALSE, FALSE, sizeof(struct mutation_item));
	int r;

	db_bind(q, "iiitiiiiiiti", b->account.v, clock_mono_ms(), first, mutation_verb_name(b->verb),
		b->source.v, b->target.v, (int64_t)b->uidvalidity, (int64_t)b->add,
		(int64_t)b->remove, (int64_t)b->uncertain, b->mark, (int64_t)MUTATION_BATCH_MAX);
	while ((r = db_step(s, q, err)) > 0) {
		struct mutation_item i = {
			.row = sqlite3_column_int64(q, 0),
			.message.v = sqlite3_column_int64(q, 1),
			.uid = (uint64_t)sqlite3_column_int64(q, 2),
			.size = (uint64_t)sqlite3_column_int64(q, 3),
			.canonical = g_strdup((const char *)sqlite3_column_text(q, 4)),
			.message_id_header = g_strdup((const char *)sqlite3_column_text(q, 5)),
			.fd = -1,
		};

		g_array_append_val(items, i);
	}
	b->n = items->len;
	b->items = (struct mutation_item *)(void *)g_array_free(items, FALSE);
	return r;
}

static int read_path(struct store *s, mailbox_id m, char **out, struct err *err)
{
	sqlite3_stmt *q = db_stmt(s, "SELECT path FROM mailbox WHERE id = ?");
	int r;

	db_bind(q, "i", m.v);
	r = db_step(s, q, err);
	if (r > 0) {
		*out = g_strdup(db_column(q, 0));
		sqlite3_reset(q);
	}
	return r < 0 ? r : 0;
}

static int lease_items(struct store *s, const struct mutation_batch *b, struct err *err)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < b->n; i++)
		r = db_run(s, err, "UPDATE mutation SET status = 'leased', updated_at = ? WHERE id = ?",
			"ii", clock_unix(), b->items[i].row);
	return r;
}

int64_t store_queue_due_in(struct store *s, account_id a)
{
	int64_t next = 0, now = clock_mono_ms();

	if (db_ask(s, NULL, &next,
		    "SELECT min(q.next_at) FROM mutation q JOIN location l"
		    " ON l.id = q.source_location_id WHERE q.account_id = ?"
		    " AND q.status IN ('queued', 'leased') AND q.status = 'queued'"
		    " AND l.uid IS NOT NULL AND NOT EXISTS (SELECT 1 FROM mutation e"
		    "  WHERE e.message_id = q.message_id AND e.id < q.id"
		    "  AND e.status IN ('queued', 'leased')) HAVING count(*) > 0",
		    "i", a.v) <= 0)
		return -1;
	return next > now ? next - now : 0;
}

int store_queue_mark(struct store *s, const struct mutation_batch *b, struct err *err)
{
	int r = tx_begin_leased(s, TX_DURABLE, b->account, err);

	if (r < 0)
		return r;
	for (size_t i = 0; r == 0 && i < b->n; i++)
		r = db_run(s, err, "UPDATE mutation SET mark = ? WHERE id = ?", "ti", b->mark,
			b->items[i].row);
	return tx_end(s, r, err);
}

int store_queue_recover(struct store *s, account_id a, struct err *err)
{
	int r = tx_begin_leased(s, TX_DURABLE, a, err);

	if (r < 0)
		return r;
	/* next_at counts milliseconds since a boot that may be another one: try at once */
	r = db_run(s, err,
		"UPDATE mutation SET uncertain = (uncertain OR status = 'leased'),"
		" status = 'queued', next_at = 0"
		" WHERE account_id = ? AND status IN ('queued', 'leased')",
		"i", a.v);
	if (r == 0)
		r = db_run(s, err,
			"DELETE FROM mutation WHERE account_id = ? AND status IN ('done', 'canceled')"
			" AND updated_at < ?",
			"ii", a.v, clock_unix() - HISTORY_KEEP_S);
	if (r == 0)
		r = db_run(s, err, "DELETE FROM undo_step WHERE at < ?", "i",
			clock_unix() - HISTORY_KEEP_S);
	if (r == 0)
		r = tree_recover(s, a, err);
	return tx_end(s, r, err);
}

/* --- settling ---------------------------------------------------------- */

/* The columns of a row that settling needs. */
struct open_row {
	int64_t id, message, source_location, source, target_location, target, attempts;
};

static int load_row(struct store *s, int64_t id, struct open_row *o, struct err *err)
{
	sqlite3_stmt *q = db_stmt(s, "SELECT id, message_id, source_location_id, source_id,"
				  " ifnull(target_location_id, 0), ifnull(target_id, 0), attempts"
				  " FROM mutation WHERE id = ? AND status = 'leased'");
	int r;

	db_bind(q, "i", id);
	r = db_step(s, q, err);
	if (r <= 0)
		return r;
	*o = (struct open_row){ sqlite3_column_int64(q, 0), sqlite3_column_int64(q, 1),
		sqlite3_column_int64(q, 2), sqlite3_column_int64(q, 3), sqlite3_column_int64(q, 4),
		sqlite3_column_int64(q, 5), sqlite3_column_int64(q, 6) };
	sqlite3_reset(q);
	return 1;
}

static int close_row(struct store *s, int64_t id, enum mutation_status st, const char *answer,
	struct err *err)
{
	return db_run(s, err,
		"UPDATE mutation SET status = ?, answer = ?, updated_at = ? WHERE id = ?", "ttii",
		statuses[st], answer, clock_unix(), id);
}

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
	sqlite3_stmt *q = db_stmt(s, "SELECT id, target_location_id, target_id FROM mutation"
				  " WHERE message_id = ? AND status IN ('queued', 'leased')"
				  " AND source_location_id = ? AND target_id = source_id"
				  " AND id <> ? ORDER BY id LIMIT 1");
	int r;

	db_bind(q, "iii", o->message, o->source_location, o->id);
	r = db_step(s, q, err);
	if (r <= 0)
		return r;
	o->id = sqlite3_column_int64(q, 0);
	o->target_location = sqlite3_column_int64(q, 1);
	o->target = sqlite3_column_int64(q, 2);
	sqlite3_reset(q);
	r = close_row(s, o->id, MUTATION_CANCELED, "", err);
	return r < 0 ? r : 1;
}

/* The move will not happen.  Undo may wait behind it as a move back: that one is void then, too. */
static int withdraw_target(struct store *s, const struct open_row *o, struct err *err)
{
	struct open_row void_move = *o;
	int r = o->target_location != 0;

	while (r > 0) {
		r = lend_source(s, &void_move, err);
		if (r == 0)
			r = cancel_idle_move(s, &void_move, err);
	}
	return r;
}

static int give_up(struct store *s, const struct open_row *o, enum mutation_status st,
	const char *answer, struct err *err)
{
	int r = close_row(s, o->id, st, answer, err);

	if (r == 0)
		r = withdraw_target(s, o, err);
	if (r == 0)
		r = rebase(s, o->message, err);
	return r;
}

/* Open rows that a statement selects end as conflicts with these words. */
static int conflict_rows(struct store *s, const char *sql, int64_t key, const char *why,
	struct err *err)
{
	g_autoptr(GArray) rows = g_array_new(FALSE, FALSE, sizeof(struct open_row));
	sqlite3_stmt *q = db_stmt(s, sql);
	int r;

	db_bind(q, "i", key);
	while ((r = db_step(s, q, err)) > 0) {
		struct open_row o = { sqlite3_column_int64(q, 0), sqlite3_column_int64(q, 1),
			sqlite3_column_int64(q, 2), sqlite3_column_int64(q, 3),
			sqlite3_column_int64(q, 4), 0, 0 };

		g_array_append_val(rows, o);
	}
	for (guint i = 0; r == 0 && i < rows->len; i++) {
		const struct open_row *o = &g_array_index(rows, struct open_row, i);

		r = give_up(s, o, MUTATION_CONFLICT, why, err);
		event_post(s, EV_MUTATION, ERR_CONFLICT, (account_id){ 0 },
			(message_id){ o->message });
	}
	return r;
}

#define OPEN_ROWS                                                                                  \
	"SELECT id, message_id, source_location_id, source_id, ifnull(target_location_id, 0)"      \
	" FROM mutation WHERE status IN ('queued', 'leased')"

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
static int settle_lost(struct store *s, account_id a, struct err *err)
{
	int r = conflict_rows(s,
		OPEN_ROWS " AND account_id = ? AND status = 'queued' AND NOT EXISTS"
			  " (SELECT 1 FROM location l WHERE l.id = mutation.source_location_id)",
		a.v, _("The message is no longer in this mailbox."), err);

	return r < 0 ? r : conflict_rows(s,
		OPEN_ROWS " AND account_id = ? AND status = 'queued' AND target_id IS NOT NULL"
			  " AND NOT EXISTS (SELECT 1 FROM mailbox b WHERE b.id = mutation.target_id)",
		a.v, _("The mailbox that the message was to go to does not exist any more."), err);
}

static int done_flags(struct store *s, const struct mutation_batch *b, const struct open_row *o,
	struct err *err)
{
	return db_run(s, err,
		"UPDATE location SET server_flags = (server_flags | ?) & ~? WHERE id = ?", "iii",
		(int64_t)b->add, (int64_t)b->remove, o->source_location);
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

static int done_move(struct store *s, const struct open_row *o, const struct applied *a,
	struct err *err)
{
	int64_t numbered = 0;
	int r = db_run(s, err,
		"UPDATE location SET server_flags = (SELECT server_flags FROM location WHERE id = ?)"
		" WHERE id = ? AND EXISTS (SELECT 1 FROM location WHERE id = ?1)",
		"ii", o->source_location, o->target_location);

	if (r == 0)
		r = db_ask(s, err, &numbered, "SELECT uid IS NOT NULL FROM location WHERE id = ?", "i",
			o->target_location);
	if (r > 0 && a->target_uid && !numbered) {
		r = clear_number(s, o, a->target_uid, err);
		if (r >= 0)
			r = db_run(s, err, "UPDATE location SET uid = ?, passes = 0 WHERE id = ?", "ii",
				(int64_t)a->target_uid, o->target_location);
		count_mailbox(s, o->target, 0, 0, 1);
	}
	return r < 0 ? r : location_delete(s, o->source_location, err);
}

static int settle_done(struct store *s, const struct mutation_batch *b, const struct open_row *o,
	const struct applied *a, struct err *err)
{
	int r = close_row(s, o->id, MUTATION_DONE, a->answer, err);

	if (r == 0)
		r = b->verb == MUTATION_FLAGS ? done_flags(s, b, o, err) : done_move(s, o, a, err);
	return r < 0 ? r : rebase(s, o->message, err);
}

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

static int put_back(struct store *s, const struct open_row *o, bool doubt, bool counted,
	const struct err *why, struct err *err)
{
	int64_t attempts = o->attempts + (counted ? 1 : 0);
	int64_t wait = why->after_s > 0 ? (int64_t)why->after_s * 1000
		       : counted        ? backoff_ms((int)attempts)
					: 0;

	if (attempts >= MUTATION_ATTEMPTS_MAX)
		return give_up(s, o, MUTATION_FAILED, why->text, err);
	return db_run(s, err,
		"UPDATE mutation SET status = 'queued', uncertain = (uncertain OR ?), attempts = ?,"
		" next_at = ?, answer = ?, updated_at = ? WHERE id = ?",
		"iiitii", (int64_t)doubt, attempts, wait ? clock_mono_ms() + wait : 0, why->text,
		clock_unix(), o->id);
}

static int settle_untried(struct store *s, const struct open_row *o, const struct err *why,
	struct err *err)
{
	if (why->code == ERR_CONFLICT)
		return give_up(s, o, MUTATION_CONFLICT, why->text, err);
	if (why->code == ERR_UNSUPPORTED || why->code == ERR_REFUSED || why->code == ERR_GONE)
		return give_up(s, o, MUTATION_FAILED, why->text, err);
	return put_back(s, o, false, queue_counts(why), why, err);
}

static int settle_one(struct store *s, const struct mutation_batch *b, const struct open_row *o,
	const struct applied *a, const struct err *why, struct err *err)
{
	switch (a->state) {
	case APPLIED_DONE:
		return settle_done(s, b, o, a, err);
	case APPLIED_GONE:
		return give_up(s, o, MUTATION_CONFLICT,
			*a->answer ? a->answer
				   : _("The message is no longer in this mailbox at the server."),
			err);
	case APPLIED_REFUSED:
		return give_up(s, o, MUTATION_FAILED, a->answer, err);
	case APPLIED_UNKNOWN:
		return put_back(s, o, true, true, why, err);
	case APPLIED_CHANGED:
	case APPLIED_NOT_TRIED:
		break;
	}
	return settle_untried(s, o, why, err);
}

static int outcome_code(const struct applied *a)
{
	return a->state == APPLIED_GONE      ? ERR_CONFLICT
	       : a->state == APPLIED_REFUSED ? ERR_REFUSED
					     : 0;
}

int store_queue_settle(struct store *s, const struct mutation_batch *b, const struct applied *results,
	const struct err *why, struct err *err)
{
	int r = tx_begin_leased(s, TX_DURABLE, b->account, err);
	int64_t settled = 0;

	if (r < 0)
		return r;
	for (size_t i = 0; r >= 0 && i < b->n; i++) {
		struct open_row o;

		r = load_row(s, b->items[i].row, &o, err);
		if (r > 0)
			r = settle_one(s, b, &o, &results[i], why, err);
		settled += results[i].state != APPLIED_NOT_TRIED;
		event_post(s, EV_MUTATION, outcome_code(&results[i]), b->account,
			b->items[i].message);
	}
	if (r >= 0 && settled > 0)
		r = event_emit(s, b->verb == MUTATION_MOVE ? TOPIC_MESSAGES_MOVED : TOPIC_FLAGS_CHANGED,
			b->account, b->source, b->n == 1 ? b->items[0].message : (message_id){ 0 },
			settled, err);
	return tx_end(s, r < 0 ? r : 0, err);
}

int store_queue_claim(struct store *s, account_id a, struct mutation_batch **out, struct err *err)
{
	AUTO(mutation_batch_free) struct mutation_batch *b = NULL;
	int64_t first = 0, open;
	int r = db_ask(s, err, &open,
		"SELECT 1 FROM mutation WHERE account_id = ? AND status IN ('queued', 'leased')"
		" LIMIT 1",
		"i", a.v);

	if (r <= 0)
		return r;
	b = g_new0(struct mutation_batch, 1);
	b->source_cursor = g_strdup("");
	b->add_keywords = g_strdup("");
	b->remove_keywords = g_strdup("");
	r = tx_begin_leased(s, TX_DURABLE, a, err);
	if (r < 0)
		return r;
	r = settle_lost(s, a, err);
	if (r == 0)
		r = read_head(s, a, b, &first, err);
	if (r <= 0)
		return tx_end(s, r, err);
	r = read_items(s, b, first, err);
	if (r == 0)
		r = read_path(s, b->source, &b->source_path, err);
	if (r == 0 && b->target.v)
		r = read_path(s, b->target, &b->target_path, err);
	if (r == 0)
		r = lease_items(s, b, err);
	r = tx_end(s, r, err);
	if (r < 0)
		return r;
	*out = TAKE(b);
	return 1;
}
