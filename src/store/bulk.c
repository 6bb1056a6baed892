/*
 * Large steps: what is more than one transaction of the screen should hold.
 *
 * The rest of a step is one row of `bulk`, as durable as the wishes that it
 * stands for: the places, or "all of this mailbox", which become places when
 * the work begins.  store_want_more works on the oldest row, a slice in each
 * transaction; what it has done is committed with the note how far it is, so
 * that it can die anywhere and any process may go on.
 *
 * Wishes are in the order in which the reader made them: before a wish about a
 * message that a large step has yet to reach, the large step acts on that
 * message (bulk_first), and bulk_done remembers it.  A message that the reader
 * moved on is followed to where it is shown now.
 */
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "model/flags.h"
#include "store/wish.h"

enum {
	BULK_SLICE = 500,    /* messages in one transaction at most ... */
	BULK_SLICE_MS = 10,  /* ... and so long at most */
	BULK_LOOK_EVERY = 16, /* messages between two looks at the clock and at who waits */
	FOLLOW_MAX = 16,     /* moves of one message, one behind the other */
};

enum bulk_kind { BULK_WANT, BULK_UNDO, BULK_REDO };

struct bulk {
	int64_t id, step, account;
	enum bulk_kind kind;
	struct want want;         /* keywords owned */
	int64_t mailbox, last_id; /* all of a mailbox, as long as it is not listed */
	bool unread, listed;
	int64_t at;               /* up to here all are done: a place, or (undo, redo) a message */
	int64_t *ids;             /* ascending */
	size_t n;
};

void bulk_drop(gpointer p)
{
	struct bulk *b = p;

	g_free((char *)b->want.add_keywords);
	g_free((char *)b->want.remove_keywords);
	g_free(b->ids);
	g_free(b);
}

/* --- rows -------------------------------------------------------------- */

static enum bulk_kind kind_of(const char *name)
{
	return strcmp(name, "undo") == 0 ? BULK_UNDO : strcmp(name, "redo") == 0 ? BULK_REDO : BULK_WANT;
}

static void read_ids(struct bulk *b, sqlite3_stmt *q, int column)
{
	const void *blob = sqlite3_column_blob(q, column);

	b->n = (size_t)sqlite3_column_bytes(q, column) / sizeof(int64_t);
	b->listed = sqlite3_column_type(q, column) != SQLITE_NULL;
	if (b->n == 0)
		return;
	b->ids = g_memdup2(blob, b->n * sizeof(int64_t));
	for (size_t i = 0; i < b->n; i++)
		b->ids[i] = GINT64_FROM_LE(b->ids[i]);
}

static struct bulk *read_bulk(sqlite3_stmt *q)
{
	struct bulk *b = g_new0(struct bulk, 1);
	int64_t role = sqlite3_column_int64(q, 10);

	b->id = sqlite3_column_int64(q, 0);
	b->step = sqlite3_column_int64(q, 1);
	b->account = sqlite3_column_int64(q, 2);
	b->kind = kind_of(db_column(q, 3));
	b->want.verb = queue_verb(db_column(q, 4));
	b->want.add = (unsigned)sqlite3_column_int(q, 5);
	b->want.remove = (unsigned)sqlite3_column_int(q, 6);
	b->want.add_keywords = g_strdup(db_column(q, 7));
	b->want.remove_keywords = g_strdup(db_column(q, 8));
	b->want.target.v = sqlite3_column_int64(q, 9);
	b->want.role = role >= 0 && role <= ROLE_NONE ? (enum mailbox_role)role : ROLE_NONE;
	b->mailbox = sqlite3_column_int64(q, 11);
	b->unread = sqlite3_column_int(q, 12) != 0;
	b->last_id = sqlite3_column_int64(q, 13);
	b->at = sqlite3_column_int64(q, 14);
	read_ids(b, q, 15);
	return b;
}

