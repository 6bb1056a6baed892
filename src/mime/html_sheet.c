/*
 * Of a style sheet only one thing is read: which classes it does not display.
 * Senders put the line that inboxes show beside the subject into an element of
 * such a class.  Rules for some screens only (@media) are passed over, and so
 * are selectors of more than one class.
 */
#include "mime/html_page.h"

#include <string.h>

enum { CLASS_MAX = 64, CLASSES_MAX = 500 };

/* Behind the comment at p, if there is one. */
static const char *skip_comment(const char *p, const char *end)
{
	const char *stop;

	if (end - p < 2 || memcmp(p, "/*", 2) != 0)
		return p;
	stop = memmem(p + 2, (size_t)(end - p - 2), "*/", 2);
	return stop ? stop + 2 : end;
}

/* Blanks, comments, and what hides a sheet from old programs. */
static const char *skip_space(const char *p, const char *end)
{
	for (const char *from = NULL; p < end && p != from;) {
		from = p;
		while (p < end && (unsigned char)*p <= ' ')
			p++;
		p = skip_comment(p, end);
		if (end - p >= 4 && memcmp(p, "<!--", 4) == 0)
			p += 4;
		else if (end - p >= 3 && memcmp(p, "-->", 3) == 0)
			p += 3;
	}
	return p;
}

/* Behind the block at p ("{"), with the blocks in it. */
static const char *skip_block(const char *p, const char *end)
{
	int depth = 0;

	for (; p < end; p++) {
		depth += *p == '{' ? 1 : *p == '}' ? -1 : 0;
		if (depth == 0)
			return p + 1;
	}
	return end;
}

/* What the declarations say of display: 1 = none, 0 = something else, -1 = nothing. */
static int displays(const char *p, const char *end)
{
	static const char word[] = "display";
	const size_t n = sizeof word - 1;
	int said = -1;

	for (const char *from = p; (size_t)(end - p) > n; p++) {
		const char *v = p + n;

		if (g_ascii_strncasecmp(p, word, n) != 0 ||
			(p > from && (g_ascii_isalnum(p[-1]) || p[-1] == '-')))
			continue;
		while (v < end && (unsigned char)*v <= ' ')
			v++;
		if (v == end || *v != ':')
			continue;
		for (v++; v < end && (unsigned char)*v <= ' ';)
			v++;
		said = end - v >= 4 && g_ascii_strncasecmp(v, "none", 4) == 0;
	}
	return said;
}

/* The class of a selector that is ".class" or "element.class" and no more, into out. */
static bool class_of(const char *p, const char *end, char *out)
{
	size_t n = 0;

	while (p < end && (unsigned char)*p <= ' ')
		p++;
	while (end > p && (unsigned char)end[-1] <= ' ')
		end--;
	while (p < end && g_ascii_isalnum(*p))
		p++;
	if (p == end || *p != '.')
		return false;
	for (p++; p < end && n + 1 < CLASS_MAX; p++) {
		if (!g_ascii_isalnum(*p) && *p != '-' && *p != '_')
			return false;
		out[n++] = *p;
	}
	out[n] = '\0';
	return p == end && n > 0;
}

static void take_rule(GHashTable *hidden, const char *selectors, const char *end, bool none)
{
	char name[CLASS_MAX];

	while (selectors < end) {
		const char *comma = memchr(selectors, ',', (size_t)(end - selectors));
		const char *stop = comma ? comma : end;

		if (class_of(selectors, stop, name)) {
			if (!none)
				g_hash_table_remove(hidden, name);
			else if (g_hash_table_size(hidden) < CLASSES_MAX)
				g_hash_table_add(hidden, g_strdup(name));
		}
		selectors = comma ? comma + 1 : end;
	}
}

void html_sheet_read(GHashTable *hidden, const char *css, size_t len)
{
	const char *p = css, *end = css + len;

	while ((p = skip_space(p, end)) < end) {
		const char *from = p, *body;
		int said;

		while (p < end && *p != '{' && *p != ';')
			p++;
		if (p == end)
			return;
		if (*p == ';') {
			p++;
			continue;
		}
		body = p;
		p = skip_block(p, end);
		said = *from == '@' ? -1 : displays(body + 1, p);
		if (said >= 0)
			take_rule(hidden, from, body, said > 0);
	}
}

bool html_sheet_hides(GHashTable *hidden, const char *classes)
{
	char name[CLASS_MAX];

	if (g_hash_table_size(hidden) == 0)
		return false;
	while (*classes) {
		size_t n;

		classes += strspn(classes, " \t\r\n\f");
		n = strcspn(classes, " \t\r\n\f");
		if (n > 0 && n < sizeof name) {
			memcpy(name, classes, n);
			name[n] = '\0';
			if (g_hash_table_contains(hidden, name))
				return true;
		}
		classes += n;
	}
	return false;
}
