/*
 * Other programs: started by argument vectors, ended for sure.
 *
 * A started program gets no descriptor of ours but those that it is given,
 * no blocked or ignored signal, and no text from outside in its arguments
 * unless the caller put it there; no shell stands in between unless the vector
 * names one.  Any thread.
 */
#ifndef TERN_BASE_SPAWN_H
#define TERN_BASE_SPAWN_H

#include <stddef.h>
#include <sys/types.h>

#include "base/cancel.h"
#include "base/err.h"

enum { SPAWN_MORE_MAX = 2 };

enum spawn_place {
	SPAWN_GROUP,   /* a process group of its own: spawn_kill ends all of it */
	SPAWN_SESSION, /* a session of its own: it outlives us and has no terminal */
	SPAWN_HERE,    /* our group: it may read the terminal, which is lent to it */
};

struct spawn {
	const char *const *argv;   /* NULL-ended; argv[0] is looked for in PATH */
	int in, out, errors;       /* its standard descriptors, borrowed; -1 = /dev/null */
	int more[SPAWN_MORE_MAX];  /* its descriptors 3, 4, ..., borrowed */
	int n_more;
	enum spawn_place place;
};

/* ERR_GONE: there is no such program; ERR_STORAGE: it cannot be started. */
int spawn_start(const struct spawn *how, pid_t *out, struct err *err);
/* Never waits: 1 = it has ended and was reaped (status as of waitpid), 0 = it runs. */
int spawn_ended(pid_t pid, int *status);
/* Waits for it, without a limit; a program that stops itself stops us too, as a shell expects. */
void spawn_wait_here(pid_t pid, int *status);
/* Ends the group of a program (SPAWN_GROUP) and reaps it. */
void spawn_kill(pid_t pid, int *status);
/* Waits for the end of such a program; ERR_CANCELED, ERR_RETRY (it took longer than timeout_ms): it
 * was ended and err is not filled. */
int spawn_wait(pid_t pid, struct cancel *cancel, int timeout_ms, int *status);
/* What a shell would call the status: 0 = went well, 128 + the signal. */
int spawn_code(int status);

/*
 * Runs `command` (the reader's own configuration, never outside text) with
 * sh -c, its standard input empty and its standard error discarded, and puts
 * the first line of its output into out.  Ends the child when cancel is set or
 * timeout_ms passed.  Returns the length; ERR_CANCELED; ERR_AUTH with a
 * sentence that names the command's exit state.
 */
int spawn_first_line(const char *command, struct cancel *cancel, int timeout_ms, char *out,
	size_t cap, struct err *err);
/* Runs a program for its exit code (spawn_code), input and output empty; < 0 as above. */
int spawn_verdict(const char *const *argv, struct cancel *cancel, int timeout_ms, struct err *err);

#endif
