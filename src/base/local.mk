libtern_a_SOURCES += \
	src/base/backoff.c src/base/backoff.h \
	src/base/cancel.c src/base/cancel.h \
	src/base/clock.c src/base/clock.h \
	src/base/err.c src/base/err.h \
	src/base/file.c src/base/file.h \
	src/base/i18n.h \
	src/base/log.c src/base/log.h \
	src/base/mem.c src/base/mem.h \
	src/base/queue.c src/base/queue.h \
	src/base/save.c src/base/save.h \
	src/base/scratch.c src/base/scratch.h \
	src/base/span.c src/base/span.h \
	src/base/spawn.c src/base/spawn.h \
	src/base/text.c src/base/text.h
