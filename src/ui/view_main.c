/* The main view: mailboxes at the side, the messages of one of them in the list. */
#include <stdio.h>
#include <string.h>

#include "base/i18n.h"
#include "model/flags.h"
#include "ui/flow.h"
#include "ui/priv.h"

struct main_view {
	struct view base;
	struct area list; /* where the rows were drawn last */
};

/* Where the columns of the list stand. */
struct columns {
	int marks, date, date_w, sender, sender_w, subject, end;
	bool wide; /* there is room for tags */
};

enum { WIDE = 100, TAGS_WIDE = 24, TAGS_GAP = 2, TAGS_MAX = 160 }; /* cells; bytes */
enum { NARROW = 60 }; /* narrower screens show no sidebar */
enum { MARKS = 4, SIDEBAR_MIN = 16, SIDEBAR_MAX = 32, FOOT_MAX = 4 };

static int sidebar_width(const struct ui *ui, const struct canvas *c)
{
	if (c->width < NARROW)
		return 0;
	if (ui->config->sidebar_width > 0)
		return MIN(ui->config->sidebar_width, c->width / 2);
	return CLAMP(c->width / 4, SIDEBAR_MIN, SIDEBAR_MAX);
}

static struct columns columns_of(const struct area *a)
{
	struct columns k = { .marks = a->x, .end = a->x + a->w - (a->w >= 64) };

	k.wide = a->w >= WIDE;
	k.date_w = a->w >= 64 ? 10 : 6;
	k.sender_w = CLAMP(a->w / 4, 8, 26);
	k.date = k.marks + MARKS + 1;
	k.sender = k.date + k.date_w + (k.date_w == 6 ? 1 : 2);
	k.subject = k.sender + k.sender_w + (a->w >= 64 ? 2 : 1);
	return k;
}

/* Of "Ana Lima <ana@example.org>, ..." the name. */
static size_t name_length(const char *addresses)
{
	const char *end = strstr(addresses, " <");

	return end ? (size_t)(end - addresses) : strlen(addresses);
}

/* In the mailboxes of what one sent, the other side is the one it went to. */
static void who(const struct ui *ui, const struct list_row *r, char *out, size_t cap)
{
	const struct mailbox *m = sidebar_mailbox(&ui->sidebar, r->mailbox);

	if (m && (m->role == ROLE_SENT || m->role == ROLE_DRAFTS) && *r->to)
		snprintf(out, cap, _("To: %.*s"), (int)name_length(r->to), r->to);
	else if (*r->from_name)
		g_strlcpy(out, r->from_name, cap);
	else
		g_strlcpy(out, *r->from_addr ? r->from_addr : _("(nobody)"), cap);
}

static void draw_marks(struct canvas *c, int y, int x, const struct list_row *r)
{
	if (r->pending)
		canvas_put(c, y, x, 1, STYLE_MARK_PENDING, "↑");
	if (!(r->flags & FLAG_SEEN))
		canvas_put(c, y, x + 1, 1, STYLE_MARK_NEW, "●");
	else if (r->flags & FLAG_ANSWERED)
		canvas_put(c, y, x + 1, 1, STYLE_ROW, "r");
	if (r->flags & FLAG_FLAGGED)
		canvas_put(c, y, x + 2, 1, STYLE_MARK_FLAG, "★");
	if (r->attachment)
		canvas_put(c, y, x + 3, 1, STYLE_ROW, "@");
}

/* The subject, and the tags behind it: where there is room for them, or room is made on a wide screen. */
static void draw_subject(struct canvas *c, int y, const struct columns *k, const struct list_row *r,
	enum style style, bool marked)
{
	const char *subject = *r->subject ? r->subject : _("(no subject)");
	char tags[TAGS_MAX];
	int room = k->end - k->subject, w = tags_text(r->keywords, tags, sizeof tags), used;

	if (w > 0)
		w = MIN(w, k->wide ? TAGS_WIDE : room) + TAGS_GAP;
	used = canvas_put_cut(c, y, k->subject, k->wide ? room - w : room, style, subject);
	if (w > 0 && used + w <= room)
		canvas_put_cut(c, y, k->subject + used + TAGS_GAP, w - TAGS_GAP,
			marked ? STYLE_MARKED : STYLE_ROW_DIM, tags);
}

