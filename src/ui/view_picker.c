/* The mailbox picker: typed letters narrow the list of mailboxes down. */
#include <string.h>

#include "base/i18n.h"
#include "base/text.h"
#include "ui/priv.h"

struct choice {
	mailbox_id id;
	char *label, *folded;   /* as shown; for comparison */
	int64_t unread;
};

struct picker_view {
	struct view base;
	char *label;
	GString *filter;
	GArray *all;            /* of struct choice */
	GArray *matches;        /* of guint: indexes into all */
	int cursor, top, height;
	void (*chosen)(struct ui *ui, mailbox_id m);
};

/* Every word of the filter must occur somewhere. */
static bool matches(const struct choice *c, char **words)
{
	for (size_t i = 0; words[i]; i++)
		if (!strstr(c->folded, words[i]))
			return false;
	return true;
}

static void narrow(struct picker_view *p)
{
	g_autofree char *folded = g_utf8_casefold(p->filter->str, -1);
	g_auto(GStrv) words = g_strsplit(folded, " ", -1);

	g_array_set_size(p->matches, 0);
	for (guint i = 0; i < p->all->len; i++)
		if (matches(&g_array_index(p->all, struct choice, i), words))
			g_array_append_val(p->matches, i);
	p->cursor = p->top = 0;
}

static void gather(struct picker_view *p, account_id only)
{
	struct ui *ui = p->base.ui;
	bool several = ui->config->accounts->len > 1 && only.v == 0;

	for (guint i = 0; i < ui->sidebar.mailboxes->len; i++) {
		const struct mailbox *m = ui->sidebar.mailboxes->pdata[i];
		const struct account *a = ui_account(ui, m->account);
		struct choice c = { .id = m->id, .unread = m->unread };

		if ((m->attrs & MAILBOX_NOSELECT) || !a || (only.v && m->account.v != only.v))
			continue;
		c.label = several ? g_strdup_printf("%s / %s", a->name, mailbox_label(m))
				  : g_strdup(mailbox_label(m));
		c.folded = g_utf8_casefold(c.label, -1);
		g_array_append_val(p->all, c);
	}
}

static int key(struct view *v, const struct key *k)
{
	struct picker_view *p = (struct picker_view *)v;
	char utf8[8];

	if (key_is_text(k) && p->filter->len < 100) {
		g_string_append_len(p->filter, utf8, text_put(k->code, utf8));
	} else if (k->code == K_BACKSPACE && p->filter->len > 0) {
		g_string_truncate(p->filter,
			(gsize)(g_utf8_find_prev_char(p->filter->str,
					p->filter->str + p->filter->len) -
				p->filter->str));
	} else if (k->mods == MOD_CTRL && k->code == 'u') {
		g_string_truncate(p->filter, 0);
	} else {
		return 0;
	}
	narrow(p);
	return 1;
}

static int open_choice(struct view *v, struct err *err)
{
	struct picker_view *p = (struct picker_view *)v;
	void (*chosen)(struct ui *ui, mailbox_id m) = p->chosen;
	struct ui *ui = v->ui;
	mailbox_id id;

	if (p->matches->len == 0)
		return err_set(err, ERR_USAGE, _("No mailbox has these letters"));
	id = g_array_index(p->all, struct choice, g_array_index(p->matches, guint, p->cursor)).id;
	view_pop(ui);
	chosen(ui, id);
	return 0;
}

static int move(struct view *v, enum motion m, struct err *err)
{
	struct picker_view *p = (struct picker_view *)v;
	int last = MAX((int)p->matches->len - 1, 0);

	(void)err;
	switch (m) {
	case MOVE_NEXT:
		p->cursor = p->cursor >= last ? 0 : p->cursor + 1;
		break;
	case MOVE_PREV:
		p->cursor = p->cursor <= 0 ? last : p->cursor - 1;
		break;
	case MOVE_FIRST:
	case MOVE_LAST:
		p->cursor = m == MOVE_FIRST ? 0 : last;
		break;
	case MOVE_HALF_DOWN:
	case MOVE_PAGE_DOWN:
		p->cursor = MIN(p->cursor + p->height, last);
		break;
	case MOVE_HALF_UP:
	case MOVE_PAGE_UP:
		p->cursor = MAX(p->cursor - p->height, 0);
		break;
	}
	return 0;
}

