#include "mime/header.h"

#include <string.h>

#include <glib.h>

size_t header_block_length(const char *s, size_t len)
{
	const char *p = s, *end = s + len;

	while (p < end) {
		const char *nl;

		if (*p == '\n')
			return (size_t)(p - s) + 1;
		if (*p == '\r' && p + 1 < end && p[1] == '\n')
			return (size_t)(p - s) + 2;
		nl = memchr(p, '\n', (size_t)(end - p));
		if (!nl)
			return 0;
		p = nl + 1;
	}
	return 0;
}

/* The end of the line at p, behind its '\n'. */
static const char *line_end(const char *p, const char *end)
{
	const char *nl = memchr(p, '\n', (size_t)(end - p));

	return nl ? nl + 1 : end;
}

/* The length of the field name at p; 0 if the line is no field. */
static size_t name_length(const char *p, const char *end)
{
	const char *q = p;

	while (q < end && *q > ' ' && *q < 0x7F && *q != ':')
		q++;
	if (q == p)
		return 0;
	for (end = MIN(end, q + 16); q < end && (*q == ' ' || *q == '\t'); q++)
		;
	return q < end && *q == ':' ? (size_t)(q - p) : 0;
}

bool header_next(const char **p, const char *end, struct header_field *out)
{
	while (*p < end) {
		const char *line = *p, *next = line_end(line, end);
		size_t n = name_length(line, next);
		const char *value;

		while (next < end && (*next == ' ' || *next == '\t'))
			next = line_end(next, end);
		*p = next;
		if (n == 0)
			continue;
		value = line + n + 1;
		while (n > 0 && line[n - 1] <= ' ')
			n--;
		while (next > value && (next[-1] == '\n' || next[-1] == '\r'))
			next--;
		*out = (struct header_field){ line, value, n, (size_t)(next - value) };
		return true;
	}
	return false;
}

bool header_is(const struct header_field *f, const char *name)
{
	return strlen(name) == f->name_len && g_ascii_strncasecmp(f->name, name, f->name_len) == 0;
}

void header_word(const char *value, size_t len, char *out, size_t cap)
{
	size_t n = 0;

	while (len > 0 && (unsigned char)*value <= ' ') {
		value++;
		len--;
	}
	for (; n < len && n + 1 < cap; n++) {
		unsigned char c = (unsigned char)value[n];

		if (c <= ' ' || c >= 0x7F || c == ';' || c == '(' || c == ',')
			break;
		out[n] = g_ascii_tolower((char)c);
	}
	out[n] = '\0';
}

/* Behind the parameter at p: past the next ';' outside quotes. */
static const char *skip_param(const char *p, const char *end)
{
	bool quoted = false;

	for (; p < end && (quoted || *p != ';'); p++) {
		if (*p == '"')
			quoted = !quoted;
		else if (quoted && *p == '\\' && p + 1 < end)
			p++;
	}
	return p < end ? p + 1 : end;
}

/* Where the value at p ends that begins with a quote: at the next one, else with its line. */
static const char *quoted_end(const char *p, const char *end)
{
	for (const char *q = p; q < end; q++) {
		if (*q == '"')
			return q;
		if (*q == '\\' && q + 1 < end)
			q++;
	}
	for (const char *q = p; q < end; q++)
		if (*q == '\r' || *q == '\n')
			end = q;
	while (end > p && ((unsigned char)end[-1] <= ' ' || end[-1] == ';'))
		end--;
	return end;
}

/* Where the value at p ends that nobody quoted, though it may hold blanks. */
static const char *loose_end(const char *p, const char *end)
{
	const char *stop = memchr(p, ';', (size_t)(end - p));

	end = stop ? stop : end;
	while (end > p && (unsigned char)end[-1] <= ' ')
		end--;
	return end;
}

/* loose: a value without quotes may hold blanks. */
static void copy_value(const char *p, const char *end, bool loose, char *out, size_t cap)
{
	bool quoted;
	size_t n = 0;

	while (p < end && (unsigned char)*p <= ' ')
		p++;
	quoted = p < end && *p == '"';
	p += quoted;
	if (quoted || loose)
		end = quoted ? quoted_end(p, end) : loose_end(p, end);
	for (; p < end && n + 1 < cap; p++) {
		if (!quoted && !loose && ((unsigned char)*p <= ' ' || *p == ';'))
			break;
		if (quoted && *p == '\\' && p + 1 < end)
			p++;
		if (*p != '\r' && *p != '\n')
			out[n++] = *p;
	}
	out[n] = '\0';
}

/* The first parameter `name` behind *p, which moves behind it: its '=', NULL if there is none;
 * *star: in a form of RFC 2231. */
static const char *find_param(const char **p, const char *end, const char *name, bool *star)
{
	size_t n = strlen(name);

	while (*p < end) {
		const char *eq, *here = *p;

		while (here < end && (unsigned char)*here <= ' ')
			here++;
		*p = skip_param(here, end);
		if ((size_t)(end - here) <= n || g_ascii_strncasecmp(here, name, n) != 0)
			continue;
		for (eq = here + n; eq < end && (g_ascii_isdigit(*eq) || strchr("* \t", *eq)); eq++)
			;
		*star = memchr(here + n, '*', (size_t)(eq - here) - n) != NULL;
		if (eq < end && *eq == '=')
			return eq;
	}
	return NULL;
}

bool header_param(const char *value, size_t len, const char *name, char *out, size_t cap)
{
	const char *end = value + len, *p = skip_param(value, end), *eq;
	bool star;

	eq = find_param(&p, end, name, &star);
	if (eq && out)
		copy_value(eq + 1, end, false, out, cap);
	return eq != NULL;
}

bool header_param_bare(const char *value, size_t len, const char *name, char *out, size_t cap)
{
	const char *end = value + len, *p = skip_param(value, end), *eq, *first = NULL;
	bool star;

	while ((eq = find_param(&p, end, name, &star))) {
		if (star)
			return false;
		first = first ? first : eq;
	}
	if (first)
		copy_value(first + 1, end, true, out, cap);
	return first != NULL;
}
