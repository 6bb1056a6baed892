check_PROGRAMS += tests/provider/test_maildir
tests_provider_test_maildir_SOURCES = tests/provider/test_maildir.c \
	tests/provider/test_maildir_sink.c tests/provider/test_maildir_sink.h
tests_provider_test_maildir_LDADD = $(test_ldadd)
tests_provider_test_maildir_CFLAGS = $(test_cflags)
tests_provider_test_maildir_CPPFLAGS = $(test_cppflags)
