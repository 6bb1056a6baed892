# The files of this room.
libtern_a_SOURCES += \
	src/sync/arrange.c \
	src/sync/aside.c \
	src/sync/backfill.c \
	src/sync/board.c \
	src/sync/body.c \
	src/sync/bulk.c \
	src/sync/cadence.c \
	src/sync/expand.c \
	src/sync/gather.c \
	src/sync/governor.c src/sync/governor.h \
	src/sync/history.c \
	src/sync/interlude.c \
	src/sync/job.c \
	src/sync/lease.c \
	src/sync/listing.c \
	src/sync/looks.c \
	src/sync/notices.c \
	src/sync/offline.c \
	src/sync/once.c \
	src/sync/oneclick.c \
	src/sync/priv.h \
	src/sync/pull.c \
	src/sync/push.c \
	src/sync/ready.c \
	src/sync/retry.c \
	src/sync/session.c \
	src/sync/sync.c src/sync/sync.h \
	src/sync/warm.c \
	src/sync/watch.c \
	src/sync/worker.c \
	src/sync/writer.c
