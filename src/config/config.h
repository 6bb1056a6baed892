/*
 * The reader's configuration: places, options, accounts.
 *
 * Loaded once at start, immutable afterwards; whoever loaded it owns it.
 *
 * Files (doc/tern.conf.5 describes every option from the table in options.c):
 *   CONFIG/tern.conf          options, written by the reader only
 *   CONFIG/accounts.conf      accounts, written by the reader only
 *   CONFIG/accounts.d/NAME.conf  one account each, written by `tern account add`
 *   CONFIG/keys.conf          key bindings over the shipped default.keys
 * CONFIG is $XDG_CONFIG_HOME/tern, DATA $XDG_DATA_HOME/tern, STATE
 * $XDG_STATE_HOME/tern; with --home DIR they are DIR/config, DIR/data,
 * DIR/state.  Folders are 0700, files 0600.
 */
#ifndef TERN_CONFIG_CONFIG_H
#define TERN_CONFIG_CONFIG_H

#include <stdbool.h>
#include <stdint.h>

#include <glib.h>

#include "base/err.h"
#include "model/account.h"
#include "model/tuning.h"

struct places {
	char *config, *data, *state;
};

/* home NULL = XDG.  Makes nothing on disk. */
void places_init(struct places *p, const char *home);
void places_release(struct places *p);

/* Where the output of a program that a message was piped to goes. */
enum pipe_output { PIPE_TO_VIEW, PIPE_TO_TERMINAL };

struct config {
	GPtrArray *accounts;  /* of struct account *, in the order of the files */
	GPtrArray *warnings;  /* of char *: unknown keys and the like, with file and line or group */
	/* options of tern.conf, one field per row of options.c */
	bool mark_read;       /* opening a message marks it read */
	int mark_read_delay;  /* seconds until then */
	int sidebar_width;    /* cells, 0 = automatic */
	bool color;           /* false when NO_COLOR is set, whatever the file says */
	int log_level;        /* enum log_level */
	struct tuning tuning; /* how much is brought in at once (M-67) */
	int64_t cache_soft_cap, cache_hard_cap; /* bytes, model/cache.h */
	bool metered;         /* nothing is fetched before somebody wants it */
	char *html_filter;    /* a shell command that makes text of HTML; NULL = we do */
	char *browser;        /* a command that opens addresses; NULL = $BROWSER, xdg-open */
	char *clipboard;      /* "osc52", "off" or "command:..." */
	char *smime_ca_file, *smime_key, *smime_key_password_command; /* read/seal.h; may be NULL */
	bool unsubscribe_private; /* one-click goes to private addresses too */
	GPtrArray *openers;   /* of struct mailcap_rule (config/mailcap.h): the group [open] */
	char *save_folder;    /* where attachments are saved, NULL = the usual place */
	int pipe_output;      /* enum pipe_output */
	char *headers;        /* names of the headers shown, in order; NULL = the usual ones */
	int text_width;       /* cells that the words of a message may take, 0 = all of the screen */
	int fold_quotes;      /* longer quotations are folded, 0 = none */
	bool space_goes_on;   /* Space at the end of a message opens the next unread one */
	int hyperlinks;       /* enum hyperlinks_option (ui/hyperlink.h) */
	char *date_format;    /* strftime for rows of other years; see the manual */
};

/* Missing files are fine; an unreadable or malformed one is ERR_USAGE with file, group and cause. */
int config_load(const struct places *p, struct config **out, struct err *err);
/* A configuration without accounts, for commands that must run when the files are broken;
 * why (may be NULL) becomes its warning. */
struct config *config_empty(const char *why);
void config_free(struct config **c);
struct account *config_account(const struct config *c, const char *name); /* borrowed; NULL */

/* Checks an account's values: a sentence for the first thing that is wrong. */
int account_validate(const struct account *a, struct err *err);
/* Writes accounts.d/NAME.conf; ERR_USAGE if the name is taken. */
int config_account_add(const struct places *p, const struct config *c, const struct account *a,
	struct err *err);
/* Removes accounts.d/NAME.conf; ERR_USAGE if the account stands in the reader's own file. */
int config_account_remove(const struct places *p, const char *name, struct err *err);

#endif
