/*
 * Reports of mail programs to people, as sentences: what became of a message
 * (RFC 3464, 6533) and whether it was seen (RFC 8098).
 *
 * Pure; any thread.
 */
#ifndef TERN_MIME_REPORT_H
#define TERN_MIME_REPORT_H

#include <stdbool.h>
#include <stddef.h>

#include <glib.h>

enum {
	REPORT_RECIPIENTS_MAX = 200, /* sentences of one report */
	REPORT_FIELD_MAX = 500,      /* bytes of a field that a sentence quotes */
};

/* Whether parts of this type ("message/delivery-status") are such reports. */
bool report_is(const char *type);

/*
 * Appends a line for each recipient that the report is about.  A report in
 * which nothing of the form is found is appended as it stands.
 */
void report_append(GString *out, const char *text, size_t len);

#endif
