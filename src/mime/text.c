/*
 * Header values.  Nearly every value of a first synchronisation is plain
 * ASCII, so that each function looks for that case first and leaves the
 * tolerant, slow reading to GMime.
 */
#include "mime/text.h"

#include <stdbool.h>
#include <string.h>
#include <time.h>

#include <gmime/gmime.h>

#include "mime/charset.h"
#include "mime/html.h"
#include "mime/words.h"

enum {
	/* raw bytes looked at for each byte wanted: an encoded word can hold a single one */
	RAW_PER_BYTE = 16,
	RAW_SPARE = 1024,
	WORD_MAX = 400,       /* bytes of an encoded word that was broken */
	MESSAGE_ID_MAX = 900,
	YEAR_MIN = 1970,
	YEAR_MAX = 2200,
};

/* GMime and GLib complain on standard error, which is the reader's screen. */
static GLogWriterOutput log_nothing(GLogLevelFlags level, const GLogField *fields, gsize n,
	gpointer user)
{
	if (level & G_LOG_LEVEL_ERROR) /* the program ends here: say why */
		return g_log_writer_standard_streams(level, fields, n, user);
	return G_LOG_WRITER_HANDLED;
}

void mime_init(void)
{
	static bool done;

	if (done)
		return;
	done = true;
	g_log_set_writer_func(log_nothing, NULL, NULL);
	g_mime_init();
	html_init();
	tzset(); /* here, where files can still be opened */
}

/* --- text ------------------------------------------------------------------ */

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static void trim(const char **s, size_t *len)
{
	while (*len > 0 && is_blank((*s)[*len - 1]))
		(*len)--;
	for (; *len > 0 && is_blank(**s); (*s)++)
		(*len)--;
}

/* Printable ASCII without an encoded word: can be copied as it is. */
static bool is_plain(const char *s, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		unsigned char c = (unsigned char)s[i];

		if (c < 0x20 || c >= 0x80 || (c == '=' && i + 1 < len && s[i + 1] == '?'))
			return false;
	}
	return true;
}

/* Whether s ends within an encoded word: "=?charset?q?...", without its "?=". */
static bool is_broken_word(const GString *s)
{
	const char *end = s->str + s->len, *from = end - MIN(s->len, (size_t)WORD_MAX), *p;
	const char *blank = memrchr(from, ' ', (size_t)(end - from));

	p = g_strrstr_len(blank ? blank : from, -1, "=?");
	p = p ? strchr(p + 2, '?') : NULL;
	return p && p[1] && strchr("bBqQ", p[1]) && p[2] == '?' && !strstr(p + 3, "?=");
}

/*
 * Each line end with the blanks around it becomes one blank, but none in an encoded word, which
 * may have been broken by a program that does not know them; NULs vanish.
 */
static GString *unfold(const char *s, size_t len)
{
	GString *out = g_string_sized_new(len);

	for (size_t i = 0; i < len; i++) {
		if (s[i] == '\r' || s[i] == '\n') {
			bool broken = is_broken_word(out);

			while (out->len > 0 && is_blank(out->str[out->len - 1]))
				g_string_truncate(out, out->len - 1);
			if (!broken)
				g_string_append_c(out, ' ');
			while (i + 1 < len && is_blank(s[i + 1]))
				i++;
		} else if (s[i] != '\0') {
			g_string_append_c(out, s[i]);
		}
	}
	return out;
}

/* Cuts s to at most max bytes, at the beginning of a character. */
static char *cut(char *s, size_t max)
{
	if (strlen(s) > max) {
		while (max > 0 && ((unsigned char)s[max] & 0xC0) == 0x80)
			max--;
		s[max] = '\0';
	}
	return s;
}

char *mime_decode_text(const char *raw, size_t len, size_t max)
{
	g_autoptr(GString) flat = NULL;
	GString *utf8;

	trim(&raw, &len);
	if (is_plain(raw, len))
		return g_strndup(raw, MIN(len, max));
	if (max < SIZE_MAX / RAW_PER_BYTE - RAW_SPARE)
		len = MIN(len, max * RAW_PER_BYTE + RAW_SPARE);
	flat = unfold(raw, len);
	utf8 = g_string_sized_new(flat->len + flat->len / 2);
	charset_append(utf8, NULL, flat->str, flat->len);
	if (strstr(utf8->str, "=?")) {
		char *words = words_decode(utf8->str);

		g_string_free(utf8, TRUE);
		return cut(words, max);
	}
	return cut(g_string_free(utf8, FALSE), max);
}

