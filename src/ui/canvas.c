#include "ui/canvas.h"

#include <string.h>

#include "base/text.h"

enum { ELLIPSIS = 0x2026 };

static const struct cell blank = { .c = ' ', .width = 1 };

struct canvas *canvas_new(int height, int width)
{
	struct canvas *c = g_new0(struct canvas, 1);

	c->marks = g_array_new(FALSE, FALSE, sizeof(uint32_t));
	c->links = g_ptr_array_new_with_free_func(g_free);
	canvas_resize(c, height, width);
	return c;
}

void canvas_free(struct canvas **c)
{
	if (!*c)
		return;
	g_free((*c)->cells);
	g_array_unref((*c)->marks);
	g_ptr_array_unref((*c)->links);
	g_free(*c);
	*c = NULL;
}

void canvas_resize(struct canvas *c, int height, int width)
{
	g_free(c->cells);
	c->height = MAX(height, 1);
	c->width = MAX(width, 1);
	c->cells = g_new(struct cell, (size_t)c->height * (size_t)c->width);
	canvas_clear(c);
}

void canvas_clear(struct canvas *c)
{
	int n = c->height * c->width;

	for (int i = 0; i < n; i++)
		c->cells[i] = blank;
	g_array_set_size(c->marks, 0);
	g_ptr_array_set_size(c->links, 0);
	c->cursor_y = c->cursor_x = -1;
	c->written_top = 0;
	c->written_end = c->height;
}

void canvas_settle(struct canvas *c)
{
	c->written_top = c->height;
	c->written_end = 0;
}

/* Cells that stand for themselves: equal bytes are equal cells. */
static bool is_plain(const struct canvas *c)
{
	return c->marks->len == 0 && c->links->len == 0;
}

static void copy_links(struct canvas *to, const struct canvas *from)
{
	g_ptr_array_set_size(to->links, 0);
	for (guint i = 0; i < from->links->len; i++)
		g_ptr_array_add(to->links, g_strdup(from->links->pdata[i]));
}

void canvas_copy(struct canvas *to, const struct canvas *from)
{
	bool all = to->height != from->height || to->width != from->width || !is_plain(to) ||
		   !is_plain(from);
	int top = all ? 0 : from->written_top, end = all ? from->height : from->written_end;
	size_t row = (size_t)from->width * sizeof *to->cells;

	if (to->height != from->height || to->width != from->width)
		canvas_resize(to, from->height, from->width);
	if (top < end)
		memcpy(to->cells + top * from->width, from->cells + top * from->width,
			(size_t)(end - top) * row);
	g_array_set_size(to->marks, 0);
	g_array_append_vals(to->marks, from->marks->data, from->marks->len);
	copy_links(to, from);
	to->cursor_y = from->cursor_y;
	to->cursor_x = from->cursor_x;
}

static struct cell *at(const struct canvas *c, int y, int x)
{
	return &c->cells[y * c->width + x];
}

static const uint32_t *marks_of(const struct canvas *c, const struct cell *cell)
{
	return &g_array_index(c->marks, uint32_t, cell->marks);
}

bool canvas_same_glyph(const struct canvas *a, const struct canvas *b, int y, int x)
{
	const struct cell *p = at(a, y, x), *q = at(b, y, x);

	if (p->c != q->c || p->width != q->width || p->n_marks != q->n_marks)
		return false;
	return p->n_marks == 0 ||
	       memcmp(marks_of(a, p), marks_of(b, q), p->n_marks * sizeof(uint32_t)) == 0;
}

bool canvas_same_cell(const struct canvas *a, const struct canvas *b, int y, int x)
{
	const struct cell *p = at(a, y, x), *q = at(b, y, x);

	return p->style == q->style && p->attrs == q->attrs && canvas_same_glyph(a, b, y, x) &&
	       g_strcmp0(canvas_target(a, y, x), canvas_target(b, y, x)) == 0;
}

bool canvas_same_row(const struct canvas *a, const struct canvas *b, int y)
{
	if (is_plain(a) && is_plain(b))
		return memcmp(at(a, y, 0), at(b, y, 0), (size_t)a->width * sizeof(struct cell)) == 0;
	for (int x = 0; x < a->width; x++)
		if (!canvas_same_cell(a, b, y, x))
			return false;
	return true;
}

