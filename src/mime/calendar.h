/*
 * An invitation as a few lines of text: what, when, where.
 */
#ifndef TERN_MIME_CALENDAR_H
#define TERN_MIME_CALENDAR_H

#include <stdbool.h>
#include <stddef.h>

#include <glib.h>

enum { CALENDAR_READ_MAX = 256 * 1024, CALENDAR_VALUE_MAX = 1000 };

/* Appends the card of the first event in text (iCalendar, UTF-8); nothing if there is none. */
void calendar_card(GString *out, const char *text, size_t len);

#endif
