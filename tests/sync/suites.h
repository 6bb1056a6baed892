/* The suites of this room's one Check program. */
#ifndef TERN_TESTS_SYNC_SUITES_H
#define TERN_TESTS_SYNC_SUITES_H

#include <check.h>

TCase *suite_interrupt(void);

#endif
