/* The first screen of somebody who has no account yet. */
#include "base/i18n.h"
#include "ui/priv.h"

static const struct {
	enum style style;
	const char *key, *text;
} lines[] = {
	{ STYLE_TITLE, "", N_("Welcome to tern.") },
	{ STYLE_NORMAL, "", N_("There is no account yet.  Three ways to begin:") },
	{ STYLE_NORMAL, "", "" },
	{ STYLE_SUBJECT, "1", N_("Add an account") },
	{ STYLE_NORMAL, "", N_("Leave with q and type, for IMAP:") },
	{ STYLE_ATTACHMENT, "", "tern account add NAME --type imap \\" },
	{ STYLE_ATTACHMENT, "", "  --host imap.example.org --user YOU \\" },
	{ STYLE_ATTACHMENT, "", "  --password-command 'pass mail/example'" },
	{ STYLE_NORMAL, "", N_("or, for a local Maildir:") },
	{ STYLE_ATTACHMENT, "", "tern account add NAME --type maildir --path ~/Maildir" },
	{ STYLE_NORMAL, "", "" },
	{ STYLE_SUBJECT, "2", N_("Try the demo mailbox: no account, nothing left behind") },
	{ STYLE_ATTACHMENT, "", "tern demo" },
	{ STYLE_NORMAL, "", "" },
	{ STYLE_SUBJECT, "3", N_("Open a Maildir on this computer") },
	{ STYLE_NORMAL, "", N_("Press 3 here and type its path.") },
};

static void draw(struct view *v, struct canvas *c, const struct area *a)
{
	int x = a->x + (a->w >= 70 ? (a->w - 62) / 2 : 0), n = (int)G_N_ELEMENTS(lines), y = a->y;
	bool tight = a->h < n;

	(void)v;
	if (!tight)
		y += (a->h - n) / 3;
	for (int i = 0; i < n; i++) {
		bool key = *lines[i].key, title = i < 2;
		const char *text = *lines[i].text ? _(lines[i].text) : "";

		if (tight && !key && (!title || a->h < 5)) /* a small window keeps the choices */
			continue;
		if (key)
			canvas_put(c, y, x, 2, STYLE_KEY, lines[i].key);
		canvas_put_cut(c, y, x + (title ? 0 : key ? 3 : 5), c->width - x - 5,
			lines[i].style, text);
		y++;
	}
}

static void title(struct view *v, GString *left, GString *right)
{
	(void)v;
	(void)right;
	g_string_append(left, "tern");
}

static const char *const hints[] = { "add-account", "demo", "open-maildir", "quit", NULL };

static const struct view_ops ops = {
	.name = "welcome",
	.context = IN_WELCOME,
	.size = sizeof(struct view),
	.hints = hints,
	.title = title,
	.draw = draw,
};

void view_welcome_open(struct ui *ui)
{
	view_push(ui, &ops);
}
