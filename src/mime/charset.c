#include "mime/charset.h"

#include <errno.h>
#include <stdint.h>
#include <string.h>

#include "mime/guess.h"
#include "mime/jis.h"

/* With the letters of Windows, which the plain one does not have. */
#define EUC_JP "EUC-JP-MS"
#define ISO_2022_JP "ISO-2022-JP-3"

static const char replacement[] = "\xEF\xBF\xBD";

/*
 * The name that iconv gets, by the label without its case and signs.  Narrow
 * charsets become the wider ones that mail under their label is really written
 * in; "" = the label says nothing, the bytes decide.
 */
static const struct {
	const char *key, *real;
} labels[] = {
	{ "usascii", "" },             { "ascii", "" },
	{ "ansix341968", "" },         { "iso646us", "" },
	{ "utf8", "" },                { "utf8mb4", "" },
	{ "unicode11utf8", "" },       { "unknown8bit", "" },
	{ "unknown", "" },             { "default", "" },
	{ "defaultcharset", "" },      { "none", "" },
	{ "null", "" },                { "8bit", "" },
	{ "7bit", "" },                { "binary", "" },
	{ "autodetectall", "" },       { "userdefined", "" },
	{ "iso88591", "WINDOWS-1252" }, { "88591", "WINDOWS-1252" },
	{ "latin1", "WINDOWS-1252" },  { "l1", "WINDOWS-1252" },
	{ "ansi", "WINDOWS-1252" },    { "western", "WINDOWS-1252" },
	{ "iso885911987", "WINDOWS-1252" }, { "iso88599", "WINDOWS-1254" },
	{ "latin5", "WINDOWS-1254" },  { "iso885911", "CP874" },
	{ "tis620", "CP874" },         { "gb2312", "GB18030" },
	{ "gb231280", "GB18030" },     { "gbk", "GB18030" },
	{ "euccn", "GB18030" },        { "cngb", "GB18030" },
	{ "gb", "GB18030" },           { "chinese", "GB18030" },
	{ "big5", "BIG5-HKSCS" },      { "cnbig5", "BIG5-HKSCS" },
	{ "shiftjis", "CP932" },       { "sjis", "CP932" },
	{ "mskanji", "CP932" },        { "windows31j", "CP932" },
	{ "ksc5601", "CP949" },        { "ksc56011987", "CP949" },
	{ "ksc56011992", "CP949" },    { "korean", "CP949" },
	{ "euckr", "CP949" },          { "uhc", "CP949" },
	{ "iso88598i", "ISO-8859-8" }, { "iso88598e", "ISO-8859-8" },
	{ "iso88596i", "ISO-8859-6" }, { "logical", "ISO-8859-8" },
	{ "iso2022jp", ISO_2022_JP }, { "iso2022jpms", ISO_2022_JP },
	{ "cp50220", ISO_2022_JP },    { "cp50221", ISO_2022_JP },
	{ "unicode11utf7", "UTF-7" },
	{ "utf7", "UTF-7" },           { "macroman", "MACINTOSH" },
	{ "mac", "MACINTOSH" },        { "macintosh", "MACINTOSH" },
	{ "maccyrillic", "MAC-CYRILLIC" }, { "unicode", "UTF-16" },
	{ "utf16", "UTF-16" },         { "ucs2", "UTF-16" },
	{ "utf16le", "UTF-16LE" },     { "utf16be", "UTF-16BE" },
	{ "koi8", "KOI8-R" },          { "koi8ru", "KOI8-U" },
	{ "cyrillic", "ISO-8859-5" },  { "eucjp", EUC_JP },
	{ "ujis", EUC_JP },            { "viscii", "VISCII" },
	{ "big5eten", "BIG5-HKSCS" },  { "cp936", "GB18030" },
	{ "windows936", "GB18030" },   { "ms936", "GB18030" },
};

/* The label without case, signs, and "x-" or "cs" in front. */
static void key_of(const char *name, char key[CHARSET_NAME_MAX])
{
	size_t n = 0;

	while (g_ascii_strncasecmp(name, "x-", 2) == 0)
		name += 2;
	if (g_ascii_strncasecmp(name, "cs", 2) == 0)
		name += 2;
	for (; *name && n + 1 < CHARSET_NAME_MAX; name++)
		if (g_ascii_isalnum(*name))
			key[n++] = g_ascii_tolower(*name);
	key[n] = '\0';
}

