/*
 * A message that only we have goes to a mailbox: a draft, what was sent, a file.
 *
 * Its raw bytes are on disk under their name before the transaction that makes
 * the wish commits, and stay until the server has them (ONLY_OURS).  The
 * message is shown in its mailbox as a place without uid, like the target of a
 * move; the row of the queue is about that place.
 *
 * An older version of a draft whose append has not left gives way at once.  One
 * that the server may have is deleted when the newer one is proven to be there:
 * its row waits for the append (after_id), and is void if that one fails.
 */
#include <errno.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/i18n.h"
#include "base/mem.h"
#include "model/flags.h"
#include "store/wish.h"

enum {
	APPEND_MAX = 256 << 20,  /* bytes of a message; far more than servers take */
	APPEND_PIECE = 64 << 10, /* bytes copied at a time */
};

/* --- the bytes --------------------------------------------------------- */

/* All of fd, from its beginning; how many bytes or -errno. */
static int64_t copy_bytes(int from, int to)
{
	g_autofree char *piece = g_malloc(APPEND_PIECE);
	int64_t at = 0;
	ssize_t n = 1;

	while (n > 0) {
		n = pread(from, piece, APPEND_PIECE, at);
		if (n < 0 && errno == EINTR) {
			n = 1;
			continue;
		}
		if (n < 0)
			return -errno;
		at += n;
		if (at > APPEND_MAX)
			return -EFBIG;
		if (n > 0 && fd_write_all(to, piece, (size_t)n) < 0)
			return -errno;
	}
	return fsync(to) ? -errno : at;
}

static int keep_bytes(const struct store *s, int from, char **tmp, uint64_t *size, struct err *err)
{
	AUTO(fd_close) int fd = -1;
	int64_t n;
	int r = body_tmp(s, tmp, &fd, err);

	if (r < 0)
		return r;
	n = copy_bytes(from, fd);
	if (n == -EFBIG)
		return err_set(err, ERR_LIMIT, _("A message of more than %d MiB cannot be kept."),
			APPEND_MAX >> 20);
	if (n < 0)
		return err_set(err, ERR_STORAGE, _("The message cannot be stored in %s: %s."), s->dir,
			g_strerror((int)-n));
	*size = (uint64_t)n;
	return 0;
}

/* --- the older version ------------------------------------------------- */

/* Its append has not left: 1 = it is taken back (*gave_way), and what waited for it waits for the
 * new row. */
static int drop_unsent(struct store *s, int64_t old, int64_t row, int64_t *gave_way,
	struct err *err)
{
	sqlite3_stmt *q = db_stmt(s, "SELECT id, target_location_id FROM mutation WHERE message_id = ?"
				  " AND status IN ('queued', 'leased') AND verb = 'append'"
				  " AND status = 'queued' AND uncertain = 0");
	int64_t waiting, location;
	int r;

	if (!q)
		return db_fail(s, err);
	db_bind(q, "i", old);
	r = db_step(s, q, err);
	if (r <= 0)
		return r;
	waiting = sqlite3_column_int64(q, 0);
	location = sqlite3_column_int64(q, 1);
	sqlite3_reset(q);
	*gave_way = waiting;
	r = db_run(s, err, "UPDATE mutation SET after_id = ? WHERE after_id > 0 AND after_id = ?", "ii",
		row, waiting);
	if (r == 0)
		r = wish_withdraw(s, waiting, err);
	if (r == 0)
		r = queue_conflict(s, location, _("A newer version took the place of this draft."),
			err);
	if (r == 0)
		r = location_delete(s, location, err);
	return r < 0 ? r : 1;
}

static int shown_places(struct store *s, int64_t message, GArray *places, struct err *err)
{
	sqlite3_stmt *q = db_stmt(s, "SELECT id FROM location WHERE message_id = ? AND shown = 1");
	int r;

	if (!q)
		return db_fail(s, err);
	db_bind(q, "i", message);
	while ((r = db_step(s, q, err)) > 0) {
		int64_t id = sqlite3_column_int64(q, 0);

		g_array_append_val(places, id);
	}
	return r;
}

