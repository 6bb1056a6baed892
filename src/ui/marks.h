/*
 * Marks: the messages that the next command is about.
 *
 * A set of places (location ids), so that reading the list again, scrolling
 * and new mail leave it alone; a place that the list does not show any more
 * drops out, a slice at a time.  Rows that are not marked cost a look-up.
 * One thread.
 */
#ifndef TERN_UI_MARKS_H
#define TERN_UI_MARKS_H

#include <stdbool.h>

#include <glib.h>

#include "store/store.h"

struct marks {
	GHashTable *set;   /* of int64_t, owned */
	GArray *checked;   /* of location_id: places that are looked up again; NULL = none are */
	guint at;          /* how far */
	bool again;        /* look once more: rows changed meanwhile */
	int64_t began_at;  /* when they were looked up last, monotonic ms */
};

void marks_init(struct marks *m);
void marks_release(struct marks *m);
guint marks_count(const struct marks *m);
bool marks_has(const struct marks *m, location_id l);
void marks_put(struct marks *m, location_id l, bool on);
/* True if there were any. */
bool marks_clear(struct marks *m);
/* All of them, the newest place first (of location_id; g_array_unref). */
GArray *marks_all(const struct marks *m);
/* Rows changed: some may be gone. */
void marks_stale(struct marks *m);
/* Looks up the next slice; *dropped counts the gone.  Milliseconds until the next one, -1 = nothing is
 * to look up.  Many marks are not looked up all the time. */
int64_t marks_tick(struct marks *m, struct store *s, guint *dropped);

#endif
