#include "base/host.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>

#include <glib.h>

#include "base/mem.h"

enum { LABELS_MAX = 127, CODEPOINTS_MAX = 1024 };

/* Letters that look like small Latin ones, each list beside what it looks like. */
static const struct {
	const char *letters;
	char like;
} alike[] = {
	{ "аαɑ", 'a' }, { "ьβƅ", 'b' }, { "сϲƈ", 'c' }, { "ԁɗ", 'd' }, { "еεҽё", 'e' },
	{ "ɡց", 'g' }, { "һհ", 'h' }, { "іιıɩ", 'i' }, { "јϳ", 'j' }, { "кκ", 'k' },
	{ "ӏł", 'l' }, { "м", 'm' }, { "пηո", 'n' }, { "оοօø", 'o' }, { "рρ", 'p' },
	{ "ԛզ", 'q' }, { "г", 'r' }, { "ѕ", 's' }, { "тτ", 't' }, { "υս", 'u' },
	{ "ѵν", 'v' }, { "ԝωѡ", 'w' }, { "хχ", 'x' }, { "уγ", 'y' },
};

/* The Latin letter that c looks like, 0 = none. */
static char latin_like(gunichar c)
{
	char utf8[7];
	int n = g_unichar_to_utf8(c, utf8);

	utf8[n] = '\0';
	for (size_t i = 0; c >= 0x80 && i < G_N_ELEMENTS(alike); i++)
		if (strstr(alike[i].letters, utf8))
			return alike[i].like;
	return 0;
}

bool host_ascii(const char *host, char *out, size_t cap)
{
	g_autofree char *ascii = NULL;
	size_t n = strlen(host);

	if (n == 0 || n >= HOST_SHOWN_MAX || !g_utf8_validate(host, -1, NULL))
		return false;
	ascii = g_hostname_to_ascii(host);
	if (!ascii)
		return false;
	n = strlen(ascii);
	if (n > 0 && ascii[n - 1] == '.')
		ascii[--n] = '\0';
	if (n == 0 || n >= MIN(cap, (size_t)HOST_MAX) || strstr(ascii, "..") ||
		strspn(ascii, "-_.abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789") < n ||
		ascii[0] == '.' || ascii[0] == '-' || ascii[n - 1] == '.')
		return false;
	for (char *p = ascii; *p; p++)
		*p = g_ascii_tolower(*p);
	g_strlcpy(out, ascii, cap);
	return true;
}

/* --- scripts -------------------------------------------------------------- */

enum { LATIN = 1, HAN = 2, KANA = 4, HANGUL = 8, BOPOMOFO = 16, OTHER = 32 };

/* Which scripts a label uses; *other: the one that stands for OTHER; *two: there are several. */
static unsigned scripts_of(const char *label, GUnicodeScript *other, bool *two)
{
	unsigned all = 0;

	for (const char *p = label; *p; p = g_utf8_next_char(p)) {
		GUnicodeScript s = g_unichar_get_script(g_utf8_get_char(p));

		if (s == G_UNICODE_SCRIPT_COMMON || s == G_UNICODE_SCRIPT_INHERITED)
			continue;
		if (s == G_UNICODE_SCRIPT_LATIN)
			all |= LATIN;
		else if (s == G_UNICODE_SCRIPT_HAN)
			all |= HAN;
		else if (s == G_UNICODE_SCRIPT_HIRAGANA || s == G_UNICODE_SCRIPT_KATAKANA)
			all |= KANA;
		else if (s == G_UNICODE_SCRIPT_HANGUL)
			all |= HANGUL;
		else if (s == G_UNICODE_SCRIPT_BOPOMOFO)
			all |= BOPOMOFO;
		else {
			*two |= (all & OTHER) && s != *other;
			all |= OTHER;
			*other = s;
		}
	}
	return all;
}

static bool one_language(const char *label, GUnicodeScript *other)
{
	static const unsigned together[] = { LATIN | HAN | KANA, LATIN | HAN | HANGUL,
		LATIN | HAN | BOPOMOFO };
	bool two = false;
	unsigned s = scripts_of(label, other, &two);

	if (two)
		return false;
	if ((s & (s - 1)) == 0)
		return true;
	for (size_t i = 0; i < G_N_ELEMENTS(together); i++)
		if ((s & ~together[i]) == 0)
			return true;
	return false;
}

/* Letters of another script only, every one of which looks Latin. */
static bool all_alike(const char *label)
{
	bool any = false;

	for (const char *p = label; *p; p = g_utf8_next_char(p)) {
		gunichar c = g_utf8_get_char(p);

		if (c < 0x80 ? g_ascii_isalpha((char)c) : !latin_like(c))
			return false;
		any |= c >= 0x80;
	}
	return any;
}

