/*
 * The message as it was sent: its bytes, read from the stored file in pieces
 * as far as the screen is scrolled, and cleaned as everything is that is shown.
 */
#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#include "base/i18n.h"
#include "base/mem.h"
#include "ui/pager.h"
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
	struct pager pager;
};

static void add_text(struct source_view *s, const char *bytes, size_t n)
{
	g_string_append_len(s->text, bytes, (gssize)n);
	flow_extend(&s->pager.flow, s->text->str, s->text->len);
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

static bool read_on(void *ctx)
{
	struct source_view *s = ctx;

	if (!s->done)
		read_piece(s);
	return !s->done;
}

static int move(struct view *v, enum motion motion, struct err *err)
{
	struct source_view *s = (struct source_view *)v;
	int stuck = pager_move(&s->pager, motion);

	(void)err;
	if (stuck)
		ui_say(v->ui, stuck < 0 ? _("This is the beginning of the message")
					: _("This is the end of the message"));
	else if (s->cut && pager_at_end(&s->pager))
		ui_say(v->ui, _("Only the first 16 MB are shown here; save the message to see the rest"));
	return 0;
}

static void draw(struct view *v, struct canvas *c, const struct area *a)
{
	pager_draw(&((struct source_view *)v)->pager, c, a);
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
	pager_release(&s->pager);
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
	struct source_view *s;
	int fd, rc = store_body_open(ui->store, reading_message(ui), &fd, err);

	if (rc < 0)
		return rc;
	s = (struct source_view *)view_push(ui, &ops);
	s->fd = fd;
	s->text = g_string_new(NULL);
	s->tail = g_string_new(NULL);
	pager_init(&s->pager, s->text->str, 0, read_on, s);
	return 0;
}
