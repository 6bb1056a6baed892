/*
 * Inside of cli/ only: a command as one row, and what the rows share.
 *
 * The usage string of a row is also its grammar: `--name` followed by a blank
 * and a word takes a value, any other `--name` is a switch; `NAME` must be
 * there, `[NAME]` may be, `ID...` is one or more.
 */
#ifndef TERN_CLI_COMMAND_H
#define TERN_CLI_COMMAND_H

#include <stdbool.h>
#include <stdio.h>

#include <glib.h>
#include <jansson.h>

#include "cli/cli.h"

struct args {
	GPtrArray *words;    /* of borrowed char *: what is no option */
	GHashTable *options; /* borrowed name -> borrowed value, "" for a switch */
	bool json;
};

struct command {
	const char *name;    /* one or two words */
	const char *usage;
	unsigned needs;      /* enum cli_needs */
	int (*run)(struct cli *c, const struct args *a);
	const char *help;    /* whole sentences, N_(); two blanks between them */
};

/* --- args.c -------------------------------------------------------------- */

/* Reads argv behind the command's name by the grammar of `usage`; ERR_USAGE with a sentence. */
int args_parse(const char *usage, int argc, char **argv, struct args *out, struct err *err);
void args_release(struct args *a);
const char *args_option(const struct args *a, const char *name); /* NULL if it was not given */
bool args_has(const struct args *a, const char *name);
const char *args_word(const struct args *a, guint i);            /* NULL beyond the last */
/* A whole number of an option (fallback if it was not given) or of a word; ERR_USAGE. */
int args_number(const char *value, int64_t least, int64_t fallback, int64_t *out, struct err *err);

/* --- out.c --------------------------------------------------------------- */

