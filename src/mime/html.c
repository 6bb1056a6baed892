/*
 * The text builder.  Three small states make the layout:
 *   - `wanted`, the line ends owed before the next word (a block owes one, a
 *     paragraph two; owing more than two is owing two),
 *   - `space`, a blank owed between words, and
 *   - `prefix`, what stands at the beginning of each line (quote marks and
 *     indentation), which elements lengthen and shorten.
 * Elements that shape text are kept on a stack of their own, so that broken
 * nesting cannot leave a quote or a hidden part open for ever.
 */
#include "mime/html.h"

#include <string.h>

#include <libxml/HTMLparser.h>

#include "base/i18n.h"

enum { PREFIX_MAX = 40, NAME_MAX_BYTES = 24 };

enum effect {
	E_NONE = 0,
	E_BLOCK = 1 << 0,     /* begins and ends a line */
	E_PARA = 1 << 1,      /* begins and ends a paragraph */
	E_HIDE = 1 << 2,
	E_PRE = 1 << 3,
	E_QUOTE = 1 << 4,
	E_LIST = 1 << 5,
	E_ORDERED = 1 << 6,
	E_ITEM = 1 << 7,
	E_CELL = 1 << 8,
	E_LINK = 1 << 9,
	E_SHUT = 1 << 10,     /* no content and no end: br, hr, img */
};

static const struct element {
	const char *name;
	unsigned effect;
} elements[] = {
	{ "a", E_LINK },
	{ "address", E_BLOCK },
	{ "article", E_BLOCK },
	{ "blockquote", E_PARA | E_QUOTE },
	{ "br", E_SHUT },
	{ "caption", E_BLOCK },
	{ "center", E_BLOCK },
	{ "dd", E_BLOCK | E_ITEM },
	{ "dir", E_BLOCK | E_LIST },
	{ "div", E_BLOCK },
	{ "dl", E_PARA },
	{ "dt", E_BLOCK },
	{ "fieldset", E_BLOCK },
	{ "footer", E_BLOCK },
	{ "form", E_BLOCK },
	{ "h1", E_PARA },
	{ "h2", E_PARA },
	{ "h3", E_PARA },
	{ "h4", E_PARA },
	{ "h5", E_PARA },
	{ "h6", E_PARA },
	{ "head", E_HIDE },
	{ "header", E_BLOCK },
	{ "hr", E_SHUT },
	{ "img", E_SHUT },
	{ "li", E_BLOCK | E_ITEM },
	{ "main", E_BLOCK },
	{ "menu", E_BLOCK | E_LIST },
	{ "nav", E_BLOCK },
	{ "ol", E_BLOCK | E_LIST | E_ORDERED },
	{ "p", E_PARA },
	{ "pre", E_PARA | E_PRE },
	{ "script", E_HIDE },
	{ "section", E_BLOCK },
	{ "style", E_HIDE },
	{ "svg", E_HIDE },
	{ "table", E_BLOCK },
	{ "td", E_CELL },
	{ "template", E_HIDE },
	{ "th", E_CELL },
	{ "title", E_HIDE },
	{ "tr", E_BLOCK },
	{ "ul", E_BLOCK | E_LIST },
};

struct open {
	char name[NAME_MAX_BYTES];
	unsigned effect;
	size_t prefix_len;  /* of builder.prefix before this element */
	char *target;       /* of a link, may be NULL */
	size_t link_at;     /* out->len where the link's text began */
	int items;          /* of a list, so far */
};

struct builder {
	GString *out;
	size_t start;       /* out->len at the beginning */
	GString *prefix;
	GString *bullet;    /* of an item that has no word yet, else empty */
	size_t bullet_at;   /* the part of prefix that it covers */
	int wanted, pre, hidden;
	bool space, cell, cut;
	struct open stack[HTML_STYLE_MAX];
	int depth, over;    /* over: shaping elements that found no room */
	GHashTable *numbers; /* target -> number */
	GPtrArray *targets;  /* of char*, in order; owned by numbers */
	htmlParserCtxtPtr parser;
};

static void silent(void *ctx, const char *msg, ...)
{
	(void)ctx;
	(void)msg;
}

void html_init(void)
{
	xmlInitParser();
}

/* --- words and lines --------------------------------------------------------- */

static void owe(struct builder *b, int lines)
{
	b->wanted = MAX(b->wanted, lines);
	b->space = b->cell = false;
}

