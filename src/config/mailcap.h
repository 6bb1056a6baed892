/*
 * Which program opens which type: rules as in a mailcap file (RFC 1524).
 *
 * The reader's own table (the group [open] of tern.conf) and the mailcap files
 * have the same form behind the type: `command; needsterminal; test=...`.
 * Fields for composing, editing and printing are read over.
 *
 * A rule's text is the reader's or the distribution's, never a stranger's, but
 * it is run for a mail: so nothing of the mail may become a part of it.  What
 * %s stands for is a file name that tern chose, %t is the type if it consists
 * of harmless characters, and %{parameter} is always empty.  A rule without
 * shell syntax is run as an argument vector.  One with it is run as
 * `sh -c RULE sh FILE TYPE`, where %s became "$1" and %t "$2" (in the quotes
 * that the rule has around them): the shell reads the rule only, and never
 * reads what the placeholders stand for as a program.
 *
 * Pure, but for mailcap_load and mailcap_has_display, which look at the
 * environment.  Any thread.
 */
#ifndef TERN_CONFIG_MAILCAP_H
#define TERN_CONFIG_MAILCAP_H

#include <stdbool.h>

#include <glib.h>

enum {
	MAILCAP_FILE_MAX = 1 << 20, /* bytes of a file that are read */
	MAILCAP_RULES_MAX = 5000,
	MAILCAP_TYPE_MAX = 127,     /* bytes of a type */
};

struct mailcap_rule {
	char *type;         /* "image/png", or all of a kind: "image/" and a star */
	char *command;      /* as it stands there, with its backslashes */
	char *test;         /* a command that must succeed; NULL = none */
	char *extension;    /* from nametemplate: "html"; NULL = any */
	bool needsterminal; /* it talks to the reader */
	bool copiousoutput; /* its output is to be shown */
	bool mailcap;       /* from a mailcap file, not from tern.conf */
};

/* An array for rules, which it owns. */
GPtrArray *mailcap_rules_new(void);
/* Adds a rule of tern.conf: fields as behind the type in a mailcap file.  False: there is no command. */
bool mailcap_add(GPtrArray *rules, const char *type, const char *fields);
/* Adds what a mailcap file says; lines that make no sense are left out. */
void mailcap_parse(GPtrArray *rules, const char *text);
/* The rules of $MAILCAPS, else of ~/.mailcap, /etc/mailcap and the like. */
GPtrArray *mailcap_load(void);

/* Does the rule speak of this type? */
bool mailcap_matches(const struct mailcap_rule *r, const char *type);
/* Is this a type of harmless characters only? */
bool mailcap_type_is_safe(const char *type);
/*
 * The vector that runs a command (of a rule, or its test) for a file; type must
 * be safe.  *names_file: the file is in it, else the program reads it from its
 * standard input.  NULL: the command is empty.
 */
char **mailcap_argv(const char *command, const char *file, const char *type, bool *names_file);
/* Can a program open a window here? */
bool mailcap_has_display(void);

#endif
