#include "mime/linkify.h"

#include <string.h>

/* How an address can begin, and what is put before it to open it. */
static const struct scheme {
	const char *word, *before;
} schemes[] = {
	{ "http://", "" },
	{ "https://", "" },
	{ "ftp://", "" },
	{ "mailto:", "" },
	{ "www.", "http://" },
};

static const struct scheme *scheme_at(const char *s, size_t len)
{
	for (size_t i = 0; i < G_N_ELEMENTS(schemes); i++) {
		size_t n = strlen(schemes[i].word);

		if (len > n && g_ascii_strncasecmp(s, schemes[i].word, n) == 0)
			return &schemes[i];
	}
	return NULL;
}

/* Characters beyond ASCII that end an address: blanks, quotes and full stops of other scripts. */
static bool ends_word(gunichar c)
{
	return c == 0xA0 || c == 0xAB || c == 0xBB || (c >= 0x2000 && c <= 0x206F) ||
	       (c >= 0x3000 && c <= 0x303F) || (c >= 0xFF00 && c <= 0xFF0F) ||
	       (c >= 0xFF1A && c <= 0xFF20) || (c >= 0xFF3B && c <= 0xFF40) ||
	       (c >= 0xFF5B && c <= 0xFF65) || c == 0xFEFF || c == 0xFFFD;
}

/* Bytes of s that can be part of an address. */
static size_t run_length(const char *s, size_t len)
{
	size_t n = 0;

	while (n < len && n <= LINKIFY_MAX) {
		unsigned char c = (unsigned char)s[n];

		if (c <= ' ' || c == 0x7F || (c < 0x80 && strchr("<>\"`{}|\\^", c)))
			break;
		if (c >= 0x80 && ends_word(g_utf8_get_char(s + n)))
			break;
		n += (size_t)(g_utf8_next_char(s + n) - (s + n));
	}
	return MIN(n, len);
}

/* The length without what belongs to the sentence around it. */
static size_t without_tail(const char *s, size_t len)
{
	int round = 0, square = 0;

	for (size_t i = 0; i < len; i++) {
		round += s[i] == '(' ? 1 : s[i] == ')' ? -1 : 0;
		square += s[i] == '[' ? 1 : s[i] == ']' ? -1 : 0;
	}
	while (len > 0) {
		char c = s[len - 1];

		if (c == ')' && round < 0)
			round++;
		else if (c == ']' && square < 0)
			square++;
		else if (!strchr(".,;:!?'*_~(", c))
			break;
		else if (c == '(')
			round--;
		len--;
	}
	return len;
}

/* Whether there is a host (or a mailbox) behind the scheme. */
static bool names_something(const struct scheme *how, const char *s, size_t len)
{
	size_t n = strlen(how->word);

	if (len <= n)
		return false;
	if (strcmp(how->word, "mailto:") == 0)
		return s[n] == '?' || (s[n] != '@' && memchr(s + n, '@', len - n));
	if (*how->before) /* www.x.y */
		return g_ascii_isalnum(s[n]) && memchr(s + n, '.', len - n);
	return g_ascii_isalnum(s[n]) || s[n] == '[' || (unsigned char)s[n] >= 0x80;
}

/*
 * An address between < and > that goes on in the next lines: its whole length,
 * joined into target; 0 = it does not reach a '>'.
 */
static size_t wrapped(const char *s, size_t len, GString *target)
{
	size_t at = 0;

	for (int line = 0; line < LINKIFY_LINES_MAX; line++) {
		size_t n = run_length(s + at, len - at);

		if (n == 0 || target->len + n > LINKIFY_MAX)
			return 0;
		g_string_append_len(target, s + at, (gssize)n);
		at += n;
		if (at < len && s[at] == '>')
			return at;
		if (at == len || s[at] != '\n')
			return 0;
		at++;
	}
	return 0;
}

static bool begins_word(const char *text, size_t at)
{
	unsigned char before = at > 0 ? (unsigned char)text[at - 1] : ' ';

	return !g_ascii_isalnum((char)before) && before != '.' && before != '-' && before != '_' &&
	       before != '@' && before != '/';
}

/* Whether text[at] stands behind "<" or "<URL:". */
static bool is_enclosed(const char *text, size_t at)
{
	return (at >= 1 && text[at - 1] == '<') ||
	       (at >= 5 && g_ascii_strncasecmp(text + at - 5, "<URL:", 5) == 0);
}

static bool take(const char *text, size_t len, size_t at, const struct scheme *how,
	struct found_link *out)
{
	g_autoptr(GString) target = g_string_new(how->before);
	size_t n = is_enclosed(text, at) ? wrapped(text + at, len - at, target) : 0;

	if (n == 0) {
		n = run_length(text + at, len - at);
		if (n > LINKIFY_MAX)
			return false;
		n = without_tail(text + at, n);
		g_string_truncate(target, strlen(how->before));
		g_string_append_len(target, text + at, (gssize)n);
	}
	if (!names_something(how, target->str + strlen(how->before),
		    target->len - strlen(how->before)))
		return false;
	*out = (struct found_link){ at, n, g_string_free(g_steal_pointer(&target), FALSE) };
	return true;
}

bool linkify_next(const char *text, size_t len, size_t *from, struct found_link *out)
{
	for (size_t at = *from; at < len; at++) {
		char c = (char)(text[at] | 0x20);
		const struct scheme *how;

		if (c != 'h' && c != 'f' && c != 'm' && c != 'w')
			continue;
		if (!begins_word(text, at))
			continue;
		how = scheme_at(text + at, len - at);
		if (how && take(text, len, at, how, out)) {
			*from = at + out->len;
			return true;
		}
		if (how) /* too long, or nothing behind it: not looked at again */
			at += run_length(text + at, len - at);
	}
	*from = len;
	return false;
}
