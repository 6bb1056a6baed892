/* The parts of the open message as a tree. */
#include <stdio.h>

#include "base/i18n.h"
#include "mime/document.h"
#include "ui/priv.h"
#include "ui/reading.h"

enum { SIZE_CELLS = 9, NOTE_CELLS = 16, TYPE_CELLS = 28, NUMBER_CELLS = 5, INDENT_MAX = 20, WIDE = 90, MEDIUM = 60 };

struct parts_view {
	struct view base;
	message_id message;
	int cursor, top, height;
};

static const struct document *document(const struct parts_view *v)
{
	return reading_message(v->base.ui).v == v->message.v ? reading_document(v->base.ui) : NULL;
}

static int count(const struct parts_view *v)
{
	const struct document *doc = document(v);

	return doc ? (int)doc->parts->len : 0;
}

/* --- drawing ------------------------------------------------------------- */

/* What is special about a part, translated. */
static const char *note_of(const struct document *doc, int i)
{
	const struct document_part *p = doc->parts->pdata[i];

	if (p->missing)
		return _("at the server");
	if (doc->seal.part == i && doc->seal.kind != SEAL_NONE)
		return doc->seal.kind == SEAL_PGP_ENCRYPTED || doc->seal.kind == SEAL_SMIME_ENCRYPTED
			       ? _("encrypted")
			       : _("signed");
	return p->shown ? _("shown") : p->attachment ? _("attachment") : "";
}

static void draw_part(const struct document *doc, int i, bool cursor, struct canvas *c, int y,
	const struct area *a)
{
	const struct document_part *p = doc->parts->pdata[i];
	bool named = p->filename && *p->filename, container = g_str_has_prefix(p->type, "multipart/");
	enum style style = cursor ? STYLE_CURSOR : p->attachment ? STYLE_ATTACHMENT : STYLE_NORMAL;
	enum style dim = cursor ? STYLE_CURSOR : STYLE_ROW_DIM;
	int x = a->x + NUMBER_CELLS + MIN(2 * p->depth, INDENT_MAX), end = a->x + a->w;
	char number[16], size[24];

	canvas_fill(c, y, a->x, a->w, style);
	snprintf(number, sizeof number, "%d", i + 1);
	canvas_put_right(c, y, a->x + NUMBER_CELLS - 1, NUMBER_CELLS - 1, dim, number);
	if (a->w >= MEDIUM) {
		end -= NOTE_CELLS;
		canvas_put_cut(c, y, end + 1, NOTE_CELLS - 1, dim, note_of(doc, i));
	}
	end -= SIZE_CELLS;
	if (!container)
		canvas_put_right(c, y, end + SIZE_CELLS, SIZE_CELLS - 1, dim, size_text(p->size, size, sizeof size));
	if (a->w >= WIDE && named) {
		end -= TYPE_CELLS;
		canvas_put_cut(c, y, end + 1, TYPE_CELLS - 2, dim, p->type);
	}
	canvas_put_cut(c, y, x, end - x, style, named ? p->filename : p->type);
}

static void draw(struct view *base, struct canvas *c, const struct area *a)
{
	struct parts_view *v = (struct parts_view *)base;
	const struct document *doc = document(v);
	int n = count(v);

	if (!doc) {
		canvas_put_cut(c, a->y, a->x + 1, a->w - 1, STYLE_NOTICE, _("The message is not here now"));
		return;
	}
	v->height = a->h;
	v->cursor = CLAMP(v->cursor, 0, MAX(n - 1, 0));
	v->top = CLAMP(v->top, MAX(v->cursor - a->h + 1, 0), v->cursor);
	for (int y = 0; y < a->h && v->top + y < n; y++)
		draw_part(doc, v->top + y, v->top + y == v->cursor, c, a->y + y, a);
}

static void title(struct view *base, GString *left, GString *right)
{
	struct parts_view *v = (struct parts_view *)base;
	const struct document *doc = document(v);
	const char *subject = doc ? document_header(doc, "Subject") : NULL;
	int n = count(v);

	g_string_append_printf(left, _("Parts of: %s"), subject && *subject ? subject : _("(no subject)"));
	g_string_append_printf(right, ngettext("%d part", "%d parts", (unsigned long)n), n);
}

/* --- keys ---------------------------------------------------------------- */

static int move(struct view *base, enum motion m, struct err *err)
{
	struct parts_view *v = (struct parts_view *)base;
	int n = count(v);

	(void)err;
	v->cursor = CLAMP(v->cursor + view_lines(m, v->height, n), 0, MAX(n - 1, 0));
	return 0;
}

/* Enter: texts are read here, all else is for programs. */
static int open_it(struct view *base, struct err *err)
{
	struct parts_view *v = (struct parts_view *)base;
	struct ui *ui = base->ui;
	const struct document *doc = document(v);
	const struct document_part *p;
	int part = v->cursor;

	if (!doc || part >= (int)doc->parts->len)
		return err_set(err, ERR_USAGE, _("The message is not here now"));
	p = doc->parts->pdata[part];
	if (!g_str_has_prefix(p->type, "text/") && !g_str_has_prefix(p->type, "message/"))
		return cmd_open_part(ui, part, err);
	if (p->missing)
		return err_set(err, ERR_USAGE, _("This text is still at the server: save or open it, then it is fetched"));
	if (reading_show(ui, DOCUMENT_PART, part, err) < 0)
		return err->code;
	view_pop(ui);
	return 0;
}

/* The row of the reader below. */
static const struct list_row *row(struct view *base)
{
	GPtrArray *views = base->ui->views;
	struct view *below = views->len > 1 ? views->pdata[views->len - 2] : NULL;

	return below && below->ops->row ? below->ops->row(below) : NULL;
}

static const char *const hints[] = { "close", "open", "save", "save-all", "open-part", "pipe", "next", NULL };

static const struct view_ops ops = {
	.name = "parts",
	.context = IN_PARTS,
	.size = sizeof(struct parts_view),
	.hints = hints,
	.move = move,
	.open = open_it,
	.row = row,
	.title = title,
	.draw = draw,
};

/* The first attachment is what people come for. */
void view_parts_open(struct ui *ui)
{
	struct parts_view *v = (struct parts_view *)view_push(ui, &ops);
	const struct document *doc;

	v->message = reading_message(ui);
	doc = document(v);
	for (guint i = 0; doc && i < doc->parts->len; i++)
		if (((const struct document_part *)doc->parts->pdata[i])->attachment) {
			v->cursor = (int)i;
			break;
		}
}

int view_parts_part(struct ui *ui)
{
	struct view *v = ui_view(ui);

	return v->ops == &ops && count((struct parts_view *)v) > 0 ? ((struct parts_view *)v)->cursor : -1;
}
