# The files of this room.
libtern_a_SOURCES += \
	src/provider/imap/append.c \
	src/provider/imap/apply.c \
	src/provider/imap/doubt.c \
	src/provider/imap/backfill.c \
	src/provider/imap/bodies.c \
	src/provider/imap/body.c \
	src/provider/imap/changes.c \
	src/provider/imap/command.c src/provider/imap/command.h \
	src/provider/imap/expunge.c \
	src/provider/imap/explain.c \
	src/provider/imap/fetch.c src/provider/imap/fetch.h \
	src/provider/imap/flags.c \
	src/provider/imap/flight.c src/provider/imap/flight.h \
	src/provider/imap/imap.c src/provider/imap/imap.h \
	src/provider/imap/job.h \
	src/provider/imap/list.c src/provider/imap/list.h \
	src/provider/imap/login.c \
	src/provider/imap/member.c \
	src/provider/imap/mark.c \
	src/provider/imap/memory.c src/provider/imap/memory.h \
	src/provider/imap/move.c \
	src/provider/imap/notify.c src/provider/imap/notify.h \
	src/provider/imap/arrange.c \
	src/provider/imap/bulk.c \
	src/provider/imap/evidence.c src/provider/imap/evidence.h \
	src/provider/imap/plan.c src/provider/imap/plan.h \
	src/provider/imap/partial.c src/provider/imap/partial.h \
	src/provider/imap/pull.h \
	src/provider/imap/qresync.c \
	src/provider/imap/refresh.c \
	src/provider/imap/rescue.c \
	src/provider/imap/rights.c src/provider/imap/rights.h \
	src/provider/imap/row.c src/provider/imap/row.h \
	src/provider/imap/scan.c src/provider/imap/scan.h \
	src/provider/imap/select.c src/provider/imap/select.h \
	src/provider/imap/session.c src/provider/imap/session.h \
	src/provider/imap/skeleton.c src/provider/imap/skeleton.h \
	src/provider/imap/status.c src/provider/imap/status.h \
	src/provider/imap/structure.c \
	src/provider/imap/uidset.c src/provider/imap/uidset.h \
	src/provider/imap/utf7.c src/provider/imap/utf7.h \
	src/provider/imap/wait.c \
	src/provider/imap/wire.c src/provider/imap/wire.h
