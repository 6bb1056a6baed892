/*
 * Facts from a provider become rows: the one way in (L-54).
 *
 * A batch is one transaction: facts, counters, events and the cursor that
 * stands for them, so that a crash leaves the store before or after it.  Two
 * exceptions keep the screen's own writes quick: a bulk writer that sees the
 * screen waiting commits what it has and goes on (the cursor still goes in
 * last, and a fact applied twice changes nothing), and the void of a whole
 * mailbox is cut into slices that begin by clearing its cursor.
 */
#include <string.h>

#include "base/clock.h"
#include "base/i18n.h"
#include "model/flags.h"
#include "store/batch.h"
#include "store/priv.h"

enum {
	VOID_SLICE = 500,      /* locations removed in one transaction */
	YIELD_EVERY = 16,      /* changes between two looks at who waits */
	NEWS_MAX = 100,        /* arrivals of one batch that their conversations hear of */
};

struct seen {
	guint n;
	message_id singles[EVENT_SINGLES_MAX];
};

/* State of one batch_apply. */
struct work {
	struct store *s;
	const struct batch *b;
	struct batch_result *result;
	bool inbox, live;      /* news of this mailbox is news for the reader */
	bool many;             /* there is much in it already */
	bool orphans, awaited, lost; /* there are some to look among */
	int64_t now;
	int news;              /* arrivals that the cache ledger was told of */
	struct seen added, flagged, removed;
};

static void see(struct seen *list, int64_t message)
{
	if (list->n < EVENT_SINGLES_MAX)
		list->singles[list->n].v = message;
	list->n++;
}

/* --- one message ------------------------------------------------------- */

/*
 * A copy that we moved here ourselves and whose number the server had not told
 * (1 = found).  While the move has not left, a likeness that comes is somebody
 * else's copy: it must stay when the move is undone.  Of two that are awaited
 * the one with these flags.
 */
static int adopt_awaited(struct work *w, const struct change *c, struct err *err)
{
	sqlite3_stmt *q;
	int64_t location, message;
	int r;

	if (!w->awaited || !c->message_id)
		return 0;
	q = db_stmt(w->s, "SELECT l.id, l.message_id FROM location l JOIN message m ON m.id = l.message_id"
		       " WHERE l.mailbox_id = ? AND l.uid IS NULL AND m.rfc_id = ? AND l.size = ?"
		       " AND NOT EXISTS (SELECT 1 FROM mutation q WHERE q.message_id = m.id"
		       "  AND q.status IN ('queued', 'leased') AND q.target_location_id = l.id"
		       "  AND q.status = 'queued' AND q.uncertain = 0)"
		       " ORDER BY l.server_flags <> ?, l.id LIMIT 1");
	db_bind(q, "itii", w->b->mailbox.v, c->message_id, (int64_t)c->size, (int64_t)c->flags);
	r = db_step(w->s, q, err);
	if (r <= 0)
		return r;
	location = sqlite3_column_int64(q, 0);
	message = sqlite3_column_int64(q, 1);
	sqlite3_reset(q);
	count_mailbox(w->s, w->b->mailbox.v, 0, 0, 1);
	r = db_run(w->s, err,
		"UPDATE location SET uid = ?, server_flags = ?, keywords = nullif(?, ''), passes = 0,"
		" modseq = 0 WHERE id = ?",
		"iiti", (int64_t)c->uid, (int64_t)c->flags, c->keywords, location);
	if (r == 0)
		r = rebase(w->s, message, err);
	see(&w->flagged, message);
	return r < 0 ? r : 1;
}

/* The message if the store knows it under another place: by the provider's id, or as an orphan. */
static int find_message(struct work *w, const struct change *c, int64_t *message, struct err *err)
{
	int r = 0;

	if (c->canonical)
		r = db_ask(w->s, err, message,
			"SELECT id FROM message WHERE account_id = ? AND canonical = ?", "it",
			w->b->account.v, c->canonical);
	if (r == 0 && w->orphans && c->message_id)
		r = db_ask(w->s, err, message,
			"SELECT id FROM message WHERE account_id = ? AND rfc_id = ? AND orphan > 0"
			" AND size = ? LIMIT 1",
			"iti", w->b->account.v, c->message_id, (int64_t)c->size);
	return r;
}

