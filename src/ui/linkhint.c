#include "ui/linkhint.h"

#include <string.h>

/* The home row first; letters that look alike or are far away are left out. */
static const char letters[] = "asdfghjklewioruvcn";

enum { LETTERS = sizeof letters - 1 };

_Static_assert((int)LETTERS * (int)LETTERS >= (int)LINKHINT_MAX, "two letters are enough");

/* Letters that begin a label of two, so that there are n: as few as will do. */
static size_t prefixes(size_t n)
{
	size_t k = 0;

	while (k < LETTERS && LETTERS - k + k * LETTERS < n)
		k++;
	return k;
}

void linkhint_label(size_t i, size_t n, char out[LINKHINT_LETTERS + 1])
{
	size_t k = prefixes(n), single = LETTERS - k;

	memset(out, 0, LINKHINT_LETTERS + 1);
	if (i < single) {
		out[0] = letters[i];
		return;
	}
	i -= single;
	out[0] = letters[single + i / LETTERS];
	out[1] = letters[i % LETTERS];
}
