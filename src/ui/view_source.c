/*
 * The message as it was sent: its bytes, read from the stored file in pieces
 * as far as the screen is scrolled, and cleaned as everything is that is shown.
 */
#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#include "base/i18n.h"
#include "base/mem.h"
#include "ui/flow.h"
#include "ui/priv.h"
#include "ui/view_message.h"

enum {
	PIECE = 64 * 1024,
	SOURCE_MAX = 16 << 20, /* bytes that are shown */
};

struct source_view {
	struct view base;
	int fd;
	bool done;        /* all of the file was read, or as much as is shown */
	bool cut;         /* there is more in the file */
	GString *text;    /* whole lines, but for the longest ones */
	GString *tail;    /* the beginning of a line */
	struct flow flow;
	size_t top;
	int height;
};

static void add_text(struct source_view *s, const char *bytes, size_t n)
{
	g_string_append_len(s->text, bytes, (gssize)n);
	flow_extend(&s->flow, s->text->str, s->text->len);
}

/* Takes whole lines; what is longer than a piece is broken. */
static void take_piece(struct source_view *s, const char *bytes, size_t n)
{
	const char *last = memrchr(bytes, '\n', n);
	size_t whole = last ? (size_t)(last - bytes) + 1 : 0;

	if (whole == 0 && s->tail->len < PIECE) {
		g_string_append_len(s->tail, bytes, (gssize)n);
		return;
	}
	if (whole == 0)
		whole = n;
	g_string_append_len(s->tail, bytes, (gssize)whole);
	add_text(s, s->tail->str, s->tail->len);
	g_string_truncate(s->tail, 0);
	g_string_append_len(s->tail, bytes + whole, (gssize)(n - whole));
}

/* Reads on. */
static void read_piece(struct source_view *s)
{
	char bytes[PIECE];
	ssize_t n = read(s->fd, bytes, sizeof bytes);

	if (n < 0 && errno == EINTR)
		return;
	if (n > 0 && s->text->len + s->tail->len < SOURCE_MAX) {
		take_piece(s, bytes, (size_t)n);
		return;
	}
	s->done = true;
	s->cut = n > 0;
	add_text(s, s->tail->str, s->tail->len);
}

static const struct flow_line *line_at(struct source_view *s, size_t i)
{
	while (!flow_line(&s->flow, i) && !s->done)
		read_piece(s);
	return flow_line(&s->flow, i);
}

static void to_end(struct source_view *s)
{
	size_t total;

	while (!s->done)
		read_piece(s);
	total = flow_total(&s->flow);
	s->top = total > (size_t)s->height ? total - (size_t)s->height : 0;
	if (s->cut)
		ui_say(s->base.ui, _("Only the first 16 MB are shown here; save the message to see the rest"));
}

static void scroll(struct source_view *s, int by)
{
	size_t was = s->top;

	if (by < 0)
		s->top -= MIN(s->top, (size_t)-by);
	else if (line_at(s, s->top + (size_t)(by + s->height) - 1))
		s->top += (size_t)by;
	else
		to_end(s);
	if (s->top == was)
		ui_say(s->base.ui, by < 0 ? _("This is the beginning of the message")
					  : _("This is the end of the message"));
}

static int move(struct view *v, enum motion motion, struct err *err)
{
	struct source_view *s = (struct source_view *)v;
	int page = MAX(s->height - 1, 1), half = MAX(s->height / 2, 1);
	const int by[] = { [MOVE_NEXT] = 1, [MOVE_PREV] = -1, [MOVE_HALF_DOWN] = half,
		[MOVE_HALF_UP] = -half, [MOVE_PAGE_DOWN] = page, [MOVE_PAGE_UP] = -page };

	(void)err;
	if (motion == MOVE_FIRST)
		s->top = 0;
	else if (motion == MOVE_LAST)
		to_end(s);
	else
		scroll(s, by[motion]);
	return 0;
}

static void draw(struct view *v, struct canvas *c, const struct area *a)
{
	struct source_view *s = (struct source_view *)v;
	struct flow_run runs[FLOW_RUNS_MAX];
	const struct flow_line *line;
	size_t at = flow_offset(&s->flow, s->top);

	if (s->flow.width != a->w) {
		flow_set_width(&s->flow, a->w);
		s->top = flow_find(&s->flow, at);
	}
	s->height = a->h;
	for (int y = 0; y < a->h && (line = line_at(s, s->top + (size_t)y)); y++) {
		int n = flow_runs(&s->flow, line, runs), x = a->x;

		for (int i = 0; i < n; i++)
			x += runs[i].text ? canvas_put_len(c, a->y + y, x, a->x + a->w - x, STYLE_NORMAL,
						    runs[i].text, (ssize_t)runs[i].len)
					  : (int)runs[i].len;
	}
}

static void title(struct view *v, GString *left, GString *right)
{
	const struct source_view *s = (const struct source_view *)v;
	char size[24];

	g_string_append(left, _("The message as it was sent"));
	if (s->done && !s->cut)
		g_string_append(right, size_text(s->text->len, size, sizeof size));
}

static void close_view(struct view *v)
{
	struct source_view *s = (struct source_view *)v;

	fd_close(&s->fd);
	flow_release(&s->flow);
	g_string_free(s->text, TRUE);
	g_string_free(s->tail, TRUE);
}

static const char *const hints[] = { "close", "page-down", "page-up", "last", NULL };

static const struct view_ops ops = {
	.name = "source",
	.context = IN_TEXT,
	.size = sizeof(struct source_view),
	.hints = hints,
	.close = close_view,
	.move = move,
	.title = title,
	.draw = draw,
};

int view_source_open(struct ui *ui, struct err *err)
{
	g_autoptr(GArray) spans = g_array_new(FALSE, FALSE, sizeof(struct document_span));
	struct document_span as_is = { 0, UINT32_MAX, SPAN_PREFORMATTED, 0 };
	struct source_view *s;
	int fd, rc = store_body_open(ui->store, reading_message(ui), &fd, err);

	if (rc < 0)
		return rc;
	s = (struct source_view *)view_push(ui, &ops);
	s->fd = fd;
	s->text = g_string_new(NULL);
	s->tail = g_string_new(NULL);
	g_array_append_val(spans, as_is);
	flow_init_spans(&s->flow, s->text->str, 0, spans, 80);
	return 0;
}
