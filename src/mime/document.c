#include "mime/document.h"

#include <string.h>

#include <gmime/gmime.h>

#include "base/i18n.h"
#include "base/mem.h"
#include "mime/address.h"
#include "mime/body.h"
#include "mime/charset.h"
#include "mime/flowed.h"
#include "mime/open.h"
#include "mime/outline.h"
#include "mime/protect.h"
#include "mime/text.h"

enum {
	VALUE_MAX = 64 * 1024,         /* bytes of one header value */
	HEADERS_MAX = 2000,            /* headers listed */
};

static void header_free(void *p)
{
	struct document_header *h = p;

	g_free(h->name);
	g_free(h->value);
	g_free(h);
}

static void part_free(void *p)
{
	struct document_part *part = p;

	g_free(part->type);
	g_free(part->filename);
	g_free(part);
}

/* Moves the body into the document; frees what was there. */
static void take_body(struct document *d, struct body_text *b)
{
	g_clear_pointer(&d->spans, g_array_unref);
	g_clear_pointer(&d->links, g_ptr_array_unref);
	g_free(d->text);
	d->text = g_string_free(b->text, FALSE);
	d->spans = b->spans;
	d->links = b->links;
	d->blocked = b->blocked;
	d->wide = b->wide;
}

struct document *document_new(void)
{
	struct document *d = g_new0(struct document, 1);
	struct body_text none;

	d->headers = g_ptr_array_new_with_free_func(header_free);
	d->parts = g_ptr_array_new_with_free_func(part_free);
	body_text_init(&none);
	take_body(d, &none);
	return d;
}

void document_free(struct document **d)
{
	if (!*d)
		return;
	g_ptr_array_unref((*d)->headers);
	g_ptr_array_unref((*d)->parts);
	g_array_unref((*d)->spans);
	g_ptr_array_unref((*d)->links);
	g_free((*d)->text);
	g_free((*d)->note);
	g_clear_pointer(d, g_free);
}

const char *document_header(const struct document *d, const char *name)
{
	for (guint i = 0; i < d->headers->len; i++) {
		const struct document_header *h = d->headers->pdata[i];

		if (g_ascii_strcasecmp(h->name, name) == 0)
			return h->value;
	}
	return NULL;
}

/* --- headers ------------------------------------------------------------------- */

static bool holds_addresses(const char *name)
{
	static const char *const names[] = { "From", "To", "Cc", "Bcc", "Reply-To", "Sender",
		"Resent-From", "Resent-To", "Resent-Cc", "Mail-Followup-To", "Mail-Reply-To" };

	for (size_t i = 0; i < G_N_ELEMENTS(names); i++)
		if (g_ascii_strcasecmp(names[i], name) == 0)
			return true;
	return false;
}

static void add_header(struct document *d, const char *name, const char *raw, const char *charset)
{
	struct document_header *h = g_new0(struct document_header, 1);
	g_autoptr(GString) known = mime_by_body(raw, strlen(raw), charset);
	size_t len = known ? known->len : strlen(raw);

	raw = known ? known->str : raw;
	h->name = g_utf8_make_valid(name, -1);
	h->value = holds_addresses(name) ? address_list_text(raw, len, VALUE_MAX)
					 : mime_decode_text(raw, len, VALUE_MAX);
	g_ptr_array_add(d->headers, h);
}

static bool read_headers(struct document *d, GMimeMessage *m)
{
	GMimeHeaderList *list = g_mime_object_get_header_list(GMIME_OBJECT(m));
	GMimeObject *root = g_mime_message_get_mime_part(m);
	const char *charset = root ? g_mime_object_get_content_type_parameter(root, "charset") : NULL;
	int n = g_mime_header_list_get_count(list);

	for (int i = 0; i < n && i < HEADERS_MAX; i++) {
		GMimeHeader *h = g_mime_header_list_get_header_at(list, i);
		const char *raw = g_mime_header_get_raw_value(h);

		add_header(d, g_mime_header_get_name(h), raw ? raw : "", charset);
	}
	return n <= HEADERS_MAX;
}

