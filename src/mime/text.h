/*
 * Header text to UTF-8 and back to values.  Pure; any thread after mime_init.
 *
 * The results are valid UTF-8 but still outside text: they hold whatever
 * characters the sender chose, and are cleaned where they are shown.
 */
#ifndef TERN_MIME_TEXT_H
#define TERN_MIME_TEXT_H

#include <stddef.h>
#include <stdint.h>

#include <glib.h>

/* Once, before any thread is started. */
void mime_init(void);

/*
 * Decodes one unfolded or folded header value: RFC 2047 words, raw 8-bit
 * (UTF-8 if valid, else a charset guess), folding.  No NUL in the result;
 * at most `max` bytes, cut at a character.  Plain ASCII without "=?" takes a
 * fast path.  Returns a new string (g_free), never NULL.
 */
char *mime_decode_text(const char *raw, size_t len, size_t max);

/*
 * Header bytes that are not UTF-8, in UTF-8 by the charset that the body is labelled with: what wrote
 * the one raw wrote the other.  NULL if they are UTF-8 already, charset is NULL, or they are not in
 * it; then mime_decode_text guesses.
 */
GString *mime_by_body(const char *raw, size_t len, const char *charset);

/*
 * Calls each(ctx, id, len) for every message id of a References or In-Reply-To
 * value, without the <>, oldest first; tolerant of missing blanks and brackets.
 * Stops after max ids; returns how many.
 */
size_t mime_each_message_id(const char *value, size_t len, size_t max,
	void (*each)(void *ctx, const char *id, size_t len), void *ctx);

/* Unix seconds of an RFC 5322 date, tolerant; 0 if it cannot be read. */
int64_t mime_parse_date(const char *value, size_t len);

#endif
