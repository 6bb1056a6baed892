# The files of this room.
libtern_a_SOURCES += \
	src/net/guard.c src/net/guard.h \
	src/net/http.c src/net/http.h \
	src/net/netwatch.c src/net/netwatch.h \
	src/net/press.c src/net/press.h \
	src/net/resolve.c src/net/resolve.h \
	src/net/sasl.c src/net/sasl.h \
	src/net/scram.c src/net/scram.h \
	src/net/stream.c src/net/stream.h \
	src/net/trust.c src/net/trust.h
