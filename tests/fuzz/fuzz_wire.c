/*
 * A libFuzzer target: any bytes as what a child says about a message.  What is
 * accepted must be sound: packed again it is accepted again, and means the same.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "base/file.h"
#include "base/mem.h"
#include "base/text.h"
#include "mime/text.h"
#include "read/wire.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static void again(const struct document *d)
{
	g_autoptr(GByteArray) b = g_byte_array_new();
	AUTO(document_free) struct document *got = NULL;

	if (!wire_pack(d, b))
		abort();
	got = wire_unpack(b->data, b->len);
	if (!got || strcmp(got->text, d->text) != 0 || got->spans->len != d->spans->len ||
		got->parts->len != d->parts->len || got->links->len != d->links->len ||
		got->headers->len != d->headers->len)
		abort();
}

static void check(const struct document *d)
{
	size_t len = strlen(d->text);

	if (!text_is_utf8(d->text, len))
		abort();
	for (guint i = 0; i < d->spans->len; i++) {
		const struct document_span *s = &g_array_index(d->spans, struct document_span, i);

		if ((uint64_t)s->at + s->len > len ||
			(s->kind == SPAN_LINK && s->value >= d->links->len))
			abort();
	}
	again(d);
}

/* A seed is a mail: what is made of it is where the fuzzer begins. */
static void from_mail(const uint8_t *data, size_t len)
{
	AUTO(fd_close) int fd = memfd_create("mail", MFD_CLOEXEC);
	AUTO(document_free) struct document *d = NULL;

	if (fd >= 0 && fd_write_all(fd, data, len) == 0 && document_read(fd, NULL, &d, NULL) == 0)
		again(d);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static const char magic[] = "nret";
	AUTO(document_free) struct document *d = NULL;

	mime_init();
	if (len < 4 || memcmp(data, magic, 4) != 0) {
		from_mail(data, len);
		return 0;
	}
	d = wire_unpack(data, len);
	if (d)
		check(d);
	return 0;
}
