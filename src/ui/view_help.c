/* The help view: keys and commands, made from the tables that the program itself uses. */
#include <string.h>

#include "base/i18n.h"
#include "ui/priv.h"

struct help_line {
	enum style style;
	char keys[64], name[64];
	const char *text;       /* translated, or NULL */
};

struct help_view {
	struct view base;
	GArray *lines;          /* of struct help_line */
	int top, height;
};

static struct help_line *add(struct help_view *h, enum style style, const char *text)
{
	struct help_line line = { .style = style, .text = text };

	g_array_append_val(h->lines, line);
	return &g_array_index(h->lines, struct help_line, h->lines->len - 1);
}

/* The commands of a context; with keys only, or the rest. */
static void add_commands(struct help_view *h, unsigned where, bool with_keys)
{
	const struct command *command;

	for (size_t i = 0; (command = command_nth(i)); i++) {
		g_autofree char *keys = keymap_all_keys_of(h->base.ui->keymap, where, command->name);
		struct help_line *line;

		if (!(command->where & where) || (*keys != '\0') != with_keys)
			continue;
		line = add(h, STYLE_NORMAL, _(command->help));
		if (!deed_offered(h->base.ui, command->name))
			line->style = STYLE_KEY_OFF;
		g_strlcpy(line->keys, keys, sizeof line->keys);
		g_snprintf(line->name, sizeof line->name, ":%s %s", command->name,
			*command->args ? _(command->args) : "");
	}
}

/* Keys whose command has an argument: `gi` is `go inbox`. */
static void add_with_arguments(struct help_view *h, unsigned where)
{
	g_autoptr(GPtrArray) all = keymap_following(h->base.ui->keymap, where, NULL, 0);

	for (guint i = 0; i < all->len; i++) {
		const struct binding *b = all->pdata[i];
		struct help_line *line;

		if (!strchr(b->command, ' '))
			continue;
		line = add(h, STYLE_NORMAL, "");
		binding_name(b, line->keys, sizeof line->keys);
		g_snprintf(line->name, sizeof line->name, ":%s", b->command);
	}
}

static void add_context(struct help_view *h, const char *heading, unsigned where)
{
	add(h, STYLE_TITLE, heading);
	add_commands(h, where, true);
	add_with_arguments(h, where);
	add(h, STYLE_NORMAL, "");
}

static void add_legend(struct help_view *h)
{
	static const struct {
		const char *mark, *text;
	} marks[] = {
		{ "●", N_("unread") },
		{ "r", N_("answered") },
		{ "★", N_("flagged") },
		{ "@", N_("has attachments") },
		{ "↑", N_("a change waits to reach the server") },
		{ "✓", N_("marked: the next command is about it") },
	};

	add(h, STYLE_TITLE, _("Marks before a message"));
	for (size_t i = 0; i < G_N_ELEMENTS(marks); i++)
		g_strlcpy(add(h, STYLE_NORMAL, _(marks[i].text))->keys, marks[i].mark,
			sizeof ((struct help_line *)0)->keys);
	add(h, STYLE_NORMAL, "");
}

static void fill(struct help_view *h, unsigned from)
{
	static const struct {
		enum context where;
		const char *heading;
	} parts[] = {
		{ IN_WELCOME, N_("On the first screen") },
		{ IN_LIST, N_("In the list of messages") },
		{ IN_READER, N_("In a message") },
		{ IN_PICKER, N_("Choosing a mailbox") },
		{ IN_ACTIVITY, N_("In the activity") },
		{ IN_HISTORY, N_("In the history") },
		{ IN_PARTS, N_("In the parts of a message") },
		{ IN_TEXT, N_("In the output of a program") },
		{ IN_LINKS, N_("In the links of a message") },
	};

	for (size_t i = 0; i < G_N_ELEMENTS(parts); i++) /* first what was on the screen */
		if (parts[i].where == from)
			add_context(h, _(parts[i].heading), parts[i].where);
	if (from != IN_WELCOME)
		add_legend(h);
	for (size_t i = 0; i < G_N_ELEMENTS(parts); i++)
		if (parts[i].where != from && parts[i].where != IN_WELCOME)
			add_context(h, _(parts[i].heading), parts[i].where);
	add(h, STYLE_TITLE, _("Commands without a key, typed after :"));
	add_commands(h, IN_LIST, false);
	add(h, STYLE_NORMAL, "");
	add(h, STYLE_NORMAL, _("Keys are changed in keys.conf; tern-keys(7) says how."));
}

