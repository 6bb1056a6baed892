/* The help view: keys and commands, made from the tables that the program itself uses. */
#include <string.h>

#include "base/i18n.h"
#include "ui/flow.h"
#include "ui/priv.h"

struct help_line {
	enum style style;
	char keys[64], name[64];
	const char *text;       /* translated */
};

/* A row of the screen: a line, or what of its text did not fit above. */
struct help_row {
	guint line;
	uint32_t at, len;       /* bytes of its text */
};

struct help_view {
	struct view base;
	GArray *lines;          /* of struct help_line */
	GArray *rows;           /* of struct help_row, for the width */
	int top, height, width;
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
		{ IN_TEXT, N_("In the source of a message, and in the output of a program") },
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

static int keys_cells(int width)
{
	return width >= 60 ? 20 : 12;
}

static int name_cells(int width)
{
	return width >= 100 ? 40 : width >= 60 ? 20 : 0;
}

/* Where the text of a line begins. */
static int text_at(const struct help_line *line, int width)
{
	return *line->keys || *line->name ? 2 + keys_cells(width) + name_cells(width) : 1;
}

static void add_rows(struct help_view *h, guint i)
{
	const struct help_line *line = &g_array_index(h->lines, struct help_line, i);
	struct help_row row = { .line = i };
	const struct flow_line *piece;
	struct flow flow;

	flow_init(&flow, line->text, h->width - text_at(line, h->width));
	if (!flow_line(&flow, 0))
		g_array_append_val(h->rows, row);
	for (size_t n = 0; (piece = flow_line(&flow, n)); n++) {
		row.at = piece->at;
		row.len = piece->len;
		g_array_append_val(h->rows, row);
	}
	flow_release(&flow);
}

static const struct help_row *row_at(const struct help_view *h, int i)
{
	return &g_array_index(h->rows, struct help_row, i);
}

/* Breaks the lines for a width; the one at the top stays. */
static void lay_out(struct help_view *h, int width)
{
	guint line = h->rows->len > 0 ? row_at(h, h->top)->line : 0;

	h->width = width;
	g_array_set_size(h->rows, 0);
	for (guint i = 0; i < h->lines->len; i++)
		add_rows(h, i);
	h->top = 0;
	while (row_at(h, h->top)->line < line)
		h->top++;
}

static void draw_row(const struct help_view *h, const struct help_row *row, struct canvas *c, int y,
	const struct area *a)
{
	const struct help_line *line = &g_array_index(h->lines, struct help_line, row->line);
	int x = a->x + 2, keys = keys_cells(a->w), name = name_cells(a->w), text = text_at(line, a->w);

	canvas_put_len(c, y, a->x + text, a->w - text, line->style, line->text + row->at, (ssize_t)row->len);
	if (row->at > 0 || (!*line->keys && !*line->name))
		return;
	canvas_put_cut(c, y, x, keys - 1, line->style == STYLE_KEY_OFF ? STYLE_KEY_OFF : STYLE_KEY,
		line->keys);
	if (name > 0 || !*line->text)
		canvas_put_cut(c, y, x + keys, name > 0 ? name - 1 : 20, STYLE_HINT, line->name);
}

static void draw(struct view *v, struct canvas *c, const struct area *a)
{
	struct help_view *h = (struct help_view *)v;

	if (h->width != a->w)
		lay_out(h, a->w);
	h->height = a->h;
	h->top = CLAMP(h->top, 0, MAX((int)h->rows->len - a->h, 0));
	for (int y = 0; y < a->h && h->top + y < (int)h->rows->len; y++)
		draw_row(h, row_at(h, h->top + y), c, a->y + y, a);
}

static int move(struct view *v, enum motion m, struct err *err)
{
	struct help_view *h = (struct help_view *)v;

	(void)err;
	view_scroll(v->ui, m, h->height, (int)h->rows->len, &h->top);
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
	struct help_view *h = (struct help_view *)v;

	g_array_unref(h->lines);
	g_array_unref(h->rows);
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
	h->rows = g_array_new(FALSE, TRUE, sizeof(struct help_row));
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
