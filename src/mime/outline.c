#include "mime/outline.h"

#include <string.h>

#include "mime/header.h"
#include "mime/name.h"
#include "mime/unpack.h"

struct frame {
	int node, next;
};

/* "a/b" of characters that a type is made of (RFC 6838, 4.2), and one slash. */
static bool is_type(const char *s)
{
	const char *slash = strchr(s, '/');

	for (const char *p = s; *p; p++)
		if (p != slash && !g_ascii_isalnum(*p) && !strchr("!#$&-^_.+", *p))
			return false;
	return slash && slash > s && slash[1];
}

/* The type as structure.c reads it, so that rows and documents agree; GMime's where there is no
 * header (the children of a digest are messages). */
static void read_type(struct node *n)
{
	GMimeHeader *h = g_mime_header_list_get_header(g_mime_object_get_header_list(n->object),
		"Content-Type");
	const char *raw = h ? g_mime_header_get_raw_value(h) : NULL;
	GMimeContentType *t = g_mime_object_get_content_type(n->object);
	const char *media = t ? g_mime_content_type_get_media_type(t) : NULL;
	const char *sub = t ? g_mime_content_type_get_media_subtype(t) : NULL;

	if (raw && GMIME_IS_PART(n->object)) {
		header_word(raw, strlen(raw), n->type, sizeof n->type);
		if (is_type(n->type) && !g_str_has_prefix(n->type, "multipart/"))
			return;
		if (!strchr(n->type, '/'))
			media = sub = NULL; /* RFC 2045, 5.2: it is plain text */
	}
	g_snprintf(n->type, sizeof n->type, "%s/%s", media ? media : "text", sub ? sub : "plain");
	for (char *p = n->type; *p; p++)
		*p = *p > ' ' && *p < 0x7F ? g_ascii_tolower(*p) : '_';
}

static unsigned texts_of(const struct node *n)
{
	if (n->attachment || n->n_children > 0)
		return 0;
	if (strcmp(n->type, "text/html") == 0)
		return HAS_HTML;
	return g_str_has_prefix(n->type, "text/") && strcmp(n->type, "text/calendar") != 0
		       ? HAS_PLAIN
		       : 0;
}

static uint64_t size_of(struct node *n)
{
	GMimeDataWrapper *content;
	gint64 len;

	if (!GMIME_IS_PART(n->object))
		return 0;
	content = g_mime_part_get_content(GMIME_PART(n->object));
	len = content ? g_mime_stream_length(g_mime_data_wrapper_get_stream(content)) : 0;
	if (len <= 0)
		return 0;
	if (g_mime_part_get_content_encoding(GMIME_PART(n->object)) ==
		GMIME_CONTENT_ENCODING_BASE64)
		len = len / 78 * 57 + len % 78 * 3 / 4;
	return (uint64_t)len;
}

/* Opens what the part holds, if it is something to be opened. */
static void open_part(struct node *n, size_t *budget)
{
	n->made = unpack(n);
	if (n->made)
		n->n_children = g_mime_multipart_get_count(n->made);
	if (GMIME_IS_PART(n->object) && strcmp(n->type, "message/rfc822") == 0 && !n->attachment) {
		n->opened = n->message = unpack_message(n, budget);
		n->attachment = !n->opened; /* what cannot be opened is a file */
	}
	if (n->message && g_mime_message_get_mime_part(n->message))
		n->n_children = 1;
}

static void describe(struct node *n, size_t *budget)
{
	const char *how = g_mime_object_get_disposition(n->object);
	struct part_facts f = { .type = n->type, .parent = n->in, .index = n->index };

	read_type(n);
	if (GMIME_IS_PART(n->object))
		n->filename = name_of_part(GMIME_PART(n->object));
	f.attached = how && g_ascii_strcasecmp(how, "attachment") == 0;
	f.named = n->filename != NULL;
	f.has_id = g_mime_object_get_content_id(n->object) != NULL;
	n->attachment = part_is_attachment(&f);
	if (GMIME_IS_MESSAGE_PART(n->object) && !n->attachment)
		n->message = g_mime_message_part_get_message(GMIME_MESSAGE_PART(n->object));
	if (GMIME_IS_MULTIPART(n->object))
		n->n_children = g_mime_multipart_get_count(GMIME_MULTIPART(n->object));
	n->has = texts_of(n);
	n->size = size_of(n);
	open_part(n, budget);
}

