/*
 * The reader: one message on the screen.
 *
 * What is shown is a reading (reading.h), laid out as a page (page.h); here are
 * the keys and the drawing.  The message is marked read a while after its text
 * is on the screen.
 */
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/i18n.h"
#include "base/mem.h"
#include "model/flags.h"
#include "ui/page.h"
#include "ui/priv.h"
#include "ui/view_message.h"

enum {
	FIND_TELL_MS = 200, /* a search that takes longer says so */
	FOLD_LOOK = 5000,   /* lines that are looked through for something to fold */
};

struct message_view {
	struct view base;
	struct reading reading;
	struct page page;
	size_t top;             /* first line shown */
	int64_t read_due;       /* monotonic ms when it is marked read, 0 = not */
	struct find find;
	int64_t find_began;     /* monotonic ms */
};

static struct message_view *of_reading(const struct reading *r)
{
	return (struct message_view *)(void *)((char *)(uintptr_t)r - offsetof(struct message_view, reading));
}

static bool is_shown(const struct message_view *m)
{
	return m->reading.state == READING_SHOWN;
}

/* --- what is shown ------------------------------------------------------- */

/* The furthest top for a move down to `top`: counts lines only as far as it must. */
static size_t bounded(struct message_view *m, size_t top)
{
	size_t height = (size_t)m->page.height, total;

	if (page_text_line(&m->page, top + height))
		return top;
	total = page_total(&m->page);
	return MIN(top, total > height ? total - height : 0);
}

static bool in_text(const struct message_view *m)
{
	return m->page.has_text && m->page.width > 0 && m->top > m->page.head->len;
}

/* Lays everything out for a size; the line at the top stays on the screen. */
static void lay_out(struct message_view *m, int width, int height)
{
	bool text = in_text(m);
	size_t at = page_offset(&m->page, m->top);

	page_set_size(&m->page, width, height);
	reading_set_width(&m->reading, width);
	m->top = text ? page_find(&m->page, at) : MIN(m->top, MAX(m->page.head->len, 1) - 1);
	if (m->page.has_text)
		m->top = bounded(m, m->top); /* a larger screen may have room for all of it */
}

static void plan_mark_read(struct message_view *m)
{
	const struct config *config = m->base.ui->config;
	const struct account *a = ui_account(m->base.ui, m->reading.row.account);

	if (config->mark_read && !(m->reading.row.flags & FLAG_SEEN) && (!a || a->two_way))
		m->read_due = clock_mono_ms() + config->mark_read_delay * 1000;
}

static void changed(struct reading *r, enum reading_change what)
{
	struct message_view *m = of_reading(r);
	bool stays = what == READING_AGAIN && in_text(m);
	size_t at = stays ? page_offset(&m->page, m->top) : 0;

	m->base.ui->dirty = true;
	m->find.on = false;
	page_read(&m->page);
	if (stays)
		m->top = page_find(&m->page, at);
	else if (what != READING_AGAIN)
		m->top = m->page.hit_bytes = 0;
	if (what == READING_FRESH)
		plan_mark_read(m);
}

static void show(struct message_view *m, const struct list_row *row)
{
	m->read_due = 0;
	m->top = 0;
	m->page.unfolded = false;
	reading_begin(&m->reading, row);
}

/* --- events and time -------------------------------------------------------- */

static void event(struct view *v, const struct event *e)
{
	reading_event(&((struct message_view *)v)->reading, e);
}

/* Flags may have changed elsewhere: what U and F do depends on them; tags show. */
static void reread(struct view *v)
{
	struct message_view *m = (struct message_view *)v;
	AUTO(list_row_free) struct list_row *fresh = NULL;
	struct err ignored;

	if (store_row(v->ui->store, m->reading.row.location, &fresh, &ignored) < 0)
		return;
	if (reading_set_flags(&m->reading, fresh->flags, fresh->keywords))
		lay_out(m, m->page.width, m->page.height);
}

