/*
 * An invitation as a few lines of text: what, when, where, who comes.
 *
 * Events (RFC 5545, iTIP RFC 5546) are read by libical, bounded before it sees
 * a byte.  Times are told in the zone of the event and, where the message
 * itself describes that zone, also in the reader's; no zone file is opened.
 */
#ifndef TERN_MIME_CALENDAR_H
#define TERN_MIME_CALENDAR_H

#include <stdbool.h>
#include <stddef.h>

#include "mime/body.h"

enum {
	CALENDAR_READ_MAX = 256 * 1024, /* bytes; of a larger calendar nothing is shown */
	CALENDAR_BLOCKS_MAX = 1000,     /* components, */
	CALENDAR_DEPTH_MAX = 8,         /* one in another, */
	CALENDAR_LINES_MAX = 10000,     /* and lines: with more it is not read */
	CALENDAR_EVENTS_MAX = 5,        /* cards shown of one calendar */
	CALENDAR_PEOPLE_MAX = 20,       /* lines of attendees */
	CALENDAR_VALUE_MAX = 1000,      /* bytes of a value on one line */
	CALENDAR_WORDS_MAX = 600,       /* bytes of a description */
};

/*
 * Appends cards of the events in text (iCalendar, UTF-8); false = there is none
 * that can be read, and nothing was appended.  method: the part's parameter,
 * may be NULL.
 */
bool calendar_card(struct body_text *out, const char *text, size_t len, const char *method);

#endif