GString *mime_by_body(const char *raw, size_t len, const char *charset)
{
	GString *out;

	if (!charset || g_utf8_validate_len(raw, len, NULL))
		return NULL;
	out = g_string_sized_new(len + len / 2);
	if (!charset_append(out, charset, raw, len)) {
		g_string_free(out, TRUE);
		return NULL;
	}
	return out;
}

/* --- message ids ----------------------------------------------------------- */

struct id_walk {
	size_t max, n;
	void (*each)(void *ctx, const char *id, size_t len);
	void *ctx;
};

/* Hands on one id, without the blanks that folding left inside. */
static void give_id(struct id_walk *w, const char *s, size_t len)
{
	char id[MESSAGE_ID_MAX];
	size_t n = 0;

	for (size_t i = 0; i < len; i++) {
		if ((unsigned char)s[i] <= ' ' || s[i] == 0x7F)
			continue;
		if (n == sizeof id)
			return;
		id[n++] = s[i];
	}
	if (n == 0 || w->n >= w->max)
		return;
	w->n++;
	if (g_utf8_validate(id, (gssize)n, NULL)) {
		w->each(w->ctx, id, n);
	} else {
		g_autofree char *valid = g_utf8_make_valid(id, (gssize)n);

		w->each(w->ctx, valid, strlen(valid));
	}
}

/* <a@b> <c@d>: what stands outside the brackets is prose. */
static void walk_bracketed(struct id_walk *w, const char *s, const char *end)
{
	while (w->n < w->max && (s = memchr(s, '<', (size_t)(end - s)))) {
		const char *from = ++s, *blank = NULL;

		for (; s < end && *s != '>' && *s != '<'; s++)
			if (!blank && is_blank(*s))
				blank = s;
		/* without its '>' an id ends at the first blank */
		if (!blank || (s < end && *s == '>'))
			blank = s;
		give_id(w, from, (size_t)(blank - from));
	}
}

/* a@b, c@d: every word with an @ inside. */
static void walk_bare(struct id_walk *w, const char *s, const char *end)
{
	while (s < end && w->n < w->max) {
		const char *from;

		while (s < end && (is_blank(*s) || *s == ',' || *s == ';' || *s == '>'))
			s++;
		from = s;
		while (s < end && !is_blank(*s) && *s != ',' && *s != ';' && *s != '>')
			s++;
		if (s > from && memchr(from, '@', (size_t)(s - from)))
			give_id(w, from, (size_t)(s - from));
	}
}

size_t mime_each_message_id(const char *value, size_t len, size_t max,
	void (*each)(void *ctx, const char *id, size_t len), void *ctx)
{
	struct id_walk w = { .max = max, .each = each, .ctx = ctx };

	if (memchr(value, '<', len))
		walk_bracketed(&w, value, value + len);
	else
		walk_bare(&w, value, value + len);
	return w.n;
}

/* --- dates ----------------------------------------------------------------- */

struct scan {
	const char *p, *end;
};

static void skip_blanks(struct scan *s)
{
	while (s->p < s->end && is_blank(*s->p))
		s->p++;
}

static bool take(struct scan *s, char c)
{
	if (s->p == s->end || *s->p != c)
		return false;
	s->p++;
	return true;
}

/* A number of at least `least` and at most `most` digits; -1 if there is none. */
static int number(struct scan *s, int least, int most)
{
	int n = 0, v = 0;

	for (; n < most && s->p < s->end && g_ascii_isdigit(*s->p); n++)
		v = v * 10 + (*s->p++ - '0');
	return n < least ? -1 : v;
}

/* The index of the three letters in a table such as "janfeb...", -1 if they are not there. */
static int name3(struct scan *s, const char *table)
{
	if (s->end - s->p < 3)
		return -1;
	for (int i = 0; table[3 * i]; i++)
		if (g_ascii_strncasecmp(s->p, table + 3 * i, 3) == 0) {
			s->p += 3;
			return i;
		}
	return -1;
}