static void draw_row(const struct ui *ui, struct canvas *c, int y, const struct columns *k,
	const struct list_row *r, bool cursor)
{
	enum style style = r->flags & FLAG_SEEN ? STYLE_ROW : STYLE_UNREAD;
	bool marked = ui_marked(ui, r);
	char date[64], from[320];

	date_short(r->sent_at ? r->sent_at : r->received_at, ui->config->date_format, k->date_w,
		date, sizeof date);
	who(ui, r, from, sizeof from);
	draw_marks(c, y, k->marks, r);
	if (marked) {
		style = style == STYLE_UNREAD ? STYLE_MARKED_UNREAD : STYLE_MARKED;
		canvas_put(c, y, k->date - 1, 1, STYLE_MARKED_UNREAD, "✓");
	}
	canvas_put(c, y, k->date, k->date_w, marked ? STYLE_MARKED : STYLE_ROW_DIM, date);
	canvas_put_cut(c, y, k->sender, k->sender_w, style, from);
	draw_subject(c, y, k, r, style, marked);
	if (cursor) /* the marks keep their colours; the bar goes to the edge of the screen */
		canvas_style(c, y, k->date - 1, c->width - k->date + 1,
			r->flags & FLAG_SEEN ? STYLE_CURSOR : STYLE_CURSOR_UNREAD);
}

/* What an empty list says: why it is empty, and what to do. */
static const char *empty_text(const struct ui *ui)
{
	const struct place *place = sidebar_current(&ui->sidebar);
	const struct mailbox *m = place ? sidebar_mailbox(&ui->sidebar, place->mailbox) : NULL;

	if (!place)
		return _("Waiting for the first list of mailboxes…");
	if (m && ui->coverage.state != MAILBOX_COMPLETE)
		return _("Nothing here yet: the mailbox is being read…");
	return _("No messages here.");
}

/* Below the last row: how much of the history is here. */
static void draw_foot(const struct list *l, struct flow *foot, struct canvas *c, const struct area *a)
{
	const struct flow_line *line;
	int end = list_end(l);

	for (int i = 0; end >= 0 && i < l->foot && end + i < a->h; i++)
		if ((line = flow_line(foot, (size_t)i)))
			canvas_put_len(c, a->y + end + i, a->x + 1, a->w - 2, STYLE_NOTICE, flow_text(foot, line),
				(ssize_t)line->len);
}

static void draw_list(struct ui *ui, struct canvas *c, const struct area *a)
{
	struct columns k = columns_of(a);
	const struct list_row *current;
	struct flow foot;
	char text[240];

	coverage_text(&ui->coverage, &ui->config->tuning, text, sizeof text);
	flow_init(&foot, text, a->w - 2);
	list_set_height(&ui->list, a->h, MIN((int)flow_total(&foot), FOOT_MAX));
	current = list_current(&ui->list);
	if (!current)
		canvas_put_cut(c, a->y + a->h / 3, a->x + 2, a->w - 3, STYLE_NOTICE, empty_text(ui));
	for (int y = 0; y < a->h; y++) {
		const struct list_row *r = list_shown(&ui->list, y);

		if (!r)
			break;
		draw_row(ui, c, a->y + y, &k, r, r == current);
	}
	if (current)
		draw_foot(&ui->list, &foot, c, a);
	flow_release(&foot);
}

static void draw_bar(struct view *v, struct canvas *c, int from)
{
	const struct area *a = &((struct main_view *)v)->list;
	const struct list *l = &v->ui->list;
	const int rows[] = { from, l->cursor - l->top };
	struct columns k = columns_of(a);

	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		const struct list_row *r = list_shown(l, rows[i]);

		canvas_fill(c, a->y + rows[i], a->x, a->w, STYLE_NORMAL);
		if (r)
			draw_row(v->ui, c, a->y + rows[i], &k, r, r == list_current(l));
	}
}

static void draw(struct view *v, struct canvas *c, const struct area *a)
{
	struct ui *ui = v->ui;
	int w = sidebar_width(ui, c);
	struct area side = { a->y, a->x, a->h, w };
	struct area list = { a->y, a->x + w + (w ? 1 : 0), a->h, a->w - w - (w ? 1 : 0) };

	if (w > 0) {
		sidebar_draw(&ui->sidebar, c, &side);
		for (int y = 0; y < a->h; y++)
			canvas_put(c, a->y + y, a->x + w, 1, STYLE_BORDER, "│");
	}
	((struct main_view *)v)->list = list;
	draw_list(ui, c, &list);
}