static int relocate(struct work *w, const struct change *c, int64_t message, struct err *err)
{
	int r = orphan_found(w->s, message, c->canonical, err);

	if (r == 0)
		r = entry_location(w->s, w->b->mailbox, c, w->now, message, err);
	if (r == 0 && !(c->flags & FLAG_SEEN))
		r = entry_unread(w->s, message, err);
	return r < 0 ? r : rebase(w->s, message, err);
}

/*
 * The server's flags of a location that is known.  What we removed and somebody
 * took the mark off again is a message like any other from then on.
 */
static int update_flags(struct work *w, const struct change *c, int64_t location, int64_t message,
	struct err *err)
{
	int r = db_run(w->s, err,
		"UPDATE location SET server_flags = ?1, keywords = nullif(?2, ''), modseq = 0,"
		" removed = (removed AND (?1 & ?3)) WHERE id = ?4", "itii", (int64_t)c->flags,
		c->keywords, (int64_t)FLAG_DELETED, location);

	if (r == 0)
		r = rebase(w->s, message, err);
	if (r == 0) {
		w->result->changed++;
		see(&w->flagged, message);
	}
	return r;
}

/* Of a message that came before anybody told its first words. */
static int add_preview(struct work *w, const char *preview, int64_t message, struct err *err)
{
	return db_run(w->s, err, "UPDATE message SET preview = ? WHERE id = ? AND preview = ''", "ti",
		preview, message);
}

/* 1 = the store has this uid (and its flags are right now, unless the batch only adds), 0 = it does
 * not. */
static int known_place(struct work *w, const struct change *c, struct err *err)
{
	sqlite3_stmt *q = db_stmt(w->s, "SELECT id, message_id, server_flags, keywords FROM location"
				     " WHERE mailbox_id = ? AND uid = ?");
	int64_t location, message;
	bool same;
	int r;

	db_bind(q, "ii", w->b->mailbox.v, (int64_t)c->uid);
	r = db_step(w->s, q, err);
	if (r <= 0)
		return r;
	location = sqlite3_column_int64(q, 0);
	message = sqlite3_column_int64(q, 1);
	same = (unsigned)sqlite3_column_int(q, 2) == c->flags &&
	       strcmp(db_column(q, 3), or_empty(c->keywords)) == 0;
	sqlite3_reset(q);
	if (w->b->additive)
		return 1;
	r = same ? 0 : update_flags(w, c, location, message, err);
	if (r == 0 && c->kind == CHANGE_MESSAGE && c->preview)
		r = add_preview(w, c->preview, message, err);
	return r < 0 ? r : 1;
}

static void count_news(struct work *w, const struct change *c, int64_t message)
{
	w->result->added++;
	see(&w->added, message);
	if (w->inbox && w->live && !(c->flags & FLAG_SEEN))
		w->result->new_unread++;
}

/* New mail is wanted soon, and so is what it answers (C-28, M-80). */
static int tell_ledger(struct work *w, const struct change *c, int64_t message, struct err *err)
{
	const struct cache_notice n = { .kind = CACHE_NEW, .message.v = message };
	int64_t date = c->received_at > 0 ? c->received_at : c->sent_at;

	if (!w->live || date < w->now - CACHE_NEWS_S || w->news >= NEWS_MAX)
		return 0;
	w->news++;
	return cache_note(w->s, &n, w->now, err);
}

static int enter(struct work *w, const struct change *c, int64_t *message, struct err *err)
{
	unsigned how = (w->inbox ? ENTRY_INBOX : 0) | (w->many ? ENTRY_MANY : 0);
	int r = entry_message(w->s, w->b->account, c, w->now, how, message, err);

	if (r == 0)
		r = entry_location(w->s, w->b->mailbox, c, w->now, *message, err);
	return r < 0 ? r : tell_ledger(w, c, *message, err);
}

static int apply_message(struct work *w, const struct change *c, struct err *err)
{
	int64_t message = 0;
	int r = known_place(w, c, err);

	if (r == 0 && w->lost) {
		r = refind_arrival(w->s, w->b->mailbox, c, &message, err);
		if (r > 0)
			see(&w->flagged, message);
	}
	if (r == 0)
		r = adopt_awaited(w, c, err);
	if (r != 0)
		return r < 0 ? r : 0;
	r = find_message(w, c, &message, err);
	if (r > 0)
		r = relocate(w, c, message, err);
	else if (r == 0)
		r = enter(w, c, &message, err);
	if (r == 0)
		count_news(w, c, message);
	return r;
}

