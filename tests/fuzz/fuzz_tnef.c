/*
 * A libFuzzer target: any bytes as a winmail.dat.
 */
#include <stdint.h>
#include <stdlib.h>

#include "base/mem.h"
#include "base/text.h"
#include "mime/text.h"
#include "mime/tnef.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	AUTO(tnef_free) struct tnef *t = NULL;

	mime_init();
	t = tnef_open((const char *)data, len);
	if (t && t->body && !text_is_utf8(t->body->str, t->body->len))
		abort();
	return 0;
}
