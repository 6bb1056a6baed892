/*
 * What a list shows = what the server has + what the reader wants.
 *
 * For one message: take the server's flags and keywords of each of its places,
 * then let the open rows of the queue act on them in the order of their ids.  A
 * row about flags sets and clears; a move hides its source and lends what it
 * has to its target, which exists as a place without uid until the server has
 * confirmed; a copy lends and hides nothing; an expunge hides; an append is
 * what its place shows.  A place that we removed and that the server could only
 * mark \Deleted stays hidden while the mark is on it.  Whoever changes a fact
 * or a wish calls rebase in the same transaction, so the two never drift apart
 * (C-14).
 */
#include <string.h>

#include "base/clock.h"
#include "model/flags.h"
#include "store/priv.h"

struct spot {
	int64_t id, mailbox;
	unsigned old_flags, flags;
	bool old_shown, shown, old_pending, pending;
	char *server_words, *old_words, *words; /* keywords; NULL = "", old_words NULL = the server's */
};

static void drop_spot(gpointer p)
{
	struct spot *t = p;

	g_free(t->server_words);
	g_free(t->old_words);
	g_free(t->words);
}

static struct spot read_spot(sqlite3_stmt *q)
{
	unsigned flags = (unsigned)sqlite3_column_int(q, 2);
	bool removed = sqlite3_column_int(q, 6) != 0;
	const char *words = (const char *)sqlite3_column_text(q, 7);

	return (struct spot){
		.id = sqlite3_column_int64(q, 0),
		.mailbox = sqlite3_column_int64(q, 1),
		.flags = flags,
		.old_flags = (unsigned)sqlite3_column_int(q, 3),
		.shown = !removed || !(flags & FLAG_DELETED),
		.old_shown = sqlite3_column_int(q, 4) != 0,
		.old_pending = sqlite3_column_int(q, 5) != 0,
		.server_words = g_strdup(words),
		.words = g_strdup(words),
		.old_words = g_strdup((const char *)sqlite3_column_text(q, 8)),
	};
}

static int load_spots(struct store *s, int64_t message, GArray *spots, struct err *err)
{
	sqlite3_stmt *q = db_stmt(s, "SELECT id, mailbox_id, server_flags, flags, shown, pending,"
				  " removed, keywords, shown_keywords FROM location"
				  " WHERE message_id = ?");
	int r;

	if (!q)
		return db_fail(s, err);
	db_bind(q, "i", message);
	while ((r = db_step(s, q, err)) > 0) {
		struct spot p = read_spot(q);

		g_array_append_val(spots, p);
	}
	return r;
}

static struct spot *spot_of(GArray *spots, int64_t location)
{
	for (guint i = 0; i < spots->len; i++)
		if (g_array_index(spots, struct spot, i).id == location)
			return &g_array_index(spots, struct spot, i);
	return NULL;
}

/* An open row of the queue. */
struct deed {
	enum mutation_verb verb;
	unsigned add, remove;
	const char *add_words, *remove_words;
};

static void set_words(struct spot *p, char *words)
{
	g_free(p->words);
	p->words = words;
}

static void act_flags(struct spot *p, const struct deed *d)
{
	p->flags = (p->flags | d->add) & ~d->remove;
	if (*d->add_words || *d->remove_words) {
		g_autofree char *kept = flags_keywords_minus(p->words, d->remove_words);

		set_words(p, flags_keywords_plus(kept, d->add_words));
	}
}

static void lend(const struct spot *from, struct spot *to)
{
	if (!to || from == to)
		return;
	to->flags = from->flags;
	to->pending = true;
	set_words(to, g_strdup(from->words));
}

static void act(const struct deed *d, struct spot *from, struct spot *to)
{
	if (!from)
		return;
	from->pending = true;
	/* in doubt, it arrived, and somebody took it on from there: where it is, only an answer tells */
	if (!to && (d->verb == MUTATION_MOVE || d->verb == MUTATION_COPY))
		return;
	switch (d->verb) {
	case MUTATION_FLAGS:
		act_flags(from, d);
		break;
	case MUTATION_COPY:
		lend(from, to);
		break;
	case MUTATION_MOVE:
		lend(from, to);
		from->shown = false;
		break;
	case MUTATION_EXPUNGE:
		from->shown = false;
		break;
	case MUTATION_APPEND:
		from->flags = d->add;
		set_words(from, g_strdup(d->add_words));
		break;
	}
}

static int play_wishes(struct store *s, int64_t message, GArray *spots, struct err *err)
{
	sqlite3_stmt *q = db_stmt(s,
		"SELECT verb, source_location_id, target_location_id, add_flags, remove_flags,"
		" add_keywords, remove_keywords"
		" FROM mutation WHERE message_id = ? AND status IN ('queued', 'leased') ORDER BY id");
	int r;

	if (!q)
		return db_fail(s, err);
	db_bind(q, "i", message);
	while ((r = db_step(s, q, err)) > 0) {
		const struct deed d = { .verb = queue_verb(db_column(q, 0)),
			.add = (unsigned)sqlite3_column_int(q, 3),
			.remove = (unsigned)sqlite3_column_int(q, 4),
			.add_words = db_column(q, 5),
			.remove_words = db_column(q, 6) };

		act(&d, spot_of(spots, sqlite3_column_int64(q, 1)),
			spot_of(spots, sqlite3_column_int64(q, 2)));
	}
	return r;
}

