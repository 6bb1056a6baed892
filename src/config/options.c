#include "config/options.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/i18n.h"
#include "config/config.h"
#include "config/suggest.h"

static int check_date_format(const char *value, struct err *err)
{
	struct tm tm = { .tm_year = 126, .tm_mon = 11, .tm_mday = 31 };
	char out[40];

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
	if (strftime(out, sizeof out, value, &tm) > 0)
		return 0;
#pragma GCC diagnostic pop
	return err_set(err, ERR_USAGE,
		_("\"%s\" is not a date format of strftime(3), or its result is longer than 39 bytes."),
		value);
}

static int check_clipboard(const char *value, struct err *err)
{
	if (strcmp(value, "osc52") == 0 || strcmp(value, "off") == 0 ||
		(g_str_has_prefix(value, "command:") && value[strlen("command:")]))
		return 0;
	return err_set(err, ERR_USAGE, _("\"%s\" is none of: osc52, off, command:PROGRAM."), value);
}

#define FIELD(f) offsetof(struct config, f)
const struct option config_options[] = {
	{ "mark-read", OPTION_BOOL, FIELD(mark_read), "true",
		.help = N_("Opening a message marks it as read.") },
	{ "mark-read-delay", OPTION_INT, FIELD(mark_read_delay), "0", 0, 3600,
		.help = N_("How many seconds a message must stay open before it is marked as read.") },
	{ "sidebar-width", OPTION_INT, FIELD(sidebar_width), "0", 0, 200,
		.help = N_("Width of the list of mailboxes in cells; 0 chooses it by the screen.") },
	{ "color", OPTION_BOOL, FIELD(color), "true",
		.help = N_("Use colours.  The environment variable NO_COLOR turns them off whatever "
			   "stands here.") },
	{ "headers", OPTION_TEXT, FIELD(headers), "From To Cc Date List-Id Tags Subject",
		.help = N_("The headers shown above a message, in this order.  Tags are those of the "
			   "mailbox, everything else is the name of a header.  A small screen shows "
			   "fewer.") },
	{ "text-width", OPTION_INT, FIELD(text_width), "100", 0, 1000,
		.help = N_("How many columns the words of a message take on a wider screen; 0 is all of "
			   "them.  Tables, code and other lines that the sender broke himself may be "
			   "longer, as far as they fit on the screen.") },
	{ "fold-quotes", OPTION_INT, FIELD(fold_quotes), "12", 0, 100000,
		.help = N_("Quotations of more lines are folded to their first three; z opens them.  "
			   "0 folds none.") },
	{ "space-goes-on", OPTION_BOOL, FIELD(space_goes_on), "false",
		.help = N_("Space at the end of a message opens the next unread one.") },
	{ "hyperlinks", OPTION_WORD, FIELD(hyperlinks), "auto", .words = "auto yes no",
		.help = N_("Whether links can be clicked on, by the escape sequence OSC 8.  auto: on "
			   "terminals that are known to have it.") },
	{ "log-level", OPTION_WORD, FIELD(log_level), "info", .words = "error warn info debug",
		.help = N_("How much is written to the log in the state folder.") },
	{ "date-format", OPTION_TEXT, FIELD(date_format), "%Y-%m-%d", .check = check_date_format,
		.help = N_("How the date of a message from another year is shown, as in strftime(3).") },
	{ "browser", OPTION_TEXT, FIELD(browser), NULL,
		.help = N_("The program that opens links, with its arguments; the address becomes "
			   "the last of them, or stands where %s is.  No shell reads it.  Without "
			   "it the environment variable BROWSER counts, then xdg-open.") },
	{ "html-filter", OPTION_TEXT, FIELD(html_filter), NULL,
		.help = N_("A shell command that makes text of HTML, in place of tern itself, such as "
			   "w3m -dump -T text/html -I UTF-8 -O UTF-8 -cols $COLUMNS.  It reads the "
			   "HTML as UTF-8 from its standard input; COLUMNS is the width of the "
			   "text.  It has 5 seconds and 8 MiB of output; when it fails, tern says "
			   "so and shows the HTML itself.  The links of the message are then in "
			   "the list of all links only.  The command runs with your rights, "
			   "outside of the process in which tern reads mail, and it should load "
			   "nothing from the network.") },
	{ "clipboard", OPTION_TEXT, FIELD(clipboard), "osc52", .check = check_clipboard,
		.help = N_("How text is copied: osc52 asks the terminal to do it, which works over "
			   "ssh; command:PROGRAM gives it to the standard input of a program, such "
			   "as command:wl-copy; off copies nothing.") },
	{ "smime-ca-file", OPTION_PATH, FIELD(smime_ca_file), NULL,
		.help = N_("A PEM file with authorities whose certificates are trusted for S/MIME "
			   "signatures, beside the system's.") },
	{ "smime-key", OPTION_PATH, FIELD(smime_key), NULL,
		.help = N_("The file with your S/MIME certificate and its key, which opens encrypted "
			   "mail: PKCS#12 (.p12, .pfx) or PEM.  OpenPGP needs no option: gpg has the "
			   "keys.") },
	{ "smime-key-password-command", OPTION_TEXT, FIELD(smime_key_password_command), NULL,
		.help = N_("A shell command that prints the password of smime-key on its first line.") },
	{ "unsubscribe-private", OPTION_BOOL, FIELD(unsubscribe_private), "false",
		.help = N_("Whether a list may be left by a request to this computer or to an "
			   "address of a private network.  A mail could otherwise make tern talk to "
			   "your printer.") },
	{ "save-folder", OPTION_PATH, FIELD(save_folder), NULL,
		.help = N_("The folder that is offered first when an attachment is saved.  Without it "
			   "the folder for downloads is, or the home folder where there is none.") },
	{ "pipe-output", OPTION_WORD, FIELD(pipe_output), "view", .words = "view terminal",
		.help = N_("Where the output of a program goes that a message or an attachment was "
			   "piped to: view shows it in tern, terminal lends it the screen until it "
			   "ends.") },
	{ "sync-batch-size", OPTION_INT, FIELD(tuning.sync_batch_size), "100", 10, 5000,
		.help = N_("How many messages are described by the server in one answer.") },
	{ "backfill-mode", OPTION_WORD, FIELD(tuning.backfill_mode), "progressive",
		.words = "progressive bootstrap_only",
		.help = N_("progressive brings in the history of a mailbox step by step, newest "
			   "first; bootstrap_only keeps to its newest messages.") },
	{ "backfill-bootstrap-max", OPTION_INT, FIELD(tuning.backfill_bootstrap_max), "1500", 1, 1000000,
		.help = N_("How many of the newest messages of a mailbox come at once; never more than "
			   "backfill-max-total-per-folder.") },
	{ "backfill-batch-size", OPTION_INT, FIELD(tuning.backfill_batch_size), "100", 10, 5000,
		.help = N_("How many messages of the history are described by the server in one answer.") },
	{ "backfill-job-budget-seconds", OPTION_INT, FIELD(tuning.backfill_job_budget_seconds), "25", 1, 3600,
		.help = N_("How long one run of the backfill job may take.") },
	{ "backfill-max-total-per-folder", OPTION_INT, FIELD(tuning.backfill_max_total_per_folder),
		"20000", 0, INT_MAX,
		.help = N_("How many messages of a mailbox tern brings in, the newest first; below the "
			   "oldest one the list says from which date on it has them.  A higher value "
			   "goes on where the limit was reached.  0 is without a limit.") },
	{ "cache-retention-days", OPTION_INT, FIELD(tuning.cache_retention_days), "30", 1, 36500,
		.help = N_("How many days the text of a message stays on this computer after it was "
			   "last read; it is fetched again when it is opened.") },
	{ "cache-soft-cap", OPTION_SIZE, FIELD(cache_soft_cap), "1G",
		.help = N_("How much disk the texts of messages may take that tern fetches before "
			   "they are opened; a number with K, M, G or T behind it.") },
	{ "cache-hard-cap", OPTION_SIZE, FIELD(cache_hard_cap), "2G",
		.help = N_("How much disk they may take in all, with what was opened or searched for "
			   "just now; never less than cache-soft-cap.") },
	{ "metered", OPTION_BOOL, FIELD(metered), "false",
		.help = N_("The network costs money: nothing is fetched before it is opened.") },
	{ "list-page-limit", OPTION_INT, FIELD(tuning.list_page_limit), "30", 1, 1000,
		.help = N_("How many rows a list reads from the store at once; never less than fit "
			   "on the screen.") },
	{ "ingest-batch-size", OPTION_INT, FIELD(tuning.ingest_batch_size), "50", 1, 5000,
		.help = N_("How many messages one run of the export job handles.  This version has no "
			   "export rules yet; the value is checked and kept for them.") },
	{ NULL },
};
#undef FIELD

