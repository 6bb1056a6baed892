/*
 * Counting decides: UTF-8 proves itself, escapes name ISO-2022, the scripts of
 * East Asia show by their lead bytes, Cyrillic by its commonest letters.  What
 * is left is Western.
 */
#include "mime/guess.h"

#include <string.h>

#include <glib.h>

/* What a first look at unlabelled bytes finds. */
struct census {
	size_t high;         /* bytes >= 0x80 */
	size_t letters;      /* ASCII letters */
	size_t sequences;    /* well-formed UTF-8 sequences of more than one byte */
	size_t broken;       /* bytes >= 0x80 outside such sequences */
	size_t even, odd;    /* runs of bytes >= 0xA1 by their length */
	size_t lead[256];    /* first bytes of pairs in runs of bytes >= 0xA1 */
	size_t pairs;
	size_t kana;         /* pairs that Shift_JIS reads as kana */
	size_t count[256];
};

/* The ten commonest letters of Russian, small, in the charsets that mail is found in. */
static const struct {
	const char *name, *letters;
} cyrillic[] = {
	{ "WINDOWS-1251", "\xEE\xE5\xE0\xE8\xED\xF2\xF1\xF0\xE2\xEB" },
	{ "KOI8-R", "\xCF\xC5\xC1\xC9\xCE\xD4\xD3\xD2\xD7\xCC" },
	{ "ISO-8859-5", "\xDE\xD5\xD0\xD8\xDD\xE2\xE1\xE0\xD2\xDB" },
	{ "CP866", "\xAE\xA5\xA0\xA8\xAD\xE2\xE1\xE0\xA2\xAB" },
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
		c->sequences += n > 1 && !(p[i] == 0xC2 && p[i + 1] < 0xA0); /* nobody writes C1 */
		c->broken += n == 0;
	}
}

bool guess_is_utf8(const char *data, size_t len, size_t least)
{
	struct census c = { 0 };

	count_utf8(&c, (const unsigned char *)data, MIN(len, (size_t)GUESS_LOOK));
	/* a character may be cut at the end of what was looked at */
	return c.sequences >= least && c.broken <= (len > GUESS_LOOK ? 3u : 0u);
}

static void count_runs(struct census *c, const unsigned char *p, size_t len)
{
	size_t run = 0;

	for (size_t i = 0; i <= len; i++) {
		if (i < len && p[i] >= 0xA1) {
			if (run++ % 2 == 0 && i + 1 < len && p[i + 1] >= 0xA1) {
				c->lead[p[i]]++;
				c->pairs++;
			}
		} else if (run) {
			*(run % 2 ? &c->odd : &c->even) += 1;
			run = 0;
		}
	}
}

static void count_bytes(struct census *c, const unsigned char *p, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		c->high += p[i] >= 0x80;
		c->letters += g_ascii_isalpha((char)p[i]) != 0;
		c->count[p[i]]++;
		if ((p[i] == 0x82 || p[i] == 0x83) && i + 1 < len && p[i + 1] >= 0x40)
			c->kana++;
	}
}

/* The charset that the escapes name. */
static const char *iso2022(const char *data, size_t len)
{
	static const struct {
		const char *escape, *name;
	} rows[] = {
		{ "\x1B$)C", "ISO-2022-KR" },
		{ "\x1B$)A", "ISO-2022-CN" },
		{ "\x1B$)G", "ISO-2022-CN" },
		{ "\x1B$", "ISO-2022-JP-3" },
		{ "\x1B(", "ISO-2022-JP-3" },
	};

	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++)
		if (memmem(data, len, rows[i].escape, strlen(rows[i].escape)))
			return rows[i].name;
	return NULL;
}

const char *guess_utf16(const char *data, size_t len, bool labelled)
{
	enum { LEAST = 8, SHARE = 3 };
	size_t nuls[2] = { 0 }, most;

	len = MIN(len, (size_t)GUESS_LOOK);
	for (size_t i = 0; i < len; i++)
		nuls[i % 2] += data[i] == '\0';
	most = MAX(nuls[0], nuls[1]);
	if (most == 0 || (!labelled && (len < LEAST || most * SHARE < len)))
		return NULL;
	if (nuls[1] > SHARE * nuls[0])
		return "UTF-16LE";
	return nuls[0] > SHARE * nuls[1] ? "UTF-16BE" : NULL;
}

