/*
 * Takes out of HTML what no reader sees and what slow parsers die of.  One
 * pass; every byte is looked at a bounded number of times, also in "<a<a<a".
 */
#include "mime/html.h"

#include <string.h>

#include <libxml/HTMLparser.h>

#include "mime/html_page.h"

enum { ENTITY_MAX = 8, LATIN_1 = 256 };

/* Elements whose content is no HTML: nothing in it is a tag but their own end. */
static const char *const raw[] = { "script", "style", "title", "iframe", "noframes", "noembed" };

enum { SCRIPT, STYLE, RAWS = G_N_ELEMENTS(raw) };

struct trim {
	const char *end;
	bool unclosed;        /* no comment ends behind here */
	bool open[RAWS];      /* no such element ends behind here */
	struct html_styles *styles;
};

/* Behind the comment at p ("<!--"); an unclosed one ends like a tag, so that no text is hidden. */
static const char *skip_comment(const char *p, const char *end, bool *unclosed)
{
	const char *stop = *unclosed ? NULL : memmem(p + 4, (size_t)(end - p - 4), "-->", 3);

	if (stop)
		return stop + 3;
	*unclosed = true;
	stop = memchr(p, '>', (size_t)(end - p));
	return stop ? stop + 1 : end;
}

/* Behind the tag at p; *fits is false if it breaks a limit. */
static const char *skip_tag(const char *p, const char *end, bool *fits)
{
	const char *q = p + 1, *limit = (size_t)(end - p) > HTML_TAG_MAX ? p + HTML_TAG_MAX : end;
	char quote = 0;
	int words = 0;

	for (; q < limit; q++) {
		if (quote) {
			quote = *q == quote ? 0 : quote;
		} else if (*q == '>') {
			*fits = words <= HTML_ATTRS_MAX;
			return q + 1;
		} else if (*q == '<') { /* never closed: the parser makes what it can of it */
			*fits = words <= HTML_ATTRS_MAX;
			return q;
		} else if ((*q == '"' || *q == '\'') && q[-1] == '=') {
			quote = *q;
		} else {
			words += *q == ' ' || *q == '\n' || *q == '\t' || *q == '/' || *q == '\r';
		}
	}
	*fits = limit == end;
	if (*fits)
		return end;
	q = memchr(q, '>', (size_t)(end - q));
	return q ? q + 1 : end;
}

/* Which of raw the tag at p begins, RAWS if none. */
static int raw_at(const char *p, const char *end)
{
	for (int i = 0; i < (int)RAWS; i++) {
		size_t n = strlen(raw[i]);

		if ((size_t)(end - p) > n + 1 && g_ascii_strncasecmp(p + 1, raw[i], n) == 0 &&
			!g_ascii_isalnum(p[n + 1]) && p[n + 1] != ':')
			return i;
	}
	return RAWS;
}

/* The end tag of raw[i] at or behind p, NULL if there is none. */
static const char *raw_end(const char *p, const char *end, int i)
{
	size_t n = strlen(raw[i]);

	while ((p = memmem(p, (size_t)(end - p), "</", 2))) {
		if ((size_t)(end - p) >= n + 2 && g_ascii_strncasecmp(p + 2, raw[i], n) == 0)
			return p;
		p += 2;
	}
	return NULL;
}

/* Whether the tag [p, end) of a style sheet says for which screens it is. */
static bool is_for_some(const char *p, const char *end)
{
	for (; end - p > 5; p++)
		if (g_ascii_strncasecmp(p, "media", 5) == 0)
			return true;
	return false;
}

static void read_style(struct html_styles *styles, const char *css, size_t len, bool for_all)
{
	const char *mso = memmem(css, len, "p.MsoNormal", 11);
	size_t left = mso ? len - (size_t)(mso - css) : 0;
	const char *rule = mso ? memchr(mso, '{', left) : NULL;
	const char *end = rule ? memchr(rule, '}', left - (size_t)(rule - mso)) : NULL;

	if (for_all)
		html_sheet_read(styles->hidden, css, len);
	styles->loads += html_style_loads(css, len);
	if (end && g_strstr_len(rule, end - rule, "margin:0"))
		styles->word = true;
}

