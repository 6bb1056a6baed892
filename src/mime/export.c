#include "mime/export.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include <gmime/gmime.h>

#include "base/file.h"
#include "base/i18n.h"
#include "base/mem.h"
#include "mime/content.h"
#include "mime/open.h"
#include "mime/outline.h"
#include "mime/region.h"

enum {
	CHUNK = 64 * 1024,
	ARMOR_LINE_MAX = 1024,   /* bytes of a line of text that may be a line of armor */
};

/* The parsed message, its parts, and the file. */
struct source {
	int fd;
	struct opened opened;
	GArray *nodes; /* NULL: a text without a header */
};

static void source_release(struct source *s)
{
	g_clear_pointer(&s->nodes, g_array_unref);
	opened_release(&s->opened);
}

static int no_part(struct err *err)
{
	return err_set(err, ERR_GONE, _("The message has no such part."));
}

static int source_open(int fd, const struct document_how *how, int part, struct source *s,
	struct err *err)
{
	GMimeObject *root;
	bool cut = false;

	s->fd = fd;
	if (opened_parse(fd, 0, &s->opened, err) < 0)
		return err->code;
	root = s->opened.message ? g_mime_message_get_mime_part(s->opened.message) : NULL;
	if (root)
		s->nodes = outline_build(root, DOCUMENT_DEPTH_MAX, DOCUMENT_PARTS_MAX, &cut);
	if (s->nodes && how)
		outline_holes(s->nodes, how->holes, how->n_holes);
	return part < 0 || part >= (s->nodes ? (int)s->nodes->len : 1) ? no_part(err) : 0;
}

/* --- where a part stands in the file ------------------------------------------------ */

static int region_of(struct source *s, int i, struct region *out, struct err *err);

/* The bytes that node i is made of are part `index` between the boundaries of node p. */
static int region_inside(struct source *s, int p, int index, struct region *out, struct err *err)
{
	struct node *n = outline_node(s->nodes, p);
	struct region part, body;
	const char *boundary;

	if (region_of(s, p, &part, err) < 0 || region_body(s->fd, &part, &body, err) < 0)
		return err->code;
	if (n->message) {
		*out = body; /* a message with its header, which is also that of its only part */
		return 0;
	}
	boundary = g_mime_multipart_get_boundary(GMIME_MULTIPART(n->object));
	return boundary ? region_part(s->fd, &body, boundary, index, out, err) : no_part(err);
}

/* Goes down from the root; not deeper than outline_build went, which is DOCUMENT_DEPTH_MAX. */
static int region_of(struct source *s, int i, struct region *out, struct err *err)
{
	struct node *n = outline_node(s->nodes, i);

	if (n->parent < 0) {
		*out = (struct region){ 0, s->opened.end };
		return 0;
	}
	return region_inside(s, n->parent, n->index, out, err);
}

/* --- content ------------------------------------------------------------------------ */

static GMimeDataWrapper *content_of(const struct node *n)
{
	return GMIME_IS_PART(n->object) ? g_mime_part_get_content(GMIME_PART(n->object)) : NULL;
}

/* Where the encoded content stands in the file. */
static struct region content_region(GMimeDataWrapper *content)
{
	GMimeStream *stream = g_mime_data_wrapper_get_stream(content);
	gint64 len = g_mime_stream_length(stream);

	return (struct region){ stream->bound_start, stream->bound_start + MAX(len, 0) };
}

typedef int sink_fn(void *ctx, const char *data, size_t len, struct err *err);

/* Decodes chunk by chunk. */
static int decode(GMimeDataWrapper *content, sink_fn *sink, void *ctx, struct err *err)
{
	GMimeStream *stream = g_mime_data_wrapper_get_stream(content);
	GMimeStream *filtered = g_mime_stream_filter_new(stream);
	GMimeFilter *filter =
		g_mime_filter_basic_new(g_mime_data_wrapper_get_encoding(content), FALSE);
	g_autofree char *chunk = g_malloc(CHUNK);
	ssize_t n;
	int r = 0;

	g_mime_stream_reset(stream);
	g_mime_stream_filter_add(GMIME_STREAM_FILTER(filtered), filter);
	while (r == 0 && (n = g_mime_stream_read(filtered, chunk, CHUNK)) > 0)
		r = sink(ctx, chunk, (size_t)n, err);
	g_object_unref(filter);
	g_object_unref(filtered);
	return r;
}

