/*
 * The reader: one message, its headers, its text, its attachments.
 *
 * The text is broken into lines as far as the screen has been scrolled.  A
 * message whose body is not cached is asked for and comes with EV_BODY; until
 * then the reader can leave, or go on to the next message.  The message is
 * marked read a while after its text is on the screen.
 */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/i18n.h"
#include "base/mem.h"
#include "base/text.h"
#include "mime/document.h"
#include "model/flags.h"
#include "ui/flow.h"
#include "ui/priv.h"
#include "ui/reading.h"

enum {
	HEADER_LINES_MAX = 3,   /* of one header, unless all are shown */
	HEADER_SHARE = 3,       /* the usual headers take at most a third of the height */
	HEADER_LABEL_MAX = 24,
	TAGS_MAX = 512,         /* bytes */
	AHEAD_MAX = 1 << 20,    /* larger messages are fetched when they are opened */
};

enum body_state { BODY_FETCHING, BODY_FAILED, BODY_SHOWN };

struct head_line {
	char label[HEADER_LABEL_MAX]; /* "" on continuation lines */
	char *text;
	enum style style;
};

struct message_view {
	struct view base;
	/* the row that is shown, copied */
	struct list_row row;
	char *from, *to, *cc, *subject, *keywords;
	enum body_state state;
	struct err why;         /* of BODY_FAILED */
	struct document *doc;
	struct flow flow;
	GArray *head, *tail;    /* of struct head_line: headers, attachments */
	bool all_headers;
	int head_room;          /* lines for the usual headers, 0 = as many as there are */
	int width, height;
	size_t top;             /* first line shown */
	int64_t read_due;       /* monotonic ms when it is marked read, 0 = not */
};

/* --- lines ------------------------------------------------------------- */

static void clear_lines(GArray *lines)
{
	for (guint i = 0; i < lines->len; i++)
		g_free(g_array_index(lines, struct head_line, i).text);
	g_array_set_size(lines, 0);
}

static void add_line(GArray *lines, const char *label, const char *text, size_t len,
	enum style style)
{
	struct head_line line = { .text = g_strndup(text, len), .style = style };

	text_clean_into(label, -1, line.label, sizeof line.label);
	g_array_append_val(lines, line);
}

/* A header, wrapped beside its label. */
static void add_header(struct message_view *m, const char *label, const char *value,
	enum style style)
{
	int indent = text_width(label) + 2;
	struct flow flow;
	const struct flow_line *line;
	size_t limit = m->all_headers ? 200 : m->head_room ? 1 : HEADER_LINES_MAX;

	if (!value || !*value)
		return;
	flow_init(&flow, value, MAX(m->width - MIN(indent, HEADER_LABEL_MAX + 2), 10));
	for (size_t i = 0; (line = flow_line(&flow, i)); i++) {
		if (i == limit) {
			add_line(m->head, "", "…", strlen("…"), style);
			break;
		}
		if (limit == 1) { /* drawing cuts it */
			add_line(m->head, label, value, strlen(value), style);
			break;
		}
		add_line(m->head, i == 0 ? label : "", line->text, line->len, style);
	}
	flow_release(&flow);
}

static const char *header_or(const struct message_view *m, const char *name, const char *otherwise)
{
	const char *value = m->doc ? document_header(m->doc, name) : NULL;

	return value && *value ? value : otherwise;
}

static void add_usual_headers(struct message_view *m)
{
	char date[64], tags[TAGS_MAX];
	const struct {
		const char *label, *value;
		enum style style;
		int least; /* lines that must be there for it */
	} all[] = {
		{ _("From"), header_or(m, "From", m->from), STYLE_HEADER, 0 },
		{ _("To"), header_or(m, "To", m->to), STYLE_HEADER, 4 },
		{ _("Cc"), header_or(m, "Cc", m->cc), STYLE_HEADER, 6 },
		{ _("Date"), date, STYLE_HEADER, 3 },
		{ _("List"), header_or(m, "List-Id", ""), STYLE_HEADER, 7 },
		{ _("Tags"), tags, STYLE_HEADER, 8 },
		{ _("Subject"), *m->subject ? m->subject : _("(no subject)"), STYLE_SUBJECT, 0 },
	};

	tags_text(m->row.keywords, tags, sizeof tags);
	date_long(m->row.sent_at ? m->row.sent_at : m->row.received_at, date, sizeof date);
	if (!*date)
		g_strlcpy(date, header_or(m, "Date", ""), sizeof date);
	for (size_t i = 0; i < G_N_ELEMENTS(all); i++)
		if (!m->head_room || m->head_room >= all[i].least)
			add_header(m, all[i].label, all[i].value, all[i].style);
}

