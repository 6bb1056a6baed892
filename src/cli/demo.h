/*
 * The demo mailbox: an mbox of invented mail unpacked as a Maildir++ tree.
 */
#ifndef TERN_CLI_DEMO_H
#define TERN_CLI_DEMO_H

#include <stdint.h>

#include "base/err.h"

/*
 * Reads the mboxrd file as a stream (memory does not depend on its size) and
 * makes the tree `dir`, which must not exist: a half-made tree never has that
 * name.  Folders come from X-Tern-Folder, flags from Status and X-Status; these
 * three headers are not kept.  All dates move by the same number of whole days,
 * so that the newest message came at most 24 hours before `now`.  Returns the
 * number of messages.
 */
int demo_unpack(const char *mbox, const char *dir, int64_t now, struct err *err);

#endif
