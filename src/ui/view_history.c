/*
 * The history view: the steps that the reader made, the newest first.
 *
 * Of all steps that were passed only the numbers are kept, of those on the
 * screen the rows: a page is found by the number above it, so that a history of
 * any length costs the same.
 */
#include "base/clock.h"
#include "base/i18n.h"
#include "base/mem.h"
#include "ui/priv.h"

enum {
	PAGE = 200,      /* steps whose numbers are read at once */
	STEPS_MAX = 100000, /* steps that can be paged through */
	FRESH_MS = 250,  /* read again at most this often while events come */
	WIDE = 60,       /* narrower screens leave the account out */
	TIME_W = 7, STATE_W = 10, ACCOUNT_W = 14, /* columns, cells */
};

struct history_view {
	struct view base;
	GArray *ids;     /* int64_t: the steps from the newest on, as far as they were read */
	bool whole;      /* ids has the oldest one */
	GPtrArray *rows; /* struct history_row of the steps on the screen, from `top` on */
	int top, cursor, height;
	int64_t read_at; /* monotonic ms */
	bool stale;
};

/* --- reading ------------------------------------------------------------- */

static int64_t id_at(const struct history_view *v, int i)
{
	return i >= 0 && i < (int)v->ids->len ? g_array_index(v->ids, int64_t, i) : 0;
}

/* Reads numbers until there is one at index i, or none is left. */
static int read_to(struct history_view *v, int i, struct err *err)
{
	while (!v->whole && (int)v->ids->len <= i) {
		g_autoptr(GPtrArray) rows = NULL;

		if (store_history(v->base.ui->store, id_at(v, (int)v->ids->len - 1), PAGE, &rows,
			    err) < 0)
			return err->code;
		for (guint k = 0; k < rows->len; k++)
			g_array_append_val(v->ids, ((struct history_row *)rows->pdata[k])->step);
		v->whole = rows->len < PAGE || v->ids->len >= STEPS_MAX;
	}
	return 0;
}

/* The rows of the screen, again. */
static int read_rows(struct history_view *v, struct err *err)
{
	g_autoptr(GPtrArray) rows = NULL;

	if (read_to(v, v->top + v->height, err) < 0)
		return err->code;
	v->cursor = CLAMP(v->cursor, 0, MAX((int)v->ids->len - 1, 0));
	v->top = CLAMP(v->top, MAX(v->cursor - v->height + 1, 0), v->cursor);
	if (store_history(v->base.ui->store, id_at(v, v->top - 1), (size_t)MAX(v->height, 1), &rows,
		    err) < 0)
		return err->code;
	g_clear_pointer(&v->rows, g_ptr_array_unref);
	v->rows = TAKE(rows);
	v->read_at = clock_mono_ms();
	v->stale = false;
	return 0;
}

/* Everything again: steps may have come or gone; the cursor stays on its step. */
static int read_again(struct history_view *v, struct err *err)
{
	int64_t step = id_at(v, v->cursor);
	int lines = v->cursor - v->top, was = v->cursor;

	g_array_set_size(v->ids, 0);
	v->whole = false;
	if (read_to(v, was + PAGE, err) < 0)
		return err->code;
	for (int i = 0; step && was > 0 && i < (int)v->ids->len; i++)
		if (id_at(v, i) == step)
			v->cursor = i;
	v->top = v->cursor - lines;
	return read_rows(v, err);
}

static const struct history_row *current(const struct history_view *v)
{
	int i = v->cursor - v->top;

	return v->rows && i >= 0 && i < (int)v->rows->len ? v->rows->pdata[i] : NULL;
}

/* --- drawing ------------------------------------------------------------- */

/* Where a step stands, in a word. */
static const char *state_words(const struct history_row *r)
{
	bool moving = r->waiting + r->left > 0;

	if (r->stuck > 0)
		return _("refused");
	if (r->undone)
		return moving ? _("undoing") : _("undone");
	if (r->held > 0 && r->held == r->waiting + r->left)
		return _("held");
	return moving ? _("waiting") : _("done");
}

static enum style row_style(const struct history_row *r)
{
	return r->stuck > 0 ? STYLE_ERROR : r->undone ? STYLE_ROW_DIM : STYLE_NORMAL;
}

static void draw_row(struct history_view *v, const struct history_row *r, bool cursor,
	struct canvas *c, int y, const struct area *a)
{
	enum style style = cursor ? STYLE_CURSOR : row_style(r);
	g_autofree char *words = history_words(r), *text = NULL;
	const struct account *account = ui_account(v->base.ui, r->account);
	int x = a->x + 1;
	char at[32];

