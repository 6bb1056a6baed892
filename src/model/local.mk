libtern_a_SOURCES += \
	src/model/account.c src/model/account.h \
	src/model/cache.c src/model/cache.h \
	src/model/change.h \
	src/model/engine.h \
	src/model/flags.c src/model/flags.h \
	src/model/hole.h \
	src/model/id.h \
	src/model/mailbox.c src/model/mailbox.h \
	src/model/mutation.c src/model/mutation.h \
	src/model/query.c src/model/query.h \
	src/model/tuning.c src/model/tuning.h
