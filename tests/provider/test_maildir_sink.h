/*
 * A sink that keeps what a provider reports, as a store would: rows by uid,
 * mailboxes, the cursor, and how often each thing was said.
 */
#ifndef TERN_TEST_MAILDIR_SINK_H
#define TERN_TEST_MAILDIR_SINK_H

#include <glib.h>

#include "provider/provider.h"

struct row {
	uint64_t uid;
	unsigned flags;
	char *keywords, *subject, *canonical;
	int64_t received_at;
};

struct record {
	struct sink sink;       /* first: the provider holds its address */
	GTree *rows;            /* uid -> struct row */
	GPtrArray *boxes;       /* of char*: "path|name|role" */
	GPtrArray *order;       /* of char*: subjects as they came */
	char *cursor;
	bool complete;
	int n_messages, n_flags, n_gone, n_cursors;
	int pause_after;        /* ask for a pause at this cursor; 0 = never */
};

void record_init(struct record *r);
void record_release(struct record *r);
struct row *record_row(struct record *r, const char *subject); /* NULL if there is none */

#endif
