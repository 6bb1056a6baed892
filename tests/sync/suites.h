/* The suites of this room's one Check program. */
#ifndef TERN_TESTS_SYNC_SUITES_H
#define TERN_TESTS_SYNC_SUITES_H

#include <check.h>

void add_worker_tests(Suite *s);
void add_engine_tests(Suite *s);
void add_history_tests(Suite *s);
TCase *suite_interrupt(void);
TCase *suite_soak(void);
TCase *suite_coalesce(void);
TCase *suite_processes(void);
TCase *suite_push(void);
TCase *suite_aside(void);
TCase *suite_ready(void);
TCase *suite_governor(void);
TCase *suite_warm(void);

#endif
