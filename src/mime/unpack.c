#include "mime/unpack.h"

#include <string.h>

#include "base/mem.h"
#include "mime/content.h"
#include "mime/open.h"
#include "mime/tnef.h"
#include "mime/uuencode.h"

/* A part with these bytes (taken); type "a/b" may be NULL or nonsense. */
static void add_part(GMimeMultipart *to, const char *type, const char *name, GByteArray *bytes)
{
	GMimeContentType *t = g_mime_content_type_parse(NULL,
		type && strchr(type, '/') ? type : "application/octet-stream");
	GMimePart *part = g_mime_part_new_with_type(g_mime_content_type_get_media_type(t),
		g_mime_content_type_get_media_subtype(t));
	GMimeStream *stream = g_mime_stream_mem_new_with_byte_array(bytes);
	GMimeDataWrapper *content =
		g_mime_data_wrapper_new_with_stream(stream, GMIME_CONTENT_ENCODING_BINARY);

	g_mime_part_set_content(part, content);
	g_mime_part_set_content_encoding(part, GMIME_CONTENT_ENCODING_BINARY);
	if (name)
		g_mime_part_set_filename(part, name);
	g_mime_object_set_disposition(GMIME_OBJECT(part), "attachment");
	g_mime_multipart_add(to, GMIME_OBJECT(part));
	g_object_unref(content);
	g_object_unref(stream);
	g_object_unref(part);
	g_object_unref(t);
}

/* The text of the message, first of its parts. */
static void add_body(GMimeMultipart *to, const GString *text, bool html)
{
	GByteArray *bytes = g_byte_array_new();
	GMimeObject *part;

	g_byte_array_append(bytes, (const guint8 *)text->str, (guint)text->len);
	add_part(to, html ? "text/html" : "text/plain", NULL, bytes);
	part = g_mime_multipart_get_part(to, 0);
	g_mime_object_set_disposition(part, "inline");
	g_mime_object_set_content_type_parameter(part, "charset", "utf-8");
}

static GMimeMultipart *unpack_tnef(const struct node *n)
{
	g_autoptr(GString) bytes = content_bytes(n, TNEF_READ_MAX, NULL);
	AUTO(tnef_free) struct tnef *t = tnef_open(bytes->str, bytes->len);
	GMimeMultipart *parts;

	if (!t)
		return NULL;
	parts = g_mime_multipart_new();
	if (t->body)
		add_body(parts, t->body, t->html);
	for (guint i = 0; i < t->files->len; i++) {
		struct tnef_file *f = t->files->pdata[i];

		add_part(parts, f->type, f->name, g_byte_array_ref(f->data));
	}
	return parts;
}

static GMimeMultipart *unpack_text(const struct node *n)
{
	g_autoptr(GString) text = content_bytes(n, UNPACK_TEXT_MAX, NULL);
	GMimeMultipart *parts = NULL;
	struct uu_block block;
	size_t from = 0;

	for (int i = 0; i < UUENCODE_BLOCKS_MAX; i++) {
		GByteArray *data = g_byte_array_new();

		if (!uuencode_next(text->str, text->len, &from, &block, data)) {
			g_byte_array_unref(data);
			break;
		}
		if (!parts)
			parts = g_mime_multipart_new();
		add_part(parts, NULL, block.name, data);
	}
	return parts;
}

GMimeMultipart *unpack(const struct node *n)
{
	if (!GMIME_IS_PART(n->object))
		return NULL;
	if (tnef_is(n->type, n->filename))
		return unpack_tnef(n);
	if (strcmp(n->type, "text/plain") == 0 && !n->attachment &&
		g_mime_part_get_content_encoding(GMIME_PART(n->object)) !=
			GMIME_CONTENT_ENCODING_BASE64)
		return unpack_text(n);
	return NULL;
}

GMimeMessage *unpack_message(const struct node *n, size_t *budget)
{
	bool cut = false;
	g_autoptr(GString) bytes = content_bytes(n, *budget, &cut);

	if (cut || bytes->len == 0)
		return NULL;
	*budget -= bytes->len;
	return opened_inside(bytes->str, bytes->len);
}
