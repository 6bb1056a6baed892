/*
 * The reader's own changes: from a key to durable rows.
 *
 * One call is one step of the undo history and one transaction: the rows of
 * the queue, what the lists show, the history.  What becomes of a wish that
 * meets others is in coalesce.c, what is too much for one transaction in
 * bulk.c, who may wish what in rights.c.
 */
#include <limits.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/i18n.h"
#include "base/mem.h"
#include "model/flags.h"
#include "store/wish.h"

/* --- a step ------------------------------------------------------------ */

int wish_begin(struct store *s, struct err *err)
{
	int64_t free = file_free_bytes(s->dir, NULL);

	if (free >= 0 && free < STORE_LOW_DISK)
		return err_set(err, ERR_STORAGE,
			_("The disk of %s is almost full: the change was not made. "
			  "Free at least %d MiB."), s->dir, STORE_LOW_DISK >> 20);
	return tx_begin(s, TX_DURABLE, err);
}

int step_begin(struct store *s, const struct want *w, int64_t *step, struct err *err)
{
	int r = db_run(s, err,
		"INSERT INTO undo_step (at, verb, add_flags, remove_flags, add_keywords,"
		" remove_keywords) VALUES (?, ?, ?, ?, ?, ?)",
		"itiitt", clock_unix(), mutation_verb_name(w->verb), (int64_t)w->add,
		(int64_t)w->remove, w->add_keywords, w->remove_keywords);

	*step = sqlite3_last_insert_rowid(s->db);
	return r;
}

int step_item(struct store *s, const struct place *p, const struct wish *w, struct err *err)
{
	bool flags = w->verb == MUTATION_FLAGS || w->verb == MUTATION_APPEND;

	return db_run(s, err,
		"INSERT INTO undo_item (step_id, message_id, source_id, place, target_id,"
		" target_place, add_flags, remove_flags, add_keywords, remove_keywords, gave_way,"
		" replaces) VALUES (?, ?, ?, ?, nullif(?, 0), ?, ?, ?, ?, ?, ?, ?)"
		" ON CONFLICT DO NOTHING",
		"iiiiiiiittii", w->step, p->message, p->mailbox, p->id, w->target, w->place,
		flags ? (int64_t)w->add : 0, flags ? (int64_t)w->remove : 0,
		flags ? w->add_keywords : "", flags ? w->remove_keywords : "", w->gave_way,
		w->replaces);
}

/* --- wishes of one transaction ----------------------------------------- */

struct ground {
	int64_t mailbox, target;
};

void wishing_open(struct wishing *w, struct store *s, const struct want *want, int64_t step,
	bool noted)
{
	*w = (struct wishing){ .s = s, .step = step, .noted = noted };
	w->want = *want;
	w->want.add &= want->verb == MUTATION_FLAGS ? ~0u : 0;
	w->want.remove &= want->verb == MUTATION_FLAGS ? ~want->add : 0;
	w->add_keywords = flags_keywords_normalize(want->add_keywords ? want->add_keywords : "");
	w->remove_keywords =
		flags_keywords_normalize(want->remove_keywords ? want->remove_keywords : "");
	w->want.add_keywords = w->add_keywords;
	w->want.remove_keywords = w->remove_keywords;
	w->grounds = g_array_new(FALSE, FALSE, sizeof(struct ground));
}

void wishing_close(struct wishing *w)
{
	g_clear_pointer(&w->add_keywords, g_free);
	g_clear_pointer(&w->remove_keywords, g_free);
	g_clear_pointer(&w->grounds, g_array_unref);
	g_clear_pointer(&w->bulks, g_ptr_array_unref);
}

/* Where messages of that mailbox go; asked once. */
static int ground_of(struct wishing *w, int64_t mailbox, int64_t *target, struct err *err)
{
	struct ground fresh = { .mailbox = mailbox };
	int r;

	for (guint i = 0; i < w->grounds->len; i++) {
		const struct ground *g = &g_array_index(w->grounds, struct ground, i);

		if (g->mailbox == mailbox) {
			*target = g->target;
			return 0;
		}
	}
	r = wish_allowed(w->s, &w->want, mailbox, &fresh.target, err);
	if (r == 0)
		g_array_append_val(w->grounds, fresh);
	*target = fresh.target;
	return r;
}

