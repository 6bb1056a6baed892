/* The suites of the room base. */
#ifndef TERN_TESTS_BASE_TEST_BASE_H
#define TERN_TESTS_BASE_TEST_BASE_H

#include <check.h>

Suite *suite_of_save(void);

#endif
