#include "mime/html_flow.h"

#include <string.h>

#include "base/i18n.h"
#include "base/text.h"
#include "mime/document.h"
#include "mime/html.h"

enum {
	RULE_CELLS = 20,
	SIGHT_MIN = 32,      /* pixels: the size of a smaller image is not told */
	PICTURE_MIN = 100,   /* pixels: an image without words that is this large is no ornament */
	DIGITS_MAX = 6,
	ROMAN_MAX = 100,     /* from there on by numbers */
	SIGN_MAX = 40,       /* bytes of an emoji of several characters */
};

/* An element whose end is still to come, and what it found. */
struct level {
	size_t node;
	int quotes, indent, heading;
	bool pre, pre_line, flat;
	bool ordered;        /* of a list */
	uint32_t next;
	int digits;
	char counts;         /* 'a', 'A', 'i', 'I', else by numbers */
	size_t words_at;     /* out->len before its words: of a link, of a cell */
	char *target;
};

struct walk {
	struct html_flow *f;
	struct html_pen *w;
	const struct html_page *page;
	struct level stack[HTML_DEPTH_MAX + 2];
	int depth;
	bool pre;            /* blanks count */
	bool fresh;          /* a line end at the very beginning of a <pre> does not */
	bool flat;           /* in a row whose cells stand side by side */
	bool picture;        /* the link holds an image without words */
};

int html_flow_room(const struct html_pen *w, int cells)
{
	return MAX(cells - 2 * w->quotes - w->line.indent, 1);
}

static int words_room(const struct walk *k)
{
	return html_flow_room(k->w, k->f->text_width);
}

static const char *string_of(const struct walk *k, const struct html_node *n)
{
	return k->page->pool->str + n->at;
}

/* --- lists ---------------------------------------------------------------------------- */

static void indent(struct walk *k, int cells)
{
	k->w->line.indent = MIN(k->w->line.indent + cells, HTML_INDENT_MAX);
}

static void bullet(struct walk *k, const char *mark)
{
	int cells = text_width(mark);

	indent(k, cells);
	pen_bullet(k->w, mark, cells);
}

/* How many digits the numbers of the list at node i need. */
static int digits_of(const struct walk *k, size_t i)
{
	const struct html_node *list = html_node(k->page, i);
	uint32_t next = list->one, most = next;
	int digits = 1;

	for (size_t c = i + 1; c < list->end; c = html_node(k->page, c)->end) {
		const struct html_node *n = html_node(k->page, c);

		if (n->tag != TAG_LI)
			continue;
		next = n->one ? n->one : next;
		most = MAX(most, next);
		next++;
	}
	for (; most >= 10 && digits < DIGITS_MAX; most /= 10)
		digits++;
	return digits;
}

static struct level *list_around(struct walk *k)
{
	for (int i = k->depth - 1; i >= 0; i--) {
		unsigned tag = html_node(k->page, k->stack[i].node)->tag;

		if (tag == TAG_OL || tag == TAG_UL)
			return &k->stack[i];
		if (tag == TAG_TABLE)
			return NULL;
	}
	return NULL;
}

/* An item directly in an item is one that nobody closed: both stand alike. */
static void close_item(struct walk *k)
{
	for (int i = k->depth - 1; i >= 0; i--) {
		unsigned tag = html_node(k->page, k->stack[i].node)->tag;

		if (tag == TAG_OL || tag == TAG_UL || tag == TAG_TABLE || tag == TAG_QUOTE)
			return;
		if (tag == TAG_LI)
			k->w->line.indent = k->stack[i].indent;
	}
}

static void letters(GString *out, uint32_t n)
{
	for (; n > 0; n = (n - 1) / 26)
		g_string_prepend_c(out, (char)('a' + (n - 1) % 26));
}