void wish_news(struct store *s, const struct place *p, const struct wish *w)
{
	account_id a = { p->account };
	mailbox_id m = { p->mailbox };
	message_id msg = { p->message };

	switch (w->verb) {
	case MUTATION_FLAGS:
		if (w->add | w->remove)
			event_gather(s, TOPIC_FLAGS_CHANGED, a, m, msg);
		if (*w->add_keywords || *w->remove_keywords)
			event_gather(s, TOPIC_TAGS_CHANGED, a, m, msg);
		break;
	case MUTATION_MOVE:
		event_gather(s, TOPIC_MESSAGES_MOVED, a, m, msg);
		break;
	case MUTATION_COPY:
	case MUTATION_APPEND:
		event_gather(s, TOPIC_MESSAGES_ADDED, a, (mailbox_id){ w->target }, msg);
		break;
	case MUTATION_EXPUNGE:
		event_gather(s, TOPIC_MESSAGES_DELETED, a, m, msg);
		break;
	}
}

static int act(struct wishing *w, const struct place *p, struct err *err)
{
	AUTO(wish_clear) struct wish wish = { .verb = w->want.verb,
		.add = w->want.add,
		.remove = w->want.remove,
		.add_keywords = g_strdup(w->add_keywords),
		.remove_keywords = g_strdup(w->remove_keywords),
		.step = w->step };
	int r = ground_of(w, p->mailbox, &wish.target, err);

	if (r == 0)
		r = wish_queue(w->s, p, &wish, err);
	if (r <= 0)
		return r;
	w->place = wish.place;
	w->gave_way = wish.gave_way;
	r = w->noted ? step_item(w->s, p, &wish, err) : 0;
	if (r == 0)
		r = rebase(w->s, p->message, err);
	wish_news(w->s, p, &wish);
	return r < 0 ? r : 1;
}

/* A large step acted on the message: it may be elsewhere by now. */
static int find_again(struct store *s, struct place *p, struct err *err)
{
	int64_t location = p->id;
	int r = place_now(s, &location, err);

	if (r == 0)
		r = db_ask(s, err, &location,
			"SELECT id FROM location WHERE message_id = ? AND shown = 1"
			" ORDER BY mailbox_id <> ?, id DESC LIMIT 1",
			"ii", p->message, p->mailbox);
	place_clear(p);
	return r <= 0 ? r : place_load(s, location, false, p, err);
}

int wishing_act(struct wishing *w, int64_t location, struct err *err)
{
	AUTO(place_clear) struct place p = { 0 };
	int r = place_load(w->s, location, false, &p, err);
	int first = r > 0 && !w->s->reaching ? bulk_first(w, p.message, err) : 0;

	if (r <= 0 || first < 0)
		return MIN(r, first);
	if (first > 0)
		r = find_again(w->s, &p, err);
	return r <= 0 ? r : act(w, &p, err);
}

int wish_apply(struct store *s, const struct want *want, int64_t location, int64_t step,
	int64_t *place, struct err *err)
{
	AUTO(wishing_close) struct wishing w = { 0 };
	int r;

	wishing_open(&w, s, want, step, false);
	r = wishing_act(&w, location, err);
	if (place)
		*place = w.place;
	return r;
}

/* --- before anything is written ---------------------------------------- */

static bool is_trashing(const struct want *w)
{
	return w->verb == MUTATION_MOVE && w->target.v == 0 && w->role == ROLE_TRASH;
}

/* Does it help anybody?  To delete what is in the trash already is a mistake, not a wish. */
static int check_sense(const struct wishing *w, struct err *err)
{
	bool idle = w->grounds->len > 0;

	for (guint i = 0; i < w->grounds->len; i++) {
		const struct ground *g = &g_array_index(w->grounds, struct ground, i);

		idle = idle && g->mailbox == g->target;
	}
	return idle && is_trashing(&w->want) ? trash_already(err) : 0;
}

static int check_verb(const struct want *w, struct err *err)
{
	if (w->verb == MUTATION_APPEND)
		return err_set(err, ERR_USAGE, _("A message is added from a file, not wished."));
	return 0;
}

/* A place of a large step and whose it is. */
struct owned {
	int64_t account, location;
};

