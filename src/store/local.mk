# The schema is SQL in files of its own; the build turns it into a header.
schema = src/store/schema/001-initial.sql src/store/schema/002-engine.sql \
	src/store/schema/003-two-way.sql src/store/schema/004-cache.sql \
	src/store/schema/005-undo-places.sql

libtern_a_SOURCES += \
	src/store/account.c \
	src/store/append.c \
	src/store/apply.c \
	src/store/batch.c src/store/batch.h \
	src/store/body.c \
	src/store/bulk.c \
	src/store/cache.c src/store/cache.h \
	src/store/cache_evict.c src/store/ledger.h \
	src/store/cache_report.c \
	src/store/cache_score.c \
	src/store/cache_signal.c \
	src/store/check.c \
	src/store/coalesce.c \
	src/store/count.c \
	src/store/dump.c \
	src/store/entry.c \
	src/store/event.c \
	src/store/gaps.c \
	src/store/history.c \
	src/store/identity.c \
	src/store/job.c \
	src/store/known.c \
	src/store/lease.c \
	src/store/listing.c \
	src/store/mailbox.c \
	src/store/match.c \
	src/store/migrate.c \
	src/store/offline.c \
	src/store/pack.c \
	src/store/page.c \
	src/store/pass.c \
	src/store/priv.h \
	src/store/queue.c \
	src/store/queue_act.c \
	src/store/queue_view.c \
	src/store/rebase.c \
	src/store/refind.c \
	src/store/revive.c \
	src/store/rights.c \
	src/store/salvage.c \
	src/store/settle.c \
	src/store/store.c src/store/store.h \
	src/store/tree.c \
	src/store/turn.c \
	src/store/undo.c \
	src/store/want.c src/store/wish.h \
	src/store/words.c

BUILT_SOURCES += src/store/schema.h
CLEANFILES += src/store/schema.h
EXTRA_DIST += $(schema)
src/store/schema.h: $(schema) src/embed.sh
	$(AM_V_GEN)$(MKDIR_P) src/store && \
	cd $(srcdir) && sh src/embed.sh schema $(schema) >$(abs_top_builddir)/$@.tmp && \
	mv $(abs_top_builddir)/$@.tmp $(abs_top_builddir)/$@
src/store/libtern_a-migrate.$(OBJEXT): src/store/schema.h