static void describe_part(const struct document_part *p, char *out, size_t cap)
{
	char size[24];

	snprintf(out, cap, "%s  %s  %s", p->filename && *p->filename ? p->filename : _("(no name)"),
		p->type, size_text(p->size, size, sizeof size));
}

static int attachments(const struct message_view *m)
{
	int n = 0;

	for (guint i = 0; m->doc && i < m->doc->parts->len; i++)
		n += ((const struct document_part *)m->doc->parts->pdata[i])->attachment;
	return n;
}

static void add_count(struct message_view *m)
{
	char count[80];
	int n = attachments(m);

	if (n == 0 || (m->head_room && m->head_room < 5))
		return;
	snprintf(count, sizeof count,
		ngettext("%d attachment, listed below the text", "%d attachments, listed below the text",
			(unsigned long)n),
		n);
	add_line(m->head, "", count, strlen(count), STYLE_ATTACHMENT);
}

/* On a small screen the text matters more than the headers: H shows them all. */
static void build_head(struct message_view *m)
{
	int room = m->height / HEADER_SHARE;

	m->head_room = 0;
	clear_lines(m->head);
	if (m->all_headers && m->doc)
		for (guint i = 0; i < m->doc->headers->len; i++) {
			const struct document_header *h = m->doc->headers->pdata[i];

			add_header(m, h->name, h->value, STYLE_HEADER);
		}
	else
		add_usual_headers(m);
	add_count(m);
	if (!m->all_headers && m->height > 0 && (int)m->head->len > room) {
		clear_lines(m->head);
		m->head_room = MAX(room, 2);
		add_usual_headers(m);
		add_count(m);
	}
	add_line(m->head, "", "", 0, STYLE_NORMAL);
}

static void build_tail(struct message_view *m)
{
	clear_lines(m->tail);
	if (m->doc && m->doc->note) {
		add_line(m->tail, "", "", 0, STYLE_NORMAL);
		add_line(m->tail, "", m->doc->note, strlen(m->doc->note), STYLE_NOTICE);
	}
	if (!m->doc || attachments(m) == 0)
		return;
	add_line(m->tail, "", "", 0, STYLE_NORMAL);
	add_line(m->tail, "", _("Attachments"), strlen(_("Attachments")), STYLE_TITLE);
	for (guint i = 0; i < m->doc->parts->len; i++) {
		const struct document_part *p = m->doc->parts->pdata[i];
		char text[600];

		if (!p->attachment)
			continue;
		describe_part(p, text, sizeof text);
		add_line(m->tail, "", text, strlen(text), STYLE_ATTACHMENT);
	}
}

static size_t lines_total(struct message_view *m)
{
	return m->head->len + flow_total(&m->flow) + m->tail->len;
}

/* The furthest top for a move down to `top`: counts lines only as far as it must. */
static size_t bounded(struct message_view *m, size_t top)
{
	size_t bottom = top + (size_t)m->height, head = m->head->len, total;

	if (bottom > head && flow_line(&m->flow, bottom - head))
		return top;
	total = lines_total(m);
	return MIN(top, total > (size_t)m->height ? total - (size_t)m->height : 0);
}

/* Lays everything out for a size; the line at the top stays on the screen. */
static void lay_out(struct message_view *m, int width, int height)
{
	size_t head = m->head->len, at = 0;
	bool in_text = m->state == BODY_SHOWN && m->width > 0 && m->top > head;

	if (in_text)
		at = flow_offset(&m->flow, m->top - head);
	m->width = width;
	m->height = height;
	build_head(m);
	build_tail(m);
	if (m->state == BODY_SHOWN)
		flow_set_width(&m->flow, width);
	if (in_text)
		m->top = m->head->len + flow_find(&m->flow, at);
	else
		m->top = MIN(m->top, MAX(m->head->len, 1) - 1);
	if (m->state == BODY_SHOWN)
		m->top = bounded(m, m->top); /* a larger screen may have room for all of it */
}

/* --- the body ---------------------------------------------------------- */

static void forget(struct message_view *m)
{
	document_free(&m->doc);
	flow_release(&m->flow);
	clear_lines(m->head);
	clear_lines(m->tail);
	m->top = 0;
	m->read_due = 0;
}

static void set_keywords(struct message_view *m, const char *keywords)
{
	char *own = g_strdup(keywords);

	g_free(m->keywords);
	m->row.keywords = m->keywords = own;
}

