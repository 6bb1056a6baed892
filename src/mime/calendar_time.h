/*
 * When something happens, in words: times of libical with their zones, and the
 * rules by which events repeat.  For calendar.c only.
 */
#ifndef TERN_MIME_CALENDAR_TIME_H
#define TERN_MIME_CALENDAR_TIME_H

#include <stdbool.h>

#include <glib.h>
#include <libical/ical.h>

/* A point in time as the calendar tells it. */
struct moment {
	icaltimetype at;
	const char *zone;  /* the name as told, "UTC", or NULL: wherever the reader is */
	bool known;        /* `unix_time` is known, because the zone is */
	time_t unix_time;
};

/* The value of a DTSTART-like property; false = it has none. */
bool moment_of(icalcomponent *calendar, icalproperty *p, struct moment *out);

/* "Mon 2026-01-05 09:00 - 10:30 (Europe/Berlin)"; to may be NULL. */
char *moment_words(const struct moment *from, const struct moment *to);
/* The same in the reader's zone; NULL if it is not known or says the same. */
char *moment_words_here(const struct moment *from, const struct moment *to);

/* "every 2 weeks on Mon, Wed, 10 times"; a rule beyond words as it stands. */
char *rule_words(const struct icalrecurrencetype *rule);

#endif