/* "iso8859-2", "ISO_8859_2", "windows1250", "win-1250", "cp-850", "ibm850" in iconv's words. */
static bool numbered(const char *key, char out[CHARSET_NAME_MAX])
{
	static const struct {
		const char *word;
		bool iso;
	} families[] = { { "iso8859", true }, { "8859", true }, { "windows", false },
		{ "win", false }, { "cp", false }, { "ibm", false }, { "dos", false },
		{ "ms", false }, { "mscp", false } };

	for (size_t i = 0; i < G_N_ELEMENTS(families); i++) {
		const char *digits = key + strlen(families[i].word);

		if (!g_str_has_prefix(key, families[i].word) || !*digits ||
			strspn(digits, "0123456789") != strlen(digits))
			continue;
		if (strcmp(digits, "65001") == 0)
			*out = '\0'; /* UTF-8 */
		else
			g_snprintf(out, CHARSET_NAME_MAX, "%s%s",
				families[i].iso ? "ISO-8859-" : "CP", digits);
		return true;
	}
	return false;
}

/* Names with more behind them: "utf-8-sig", "ISO-8859-1-Windows-3.1-Latin-1". */
static const char *begun(const char *key)
{
	static const struct {
		const char *word, *real;
	} names[] = { { "utf8", "" }, { "iso88591", "WINDOWS-1252" }, { "windows1252", "WINDOWS-1252" } };

	for (size_t i = 0; i < G_N_ELEMENTS(names); i++)
		if (g_str_has_prefix(key, names[i].word) && g_ascii_isalpha(key[strlen(names[i].word)]))
			return names[i].real;
	return NULL;
}