static void draw_line(const struct help_line *line, struct canvas *c, int y, const struct area *a)
{
	int keys = a->w >= 60 ? 20 : 12, name = a->w >= 100 ? 40 : a->w >= 60 ? 20 : 0;
	int x = a->x + 2;

	if (!*line->keys && !*line->name) {
		canvas_put_cut(c, y, a->x + 1, a->w - 1, line->style, line->text);
		return;
	}
	canvas_put_cut(c, y, x, keys - 1, line->style == STYLE_KEY_OFF ? STYLE_KEY_OFF : STYLE_KEY,
		line->keys);
	x += keys;
	if (name > 0 || !line->text || !*line->text)
		canvas_put_cut(c, y, x, name > 0 ? name - 1 : 20, STYLE_HINT, line->name);
	canvas_put_cut(c, y, x + name, a->w - x - name, line->style, line->text);
}

static void draw(struct view *v, struct canvas *c, const struct area *a)
{
	struct help_view *h = (struct help_view *)v;

	h->height = a->h;
	h->top = CLAMP(h->top, 0, MAX((int)h->lines->len - a->h, 0));
	for (int y = 0; y < a->h && h->top + y < (int)h->lines->len; y++)
		draw_line(&g_array_index(h->lines, struct help_line, h->top + y), c, a->y + y, a);
}

static int move(struct view *v, enum motion m, struct err *err)
{
	struct help_view *h = (struct help_view *)v;

	(void)err;
	view_scroll(v->ui, m, h->height, (int)h->lines->len, &h->top);
	return 0;
}

static void title(struct view *v, GString *left, GString *right)
{
	(void)v;
	(void)right;
	g_string_append(left, _("Help: keys and commands"));
}

static void close_view(struct view *v)
{
	g_array_unref(((struct help_view *)v)->lines);
}

static const char *const hints[] = { "close", "next", "page-down", NULL };

static const struct view_ops ops = {
	.name = "help",
	.context = IN_HELP,
	.size = sizeof(struct help_view),
	.hints = hints,
	.close = close_view,
	.move = move,
	.title = title,
	.draw = draw,
};

void view_help_open(struct ui *ui)
{
	unsigned from = ui_view(ui)->ops->context;
	struct help_view *h = (struct help_view *)view_push(ui, &ops);

	h->lines = g_array_new(FALSE, TRUE, sizeof(struct help_line));
	fill(h, from);
}

char *ui_keys_text(void)
{
	struct keymap *m = keymap_new();
	GString *out = g_string_new(NULL);
	const struct command *command;
	const char *context;
	unsigned where;

	for (size_t n = 0; (context = keymap_context(n, &where)); n++) {
		g_autoptr(GPtrArray) all = keymap_following(m, where, NULL, 0);

		for (guint i = 0; i < all->len; i++) {
			char keys[KEYS_NAME_MAX];

			binding_name(all->pdata[i], keys, sizeof keys);
			g_string_append_printf(out, "key\t%s\t%s\t%s\n", context, keys,
				((struct binding *)all->pdata[i])->command);
		}
	}
	for (size_t i = 0; (command = command_nth(i)); i++)
		g_string_append_printf(out, "command\t%s\t%s\t%s\n", command->name,
			*command->args ? _(command->args) : "", _(command->help));
	keymap_free(&m);
	return g_string_free(out, FALSE);
}
