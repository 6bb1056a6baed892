/*
 * From bytes to nodes.  libxml2 calls back for each start, end and run of
 * characters; its names are interned, so an end finds its start by pointer.
 * What html_trim left goes through the parser once; nothing here looks back
 * further than the open elements, of which there are at most HTML_DEPTH_MAX.
 */
#include "mime/html_page.h"

#include <stdlib.h>
#include <string.h>

#include <libxml/HTMLparser.h>
#include <libxml/uri.h>

#include "base/i18n.h"
#include "mime/html.h"

static const struct element {
	const char *name;
	enum html_tag tag;
	unsigned flags;
	uint16_t one;
} elements[] = {
	{ "a", TAG_A, 0, 0 },
	{ "address", TAG_BLOCK, FLAG_BLOCK, 0 },
	{ "applet", TAG_DROP, 0, 1 },
	{ "area", TAG_AREA, 0, 0 },
	{ "article", TAG_BLOCK, FLAG_BLOCK, 0 },
	{ "aside", TAG_BLOCK, FLAG_BLOCK, 0 },
	{ "audio", TAG_DROP, 0, 1 },
	{ "b", TAG_INLINE, FLAG_STRONG, 0 },
	{ "blockquote", TAG_QUOTE, FLAG_PARA, 0 },
	{ "br", TAG_BR, 0, 0 },
	{ "button", TAG_INLINE, 0, 0 },
	{ "caption", TAG_CAPTION, FLAG_BLOCK, 0 },
	{ "center", TAG_BLOCK, FLAG_BLOCK, 0 },
	{ "cite", TAG_INLINE, FLAG_EMPHASIS, 0 },
	{ "code", TAG_INLINE, FLAG_CODE, 0 },
	{ "dd", TAG_DD, FLAG_BLOCK, 0 },
	{ "del", TAG_INLINE, FLAG_STRIKE, 0 },
	{ "details", TAG_BLOCK, FLAG_BLOCK, 0 },
	{ "dfn", TAG_INLINE, FLAG_EMPHASIS, 0 },
	{ "dialog", TAG_BLOCK, FLAG_BLOCK, 0 },
	{ "dir", TAG_UL, FLAG_BLOCK, 0 },
	{ "div", TAG_BLOCK, FLAG_BLOCK, 0 },
	{ "dl", TAG_BLOCK, FLAG_PARA, 0 },
	{ "dt", TAG_BLOCK, FLAG_BLOCK | FLAG_STRONG, 0 },
	{ "em", TAG_INLINE, FLAG_EMPHASIS, 0 },
	{ "embed", TAG_DROP, 0, 1 },
	{ "fieldset", TAG_BLOCK, FLAG_BLOCK, 0 },
	{ "figcaption", TAG_BLOCK, FLAG_BLOCK, 0 },
	{ "figure", TAG_BLOCK, FLAG_PARA, 0 },
	{ "font", TAG_INLINE, 0, 0 },
	{ "footer", TAG_BLOCK, FLAG_BLOCK, 0 },
	{ "form", TAG_BLOCK, FLAG_BLOCK, 0 },
	{ "frame", TAG_DROP, 0, 1 },
	{ "h1", TAG_HEADING, FLAG_PARA, 1 },
	{ "h2", TAG_HEADING, FLAG_PARA, 2 },
	{ "h3", TAG_HEADING, FLAG_PARA, 3 },
	{ "h4", TAG_HEADING, FLAG_PARA, 4 },
	{ "h5", TAG_HEADING, FLAG_PARA, 5 },
	{ "h6", TAG_HEADING, FLAG_PARA, 6 },
	{ "header", TAG_BLOCK, FLAG_BLOCK, 0 },
	{ "hgroup", TAG_BLOCK, FLAG_BLOCK, 0 },
	{ "hr", TAG_HR, 0, 0 },
	{ "i", TAG_INLINE, FLAG_EMPHASIS, 0 },
	{ "iframe", TAG_DROP, 0, 1 },
	{ "image", TAG_IMG, 0, 0 },
	{ "img", TAG_IMG, 0, 0 },
	{ "input", TAG_IMG, 0, 0 },
	{ "ins", TAG_INLINE, FLAG_UNDERLINE, 0 },
	{ "kbd", TAG_INLINE, FLAG_CODE, 0 },
	{ "legend", TAG_BLOCK, FLAG_BLOCK, 0 },
	{ "li", TAG_LI, FLAG_BLOCK, 0 },
	{ "main", TAG_BLOCK, FLAG_BLOCK, 0 },
	{ "marquee", TAG_BLOCK, FLAG_BLOCK, 0 },
	{ "menu", TAG_UL, FLAG_BLOCK, 0 },
	{ "nav", TAG_BLOCK, FLAG_BLOCK, 0 },
	{ "noembed", TAG_DROP, 0, 0 },
	{ "noframes", TAG_DROP, 0, 0 },
	{ "noscript", TAG_DROP, 0, 0 },
	{ "object", TAG_DROP, 0, 1 },
	{ "ol", TAG_OL, FLAG_BLOCK, 1 },
	{ "optgroup", TAG_BLOCK, FLAG_BLOCK, 0 },
	{ "option", TAG_BLOCK, FLAG_BLOCK, 0 },
	{ "p", TAG_BLOCK, FLAG_PARA, 0 },
	{ "pre", TAG_BLOCK, FLAG_PARA | FLAG_PRE, 0 },
	{ "q", TAG_Q, 0, 0 },
	{ "s", TAG_INLINE, FLAG_STRIKE, 0 },
	{ "samp", TAG_INLINE, FLAG_CODE, 0 },
	{ "script", TAG_DROP, 0, 0 },
	{ "section", TAG_BLOCK, FLAG_BLOCK, 0 },
	{ "strike", TAG_INLINE, FLAG_STRIKE, 0 },
	{ "strong", TAG_INLINE, FLAG_STRONG, 0 },
	{ "style", TAG_DROP, 0, 0 },
	{ "summary", TAG_BLOCK, FLAG_BLOCK, 0 },
	{ "sup", TAG_SUP, 0, 0 },
	{ "svg", TAG_DROP, 0, 0 },
	{ "table", TAG_TABLE, FLAG_BLOCK, 0 },
	{ "td", TAG_CELL, 0, 1 },
	{ "template", TAG_DROP, 0, 0 },
	{ "th", TAG_HEAD_CELL, 0, 1 },
	{ "title", TAG_DROP, 0, 0 },
	{ "tr", TAG_ROW, FLAG_BLOCK, 0 },
	{ "tt", TAG_INLINE, FLAG_CODE, 0 },
	{ "u", TAG_INLINE, FLAG_UNDERLINE, 0 },
	{ "ul", TAG_UL, FLAG_BLOCK, 0 },
	{ "var", TAG_INLINE, FLAG_EMPHASIS, 0 },
	{ "video", TAG_DROP, 0, 1 },
	{ "xml", TAG_DROP, 0, 0 },
};

