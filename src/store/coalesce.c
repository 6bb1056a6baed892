/*
 * What becomes of a wish that meets another one about the same message (M-69).
 *
 * doc/SYNC section 6 has the table.  Only rows that nothing can have left of
 * are touched: queued and not in doubt.  Rows of a message leave in the order
 * of their ids, and rebase.c plays them in that order; so a wish may join a
 * row only where no other row about the same place stands between them, and
 * what must come before a row that waits takes its place by giving that one a
 * new id.
 */
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "model/flags.h"
#include "store/wish.h"

/* --- places ------------------------------------------------------------ */

int place_load(struct store *s, int64_t location, bool hidden, struct place *p, struct err *err)
{
	sqlite3_stmt *q = db_stmt(s, "SELECT l.message_id, l.mailbox_id, b.account_id, b.uidvalidity,"
				  " l.flags, l.server_flags,"
				  " ifnull(l.shown_keywords, l.keywords), l.keywords, l.uid IS NOT NULL FROM location l"
				  " CROSS JOIN mailbox b ON b.id = l.mailbox_id"
				  " WHERE l.id = ? AND (l.shown = 1 OR ?)");
	int r;

	if (!q)
		return db_fail(s, err);
	db_bind(q, "ii", location, (int64_t)hidden);
	r = db_step(s, q, err);
	if (r <= 0)
		return r;
	*p = (struct place){ .id = location,
		.message = sqlite3_column_int64(q, 0),
		.mailbox = sqlite3_column_int64(q, 1),
		.account = sqlite3_column_int64(q, 2),
		.uidvalidity = sqlite3_column_int64(q, 3),
		.flags = (unsigned)sqlite3_column_int(q, 4),
		.server_flags = (unsigned)sqlite3_column_int(q, 5),
		.keywords = g_strdup(db_column(q, 6)),
		.server_keywords = g_strdup(db_column(q, 7)),
		.numbered = sqlite3_column_int(q, 8) != 0 };
	sqlite3_reset(q);
	return 1;
}

void place_clear(struct place *p)
{
	g_clear_pointer(&p->keywords, g_free);
	g_clear_pointer(&p->server_keywords, g_free);
}

void wish_clear(struct wish *w)
{
	g_clear_pointer(&w->add_keywords, g_free);
	g_clear_pointer(&w->remove_keywords, g_free);
}

/* --- the open rows of a message ---------------------------------------- */

struct waiting {
	int64_t id, source_location, source, target_location, target;
	enum mutation_verb verb;
	bool untouched; /* nothing of it can have reached the server */
	unsigned add, remove;
	char *add_keywords, *remove_keywords;
};

static void drop_waiting(gpointer p)
{
	struct waiting *q = p;

	g_free(q->add_keywords);
	g_free(q->remove_keywords);
}

static GArray *new_rows(void)
{
	GArray *rows = g_array_new(FALSE, FALSE, sizeof(struct waiting));

	g_array_set_clear_func(rows, drop_waiting);
	return rows;
}

static struct waiting read_waiting(sqlite3_stmt *q)
{
	return (struct waiting){ .id = sqlite3_column_int64(q, 0),
		.source_location = sqlite3_column_int64(q, 1),
		.source = sqlite3_column_int64(q, 2),
		.target_location = sqlite3_column_int64(q, 3),
		.target = sqlite3_column_int64(q, 4),
		.verb = queue_verb(db_column(q, 5)),
		.untouched = sqlite3_column_int(q, 6) != 0,
		.add = (unsigned)sqlite3_column_int(q, 7),
		.remove = (unsigned)sqlite3_column_int(q, 8),
		.add_keywords = g_strdup(db_column(q, 9)),
		.remove_keywords = g_strdup(db_column(q, 10)) };
}

#define WAITING                                                                                    \
	"SELECT id, source_location_id, source_id, ifnull(target_location_id, 0),"                 \
	" ifnull(target_id, 0), verb, status = 'queued' AND uncertain = 0, add_flags,"             \
	" remove_flags, add_keywords, remove_keywords FROM mutation"                               \
	" WHERE status IN ('queued', 'leased')"

