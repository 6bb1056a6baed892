# Each room's tests list themselves in tests/ROOM/local.mk.
include tests/base/local.mk
include tests/mime/local.mk
include tests/net/local.mk
include tests/config/local.mk
include tests/store/local.mk
include tests/provider/local.mk
include tests/sync/local.mk
include tests/ui/local.mk
include tests/cli/local.mk
include tests/lint/local.mk

EXTRA_DIST += tests/support tests/faults tests/bench tests/data tests/sync/killloop.py \
	tests/fuzz

# The long forms; CI runs short ones through make check.
.PHONY: bench killtest
bench: tern$(EXEEXT)
	TOP_BUILDDIR='$(abs_top_builddir)' $(srcdir)/tests/bench/bench.py $(BENCH_FLAGS)
killtest: tern$(EXEEXT)
	KILLS=$${KILLS:-200} TOP_BUILDDIR='$(abs_top_builddir)' $(srcdir)/tests/sync/killloop.py
