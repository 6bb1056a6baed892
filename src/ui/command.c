#include "ui/command.h"

#include <string.h>

#include "base/i18n.h"
#include "ui/priv.h"

static const struct command *const tables[] = { commands_move, commands_message, commands_mark,
	commands_mailbox, commands_tree, commands_queue, commands_reading, commands_part,
	commands_app };

const struct command *command_nth(size_t n)
{
	for (size_t t = 0; t < G_N_ELEMENTS(tables); t++)
		for (const struct command *c = tables[t]; c->name; c++)
			if (n-- == 0)
				return c;
	return NULL;
}

const struct command *command_find(const char *name)
{
	const struct command *c;

	for (size_t i = 0; (c = command_nth(i)); i++)
		if (strcmp(c->name, name) == 0)
			return c;
	return NULL;
}

/* NULL, or why the command cannot run here (translated). */
static const char *obstacle(struct ui *ui, const struct command *c, const char *arg)
{
	unsigned where = ui_view(ui)->ops->context;

	if (!(c->where & where))
		return _("This command does nothing here: press ? for what does");
	if ((c->needs & NEEDS_STORE) && ui->config->accounts->len == 0)
		return _("There is no account yet: 'tern account add' makes one");
	if ((c->needs & NEEDS_MESSAGE) && !ui_row(ui))
		return _("There is no message here");
	if ((c->needs & NEEDS_WORD) && !*arg)
		return _("This command needs a word behind it");
	return NULL;
}

int command_run(struct ui *ui, const char *line, struct err *err)
{
	g_autofree char *copy = g_strstrip(g_strdup(line));
	size_t n = strcspn(copy, " ");
	char *arg = copy + n;
	const struct command *c;
	const char *why;

	if (*arg)
		*arg++ = '\0';
	arg = g_strstrip(arg);
	c = command_find(copy);
	if (!c)
		return err_set(err, ERR_USAGE, _("There is no command '%s': press ? for the list"),
			copy);
	why = obstacle(ui, c, arg);
	if (why)
		return err_set(err, ERR_USAGE, "%s", why);
	return c->run(ui, arg, err);
}

static void add_match(GPtrArray *out, const char *head, const char *word, const char *typed)
{
	if (g_ascii_strncasecmp(word, typed, strlen(typed)) == 0)
		g_ptr_array_add(out, g_strconcat(head, word, NULL));
}

static void complete_mailboxes(struct ui *ui, GPtrArray *out, const char *head, const char *typed)
{
	const GPtrArray *all = ui->sidebar.mailboxes;

	for (size_t i = 0; all && i < all->len; i++) {
		const struct mailbox *m = all->pdata[i];

		if (!(m->attrs & MAILBOX_NOSELECT))
			add_match(out, head, m->name, typed);
	}
}

static void complete_argument(struct ui *ui, const struct command *c, const char *typed,
	GPtrArray *out)
{
	g_autofree char *head = g_strconcat(c->name, " ", NULL);
	g_autoptr(GPtrArray) all = NULL;

	switch (c->completes) {
	case COMPLETES_GO:
		add_match(out, head, "all", typed);
		for (unsigned r = 0; r < ROLE_ALL; r++)
			add_match(out, head, mailbox_role_name(r), typed);
		complete_mailboxes(ui, out, head, typed);
		break;
	case COMPLETES_MAILBOX:
		complete_mailboxes(ui, out, head, typed);
		break;
	case COMPLETES_ORDER:
		for (unsigned o = 0; o < ORDER_COUNT; o++)
			add_match(out, head, list_order_name(o), typed);
		break;
	case COMPLETES_PATH:
		path_complete(out, head, typed);
		break;
	case COMPLETES_ROLE:
		for (unsigned r = 0; r <= ROLE_NONE; r++)
			add_match(out, head, mailbox_role_name(r), typed);
		add_match(out, head, "auto", typed);
		break;
	case COMPLETES_QUERY:
		all = query_complete(typed);
		for (guint i = 0; i < all->len; i++)
			add_match(out, head, all->pdata[i], "");
		break;
	case COMPLETES_NOTHING:
		break;
	}
}

GPtrArray *command_complete(struct ui *ui, const char *typed)
{
	GPtrArray *out = g_ptr_array_new_with_free_func(g_free);
	unsigned where = ui_view(ui)->ops->context;
	const char *blank = strchr(typed, ' ');
	const struct command *c;

	if (blank) {
		g_autofree char *name = g_strndup(typed, (size_t)(blank - typed));

		c = command_find(name);
		if (c)
			complete_argument(ui, c, blank + 1 + strspn(blank + 1, " "), out);
		return out;
	}
	for (size_t i = 0; (c = command_nth(i)); i++)
		if (c->where & where)
			add_match(out, "", c->name, typed);
	return out;
}