/* Wishes about a place that is gone can only fail, unless they are what removed it. */
static int settle_wishes(struct work *w, int64_t location, bool *ours, struct err *err)
{
	int64_t open;
	int r = db_ask(w->s, err, &open,
		"SELECT 1 FROM mutation WHERE source_location_id = ?1 AND message_id ="
		" (SELECT message_id FROM location WHERE id = ?1)"
		" AND status IN ('queued', 'leased') AND (status = 'leased' OR uncertain = 1)",
		"i", location);

	*ours = r > 0;
	if (r != 0)
		return r < 0 ? r : 0;
	return queue_conflict(w->s, location, _("The message is no longer in this mailbox."), err);
}

static int apply_gone(struct work *w, const struct change *c, struct err *err)
{
	sqlite3_stmt *q = db_stmt(w->s, "SELECT id, message_id FROM location"
				     " WHERE mailbox_id = ? AND uid = ?");
	int64_t location, message;
	bool ours;
	int r;

	db_bind(q, "ii", w->b->mailbox.v, (int64_t)c->uid);
	r = db_step(w->s, q, err);
	if (r <= 0)
		return r;
	location = sqlite3_column_int64(q, 0);
	message = sqlite3_column_int64(q, 1);
	sqlite3_reset(q);
	r = queue_prove_moves(w->s, location, err);
	if (r == 0) {
		r = settle_wishes(w, location, &ours, err);
		if (r < 0 || ours)
			return r;
		r = location_delete(w->s, location, err);
	}
	if (r >= 0)
		r = orphan_reunite(w->s, message, err);
	w->orphans = true; /* the same batch may tell where it went */
	if (r == 0) {
		w->result->removed++;
		see(&w->removed, message);
	}
	return r;
}

static int apply_flags(struct work *w, const struct change *c, struct err *err)
{
	int r = known_place(w, c, err);

	return r < 0 ? r : 0; /* an unknown uid is no fact about anything we have */
}

static int apply_change(struct work *w, const struct change *c, struct err *err)
{
	switch (c->kind) {
	case CHANGE_MESSAGE:
		return apply_message(w, c, err);
	case CHANGE_FLAGS:
		return apply_flags(w, c, err);
	case CHANGE_GONE:
		return apply_gone(w, c, err);
	}
	return 0;
}

/* --- mailboxes that go, or begin anew ----------------------------------- */

/* Ends what is wished of a place that goes, and the place; why NULL: only its number goes. */
static int void_place(struct work *w, int64_t location, int64_t message, const char *why,
	struct err *err)
{
	int r = why ? queue_prove_moves(w->s, location, err)
		    : refind_void(w->s, location, message, err);

	if (r != 0)
		return MIN(r, 0);
	r = why ? queue_conflict_target(w->s, location, why, err) : 0;
	if (r == 0 && why)
		r = queue_conflict(w->s, location, why, err);
	if (r == 0)
		r = location_delete(w->s, location, err);
	return r < 0 ? r : rebase(w->s, message, err);
}

/* The places that `sql` selects go, at most VOID_SLICE of them; 1 = there may be more. */
static int void_slice(struct work *w, int64_t mailbox, const char *sql, const char *why,
	struct err *err)
{
	g_autoptr(GArray) rows = g_array_new(FALSE, FALSE, 2 * sizeof(int64_t));
	sqlite3_stmt *q = db_stmt(w->s, sql);
	int r;

	db_bind(q, "ii", mailbox, (int64_t)VOID_SLICE);
	while ((r = db_step(w->s, q, err)) > 0) {
		int64_t pair[2] = { sqlite3_column_int64(q, 0), sqlite3_column_int64(q, 1) };

		g_array_append_vals(rows, pair, 1);
	}
	for (guint i = 0; r == 0 && i < rows->len; i++) {
		int64_t *pair = (int64_t *)(void *)(rows->data + i * 2 * sizeof(int64_t));

		r = void_place(w, pair[0], pair[1], why, err);
	}
	return r < 0 ? r : rows->len == VOID_SLICE;
}

/* Empties a mailbox in slices, each a transaction that finds the cursor forgotten. */
static int void_slices(struct work *w, int64_t mailbox, const char *sql, const char *why,
	struct err *err)
{
	int more = 1;