enum { SIDE_MAX = 20000, SPAN_MAX = 1000, WORDS_MAX = 400, TINY = 3 };

static const uint32_t NO_NODE = UINT32_MAX;

struct open {
	const xmlChar *name;
	uint32_t node;        /* NO_NODE if it left none */
	uint16_t tag;
	bool drop, hidden;
	bool kept;            /* a link around a table, which ends with that */
	bool small, blind;    /* of the reader when this was opened */
	int blocks;           /* of a cell: blocks begun in it */
	size_t letters;       /* of the reader when this was opened, and so on: */
	int row, cell, columns;
};

struct reader {
	struct html_page *page;
	htmlParserCtxtPtr parser;
	struct open stack[HTML_DEPTH_MAX + 1];
	int depth, dropping, hidden;
	long deep_at;         /* -1, or where the elements were nested too deep */
	bool joins;           /* the next characters belong to the last node */
	bool small, blind;    /* what is written here has no size, or the colour of its ground */
	size_t letters;       /* characters so far, without blanks and what is hidden */
	int row, cell;        /* open ones in the stack, -1 = none */
	int columns;          /* of the row so far */
	GArray *tables;       /* stack of int: indices of open tables */
};

static const struct element *element_find(const char *name)
{
	size_t low = 0, high = G_N_ELEMENTS(elements);

	while (low < high) {
		size_t mid = (low + high) / 2;
		int c = strcmp(name, elements[mid].name);

		if (c == 0)
			return &elements[mid];
		if (c < 0)
			high = mid;
		else
			low = mid + 1;
	}
	return NULL;
}

/* --- attributes ---------------------------------------------------------------- */

