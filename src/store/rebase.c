/*
 * What a list shows = what the server has + what the reader wants.
 *
 * For one message: take the server's flags of each of its locations, then let
 * the open rows of the queue act on them in the order in which the reader
 * made them.  A flag row sets and clears bits; a move row hides its source and
 * lends its flags to its target, which exists as a location without uid until
 * the server has confirmed.  Whoever changes a fact or a wish calls rebase in
 * the same transaction, so the two never drift apart (C-14).
 */
#include <string.h>

#include "model/flags.h"
#include "store/priv.h"

struct spot {
	int64_t id, mailbox;
	unsigned old_flags, flags;
	bool old_shown, shown, old_pending, pending;
};

static int load_spots(struct store *s, int64_t message, GArray *spots, struct err *err)
{
	sqlite3_stmt *q = db_stmt(s, "SELECT id, mailbox_id, server_flags, flags, shown, pending"
				  " FROM location WHERE message_id = ?");
	int r;

	db_bind(q, "i", message);
	while ((r = db_step(s, q, err)) > 0) {
		struct spot p = {
			.id = sqlite3_column_int64(q, 0),
			.mailbox = sqlite3_column_int64(q, 1),
			.flags = (unsigned)sqlite3_column_int(q, 2),
			.old_flags = (unsigned)sqlite3_column_int(q, 3),
			.shown = true,
			.old_shown = sqlite3_column_int(q, 4) != 0,
			.old_pending = sqlite3_column_int(q, 5) != 0,
		};

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

/* One open row of the queue acts on the picture. */
static void act(GArray *spots, const char *verb, int64_t source, int64_t target, unsigned add,
	unsigned remove)
{
	struct spot *from = spot_of(spots, source), *to = spot_of(spots, target);

	if (!from)
		return;
	if (strcmp(verb, "flags") == 0) {
		from->flags = (from->flags | add) & ~remove;
		from->pending = true;
	} else if (to) {
		to->flags = from->flags;
		to->pending = true;
		from->shown = false;
		from->pending = true;
	}
}

static int play_wishes(struct store *s, int64_t message, GArray *spots, struct err *err)
{
	sqlite3_stmt *q = db_stmt(s,
		"SELECT verb, source_location_id, target_location_id, add_flags, remove_flags"
		" FROM mutation WHERE message_id = ? AND status IN ('queued', 'leased') ORDER BY id");
	int r;

	db_bind(q, "i", message);
	while ((r = db_step(s, q, err)) > 0)
		act(spots, db_column(q, 0), sqlite3_column_int64(q, 1), sqlite3_column_int64(q, 2),
			(unsigned)sqlite3_column_int(q, 3), (unsigned)sqlite3_column_int(q, 4));
	return r;
}

static bool is_unread(bool shown, unsigned flags)
{
	return shown && !(flags & FLAG_SEEN);
}

static int write_spot(struct store *s, const struct spot *p, struct err *err)
{
	if (p->flags == p->old_flags && p->shown == p->old_shown && p->pending == p->old_pending)
		return 0;
	count_mailbox(s, p->mailbox, p->shown - p->old_shown,
		is_unread(p->shown, p->flags) - is_unread(p->old_shown, p->old_flags), 0);
	return db_run(s, err, "UPDATE location SET flags = ?, shown = ?, pending = ? WHERE id = ?",
		"iiii", (int64_t)p->flags, (int64_t)p->shown, (int64_t)p->pending, p->id);
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

int rebase(struct store *s, int64_t message, struct err *err)
{
	g_autoptr(GArray) spots = g_array_new(FALSE, FALSE, sizeof(struct spot));
	int r = load_spots(s, message, spots, err);

	if (r == 0)
		r = play_wishes(s, message, spots, err);
	for (guint i = 0; r == 0 && i < spots->len; i++)
		r = write_spot(s, &g_array_index(spots, struct spot, i), err);
	if (r == 0)
		r = write_conversation(s, message, spots, err);
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
