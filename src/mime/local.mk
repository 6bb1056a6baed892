libtern_a_SOURCES += \
	src/mime/charset.c src/mime/charset.h \
	src/mime/text.c src/mime/text.h
