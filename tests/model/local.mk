check_PROGRAMS += tests/model/test_query
tests_model_test_query_SOURCES = tests/model/test_query.c
tests_model_test_query_CFLAGS = $(test_cflags)
tests_model_test_query_CPPFLAGS = $(test_cppflags)
tests_model_test_query_LDADD = $(test_ldadd)

check_PROGRAMS += tests/model/test_cache
tests_model_test_cache_SOURCES = tests/model/test_cache.c
tests_model_test_cache_CFLAGS = $(test_cflags)
tests_model_test_cache_CPPFLAGS = $(test_cppflags)
tests_model_test_cache_LDADD = $(test_ldadd)
