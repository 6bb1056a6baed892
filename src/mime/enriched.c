#include "mime/enriched.h"

#include <string.h>

struct state {
	GString *out;
	int param, nofill, comment; /* how many of these are open */
	bool old;
};

/* A line end in the text: enriched writes n + 1 of them for n, richtext means a blank. */
static size_t line_ends(struct state *s, const char *p, size_t left)
{
	size_t n = 0, at = 0;

	while (at < left && (p[at] == '\n' || p[at] == '\r'))
		n += p[at++] == '\n';
	if (s->param > 0 || s->comment > 0)
		return at;
	if (s->nofill > 0 && !s->old) {
		for (size_t i = 0; i < n; i++)
			g_string_append_c(s->out, '\n');
	} else if (s->old || n <= 1) {
		g_string_append_c(s->out, ' ');
	} else {
		for (size_t i = 1; i < n; i++)
			g_string_append_c(s->out, '\n');
	}
	return at;
}

static void count(int *open, bool closes)
{
	if (!closes)
		(*open)++;
	else if (*open > 0)
		(*open)--;
}

static void command(struct state *s, const char *name, size_t len)
{
	bool closes = len > 0 && *name == '/';
	char word[ENRICHED_TAG_MAX + 1];

	g_strlcpy(word, name + closes, len - closes + 1);
	if (g_ascii_strcasecmp(word, "param") == 0)
		count(&s->param, closes);
	else if (g_ascii_strcasecmp(word, "nofill") == 0)
		count(&s->nofill, closes);
	else if (g_ascii_strcasecmp(word, "comment") == 0)
		count(&s->comment, closes);
	else if (s->old && g_ascii_strcasecmp(word, "lt") == 0)
		g_string_append_c(s->out, '<');
	else if (s->old && (g_ascii_strcasecmp(word, "nl") == 0 ||
				   (closes && g_ascii_strcasecmp(word, "paragraph") == 0)))
		g_string_append_c(s->out, '\n');
}

/* The length of the command at p with its <>, 0 if it is none. */
static size_t command_length(const char *p, size_t left)
{
	size_t n = 1;

	for (; n < left && n <= ENRICHED_TAG_MAX; n++) {
		if (p[n] == '>')
			return n + 1;
		if (!g_ascii_isalnum(p[n]) && p[n] != '-' && !(p[n] == '/' && n == 1))
			return 0;
	}
	return 0;
}

void enriched_append(GString *out, const char *text, size_t len, bool old)
{
	struct state s = { .out = out, .old = old };
	size_t begin = out->len;

	for (size_t i = 0, n; i < len; i += n) {
		if (text[i] == '\n' || text[i] == '\r') {
			n = line_ends(&s, text + i, len - i);
		} else if (text[i] == '<' && i + 1 < len && text[i + 1] == '<' && !old) {
			g_string_append_c(out, '<');
			n = 2;
		} else if (text[i] == '<' && (n = command_length(text + i, len - i)) > 0) {
			command(&s, text + i + 1, n - 2);
		} else {
			n = 1;
			if (s.param == 0 && s.comment == 0)
				g_string_append_c(out, text[i]);
		}
	}
	while (out->len > begin && strchr(" \n", out->str[out->len - 1]))
		g_string_truncate(out, out->len - 1);
	if (out->len > begin)
		g_string_append_c(out, '\n');
}