/* Before the cells [x, x + n) change: no half of a wide character may stay behind. */
static void split_wide(struct canvas *c, int y, int x, int n)
{
	if (at(c, y, x)->width == 0) {
		struct cell *left = at(c, y, x - 1);

		*left = (struct cell){ .c = ' ', .width = 1, .style = left->style };
	}
	if (x + n < c->width && at(c, y, x + n)->width == 0) {
		struct cell *right = at(c, y, x + n);

		*right = (struct cell){ .c = ' ', .width = 1, .style = right->style };
	}
}

static void written(struct canvas *c, int y)
{
	c->written_top = MIN(c->written_top, y);
	c->written_end = MAX(c->written_end, y + 1);
}

static void set_cell(struct canvas *c, int y, int x, uint32_t ch, int width, enum style style)
{
	written(c, y);
	split_wide(c, y, x, width);
	*at(c, y, x) = (struct cell){ .c = ch, .width = (uint8_t)width, .style = (uint8_t)style };
	if (width == 2)
		*at(c, y, x + 1) = (struct cell){ .c = ' ', .width = 0, .style = (uint8_t)style };
}

static void add_mark(struct canvas *c, int y, int x, uint32_t mark)
{
	struct cell *cell;

	if (x > 0 && at(c, y, x)->width == 0)
		x--;
	cell = at(c, y, x);
	if (cell->n_marks >= TEXT_MARKS_MAX)
		return;
	if (cell->n_marks == 0)
		cell->marks = c->marks->len;
	cell->n_marks++;
	g_array_append_val(c->marks, mark);
}

/* Brings a range into the canvas; false if nothing of it shows. */
static bool clip(const struct canvas *c, int y, int x, int *n)
{
	if (y < 0 || y >= c->height || x < 0 || x >= c->width)
		return false;
	*n = MIN(*n, c->width - x);
	return *n > 0;
}

/* *more = there was no room for all of it. */
static int put(struct canvas *c, int y, int x, int max, enum style style, const char *text,
	ssize_t len, bool *more)
{
	struct text_iter it;
	int used = 0, width;
	uint32_t ch;

	text_iter_init(&it, text, len);
	while ((ch = text_next(&it, &width))) {
		if (width == 0) {
			if (used > 0)
				add_mark(c, y, x + used - 1, ch);
			continue;
		}
		if (used + width > max)
			break;
		set_cell(c, y, x + used, ch, width, style);
		used += width;
	}
	*more = ch != 0;
	return used;
}

int canvas_put_len(struct canvas *c, int y, int x, int max, enum style style, const char *text,
	ssize_t len)
{
	bool more;
	int used;

	if (!clip(c, y, x, &max))
		return 0;
	used = put(c, y, x, max, style, text, len, &more);
	if (more && used < max) /* half of a wide character would have fitted */
		set_cell(c, y, x + used++, ' ', 1, style);
	return used;
}

int canvas_put(struct canvas *c, int y, int x, int max, enum style style, const char *text)
{
	return canvas_put_len(c, y, x, max, style, text, -1);
}

/* True if the text takes at most max cells; looks no further than it must. */
static bool fits(const char *text, int max)
{
	struct text_iter it;
	int width, used = 0;

	text_iter_init(&it, text, -1);
	while (used <= max && text_next(&it, &width))
		used += width;
	return used <= max;
}

int canvas_put_cut(struct canvas *c, int y, int x, int max, enum style style, const char *text)
{
	bool more;
	int used;

	if (!clip(c, y, x, &max))
		return 0;
	if (fits(text, max))
		return canvas_put(c, y, x, max, style, text);
	used = put(c, y, x, max - 1, style, text, -1, &more);
	set_cell(c, y, x + used, ELLIPSIS, 1, style);
	return used + 1;
}

int canvas_put_right(struct canvas *c, int y, int end, int max, enum style style, const char *text)
{
	int width = MIN(text_width(text), max);

	canvas_put_cut(c, y, end - width, width, style, text);
	return end - width;
}

void canvas_fill(struct canvas *c, int y, int x, int n, enum style style)
{
	if (!clip(c, y, x, &n))
		return;
	for (int i = 0; i < n; i++)
		set_cell(c, y, x + i, ' ', 1, style);
}

void canvas_fill_area(struct canvas *c, const struct area *a, enum style style)
{
	for (int y = 0; y < a->h; y++)
		canvas_fill(c, a->y + y, a->x, a->w, style);
}

