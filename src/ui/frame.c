/*
 * Drawing: the views, and what stands around them (title, hints, status line,
 * the keys that may follow).  A key that only moved the cursor bar draws two rows.
 */
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/i18n.h"
#include "ui/hint.h"
#include "ui/priv.h"

enum { SMALLEST_WIDTH = 20, SMALLEST_HEIGHT = 5 };

static void draw_bar(struct ui *ui, struct canvas *c)
{
	g_autoptr(GString) left = g_string_new(NULL), right = g_string_new(NULL);
	struct view *v = ui_view(ui);
	int x = c->width;

	canvas_fill(c, 0, 0, c->width, STYLE_BAR);
	if (v->ops->title)
		v->ops->title(v, left, right);
	if (right->len > 0)
		x = canvas_put_right(c, 0, c->width - 1, c->width * 2 / 3, STYLE_BAR_DIM, right->str);
	canvas_put_cut(c, 0, 1, x - 2, STYLE_BAR, left->str);
}

/* The keys that may follow those typed, in a box above the hint line. */
static void draw_which_key(struct ui *ui, struct canvas *c)
{
	unsigned where = ui_view(ui)->ops->context;
	g_autoptr(GPtrArray) next = keymap_following(ui->keymap, where, ui->keys, ui->n_keys);
	int n = MIN((int)next->len, c->height - 5);
	struct area a = { c->height - 4 - n, 0, n + 2, MIN(c->width, 50) };

	canvas_fill_area(c, &a, STYLE_NORMAL);
	canvas_box(c, &a, STYLE_BORDER);
	for (int i = 0; i < n; i++) {
		const struct binding *b = next->pdata[i];
		g_autofree char *name = g_strndup(b->command, strcspn(b->command, " "));
		const struct command *command = command_find(name);
		char keys[KEYS_NAME_MAX];
		bool off = !deed_offered(ui, name);
		int x = a.x + 2;

		binding_name(b, keys, sizeof keys);
		x += canvas_put(c, a.y + 1 + i, x, 8, off ? STYLE_KEY_OFF : STYLE_KEY, keys) + 2;
		x += canvas_put_cut(c, a.y + 1 + i, x, a.w - x - 2, off ? STYLE_KEY_OFF : STYLE_NORMAL,
			     b->command) + 2;
		if (command && strcmp(b->command, name) == 0)
			canvas_put_cut(c, a.y + 1 + i, x, a.w - x - 2, STYLE_HINT, _(command->help));
	}
	if ((int)next->len > n)
		canvas_put(c, a.y + a.h - 1, a.x + 2, 3, STYLE_HINT, " … ");
}

/* The keys of an unfinished sequence stand where messages do. */
static void draw_sequence(struct ui *ui, struct canvas *c, int y)
{
	struct binding b = { .n = ui->n_keys };
	char name[KEYS_NAME_MAX], all[sizeof name + 20], count[12] = "";

	memcpy(b.keys, ui->keys, sizeof b.keys);
	binding_name(&b, name, sizeof name);
	if (ui->count > 0)
		snprintf(count, sizeof count, "%d", ui->count);
	snprintf(all, sizeof all, "%s%s…", count, name);
	canvas_fill(c, y, 0, 16, STYLE_NORMAL);
	canvas_put(c, y, 0, 16, STYLE_PROMPT, all);
}

static void draw_views(struct ui *ui, struct canvas *c)
{
	struct area a = { 1, 0, c->height - 3, c->width };
	guint first = ui->views->len - 1;

	while (first > 0 && ((struct view *)ui->views->pdata[first])->ops->overlay)
		first--;
	for (guint i = first; i < ui->views->len; i++) {
		struct view *v = ui->views->pdata[i];

		v->ops->draw(v, c, &a);
	}
}

/* 1 = the drawing of before needed nothing but the cursor bar. */
static bool draw_bar_only(struct ui *ui, struct canvas *c)
{
	struct view *v = ui_view(ui);
	int from = ui->bar_from;

	ui->bar_from = -1;
	if (ui->dirty || from < 0 || ui->drawn != c || !v->ops->draw_bar)
		return false;
	v->ops->draw_bar(v, c, from);
	return true;
}

void ui_draw(struct ui *ui, struct canvas *c)
{
	int last = c->height - 1;

	if (draw_bar_only(ui, c))
		return;
	canvas_clear(c);
	ui->dirty = false;
	ui->drawn = c;
	if (c->width < SMALLEST_WIDTH || c->height < SMALLEST_HEIGHT) {
		canvas_put(c, 0, 0, c->width, STYLE_NORMAL, _("window too small"));
		return;
	}
	draw_views(ui, c);
	draw_bar(ui, c);
	if (ui->n_keys > 0 && clock_mono_ms() - ui->keys_at >= WHICH_KEY_MS)
		draw_which_key(ui, c);
	if (!prompt_draw_candidates(&ui->prompt, c, last - 1))
		hint_draw(ui, c, last - 1);
	if (ui->prompt.active) {
		prompt_draw(&ui->prompt, c, last);
		return;
	}
	status_draw(ui, c, last);
	if (ui->ask.text)
		ask_draw(&ui->ask, c, last);
	else if (ui->n_keys > 0 || ui->count > 0)
		draw_sequence(ui, c, last);
}
