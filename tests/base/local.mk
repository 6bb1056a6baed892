check_PROGRAMS += tests/base/test_base
tests_base_test_base_SOURCES = tests/base/test_base.c tests/base/test_base.h tests/base/test_save.c
tests_base_test_base_CFLAGS = $(test_cflags)
tests_base_test_base_CPPFLAGS = $(test_cppflags)
tests_base_test_base_LDADD = $(test_ldadd)