/* Those that are looked at; the first of a name counts, as in every browser. */
struct attributes {
	const char *style, *class, *href, *src, *alt, *width, *height, *colspan, *rowspan, *role,
		*border, *align, *background, *start, *value, *type, *title, *srcset, *data, *color,
		*bgcolor;
	bool hidden;
};

static void attributes_read(struct attributes *a, const xmlChar **attrs)
{
	const struct {
		const char *name;
		const char **to;
	} known[] = { { "align", &a->align }, { "alt", &a->alt }, { "background", &a->background },
		{ "bgcolor", &a->bgcolor }, { "border", &a->border }, { "class", &a->class },
		{ "color", &a->color }, { "colspan", &a->colspan }, { "data", &a->data },
		{ "height", &a->height }, { "href", &a->href }, { "role", &a->role },
		{ "rowspan", &a->rowspan }, { "src", &a->src }, { "srcset", &a->srcset },
		{ "start", &a->start }, { "style", &a->style }, { "title", &a->title },
		{ "type", &a->type }, { "value", &a->value }, { "width", &a->width } };

	for (; attrs && attrs[0]; attrs += 2) {
		const char *name = (const char *)attrs[0];

		if (strcmp(name, "hidden") == 0)
			a->hidden = true;
		for (size_t i = 0; i < G_N_ELEMENTS(known); i++) {
			if (known[i].name[0] != name[0] || strcmp(known[i].name, name) != 0)
				continue;
			if (!*known[i].to)
				*known[i].to = attrs[1] ? (const char *)attrs[1] : "";
			break;
		}
	}
}

/* A number of pixels, cells or items; what is no number, or negative, is 0. */
static uint16_t number(const char *s, int max)
{
	char *end;
	long n = s ? strtol(s, &end, 10) : 0;

	return !s || *end == '%' || n < 0 ? 0 : (uint16_t)MIN(n, max);
}

static bool has_class(const struct attributes *a, const char *start)
{
	return a->class && g_str_has_prefix(a->class, start);
}

/* --- nodes ----------------------------------------------------------------------- */

static struct html_node *add_node(struct reader *r, enum html_tag tag)
{
	struct html_node n = { .tag = (uint16_t)tag, .at = (uint32_t)r->page->pool->len,
		.end = r->page->nodes->len + 1 };

	r->joins = false;
	if (r->page->nodes->len >= HTML_NODES_MAX) {
		r->page->cut = true;
		xmlStopParser(r->parser);
	}
	g_array_append_val(r->page->nodes, n);
	return html_node(r->page, r->page->nodes->len - 1);
}

static void set_text(struct reader *r, struct html_node *n, const char *s)
{
	n->at = (uint32_t)r->page->pool->len;
	n->len = (uint32_t)strlen(s);
	g_string_append_len(r->page->pool, s, n->len);
}

static struct html_table *table(struct reader *r)
{
	int last = r->tables->len ? g_array_index(r->tables, int, r->tables->len - 1) : -1;

	return last < 0 ? NULL : &g_array_index(r->page->tables, struct html_table, last);
}

/*
 * Appends s.  U+0080 to U+009F are the letters that Windows had there, in every browser (the
 * HTML standard, 13.2.5.80).
 */
static void append_text(GString *out, const char *s, size_t len)
{
	static const uint16_t windows[32] = { 0x20AC, 0x81, 0x201A, 0x192, 0x201E, 0x2026, 0x2020,
		0x2021, 0x2C6, 0x2030, 0x160, 0x2039, 0x152, 0x8D, 0x17D, 0x8F, 0x90, 0x2018,
		0x2019, 0x201C, 0x201D, 0x2022, 0x2013, 0x2014, 0x2DC, 0x2122, 0x161, 0x203A,
		0x153, 0x9D, 0x17E, 0x178 };
	const char *end = s + len, *p = s;

	while ((p = memchr(p, 0xC2, (size_t)(end - p))) && end - p >= 2) {
		unsigned char c = (unsigned char)p[1];

		if (c < 0xA0 && windows[c - 0x80] > 0xFF) {
			g_string_append_len(out, s, p - s);
			g_string_append_unichar(out, windows[c - 0x80]);
			s = p + 2;
		}
		p += 2;
	}
	g_string_append_len(out, s, end - s);
}

