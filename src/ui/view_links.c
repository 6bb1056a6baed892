/*
 * The links of a message: all of them, with their numbers and true targets; that
 * of the cursor in full below.
 */
#include <stdio.h>

#include "base/i18n.h"
#include "base/url.h"
#include "ui/flow.h"
#include "ui/link.h"
#include "ui/priv.h"
#include "ui/reading.h"

enum {
	NUMBER_W = 6,       /* cells */
	WORDS_SHARE = 3,    /* the words of a link take at most a third of the width */
	TARGET_LINES = 4,   /* below the list */
	TARGET_SHARE = 3,   /* and at most a third of the height */
};

struct links_view {
	struct view base;
	message_id message;
	int top, cursor, height;
};

static const struct document *document(const struct links_view *v)
{
	return reading_message(v->base.ui).v == v->message.v ? reading_document(v->base.ui) : NULL;
}

static int count(const struct links_view *v)
{
	const struct document *doc = document(v);

	return doc ? (int)doc->links->len : 0;
}

static const struct document_link *current(const struct links_view *v)
{
	const struct document *doc = document(v);

	return doc && v->cursor >= 0 && v->cursor < (int)doc->links->len ? doc->links->pdata[v->cursor]
									 : NULL;
}

/* --- drawing -------------------------------------------------------------- */

static void draw_link(const struct document_link *l, int i, bool cursor, struct canvas *c, int y,
	const struct area *a)
{
	enum style style = cursor ? STYLE_CURSOR : l->differs ? STYLE_ERROR : STYLE_NORMAL;
	int words = a->w / WORDS_SHARE, x = a->x + NUMBER_W + 1;
	char number[16], shown[LINK_SHOWN_MAX];

	canvas_fill(c, y, a->x, a->w, cursor ? STYLE_CURSOR : STYLE_NORMAL);
	snprintf(number, sizeof number, "[%d]", i + 1);
	canvas_put_right(c, y, x - 1, NUMBER_W, style, number);
	canvas_put_cut(c, y, x, words, style, l->label ? l->label : "");
	x += words + 1;
	link_shown(l->target, shown, sizeof shown);
	canvas_put_cut(c, y, x, a->x + a->w - x, style, shown);
}

/* The target in full, as far as there is room; a line above it. */
static void draw_target(const struct links_view *v, struct canvas *c, const struct area *a)
{
	const struct document_link *l = current(v);
	char url[URL_MAX], shown[URL_MAX + HOST_SHOWN_MAX];
	const struct flow_line *line;
	struct flow flow;

	for (int x = a->x; x < a->x + a->w; x++)
		canvas_put(c, a->y, x, 1, STYLE_BORDER, "─");
	if (!l)
		return;
	if (!url_clean(l->target, url, sizeof url))
		g_strlcpy(url, l->target, sizeof url);
	url_shown(url, shown, sizeof shown);
	flow_init(&flow, shown, a->w - 1);
	for (int y = 1; y < a->h && (line = flow_line(&flow, (size_t)(y - 1))); y++)
		if (y == a->h - 1) /* the rest, which is cut if it must be */
			canvas_put_cut(c, a->y + y, a->x + 1, a->w - 1, STYLE_LINK, flow_text(&flow, line));
		else
			canvas_put_len(c, a->y + y, a->x + 1, a->w - 1, STYLE_LINK, flow_text(&flow, line), line->len);
	flow_release(&flow);
}

static void draw(struct view *base, struct canvas *c, const struct area *a)
{
	struct links_view *v = (struct links_view *)base;
	const struct document *doc = document(v);
	int n = doc ? (int)doc->links->len : 0, below = MIN(TARGET_LINES + 1, a->h / TARGET_SHARE);
	struct area target = { a->y + a->h - below, a->x, below, a->w };

	v->height = MAX(a->h - below, 1);
	v->cursor = CLAMP(v->cursor, 0, MAX(n - 1, 0));
	v->top = CLAMP(v->top, MAX(v->cursor - v->height + 1, 0), v->cursor);
	if (n == 0)
		canvas_put_cut(c, a->y, a->x + 1, a->w - 1, STYLE_NOTICE, _("The message is not here now"));
	for (int y = 0; doc && y < v->height && v->top + y < n; y++)
		draw_link(doc->links->pdata[v->top + y], v->top + y, v->top + y == v->cursor, c,
			a->y + y, a);
	if (below > 1)
		draw_target(v, c, &target);
}

static void title(struct view *base, GString *left, GString *right)
{
	int n = count((struct links_view *)base);

	g_string_append(left, _("Links of the message"));
	g_string_append_printf(right, ngettext("%d link", "%d links", (unsigned long)n), n);
}

/* --- keys ----------------------------------------------------------------- */

static int move(struct view *base, enum motion m, struct err *err)
{
	struct links_view *v = (struct links_view *)base;
	int n = count(v);

	(void)err;
	v->cursor = CLAMP(v->cursor + view_lines(m, v->height, n), 0, MAX(n - 1, 0));
	return 0;
}

static int open_it(struct view *base, struct err *err)
{
	const struct document_link *l = current((struct links_view *)base);

	if (!l)
		return err_set(err, ERR_USAGE, _("The message is not here now"));
	return link_open(base->ui, l->target, l->differs, err);
}

static const char *const hints[] = { "close", "open", "copy-link", "next", NULL };

static const struct view_ops ops = {
	.name = "links",
	.context = IN_LINKS,
	.size = sizeof(struct links_view),
	.hints = hints,
	.move = move,
	.open = open_it,
	.title = title,
	.draw = draw,
};

void view_links_open(struct ui *ui)
{
	((struct links_view *)view_push(ui, &ops))->message = reading_message(ui);
}

const struct document_link *view_links_link(struct ui *ui)
{
	struct view *v = ui_view(ui);

	return v->ops == &ops ? current((struct links_view *)v) : NULL;
}