/*
 * Behind the content of raw[i], whose tag is [tag, p).  Text behind a script or a style that never
 * ends is theirs; the others may have been broken off.
 */
static const char *skip_raw(struct trim *t, const char *tag, const char *p, int i)
{
	const char *stop = t->open[i] ? NULL : raw_end(p, t->end, i);

	if (!stop) {
		t->open[i] = true;
		stop = i == SCRIPT || i == STYLE ? t->end : p;
	}
	if (i == STYLE)
		read_style(t->styles, p, (size_t)(stop - p), !is_for_some(tag, p));
	return stop;
}

static bool is_tag(const char *p, const char *end)
{
	return end - p >= 2 && (g_ascii_isalpha(p[1]) || strchr("/!?", p[1]));
}

/* Whether the tag at p ends the page: the parser stops there, browsers read on, and what mailing
 * lists and scanners append stands behind it. */
static bool ends_page(const char *p, const char *end)
{
	return end - p > 6 && p[1] == '/' && !g_ascii_isalnum(p[6]) &&
	       (g_ascii_strncasecmp(p + 2, "html", 4) == 0 || g_ascii_strncasecmp(p + 2, "body", 4) == 0);
}

/* Copies what is to be kept of the tag or comment at p; returns what is behind it. */
static const char *trim_one(struct trim *t, const char *p, GString *out)
{
	const char *from = p;
	size_t before = out->len;
	bool fits = true;
	int element;

	if (t->end - p >= 4 && memcmp(p, "<!--", 4) == 0)
		return skip_comment(p, t->end, &t->unclosed);
	if (!is_tag(p, t->end)) {
		g_string_append(out, "&lt;");
		return p + 1;
	}
	element = raw_at(p, t->end);
	p = skip_tag(p, t->end, &fits);
	if (from[1] == '!' || from[1] == '?') /* declarations, and what Word asks itself */
		return p;
	if (ends_page(from, t->end))
		return p;
	if (fits)
		g_string_append_len(out, from, p - from);
	if (element == RAWS || p[-1] != '>')
		return p;
	p = skip_raw(t, from, p, element);
	if (t->open[element]) /* without an end it begins nothing either */
		g_string_truncate(out, before);
	return p;
}

/*
 * Bytes of the name of an entity at p that nobody closed ("&copy 2024"): of those of Latin-1, which
 * browsers read without their ";".  Words that only begin so, and what may be part of an address
 * ("&copy=1"), are left alone, where browsers are not that careful; but no word begins with nbsp.
 */
static size_t open_entity(const char *p, const char *end)
{
	char name[ENTITY_MAX + 1];
	const htmlEntityDesc *known;
	size_t n = 0;

	if (end - p > 4 && memcmp(p, "nbsp", 4) == 0)
		return p[4] == ';' ? 0 : 4;
	while (p + n < end && n < ENTITY_MAX && g_ascii_isalnum(p[n])) {
		name[n] = p[n];
		n++;
	}
	name[n] = '\0';
	if (n < 2 || p + n == end || g_ascii_isalnum(p[n]) || p[n] == ';' || p[n] == '=')
		return 0;
	known = htmlEntityLookup((const xmlChar *)name);
	return known && known->value < LATIN_1 ? n : 0;
}

/* Text between tags. */
static void append_words(GString *out, const char *p, const char *end)
{
	while (p < end) {
		const char *amp = memchr(p, '&', (size_t)(end - p));
		size_t n = amp ? open_entity(amp + 1, end) : 0;
		const char *next = amp ? amp + 1 + n : end;

		g_string_append_len(out, p, next - p);
		if (n > 0)
			g_string_append_c(out, ';');
		p = next;
	}
}

bool html_trim(GString *out, const char *html, size_t len, struct html_styles *styles)
{
	struct trim t = { .end = html + MIN(len, (size_t)HTML_BODY_MAX), .styles = styles };
	const char *p = html;

	while (p < t.end) {
		const char *open = memchr(p, '<', (size_t)(t.end - p));

		append_words(out, p, open ? open : t.end);
		if (!open)
			break;
		p = trim_one(&t, open, out);
	}
	return len <= HTML_BODY_MAX;
}
