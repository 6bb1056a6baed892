/*
 * Takes out of HTML what no reader sees and what slow parsers die of.  One
 * pass; every byte is looked at a bounded number of times, also in "<a<a<a".
 */
#include "mime/html.h"

#include <string.h>

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

bool html_trim(GString *out, const char *html, size_t len)
{
	const char *p = html, *end = html + MIN(len, (size_t)HTML_BODY_MAX);
	bool unclosed = false, fits;

	while (p < end) {
		const char *open = memchr(p, '<', (size_t)(end - p)), *from;

		g_string_append_len(out, p, (open ? open : end) - p);
		if (!open)
			break;
		p = from = open;
		if (end - p >= 4 && memcmp(p, "<!--", 4) == 0) {
			p = skip_comment(p, end, &unclosed);
			continue;
		}
		fits = true;
		if (end - p >= 2 && (g_ascii_isalpha(p[1]) || strchr("/!?", p[1])))
			p = skip_tag(p, end, &fits);
		else
			p++;
		if (fits)
			g_string_append_len(out, from, p - from);
	}
	return len <= HTML_BODY_MAX;
}
