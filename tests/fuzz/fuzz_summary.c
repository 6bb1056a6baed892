/*
 * A libFuzzer target: any bytes as the header of a message, to a list row.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "base/file.h"
#include "base/mem.h"
#include "base/text.h"
#include "mime/summary.h"
#include "mime/text.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static void check(const char *s)
{
	if (s && !text_is_utf8(s, strlen(s)))
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	AUTO(fd_close) int fd = memfd_create("mail", MFD_CLOEXEC);
	AUTO(summary_free) struct summary *s = NULL;
	struct change c = { 0 };

	mime_init();
	if (fd < 0 || fd_write_all(fd, data, len) < 0)
		return 0;
	if (summary_read(fd, &s, NULL) < 0)
		abort();
	summary_fill(s, &c);
	check(c.subject);
	check(c.from_name);
	check(c.from_addr);
	check(c.to);
	check(c.cc);
	check(c.message_id);
	for (size_t i = 0; i < c.n_references; i++)
		check(c.references[i]);
	return 0;
}
