#include "mime/charset.h"

#include <errno.h>
#include <stdint.h>
#include <string.h>

#include "base/text.h"

static const char replacement[] = "\xEF\xBF\xBD";

/* What a first look at unlabelled bytes finds. */
struct census {
	size_t high;        /* bytes >= 0x80 */
	size_t letters;     /* ASCII letters */
	size_t sequences;   /* well-formed UTF-8 sequences of more than one byte */
	size_t broken;      /* bytes >= 0x80 outside such sequences */
	size_t even, odd;   /* runs of bytes >= 0xA1 by their length */
	size_t upper, lower; /* bytes 0xC0-0xDF and 0xE0-0xFF: Cyrillic case */
	bool escape;        /* ESC $ or ESC ( : ISO-2022 */
};

static size_t utf8_length(const unsigned char *p, size_t left)
{
	gunichar c;

	if (*p < 0x80)
		return 1;
	c = g_utf8_get_char_validated((const char *)p, (gssize)MIN(left, 6));
	return c == (gunichar)-1 || c == (gunichar)-2 ? 0 : (size_t)g_unichar_to_utf8(c, NULL);
}

static void count_utf8(struct census *c, const unsigned char *p, size_t len)
{
	for (size_t i = 0, n; i < len; i += n ? n : 1) {
		n = utf8_length(p + i, len - i);
		c->sequences += n > 1;
		c->broken += n == 0;
	}
}

static void count_bytes(struct census *c, const unsigned char *p, size_t len)
{
	size_t run = 0;

	for (size_t i = 0; i <= len; i++) {
		if (i < len && p[i] >= 0xA1) {
			run++;
			c->upper += p[i] >= 0xC0 && p[i] <= 0xDF;
			c->lower += p[i] >= 0xE0;
		} else if (run) {
			*(run % 2 ? &c->odd : &c->even) += 1;
			run = 0;
		}
		if (i == len)
			break;
		c->high += p[i] >= 0x80;
		c->letters += g_ascii_isalpha((char)p[i]) != 0;
		if (p[i] == 0x1B && i + 1 < len && (p[i + 1] == '$' || p[i + 1] == '('))
			c->escape = true;
	}
}

const char *charset_guess(const char *data, size_t len)
{
	enum { LOOK = 64 * 1024, PAIRS_MIN = 2 };
	const unsigned char *p = (const unsigned char *)data;
	struct census c = { 0 };

	len = MIN(len, (size_t)LOOK);
	count_bytes(&c, p, len);
	if (c.high == 0)
		return c.escape ? "ISO-2022-JP" : "UTF-8";
	count_utf8(&c, p, len);
	if (c.broken == 0 || c.sequences > 4 * c.broken)
		return "UTF-8";
	if (c.high <= c.letters) /* a few accents among plain letters */
		return "WINDOWS-1252";
	if (c.odd == 0 && c.even >= PAIRS_MIN)
		return "GB18030";
	if (c.upper + c.lower > 0)
		return c.lower >= c.upper ? "WINDOWS-1251" : "KOI8-R";
	return "WINDOWS-1252";
}

/* Labels that say nothing: the bytes decide. */
static bool meaningless(const char *name)
{
	static const char *const names[] = { "us-ascii", "ascii", "ansi_x3.4-1968", "utf-8", "utf8",
		"unknown-8bit", "x-unknown", "unknown", "default", "none", "8bit", "binary",
		"_autodetect_all", "x-user-defined" };

	for (size_t i = 0; i < G_N_ELEMENTS(names); i++)
		if (g_ascii_strcasecmp(names[i], name) == 0)
			return true;
	return false;
}