static int64_t mark_read_tick(struct message_view *m)
{
	struct ui *ui = m->base.ui;
	int64_t left = m->read_due - clock_mono_ms();
	struct err err = { 0 };

	if (m->read_due == 0)
		return -1;
	if (left > 0)
		return left;
	m->read_due = 0;
	if (store_note_read(ui->store, m->reading.row.location, &err) < 0) {
		ui_complain(ui, &err);
		return -1;
	}
	m->reading.row.flags |= FLAG_SEEN;
	ui->status.pending_at = 0;
	ui_reread(ui);
	if (ui->engine)
		ui->engine->push(ui->engine, m->reading.row.account);
	return -1;
}

/* Puts a byte of the text on the screen, with a few lines above it; what hides it is opened. */
static void go(struct message_view *m, size_t at)
{
	size_t line = page_find(&m->page, at), height = (size_t)MAX(m->page.height, 1);
	const struct flow_line *text = page_text_line(&m->page, line);

	if (text && text->folded) {
		page_fold(&m->page, false);
		line = page_find(&m->page, at);
	}
	if (line < m->top || line >= m->top + height)
		m->top = bounded(m, line - MIN(line, height / 3));
	m->base.ui->dirty = true;
}

static int64_t find_tick(struct message_view *m)
{
	struct ui *ui = m->base.ui;
	size_t at, bytes;
	int rc;

	if (!m->find.on)
		return -1;
	rc = find_step(&m->find, &m->page.needle, m->page.flow.text, m->page.flow.len, &at, &bytes);
	if (rc == 0) {
		if (clock_mono_ms() - m->find_began >= FIND_TELL_MS)
			ui_say(ui, _("Searching; Esc stops"));
		return 0;
	}
	if (rc < 0) {
		ui_say(ui, _("This message does not hold those words"));
		return -1;
	}
	m->page.hit = at;
	m->page.hit_bytes = bytes;
	go(m, at);
	if (m->find.wrapped)
		ui_say(ui, m->find.back ? _("Went on from the end of the message")
					: _("Went on from the beginning of the message"));
	else
		status_clear(ui);
	return -1;
}

static int64_t tick(struct view *v)
{
	struct message_view *m = (struct message_view *)v;
	int64_t read, find;

	reading_ahead(&m->reading);
	read = mark_read_tick(m);
	find = find_tick(m);
	return read < 0 ? find : find < 0 ? read : MIN(read, find);
}

/* --- drawing ----------------------------------------------------------- */

/* A message that is stored and cannot be shown: it can still be saved. */
static void draw_too_complex(const struct message_view *m, struct canvas *c, int y,
	const struct area *a)
{
	char save[KEYS_NAME_MAX], next[KEYS_NAME_MAX], source[KEYS_NAME_MAX], text[300];
	const struct keymap *keys = m->base.ui->keymap;

	keymap_way_to(keys, IN_READER, "save", save);
	keymap_way_to(keys, IN_READER, "next-message", next);
	keymap_way_to(keys, IN_READER, "source", source);
	snprintf(text, sizeof text, _("%s saves it, %s shows it as it was sent, %s goes on to the next message."),
		save, source, next);
	canvas_put_cut(c, y, a->x, a->w, STYLE_NOTICE, text);
}

static void draw_retry(const struct message_view *m, struct canvas *c, int y, const struct area *a)
{
	char keys[KEYS_NAME_MAX], text[200];

	keymap_way_to(m->base.ui->keymap, IN_READER, "retry", keys);
	snprintf(text, sizeof text, _("Press %s to try again."), keys);
	canvas_put_cut(c, y, a->x, a->w, STYLE_NOTICE, text);
}

