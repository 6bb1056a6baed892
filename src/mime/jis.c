#include "mime/jis.h"

#include <string.h>

enum { ESCAPE = 0x1B, LEAD_KANA = 0x8E, LEAD_SUPPLEMENT = 0x8F, HIGH = 0x80 };

enum set { SET_ASCII, SET_KANA, SET_KANJI, SET_SUPPLEMENT };

/* What stands behind ESC (RFC 1468; JIS X 0202), the longer ones first; "&@" only announces. */
static const struct {
	const char *escape;
	int set; /* -1: stays as it is */
} escapes[] = {
	{ "$(D", SET_SUPPLEMENT }, { "$(B", SET_KANJI }, { "$(@", SET_KANJI }, { "$B", SET_KANJI },
	{ "$@", SET_KANJI }, { "(B", SET_ASCII }, { "(J", SET_ASCII }, { "(H", SET_ASCII },
	{ "(I", SET_KANA }, { "&@", -1 },
};

/* The bytes behind ESC that choose a set, 0 = it is no escape of this charset. */
static size_t take_escape(const char *s, size_t len, enum set *set)
{
	for (size_t i = 0; i < G_N_ELEMENTS(escapes); i++) {
		size_t n = strlen(escapes[i].escape);

		if (len < n || memcmp(s, escapes[i].escape, n) != 0)
			continue;
		if (escapes[i].set >= 0)
			*set = (enum set)escapes[i].set;
		return n;
	}
	return 0;
}

static void put(GString *out, int byte)
{
	g_string_append_c(out, (char)byte);
}

/* One character of a set that is not ASCII; how many bytes it takes. */
static size_t put_character(GString *out, enum set set, const char *s, size_t len)
{
	if (set == SET_KANA) {
		put(out, LEAD_KANA);
		put(out, s[0] | HIGH);
		return 1;
	}
	if (set == SET_SUPPLEMENT)
		put(out, LEAD_SUPPLEMENT);
	put(out, s[0] | HIGH);
	if (len < 2 || s[1] <= ' ') /* broken off: half a character, which means nothing */
		return 1;
	put(out, s[1] | HIGH);
	return 2;
}

bool jis_to_euc(GString *out, const char *s, size_t len)
{
	size_t before = out->len, n;
	enum set set = SET_ASCII;

	for (size_t i = 0; i < len; i += n) {
		unsigned char c = (unsigned char)s[i];

		n = c == ESCAPE ? take_escape(s + i + 1, len - i - 1, &set) : 1;
		if (c >= HIGH || n == 0) {
			g_string_truncate(out, before);
			return false;
		}
		if (c == '\n') /* each line begins with ASCII (RFC 1468) */
			set = SET_ASCII;
		if (c == ESCAPE)
			n++;
		else if (set == SET_ASCII || c <= ' ')
			put(out, c);
		else
			n = put_character(out, set, s + i, len - i);
	}
	return true;
}
