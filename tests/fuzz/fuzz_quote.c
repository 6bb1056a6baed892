/*
 * A libFuzzer target: any bytes as the text of a message whose quotes are looked
 * for.  The lines must be all of the text, in order, and each in its own bounds.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <glib.h>

#include "mime/quote.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	g_autofree char *text = g_utf8_make_valid((const char *)data, (gssize)len);
	size_t n = strlen(text);
	const char *at = text;
	struct quote_line line;
	struct quote_scan q;

	quote_begin(&q, text, n);
	while (quote_next(&q, &line)) {
		if (line.text != at || line.len > n - (size_t)(at - text) || line.prefix > line.len)
			abort();
		if (line.level < 0 || line.level > QUOTE_LEVEL_MAX || line.kind > QUOTE_SIGNATURE ||
			memchr(line.text, '\n', line.len))
			abort();
		at = line.text + line.len;
		at += *at == '\r';
		at += *at == '\n';
	}
	if (at != text + n)
		abort();
	return 0;
}
