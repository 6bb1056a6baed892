/*
 * Message flags: the five of RFC 3501 that live on a server, and keywords.
 *
 * Keywords (RFC 5788) travel as one string: lower case, sorted, separated by
 * single blanks, "" for none; flags_keywords_normalize makes that form.
 */
#ifndef TERN_MODEL_FLAGS_H
#define TERN_MODEL_FLAGS_H

#include <stddef.h>
#include <stdint.h>

enum flags {
	FLAG_SEEN = 1 << 0,
	FLAG_ANSWERED = 1 << 1,
	FLAG_FLAGGED = 1 << 2,
	FLAG_DELETED = 1 << 3,
	FLAG_DRAFT = 1 << 4,
};

enum { FLAGS_NAMES_MAX = 64, KEYWORDS_MAX = 64, KEYWORD_LEN_MAX = 100 };

/* A hash of the normal form for quick comparison; 0 for "" and NULL only. */
uint32_t flags_keywords_hash(const char *keywords);

/* The flag of an IMAP name such as "\\Seen" (any case), 0 if it is none of the five. */
unsigned flags_from_imap(const char *name, size_t len);

/* "\\Seen \\Flagged" in the order of the enum; out holds at least FLAGS_NAMES_MAX bytes. */
void flags_to_imap(unsigned flags, char *out);

/* Sorts, lowers, deduplicates a blank-separated list; returns a new string (g_free). */
char *flags_keywords_normalize(const char *words);

/* Sets of keywords, both in normal form (NULL = ""); a new string in normal form (g_free). */
char *flags_keywords_plus(const char *a, const char *b);   /* in either */
char *flags_keywords_minus(const char *a, const char *b);  /* in a and not in b */
char *flags_keywords_common(const char *a, const char *b); /* in both */

#endif
