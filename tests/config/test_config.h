/* The suites of the room config. */
#ifndef TERN_TESTS_CONFIG_TEST_CONFIG_H
#define TERN_TESTS_CONFIG_TEST_CONFIG_H

#include <check.h>

Suite *suite_of_mailcap(void);

#endif
