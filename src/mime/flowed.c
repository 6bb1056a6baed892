#include "mime/flowed.h"

#include <string.h>

struct line {
	const char *s;
	size_t len;
	int quotes;
	bool soft; /* the paragraph goes on in the next line */
};

void plain_append(GString *out, const char *text, size_t len)
{
	const char *p = text, *end = text + len;

	while (p < end) {
		const char *cr = memchr(p, '\r', (size_t)(end - p));

		g_string_append_len(out, p, (cr ? cr : end) - p);
		if (!cr)
			break;
		g_string_append_c(out, '\n');
		p = cr + 1;
		p += p < end && *p == '\n';
	}
	if (len > 0 && out->str[out->len - 1] != '\n')
		g_string_append_c(out, '\n');
}

static bool is_signature(const struct line *l)
{
	return l->len == 3 && memcmp(l->s, "-- ", 3) == 0;
}

/* Takes the next line from *p; returns false at the end. */
static bool next_line(const char **p, const char *end, bool delsp, struct line *l)
{
	const char *nl;

	if (*p >= end)
		return false;
	nl = memchr(*p, '\n', (size_t)(end - *p));
	*l = (struct line){ .s = *p, .len = (size_t)((nl ? nl : end) - *p) };
	*p = nl ? nl + 1 : end;
	while (l->len > 0 && l->s[l->len - 1] == '\r')
		l->len--;
	for (; l->len > 0 && *l->s == '>' && l->quotes < FLOWED_QUOTES_MAX; l->s++, l->len--)
		l->quotes++;
	if (l->len > 0 && *l->s == ' ') { /* stuffed */
		l->s++;
		l->len--;
	}
	l->soft = !is_signature(l) && l->len > 0 && l->s[l->len - 1] == ' ';
	if (l->soft && delsp)
		l->len--;
	return true;
}

static void begin_paragraph(GString *out, const struct line *l)
{
	for (int i = 0; i < l->quotes; i++)
		g_string_append_c(out, '>');
	if (l->quotes > 0 && l->len > 0)
		g_string_append_c(out, ' ');
}

void flowed_append(GString *out, const char *text, size_t len, bool delsp)
{
	const char *p = text, *end = text + len;
	int open = -1; /* the quote level of the paragraph that goes on */
	struct line l;

	while (next_line(&p, end, delsp, &l)) {
		/* a change of level and a signature end a paragraph, whatever its line said */
		if (open >= 0 && (open != l.quotes || is_signature(&l))) {
			g_string_append_c(out, '\n');
			open = -1;
		}
		if (open < 0)
			begin_paragraph(out, &l);
		g_string_append_len(out, l.s, (gssize)l.len);
		open = l.soft ? l.quotes : -1;
		if (!l.soft)
			g_string_append_c(out, '\n');
	}
	if (open >= 0)
		g_string_append_c(out, '\n');
}
