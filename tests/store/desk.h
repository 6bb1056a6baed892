/*
 * The reader at the desk: what the suites about wishes, their history and their
 * end share.  All act on `rig`, which desk_open makes for each test and
 * desk_close checks (rig_sound) and frees; every failure ends the test.
 */
#ifndef TESTS_STORE_DESK_H
#define TESTS_STORE_DESK_H

#include <glib.h>

#include "support/rig.h"

extern struct rig *rig;

void desk_open(void);
void desk_close(void);
void must(int r, const struct err *err);

/* The wish about one message, as a key of the reader's; it must change something. */
void want(mailbox_id m, uint64_t number, const struct want *w);
void want_flags(mailbox_id m, uint64_t number, unsigned add, unsigned remove);
void want_at(enum mutation_verb verb, mailbox_id m, uint64_t number, mailbox_id target);
/* A draft with that number goes to the archive, in the place of an older version (0 = of none). */
message_id append_version(uint64_t number, message_id replaces);
message_id append(void);      /* number 9, of none */
unsigned flags_in(mailbox_id m, uint64_t number); /* as shown */

/* A step (0 = the newest), out may be NULL; what store_undo and store_redo return. */
int undo(int64_t step, struct undone *out);
int redo(int64_t step);
GPtrArray *lines(void);       /* all of the history, newest first */
int64_t step_at(guint i);     /* of line i */

/* The server takes all that waits; what gets a number gets uid and those behind it. */
void send_all(uint64_t uid);
int64_t open_rows(void);

#endif
