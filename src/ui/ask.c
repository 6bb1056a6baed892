#include "ui/ask.h"

#include "base/i18n.h"
#include "ui/priv.h"

void ask_begin(struct ui *ui, const char *text, void (*yes)(struct ui *ui))
{
	g_free(ui->ask.text);
	ui->ask = (struct ask){ g_strdup_printf("%s  y/n", text), yes };
	ui->dirty = true;
}

void ask_release(struct ask *a)
{
	g_clear_pointer(&a->text, g_free);
}

void ask_key(struct ui *ui, const struct key *k)
{
	void (*yes)(struct ui *ui) = ui->ask.yes;
	bool no = key_is_cancel(k) || (k->mods == 0 && (k->code == 'n' || k->code == 'N' || k->code == 'q'));

	if (k->mods == 0 && (k->code == 'y' || k->code == 'Y')) {
		ask_release(&ui->ask);
		yes(ui);
	} else if (no) {
		ask_release(&ui->ask);
		ui_say(ui, _("Nothing was changed"));
	}
}

void ask_draw(const struct ask *a, struct canvas *c, int y)
{
	status_draw_text(a->text, STYLE_PROMPT, c, y);
}
