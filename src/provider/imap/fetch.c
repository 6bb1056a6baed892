#include "provider/imap/fetch.h"

#include <string.h>
#include <strings.h>

#include "base/mem.h"
#include "model/flags.h"

/* --- dates --------------------------------------------------------------------- */

static bool digits(struct scan *s, int n, int *out)
{
	const char *p = s->p;
	int v = 0;

	for (int i = 0; i < n; i++, p++) {
		if (p >= s->end || !g_ascii_isdigit(*p))
			return false;
		v = v * 10 + (*p - '0');
	}
	*out = v;
	s->p = p;
	return true;
}

static bool month(struct scan *s, int *out)
{
	static const char names[] = "janfebmaraprmayjunjulaugsepoctnovdec";

	for (int i = 0; i < 12 && s->end - s->p >= 3; i++)
		if (strncasecmp(s->p, names + 3 * i, 3) == 0) {
			*out = i + 1;
			s->p += 3;
			return true;
		}
	return false;
}

/* Days since 1970-01-01 of the Gregorian calendar. */
static int64_t days(int y, int m, int d)
{
	int64_t era, doe;
	int yoe, doy;

	y -= m <= 2;
	era = y / 400;
	yoe = y % 400;
	doy = (153 * (m + (m > 2 ? -3 : 9)) + 2) / 5 + d - 1;
	doe = yoe * 365 + yoe / 4 - yoe / 100 + doy;
	return era * 146097 + doe - 719468;
}

/* "+0130" in seconds; missing counts as UTC. */
static int64_t zone(struct scan *s)
{
	bool minus;
	int h, m;

	scan_blanks(s);
	minus = scan_peek(s, '-');
	if (!minus && !scan_peek(s, '+'))
		return 0;
	s->p++;
	if (!digits(s, 2, &h) || !digits(s, 2, &m))
		return 0;
	return (minus ? -1 : 1) * (h * 3600 + m * 60);
}

int64_t internaldate_parse(struct slice text)
{
	struct scan s = { text.p, text.p ? text.p + text.n : NULL };
	int d, mon, y, h = 0, min = 0, sec = 0;

	scan_blanks(&s);
	if (!digits(&s, 2, &d) && !digits(&s, 1, &d))
		return 0;
	if (!scan_char(&s, '-') || !month(&s, &mon) || !scan_char(&s, '-') || !digits(&s, 4, &y))
		return 0;
	scan_blanks(&s);
	if (digits(&s, 2, &h) && scan_char(&s, ':') && digits(&s, 2, &min) && scan_char(&s, ':'))
		(void)digits(&s, 2, &sec);
	if (d == 0 || d > 31 || y < 1970)
		return 0;
	return days(y, mon, d) * 86400 + h * 3600 + min * 60 + sec - zone(&s);
}

/* --- items --------------------------------------------------------------------- */

static bool flags(struct scan *s, struct fetch *f)
{
	struct scan in;

	if (!scan_list(s, &f->flag_list))
		return false;
	f->has |= FETCH_FLAGS;
	f->flags = 0;
	f->keywords = false;
	if (!f->flag_list.p)
		return true;
	f->flag_list.p++;
	f->flag_list.n -= 2;
	in = (struct scan){ f->flag_list.p, f->flag_list.p + f->flag_list.n };
	while (scan_blanks(&in), in.p < in.end) {
		struct slice word;

		if (!scan_atom(&in, &word)) {
			in.p++;
			continue;
		}
		f->flags |= flags_from_imap(word.p, word.n);
		f->keywords |= *word.p != '\\';
	}
	return true;
}

static bool envelope(struct scan *s, struct fetch *f)
{
	struct envelope *e = &f->envelope;
	struct slice unused;
	bool ok;

	ok = scan_char(s, '(');
	scan_blanks(s);
	ok = ok && scan_string(s, &e->date);
	scan_blanks(s);
	ok = ok && scan_string(s, &e->subject);
	for (int i = 0; ok && i < 6; i++) { /* from sender reply-to to cc bcc */
		struct slice *const into[] = { &e->from, &unused, &unused, &e->to, &e->cc,
			&unused };

		scan_blanks(s);
		ok = scan_list(s, into[i]) || scan_string(s, &unused);
	}
	scan_blanks(s);
	ok = ok && scan_string(s, &e->in_reply_to);
	scan_blanks(s);
	ok = ok && scan_string(s, &e->message_id);
	while (ok && !scan_peek(s, ')')) { /* more than there should be */
		scan_blanks(s);
		ok = scan_peek(s, ')') || scan_skip(s);
	}
	f->has |= FETCH_ENVELOPE;
	return ok && scan_char(s, ')');
}

bool address_next(struct scan *s, struct address *out)
{
	struct slice route;

	while (s->p < s->end && *s->p != '(')
		s->p++;
	if (!scan_char(s, '('))
		return false;
	scan_blanks(s);
	if (!scan_string(s, &out->name))
		return false;
	scan_blanks(s);
	if (!scan_string(s, &route))
		return false;
	scan_blanks(s);
	if (!scan_string(s, &out->mailbox))
		return false;
	scan_blanks(s);
	return scan_string(s, &out->host);
}