/* In place of the text, until it is there. */
static void draw_notice(struct message_view *m, struct canvas *c, const struct area *a)
{
	const struct reading *r = &m->reading;
	int y = a->y + (int)m->page.head->len;

	for (size_t i = 0; i < m->page.head->len && (int)i < a->h; i++)
		page_draw(&m->page, i, c, a->y + (int)i, a);
	if (r->state != READING_FAILED) {
		canvas_put_cut(c, y, a->x, a->w, STYLE_NOTICE, r->state == READING_FETCHING
				? _("Fetching the message… (Esc goes back)")
				: _("Opening the message… (Esc goes back)"));
		return;
	}
	canvas_put_cut(c, y, a->x, a->w, STYLE_ERROR, r->why.text);
	if (r->here && r->why.code == ERR_LIMIT)
		draw_too_complex(m, c, y + 1, a);
	else
		draw_retry(m, c, y + 1, a);
}

static void draw(struct view *v, struct canvas *c, const struct area *a)
{
	struct message_view *m = (struct message_view *)v;

	if (m->page.width != a->w || m->page.height != a->h)
		lay_out(m, a->w, a->h);
	if (!is_shown(m)) {
		draw_notice(m, c, a);
		return;
	}
	for (int y = 0; y < a->h; y++)
		if (!page_draw(&m->page, m->top + (size_t)y, c, a->y + y, a))
			break;
}

/* How far the reader has come, by bytes of the text: lines are not all known. */
static void progress(struct message_view *m, GString *out)
{
	size_t at, below = m->top + (size_t)m->page.height;

	if (!is_shown(m))
		return;
	at = page_offset(&m->page, below);
	if (at < m->page.flow.len)
		g_string_append_printf(out, "%d%%", (int)(100 * at / m->page.flow.len));
	else if (page_has(&m->page, below)) /* the attachments */
		g_string_append(out, _("more below"));
	else if (m->top > 0)
		g_string_append(out, _("end"));
}

/* Which of several texts it is, where it is not the one that is shown by itself. */
static const char *text_name(const struct reading *r)
{
	switch (r->as) {
	case DOCUMENT_PLAIN:
		return _("plain text");
	case DOCUMENT_HTML:
		return _("HTML");
	case DOCUMENT_PART:
		return _("one part");
	default:
		return NULL;
	}
}

static void title(struct view *v, GString *left, GString *right)
{
	struct message_view *m = (struct message_view *)v;
	const struct list_row *row = &m->reading.row;
	const struct mailbox *box = sidebar_mailbox(&v->ui->sidebar, row->mailbox);
	const struct account *a = ui_account(v->ui, row->account);
	const char *text = text_name(&m->reading);

	if (a)
		g_string_append_printf(left, "%s / ", a->name);
	g_string_append_printf(left, "%s", box ? mailbox_label(box) : "");
	if (text)
		g_string_append_printf(right, "%s  ", text);
	if (row->flags & FLAG_FLAGGED)
		g_string_append_printf(right, "★ %s  ", _("flagged"));
	if (!(row->flags & FLAG_SEEN))
		g_string_append_printf(right, "● %s  ", _("unread"));
	progress(m, right);
}

/* --- moving ------------------------------------------------------------ */

static void scroll(struct message_view *m, int by)
{
	size_t was = m->top;

	if (by < 0)
		m->top -= MIN(m->top, (size_t)-by);
	else
		m->top = MAX(bounded(m, m->top + (size_t)by), m->top);
	if (m->top == was)
		ui_say(m->base.ui, by < 0 ? _("This is the beginning of the message")
					  : _("This is the end of the message"));
}

static int move(struct view *v, enum motion motion, struct err *err)
{
	struct message_view *m = (struct message_view *)v;
	int page = MAX(m->page.height - 1, 1), half = MAX(m->page.height / 2, 1);

	if (!is_shown(m))
		return err_set(err, ERR_USAGE, _("The message is not here yet"));
	switch (motion) {
	case MOVE_NEXT:
	case MOVE_PREV:
		scroll(m, motion == MOVE_NEXT ? 1 : -1);
		break;
	case MOVE_HALF_DOWN:
	case MOVE_HALF_UP:
		scroll(m, motion == MOVE_HALF_DOWN ? half : -half);
		break;
	case MOVE_PAGE_DOWN:
	case MOVE_PAGE_UP:
		scroll(m, motion == MOVE_PAGE_DOWN ? page : -page);
		break;
	case MOVE_FIRST:
		m->top = 0;
		break;
	case MOVE_LAST:
		m->top = bounded(m, page_total(&m->page));
		break;
	}
	return 0;
}

