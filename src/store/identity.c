/*
 * Which message is which, and which belong together.
 *
 * A conversation is the set of messages joined by Message-ID, In-Reply-To and
 * References (C-23).  The reference table says for every id that was seen or
 * mentioned where it belongs; a mail that joins two conversations merges the
 * younger into the older, which merged_into remembers, so that no row of the
 * reference table has to be rewritten.
 *
 * A message that lost its last location becomes an orphan: it is kept until
 * two complete passes have not found it again, because a move by another
 * program and a new UIDVALIDITY both look like a loss at first.  When the
 * target of a move is heard before its source, the loss comes second: then
 * the copy has been taken for a new message, and hands its places back.
 */
#include "store/ledger.h"

enum { MERGE_DEPTH_MAX = 64 };

/* Follows merged_into to the conversation that is alive. */
static int64_t resolve(struct store *s, int64_t id)
{
	int64_t next;

	for (int i = 0; i < MERGE_DEPTH_MAX; i++) {
		if (db_ask(s, NULL, &next,
			    "SELECT merged_into FROM conversation WHERE id = ?"
			    " AND merged_into IS NOT NULL",
			    "i", id) <= 0)
			break;
		id = next;
	}
	return id;
}

static int merge(struct store *s, int64_t into, int64_t from, struct err *err)
{
	int r = db_run(s, err,
		"UPDATE conversation SET messages = conversation.messages + f.messages,"
		" unread = conversation.unread + f.unread,"
		" latest_at = max(conversation.latest_at, f.latest_at)"
		" FROM (SELECT messages, unread, latest_at FROM conversation WHERE id = ?2) AS f"
		" WHERE conversation.id = ?1",
		"ii", into, from);

	if (r == 0)
		r = db_run(s, err,
			"UPDATE conversation SET merged_into = ?, messages = 0, unread = 0"
			" WHERE id = ?",
			"ii", into, from);
	if (r == 0)
		r = db_run(s, err, "UPDATE message SET conversation_id = ? WHERE conversation_id = ?",
			"ii", into, from);
	return r;
}

/* Where this id belongs; *id (0 = nowhere yet) becomes the older of both.  1 = it was known. */
static int join(struct store *s, account_id a, const char *rfc_id, int64_t *id, struct err *err)
{
	int64_t found;
	int r = db_ask(s, err, &found,
		"SELECT conversation_id FROM reference WHERE account_id = ? AND rfc_id = ?", "it",
		a.v, rfc_id);

	if (r <= 0)
		return r;
	found = resolve(s, found);
	if (*id == 0 || *id == found) {
		*id = found;
		return 1;
	}
	r = merge(s, MIN(*id, found), MAX(*id, found), err);
	*id = MIN(*id, found);
	return r < 0 ? r : 1;
}

static int note(struct store *s, account_id a, const char *rfc_id, int64_t id, struct err *err)
{
	return db_run(s, err,
		"INSERT INTO reference (account_id, rfc_id, conversation_id) VALUES (?, ?, ?)"
		" ON CONFLICT DO NOTHING",
		"iti", a.v, rfc_id, id);
}

/* A conversation that is new with this message, or one more message in it. */
static int count_in(struct store *s, const struct newcomer *m, int64_t *id, struct err *err)
{
	int r;

	if (*id != 0)
		return db_run(s, err,
			"UPDATE conversation SET messages = messages + 1, unread = unread + ?,"
			" latest_at = max(latest_at, ?) WHERE id = ?",
			"iii", (int64_t)m->unread, m->date, *id);
	r = db_run(s, err,
		"INSERT INTO conversation (account_id, subject, latest_at, messages, unread)"
		" VALUES (?, ?, ?, 1, ?)",
		"itii", m->account.v, m->subject, m->date, (int64_t)m->unread);
	*id = sqlite3_last_insert_rowid(s->db);
	return r;
}

