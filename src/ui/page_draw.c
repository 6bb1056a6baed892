/* Drawing the lines of a page: what each piece of it looks like. */
#include <stdio.h>

#include "base/i18n.h"
#include "ui/page.h"
#include "ui/priv.h"

enum {
	QUOTE_STYLES = 4,
	MATCHES_MAX = 64,   /* marked in one line */
	MATCH_BACK = 4096,  /* bytes before a line in which a match may begin */
};

struct match {
	size_t at, end;
};

struct pen {
	struct canvas *c;
	int y, x, end;
	struct match matches[MATCHES_MAX];
	int n_matches;
};

static void draw_head_line(const struct head_line *line, struct canvas *c, int y,
	const struct area *a)
{
	int x = a->x + line->indent;

	if (line->style == STYLE_SEAL_GOOD || line->style == STYLE_SEAL_DOUBT || line->style == STYLE_SEAL_BAD ||
		line->style == STYLE_SENDER_GOOD)
		canvas_fill(c, y, a->x, a->w, line->style);
	if (*line->label) {
		x += canvas_put(c, y, x, a->w, STYLE_HEADER_NAME, line->label);
		x += canvas_put(c, y, x, 2, STYLE_HEADER_NAME, ": ");
	}
	canvas_put_cut(c, y, x, a->x + a->w - x, line->style, line->text);
}

static enum style line_style(const struct flow_line *line)
{
	switch (line->kind) {
	case QUOTE_QUOTED:
		return STYLE_QUOTE_1 + (enum style)((MAX(line->quote, 1) - 1) % QUOTE_STYLES);
	case QUOTE_ATTRIBUTION:
		return STYLE_ATTRIBUTION;
	case QUOTE_SIGNATURE:
		return STYLE_SIGNATURE;
	default:
		return STYLE_NORMAL;
	}
}

static enum style look_style(const struct flow_look *look, enum style otherwise)
{
	if (look->kinds & 1u << SPAN_OURS)
		return STYLE_OURS;
	if (look->kinds & 1u << SPAN_LINK)
		return STYLE_LINK;
	if (look->kinds & 1u << SPAN_IMAGE)
		return STYLE_IMAGE;
	if (look->kinds & 1u << SPAN_CODE)
		return STYLE_CODE;
	return look->heading && otherwise == STYLE_NORMAL ? STYLE_HEADING : otherwise;
}

static unsigned look_attrs(const struct flow_look *look)
{
	return (look->kinds & 1u << SPAN_STRONG ? LOOK_BOLD : 0) |
	       (look->kinds & 1u << SPAN_EMPHASIS ? LOOK_ITALIC : 0) |
	       (look->kinds & 1u << SPAN_UNDERLINE ? LOOK_UNDERLINE : 0) |
	       (look->kinds & 1u << SPAN_STRIKE ? LOOK_STRIKE : 0);
}

/* --- matches ------------------------------------------------------------- */

static void find_matches(const struct page *p, const struct flow_line *line, struct pen *pen)
{
	size_t from = line->at - MIN(line->at, (size_t)MATCH_BACK), end = line->at + line->len;
	size_t at, bytes;

	from = MAX(from, line->at - MIN(line->at, (size_t)p->needle.n * 4));
	while (pen->n_matches < MATCHES_MAX &&
		needle_in(&p->needle, p->flow.text, p->flow.len, from, end, &at, &bytes)) {
		if (at + bytes > line->at)
			pen->matches[pen->n_matches++] = (struct match){ at, at + bytes };
		from = at + bytes;
	}
}

/* Is the byte in a match?  *until: from where on that is otherwise. */
static bool in_match(const struct pen *pen, size_t at, size_t *until)
{
	for (int i = 0; i < pen->n_matches; i++) {
		if (at >= pen->matches[i].end)
			continue;
		*until = at < pen->matches[i].at ? pen->matches[i].at : pen->matches[i].end;
		return at >= pen->matches[i].at;
	}
	*until = SIZE_MAX;
	return false;
}

static void draw_piece(const struct page *p, struct pen *pen, const struct flow_run *run, size_t at,
	size_t len, enum style style)
{
	const struct document *doc = p->reading->doc;
	unsigned attrs = look_attrs(&run->look);
	int n = canvas_put_len(pen->c, pen->y, pen->x, pen->end - pen->x, style, p->flow.text + at,
		(ssize_t)len);

	if (attrs)
		canvas_attrs(pen->c, pen->y, pen->x, n, attrs);
	if (run->look.link > 0 && doc && run->look.link <= doc->links->len) {
		const struct document_link *link = doc->links->pdata[run->look.link - 1];

		canvas_link(pen->c, pen->y, pen->x, n, link->target);
	}
	pen->x += n;
}

static void draw_run(const struct page *p, struct pen *pen, const struct flow_run *run,
	enum style line)
{
	enum style style = look_style(&run->look, line);
	size_t at, end, until;

	if (!run->text) {
		canvas_fill(pen->c, pen->y, pen->x, MIN((int)run->len, pen->end - pen->x), style);
		pen->x += (int)run->len;
		return;
	}
	at = (size_t)(run->text - p->flow.text);
	for (end = at + run->len; at < end && pen->x < pen->end; at = until) {
		bool match = in_match(pen, at, &until);
		bool here = match && at >= p->hit && at < p->hit + p->hit_bytes;

		until = MIN(until, end);
		draw_piece(p, pen, run, at, until - at,
			here ? STYLE_MATCH_HERE : match ? STYLE_MATCH : style);
	}
}

/* --- lines of the text ------------------------------------------------------- */

static void draw_fold(const struct page *p, const struct flow_line *line, struct pen *pen)
{
	char keys[KEYS_NAME_MAX], text[160];

	keymap_way_to(p->reading->ui->keymap, IN_READER, "fold", keys);
	snprintf(text, sizeof text,
		ngettext("▸ %u more quoted line (%s opens)", "▸ %u more quoted lines (%s opens)",
			line->folded),
		line->folded, keys);
	canvas_put_cut(pen->c, pen->y, pen->x, pen->end - pen->x, STYLE_FOLD, text);
}

static void draw_text_line(const struct page *p, const struct flow_line *line, struct pen *pen)
{
	struct flow_run runs[FLOW_RUNS_MAX];
	enum style style = line_style(line);
	int n;

	if (line->folded) {
		draw_fold(p, line, pen);
		return;
	}
	find_matches(p, line, pen);
	if (line->prefix_len)
		pen->x += canvas_put_len(pen->c, pen->y, pen->x, pen->end - pen->x, style,
			p->flow.text + line->prefix, line->prefix_len);
	pen->x += line->indent;
	n = flow_runs(&p->flow, line, runs);
	for (int i = 0; i < n; i++)
		draw_run(p, pen, &runs[i], style);
}

bool page_draw(struct page *p, size_t i, struct canvas *c, int y, const struct area *a)
{
	struct pen pen = { .c = c, .y = y, .x = a->x, .end = a->x + a->w };
	const struct flow_line *line;

	if (i < p->head->len) {
		draw_head_line(&g_array_index(p->head, struct head_line, i), c, y, a);
		return true;
	}
	line = page_text_line(p, i);
	if (line) {
		draw_text_line(p, line, &pen);
		return true;
	}
	i -= p->head->len + (p->has_text ? p->flow.lines->len : 0);
	if (i >= p->tail->len)
		return false;
	draw_head_line(&g_array_index(p->tail, struct head_line, i), c, y, a);
	return true;
}