static void take_row(struct message_view *m, const struct list_row *r)
{
	g_free(m->from);
	g_free(m->to);
	g_free(m->cc);
	g_free(m->subject);
	m->row = *r; /* the pointers in it are replaced: */
	m->from = *r->from_name ? g_strdup_printf("%s <%s>", r->from_name, r->from_addr)
				: g_strdup(r->from_addr);
	m->to = g_strdup(r->to);
	m->cc = g_strdup(r->cc);
	m->subject = g_strdup(r->subject);
	m->row.from_name = m->row.from_addr = m->from;
	m->row.to = m->to;
	m->row.cc = m->cc;
	m->row.subject = m->subject;
	set_keywords(m, r->keywords);
	m->row.message_id_header = (char *)"";
}

static void plan_mark_read(struct message_view *m)
{
	const struct config *config = m->base.ui->config;
	const struct account *a = ui_account(m->base.ui, m->row.account);

	if (config->mark_read && !(m->row.flags & FLAG_SEEN) && (!a || a->two_way))
		m->read_due = clock_mono_ms() + config->mark_read_delay * 1000;
}

/* Reads the cached body; ERR_GONE if it is not there. */
static int load(struct message_view *m, struct err *err)
{
	AUTO(fd_close) int fd = -1;
	int rc = store_body_open(m->base.ui->store, m->row.message, &fd, err);

	if (rc < 0)
		return rc;
	rc = document_read(fd, NULL, &m->doc, err);
	if (rc < 0)
		return rc;
	flow_init(&m->flow, m->doc->text, MAX(m->width, 1));
	m->state = BODY_SHOWN;
	build_head(m);
	build_tail(m);
	plan_mark_read(m);
	return 0;
}

static void ask(struct message_view *m)
{
	struct ui *ui = m->base.ui;

	m->state = BODY_FETCHING;
	if (ui->engine)
		ui->engine->want_body(ui->engine, m->row.account, m->row.message);
}

static void fail(struct message_view *m, const struct err *why)
{
	m->state = BODY_FAILED;
	m->why = *why;
	if (!*m->why.text)
		g_strlcpy(m->why.text, _("The message could not be fetched"), sizeof m->why.text);
}

/* The next message is asked for ahead of need, so that going on does not wait. */
static void ask_ahead(const struct message_view *m)
{
	struct ui *ui = m->base.ui;
	const struct list_row *next = list_shown(&ui->list, ui->list.cursor - ui->list.top + 1);

	if (ui->engine && next && next->size <= AHEAD_MAX &&
		!store_body_cached(ui->store, next->message))
		ui->engine->want_body(ui->engine, next->account, next->message);
}

static void show(struct message_view *m)
{
	struct err err = { 0 };
	int rc;

	m->base.ui->dirty = true;
	forget(m);
	m->state = BODY_FETCHING;
	rc = load(m, &err);
	if (rc == ERR_GONE)
		ask(m);
	else if (rc < 0)
		fail(m, &err);
	build_head(m);
	ask_ahead(m);
}

/* The event says only that it failed; the account's state has the words. */
static void fetch_failed(struct message_view *m, int code)
{
	struct engine *engine = m->base.ui->engine;
	struct engine_state state = { 0 };
	struct err err = { 0 };

	err_set(&err, (enum err_code)code, "%s",
		code == ERR_OFFLINE ? _("The server cannot be reached")
		: code == ERR_GONE  ? _("The message is no longer on the server")
		: code == ERR_LIMIT ? _("The message is too large")
		: code == ERR_STORAGE ? _("The message could not be stored: is the disk full?")
				    : _("The message could not be fetched"));
	if (engine && engine->state(engine, m->row.account, &state) && state.error.code == err.code)
		err = state.error;
	fail(m, &err);
}

static void event(struct view *v, const struct event *e)
{
	struct message_view *m = (struct message_view *)v;

	if (m->state == BODY_SHOWN)
		return;
	if (e->kind == EV_BODY && e->message == m->row.message.v && e->code < 0)
		fetch_failed(m, e->code);
	else if ((e->kind == EV_BODY && e->message == m->row.message.v) || e->kind == EV_RESYNC)
		if (store_body_cached(v->ui->store, m->row.message))
			show(m);
}

/* Flags may have changed elsewhere: what U and F do depends on them; tags show. */
static void reread(struct view *v)
{
	struct message_view *m = (struct message_view *)v;
	AUTO(list_row_free) struct list_row *fresh = NULL;
	struct err ignored;

	if (store_row(v->ui->store, m->row.location, &fresh, &ignored) < 0)
		return;
	m->row.flags = fresh->flags;
	if (strcmp(m->keywords, fresh->keywords) == 0)
		return;
	set_keywords(m, fresh->keywords);
	lay_out(m, m->width, m->height);
}

