/*
 * Spans of time and numbers for people: "40 s", "5 min", "3 h", "2 d"; "1,234,567".
 * Pure; any thread.
 */
#ifndef TERN_BASE_SPAN_H
#define TERN_BASE_SPAN_H

#include <stddef.h>
#include <stdint.h>

/* Seconds in the largest unit that leaves at least two of it, cut; less than 0 counts as 0.
 * Translated; returns out. */
const char *span_text(int64_t s, char *out, size_t cap);

enum { NUMBER_TEXT_MAX = 32 };
/* 1234567 as "1,234,567"; less than 0 counts as 0.  out holds NUMBER_TEXT_MAX bytes; returns it. */
const char *number_text(int64_t n, char *out);

#endif