/* "0200", also "02:00"; -1 if it is neither. */
static int offset(struct scan *s)
{
	int hours, rest;

	if (s->end - s->p < 5 || s->p[2] != ':')
		return number(s, 4, 4);
	hours = number(s, 2, 2);
	s->p++;
	rest = number(s, 2, 2);
	return hours < 0 || rest < 0 ? -1 : hours * 100 + rest;
}

/* A single letter is UTC: these zones were used wrongly (RFC 5322, 4.3). */
static bool zone(struct scan *s, int *minutes)
{
	bool minus = s->p < s->end && *s->p == '-';
	int v;

	*minutes = 0;
	if (s->p < s->end && g_ascii_isalpha(*s->p) && (s->p + 1 == s->end || is_blank(s->p[1])))
		return true;
	if (take(s, '+') || take(s, '-')) {
		v = offset(s);
		if (v < 0 || (s->p < s->end && g_ascii_isdigit(*s->p)))
			return false;
		if (v <= 1400 && v % 100 < 60) /* a zone that no place on earth has counts as UTC */
			*minutes = (v / 100 * 60 + v % 100) * (minus ? -1 : 1);
		return true;
	}
	return name3(s, "gmtutc") >= 0 && (s->p == s->end || !g_ascii_isalpha(*s->p));
}

static int64_t days_from_civil(int y, int m, int d)
{
	static const int before[] = { 0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334 };
	int past = y - 1 + (m > 2); /* the last year whose leap day lies behind */
	int leaps = past / 4 - past / 100 + past / 400 - (1969 / 4 - 1969 / 100 + 1969 / 400);

	return (int64_t)(y - 1970) * 365 + leaps + before[m - 1] + d - 1;
}

static int64_t seconds(int y, int mon, int d, const int hms[3], int zone_minutes)
{
	if (y < YEAR_MIN || y > YEAR_MAX)
		return 0;
	return days_from_civil(y, mon, d) * 86400 + hms[0] * 3600 + hms[1] * 60 + hms[2] -
	       zone_minutes * 60;
}

/* "[Mon, ] 5 Jan 2026 09:07[:08] +0100", also "09.07": the form that nearly all mail has. */
static bool parse_strict(struct scan s, int64_t *out)
{
	int d, m, y, z, hms[3] = { 0 };
	char between; /* hours and minutes */

	skip_blanks(&s);
	if (s.p < s.end && !g_ascii_isdigit(*s.p)) {
		if (name3(&s, "montuewedthufrisatsun") < 0 || !take(&s, ','))
			return false;
		skip_blanks(&s);
	}
	d = number(&s, 1, 2);
	skip_blanks(&s);
	m = name3(&s, "janfebmaraprmayjunjulaugsepoctnovdec");
	skip_blanks(&s);
	y = number(&s, 4, 4);
	skip_blanks(&s);
	hms[0] = number(&s, 1, 2);
	if (d < 1 || d > 31 || m < 0 || y < 0 || hms[0] < 0 || s.p == s.end)
		return false;
	between = *s.p == '.' ? '.' : ':';
	if (!take(&s, between))
		return false;
	hms[1] = number(&s, 2, 2);
	hms[2] = take(&s, between) ? number(&s, 2, 2) : 0;
	skip_blanks(&s);
	if (hms[0] > 23 || hms[1] < 0 || hms[1] > 59 || hms[2] < 0 || hms[2] > 60 || !zone(&s, &z))
		return false;
	*out = seconds(y, m + 1, d, hms, z);
	return true;
}

int64_t mime_parse_date(const char *value, size_t len)
{
	enum { DATE_MAX = 200 };
	g_autoptr(GDateTime) date = NULL;
	g_autofree char *copy = NULL;
	int64_t t = 0;

	if (!parse_strict((struct scan){ value, value + len }, &t)) {
		copy = g_strndup(value, MIN(len, (size_t)DATE_MAX));
		date = g_mime_utils_header_decode_date(copy);
		if (date && g_date_time_get_year(date) <= YEAR_MAX)
			t = g_date_time_to_unix(date);
	}
	return MAX(t, 0);
}
