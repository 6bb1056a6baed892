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
#include "mime/calendar.h"
#include "mime/charset.h"
#include "mime/document.h"
#include "mime/flowed.h"
#include "mime/html.h"
#include "mime/outline.h"
#include "mime/text.h"

enum {
	PICK_ALL = -1,
	PICK_NONE = -2,
	STUB_MAX = 400,       /* a plain part this short may only say "see the HTML part" ... */
	STUB_FACTOR = 4,      /* ... if the HTML part says this many times more */
	FIELD_MAX = 4096,     /* bytes shown of a header of a message inside */
	SNIFF_MAX = 1024,     /* where an HTML page names its charset */
};

struct render {
	GArray *nodes;
	int *picks;
	bool *live;
	struct body_text *out;
	size_t max, html_budget;
	int width;
};

/* --- the text with its spans ----------------------------------------------------- */

static void link_free(void *p)
{
	struct document_link *link = p;

	g_free(link->target);
	g_free(link->label);
	g_free(link);
}

void body_text_init(struct body_text *b)
{
	*b = (struct body_text){ .text = g_string_new(NULL),
		.spans = g_array_new(FALSE, FALSE, sizeof(struct document_span)),
		.links = g_ptr_array_new_with_free_func(link_free) };
}

void body_text_clear(struct body_text *b)
{
	if (b->text)
		g_string_free(b->text, TRUE);
	g_clear_pointer(&b->spans, g_array_unref);
	g_clear_pointer(&b->links, g_ptr_array_unref);
	b->text = NULL;
}

void body_text_truncate(struct body_text *b, size_t len)
{
	guint kept = 0;

	if (len >= b->text->len)
		return;
	g_string_truncate(b->text, len);
	for (guint i = 0; i < b->spans->len; i++) {
		struct document_span s = g_array_index(b->spans, struct document_span, i);

		if (s.at >= len)
			continue;
		s.len = (uint32_t)MIN((size_t)s.len, len - s.at);
		g_array_index(b->spans, struct document_span, kept++) = s;
	}
	g_array_set_size(b->spans, kept);
}

/* --- bytes of a part ------------------------------------------------------------ */

/* The decoded content, at most max bytes. */
static GString *decode(struct render *r, struct node *n, size_t max)
{
	GString *raw = g_string_new(NULL);
	GMimeDataWrapper *content =
		GMIME_IS_PART(n->object) ? g_mime_part_get_content(GMIME_PART(n->object)) : NULL;
	GMimeStream *stream = content ? g_mime_data_wrapper_get_stream(content) : NULL;
	GMimeStream *filtered;
	GMimeFilter *filter;
	char chunk[8192];
	ssize_t got;

	if (!stream)
		return raw;
	g_mime_stream_reset(stream);
	filtered = g_mime_stream_filter_new(stream);
	filter = g_mime_filter_basic_new(g_mime_data_wrapper_get_encoding(content), FALSE);
	g_mime_stream_filter_add(GMIME_STREAM_FILTER(filtered), filter);
	while (raw->len <= max && (got = g_mime_stream_read(filtered, chunk, sizeof chunk)) > 0)
		g_string_append_len(raw, chunk, got);
	g_object_unref(filter);
	g_object_unref(filtered);
	if (raw->len > max) {
		g_string_truncate(raw, max);
		r->out->notes |= BODY_CUT;
	} else {
		n->size = raw->len;
	}
	return raw;
}

static const char *param(const struct node *n, const char *name)
{
	return g_mime_object_get_content_type_parameter(n->object, name);
}

static bool param_is(const struct node *n, const char *name, const char *value)
{
	const char *v = param(n, name);

	return v && g_ascii_strcasecmp(v, value) == 0;
}

