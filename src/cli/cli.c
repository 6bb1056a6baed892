/*
 * The commands as rows: name, arguments, needs, function, help.  The usage
 * text, the grammar of the arguments and a section of tern(1) come from here.
 */
#include "config.h"

#include "cli/cli.h"

#include <string.h>

#include "base/i18n.h"
#include "base/mem.h"
#include "cli/command.h"
#include "config/options.h"
#include "config/suggest.h"

#define STORE CLI_NEEDS_STORE
#define ENGINE (CLI_NEEDS_STORE | CLI_NEEDS_ENGINE)

static const struct command commands[] = {
	{ "account add",
		"NAME --type imap|maildir [--host H] [--port P] [--tls implicit|starttls|plain] "
		"[--user U] [--password-command C] [--auth M] [--ca-file F] [--path DIR] "
		"[--two-way on|off] "
		"[--json]",
		CLI_NEEDS_CONFIG, cmd_account_add,
		N_("Adds an account.  The options are those of tern.conf(5).  No password is asked "
		   "for or kept: the password command prints it when it is needed.") },
	{ "account list", "[--json]", ENGINE, cmd_account_list,
		N_("Lists the accounts with their last synchronisation and their last error; with "
		   "--json also what is known of their servers.") },
	{ "account check", "[NAME] [--json]", ENGINE, cmd_account_check,
		N_("Signs in to one account or all of them, reads the list of mailboxes, and says what "
		   "is wrong if that fails.  Changes nothing.") },
	{ "account remove", "NAME [--json]", STORE, cmd_account_remove,
		N_("Forgets an account that `account add` made, with everything that tern has stored "
		   "of it.  The mail at the server, or in the Maildir, stays.") },
	{ "sync", "[--account A] [--full] [--bodies] [--json]", ENGINE, cmd_sync,
		N_("Fetches what is new and sends what is queued, once, for one account or all of "
		   "them.  An account that fails does not stop the others.  With --full everything is "
		   "compared, whatever the server says has changed.  With --bodies the whole text of "
		   "every message that is not here yet comes too, for reading without a network.  "
		   "While another tern synchronises an account, sync leaves it alone, says so and "
		   "fails; what is queued leaves through the other one.") },
	{ "jobs", "[--account A] [--json]", STORE, cmd_jobs,
		N_("Lists the jobs that run by themselves while tern is open: how often, when they "
		   "last ended and begin next, how often they ran and failed, and the last result.") },
	{ "mailboxes", "[--account A] [--json]", STORE, cmd_mailboxes,
		N_("Lists the mailboxes with their unread and total messages, their role, and how much "
		   "of their history is here.  A role that was set with `mailbox role` is marked.") },
	{ "mailbox create", "NAME [--account A] [--push] [--json]", ENGINE, cmd_mailbox_create,
		N_("Makes a mailbox; the levels of NAME are separated by /.  Like every change it "
		   "waits in the queue, and leaves at once with --push.") },
	{ "mailbox rename", "M NAME [--account A] [--push] [--json]", ENGINE, cmd_mailbox_rename,
		N_("Gives a mailbox another name, with all levels.  The mailboxes below it go with "
		   "it.") },
	{ "mailbox delete", "M [--yes] [--account A] [--push] [--json]", ENGINE, cmd_mailbox_delete,
		N_("Deletes a mailbox at the server.  Messages in it are deleted with it, and that "
		   "cannot be undone, therefore --yes must be given if it holds any.") },
	{ "mailbox subscribe", "M [--account A] [--push] [--json]", ENGINE, cmd_mailbox_subscribe,
		N_("Subscribes to a mailbox, for programs that show only those.") },
	{ "mailbox unsubscribe", "M [--account A] [--push] [--json]", ENGINE,
		cmd_mailbox_unsubscribe, N_("Takes the subscription back.") },
	{ "mailbox role", "M ROLE [--account A] [--json]", STORE, cmd_mailbox_role,
		N_("Says what a mailbox is for, whatever the server says: inbox, drafts, sent, "
		   "archive, junk, trash, all, flagged, or none; auto goes back to what the server "
		   "says.  This stays in the store of tern.") },
	{ "list", "[--mailbox M] [--account A] [--limit N] [--after CURSOR] [--json]", STORE, cmd_list,
		N_("Lists messages, the newest first, at most 30 unless --limit says otherwise.  "
		   "Without --mailbox those of all mailboxes; a mailbox is named as `mailboxes` does, "
		   "or by its role, such as inbox or trash.  --after goes on where an earlier list "
		   "ended.") },
	{ "show", "ID [--raw|--headers|--text|--parts] [--json]", ENGINE, cmd_show,
		N_("Shows a message: its headers and its text, or only what the options name.  "
		   "A message that is not in the store yet is fetched.  --raw gives the exact bytes, "
		   "except to a terminal.") },
	{ "attachments", "ID [--save DIR] [--part N] [--output FILE] [--json]", ENGINE, cmd_attachments,
		N_("Lists the attachments of a message: number of the part, type, size, and the name "
		   "that it would get here.  With --save all of them go into a folder; a name that is "
		   "taken gets a number, nothing is ever replaced.  With --part and --output one part, "
		   "also one that is no attachment, goes into a file, or to standard output for -.  "
		   "What was left at the server is fetched first.  Exit code 3: there are none.") },
	{ "read", "ID... [--push] [--json]", ENGINE, cmd_read, N_("Marks messages as read.") },
	{ "unread", "ID... [--push] [--json]", ENGINE, cmd_unread, N_("Marks messages as unread.") },
	{ "flag", "ID... [--push] [--json]", ENGINE, cmd_flag, N_("Flags messages.") },
	{ "unflag", "ID... [--push] [--json]", ENGINE, cmd_unflag, N_("Removes the flag.") },
	{ "tag", "ID... [--add WORDS] [--remove WORDS] [--push] [--json]", ENGINE, cmd_tag,
		N_("Puts tags (keywords) on messages or takes them off.  WORDS are separated by "
		   "blanks.") },
	{ "archive", "ID... [--push] [--json]", ENGINE, cmd_archive,
		N_("Moves messages to the archive of their account.") },
	{ "delete", "ID... [--for-ever] [--yes] [--push] [--json]", ENGINE, cmd_delete,
		N_("Moves messages to the trash of their account.  With --for-ever they are removed "
		   "and put nowhere: that cannot be undone once it is at the server, and is asked "
		   "for on a terminal; elsewhere --yes must be given.") },
	{ "move", "ID... --to M [--push] [--json]", ENGINE, cmd_move,
		N_("Moves messages to another mailbox of their account.") },
	{ "copy", "ID... --to M [--push] [--json]", ENGINE, cmd_copy,
		N_("Copies messages to another mailbox of their account.") },
	{ "append", "MAILBOX [FILE] [--flags FLAGS] [--tags WORDS] [--account A] [--push] [--json]",
		ENGINE, cmd_append,
		N_("Puts the message in FILE, or on standard input, into a mailbox.  FLAGS are seen, "
		   "flagged, answered, draft, separated by commas.  Line ends become CRLF; a message "
		   "without a Message-ID gets one, so that it is found again if an answer of the "
		   "server is lost.") },
	{ "read-all", "MAILBOX [--account A] [--push] [--json]", ENGINE, cmd_read_all,
		N_("Marks every message of a mailbox as read, as one step of the history.") },
	{ "empty-trash", "[--account A] [--yes] [--push] [--json]", ENGINE, cmd_empty_trash,
		N_("Deletes all messages in the trash for ever.  It is asked for on a terminal; "
		   "elsewhere --yes must be given.") },
	{ "push", "[--account A] [--json]", ENGINE, cmd_push,
		N_("Sends what is queued until nothing is left or the server cannot take it now, and "
		   "says what is left and why.  It fails if a server refused something.") },
	{ "queue", "[--account A] [--rows] [--all] [--json]", STORE, cmd_queue,
		N_("Lists the changes that wait, conflict or were refused: number, account, state, "
		   "age, what, subject and the server's own words.  Changes that one step made are "
		   "one line, unless --rows is given; with --all the settled ones that are still "
		   "kept are listed, too.  The numbers of wishes about mailboxes begin with m.") },
	{ "queue retry", "ROW... [--group] [--push] [--json]", ENGINE, cmd_queue_retry,
		N_("Tries a change again now: one that waits for its next try, or one that was "
		   "refused or conflicts, which is then wished anew.  With --group all that one step "
		   "made and that stand alike, as `queue` lists them; likewise below.") },
	{ "queue hold", "ROW... [--group] [--json]", STORE, cmd_queue_hold,
		N_("Keeps a change in the queue, and what follows on the same message.") },
	{ "queue release", "ROW... [--group] [--push] [--json]", ENGINE, cmd_queue_release,
		N_("Lets a change go that was held.") },
	{ "queue drop", "ROW... [--group] [--json]", STORE, cmd_queue_drop,
		N_("Takes a change back that has not left, so that lists show what the server has, "
		   "or takes a refused one out of sight.  ROW can be a wish about a mailbox, such as "
		   "m3.") },
	{ "queue move", "ROW MAILBOX [--group] [--push] [--json]", ENGINE, cmd_queue_move,
		N_("Gives a move or copy that has not happened another target.") },
	{ "undo", "[STEP] [--push] [--json]", ENGINE, cmd_undo,
		N_("Undoes the last change, or the step that `history` shows with that number: "
		   "cancels what has not left yet and queues the opposite of what has.  What is "
		   "elsewhere by now is left alone and counted.") },
	{ "redo", "[STEP] [--push] [--json]", ENGINE, cmd_redo,
		N_("Does again what was undone last, or that step.") },
	{ "history", "[--max N] [--json]", STORE, cmd_history,
		N_("Lists the steps that can be undone, the newest first, at most 30 unless --max "
		   "says otherwise: number, time, account, what is undone, waits or was refused, and "
		   "what it was.") },
	{ "cache", "[--account A] [--top N] [--json]", STORE, cmd_cache,
		N_("Shows what of the mail is kept here and what would be fetched next: bytes in use "
		   "and the caps, how many of the opened messages were here already, the states, what "
		   "the worker did last, and the best candidates with every term of their score.") },
	{ "cache pin", "ID... [--json]", STORE, cmd_cache_pin,
		N_("Keeps messages here whatever else must go, and fetches them soon.") },
	{ "cache unpin", "ID... [--json]", STORE, cmd_cache_unpin, N_("Takes that back.") },
	{ "offline", "MAILBOX [POLICY] [DAYS] [--cap SIZE] [--account A] [--json]", STORE, cmd_offline,
		N_("Shows how much of a mailbox can be read without a network, or says what must be: "
		   "POLICY is auto (what is likely to be opened), headers (nothing unasked), recent "
		   "with a number of days, or everything.  --cap limits the bytes, the newest first: "
		   "500k, 200M, 2G.") },
	{ "events", "[--after-seq N] [--follow] [--json]", STORE, cmd_events,
		N_("Prints what happened in the store since event N as lines of JSON; with --follow "
		   "it goes on until it is stopped.") },
	{ "dump", "[--json]", STORE, cmd_dump,
		N_("Prints the whole store without the bodies as lines of JSON.") },
	{ "doctor", "[--json]", CLI_NEEDS_CONFIG | ENGINE | CLI_TOLERANT, cmd_doctor,
		N_("Looks for what could be wrong: folders, store, terminal, accounts, jobs, and says "
		   "what each server can do and how far tern trusts it.  The report is safe to paste: it holds no addresses, user names, hosts or subjects.") },
	{ "demo", "[--dir DIR] [--mbox FILE] [--json]", CLI_NEEDS_CONFIG, cmd_demo,
		N_("Unpacks a mailbox of invented mail as a Maildir and adds it as the account "
		   "\"demo\", to try tern with.") },
	{ "version", "[--json]", 0, cmd_version, N_("Prints the version.") },
	{ "help", "[COMMAND] [MORE] [--manual]", 0, cmd_help,
		N_("Prints the commands, or what is to know about one of them.  With --manual it "
		   "prints the reference sections of the manual pages.") },
	{ NULL },
};