#define FIELD(f) offsetof(struct account, f)
const struct option account_options[] = {
	{ "type", OPTION_TEXT, FIELD(type), NULL,
		.help = N_("What keeps the mail: imap for a server, maildir for a folder on this "
			   "computer.  Required.") },
	{ "host", OPTION_TEXT, FIELD(host), NULL,
		.help = N_("Name or address of the IMAP server.  Required for imap.") },
	{ "port", OPTION_INT, FIELD(port), "0", 0, 65535,
		.help = N_("Port of the IMAP server; 0 is the usual one: 993 with tls = implicit, "
			   "else 143.") },
	{ "tls", OPTION_WORD, FIELD(tls), "implicit", .words = "implicit starttls plain",
		.help = N_("How the connection is protected: implicit is TLS from the first byte, "
			   "starttls upgrades before anything secret is sent and otherwise refuses, "
			   "plain is no TLS at all and allowed for a server on this computer only.") },
	{ "user", OPTION_TEXT, FIELD(user), NULL,
		.help = N_("The name to sign in with.  Required for imap.") },
	{ "password-command", OPTION_TEXT, FIELD(password_command), NULL,
		.help = N_("A shell command that prints the password on its first line.  Required "
			   "for imap; tern itself keeps no passwords.") },
	{ "auth", OPTION_WORD, FIELD(auth), "auto",
		.words = "auto plain login scram-sha-1 scram-sha-256 xoauth2 oauthbearer",
		.help = N_("How to sign in at an IMAP server.  auto takes the best way for a "
			   "password that the server offers.  With xoauth2 and oauthbearer the "
			   "password-command prints an OAuth 2 access token.") },
	{ "compress", OPTION_WORD, FIELD(compress), "auto", .words = "auto yes no",
		.help = N_("Whether the IMAP connection is compressed before much is read, if the "
			   "server offers it.  auto: yes, but not with a server on this computer.") },
	{ "ca-file", OPTION_PATH, FIELD(ca_file), NULL,
		.help = N_("A PEM file with the certificate authorities to trust for this account, "
			   "in place of the system's.") },
	{ "path", OPTION_PATH, FIELD(path), NULL,
		.help = N_("The root of the Maildir++ tree.  Required for maildir.") },
	{ "cache", OPTION_BOOL, FIELD(cache), "true",
		.help = N_("Whether tern fetches the text of messages of this account that will "
			   "probably be opened before they are.") },
	{ "authserv-id", OPTION_TEXT, FIELD(authserv_id), "auto",
		.help = N_("Whose word about senders is believed: the name with which your mail "
			   "server signs its Authentication-Results headers.  auto knows large "
			   "providers and otherwise takes what names the domain of the host and "
			   "cannot come from outside.  Your server must remove headers that "
			   "pretend to be its own.") },
	{ "two-way", OPTION_BOOL, FIELD(two_way), "true",
		.help = N_("When off (false, no) the account is strictly read-only: tern takes no "
			   "changes for it, opens its mailboxes for reading only, and sends nothing "
			   "but commands that read.  on, true and yes are the opposite.") },
	{ NULL },
};
#undef FIELD

