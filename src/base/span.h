/*
 * Spans of time for people: "40 s", "5 min", "3 h", "2 d".  Pure; any thread.
 */
#ifndef TERN_BASE_SPAN_H
#define TERN_BASE_SPAN_H

#include <stddef.h>
#include <stdint.h>

/* Seconds in the largest unit that leaves at least two of it, cut; less than 0 counts as 0.
 * Translated; returns out. */
const char *span_text(int64_t s, char *out, size_t cap);

#endif
