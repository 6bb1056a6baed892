/*
 * Reading one message: the flight that opens its mailbox and asks for it, and
 * the way to a large one without its attachments.
 *
 * The EXAMINE or SELECT, if one is needed, and the FETCH leave together, so that
 * opening a mail costs one round trip.  If the mailbox is not what was expected,
 * the answer to the FETCH is read and thrown away.  Thread of the provider.
 */
#ifndef TERN_PROVIDER_IMAP_PARTIAL_H
#define TERN_PROVIDER_IMAP_PARTIAL_H

#include "provider/imap/command.h"

/*
 * UID FETCH of what `items` say, of the message that ref names; fn gets the
 * untagged answers.  ERR_GONE if there is no such mailbox, or it was made anew.
 */
int imap_open_fetch(struct imap *i, const struct body_ref *ref, const char *items,
	uint64_t literal_max, untagged_fn fn, void *ctx, struct answer *a, struct err *err);

/*
 * Writes the message without large contents that are not read (skeleton.h); 1 =
 * done, 0 = it must be fetched whole (fd holds anything), or an error.
 */
int imap_partial(struct imap *i, const struct body_ref *ref, int fd, struct body_rest *rest,
	struct err *err);

/* Does the header block hold that id? (body.c) */
bool imap_header_names(const char *head, size_t n, const char *id);

#endif
