# The files of this room.
libtern_a_SOURCES += \
	src/sync/board.c \
	src/sync/body.c \
	src/sync/gather.c \
	src/sync/listing.c \
	src/sync/once.c \
	src/sync/priv.h \
	src/sync/pull.c \
	src/sync/push.c \
	src/sync/retry.c \
	src/sync/session.c \
	src/sync/sync.c src/sync/sync.h \
	src/sync/watch.c \
	src/sync/worker.c \
	src/sync/writer.c
