#include "ui/flow.h"

#include <string.h>

#include "base/text.h"

enum { TAB_STOP = 8, QUOTE_MAX = 20 };

/* Tabs to blanks up to the next stop; other bytes stay as they are. */
static char *expand_tabs(const char *text, size_t *len)
{
	GString *out;
	int column = 0;

	if (!strchr(text, '\t')) {
		*len = strlen(text);
		return g_strdup(text);
	}
	out = g_string_sized_new(strlen(text) + 64);
	for (const char *p = text; *p; p++) {
		if (*p == '\t') {
			int n = TAB_STOP - column % TAB_STOP;

			g_string_append_len(out, "        ", n);
			column += n;
			continue;
		}
		g_string_append_c(out, *p);
		if (*p == '\n')
			column = 0;
		else if (((unsigned char)*p & 0xC0) != 0x80)
			column++;
	}
	*len = out->len;
	return g_string_free(out, FALSE);
}

void flow_init(struct flow *f, const char *text, int width)
{
	*f = (struct flow){ .width = MAX(width, 1) };
	f->text = expand_tabs(text, &f->len);
	f->lines = g_array_new(FALSE, FALSE, sizeof(struct flow_line));
}

void flow_release(struct flow *f)
{
	g_free(f->text);
	if (f->lines)
		g_array_unref(f->lines);
	*f = (struct flow){ 0 };
}

void flow_set_width(struct flow *f, int width)
{
	width = MAX(width, 1);
	if (width == f->width)
		return;
	f->width = width;
	f->done = 0;
	f->rest = NULL;
	f->signature = false;
	g_array_set_size(f->lines, 0);
}

/* Counts the quote marks at the start; *len = bytes of marks and the blank behind them. */
static int quote_depth(const char *s, size_t n, size_t *len)
{
	int depth = 0;
	size_t i = 0;

	*len = 0;
	while (i < n && depth < QUOTE_MAX) {
		if (s[i] == '>')
			*len = i + 1, depth++;
		else if (s[i] != ' ' || (i > 0 && s[i - 1] == ' '))
			break;
		i++;
	}
	if (depth > 0 && *len < n && s[*len] == ' ')
		(*len)++;
	return depth;
}

/*
 * How many bytes of [s, s + n) fit into `cells`, broken at the best place;
 * *skip = blanks behind the break that are not shown.
 */
static size_t fit(const char *s, size_t n, int cells, size_t *skip)
{
	struct text_iter it;
	size_t best = 0, at = 0;
	int used = 0, width;
	uint32_t c, last = 0;
	bool word = false;

	*skip = 0;
	text_iter_init(&it, s, (ssize_t)n);
	for (;;) {
		at = (size_t)((const char *)it.p - s);
		c = text_next(&it, &width);
		if (!c)
			return n;
		if (word && c != ' ' && (last == ' ' || width == 2))
			best = at;
		if (used + width > cells && c != ' ')
			break;
		used += width;
		if (width > 0)
			last = c;
		word |= c != ' ';
	}
	if (best == 0) /* one word, longer than the line */
		best = at > 0 ? at : (size_t)((const char *)it.p - s);
	for (at = best; at > 0 && s[at - 1] == ' ';)
		at--;
	*skip = at > 0 ? best - at : 0;
	return at > 0 ? at : best;
}

/* Begins the next paragraph: a line of the text. */
static void begin_paragraph(struct flow *f)
{
	const char *s = f->text + f->done;
	const char *end = memchr(s, '\n', f->len - f->done);
	size_t n = end ? (size_t)(end - s) : f->len - f->done;

	f->done += n + (end ? 1 : 0);
	if (n > 0 && s[n - 1] == '\r')
		n--;
	if ((n == 3 && memcmp(s, "-- ", 3) == 0) || (n == 2 && memcmp(s, "--", 2) == 0))
		f->signature = true;
	f->rest = s;
	f->rest_len = n;
	f->next = (struct flow_line){ .signature = f->signature };
	f->next.quote = quote_depth(s, n, &f->prefix_len);
}

/* Makes one line of the paragraph that was begun. */
static void break_line(struct flow *f)
{
	struct flow_line *line = &f->next;
	size_t skip;

	line->text = f->rest;
	line->len = fit(f->rest, f->rest_len, f->width - (int)line->prefix_len, &skip);
	g_array_append_val(f->lines, *line);
	if (!line->prefix && (int)f->prefix_len < f->width / 2) {
		line->prefix = f->rest;
		line->prefix_len = f->prefix_len;
	}
	f->rest += line->len + skip;
	f->rest_len -= line->len + skip;
	if (f->rest_len == 0)
		f->rest = NULL;
}

/* Makes lines until there are more than `i`, or the text ends. */
static void make(struct flow *f, size_t i)
{
	while (f->lines->len <= i && (f->rest || f->done < f->len)) {
		if (!f->rest)
			begin_paragraph(f);
		break_line(f);
	}
}

const struct flow_line *flow_line(struct flow *f, size_t i)
{
	make(f, i);
	return i < f->lines->len ? &g_array_index(f->lines, struct flow_line, i) : NULL;
}

size_t flow_total(struct flow *f)
{
	make(f, SIZE_MAX - 1);
	return f->lines->len;
}

size_t flow_offset(struct flow *f, size_t i)
{
	const struct flow_line *line = flow_line(f, i);

	return line ? (size_t)(line->text - f->text) : f->len;
}

size_t flow_find(struct flow *f, size_t at)
{
	size_t i = 0;

	while (flow_line(f, i + 1) && flow_offset(f, i + 1) <= at)
		i++;
	return i;
}
