#include "provider/imap/row.h"

#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/file.h"
#include "base/mem.h"
#include "base/text.h"
#include "mime/summary.h"
#include "mime/text.h"
#include "model/flags.h"

struct row {
	struct change change;
	size_t used;
	char arena[ROW_ARENA];
	char scratch[ROW_HEADER_MAX];
	size_t ids, skip; /* message ids seen, and how many behind the first are left out */
	const char *references[CHANGE_REFERENCES_MAX];
	/* the last flag list with keywords: most messages of a mailbox have the same */
	char raw[ROW_KEYWORDS_RAW];
	size_t raw_len;
	char *keywords;
};

struct row *row_new(void)
{
	return g_new0(struct row, 1);
}

void row_free(struct row **r)
{
	if (*r)
		g_free((*r)->keywords);
	g_clear_pointer(r, g_free);
}

/* --- the arena ------------------------------------------------------------------ */

/* A copy of s[0..n), cut at max; NULL when the arena is full. */
static char *keep(struct row *r, const char *s, size_t n, size_t max)
{
	char *p = r->arena + r->used;

	n = MIN(n, max);
	if (r->used + n + 1 > sizeof r->arena)
		return NULL;
	memcpy(p, s, n);
	p[n] = '\0';
	r->used += n + 1;
	return p;
}

/* Nothing to decode: printable ASCII without an encoded word. */
static bool is_plain(const char *s, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if ((unsigned char)s[i] < ' ' || (unsigned char)s[i] > '~' ||
			(s[i] == '=' && i + 1 < n && s[i + 1] == '?'))
			return false;
	return true;
}

static const char *text(struct row *r, struct slice s, size_t max)
{
	g_autofree char *decoded = NULL;
	const char *raw = s.p;
	size_t n;

	if (!s.p)
		return NULL;
	s.n = MIN(s.n, sizeof r->scratch);
	n = s.n;
	if (s.escaped) {
		n = slice_copy(s, r->scratch);
		raw = r->scratch;
	}
	if (is_plain(raw, n))
		return keep(r, raw, n, max);
	decoded = mime_decode_text(raw, n, max);
	return keep(r, decoded, strlen(decoded), max);
}

/* --- addresses ------------------------------------------------------------------ */

static const char *mail_address(struct row *r, const struct address *a)
{
	const char *mailbox = text(r, a->mailbox, CHANGE_NAME_MAX);
	const char *host = text(r, a->host, CHANGE_NAME_MAX);
	char both[2 * CHANGE_NAME_MAX + 2];

	if (!mailbox || !*mailbox)
		return NULL;
	if (!host || !*host || *host == '.') /* ".MISSING-HOST-NAME." */
		return mailbox;
	g_snprintf(both, sizeof both, "%s@%s", mailbox, host);
	return keep(r, both, strlen(both), sizeof both);
}

/* "Name <addr>, addr"; marks of groups (no host, RFC 3501 "group syntax") are left out. */
static const char *address_list(struct row *r, struct slice list)
{
	struct scan s = { list.p, list.p ? list.p + list.n : NULL };
	char out[CHANGE_ADDRESSES_MAX + 1];
	struct address a;
	size_t n = 0;

	if (!list.p)
		return NULL;
	s.p++;
	while (n < sizeof out - 1 && address_next(&s, &a)) {
		size_t mark = r->used;
		const char *name, *addr = a.host.p ? mail_address(r, &a) : NULL;
		int more = 0;

		name = addr ? text(r, a.name, CHANGE_NAME_MAX) : NULL;
		if (addr && name && *name)
			more = g_snprintf(
				out + n, sizeof out - n, "%s%s <%s>", n ? ", " : "", name, addr);
		else if (addr)
			more = g_snprintf(out + n, sizeof out - n, "%s%s", n ? ", " : "", addr);
		r->used = mark;
		if (more < 0 || (size_t)more >= sizeof out - n)
			break; /* whole addresses only */
		n += (size_t)more;
	}
	return n ? keep(r, out, n, sizeof out) : NULL;
}