struct file_sink {
	int fd;
	uint64_t bytes;
};

static int to_file(void *ctx, const char *data, size_t len, struct err *err)
{
	struct file_sink *f = ctx;
	int r = fd_write_all(f->fd, data, len);

	if (r < 0)
		return err_set(err, ERR_STORAGE, _("The part cannot be written: %s."),
			g_strerror(-r));
	f->bytes += len;
	return 0;
}

static int export_region(struct source *s, const struct region *r, int out, uint64_t *bytes,
	struct err *err)
{
	if (region_copy(s->fd, r, out, err) < 0)
		return err->code;
	*bytes = (uint64_t)(r->end - r->at);
	return 0;
}

/* A message inside: its bytes, as they stand. */
static int export_message(struct source *s, int i, int out, uint64_t *bytes, struct err *err)
{
	struct region part, body;

	if (region_of(s, i, &part, err) < 0 || region_body(s->fd, &part, &body, err) < 0)
		return err->code;
	return export_region(s, &body, out, bytes, err);
}

/* A message inside of something that was decoded: put together from what the parser kept of it. */
static int export_apart(const struct node *n, int out, uint64_t *bytes, struct err *err)
{
	GMimeMessage *m = g_mime_message_part_get_message(GMIME_MESSAGE_PART(n->object));
	GMimeStream *mem = g_mime_stream_mem_new();
	GByteArray *all;
	int r;

	if (m)
		g_mime_object_write_to_stream(GMIME_OBJECT(m), NULL, mem);
	all = g_mime_stream_mem_get_byte_array(GMIME_STREAM_MEM(mem));
	r = to_file(&(struct file_sink){ .fd = out }, (const char *)all->data, all->len, err);
	*bytes = all->len;
	g_object_unref(mem);
	return r;
}

static int export_node(struct source *s, int i, int out, uint64_t *bytes, struct err *err)
{
	struct node *n = outline_node(s->nodes, i);
	GMimeDataWrapper *content = content_of(n);
	struct file_sink f = { .fd = out };

	if (GMIME_IS_MESSAGE_PART(n->object))
		return n->apart ? export_apart(n, out, bytes, err)
				: export_message(s, i, out, bytes, err);
	if (GMIME_IS_MULTIPART(n->object))
		return err_set(err, ERR_UNSUPPORTED,
			_("This part only holds other parts; choose one of them."));
	if (n->missing)
		return err_set(err, ERR_GONE, _("The content of this part is still at the server."));
	if (content && decode(content, to_file, &f, err) < 0)
		return err->code;
	*bytes = f.bytes;
	return 0;
}

int document_export(int fd, const struct document_how *how, int part, int out, uint64_t *bytes,
	struct err *err)
{
	AUTO(source_release) struct source s = { 0 };

	if (source_open(fd, how, part, &s, err) < 0)
		return err->code;
	if (!s.nodes)
		return export_region(&s, &(struct region){ 0, s.opened.size }, out, bytes, err);
	return export_node(&s, part, out, bytes, err);
}

int document_export_text(int fd, const struct document_how *how, int part, int out, struct err *err)
{
	AUTO(source_release) struct source s = { 0 };
	g_autoptr(GString) text = NULL;
	struct file_sink f = { .fd = out };
	struct node *n;
	unsigned notes = 0;

	if (source_open(fd, how, part, &s, err) < 0)
		return err->code;
	n = s.nodes ? outline_node(s.nodes, part) : NULL;
	if (!n || !GMIME_IS_PART(n->object))
		return err_set(err, ERR_UNSUPPORTED, _("This part holds no text."));
	text = content_text(n, DOCUMENT_TEXT_MAX, &notes);
	return to_file(&f, text->str, text->len, err);
}

/* --- what a seal is about -------------------------------------------------------------- */

/*
 * The parser and the boundaries must mean the same bytes: whatever the reader
 * is shown of the signed part has to stand inside the region that is checked.
 */
