/*
 * Another program's answer: the password command and its like.
 */
#ifndef TERN_BASE_SPAWN_H
#define TERN_BASE_SPAWN_H

#include <stddef.h>

#include "base/cancel.h"
#include "base/err.h"

/*
 * Runs `command` (the reader's own configuration, never outside text) with
 * sh -c, its standard input empty and its standard error discarded, and puts
 * the first line of its output into out.  Ends the child when cancel is set or
 * timeout_ms passed.  Returns the length; ERR_CANCELED; ERR_AUTH with a
 * sentence that names the command's exit state.  Any thread.
 */
int spawn_first_line(const char *command, struct cancel *cancel, int timeout_ms, char *out,
	size_t cap, struct err *err);

#endif