/* The oldest `max` rows. */
static int load_bulks(struct store *s, int64_t max, GPtrArray *bulks, struct err *err)
{
	sqlite3_stmt *q = db_stmt(s, "SELECT id, step_id, account_id, kind, verb, add_flags,"
				  " remove_flags, add_keywords, remove_keywords, target_id, role,"
				  " mailbox_id, unread, last_id, at, ids FROM bulk"
				  " ORDER BY id LIMIT ?");
	int r;

	if (!q)
		return db_fail(s, err);
	db_bind(q, "i", max);
	while ((r = db_step(s, q, err)) > 0)
		g_ptr_array_add(bulks, read_bulk(q));
	return r;
}

static int insert_bulk(struct store *s, int64_t step, int64_t account, const struct want *w,
	int64_t total, struct err *err)
{
	return db_run(s, err,
		"INSERT INTO bulk (step_id, account_id, kind, verb, add_flags, remove_flags,"
		" add_keywords, remove_keywords, target_id, role, total)"
		" VALUES (?, ?, 'want', ?, ?, ?, ?, ?, ?, ?, ?)",
		"iitiittiii", step, account, mutation_verb_name(w->verb), (int64_t)w->add,
		(int64_t)w->remove, w->add_keywords, w->remove_keywords, w->target.v,
		(int64_t)w->role, total);
}

/* Into the row, as the bytes that any machine reads. */
static int write_ids(struct store *s, int64_t bulk, GArray *places, struct err *err)
{
	g_autofree int64_t *bytes = g_new(int64_t, places->len + 1);
	sqlite3_stmt *q = db_stmt(s, "UPDATE bulk SET total = ?, ids = ? WHERE id = ?");

	if (!q)
		return db_fail(s, err);
	for (guint i = 0; i < places->len; i++)
		bytes[i] = GINT64_TO_LE(g_array_index(places, int64_t, i));
	sqlite3_bind_int64(q, 1, places->len);
	sqlite3_bind_blob64(q, 2, bytes, places->len * sizeof(int64_t), SQLITE_TRANSIENT);
	sqlite3_bind_int64(q, 3, bulk);
	return db_step(s, q, err);
}

int bulk_add(struct store *s, int64_t step, int64_t account, const struct want *w, GArray *places,
	struct err *err)
{
	int r = insert_bulk(s, step, account, w, places->len, err);

	return r < 0 ? r : write_ids(s, sqlite3_last_insert_rowid(s->db), places, err);
}

int bulk_add_mailbox(struct store *s, int64_t step, int64_t account, const struct want *w,
	int64_t mailbox, bool unread, int64_t total, struct err *err)
{
	int r = insert_bulk(s, step, account, w, total, err);

	return r < 0 ? r : db_run(s, err,
		"UPDATE bulk SET mailbox_id = ?, unread = ?,"
		" last_id = (SELECT ifnull(max(id), 0) FROM location) WHERE id = ?",
		"iii", mailbox, (int64_t)unread, sqlite3_last_insert_rowid(s->db));
}

/* --- one message ------------------------------------------------------- */

int place_now(struct store *s, int64_t *location, struct err *err)
{
	int64_t at = *location, shown = 0;
	int r = 1;

	for (int i = 0; r > 0 && i < FOLLOW_MAX; i++) {
		r = db_ask(s, err, &shown, "SELECT shown FROM location WHERE id = ?", "i", at);
		if (r > 0 && shown) {
			*location = at;
			return 1;
		}
		if (r > 0)
			r = db_ask(s, err, &at,
				"SELECT target_location_id FROM mutation WHERE message_id ="
				" (SELECT message_id FROM location WHERE id = ?1)"
				" AND status IN ('queued', 'leased') AND verb = 'move'"
				" AND source_location_id = ?1 ORDER BY id DESC LIMIT 1",
				"i", at);
	}
	return MIN(r, 0);
}

/* What this one message does not allow is left out, the others go on. */
static bool skips(int r)
{
	return r == ERR_REFUSED || r == ERR_GONE || r == ERR_UNSUPPORTED;
}