/* The row of argv[0] argv[1], else of argv[0]; *used: how many of them the name has. */
static const struct command *find(int argc, char **argv, int *used)
{
	g_autofree char *two = argc > 1 ? g_strjoin(" ", argv[0], argv[1], NULL) : NULL;
	const char *const names[] = { two, argv[0] };

	for (size_t i = two ? 0 : 1; i < G_N_ELEMENTS(names); i++)
		for (const struct command *k = commands; k->name; k++)
			if (g_strcmp0(k->name, names[i]) == 0) {
				*used = (int)(G_N_ELEMENTS(names) - i);
				return k;
			}
	*used = 0;
	return NULL;
}

int cli_needs(int argc, char **argv)
{
	int used;
	const struct command *k = find(argc, argv, &used);

	for (int i = 0; k && i < argc; i++)
		if (strcmp(argv[i], "--help") == 0)
			return 0;
	return k ? (int)k->needs : -1;
}

static void print_usage_line(const struct command *k, FILE *out)
{
	fprintf(out, "  tern %s %s\n", k->name, k->usage);
}

static void print_help(const struct command *k)
{
	printf("%s\n", _("Usage:"));
	print_usage_line(k, stdout);
	printf("\n%s\n", _(k->help));
}

void cli_usage(FILE *out)
{
	fprintf(out, "%s\n  tern [--home DIR]\n  tern [--home DIR] %s\n\n%s\n", _("Usage:"),
		_("COMMAND ..."), _("Without a command tern opens its screen.  The commands are:"));
	for (const struct command *k = commands; k->name; k++)
		print_usage_line(k, out);
	fprintf(out, "\n%s\n", _("tern(1) and tern.conf(5) describe them."));
}

