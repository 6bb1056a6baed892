/* A text that is not a message: what a program printed.  Nothing is interpreted. */
#include <string.h>

#include "base/i18n.h"
#include "ui/flow.h"
#include "ui/priv.h"

struct text_view {
	struct view base;
	char *title, *text;
	struct flow flow;
	int top, height;
};

static void draw_line(struct text_view *t, const struct flow_line *line, struct canvas *c, int y,
	const struct area *a)
{
	struct flow_run runs[FLOW_RUNS_MAX];
	int n = flow_runs(&t->flow, line, runs), x = a->x;

	for (int i = 0; i < n; i++)
		x += runs[i].text ? canvas_put_len(c, y, x, a->x + a->w - x, STYLE_NORMAL, runs[i].text,
					    (ssize_t)runs[i].len)
				  : (int)runs[i].len;
}

static void draw(struct view *v, struct canvas *c, const struct area *a)
{
	struct text_view *t = (struct text_view *)v;
	const struct flow_line *line;

	if (t->flow.width != a->w) {
		size_t at = flow_offset(&t->flow, (size_t)t->top);

		flow_set_width(&t->flow, a->w);
		t->top = (int)flow_find(&t->flow, at);
	}
	t->height = a->h;
	for (int y = 0; y < a->h && (line = flow_line(&t->flow, (size_t)(t->top + y))); y++)
		draw_line(t, line, c, a->y + y, a);
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
	g_free(t->text);
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
	g_autoptr(GArray) spans = g_array_new(FALSE, FALSE, sizeof(struct document_span));
	struct document_span as_is = { 0, UINT32_MAX, SPAN_PREFORMATTED, 0 };
	struct text_view *t = (struct text_view *)view_push(ui, &ops);

	t->title = g_strdup(heading);
	t->text = g_strdup(text);
	g_array_append_val(spans, as_is);
	flow_init_spans(&t->flow, t->text, strlen(t->text), spans, 80);
}
