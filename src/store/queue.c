/*
 * The queue seen by the worker that empties it.
 *
 *   queued --claim--> leased --settle--> done | conflict | failed
 *     ^                  |
 *     +---- not tried, or in doubt (uncertain = 1) after a lost answer
 *
 * A row may be claimed when it is due and `ready`: nobody holds it, no older row
 * of the same message is open, and its source has a number at the server.
 * Whoever changes one of these rebases the message, which calls queue_ready;
 * so a claim reads the rows that leave and no others, however many wait.  A row
 * found leased after a crash is in doubt: the provider looks before it acts
 * again.  All of these are durable: the mark is on disk before anything is
 * sent, the outcome (settle.c) before anybody is told.
 */
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
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

/* --- who is next ------------------------------------------------------- */

/* What must be done before it is not open any more. */
#define ALONE                                                                                      \
	"NOT EXISTS (SELECT 1 FROM mutation a WHERE mutation.after_id > 0"                         \
	"  AND a.id = mutation.after_id AND a.status IN ('queued', 'leased'))"

/* After a new UIDVALIDITY a number is worth nothing before a cursor behind it says whose it is. */
#define NUMBERED                                                                                   \
	"EXISTS (SELECT 1 FROM location l JOIN mailbox b ON b.id = l.mailbox_id"                   \
	"  WHERE l.id = mutation.source_location_id AND l.uid IS NOT NULL AND l.lost = 0"          \
	"  AND (b.cursor <> '' OR b.uidvalidity = 0))"

int queue_ready(struct store *s, int64_t message, struct err *err)
{
	return db_run(s, err,
		"UPDATE mutation SET ready = 1 - ready WHERE message_id = ?1"
		" AND status IN ('queued', 'leased') AND ready <> (held = 0 AND id ="
		" (SELECT min(e.id) FROM mutation e WHERE e.message_id = ?1"
		"  AND e.status IN ('queued', 'leased')) AND (verb = 'append' OR " NUMBERED ")"
		" AND " ALONE ")",
		"i", message);
}

int queue_renumber(struct store *s, int64_t mailbox, struct err *err)
{
	/* what was tried at the mailbox of before says nothing about this one */
	int r = db_run(s, err,
		"UPDATE mutation SET attempts = 0, next_at = 0,"
		" uidvalidity = (SELECT uidvalidity FROM mailbox WHERE id = ?1)"
		" WHERE source_id = ?1 AND status IN ('queued', 'leased')"
		" AND uidvalidity <> (SELECT uidvalidity FROM mailbox WHERE id = ?1)",
		"i", mailbox);

	return r < 0 ? r
		     : db_run(s, err,
			       "UPDATE mutation SET ready = 1 WHERE source_id = ?1 AND ready = 0"
			       " AND status IN ('queued', 'leased') AND held = 0 AND NOT EXISTS"
			       " (SELECT 1 FROM mutation e WHERE e.message_id = mutation.message_id"
			       "  AND e.id < mutation.id AND e.status IN ('queued', 'leased'))"
			       " AND " NUMBERED " AND " ALONE,
			       "i", mailbox);
}

/* --- claiming ---------------------------------------------------------- */

#define DUE " q.account_id = ?1 AND q.status = 'queued' AND q.ready = 1 AND q.next_at <= ?2"

/* The first row that is due decides what the batch is about: what was never tried goes before what
 * waited for its time. */
static int read_head(struct store *s, account_id a, struct mutation_batch *b, struct err *err)
{
	sqlite3_stmt *q = db_stmt(s, "SELECT q.verb, q.source_id, ifnull(q.target_id, 0),"
				     " q.uidvalidity, q.add_flags, q.remove_flags, q.uncertain, q.mark,"
				     " q.add_keywords, q.remove_keywords, q.reviews >= ?3"
				     " FROM mutation q WHERE" DUE " ORDER BY q.next_at, q.id LIMIT 1");
	int r;

	if (!q)
		return db_fail(s, err);
	db_bind(q, "iii", a.v, clock_mono_ms(), (int64_t)MUTATION_REVIEWS_MAX);
	r = db_step(s, q, err);
	if (r <= 0)
		return r;
	b->account = a;
	b->verb = queue_verb(db_column(q, 0));
	b->source.v = sqlite3_column_int64(q, 1);
	b->target.v = sqlite3_column_int64(q, 2);
	b->uidvalidity = (uint32_t)sqlite3_column_int64(q, 3);
	b->add = (unsigned)sqlite3_column_int(q, 4);
	b->remove = (unsigned)sqlite3_column_int(q, 5);
	b->uncertain = sqlite3_column_int(q, 6) != 0;
	g_strlcpy(b->mark, db_column(q, 7), sizeof b->mark);
	b->add_keywords = g_strdup(db_column(q, 8));
	b->remove_keywords = g_strdup(db_column(q, 9));
	b->unconditional = sqlite3_column_int(q, 10) != 0;
	sqlite3_reset(q);
	return 1;
}

static struct mutation_item read_item(sqlite3_stmt *q)
{
	return (struct mutation_item){
		.row = sqlite3_column_int64(q, 0),
		.message.v = sqlite3_column_int64(q, 1),
		.uid = (uint64_t)sqlite3_column_int64(q, 2),
		.size = (uint64_t)sqlite3_column_int64(q, 3),
		.canonical = g_strdup((const char *)sqlite3_column_text(q, 4)),
		.message_id_header = g_strdup((const char *)sqlite3_column_text(q, 5)),
		.modseq = (uint64_t)sqlite3_column_int64(q, 6),
		.received_at = sqlite3_column_int64(q, 7),
		.base = (unsigned)sqlite3_column_int(q, 8),
		.fd = -1,
	};
}

