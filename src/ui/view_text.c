/* A text that is not a message: what a program printed.  Nothing is interpreted. */
#include "base/i18n.h"
#include "ui/flow.h"
#include "ui/priv.h"

struct text_view {
	struct view base;
	char *title;
	struct flow flow;
	int top, height;
};

static void draw(struct view *v, struct canvas *c, const struct area *a)
{
	struct text_view *t = (struct text_view *)v;

	if (t->flow.width != a->w) {
		size_t at = flow_offset(&t->flow, (size_t)t->top);

		flow_set_width(&t->flow, a->w);
		t->top = (int)flow_find(&t->flow, at);
	}
	t->height = a->h;
	for (int y = 0; y < a->h; y++) {
		const struct flow_line *line = flow_line(&t->flow, (size_t)(t->top + y));

		if (!line)
			break;
		if (line->prefix_len)
			canvas_put_len(c, a->y + y, a->x, a->w, STYLE_NORMAL, line->prefix, (ssize_t)line->prefix_len);
		canvas_put_len(c, a->y + y, a->x + (int)line->prefix_len, a->w - (int)line->prefix_len,
			STYLE_NORMAL, line->text, (ssize_t)line->len);
	}
}

static int move(struct view *v, enum motion m, struct err *err)
{
	struct text_view *t = (struct text_view *)v;

	(void)err;
	view_scroll(v->ui, m, t->height, (int)MIN(flow_total(&t->flow), G_MAXINT), &t->top);
	return 0;
}

static void title(struct view *v, GString *left, GString *right)
{
	struct text_view *t = (struct text_view *)v;

	(void)right;
	g_string_append_printf(left, _("Output: %s"), t->title);
}

static void close_view(struct view *v)
{
	struct text_view *t = (struct text_view *)v;

	flow_release(&t->flow);
	g_free(t->title);
}

static const char *const hints[] = { "close", "page-down", "next", NULL };

static const struct view_ops ops = {
	.name = "text",
	.context = IN_TEXT,
	.size = sizeof(struct text_view),
	.hints = hints,
	.close = close_view,
	.move = move,
	.title = title,
	.draw = draw,
};

void view_text_open(struct ui *ui, const char *heading, const char *text)
{
	struct text_view *t = (struct text_view *)view_push(ui, &ops);

	t->title = g_strdup(heading);
	flow_init(&t->flow, text, 80);
}