/* --- parts and text -------------------------------------------------------------- */

/* What is opened in the parts below is no attachment itself. */
static bool is_listed(const struct node *n)
{
	if (n->made)
		return false;
	return (n->missing && !g_str_has_prefix(n->type, "text/")) ||
	       (n->attachment && !n->shown);
}

static void add_part(struct document *d, const struct node *n)
{
	struct document_part *p = g_new0(struct document_part, 1);

	p->depth = n->depth;
	p->type = g_strdup(n->type);
	if (n->filename && *n->filename)
		p->filename = g_strdup(n->filename);
	p->size = n->size;
	p->shown = n->shown;
	p->missing = n->missing && (n->attachment || !g_str_has_prefix(n->type, "text/"));
	p->attachment = is_listed(n);
	g_ptr_array_add(d->parts, p);
}

static void add_note(struct document *d, const char *sentence)
{
	char *old = d->note;

	d->note = old ? g_strdup_printf("%s %s", old, sentence) : g_strdup(sentence);
	g_free(old);
}

static void add_notes(struct document *d, unsigned notes, bool cut)
{
	if (d->seal.kind == SEAL_PGP_ENCRYPTED || d->seal.kind == SEAL_SMIME_ENCRYPTED)
		add_note(d, _("This message is encrypted; it cannot be shown yet."));
	if (notes & BODY_CHARSET)
		add_note(d, _("Some characters could not be decoded for certain."));
	if (cut || notes & BODY_CUT)
		add_note(d, _("This message is too large or too complex to show in full; "
			      "save it to see the rest."));
}

static void fill(struct document *d, GMimeMessage *m, const struct document_how *how, bool cut)
{
	struct body_text body;
	g_autoptr(GArray) nodes = NULL;
	GMimeObject *root = g_mime_message_get_mime_part(m);

	body_text_init(&body);
	cut = !read_headers(d, m) || cut;
	if (root) {
		nodes = outline_build(root, DOCUMENT_DEPTH_MAX, DOCUMENT_PARTS_MAX, &cut);
		outline_holes(nodes, how->holes, how->n_holes);
		body_render(nodes, how, DOCUMENT_TEXT_MAX, &body);
		d->seal = protect_find(nodes);
		for (int i = 0; i < (int)nodes->len; i++)
			add_part(d, outline_node(nodes, i));
	}
	take_body(d, &body);
	add_notes(d, body.notes, cut);
}

/* --- reading --------------------------------------------------------------------- */

/* A file without any header: all of it is text. */
static int fill_bare(struct document *d, int fd, const struct opened *o, struct err *err)
{
	size_t max = (size_t)MIN(o->end, (int64_t)DOCUMENT_TEXT_MAX / 4);
	g_autoptr(GByteArray) raw = g_byte_array_new();
	g_autoptr(GString) utf8 = g_string_new(NULL);
	GString *text = g_string_new(NULL);
	struct node n = { .type = "text/plain" };
	int r = opened_start(fd, max, raw, err);

	charset_append(utf8, NULL, (const char *)raw->data, raw->len);
	plain_append(text, utf8->str, utf8->len);
	n.size = (uint64_t)o->size;
	n.shown = text->len > 0;
	g_free(d->text);
	d->text = g_string_free(text, FALSE);
	if (o->size > 0)
		add_part(d, &n);
	add_notes(d, 0, (int64_t)max < o->end);
	return r;
}

int document_read(int fd, const struct document_how *how, struct document **out, struct err *err)
{
	static const struct document_how best = { 0 };
	AUTO(document_free) struct document *d = document_new();
	AUTO(opened_release) struct opened o = { 0 };
	int r;

	if (!how)
		how = &best;
	r = opened_parse(fd, how->first, &o, err);
	if (r < 0)
		return r;
	d->partial = o.partial;
	if (o.message)
		fill(d, o.message, how, o.cut);
	else
		r = fill_bare(d, fd, &o, err);
	if (r < 0)
		return r;
	*out = TAKE(d);
	return 0;
}
