#include "provider/imap/status.h"

#include "provider/imap/list.h"

enum { OBJECT_ID_MAX = 255 }; /* bytes (RFC 8474) */

static uint32_t narrow(uint64_t n)
{
	return (uint32_t)MIN(n, UINT32_MAX);
}

static void item(struct slice word, uint64_t n, struct box_status *out)
{
	if (slice_is(word, "UIDVALIDITY"))
		out->uidvalidity = narrow(n);
	else if (slice_is(word, "UIDNEXT"))
		out->uidnext = narrow(n);
	else if (slice_is(word, "MESSAGES"))
		out->messages = n;
	else if (slice_is(word, "UNSEEN"))
		out->unseen = n;
	else if (slice_is(word, "HIGHESTMODSEQ"))
		out->modseq = n;
}

/* "(F2212ea87-6097-4256-9d51-71338625)"; one that is none (RFC 8474, section 4) is passed over. */
static bool read_id(struct scan *s, struct slice *id)
{
	struct scan at = *s;
	const char *p;

	if (!scan_char(&at, '('))
		return false;
	for (p = at.p; p < at.end && (g_ascii_isalnum(*p) || *p == '-' || *p == '_'); p++)
		;
	if (p == at.p || p == at.end || *p != ')' || p - at.p > OBJECT_ID_MAX)
		return false;
	*id = (struct slice){ .p = at.p, .n = (size_t)(p - at.p) };
	s->p = p + 1;
	return true;
}

bool status_read(
	const struct response *r, struct slice *name, struct box_status *out, struct slice *id)
{
	struct scan s = r->rest;
	struct slice word;

	*out = (struct box_status){ 0 };
	*id = (struct slice){ 0 };
	if (!slice_is(r->word, "STATUS") || !scan_string(&s, name) || !name->p)
		return false;
	scan_blanks(&s);
	if (!scan_char(&s, '('))
		return false;
	while (scan_blanks(&s), scan_atom(&s, &word)) {
		uint64_t n;

		scan_blanks(&s);
		if (slice_is(word, "MAILBOXID") && read_id(&s, id))
			continue;
		if (scan_number(&s, &n))
			item(word, n, out);
		else if (!scan_skip(&s))
			break;
	}
	return true;
}

/* In the lists of Cyrus 3.6 MAILBOXID is whatever stands in memory, now and then a letter or two. */
const char *status_items(const struct plan *p)
{
	static const char *const items[] = {
		"(MESSAGES UIDNEXT UIDVALIDITY UNSEEN)",
		"(MESSAGES UIDNEXT UIDVALIDITY UNSEEN HIGHESTMODSEQ)",
		"(MESSAGES UIDNEXT UIDVALIDITY UNSEEN MAILBOXID)",
		"(MESSAGES UIDNEXT UIDVALIDITY UNSEEN HIGHESTMODSEQ MAILBOXID)",
	};

	return items[(p->condstore ? 1 : 0) + (p->objectid && !p->sieve_mailbox ? 2 : 0)];
}

const struct box_status *imap_status(const struct imap *i, const char *path)
{
	return i->status ? g_hash_table_lookup(i->status, path) : NULL;
}

void imap_status_forget(struct imap *i, const char *path)
{
	boxes_free(&i->early); /* it was asked before whatever happened now */
	if (path && i->status)
		g_hash_table_remove(i->status, path);
	else
		g_clear_pointer(&i->status, g_hash_table_unref);
}
