#include "ui/find.h"

#include <string.h>

#include <glib.h>

enum { FIND_BLANKS_MAX = 16 }; /* that one blank stands for */

/* One character of a valid UTF-8 text, without case; blanks of all kinds are one. */
static uint32_t folded(const char **s, const char *end)
{
	unsigned char first = (unsigned char)**s;
	gunichar c;

	if (first < 0x80) {
		(*s)++;
		if (first == '\n' || first == '\t' || first == '\r')
			return ' ';
		return (uint32_t)g_ascii_tolower((char)first);
	}
	c = g_utf8_get_char_validated(*s, end - *s);
	if (c == (gunichar)-1 || c == (gunichar)-2) {
		(*s)++;
		return 0xFFFD;
	}
	*s = g_utf8_next_char(*s);
	return c == 0xA0 ? ' ' : g_unichar_tolower(c);
}

void needle_set(struct needle *n, const char *words)
{
	const char *end = words + strlen(words);

	n->n = 0;
	while (words < end && n->n < FIND_WORD_MAX)
		n->c[n->n++] = folded(&words, end);
}

size_t needle_match(const struct needle *n, const char *s, size_t len)
{
	const char *p = s, *end = s + len;

	for (int i = 0; i < n->n; i++) {
		const char *more = p + FIND_BLANKS_MAX;

		if (p >= end || folded(&p, end) != n->c[i])
			return 0;
		while (n->c[i] == ' ' && i + 1 < n->n && n->c[i + 1] != ' ' && p < end && p < more &&
			(*p == ' ' || *p == '\n'))
			p++;
	}
	return (size_t)(p - s);
}

static bool is_start(char c)
{
	return ((unsigned char)c & 0xC0) != 0x80;
}

bool needle_in(const struct needle *n, const char *text, size_t len, size_t from, size_t to,
	size_t *at, size_t *bytes)
{
	for (size_t i = from; n->n > 0 && i < to; i++) {
		if (!is_start(text[i]))
			continue;
		*bytes = needle_match(n, text + i, len - i);
		if (*bytes > 0) {
			*at = i;
			return true;
		}
	}
	return false;
}

void find_begin(struct find *f, size_t from, size_t len, bool back)
{
	*f = (struct find){ .on = true, .back = back, .wrapped = from >= len };
	if (from >= len)
		from = back && len > 0 ? len - 1 : 0;
	f->at = f->start = from;
}

/* The next place; false when the search has come around to where it began. */
static bool advance(struct find *f, size_t len)
{
	if (!f->back && ++f->at >= len) {
		f->at = 0;
		f->wrapped = true;
	} else if (f->back && f->at-- == 0) {
		f->at = len > 0 ? len - 1 : 0;
		f->wrapped = true;
	}
	return f->at != f->start;
}

int find_step(struct find *f, const struct needle *n, const char *text, size_t len, size_t *at,
	size_t *bytes)
{
	for (int tries = 0; tries < FIND_SLICE && f->at < len; tries++) {
		*bytes = is_start(text[f->at]) ? needle_match(n, text + f->at, len - f->at) : 0;
		if (*bytes > 0) {
			*at = f->at;
			f->on = false;
			return 1;
		}
		if (!advance(f, len)) {
			f->on = false;
			return -1;
		}
	}
	f->on = f->at < len;
	return f->on ? 0 : -1;
}