static int unknown_command(int argc, char **argv)
{
	const char *near = NULL;

	for (const struct command *k = commands; k->name && !near; k++) {
		g_autofree char *two = argc > 1 ? g_strjoin(" ", argv[0], argv[1], NULL) : NULL;

		if (suggest_is_near(argv[0], k->name) || (two && suggest_is_near(two, k->name)))
			near = k->name;
	}
	if (strcmp(argv[0], "account") == 0)
		say(_("What about the account?  add, list, check or remove."));
	else if (strcmp(argv[0], "mailbox") == 0)
		say(_("What about the mailbox?  create, rename, delete, subscribe, unsubscribe or role."));
	else if (near)
		say(_("There is no command \"%s\"; did you mean \"%s\"?"), argv[0], near);
	else
		say(_("There is no command \"%s\"; `tern help` lists them."), argv[0]);
	return EXIT_USAGE;
}

/* Output that could not be written is no success, except to a reader who went away. */
static int finish(int code)
{
	if ((fflush(stdout) == 0 && !ferror(stdout)) || out_abandoned())
		return code;
	say(_("The output cannot be written."));
	return EXIT_FAILED;
}

int cli_run(struct cli *c, int argc, char **argv)
{
	int used;
	const struct command *k = find(argc, argv, &used);
	AUTO(args_release) struct args a = { 0 };
	struct err err = { 0 };

	if (!k)
		return unknown_command(argc, argv);
	for (int i = used; i < argc; i++)
		if (strcmp(argv[i], "--help") == 0) {
			print_help(k);
			return finish(EXIT_DONE);
		}
	if (args_parse(k->usage, argc - used, argv + used, &a, &err) < 0) {
		say_error(&err);
		fprintf(stderr, "%s\n", _("Usage:"));
		print_usage_line(k, stderr);
		return EXIT_USAGE;
	}
	return finish(k->run(c, &a));
}

