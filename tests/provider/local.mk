# The tests of this room.
include tests/provider/maildir.mk
check_PROGRAMS += tests/provider/test_imap
tests_provider_test_imap_SOURCES = tests/provider/test_imap.c tests/provider/test_imap.h \
	tests/provider/test_imap_apply.c tests/provider/test_imap_trust.c \
	tests/provider/test_imap_delta.c tests/provider/test_imap_watch.c \
	tests/provider/test_imap_partial.c \
	tests/provider/test_imap_verbs.c tests/provider/test_imap_doubt.c \
	tests/provider/test_imap_literal.c \
	tests/provider/imap_script.c tests/provider/imap_script.h \
	tests/provider/imap_rig.c tests/provider/imap_rig.h \
	tests/provider/imap_server.c tests/provider/imap_server.h
tests_provider_test_imap_LDADD = $(test_ldadd)
tests_provider_test_imap_CFLAGS = $(test_cflags)
tests_provider_test_imap_CPPFLAGS = $(test_cppflags)

check_PROGRAMS += tests/provider/test_session
tests_provider_test_session_SOURCES = tests/provider/test_session.c \
	tests/provider/test_session.h tests/provider/test_session_server.c \
	tests/provider/test_session_wire.c \
	tests/provider/test_arrange.c tests/provider/script.c tests/provider/script.h \
	tests/provider/imap_rig.c tests/provider/imap_rig.h \
	tests/provider/imap_server.c tests/provider/imap_server.h
tests_provider_test_session_LDADD = $(test_ldadd)
tests_provider_test_session_CFLAGS = $(test_cflags)
tests_provider_test_session_CPPFLAGS = $(test_cppflags)

check_PROGRAMS += tests/provider/test_rights
tests_provider_test_rights_SOURCES = tests/provider/test_rights.c \
	tests/provider/imap_rig.c tests/provider/imap_rig.h \
	tests/provider/imap_server.c tests/provider/imap_server.h
tests_provider_test_rights_LDADD = $(test_ldadd)
tests_provider_test_rights_CFLAGS = $(test_cflags)
tests_provider_test_rights_CPPFLAGS = $(test_cppflags)

check_PROGRAMS += tests/provider/test_imap_parse
tests_provider_test_imap_parse_SOURCES = tests/provider/test_imap_parse.c
tests_provider_test_imap_parse_LDADD = $(test_ldadd)
tests_provider_test_imap_parse_CFLAGS = $(test_cflags)
tests_provider_test_imap_parse_CPPFLAGS = $(test_cppflags)

check_PROGRAMS += tests/provider/test_recordings
tests_provider_test_recordings_SOURCES = tests/provider/test_recordings.c
tests_provider_test_recordings_LDADD = $(test_ldadd)
tests_provider_test_recordings_CFLAGS = $(test_cflags)
tests_provider_test_recordings_CPPFLAGS = $(test_cppflags)

# The same cases for every provider.
check_PROGRAMS += tests/provider/test_conformance
tests_provider_test_conformance_SOURCES = tests/provider/test_conformance.c \
	tests/provider/client.c tests/provider/client.h \
	tests/provider/world.c tests/provider/world.h \
	tests/provider/world_imap.c tests/provider/world_maildir.c \
	tests/provider/imap_server.c tests/provider/imap_server.h
tests_provider_test_conformance_LDADD = $(test_ldadd)
tests_provider_test_conformance_CFLAGS = $(test_cflags)
tests_provider_test_conformance_CPPFLAGS = $(test_cppflags)

# Not part of the suite: make tests/provider/imap_bench
EXTRA_PROGRAMS += tests/provider/imap_bench tests/provider/imap_push_bench
tests_provider_imap_bench_SOURCES = tests/provider/imap_bench.c tests/provider/imap_rig.c \
	tests/provider/imap_rig.h
tests_provider_imap_bench_CPPFLAGS = $(test_cppflags)
tests_provider_imap_push_bench_SOURCES = tests/provider/imap_push_bench.c \
	tests/provider/imap_rig.c tests/provider/imap_rig.h
tests_provider_imap_push_bench_CPPFLAGS = $(test_cppflags)

EXTRA_PROGRAMS += tests/bench/openbench
tests_bench_openbench_SOURCES = tests/bench/openbench.c tests/provider/imap_rig.c \
	tests/provider/imap_rig.h
tests_bench_openbench_CPPFLAGS = $(test_cppflags)

EXTRA_DIST += tests/data/imap-responses