/* Esc ends a search before it closes anything. */
static int key(struct view *v, const struct key *k)
{
	struct message_view *m = (struct message_view *)v;

	if (!m->find.on || k->code != K_ESC)
		return 0;
	m->find.on = false;
	ui_say(v->ui, _("The search was stopped"));
	return 1;
}

/* --- life -------------------------------------------------------------- */

static void close_view(struct view *v)
{
	struct message_view *m = (struct message_view *)v;

	page_release(&m->page);
	reading_release(&m->reading);
}

static const struct list_row *row(struct view *v)
{
	return &((struct message_view *)v)->reading.row;
}

/* Archived or deleted: the list's cursor stands on the next message already. */
static void row_left(struct view *v)
{
	const struct list_row *next = list_current(&v->ui->list);

	if (!next)
		view_pop(v->ui);
	else
		show((struct message_view *)v, next);
}

static const char *const hints[] = { "close", "page-on", "parts", "open-link", "next-message", "archive",
	"delete", "unsubscribe", "toggle-flag", "toggle-read", "move", "undo", "headers", "find",
	"next-unread", NULL };

static const struct view_ops ops = {
	.name = "message",
	.context = IN_READER,
	.size = sizeof(struct message_view),
	.hints = hints,
	.close = close_view,
	.key = key,
	.move = move,
	.event = event,
	.reread = reread,
	.tick = tick,
	.row = row,
	.row_left = row_left,
	.title = title,
	.draw = draw,
};

int view_message_open(struct ui *ui, struct err *err)
{
	const struct list_row *r = list_current(&ui->list);
	struct message_view *m;

	if (!r)
		return err_set(err, ERR_USAGE, _("There is no message here"));
	m = (struct message_view *)view_push(ui, &ops);
	reading_init(&m->reading, ui, changed);
	page_init(&m->page, &m->reading);
	if (ui->drawn)
		m->reading.width = ui->drawn->width;
	show(m, r);
	return 0;
}

/* --- for commands --------------------------------------------------------- */

static struct message_view *reader(struct ui *ui)
{
	struct view *v = ui_view(ui);

	return v->ops == &ops ? (struct message_view *)v : NULL;
}

/* The reader on top, with its message shown; NULL with words. */
static struct message_view *shown(struct ui *ui, struct err *err)
{
	struct message_view *m = reader(ui);

	if (m && is_shown(m))
		return m;
	err_set(err, ERR_USAGE, _("The message is not here yet"));
	return NULL;
}

int view_message_follow(struct ui *ui, struct err *err)
{
	const struct list_row *r = list_current(&ui->list);
	struct message_view *m = reader(ui);

	if (!m || !r)
		return err_set(err, ERR_USAGE, _("There is no message here"));
	show(m, r);
	return 0;
}

int view_message_retry(struct ui *ui, struct err *err)
{
	struct message_view *m = reader(ui);

	if (!m || is_shown(m))
		return err_set(err, ERR_USAGE, _("The message is here already"));
	reading_retry(&m->reading);
	return 0;
}

int view_message_headers(struct ui *ui, struct err *err)
{
	struct message_view *m = shown(ui, err);

	if (!m)
		return err->code;
	m->page.headers = (m->page.headers + 1) % PAGE_HEADERS_COUNT_;
	m->top = 0;
	page_refresh(&m->page);
	return 0;
}

/* Is it certain that nothing is folded?  A long text is not looked through to its end for it. */
static bool folds_nothing(struct message_view *m)
{
	const struct flow_line *line;

	if (m->reading.doc->partial)
		return false;
	for (size_t i = 0; i < FOLD_LOOK; i++) {
		line = page_text_line(&m->page, m->page.head->len + i);
		if (!line || line->folded)
			return !line;
	}
	return false;
}

