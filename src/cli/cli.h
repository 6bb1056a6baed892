/*
 * The command line: data to standard output, talk to standard error.
 */
#ifndef TERN_CLI_CLI_H
#define TERN_CLI_CLI_H

#include <stdio.h>

#include "base/cancel.h"
#include "config/config.h"
#include "model/engine.h"
#include "store/store.h"

/* Exit codes: stable, documented in tern(1). */
enum cli_exit {
	EXIT_DONE = 0,
	EXIT_FAILED = 1,
	EXIT_USAGE = 2,
	EXIT_NOTHING = 3,  /* nothing found */
	EXIT_QUEUED = 75,  /* queued safely, not yet at the server */
};

struct cli {
	const struct places *places;
	const struct config *config;
	struct store *store;       /* opened by main before a command that needs it (see cli_needs) */
	struct err trouble;        /* CLI_TOLERANT: why there is no store or no configuration */
	struct engine *engine;     /* blocking calls only */
	struct reader *reader;     /* likewise */
	struct cancel *cancel;     /* set by SIGINT and SIGTERM */
};

enum cli_needs {
	CLI_NEEDS_CONFIG = 1 << 0,
	CLI_NEEDS_STORE = 1 << 1,   /* and the accounts bound; includes CONFIG */
	CLI_NEEDS_ENGINE = 1 << 2,  /* includes STORE */
	CLI_TOLERANT = 1 << 3,      /* runs also without what it needs, and says what is wrong */
};

/* What the command argv[0] (and argv[1], as in "account add") needs; -1 if there is none. */
int cli_needs(int argc, char **argv);
/* Runs the command; argv[0] is its name.  Returns enum cli_exit. */
int cli_run(struct cli *c, int argc, char **argv);
/* The usage text of all commands, made from the table. */
void cli_usage(FILE *out);

#endif