int cmd_version(struct cli *c, const struct args *a)
{
	(void)c;
	if (a->json)
		out_json(json_pack("{s:s}", "version", PACKAGE_VERSION));
	else
		printf("tern %s\n", PACKAGE_VERSION);
	return EXIT_DONE;
}

/* --- help ---------------------------------------------------------------- */

/* The sections of tern(1) and tern.conf(5) that the tables make; tests compare them. */
static void print_manual(void)
{
	for (const struct command *k = commands; k->name; k++) {
		printf(".TP\n.B %s\n.br\n", k->name);
		option_put_manual(k->usage, stdout);
		puts("\n.br");
		option_put_manual(k->help, stdout);
		putchar('\n');
	}
	puts(".\\\" options of tern.conf");
	option_print_manual(config_options, stdout);
	puts(".\\\" options of an account");
	option_print_manual(account_options, stdout);
}

int cmd_help(struct cli *c, const struct args *a)
{
	const struct command *k;
	int used;

	(void)c;
	if (args_has(a, "manual"))
		print_manual();
	else if (a->words->len == 0)
		cli_usage(stdout);
	else if ((k = find((int)a->words->len, (char **)a->words->pdata, &used)))
		print_help(k);
	else
		return unknown_command((int)a->words->len, (char **)a->words->pdata);
	return EXIT_DONE;
}
