/*
 * Senders that look like somebody else.
 *
 * Compares the From of a message with the domains that the reader knows (own
 * accounts, people written to, frequent senders) and a few that are imitated
 * most.  Made to be silent when in doubt: subdomains of a known site, and sites
 * that are known themselves, never warn.  Pure; any thread.
 */
#ifndef TERN_MIME_LOOKALIKE_H
#define TERN_MIME_LOOKALIKE_H

#include <stdbool.h>
#include <stddef.h>

#include "mime/document.h"

enum {
	LOOKALIKE_KNOWN_MAX = 500,   /* domains that are compared; more are not looked at */
	LOOKALIKE_EDIT_LENGTH = 6,   /* shorter names are too often one letter apart by chance */
};

enum lookalike { LOOKALIKE_NO, LOOKALIKE_NOTE, LOOKALIKE_WARNING };

/* known: domains, ended by NULL.  Words for the reader in out. */
enum lookalike lookalike_line(const struct document *d, const char *const *known, char *out,
	size_t cap);
/* The known site that this domain could be taken for, NULL = none; leads into known or static. */
const char *lookalike_of(const char *domain, const char *const *known);

#endif