/* iconv's name for the label, "" if it says nothing. */
static void real_name(const char *label, char out[CHARSET_NAME_MAX])
{
	char key[CHARSET_NAME_MAX];
	const char *known;

	key_of(label, key);
	known = begun(key);
	for (size_t i = 0; i < G_N_ELEMENTS(labels) && !known; i++)
		if (strcmp(labels[i].key, key) == 0)
			known = labels[i].real;
	if (known)
		g_strlcpy(out, known, CHARSET_NAME_MAX);
	else if (numbered(key, out))
		return;
	else if (strlen(label) < CHARSET_NAME_MAX)
		g_strlcpy(out, label, CHARSET_NAME_MAX);
	else
		*out = '\0';
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

/* Some charsets hold the last character back, because an accent may follow. */
static void flush(GString *out, GIConv cd)
{
	char chunk[64];
	char *to = chunk;
	size_t room = sizeof chunk;

	if (g_iconv(cd, NULL, NULL, &to, &room) != (size_t)-1)
		append_without_nul(out, chunk, (size_t)(to - chunk));
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
	flush(out, cd);
	return exact;
}

/* Bytes of the ill-formed beginning of a character that become one U+FFFD (Unicode 3.9, U+FFFD
 * substitution of maximal subparts). */
static size_t subpart(const unsigned char *p, size_t len)
{
	unsigned char low = 0x80, high = 0xBF;
	size_t want = *p >= 0xF0 ? 3 : *p >= 0xE0 ? 2 : 1, n = 1;

	if (*p < 0xC2 || *p > 0xF4)
		return 1;
	if (*p == 0xE0)
		low = 0xA0;
	if (*p == 0xED)
		high = 0x9F;
	if (*p == 0xF0)
		low = 0x90;
	if (*p == 0xF4)
		high = 0x8F;
	for (; n <= want && n < len && p[n] >= low && p[n] <= high; n++) {
		low = 0x80;
		high = 0xBF;
	}
	return n;
}

/* Returns whether all of it was UTF-8. */
static bool append_utf8(GString *out, const char *data, size_t len)
{
	bool exact = true;

	if (len >= 3 && memcmp(data, "\xEF\xBB\xBF", 3) == 0) {
		data += 3;
		len -= 3;
	}
	while (len > 0) {
		const char *end;
		size_t bad;

		if (g_utf8_validate_len(data, len, &end))
			end = data + len;
		g_string_append_len(out, data, end - data);
		len -= (size_t)(end - data);
		data = end;
		if (len == 0)
			break;
		exact = exact && *data == '\0';
		bad = *data ? subpart((const unsigned char *)data, len) : 1;
		if (*data)
			g_string_append(out, replacement);
		data += bad;
		len -= bad;
	}
	return exact;
}

/* Labels beside which UTF-8 proves itself: those of 8 bits.  Wide charsets hold NULs, and what
 * is written with escapes has no byte beyond ASCII. */
static bool may_be_utf8(const char *real)
{
	return !g_str_has_prefix(real, "UTF-") && !g_str_has_prefix(real, "UCS-");
}

static bool has_mark(const char *data, size_t len)
{
	return len >= 2 && (memcmp(data, "\xFF\xFE", 2) == 0 || memcmp(data, "\xFE\xFF", 2) == 0);
}

/* How many characters must be UTF-8 before a label is not believed: two bytes of a Chinese charset
 * can look like one by accident, an accented letter of a Latin one hardly. */
static size_t proof(const char *real)
{
	static const char *const latin[] = { "WINDOWS-1252", "CP1252", "CP1250", "CP1257", "ISO-8859-2",
		"ISO-8859-15", "WINDOWS-1254", "CP1254", NULL };
	enum { LATIN = 1, OTHERS = 4 };

	return g_strv_contains(latin, real) ? LATIN : OTHERS;
}

/* Letters where ISO 8859 has none (0x80 to 0x9F): the text is in the charset of Windows that was
 * made of that part of ISO 8859, whatever the label says. */
static const char *of_windows(const char *real, const char *data, size_t len)
{
	static const struct {
		const char *iso, *windows;
	} pairs[] = { { "ISO-8859-2", "CP1250" }, { "ISO-8859-7", "CP1253" },
		{ "ISO-8859-8", "CP1255" }, { "ISO-8859-13", "CP1257" },
		{ "ISO-8859-15", "CP1252" } };
	const char *windows = NULL;

	for (size_t i = 0; i < G_N_ELEMENTS(pairs); i++)
		if (strcmp(pairs[i].iso, real) == 0)
			windows = pairs[i].windows;
	for (size_t i = 0; windows && i < len; i++)
		if ((unsigned char)data[i] >= 0x80 && (unsigned char)data[i] < 0xA0)
			return windows;
	return real;
}

/* Japanese with escapes, by way of EUC; false = it is to be read as it stands. */
static bool append_jis(GString *out, const char *data, size_t len, bool *exact)
{
	g_autoptr(GString) euc = g_string_sized_new(len);
	GIConv cd;

	if (!jis_to_euc(euc, data, len))
		return false;
	cd = g_iconv_open("UTF-8", EUC_JP);
	if (cd == (GIConv)-1)
		return false;
	*exact = convert(out, cd, euc->str, euc->len);
	g_iconv_close(cd);
	return true;
}

bool charset_append(GString *out, const char *name, const char *data, size_t len)
{
	char real[CHARSET_NAME_MAX] = "";
	const char *utf16;
	bool labelled, exact;
	GIConv cd;

	if (len == 0)
		return true;
	if (name)
		real_name(name, real);
	labelled = *real != '\0';
	if (!labelled || (may_be_utf8(real) && guess_is_utf8(data, len, proof(real))))
		g_strlcpy(real, charset_guess(data, len), sizeof real);
	if (strcmp(real, "UTF-16") == 0 && !has_mark(data, len) &&
		(utf16 = guess_utf16(data, len, labelled)))
		g_strlcpy(real, utf16, sizeof real);
	if (strcmp(real, "UTF-8") == 0)
		return append_utf8(out, data, len);
	if (g_str_has_prefix(real, "UTF-16") && strlen(real) > 6 && has_mark(data, len)) {
		data += 2; /* iconv would keep the mark as a character */
		len -= 2;
	}
	if (strcmp(real, ISO_2022_JP) == 0 && append_jis(out, data, len, &exact))
		return exact;
	cd = plain_name(real) ? g_iconv_open("UTF-8", of_windows(real, data, len)) : (GIConv)-1;
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