static int64_t tick(struct view *v)
{
	struct message_view *m = (struct message_view *)v;
	struct ui *ui = v->ui;
	int64_t left = m->read_due - clock_mono_ms();
	struct err err = { 0 };

	if (m->read_due == 0)
		return -1;
	if (left > 0)
		return left;
	m->read_due = 0;
	if (store_note_read(ui->store, m->row.location, &err) < 0) {
		ui_complain(ui, &err);
		return -1;
	}
	m->row.flags |= FLAG_SEEN;
	ui->status.pending_at = 0;
	ui_reread(ui);
	if (ui->engine)
		ui->engine->push(ui->engine, m->row.account);
	return -1;
}

/* --- drawing ----------------------------------------------------------- */

static enum style line_style(const struct flow_line *line)
{
	if (line->signature)
		return STYLE_SIGNATURE;
	return line->quote > 0 ? STYLE_QUOTE_1 + (enum style)((line->quote - 1) % 4) : STYLE_NORMAL;
}

static void draw_head_line(const struct head_line *line, struct canvas *c, int y,
	const struct area *a)
{
	int x = a->x;

	if (*line->label) {
		x += canvas_put(c, y, x, a->w, STYLE_HEADER_NAME, line->label);
		x += canvas_put(c, y, x, 2, STYLE_HEADER_NAME, ": ");
	}
	canvas_put_cut(c, y, x, a->x + a->w - x, line->style, line->text);
}

/* Draws line i of the whole message; false behind its end. */
static bool draw_line(struct message_view *m, size_t i, struct canvas *c, int y,
	const struct area *a)
{
	const struct flow_line *line;
	int x = a->x;

	if (i < m->head->len) {
		draw_head_line(&g_array_index(m->head, struct head_line, i), c, y, a);
		return true;
	}
	i -= m->head->len;
	line = flow_line(&m->flow, i);
	if (line) {
		if (line->prefix_len)
			x += canvas_put_len(c, y, x, a->w, line_style(line), line->prefix,
				(ssize_t)line->prefix_len);
		canvas_put_len(c, y, x, a->x + a->w - x, line_style(line), line->text,
			(ssize_t)line->len);
		return true;
	}
	i -= m->flow.lines->len;
	if (i >= m->tail->len)
		return false;
	draw_head_line(&g_array_index(m->tail, struct head_line, i), c, y, a);
	return true;
}

static void draw_notice(const struct message_view *m, struct canvas *c, const struct area *a)
{
	char keys[KEY_SEQUENCE_MAX * KEY_NAME_MAX] = ":retry", text[200];
	int y = a->y + (int)m->head->len;

	for (guint i = 0; i < m->head->len && (int)i < a->h; i++)
		draw_head_line(&g_array_index(m->head, struct head_line, i), c, a->y + (int)i, a);
	if (m->state == BODY_FETCHING) {
		canvas_put_cut(c, y, a->x, a->w, STYLE_NOTICE,
			_("Fetching the message… (Esc goes back)"));
		return;
	}
	canvas_put_cut(c, y, a->x, a->w, STYLE_ERROR, m->why.text);
	keymap_keys_of(m->base.ui->keymap, IN_READER, "retry", keys, sizeof keys);
	snprintf(text, sizeof text, _("Press %s to try again."), keys);
	canvas_put_cut(c, y + 1, a->x, a->w, STYLE_NOTICE, text);
}

static void draw(struct view *v, struct canvas *c, const struct area *a)
{
	struct message_view *m = (struct message_view *)v;

	if (m->width != a->w || m->height != a->h)
		lay_out(m, a->w, a->h);
	if (m->state != BODY_SHOWN) {
		draw_notice(m, c, a);
		return;
	}
	for (int y = 0; y < a->h; y++)
		if (!draw_line(m, m->top + (size_t)y, c, a->y + y, a))
			break;
}

/* How far the reader has come, by bytes of the text: lines are not all known. */
static void progress(struct message_view *m, GString *out)
{
	size_t bottom = m->top + (size_t)m->height, head = m->head->len, at;

	if (m->state != BODY_SHOWN)
		return;
	at = bottom > head ? flow_offset(&m->flow, bottom - head) : 0;
	if (at < m->flow.len)
		g_string_append_printf(out, "%d%%", (int)(100 * at / m->flow.len));
	else if (m->top > 0)
		g_string_append(out, _("end"));
}

