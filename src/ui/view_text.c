/* A text that is not a message: what a program printed.  Nothing is interpreted. */
#include <string.h>

#include "base/i18n.h"
#include "ui/pager.h"
#include "ui/priv.h"

struct text_view {
	struct view base;
	char *title, *text;
	struct pager pager;
};

static void draw(struct view *v, struct canvas *c, const struct area *a)
{
	pager_draw(&((struct text_view *)v)->pager, c, a);
}

static int move(struct view *v, enum motion motion, struct err *err)
{
	int stuck = pager_move(&((struct text_view *)v)->pager, motion);

	(void)err;
	if (stuck)
		ui_say(v->ui, stuck < 0 ? _("This is the beginning") : _("This is the end"));
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

	pager_release(&t->pager);
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
	struct text_view *t = (struct text_view *)view_push(ui, &ops);

	t->title = g_strdup(heading);
	t->text = g_strdup(text);
	pager_init(&t->pager, t->text, strlen(t->text), NULL, NULL);
}