static void begin_line(struct builder *b)
{
	bool first = b->out->len == b->start;

	for (int i = first ? 1 : b->wanted; i > 0; i--) {
		if (!first)
			g_string_append_c(b->out, '\n');
		if (i > 1) { /* an empty line keeps only the marks of its quote */
			g_string_append_len(b->out, b->prefix->str, (gssize)b->prefix->len);
			while (b->out->len > b->start && b->out->str[b->out->len - 1] == ' ')
				g_string_truncate(b->out, b->out->len - 1);
		}
	}
	if (b->bullet->len) {
		g_string_append_len(b->out, b->prefix->str, (gssize)b->bullet_at);
		g_string_append(b->out, b->bullet->str);
		g_string_truncate(b->bullet, 0);
	} else {
		g_string_append(b->out, b->prefix->str);
	}
	b->wanted = 0;
	b->space = b->cell = false;
}

/* What is owed before a word. */
static void before_word(struct builder *b)
{
	if (b->wanted || b->out->len == b->start)
		begin_line(b);
	else if (b->cell)
		g_string_append(b->out, "  ");
	else if (b->space)
		g_string_append_c(b->out, ' ');
	b->cell = b->space = false;
}

static void words(struct builder *b, const char *s)
{
	before_word(b);
	g_string_append(b->out, s);
}

static void put_pre(struct builder *b, const char *s, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		if (s[i] == '\n') {
			if (b->wanted)
				begin_line(b);
			b->wanted = 1;
		} else if (s[i] != '\r') {
			before_word(b);
			g_string_append_c(b->out, s[i]);
		}
	}
}

/* The bytes of the blank at s: ASCII white space or U+00A0; 0 if there is none. */
static size_t blank_at(const char *s, size_t len)
{
	if (*s == ' ' || (*s >= '\t' && *s <= '\r'))
		return 1;
	return len >= 2 && s[0] == '\xC2' && s[1] == '\xA0' ? 2 : 0;
}

static void put_flowing(struct builder *b, const char *s, size_t len)
{
	size_t i = 0;

	while (i < len) {
		size_t from = i, n = blank_at(s + i, len - i);

		if (n > 0) {
			b->space = b->wanted == 0;
			i += n;
			continue;
		}
		while (i < len && blank_at(s + i, len - i) == 0)
			i++;
		before_word(b);
		g_string_append_len(b->out, s + from, (gssize)(i - from));
	}
}

static void characters(void *ctx, const xmlChar *s, int len)
{
	struct builder *b = ctx;

	if (b->hidden || len <= 0)
		return;
	if (b->pre)
		put_pre(b, (const char *)s, (size_t)len);
	else
		put_flowing(b, (const char *)s, (size_t)len);
}

/* --- elements ---------------------------------------------------------------- */

static const struct element *element_find(const char *name)
{
	size_t low = 0, high = G_N_ELEMENTS(elements);

	while (low < high) {
		size_t mid = (low + high) / 2;
		int c = g_ascii_strcasecmp(name, elements[mid].name);

		if (c == 0)
			return &elements[mid];
		if (c < 0)
			high = mid;
		else
			low = mid + 1;
	}
	return NULL;
}

static const char *attr(const xmlChar **attrs, const char *name)
{
	for (; attrs && attrs[0]; attrs += 2)
		if (g_ascii_strcasecmp((const char *)attrs[0], name) == 0)
			return attrs[1] ? (const char *)attrs[1] : "";
	return NULL;
}

/* Whether the style hides its element; blanks do not count. */
static bool style_hides(const char *style)
{
	static const char *const hiding[] = { "display:none", "visibility:hidden", "mso-hide:all",
		"font-size:0;", "font-size:0px", "max-height:0;", "max-height:0px", "opacity:0;" };
	g_autoptr(GString) flat = g_string_new(NULL);

	for (; *style && flat->len < 1000; style++)
		if (*style > ' ')
			g_string_append_c(flat, g_ascii_tolower(*style));
	g_string_append_c(flat, ';');
	for (size_t i = 0; i < G_N_ELEMENTS(hiding); i++)
		if (strstr(flat->str, hiding[i]))
			return true;
	return false;
}

static bool hides(const xmlChar **attrs)
{
	const char *style = attr(attrs, "style");

	return attr(attrs, "hidden") || (style && style_hides(style));
}

static bool tiny(const char *length)
{
	return length && (strcmp(length, "0") == 0 || strcmp(length, "1") == 0 ||
				 strcmp(length, "0px") == 0 || strcmp(length, "1px") == 0);
}

