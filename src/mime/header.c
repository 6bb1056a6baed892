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

static void copy_value(const char *p, const char *end, char *out, size_t cap)
{
	bool quoted;
	size_t n = 0;

	while (p < end && (unsigned char)*p <= ' ')
		p++;
	quoted = p < end && *p == '"';
	for (p += quoted; p < end && n + 1 < cap; p++) {
		if (quoted ? *p == '"' : (unsigned char)*p <= ' ' || *p == ';')
			break;
		if (quoted && *p == '\\' && p + 1 < end)
			p++;
		if (*p != '\r' && *p != '\n')
			out[n++] = *p;
	}
	out[n] = '\0';
}

bool header_param(const char *value, size_t len, const char *name, char *out, size_t cap)
{
	const char *end = value + len, *p = skip_param(value, end);
	size_t n = strlen(name);

	for (; p < end; p = skip_param(p, end)) {
		const char *eq;

		while (p < end && (unsigned char)*p <= ' ')
			p++;
		if ((size_t)(end - p) <= n || g_ascii_strncasecmp(p, name, n) != 0)
			continue;
		for (eq = p + n; eq < end && (g_ascii_isdigit(*eq) || strchr("* ", *eq)); eq++)
			;
		if (eq == end || *eq != '=')
			continue;
		if (out)
			copy_value(eq + 1, end, out, cap);
		return true;
	}
	return false;
}
