#include "mime/document.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <gmime/gmime.h>

#include "base/i18n.h"
#include "base/mem.h"
#include "mime/address.h"
#include "mime/body.h"
#include "mime/charset.h"
#include "mime/flowed.h"
#include "mime/outline.h"
#include "mime/structure.h"
#include "mime/text.h"

enum {
	VALUE_MAX = 64 * 1024,         /* bytes of one header value */
	HEADERS_MAX = 2000,            /* headers listed */
	HEADER_LINES_MAX = 20000,      /* of all parts, before the parser */
	FILENAME_MAX_BYTES = 1000,
	IN_MEMORY_MAX = 1 << 20,       /* a message up to this size is read at once */
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

static struct document *document_new(void)
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

static void add_header(struct document *d, const char *name, const char *raw)
{
	struct document_header *h = g_new0(struct document_header, 1);
	size_t len = strlen(raw);

	h->name = g_utf8_make_valid(name, -1);
	h->value = holds_addresses(name) ? address_list_text(raw, len, VALUE_MAX)
					 : mime_decode_text(raw, len, VALUE_MAX);
	g_ptr_array_add(d->headers, h);
}

static bool read_headers(struct document *d, GMimeMessage *m)
{
	GMimeHeaderList *list = g_mime_object_get_header_list(GMIME_OBJECT(m));
	int n = g_mime_header_list_get_count(list);

	for (int i = 0; i < n && i < HEADERS_MAX; i++) {
		GMimeHeader *h = g_mime_header_list_get_header_at(list, i);
		const char *raw = g_mime_header_get_raw_value(h);

		add_header(d, g_mime_header_get_name(h), raw ? raw : "");
	}
	return n <= HEADERS_MAX;
}

/* --- parts and text -------------------------------------------------------------- */

static void add_part(struct document *d, const struct node *n)
{
	struct document_part *p = g_new0(struct document_part, 1);

	p->depth = n->depth;
	p->type = g_strdup(n->type);
	if (n->filename && *n->filename)
		p->filename = mime_decode_text(n->filename, strlen(n->filename),
			FILENAME_MAX_BYTES);
	p->size = n->size;
	p->shown = n->shown;
	p->attachment = n->attachment && !n->shown;
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
	if (notes & BODY_ENCRYPTED)
		add_note(d, _("This message is encrypted; it cannot be shown yet."));
	if (notes & BODY_SIGNED)
		add_note(d, _("This message is signed; the signature was not checked."));
	if (notes & BODY_CHARSET)
		add_note(d, _("Some characters could not be decoded for certain."));
	if (cut || notes & BODY_CUT)
		add_note(d, _("This message is too large or too complex to show in full; "
			      "save it to see the rest."));
}

static void fill(struct document *d, GMimeMessage *m, int width, bool cut)
{
	struct body_text body;
	g_autoptr(GArray) nodes = NULL;
	GMimeObject *root = g_mime_message_get_mime_part(m);

	body_text_init(&body);
	cut = !read_headers(d, m) || cut;
	if (root) {
		nodes = outline_build(root, DOCUMENT_DEPTH_MAX, DOCUMENT_PARTS_MAX, &cut);
		body_render(nodes, DOCUMENT_TEXT_MAX, width, &body);
		for (int i = 0; i < (int)nodes->len; i++)
			add_part(d, outline_node(nodes, i));
	}
	take_body(d, &body);
	add_notes(d, body.notes, cut);
}

/* --- reading --------------------------------------------------------------------- */

/* At most max bytes from the beginning of the file. */
static int read_start(int fd, size_t max, GByteArray *buf, struct err *err)
{
	size_t have = 0;

	g_byte_array_set_size(buf, (guint)max);
	while (have < max) {
		ssize_t n = pread(fd, buf->data + have, max - have, (off_t)have);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return err_set(err, ERR_STORAGE, _("The message cannot be read: %s."),
				g_strerror(errno));
		if (n == 0)
			break;
		have += (size_t)n;
	}
	g_byte_array_set_size(buf, (guint)have);
	return 0;
}

/* A file without any header: all of it is text. */
static int fill_bare(struct document *d, int fd, off_t size, struct err *err)
{
	size_t max = (size_t)MIN(MAX(size, 0), (off_t)DOCUMENT_TEXT_MAX / 4);
	g_autoptr(GByteArray) raw = g_byte_array_new();
	g_autoptr(GString) utf8 = g_string_new(NULL);
	GString *text = g_string_new(NULL);
	struct node n = { .type = "text/plain" };
	int r = read_start(fd, max, raw, err);

	charset_append(utf8, NULL, (const char *)raw->data, raw->len);
	plain_append(text, utf8->str, utf8->len);
	n.size = (uint64_t)MAX(size, 0);
	n.shown = text->len > 0;
	g_free(d->text);
	d->text = g_string_free(text, FALSE);
	if (size > 0)
		add_part(d, &n);
	add_notes(d, 0, (off_t)max < size);
	return r;
}

/* The stream that the parser may read: no byte behind `end`. */
static int open_stream(int fd, off_t end, GMimeStream **out, struct err *err)
{
	int copy;

	if (end <= IN_MEMORY_MAX) {
		g_autoptr(GByteArray) buf = g_byte_array_new();
		int r = read_start(fd, (size_t)end, buf, err);

		if (r == 0)
			*out = g_mime_stream_mem_new_with_byte_array(g_steal_pointer(&buf));
		return r;
	}
	copy = fcntl(fd, F_DUPFD_CLOEXEC, 0);
	if (copy < 0)
		return err_set(err, ERR_STORAGE, _("The message cannot be read: %s."),
			g_strerror(errno));
	*out = g_mime_stream_fs_new_with_bounds(copy, 0, end); /* closes its descriptor */
	return 0;
}

static GMimeMessage *parse(GMimeStream *stream)
{
	GMimeParser *parser = g_mime_parser_new_with_stream(stream);
	GMimeMessage *m;

	g_mime_parser_set_respect_content_length(parser, FALSE);
	m = g_mime_parser_construct_message(parser, NULL);
	g_object_unref(parser);
	return m;
}

static int read_whole(struct document *d, int fd, int width, struct err *err)
{
	static const struct structure_limits limits = { .bytes = INT64_MAX,
		.header_bytes = DOCUMENT_HEADER_MAX,
		.header_lines = HEADER_LINES_MAX,
		.parts = DOCUMENT_PARTS_MAX };
	struct structure outline;
	GMimeStream *stream = NULL;
	GMimeMessage *m;
	struct stat st;
	int r;

	if (fstat(fd, &st))
		return err_set(err, ERR_STORAGE, _("The message cannot be read: %s."),
			g_strerror(errno));
	r = structure_scan(fd, &limits, &outline, err);
	if (r == 0)
		r = open_stream(fd, outline.cut ? MIN(outline.end, st.st_size) : st.st_size, &stream,
			err);
	if (r < 0)
		return r;
	m = parse(stream);
	g_object_unref(stream);
	if (!m)
		return fill_bare(d, fd, st.st_size, err);
	fill(d, m, width, outline.cut);
	g_object_unref(m);
	return 0;
}

int document_read(int fd, const struct document_how *how, struct document **out, struct err *err)
{
	AUTO(document_free) struct document *d = document_new();
	int r = read_whole(d, fd, how ? how->width : 0, err);

	if (r < 0)
		return r;
	*out = TAKE(d);
	return 0;
}
