/*
 * The tree of mailboxes, from LIST to what a sink is told.
 *
 * A listing may be asked for along with the login; imap_mailboxes takes it from
 * there, once.
 */
#ifndef TERN_PROVIDER_IMAP_LIST_H
#define TERN_PROVIDER_IMAP_LIST_H

#include "provider/imap/command.h"

enum {
	LIST_MAX = 50000,	   /* mailboxes of an account */
	LIST_EARLY_MS = 10 * 1000, /* an older early listing is not used */
};

struct boxes;

struct boxes *boxes_new(void);
void boxes_free(struct boxes **l);

/*
 * Puts the one command that tells all (LIST with SUBSCRIBED, SPECIAL-USE and
 * STATUS, as far as offered) into c, initialised; false if the server has none.
 */
bool boxes_command(const struct imap *i, const struct plan *p, struct command *c);

/* An untagged_fn with a struct boxes as ctx; ignores what is no LIST, LSUB or STATUS. */
int boxes_note(struct imap *i, const struct response *r, void *ctx, struct err *err);

/* NULL if it was not named. */
const struct mailbox *boxes_find(const struct boxes *l, const char *path);

/* Asks: 1 = there is such a mailbox, 0 = not; what is only a node of the tree counts with `nodes`.
 * (arrange.c) */
int imap_exists(struct imap *i, const char *path, bool nodes, struct err *err);

/* The answer to boxes_command was OK: keep l for imap_mailboxes. */
void boxes_keep(struct imap *i, struct boxes **l);

#endif