static void roman(GString *out, uint32_t n)
{
	static const struct {
		uint32_t value;
		const char *word;
	} signs[] = { { 90, "xc" }, { 50, "l" }, { 40, "xl" }, { 10, "x" }, { 9, "ix" }, { 5, "v" },
		{ 4, "iv" }, { 1, "i" } };

	for (size_t i = 0; i < G_N_ELEMENTS(signs); i++)
		for (; n >= signs[i].value; n -= signs[i].value)
			g_string_append(out, signs[i].word);
}

/* The number of an item as its list counts: "7", "c", "IV". */
static void number(GString *out, const struct level *list, uint32_t n)
{
	char how = g_ascii_tolower(list->counts);

	if (n > 0 && n < ROMAN_MAX && how == 'i')
		roman(out, n);
	else if (n > 0 && how == 'a')
		letters(out, n);
	else
		g_string_append_printf(out, "%*u", list->digits, n);
	if (g_ascii_isupper(list->counts))
		g_string_ascii_up(out);
}

static void begin_item(struct walk *k, const struct html_node *n)
{
	g_autoptr(GString) mark = g_string_new(NULL);
	struct level *list = list_around(k);

	close_item(k);
	if (!list || !list->ordered) {
		bullet(k, "\u2022 ");
		return;
	}
	list->next = n->one ? n->one : list->next;
	number(mark, list, list->next++);
	g_string_append(mark, ". ");
	bullet(k, mark->str);
}

static void begin_list(struct walk *k, struct level *l, const struct html_node *n)
{
	struct level *outer = list_around(k);

	if (outer && outer->ordered && k->w->bullet[0]) { /* a number alone says something too */
		pen_pay(k->w);
		pen_owe(k->w, 1);
	}
	if (!outer)
		pen_owe(k->w, n->flags & FLAG_TIGHT ? 1 : 2);
	l->ordered = n->tag == TAG_OL;
	if (l->ordered) {
		l->next = n->one;
		l->counts = (char)n->two;
		l->digits = digits_of(k, l->node);
	}
	pen_bullet(k->w, "", 0);
}

/* Word writes the mark of an item as text in the font of its own. */
static void word_bullet(struct walk *k, size_t i)
{
	const struct html_node *n = html_node(k->page, i);
	char mark[HTML_BULLET_MAX];
	size_t used = 0;

	for (size_t c = i + 1; c < n->end; c++) {
		const struct html_node *t = html_node(k->page, c);
		const char *s = string_of(k, t);

		for (size_t j = 0; t->tag == TAG_TEXT && j < t->len && used < sizeof mark - 4; j++)
			if (g_ascii_isgraph(s[j]))
				mark[used++] = s[j];
	}
	mark[used] = '\0';
	if (used > 1 || (used == 1 && g_ascii_isdigit(mark[0])))
		g_strlcat(mark, " ", sizeof mark);
	else
		g_strlcpy(mark, "\u2022 ", sizeof mark);
	bullet(k, mark);
}

/* --- links and images ------------------------------------------------------------------ */

static void begin_link(struct walk *k, struct level *l, const struct html_node *n)
{
	if (!n->one)
		return;
	l->target = html_target(string_of(k, n), n->len, k->page->base);
	l->words_at = k->w->out->len;
	k->picture = false;
	if (l->target)
		pen_begin(k->w, SPAN_LINK, l->target);
}

static void end_link(struct walk *k, struct level *l)
{
	const char *words;
	char hint[24];
	size_t len;
	guint n;

	if (!l->target)
		return;
	if (k->picture && k->w->out->len == l->words_at) {
		pen_begin(k->w, SPAN_IMAGE, NULL);
		pen_words(k->w, _("[image]"));
		pen_end(k->w, SPAN_IMAGE);
	}
	n = pen_end(k->w, SPAN_LINK);
	if (n > 0) {
		words = k->w->out->str + l->words_at;
		len = strlen(words);
		while (len > 0 && (*words == ' ' || *words == '\n')) {
			words++;
			len--;
		}
		if (!html_links_words(&k->f->links, n, words, len)) {
			g_snprintf(hint, sizeof hint, "[%u]", n);
			pen_hint(k->w, hint);
			g_array_append_val(k->f->links.hinted, n);
		}
	}
	g_clear_pointer(&l->target, g_free);
}

