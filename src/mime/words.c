#include "mime/words.h"

#include <stdbool.h>
#include <string.h>

#include "mime/charset.h"

/* =?charset*language?encoding?bytes?=; some leave the charset out */
struct word {
	char charset[CHARSET_NAME_MAX];
	char how;              /* 'q' or 'b' */
	const char *bytes;
	size_t len;
	const char *end;       /* behind the word */
};

/* Reads the word at s ("=?..."); `closed` is false when no "?=" follows anywhere. */
static bool read_word(const char *s, bool *closed, struct word *w)
{
	const char *p = s + 2, *stop;
	size_t n = strcspn(p, "?* \t"), all = strcspn(p, "? \t");

	if (n >= sizeof w->charset || all > 4 * sizeof w->charset || p[all] != '?')
		return false;
	memcpy(w->charset, p, n);
	w->charset[n] = '\0';
	p += all + 1;
	w->how = *p ? g_ascii_tolower(*p) : '\0';
	if ((w->how != 'q' && w->how != 'b') || p[1] != '?')
		return false;
	w->bytes = p + 2;
	stop = strstr(w->bytes, "?=");
	/* "=?utf-8?q??=3D?=": a '?' that was not encoded stands before an encoded byte */
	if (stop && w->how == 'q' && g_ascii_isxdigit(stop[2]) && g_ascii_isxdigit(stop[3])) {
		const char *next = strstr(stop + 2, "?=");

		if (next && !memchr(stop, ' ', (size_t)(next - stop)))
			stop = next;
	}
	*closed = stop != NULL;
	if (!stop)
		return false;
	w->len = (size_t)(stop - w->bytes);
	w->end = stop + 2;
	return !strstr(w->charset, "=");
}

static void append_q(GString *out, const char *s, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		if (s[i] == '=' && i + 2 < len && g_ascii_isxdigit(s[i + 1]) &&
			g_ascii_isxdigit(s[i + 2])) {
			g_string_append_c(out, (char)(g_ascii_xdigit_value(s[i + 1]) << 4 |
						      g_ascii_xdigit_value(s[i + 2])));
			i += 2;
		} else {
			g_string_append_c(out, s[i] == '_' ? ' ' : s[i]);
		}
	}
}

/* Base64 that goes on from one word to the next. */
struct base64 {
	unsigned bits;
	int have;      /* bits not yet given out */
	size_t digits; /* so far, with "=" */
};

static int digit(char c)
{
	static const char set[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	const char *at = c ? strchr(set, c) : NULL;

	return at ? (int)(at - set) : -1;
}

static size_t count_digits(const char *s, size_t len)
{
	size_t n = 0;

	for (size_t i = 0; i < len; i++)
		n += s[i] == '=' || digit(s[i]) >= 0;
	return n;
}

/*
 * Bytes that are no base64 are passed over; each "=" ends a group.  A group
 * that the word before left open goes on only if both together come out even:
 * else its "=" had been forgotten.
 */
static void append_b(GString *out, const char *s, size_t len, struct base64 *b)
{
	if ((b->digits + count_digits(s, len)) % 4 != 0 && b->digits > 0)
		b->have = 0;
	for (size_t i = 0; i < len; i++) {
		int v = digit(s[i]);

		b->digits += v >= 0 || s[i] == '=';
		if (s[i] == '=')
			b->have = 0;
		if (v < 0)
			continue;
		b->bits = b->bits << 6 | (unsigned)v;
		b->have += 6;
		if (b->have >= 8) {
			b->have -= 8;
			g_string_append_c(out, (char)(b->bits >> b->have & 0xFF));
		}
	}
}

/* Decodes the word and those of the same charset behind it; returns where the last one ends. */
static const char *append_run(GString *out, struct word *w, bool *closed)
{
	g_autoptr(GString) raw = g_string_new(NULL);
	struct base64 group = { 0 };
	const char *end;

	for (;;) {
		struct word next;
		const char *p = w->end + strspn(w->end, " \t");

		if (w->how == 'q')
			append_q(raw, w->bytes, w->len);
		else
			append_b(raw, w->bytes, w->len, &group);
		end = w->end;
		if (p[0] != '=' || p[1] != '?' || !*closed || !read_word(p, closed, &next))
			break;
		end = p; /* the blanks between two words are not text */
		if (g_ascii_strcasecmp(next.charset, w->charset) != 0)
			break;
		*w = next;
	}
	charset_append(out, w->charset, raw->str, raw->len);
	return end;
}

char *words_decode(const char *utf8)
{
	GString *out = g_string_new(NULL);
	bool closed = true;
	struct word w;

	for (const char *p = utf8; *p;) {
		const char *next = closed ? strstr(p, "=?") : NULL;

		if (!next) {
			g_string_append(out, p);
			break;
		}
		g_string_append_len(out, p, next - p);
		if (read_word(next, &closed, &w)) {
			p = append_run(out, &w, &closed);
		} else {
			g_string_append_len(out, next, 2);
			p = next + 2;
		}
	}
	return g_string_free(out, FALSE);
}