/* Refuses before anything is written; what is beyond the first ones comes to rest. */
static int survey(struct wishing *w, const location_id *l, size_t n, GArray *rest, struct err *err)
{
	int r = check_verb(&w->want, err);

	for (size_t i = 0; r >= 0 && i < n; i++) {
		sqlite3_stmt *q = db_stmt(w->s, "SELECT b.id, b.account_id FROM location l CROSS JOIN"
						" mailbox b ON b.id = l.mailbox_id WHERE l.id = ?");
		struct owned o = { .location = l[i].v };
		int64_t mailbox, target;

		if (!q)
			return db_fail(w->s, err);
		db_bind(q, "i", l[i].v);
		r = db_step(w->s, q, err);
		if (r <= 0)
			continue;
		mailbox = sqlite3_column_int64(q, 0);
		o.account = sqlite3_column_int64(q, 1);
		sqlite3_reset(q);
		r = ground_of(w, mailbox, &target, err);
		if (i >= WANT_AT_ONCE)
			g_array_append_val(rest, o);
	}
	return r < 0 ? r : check_sense(w, err);
}

static int by_account(gconstpointer pa, gconstpointer pb)
{
	const struct owned *a = pa, *b = pb;

	if (a->account != b->account)
		return a->account < b->account ? -1 : 1;
	return (a->location > b->location) - (a->location < b->location);
}

/* One row of `bulk` for each account. */
static int leave_rest(struct wishing *w, GArray *rest, struct err *err)
{
	int r = 0;

	g_array_sort(rest, by_account);
	for (guint i = 0, k; r == 0 && i < rest->len; i = k) {
		const struct owned *first = &g_array_index(rest, struct owned, i);
		g_autoptr(GArray) places = g_array_new(FALSE, FALSE, sizeof(int64_t));

		for (k = i; k < rest->len; k++) {
			const struct owned *o = &g_array_index(rest, struct owned, k);

			if (o->account != first->account)
				break;
			g_array_append_val(places, o->location);
		}
		r = bulk_add(w->s, w->step, first->account, &w->want, places, err);
	}
	return r;
}

/* A step that changed nothing leaves no trace. */
static int finish(struct wishing *w, int done, int64_t rest, struct err *err)
{
	if (done == 0 && rest == 0)
		return db_run(w->s, err, "DELETE FROM undo_step WHERE id = ?", "i", w->step);
	return history_describe(w->s, w->step, rest, err);
}

static int act_all(struct wishing *w, const location_id *l, size_t n, int *done, struct err *err)
{
	int r = 0;

	for (size_t i = 0; r >= 0 && i < n; i++) {
		r = wishing_act(w, l[i].v, err);
		*done += r > 0;
	}
	return MIN(r, 0);
}

/* --- doors ------------------------------------------------------------- */

int store_want(struct store *s, const struct want *want, const location_id *l, size_t n,
	struct err *err)
{
	g_autoptr(GArray) rest = g_array_new(FALSE, FALSE, sizeof(struct owned));
	AUTO(wishing_close) struct wishing w = { 0 };
	int done = 0, r = wish_begin(s, err);

	if (r < 0)
		return r;
	wishing_open(&w, s, want, 0, true);
	r = survey(&w, l, n, rest, err);
	if (r == 0)
		r = step_begin(s, &w.want, &w.step, err);
	if (r == 0)
		r = act_all(&w, l, MIN(n, (size_t)WANT_AT_ONCE), &done, err);
	if (r == 0)
		r = leave_rest(&w, rest, err);
	if (r == 0)
		r = finish(&w, done, rest->len, err);
	r = tx_end(s, r, err);
	return r < 0 ? r : done + (int)rest->len;
}

int store_want_flags(struct store *s, const location_id *l, size_t n, unsigned add, unsigned remove,
	struct err *err)
{
	const struct want w = { .verb = MUTATION_FLAGS, .add = add, .remove = remove };

	return store_want(s, &w, l, n, err);
}

int store_want_move(struct store *s, const location_id *l, size_t n, mailbox_id target,
	struct err *err)
{
	const struct want w = { .verb = MUTATION_MOVE, .target = target };

	return store_want(s, &w, l, n, err);
}

int store_want_role(struct store *s, const location_id *l, size_t n, enum mailbox_role role,
	struct err *err)
{
	const struct want w = { .verb = MUTATION_MOVE, .role = role };

	return store_want(s, &w, l, n, err);
}

