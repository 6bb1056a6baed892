/*
 * Is the store sound?  SQLite's own check, then the invariants of doc/STORE
 * that no constraint can hold: kept counters and the picture that lists show.
 */
#include "base/i18n.h"
#include "model/flags.h"
#include "store/priv.h"

static const struct invariant {
	const char *name, *sql; /* the statement counts the rows that break it */
} invariants[] = {
	{ "mailbox.total",
		"SELECT count(*) FROM mailbox b WHERE b.total <>"
		" (SELECT count(*) FROM location l WHERE l.mailbox_id = b.id AND l.shown = 1)" },
	{ "mailbox.unread",
		"SELECT count(*) FROM mailbox b WHERE b.unread <> (SELECT count(*) FROM location l"
		" WHERE l.mailbox_id = b.id AND l.shown = 1 AND (l.flags & 1) = 0)" },
	{ "mailbox.known",
		"SELECT count(*) FROM mailbox b WHERE b.known <> (SELECT count(*) FROM location l"
		" WHERE l.mailbox_id = b.id AND l.uid IS NOT NULL)" },
	{ "conversation.messages",
		"SELECT count(*) FROM conversation c WHERE c.messages <>"
		" (SELECT count(*) FROM message m WHERE m.conversation_id = c.id)" },
	{ "conversation.unread",
		"SELECT count(*) FROM conversation c WHERE c.unread <> (SELECT count(*) FROM message m"
		" WHERE m.conversation_id = c.id AND EXISTS (SELECT 1 FROM location l"
		" WHERE l.message_id = m.id AND l.shown = 1 AND (l.flags & 1) = 0))" },
	{ "cache_object.body",
		"SELECT count(*) FROM message m WHERE NOT EXISTS (SELECT 1 FROM cache_object c"
		" WHERE c.message_id = m.id AND c.layer = 'body' AND c.object_id = '')" },
	{ "cache_object.state",
		"SELECT count(*) FROM cache_object c WHERE c.layer = 'body' AND (c.state = 'cached')"
		" <> EXISTS (SELECT 1 FROM body b WHERE b.message_id = c.message_id)" },
	{ "cache_object.stored_bytes",
		"SELECT count(*) FROM cache_object c LEFT JOIN body b ON b.message_id = c.message_id"
		" WHERE c.layer = 'body' AND c.stored_bytes <> ifnull(b.stored_bytes, 0)" },
	{ "cache_object.owner",
		"SELECT count(*) FROM cache_object WHERE (state = 'fetching') <> (owner IS NOT NULL)" },
	{ "cache_total.bytes",
		"SELECT count(*) FROM cache_total WHERE bytes <>"
		" (SELECT ifnull(sum(stored_bytes), 0) FROM body)" },
	{ "body.pack",
		"SELECT count(*) FROM body b LEFT JOIN body_pack p ON p.id = b.pack"
		" WHERE b.pack > 0 AND (p.id IS NULL OR b.at < 0 OR b.at + b.stored_bytes > p.bytes)" },
	{ "mailbox.backfilled_at", /* 4: MAILBOX_COMPLETE */
		"SELECT count(*) FROM mailbox WHERE (state = 4) <> (backfilled_at > 0)" },
	{ "job.account_id",
		"SELECT count(*) FROM job j WHERE j.account_id <> 0 AND NOT EXISTS"
		" (SELECT 1 FROM account a WHERE a.id = j.account_id)" },
	{ "location.flags",
		"SELECT count(*) FROM location l WHERE l.pending = 0 AND l.flags <> l.server_flags"
		" AND l.uid IS NOT NULL" },
	{ "location.shown_keywords",
		"SELECT count(*) FROM location l WHERE l.pending = 0 AND l.shown_keywords IS NOT NULL"
		" AND l.uid IS NOT NULL" },
	{ "location.shown",
		"SELECT count(*) FROM location l WHERE l.pending = 0 AND l.shown <> (l.removed = 0)" },
	{ "location.removed", /* 8: FLAG_DELETED */
		"SELECT count(*) FROM location l WHERE l.removed = 1 AND (l.server_flags & 8) = 0" },
	{ "mutation.source_location_id",
		"SELECT count(*) FROM mutation q WHERE q.status IN ('queued', 'leased') AND NOT EXISTS"
		" (SELECT 1 FROM location l WHERE l.id = q.source_location_id"
		"  AND l.message_id = q.message_id)" },
	{ "location.pending",
		"SELECT count(*) FROM location l WHERE l.pending <> EXISTS (SELECT 1 FROM mutation q"
		" WHERE q.message_id = l.message_id AND q.status IN ('queued', 'leased')"
		" AND (q.source_location_id = l.id OR q.target_location_id = l.id))" },
	{ "mutation.after_id",
		"SELECT count(*) FROM mutation q WHERE q.after_id > 0 AND q.status = 'queued'"
		" AND NOT EXISTS (SELECT 1 FROM mutation a WHERE a.id = q.after_id"
		"  AND a.status IN ('queued', 'leased'))" },
	{ "bulk.ids",
		"SELECT count(*) FROM bulk WHERE ids IS NOT NULL AND (length(ids) <> 8 * total"
		" OR done > total)" },
	{ "message.orphan",
		"SELECT count(*) FROM message m WHERE (m.orphan = 0) <>"
		" EXISTS (SELECT 1 FROM location l WHERE l.message_id = m.id)" },
};

G_STATIC_ASSERT(MAILBOX_COMPLETE == 4);
G_STATIC_ASSERT(FLAG_DELETED == 8);

int check_pages(struct store *s, struct err *err)
{
	sqlite3_stmt *q = db_stmt(s, "PRAGMA quick_check(1)");
	int r = db_step(s, q, err);

	if (r > 0 && !g_str_equal(db_column(q, 0), "ok"))
		r = err_set(err, ERR_STORAGE, _("The store in %s is damaged (%s). Keep a copy of that folder and remove tern.db: "
			  "the mail comes back from the server, changes that had not left do not."),
			s->dir, db_column(q, 0));
	if (q)
		sqlite3_reset(q);
	return r < 0 ? r : 0;
}

int store_check(struct store *s, struct err *err)
{
	int r = check_pages(s, err);

	for (size_t i = 0; r >= 0 && i < G_N_ELEMENTS(invariants); i++) {
		int64_t n = 0;

		r = db_ask(s, err, &n, invariants[i].sql, "");
		if (r >= 0 && n > 0)
			r = err_set(err, ERR_STORAGE,
				_("The store in %s does not add up: %s is wrong in %d rows."), s->dir,
				invariants[i].name, (int)n);
	}
	return r < 0 ? r : 0;
}
