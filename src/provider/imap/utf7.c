#include "provider/imap/utf7.h"

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

static const char base64_digits[] =
	"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+,";

static int base64_value(char c)
{
	const char *p = c ? strchr(base64_digits, c) : NULL;

	return p ? (int)(p - base64_digits) : -1;
}

/* One UTF-16 unit; pairs of surrogates become one character.  False: malformed. */
static bool put_unit(GString *out, uint32_t unit, uint32_t *high)
{
	if (*high) {
		if (unit < 0xdc00 || unit > 0xdfff)
			return false;
		g_string_append_unichar(out, 0x10000 + ((*high - 0xd800) << 10) + (unit - 0xdc00));
		*high = 0;
		return true;
	}
	if (unit >= 0xd800 && unit <= 0xdbff) {
		*high = unit;
		return true;
	}
	if (unit == 0 || (unit >= 0xdc00 && unit <= 0xdfff))
		return false;
	g_string_append_unichar(out, unit);
	return true;
}

/* Behind '&': decodes up to and including '-'. */
static bool shifted(const char **p, GString *out)
{
	uint32_t bits = 0, high = 0;
	int n = 0;

	if (**p == '-') {
		g_string_append_c(out, '&');
		(*p)++;
		return true;
	}
	for (; **p && **p != '-'; (*p)++) {
		int v = base64_value(**p);

		if (v < 0)
			return false;
		bits = (bits << 6 | (uint32_t)v) & 0x3fffff;
		n += 6;
		if (n < 16)
			continue;
		n -= 16;
		if (!put_unit(out, bits >> n & 0xffff, &high))
			return false;
	}
	return *(*p)++ == '-' && !high;
}

static bool decode(const char *path, char delimiter, GString *out)
{
	const char *p = path;

	while (*p) {
		if (*p == '&') {
			p++;
			if (!shifted(&p, out))
				return false;
			continue;
		}
		g_string_append_c(out, delimiter && *p == delimiter ? '/' : *p);
		p++;
	}
	return g_utf8_validate(out->str, (gssize)out->len, NULL);
}

char *utf7_name(const char *path, char delimiter)
{
	GString *out = g_string_new(NULL);
	char *name;

	if (decode(path, delimiter, out))
		return g_string_free(out, FALSE);
	g_string_free(out, TRUE);
	name = g_utf8_make_valid(path, -1);
	if (delimiter && delimiter != '/')
		g_strdelimit(name, (char[]){ delimiter, '\0' }, '/');
	return name;
}

char *utf7_decode(const char *path)
{
	g_autoptr(GString) out = g_string_new(NULL);
	g_autofree char *again = NULL;

	if (!decode(path, 0, out))
		return NULL;
	again = utf7_encode(out->str);
	return strcmp(again, path) == 0 ? g_strdup(out->str) : NULL;
}

/* --- encoding ---------------------------------------------------------------------- */

struct encoder {
	GString *out;
	bool shifted;
	uint32_t bits;
	int n; /* bits that wait */
};

static void put_bits(struct encoder *e, uint32_t unit)
{
	e->bits = e->bits << 16 | unit;
	for (e->n += 16; e->n >= 6; e->n -= 6)
		g_string_append_c(e->out, base64_digits[e->bits >> (e->n - 6) & 0x3f]);
	e->bits &= 0x3f;
}

static void shift_out(struct encoder *e)
{
	if (!e->shifted)
		return;
	if (e->n > 0)
		g_string_append_c(e->out, base64_digits[e->bits << (6 - e->n) & 0x3f]);
	g_string_append_c(e->out, '-');
	*e = (struct encoder){ .out = e->out };
}

static void put_shifted(struct encoder *e, uint32_t c)
{
	if (!e->shifted)
		g_string_append_c(e->out, '&');
	e->shifted = true;
	if (c > 0xffff) {
		put_bits(e, 0xd800 + ((c - 0x10000) >> 10));
		c = 0xdc00 + ((c - 0x10000) & 0x3ff);
	}
	put_bits(e, c);
}

char *utf7_encode(const char *name)
{
	struct encoder e = { .out = g_string_new(NULL) };

	for (const char *p = name; *p; p = g_utf8_next_char(p)) {
		uint32_t c = g_utf8_get_char(p);

		if (c < ' ' || c > '~') {
			put_shifted(&e, c);
			continue;
		}
		shift_out(&e);
		g_string_append_c(e.out, (char)c);
		if (c == '&')
			g_string_append_c(e.out, '-');
	}
	shift_out(&e);
	return g_string_free(e.out, FALSE);
}
