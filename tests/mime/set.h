/*
 * Collections of messages made by others, with what is expected of each.
 *
 * A runner names its cases and says which hold.  Beside the data stands a file
 * `disagreements`: one case a line, with the reason why tern reads it another
 * way.  The set is as expected if the cases that fail are just those.
 */
#ifndef TERN_TEST_SET_H
#define TERN_TEST_SET_H

#include <stdbool.h>

#include <glib.h>

#include "mime/open.h"
#include "mime/outline.h"

struct set;

/* folder: below tests/data/mime. */
struct set *set_open(const char *folder);
/* why: what was seen, printed if the case fails and is not listed; may be NULL. */
void set_case(struct set *s, const char *name, bool holds, const char *why);
/* Prints "NAME: 95/109 (14 reasoned disagreements)"; false if anything was unexpected. */
bool set_close(struct set **s);

/* The files below folder/SUB whose names end so, sorted; whole paths.  Names are case names. */
GPtrArray *set_files(const char *folder, const char *end);
char *set_read(const char *path, gsize *len);
/* "rfc/001.eml": the path below the set's folder. */
const char *set_name(const char *folder, const char *path);

/* A message in parts, as document.c sees it. */
struct tree {
	int fd;
	struct opened opened;
	GArray *nodes;
};
bool tree_open(struct tree *t, const char *bytes, gsize len);
void tree_close(struct tree *t);

/* Each runs one collection; true = as expected. */
bool set_json(void);
bool set_json_headers(void);
bool set_mime4j(void);
bool set_cpython(void);
bool set_lowquality(void);
bool set_tnef(void);
bool set_calendar(void);
bool set_unicode(void);
bool set_blns(void);

#endif