	if (r->messages == 1 && r->subject && *r->subject)
		text = g_strdup_printf("%s: %s", words, r->subject);
	date_short(r->at, "%Y-%m-%d", TIME_W - 1, at, sizeof at);
	canvas_fill(c, y, a->x, a->w, cursor ? STYLE_CURSOR : STYLE_NORMAL);
	canvas_put_cut(c, y, x, TIME_W - 1, style, at);
	canvas_put_cut(c, y, x += TIME_W, STATE_W - 1, style, state_words(r));
	x += STATE_W;
	if (a->w >= WIDE && v->base.ui->config->accounts->len > 1) {
		canvas_put_cut(c, y, x, ACCOUNT_W - 1, style, account ? account->name : _("several"));
		x += ACCOUNT_W;
	}
	canvas_put_cut(c, y, x, a->x + a->w - x, style, text ? text : words);
}

static void draw(struct view *base, struct canvas *c, const struct area *a)
{
	struct history_view *v = (struct history_view *)base;
	struct err err = { 0 };

	if (v->height != a->h || !v->rows) {
		v->height = a->h;
		if (read_rows(v, &err) < 0)
			ui_complain(base->ui, &err);
	}
	if (!v->rows || v->rows->len == 0) {
		canvas_put_cut(c, a->y, a->x + 1, a->w - 1, STYLE_NOTICE,
			_("You have changed nothing yet, or all of it is too long ago."));
		return;
	}
	for (guint i = 0; i < v->rows->len && (int)i < a->h; i++)
		draw_row(v, v->rows->pdata[i], v->top + (int)i == v->cursor, c, a->y + (int)i, a);
}

/* --- moving -------------------------------------------------------------- */

static int move(struct view *base, enum motion m, struct err *err)
{
	struct history_view *v = (struct history_view *)base;
	int by = view_lines(m, v->height, STEPS_MAX), was = v->cursor;

	if (read_to(v, was + by, err) < 0)
		return err->code;
	v->cursor = CLAMP(was + by, 0, MAX((int)v->ids->len - 1, 0));
	if (m == MOVE_PAGE_DOWN || m == MOVE_PAGE_UP)
		v->top = MAX(v->top + by, 0);
	if (v->cursor == was)
		ui_say(base->ui, by <= 0 ? _("This is the latest step") : _("This is the oldest step"));
	return read_rows(v, err);
}

static void event(struct view *base, const struct event *e)
{
	(void)e;
	((struct history_view *)base)->stale = true;
}

static int64_t tick(struct view *base)
{
	struct history_view *v = (struct history_view *)base;
	int64_t left = v->read_at + FRESH_MS - clock_mono_ms();
	struct err err = { 0 };

	if (!v->stale || !v->rows)
		return -1;
	if (left > 0)
		return left;
	if (read_again(v, &err) < 0)
		ui_complain(base->ui, &err);
	v->stale = false;
	base->ui->dirty = true;
	return -1;
}

static void title(struct view *base, GString *left, GString *right)
{
	struct history_view *v = (struct history_view *)base;
	char number[32];

	g_string_append(left, _("History: what you changed"));
	if (v->ids->len > 0)
		g_string_append_printf(right,
			ngettext("%s%s step", "%s%s steps", (unsigned long)v->ids->len),
			number_text(v->ids->len, number), v->whole ? "" : "+");
}

static void close_view(struct view *base)
{
	struct history_view *v = (struct history_view *)base;

	g_array_unref(v->ids);
	g_clear_pointer(&v->rows, g_ptr_array_unref);
}

static const char *const hints[] = { "close", "step-undo", "step-redo", "activity", "next",
	"page-down", NULL };

static const struct view_ops ops = {
	.name = "history",
	.context = IN_HISTORY,
	.size = sizeof(struct history_view),
	.hints = hints,
	.close = close_view,
	.move = move,
	.event = event,
	.tick = tick,
	.title = title,
	.draw = draw,
};

int view_history_open(struct ui *ui, struct err *err)
{
	struct history_view *v = (struct history_view *)view_push(ui, &ops);

	v->ids = g_array_new(FALSE, FALSE, sizeof(int64_t));
	v->height = 1;
	if (read_rows(v, err) < 0) {
		view_pop(ui);
		return err->code;
	}
	g_clear_pointer(&v->rows, g_ptr_array_unref); /* drawing knows how many there are room for */
	return 0;
}

const struct history_row *view_history_row(struct ui *ui)
{
	struct view *v = ui_view(ui);

	return v->ops == &ops ? current((struct history_view *)v) : NULL;
}

void view_history_reread(struct ui *ui)
{
	struct view *v = ui_view(ui);
	struct err err = { 0 };

	if (v->ops == &ops && read_again((struct history_view *)v, &err) < 0)
		ui_complain(ui, &err);
}