static struct open *top(struct builder *b)
{
	return b->depth > 0 ? &b->stack[b->depth - 1] : NULL;
}

static void image(struct builder *b, const xmlChar **attrs)
{
	const char *alt = attr(attrs, "alt");
	bool linked = top(b) && (top(b)->effect & E_LINK);
	g_autofree char *shown = NULL;

	if (hides(attrs) || tiny(attr(attrs, "width")) || tiny(attr(attrs, "height")))
		return;
	if (!alt || !alt[strspn(alt, " \t\r\n\xC2\xA0")])
		alt = linked ? _("image") : NULL; /* without words it only decorates */
	if (!alt)
		return;
	shown = g_strdup(alt);
	words(b, "[");
	put_flowing(b, g_strstrip(shown), strlen(shown));
	b->space = false;
	g_string_append_c(b->out, ']');
}

static void shut_element(struct builder *b, const char *name, const xmlChar **attrs)
{
	if (b->hidden)
		return;
	if (strcmp(name, "br") == 0) {
		b->wanted = MIN(b->wanted + 1, 2);
		b->space = b->cell = false;
	} else if (strcmp(name, "hr") == 0) {
		owe(b, 1);
		words(b, "----------");
		owe(b, 1);
	} else {
		image(b, attrs);
	}
}

/* A target worth listing (g_free), NULL for others. */
static char *link_target(const char *href)
{
	g_autofree char *target = href ? g_strstrip(g_strdup(href)) : NULL;

	if (!target || !*target || *target == '#' || strlen(target) > HTML_LINK_MAX ||
		g_ascii_strncasecmp(target, "javascript:", 11) == 0)
		return NULL;
	return g_steal_pointer(&target);
}

/* The number of a target; the same target keeps its number.  0 = the list is full. */
static guint link_number(struct builder *b, const char *target)
{
	gpointer known = g_hash_table_lookup(b->numbers, target);
	char *mine;

	if (known)
		return GPOINTER_TO_UINT(known);
	if (b->targets->len == HTML_LINKS_MAX) {
		b->cut = true;
		return 0;
	}
	mine = g_strdup(target);
	g_ptr_array_add(b->targets, mine);
	g_hash_table_insert(b->numbers, mine, GUINT_TO_POINTER(b->targets->len));
	return b->targets->len;
}

static void begin_item(struct builder *b, struct open *o)
{
	struct open *list = NULL;

	for (int i = b->depth - 2; i >= 0 && !list; i--)
		if (b->stack[i].effect & E_LIST)
			list = &b->stack[i];
	g_string_truncate(b->bullet, 0);
	b->bullet_at = o->prefix_len;
	if (b->prefix->len < PREFIX_MAX)
		g_string_append(b->prefix, list && (list->effect & E_ORDERED) ? "   " : "  ");
	if (strcmp(o->name, "li") != 0)
		return;
	if (list && (list->effect & E_ORDERED))
		g_string_printf(b->bullet, "%d. ", ++list->items);
	else
		g_string_assign(b->bullet, "\u2022 ");
}

static void begin_element(struct builder *b, struct open *o, const xmlChar **attrs)
{
	if (o->effect & E_PARA)
		owe(b, 2);
	else if (o->effect & E_BLOCK)
		owe(b, 1);
	if (o->effect & E_QUOTE && b->prefix->len < PREFIX_MAX)
		g_string_append(b->prefix, "> ");
	if (o->effect & E_ITEM)
		begin_item(b, o);
	b->pre += (o->effect & E_PRE) != 0;
	if (o->effect & E_LINK) {
		o->target = link_target(attr(attrs, "href"));
		o->link_at = b->out->len;
	}
}

static void start_element(void *ctx, const xmlChar *name, const xmlChar **attrs)
{
	struct builder *b = ctx;
	const struct element *e = element_find((const char *)name);
	unsigned effect = e ? e->effect : E_NONE;
	struct open *o;

	if (b->parser->nameNr > HTML_DEPTH_MAX) {
		b->cut = true;
		xmlStopParser(b->parser);
		return;
	}
	if (e && e->effect == E_SHUT) {
		shut_element(b, e->name, attrs);
		return;
	}
	effect |= hides(attrs) ? E_HIDE : E_NONE;
	if (effect == E_NONE && !b->hidden)
		return;
	if (b->depth == HTML_STYLE_MAX) {
		b->over++;
		return;
	}
	o = &b->stack[b->depth++];
	*o = (struct open){ .effect = effect, .prefix_len = b->prefix->len };
	g_strlcpy(o->name, (const char *)name, sizeof o->name);
	if (o->effect & E_HIDE)
		b->hidden++;
	else if (!b->hidden)
		begin_element(b, o, attrs);
}

