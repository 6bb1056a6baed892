/*
 * A libFuzzer target: any text as an invitation.
 */
#include <stdint.h>
#include <stdlib.h>

#include <glib.h>

#include "base/text.h"
#include "mime/calendar.h"
#include "mime/charset.h"
#include "mime/text.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	g_autoptr(GString) text = g_string_new(NULL);
	struct body_text card;

	mime_init();
	charset_append(text, NULL, (const char *)data, len);
	body_text_init(&card);
	if (!calendar_card(&card, text->str, text->len, NULL) && card.text->len > 0)
		abort();
	if (!text_is_utf8(card.text->str, card.text->len))
		abort();
	body_text_clear(&card);
	return 0;
}
