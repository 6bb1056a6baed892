/*
 * Files that only their owner may read, written whole or not at all.
 * Safe from any thread.
 */
#ifndef TERN_BASE_FILE_H
#define TERN_BASE_FILE_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

/* Makes the folder and its parents, the last with mode 0700; an existing folder is left as it is. */
int dir_make_private(const char *path, struct err *err);

/* Puts the names in the folder on disk; 0 or -errno. */
int dir_sync(const char *path);

/* Writes a temporary file beside path (0600), syncs it, renames it over path and syncs the folder. */
int file_write_atomic(const char *path, const void *data, size_t len, struct err *err);

/* Writes all len bytes; 0 or -errno. */
int fd_write_all(int fd, const void *data, size_t len);

/* Bytes that an ordinary user can still write to the file system of path, and (of, may be NULL) of how
 * many in all; -1 unknown. */
int64_t file_free_bytes(const char *path, int64_t *of);

#endif
