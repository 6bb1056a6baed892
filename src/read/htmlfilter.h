/*
 * The reader's own program that makes text of HTML (option html-filter).
 *
 * The HTML of a mail, as UTF-8, is its standard input, and what it prints
 * stands in place of our own rendering.  The command is a line of the
 * reader's configuration that sh -c runs; nothing of a mail is in it.  It runs
 * outside of the jail, with the reader's rights: that is the price of it.  The
 * environment variable COLUMNS tells it how wide the text may be.  Whatever it
 * does, it is over after HTMLFILTER_MS, with all that it started.
 *
 * Blocking; the reader's thread.
 */
#ifndef TERN_READ_HTMLFILTER_H
#define TERN_READ_HTMLFILTER_H

#include "base/cancel.h"
#include "base/err.h"
#include "mime/document.h"

enum {
	HTMLFILTER_MS = 5000,
	HTMLFILTER_BYTES_MAX = 8 << 20, /* of its output; then it is ended, and the beginning shown */
};

/* The HTML that is shown in the text, to be replaced: its span; NULL if there is none. */
const struct document_span *htmlfilter_span(const struct document *d);

/*
 * Runs the command on a file from its beginning.  *text_out (g_free): what it printed, cleaned,
 * UTF-8, ending with LF.  ERR_CANCELED; ERR_RETRY: it took too long; ERR_UNSUPPORTED: it failed or
 * printed nothing; ERR_STORAGE: it cannot be started.
 */
int htmlfilter_run(const char *command, int width, int in, const struct cancel *cancel,
	char **text_out, struct err *err);

/*
 * Puts the text in place of what stands at the span, which is of d.  Spans inside are gone, those
 * behind move.  The links stay in the list, but no words of the text are theirs any more.
 */
void htmlfilter_replace(struct document *d, const struct document_span *of, const char *text);
/* Says below the text why our own rendering is shown. */
void htmlfilter_failed(struct document *d, const struct err *why);

#endif