int view_message_fold(struct ui *ui, struct err *err)
{
	struct message_view *m = shown(ui, err);
	bool text = m && in_text(m), open, none;
	size_t at;

	if (!m)
		return err->code;
	if (ui->config->fold_quotes == 0)
		return err_set(err, ERR_USAGE, _("Quotations are never folded: fold-quotes is 0"));
	at = page_offset(&m->page, m->top);
	open = m->page.unfolded;
	page_fold(&m->page, true);
	none = folds_nothing(m);
	if (!none && !open)
		page_fold(&m->page, false);
	if (text)
		m->top = bounded(m, page_find(&m->page, at));
	if (none)
		ui_say(ui, _("There is nothing to fold in this message"));
	else
		ui_say(ui, open ? _("Long quotations are folded") : _("All quotations are open"));
	return 0;
}

/* Is line i the sender's own? */
static bool is_own(struct message_view *m, size_t i)
{
	const struct flow_line *line = page_text_line(&m->page, i);

	return line && line->len > 0 && line->kind == QUOTE_OWN;
}

static bool is_others(struct message_view *m, size_t i)
{
	const struct flow_line *line = page_text_line(&m->page, i);

	return line && (line->kind == QUOTE_QUOTED || line->kind == QUOTE_ATTRIBUTION);
}

/* The first line of own words behind a quotation that begins at or behind `i`; 0 = there is none. */
static size_t own_below(struct message_view *m, size_t i)
{
	i = MAX(i, m->page.head->len);
	while (page_text_line(&m->page, i) && !is_others(m, i))
		i++;
	while (page_text_line(&m->page, i) && !is_own(m, i))
		i++;
	return page_text_line(&m->page, i) ? i : 0;
}

/* The first line of the own words above line i. */
static size_t own_above(struct message_view *m, size_t i)
{
	size_t head = m->page.head->len;

	while (i > head && !is_own(m, i - 1))
		i--;
	while (i > head && !is_others(m, i - 1))
		i--;
	while (i > head && page_text_line(&m->page, i) && !is_own(m, i))
		i++;
	return i;
}

int view_message_own(struct ui *ui, bool back, struct err *err)
{
	struct message_view *m = shown(ui, err);
	size_t line;

	if (!m)
		return err->code;
	line = back ? own_above(m, m->top) : own_below(m, m->top);
	if (line == 0 && !back)
		ui_say(ui, _("No more words of the sender below"));
	else
		m->top = line <= m->page.head->len ? 0 : line;
	return 0;
}

/* Where a search begins: at the match of before, or on the screen. */
static size_t find_from(struct message_view *m, bool again, bool back)
{
	size_t top = page_offset(&m->page, m->top);
	size_t end = page_offset(&m->page, m->top + (size_t)m->page.height);

	if (!again || m->page.hit_bytes == 0 || m->page.hit < top || m->page.hit > end)
		return top;
	if (back)
		return m->page.hit > 0 ? m->page.hit - 1 : SIZE_MAX;
	return m->page.hit + 1;
}

int view_message_find(struct ui *ui, const char *words, bool back, struct err *err)
{
	struct message_view *m = shown(ui, err);

	if (!m)
		return err->code;
	if (*words)
		needle_set(&m->page.needle, words);
	if (m->page.needle.n == 0)
		return err_set(err, ERR_USAGE, _("There is nothing to look for yet"));
	find_begin(&m->find, find_from(m, !*words, back), m->page.flow.len, back);
	m->find_began = clock_mono_ms();
	find_tick(m); /* a usual text is looked through at once */
	return 0;
}

bool view_message_at_end(struct ui *ui)
{
	struct message_view *m = reader(ui);

	return m && is_shown(m) && !page_has(&m->page, m->top + (size_t)m->page.height);
}
