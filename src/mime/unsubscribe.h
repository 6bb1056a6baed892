/*
 * How to leave a mailing list: List-Unsubscribe (RFC 2369) and
 * List-Unsubscribe-Post (RFC 8058).  Pure; any thread.
 */
#ifndef TERN_MIME_UNSUBSCRIBE_H
#define TERN_MIME_UNSUBSCRIBE_H

#include <stdbool.h>

#include "mime/document.h"

enum { UNSUBSCRIBE_TARGETS_MAX = 10 }; /* addresses in the header that are looked at */

struct unsubscribe {
	char *web;       /* the first https address (else http), cleaned; NULL = none */
	char *mail;      /* the first mailto address, cleaned; NULL = none */
	bool one_click;  /* a POST to `web`, which is https, does it */
	bool signed_;    /* a DKIM signature names both headers, as RFC 8058 section 4 wants; whether
	                    it holds is authres.h's to tell */
	char *signer;    /* the domain of that signature; NULL = none */
};

/* false: the message names no way. */
bool unsubscribe_read(const struct document *d, struct unsubscribe *out);
void unsubscribe_clear(struct unsubscribe *u);

#endif
