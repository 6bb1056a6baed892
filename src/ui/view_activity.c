/* The activity view: what tern does for each account, and what waits. */
#include "base/clock.h"
#include "base/i18n.h"
#include "ui/activity.h"
#include "ui/priv.h"

enum {
	FRESH_MS = 250, /* built again at most this often while events come */
	OLD_MS = 5000,	/* and this often without any: jobs tell nobody */
};

struct activity_view {
	struct view base;
	GArray *lines; /* NULL = to be built */
	int width, top, height;
	int64_t built_at; /* monotonic ms */
	bool stale;
};

static void build(struct activity_view *v, int width)
{
	g_clear_pointer(&v->lines, g_array_unref);
	v->lines = activity_build(v->base.ui, width);
	v->width = width;
	v->built_at = clock_mono_ms();
	v->stale = false;
}

static void draw(struct view *base, struct canvas *c, const struct area *a)
{
	struct activity_view *v = (struct activity_view *)base;

	if (!v->lines || v->width != a->w)
		build(v, a->w);
	v->height = a->h;
	v->top = CLAMP(v->top, 0, MAX((int)v->lines->len - a->h, 0));
	for (int y = 0; y < a->h && v->top + y < (int)v->lines->len; y++) {
		const struct activity_line *line =
			&g_array_index(v->lines, struct activity_line, v->top + y);

		if (line->label)
			canvas_put_cut(c, a->y + y, a->x + 2, MAX(line->x - 3, 0),
				STYLE_HEADER_NAME, line->label);
		canvas_put_cut(
			c, a->y + y, a->x + line->x, a->w - line->x, line->style, line->text);
	}
}

static void event(struct view *base, const struct event *e)
{
	(void)e;
	((struct activity_view *)base)->stale = true;
}

static int64_t tick(struct view *base)
{
	struct activity_view *v = (struct activity_view *)base;
	int64_t left = v->built_at + (v->stale ? FRESH_MS : OLD_MS) - clock_mono_ms();

	if (!v->lines) /* not drawn yet */
		return OLD_MS;
	if (left > 0)
		return left;
	build(v, v->width);
	base->ui->dirty = true;
	return OLD_MS;
}

static int move(struct view *base, enum motion m, struct err *err)
{
	struct activity_view *v = (struct activity_view *)base;

	(void)err;
	view_scroll(base->ui, m, v->height, v->lines ? (int)v->lines->len : 0, &v->top);
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
	g_clear_pointer(&((struct activity_view *)v)->lines, g_array_unref);
}

static const char *const hints[] = { "close", "next", "page-down", "sync", NULL };

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
	view_push(ui, &ops);
}
