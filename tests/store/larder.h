/*
 * A store with messages of chosen sizes and dates, and bodies of real bytes:
 * what the suites of the cache share.  All act on `rig`, which larder_open makes
 * for each test and larder_close checks (rig_sound) and frees; every failure
 * ends the test.  The clock stands still at LARDER_NOW.
 */
#ifndef TESTS_STORE_LARDER_H
#define TESTS_STORE_LARDER_H

#include <glib.h>

#include "store/cache.h"
#include "support/rig.h"

enum { LARDER_NOW = 1700000000, KIB = 1024 };

extern struct rig *rig;

void larder_open(void);
void larder_close(void);
void must(int r, const struct err *err);
void clock_at(int64_t unix_s);

/* A message of the inbox (or of m). */
message_id put(uint64_t uid, unsigned flags, int64_t size, double age_days);
message_id put_in(mailbox_id m, uint64_t uid, unsigned flags, int64_t size, double age_days);
void keep(message_id m, int64_t bytes);     /* its body, of so many bytes */
void note(enum cache_notice_kind kind, message_id m, int rank, int of);
void score_all(void);                       /* stale and rescore until nothing is left */
const char *state_of(message_id m);         /* "" = it is gone */
double priority_of(message_id m);           /* as the ledger has it */
int64_t bytes_used(void);                   /* the kept sum */
/* Admits it by what the ledger says of it. */
int admit(message_id m, int64_t soft, int64_t hard, double pressure, bool waited);
int64_t ask(const char *sql, message_id m); /* the sql has one %d for the id */

#endif