static int act(struct wishing *w, int64_t location, struct err *err)
{
	int r = place_now(w->s, &location, err);

	if (r > 0)
		r = wishing_act(w, location, err);
	return skips(r) ? 0 : r;
}

static int had_its_turn(struct store *s, const struct bulk *b, int64_t id, struct err *err)
{
	int64_t one;

	return db_ask(s, err, &one, "SELECT 1 FROM bulk_done WHERE bulk_id = ? AND location_id = ?",
		"ii", b->id, id);
}

/* The first of the ids that is greater. */
static size_t behind(const struct bulk *b, int64_t id)
{
	size_t lo = 0, hi = b->n;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (b->ids[mid] > id)
			hi = mid;
		else
			lo = mid + 1;
	}
	return lo;
}


/* --- before a wish of the reader's ------------------------------------- */

struct spot {
	int64_t location, mailbox;
	bool unread;
};

static bool has_place(const struct bulk *b, const struct spot *p)
{
	size_t i;

	if (!b->listed)
		return p->mailbox == b->mailbox && p->location <= b->last_id &&
			(p->unread || !b->unread);
	i = behind(b, p->location - 1);
	return p->location > b->at && i < b->n && b->ids[i] == p->location;
}

static int load_spots(struct store *s, int64_t message, GArray *spots, struct err *err)
{
	sqlite3_stmt *q = db_stmt(s, "SELECT id, mailbox_id, (flags & 1) = 0 FROM location"
				  " WHERE message_id = ?");
	int r;

	if (!q)
		return db_fail(s, err);
	db_bind(q, "i", message);
	while ((r = db_step(s, q, err)) > 0) {
		struct spot p = { sqlite3_column_int64(q, 0), sqlite3_column_int64(q, 1),
			sqlite3_column_int(q, 2) != 0 };

		g_array_append_val(spots, p);
	}
	return r;
}

/* Its turn came early: the slices leave it out. */
static int note_turn(struct store *s, const struct bulk *b, int64_t id, struct err *err)
{
	return db_run(s, err, "INSERT INTO bulk_done (bulk_id, location_id) VALUES (?, ?)", "ii", b->id,
		id);
}

static int first_of(struct wishing *later, const struct bulk *b, int64_t message, struct err *err)
{
	g_autoptr(GArray) spots = g_array_new(FALSE, FALSE, sizeof(struct spot));
	AUTO(wishing_close) struct wishing w = { 0 };
	int changed = 0, r = load_spots(later->s, message, spots, err);

	wishing_open(&w, later->s, &b->want, b->step, true);
	for (guint i = 0; r >= 0 && i < spots->len; i++) {
		const struct spot *p = &g_array_index(spots, struct spot, i);

		if (!has_place(b, p))
			continue;
		r = had_its_turn(later->s, b, p->location, err);
		if (r != 0)
			continue;
		r = act(&w, p->location, err);
		changed += r > 0;
		if (r >= 0)
			r = note_turn(later->s, b, p->location, err);
	}
	return r < 0 ? r : changed;
}

/* Undo and redo know by the items what was done already. */
static int first_item(struct store *s, const struct bulk *b, int64_t message, struct err *err)
{
	struct undone out = { 0 };
	int64_t waits, at = message - 1;
	int r = db_ask(s, err, &waits,
		"SELECT 1 FROM undo_item WHERE step_id = ? AND message_id = ? AND message_id > ?",
		"iii", b->step, message, b->at);

	if (r <= 0)
		return r;
	r = history_slice(s, b->step, b->kind == BULK_REDO, 1, &at, &out, err);
	return r < 0 ? r : out.done;
}