/* An emoji as an image, its words the emoji. */
static bool is_sign(const char *s)
{
	if ((unsigned char)*s < 0x80 || strlen(s) > SIGN_MAX || !g_utf8_validate(s, -1, NULL))
		return false;
	for (; *s; s = g_utf8_next_char(s))
		if (g_unichar_isalnum(g_utf8_get_char(s)) || (unsigned char)*s <= ' ')
			return false;
	return true;
}

/* What stands for an image: its words and its size. */
static void image(struct walk *k, const struct html_node *n)
{
	bool sized = n->one >= SIGHT_MIN && n->two >= SIGHT_MIN;
	bool large = n->one >= PICTURE_MIN && (n->two >= PICTURE_MIN || n->two == 0);
	g_autofree char *words = g_strndup(string_of(k, n), n->len);
	bool blank, said = false;

	for (size_t i = 0, step; i < n->len && !said; i += step) {
		step = html_blank(words + i, n->len - i, &blank);
		said = step == 0;
	}
	if (!said && !(n->flags & FLAG_MUTE && large)) {
		k->picture = true; /* it only decorates, unless it is all there is of a link */
		return;
	}
	if (is_sign(words)) {
		pen_flow(k->w, words, n->len);
		return;
	}
	pen_begin(k->w, SPAN_IMAGE, NULL);
	pen_words(k->w, "[");
	if (said)
		pen_flow(k->w, words + strspn(words, " \t\r\n"), strlen(words + strspn(words, " \t\r\n")));
	else
		g_string_append(k->w->out, _("image"));
	k->w->space = false;
	if (sized)
		g_string_append_printf(k->w->out, " %ux%u", n->one, n->two);
	g_string_append_c(k->w->out, ']');
	pen_end(k->w, SPAN_IMAGE);
}

static void area(struct walk *k, const struct html_node *n)
{
	struct level l = { 0 };

	if (n->two == 0)
		return;
	begin_link(k, &l, n);
	if (!l.target)
		return;
	k->w->space = true;
	pen_flow(k->w, string_of(k, n) + n->len, n->two);
	end_link(k, &l);
	k->w->space = true;
}

/* --- elements ---------------------------------------------------------------------------- */

static void rule(struct walk *k)
{
	pen_owe(k->w, 1);
	pen_pay(k->w);
	for (int i = 0; i < MIN(RULE_CELLS, words_room(k)); i++)
		g_string_append(k->w->out, "\u2500");
	pen_owe(k->w, 1);
}

static const struct {
	unsigned flag;
	uint16_t kind;
} written[] = { { FLAG_STRONG, SPAN_STRONG }, { FLAG_EMPHASIS, SPAN_EMPHASIS },
	{ FLAG_UNDERLINE, SPAN_UNDERLINE }, { FLAG_STRIKE, SPAN_STRIKE }, { FLAG_CODE, SPAN_CODE } };

static void begin_block(struct walk *k, const struct html_node *n)
{
	if (k->flat && n->flags & (FLAG_BLOCK | FLAG_PARA)) {
		k->w->space = true;
		return;
	}
	if (n->flags & FLAG_PARA)
		pen_owe(k->w, 2);
	else if (n->flags & FLAG_BLOCK)
		pen_owe(k->w, 1);
	if (n->flags & FLAG_RULE && pen_any(k->w) && n->tag == TAG_BLOCK)
		rule(k);
}

/* Whether the row takes several lines of text: it stands for itself. */
static bool is_long_row(const struct walk *k, const struct html_node *n)
{
	return n->tag == TAG_ROW && n->len > (uint32_t)words_room(k);
}

