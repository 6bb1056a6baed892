/*
 * Messages with wishes, found again after their numbers became void.
 *
 * A new UIDVALIDITY voids the numbers of a mailbox, not what the reader wants
 * of its messages.  A place that a wish is about stays, without a number and
 * `lost`; what arrives in the same mailbox and is the same by its lasting id,
 * or by Message-ID and size, gives it a number again.  Exactly one message has
 * to fit: two places that look alike, or two arrivals, end the wishes as
 * conflicts, and nothing leaves before the whole mailbox was heard.  What
 * complete passes do not find is dropped like an awaited copy (pass.c).
 */
#include "base/i18n.h"
#include "store/priv.h"

enum { TWINS_MAX = 16 }; /* places that look alike and are looked at; more are as bad as two */

struct twins {
	int n;
	int64_t location[TWINS_MAX], message[TWINS_MAX];
	bool found[TWINS_MAX]; /* it has a number again */
};

/* --- the numbers become void -------------------------------------------- */

/* Another place of the mailbox whose message looks the same; 0 rows: none. */
static int find_twin(struct store *s, int64_t location, int64_t *twin, struct err *err)
{
	int r = db_ask(s, err, twin,
		"SELECT o.id FROM location l JOIN message m ON m.id = l.message_id"
		" JOIN location o ON o.mailbox_id = l.mailbox_id AND o.size = l.size"
		" AND o.shown = 1 AND o.id <> l.id JOIN message n ON n.id = o.message_id"
		" AND n.rfc_id = m.rfc_id WHERE l.id = ? LIMIT 1",
		"i", location);

	return r != 0 ? r
		      : db_ask(s, err, twin,
				"SELECT o.id FROM location l JOIN message m ON m.id = l.message_id"
				" JOIN location o ON o.mailbox_id = l.mailbox_id AND o.size = l.size"
				" AND o.lost > 0 AND o.id <> l.id JOIN message n"
				" ON n.id = o.message_id AND n.rfc_id = m.rfc_id"
				" WHERE l.id = ? LIMIT 1",
				"i", location);
}

static const char *alike_words(void)
{
	return _("The mailbox was made anew at the server, and two messages in it look the same: "
		 "it cannot be told which one was meant.");
}

/* It loses its number and stays: awaited, if a wish brings the message here, else lost. */
static int keep_place(struct store *s, int64_t location, bool awaited, struct err *err)
{
	int r = db_run(s, err,
		"UPDATE location SET uid = NULL, modseq = 0, passes = 0, lost = ? WHERE id = ?", "ii",
		(int64_t)!awaited, location);
	int64_t mailbox = 0;

	if (r == 0)
		r = db_ask(s, err, &mailbox, "SELECT mailbox_id FROM location WHERE id = ?", "i",
			location);
	if (r > 0)
		count_mailbox(s, mailbox, 0, 0, -1);
	return MIN(r, 0);
}

static int is_target(struct store *s, int64_t location, int64_t message, struct err *err)
{
	int64_t one;

	return db_ask(s, err, &one,
		"SELECT 1 FROM mutation WHERE target_location_id = ? AND message_id = ?"
		" AND status IN ('queued', 'leased') AND verb <> 'append' LIMIT 1",
		"ii", location, message);
}

/* A wish is about it, a large step may be, or we removed it ourselves. */
static int is_wanted(struct store *s, int64_t location, int64_t message, struct err *err)
{
	int64_t one;

	return db_ask(s, err, &one,
		"SELECT 1 FROM location l JOIN mailbox b ON b.id = l.mailbox_id WHERE l.id = ?1"
		" AND (l.removed = 1 OR EXISTS (SELECT 1 FROM mutation WHERE message_id = ?2"
		"   AND source_location_id = ?1 AND status IN ('queued', 'leased'))"
		"  OR EXISTS (SELECT 1 FROM bulk WHERE account_id = b.account_id))",
		"ii", location, message);
}

int refind_void(struct store *s, int64_t location, int64_t message, struct err *err)
{
	int r = is_target(s, location, message, err);
	bool awaited = r > 0;
	int64_t twin;

	if (r == 0)
		r = is_wanted(s, location, message, err);
	if (r <= 0)
		return r;
	if (!awaited && find_twin(s, location, &twin, err) > 0) {
		r = queue_conflict(s, location, alike_words(), err);
		if (r == 0)
			r = queue_conflict(s, twin, alike_words(), err);
		return r;
	}
	r = keep_place(s, location, awaited, err);
	if (r == 0)
		r = rebase(s, message, err);
	return r < 0 ? r : 1;
}

/* --- arrivals ------------------------------------------------------------ */

