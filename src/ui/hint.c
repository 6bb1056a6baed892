#include "ui/hint.h"

#include <stdio.h>
#include <string.h>

#include "base/i18n.h"
#include "base/text.h"
#include "ui/priv.h"

/* What the key table says of a command line: looked up once a context, drawn with every key. */
struct described {
	const char *line;
	enum context context;
	char keys[KEYS_NAME_MAX]; /* "" = it has no key here */
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

/* With marks, a range or a count: what acts on them. */
static const char *const *hints_of(struct ui *ui)
{
	static const char *const marked[] = { "archive", "delete", "move", "toggle-flag", "cancel",
		"toggle-read", "tag", "copy", "spam", NULL };

	if (ui_view(ui)->ops->context == IN_LIST &&
		(ui->visual || ui->count > 0 || marks_count(&ui->marks) > 0))
		return marked;
	return ui_view(ui)->ops->hints;
}

/* What the next command is about, unless it is the row of the cursor; where the hints begin. */
static int put_about(struct ui *ui, struct canvas *c, int y)
{
	guint marked = marks_count(&ui->marks);
	char number[32], text[80];

	if (ui_view(ui)->ops->context != IN_LIST)
		return 0;
	if (ui->visual)
		g_strlcpy(text, _("range:"), sizeof text);
	else if (ui->count > 0)
		snprintf(text, sizeof text, ngettext("%d row:", "%d rows:", (unsigned long)ui->count),
			ui->count);
	else if (marked > 0)
		snprintf(text, sizeof text, ngettext("%s marked:", "%s marked:", marked),
			number_text(marked, number));
	else
		return 0;
	return canvas_put(c, y, 0, c->width, STYLE_HINT_KEY, text) + 1;
}

void hint_draw(struct ui *ui, struct canvas *c, int y)
{
	static const char help_line[] = "help";
	const char *const *hints = hints_of(ui), *label;
	char keys[KEYS_NAME_MAX], help[sizeof keys];
	const char *help_label = NULL;
	int x = 0, room = c->width;

	if (ui_view(ui)->ops->hint) {
		canvas_put_cut(c, y, 0, c->width, STYLE_HINT, ui_view(ui)->ops->hint(ui_view(ui)));
		return;
	}
	if (!ui->hints)
		ui->hints = g_array_new(FALSE, TRUE, sizeof(struct described));
	if (describe(ui, help_line, help, sizeof help, &help_label))
		room -= hint_width(help, help_label) + 2;
	x = put_about(ui, c, y);
	for (size_t i = 0; hints && hints[i]; i++)
		if (describe(ui, hints[i], keys, sizeof keys, &label) && deed_offered(ui, hints[i]) &&
			queue_offered(ui, hints[i]) && reading_offered(ui, hints[i]) && x + hint_width(keys, label) <= room)
			x = put(c, y, x, keys, label);
	if (help_label)
		put(c, y, x, help, help_label);
}
