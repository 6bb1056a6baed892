/*
 * Where the mail of a conformance case is kept, as every other program sees it.
 *
 * One table of functions per provider, so that the same cases are asked of
 * all of them.  Nothing here goes through tern: what picture() says comes from
 * an IMAP session of Python's library or from the directory.  Every function
 * fails the running case if it cannot do its work.
 *
 * A message is named by a key: its Message-ID is <KEY@conform.example>.
 */
#ifndef TESTS_PROVIDER_WORLD_H
#define TESTS_PROVIDER_WORLD_H

#include <glib.h>
#include <stdbool.h>

#include "model/account.h"

#define WORLD_DOMAIN "@conform.example"

enum world_can {
	CAN_KEYWORDS = 1 << 0, /* keeps keywords of any name, not only $Forwarded */
	CAN_EMPTY = 1 << 1,    /* takes a message of no bytes at all */
};

struct world;

struct world_ops {
	const char *name, *eol; /* how the lines of a delivered message end */
	unsigned can;
	/* Once for all cases: 0, or 77 if this machine has no such thing. */
	int (*begin)(void);
	void (*end)(void);
	/* A new account with INBOX, Archive, Drafts, Junk, Sent and Trash, all empty. */
	struct account *(*open)(struct world *w, int serial);
	void (*close)(struct world *w);

	void (*make)(struct world *w, const char *box);
	void (*remove)(struct world *w, const char *box);
	void (*rename)(struct world *w, const char *box, const char *to);
	void (*deliver)(struct world *w, const char *box, const char *mail, size_t len);
	void (*fill)(struct world *w, const char *box, int n);
	/* changes: "+\\Seen -\\Flagged +work" */
	void (*flag)(struct world *w, const char *box, const char *key, const char *changes);
	void (*expunge)(struct world *w, const char *box, const char *key);
	void (*move)(struct world *w, const char *box, const char *key, const char *target);
	/* The same messages under new numbers: UIDVALIDITY, file names. */
	void (*renumber)(struct world *w, const char *box);
	/* The server stops, the tree is not mounted; and back. */
	void (*vanish)(struct world *w);
	void (*come_back)(struct world *w);
	/* A line "[BOX]" per mailbox and "BOX ID FLAGS" per message, of type char *, in any order;
	 * made by picture_box and picture_message. */
	void (*picture)(struct world *w, GPtrArray *lines);
};

struct world {
	const struct world_ops *ops;
	char *root, *away; /* maildir */
};

extern const struct world_ops world_imap, world_maildir;

void picture_box(GPtrArray *lines, const char *box);
/* id: a Message-ID with or without <>, NULL if there is none; words: flags and keywords. */
void picture_message(GPtrArray *lines, const char *box, const char *id, const char *words);
/* Sorts and joins the lines; frees the array. */
char *picture_end(GPtrArray *lines);

#endif
