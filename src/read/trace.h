/*
 * The headers that verdicts are made of, as the program itself reads them.
 *
 * What the own mail server found out of the sender (mime/authres.h) stands in
 * headers of the message.  A child that somebody has taken over could invent
 * them, so their lines are taken out of the stored file here: splitting lines
 * is all that takes.  Blocking; any thread.
 */
#ifndef TERN_READ_TRACE_H
#define TERN_READ_TRACE_H

#include "mime/document.h"

enum { TRACE_FIELDS_MAX = 500 }; /* of one message; those behind them say nothing */

/*
 * Compares Received and Authentication-Results of the document, which the child
 * sent, with those of the message (fd, its offset stays).  If they are not
 * the first of those, the message's own take their place, above all others.
 */
void trace_check(int fd, struct document *d);

#endif