static char *with_dashes(const char *key)
{
	return g_strdelimit(g_ascii_strdown(key, -1), "_", '-');
}

const struct option *option_find(const struct option *rows, const char *key)
{
	g_autofree char *name = with_dashes(key);

	for (; rows->name; rows++)
		if (strcmp(rows->name, name) == 0)
			return rows;
	return NULL;
}

const char *option_suggest(const struct option *rows, const char *key)
{
	g_autofree char *name = with_dashes(key);
	const char *best = NULL;

	for (; rows->name; rows++)
		if (suggest_is_near(name, rows->name) &&
			(!best || suggest_distance(name, rows->name) < suggest_distance(name, best)))
			best = rows->name;
	return best;
}

void option_defaults(const struct option *rows, void *base)
{
	for (; rows->name; rows++)
		if (rows->fallback)
			option_set(rows, base, rows->fallback, NULL);
}

static char *words_with(const char *words, const char *between)
{
	g_auto(GStrv) all = g_strsplit(words, " ", -1);

	return g_strjoinv(between, all);
}

static int parse_bool(const char *value, bool *out, struct err *err)
{
	static const char *const yes[] = { "true", "yes", "on", "1", NULL };
	static const char *const no[] = { "false", "no", "off", "0", NULL };
	g_autofree char *word = g_ascii_strdown(value, -1);

	*out = g_strv_contains(yes, word);
	if (*out || g_strv_contains(no, word))
		return 0;
	return err_set(err, ERR_USAGE, _("\"%s\" is neither true nor false."), value);
}

static int parse_int(const struct option *o, const char *value, int *out, struct err *err)
{
	char *end;
	long n = strtol(value, &end, 10);

	if (end == value || *end || n < o->least || n > o->most)
		return err_set(err, ERR_USAGE, _("\"%s\" is not a whole number from %d to %d."),
			value, o->least, o->most);
	*out = (int)n;
	return 0;
}

static int parse_size(const char *value, int64_t *out, struct err *err)
{
	static const char units[] = "KMGT";
	char *end;
	gint64 n = g_ascii_strtoll(value, &end, 10);
	const char *unit = *end ? strchr(units, g_ascii_toupper(*end)) : NULL;
	int shift = unit ? 10 * (int)(unit - units + 1) : 0;

	if (end == value || n < 0 || (*end && (!unit || end[1])) || n > INT64_MAX >> shift)
		return err_set(err, ERR_USAGE,
			_("\"%s\" is not a size: a number of bytes, or one with K, M, G or T behind "
			  "it."),
			value);
	*out = n << shift;
	return 0;
}

