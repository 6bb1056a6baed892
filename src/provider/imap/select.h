/*
 * Opening a mailbox, in pieces, so that other commands can follow in the same
 * flight (RFC 3501, section 6.3.1; RFC 7162, section 3.2.5).
 *
 * select_send forgets what was selected; the caller then reads, hands every
 * untagged answer to select_note until the tagged one has come, and ends with
 * select_end, which makes the mailbox the selected one.
 */
#ifndef TERN_PROVIDER_IMAP_SELECT_H
#define TERN_PROVIDER_IMAP_SELECT_H

#include "provider/imap/command.h"

/* How to open a mailbox. */
enum select_how {
	SELECT_READ = 0,	/* EXAMINE; so do all of an account that is read-only */
	SELECT_WRITE = 1 << 0,	/* SELECT */
	SELECT_RIGHTS = 1 << 1, /* with MYRIGHTS in front */
};

struct selecting {
	const char *path; /* borrowed */
	bool write;
	uint32_t tag;
	uint32_t rights; /* tag of MYRIGHTS, 0 = not sent */
	struct selected sel; /* what was told so far */
};

/* `more`: further parameters, "QRESYNC (...)", NULL for none. */
int select_send(struct imap *i, struct selecting *s, const char *path, unsigned how, const char *more,
	struct err *err);
void select_note(struct selecting *s, const struct response *r);
int select_end(struct imap *i, struct selecting *s, const struct answer *a, struct err *err);

#endif
