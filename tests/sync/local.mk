# The tests of this room.
check_PROGRAMS += tests/sync/test_sync
tests_sync_test_sync_SOURCES = tests/sync/test_sync.c tests/sync/test_engine.c \
	tests/sync/test_history.c tests/sync/test_interrupt.c \
	tests/sync/test_soak.c tests/sync/test_worker.c \
	tests/sync/rig.c tests/sync/rig.h tests/sync/suites.h \
	tests/support/fake_provider.c tests/support/fake_provider.h \
	tests/support/fake_world.c tests/support/fake_priv.h
tests_sync_test_sync_LDADD = $(test_ldadd)
tests_sync_test_sync_CFLAGS = $(test_cflags)
tests_sync_test_sync_CPPFLAGS = $(test_cppflags)

# The short form of the kill loop; make killtest is the long one.
dist_check_SCRIPTS += tests/sync/killloop.py