static int load_rows(struct store *s, int64_t message, GArray *rows, struct err *err)
{
	sqlite3_stmt *q = db_stmt(s, WAITING " AND message_id = ? ORDER BY id");
	int r;

	db_bind(q, "i", message);
	while ((r = db_step(s, q, err)) > 0) {
		struct waiting row = read_waiting(q);

		g_array_append_val(rows, row);
	}
	return r;
}

static struct waiting *row_at(GArray *rows, int i)
{
	return &g_array_index(rows, struct waiting, (guint)i);
}

/* The last of the first n rows that is about this place; -1 = none. */
static int last_about(GArray *rows, int64_t location, int n)
{
	int i = n - 1;

	while (i >= 0 && row_at(rows, i)->source_location != location)
		i--;
	return i;
}

/* The row that brings the message to this place and has not left, if no other one is about the
 * place: -1 = none. */
static int bringing(GArray *rows, int64_t location)
{
	for (int i = (int)rows->len - 1; i >= 0; i--) {
		const struct waiting *row = row_at(rows, i);

		if (row->target_location == location)
			return row->untouched ? i : -1;
		if (row->source_location == location)
			return -1;
	}
	return -1;
}

/* --- writing rows ------------------------------------------------------ */

static int cancel_row(struct store *s, int64_t id, struct err *err)
{
	return db_run(s, err, "UPDATE mutation SET status = 'canceled', held = 0, ready = 0,"
		" updated_at = ? WHERE id = ?", "ii", clock_unix(), id);
}

int wish_insert(struct store *s, const struct place *p, const struct wish *w, int64_t target_location,
	struct err *err)
{
	int64_t now = clock_unix();

	return db_run(s, err,
		"INSERT INTO mutation (account_id, message_id, verb, source_location_id, source_id,"
		" uidvalidity, add_flags, remove_flags, base_flags, target_id, target_location_id,"
		" status, created_at, updated_at, add_keywords, remove_keywords, step_id)"
		" VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, nullif(?, 0), nullif(?, 0), 'queued', ?, ?, ?,"
		" ?, ?)",
		"iitiiiiiiiiiitti", p->account, p->message, mutation_verb_name(w->verb), p->id,
		p->mailbox, p->uidvalidity, (int64_t)w->add, (int64_t)w->remove, (int64_t)p->flags,
		w->target, target_location, now, now, w->add_keywords, w->remove_keywords, w->step);
}

/* Behind all others from now on. */
static int put_last(struct store *s, int64_t id, struct err *err)
{
	return db_run(s, err,
		"UPDATE mutation SET id = (SELECT max(id) FROM mutation) + 1 WHERE id = ?", "i", id);
}

int place_await(struct store *s, const struct place *p, int64_t target, int64_t *out,
	struct err *err)
{
	int r = db_run(s, err,
		"INSERT INTO location (message_id, mailbox_id, uid, server_flags, keywords, flags,"
		" shown, pending, date, age, size, sender, subject) SELECT message_id, ?, NULL,"
		" flags, ifnull(shown_keywords, keywords), flags, 1, 1, date, age, size, sender,"
		" subject FROM location WHERE id = ?",
		"ii", target, p->id);

	*out = sqlite3_last_insert_rowid(s->db);
	count_mailbox(s, target, 1, !(p->flags & FLAG_SEEN), 0);
	return r;
}

/* --- flags ------------------------------------------------------------- */

static bool no_flags(const struct wish *w)
{
	return !w->add && !w->remove && !*w->add_keywords && !*w->remove_keywords;
}

static void set_keywords(struct wish *w, char *add, char *remove)
{
	wish_clear(w);
	w->add_keywords = add;
	w->remove_keywords = remove;
}

/* What of it is not so yet where it stands as these flags and keywords. */
static void narrow(struct wish *w, unsigned flags, const char *keywords)
{
	w->add &= ~flags;
	w->remove &= flags;
	if (*w->add_keywords || *w->remove_keywords)
		set_keywords(w, flags_keywords_minus(w->add_keywords, keywords),
			flags_keywords_common(w->remove_keywords, keywords));
}