static void from(struct row *r, struct slice list)
{
	struct scan s = { list.p, list.p ? list.p + list.n : NULL };
	struct address a;

	if (!list.p)
		return;
	s.p++;
	while (address_next(&s, &a)) {
		if (!a.host.p)
			continue;
		r->change.from_name = text(r, a.name, CHANGE_NAME_MAX);
		r->change.from_addr = mail_address(r, &a);
		return;
	}
}

/* --- message ids ---------------------------------------------------------------- */

static bool good_id(const char *id, size_t len)
{
	return len && len <= CHANGE_MESSAGE_ID_MAX && text_is_utf8(id, len);
}

static void own_id(void *ctx, const char *id, size_t len)
{
	struct row *r = ctx;

	if (good_id(id, len))
		r->change.message_id = keep(r, id, len, CHANGE_MESSAGE_ID_MAX);
}

static void message_id(struct row *r, struct slice s)
{
	if (s.p && s.n <= sizeof r->scratch)
		mime_each_message_id(r->scratch, slice_copy(s, r->scratch), 1, own_id, r);
}

/* Behind the name of the field. */
static struct slice header_value(struct slice header)
{
	const char *colon = header.n ? memchr(header.p, ':', header.n) : NULL;

	if (!colon)
		return (struct slice){ 0 };
	return (struct slice){ .p = colon + 1, .n = (size_t)(header.p + header.n - colon - 1) };
}

static void count_id(void *ctx, const char *id, size_t len)
{
	struct row *r = ctx;

	r->ids += good_id(id, len);
}

/* Keeps an id, unless it is one of those left out or repeats the one before it. */
static void reference(void *ctx, const char *id, size_t len)
{
	struct row *r = ctx;
	struct change *c = &r->change;
	const char *last = c->n_references ? r->references[c->n_references - 1] : NULL;
	const char *copy;

	if (!good_id(id, len) || c->n_references == CHANGE_REFERENCES_MAX)
		return;
	if (r->ids++ != 0 && r->ids - 1 <= r->skip)
		return;
	if (last && strlen(last) == len && memcmp(last, id, len) == 0)
		return;
	copy = keep(r, id, len, CHANGE_MESSAGE_ID_MAX);
	if (copy)
		r->references[c->n_references++] = copy;
}

/* References, then In-Reply-To (which mostly repeats the last one); of a long list the first and
 * the last. */
static void references(struct row *r, const struct fetch *f)
{
	struct slice refs = header_value(f->header), reply = f->envelope.in_reply_to;
	size_t n = 0;

	refs.n = MIN(refs.n, ROW_HEADER_MAX);
	if (reply.p && reply.n <= sizeof r->scratch)
		n = slice_copy(reply, r->scratch);
	r->ids = 0;
	if (refs.p)
		mime_each_message_id(refs.p, refs.n, ROW_REFERENCES_SCAN, count_id, r);
	if (n)
		mime_each_message_id(r->scratch, n, ROW_REPLIES_SCAN, count_id, r);
	r->skip = r->ids > CHANGE_REFERENCES_MAX ? r->ids - CHANGE_REFERENCES_MAX : 0;
	r->ids = 0;
	if (refs.p)
		mime_each_message_id(refs.p, refs.n, ROW_REFERENCES_SCAN, reference, r);
	if (n)
		mime_each_message_id(r->scratch, n, ROW_REPLIES_SCAN, reference, r);
	r->change.references = r->references;
}

/* --- without an envelope ---------------------------------------------------------- */

static const char *keep_text(struct row *r, const char *s, size_t max)
{
	return s ? keep(r, s, strlen(s), max) : NULL;
}

