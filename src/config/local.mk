libtern_a_SOURCES += \
	src/config/accounts.c src/config/read.h \
	src/config/config.c src/config/config.h \
	src/config/keyfile.c src/config/keyfile.h \
	src/config/mailcap.c src/config/mailcap.h \
	src/config/options.c src/config/options.h \
	src/config/suggest.c src/config/suggest.h
