# The tests of this room.
if HAVE_CHECK
check_PROGRAMS += tests/config/test_config
tests_config_test_config_SOURCES = tests/config/test_config.c tests/config/test_config.h \
	tests/config/test_mailcap.c
tests_config_test_config_CPPFLAGS = $(test_cppflags) -DTOP_SRCDIR='"$(abs_top_srcdir)"'
tests_config_test_config_CFLAGS = $(test_cflags)
tests_config_test_config_LDADD = $(test_ldadd)
endif
