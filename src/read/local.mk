# The files of this room.
libtern_a_SOURCES += \
	src/read/reader.c src/read/reader.h \
	src/read/seal.h
