/*
 * Choosing is one walk over the array of parts: a parent stands before its
 * children, so each child only asks whether its parent is alive and which
 * child the parent picked.
 */
#include "mime/body.h"

#include <string.h>

#include <gmime/gmime.h>

#include "base/i18n.h"
#include "mime/address.h"
#include "mime/charset.h"
#include "mime/content.h"
#include "mime/document.h"
#include "mime/flowed.h"
#include "mime/linkify.h"
#include "mime/outline.h"
#include "mime/part_text.h"
#include "mime/text.h"
#include "mime/tnef.h"

enum {
	PICK_ALL = -1,
	PICK_NONE = -2,
	STUB_MAX = 400,       /* letters: a plain part this short may only say "see the HTML part" ... */
	STUB_FACTOR = 3,      /* ... if the HTML says this many times more: where both are the letter, it is below 2 */
	STUB_LEAST = 12,      /* letters: so many are meant where there are fewer */
	FIELD_MAX = 4096,     /* bytes shown of a header of a message inside */
	LOOK_MAX = 4096,      /* bytes by which a part is taken for text */
	WORDS_LEAST = 4,      /* bytes of a text that says something */
};

struct render {
	GArray *nodes;
	int *picks;
	bool *live;
	struct body_text *out;
	const struct document_how *how;
	struct part_how part;
	size_t max;
};

/* --- words around parts ----------------------------------------------------------- */

/* A multipart in which no boundary was found: what it holds is shown as it is. */
static void render_prologue(struct node *n, GString *out)
{
	const char *s = g_mime_multipart_get_prologue(GMIME_MULTIPART(n->object));
	g_autoptr(GString) utf8 = g_string_new(NULL);

	if (!s)
		return;
	charset_append(utf8, NULL, s, strlen(s));
	plain_append(out, utf8->str, utf8->len);
}

static void field(GMimeMessage *m, const char *name, const char *label, struct body_text *out)
{
	GMimeHeaderList *all = g_mime_object_get_header_list(GMIME_OBJECT(m));
	GMimeHeader *h = g_mime_header_list_get_header(all, name);
	const char *raw = h ? g_mime_header_get_raw_value(h) : NULL;
	g_autofree char *text = NULL;

	if (!raw)
		return;
	text = mime_decode_text(raw, strlen(raw), FIELD_MAX);
	if (!*text)
		return;
	body_text_ours(out, label);
	body_text_ours(out, ": ");
	g_string_append_printf(out->text, "%s\n", text);
}

/* The few headers of a message inside a message; fewer of those in a digest. */
static void render_heading(struct render *r, struct node *n)
{
	struct body_text *out = r->out;
	bool digest = n->parent >= 0 &&
		      strcmp(outline_node(r->nodes, n->parent)->type, "multipart/digest") == 0;
	g_autofree char *line = g_strdup_printf("---------- %s ----------", _("Attached message"));

	body_text_ours(out, line);
	g_string_append_c(out->text, '\n');
	field(n->message, "From", _("From"), out);
	if (!digest) {
		field(n->message, "To", _("To"), out);
		field(n->message, "Cc", _("Cc"), out);
	}
	field(n->message, "Date", _("Date"), out);
	field(n->message, "Subject", _("Subject"), out);
}

/* A piece of a message (RFC 2046, 5.2.2). */
static void render_partial(struct node *n, struct body_text *out)
{
	int number = g_mime_message_partial_get_number(GMIME_MESSAGE_PARTIAL(n->object));
	int total = g_mime_message_partial_get_total(GMIME_MESSAGE_PARTIAL(n->object));
	g_autofree char *words = NULL;

	if (total > 0)
		words = g_strdup_printf(_("[Piece %d of %d of a message that was sent in pieces]"),
			number, total);
	else
		words = g_strdup_printf(_("[Piece %d of a message that was sent in pieces]"), number);
	body_text_ours(out, words);
	g_string_append_c(out->text, '\n');
}

/* A part that is kept elsewhere (RFC 2046, 5.2.3). */
static void render_external(struct node *n, struct body_text *out)
{
	static const char *const names[] = { "url", "name", "directory", "site", "server",
		"access-type" };

	body_text_ours(out, _("[Not in this message, to be fetched elsewhere]"));
	for (size_t i = 0; i < G_N_ELEMENTS(names); i++) {
		const char *raw = content_param(n, names[i]);
		g_autofree char *value = raw ? mime_decode_text(raw, strlen(raw), FIELD_MAX) : NULL;

		if (value && *value)
			g_string_append_printf(out->text, " %s", value);
	}
	g_string_append_c(out->text, '\n');
}

/* --- choosing -------------------------------------------------------------------- */

