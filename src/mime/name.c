#include "mime/name.h"

#include <stdbool.h>
#include <string.h>

#include "mime/header.h"
#include "mime/text.h"

enum {
	RAW_MAX = 4096,   /* bytes of a name as it was written */
	PARAMS_MAX = 100, /* of a field that are looked at */
};

static bool is_plain(const char *s)
{
	for (const char *p = s; *p; p++)
		if ((unsigned char)*p >= 0x80)
			return false;
	return strstr(s, "=?") == NULL;
}

/* The parameter as it stands in the field, NULL if it is in a form that only the parser knows. */
static char *bare_value(GMimeObject *part, const char *field, const char *param)
{
	GMimeHeader *h = g_mime_header_list_get_header(g_mime_object_get_header_list(part), field);
	const char *raw = h ? g_mime_header_get_raw_value(h) : NULL;
	g_autofree char *value = g_malloc(RAW_MAX);

	return raw && header_param_bare(raw, strlen(raw), param, value, RAW_MAX)
		       ? g_steal_pointer(&value)
		       : NULL;
}

/* The value that is in a form of RFC 2231, if there are several: the other is for old programs. */
static const char *best(GMimeParamList *all, const char *param)
{
	const char *value = NULL;
	int n = all ? MIN(g_mime_param_list_length(all), PARAMS_MAX) : 0;

	for (int i = 0; i < n; i++) {
		GMimeParam *p = g_mime_param_list_get_parameter_at(all, i);
		bool new_form = g_mime_param_get_encoding_method(p) ==
				GMIME_PARAM_ENCODING_METHOD_RFC2231;

		if (g_ascii_strcasecmp(g_mime_param_get_name(p), param) == 0 && (!value || new_form))
			value = g_mime_param_get_value(p);
	}
	return value;
}

/*
 * The name that one field gives; NULL if it gives none.  The parser's reading is taken of what was
 * written as it should be; that of a quote which never ends begins with the quote.
 */
static char *name_in(GMimeObject *part, const char *field, GMimeParamList *all, const char *param)
{
	const char *name = best(all, param);
	g_autofree char *bare = bare_value(part, field, param);

	if (bare && (!name || !*name || *name == '"' || !is_plain(bare)))
		name = bare;
	return name ? mime_decode_text(name, strlen(name), NAME_BYTES_MAX) : NULL;
}

char *name_of_part(GMimePart *part)
{
	GMimeObject *o = GMIME_OBJECT(part);
	GMimeContentDisposition *how = g_mime_object_get_content_disposition(o);
	GMimeContentType *type = g_mime_object_get_content_type(o);
	char *name = name_in(o, "Content-Disposition",
		how ? g_mime_content_disposition_get_parameters(how) : NULL, "filename");
	char *other = name && *name ? NULL
				    : name_in(o, "Content-Type",
					      type ? g_mime_content_type_get_parameters(type) : NULL,
					      "name");

	if (!other)
		return name;
	g_free(name);
	return other;
}
