#include "mime/tnef.h"

#ifdef HAVE_CONFIG_H
#include <config.h>
#endif

#include <stdio.h> /* ytnef.h wants FILE */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "mime/charset.h"
#include "mime/rtf.h"

bool tnef_is(const char *type, const char *filename)
{
	return strcmp(type, "application/ms-tnef") == 0 ||
	       strcmp(type, "application/vnd.ms-tnef") == 0 ||
	       (filename && g_ascii_strcasecmp(filename, "winmail.dat") == 0);
}

static void file_free(void *p)
{
	struct tnef_file *f = p;

	g_free(f->name);
	g_free(f->type);
	g_byte_array_unref(f->data);
	g_free(f);
}

void tnef_free(struct tnef **t)
{
	if (!*t)
		return;
	g_ptr_array_unref((*t)->files);
	if ((*t)->body)
		g_string_free((*t)->body, TRUE);
	g_clear_pointer(t, g_free);
}

#ifdef HAVE_YTNEF

#include <ytnef.h>

enum {
	SIGNATURE = 0x223E9F78,
	RECORD_MIN = 11,       /* level, name, length, check sum */
	OBJECT_ID = 16,        /* bytes before an object's data */
	RTF_HEADER = 16,
	RTF_PACKED = 0x75465A4C, /* "LZFu" */
};

