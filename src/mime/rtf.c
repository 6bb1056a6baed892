#include "mime/rtf.h"

#include <string.h>

#include "mime/charset.h"

/* What is in force in a group. */
struct group {
	bool skip;      /* a destination that holds no text */
	bool tag;       /* a piece of the wrapped page (\*\htmltag) */
	bool rtf_only;  /* \htmlrtf: what the page does not have */
	int fallback;   /* characters that stand behind a \u for old readers */
};

struct reader {
	const char *p, *end;
	struct group stack[RTF_DEPTH_MAX];
	int depth, too_deep;
	gunichar high;   /* the first half of a character of two */
	int swallow;     /* characters still to be left out behind a \u */
	bool star;       /* \* was just read */
	bool html;       /* \fromhtml */
	char charset[CHARSET_NAME_MAX];
	GString *bytes;  /* in charset, not yet decoded */
	GString *out;
};

static struct group *top(struct reader *r)
{
	return &r->stack[r->depth];
}

static void flush(struct reader *r)
{
	if (r->bytes->len > 0)
		charset_append(r->out, r->charset, r->bytes->str, r->bytes->len);
	g_string_truncate(r->bytes, 0);
}

static bool is_silent(struct reader *r)
{
	const struct group *g = top(r);

	if (r->too_deep > 0 || g->skip || r->out->len >= RTF_TEXT_MAX)
		return true;
	return r->html && g->rtf_only && !g->tag;
}

static void put_byte(struct reader *r, char c)
{
	if (r->swallow > 0)
		r->swallow--;
	else if (!is_silent(r))
		g_string_append_c(r->bytes, c);
}

static void put(struct reader *r, const char *utf8)
{
	if (is_silent(r))
		return;
	flush(r);
	g_string_append(r->out, utf8);
}

static void put_unicode(struct reader *r, int value)
{
	gunichar c = (gunichar)(value < 0 ? value + 65536 : value);
	char utf8[7] = "";

	if (c >= 0xD800 && c < 0xDC00) {
		r->high = c;
	} else if (c >= 0xDC00 && c < 0xE000) {
		c = r->high ? 0x10000 + ((r->high - 0xD800) << 10) + (c - 0xDC00) : 0xFFFD;
		r->high = 0;
	}
	if ((c < 0xD800 || c >= 0xE000) && c > 0 && c < 0x110000) {
		utf8[g_unichar_to_utf8(c, utf8)] = '\0';
		put(r, utf8);
	}
	r->swallow = top(r)->fallback;
}

static void open_group(struct reader *r)
{
	r->swallow = 0;
	if (r->depth + 1 == RTF_DEPTH_MAX) {
		r->too_deep++;
		return;
	}
	r->stack[r->depth + 1] = r->stack[r->depth];
	r->depth++;
}

static void close_group(struct reader *r)
{
	r->swallow = 0;
	if (r->too_deep > 0)
		r->too_deep--;
	else if (r->depth > 0)
		r->depth--;
}

/* Groups that hold no words of the text. */
static bool is_hidden(const char *word)
{
	static const char *const words[] = { "fonttbl", "colortbl", "stylesheet", "info", "pict",
		"object", "header", "footer", "headerl", "headerr", "footerl", "footerr",
		"listtable", "listoverridetable", "revtbl", "fldinst", "themedata", "datastore",
		"nonshppict", "bkmkstart", "bkmkend", "pntext", "generator" };

	for (size_t i = 0; i < G_N_ELEMENTS(words); i++)
		if (strcmp(words[i], word) == 0)
			return true;
	return false;
}

/* Words that stand for characters. */
static const char *character(const char *word)
{
	static const struct {
		const char *word, *text;
	} rows[] = { { "par", "\n" }, { "line", "\n" }, { "sect", "\n" }, { "page", "\n" },
		{ "row", "\n" }, { "cell", "\t" }, { "tab", "\t" }, { "emdash", "\u2014" },
		{ "endash", "\u2013" }, { "bullet", "\u2022" }, { "lquote", "\u2018" },
		{ "rquote", "\u2019" }, { "ldblquote", "\u201C" }, { "rdblquote", "\u201D" } };

	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++)
		if (strcmp(rows[i].word, word) == 0)
			return rows[i].text;
	return NULL;
}

