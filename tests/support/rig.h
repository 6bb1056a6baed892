/*
 * A temporary store with a few messages, for tests.  Every function fails the
 * running test on an error.
 */
#ifndef TERN_TESTS_SUPPORT_RIG_H
#define TERN_TESTS_SUPPORT_RIG_H

#include <check.h>

#include "store/store.h"

struct rig {
	char *dir;
	struct store *store;
	struct queue *events;
	account_id account;
	mailbox_id inbox, archive, trash;
};

/* An account "test" with INBOX, Archive and Trash, all empty. */
struct rig *rig_new(void);
void rig_free(struct rig **r);
/* Closes and opens the store again, as after a restart. */
void rig_reopen(struct rig *r);

/* A message that the server has; uid also makes its Message-ID, subject and date. */
void rig_add(struct rig *r, mailbox_id m, uint64_t uid, unsigned flags);
void rig_fact(struct rig *r, mailbox_id m, enum change_kind kind, uint64_t uid, unsigned flags);
/* The place of uid in a mailbox; 0 if it is not shown there. */
location_id rig_place(struct rig *r, mailbox_id m, uint64_t uid);
/* The row of the message with that number (as in rig_add) in a mailbox, NULL if it is not shown. */
struct list_row *rig_row(struct rig *r, mailbox_id m, uint64_t number);
bool rig_shows(struct rig *r, mailbox_id m, uint64_t number);
/* Stores a small body for the message, as the body worker does. */
void rig_keep_body(struct rig *r, mailbox_id m, uint64_t number);
bool rig_has_body(struct rig *r, mailbox_id m, uint64_t number);
int64_t rig_total(struct rig *r, mailbox_id m);
int64_t rig_unread(struct rig *r, mailbox_id m);
/* Claims the next batch; NULL if nothing is due. */
struct mutation_batch *rig_claim(struct rig *r);
/* Settles every item with this state; target uids count up from target_uid when it is not 0. */
void rig_settle(struct rig *r, struct mutation_batch **b, enum applied_state state,
	uint64_t target_uid, enum err_code why);
/* The store's own check must find nothing. */
void rig_sound(struct rig *r);

/* The first column of the first row, read by a connection of its own; -1 = there is no row. */
int64_t rig_ask(const struct rig *r, const char *sql);

#endif
