/* "Did you mean": the known word that is nearest to a mistyped one. */
#ifndef TERN_CONFIG_SUGGEST_H
#define TERN_CONFIG_SUGGEST_H

#include <stddef.h>

/* Insertions, deletions, replacements and swaps of neighbours between two short words. */
unsigned suggest_distance(const char *a, const char *b);
/* True if b is near enough to a to be offered in its place. */
int suggest_is_near(const char *a, const char *b);

#endif
