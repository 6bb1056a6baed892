/*
 * What was found out of a signature or an encryption, in words.
 *
 * The line made of it is drawn in a style of its own (STYLE_SEAL_...), which
 * nothing in a mail can have.  Pure.
 */
#ifndef TERN_UI_SEAL_WORDS_H
#define TERN_UI_SEAL_WORDS_H

#include <stddef.h>

#include "read/seal_words.h"
#include "ui/theme.h"

/* A line about the verdict; "" when nothing was found out.  Returns its style. */
enum style seal_line(const struct seal_verdict *v, char *out, size_t cap);

#endif
