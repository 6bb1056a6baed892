/*
 * A large step on its way: what one key began goes on behind the screen
 * (store_want_more), and the status line shows how far it is.
 */
#ifndef TERN_UI_CARRY_H
#define TERN_UI_CARRY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

struct ui;

struct carry {
	int64_t left, of;      /* messages; left 0 = nothing is on its way */
	int64_t looked_at;     /* when left was read, monotonic ms; 0 = never */
	int64_t warned_at;     /* when Esc said that another one stops it, monotonic ms; 0 = not */
	char word[60];         /* "archiving" */
};

/* A step about n messages was begun: is any of it left to do? */
void carry_watch(struct ui *ui, const char *word, int64_t n);
/* Something changed: another process may have begun a large step.  Cheap, often. */
void carry_look(struct ui *ui);
/* Reads again how much is left; milliseconds until the next time, -1 = nothing is on its way. */
int64_t carry_tick(struct ui *ui);
/* "archiving 1,234 of 50,000", "" if nothing is on its way. */
void carry_text(const struct ui *ui, char *out, size_t cap);
/* Esc: warns, then stops it.  False if nothing is on its way. */
bool carry_escape(struct ui *ui);
/* Stops the newest large step; ERR_USAGE if there is none. */
int carry_stop(struct ui *ui, struct err *err);

#endif
