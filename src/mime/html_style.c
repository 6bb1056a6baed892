/*
 * The style attribute: hidden, written how, aligned where.  Colours and fonts
 * are the reader's, so the rest is passed over.
 */
#include "mime/html_page.h"

#include <stdlib.h>
#include <string.h>

enum { VALUE_MAX = 80, NAME_MAX_BYTES = 24 };

/* What several declarations say together. */
struct look {
	unsigned flags;
	bool flat, clipped;                    /* no height; what is beyond it is not seen */
	char colour[VALUE_MAX], ground[VALUE_MAX];
	bool no_top, no_bottom, left_line;
};

bool html_is_remote(const char *s)
{
	s += strspn(s, " \t\r\n");
	return g_ascii_strncasecmp(s, "http:", 5) == 0 || g_ascii_strncasecmp(s, "https:", 6) == 0 ||
	       g_ascii_strncasecmp(s, "ftp:", 4) == 0 || strncmp(s, "//", 2) == 0;
}

int html_style_loads(const char *css, size_t len)
{
	const char *p = css, *end = css + len;
	int n = 0;

	while (p < end && (p = memchr(p, '(', (size_t)(end - p)))) {
		char address[8] = "";
		bool url = p - css >= 3 && g_ascii_strncasecmp(p - 3, "url", 3) == 0;

		p++;
		while (url && p < end && (*p == ' ' || *p == '"' || *p == '\''))
			p++;
		memcpy(address, p, MIN((size_t)(end - p), sizeof address - 1));
		n += url && html_is_remote(address);
	}
	return n;
}

/* A length of no more than max pixels (points, em: the number alone decides). */
static bool at_most(const char *value, double max)
{
	char *end;
	double n = g_ascii_strtod(value, &end);

	return end != value && n <= max && *end != '%';
}

static bool is_zero(const char *value)
{
	return at_most(value, 0);
}

static void display(struct look *l, const char *v)
{
	if (strcmp(v, "none") == 0)
		l->flags |= FLAG_HIDDEN;
	else if (strcmp(v, "block") == 0)
		l->flags |= FLAG_BLOCK;
	else if (strcmp(v, "inline") == 0)
		l->flags |= FLAG_INLINE;
}

/* Sizes in em and % are those of what is around, times a number. */
static void font_size(struct look *l, const char *v)
{
	bool relative = (strstr(v, "em") && !strstr(v, "rem")) || strchr(v, '%');

	l->flags &= ~(unsigned)(FLAG_SMALL | FLAG_SIZED);
	if (relative ? is_zero(v) : at_most(v, strstr(v, "rem") ? 0 : 1))
		l->flags |= FLAG_SMALL;
	else if (!relative)
		l->flags |= FLAG_SIZED;
}

static void font(struct look *l, const char *name, const char *v)
{
	if (strcmp(name, "font-size") == 0) {
		font_size(l, v);
	} else if (strcmp(name, "font") == 0) {
		size_t n = strcspn(v, "0123456789");

		if (v[n] && (n == 0 || v[n - 1] == ' '))
			font_size(l, v + n);
	} else if (strcmp(name, "font-weight") == 0) {
		if (strcmp(v, "bold") == 0 || strcmp(v, "bolder") == 0 || strtol(v, NULL, 10) >= 600)
			l->flags |= FLAG_STRONG;
	} else if (strcmp(name, "font-style") == 0) {
		if (strcmp(v, "italic") == 0 || strcmp(v, "oblique") == 0)
			l->flags |= FLAG_EMPHASIS;
	}
}

static void blanks(struct look *l, const char *v)
{
	if (strcmp(v, "pre") == 0)
		l->flags |= FLAG_PRE;
	else if (strcmp(v, "pre-wrap") == 0 || strcmp(v, "pre-line") == 0 ||
		 strcmp(v, "break-spaces") == 0)
		l->flags |= FLAG_PRE | FLAG_FLOW;
}

