#include "mime/open.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/i18n.h"
#include "mime/document.h"
#include "mime/structure.h"

enum {
	HEADER_LINES_MAX = 20000,      /* of all parts, before the parser */
	IN_MEMORY_MAX = 1 << 20,       /* a message up to this size is read at once */
};

int opened_unreadable(struct err *err)
{
	return err_set(err, ERR_STORAGE, _("The message cannot be read: %s."), g_strerror(errno));
}

int opened_start(int fd, size_t max, GByteArray *buf, struct err *err)
{
	size_t have = 0;

	g_byte_array_set_size(buf, (guint)max);
	while (have < max) {
		ssize_t n = pread(fd, buf->data + have, max - have, (off_t)have);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return opened_unreadable(err);
		if (n == 0)
			break;
		have += (size_t)n;
	}
	g_byte_array_set_size(buf, (guint)have);
	return 0;
}

/* The stream that the parser may read: no byte behind `end`. */
static int open_stream(int fd, int64_t end, GMimeStream **out, struct err *err)
{
	int copy;

	if (end <= IN_MEMORY_MAX) {
		g_autoptr(GByteArray) buf = g_byte_array_new();
		int r = opened_start(fd, (size_t)end, buf, err);

		if (r == 0)
			*out = g_mime_stream_mem_new_with_byte_array(g_steal_pointer(&buf));
		return r;
	}
	copy = fcntl(fd, F_DUPFD_CLOEXEC, 0);
	if (copy < 0)
		return opened_unreadable(err);
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

int opened_parse(int fd, uint64_t first, struct opened *out, struct err *err)
{
	int64_t most = first > 0 && first < INT64_MAX ? (int64_t)first : INT64_MAX;
	const struct structure_limits limits = { .bytes = most,
		.header_bytes = DOCUMENT_HEADER_MAX,
		.header_lines = HEADER_LINES_MAX,
		.parts = DOCUMENT_PARTS_MAX };
	struct opened o = { 0 };
	struct structure outline;
	GMimeStream *stream = NULL;
	struct stat st;
	int r;

	if (fstat(fd, &st))
		return opened_unreadable(err);
	o.size = st.st_size;
	o.partial = most < o.size;
	o.end = MIN(most, o.size);
	r = structure_scan(fd, &limits, &outline, err);
	o.cut = r == 0 && outline.cut && outline.end < o.end;
	if (o.cut)
		o.end = outline.end;
	if (r == 0)
		r = open_stream(fd, o.end, &stream, err);
	if (r < 0)
		return r;
	o.message = parse(stream);
	g_object_unref(stream);
	*out = o;
	return 0;
}

GMimeMessage *opened_inside(const char *bytes, size_t len)
{
	static const struct structure_limits limits = { .bytes = INT64_MAX,
		.header_bytes = DOCUMENT_HEADER_MAX,
		.header_lines = HEADER_LINES_MAX,
		.parts = DOCUMENT_PARTS_MAX };
	struct structure outline;
	GMimeStream *stream;
	GMimeMessage *m;

	structure_scan_bytes(bytes, len, &limits, &outline);
	if (outline.cut)
		return NULL;
	stream = g_mime_stream_mem_new_with_buffer(bytes, len);
	m = parse(stream);
	g_object_unref(stream);
	return m;
}

void opened_release(struct opened *o)
{
	g_clear_object(&o->message);
}