static char *print_size(int64_t bytes)
{
	static const char units[] = "TGMK";

	for (int i = 0; bytes > 0 && units[i]; i++) {
		int shift = 10 * (4 - i);

		if ((bytes & (((int64_t)1 << shift) - 1)) == 0)
			return g_strdup_printf("%" G_GINT64_FORMAT "%c", bytes >> shift, units[i]);
	}
	return g_strdup_printf("%" G_GINT64_FORMAT, bytes);
}

static int parse_word(const struct option *o, const char *value, int *out, struct err *err)
{
	g_auto(GStrv) words = g_strsplit(o->words, " ", -1);
	g_autofree char *list = words_with(o->words, ", ");
	g_autofree char *word = g_ascii_strdown(value, -1);

	for (int i = 0; words[i]; i++)
		if (strcmp(words[i], word) == 0) {
			*out = i;
			return 0;
		}
	return err_set(err, ERR_USAGE, _("\"%s\" is not one of: %s."), value, list);
}

static int parse_path(const char *value, char **out, struct err *err)
{
	if (g_str_has_prefix(value, "~/"))
		*out = g_build_filename(g_get_home_dir(), value + 2, NULL);
	else if (g_path_is_absolute(value))
		*out = g_strdup(value);
	else
		return err_set(err, ERR_USAGE, _("\"%s\" is not an absolute path."), value);
	return 0;
}

static int set_text(char **field, char *value)
{
	g_free(*field);
	*field = value;
	return 0;
}

int option_set(const struct option *o, void *base, const char *value, struct err *err)
{
	void *field = (char *)base + o->offset;
	char *path = NULL;
	int r = o->check ? o->check(value, err) : 0;

	if (r < 0)
		return r;
	switch (o->type) {
	case OPTION_BOOL:
		return parse_bool(value, field, err);
	case OPTION_INT:
		return parse_int(o, value, field, err);
	case OPTION_SIZE:
		return parse_size(value, field, err);
	case OPTION_WORD:
		return parse_word(o, value, field, err);
	case OPTION_TEXT:
		return set_text(field, *value ? g_strdup(value) : NULL);
	case OPTION_PATH:
		r = parse_path(value, &path, err);
		return r < 0 ? r : set_text(field, path);
	}
	return 0;
}

static char *nth_word(const char *words, int n)
{
	g_auto(GStrv) all = g_strsplit(words, " ", -1);

	return g_strdup(n >= 0 && n < (int)g_strv_length(all) ? all[n] : "");
}

char *option_get(const struct option *o, const void *base)
{
	const void *field = (const char *)base + o->offset;

	switch (o->type) {
	case OPTION_BOOL:
		return g_strdup(*(const bool *)field ? "true" : "false");
	case OPTION_INT:
		return g_strdup_printf("%d", *(const int *)field);
	case OPTION_SIZE:
		return print_size(*(const int64_t *)field);
	case OPTION_WORD:
		return nth_word(o->words, *(const int *)field);
	case OPTION_TEXT:
	case OPTION_PATH:
		return g_strdup(*(char *const *)field);
	}
	return NULL;
}

/* A description for the .TP line: what may stand behind the '='. */
static char *values_of(const struct option *o)
{
	switch (o->type) {
	case OPTION_BOOL:
		return g_strdup("true | false");
	case OPTION_INT:
		return g_strdup_printf("%d ... %d", o->least, o->most);
	case OPTION_SIZE:
		return g_strdup("bytes | nK | nM | nG | nT");
	case OPTION_WORD:
		return words_with(o->words, " | ");
	case OPTION_TEXT:
		return g_strdup("text");
	case OPTION_PATH:
		return g_strdup("path");
	}
	return NULL;
}

void option_put_manual(const char *s, FILE *out)
{
	for (; *s; s++)
		if (*s == '-')
			fputs("\\-", out);
		else if (s[0] == ' ' && s[1] == ' ')
			fputc(*s++ == ' ' ? '\n' : ' ', out);
		else
			fputc(*s, out);
}

void option_print_manual(const struct option *rows, FILE *out)
{
	for (; rows->name; rows++) {
		g_autofree char *values = values_of(rows);

		fputs(".TP\n.BR ", out);
		option_put_manual(rows->name, out);
		fprintf(out, " \" = %s\"\n", values);
		option_put_manual(rows->help, out);
		if (rows->fallback) {
			fputs("\nDefault:\n.BR ", out);
			option_put_manual(rows->fallback, out);
			fputs(" .", out);
		}
		fputc('\n', out);
	}
}
