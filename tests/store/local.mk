check_PROGRAMS += tests/store/test_store
tests_store_test_store_SOURCES = tests/store/test_store.c tests/support/rig.c tests/support/rig.h
tests_store_test_store_CFLAGS = $(test_cflags)
tests_store_test_store_CPPFLAGS = $(test_cppflags)
tests_store_test_store_LDADD = $(test_ldadd)
