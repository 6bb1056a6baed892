#include "ui/key.h"

#include <glib.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"

static const struct {
	const char *file, *shown;
	uint32_t code;
} names[] = {
	{ "Up", "Up", K_UP }, { "Down", "Down", K_DOWN },
	{ "Left", "Left", K_LEFT }, { "Right", "Right", K_RIGHT },
	{ "Home", "Home", K_HOME }, { "End", "End", K_END },
	{ "PgUp", "PgUp", K_PAGE_UP }, { "PgDn", "PgDn", K_PAGE_DOWN },
	{ "Ins", "Ins", K_INSERT }, { "Del", "Del", K_DELETE },
	{ "BS", "Backspace", K_BACKSPACE }, { "Enter", "Enter", K_ENTER },
	{ "Tab", "Tab", K_TAB }, { "S-Tab", "S-Tab", K_BACKTAB },
	{ "Esc", "Esc", K_ESC }, { "Space", "Space", ' ' }, { "lt", "<", '<' },
};

static bool named(const char *word, size_t len, uint32_t *code)
{
	int f = 0;

	for (size_t i = 0; i < G_N_ELEMENTS(names); i++)
		if (strlen(names[i].file) == len &&
			g_ascii_strncasecmp(names[i].file, word, len) == 0) {
			*code = names[i].code;
			return true;
		}
	if (len >= 2 && len <= 3 && (word[0] == 'F' || word[0] == 'f')) {
		for (size_t i = 1; i < len; i++)
			f = g_ascii_isdigit(word[i]) ? f * 10 + word[i] - '0' : 99;
		*code = (uint32_t)(K_F1 + f - 1);
		return f >= 1 && f <= 12;
	}
	return false;
}

/* What stands between < and >: modifiers, then a name or one character. */
static bool parse_inner(const char *s, size_t len, struct key *out)
{
	gunichar c;

	out->mods = 0;
	while (len > 2 && s[1] == '-' && strchr("CcAaMm", s[0])) {
		out->mods |= strchr("Cc", s[0]) ? MOD_CTRL : MOD_ALT;
		s += 2;
		len -= 2;
	}
	if (named(s, len, &out->code))
		return true;
	c = g_utf8_get_char_validated(s, (gssize)len);
	if (c >= 0x110000 || (size_t)g_unichar_to_utf8(c, NULL) != len)
		return false;
	out->code = out->mods & MOD_CTRL ? g_unichar_tolower(c) : c;
	return true;
}

bool key_parse(const char **s, struct key *out)
{
	const char *end = **s == '<' ? strchr(*s, '>') : NULL;
	gunichar c;

	if (end) {
		if (!parse_inner(*s + 1, (size_t)(end - *s - 1), out))
			return false;
		*s = end + 1;
		return true;
	}
	c = g_utf8_get_char_validated(*s, -1);
	if (c <= ' ' || c >= 0x110000)
		return false;
	*out = (struct key){ .code = c };
	*s = g_utf8_next_char(*s);
	return true;
}

void key_text(const struct key *k, char *out)
{
	char base[12] = "?";

	if (k->code >= K_F1 && k->code <= K_F12)
		snprintf(base, sizeof base, "F%u", k->code - K_F1 + 1);
	else if (k->code > ' ' && k->code < K_UP)
		base[text_put(k->mods & MOD_CTRL ? g_unichar_toupper(k->code) : k->code, base)] = 0;
	for (size_t i = 0; i < G_N_ELEMENTS(names); i++)
		if (names[i].code == k->code)
			g_strlcpy(base, names[i].shown, sizeof base);
	snprintf(out, KEY_NAME_MAX, "%s%s%s", k->mods & MOD_ALT ? "M-" : "",
		k->mods & MOD_CTRL ? "^" : "", base);
}

bool key_equal(const struct key *a, const struct key *b)
{
	return a->code == b->code && a->mods == b->mods;
}

bool key_is_text(const struct key *k)
{
	return k->mods == 0 && k->code >= ' ' && k->code != 0x7F && k->code < K_UP;
}

bool key_is_cancel(const struct key *k)
{
	return k->code == K_ESC || (k->mods == MOD_CTRL && (k->code == 'g' || k->code == 'c'));
}
