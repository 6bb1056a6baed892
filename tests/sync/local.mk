# The tests of this room.
check_PROGRAMS += tests/sync/test_sync
tests_sync_test_sync_SOURCES = tests/sync/test_sync.c tests/sync/test_aside.c tests/sync/test_coalesce.c tests/sync/test_engine.c \
	tests/sync/test_governor.c tests/sync/test_warm.c \
	tests/sync/test_history.c tests/sync/test_interrupt.c \
	tests/sync/test_processes.c tests/sync/test_push.c tests/sync/test_ready.c tests/sync/test_soak.c tests/sync/test_worker.c \
	tests/sync/rig.c tests/sync/rig.h tests/sync/suites.h \
	tests/support/fake_provider.c tests/support/fake_provider.h \
	tests/support/fake_apply.c tests/support/fake_world.c tests/support/fake_priv.h
tests_sync_test_sync_LDADD = $(test_ldadd)
tests_sync_test_sync_CFLAGS = $(test_cflags)
tests_sync_test_sync_CPPFLAGS = $(test_cppflags)

# Short forms with a fixed seed; make killtest, twowriters and syscallkill are the long ones.
dist_check_SCRIPTS += tests/sync/killloop.py tests/sync/twowriters.py tests/sync/syscallkill.py
EXTRA_DIST += tests/sync/syncrig.py

# Not part of the suite: make tests/bench/pushlag
EXTRA_PROGRAMS += tests/bench/pushlag
tests_bench_pushlag_SOURCES = tests/bench/pushlag.c
tests_bench_pushlag_CPPFLAGS = $(test_cppflags)

# Every answer lost once, on a server with a ledger; make lostanswer is the long form.
dist_check_SCRIPTS += tests/sync/lostanswer.py tests/sync/foreigndeleted.py tests/sync/offline.py
EXTRA_DIST += tests/sync/ledgerrig.py tests/sync/ledgerserver.py tests/sync/ledgerwishes.py \
	tests/sync/ledgerworld.py

# main() for lostanswer.py, which starts it thousands of times; no test by itself
EXTRA_PROGRAMS += tests/sync/ternfork
check_DATA += tests/sync/ternfork$(EXEEXT)
tests_sync_ternfork_SOURCES = tests/sync/ternfork.c tests/sync/ternfork.h src/main.c
tests_sync_ternfork_CPPFLAGS = $(test_cppflags) -Dmain=tern_main -include sync/ternfork.h
CLEANFILES += tests/sync/ternfork$(EXEEXT)

# Killed while mail is fetched ahead; make warmkill is the long form.  warmer: the engine, and a reader.
dist_check_SCRIPTS += tests/sync/warmkill.py
EXTRA_PROGRAMS += tests/sync/warmer
check_DATA += tests/sync/warmer$(EXEEXT)
tests_sync_warmer_SOURCES = tests/sync/warmer.c
tests_sync_warmer_CPPFLAGS = $(test_cppflags)
CLEANFILES += tests/sync/warmer$(EXEEXT)