static uint32_t number(const unsigned char *p)
{
	return (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

/* The sound records up to the first that is not; empty ones end the reading of libytnef. */
static GByteArray *sound_records(const unsigned char *p, size_t len)
{
	GByteArray *out = g_byte_array_new();
	size_t at = 6;

	if (len < 6 || number(p) != SIGNATURE)
		return out;
	g_byte_array_append(out, p, 6);
	for (int n = 0; n < TNEF_RECORDS_MAX && len - at >= RECORD_MIN; n++) {
		uint32_t size = number(p + at + 5);

		if ((p[at] != LVL_MESSAGE && p[at] != LVL_ATTACHMENT) || size > len - at - RECORD_MIN)
			break;
		if (size > 0)
			g_byte_array_append(out, p + at, RECORD_MIN + size);
		at += RECORD_MIN + size;
	}
	return out;
}

/* The value of a property; NULL if it is missing. */
static const variableLength *property(MAPIProps *props, unsigned type, unsigned id)
{
	const variableLength *v = MAPIFindProperty(props, PROP_TAG(type, id));

	return v == MAPI_UNDEFINED || v->size <= 0 || !v->data ? NULL : v;
}

/* Text up to a NUL, as UTF-8; NULL if there is none. */
static char *text_of(const variableLength *v, const char *charset, size_t max)
{
	g_autoptr(GString) out = g_string_new(NULL);
	size_t len = v && v->data && v->size > 0
			     ? strnlen((const char *)v->data, MIN((size_t)v->size, max))
			     : 0;

	if (len > 0)
		charset_append(out, charset, (const char *)v->data, len);
	return out->len > 0 ? g_string_free(g_steal_pointer(&out), FALSE) : NULL;
}

static char *text_property(MAPIProps *props, unsigned id, const char *charset, size_t max)
{
	char *text = text_of(property(props, PT_UNICODE, id), NULL, max);

	return text ? text : text_of(property(props, PT_STRING8, id), charset, max);
}

/* --- files ---------------------------------------------------------------------------- */

static bool is_object(Attachment *a, const variableLength **data)
{
	*data = property(&a->MAPI, PT_OBJECT, PR_ATTACH_DATA_OBJ);
	return *data != NULL;
}

static void take_file(struct tnef *t, Attachment *a, const char *charset, size_t *room)
{
	struct tnef_file *f;
	const variableLength *data = &a->FileData;
	size_t skip = 0, len;
	char *name = text_property(&a->MAPI, PR_ATTACH_LONG_FILENAME, charset, TNEF_NAME_MAX);

	if (!name)
		name = text_of(&a->Title, charset, TNEF_NAME_MAX);
	if (!name)
		name = text_property(&a->MAPI, PR_DISPLAY_NAME, charset, TNEF_NAME_MAX);
	if (is_object(a, &data))
		skip = data->size > OBJECT_ID ? OBJECT_ID : 0;
	else if (a->FileData.size > 0)
		data = &a->FileData;
	else
		data = property(&a->MAPI, PT_BINARY, PR_ATTACH_DATA_OBJ);
	len = data && data->data && data->size > 0 ? (size_t)data->size - skip : 0;
	if ((len == 0 && !name) || len > *room) {
		g_free(name);
		return;
	}
	f = g_new0(struct tnef_file, 1);
	f->name = name;
	f->type = text_property(&a->MAPI, PR_ATTACH_MIME_TAG, charset, TNEF_NAME_MAX);
	f->data = g_byte_array_new();
	if (len > 0)
		g_byte_array_append(f->data, data->data + skip, (guint)len);
	*room -= f->data->len;
	g_ptr_array_add(t->files, f);
}

/* --- text ----------------------------------------------------------------------------- */

/* Unpacks and reads the rich text. */
static bool take_rtf(struct tnef *t, const variableLength *packed)
{
	variableLength copy = *packed;
	uint32_t raw;
	int size = 0;
	unsigned char *rtf;

	if (packed->size < RTF_HEADER)
		return false;
	raw = number(packed->data + 4);
	if (raw > TNEF_RTF_MAX || raw / TNEF_RTF_RATIO > (uint32_t)packed->size ||
		number(packed->data) > (uint32_t)packed->size - 4)
		return false;
	if (number(packed->data + 8) != RTF_PACKED) { /* not packed at all */
		t->html = rtf_read((const char *)packed->data + RTF_HEADER,
			(size_t)packed->size - RTF_HEADER, t->body);
		return t->body->len > 0;
	}
	rtf = DecompressRTF(&copy, &size);
	if (rtf && size > 0)
		t->html = rtf_read((const char *)rtf, (size_t)size, t->body);
	free(rtf);
	return t->body->len > 0;
}

static void take_body(struct tnef *t, TNEFStruct *s, const char *charset)
{
	const variableLength *html = property(&s->MapiProperties, PT_BINARY, PR_BODY_HTML);
	const variableLength *rtf = property(&s->MapiProperties, PT_BINARY, PR_RTF_COMPRESSED);
	char *plain = text_of(&s->body, charset, TNEF_RTF_MAX);

	if (!plain)
		plain = text_property(&s->MapiProperties, PR_BODY, charset, TNEF_RTF_MAX);
	t->body = g_string_new(plain);
	if (!plain && html) {
		charset_append(t->body, NULL, (const char *)html->data,
			MIN((size_t)html->size, (size_t)TNEF_RTF_MAX));
		t->html = true;
	} else if (!plain && rtf) {
		take_rtf(t, rtf);
	}
	g_free(plain);
	if (t->body->len == 0) {
		g_string_free(t->body, TRUE);
		t->body = NULL;
	}
}

/* The charset of the texts that are not UTF-16, by the code page that the file names. */
static void codepage(const TNEFStruct *s, char out[CHARSET_NAME_MAX])
{
	uint32_t n = s->CodePage.data && s->CodePage.size >= 4 ? number(s->CodePage.data) : 0;

	g_snprintf(out, CHARSET_NAME_MAX, "CP%u", n > 0 && n < 70000 ? n : 1252);
}

struct tnef *tnef_open(const char *bytes, size_t len)
{
	g_autoptr(GByteArray) sound = NULL;
	AUTO(tnef_free) struct tnef *t = NULL;
	char charset[CHARSET_NAME_MAX];
	size_t room = TNEF_OUT_MAX;
	TNEFStruct s;

	if (len > TNEF_READ_MAX)
		return NULL;
	sound = sound_records((const unsigned char *)bytes, len);
	if (sound->len == 0)
		return NULL;
	TNEFInitialize(&s);
	/* what it could read before an error is used */
	(void)TNEFParseMemory(sound->data, (long)sound->len, &s);
	t = g_new0(struct tnef, 1);
	t->files = g_ptr_array_new_with_free_func(file_free);
	codepage(&s, charset);
	for (Attachment *a = s.starting_attach.next; a && t->files->len < TNEF_FILES_MAX; a = a->next)
		take_file(t, a, charset, &room);
	take_body(t, &s, charset);
	TNEFFree(&s);
	return t->files->len > 0 || t->body ? TAKE(t) : NULL;
}

#else

struct tnef *tnef_open(const char *bytes, size_t len)
{
	(void)bytes;
	(void)len;
	return NULL;
}

#endif