/* One line for people on standard error, cleaned. */
void say(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
/* Says the error and returns the exit code that fits it. */
int say_error(const struct err *err);
/* Nobody reads our output any more: the other end of the pipe is closed. */
bool out_abandoned(void);
/* False when there is no use in going on: abandoned, or a write failed. */
bool out_alive(void);
/* The rest of a file, byte for byte; < 0: it cannot be read. */
int out_bytes(int fd);
void out_json(json_t *line);              /* takes the reference; one line */
/* Prints a line of JSON; what a terminal would obey and not show is written as \u and a number. */
void out_line(const char *json);
json_t *json_text(const char *s);         /* valid UTF-8 whatever came in; null for NULL */
json_t *json_time(int64_t unix_s);        /* RFC 3339 in UTC; null for 0 */
json_t *json_id(int64_t id);              /* null for 0 */
json_t *json_words(const char *words);    /* a list of what stands between blanks; NULL = none */
json_t *json_flags(unsigned flags);       /* "\\Seen \\Flagged" */
char *time_text(int64_t unix_s);          /* RFC 3339, a new string */

/* Columns: every cell is cleaned; widths are those of the widest cell, at most max[i] (0: no limit). */
struct table;
struct table *table_new(size_t columns, const int *max);
void table_row(struct table *t, const char *const *cells); /* copies */
void table_print(struct table *t);
void table_free(struct table **t);

/* --- common.c ------------------------------------------------------------ */

/* The account of that name; NULL with words. */
const struct account *account_named(const struct cli *c, const char *name, struct err *err);
/* The account that --account names, 0 (all) without it; ERR_GONE. */
int pick_account_id(const struct cli *c, const struct args *a, account_id *out, struct err *err);
/* The accounts that --account names (all without it), of struct account *, borrowed; ERR_GONE. */
int pick_accounts(struct cli *c, const struct args *a, GPtrArray **out, struct err *err);
const struct account *account_of(const struct cli *c, account_id id); /* NULL if not configured */
const char *account_name_of(const struct cli *c, account_id id);      /* "" likewise */
/* The one account that something new is meant for; NULL with words if there are several. */
const struct account *pick_one_account(struct cli *c, const struct args *a, struct err *err);
/* The mailbox of that name in the one account that has it; NULL with words. */
struct mailbox *pick_mailbox(struct cli *c, const struct args *a, const char *word, struct err *err);
/* Sees to it that the message is in the store, whose it is; ERR_GONE. */
int fetch_body(struct cli *c, message_id m, account_id *account, struct err *err);
/* --yes, or the word yes at a terminal after the question; else false with words. */
bool confirmed(struct cli *c, const struct args *a, const char *question, struct err *err);

/* --- carry.c ------------------------------------------------------------- */

/* Progress for who waits at a terminal: a thread of its own, for the engine blocks.  queue: how much
 * of the queue has left, with a handle of its own; else where the engine is.  Between start and stop
 * nobody else writes to the terminal. */
struct onlooker {
	const char *dir, *name;
	account_id account;
	struct engine *engine;
	struct cancel over;
	GThread *thread;
	bool shown;
};
void onlooker_start(struct onlooker *o, const struct cli *c, const struct account *a, bool queue);
void onlooker_stop(struct onlooker *o);

/*
 * Brings the rest of large steps into the queue, with progress at a terminal.
 * changed: messages of the step that this command made, 0 if it made none.  ^C
 * ends that step and says what was done: ERR_CANCELED.
 */
int carry_on(struct cli *c, int changed, struct err *err);
/*
 * Sends what waits for one account, says what is left and why: EXIT_DONE,
 * EXIT_QUEUED, or EXIT_FAILED, also when a server refused something of it.
 */
int push_account(struct cli *c, const struct account *a, bool json);
/* The same for the accounts of these rows (struct list_row *), NULL = all. */
int push_all(struct cli *c, const GPtrArray *rows);
/* The worse of two exit codes: failed before queued before done. */
int worse(int a, int b);
/* "waiting, tried 2 times, next try in 40 s" (g_free). */
char *queue_state_text(const struct mutation_row *r);
/* One line about a change: what, its state, why, and what gets rid of it. */
void say_group(const struct cli *c, const struct queue_group *g);
void say_wish(const struct cli *c, const struct tree_wish *w);
char *wish_text(const struct tree_wish *w); /* "create Work/Plans" (g_free) */

/* --- the commands -------------------------------------------------------- */

int cmd_account_add(struct cli *c, const struct args *a);
int cmd_account_list(struct cli *c, const struct args *a);
int cmd_account_check(struct cli *c, const struct args *a);
int cmd_account_remove(struct cli *c, const struct args *a);
int cmd_sync(struct cli *c, const struct args *a);
int cmd_push(struct cli *c, const struct args *a);
int cmd_mailboxes(struct cli *c, const struct args *a);
int cmd_mailbox_create(struct cli *c, const struct args *a);
int cmd_mailbox_rename(struct cli *c, const struct args *a);
int cmd_mailbox_delete(struct cli *c, const struct args *a);
int cmd_mailbox_subscribe(struct cli *c, const struct args *a);
int cmd_mailbox_unsubscribe(struct cli *c, const struct args *a);
int cmd_mailbox_role(struct cli *c, const struct args *a);
int cmd_list(struct cli *c, const struct args *a);
int cmd_show(struct cli *c, const struct args *a);
int cmd_attachments(struct cli *c, const struct args *a);
int cmd_read(struct cli *c, const struct args *a);
int cmd_unread(struct cli *c, const struct args *a);
int cmd_flag(struct cli *c, const struct args *a);
int cmd_unflag(struct cli *c, const struct args *a);
int cmd_tag(struct cli *c, const struct args *a);
int cmd_archive(struct cli *c, const struct args *a);
int cmd_delete(struct cli *c, const struct args *a);
int cmd_move(struct cli *c, const struct args *a);
int cmd_copy(struct cli *c, const struct args *a);
int cmd_append(struct cli *c, const struct args *a);
int cmd_read_all(struct cli *c, const struct args *a);
int cmd_empty_trash(struct cli *c, const struct args *a);
int cmd_undo(struct cli *c, const struct args *a);
int cmd_redo(struct cli *c, const struct args *a);
int cmd_history(struct cli *c, const struct args *a);
int cmd_queue(struct cli *c, const struct args *a);
int cmd_queue_retry(struct cli *c, const struct args *a);
int cmd_queue_hold(struct cli *c, const struct args *a);
int cmd_queue_release(struct cli *c, const struct args *a);
int cmd_queue_drop(struct cli *c, const struct args *a);
int cmd_queue_move(struct cli *c, const struct args *a);
int cmd_jobs(struct cli *c, const struct args *a);
int cmd_cache(struct cli *c, const struct args *a);
int cmd_cache_pin(struct cli *c, const struct args *a);
int cmd_cache_unpin(struct cli *c, const struct args *a);
int cmd_offline(struct cli *c, const struct args *a);
int cmd_events(struct cli *c, const struct args *a);
int cmd_dump(struct cli *c, const struct args *a);
int cmd_doctor(struct cli *c, const struct args *a);
int cmd_demo(struct cli *c, const struct args *a);
int cmd_version(struct cli *c, const struct args *a);
int cmd_help(struct cli *c, const struct args *a);

#endif
