# The tests of this room.
if HAVE_CHECK
check_PROGRAMS += tests/cli/test_cli
tests_cli_test_cli_SOURCES = tests/cli/test_cli.c
tests_cli_test_cli_CPPFLAGS = $(test_cppflags)
tests_cli_test_cli_CFLAGS = $(test_cflags)
tests_cli_test_cli_LDADD = $(test_ldadd)
endif
dist_check_SCRIPTS += tests/cli/test_cli.sh tests/cli/test_badworld.sh tests/cli/test_tree.sh tests/cli/test_change.sh \
	tests/cli/test_attachments.sh tests/cli/test_cache.sh
EXTRA_DIST += tests/cli/lib.sh