/* By the provider's lasting id: there is no doubt. */
static int by_canonical(struct store *s, mailbox_id m, const struct change *c, int64_t *location,
	struct err *err)
{
	return db_ask(s, err, location,
		"SELECT l.id FROM mailbox b JOIN message m ON m.account_id = b.account_id"
		" AND m.canonical = ?2 JOIN location l ON l.message_id = m.id AND l.mailbox_id = b.id"
		" AND l.lost = 1 WHERE b.id = ?1 LIMIT 1",
		"it", m.v, c->canonical);
}

static int by_fingerprint(struct store *s, mailbox_id m, const struct change *c, struct twins *t,
	struct err *err)
{
	sqlite3_stmt *q = db_stmt(s, "SELECT l.id, l.message_id, l.lost = 2 FROM location l"
				     " JOIN message m ON m.id = l.message_id WHERE l.mailbox_id = ?"
				     " AND l.size = ? AND l.lost > 0 AND m.rfc_id = ? LIMIT ?");
	int r;

	db_bind(q, "iiti", m.v, (int64_t)c->size, c->message_id, (int64_t)TWINS_MAX);
	while ((r = db_step(s, q, err)) > 0) {
		t->location[t->n] = sqlite3_column_int64(q, 0);
		t->message[t->n] = sqlite3_column_int64(q, 1);
		t->found[t->n] = sqlite3_column_int(q, 2) != 0;
		t->n++;
	}
	return r;
}

/* More than one fits: the wishes end, what has no number yet is a message without a place. */
static int end_twins(struct store *s, const struct twins *t, struct err *err)
{
	int r = 0;

	for (int i = 0; r == 0 && i < t->n; i++) {
		r = queue_conflict(s, t->location[i], alike_words(), err);
		if (r == 0)
			r = t->found[i] ? db_run(s, err, "UPDATE location SET lost = 0 WHERE id = ?",
						  "i", t->location[i])
					: location_delete(s, t->location[i], err);
		if (r == 0)
			r = rebase(s, t->message[i], err);
	}
	return r;
}

static int give_number(struct store *s, mailbox_id m, const struct change *c, int64_t location,
	bool sure, struct err *err)
{
	int r = db_run(s, err,
		"UPDATE location SET uid = ?, server_flags = ?, keywords = nullif(?, ''), passes = 0,"
		" lost = ? WHERE id = ?",
		"iitii", (int64_t)c->uid, (int64_t)c->flags, c->keywords, sure ? (int64_t)0 : 2,
		location);

	count_mailbox(s, m.v, 0, 0, 1);
	return r;
}

int refind_arrival(struct store *s, mailbox_id m, const struct change *c, int64_t *message,
	struct err *err)
{
	struct twins t = { 0 };
	int64_t location = 0;
	int r = c->canonical ? by_canonical(s, m, c, &location, err) : 0;
	bool sure = r > 0;

	if (r == 0 && c->message_id) {
		r = by_fingerprint(s, m, c, &t, err);
		if (r < 0 || t.n == 0)
			return r;
		if (t.n > 1 || t.found[0])
			return end_twins(s, &t, err);
		location = t.location[0];
		r = 1;
	}
	if (r <= 0)
		return r;
	r = give_number(s, m, c, location, sure, err);
	if (r == 0)
		r = db_ask(s, err, message, "SELECT message_id FROM location WHERE id = ?", "i",
			location);
	if (r > 0)
		r = rebase(s, *message, err);
	return r < 0 ? r : 1;
}

/* --- the whole mailbox was heard ------------------------------------------ */

int refind_confirm(struct store *s, mailbox_id m, struct err *err)
{
	int r = db_run(s, err, "UPDATE location SET lost = 0 WHERE mailbox_id = ? AND lost > 0"
			       " AND lost = 2", "i", m.v);

	return r < 0 ? r : queue_renumber(s, m.v, err);
}

int refind_confirm_all(struct store *s, account_id a, struct err *err)
{
	g_autoptr(GArray) boxes = g_array_new(FALSE, FALSE, sizeof(int64_t));
	sqlite3_stmt *q = db_stmt(s, "SELECT id FROM mailbox b WHERE account_id = ? AND EXISTS"
				     " (SELECT 1 FROM location l WHERE l.mailbox_id = b.id"
				     "  AND l.lost > 0 AND l.lost = 2)");
	int r;

	db_bind(q, "i", a.v);
	while ((r = db_step(s, q, err)) > 0) {
		int64_t id = sqlite3_column_int64(q, 0);

		g_array_append_val(boxes, id);
	}
	for (guint i = 0; r == 0 && i < boxes->len; i++)
		r = refind_confirm(s, (mailbox_id){ g_array_index(boxes, int64_t, i) }, err);
	return r;
}