/*
 * Big5: second bytes are also among the ASCII letters.  All must be pairs, and
 * most of them from the rows of common characters (0xA4 to 0xC6).
 */
static bool is_big5(const unsigned char *p, size_t len)
{
	enum { LEAST = 8 };
	size_t pairs = 0, common = 0, low = 0;

	for (size_t i = 0; i + 1 < len; i++) {
		unsigned char second = p[i + 1];

		if (p[i] < 0x80)
			continue;
		if (p[i] < 0xA1 || p[i] > 0xF9 || second < 0x40 || second == 0x7F ||
			(second > 0x7F && second < 0xA1) || second == 0xFF)
			return false;
		pairs++;
		common += p[i] >= 0xA4 && p[i] <= 0xC6;
		low += second < 0x80;
		i++;
	}
	return pairs >= LEAST && common * 10 >= pairs * 6 && low * 5 >= pairs;
}

/* Pairs of bytes >= 0xA1: which of the charsets that are made of them. */
static const char *of_pairs(const struct census *c)
{
	size_t korean = 0;

	if ((c->lead[0xA4] + c->lead[0xA5]) * 4 >= c->pairs)
		return "EUC-JP-MS"; /* kana */
	for (int b = 0xB0; b <= 0xC8; b++)
		korean += c->lead[b];
	if (c->pairs >= 8 && korean * 100 >= c->pairs * 95)
		return "CP949"; /* nothing but hangul */
	return "GB18030";
}

/*
 * Whether nearly all bytes beyond ASCII are letters of a Cyrillic charset: from 0xC0 on in
 * Windows-1251 and KOI8-R, in CP866 below 0xB0 and from 0xE0 to 0xEF.  Second bytes of pairs lie
 * anywhere.
 */
static bool is_alphabet(const struct census *c)
{
	enum { PERCENT = 90 };
	size_t windows = 0, dos = 0;

	for (int b = 0x80; b < 0x100; b++) {
		windows += b >= 0xC0 ? c->count[b] : 0;
		dos += b < 0xB0 || (b >= 0xE0 && b < 0xF0) ? c->count[b] : 0;
	}
	return MAX(windows, dos) * 100 >= c->high * PERCENT;
}

static const char *of_cyrillic(const struct census *c)
{
	const char *best = NULL;
	size_t most = 0;

	for (size_t i = 0; i < G_N_ELEMENTS(cyrillic); i++) {
		size_t n = 0;

		for (const char *l = cyrillic[i].letters; *l; l++)
			n += c->count[(unsigned char)*l];
		if (n > most) {
			most = n;
			best = cyrillic[i].name;
		}
	}
	return best;
}

const char *charset_guess(const char *data, size_t len)
{
	enum { PAIRS_MIN = 2 };
	const unsigned char *p = (const unsigned char *)data;
	struct census c = { 0 };
	const char *name;

	len = MIN(len, (size_t)GUESS_LOOK);
	if (len >= 2 && (memcmp(p, "\xFF\xFE", 2) == 0 || memcmp(p, "\xFE\xFF", 2) == 0))
		return "UTF-16";
	name = guess_utf16(data, len, false);
	if (name)
		return name;
	count_bytes(&c, p, len);
	if (c.high == 0) {
		name = iso2022(data, len);
		return name ? name : "UTF-8";
	}
	count_utf8(&c, p, len);
	if (c.broken == 0 || c.sequences > 4 * c.broken)
		return "UTF-8";
	if (c.high <= c.letters) /* a few accents among plain letters */
		return "WINDOWS-1252";
	count_runs(&c, p, len);
	if (c.kana * 4 >= c.high / 2)
		return "CP932";
	if (is_big5(p, len))
		return "BIG5-HKSCS";
	if (c.odd == 0 && c.pairs >= PAIRS_MIN && !is_alphabet(&c))
		return of_pairs(&c);
	name = of_cyrillic(&c);
	return name ? name : "WINDOWS-1252";
}
