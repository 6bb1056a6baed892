#include "mime/summary.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <glib.h>

#include "base/i18n.h"
#include "base/mem.h"
#include "mime/address.h"
#include "mime/charset.h"
#include "mime/header.h"
#include "mime/structure.h"
#include "mime/text.h"

enum {
	HEADER_MAX = 1 << 20,        /* of a longer block the beginning counts */
	FIRST_READ = 16 * 1024,      /* holds nearly every header block */
	SCAN_MAX = 4 << 20,          /* bytes searched for an attachment */
	SCAN_PARTS_MAX = 200,
	SCAN_LINES_MAX = 20000,
};

struct summary {
	char *message_id, *subject, *from_name, *from_addr, *to, *cc;
	GPtrArray *references; /* of char* */
	int64_t sent_at;
	uint64_t size;
	bool has_attachment;
};

void summary_free(struct summary **s)
{
	if (!*s)
		return;
	g_free((*s)->message_id);
	g_free((*s)->subject);
	g_free((*s)->from_name);
	g_free((*s)->from_addr);
	g_free((*s)->to);
	g_free((*s)->cc);
	g_ptr_array_unref((*s)->references);
	g_clear_pointer(s, g_free);
}

/* Reads the header block into buf, which grows up to HEADER_MAX. */
static int read_header(int fd, GByteArray *buf, struct err *err)
{
	guint want = FIRST_READ;

	for (;;) {
		guint have = buf->len;
		ssize_t n;

		g_byte_array_set_size(buf, want);
		n = pread(fd, buf->data + have, want - have, have);
		g_byte_array_set_size(buf, have + (n > 0 ? (guint)n : 0));
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return err_set(err, ERR_STORAGE, _("The message cannot be read: %s."),
				g_strerror(errno));
		have = (guint)header_block_length((const char *)buf->data, buf->len);
		if (have > 0)
			g_byte_array_set_size(buf, have);
		if (have > 0 || n == 0 || buf->len >= HEADER_MAX)
			return 0;
		want = buf->len < want ? want : MIN(want * 4, (guint)HEADER_MAX);
	}
}

/* --- fields ---------------------------------------------------------------- */

static void add_reference(void *ctx, const char *id, size_t len)
{
	GPtrArray *refs = ctx;

	for (guint i = 0; i < refs->len; i++) {
		const char *have = refs->pdata[i];

		if (strncmp(have, id, len) == 0 && have[len] == '\0')
			return;
	}
	if (refs->len == CHANGE_REFERENCES_MAX) /* the first one names the conversation */
		g_ptr_array_remove_index(refs, 1);
	g_ptr_array_add(refs, g_strndup(id, len));
}

static void take_id(void *ctx, const char *id, size_t len)
{
	char **out = ctx;

	if (!*out && len <= CHANGE_MESSAGE_ID_MAX)
		*out = g_strndup(id, len);
}

/* An id without <> and @ is still the only name that the message has. */
static void message_id(struct summary *s, const struct header_field *f)
{
	if (s->message_id)
		return;
	if (mime_each_message_id(f->value, f->value_len, 1, take_id, &s->message_id) > 0)
		return;
	s->message_id = mime_decode_text(f->value, f->value_len, CHANGE_MESSAGE_ID_MAX);
	if (!*s->message_id || strchr(s->message_id, ' '))
		g_clear_pointer(&s->message_id, g_free);
}

static void take_field(struct summary *s, const struct header_field *f)
{
	const char *v = f->value;
	size_t n = f->value_len;

	if (header_is(f, "Subject") && !s->subject)
		s->subject = mime_decode_text(v, n, CHANGE_SUBJECT_MAX);
	else if (header_is(f, "From") && !s->from_name && !s->from_addr)
		address_first(v, n, CHANGE_NAME_MAX, &s->from_name, &s->from_addr);
	else if (header_is(f, "To") && !s->to)
		s->to = address_list_text(v, n, CHANGE_ADDRESSES_MAX);
	else if (header_is(f, "Cc") && !s->cc)
		s->cc = address_list_text(v, n, CHANGE_ADDRESSES_MAX);
	else if (header_is(f, "Date") && !s->sent_at)
		s->sent_at = mime_parse_date(v, n);
	else if (header_is(f, "Message-ID"))
		message_id(s, f);
	else if (header_is(f, "References"))
		mime_each_message_id(v, n, SIZE_MAX, add_reference, s->references);
}

