#include "provider/imap/scan.h"

#include <string.h>
#include <strings.h>

bool slice_is(struct slice s, const char *word)
{
	return s.p && strlen(word) == s.n && strncasecmp(s.p, word, s.n) == 0;
}

size_t slice_copy(struct slice s, char *out)
{
	size_t n = 0;

	if (!s.escaped) {
		if (s.n)
			memcpy(out, s.p, s.n);
		return s.n;
	}
	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] == '\\' && i + 1 < s.n && (s.p[i + 1] == '"' || s.p[i + 1] == '\\'))
			i++;
		out[n++] = s.p[i];
	}
	return n;
}

static bool ends_word(const char *p, const char *end)
{
	return p >= end || *p == ' ' || *p == ')' || *p == '(' || *p == '\r' || *p == '\n' ||
	       *p == ']' || *p == '[';
}

bool scan_at_end(const struct scan *s)
{
	return s->p >= s->end || *s->p == '\r' || *s->p == '\n';
}

bool scan_peek(const struct scan *s, char c)
{
	return s->p < s->end && *s->p == c;
}

bool scan_char(struct scan *s, char c)
{
	if (!scan_peek(s, c))
		return false;
	s->p++;
	return true;
}

void scan_blanks(struct scan *s)
{
	while (s->p < s->end && *s->p == ' ')
		s->p++;
}

bool scan_word(struct scan *s, const char *word)
{
	size_t n = strlen(word);

	if ((size_t)(s->end - s->p) < n || strncasecmp(s->p, word, n) != 0 ||
		!ends_word(s->p + n, s->end))
		return false;
	s->p += n;
	return true;
}

bool scan_atom(struct scan *s, struct slice *out)
{
	const char *p = s->p;

	while (p < s->end && *p != ' ' && *p != '(' && *p != ')' && *p != '\r' && *p != '\n' &&
		*p != '"')
		p++;
	if (p == s->p)
		return false;
	*out = (struct slice){ .p = s->p, .n = (size_t)(p - s->p) };
	s->p = p;
	return true;
}

bool scan_number(struct scan *s, uint64_t *out)
{
	const char *p = s->p;
	bool minus = p < s->end && *p == '-';
	uint64_t n = 0;

	if (scan_word(s, "NIL")) {
		*out = 0;
		return true;
	}
	p += minus;
	if (p >= s->end || *p < '0' || *p > '9')
		return false;
	for (; p < s->end && *p >= '0' && *p <= '9'; p++) {
		uint64_t digit = (uint64_t)(*p - '0');

		n = n > (UINT64_MAX - digit) / 10 ? UINT64_MAX : n * 10 + digit;
	}
	*out = minus ? 0 : n;
	s->p = p;
	return true;
}

/*
 * A quote inside a quoted string should be escaped; some servers do not
 * (message ids of iCloud).  So only a quote with a delimiter behind it ends
 * the string.
 */
static bool quoted(struct scan *s, struct slice *out)
{
	const char *p = s->p + 1, *start = p;
	bool escaped = false;

	for (; p < s->end && *p != '\n'; p++) {
		if (*p == '\\' && p + 1 < s->end && (p[1] == '"' || p[1] == '\\')) {
			escaped = true;
			p++;
		} else if (*p == '"' && (ends_word(p + 1, s->end))) {
			*out = (struct slice){
				.p = start, .n = (size_t)(p - start), .escaped = escaped
			};
			s->p = p + 1;
			return true;
		}
	}
	return false;
}

/* "{N}" CRLF and N bytes; the guard has vouched for N, the reader that they are here. */
static bool literal(struct scan *s, struct slice *out)
{
	struct scan at = *s;
	uint64_t n;

	(void)scan_char(&at, '~');
	if (!scan_char(&at, '{') || !scan_number(&at, &n))
		return false;
	(void)scan_char(&at, '+');
	if (!scan_char(&at, '}'))
		return false;
	(void)scan_char(&at, '\r');
	if (!scan_char(&at, '\n') || (uint64_t)(at.end - at.p) < n)
		return false;
	*out = (struct slice){ .p = at.p, .n = (size_t)n };
	s->p = at.p + n;
	return true;
}

bool scan_string(struct scan *s, struct slice *out)
{
	if (s->p >= s->end)
		return false;
	if (*s->p == '"')
		return quoted(s, out);
	if ((*s->p == '{' || *s->p == '~') && literal(s, out))
		return true;
	if (scan_word(s, "NIL")) {
		*out = (struct slice){ 0 };
		return true;
	}
	return scan_atom(s, out);
}

bool scan_skip(struct scan *s)
{
	struct scan at = *s;
	unsigned depth = 0;
	struct slice ignored;

	do {
		scan_blanks(&at);
		if (scan_char(&at, '(')) {
			if (++depth > SCAN_DEPTH_MAX)
				return false;
		} else if (depth > 0 && scan_char(&at, ')')) {
			depth--;
		} else if (!scan_string(&at, &ignored)) {
			return false;
		}
	} while (depth > 0);
	*s = at;
	return true;
}

bool scan_list(struct scan *s, struct slice *out)
{
	const char *start = s->p;

	if (scan_word(s, "NIL")) {
		*out = (struct slice){ 0 };
		return true;
	}
	if (!scan_peek(s, '(') || !scan_skip(s))
		return false;
	*out = (struct slice){ .p = start, .n = (size_t)(s->p - start) };
	return true;
}