/* Behind "BODY": a section, or, without one, a structure. */
static bool section(struct scan *s, struct fetch *f)
{
	struct slice name = { .p = s->p }, value;
	bool header, whole;

	whole = scan_peek(s, ']');
	header = s->end - s->p > 6 && strncasecmp(s->p, "HEADER", 6) == 0;
	while (s->p < s->end && *s->p != ']' && *s->p != '\n')
		s->p++;
	name.n = (size_t)(s->p - name.p);
	if (!scan_char(s, ']'))
		return false;
	if (scan_char(s, '<'))
		while (s->p < s->end && *s->p != ' ' && *s->p != '\n')
			s->p++;
	scan_blanks(s);
	if (!scan_string(s, &value))
		return false;
	if (header) {
		f->header = value;
		f->has |= FETCH_HEADER;
	}
	if (whole) {
		f->body = value;
		f->has |= FETCH_BODY;
	}
	if (name.n > 0 && g_ascii_isdigit(*name.p) && f->n_sections < f->sections_max)
		f->sections[f->n_sections++] = (struct fetch_section){ name, value };
	return true;
}

static bool date(struct scan *s, struct fetch *f)
{
	struct slice text;

	if (!scan_string(s, &text))
		return false;
	f->internaldate = internaldate_parse(text);
	f->has |= FETCH_DATE;
	return true;
}

static bool structure(struct scan *s, struct fetch *f)
{
	const char *from = s->p;

	if (!structure_parse(s, &f->attachment))
		return false;
	f->structure = (struct slice){ .p = from, .n = (size_t)(s->p - from) };
	f->has |= FETCH_STRUCTURE;
	return true;
}

static bool number(struct scan *s, struct fetch *f, unsigned bit, uint64_t *into)
{
	if (!scan_number(s, into))
		return false;
	f->has |= bit;
	return true;
}

/* "(M6d99ac3275bb4e)", or without the brackets (RFC 8474, section 5.1). */
static bool email_id(struct scan *s, struct fetch *f)
{
	bool open = scan_char(s, '(');

	return scan_string(s, &f->email_id) && (!open || scan_char(s, ')'));
}

/* A string, or, as some older servers tell it, "(FUZZY string)". */
static bool preview(struct scan *s, struct fetch *f)
{
	struct slice algorithm;
	bool open = scan_char(s, '(');

	if (open && !scan_atom(s, &algorithm))
		return false;
	scan_blanks(s);
	return scan_string(s, &f->preview) && (!open || scan_char(s, ')'));
}

/* "(917)" */
static bool modseq(struct scan *s, struct fetch *f)
{
	return scan_char(s, '(') && scan_number(s, &f->modseq) && scan_char(s, ')');
}

/* What only some servers tell. */
static bool rare_item(struct scan *s, struct fetch *f, struct slice name)
{
	if (slice_is(name, "MODSEQ"))
		return modseq(s, f);
	if (slice_is(name, "EMAILID"))
		return email_id(s, f);
	if (slice_is(name, "X-GM-MSGID"))
		return scan_atom(s, &f->gmail_id);
	if (slice_is(name, "PREVIEW"))
		return preview(s, f);
	return scan_skip(s);
}

/* One item: its name and its value. */
static bool item(struct scan *s, struct fetch *f)
{
	const char *name = s->p;
	size_t n;

	while (s->p < s->end && (g_ascii_isalnum(*s->p) || *s->p == '.' || *s->p == '-'))
		s->p++;
	n = (size_t)(s->p - name);
	if (n == 0)
		return false;
	if (scan_char(s, '['))
		return section(s, f);
	scan_blanks(s);
	if (n == 3 && strncasecmp(name, "UID", 3) == 0)
		return number(s, f, FETCH_UID, &f->uid);
	if (n == 5 && strncasecmp(name, "FLAGS", 5) == 0)
		return flags(s, f);
	if (n == 12 && strncasecmp(name, "INTERNALDATE", 12) == 0)
		return date(s, f);
	if (n == 11 && strncasecmp(name, "RFC822.SIZE", 11) == 0)
		return number(s, f, FETCH_SIZE, &f->size);
	if (n == 8 && strncasecmp(name, "ENVELOPE", 8) == 0)
		return envelope(s, f);
	if ((n == 13 && strncasecmp(name, "BODYSTRUCTURE", 13) == 0))
		return structure(s, f);
	return rare_item(s, f, (struct slice){ .p = name, .n = n });
}

/* After an item that cannot be read: goes on at the next one that is known. */
static bool resync(struct scan *s)
{
	static const char *const known[] = { " BODYSTRUCTURE (", " BODY[HEADER", " UID ",
		" FLAGS (", " RFC822.SIZE " };
	const char *best = NULL;

	for (size_t i = 0; i < G_N_ELEMENTS(known); i++) {
		const char *p = memmem(s->p, (size_t)(s->end - s->p), known[i], strlen(known[i]));

		if (p && (!best || p < best))
			best = p;
	}
	if (!best)
		return false;
	s->p = best;
	return true;
}

static bool items(struct scan *s, struct fetch *f)
{
	if (!scan_char(s, '('))
		return false;
	for (;;) {
		scan_blanks(s);
		if (scan_char(s, ')') || scan_at_end(s))
			return true;
		if (item(s, f))
			continue;
		f->has |= FETCH_DAMAGED;
		if (!resync(s))
			return true;
	}
}

bool fetch_parse(uint64_t seq, struct scan *s, struct fetch *f)
{
	*f = (struct fetch){ .seq = seq };
	return items(s, f);
}

bool fetch_sections(uint64_t seq, struct scan *s, struct fetch *f, struct fetch_section *sections,
	size_t max)
{
	*f = (struct fetch){ .seq = seq, .sections = sections, .sections_max = max };
	return items(s, f);
}