static void title(struct view *v, GString *left, GString *right)
{
	struct message_view *m = (struct message_view *)v;
	const struct mailbox *box = sidebar_mailbox(&v->ui->sidebar, m->row.mailbox);
	const struct account *a = ui_account(v->ui, m->row.account);

	if (a)
		g_string_append_printf(left, "%s / ", a->name);
	g_string_append_printf(left, "%s", box ? mailbox_label(box) : "");
	if (m->row.flags & FLAG_FLAGGED)
		g_string_append_printf(right, "★ %s  ", _("flagged"));
	if (!(m->row.flags & FLAG_SEEN))
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
	int page = MAX(m->height - 1, 1), half = MAX(m->height / 2, 1);

	if (m->state != BODY_SHOWN)
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
		m->top = bounded(m, lines_total(m));
		break;
	}
	return 0;
}

/* --- life -------------------------------------------------------------- */

static void close_view(struct view *v)
{
	struct message_view *m = (struct message_view *)v;

	forget(m);
	g_free(m->from);
	g_free(m->to);
	g_free(m->cc);
	g_free(m->subject);
	g_free(m->keywords);
	g_array_unref(m->head);
	g_array_unref(m->tail);
}

static const struct list_row *row(struct view *v)
{
	return &((struct message_view *)v)->row;
}

/* Archived or deleted: the list's cursor stands on the next message already. */
static void row_left(struct view *v)
{
	struct message_view *m = (struct message_view *)v;
	const struct list_row *next = list_current(&v->ui->list);

	if (!next) {
		view_pop(v->ui);
		return;
	}
	take_row(m, next);
	show(m);
}

static const char *const hints[] = { "close", "page-down", "next-message", "archive", "delete",
	"toggle-flag", "toggle-read", "move", "undo", "headers", "next-unread", NULL };

static const struct view_ops ops = {
	.name = "message",
	.context = IN_READER,
	.size = sizeof(struct message_view),
	.hints = hints,
	.close = close_view,
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
	m->head = g_array_new(FALSE, FALSE, sizeof(struct head_line));
	m->tail = g_array_new(FALSE, FALSE, sizeof(struct head_line));
	take_row(m, r);
	show(m);
	return 0;
}

static struct message_view *reader(struct ui *ui)
{
	struct view *v = ui_view(ui);

	return v->ops == &ops ? (struct message_view *)v : NULL;
}

int view_message_follow(struct ui *ui, struct err *err)
{
	const struct list_row *r = list_current(&ui->list);
	struct message_view *m = reader(ui);

	if (!m || !r)
		return err_set(err, ERR_USAGE, _("There is no message here"));
	take_row(m, r);
	show(m);
	return 0;
}

bool view_message_toggle_headers(struct ui *ui)
{
	struct message_view *m = reader(ui);

	if (!m || m->state != BODY_SHOWN)
		return false;
	m->all_headers = !m->all_headers;
	m->top = 0;
	build_head(m);
	return true;
}

int view_message_retry(struct ui *ui, struct err *err)
{
	struct message_view *m = reader(ui);

	if (!m || m->state == BODY_SHOWN)
		return err_set(err, ERR_USAGE, _("The message is here already"));
	show(m);
	return 0;
}

/* --- for commands (ui/reading.h) ---------------------------------------- */

static struct message_view *open_one(struct ui *ui)
{
	for (guint i = ui->views->len; i-- > 0;) {
		struct view *v = ui->views->pdata[i];

		if (v->ops == &ops)
			return (struct message_view *)v;
	}
	return NULL;
}

const struct document *reading_document(struct ui *ui)
{
	struct message_view *m = open_one(ui);

	return m ? m->doc : NULL;
}

message_id reading_message(struct ui *ui)
{
	struct message_view *m = open_one(ui);

	return m ? m->row.message : (message_id){ 0 };
}

account_id reading_account(struct ui *ui)
{
	struct message_view *m = open_one(ui);

	return m ? m->row.account : (account_id){ 0 };
}

int reading_open(struct ui *ui, int *fd_out, struct err *err)
{
	return store_body_open(ui->store, reading_message(ui), fd_out, err);
}

int reading_holes(struct ui *ui, struct body_hole *out, struct err *err)
{
	return store_body_holes(ui->store, reading_message(ui), out, err);
}

int reading_show(struct ui *ui, enum document_as as, int part, struct err *err)
{
	(void)ui;
	(void)as;
	(void)part;
	return err_set(err, ERR_UNSUPPORTED, _("Only the text of the message can be shown"));
}