/* The charset that an HTML page claims for itself, into out. */
static const char *sniff_charset(const GString *raw, char *out, size_t cap)
{
	size_t len = MIN(raw->len, (size_t)SNIFF_MAX), n;
	const char *p = memmem(raw->str, len, "charset=", 8);

	if (!p)
		return NULL;
	p += 8;
	p += *p == '"' || *p == '\'';
	n = strspn(p, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_");
	if (n == 0 || n >= cap)
		return NULL;
	memcpy(out, p, n);
	out[n] = '\0';
	return out;
}

/* The content as UTF-8. */
static GString *text_of(struct render *r, struct node *n, size_t max)
{
	g_autoptr(GString) raw = decode(r, n, max);
	GString *utf8 = g_string_sized_new(raw->len + 1);
	const char *charset = param(n, "charset");
	char name[CHARSET_NAME_MAX];

	if (!charset && strcmp(n->type, "text/html") == 0)
		charset = sniff_charset(raw, name, sizeof name);
	if (!charset_append(utf8, charset, raw->str, raw->len))
		r->out->notes |= BODY_CHARSET;
	return utf8;
}

/* --- text of a part -------------------------------------------------------------- */

static void render_html(struct render *r, const GString *html, struct body_text *out)
{
	struct html_how how = { .width = r->width };
	struct html_out h = { .text = out->text, .spans = out->spans, .links = out->links };
	size_t len = MIN(html->len, r->html_budget);

	r->html_budget -= len;
	html_to_text(html->str, len, &how, &h);
	out->blocked += h.blocked;
	out->wide = out->wide || h.wide;
	if (h.cut || len < html->len)
		out->notes |= BODY_CUT;
}

static bool looks_like_html(const GString *s)
{
	const char *p = s->str + strspn(s->str, " \t\r\n");

	return g_ascii_strncasecmp(p, "<!doctype html", 14) == 0 ||
	       g_ascii_strncasecmp(p, "<html", 5) == 0;
}

static void render_text(struct render *r, struct node *n, struct body_text *out)
{
	g_autoptr(GString) text = text_of(r, n, r->max);

	if (strcmp(n->type, "text/html") == 0 || looks_like_html(text))
		render_html(r, text, out);
	else if (strcmp(n->type, "text/calendar") == 0)
		calendar_card(out->text, text->str, text->len);
	else if (param_is(n, "format", "flowed"))
		flowed_append(out->text, text->str, text->len, param_is(n, "delsp", "yes"));
	else
		plain_append(out->text, text->str, text->len);
}

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

static void field(GMimeMessage *m, const char *name, const char *label, GString *out)
{
	GMimeHeaderList *all = g_mime_object_get_header_list(GMIME_OBJECT(m));
	GMimeHeader *h = g_mime_header_list_get_header(all, name);
	const char *raw = h ? g_mime_header_get_raw_value(h) : NULL;
	g_autofree char *text = NULL;

	if (!raw)
		return;
	text = mime_decode_text(raw, strlen(raw), FIELD_MAX);
	if (*text)
		g_string_append_printf(out, "%s: %s\n", label, text);
}

/* The few headers of a message inside a message. */
static void render_heading(struct node *n, GString *out)
{
	g_string_append_printf(out, "---------- %s ----------\n", _("Attached message"));
	field(n->message, "From", _("From"), out);
	field(n->message, "To", _("To"), out);
	field(n->message, "Cc", _("Cc"), out);
	field(n->message, "Date", _("Date"), out);
	field(n->message, "Subject", _("Subject"), out);
}

/* --- choosing -------------------------------------------------------------------- */

static size_t count_letters(const char *s)
{
	size_t n = 0;

	for (; *s; s++)
		n += (unsigned char)*s > ' ';
	return n;
}


/* Whether all plain texts below node i are empty. */
static bool all_empty(struct render *r, int i)
{
	int depth = outline_node(r->nodes, i)->depth;

	for (int c = i + 1; c < (int)r->nodes->len; c++) {
		struct node *n = outline_node(r->nodes, c);

		if (n->depth <= depth)
			break;
		if (n->n_children == 0 && n->has & HAS_PLAIN && n->size > 0)
			return false;
	}
	return true;
}

/* A plain part that is empty, or only tells the reader to look at the HTML part. */
static bool is_stub(struct render *r, int plain, int html)
{
	struct node *p = outline_node(r->nodes, plain), *h = outline_node(r->nodes, html);
	g_autoptr(GString) words = NULL;
	struct body_text other;
	size_t n, letters;

	if (p->n_children > 0)
		return all_empty(r, plain);
	words = text_of(r, p, r->max);
	n = count_letters(words->str);
	if (n == 0 || n > STUB_MAX || h->n_children > 0)
		return n == 0;
	body_text_init(&other);
	render_text(r, h, &other);
	letters = count_letters(other.text->str);
	body_text_clear(&other);
	return letters > n * STUB_FACTOR;
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

static int pick_alternative(struct render *r, int p)
{
	int plain, html, chosen;

	find_texts(r, p, &plain, &html);
	chosen = plain;
	if (plain < 0 || (html >= 0 && is_stub(r, plain, html)))
		chosen = html;
	if (chosen < 0)
		return PICK_ALL;
	return outline_node(r->nodes, chosen)->index;
}

/* The root of a multipart/related: named by `start`, else the first with text. */
static int pick_related(struct render *r, int p)
{
	struct node *n = outline_node(r->nodes, p);
	const char *start = param(n, "start");
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

static int pick(struct render *r, int i)
{
	struct node *n = outline_node(r->nodes, i);

	if (strcmp(n->type, "multipart/alternative") == 0)
		return pick_alternative(r, i);
	if (strcmp(n->type, "multipart/related") == 0)
		return pick_related(r, i);
	if (strcmp(n->type, "multipart/encrypted") == 0) {
		r->out->notes |= BODY_ENCRYPTED;
		return PICK_NONE;
	}
	if (strcmp(n->type, "multipart/signed") == 0) {
		r->out->notes |= BODY_SIGNED;
		return 0;
	}
	return PICK_ALL;
}

static bool is_alive(struct render *r, int i)
{
	struct node *n = outline_node(r->nodes, i);
	int chosen;

	if (n->parent < 0)
		return true;
	chosen = r->picks[n->parent];
	if (!r->live[n->parent])
		return false;
	if (strcmp(n->type, "text/calendar") == 0 && n->in == PARENT_ALTERNATIVE)
		return true; /* its card says what the text does not */
	return chosen == PICK_ALL || chosen == n->index;
}

static void note_smime(struct render *r, const struct node *n)
{
	if (strcmp(n->type, "application/pkcs7-mime") != 0 &&
		strcmp(n->type, "application/x-pkcs7-mime") != 0)
		return;
	r->out->notes |= param_is(n, "smime-type", "signed-data") ? BODY_SIGNED : BODY_ENCRYPTED;
}

static bool is_shown_type(const struct node *n)
{
	return g_str_has_prefix(n->type, "text/") ||
	       strcmp(n->type, "message/delivery-status") == 0 ||
	       strcmp(n->type, "message/disposition-notification") == 0;
}

static void render_node(struct render *r, int i)
{
	struct node *n = outline_node(r->nodes, i);
	size_t before = r->out->text->len;

	note_smime(r, n);
	if (before > 0 && (n->message || n->n_children == 0))
		g_string_append_c(r->out->text, '\n');
	if (n->message)
		render_heading(n, r->out->text);
	else if (GMIME_IS_MULTIPART(n->object) && n->n_children == 0)
		render_prologue(n, r->out->text);
	else if (GMIME_IS_PART(n->object) && !n->attachment && is_shown_type(n))
		render_text(r, n, r->out);
	n->shown = r->out->text->len > before + 1;
	if (!n->shown)
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

void body_render(GArray *nodes, size_t max, int width, struct body_text *out)
{
	g_autofree int *picks = g_new0(int, nodes->len);
	g_autofree bool *live = g_new0(bool, nodes->len);
	struct render r = { .nodes = nodes, .picks = picks, .live = live, .out = out, .max = max,
		.html_budget = BODY_HTML_BUDGET, .width = width };

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
}