	while (more > 0) {
		int r = tx_begin_leased(w->s, TX_CONSISTENT, w->b->account, err);

		if (r < 0)
			return r;
		r = db_run(w->s, err,
			"UPDATE mailbox SET cursor = '', complete = 0, state = 0, fetched = 0,"
			" backfilled_at = 0 WHERE id = ? AND (cursor <> '' OR state <> 0)",
			"i", mailbox);
		more = r < 0 ? r : void_slice(w, mailbox, sql, why, err);
		r = tx_end(w->s, more, err);
		if (r < 0)
			return r;
	}
	return 0;
}

#define NUMBERED                                                                                   \
	"SELECT id, message_id FROM location WHERE mailbox_id = ? AND uid IS NOT NULL LIMIT ?"
/* What is wished for goes first, as long as all that looks like it is there to be seen. */
#define WISHED                                                                                     \
	"SELECT l.id, l.message_id FROM location l WHERE l.mailbox_id = ? AND l.uid IS NOT NULL"   \
	" AND EXISTS (SELECT 1 FROM mutation q WHERE q.message_id = l.message_id"                  \
	"  AND q.status IN ('queued', 'leased')"                                                   \
	"  AND (q.source_location_id = l.id OR q.target_location_id = l.id)) LIMIT ?"
#define AWAITED "SELECT id, message_id FROM location WHERE mailbox_id = ? AND uid IS NULL LIMIT ?"

/* The numbers mean nothing any more; what we moved here and the server has not numbered stays, and
 * what the reader wants something of waits to be found again. */
static int void_numbers(struct work *w, int64_t mailbox, struct err *err)
{
	int r = void_slices(w, mailbox, WISHED, NULL, err);

	return r < 0 ? r : void_slices(w, mailbox, NUMBERED, NULL, err);
}

/* The mailbox itself goes. */
static int void_mailbox(struct work *w, int64_t mailbox, struct err *err)
{
	const char *why = _("The mailbox does not exist at the server any more.");
	int r = void_slices(w, mailbox, AWAITED, why, err);

	return r < 0 ? r : void_slices(w, mailbox, NUMBERED, why, err);
}

static int empty_vanished(struct work *w, GArray *gone, struct err *err)
{
	int r = listing_gone(w->s, w->b->account, w->b->mailboxes, w->b->replace_mailboxes, gone, err);

	for (guint i = 0; r == 0 && i < gone->len; i++)
		r = void_mailbox(w, g_array_index(gone, int64_t, i), err);
	return r;
}

/* --- the batch --------------------------------------------------------- */

static int tell(struct work *w, enum store_topic topic, const struct seen *list, struct err *err)
{
	const struct batch *b = w->b;
	int r = 0;

	if (list->n > EVENT_SINGLES_MAX)
		return event_emit(w->s, topic, b->account, b->mailbox, (message_id){ 0 }, list->n,
			err);
	for (guint i = 0; r == 0 && i < list->n; i++)
		r = event_emit(w->s, topic, b->account, b->mailbox, list->singles[i], 1, err);
	return r;
}

static int tell_all(struct work *w, int64_t new_unread, struct err *err)
{
	int r = tell(w, TOPIC_MESSAGES_ADDED, &w->added, err);

	if (r == 0)
		r = tell(w, TOPIC_FLAGS_CHANGED, &w->flagged, err);
	if (r == 0)
		r = tell(w, TOPIC_MESSAGES_DELETED, &w->removed, err);
	if (r == 0 && new_unread > 0)
		r = event_emit(w->s, TOPIC_NEW_MESSAGES, w->b->account, w->b->mailbox,
			(message_id){ 0 }, new_unread, err);
	w->added.n = w->flagged.n = w->removed.n = 0;
	return r;
}

/* Lets the screen in: commit what is done, take the turn again. */
static int yield(struct work *w, struct err *err)
{
	int r = tell_all(w, 0, err);

	if (r == 0)
		r = tx_commit(w->s, err);
	return r < 0 ? r : tx_begin_leased(w->s, TX_CONSISTENT, w->b->account, err);
}

static int apply_changes(struct work *w, struct err *err)
{
	int r = 0;

	for (guint i = 0; r == 0 && i < w->b->changes->len; i++) {
		if (i % YIELD_EVERY == YIELD_EVERY - 1 && turn_wanted())
			r = yield(w, err);
		if (r == 0)
			r = apply_change(w, &g_array_index(w->b->changes, struct change, i), err);
	}
	return r;
}

