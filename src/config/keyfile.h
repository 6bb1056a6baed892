/*
 * A key file with its text, so that a complaint can name file and line
 * (GKeyFile keeps no line numbers).  Read once, by one thread.
 */
#ifndef TERN_CONFIG_KEYFILE_H
#define TERN_CONFIG_KEYFILE_H

#include <glib.h>

#include "base/err.h"
#include "config/options.h"

struct keyfile {
	GKeyFile *keys;
	char *path, *text;
};

/* 1 = loaded, 0 = there is no such file; ERR_USAGE: unreadable or malformed, with file and line. */
int keyfile_load(const char *path, struct keyfile **out, struct err *err);
void keyfile_free(struct keyfile **k);
/* The line of a key (key NULL: of the group's head), 0 if it is not found. */
int keyfile_line(const struct keyfile *k, const char *group, const char *key);
/*
 * Sets the fields of base from the group's keys by rows.  An unknown key is
 * added to warnings; a wrong value is ERR_USAGE.  Both name file, line and group.
 */
int keyfile_apply(const struct keyfile *k, const char *group, const struct option *rows, void *base,
	GPtrArray *warnings, struct err *err);

#endif
