#include "ui/hint.h"

#include <string.h>

#include "base/i18n.h"
#include "base/text.h"
#include "ui/priv.h"

/* What the key table says of a command line: looked up once a context, drawn with every key. */
struct described {
	const char *line;
	enum context context;
	char keys[KEY_SEQUENCE_MAX * KEY_NAME_MAX]; /* "" = it has no key here */
	const char *label;
};

static void look_up(struct ui *ui, struct described *d)
{
	g_autofree char *name = g_strndup(d->line, strcspn(d->line, " "));
	const struct command *command = command_find(name);

	if (command && command->label &&
		keymap_keys_of(ui->keymap, d->context, d->line, d->keys, sizeof d->keys))
		d->label = _(command->label);
	else
		d->keys[0] = '\0';
}

/* The key and the word of a command line; false if it has no key here. */
static bool describe(struct ui *ui, const char *line, char *keys, size_t cap, const char **label)
{
	enum context context = ui_view(ui)->ops->context;
	struct described *d;

	for (guint i = 0; i < ui->hints->len; i++) {
		d = &g_array_index(ui->hints, struct described, i);
		if (d->context == context && d->line == line) {
			g_strlcpy(keys, d->keys, cap);
			*label = d->label;
			return d->keys[0];
		}
	}
	g_array_set_size(ui->hints, ui->hints->len + 1);
	d = &g_array_index(ui->hints, struct described, ui->hints->len - 1);
	*d = (struct described){ .line = line, .context = context };
	look_up(ui, d);
	return describe(ui, line, keys, cap, label);
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
	static const char help_line[] = "help";
	const char *const *hints = ui_view(ui)->ops->hints, *label;
	char keys[KEY_SEQUENCE_MAX * KEY_NAME_MAX], help[sizeof keys];
	const char *help_label = NULL;
	int x = 0, room = c->width;

	if (!ui->hints)
		ui->hints = g_array_new(FALSE, TRUE, sizeof(struct described));
	if (describe(ui, help_line, help, sizeof help, &help_label))
		room -= hint_width(help, help_label) + 2;
	for (size_t i = 0; hints && hints[i]; i++)
		if (describe(ui, hints[i], keys, sizeof keys, &label) &&
			x + hint_width(keys, label) <= room)
			x = put(c, y, x, keys, label);
	if (help_label)
		put(c, y, x, help, help_label);
}