/* Cells without a row are one. */
static bool is_flat_table(const struct walk *k, const struct html_node *n)
{
	const struct html_table *t = &g_array_index(k->page->tables, struct html_table, n->at);

	return t->rows == 1 && t->bulky == 0 && !t->nested &&
	       (int)t->letters <= words_room(k) * 3 / 4;
}

/* A row whose cells hold but a few words stands on one line. */
static void begin_row(struct walk *k, const struct html_node *n)
{
	k->flat = n->one == 0 && (int)n->len <= words_room(k) * 3 / 4;
	if (is_long_row(k, n))
		pen_owe(k->w, 2);
}

static void begin_cell(struct walk *k, struct level *l)
{
	l->words_at = k->w->out->len;
	if (k->flat)
		k->w->cell = k->w->wanted == 0 && pen_any(k->w);
	else
		pen_owe(k->w, 1);
}

/* "m^2", but "1st" and "[6]" as they are. */
static void begin_sup(struct walk *k, size_t i)
{
	const struct html_node *n = html_node(k->page, i), *t;
	const char *s;

	if (n->end < i + 2)
		return;
	t = html_node(k->page, i + 1);
	s = string_of(k, t);
	if (t->tag != TAG_TEXT || t->len == 0 || !pen_any(k->w) || k->w->space)
		return;
	for (uint32_t j = 0; j < t->len; j++)
		if (!g_ascii_isdigit(s[j]) && !strchr("+-.", s[j]))
			return;
	pen_words(k->w, "^");
}

static void begin_element(struct walk *k, struct level *l, size_t i)
{
	const struct html_node *n = html_node(k->page, i);

	begin_block(k, n);
	if (n->flags & FLAG_PRE) {
		k->pre = k->fresh = true;
		k->w->line.pre = !(n->flags & FLAG_FLOW);
	}
	if (n->tag == TAG_A)
		begin_link(k, l, n);
	else if (n->tag == TAG_HEADING)
		k->w->line.heading = n->one;
	else if (n->tag == TAG_QUOTE)
		k->w->quotes = MIN(k->w->quotes + 1, HTML_QUOTES_MAX);
	else if (n->tag == TAG_UL || n->tag == TAG_OL)
		begin_list(k, l, n);
	else if (n->tag == TAG_LI)
		begin_item(k, n);
	else if (n->tag == TAG_WORD_LI)
		indent(k, 2 * (n->one - 1));
	else if (n->tag == TAG_DD)
		indent(k, 4);
	else if (n->tag == TAG_Q)
		pen_words(k->w, "\u201C");
	else if (n->tag == TAG_SUP)
		begin_sup(k, i);
	else if (n->tag == TAG_ROW)
		begin_row(k, n);
	else if (n->tag == TAG_TABLE)
		k->flat = is_flat_table(k, n);
	else if (n->tag == TAG_CELL || n->tag == TAG_HEAD_CELL)
		begin_cell(k, l);
	for (size_t j = 0; n->flags & FLAG_WRITTEN && j < G_N_ELEMENTS(written); j++)
		if (n->flags & written[j].flag)
			pen_begin(k->w, written[j].kind, NULL);
}

static void end_block(struct walk *k, const struct html_node *n)
{
	if (k->flat && n->tag != TAG_ROW && n->flags & (FLAG_BLOCK | FLAG_PARA))
		k->w->space = true;
	else if (n->flags & FLAG_PARA || is_long_row(k, n))
		pen_owe(k->w, 2);
	else if (n->flags & FLAG_BLOCK)
		pen_owe(k->w, 1);
}

/* What follows a cell stands beside it, but not beside its last line if it has several. */
static void end_cell(struct walk *k, const struct level *l)
{
	size_t at = l->words_at;

	while (at < k->w->out->len && k->w->out->str[at] == '\n')
		at++;
	if (k->flat && k->w->line_at > at)
		pen_owe(k->w, 1);
	k->w->hard = false;
	k->w->cell = k->flat && k->w->wanted == 0;
}