static void characters(void *ctx, const xmlChar *s, int len)
{
	struct reader *r = ctx;
	struct html_node *n;
	size_t at = r->page->pool->len;
	bool unseen = r->small || r->blind, said = false;

	if (r->dropping || len <= 0)
		return;
	if (!r->joins)
		add_node(r, TAG_TEXT);
	append_text(r->page->pool, (const char *)s, (size_t)len);
	n = html_node(r->page, r->page->nodes->len - 1);
	n->len += (uint32_t)(r->page->pool->len - at);
	r->joins = true;
	for (int i = 0; i < len && unseen && !said; i++)
		said = s[i] > ' ';
	if (said)
		n->flags |= FLAG_HIDDEN;
	if (r->hidden || unseen)
		return;
	for (int i = 0; i < len; i++)
		r->letters += s[i] > ' ' && s[i] != 0xC2 && s[i] != 0xA0;
}

/* --- what single elements want ------------------------------------------------------- */

/* Words of an attribute, not too many of them (g_free). */
static char *shortened(const char *s)
{
	char shown[WORDS_MAX];

	g_strlcpy(shown, s ? s : "", sizeof shown);
	return g_utf8_make_valid(shown, -1);
}

/* A spacer, or what counts who opened the mail. */
static bool is_tiny(const char *side)
{
	return side && g_ascii_isdigit(*side) && !strchr(side, '%') && number(side, SIDE_MAX) <= TINY;
}

/* A picture that came with the mail, and of which nothing is told. */
static bool is_enclosed(const struct attributes *a)
{
	return a->src && g_ascii_strncasecmp(a->src, "cid:", 4) == 0 && !a->width && !a->height;
}

static void image(struct reader *r, struct html_node *n, const char *name,
	const struct attributes *a)
{
	bool input = strcmp(name, "input") == 0;
	bool button = input && a->type &&
		      (strcmp(a->type, "submit") == 0 || strcmp(a->type, "button") == 0);
	const char *alt = a->alt && *a->alt ? a->alt : a->title;
	g_autofree char *words = shortened(input ? (button ? a->value : NULL) : alt);

	n->one = number(a->width, SIDE_MAX);
	n->two = number(a->height, SIDE_MAX);
	if (is_tiny(a->width) || is_tiny(a->height) || (input && !button))
		n->flags |= FLAG_HIDDEN;
	if (!alt && !a->alt && !input)
		n->flags |= FLAG_MUTE;
	set_text(r, n, n->flags & FLAG_MUTE && is_enclosed(a) ? _("image") : words);
	if (table(r) && !(n->flags & FLAG_HIDDEN))
		table(r)->images++;
}

static void link_to(struct reader *r, struct html_node *n, const struct attributes *a)
{
	g_autofree char *words = NULL;

	n->one = a->href != NULL;
	set_text(r, n, a->href ? a->href : "");
	if (n->tag != TAG_AREA)
		return;
	words = shortened(a->alt && *a->alt ? a->alt : a->title);
	n->two = (uint16_t)strlen(words);
	g_string_append(r->page->pool, words);
}

static void begin_table(struct reader *r, struct html_node *n, const struct attributes *a)
{
	struct html_table t = { .border = number(a->border, 9) > 0 };
	int index = (int)r->page->tables->len;

	t.placing = a->role && (strcmp(a->role, "presentation") == 0 || strcmp(a->role, "none") == 0);
	if (table(r))
		table(r)->nested = true;
	if (r->cell >= 0)
		r->stack[r->cell].blocks += 2;
	r->row = r->cell = -1;
	r->columns = 0;
	n->at = (uint32_t)index;
	g_array_append_val(r->page->tables, t);
	g_array_append_val(r->tables, index);
}

static void begin_cell(struct reader *r, struct html_node *n, const struct attributes *a)
{
	n->one = MAX(number(a->colspan, SPAN_MAX), 1);
	n->two = MAX(number(a->rowspan, SPAN_MAX), 1);
	if (a->align && g_ascii_strcasecmp(a->align, "right") == 0)
		n->flags |= FLAG_RIGHT;
	if (!table(r))
		return;
	r->cell = r->depth - 1;
	r->columns += n->one;
	table(r)->cells++;
	table(r)->heads += n->tag == TAG_HEAD_CELL;
}

