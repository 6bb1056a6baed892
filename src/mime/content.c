#include "mime/content.h"

#include <string.h>

#include "mime/body.h"
#include "mime/charset.h"
#include "mime/header.h"

enum {
	SNIFF_MAX = 1024, /* where an HTML page names its charset */
	LOOK_MAX = 2048,  /* bytes by which base64 is told from text */
	ODD_SHARE = 20,   /* one byte in so many that cannot be base64 */
};

/* Text under the label base64 that is plainly none: blanks and signs within its lines. */
static bool is_no_base64(GMimeStream *stream)
{
	char look[LOOK_MAX];
	ssize_t len = g_mime_stream_read(stream, look, sizeof look);
	int odd = 0;

	g_mime_stream_reset(stream);
	for (ssize_t i = 0; i < len; i++)
		odd += !g_ascii_isalnum(look[i]) && !strchr("+/=\r\n", look[i]);
	return len > 0 && odd * ODD_SHARE > len;
}

static GMimeContentEncoding encoding_of(GMimeDataWrapper *content, GMimeStream *stream)
{
	GMimeContentEncoding how = g_mime_data_wrapper_get_encoding(content);

	return how == GMIME_CONTENT_ENCODING_BASE64 && is_no_base64(stream)
		       ? GMIME_CONTENT_ENCODING_BINARY
		       : how;
}

GString *content_bytes(const struct node *n, size_t max, bool *cut)
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
	filter = g_mime_filter_basic_new(encoding_of(content, stream), FALSE);
	g_mime_stream_filter_add(GMIME_STREAM_FILTER(filtered), filter);
	while (raw->len <= max && (got = g_mime_stream_read(filtered, chunk, sizeof chunk)) > 0)
		g_string_append_len(raw, chunk, got);
	g_object_unref(filter);
	g_object_unref(filtered);
	if (cut)
		*cut = *cut || raw->len > max;
	if (raw->len > max)
		g_string_truncate(raw, max);
	return raw;
}

const char *content_param(const struct node *n, const char *name)
{
	return g_mime_object_get_content_type_parameter(n->object, name);
}

bool content_param_is(const struct node *n, const char *name, const char *value)
{
	const char *v = content_param(n, name);

	return v && g_ascii_strcasecmp(v, value) == 0;
}

/* The charset that the header names, into out where the parser does not find it. */
static const char *named_charset(const struct node *n, char *out, size_t cap)
{
	const char *known = content_param(n, "charset");
	GMimeHeader *h = g_mime_header_list_get_header(g_mime_object_get_header_list(n->object),
		"Content-Type");
	const char *raw = h ? g_mime_header_get_raw_value(h) : NULL;

	if (known || !raw || !header_param_bare(raw, strlen(raw), "charset", out, cap))
		return known;
	return out;
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

GString *content_text(struct node *n, size_t max, unsigned *notes)
{
	bool cut = false;
	g_autoptr(GString) raw = content_bytes(n, max, &cut);
	GString *utf8 = g_string_sized_new(raw->len + 1);
	char name[CHARSET_NAME_MAX];
	const char *charset = named_charset(n, name, sizeof name);

	if (cut)
		*notes |= BODY_CUT;
	else
		n->size = raw->len;
	if (!charset && strcmp(n->type, "text/html") == 0)
		charset = sniff_charset(raw, name, sizeof name);
	if (!charset_append(utf8, charset, raw->str, raw->len))
		*notes |= BODY_CHARSET;
	return utf8;
}