static GMimeObject *child_of(const struct node *n, int i)
{
	if (n->message)
		return g_mime_message_get_mime_part(n->message);
	return g_mime_multipart_get_part(n->made ? n->made : GMIME_MULTIPART(n->object), i);
}

static int add(GArray *nodes, GMimeObject *object, int parent, int index, size_t *budget)
{
	struct node n = { .object = object, .parent = parent, .index = index };

	if (parent >= 0) {
		struct node *p = outline_node(nodes, parent);

		n.depth = p->depth + 1;
		n.in = p->message ? PARENT_NONE : part_parent_of(p->type);
		n.apart = p->apart || p->made || p->opened;
	}
	describe(&n, budget);
	g_array_append_val(nodes, n);
	return (int)nodes->len - 1;
}

/* Children stand behind their parents: one walk backwards sums up. */
static void sum_up(GArray *nodes)
{
	for (int i = (int)nodes->len - 1; i > 0; i--) {
		struct node *n = outline_node(nodes, i), *p = outline_node(nodes, n->parent);

		if (!p->made)
			p->has |= n->has;
	}
}

static void node_clear(void *p)
{
	struct node *n = p;

	g_clear_object(&n->made);
	g_clear_object(&n->opened);
	g_clear_pointer(&n->filename, g_free);
}

int outline_end(GArray *nodes, int i)
{
	int depth = outline_node(nodes, i)->depth, end = i + 1;

	while (end < (int)nodes->len && outline_node(nodes, end)->depth > depth)
		end++;
	return end;
}

/* Where the content begins in the file; -1 if it is not there as it stands. */
static int64_t content_begin(const struct node *n)
{
	GMimeDataWrapper *content =
		GMIME_IS_PART(n->object) ? g_mime_part_get_content(GMIME_PART(n->object)) : NULL;
	GMimeStream *stream = content ? g_mime_data_wrapper_get_stream(content) : NULL;

	return stream ? stream->bound_start : -1;
}

static uint64_t decoded(const struct node *n, uint64_t bytes)
{
	if (g_mime_part_get_content_encoding(GMIME_PART(n->object)) !=
		GMIME_CONTENT_ENCODING_BASE64)
		return bytes;
	return bytes / 78 * 57 + bytes % 78 * 3 / 4;
}

void outline_holes(GArray *nodes, const struct body_hole *holes, size_t n_holes)
{
	size_t h = 0;

	for (int i = 0; i < (int)nodes->len && h < n_holes; i++) {
		struct node *n = outline_node(nodes, i);
		int64_t at = n->apart ? -1 : content_begin(n);

		if (at < 0)
			continue;
		while (h < n_holes && holes[h].at < (uint64_t)at)
			h++;
		if (h == n_holes || holes[h].at != (uint64_t)at)
			continue;
		n->missing = true;
		if (!n->attachment && g_str_has_prefix(n->type, "text/"))
			continue; /* a text that is read: what is there of it is shown */
		n->size = decoded(n, holes[h].bytes);
	}
}

GArray *outline_build(GMimeObject *root, int depth_max, int parts_max, bool *cut)
{
	GArray *nodes = g_array_new(FALSE, FALSE, sizeof(struct node));
	g_autofree struct frame *stack = g_new0(struct frame, (gsize)depth_max);
	size_t budget = UNPACK_MESSAGES_MAX;
	int open = 0;

	g_array_set_clear_func(nodes, node_clear);
	stack[open++] = (struct frame){ add(nodes, root, -1, 0, &budget), 0 };
	while (open > 0) {
		struct frame *f = &stack[open - 1];
		struct node *n = outline_node(nodes, f->node);
		GMimeObject *child = f->next < n->n_children ? child_of(n, f->next) : NULL;

		if (!child) {
			open--;
		} else if (open == depth_max || (int)nodes->len == parts_max) {
			*cut = true;
			open--;
		} else {
			int i = add(nodes, child, f->node, f->next++, &budget);

			stack[open++] = (struct frame){ i, 0 };
		}
	}
	sum_up(nodes);
	return nodes;
}
