#include "ui/flow.h"

#include <string.h>

#include "base/text.h"

enum { TAB_STOP = 8 };

/* From `at` on the text looks like this. */
struct stretch {
	uint32_t at;
	struct flow_look look;
};

/* --- spans to stretches ------------------------------------------------- */

struct nest {
	struct flow_look look[FLOW_NEST_MAX + 1]; /* [0]: outside of all */
	uint32_t end[FLOW_NEST_MAX + 1];
	int depth;
};

static void add_stretch(GArray *looks, uint32_t at, const struct flow_look *look)
{
	struct stretch *last = looks->len ? &g_array_index(looks, struct stretch, looks->len - 1) : NULL;
	struct stretch s = { at, *look };

	if (last && last->at == at)
		last->look = *look;
	else
		g_array_append_val(looks, s);
}

/* Leaves the spans that end at or before `at`. */
static void leave(GArray *looks, struct nest *n, uint32_t at)
{
	while (n->depth > 0 && n->end[n->depth] <= at) {
		uint32_t end = n->end[n->depth--];

		add_stretch(looks, end, &n->look[n->depth]);
	}
}

static void enter(GArray *looks, struct nest *n, const struct document_span *s)
{
	struct flow_look look = n->look[n->depth];
	size_t end = MIN((size_t)s->at + s->len, (size_t)UINT32_MAX);

	if (n->depth == FLOW_NEST_MAX || s->kind > SPAN_PART || end <= s->at)
		return;
	if (n->depth > 0)
		end = MIN(end, (size_t)n->end[n->depth]);
	look.kinds |= (uint16_t)(1u << s->kind);
	if (s->kind == SPAN_LINK)
		look.link = (uint16_t)(s->value + 1);
	else if (s->kind == SPAN_INDENT)
		look.indent = s->value;
	else if (s->kind == SPAN_HEADING)
		look.heading = MAX(s->value, 1);
	n->depth++;
	n->look[n->depth] = look;
	n->end[n->depth] = (uint32_t)end;
	add_stretch(looks, s->at, &look);
}

static GArray *stretches(const GArray *spans)
{
	GArray *looks = g_array_new(FALSE, FALSE, sizeof(struct stretch));
	struct nest n = { .depth = 0 };

	for (guint i = 0; spans && i < spans->len; i++) {
		const struct document_span *s = &g_array_index(spans, struct document_span, i);

		leave(looks, &n, s->at);
		enter(looks, &n, s);
	}
	leave(looks, &n, UINT32_MAX);
	return looks;
}

/* The first stretch that begins behind `at`. */
static guint stretch_behind(const struct flow *f, size_t at)
{
	guint low = 0, high = f->looks->len;

	while (low < high) {
		guint mid = low + (high - low) / 2;

		if (g_array_index(f->looks, struct stretch, mid).at <= at)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

struct flow_look flow_look(const struct flow *f, size_t at)
{
	guint i = stretch_behind(f, at);

	return i > 0 ? g_array_index(f->looks, struct stretch, i - 1).look : (struct flow_look){ 0 };
}

/* --- life ---------------------------------------------------------------- */

static void restart(struct flow *f)
{
	quote_begin(&f->scan, f->text, f->len);
	f->rest = NULL;
	f->own = false;
	f->block = f->block_len = 0;
	g_array_set_size(f->lines, 0);
}

void flow_init(struct flow *f, const char *text, int width)
{
	flow_init_spans(f, text, strlen(text), NULL, width);
}

void flow_init_spans(struct flow *f, const char *text, size_t len, const GArray *spans, int width)
{
	*f = (struct flow){ .text = text, .len = MIN(len, (size_t)UINT32_MAX), .width = MAX(width, 1) };
	f->looks = stretches(spans);
	f->lines = g_array_new(FALSE, FALSE, sizeof(struct flow_line));
	restart(f);
}

void flow_release(struct flow *f)
{
	g_clear_pointer(&f->looks, g_array_unref);
	g_clear_pointer(&f->lines, g_array_unref);
	*f = (struct flow){ 0 };
}

void flow_set_width(struct flow *f, int width)
{
	width = MAX(width, 1);
	if (width == f->width)
		return;
	f->width = width;
	restart(f);
}

void flow_set_measure(struct flow *f, int cells)
{
	if (cells == f->measure)
		return;
	f->measure = cells;
	restart(f);
}

void flow_set_fold(struct flow *f, int n)
{
	if (n == f->fold)
		return;
	f->fold = n;
	restart(f);
}

void flow_extend(struct flow *f, const char *text, size_t len)
{
	if (f->rest)
		f->rest = text + (f->rest - f->text);
	f->text = f->scan.text = text;
	f->len = f->scan.len = MIN(len, (size_t)UINT32_MAX);
}

/* --- breaking ------------------------------------------------------------- */

/* Cells of the next character at column `used`. */
static uint32_t next_cells(struct text_iter *it, int used, int *width)
{
	bool tab = it->p < it->end && *it->p == '\t';
	uint32_t c = text_next(it, width);

	if (tab)
		*width = TAB_STOP - used % TAB_STOP;
	return c;
}

/* Cells for a line. */
struct room {
	int cells;  /* for words */
	int most;   /* for a word that is longer */
	int lead;   /* of them for quote marks or a bullet, behind which no line is broken */
};

/*
 * How many bytes of [s, s + n) fit, broken at the best place; *skip = blanks
 * behind the break that are not shown.
 */
static size_t fit(const char *s, size_t n, const struct room *room, size_t *skip)
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
		c = next_cells(&it, used, &width);
		if (!c)
			return n;
		if (word && c != ' ' && (last == ' ' || width == 2))
			best = at;
		if (used + width > (best > 0 ? room->cells : room->most) && c != ' ')
			break;
		word |= c != ' ' && used >= room->lead;
		used += width;
		if (width > 0)
			last = c;
	}
	if (best == 0) /* one word, longer than the line */
		best = at > 0 ? at : (size_t)((const char *)it.p - s);
	for (at = best; at > 0 && (s[at - 1] == ' ' || s[at - 1] == '\t');)
		at--;
	*skip = at > 0 ? best - at : 0;
	return at > 0 ? at : best;
}

