#include "mime/tnef.h"

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

/* --- the stream ------------------------------------------------------------------------- */

enum {
	SIGNATURE = 0x223E9F78,
	RECORD_MIN = 11,        /* level, name, length, check sum */
	LEVEL_MESSAGE = 1,
	LEVEL_FILE = 2,
	OBJECT_ID = 16,         /* bytes before an object's data */
	RTF_HEADER = 16,
	RTF_PACKED = 0x75465A4C, /* "LZFu" */
	CODEPAGE_DEFAULT = 1252,
	CODEPAGE_MAX = 69999,
};

/* Names of records: the lower half of their identifier ([MS-OXTNEF] 2.1.3.1). */
enum { REC_BODY = 0x800C, REC_DATA = 0x800F, REC_TITLE = 0x8010, REC_BEGIN = 0x9002,
	REC_PROPERTIES = 0x9003, REC_FILE_PROPERTIES = 0x9005, REC_CODEPAGE = 0x9007 };

/* Types of properties ([MS-OXCDATA] 2.11.1). */
enum { TYPE_SHORT = 2, TYPE_LONG = 3, TYPE_FLOAT = 4, TYPE_DOUBLE = 5, TYPE_CURRENCY = 6,
	TYPE_APPTIME = 7, TYPE_ERROR = 10, TYPE_BOOLEAN = 11, TYPE_OBJECT = 13, TYPE_INT64 = 20,
	TYPE_STRING = 30, TYPE_UNICODE = 31, TYPE_TIME = 64, TYPE_GUID = 72, TYPE_BINARY = 258,
	TYPE_MANY = 0x1000 };

struct slice {
	const unsigned char *p; /* NULL: not there */
	size_t len;
	unsigned type;
};

enum wanted { LONG_NAME, DISPLAY_NAME, MIME_TAG, DATA, BODY, HTML, RTF, N_WANTED };
static const unsigned wanted_ids[N_WANTED] = { 0x3707, 0x3001, 0x370E, 0x3701, 0x1000, 0x1013, 0x1009 };

/* What is left to read; once something does not fit, nothing is left. */
struct cursor {
	const unsigned char *p, *end;
};

static const unsigned char *take(struct cursor *c, size_t n)
{
	const unsigned char *at = c->p;

	if ((size_t)(c->end - c->p) < n) {
		c->p = c->end;
		return NULL;
	}
	c->p += n;
	return at;
}