static bool agrees(struct source *s, int first, const struct region *r)
{
	int depth = outline_node(s->nodes, first)->depth;

	for (int i = first; i < (int)s->nodes->len; i++) {
		struct node *n = outline_node(s->nodes, i);
		GMimeDataWrapper *content = content_of(n);
		struct region c;

		if (i > first && n->depth <= depth)
			return true;
		if (!content || n->apart) /* what that was in is looked at */
			continue;
		c = content_region(content);
		if (c.at < r->at || c.end > r->end)
			return false;
	}
	return true;
}

/* The node that is child `index` of node p; -1 if there is none. */
static int child_node(struct source *s, int p, int index)
{
	for (int i = p + 1; i < (int)s->nodes->len; i++) {
		struct node *n = outline_node(s->nodes, i);

		if (n->parent == p && n->index == index)
			return i;
	}
	return -1;
}

static int extract_child(struct source *s, int p, int index, int out, struct err *err)
{
	int child = child_node(s, p, index);
	uint64_t bytes;

	return child < 0 ? no_part(err) : export_node(s, child, out, &bytes, err);
}

static int extract_signed(struct source *s, int p, int body, int signature, struct err *err)
{
	struct region r = { 0 };
	int first = child_node(s, p, 0);

	if (first < 0 || outline_node(s->nodes, p)->apart)
		return no_part(err);
	if (region_inside(s, p, 0, &r, err) < 0)
		return err->code;
	if (!agrees(s, first, &r))
		return err_set(err, ERR_PROTOCOL, _("It is not clear what was signed."));
	if (region_copy(s->fd, &r, body, err) < 0)
		return err->code;
	return extract_child(s, p, 1, signature, err);
}

/* Lets through the lines of the first armored block. */
struct armor {
	struct file_sink out;
	char line[ARMOR_LINE_MAX];
	size_t len;
	bool inside, over, rest; /* rest: of a line that was too long for armor */
};

static bool starts(const struct armor *a, const char *word)
{
	size_t n = strlen(word);

	return !a->rest && a->len >= n && memcmp(a->line, word, n) == 0;
}

static int armor_line(struct armor *a, struct err *err)
{
	if (!a->inside && !a->over)
		a->inside = starts(a, "-----BEGIN PGP MESSAGE") ||
			    starts(a, "-----BEGIN PGP SIGNED MESSAGE");
	if (!a->inside)
		return 0;
	a->over = starts(a, "-----END PGP ");
	a->inside = !a->over;
	return to_file(&a->out, a->line, a->len, err);
}

static int to_armor(void *ctx, const char *data, size_t len, struct err *err)
{
	struct armor *a = ctx;

	for (size_t i = 0; i < len; i++) {
		a->line[a->len++] = data[i];
		if (data[i] != '\n' && a->len < sizeof a->line)
			continue;
		if (armor_line(a, err) < 0)
			return err->code;
		a->rest = data[i] != '\n';
		a->len = 0;
	}
	return 0;
}

static int extract_armor(struct source *s, int i, int body, struct err *err)
{
	GMimeDataWrapper *content = content_of(outline_node(s->nodes, i));
	struct armor a = { .out = { .fd = body } };

	if (!content)
		return no_part(err);
	if (decode(content, to_armor, &a, err) < 0 || armor_line(&a, err) < 0)
		return err->code;
	return a.over ? 0 : err_set(err, ERR_GONE, _("The protected text has no end."));
}

int document_extract(int fd, int part, int body, int signature, struct err *err)
{
	AUTO(source_release) struct source s = { 0 };
	const struct node *n;
	uint64_t bytes;

	if (source_open(fd, NULL, part, &s, err) < 0)
		return err->code;
	if (!s.nodes)
		return no_part(err);
	n = outline_node(s.nodes, part);
	if (strcmp(n->type, "multipart/signed") == 0)
		return extract_signed(&s, part, body, signature, err);
	if (strcmp(n->type, "multipart/encrypted") == 0)
		return extract_child(&s, part, 1, body, err);
	if (g_str_has_prefix(n->type, "text/"))
		return extract_armor(&s, part, body, err);
	return export_node(&s, part, body, &bytes, err);
}
