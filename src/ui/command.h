/*
 * Commands: everything that a key or the command line can do.
 *
 * One row per command gives its name, its arguments, where it counts, what it
 * needs, its help and its function; keys, completion, help and the manual all
 * read the same row.  A function returns 0 or an error, which command_run's
 * caller shows.
 */
#ifndef TERN_UI_COMMAND_H
#define TERN_UI_COMMAND_H

#include <stddef.h>

#include <glib.h>

#include "base/err.h"

struct ui;

enum needs {
	NEEDS_MESSAGE = 1 << 0, /* a message under the cursor */
	NEEDS_WORD = 1 << 1,    /* its argument */
	NEEDS_STORE = 1 << 2,   /* at least one account */
};

/* What an argument is, for completion. */
enum completes { COMPLETES_NOTHING, COMPLETES_MAILBOX, COMPLETES_GO, COMPLETES_ORDER, COMPLETES_PATH,
	COMPLETES_ROLE, COMPLETES_QUERY };

struct command {
	const char *name;
	const char *args;     /* as shown in help: "", "[mailbox]", "PATH" */
	unsigned where;       /* enum context */
	unsigned needs;
	enum completes completes;
	const char *label;    /* one word for the hint line, N_() */
	const char *help;     /* a phrase, N_() */
	int (*run)(struct ui *ui, const char *arg, struct err *err);
};

/* The tables, each ended by a row without a name; see cmd_*.c. */
extern const struct command commands_app[], commands_move[], commands_mailbox[],
	commands_message[], commands_mark[], commands_tree[], commands_queue[], commands_reading[],
	commands_part[];

const struct command *command_find(const char *name);
/* The n-th command of all tables; NULL at the end. */
const struct command *command_nth(size_t n);
/* Runs a command line ("go inbox").  ERR_USAGE with words for an unknown or misplaced command. */
int command_run(struct ui *ui, const char *line, struct err *err);
/* Whole command lines that begin with what was typed (char *, owned by the array). */
GPtrArray *command_complete(struct ui *ui, const char *typed);

#endif