int store_note_read(struct store *s, location_id l, struct err *err)
{
	const struct want w = { .verb = MUTATION_FLAGS, .add = FLAG_SEEN };
	int r = wish_begin(s, err);

	if (r < 0)
		return r;
	r = wish_apply(s, &w, l.v, 0, NULL, err);
	if (r == ERR_REFUSED) /* where nothing may be marked, reading is no mistake */
		r = 0;
	return tx_end(s, r, err);
}

/* --- all of a mailbox -------------------------------------------------- */

/* What a screen shows first. */
static int newest(struct store *s, mailbox_id m, bool unread, int max, location_id *out,
	struct err *err)
{
	sqlite3_stmt *q = db_stmt(s, unread ? "SELECT id FROM location INDEXED BY location_unread"
					      " WHERE mailbox_id = ? AND shown = 1"
					      " AND (flags & 1) = 0 ORDER BY date DESC, id DESC LIMIT ?"
					    : "SELECT id FROM location INDEXED BY location_by_date"
					      " WHERE mailbox_id = ? AND shown = 1"
					      " ORDER BY date DESC, id DESC LIMIT ?");
	int n = 0, r;

	if (!q)
		return db_fail(s, err);
	db_bind(q, "ii", m.v, (int64_t)max);
	while ((r = db_step(s, q, err)) > 0)
		out[n++].v = sqlite3_column_int64(q, 0);
	return r < 0 ? r : n;
}

static int count_all(struct store *s, mailbox_id m, bool unread, int64_t *account, int64_t *total,
	struct err *err)
{
	sqlite3_stmt *q = db_stmt(s, "SELECT account_id, iif(?, unread, total) FROM mailbox WHERE id = ?");
	int r;

	if (!q)
		return db_fail(s, err);
	db_bind(q, "ii", (int64_t)unread, m.v);
	r = db_step(s, q, err);
	if (r <= 0)
		return r;
	*account = sqlite3_column_int64(q, 0);
	*total = sqlite3_column_int64(q, 1);
	sqlite3_reset(q);
	return 0;
}

/* Of one mailbox: the newest, at most so many, at once, the others as one row. */
static int want_mailbox(struct wishing *w, mailbox_id m, bool unread, int max, int *done,
	int64_t *rest, struct err *err)
{
	g_autofree location_id *first = g_new0(location_id, WANT_AT_ONCE);
	int64_t account = 0, total = 0, coming = 0, later;
	int n = 0, r = count_all(w->s, m, unread, &account, &total, err);

	if (r == 0)
		r = n = newest(w->s, m, unread, max, first, err);
	if (r >= 0)
		r = act_all(w, first, (size_t)n, done, err);
	if (r == 0) /* what a large step of before has yet to bring here is here for the reader */
		r = MIN(db_ask(w->s, err, &coming, "SELECT 1 FROM bulk WHERE account_id = ?"
				" AND step_id <> ?", "ii", account, w->step), 0);
	later = MAX(total - n, coming);
	*rest += later;
	if (r == 0 && later > 0)
		r = bulk_add_mailbox(w->s, w->step, account, &w->want, m.v, unread, later, err);
	return r;
}

static int want_all(struct wishing *w, const mailbox_id *m, size_t n, bool unread, int *done,
	int64_t *rest, struct err *err)
{
	int64_t target;
	int r = check_verb(&w->want, err);

	for (size_t i = 0; r == 0 && i < n; i++)
		r = ground_of(w, m[i].v, &target, err);
	if (r == 0)
		r = check_sense(w, err);
	if (r == 0)
		r = step_begin(w->s, &w->want, &w->step, err);
	for (size_t i = 0; r == 0 && i < n; i++)
		r = want_mailbox(w, m[i], unread, MAX(WANT_AT_ONCE - *done, 0), done, rest, err);
	return r < 0 ? r : finish(w, *done, *rest, err);
}

int store_want_all(struct store *s, const struct want *want, const mailbox_id *m, size_t n,
	bool unread, struct err *err)
{
	AUTO(wishing_close) struct wishing w = { 0 };
	int64_t rest = 0;
	int done = 0, r = wish_begin(s, err);

	if (r < 0)
		return r;
	wishing_open(&w, s, want, 0, true);
	r = tx_end(s, want_all(&w, m, n, unread, &done, &rest, err), err);
	return r < 0 ? r : (int)MIN(rest + done, INT_MAX);
}