/* The font of Word has its own blanks in front of an item; of the mark in them a bullet is made. */
static void word_list(struct html_node *n, uint16_t level)
{
	if (level == HTML_LEVEL_MARK && n->tag == TAG_INLINE)
		n->tag = TAG_WORD_BULLET;
	else if (level > 0 && level < HTML_LEVEL_MARK && n->tag == TAG_BLOCK) {
		n->tag = TAG_WORD_LI;
		n->one = level;
		n->flags = (uint16_t)((n->flags & ~(unsigned)FLAG_PARA) | FLAG_BLOCK);
	}
}

/* What an element says of the size and colour of the letters in it. */
static void dim(struct reader *r, unsigned flags, const struct attributes *a)
{
	bool small = r->small, blind = r->blind;

	if (flags & (FLAG_SMALL | FLAG_SIZED))
		r->small = (flags & FLAG_SMALL) != 0;
	if (a->color && a->bgcolor && g_ascii_strcasecmp(a->color, a->bgcolor) == 0)
		r->blind = true;
	else if (flags & (FLAG_BLIND | FLAG_COLOURED) || a->color)
		r->blind = (flags & FLAG_BLIND) != 0;
	if (small != r->small || blind != r->blind)
		r->joins = false;
}

static void shape(struct reader *r, struct html_node *n, const char *name, const struct attributes *a)
{
	uint16_t level = 0;
	unsigned flags = n->flags;

	flags |= a->hidden ? FLAG_HIDDEN : 0u;
	if (a->class && !(a->style && strstr(a->style, "display")) &&
		html_sheet_hides(r->page->hidden, a->class))
		flags |= FLAG_HIDDEN;
	if (a->style)
		flags |= html_style(a->style, &level, &r->page->blocked);
	dim(r, flags, a);
	if (flags & FLAG_LINED && table(r) && (n->tag == TAG_CELL || n->tag == TAG_HEAD_CELL))
		table(r)->border = true;
	if (flags & FLAG_TIGHT || (r->page->word && *name == 'p' && has_class(a, "Mso")))
		flags = (flags & ~(unsigned)FLAG_PARA) | (flags & FLAG_PARA ? FLAG_BLOCK : 0u);
	if (flags & FLAG_INLINE && (n->tag == TAG_BLOCK || n->tag == TAG_INLINE))
		flags &= ~(unsigned)(FLAG_BLOCK | FLAG_PARA);
	if (flags & FLAG_QUOTED && n->tag == TAG_BLOCK)
		n->tag = TAG_QUOTE;
	if (flags & FLAG_QUOTED && n->tag != TAG_QUOTE)
		flags &= ~(unsigned)FLAG_QUOTED;
	n->flags = (uint16_t)flags;
	word_list(n, level);
}

static void count_loads(struct reader *r, const char *name, const struct attributes *a)
{
	int n = 0;

	if (*name != 'a' || strcmp(name, "audio") == 0)
		n += a->src && html_is_remote(a->src);
	n += !a->src && a->srcset && html_is_remote(a->srcset);
	n += a->background && html_is_remote(a->background);
	n += a->data && strcmp(name, "object") == 0 && html_is_remote(a->data);
	n += a->href && html_is_remote(a->href) &&
	     (strcmp(name, "link") == 0 || strcmp(name, "image") == 0 || strcmp(name, "use") == 0);
	r->page->blocked += n;
}

static void take_base(struct reader *r, const struct attributes *a)
{
	if (!r->page->base && a->href && html_is_remote(a->href) && strlen(a->href) <= HTML_LINK_MAX)
		r->page->base = g_strdup(a->href);
}

static void begin_numbers(struct html_node *n, const struct attributes *a)
{
	if (a->start)
		n->one = number(a->start, UINT16_MAX);
	if (a->type && strlen(a->type) == 1 && strchr("aAiI", *a->type))
		n->two = (uint16_t)*a->type;
}

/* --- the parser's calls ------------------------------------------------------------------ */

