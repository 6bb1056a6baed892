/*
 * ISO-2022-JP as programs on Windows write it: with the letters that NEC and
 * IBM added to JIS X 0208 (circled digits, Roman numerals, a company's sign)
 * and narrow kana, which the charset of RFC 1468 and the C library's reading
 * of it do not have.  EUC has places for all of them.  Pure; any thread.
 */
#ifndef TERN_MIME_JIS_H
#define TERN_MIME_JIS_H

#include <stdbool.h>
#include <stddef.h>

#include <glib.h>

/* Appends the text as EUC; false if it holds escapes or bytes that are not of this charset, and out
 * is as it was. */
bool jis_to_euc(GString *out, const char *s, size_t len);

#endif
