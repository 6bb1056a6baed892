/*
 * A libFuzzer target: any bytes as a message.  `make fuzz` builds and runs it.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "base/file.h"
#include "base/mem.h"
#include "base/text.h"
#include "mime/document.h"
#include "mime/summary.h"
#include "mime/text.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	AUTO(fd_close) int fd = memfd_create("mail", MFD_CLOEXEC);
	AUTO(document_free) struct document *d = NULL;
	AUTO(summary_free) struct summary *s = NULL;

	mime_init();
	if (fd < 0 || fd_write_all(fd, data, len) < 0)
		return 0;
	if (document_read(fd, NULL, &d, NULL) < 0 || summary_read(fd, &s, NULL) < 0)
		abort();
	if (!text_is_utf8(d->text, strlen(d->text)))
		abort();
	return 0;
}