/* The first wish and then the second, as one. */
static struct wish sum(const struct waiting *first, const struct wish *then)
{
	g_autofree char *on = flags_keywords_minus(first->add_keywords, then->remove_keywords);
	g_autofree char *off = flags_keywords_minus(first->remove_keywords, then->add_keywords);

	return (struct wish){ .verb = MUTATION_FLAGS,
		.add = (first->add & ~then->remove) | then->add,
		.remove = (first->remove & ~then->add) | then->remove,
		.add_keywords = flags_keywords_plus(on, then->add_keywords),
		.remove_keywords = flags_keywords_plus(off, then->remove_keywords) };
}

static int rewrite_flags(struct store *s, int64_t row, const struct wish *w, int64_t step,
	struct err *err)
{
	return db_run(s, err,
		"UPDATE mutation SET add_flags = ?, remove_flags = ?, add_keywords = ?,"
		" remove_keywords = ?, step_id = iif(?5 > 0, ?5, step_id), updated_at = ?"
		" WHERE id = ?",
		"iittiii", (int64_t)w->add, (int64_t)w->remove, w->add_keywords, w->remove_keywords,
		step, clock_unix(), row);
}

/* Does no other row change flags at this place?  Then what the server has already need not be sent. */
static bool only_flags(GArray *rows, const struct waiting *row)
{
	for (guint i = 0; i < rows->len; i++) {
		const struct waiting *other = &g_array_index(rows, struct waiting, i);

		if (other != row && other->verb == MUTATION_FLAGS &&
			other->source_location == row->source_location)
			return false;
	}
	return true;
}

/* What the first wish changed and the second changed back. */
static void drop_opposites(struct wish *both, const struct waiting *first, const struct wish *then)
{
	g_autofree char *back_off = flags_keywords_common(first->add_keywords, then->remove_keywords);
	g_autofree char *back_on = flags_keywords_common(first->remove_keywords, then->add_keywords);

	both->add &= ~first->remove;
	both->remove &= ~first->add;
	set_keywords(both, flags_keywords_minus(both->add_keywords, back_on),
		flags_keywords_minus(both->remove_keywords, back_off));
}

static int merge_flags(struct store *s, const struct place *at, GArray *rows,
	const struct waiting *row, const struct wish *w, struct err *err)
{
	AUTO(wish_clear) struct wish both = sum(row, w);

	/* what an awaited place will have is not known; but the row changed each of its bits, so that
	 * changing one back leaves nothing to be done */
	if (!at->numbered)
		drop_opposites(&both, row, w);
	else if (only_flags(rows, row))
		narrow(&both, at->server_flags, at->server_keywords);
	if (no_flags(&both))
		return cancel_row(s, row->id, err);
	return rewrite_flags(s, row->id, &both, w->step, err);
}

/* Among the first n rows: joins the last one about the place, or follows it. */
static int flags_among(struct store *s, const struct place *at, GArray *rows, int n,
	const struct wish *w, struct err *err)
{
	int i = last_about(rows, at->id, n);

	if (i >= 0 && row_at(rows, i)->verb == MUTATION_FLAGS && row_at(rows, i)->untouched)
		return merge_flags(s, at, rows, row_at(rows, i), w, err);
	return wish_insert(s, at, w, 0, err);
}

/* The message has not moved yet: its flags change where it is, before it does. */
static int flags_before_move(struct store *s, GArray *rows, int move, const struct wish *w,
	struct err *err)
{
	AUTO(place_clear) struct place from = { 0 };
	int r = place_load(s, row_at(rows, move)->source_location, true, &from, err);

	if (r <= 0)
		return r;
	r = flags_among(s, &from, rows, move, w, err);
	return r < 0 ? r : put_last(s, row_at(rows, move)->id, err);
}

static int flags_of_append(struct store *s, const struct waiting *row, const struct wish *w,
	struct err *err)
{
	AUTO(wish_clear) struct wish both = sum(row, w);

	int r;

