/*
 * Coverage: how much of the history of what a list shows is in the store.
 *
 * Read with the rows, shown below the oldest one, so that the end of a list is
 * never taken for the beginning of the mail (M-64).
 */
#ifndef TERN_UI_COVERAGE_H
#define TERN_UI_COVERAGE_H

#include <stddef.h>
#include <stdint.h>

#include "model/mailbox.h"
#include "model/tuning.h"
#include "store/store.h"

struct list;
struct sidebar;

struct coverage {
	enum mailbox_state state; /* of the mailbox with the least history */
	int64_t since; /* from this time on everything is here, unix seconds; 0 = unknown */
	int64_t here;  /* messages of all mailboxes that are here */
};

/* How much is here of the mailboxes that the list shows. */
void coverage_read(
	struct coverage *c, struct store *s, const struct sidebar *side, const struct list *l);
/* The words for it; "" when everything is here. */
void coverage_text(const struct coverage *c, const struct tuning *t, char *out, size_t cap);

#endif
