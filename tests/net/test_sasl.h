/* What the parts of test_net share. */
#ifndef TESTS_NET_TEST_SASL_H
#define TESTS_NET_TEST_SASL_H

#include <check.h>

Suite *sasl_suite(void);
Suite *press_suite(void);

#endif
