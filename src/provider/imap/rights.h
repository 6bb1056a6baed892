/*
 * What the server lets us do in the selected mailbox.
 *
 * Three things tell it, none with a round trip of its own: [READ-ONLY] and
 * [PERMANENTFLAGS] in the answer to SELECT (RFC 3501, section 7.1), and MYRIGHTS
 * (RFC 4314, section 3.5), which leaves in the flight of the SELECT.  What is not
 * told is allowed.
 * Owner: the thread of the provider.
 */
#ifndef TERN_PROVIDER_IMAP_RIGHTS_H
#define TERN_PROVIDER_IMAP_RIGHTS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"

struct imap;
struct response;

enum { RIGHTS_MAX = 64 }; /* letters of a MYRIGHTS that are kept */

struct rights {
	bool asked;             /* the letters were asked for, if the server has such */
	char letters[RIGHTS_MAX]; /* of MYRIGHTS, "" = not told */
	bool permanent;         /* PERMANENTFLAGS was told */
	bool any_keyword;       /* ... with "\*" in it */
	unsigned flags;         /* ... and these (enum flags) */
	char *keywords;         /* ... and these, normal form; owned, NULL = none */
};

/* Another mailbox is about to be selected. */
void rights_forget(struct imap *i);
/* Sends MYRIGHTS for it; *tag: whose answer says nothing more. */
int rights_ask(struct imap *i, const char *path, uint32_t *tag, struct err *err);
/* Any untagged answer. */
void rights_note(struct imap *i, const struct response *r);

/* enum mailbox_denied of the selected mailbox. */
unsigned rights_denied(const struct imap *i);
/* Does it keep these flags, and all of these keywords (normal form, NULL = none)? */
bool rights_keep(const struct imap *i, unsigned flags, const char *keywords);

#endif
