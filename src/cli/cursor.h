/*
 * The place where a listing stopped, as a word for people's scripts.
 * Opaque: made by cursor_write, read by cursor_read, nothing else.
 */
#ifndef TERN_CLI_CURSOR_H
#define TERN_CLI_CURSOR_H

#include "base/err.h"
#include "store/store.h"

char *cursor_write(const struct list_key *key); /* a new string of [A-Za-z0-9_-] */
int cursor_read(const char *word, struct list_key *out, struct err *err); /* ERR_USAGE */

#endif