/* The rows like the head that are due, oldest first. */
static int read_items(struct store *s, struct mutation_batch *b, struct err *err)
{
	sqlite3_stmt *q = db_stmt(s, "SELECT q.id, q.message_id, l.uid, m.size, m.canonical, m.rfc_id,"
				     " l.modseq, m.received_at, q.base_flags FROM mutation q"
				     " JOIN message m ON m.id = q.message_id"
				     " LEFT JOIN location l ON l.id = q.source_location_id WHERE" DUE
				     " AND q.verb = ?3 AND q.source_id = ?4"
				     " AND q.target_id IS nullif(?5, 0) AND q.add_flags = ?6"
				     " AND q.remove_flags = ?7 AND q.uidvalidity = ?8"
				     " AND q.uncertain = ?9 AND q.mark = ?10 AND q.add_keywords = ?11"
				     " AND q.remove_keywords = ?12 AND (q.reviews >= ?13) = ?14"
				     " ORDER BY q.id LIMIT ?15");
	bool append = b->verb == MUTATION_APPEND;
	GArray *items = g_array_new(FALSE, FALSE, sizeof(struct mutation_item));
	int r;

	db_bind(q, "iitiiiiiitttiii", b->account.v, clock_mono_ms(), mutation_verb_name(b->verb),
		b->source.v, b->target.v, (int64_t)b->add, (int64_t)b->remove,
		(int64_t)b->uidvalidity, (int64_t)b->uncertain, b->mark, b->add_keywords,
		b->remove_keywords, (int64_t)MUTATION_REVIEWS_MAX, (int64_t)b->unconditional,
		(int64_t)(append ? MUTATION_APPENDS_MAX : MUTATION_BATCH_MAX));
	while ((r = db_step(s, q, err)) > 0) {
		struct mutation_item i = read_item(q);

		g_array_append_val(items, i);
	}
	b->n = items->len;
	b->items = (struct mutation_item *)(void *)g_array_free(items, FALSE);
	return r;
}

/* 0 in m: there is none. */
static int read_mailbox(struct store *s, mailbox_id m, char **path, char **cursor, struct err *err)
{
	sqlite3_stmt *q = db_stmt(s, "SELECT path, cursor FROM mailbox WHERE id = ?");
	int r;

	db_bind(q, "i", m.v);
	r = db_step(s, q, err);
	if (r > 0) {
		*path = g_strdup(db_column(q, 0));
		if (cursor)
			*cursor = g_strdup(db_column(q, 1));
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

/* In a transaction: 1 = a batch is leased. */
static int claim(struct store *s, account_id a, struct mutation_batch *b, struct err *err)
{
	int r = read_head(s, a, b, err);

	if (r <= 0)
		return r;
	r = read_items(s, b, err);
	if (r == 0 && b->verb != MUTATION_APPEND)
		r = read_mailbox(s, b->source, &b->source_path, &b->source_cursor, err);
	if (r == 0 && b->target.v)
		r = read_mailbox(s, b->target, &b->target_path, NULL, err);
	if (r == 0)
		r = lease_items(s, b, err);
	return r < 0 ? r : 1;
}

/* A message that only we have and whose text is lost cannot be appended: the item goes. */
static int fail_append(struct store *s, struct mutation_batch *b, size_t at, const char *why,
	struct err *err)
{
	int r = tx_begin_leased(s, TX_DURABLE, b->account, err);

	if (r == 0)
		r = tx_end(s, queue_end(s, b->items[at].row, MUTATION_FAILED, why, err), err);
	if (r < 0)
		return r;
	g_free(b->items[at].canonical);
	g_free(b->items[at].message_id_header);
	memmove(&b->items[at], &b->items[at + 1], (b->n - at - 1) * sizeof *b->items);
	b->n--;
	return 0;
}

static int open_bodies(struct store *s, struct mutation_batch *b, struct err *err)
{
	size_t i = 0;
	int r = 0;

	while (r == 0 && i < b->n) {
		struct err why = { 0 };

		if (store_body_open(s, b->items[i].message, &b->items[i].fd, &why) == 0)
			i++;
		else
			r = fail_append(s, b, i, why.text, err);
	}
	return r < 0 ? r : b->n > 0;
}

int store_queue_claim(struct store *s, account_id a, struct mutation_batch **out, struct err *err)
{
	AUTO(mutation_batch_free) struct mutation_batch *b = NULL;
	int64_t open;
	int r = db_ask(s, err, &open,
		"SELECT 1 FROM mutation WHERE account_id = ? AND status IN ('queued', 'leased')"
		" LIMIT 1",
		"i", a.v);

	if (r > 0)
		r = tx_begin_leased(s, TX_DURABLE, a, err);
	if (r < 0 || s->depth == 0)
		return r;
	b = g_new0(struct mutation_batch, 1);
	/* what a large step has yet to reach comes first: wishes leave in the reader's order */
	r = store_want_left(s, a) > 0 ? 0 : claim(s, a, b, err);
	r = tx_end(s, r, err);
	if (r > 0 && b->verb == MUTATION_APPEND)
		r = open_bodies(s, b, err);
	if (r > 0)
		*out = TAKE(b);
	return r;
}

int64_t store_queue_due_in(struct store *s, account_id a)
{
	int64_t next = 0, now = clock_mono_ms();

	/* as claim has it: nothing leaves before a large step is through */
	if (store_want_left(s, a) > 0 || db_ask(s, NULL, &next,
		    "SELECT next_at FROM mutation WHERE account_id = ? AND status = 'queued'"
		    " AND ready = 1 ORDER BY next_at LIMIT 1",
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
		r = queue_settle_lost(s, a, err);
	if (r == 0)
		r = tree_recover(s, a, err);
	return tx_end(s, r, err);
}