/* The number behind a link, unless its text already is the target. */
static void end_link(struct builder *b, const struct open *o)
{
	const char *target = o->target, *shown = b->out->str + MIN(o->link_at, b->out->len);
	guint n;

	if (!target)
		return;
	while (*shown == ' ' || *shown == '\n')
		shown++;
	if (!*shown || strcmp(shown, target) == 0 ||
		(g_str_has_prefix(target, "mailto:") && strcmp(shown, target + 7) == 0))
		return;
	n = link_number(b, target);
	if (n > 0)
		g_string_append_printf(b->out, " [%u]", n);
}

static void end_top(struct builder *b)
{
	struct open *o = &b->stack[--b->depth];

	if (o->effect & E_HIDE)
		b->hidden--;
	if (o->effect & E_HIDE || b->hidden)
		return;
	if (o->effect & E_LINK)
		end_link(b, o);
	g_clear_pointer(&o->target, g_free);
	b->pre -= (o->effect & E_PRE) != 0;
	if (o->effect & E_PARA)
		owe(b, 2);
	else if (o->effect & E_BLOCK)
		owe(b, 1);
	if (o->effect & E_ITEM)
		g_string_truncate(b->bullet, 0);
	b->cell = b->cell || (o->effect & E_CELL && b->wanted == 0);
	g_string_truncate(b->prefix, o->prefix_len);
}

static void end_element(void *ctx, const xmlChar *name)
{
	struct builder *b = ctx;
	const struct element *e = element_find((const char *)name);
	int i = b->depth - 1;

	if (e ? e->effect == E_SHUT : b->hidden == 0)
		return;
	if (b->over > 0) {
		b->over--;
		return;
	}
	while (i >= 0 && strncmp(b->stack[i].name, (const char *)name, NAME_MAX_BYTES - 1) != 0)
		i--;
	while (i >= 0 && b->depth > i)
		end_top(b);
}

/* --- the whole ----------------------------------------------------------------- */

static void list_links(struct builder *b)
{
	while (b->depth > 0)
		end_top(b);
	if (b->out->len > b->start)
		g_string_append_c(b->out, '\n');
	for (guint i = 0; i < b->targets->len; i++)
		g_string_append_printf(b->out, "%s[%u] %s\n", i == 0 ? "\n" : "", i + 1,
			(const char *)b->targets->pdata[i]);
}

static void parse(struct builder *b, const char *html, int len)
{
	htmlSAXHandler sax = { .startElement = start_element,
		.endElement = end_element,
		.characters = characters,
		.ignorableWhitespace = characters,
		.cdataBlock = NULL }; /* scripts and styles */

	xmlSetGenericErrorFunc(NULL, silent);
	b->parser = htmlCreatePushParserCtxt(&sax, b, NULL, 0, NULL, XML_CHAR_ENCODING_UTF8);
	if (!b->parser)
		return;
	htmlCtxtUseOptions(b->parser, HTML_PARSE_NONET | HTML_PARSE_RECOVER | HTML_PARSE_NOERROR |
					      HTML_PARSE_NOWARNING | HTML_PARSE_IGNORE_ENC);
	htmlParseChunk(b->parser, html, len, 0);
	htmlParseChunk(b->parser, html, 0, 1);
	if (b->parser->myDoc)
		xmlFreeDoc(b->parser->myDoc);
	htmlFreeParserCtxt(b->parser);
}

void html_to_text(const char *html, size_t len, const struct html_how *how, struct html_out *h)
{
	(void)how;
	GString *out = h->text;
	g_autoptr(GString) trimmed = g_string_sized_new(MIN(len, (size_t)HTML_BODY_MAX) + 1);
	g_autofree struct builder *b = g_new0(struct builder, 1);

	b->cut = !html_trim(trimmed, html, len);
	b->out = out;
	b->start = out->len;
	b->prefix = g_string_new(NULL);
	b->bullet = g_string_new(NULL);
	b->numbers = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	b->targets = g_ptr_array_new();
	parse(b, trimmed->str, (int)trimmed->len);
	list_links(b);
	g_ptr_array_unref(b->targets);
	g_hash_table_unref(b->numbers);
	g_string_free(b->bullet, TRUE);
	g_string_free(b->prefix, TRUE);
	h->cut = b->cut;
}
