#include "ui/view.h"

#include "base/i18n.h"
#include "ui/priv.h"

struct view *view_push(struct ui *ui, const struct view_ops *ops)
{
	struct view *v = g_malloc0(ops->size);

	v->ops = ops;
	v->ui = ui;
	g_ptr_array_add(ui->views, v);
	return v;
}

void view_pop(struct ui *ui)
{
	if (ui->views->len > 1)
		g_ptr_array_remove_index(ui->views, ui->views->len - 1);
}

/* The free function of ui->views. */
void view_free(gpointer p)
{
	struct view *v = p;

	if (v->ops->close)
		v->ops->close(v);
	g_free(v);
}

int view_lines(enum motion m, int height, int n)
{
	int half = MAX(height / 2, 1), page = MAX(height, 1);
	const int by[] = { [MOVE_NEXT] = 1, [MOVE_PREV] = -1, [MOVE_HALF_DOWN] = half,
		[MOVE_HALF_UP] = -half, [MOVE_PAGE_DOWN] = page, [MOVE_PAGE_UP] = -page,
		[MOVE_FIRST] = -n, [MOVE_LAST] = n };

	return by[m];
}

void view_scroll(struct ui *ui, enum motion m, int height, int n, int *top)
{
	int by = view_lines(m, height, n), last = MAX(n - height, 0), was = *top;

	*top = CLAMP(was + by, 0, last);
	if (*top == was)
		ui_say(ui, by < 0 ? _("This is the beginning") : _("This is the end"));
}

struct view *ui_view(const struct ui *ui)
{
	return ui->views->pdata[ui->views->len - 1];
}

const struct list_row *ui_row(const struct ui *ui)
{
	struct view *v = ui_view(ui);

	return v->ops->row ? v->ops->row(v) : NULL;
}