int conversation_join(struct store *s, const struct newcomer *m, int64_t *out, struct err *err)
{
	bool known[CHANGE_REFERENCES_MAX] = { false }, known_self = true;
	size_t n = MIN(m->n_refs, CHANGE_REFERENCES_MAX);
	int64_t id = 0;
	int r = 0;

	if (m->rfc_id) {
		r = join(s, m->account, m->rfc_id, &id, err);
		known_self = r > 0;
	}
	for (size_t i = 0; r >= 0 && i < n; i++) {
		r = join(s, m->account, m->refs[i], &id, err);
		known[i] = r > 0;
	}
	if (r >= 0)
		r = count_in(s, m, &id, err);
	if (r == 0 && !known_self)
		r = note(s, m->account, m->rfc_id, id, err);
	for (size_t i = 0; r == 0 && i < n; i++)
		if (!known[i])
			r = note(s, m->account, m->refs[i], id, err);
	*out = id;
	return r;
}

int orphan_if_lost(struct store *s, int64_t message, struct err *err)
{
	return db_run(s, err,
		"UPDATE message SET orphan = 1 WHERE id = ?1 AND orphan = 0 AND NOT EXISTS"
		" (SELECT 1 FROM location WHERE message_id = ?1)",
		"i", message);
}

int orphan_found(struct store *s, int64_t message, const char *canonical, struct err *err)
{
	int r = db_run(s, err,
		"UPDATE message SET orphan = 0, canonical = ifnull(?, canonical) WHERE id = ?", "ti",
		canonical, message);

	return r < 0 ? r : ledger_changed(s, message, err);
}

void identity_settle(struct store *s)
{
	db_ask(s, NULL, &s->settled, "SELECT ifnull(max(id), 0) FROM message", "");
}

/* Only one that nobody has touched yet: no wish, no step of the history and no body hangs on it. */
static int find_newcomer(struct store *s, int64_t orphan, int64_t *out, struct err *err)
{
	return db_ask(s, err, out,
		"SELECT n.id FROM message m JOIN message n ON n.conversation_id = m.conversation_id"
		" WHERE m.id = ?1 AND m.orphan > 0 AND m.id <= ?2 AND n.id > ?2 AND n.orphan = 0"
		" AND n.account_id = m.account_id AND n.rfc_id = m.rfc_id AND n.size = m.size"
		" AND NOT EXISTS (SELECT 1 FROM body WHERE message_id = n.id)"
		" AND NOT EXISTS (SELECT 1 FROM mutation WHERE message_id = n.id"
		"  AND status IN ('queued', 'leased'))"
		" AND NOT EXISTS (SELECT 1 FROM undo_item WHERE message_id = n.id) LIMIT 1",
		"ii", orphan, s->settled);
}

int message_purge(struct store *s, int64_t message, struct err *err)
{
	int r = db_run(s, err,
		"UPDATE conversation SET messages = messages - 1 WHERE id ="
		" (SELECT conversation_id FROM message WHERE id = ?)",
		"i", message);

	return r < 0 ? r : db_run(s, err, "DELETE FROM message WHERE id = ?", "i", message);
}

/* The newcomer goes; its name, which is unique, and its places are the orphan's from now on. */
static int take_over(struct store *s, int64_t orphan, int64_t newcomer, struct err *err)
{
	sqlite3_stmt *q = db_stmt(s, "SELECT canonical FROM message WHERE id = ?");
	g_autofree char *name = NULL;
	int r;

	db_bind(q, "i", newcomer);
	r = db_step(s, q, err);
	if (r <= 0)
		return r;
	name = g_strdup((const char *)sqlite3_column_text(q, 0));
	sqlite3_reset(q);
	r = db_run(s, err, "UPDATE location SET message_id = ? WHERE message_id = ?", "ii", orphan,
		newcomer);
	if (r == 0)
		r = message_purge(s, newcomer, err);
	return r < 0 ? r : orphan_found(s, orphan, name, err);
}

int orphan_reunite(struct store *s, int64_t message, struct err *err)
{
	int64_t newcomer;
	int r = find_newcomer(s, message, &newcomer, err);

	if (r > 0)
		r = take_over(s, message, newcomer, err);
	return r < 0 ? r : rebase(s, message, err);
}
