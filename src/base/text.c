#include "base/text.h"

#include <glib.h>
#include <string.h>
#include <wchar.h>

enum { REPLACEMENT = 0xFFFD, CONTROL_PICTURES = 0x2400, PICTURE_OF_DELETE = 0x2421 };

void text_iter_init(struct text_iter *it, const char *s, ssize_t len)
{
	it->p = (const unsigned char *)s;
	it->end = it->p + (len < 0 ? strlen(s) : (size_t)len);
	it->marks = 0;
	it->any = false;
}

/*
 * Decodes one code point of strict UTF-8 (RFC 3629: no overlong forms, no
 * surrogates, nothing above U+10FFFF).  A broken sequence gives U+FFFD and
 * consumes one byte, so that the rest is not lost.
 */
static uint32_t decode(const unsigned char **p, const unsigned char *end)
{
	static const uint32_t least[] = { 0, 0, 0x80, 0x800, 0x10000 };
	const unsigned char *s = *p;
	int n = s[0] < 0x80 ? 1 : s[0] < 0xC2 ? 0 : s[0] < 0xE0 ? 2 : s[0] < 0xF0 ? 3
							     : s[0] < 0xF5 ? 4 : 0;
	uint32_t c;

	(*p)++;
	if (n == 1)
		return s[0];
	if (n == 0 || end - s < n)
		return REPLACEMENT;
	c = s[0] & (0xFFu >> (n + 1));
	for (int i = 1; i < n; i++) {
		if ((s[i] & 0xC0) != 0x80)
			return REPLACEMENT;
		c = c << 6 | (s[i] & 0x3F);
	}
	if (c < least[n] || c > 0x10FFFF || (c >= 0xD800 && c <= 0xDFFF))
		return REPLACEMENT;
	*p = s + n;
	return c;
}

/* Format characters that a terminal would obey or hide: they are dropped. */
static bool invisible(uint32_t c)
{
	static const struct {
		uint32_t from, to;
	} ranges[] = {
		{ 0x80, 0x9F },     { 0xAD, 0xAD },       { 0x34F, 0x34F },     { 0x61C, 0x61C },
		{ 0x115F, 0x1160 }, { 0x17B4, 0x17B5 },   { 0x180B, 0x180F },   { 0x200B, 0x200F },
		{ 0x202A, 0x202E }, { 0x2060, 0x206F },   { 0x3164, 0x3164 },   { 0xFE00, 0xFE0F },
		{ 0xFEFF, 0xFEFF }, { 0xFFA0, 0xFFA0 },   { 0xFFF0, 0xFFFB },   { 0x1BCA0, 0x1BCA3 },
		{ 0x1D173, 0x1D17A }, { 0xE0000, 0xE0FFF },
	};

	for (size_t i = 0; i < G_N_ELEMENTS(ranges) && c >= ranges[i].from; i++)
		if (c <= ranges[i].to)
			return true;
	return false;
}

uint32_t text_next(struct text_iter *it, int *width)
{
	if (it->p < it->end && *it->p >= 0x20 && *it->p < 0x7F) { /* most text is this */
		it->marks = 0;
		it->any = true;
		*width = 1;
		return *it->p++;
	}
	while (it->p < it->end) {
		uint32_t c = decode(&it->p, it->end);

		if (c < 0x20 || c == 0x7F || c == 0x2028 || c == 0x2029) {
			it->marks = 0;
			it->any = true;
			*width = 1;
			if (c == '\r' && it->p < it->end && *it->p == '\n')
				continue;
			if (c == '\t' || c == '\n' || c == '\r' || c > 0x7F)
				return ' ';
			return c == 0x7F ? PICTURE_OF_DELETE : CONTROL_PICTURES + c;
		}
		if (c < 0x7F) {
			*width = 1;
		} else {
			if (invisible(c))
				continue;
			*width = wcwidth((wchar_t)c);
		}
		if (*width < 0) {
			c = REPLACEMENT;
			*width = 1;
		}
		if (*width == 0) {
			if (!it->any || ++it->marks > TEXT_MARKS_MAX)
				continue;
			return c;
		}
		it->marks = 0;
		it->any = true;
		return c;
	}
	*width = 0;
	return 0;
}

int text_put(uint32_t c, char *out)
{
	return g_unichar_to_utf8(c, out);
}

int text_clean_into(const char *s, ssize_t len, char *out, size_t cap)
{
	struct text_iter it;
	size_t used = 0;
	int width, cells = 0;
	uint32_t c;

	text_iter_init(&it, s, len);
	while ((c = text_next(&it, &width))) {
		char utf8[6];
		size_t n = (size_t)text_put(c, utf8);

		if (used + n >= cap)
			break;
		memcpy(out + used, utf8, n);
		used += n;
		cells += width;
	}
	out[used] = '\0';
	return cells;
}

static const char *next_break(const char *s, const char *end)
{
	while (s < end && *s != '\n' && *s != '\t')
		s++;
	return s;
}

char *text_clean(const char *s, ssize_t len, bool keep_lines)
{
	size_t n = len < 0 ? strlen(s) : (size_t)len;
	GString *out = g_string_sized_new(n + 16);
	const char *end = s + n;

	while (s < end) {
		const char *stop = keep_lines ? next_break(s, end) : end;
		bool crlf = stop < end && *stop == '\n' && stop > s && stop[-1] == '\r';
		struct text_iter it;
		uint32_t c;
		int width;

		text_iter_init(&it, s, stop - s - crlf);
		while ((c = text_next(&it, &width)))
			g_string_append_unichar(out, c);
		if (stop < end)
			g_string_append_c(out, *stop);
		s = stop + 1;
	}
	return g_string_free(out, FALSE);
}

void text_whole(char *s)
{
	const char *end;

	if (!g_utf8_validate(s, -1, &end))
		s[end - s] = '\0';
}

int text_width(const char *s)
{
	struct text_iter it;
	int width, cells = 0;

	text_iter_init(&it, s, -1);
	while (text_next(&it, &width))
		cells += width;
	return cells;
}

bool text_is_utf8(const char *s, size_t len)
{
	return g_utf8_validate(s, (gssize)len, NULL);
}