/* What can be seen of a text, as far as `enough`: letters and signs; an address counts as one. */
static size_t count_letters(const GString *text, size_t enough)
{
	const char *p = text->str, *end = p + text->len;
	struct found_link link;
	size_t n = 0, from = 0;

	while (p < end && n < enough) {
		bool any = linkify_next(text->str, text->len, &from, &link);
		const char *stop = any ? text->str + link.at : end;

		for (; p < stop && n < enough; p = g_utf8_next_char(p))
			n += g_unichar_isgraph(g_utf8_get_char(p)) ? 1 : 0;
		if (any) {
			p = stop + link.len;
			n++;
			g_free(link.target);
		}
	}
	return n;
}

static size_t letters_of(struct render *r, struct node *n, size_t enough)
{
	struct part_how part = r->part; /* the budget is for what is shown */
	unsigned ignored = 0;
	struct body_text html;
	GString *plain;
	size_t letters;

	if (n->has & HAS_PLAIN) {
		plain = content_text(n, r->max, &ignored);
		letters = count_letters(plain, enough);
		g_string_free(plain, TRUE);
		return letters;
	}
	body_text_init(&html);
	part_text(&part, n, &html);
	letters = count_letters(html.text, enough);
	body_text_clear(&html);
	return letters;
}

/* The letters of the texts of one kind at and below node i. */
static size_t letters_below(struct render *r, int i, unsigned kind, size_t enough)
{
	size_t letters = 0;

	for (int c = i, end = outline_end(r->nodes, i); c < end && letters < enough; c++) {
		struct node *n = outline_node(r->nodes, c);

		if ((n->n_children == 0 || n->made) && n->has & kind)
			letters += letters_of(r, n, enough - letters);
	}
	return letters;
}

/* A plain text that is empty, or so short, while the HTML says so much more, that it only tells the
 * reader to look there; in whatever language. */
static bool is_stub(struct render *r, int plain, int html)
{
	size_t letters = letters_below(r, plain, HAS_PLAIN, STUB_MAX + 1);
	size_t more = MAX(letters, (size_t)STUB_LEAST) * STUB_FACTOR + 1;

	return letters == 0 ||
	       (letters <= STUB_MAX && letters_below(r, html, HAS_HTML, more) >= more);
}

/* Walks the children of p once: the first with plain text, the last with HTML. */
static void find_texts(struct render *r, int p, int *plain, int *html)
{
	*plain = *html = -1;
	for (int c = p + 1; c < (int)r->nodes->len; c++) {
		struct node *n = outline_node(r->nodes, c);

		if (n->depth <= outline_node(r->nodes, p)->depth)
			break;
		if (n->parent != p)
			continue;
		if (n->has & HAS_PLAIN && *plain < 0)
			*plain = c;
		else if (n->has & HAS_HTML)
			*html = c;
	}
}

static bool prefers_html(struct render *r, int plain, int html)
{
	if (r->how->as == DOCUMENT_PLAIN || r->how->as == DOCUMENT_HTML)
		return r->how->as == DOCUMENT_HTML;
	return is_stub(r, plain, html);
}

static int pick_alternative(struct render *r, int p)
{
	int plain, html, chosen;

	find_texts(r, p, &plain, &html);
	chosen = plain;
	if (plain < 0 || (html >= 0 && prefers_html(r, plain, html)))
		chosen = html;
	if (chosen < 0)
		return PICK_ALL;
	return outline_node(r->nodes, chosen)->index;
}

/* The root of a multipart/related: named by `start`, else the first with text. */
static int pick_related(struct render *r, int p)
{
	struct node *n = outline_node(r->nodes, p);
	const char *start = content_param(n, "start");
	int plain, html, root = -1;

	for (int i = 0; start && root < 0 && i < n->n_children; i++) {
		GMimeObject *o = g_mime_multipart_get_part(GMIME_MULTIPART(n->object), i);
		const char *id = g_mime_object_get_content_id(o);
		size_t len = id ? strlen(id) : 0;

		start += *start == '<';
		if (len > 0 && strncmp(id, start, len) == 0 && strchr(">", start[len]))
			root = i;
	}
	if (root >= 0)
		return root;
	find_texts(r, p, &plain, &html);
	if (plain < 0 || (html >= 0 && html < plain))
		plain = html;
	return plain < 0 ? PICK_NONE : outline_node(r->nodes, plain)->index;
}

/* Whether a text outside of node i has words: then the one in a winmail.dat is the same. */
static bool says_something(struct render *r, int i)
{
	int end = outline_end(r->nodes, i);

	for (int c = 0; c < (int)r->nodes->len; c++) {
		struct node *n = outline_node(r->nodes, c);

		if ((c < i || c >= end) && n->n_children == 0 && n->has && n->size > WORDS_LEAST)
			return true;
	}
	return false;
}

