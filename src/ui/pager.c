#include "ui/pager.h"

#include "mime/document.h"

enum { WIDTH_FIRST = 80 }; /* cells, before the first drawing */

void pager_init(struct pager *p, const char *text, size_t len, bool (*more)(void *ctx), void *ctx)
{
	g_autoptr(GArray) spans = g_array_new(FALSE, FALSE, sizeof(struct document_span));
	struct document_span as_is = { 0, UINT32_MAX, SPAN_PREFORMATTED, 0 };

	*p = (struct pager){ .more = more, .ctx = ctx };
	g_array_append_val(spans, as_is);
	flow_init_spans(&p->flow, text, len, spans, WIDTH_FIRST);
}

void pager_release(struct pager *p)
{
	flow_release(&p->flow);
}

static bool read_on(struct pager *p)
{
	return p->more && p->more(p->ctx);
}

static const struct flow_line *line_at(struct pager *p, size_t i)
{
	while (!flow_line(&p->flow, i) && read_on(p))
		;
	return flow_line(&p->flow, i);
}

static size_t last_top(struct pager *p)
{
	size_t n;

	while (read_on(p))
		;
	n = flow_total(&p->flow);
	return n > (size_t)p->height ? n - (size_t)p->height : 0;
}

bool pager_at_end(struct pager *p)
{
	return p->top >= last_top(p);
}

static void scroll(struct pager *p, int by)
{
	if (by < 0)
		p->top -= MIN(p->top, (size_t)-by);
	else if (line_at(p, p->top + (size_t)(by + p->height) - 1))
		p->top += (size_t)by;
	else
		p->top = last_top(p);
}

int pager_move(struct pager *p, enum motion m)
{
	int page = MAX(p->height - 1, 1), half = MAX(p->height / 2, 1);
	const int by[] = { [MOVE_NEXT] = 1, [MOVE_PREV] = -1, [MOVE_HALF_DOWN] = half,
		[MOVE_HALF_UP] = -half, [MOVE_PAGE_DOWN] = page, [MOVE_PAGE_UP] = -page };
	size_t was = p->top;

	if (m == MOVE_FIRST || m == MOVE_LAST) {
		p->top = m == MOVE_FIRST ? 0 : last_top(p);
		return 0;
	}
	scroll(p, by[m]);
	return p->top != was ? 0 : by[m];
}

static void draw_line(struct pager *p, const struct flow_line *line, struct canvas *c, int y,
	const struct area *a)
{
	struct flow_run runs[FLOW_RUNS_MAX];
	int n = flow_runs(&p->flow, line, runs), x = a->x;

	for (int i = 0; i < n; i++)
		x += runs[i].text ? canvas_put_len(c, y, x, a->x + a->w - x, STYLE_NORMAL, runs[i].text,
					    (ssize_t)runs[i].len)
				  : (int)runs[i].len;
}

void pager_draw(struct pager *p, struct canvas *c, const struct area *a)
{
	const struct flow_line *line;

	if (p->flow.width != a->w) {
		size_t at = flow_offset(&p->flow, p->top);

		flow_set_width(&p->flow, a->w);
		p->top = flow_find(&p->flow, at);
	}
	p->height = a->h;
	for (int y = 0; y < a->h && (line = line_at(p, p->top + (size_t)y)); y++)
		draw_line(p, line, c, a->y + y, a);
}
