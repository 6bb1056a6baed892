# Each room's tests list themselves in tests/ROOM/local.mk; what lasts longest begins first.
include tests/sync/local.mk
include tests/base/local.mk
include tests/model/local.mk
include tests/mime/local.mk
include tests/read/local.mk
include tests/net/local.mk
include tests/config/local.mk
include tests/store/local.mk
include tests/provider/local.mk
include tests/ui/local.mk
include tests/cli/local.mk
include tests/conform/local.mk
include tests/lint/local.mk

EXTRA_DIST += tests/support tests/faults tests/bench tests/data tests/fuzz

# With sanitizers everything is slow: check-asan leaves out what differs in the server only, what
# runs under strace and what counts on a year of mail; check-tsan keeps to what has threads.  The
# loops are shorter.
same_again = tests/store/test_cachesim.sh tests/sync/offline.py tests/cli/test_badworld.sh \
	tests/conform/test_dovecot_A.sh tests/conform/test_shaper_D.sh \
	tests/sync/syscallkill.py tests/sync/lostanswer.py tests/sync/foreigndeleted.py \
	tests/conform/test_courier.sh tests/conform/test_cyrus.sh tests/conform/test_imap4d.sh \
	tests/conform/test_hoodiecrow.sh tests/conform/test_shaper_B.sh \
	tests/conform/test_shaper_C.sh tests/conform/test_shaper_DROP.sh
lints = tests/lint/%
loops = tests/sync/killloop.py tests/sync/twowriters.py
one_thread = tests/config/% tests/mime/% tests/model/% tests/store/% tests/cli/% \
	tests/base/test_url tests/provider/test_recordings tests/provider/test_imap tests/ui/test_ui
.PHONY: check-asan check-tsan
check-asan:
	CK_TIMEOUT_MULTIPLIER=3 CK_EXCLUDE_TAGS=slow KILLS=20 OPS=400 $(MAKE) check TESTS='$(filter-out $(same_again) $(lints),$(TESTS))'
check-tsan:
	CK_TIMEOUT_MULTIPLIER=3 KILLS=20 OPS=400 $(MAKE) check TESTS='$(filter-out $(one_thread),$(check_PROGRAMS)) $(loops)'

# The long forms; CI runs short ones through make check.
ptyproof: tern$(EXEEXT)
	MAILS=$${MAILS:-2000} TOP_BUILDDIR='$(abs_top_builddir)' $(srcdir)/tests/ui/ptyproof.py --all
.PHONY: ptyproof cachesim bench killtest warmkill twowriters lostanswer syscallkill fuzz
cachesim: tests/bench/cachesim$(EXEEXT)
	for b in 1 2 3 5; do tests/bench/cachesim$(EXEEXT) -b $$b --check || exit 1; done
bench: tern$(EXEEXT) tests/bench/storebench$(EXEEXT) tests/bench/readbench$(EXEEXT) \
	tests/bench/htmlbench$(EXEEXT)
	TOP_BUILDDIR='$(abs_top_builddir)' $(srcdir)/tests/bench/bench.py $(BENCH_FLAGS)
killtest: tern$(EXEEXT)
	KILLS=$${KILLS:-2000} TOP_BUILDDIR='$(abs_top_builddir)' $(srcdir)/tests/sync/killloop.py
warmkill: tern$(EXEEXT) tests/sync/warmer$(EXEEXT)
	KILLS=$${KILLS:-1000} TOP_BUILDDIR='$(abs_top_builddir)' $(srcdir)/tests/sync/warmkill.py
twowriters: tern$(EXEEXT)
	OPS=$${OPS:-20000} TOP_BUILDDIR='$(abs_top_builddir)' $(srcdir)/tests/sync/twowriters.py
lostanswer: tests/sync/ternfork$(EXEEXT)
	RUNS=$${RUNS:-10000} TOP_BUILDDIR='$(abs_top_builddir)' $(srcdir)/tests/sync/lostanswer.py \
		$(LOSTANSWER_FLAGS)
syscallkill: tern$(EXEEXT)
	TOP_BUILDDIR='$(abs_top_builddir)' $(srcdir)/tests/sync/syscallkill.py --all
fuzz: config.h $(BUILT_SOURCES)
	TOP_SRCDIR='$(abs_top_srcdir)' TOP_BUILDDIR='$(abs_top_builddir)' \
		FUZZ_CPPFLAGS='$(LIBRARY_CFLAGS)' FUZZ_LIBS='$(LIBRARY_LIBS)' \
		$(srcdir)/tests/fuzz/run.sh $(FUZZ_TARGETS)
clean-local:
	rm -rf fuzz