/* The same for a line whose blanks count. */
static size_t fit_as_is(const char *s, size_t n, int cells)
{
	struct text_iter it;
	int used = 0, width;

	text_iter_init(&it, s, (ssize_t)n);
	for (;;) {
		size_t at = (size_t)((const char *)it.p - s);

		if (!next_cells(&it, used, &width))
			return n;
		if (used + width > cells)
			return at > 0 ? at : (size_t)((const char *)it.p - s);
		used += width;
	}
}

/* --- quotations ------------------------------------------------------------ */

static bool is_blank(const struct quote_line *l)
{
	return l->len == 0 || (l->len == 1 && *l->text == ' ');
}

/* Is anything behind a quotation that is the sender's own? */
static bool own_behind(struct quote_scan scan, const struct quote_line *l)
{
	struct quote_line line = *l;

	do {
		if (line.kind == QUOTE_OWN && !is_blank(&line))
			return true;
	} while (is_blank(&line) && quote_next(&scan, &line));
	return false;
}

/* How many lines the quotation has that begins with the line before the scan; an empty line between
 * two quoted ones belongs to it.  *fold: it is long, and not all that the message says. */
static int quotation(const struct flow *f, bool *fold)
{
	struct quote_scan scan = f->scan;
	struct quote_line line;
	int n = 1, lines = 1;
	bool own = f->own;

	while (quote_next(&scan, &line)) {
		n++;
		if (line.kind == QUOTE_QUOTED) {
			lines = n;
		} else if (!is_blank(&line) || n > lines + 1) {
			own = own || own_behind(scan, &line);
			break;
		}
	}
	*fold = own && lines > f->fold;
	return lines;
}

/* Leaves out what is folded: the lines from this one to the end of its quotation. */
static void fold(struct flow *f, const struct quote_line *first)
{
	struct flow_line line = { .at = (uint32_t)(first->text - f->text),
		.folded = (uint32_t)(f->block_len - f->block + 1), .quote = (uint8_t)MAX(first->level, 1),
		.kind = QUOTE_QUOTED };
	struct quote_line skipped;

	for (; f->block < f->block_len; f->block++)
		quote_next(&f->scan, &skipped);
	line.len = (uint32_t)(f->scan.at - line.at);
	f->block = f->block_len = 0;
	g_array_append_val(f->lines, line);
}

/* Counts the line into its quotation; true if it is folded. */
static bool count_quoted(struct flow *f, const struct quote_line *l)
{
	if (f->fold == 0)
		return false;
	f->own |= l->kind == QUOTE_OWN && !is_blank(l);
	if (f->block < f->block_len) {
		f->block++;
	} else if (l->kind == QUOTE_QUOTED) {
		f->block_len = quotation(f, &f->folds);
		f->block = 1;
	} else {
		f->block = f->block_len = 0;
	}
	return f->folds && f->block > FLOW_FOLD_SHOWN;
}

/* --- lines ------------------------------------------------------------------ */

/* How long the lines of a paragraph may be. */
static int limit_of(const struct flow *f, const struct quote_line *l, const struct flow_look *look)
{
	const struct room screen = { .cells = f->width, .most = f->width };
	size_t skip;

	if (f->measure == 0 || f->measure >= f->width || look->kinds & 1u << SPAN_PREFORMATTED)
		return f->width;
	if (!(look->kinds & 1u << SPAN_FLOWED) && fit(l->text, l->len, &screen, &skip) == l->len)
		return f->width;
	return f->measure;
}