/* The piece of the header that came in place of an ENVELOPE, read as that of a file. */
static void from_header(struct row *r, struct slice header)
{
	AUTO(fd_close) int fd = memfd_create("header", MFD_CLOEXEC);
	AUTO(summary_free) struct summary *s = NULL;
	struct change read = { 0 }, *c = &r->change;

	if (fd < 0 || fd_write_all(fd, header.p, header.n) < 0 || lseek(fd, 0, SEEK_SET) != 0 ||
		summary_read(fd, &s, NULL) < 0)
		return; /* a row without words is better than no row */
	summary_fill(s, &read);
	c->subject = keep_text(r, read.subject, CHANGE_SUBJECT_MAX);
	c->from_name = keep_text(r, read.from_name, CHANGE_NAME_MAX);
	c->from_addr = keep_text(r, read.from_addr, CHANGE_NAME_MAX);
	c->to = keep_text(r, read.to, CHANGE_ADDRESSES_MAX);
	c->cc = keep_text(r, read.cc, CHANGE_ADDRESSES_MAX);
	c->message_id = keep_text(r, read.message_id, CHANGE_MESSAGE_ID_MAX);
	c->sent_at = read.sent_at;
	for (size_t i = 0; i < read.n_references && c->n_references < CHANGE_REFERENCES_MAX; i++) {
		const char *copy = keep_text(r, read.references[i], CHANGE_MESSAGE_ID_MAX);

		if (copy)
			r->references[c->n_references++] = copy;
	}
	c->references = r->references;
}

/* --- the row -------------------------------------------------------------------- */

const char *row_keywords(struct row *r, const struct fetch *f)
{
	struct scan s;
	struct slice word;
	GString *words;

	if (!f->keywords || f->flag_list.n >= sizeof r->raw)
		return "";
	s = (struct scan){ f->flag_list.p, f->flag_list.p + f->flag_list.n };
	if (r->keywords && r->raw_len == f->flag_list.n && memcmp(r->raw, s.p, r->raw_len) == 0)
		return r->keywords;
	r->raw_len = f->flag_list.n;
	memcpy(r->raw, s.p, r->raw_len);
	words = g_string_new(NULL);
	while (scan_blanks(&s), scan_atom(&s, &word)) {
		if (*word.p == '\\' || !is_plain(word.p, word.n))
			continue;
		if (words->len)
			g_string_append_c(words, ' ');
		g_string_append_len(words, word.p, (gssize)word.n);
	}
	g_free(r->keywords);
	r->keywords = flags_keywords_normalize(words->str);
	g_string_free(words, TRUE);
	return r->keywords;
}

/*
 * The server's own id of the message, the same in all mailboxes (L-101).  The
 * letter in front keeps ids of different kinds apart when a server changes
 * what it offers.
 */
static const char *canonical(struct row *r, const struct fetch *f)
{
	struct slice id = f->email_id.p ? f->email_id : f->gmail_id;
	char text[ROW_CANONICAL_MAX + 2];

	if (!id.p || id.n == 0 || id.n >= ROW_CANONICAL_MAX || !is_plain(id.p, id.n))
		return NULL;
	g_snprintf(text, sizeof text, "%c:%.*s", f->email_id.p ? 'e' : 'g', (int)id.n, id.p);
	return keep(r, text, strlen(text), sizeof text);
}

const struct change *row_message(struct row *r, const struct fetch *f)
{
	const struct envelope *e = &f->envelope;
	struct change *c = &r->change;

	r->used = 0;
	*c = (struct change){ .kind = CHANGE_MESSAGE,
		.uid = f->uid,
		.flags = f->flags,
		.keywords = row_keywords(r, f),
		.received_at = f->internaldate,
		.size = f->size,
		.has_attachment = f->attachment };
	if (f->email_id.p || f->gmail_id.p)
		c->canonical = canonical(r, f);
	if (f->preview.p)
		c->preview = text(r, f->preview, CHANGE_PREVIEW_MAX);
	if (!(f->has & FETCH_ENVELOPE)) {
		if (f->header.p)
			from_header(r, f->header);
		return c;
	}
	c->subject = text(r, e->subject, CHANGE_SUBJECT_MAX);
	from(r, e->from);
	c->to = address_list(r, e->to);
	c->cc = address_list(r, e->cc);
	message_id(r, e->message_id);
	references(r, f);
	if (e->date.p && e->date.n)
		c->sent_at = mime_parse_date(e->date.p, e->date.n);
	return c;
}