	both.remove = 0;
	set_keywords(&both, g_strdup(both.add_keywords), g_strdup(""));
	r = rewrite_flags(s, row->id, &both, w->step, err);
	return r < 0 ? r : db_run(s, err,
		"UPDATE location SET server_flags = ?, keywords = nullif(?, '') WHERE id = ?",
		"iti", (int64_t)both.add, both.add_keywords, row->source_location);
}

static int queue_flags(struct store *s, const struct place *p, GArray *rows, struct wish *w,
	struct err *err)
{
	int r, i = bringing(rows, p->id);

	narrow(w, p->flags, p->keywords);
	if (no_flags(w))
		return 0;
	if (i >= 0 && row_at(rows, i)->verb == MUTATION_APPEND)
		r = flags_of_append(s, row_at(rows, i), w, err);
	else if (i >= 0 && row_at(rows, i)->verb == MUTATION_MOVE)
		r = flags_before_move(s, rows, i, w, err);
	else
		r = flags_among(s, p, rows, (int)rows->len, w, err);
	return r < 0 ? r : 1;
}

/* --- moves and copies -------------------------------------------------- */

/* The row that brings the message here brings it there instead. */
static int redirect(struct store *s, const struct place *p, const struct waiting *row,
	struct wish *w, struct err *err)
{
	int r = place_await(s, p, w->target, &w->place, err);

	if (r == 0)
		r = db_run(s, err,
			"UPDATE mutation SET target_id = ?1, target_location_id = ?2, mark = '',"
			" step_id = iif(?3 > 0, ?3, step_id), updated_at = ?4 WHERE id = ?5",
			"iiiii", w->target, w->place, w->step, clock_unix(), row->id);
	if (r == 0 && row->verb == MUTATION_APPEND)
		r = db_run(s, err,
			"UPDATE mutation SET source_id = ?1, source_location_id = ?2, uidvalidity ="
			" (SELECT uidvalidity FROM mailbox WHERE id = ?1) WHERE id = ?3",
			"iii", w->target, w->place, row->id);
	return r;
}

/* A copy that goes to where it is copied from is a second message there: it has to be made first. */
static bool goes_home(const struct waiting *row, const struct wish *w)
{
	return row->verb == MUTATION_COPY && row->source == w->target;
}

/* Back to where it comes from: nothing is to be done. */
static int stay(struct store *s, const struct waiting *row, struct wish *w, struct err *err)
{
	w->place = row->source_location;
	return cancel_row(s, row->id, err);
}

static int queue_move(struct store *s, const struct place *p, GArray *rows, struct wish *w,
	struct err *err)
{
	int r, i = bringing(rows, p->id);

	if (p->mailbox == w->target)
		return 0;
	if (i < 0 || goes_home(row_at(rows, i), w)) {
		r = place_await(s, p, w->target, &w->place, err);
		if (r == 0)
			r = wish_insert(s, p, w, w->place, err);
		return r < 0 ? r : 1;
	}
	if (row_at(rows, i)->verb == MUTATION_MOVE && row_at(rows, i)->source == w->target)
		r = stay(s, row_at(rows, i), w, err);
	else
		r = redirect(s, p, row_at(rows, i), w, err);
	if (r == 0)
		r = location_delete(s, p->id, err);
	return r < 0 ? r : 1;
}

static int queue_copy(struct store *s, const struct place *p, struct wish *w, struct err *err)
{
	int64_t there;
	int r = db_ask(s, err, &there,
		"SELECT id FROM location WHERE message_id = ? AND mailbox_id = ? AND shown = 1", "ii",
		p->message, w->target);

	if (r != 0)
		return r < 0 ? r : 0;
	r = place_await(s, p, w->target, &w->place, err);
	if (r == 0)
		r = wish_insert(s, p, w, w->place, err);
	return r < 0 ? r : 1;
}

/* --- for ever ---------------------------------------------------------- */

/* At a place that the server may have: flags that wait there are superfluous, but the row keeps
 * them in mind, for it may be taken back. */
static int expunge_at(struct store *s, const struct place *p, GArray *rows, struct wish *w,
	struct err *err)
{
	int r = 0, i = last_about(rows, p->id, (int)rows->len);

