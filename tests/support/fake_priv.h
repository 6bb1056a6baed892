/* What the fake server and its provider share. */
#ifndef TERN_TESTS_FAKE_PRIV_H
#define TERN_TESTS_FAKE_PRIV_H

#include "support/fake_provider.h"

/* What sscanf reads from a cursor: uidvalidity, high, low, modseq. */
#define FAKE_CURSOR "%u %llu %llu %llu"

struct fake {
	struct provider base;    /* first */
	struct fake_account *a;
	bool up;
	bool beside;             /* another one was up when this one was made */
	int seen[FAKE_BOXES];    /* generation of the last changes() */
	int tree_seen;           /* ... and of the last mailboxes() */
};

/* One more step of the world: this process may die in it. */
void fake_step(void);
/* What the switches say about this call: blocks, fails, or 0. */
int fake_enter(struct fake *f, enum fake_call call, struct err *err);
void fake_set_up(struct fake *f, bool up);
/* Uses up one of so many times. */
bool fake_lies(int *times);
struct fake_box *fake_box_of(struct fake *f, const char *path);
/* fake_apply.c */
int fake_prepare(struct provider *p, struct mutation_batch *batch, struct err *err);
int fake_apply(struct provider *p, const struct mutation_batch *batch, struct applied *out,
	struct err *err);

void fake_lock(void);
void fake_unlock(void);
/* Under the lock: appends a message to the mailbox; its uid. */
uint64_t fake_put(struct fake_box *b, int serial, unsigned flags);
/* Under the lock: flags and keywords as wished, and a new modseq. */
void fake_change(struct fake_box *b, struct fake_message *m, unsigned add, unsigned remove,
	const char *add_words, const char *remove_words);
/* Under the lock: the message, NULL if it is not there (any more). */
struct fake_message *fake_by_serial(struct fake_box *b, int serial);
struct fake_message *fake_by_uid(struct fake_box *b, uint64_t uid);

#endif
