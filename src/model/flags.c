#include "model/flags.h"

#include <glib.h>
#include <stdbool.h>
#include <string.h>
#include <strings.h>

static const char *const names[] = { "\\Seen", "\\Answered", "\\Flagged", "\\Deleted", "\\Draft" };

unsigned flags_from_imap(const char *name, size_t len)
{
	for (unsigned i = 0; i < G_N_ELEMENTS(names); i++)
		if (strlen(names[i]) == len && strncasecmp(names[i], name, len) == 0)
			return 1u << i;
	return 0;
}

void flags_to_imap(unsigned flags, char *out)
{
	*out = '\0';
	for (unsigned i = 0; i < G_N_ELEMENTS(names); i++)
		if (flags & 1u << i) {
			if (*out)
				g_strlcat(out, " ", FLAGS_NAMES_MAX);
			g_strlcat(out, names[i], FLAGS_NAMES_MAX);
		}
}

static int by_text(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

char *flags_keywords_normalize(const char *words)
{
	g_autofree char *lower = g_ascii_strdown(words, -1);
	g_auto(GStrv) list = g_strsplit(lower, " ", KEYWORDS_MAX);
	size_t n = g_strv_length(list);
	GString *out = g_string_new(NULL);

	qsort(list, n, sizeof *list, by_text);
	for (size_t i = 0; i < n; i++) {
		if (!*list[i] || strlen(list[i]) > KEYWORD_LEN_MAX)
			continue;
		if (i > 0 && strcmp(list[i], list[i - 1]) == 0)
			continue;
		if (out->len)
			g_string_append_c(out, ' ');
		g_string_append(out, list[i]);
	}
	return g_string_free(out, FALSE);
}

uint32_t flags_keywords_hash(const char *keywords)
{
	uint32_t h;

	if (!keywords || !*keywords)
		return 0;
	h = g_str_hash(keywords);
	return h ? h : 1;
}

/* --- sets -------------------------------------------------------------- */

/* The word at *text, which moves behind it; its length, 0 at the end. */
static size_t next_word(const char **text, const char **word)
{
	size_t n;

	while (**text == ' ')
		++*text;
	*word = *text;
	n = strcspn(*text, " ");
	*text += n;
	return n;
}

static int compare_words(const char *a, size_t na, const char *b, size_t nb)
{
	int c;

	if (na == 0 || nb == 0) /* an end sorts behind every word */
		return (na == 0) - (nb == 0);
	c = memcmp(a, b, MIN(na, nb));
	return c ? c : (na > nb) - (na < nb);
}

/* Walks through two sorted lists together and keeps the words that are in these of them. */
static char *merge_words(const char *a, const char *b, bool only_a, bool both, bool only_b)
{
	GString *out = g_string_new(NULL);
	const char *wa, *wb;
	size_t na, nb;

	a = a ? a : "";
	b = b ? b : "";
	na = next_word(&a, &wa);
	nb = next_word(&b, &wb);
	while (na > 0 || nb > 0) {
		int c = compare_words(wa, na, wb, nb);

		if (c == 0 ? both : c < 0 ? only_a : only_b) {
			if (out->len)
				g_string_append_c(out, ' ');
			g_string_append_len(out, c > 0 ? wb : wa, (gssize)(c > 0 ? nb : na));
		}
		if (c <= 0)
			na = next_word(&a, &wa);
		if (c >= 0)
			nb = next_word(&b, &wb);
	}
	return g_string_free(out, FALSE);
}

char *flags_keywords_plus(const char *a, const char *b)
{
	return merge_words(a, b, true, true, true);
}

char *flags_keywords_minus(const char *a, const char *b)
{
	return merge_words(a, b, true, false, false);
}

char *flags_keywords_common(const char *a, const char *b)
{
	return merge_words(a, b, false, true, false);
}