/* The wider charset that mail under this label is really written in. */
static const char *widened(const char *name)
{
	static const struct {
		const char *label, *real;
	} rows[] = {
		{ "iso-8859-1", "WINDOWS-1252" }, { "iso8859-1", "WINDOWS-1252" },
		{ "iso_8859-1", "WINDOWS-1252" }, { "latin1", "WINDOWS-1252" },
		{ "latin-1", "WINDOWS-1252" },    { "windows-1252", "WINDOWS-1252" },
		{ "cp1252", "WINDOWS-1252" },     { "iso-8859-9", "WINDOWS-1254" },
		{ "iso-8859-11", "CP874" },       { "windows-874", "CP874" },
		{ "gb2312", "GB18030" },          { "gbk", "GB18030" },
		{ "x-gbk", "GB18030" },           { "big5", "BIG5-HKSCS" },
		{ "shift_jis", "CP932" },         { "shift-jis", "CP932" },
		{ "x-sjis", "CP932" },            { "windows-31j", "CP932" },
		{ "ks_c_5601-1987", "CP949" },    { "ks_c_5601", "CP949" },
		{ "euc-kr", "CP949" },            { "iso-8859-8-i", "ISO-8859-8" },
		{ "unicode-1-1-utf-7", "UTF-7" }, { "macintosh", "MACINTOSH" },
		{ "x-mac-roman", "MACINTOSH" },   { "unicode", "UTF-16" },
	};

	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++)
		if (g_ascii_strcasecmp(rows[i].label, name) == 0)
			return rows[i].real;
	return name;
}

/* Only plain names reach iconv_open: no path, no //SUFFIX. */
static bool plain_name(const char *name)
{
	size_t n = strspn(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
				"-_.:+");

	return n > 0 && n < CHARSET_NAME_MAX && name[n] == '\0';
}

static void append_without_nul(GString *out, const char *s, size_t len)
{
	while (len > 0) {
		const char *nul = memchr(s, '\0', len);
		size_t n = nul ? (size_t)(nul - s) : len;

		g_string_append_len(out, s, (gssize)n);
		n += nul != NULL;
		s += n;
		len -= n;
	}
}

static bool convert(GString *out, GIConv cd, const char *data, size_t len)
{
	char *in = (char *)(uintptr_t)data;
	bool exact = true;

	while (len > 0) {
		char chunk[4096];
		char *to = chunk;
		size_t room = sizeof chunk, before = len;
		size_t r = g_iconv(cd, &in, &len, &to, &room);
		int why = errno;

		append_without_nul(out, chunk, (size_t)(to - chunk));
		if (r != (size_t)-1)
			break;
		if (why == E2BIG && (to > chunk || len < before))
			continue;
		g_string_append(out, replacement);
		exact = false;
		if (why == EINVAL)
			break;
		in++;
		len--;
	}
	return exact;
}

static void append_utf8(GString *out, const char *data, size_t len)
{
	g_autofree char *valid = NULL;

	if (len >= 3 && memcmp(data, "\xEF\xBB\xBF", 3) == 0) {
		data += 3;
		len -= 3;
	}
	if (text_is_utf8(data, len)) {
		g_string_append_len(out, data, (gssize)len);
		return;
	}
	valid = g_utf8_make_valid(data, (gssize)len); /* a NUL inside becomes U+FFFD */
	g_string_append(out, valid);
}

static bool is_latin(const char *name)
{
	return strcmp(name, "WINDOWS-1252") == 0;
}

bool charset_append(GString *out, const char *name, const char *data, size_t len)
{
	bool labelled = name && *name && !meaningless(name);
	const char *real = labelled ? widened(name) : charset_guess(data, len);
	GIConv cd;
	bool exact;

	if (labelled && is_latin(real) && text_is_utf8(data, len))
		real = "UTF-8";
	if (strcmp(real, "UTF-8") == 0) {
		append_utf8(out, data, len);
		return text_is_utf8(data, len);
	}
	cd = plain_name(real) ? g_iconv_open("UTF-8", real) : (GIConv)-1;
	if (cd == (GIConv)-1) {
		if (labelled)
			charset_append(out, NULL, data, len);
		else
			append_utf8(out, data, len);
		return false;
	}
	exact = convert(out, cd, data, len);
	g_iconv_close(cd);
	return exact;
}
