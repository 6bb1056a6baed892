/*
 * The row of a message read from its file: headers and structure, no bodies.
 */
#ifndef TERN_MIME_SUMMARY_H
#define TERN_MIME_SUMMARY_H

#include "base/err.h"
#include "model/change.h"

struct summary;

/*
 * Reads the header block (at most 1 MiB) and finds out whether there are
 * attachments, from an open file; the file offset is left anywhere.  A mail
 * without headers gives an empty summary, not an error.
 */
int summary_read(int fd, struct summary **out, struct err *err);
void summary_free(struct summary **s);

/* Fills the CHANGE_MESSAGE fields that come from the message itself (not uid, flags, received_at,
 * canonical); pointers stay valid while s lives. */
void summary_fill(const struct summary *s, struct change *c);

#endif
