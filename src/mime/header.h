/*
 * Raw header blocks: where they end, field by field, and the little of their
 * grammar that is needed without a parse tree.  Pure; any thread.  All
 * pointers lead into the caller's buffer.
 */
#ifndef TERN_MIME_HEADER_H
#define TERN_MIME_HEADER_H

#include <stdbool.h>
#include <stddef.h>

enum {
	HEADER_TYPE_MAX = 128,  /* "type/subtype" with its NUL */
	HEADER_PARAM_MAX = 256, /* a parameter's value with its NUL */
};

struct header_field {
	const char *name, *value; /* value: raw, still folded, without the last line end */
	size_t name_len, value_len;
};

/* Bytes of the block with its empty line; 0 = no empty line within len. */
size_t header_block_length(const char *s, size_t len);

/* Takes the next field from *p; lines that are no field are skipped.  false at the end. */
bool header_next(const char **p, const char *end, struct header_field *out);

bool header_is(const struct header_field *f, const char *name);

/* The first word of a Content-Type or Content-Disposition value, lower case, into out. */
void header_word(const char *value, size_t len, char *out, size_t cap);

/*
 * The parameter `name` (also in its RFC 2231 forms name*, name*0, undecoded)
 * into out, cut to cap; false if there is none.  out may be NULL.
 */
bool header_param(const char *value, size_t len, const char *name, char *out, size_t cap);

/*
 * The same, but only if it is in no form of RFC 2231; false too if it is also there in one.  A quote
 * that never ends is read up to the end of its line, what has no quotes up to the next ";".
 */
bool header_param_bare(const char *value, size_t len, const char *name, char *out, size_t cap);

#endif