static bool is_leaf_text(const struct header_field *f)
{
	char type[HEADER_TYPE_MAX];

	header_word(f->value, f->value_len, type, sizeof type);
	return strcmp(type, "text/plain") == 0;
}

static int find_attachment(int fd, struct summary *s, struct err *err)
{
	static const struct structure_limits limits = { .bytes = SCAN_MAX,
		.header_bytes = HEADER_MAX,
		.header_lines = SCAN_LINES_MAX,
		.parts = SCAN_PARTS_MAX,
		.stop_at_attachment = true };
	struct structure found;
	int r = structure_scan(fd, &limits, &found, err);

	s->has_attachment = r == 0 && found.has_attachment;
	return r;
}

/* The block by the charset of the body, if it holds bytes that are not UTF-8. */
static GString *in_utf8(const GByteArray *block)
{
	const char *start = (const char *)block->data, *p = start, *end = p + block->len;
	char charset[CHARSET_NAME_MAX];
	struct header_field f;

	if (g_utf8_validate_len(start, block->len, NULL))
		return NULL;
	while (p < end && header_next(&p, end, &f))
		if (header_is(&f, "Content-Type"))
			return header_param(f.value, f.value_len, "charset", charset, sizeof charset)
				       ? mime_by_body(start, block->len, charset)
				       : NULL;
	return NULL;
}

static int read_fields(int fd, struct summary *s, struct err *err)
{
	g_autoptr(GByteArray) block = g_byte_array_new();
	g_autoptr(GString) utf8 = NULL;
	struct header_field f, reply = { 0 };
	bool outline = false; /* there may be parts: look at the structure */
	const char *p, *end;
	int r = read_header(fd, block, err);

	if (r < 0)
		return r;
	utf8 = in_utf8(block);
	p = utf8 ? utf8->str : (const char *)block->data;
	end = p + (utf8 ? utf8->len : block->len);
	while (p < end && header_next(&p, end, &f)) {
		if (header_is(&f, "In-Reply-To"))
			reply = f;
		else if (header_is(&f, "Content-Type") || header_is(&f, "Content-Disposition"))
			outline = outline || !is_leaf_text(&f);
		else
			take_field(s, &f);
	}
	if (reply.value)
		mime_each_message_id(reply.value, reply.value_len, CHANGE_REFERENCES_MAX,
			add_reference, s->references);
	return outline ? find_attachment(fd, s, err) : 0;
}

int summary_read(int fd, struct summary **out, struct err *err)
{
	AUTO(summary_free) struct summary *s = g_new0(struct summary, 1);
	struct stat st;
	int r;

	s->references = g_ptr_array_new_with_free_func(g_free);
	if (fstat(fd, &st))
		return err_set(err, ERR_STORAGE, _("The message cannot be read: %s."),
			g_strerror(errno));
	s->size = st.st_size > 0 ? (uint64_t)st.st_size : 0;
	r = read_fields(fd, s, err);
	if (r < 0)
		return r;
	*out = TAKE(s);
	return 0;
}

void summary_fill(const struct summary *s, struct change *c)
{
	c->message_id = s->message_id;
	c->references = (const char *const *)s->references->pdata;
	c->n_references = s->references->len;
	c->subject = s->subject;
	c->from_name = s->from_name;
	c->from_addr = s->from_addr;
	c->to = s->to;
	c->cc = s->cc;
	c->sent_at = s->sent_at;
	c->size = s->size;
	c->has_attachment = s->has_attachment;
}