static bool is_unread(bool shown, unsigned flags)
{
	return shown && !(flags & FLAG_SEEN);
}

/* NULL = as the server has them. */
static const char *shown_words(const struct spot *p)
{
	return strcmp(or_empty(p->words), or_empty(p->server_words)) == 0 ? NULL
									   : or_empty(p->words);
}

/* What is named in a statement is written to every index that mentions it, changed or not. */
static int write_shown(struct store *s, const struct spot *p, struct err *err)
{
	if (p->shown != p->old_shown)
		return db_run(s, err,
			"UPDATE location SET flags = ?, shown = ?, pending = ? WHERE id = ?", "iiii",
			(int64_t)p->flags, (int64_t)p->shown, (int64_t)p->pending, p->id);
	if (p->flags != p->old_flags)
		return db_run(s, err, "UPDATE location SET flags = ?, pending = ? WHERE id = ?", "iii",
			(int64_t)p->flags, (int64_t)p->pending, p->id);
	return db_run(s, err, "UPDATE location SET pending = ? WHERE id = ?", "ii",
		(int64_t)p->pending, p->id);
}

static int write_spot(struct store *s, const struct spot *p, struct err *err)
{
	const char *words = shown_words(p);
	int r = 0;

	if (g_strcmp0(words, p->old_words) != 0)
		r = db_run(s, err, "UPDATE location SET shown_keywords = ? WHERE id = ?", "ti", words,
			p->id);
	if (r < 0 || (p->flags == p->old_flags && p->shown == p->old_shown &&
			     p->pending == p->old_pending))
		return r;
	count_mailbox(s, p->mailbox, p->shown - p->old_shown,
		is_unread(p->shown, p->flags) - is_unread(p->old_shown, p->old_flags), 0);
	return write_shown(s, p, err);
}

/* A conversation counts messages, not locations: unread if any of its places is. */
static int write_conversation(struct store *s, int64_t message, const GArray *spots,
	struct err *err)
{
	bool was = false, is = false;

	for (guint i = 0; i < spots->len; i++) {
		const struct spot *p = &g_array_index(spots, struct spot, i);

		was |= is_unread(p->old_shown, p->old_flags);
		is |= is_unread(p->shown, p->flags);
	}
	if (was == is)
		return 0;
	return db_run(s, err,
		"UPDATE conversation SET unread = unread + ? WHERE id ="
		" (SELECT conversation_id FROM message WHERE id = ?)",
		"ii", (int64_t)(is - was), message);
}

/* Whoever marked it: the ledger hears of it (C-28). */
static int tell_ledger(struct store *s, int64_t message, const GArray *spots, struct err *err)
{
	const struct cache_notice n = { .kind = CACHE_FLAGGED, .message.v = message };

	for (guint i = 0; i < spots->len; i++) {
		const struct spot *p = &g_array_index(spots, struct spot, i);

		if (p->flags & ~p->old_flags & FLAG_FLAGGED)
			return cache_note(s, &n, clock_unix(), err);
	}
	return 0;
}

int rebase(struct store *s, int64_t message, struct err *err)
{
	g_autoptr(GArray) spots = g_array_new(FALSE, FALSE, sizeof(struct spot));
	int r;

	g_array_set_clear_func(spots, drop_spot);
	r = load_spots(s, message, spots, err);
	if (r == 0)
		r = play_wishes(s, message, spots, err);
	for (guint i = 0; r == 0 && i < spots->len; i++)
		r = write_spot(s, &g_array_index(spots, struct spot, i), err);
	if (r == 0)
		r = write_conversation(s, message, spots, err);
	if (r == 0)
		r = tell_ledger(s, message, spots, err);
	return r < 0 ? r : queue_ready(s, message, err);
}

int location_delete(struct store *s, int64_t location, struct err *err)
{
	sqlite3_stmt *q = db_stmt(s, "SELECT mailbox_id, message_id, flags, shown, uid IS NOT NULL"
				  " FROM location WHERE id = ?");
	int64_t mailbox, message;
	unsigned flags;
	bool shown, known;
	int r;

	db_bind(q, "i", location);
	r = db_step(s, q, err);
	if (r <= 0)
		return r;
	mailbox = sqlite3_column_int64(q, 0);
	message = sqlite3_column_int64(q, 1);
	flags = (unsigned)sqlite3_column_int(q, 2);
	shown = sqlite3_column_int(q, 3) != 0;
	known = sqlite3_column_int(q, 4) != 0;
	sqlite3_reset(q);
	count_mailbox(s, mailbox, -shown, -is_unread(shown, flags), -known);
	if (is_unread(shown, flags)) {
		/* the conversation loses an unread message only if no other place shows it unread */
		r = db_run(s, err,
			"UPDATE conversation SET unread = unread - 1 WHERE id ="
			" (SELECT conversation_id FROM message WHERE id = ?1) AND NOT EXISTS"
			" (SELECT 1 FROM location WHERE message_id = ?1 AND id <> ?2 AND shown = 1"
			"  AND (flags & 1) = 0)",
			"ii", message, location);
		if (r < 0)
			return r;
	}
	r = db_run(s, err, "DELETE FROM location WHERE id = ?", "i", location);
	if (r == 0)
		r = queue_ready(s, message, err);
	return r < 0 ? r : orphan_if_lost(s, message, err);
}
