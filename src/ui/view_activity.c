/* The activity view: what tern does for each account, and what waits. */
#include <stdlib.h>

#include "base/clock.h"
#include "base/i18n.h"
#include "ui/activity.h"
#include "ui/priv.h"

enum {
	FRESH_MS = 250, /* built again at most this often while events come */
	OLD_MS = 5000,	/* and this often without any: jobs tell nobody */
	SHARE = 20,	/* building takes at most this part of the time */
	SMALL = 12,	/* so few lines begin with the changes, if there are any */
	AROUND = 3,	/* lines of the screen above and below the view */
	USUAL_HEIGHT = 21, USUAL_WIDTH = 80, /* before anything was drawn */
};

struct activity_view {
	struct view base;
	struct activity *shown;
	int width, top, height;
	int cursor; /* of shown->items; -1 = none is on the screen */
	int64_t built_at; /* monotonic ms */
	int64_t cost;	  /* ms of the last build */
	bool stale;
};

static const struct activity_item *item(const struct activity_view *v, int i)
{
	return v->shown && i >= 0 && i < (int)v->shown->items->len
		? &g_array_index(v->shown->items, struct activity_item, i)
		: NULL;
}

static bool on_screen(const struct activity_view *v, const struct activity_item *it)
{
	return it && it->line >= v->top && it->line < v->top + v->height;
}

/* The cursor is on a change that shows, if one does: the first or the last of them. */
static void keep_cursor(struct activity_view *v, bool last)
{
	int n = (int)v->shown->items->len;

	if (on_screen(v, item(v, v->cursor)))
		return;
	v->cursor = -1;
	for (int i = last ? n - 1 : 0; i >= 0 && i < n && v->cursor < 0; i += last ? -1 : 1)
		if (on_screen(v, item(v, i)))
			v->cursor = i;
}

/* After a rebuild: on the same change, or the one that took its place. */
static void find_again(struct activity_view *v, bool tree, int64_t id)
{
	int n = (int)v->shown->items->len;

	for (int i = 0; i < n; i++) {
		const struct activity_item *it = item(v, i);

		if (it && it->tree == tree && it->id == id) {
			v->cursor = i;
			return;
		}
	}
	v->cursor = MIN(v->cursor, n - 1);
}

static void build(struct activity_view *v, int width)
{
	const struct activity_item *at = item(v, v->cursor);
	bool tree = at && at->tree;
	int64_t id = at ? at->id : 0, begin = clock_mono_ms();

	activity_free(&v->shown);
	v->shown = activity_build(v->base.ui, width);
	find_again(v, tree, id);
	v->width = width;
	v->built_at = clock_mono_ms();
	v->cost = v->built_at - begin;
	v->stale = false;
}

static void draw_line(const struct activity_line *line, bool cursor, struct canvas *c, int y,
	const struct area *a)
{
	if (cursor)
		canvas_fill(c, y, a->x, a->w, STYLE_CURSOR);
	if (line->label)
		canvas_put_cut(c, y, a->x + 2, MAX(line->x - 3, 0),
			cursor ? STYLE_CURSOR : STYLE_HEADER_NAME, line->label);
	canvas_put_cut(c, y, a->x + line->x, a->w - line->x, cursor ? STYLE_CURSOR : line->style,
		line->text);
}

static void draw(struct view *base, struct canvas *c, const struct area *a)
{
	struct activity_view *v = (struct activity_view *)base;
	const struct activity_item *at;

	if (v->width != a->w)
		build(v, a->w);
	v->height = a->h;
	v->top = CLAMP(v->top, 0, MAX((int)v->shown->lines->len - a->h, 0));
	keep_cursor(v, false);
	at = item(v, v->cursor);
	for (int y = 0; y < a->h && v->top + y < (int)v->shown->lines->len; y++)
		draw_line(&g_array_index(v->shown->lines, struct activity_line, v->top + y),
			at && v->top + y == at->line, c, a->y + y, a);
}

static void event(struct view *base, const struct event *e)
{
	(void)e;
	((struct activity_view *)base)->stale = true;
}

static int64_t tick(struct view *base)
{
	struct activity_view *v = (struct activity_view *)base;
	int64_t pause = MAX(v->stale ? FRESH_MS : OLD_MS, v->cost * SHARE);
	int64_t left = v->built_at + pause - clock_mono_ms();

	if (left > 0)
		return left;
	build(v, v->width);
	base->ui->dirty = true;
	return OLD_MS;
}

/* Takes the cursor to the next change if that is less than a screen away; the text moves otherwise. */
static bool step(struct activity_view *v, int by)
{
	const struct activity_item *at = item(v, v->cursor), *to = item(v, v->cursor + by);

	if (!at || !to || abs(to->line - at->line) >= v->height)
		return false;
	v->cursor += by;
	v->top = MIN(MAX(v->top, to->line + to->lines - v->height), to->line);
	return true;
}

static int move(struct view *base, enum motion m, struct err *err)
{
	struct activity_view *v = (struct activity_view *)base;

	(void)err;
	if ((m == MOVE_NEXT || m == MOVE_PREV) && step(v, m == MOVE_NEXT ? 1 : -1))
		return 0;
	view_scroll(base->ui, m, v->height, (int)v->shown->lines->len, &v->top);
	if (m == MOVE_FIRST || m == MOVE_LAST)
		v->cursor = -1;
	keep_cursor(v, m == MOVE_NEXT || m == MOVE_HALF_DOWN || m == MOVE_PAGE_DOWN ||
			       m == MOVE_LAST);
	return 0;
}

static void title(struct view *v, GString *left, GString *right)
{
	(void)v;
	(void)right;
	g_string_append(left, _("Activity: what tern does, and what waits"));
}

static void close_view(struct view *v)
{
	activity_free(&((struct activity_view *)v)->shown);
}

static const char *const hints[] = { "close", "change-retry", "change-drop", "change-hold",
	"change-undo", "change-target", "history", "sync", "next", NULL };

static const struct view_ops ops = {
	.name = "activity",
	.context = IN_ACTIVITY,
	.size = sizeof(struct activity_view),
	.hints = hints,
	.close = close_view,
	.move = move,
	.event = event,
	.tick = tick,
	.title = title,
	.draw = draw,
};

void view_activity_open(struct ui *ui)
{
	struct activity_view *v = (struct activity_view *)view_push(ui, &ops);
	const struct canvas *c = ui->drawn;
	const struct activity_item *first;

	/* the next key may come before the first drawing: it, too, has a change under the cursor */
	v->height = c ? MAX(c->height - AROUND, 1) : USUAL_HEIGHT;
	build(v, c ? c->width : USUAL_WIDTH);
	v->cursor = 0;
	first = item(v, 0);
	if (v->height < SMALL && first)
		v->top = MAX(first->line - 1, 0); /* its heading is the first line */
	keep_cursor(v, false);
}

const struct activity_item *view_activity_item(struct ui *ui)
{
	struct view *v = ui_view(ui);

	return v->ops == &ops ? item((struct activity_view *)v, ((struct activity_view *)v)->cursor)
			      : NULL;
}

void view_activity_reread(struct ui *ui)
{
	struct view *v = ui_view(ui);

	if (v->ops == &ops)
		build((struct activity_view *)v, ((struct activity_view *)v)->width);
}