/* Deleted for ever, but not before the new one is there. */
static int delete_later(struct store *s, int64_t location, const struct wish *append, int64_t row,
	struct err *err)
{
	const struct want w = { .verb = MUTATION_EXPUNGE };
	AUTO(wish_clear) struct wish wish = { .verb = MUTATION_EXPUNGE,
		.add_keywords = g_strdup(""),
		.remove_keywords = g_strdup(""),
		.step = append->step };
	AUTO(place_clear) struct place p = { 0 };
	int64_t target;
	int r = place_load(s, location, false, &p, err);

	if (r <= 0)
		return r;
	r = wish_allowed(s, &w, p.mailbox, &target, err);
	if (r == ERR_REFUSED) /* then both versions are kept */
		return 0;
	if (r == 0)
		r = wish_queue(s, &p, &wish, err);
	if (r > 0)
		r = db_run(s, err,
			"UPDATE mutation SET after_id = ? WHERE message_id = ? AND verb = 'expunge'"
			" AND status IN ('queued', 'leased') AND step_id = ?",
			"iii", row, p.message, append->step);
	if (r == 0)
		r = rebase(s, p.message, err);
	wish_news(s, &p, &wish);
	return r;
}

static int replace(struct store *s, struct wish *append, int64_t row, struct err *err)
{
	g_autoptr(GArray) places = g_array_new(FALSE, FALSE, sizeof(int64_t));
	int64_t old = append->replaces;
	int r = old ? drop_unsent(s, old, row, &append->gave_way, err) : 1;

	if (r != 0)
		return MIN(r, 0);
	r = shown_places(s, old, places, err);
	for (guint i = 0; r == 0 && i < places->len; i++)
		r = delete_later(s, g_array_index(places, int64_t, i), append, row, err);
	return r;
}

/* --- the wish ---------------------------------------------------------- */

static struct wish append_wish(const struct change *c, int64_t target, int64_t step)
{
	return (struct wish){ .verb = MUTATION_APPEND,
		.add = c->flags,
		.add_keywords = g_strdup(c->keywords),
		.remove_keywords = g_strdup(""),
		.target = target,
		.step = step };
}

/* The message is shown in the target and waits to be there; w->replaces gives way to it. */
static int queue_append(struct store *s, const struct change *c, int64_t message, struct wish *w,
	struct err *err)
{
	AUTO(place_clear) struct place p = { 0 };
	int r = entry_location(s, (mailbox_id){ w->target }, c, clock_unix(), message, err);

	if (r == 0)
		r = place_load(s, sqlite3_last_insert_rowid(s->db), true, &p, err);
	w->place = p.id;
	if (r > 0)
		r = wish_insert(s, &p, w, p.id, err);
	if (r == 0)
		r = replace(s, w, sqlite3_last_insert_rowid(s->db), err);
	if (r == 0)
		r = rebase(s, message, err);
	wish_news(s, &p, w);
	return r;
}

/* A step of the history, with its one item. */
static int first_append(struct store *s, const struct change *c, int64_t message, struct wish *w,
	struct err *err)
{
	const struct place p = { .message = message, .mailbox = w->target };
	int r = queue_append(s, c, message, w, err);

	return r < 0 ? r : step_item(s, &p, w, err);
}

/* In a transaction. */
static int append(struct store *s, mailbox_id target, const struct change *c, const char *tmp,
	int64_t replaces, int64_t *message, struct err *err)
{
	const struct want w = { .verb = MUTATION_APPEND, .target = target, .add = c->flags,
		.add_keywords = c->keywords, .remove_keywords = "" };
	AUTO(wish_clear) struct wish wish = append_wish(c, target.v, 0);
	account_id a = { 0 };
	int64_t goal;
	int r = wish_allowed(s, &w, target.v, &goal, err);

	wish.replaces = replaces;
	if (r == 0)
		r = MIN(db_ask(s, err, &a.v, "SELECT account_id FROM mailbox WHERE id = ?", "i",
				target.v), 0);
	if (r == 0)
		r = step_begin(s, &w, &wish.step, err);
	if (r == 0)
		r = entry_message(s, a, c, clock_unix(), 0, message, err);
	if (r == 0)
		r = body_adopt(s, *message, tmp, (int64_t)c->size, err);
	if (r == 0)
		r = first_append(s, c, *message, &wish, err);
	return r < 0 ? r : history_describe(s, wish.step, 0, err);
}