int bulk_first(struct wishing *w, int64_t message, struct err *err)
{
	int changed = 0, r = 0;

	if (!w->bulks) {
		w->bulks = g_ptr_array_new_with_free_func(bulk_drop);
		r = load_bulks(w->s, -1, w->bulks, err);
	}
	for (guint i = 0; r >= 0 && i < w->bulks->len; i++) {
		const struct bulk *b = w->bulks->pdata[i];

		if (b->step == w->step)
			continue;
		w->s->reaching = true;
		r = b->kind == BULK_WANT ? first_of(w, b, message, err)
					 : first_item(w->s, b, message, err);
		w->s->reaching = false;
		changed += MAX(r, 0);
	}
	return r < 0 ? r : changed;
}

/* --- slices ------------------------------------------------------------ */

static int compare_ids(gconstpointer pa, gconstpointer pb)
{
	int64_t a = *(const int64_t *)pa, b = *(const int64_t *)pb;

	return (a > b) - (a < b);
}

static int collect(struct store *s, sqlite3_stmt *q, GArray *places, struct err *err)
{
	int r;

	if (!q)
		return db_fail(s, err);
	while ((r = db_step(s, q, err)) > 0) {
		int64_t id = sqlite3_column_int64(q, 0);

		g_array_append_val(places, id);
	}
	return r;
}

/* "All of this mailbox" becomes a list: what it shows and showed when the wish was made.  What an
 * older step brought there meanwhile was there for the reader. */
static int list_mailbox(struct store *s, struct bulk *b, struct err *err)
{
	g_autoptr(GArray) places = g_array_new(FALSE, FALSE, sizeof(int64_t));
	sqlite3_stmt *q = db_stmt(s, b->unread
			? "SELECT id FROM location INDEXED BY location_unread WHERE mailbox_id = ?"
			  " AND shown = 1 AND (flags & 1) = 0 AND id <= ?"
			: "SELECT id FROM location INDEXED BY location_by_date WHERE mailbox_id = ?"
			  " AND shown = 1 AND id <= ?");
	int r = 0;

	if (q)
		db_bind(q, "ii", b->mailbox, b->last_id);
	r = collect(s, q, places, err);
	q = db_stmt(s, "SELECT l.id FROM location l WHERE l.mailbox_id = ?1 AND l.uid IS NULL"
		    " AND l.shown = 1 AND l.id > ?2 AND (NOT ?3 OR (l.flags & 1) = 0) AND EXISTS"
		    " (SELECT 1 FROM mutation m WHERE m.message_id = l.message_id"
		    "  AND m.status IN ('queued', 'leased') AND m.target_location_id = l.id"
		    "  AND m.step_id > 0 AND m.step_id < ?4)");
	if (q)
		db_bind(q, "iiii", b->mailbox, b->last_id, (int64_t)b->unread, b->step);
	if (r == 0)
		r = collect(s, q, places, err);
	g_array_sort(places, compare_ids);
	return r < 0 ? r : write_ids(s, b->id, places, err);
}

static bool enough(size_t n, int64_t since)
{
	return n >= BULK_SLICE || (n % BULK_LOOK_EVERY == BULK_LOOK_EVERY - 1 &&
		(turn_wanted() || clock_mono_ms() - since >= BULK_SLICE_MS));
}

static int finish(struct store *s, const struct bulk *b, struct err *err)
{
	int64_t items = 0;
	int r = db_run(s, err, "DELETE FROM bulk WHERE id = ?", "i", b->id);

	if (r == 0)
		r = db_ask(s, err, &items, "SELECT count(*) FROM undo_item WHERE step_id = ?", "i",
			b->step);
	if (r < 0)
		return r;
	return items > 0 ? history_describe(s, b->step, 0, err)
			 : db_run(s, err, "DELETE FROM undo_step WHERE id = ?", "i", b->step);
}

/* How far it is now. */
static int note_progress(struct store *s, const struct bulk *b, size_t from, size_t to,
	struct err *err)
{
	if (to >= b->n)
		return finish(s, b, err);
	return db_run(s, err, "UPDATE bulk SET at = ?, done = done + ? WHERE id = ?", "iii",
		b->ids[to - 1], (int64_t)(to - from), b->id);
}

