#include "ui/view.h"

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

struct view *ui_view(const struct ui *ui)
{
	return ui->views->pdata[ui->views->len - 1];
}

const struct list_row *ui_row(const struct ui *ui)
{
	struct view *v = ui_view(ui);

	return v->ops->row ? v->ops->row(v) : NULL;
}