/* The transaction; what was kept of a wish that failed goes. */
static int commit_append(struct store *s, mailbox_id target, const struct change *c, const char *tmp,
	int64_t replaces, int64_t *message, struct err *err)
{
	int r = wish_begin(s, err);

	if (r == 0)
		r = tx_end(s, append(s, target, c, tmp, replaces, message, err), err);
	if (r < 0)
		unlink(tmp); /* its other name is written over by the next message of that id */
	return r;
}

int store_append(struct store *s, mailbox_id target, const struct change *facts, int fd,
	message_id replaces, message_id *out, struct err *err)
{
	g_autofree char *keywords = flags_keywords_normalize(facts->keywords ? facts->keywords : "");
	g_autofree char *tmp = NULL;
	struct change c = *facts;
	message_id message = { 0 };
	int r;

	if (!facts->message_id || !*facts->message_id)
		return err_set(err, ERR_USAGE,
			_("The message has no Message-ID, by which it could be found again: add one."));
	c.uid = 0;
	c.canonical = NULL;
	c.keywords = keywords;
	r = keep_bytes(s, fd, &tmp, &c.size, err);
	if (r < 0 && tmp)
		unlink(tmp);
	if (r == 0)
		r = commit_append(s, target, &c, tmp, replaces.v, &message.v, err);
	if (r < 0)
		return r;
	if (out)
		*out = message;
	return 0;
}

/* --- once more --------------------------------------------------------- */

/* The facts of a message that the store knows; the strings are the statement's. */
static int load_facts(struct store *s, int64_t message, sqlite3_stmt **out, struct change *c,
	struct err *err)
{
	sqlite3_stmt *q = db_stmt(s, "SELECT subject, from_name, from_addr, received_at, size FROM message"
				  " WHERE id = ?1 AND EXISTS (SELECT 1 FROM body WHERE message_id = ?1)");
	int r;

	if (!q)
		return db_fail(s, err);
	db_bind(q, "i", message);
	r = db_step(s, q, err);
	*out = q;
	if (r <= 0)
		return r;
	c->subject = db_column(q, 0);
	c->from_name = db_column(q, 1);
	c->from_addr = db_column(q, 2);
	c->received_at = sqlite3_column_int64(q, 3);
	c->size = (uint64_t)sqlite3_column_int64(q, 4);
	return 1;
}

/* Where the step that made it says where that put it, and which older version it replaces. */
static int append_again(struct store *s, const struct change *c, int64_t message, struct wish *w,
	struct err *err)
{
	int64_t was = 0;
	int r = db_ask(s, err, &w->replaces,
		"SELECT replaces FROM undo_item WHERE message_id = ? AND replaces > 0 LIMIT 1", "i",
		message);

	if (r >= 0)
		r = db_ask(s, err, &was,
			"SELECT target_place FROM undo_item WHERE message_id = ? AND place = 0"
			" AND target_place > 0 LIMIT 1",
			"i", message);
	if (r >= 0)
		r = orphan_found(s, message, NULL, err);
	if (r == 0)
		r = queue_append(s, c, message, w, err);
	if (r == 0)
		r = history_place(s, message, was, w->place, err);
	if (r == 0 && w->gave_way)
		r = db_run(s, err,
			"UPDATE undo_item SET gave_way = ? WHERE message_id = ? AND replaces > 0", "ii",
			w->gave_way, message);
	return r;
}

int wish_append_again(struct store *s, int64_t message, int64_t target, int64_t step, unsigned flags,
	const char *keywords, struct err *err)
{
	const struct want w = { .verb = MUTATION_APPEND, .target = { target } };
	struct change c = { .kind = CHANGE_MESSAGE, .flags = flags, .keywords = keywords };
	AUTO(wish_clear) struct wish wish = { 0 };
	sqlite3_stmt *q = NULL;
	int64_t goal;
	int r = wish_allowed(s, &w, target, &goal, err);

	if (r == 0)
		r = load_facts(s, message, &q, &c, err);
	if (r <= 0)
		return r;
	wish = append_wish(&c, target, step);
	r = append_again(s, &c, message, &wish, err);
	sqlite3_reset(q);
	if (r == 0 && !(c.flags & FLAG_SEEN))
		r = entry_unread(s, message, err);
	return r < 0 ? r : 1;
}