static void end_element(struct walk *k)
{
	struct level *l = &k->stack[--k->depth];
	const struct html_node *n = html_node(k->page, l->node);

	for (size_t j = G_N_ELEMENTS(written); n->flags & FLAG_WRITTEN && j-- > 0;)
		if (n->flags & written[j].flag)
			pen_end(k->w, written[j].kind);
	if (n->tag == TAG_A)
		end_link(k, l);
	else if (n->tag == TAG_Q)
		pen_words(k->w, "\u201D");
	else if (n->tag == TAG_LI)
		pen_bullet(k->w, "", 0);
	end_block(k, n);
	if (n->tag == TAG_CELL || n->tag == TAG_HEAD_CELL)
		end_cell(k, l);
	k->w->quotes = l->quotes;
	k->w->line = (struct html_line){ .heading = l->heading, .indent = l->indent,
		.pre = l->pre_line };
	if (k->pre && !l->pre) /* the empty lines at its end do not count */
		k->w->wanted = MIN(k->w->wanted, 2);
	k->pre = l->pre;
	k->flat = l->flat;
	if ((n->tag == TAG_UL || n->tag == TAG_OL) && !list_around(k))
		pen_owe(k->w, 2);
}

static void text(struct walk *k, const struct html_node *n)
{
	const char *s = string_of(k, n);
	size_t len = n->len;

	if (!k->pre) {
		pen_flow(k->w, s, len);
		return;
	}
	if (k->fresh && len > 0 && *s == '\n') {
		s++;
		len--;
	}
	k->fresh = false;
	pen_pre(k->w, s, len);
}

/* Elements without content; false for others. */
static bool single(struct walk *k, const struct html_node *n)
{
	switch (n->tag) {
	case TAG_TEXT:
		text(k, n);
		break;
	case TAG_BR:
		pen_break(k->w);
		break;
	case TAG_HR:
		rule(k);
		break;
	case TAG_IMG:
		image(k, n);
		break;
	case TAG_AREA:
		area(k, n);
		break;
	default:
		return false;
	}
	return true;
}

static void open_element(struct walk *k, size_t i)
{
	struct level *l = &k->stack[k->depth];

	*l = (struct level){ .node = i, .quotes = k->w->quotes, .indent = k->w->line.indent,
		.heading = k->w->line.heading, .pre_line = k->w->line.pre, .pre = k->pre,
		.flat = k->flat };
	begin_element(k, l, i);
	k->depth++;
}

/* Handles node i; returns the node to go on with. */
static size_t step(struct walk *k, size_t i)
{
	const struct html_node *n = html_node(k->page, i);

	if (n->flags & FLAG_HIDDEN && (!k->f->show_hidden || n->tag == TAG_IMG)) {
		k->f->met_hidden = k->f->met_hidden || n->tag != TAG_IMG;
		return n->end;
	}
	if (single(k, n))
		return i + 1;
	if (n->tag == TAG_WORD_BULLET) {
		word_bullet(k, i);
		return n->end;
	}
	if (n->tag == TAG_TABLE && html_table_write(k->f, k->w, i))
		return n->end;
	if (k->depth < HTML_DEPTH_MAX)
		open_element(k, i);
	return i + 1;
}

void html_flow_write(struct html_flow *f, struct html_pen *w, size_t from, size_t to)
{
	g_autofree struct walk *k = g_new(struct walk, 1);

	k->f = f;
	k->w = w;
	k->page = f->page;
	k->depth = 0;
	k->pre = k->fresh = k->flat = k->picture = false;
	for (size_t i = from; i < to && !f->cut;) {
		while (k->depth > 0 && html_node(k->page, k->stack[k->depth - 1].node)->end <= i)
			end_element(k);
		i = step(k, i);
		f->cut = pen_full(w);
	}
	while (k->depth > 0)
		end_element(k);
}
