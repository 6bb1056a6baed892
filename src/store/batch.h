/* A batch of facts, deep copies: between batch.c, which gathers, and apply.c, which writes. */
#ifndef TERN_STORE_BATCH_H
#define TERN_STORE_BATCH_H

#include "store/store.h"

struct batch {
	account_id account;
	mailbox_id mailbox;
	GStringChunk *strings;
	GArray *changes;       /* of struct change, pointers into strings */
	GPtrArray *mailboxes;  /* of struct mailbox *, owned */
	GPtrArray *references; /* arrays that changes point to */
	bool replace_mailboxes, reset;
	bool additive;         /* places that are known stay as they are */
	char *cursor;          /* NULL = not set */
	uint32_t uidvalidity;
	bool complete;
	bool has_rights;
	unsigned denied;
};

void batch_clear(struct batch *b);

#endif
