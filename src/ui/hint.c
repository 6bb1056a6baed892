#include "ui/hint.h"

#include <string.h>

#include "base/i18n.h"
#include "base/text.h"
#include "ui/priv.h"

/* The key and the word of a command line; false if it has no key here. */
static bool describe(struct ui *ui, const char *line, char *keys, size_t cap, const char **label)
{
	g_autofree char *name = g_strndup(line, strcspn(line, " "));
	const struct command *command = command_find(name);

	if (!command || !command->label ||
		!keymap_keys_of(ui->keymap, ui_view(ui)->ops->context, line, keys, cap))
		return false;
	*label = _(command->label);
	return true;
}

static int hint_width(const char *keys, const char *label)
{
	return text_width(keys) + 1 + text_width(label);
}

static int put(struct canvas *c, int y, int x, const char *keys, const char *label)
{
	x += canvas_put(c, y, x, c->width - x, STYLE_HINT_KEY, keys) + 1;
	x += canvas_put(c, y, x, c->width - x, STYLE_HINT, label);
	return x + 2;
}

void hint_draw(struct ui *ui, struct canvas *c, int y)
{
	const char *const *hints = ui_view(ui)->ops->hints, *label;
	char keys[KEY_SEQUENCE_MAX * KEY_NAME_MAX], help[sizeof keys];
	const char *help_label = NULL;
	int x = 0, room = c->width;

	if (describe(ui, "help", help, sizeof help, &help_label))
		room -= hint_width(help, help_label) + 2;
	for (size_t i = 0; hints && hints[i]; i++)
		if (describe(ui, hints[i], keys, sizeof keys, &label) &&
			x + hint_width(keys, label) <= room)
			x = put(c, y, x, keys, label);
	if (help_label)
		put(c, y, x, help, help_label);
}