	if (i >= 0 && row_at(rows, i)->verb == MUTATION_FLAGS && row_at(rows, i)->untouched) {
		const struct waiting *row = row_at(rows, i);

		w->add = row->add;
		w->remove = row->remove;
		set_keywords(w, g_strdup(row->add_keywords), g_strdup(row->remove_keywords));
		r = cancel_row(s, row->id, err);
	}
	return r < 0 ? r : wish_insert(s, p, w, 0, err);
}

static int queue_expunge(struct store *s, const struct place *p, GArray *rows, struct wish *w,
	struct err *err)
{
	AUTO(place_clear) struct place from = { 0 };
	int r, i = bringing(rows, p->id);

	if (i < 0) {
		r = expunge_at(s, p, rows, w, err);
		return r < 0 ? r : 1;
	}
	r = row_at(rows, i)->verb == MUTATION_APPEND ? wish_withdraw(s, row_at(rows, i)->id, err)
						     : cancel_row(s, row_at(rows, i)->id, err);
	if (row_at(rows, i)->verb != MUTATION_MOVE)
		w->gave_way = row_at(rows, i)->id;
	if (r == 0 && row_at(rows, i)->verb == MUTATION_MOVE) {
		r = place_load(s, row_at(rows, i)->source_location, true, &from, err);
		if (r > 0) {
			g_array_remove_index(rows, (guint)i);
			r = expunge_at(s, &from, rows, w, err);
		}
	}
	if (r == 0)
		r = location_delete(s, p->id, err);
	return r < 0 ? r : 1;
}

int wish_queue(struct store *s, const struct place *p, struct wish *w, struct err *err)
{
	g_autoptr(GArray) rows = new_rows();
	int r = load_rows(s, p->message, rows, err);

	if (r < 0)
		return r;
	switch (w->verb) {
	case MUTATION_FLAGS:
		return queue_flags(s, p, rows, w, err);
	case MUTATION_MOVE:
		return queue_move(s, p, rows, w, err);
	case MUTATION_COPY:
		return queue_copy(s, p, w, err);
	case MUTATION_EXPUNGE:
		return queue_expunge(s, p, rows, w, err);
	case MUTATION_APPEND:
		break;
	}
	return 0;
}

/* --- taking back ------------------------------------------------------- */

static int follow(struct store *s, int64_t follower, bool done, struct err *err)
{
	int64_t message = 0;
	int r;

	if (!done)
		return wish_withdraw(s, follower, err);
	r = db_run(s, err, "UPDATE mutation SET after_id = 0 WHERE id = ?", "i", follower);
	if (r == 0)
		r = db_ask(s, err, &message, "SELECT message_id FROM mutation WHERE id = ?", "i",
			follower);
	return r <= 0 ? r : queue_ready(s, message, err);
}

int wish_followers(struct store *s, int64_t row, bool done, struct err *err)
{
	g_autoptr(GArray) ids = g_array_new(FALSE, FALSE, sizeof(int64_t));
	int r = db_ids(s, err, ids,
		"SELECT id FROM mutation WHERE after_id > 0 AND after_id = ? AND status = 'queued'", "i",
		row);

	for (guint i = 0; r == 0 && i < ids->len; i++)
		r = follow(s, g_array_index(ids, int64_t, i), done, err);
	return r;
}

int wish_withdraw(struct store *s, int64_t row, struct err *err)
{
	int64_t message = 0;
	int r = db_run(s, err,
		"UPDATE mutation SET verb = 'flags', after_id = 0, updated_at = ? WHERE id = ?"
		" AND verb = 'expunge' AND status = 'queued' AND (add_flags OR remove_flags OR"
		" add_keywords <> '' OR remove_keywords <> '')",
		"ii", clock_unix(), row);

	if (r == 0 && db_changed(s) == 0)
		r = cancel_row(s, row, err);

	if (r == 0)
		r = wish_followers(s, row, false, err);
	if (r == 0)
		r = db_ask(s, err, &message, "SELECT message_id FROM mutation WHERE id = ?", "i",
			row);
	return r <= 0 ? r : rebase(s, message, err);
}