static uint32_t number_at(const unsigned char *p)
{
	return (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

static uint32_t number(struct cursor *c)
{
	const unsigned char *p = take(c, 4);

	return p ? number_at(p) : 0;
}

/* Values are filled up to four bytes. */
static size_t padded(uint32_t n)
{
	return ((size_t)n + 3) / 4 * 4;
}

/* Bytes of a value of this type; 0 = each value tells its length. */
static size_t fixed_size(unsigned type)
{
	switch (type) {
	case TYPE_SHORT:
	case TYPE_LONG:
	case TYPE_FLOAT:
	case TYPE_ERROR:
	case TYPE_BOOLEAN:
		return 4;
	case TYPE_DOUBLE:
	case TYPE_CURRENCY:
	case TYPE_APPTIME:
	case TYPE_INT64:
	case TYPE_TIME:
		return 8;
	case TYPE_GUID:
		return 16;
	default:
		return 0;
	}
}

/* A name of 0x8000 and above is told in full: a number, or letters. */
static void skip_name(struct cursor *c)
{
	take(c, 16);
	if (number(c) == 0)
		take(c, 4);
	else
		take(c, padded(number(c)));
}

static void keep(struct slice out[N_WANTED], unsigned id, unsigned type, const unsigned char *p,
	size_t len)
{
	for (int w = 0; w < N_WANTED; w++)
		if (wanted_ids[w] == id && !out[w].p)
			out[w] = (struct slice){ p, len, type };
}

static void read_property(struct cursor *c, struct slice out[N_WANTED])
{
	uint32_t tag = number(c);
	unsigned type = tag & 0xFFFF, id = tag >> 16, one = type & ~(unsigned)TYPE_MANY;
	size_t fixed = fixed_size(one);
	uint32_t n = 1;

	if (id >= 0x8000)
		skip_name(c);
	if (type & TYPE_MANY || fixed == 0)
		n = number(c);
	for (uint32_t i = 0; i < n && c->p < c->end; i++) {
		uint32_t len = fixed ? (uint32_t)fixed : number(c);
		const unsigned char *value = len <= TNEF_READ_MAX ? take(c, padded(len)) : NULL;

		if (!value)
			c->p = c->end;
		else if (i == 0)
			keep(out, id, one, value, len);
	}
}

static void read_properties(const unsigned char *p, size_t len, struct slice out[N_WANTED])
{
	struct cursor c = { p, p + len };
	uint32_t n = number(&c);

	for (uint32_t i = 0; i < n && i < TNEF_RECORDS_MAX && c.p < c.end; i++)
		read_property(&c, out);
}

/* --- values ------------------------------------------------------------------------------ */

/* Text up to a NUL, as UTF-8; NULL if there is none. */
static char *text_of(const struct slice *v, const char *charset, size_t max)
{
	g_autoptr(GString) out = g_string_new(NULL);
	size_t len = MIN(v->len, max);

	if (!v->p || len == 0)
		return NULL;
	if (v->type == TYPE_UNICODE)
		charset_append(out, "UTF-16LE", (const char *)v->p, len / 2 * 2);
	else
		charset_append(out, charset, (const char *)v->p, strnlen((const char *)v->p, len));
	return out->len > 0 ? g_string_free(g_steal_pointer(&out), FALSE) : NULL;
}

/* Unpacks LZFu ([MS-OXRTFCP] 2.2): bytes and references into the last 4096 of them. */
static GString *unpack_rtf(const unsigned char *p, size_t len, size_t raw)
{
	enum { RING = 4096 };
	static const char first[] =
		"{\\rtf1\\ansi\\mac\\deff0\\deftab720{\\fonttbl;}{\\f0\\fnil \\froman \\fswiss "
		"\\fmodern \\fscript \\fdecor MS Sans SerifSymbolArialTimes New RomanCourier"
		"{\\colortbl\\red0\\green0\\blue0\r\n\\par \\pard\\plain\\f0\\fs20\\b\\i\\u\\tab\\tx";
	g_autofree char *ring = g_malloc0(RING);
	GString *out = g_string_new(NULL);
	size_t at = sizeof first - 1;
	struct cursor c = { p, p + len };

	memcpy(ring, first, at);
	while (c.p < c.end && out->len < raw) {
		unsigned flags = *c.p++;

		for (int bit = 0; bit < 8 && c.p < c.end && out->len < raw; bit++, flags >>= 1) {
			const unsigned char *t = take(&c, flags & 1 ? 2 : 1);
			size_t from = t && flags & 1 ? (size_t)t[0] << 4 | t[1] >> 4 : 0;
			size_t n = t ? (flags & 1 ? (t[1] & 15u) + 2u : 1u) : 0;

			if (t && flags & 1 && from == at)
				return out; /* the end is a reference to itself */
			for (size_t i = 0; i < n && out->len < raw; i++) {
				char byte = flags & 1 ? ring[(from + i) % RING] : (char)t[0];

				g_string_append_c(out, byte);
				ring[at] = byte;
				at = (at + 1) % RING;
			}
		}
	}
	return out;
}

static void take_rtf(struct tnef *t, const struct slice *v)
{
	g_autoptr(GString) rtf = NULL;
	size_t raw;

	if (!v->p || v->len < RTF_HEADER)
		return;
	raw = number_at(v->p + 4);
	if (raw > TNEF_RTF_MAX || raw / TNEF_RTF_RATIO > v->len)
		return;
	if (number_at(v->p + 8) == RTF_PACKED)
		rtf = unpack_rtf(v->p + RTF_HEADER, v->len - RTF_HEADER, raw);
	else
		rtf = g_string_new_len((const char *)v->p + RTF_HEADER,
			(gssize)(v->len - RTF_HEADER));
	t->html = rtf_read(rtf->str, rtf->len, t->body);
}

/* --- files and text ------------------------------------------------------------------------ */

/* What the records told so far. */
struct state {
	struct tnef *t;
	char charset[CHARSET_NAME_MAX];
	struct slice message[N_WANTED], body;
	struct slice file[N_WANTED], title, data;
	bool in_file;
	size_t room;
};

static void end_file(struct state *s)
{
	struct slice data = s->data.p ? s->data : s->file[DATA];
	struct tnef_file *f;
	char *name;

	if (!s->in_file)
		return;
	s->in_file = false;
	name = text_of(&s->file[LONG_NAME], s->charset, TNEF_NAME_MAX);
	if (!name)
		name = text_of(&s->title, s->charset, TNEF_NAME_MAX);
	if (!name)
		name = text_of(&s->file[DISPLAY_NAME], s->charset, TNEF_NAME_MAX);
	if (data.type == TYPE_OBJECT && data.len > OBJECT_ID) {
		data.p += OBJECT_ID;
		data.len -= OBJECT_ID;
	}
	if ((!name && !data.p) || data.len > s->room || s->t->files->len >= TNEF_FILES_MAX) {
		g_free(name);
		return;
	}
	f = g_new0(struct tnef_file, 1);
	f->name = name;
	f->type = text_of(&s->file[MIME_TAG], s->charset, TNEF_NAME_MAX);
	f->data = g_byte_array_new();
	if (data.len > 0)
		g_byte_array_append(f->data, data.p, (guint)data.len);
	s->room -= data.len;
	g_ptr_array_add(s->t->files, f);
}

static void begin_file(struct state *s)
{
	end_file(s);
	memset(s->file, 0, sizeof s->file);
	s->title = s->data = (struct slice){ 0 };
	s->in_file = true;
}

static void take_record(struct state *s, int level, unsigned name, const unsigned char *p, size_t len)
{
	struct slice value = { p, len, TYPE_STRING };

	if (level == LEVEL_FILE && (name == REC_BEGIN || !s->in_file))
		begin_file(s);
	if (level == LEVEL_MESSAGE && name == REC_CODEPAGE && len >= 4) {
		uint32_t n = number_at(p);

		g_snprintf(s->charset, sizeof s->charset, "CP%u",
			n > 0 && n <= CODEPAGE_MAX ? n : (uint32_t)CODEPAGE_DEFAULT);
	} else if (level == LEVEL_MESSAGE && name == REC_BODY) {
		s->body = value;
	} else if (level == LEVEL_MESSAGE && name == REC_PROPERTIES) {
		read_properties(p, len, s->message);
	} else if (level == LEVEL_FILE && name == REC_TITLE) {
		s->title = value;
	} else if (level == LEVEL_FILE && name == REC_DATA) {
		value.type = TYPE_BINARY;
		s->data = value;
	} else if (level == LEVEL_FILE && name == REC_FILE_PROPERTIES) {
		read_properties(p, len, s->file);
	}
}

static void take_body(struct state *s)
{
	const struct slice *html = &s->message[HTML];
	g_autofree char *plain = text_of(&s->body, s->charset, TNEF_RTF_MAX);

	if (!plain)
		plain = text_of(&s->message[BODY], s->charset, TNEF_RTF_MAX);
	s->t->body = g_string_new(plain);
	if (!plain && html->p) {
		charset_append(s->t->body, NULL, (const char *)html->p,
			MIN(html->len, (size_t)TNEF_RTF_MAX));
		s->t->html = true;
	} else if (!plain) {
		take_rtf(s->t, &s->message[RTF]);
	}
	if (s->t->body->len == 0) {
		g_string_free(s->t->body, TRUE);
		s->t->body = NULL;
	}
}

struct tnef *tnef_open(const char *bytes, size_t len)
{
	struct cursor c = { (const unsigned char *)bytes, (const unsigned char *)bytes + len };
	AUTO(tnef_free) struct tnef *t = NULL;
	struct state s = { .charset = "CP1252", .room = TNEF_OUT_MAX };

	if (len > TNEF_READ_MAX || number(&c) != SIGNATURE || !take(&c, 2))
		return NULL;
	t = g_new0(struct tnef, 1);
	t->files = g_ptr_array_new_with_free_func(file_free);
	s.t = t;
	for (int n = 0; n < TNEF_RECORDS_MAX && c.end - c.p >= RECORD_MIN; n++) {
		const unsigned char *level_byte = take(&c, 1);
		int level = level_byte ? *level_byte : 0;
		unsigned name = number(&c) & 0xFFFF;
		uint32_t size = number(&c);
		const unsigned char *value = take(&c, size);

		if (!value || (level != LEVEL_MESSAGE && level != LEVEL_FILE))
			break;
		take_record(&s, level, name, value, size);
		take(&c, 2);
	}
	end_file(&s);
	take_body(&s);
	return t->files->len > 0 || t->body ? TAKE(t) : NULL;
}
