/*
 * Labels for links: short words of letters, of which none begins another.
 * Pure.
 */
#ifndef TERN_UI_LINKHINT_H
#define TERN_UI_LINKHINT_H

#include <stddef.h>

enum {
	LINKHINT_MAX = 300,   /* links of one screen that get a label */
	LINKHINT_LETTERS = 2, /* of a label at most */
};

/* Label i of n: one letter of the home row where they are enough, the first ones the shortest. */
void linkhint_label(size_t i, size_t n, char out[LINKHINT_LETTERS + 1]);

#endif
