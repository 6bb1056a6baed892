#include "provider/imap/utf7.h"

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

static int base64_value(char c)
{
	static const char digits[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+,";
	const char *p = c ? strchr(digits, c) : NULL;

	return p ? (int)(p - digits) : -1;
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
