/* What the fake server and its provider share. */
#ifndef TERN_TESTS_FAKE_PRIV_H
#define TERN_TESTS_FAKE_PRIV_H

#include "support/fake_provider.h"

void fake_lock(void);
void fake_unlock(void);
/* Under the lock: appends a message to the mailbox; its uid. */
uint64_t fake_put(struct fake_box *b, int serial, unsigned flags);
/* Under the lock: the message, NULL if it is not there (any more). */
struct fake_message *fake_by_serial(struct fake_box *b, int serial);
struct fake_message *fake_by_uid(struct fake_box *b, uint64_t uid);

#endif
