/*
 * A message enters the store: its row with its conversation and its line in the
 * cache ledger, and its first place with the texts that lists sort by.
 */
#include <string.h>

#include "model/cache.h"
#include "model/flags.h"
#include "store/priv.h"

enum {
	SENDER_KEY = 24,       /* bytes of sort text kept */
	SUBJECT_KEY = 40,
	FUTURE_S = 86400,      /* a date further ahead than this counts as unknown (C-22) */
};

/* --- sort texts -------------------------------------------------------- */

/* Lower case, cut at a character; plain ASCII without an allocation. */
static void sort_text(const char *text, size_t max, char *out)
{
	size_t n = 0;

	while (*text == ' ' || *text == '"')
		text++;
	for (; text[n] && n < max && (unsigned char)text[n] < 0x80; n++)
		out[n] = g_ascii_tolower(text[n]);
	if (text[n] && n < max) {
		g_autofree char *lower = g_utf8_strdown(text, -1);

		n = MIN(strlen(lower), max);
		while (n > 0 && ((unsigned char)lower[n] & 0xC0) == 0x80)
			n--;
		memcpy(out, lower, n);
	}
	out[n] = '\0';
}

/* Past "Re: ", "Fwd: " and their cousins. */
static const char *bare_subject(const char *s)
{
	static const char *const marks[] = { "re:", "fwd:", "fw:", "aw:", "wg:", "sv:", "vs:" };

	for (size_t i = 0; i < G_N_ELEMENTS(marks); i++) {
		while (*s == ' ')
			s++;
		if (g_ascii_strncasecmp(s, marks[i], strlen(marks[i])) == 0) {
			s += strlen(marks[i]);
			i = (size_t)-1;
		}
	}
	return s;
}

/* --- rows -------------------------------------------------------------- */

/* The date that lists sort by: when the server received it, never a forged future (C-22). */
static int64_t list_date(const struct change *c, int64_t now)
{
	int64_t date = c->received_at > 0 ? c->received_at : c->sent_at;

	return date <= 0 || date > now + FUTURE_S ? now : date;
}

/* A line in the ledger without a score: the worker gets to it (store_cache_stale). */
static int enter_unscored(struct store *s, account_id a, int64_t message, struct err *err)
{
	return db_run(s, err,
		"INSERT INTO cache_object (message_id, account_id, layer, object_id, state)"
		" VALUES (?, ?, 'body', '', 'wanted')",
		"ii", message, a.v);
}

/*
 * Its line in the ledger, with the score that follows from what a fact tells
 * (L-27, L-28); signals come later.  What is old, or one of many, does not pay for
 * the indexes of the score while a long history comes in, the newest first.
 */
static int enter_ledger(struct store *s, account_id a, const struct change *c, int64_t now,
	int64_t date, unsigned how, int64_t message, struct err *err)
{
	bool parts = cache_in_parts((int64_t)c->size, c->has_attachment);
	const struct cache_facts f = { .age_days = (double)MAX(now - date, 0) / CACHE_DAY_S,
		.flagged = c->flags & FLAG_FLAGGED,
		.unread = !(c->flags & FLAG_SEEN),
		.inbox = how & ENTRY_INBOX,
		.search_rank = -1,
		.fetch_bytes = cache_fetch_bytes((int64_t)c->size, parts),
		.layer = CACHE_LAYER_BODY };
	struct cache_score score;

	if (f.age_days > CACHE_FIRST_DAYS || (how & ENTRY_MANY && now - date > CACHE_NEWS_S))
		return enter_unscored(s, a, message, err);
	score = cache_score(&f);
	return db_run(s, err,
		"INSERT INTO cache_object (message_id, account_id, layer, object_id, state,"
		" value_bytes, fetch_bytes, utility, priority, last_scored_at)"
		" VALUES (?, ?, 'body', '', 'wanted', ?, ?, ?, ?, ?)",
		"iiiiddi", message, a.v, cache_guess((int64_t)c->size, c->has_attachment),
		f.fetch_bytes, score.utility, score.priority, now);
}

int entry_message(struct store *s, account_id a, const struct change *c, int64_t now, unsigned how,
	int64_t *message, struct err *err)
{
	int64_t conversation, date = list_date(c, now);
	const struct newcomer newcomer = { .account = a,
		.rfc_id = c->message_id,
		.refs = c->references,
		.n_refs = c->n_references,
		.subject = bare_subject(or_empty(c->subject)),
		.date = date,
		.unread = !(c->flags & FLAG_SEEN) };
	int r = conversation_join(s, &newcomer, &conversation, err);

	if (r == 0)
		r = db_run(s, err,
			"INSERT INTO message (account_id, conversation_id, canonical, rfc_id, subject,"
			" from_name, from_addr, to_text, cc_text, sent_at, received_at, size,"
			" attachment, preview) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
			"iitttttttiiiit", a.v, conversation, c->canonical, c->message_id,
			or_empty(c->subject), or_empty(c->from_name), or_empty(c->from_addr),
			or_empty(c->to), or_empty(c->cc), c->sent_at, date, (int64_t)c->size,
			(int64_t)c->has_attachment, or_empty(c->preview));
	*message = sqlite3_last_insert_rowid(s->db);
	if (r == 0)
		r = enter_ledger(s, a, c, now, date, how, *message, err);
	return r;
}

int entry_location(struct store *s, mailbox_id m, const struct change *c, int64_t now,
	int64_t message, struct err *err)
{
	char sender[SENDER_KEY + 1], subject[SUBJECT_KEY + 1];
	const char *from = c->from_name && *c->from_name ? c->from_name : or_empty(c->from_addr);
	const char *keywords = c->keywords && *c->keywords ? c->keywords : NULL;
	int64_t date = list_date(c, now);

	sort_text(from, SENDER_KEY, sender);
	sort_text(bare_subject(or_empty(c->subject)), SUBJECT_KEY, subject);
	count_mailbox(s, m.v, 1, !(c->flags & FLAG_SEEN), c->uid != 0);
	return db_run(s, err,
		"INSERT INTO location (message_id, mailbox_id, uid, server_flags, keywords, flags,"
		" shown, date, age, size, sender, subject)"
		" VALUES (?, ?, nullif(?, 0), ?4, ?, ?4, 1, ?, ?, ?, ?, ?)",
		"iiiitiiitt", message, m.v, (int64_t)c->uid, (int64_t)c->flags, keywords, date, -date,
		(int64_t)c->size, sender, subject);
}

int entry_unread(struct store *s, int64_t message, struct err *err)
{
	return db_run(s, err,
		"UPDATE conversation SET unread = unread + 1 WHERE id ="
		" (SELECT conversation_id FROM message WHERE id = ?1) AND"
		" (SELECT count(*) FROM location WHERE message_id = ?1 AND shown = 1"
		"  AND (flags & 1) = 0) = 1",
		"i", message);
}