/* Begins the next paragraph, a line of the text; false at its end. */
static bool begin_paragraph(struct flow *f)
{
	struct quote_line l;
	struct flow_look look;

	if (!quote_next(&f->scan, &l))
		return false;
	if (count_quoted(f, &l)) {
		fold(f, &l);
		return true;
	}
	look = flow_look(f, (size_t)(l.text - f->text));
	f->rest = l.text;
	f->rest_len = l.len;
	f->prefix_len = l.prefix;
	f->preformatted = look.kinds & 1u << SPAN_PREFORMATTED;
	f->indent = look.indent;
	f->limit = limit_of(f, &l, &look);
	f->next = (struct flow_line){ .kind = (uint8_t)l.kind, .quote = (uint8_t)l.level };
	return true;
}

/* What lines behind the first of a paragraph begin with, if it leaves room for text. */
static void continue_paragraph(struct flow *f)
{
	struct flow_line *line = &f->next;

	if (f->prefix_len == 0 && f->indent == 0)
		return;
	if ((int)f->prefix_len < f->limit / 2 && line->prefix_len == 0) {
		line->prefix = line->at;
		line->prefix_len = (uint16_t)f->prefix_len;
	}
	if ((int)f->prefix_len + f->indent < f->limit / 2)
		line->indent = f->indent;
	f->prefix_len = f->indent = 0;
}

/* Makes one line of the paragraph that was begun. */
static void break_line(struct flow *f)
{
	struct flow_line *line = &f->next;
	int taken = line->prefix_len + line->indent;
	struct room room = { .cells = f->limit - taken, .most = f->width - taken,
		.lead = (int)f->prefix_len + f->indent };
	size_t skip = 0, n;

	n = f->preformatted ? fit_as_is(f->rest, f->rest_len, room.most)
			    : fit(f->rest, f->rest_len, &room, &skip);
	line->at = (uint32_t)(f->rest - f->text);
	line->len = (uint32_t)n;
	g_array_append_val(f->lines, *line);
	continue_paragraph(f);
	f->rest += n + skip;
	f->rest_len -= n + skip;
	if (f->rest_len == 0)
		f->rest = NULL;
}

/* Makes lines until there are more than `i`, or the text ends. */
static void make(struct flow *f, size_t i)
{
	while (f->lines->len <= i) {
		if (!f->rest && !begin_paragraph(f))
			return;
		if (f->rest)
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

	return line ? line->at : f->len;
}

size_t flow_find(struct flow *f, size_t at)
{
	size_t low = 0, high;

	while (f->lines->len == 0 || flow_offset(f, f->lines->len - 1) <= at)
		if (!flow_line(f, f->lines->len))
			break;
	for (high = f->lines->len; low + 1 < high;) {
		size_t mid = low + (high - low) / 2;

		if (flow_offset(f, mid) <= at)
			low = mid;
		else
			high = mid;
	}
	return low;
}

const char *flow_text(const struct flow *f, const struct flow_line *line)
{
	return f->text + line->at;
}

/* --- pieces of a line --------------------------------------------------------- */

/* Bytes of [s, s + n) up to a tab, and the column behind them. */
static size_t up_to_tab(const char *s, size_t n, int *used)
{
	struct text_iter it;
	int width;

	text_iter_init(&it, s, (ssize_t)n);
	while (it.p < it.end && *it.p != '\t' && text_next(&it, &width))
		*used += width;
	return (size_t)((const char *)it.p - s);
}

int flow_runs(const struct flow *f, const struct flow_line *line, struct flow_run *out)
{
	size_t at = line->at, end = at + line->len;
	guint i = stretch_behind(f, at);
	bool tabs = memchr(f->text + at, '\t', line->len) != NULL;
	int n = 0, used = 0;

	while (at < end && n < FLOW_RUNS_MAX) {
		size_t stop = i < f->looks->len && n + 1 < FLOW_RUNS_MAX
				      ? MIN(end, g_array_index(f->looks, struct stretch, i).at) : end;
		struct flow_run run = { .text = f->text + at, .len = stop - at };

		run.look = i > 0 ? g_array_index(f->looks, struct stretch, i - 1).look : run.look;
		if (tabs && f->text[at] == '\t') {
			run.text = NULL;
			run.len = (size_t)(TAB_STOP - used % TAB_STOP);
			used += (int)run.len;
			stop = at + 1;
		} else if (tabs) {
			run.len = up_to_tab(run.text, run.len, &used);
			stop = at + run.len;
		}
		at = stop;
		while (i < f->looks->len && g_array_index(f->looks, struct stretch, i).at <= at)
			i++;
		out[n++] = run;
	}
	return n;
}
