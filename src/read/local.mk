# The files of this room.
libtern_a_SOURCES += \
	src/read/child.c src/read/child.h \
	src/read/htmlfilter.c src/read/htmlfilter.h \
	src/read/jail.c src/read/jail.h \
	src/read/reader.c src/read/reader.h \
	src/read/seal.c src/read/seal.h src/read/seal_layer.h \
	src/read/seal_pgp.c src/read/seal_smime.c \
	src/read/seal_words.c src/read/seal_words.h src/read/serve.c \
	src/read/trace.c src/read/trace.h src/read/wire.c src/read/wire.h