static void set_charset(struct reader *r, int codepage)
{
	if (codepage > 0 && codepage < 70000) {
		flush(r);
		g_snprintf(r->charset, sizeof r->charset, "CP%d", codepage);
	}
}

static void act(struct reader *r, const char *word, bool has_value, int value)
{
	const char *text = character(word);
	bool star = r->star;
	struct group *g = top(r);

	r->star = false;
	if (strcmp(word, "htmltag") == 0 && r->html) {
		g->tag = true;
		g->skip = false;
	} else if (strcmp(word, "htmlrtf") == 0) {
		flush(r);
		g->rtf_only = !has_value || value != 0;
	} else if (star || is_hidden(word)) {
		g->skip = true;
	} else if (strcmp(word, "fromhtml") == 0) {
		r->html = true;
	} else if (strcmp(word, "ansicpg") == 0) {
		set_charset(r, value);
	} else if (strcmp(word, "uc") == 0) {
		g->fallback = CLAMP(value, 0, 8);
	} else if (strcmp(word, "u") == 0 && has_value) {
		put_unicode(r, value);
	} else if (text) {
		put(r, text);
	}
}

/* \word-12, \'e9, \{ and the like; p stands behind the backslash. */
static void control(struct reader *r)
{
	char word[RTF_WORD_MAX + 1];
	size_t n = 0;
	bool has_value;
	int value = 0;

	if (r->p < r->end && !g_ascii_isalpha(*r->p)) {
		char c = *r->p++;

		if (c == '\'' && r->end - r->p >= 2 && g_ascii_isxdigit(r->p[0]) &&
			g_ascii_isxdigit(r->p[1])) {
			put_byte(r, (char)(g_ascii_xdigit_value(r->p[0]) << 4 |
					   g_ascii_xdigit_value(r->p[1])));
			r->p += 2;
		} else if (c == '*') {
			r->star = true;
		} else if (c == '~') {
			put(r, "\u00A0");
		} else if (c == '\n' || c == '\r') {
			put(r, "\n");
		} else if (strchr("\\{}", c)) {
			put_byte(r, c);
		}
		return;
	}
	for (; r->p < r->end && g_ascii_isalpha(*r->p); r->p++)
		if (n < RTF_WORD_MAX)
			word[n++] = *r->p;
	word[n] = '\0';
	has_value = r->p < r->end && (g_ascii_isdigit(*r->p) ||
				(*r->p == '-' && r->end - r->p > 1 && g_ascii_isdigit(r->p[1])));
	if (has_value) {
		bool minus = *r->p == '-';

		for (r->p += minus; r->p < r->end && g_ascii_isdigit(*r->p); r->p++)
			value = value < 1000000 ? value * 10 + (*r->p - '0') : value;
		value = minus ? -value : value;
	}
	if (r->p < r->end && *r->p == ' ')
		r->p++;
	act(r, word, has_value, value);
}

bool rtf_read(const char *rtf, size_t len, GString *out)
{
	struct reader *r = g_new0(struct reader, 1);
	bool html;

	r->p = rtf;
	r->end = rtf + len;
	r->out = out;
	r->bytes = g_string_new(NULL);
	r->stack[0].fallback = 1;
	g_strlcpy(r->charset, "WINDOWS-1252", sizeof r->charset);
	while (r->p < r->end) {
		char c = *r->p++;

		if (c == '{') {
			open_group(r);
		} else if (c == '}') {
			flush(r);
			close_group(r);
		} else if (c == '\\') {
			control(r);
		} else if (c != '\r' && c != '\n' && c != '\0') {
			put_byte(r, c);
		}
	}
	flush(r);
	html = r->html;
	g_string_free(r->bytes, TRUE);
	g_free(r);
	return html;
}