static void edges(struct look *l, const char *name, const char *v)
{
	if (strcmp(name, "margin") == 0)
		l->no_top = l->no_bottom = is_zero(v) && !strchr(v, ' ');
	else if (strcmp(name, "margin-top") == 0)
		l->no_top = is_zero(v);
	else if (strcmp(name, "margin-bottom") == 0)
		l->no_bottom = is_zero(v);
	else if (strcmp(name, "border-left") == 0)
		l->left_line = strstr(v, "solid") && !is_zero(v);
	else if (strcmp(name, "border") == 0 && strstr(v, "solid") && !is_zero(v))
		l->flags |= FLAG_LINED;
	else if (strcmp(name, "border-top") == 0 && strstr(v, "solid") && !is_zero(v))
		l->flags |= FLAG_RULE;
}

static void word(struct look *l, const char *name, const char *v, uint16_t *level)
{
	const char *at = strstr(v, "level");

	if (strcmp(name, "mso-hide") == 0 && strcmp(v, "all") == 0)
		l->flags |= FLAG_HIDDEN;
	if (strcmp(name, "mso-list") != 0)
		return;
	if (strcmp(v, "ignore") == 0)
		*level = HTML_LEVEL_MARK;
	else if (at)
		*level = (uint16_t)CLAMP(strtol(at + 5, NULL, 10), 1, 9);
}

static void declaration(struct look *l, const char *name, const char *v, uint16_t *level)
{
	if (strcmp(name, "display") == 0)
		display(l, v);
	else if (strcmp(name, "visibility") == 0)
		l->flags |= strcmp(v, "hidden") == 0 ? FLAG_HIDDEN : 0;
	else if (strcmp(name, "opacity") == 0)
		l->flags |= is_zero(v) ? FLAG_HIDDEN : 0;
	else if (strcmp(name, "max-height") == 0 || strcmp(name, "height") == 0)
		l->flat = l->flat || is_zero(v);
	else if (strcmp(name, "overflow") == 0)
		l->clipped = strcmp(v, "hidden") == 0;
	else if (strcmp(name, "color") == 0)
		g_strlcpy(l->colour, v, sizeof l->colour);
	else if (g_str_has_prefix(name, "background"))
		g_strlcpy(l->ground, v, sizeof l->ground);
	else if (g_str_has_prefix(name, "font"))
		font(l, name, v);
	else if (strcmp(name, "white-space") == 0)
		blanks(l, v);
	else if (g_str_has_prefix(name, "text-decoration"))
		l->flags |= (strstr(v, "line-through") ? FLAG_STRIKE : 0u) |
			    (strstr(v, "underline") ? FLAG_UNDERLINE : 0u);
	else if (strcmp(name, "text-align") == 0)
		l->flags |= strcmp(v, "right") == 0 || strcmp(v, "end") == 0 ? FLAG_RIGHT : 0;
	else if (g_str_has_prefix(name, "mso-"))
		word(l, name, v, level);
	else
		edges(l, name, v);
}

/* Copies [p, end) in lower case, without blanks at its ends; what is longer than cap is cut. */
static void fold(const char *p, const char *end, char *out, size_t cap)
{
	size_t n = 0;

	while (p < end && (unsigned char)*p <= ' ')
		p++;
	for (; p < end && n + 1 < cap; p++)
		out[n++] = g_ascii_tolower(*p);
	while (n > 0 && (unsigned char)out[n - 1] <= ' ')
		n--;
	out[n] = '\0';
}

unsigned html_style(const char *style, uint16_t *level, int *blocked)
{
	struct look l = { 0 };

	*blocked += html_style_loads(style, strlen(style));
	while (*style) {
		size_t n = strcspn(style, ";");
		const char *end = style + n, *colon = memchr(style, ':', n);
		char name[NAME_MAX_BYTES] = "", value[VALUE_MAX] = "", *bang;

		if (colon) {
			fold(style, colon, name, sizeof name);
			fold(colon + 1, end, value, sizeof value);
			bang = strchr(value, '!'); /* !important */
			if (bang) {
				*bang = '\0';
				g_strchomp(value);
			}
			declaration(&l, name, value, level);
		}
		style = *end ? end + 1 : end;
	}
	if (l.flat && l.clipped)
		l.flags |= FLAG_HIDDEN;
	if (l.colour[0])
		l.flags |= strcmp(l.colour, l.ground) == 0 ? FLAG_BLIND : FLAG_COLOURED;
	if (l.no_top && l.no_bottom)
		l.flags |= FLAG_TIGHT;
	if (l.left_line)
		l.flags |= FLAG_QUOTED;
	return l.flags;
}
