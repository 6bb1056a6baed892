/*
 * Marking by a query: looks through the open mailboxes a slice at a time,
 * between the keys, and marks what matches.
 */
#ifndef TERN_UI_SEARCH_H
#define TERN_UI_SEARCH_H

#include "store/store.h"

struct ui;

struct search {
	struct query *query;    /* NULL = none is under way */
	char *text;             /* as it was typed */
	GArray *found;          /* of location_id */
	struct match_at at;
	int64_t told_at;        /* when the status line was written, monotonic ms */
};

/* Begins; what was under way is given up.  Takes the query over. */
void search_begin(struct ui *ui, struct query *query, const char *text);
/* Gives up without marking anything; false if none was under way. */
bool search_stop(struct ui *ui);
/* One slice; 0 = go on at once, -1 = nothing is to do. */
int64_t search_tick(struct ui *ui);

#endif