/* What is worth knowing once per batch instead of once per message. */
static int survey(struct work *w, struct err *err)
{
	sqlite3_stmt *q = db_stmt(w->s, "SELECT role, cursor <> '', total FROM mailbox WHERE id = ?");
	int64_t one;
	int r;

	db_bind(q, "i", w->b->mailbox.v);
	r = db_step(w->s, q, err);
	if (r > 0) {
		w->inbox = sqlite3_column_int(q, 0) == ROLE_INBOX;
		w->live = sqlite3_column_int(q, 1) != 0;
		w->many = sqlite3_column_int64(q, 2) >= CACHE_FIRST_MOST;
		sqlite3_reset(q);
	}
	if (r >= 0)
		r = db_ask(w->s, err, &one,
			"SELECT 1 FROM message WHERE account_id = ? AND orphan > 0 LIMIT 1", "i",
			w->b->account.v);
	w->orphans = r > 0;
	if (r >= 0)
		r = db_ask(w->s, err, &one,
			"SELECT 1 FROM location WHERE mailbox_id = ? AND uid IS NULL LIMIT 1", "i",
			w->b->mailbox.v);
	w->awaited = r > 0;
	if (r >= 0)
		r = db_ask(w->s, err, &one,
			"SELECT 1 FROM location WHERE mailbox_id = ? AND lost > 0 LIMIT 1", "i",
			w->b->mailbox.v);
	w->lost = r > 0;
	return r < 0 ? r : 0;
}

static int write_cursor(struct work *w, struct err *err)
{
	const struct batch *b = w->b;
	int r;

	if (!b->cursor)
		return 0;
	r = db_run(w->s, err,
		"UPDATE mailbox SET cursor = ?1, uidvalidity = ?2, complete = ?3,"
		" state = CASE WHEN ?3 THEN ?4 WHEN state = ?4 THEN ?5 ELSE state END,"
		" backfilled_at = CASE WHEN NOT ?3 THEN 0 WHEN backfilled_at > 0 THEN backfilled_at"
		" ELSE ?6 END WHERE id = ?7",
		"tiiiiii", b->cursor, (int64_t)b->uidvalidity, (int64_t)b->complete,
		(int64_t)MAILBOX_COMPLETE, (int64_t)MAILBOX_INCREMENTAL, w->now, b->mailbox.v);
	if (r == 0 && w->lost && b->complete)
		return refind_confirm(w->s, b->mailbox, err);
	return r < 0 || w->live ? r : queue_renumber(w->s, b->mailbox.v, err);
}

static int write_rights(struct work *w, struct err *err)
{
	if (!w->b->has_rights)
		return 0;
	return db_run(w->s, err, "UPDATE mailbox SET denied = ? WHERE id = ?", "ii",
		(int64_t)w->b->denied, w->b->mailbox.v);
}

static int apply_all(struct work *w, const GArray *gone, struct err *err)
{
	int r = survey(w, err);

	if (r == 0 && (w->b->replace_mailboxes || w->b->mailboxes->len > 0))
		r = listing_write(w->s, w->b->account, w->b->mailboxes, w->b->replace_mailboxes,
			gone, err);
	if (r == 0)
		r = apply_changes(w, err);
	if (r == 0)
		r = write_cursor(w, err);
	if (r == 0)
		r = write_rights(w, err);
	if (r == 0)
		r = tell_all(w, w->result->new_unread, err);
	return r;
}

/* Nothing to write and nobody to tell. */
static bool is_empty(const struct batch *b)
{
	return !b->reset && !b->replace_mailboxes && !b->cursor && !b->has_rights && b->mailboxes->len == 0 &&
	       b->changes->len == 0;
}

int batch_apply(struct store *s, struct batch *b, struct batch_result *result, struct err *err)
{
	struct batch_result unused;
	struct work w = { .s = s, .b = b, .result = result ? result : &unused,
		.now = clock_unix() };
	g_autoptr(GArray) gone = g_array_new(FALSE, FALSE, sizeof(int64_t));
	int r = 0;

	*w.result = (struct batch_result){ 0 };
	if (is_empty(b))
		return 0;
	if (b->reset)
		r = void_numbers(&w, b->mailbox.v, err);
	if (r == 0 && (b->replace_mailboxes || b->mailboxes->len > 0))
		r = empty_vanished(&w, gone, err);
	if (r == 0)
		r = tx_begin_leased(s, TX_CONSISTENT, b->account, err);
	if (r == 0)
		r = tx_end(s, apply_all(&w, gone, err), err);
	batch_clear(b);
	return r;
}
