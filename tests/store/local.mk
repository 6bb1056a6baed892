check_PROGRAMS += tests/store/test_store tests/store/test_queue tests/store/test_engine \
	tests/store/test_bodies tests/store/test_tree
rig = tests/support/rig.c tests/support/rig.h
desk = tests/store/desk.c tests/store/desk.h $(rig)

tests_store_test_store_SOURCES = tests/store/test_store.c $(rig)
tests_store_test_store_CFLAGS = $(test_cflags)
tests_store_test_store_CPPFLAGS = $(test_cppflags)
tests_store_test_store_LDADD = $(test_ldadd)

tests_store_test_queue_SOURCES = tests/store/test_queue.c $(rig)
tests_store_test_queue_CFLAGS = $(test_cflags)
tests_store_test_queue_CPPFLAGS = $(test_cppflags)
tests_store_test_queue_LDADD = $(test_ldadd)

check_PROGRAMS += tests/store/test_canonical
tests_store_test_canonical_SOURCES = tests/store/test_canonical.c $(rig)
tests_store_test_canonical_CFLAGS = $(test_cflags)
tests_store_test_canonical_CPPFLAGS = $(test_cppflags)
tests_store_test_canonical_LDADD = $(test_ldadd)

tests_store_test_engine_SOURCES = tests/store/test_engine.c $(rig)
tests_store_test_engine_CFLAGS = $(test_cflags)
tests_store_test_engine_CPPFLAGS = $(test_cppflags)
tests_store_test_engine_LDADD = $(test_ldadd)

tests_store_test_bodies_SOURCES = tests/store/test_bodies.c $(rig)
tests_store_test_bodies_CFLAGS = $(test_cflags)
tests_store_test_bodies_CPPFLAGS = $(test_cppflags)
tests_store_test_bodies_LDADD = $(test_ldadd)

tests_store_test_tree_SOURCES = tests/store/test_tree.c $(rig)
tests_store_test_tree_CFLAGS = $(test_cflags)
tests_store_test_tree_CPPFLAGS = $(test_cppflags)
tests_store_test_tree_LDADD = $(test_ldadd)

check_PROGRAMS += tests/store/test_want
tests_store_test_want_SOURCES = tests/store/test_want.c $(rig)
tests_store_test_want_CFLAGS = $(test_cflags)
tests_store_test_want_CPPFLAGS = $(test_cppflags)
tests_store_test_want_LDADD = $(test_ldadd)

check_PROGRAMS += tests/store/test_bulk
tests_store_test_bulk_SOURCES = tests/store/test_bulk.c $(rig)
tests_store_test_bulk_CFLAGS = $(test_cflags)
tests_store_test_bulk_CPPFLAGS = $(test_cppflags)
tests_store_test_bulk_LDADD = $(test_ldadd)

check_PROGRAMS += tests/store/test_wishes
tests_store_test_wishes_SOURCES = tests/store/test_wishes.c $(rig)
tests_store_test_wishes_CFLAGS = $(test_cflags)
tests_store_test_wishes_CPPFLAGS = $(test_cppflags)
tests_store_test_wishes_LDADD = $(test_ldadd)

check_PROGRAMS += tests/store/test_match
tests_store_test_match_SOURCES = tests/store/test_match.c $(rig)
tests_store_test_match_CFLAGS = $(test_cflags)
tests_store_test_match_CPPFLAGS = $(test_cppflags)
tests_store_test_match_LDADD = $(test_ldadd)

check_PROGRAMS += tests/store/test_history
tests_store_test_history_SOURCES = tests/store/test_history.c $(desk)
tests_store_test_history_CFLAGS = $(test_cflags)
tests_store_test_history_CPPFLAGS = $(test_cppflags)
tests_store_test_history_LDADD = $(test_ldadd)

check_PROGRAMS += tests/store/test_settle
tests_store_test_settle_SOURCES = tests/store/test_settle.c $(desk)
tests_store_test_settle_CFLAGS = $(test_cflags)
tests_store_test_settle_CPPFLAGS = $(test_cppflags)
tests_store_test_settle_LDADD = $(test_ldadd)

# Not part of the suite: make bench, or make tests/bench/storebench
EXTRA_PROGRAMS += tests/bench/storebench
tests_bench_storebench_SOURCES = tests/bench/storebench.c
tests_bench_storebench_CPPFLAGS = $(test_cppflags)
EXTRA_PROGRAMS += tests/bench/queuebench
tests_bench_queuebench_SOURCES = tests/bench/queuebench.c
tests_bench_queuebench_CPPFLAGS = $(test_cppflags)

check_PROGRAMS += tests/store/test_undo
tests_store_test_undo_SOURCES = tests/store/test_undo.c $(desk)
tests_store_test_undo_CFLAGS = $(test_cflags)
tests_store_test_undo_CPPFLAGS = $(test_cppflags)
tests_store_test_undo_LDADD = $(test_ldadd)

check_PROGRAMS += tests/store/test_chaos
tests_store_test_chaos_SOURCES = tests/store/test_chaos.c $(rig)
tests_store_test_chaos_CFLAGS = $(test_cflags)
tests_store_test_chaos_CPPFLAGS = $(test_cppflags)
tests_store_test_chaos_LDADD = $(test_ldadd)

larder = tests/store/larder.c tests/store/larder.h $(rig)
check_PROGRAMS += tests/store/test_cache
tests_store_test_cache_SOURCES = tests/store/test_cache.c $(larder)
tests_store_test_cache_CFLAGS = $(test_cflags)
tests_store_test_cache_CPPFLAGS = $(test_cppflags)
tests_store_test_cache_LDADD = $(test_ldadd)

check_PROGRAMS += tests/store/test_room
tests_store_test_room_SOURCES = tests/store/test_room.c $(larder)
tests_store_test_room_CFLAGS = $(test_cflags)
tests_store_test_room_CPPFLAGS = $(test_cppflags)
tests_store_test_room_LDADD = $(test_ldadd)

check_PROGRAMS += tests/store/test_hoard
tests_store_test_hoard_SOURCES = tests/store/test_hoard.c $(larder)
tests_store_test_hoard_CFLAGS = $(test_cflags)
tests_store_test_hoard_CPPFLAGS = $(test_cppflags)
tests_store_test_hoard_LDADD = $(test_ldadd)

check_PROGRAMS += tests/store/test_salvage
tests_store_test_salvage_SOURCES = tests/store/test_salvage.c $(larder)
tests_store_test_salvage_CFLAGS = $(test_cflags)
tests_store_test_salvage_CPPFLAGS = $(test_cppflags)
tests_store_test_salvage_LDADD = $(test_ldadd)

# How often mail that is opened is here already: make cachesim; a short form is in the suite.
dist_check_SCRIPTS += tests/store/test_cachesim.sh
EXTRA_PROGRAMS += tests/bench/cachesim
check_DATA += tests/bench/cachesim$(EXEEXT)
CLEANFILES += tests/bench/cachesim$(EXEEXT)
tests_bench_cachesim_SOURCES = tests/bench/cachesim.c tests/bench/cacheday.c tests/bench/cacheday.h
tests_bench_cachesim_CPPFLAGS = $(test_cppflags)

check_PROGRAMS += tests/store/test_places
tests_store_test_places_SOURCES = tests/store/test_places.c $(desk)
tests_store_test_places_CFLAGS = $(test_cflags)
tests_store_test_places_CPPFLAGS = $(test_cppflags)
tests_store_test_places_LDADD = $(test_ldadd)
