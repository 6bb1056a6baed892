/*
 * What was found out of a signature or an encryption, in words.
 *
 * The words are the program's, the signer's name in them is outside text: it
 * must be cleaned before it is printed.  Pure.
 */
#ifndef TERN_READ_SEAL_WORDS_H
#define TERN_READ_SEAL_WORDS_H

#include <stddef.h>

#include "read/seal.h"

enum { SEAL_LINE_MAX = SEAL_SIGNER_MAX + SEAL_WORDS_MAX + 200 };

/* A line about the verdict; "" when the message has no protection. */
void seal_sentence(const struct seal_verdict *v, char *out, size_t cap);
/* The stable name of a result ("good", "no-key", ...): for JSON. */
const char *seal_name(enum seal_result result);

#endif