void canvas_style(struct canvas *c, int y, int x, int n, enum style style)
{
	if (!clip(c, y, x, &n))
		return;
	written(c, y);
	for (int i = 0; i < n; i++)
		at(c, y, x + i)->style = (uint8_t)style;
}

void canvas_attrs(struct canvas *c, int y, int x, int n, unsigned attrs)
{
	if (!clip(c, y, x, &n))
		return;
	written(c, y);
	for (int i = 0; i < n; i++)
		at(c, y, x + i)->attrs |= (uint8_t)attrs;
}

void canvas_link(struct canvas *c, int y, int x, int n, const char *target)
{
	const char *last = c->links->len ? c->links->pdata[c->links->len - 1] : NULL;

	if (!clip(c, y, x, &n) || c->links->len >= CANVAS_LINKS_MAX)
		return;
	if (g_strcmp0(last, target) != 0)
		g_ptr_array_add(c->links, g_strdup(target));
	for (int i = 0; i < n; i++)
		at(c, y, x + i)->link = (uint16_t)c->links->len;
}

const char *canvas_target(const struct canvas *c, int y, int x)
{
	unsigned link = at(c, y, x)->link;

	return link > 0 && link <= c->links->len ? c->links->pdata[link - 1] : NULL;
}

void canvas_box(struct canvas *c, const struct area *a, enum style style)
{
	int right = a->x + a->w - 1, bottom = a->y + a->h - 1;

	for (int x = a->x + 1; x < right; x++) {
		canvas_put(c, a->y, x, 1, style, "─");
		canvas_put(c, bottom, x, 1, style, "─");
	}
	for (int y = a->y + 1; y < bottom; y++) {
		canvas_put(c, y, a->x, 1, style, "│");
		canvas_put(c, y, right, 1, style, "│");
	}
	canvas_put(c, a->y, a->x, 1, style, "┌");
	canvas_put(c, a->y, right, 1, style, "┐");
	canvas_put(c, bottom, a->x, 1, style, "└");
	canvas_put(c, bottom, right, 1, style, "┘");
}

static void dump_cell(const struct canvas *c, const struct cell *cell, GString *out)
{
	if (cell->width == 0)
		return;
	g_string_append_unichar(out, cell->c);
	for (unsigned i = 0; i < cell->n_marks; i++)
		g_string_append_unichar(out, marks_of(c, cell)[i]);
}

static void trim(GString *out, char what)
{
	while (out->len > 0 && out->str[out->len - 1] == what)
		g_string_truncate(out, out->len - 1);
}

static char style_letter(unsigned style)
{
	return (char)(style == 0 ? '.' : style <= 26 ? 'a' + (int)style - 1 : 'A' + (int)style - 27);
}

static void dump_styles(const struct canvas *c, int y, GString *out)
{
	size_t before = out->len;

	g_string_append_c(out, '~');
	for (int x = 0; x < c->width; x++)
		g_string_append_c(out, style_letter(at(c, y, x)->style));
	trim(out, '.');
	if (out->len == before + 1)
		g_string_truncate(out, before);
	else
		g_string_append_c(out, '\n');
}

static char attrs_letter(unsigned attrs)
{
	static const char letters[] = "bdruis";

	if (attrs == 0)
		return '.';
	for (unsigned i = 0; i < sizeof letters - 1; i++)
		if (attrs == 1u << i)
			return letters[i];
	return '+';
}

static void dump_attrs(const struct canvas *c, int y, GString *out)
{
	size_t before = out->len;

	g_string_append_c(out, '^');
	for (int x = 0; x < c->width; x++)
		g_string_append_c(out, attrs_letter(at(c, y, x)->attrs));
	trim(out, '.');
	if (out->len == before + 1)
		g_string_truncate(out, before);
	else
		g_string_append_c(out, '\n');
}

char *canvas_dump(const struct canvas *c, bool styles)
{
	GString *out = g_string_sized_new((size_t)(c->height * (c->width + 1)));

	for (int y = 0; y < c->height; y++) {
		for (int x = 0; x < c->width; x++)
			dump_cell(c, at(c, y, x), out);
		trim(out, ' ');
		g_string_append_c(out, '\n');
		if (styles) {
			dump_styles(c, y, out);
			dump_attrs(c, y, out);
		}
	}
	return g_string_free(out, FALSE);
}