static int pick(struct render *r, int i)
{
	struct node *n = outline_node(r->nodes, i);

	if (strcmp(n->type, "multipart/alternative") == 0)
		return pick_alternative(r, i);
	if (strcmp(n->type, "multipart/related") == 0)
		return pick_related(r, i);
	if (strcmp(n->type, "multipart/encrypted") == 0)
		return PICK_NONE;
	if (strcmp(n->type, "multipart/signed") == 0)
		return 0;
	if (n->made && tnef_is(n->type, n->filename) && r->how->as != DOCUMENT_PART)
		return says_something(r, i) ? PICK_NONE : PICK_ALL;
	return PICK_ALL;
}

/* When one part is asked for: whether node i is it, or lies in it. */
static bool is_asked_for(struct render *r, int i)
{
	return i == r->how->part ||
	       (i > r->how->part && i < outline_end(r->nodes, r->how->part));
}

static bool is_alive(struct render *r, int i)
{
	struct node *n = outline_node(r->nodes, i);
	int chosen;

	if (r->how->as == DOCUMENT_PART && !is_asked_for(r, i))
		return false;
	if (n->parent < 0 || (r->how->as == DOCUMENT_PART && i == r->how->part))
		return true;
	chosen = r->picks[n->parent];
	if (!r->live[n->parent])
		return false;
	if (part_is_calendar(n) && n->in == PARENT_ALTERNATIVE)
		return true; /* its card says what the text does not */
	return chosen == PICK_ALL || chosen == n->index;
}

/* --- putting together --------------------------------------------------------------- */

/* Bytes without a NUL among the first: can be read as text when that is asked for. */
static bool looks_like_text(const struct node *n)
{
	g_autoptr(GString) start = content_bytes(n, LOOK_MAX, NULL);

	return start->len > 0 && !memchr(start->str, '\0', start->len);
}

static bool is_shown(struct render *r, int i)
{
	const struct node *n = outline_node(r->nodes, i);

	if (!GMIME_IS_PART(n->object) || (n->missing && n->attachment))
		return false;
	if (r->how->as == DOCUMENT_PART && i == r->how->part)
		return part_is_text(n) || looks_like_text(n);
	if (part_is_calendar(n)) /* its card, also when it is a file */
		return true;
	return !n->attachment && part_is_text(n);
}

static void render_node(struct render *r, int i)
{
	struct node *n = outline_node(r->nodes, i);
	size_t before = r->out->text->len, begin;
	bool leaf = n->n_children == 0 || (n->made && !tnef_is(n->type, n->filename));

	if (before > 0 && (n->message || leaf))
		g_string_append_c(r->out->text, '\n');
	begin = r->out->text->len;
	if (n->message)
		render_heading(r, n);
	else if (GMIME_IS_MULTIPART(n->object) && n->n_children == 0)
		render_prologue(n, r->out->text);
	else if (GMIME_IS_MESSAGE_PARTIAL(n->object))
		render_partial(n, r->out);
	else if (strcmp(n->type, "message/external-body") == 0)
		render_external(n, r->out);
	else if (leaf && is_shown(r, i))
		part_text(&r->part, n, r->out);
	n->shown = r->out->text->len > begin && !n->attachment;
	if (r->out->text->len > begin)
		body_text_span(r->out, begin, SPAN_PART, (size_t)i);
	else
		body_text_truncate(r->out, before);
}

static void cut_text(struct render *r)
{
	size_t end = r->max;

	if (r->out->text->len <= r->max)
		return;
	while (end > 0 && ((unsigned char)r->out->text->str[end] & 0xC0) == 0x80)
		end--;
	body_text_truncate(r->out, end);
	r->out->notes |= BODY_CUT;
}

void body_render(GArray *nodes, const struct document_how *how, size_t max, struct body_text *out)
{
	g_autofree int *picks = g_new0(int, nodes->len);
	g_autofree bool *live = g_new0(bool, nodes->len);
	struct render r = { .nodes = nodes, .picks = picks, .live = live, .out = out, .max = max,
		.how = how,
		.part = { .max = max, .html_budget = BODY_HTML_BUDGET, .width = how->width,
			.text_width = how->text_width } };

	if (how->as == DOCUMENT_PART && (how->part < 0 || how->part >= (int)nodes->len))
		return;
	for (int i = 0; i < (int)nodes->len; i++) {
		live[i] = is_alive(&r, i);
		if (!live[i])
			continue;
		picks[i] = pick(&r, i);
		if (out->text->len < max)
			render_node(&r, i);
		else
			out->notes |= BODY_CUT;
	}
	cut_text(&r);
	body_text_sort(out);
}
