/*
 * Files that a reader saves: names that strangers chose, made harmless, and
 * files that appear whole, beside what is there and never over it.
 *
 * A file is written beside its place under a name of ours (0600, O_EXCL,
 * O_NOFOLLOW, RESOLVE_BENEATH where openat2 exists) and gets its own name by a
 * rename that refuses to replace anything: a half file never has the name, a
 * link that waits in the folder is never followed, and a name that is taken
 * becomes "name (2).ext".  Any thread; a slow disk blocks.
 */
#ifndef TERN_BASE_SAVE_H
#define TERN_BASE_SAVE_H

#include <stddef.h>

#include "base/err.h"

enum {
	SAVE_NAME_MAX = 200,      /* bytes of a safe name */
	SAVE_EXTENSION_MAX = 24,  /* bytes of an extension that a long name keeps, the dot included */
	SAVE_CLASHES_MAX = 1000,  /* names that are tried */
};

/*
 * A name from outside as a safe file name (g_free): the last path element, of
 * Windows paths too; no control, bidi or other invisible characters, no
 * leading dot, dash or blank, no device name of Windows, valid UTF-8, at most
 * SAVE_NAME_MAX bytes with its extension kept.  otherwise (safe): what it is
 * called when nothing is left of it.
 */
char *save_name(const char *outside, const char *otherwise);
/* That of a part of a message (g_free); n: its number from 1, its name when it has no other. */
char *save_part_name(const char *outside, int n);

struct save {
	int folder, fd;     /* -1 = none; fd: write into it */
	char *path;         /* of the folder */
	char *name;         /* that is wanted; after save_commit the one it got */
	char tmp[40];       /* what it is called until then */
};
#define SAVE_NONE { .folder = -1, .fd = -1 }

/* Opens the folder and a file in it.  name: one path element, from save_name or typed by the reader. */
int save_begin(struct save *s, const char *folder, const char *name, struct err *err);
/* Puts it on disk under its name; s->name is what it is called now.  The file is not there on failure. */
int save_commit(struct save *s, struct err *err);
/* Removes what was written, unless it was committed; releases s. */
void save_release(struct save *s);
/* A failed write in words ("the disk is full"); error: errno. */
int save_failed(const struct save *s, int error, struct err *err);

#endif