static struct html_node *make_node(struct reader *r, const struct element *e, const char *name,
	const struct attributes *a)
{
	struct html_node look = { .tag = (uint16_t)(e ? e->tag : TAG_INLINE),
		.flags = (uint16_t)(e ? e->flags : 0u), .one = e ? e->one : 0 };
	struct html_node *n;

	shape(r, &look, name, a);
	if (!table(r) && (look.tag == TAG_ROW || look.tag == TAG_CELL || look.tag == TAG_HEAD_CELL))
		look = (struct html_node){ .tag = TAG_INLINE };
	if (look.tag == TAG_INLINE && look.flags == 0)
		return NULL;
	n = add_node(r, look.tag);
	n->flags = look.flags;
	n->one = look.one;
	if (n->tag == TAG_IMG)
		image(r, n, name, a);
	else if (n->tag == TAG_A || n->tag == TAG_AREA)
		link_to(r, n, a);
	else if (n->tag == TAG_TABLE)
		begin_table(r, n, a);
	else if (n->tag == TAG_CELL || n->tag == TAG_HEAD_CELL)
		begin_cell(r, n, a);
	else if (n->tag == TAG_OL)
		begin_numbers(n, a);
	else if (n->tag == TAG_LI)
		n->one = number(a->value, UINT16_MAX);
	return n;
}

/* What its cell and its table learn of a node that was made. */
static void tell_table(struct reader *r, const struct html_node *n)
{
	if (!table(r))
		return;
	if (n->tag == TAG_ROW) {
		r->row = r->depth - 1;
		r->columns = 0;
	} else if (n->tag == TAG_HEADING || n->tag == TAG_HR) {
		table(r)->nested = true;
	}
	if (r->cell >= 0 && n->flags & (FLAG_BLOCK | FLAG_PARA) && n->tag != TAG_TABLE)
		r->stack[r->cell].blocks++;
}

/* The paragraph that the parser makes around text that stands in no element. */
static bool is_implied(const struct reader *r, const char *name, const xmlChar **attrs)
{
	const xmlChar *at = r->parser->input->cur;

	return strcmp(name, "p") == 0 && !attrs && *at != '>' && *at != '/';
}

static void start_element(void *ctx, const xmlChar *xname, const xmlChar **attrs)
{
	struct reader *r = ctx;
	const char *name = (const char *)xname;
	const struct element *e = is_implied(r, name, attrs) ? NULL : element_find(name);
	struct attributes a = { 0 };
	struct html_node *n;
	struct open *o;

	if (r->depth > HTML_DEPTH_MAX - 1 || r->parser->nameNr > HTML_DEPTH_MAX) {
		r->deep_at = xmlByteConsumed(r->parser);
		xmlStopParser(r->parser);
		return;
	}
	if (attrs)
		attributes_read(&a, attrs);
	count_loads(r, name, &a);
	o = &r->stack[r->depth++];
	*o = (struct open){ .name = xname, .node = NO_NODE, .letters = r->letters, .row = r->row,
		.cell = r->cell, .columns = r->columns, .drop = e && e->tag == TAG_DROP,
		.small = r->small, .blind = r->blind };
	r->dropping += o->drop;
	if (strcmp(name, "base") == 0)
		take_base(r, &a);
	if (r->dropping)
		return;
	n = make_node(r, e, name, &a);
	if (!n)
		return;
	o->node = r->page->nodes->len - 1;
	o->tag = n->tag;
	o->hidden = (n->flags & FLAG_HIDDEN) != 0 && n->tag != TAG_IMG;
	r->hidden += o->hidden;
	tell_table(r, n);
}

static void end_cell(struct reader *r, const struct open *o)
{
	struct html_table *t = table(r);
	size_t letters = r->letters - o->letters;

	if (!t)
		return;
	t->longest = MAX(t->longest, letters);
	t->letters += letters;
	t->bulky += o->blocks > 1;
	if (r->row >= 0 && r->stack[r->row].node != NO_NODE) {
		struct html_node *row = html_node(r->page, r->stack[r->row].node);

		row->len += (uint32_t)letters;
		row->one = row->one || o->blocks > 1;
	}
}

static void end_row(struct reader *r)
{
	struct html_table *t = table(r);

	if (!t || r->columns == 0)
		return;
	t->rows++;
	if (r->columns > t->columns) {
		t->columns = r->columns;
		t->full = 0;
	}
	t->full += r->columns == t->columns;
	r->columns = 0;
}