static void title(struct view *v, GString *left, GString *right)
{
	struct ui *ui = v->ui;
	const struct place *place = sidebar_current(&ui->sidebar);
	const struct account *a = place ? ui_account(ui, place->account) : NULL;
	const struct mailbox *m = place ? sidebar_mailbox(&ui->sidebar, place->mailbox) : NULL;
	char total[32], unread[32];

	if (!place) {
		g_string_append(left, "tern");
		return;
	}
	if (a)
		g_string_append_printf(left, "%s / ", a->name);
	g_string_append(left, m ? mailbox_label(m) : place->label);
	if (marks_count(&ui->marks) > 0)
		g_string_append_printf(right,
			ngettext("%s marked · ", "%s marked · ", marks_count(&ui->marks)),
			number_text(marks_count(&ui->marks), total));
	if (ui->list.order != ORDER_DATE || ui->list.ascending)
		g_string_append_printf(right, "%s %s · ", _(list_order_name(ui->list.order)),
			ui->list.ascending ? "↑" : "↓");
	if (ui->list.unread > 0)
		g_string_append_printf(right,
			ngettext("%s unread · ", "%s unread · ", (unsigned long)ui->list.unread),
			number_text(ui->list.unread, unread));
	g_string_append_printf(right,
		ngettext("%s message", "%s messages", (unsigned long)ui->list.total),
		number_text(ui->list.total, total));
}

/* A key that cannot move any further says so; at the end of what is here, more is asked for. */
static int moved(struct ui *ui, int delta, int rc)
{
	if (delta > 0 && list_at_end(&ui->list) && ui->coverage.state != MAILBOX_COMPLETE)
		ui_look(ui);
	if (rc == 0 && !list_current(&ui->list))
		ui_say(ui, _("There is no message here"));
	else if (rc == 0)
		ui_say(ui, delta > 0 ? _("This is the last message") : _("This is the first message"));
	return rc;
}

/* One row up or down; while nothing scrolls, only the cursor bar has to be drawn again. */
static int step(struct ui *ui, int delta, struct err *err)
{
	const struct list_row *top = list_shown(&ui->list, 0);
	location_id first = top ? top->location : (location_id){ 0 };
	int from = ui->list.cursor - ui->list.top;
	int rc = list_move(&ui->list, delta, err);

	top = list_shown(&ui->list, 0);
	if (rc > 0 && top && top->location.v == first.v && !ui->visual &&
		ui->offers.mailbox.v == list_current(&ui->list)->mailbox.v)
		ui->bar_from = from;
	return moved(ui, delta, rc);
}

static int move(struct view *v, enum motion m, struct err *err)
{
	struct list *l = &v->ui->list;
	int half = MAX(l->height / 2, 1), rc;

	switch (m) {
	case MOVE_NEXT:
		return step(v->ui, 1, err);
	case MOVE_PREV:
		return step(v->ui, -1, err);
	case MOVE_HALF_DOWN:
		return moved(v->ui, 1, list_scroll(l, half, err));
	case MOVE_HALF_UP:
		return moved(v->ui, -1, list_scroll(l, -half, err));
	case MOVE_PAGE_DOWN:
		return moved(v->ui, 1, list_scroll(l, l->height, err));
	case MOVE_PAGE_UP:
		return moved(v->ui, -1, list_scroll(l, -l->height, err));
	case MOVE_FIRST:
		return list_first(l, err);
	case MOVE_LAST:
		rc = list_last(l, err);
		return rc < 0 ? rc : moved(v->ui, 1, 1);
	}
	return 0;
}

static int open_row(struct view *v, struct err *err)
{
	if (!list_current(&v->ui->list))
		return err_set(err, ERR_USAGE, _("There is no message here"));
	return view_message_open(v->ui, err);
}

static const struct list_row *row(struct view *v)
{
	return list_current(&v->ui->list);
}

static const char *const hints[] = { "open", "archive", "delete", "toggle-flag", "toggle-read",
	"move", "undo", "mark", "next-unread", "mailboxes", "sidebar-next", "order", "sync", "quit", NULL };

static const struct view_ops ops = {
	.name = "main",
	.context = IN_LIST,
	.size = sizeof(struct main_view),
	.hints = hints,
	.move = move,
	.open = open_row,
	.row = row,
	.title = title,
	.draw = draw,
	.draw_bar = draw_bar,
};

void view_main_open(struct ui *ui)
{
	view_push(ui, &ops);
}
