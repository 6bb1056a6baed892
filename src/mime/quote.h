/*
 * Who speaks in the text of a message: its sender, those quoted, a signature.
 *
 * Works on the text of a document (UTF-8, LF) a line at a time, so that a text
 * of many megabytes needs no more than is looked at.  Quoted are lines with
 * ">" marks, and what stands below the header lines that Outlook and others
 * put above the message they answer ("-----Original Message-----", "From: ...
 * Sent: ... To: ..."), if the sender wrote something above them; a message
 * that was forwarded is not quoted, it is what the mail is about.  The words
 * for this are known in a dozen languages.
 *
 * Every line is looked at a bounded number of times (QUOTE_AHEAD_MAX lines, of
 * QUOTE_LINE_MAX bytes): the time is linear whatever stands there.  Pure; any
 * thread.
 */
#ifndef TERN_MIME_QUOTE_H
#define TERN_MIME_QUOTE_H

#include <stdbool.h>
#include <stddef.h>

enum {
	QUOTE_LEVEL_MAX = 20,   /* more marks than that are text */
	QUOTE_AHEAD_MAX = 12,   /* lines looked ahead */
	QUOTE_LINE_MAX = 400,   /* bytes of a line that are looked at for words */
};

enum quote_kind {
	QUOTE_OWN,          /* the sender's own words */
	QUOTE_QUOTED,
	QUOTE_ATTRIBUTION,  /* "On Monday Ana wrote:", and header lines above what is answered */
	QUOTE_SIGNATURE,
};

struct quote_line {
	const char *text;   /* not NUL-terminated, without its line end */
	size_t len;
	enum quote_kind kind;
	int level;          /* how deep it is quoted; 0 = not */
	size_t prefix;      /* bytes of the quote marks at its start */
};

/* A plain value: a copy of it looks ahead. */
struct quote_scan {
	const char *text;
	size_t len, at;
	int attribution;    /* lines of it that are still to come */
	bool tail;          /* behind it everything is quoted */
	bool below;         /* so it is */
	bool own;           /* the sender said something already */
	bool forward;       /* a forwarded message has begun */
	bool signature;
};

/* The text is borrowed. */
void quote_begin(struct quote_scan *q, const char *text, size_t len);
/* The next line; false at the end. */
bool quote_next(struct quote_scan *q, struct quote_line *out);

#endif