static void draw_choice(const struct choice *choice, bool cursor, struct canvas *c, int y,
	const struct area *a)
{
	enum style style = cursor ? STYLE_CURSOR : STYLE_NORMAL;
	int end = a->x + a->w;
	char number[32];

	canvas_fill(c, y, a->x, a->w, style);
	if (choice->unread > 0)
		end = canvas_put_right(c, y, end - 1, a->w / 3, style,
			number_text(choice->unread, number));
	canvas_put_cut(c, y, a->x + 1, end - a->x - 2, style, choice->label);
}

static void draw(struct view *v, struct canvas *c, const struct area *a)
{
	struct picker_view *p = (struct picker_view *)v;
	int w = MIN(a->w, 60), n = (int)p->matches->len;
	int h = MIN(a->h, MAX((int)p->all->len, 1) + 3);
	struct area box = { a->y + (a->h - h) / 4, a->x + (a->w - w) / 2, h, w };
	struct area in = { box.y + 2, box.x + 1, h - 3, w - 2 };
	int x = in.x + 1;

	p->height = MAX(in.h, 1);
	canvas_fill_area(c, &box, STYLE_NORMAL);
	canvas_box(c, &box, STYLE_BORDER);
	x += canvas_put(c, box.y + 1, x, w - 4, STYLE_PROMPT, p->label) + 1;
	x += canvas_put(c, box.y + 1, x, box.x + w - 2 - x, STYLE_NORMAL, p->filter->str);
	c->cursor_y = box.y + 1;
	c->cursor_x = x;
	p->top = CLAMP(p->top, p->cursor - p->height + 1, p->cursor);
	for (int y = 0; y < in.h && p->top + y < n; y++)
		draw_choice(&g_array_index(p->all, struct choice,
				    g_array_index(p->matches, guint, p->top + y)),
			p->top + y == p->cursor, c, in.y + y, &in);
	if (n == 0)
		canvas_put_cut(c, in.y, in.x + 1, in.w - 1, STYLE_NOTICE,
			_("No mailbox has these letters"));
}

static void close_view(struct view *v)
{
	struct picker_view *p = (struct picker_view *)v;

	for (guint i = 0; i < p->all->len; i++) {
		g_free(g_array_index(p->all, struct choice, i).label);
		g_free(g_array_index(p->all, struct choice, i).folded);
	}
	g_array_unref(p->all);
	g_array_unref(p->matches);
	g_string_free(p->filter, TRUE);
	g_free(p->label);
}

static void title(struct view *v, GString *left, GString *right)
{
	(void)right;
	g_string_append(left, ((struct picker_view *)v)->label);
}

static const char *const hints[] = { "open", "close", NULL };

static const struct view_ops ops = {
	.name = "picker",
	.context = IN_PICKER,
	.size = sizeof(struct picker_view),
	.overlay = true,
	.hints = hints,
	.close = close_view,
	.key = key,
	.move = move,
	.open = open_choice,
	.title = title,
	.draw = draw,
};

void view_picker_open(struct ui *ui, const char *label, account_id account,
	void (*chosen)(struct ui *ui, mailbox_id m))
{
	struct picker_view *p = (struct picker_view *)view_push(ui, &ops);

	p->label = g_strconcat(label, ":", NULL);
	p->filter = g_string_new(NULL);
	p->all = g_array_new(FALSE, FALSE, sizeof(struct choice));
	p->matches = g_array_new(FALSE, FALSE, sizeof(guint));
	p->chosen = chosen;
	gather(p, account);
	narrow(p);
}