static void end_top(struct reader *r)
{
	struct open *o = &r->stack[--r->depth];

	r->dropping -= o->drop;
	r->hidden -= o->hidden;
	if (r->small != o->small || r->blind != o->blind)
		r->joins = false;
	r->small = o->small;
	r->blind = o->blind;
	if (o->node == NO_NODE)
		return;
	r->joins = false;
	html_node(r->page, o->node)->end = r->page->nodes->len;
	if (o->tag == TAG_CELL || o->tag == TAG_HEAD_CELL) {
		end_cell(r, o);
		r->cell = o->cell;
	} else if (o->tag == TAG_ROW) {
		end_row(r);
		r->row = o->row;
	} else if (o->tag == TAG_TABLE) {
		end_row(r);
		g_array_set_size(r->tables, r->tables->len - 1);
		r->row = o->row;
		r->cell = o->cell;
		r->columns = o->columns;
	}
}

/* Whether the parser, which is behind the name of a tag, ends a link because a table begins. */
static bool is_before_table(const struct reader *r, const char *name)
{
	const xmlParserInput *in = r->parser->input;

	return strcmp(name, "a") == 0 && in->cur - in->base > 6 && in->cur[-6] == '<' &&
	       g_ascii_strncasecmp((const char *)in->cur - 5, "table", 5) == 0;
}

static void end_element(void *ctx, const xmlChar *name)
{
	struct reader *r = ctx;
	int i = r->depth - 1;

	while (i >= 0 && r->stack[i].name != name)
		i--;
	if (i >= 0 && i == r->depth - 1 && is_before_table(r, (const char *)name)) {
		r->stack[i].kept = true; /* a button is often a table in a link */
		return;
	}
	while (i >= 0 && r->depth > i)
		end_top(r);
	if (i > 0 && r->stack[i - 1].kept && strcmp((const char *)name, "table") == 0)
		end_top(r);
}

static void silent(void *ctx, const char *msg, ...)
{
	(void)ctx;
	(void)msg;
}

void html_init(void)
{
	xmlInitParser();
}

/* Reads html up to the end, or to the element that is nested too deep; returns the bytes read. */
static size_t parse(struct reader *r, const char *html, size_t len)
{
	htmlSAXHandler sax = { .startElement = start_element,
		.endElement = end_element,
		.characters = characters,
		.ignorableWhitespace = characters,
		.cdataBlock = NULL }; /* scripts and styles */
	size_t read = len;

	r->parser = htmlCreatePushParserCtxt(&sax, r, NULL, 0, NULL, XML_CHAR_ENCODING_UTF8);
	if (!r->parser)
		return len;
	htmlCtxtUseOptions(r->parser, HTML_PARSE_NONET | HTML_PARSE_RECOVER | HTML_PARSE_NOERROR |
					      HTML_PARSE_NOWARNING | HTML_PARSE_IGNORE_ENC);
	r->deep_at = -1;
	htmlParseChunk(r->parser, html, (int)len, 0);
	htmlParseChunk(r->parser, html, 0, 1);
	if (r->deep_at >= 0) {
		const char *end = memchr(html + r->deep_at, '>', len - (size_t)r->deep_at);

		read = end ? (size_t)(end + 1 - html) : len;
	}
	if (r->parser->myDoc)
		xmlFreeDoc(r->parser->myDoc);
	htmlFreeParserCtxt(r->parser);
	while (r->depth > 0)
		end_top(r);
	return read;
}

/*
 * Elements that are never closed pile up, and with them what an end costs.  At the limit all of
 * them end, and a new parser reads on, so that no text is lost.
 */
void html_page_read(struct html_page *p, const char *html, size_t len,
	const struct html_styles *styles)
{
	g_autofree struct reader *r = g_new0(struct reader, 1);
	size_t at = 0;

	*p = (struct html_page){ .nodes = g_array_new(FALSE, FALSE, sizeof(struct html_node)),
		.tables = g_array_new(FALSE, FALSE, sizeof(struct html_table)),
		.pool = g_string_sized_new(len + 1), .word = styles->word,
		.blocked = styles->loads, .hidden = styles->hidden };
	r->page = p;
	r->row = r->cell = -1;
	r->tables = g_array_new(FALSE, FALSE, sizeof(int));
	xmlSetGenericErrorFunc(NULL, silent);
	while (at < len && p->nodes->len < HTML_NODES_MAX)
		at += parse(r, html + at, len - at);
	g_array_unref(r->tables);
}

void html_page_clear(struct html_page *p)
{
	g_array_unref(p->nodes);
	g_array_unref(p->tables);
	g_string_free(p->pool, TRUE);
	g_free(p->base);
}
