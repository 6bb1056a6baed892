/* Whom the reader knows: domains of those he wrote to, and of those who write often. */
#include <string.h>

#include "store/priv.h"

enum {
	SENT_ROWS = 500,    /* newest messages of the mailbox for sent mail that are looked at */
	INBOX_ROWS = 1000,  /* ... and of the inbox */
	OFTEN = 5,          /* messages of a domain there that make it known */
};

/* The domain that begins at s, lower case, "" if it is none. */
static char *domain_at(const char *s)
{
	size_t n = strspn(s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-.");

	return g_ascii_strdown(s, (gssize)n);
}

/* Counts every domain behind an '@'. */
static void count_domains(GHashTable *seen, const char *text, int by)
{
	for (const char *at = strchr(text, '@'); at; at = strchr(at + 1, '@')) {
		char *domain = domain_at(at + 1);
		int had = GPOINTER_TO_INT(g_hash_table_lookup(seen, domain));

		if (strchr(domain, '.'))
			g_hash_table_replace(seen, domain, GINT_TO_POINTER(had + by));
		else
			g_free(domain);
	}
}

static int count_rows(struct store *s, mailbox_id m, const char *sql, int rows, int by,
	GHashTable *seen, struct err *err)
{
	sqlite3_stmt *q = db_stmt(s, sql);
	int r;

	db_bind(q, "ii", m.v, (int64_t)rows);
	while ((r = db_step(s, q, err)) > 0)
		count_domains(seen, db_column(q, 0), by);
	return r;
}

int store_known_domains(struct store *s, account_id a, GPtrArray *out, size_t max, struct err *err)
{
	mailbox_id sent = store_mailbox_with_role(s, a, ROLE_SENT);
	mailbox_id inbox = store_mailbox_with_role(s, a, ROLE_INBOX);
	g_autoptr(GHashTable) seen = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	GHashTableIter i;
	gpointer domain, count;

	if (sent.v && count_rows(s, sent,
			      "SELECT m.to_text FROM location l CROSS JOIN message m ON m.id = l.message_id"
			      " WHERE l.mailbox_id = ? AND l.shown = 1 ORDER BY l.date DESC LIMIT ?",
			      SENT_ROWS, OFTEN, seen, err) < 0)
		return err->code;
	if (inbox.v && count_rows(s, inbox,
			       "SELECT m.from_addr FROM location l CROSS JOIN message m ON m.id = l.message_id"
			       " WHERE l.mailbox_id = ? AND l.shown = 1 ORDER BY l.date DESC LIMIT ?",
			       INBOX_ROWS, 1, seen, err) < 0)
		return err->code;
	g_hash_table_iter_init(&i, seen);
	while (out->len < max && g_hash_table_iter_next(&i, &domain, &count))
		if (GPOINTER_TO_INT(count) >= OFTEN)
			g_ptr_array_add(out, g_strdup(domain));
	return 0;
}