/* An invisible or unassigned character cannot be told from nothing. */
static bool has_odd(const char *label)
{
	for (const char *p = label; *p; p = g_utf8_next_char(p))
		if (!g_unichar_isgraph(g_utf8_get_char(p)) || g_unichar_iszerowidth(g_utf8_get_char(p)))
			return true;
	return false;
}

static bool labels_deceive(const char *decoded)
{
	g_auto(GStrv) labels = g_strsplit(decoded, ".", LABELS_MAX);
	guint n = g_strv_length(labels);
	GUnicodeScript other = G_UNICODE_SCRIPT_COMMON, top = G_UNICODE_SCRIPT_COMMON;

	if (n == 0 || !one_language(labels[n - 1], &top))
		return true;
	for (guint i = 0; i < n; i++) {
		other = G_UNICODE_SCRIPT_COMMON;
		if (!one_language(labels[i], &other) || has_odd(labels[i]) ||
			(all_alike(labels[i]) && other != top))
			return true;
	}
	return false;
}

/* NULL if it is no name in letters: "xn--paypal-.example" only looks so, others give no characters. */
static char *decode(const char *ascii)
{
	g_autofree char *text = strstr(ascii, "xn--") ? g_hostname_to_unicode(ascii) : g_strdup(ascii);
	g_autofree char *back = text && g_utf8_validate(text, -1, NULL) ? g_hostname_to_ascii(text) : NULL;

	return back && g_ascii_strcasecmp(back, ascii) == 0 ? TAKE(text) : NULL;
}

bool host_deceives(const char *ascii)
{
	g_autofree char *text = decode(ascii);

	return !text || (strcmp(text, ascii) != 0 && labels_deceive(text));
}

void host_shown(const char *ascii, char *out, size_t cap)
{
	g_autofree char *text = host_deceives(ascii) ? NULL : decode(ascii);

	g_strlcpy(out, text ? text : ascii, cap);
}

/* --- owners --------------------------------------------------------------- */

/* Second labels below which others register, where the last label is a country. */
static bool is_shared_suffix(const char *second, size_t len, const char *last)
{
	static const char *const names[] = { "co", "com", "org", "net", "ac", "gov", "edu", "gob",
		"gouv", "or", "ne", "go", "ltd", "plc", "me", "sch", "nhs", "police" };

	if (strlen(last) != 2)
		return false;
	for (size_t i = 0; i < G_N_ELEMENTS(names); i++)
		if (strlen(names[i]) == len && g_ascii_strncasecmp(names[i], second, len) == 0)
			return true;
	return false;
}

const char *host_site(const char *name)
{
	const char *last = strrchr(name, '.'), *second, *third;

	if (!last || last == name)
		return name;
	second = memrchr(name, '.', (size_t)(last - name));
	if (!second)
		return name;
	if (!is_shared_suffix(second + 1, (size_t)(last - second - 1), last + 1))
		return second + 1;
	third = memrchr(name, '.', (size_t)(second - name));
	return third ? third + 1 : name;
}

bool host_same_site(const char *a, const char *b)
{
	return *a && g_ascii_strcasecmp(host_site(a), host_site(b)) == 0;
}

/* --- this machine --------------------------------------------------------- */

bool host_is_loopback(const char *host)
{
	struct in6_addr six;
	struct in_addr four;

	if (g_ascii_strcasecmp(host, "localhost") == 0)
		return true;
	if (inet_pton(AF_INET, host, &four) == 1)
		return ntohl(four.s_addr) >> 24 == 127;
	return inet_pton(AF_INET6, host, &six) == 1 && IN6_IS_ADDR_LOOPBACK(&six);
}

/* --- look-alikes ---------------------------------------------------------- */

/* One letter without its marks, as the Latin one that it looks like. */
static void append_like(GString *out, gunichar c)
{
	char like = latin_like(c);

	if (like)
		g_string_append_c(out, like);
	else if (!g_unichar_ismark(c))
		g_string_append_unichar(out, g_unichar_tolower(c));
}

static char *plain_letters(const char *text)
{
	g_autofree char *loose = g_utf8_normalize(text, -1, G_NORMALIZE_NFKD);
	GString *out = g_string_new(NULL);

	for (const char *p = loose ? loose : text; *p && out->len < CODEPOINTS_MAX;
		p = g_utf8_next_char(p))
		append_like(out, g_utf8_get_char(p));
	return g_string_free(out, FALSE);
}

void host_skeleton(const char *ascii, char *out, size_t cap)
{
	g_autofree char *text = decode(ascii), *plain = plain_letters(text ? text : ascii);
	size_t n = 0;

	for (const char *p = plain; *p && n + 1 < cap; p++) {
		char c = *p;

		if ((p[0] == 'r' && p[1] == 'n') || (p[0] == 'v' && p[1] == 'v')) {
			c = p[0] == 'r' ? 'm' : 'w';
			p++;
		}
		out[n++] = c == '0' ? 'o' : c == '1' || c == 'i' ? 'l' : c;
	}
	out[n] = '\0';
}
