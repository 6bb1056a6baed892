/*
 * A place for files that other programs are to open: one private folder.
 *
 * The folder (0700, below $XDG_RUNTIME_DIR, else the temporary folder) is made
 * with the first file and removed with all that is in it by scratch_release.
 * While it is in use its owner holds a lock on it, so that scratch_sweep tells
 * what a crash left from what another tern needs.  Names in it are ours: a
 * number and an extension that was allowed.  One thread, but for scratch_sweep
 * and scratch_nameless.
 */
#ifndef TERN_BASE_SCRATCH_H
#define TERN_BASE_SCRATCH_H

#include "base/err.h"

enum { SCRATCH_EXTENSION_MAX = 10, SCRATCH_SWEPT_MAX = 100 };

struct scratch {
	char *path;    /* NULL = not made yet */
	int lock;
	int files;     /* made so far */
};

/* A path for a new file (g_free).  extension: letters and digits, others are left out; "" = none. */
int scratch_path(struct scratch *s, const char *extension, char **out, struct err *err);
/* Makes the file of such a path; for reading and writing. */
int scratch_create(const char *path, int *fd_out, struct err *err);
void scratch_release(struct scratch *s);
/* Removes what programs that crashed have left. */
void scratch_sweep(void);
/* A file without a name, for reading and writing. */
int scratch_nameless(int *fd_out, struct err *err);

#endif