static int want_slice(struct store *s, struct bulk *b, struct err *err)
{
	AUTO(wishing_close) struct wishing w = { 0 };
	int64_t since = clock_mono_ms();
	size_t from = behind(b, b->at), i = from;
	int r = 0;

	if (!b->listed)
		return list_mailbox(s, b, err);
	wishing_open(&w, s, &b->want, b->step, true);
	for (; r >= 0 && i < b->n && !enough(i - from, since); i++) {
		r = had_its_turn(s, b, b->ids[i], err);
		if (r == 0)
			r = act(&w, b->ids[i], err);
	}
	return r < 0 ? r : note_progress(s, b, from, i, err);
}

/* Undo and redo of a large step. */
static int item_slice(struct store *s, const struct bulk *b, struct err *err)
{
	int64_t since = clock_mono_ms(), at = b->at, seen = 0;
	struct undone out = { 0 };
	int r;

	do {
		r = history_slice(s, b->step, b->kind == BULK_REDO, BULK_LOOK_EVERY, &at, &out, err);
		seen += MAX(r, 0);
	} while (r > 0 && seen < BULK_SLICE && !turn_wanted() &&
		 clock_mono_ms() - since < BULK_SLICE_MS);
	if (r == 0)
		return db_run(s, err, "DELETE FROM bulk WHERE id = ?", "i", b->id);
	return r < 0 ? r : db_run(s, err, "UPDATE bulk SET at = ?, done = done + ? WHERE id = ?",
				   "iii", at, seen, b->id);
}

/* In a transaction: 1 = there may be more. */
static int slice(struct store *s, struct err *err)
{
	g_autoptr(GPtrArray) oldest = g_ptr_array_new_with_free_func(bulk_drop);
	struct bulk *b;
	int64_t one;
	int r = load_bulks(s, 1, oldest, err);

	if (r < 0 || oldest->len == 0)
		return r;
	b = oldest->pdata[0];
	s->reaching = true;
	r = b->kind == BULK_WANT ? want_slice(s, b, err) : item_slice(s, b, err);
	s->reaching = false;
	return r < 0 ? r : db_ask(s, err, &one, "SELECT 1 FROM bulk LIMIT 1", "");
}

/* --- doors ------------------------------------------------------------- */

int store_want_more(struct store *s, struct err *err)
{
	int64_t one;
	int r = db_ask(s, err, &one, "SELECT 1 FROM bulk LIMIT 1", "");

	if (r > 0)
		r = tx_begin(s, TX_CONSISTENT, err) < 0 ? err->code : 1;
	return r <= 0 ? r : tx_end(s, slice(s, err), err);
}

int64_t store_want_left(struct store *s, account_id a)
{
	int64_t left = 0;

	db_ask(s, NULL, &left,
		"SELECT ifnull(sum(max(total - done, 1)), 0) FROM bulk"
		" WHERE ?1 = 0 OR account_id = ?1",
		"i", a.v);
	return left;
}

static int stop(struct store *s, int64_t step, struct err *err)
{
	int64_t items = 0;
	int r = db_run(s, err, "DELETE FROM bulk WHERE step_id = ?", "i", step);

	if (r < 0 || db_changed(s) == 0)
		return r;
	r = db_ask(s, err, &items, "SELECT count(*) FROM undo_item WHERE step_id = ?", "i", step);
	if (r >= 0)
		r = items > 0 ? history_describe(s, step, 0, err)
			      : db_run(s, err, "DELETE FROM undo_step WHERE id = ?", "i", step);
	event_post(s, EV_MUTATION, 0, (account_id){ 0 }, (message_id){ 0 });
	return r < 0 ? r : 1;
}

int store_want_stop(struct store *s, int64_t step, struct err *err)
{
	int r = tx_begin(s, TX_DURABLE, err);

	return r < 0 ? r : tx_end(s, stop(s, step, err), err);
}
