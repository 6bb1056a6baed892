libtern_a_SOURCES += \
	src/mime/address.c src/mime/address.h \
	src/mime/charset.c src/mime/charset.h \
	src/mime/header.c src/mime/header.h \
	src/mime/structure.c src/mime/structure.h \
	src/mime/summary.c src/mime/summary.h \
	src/mime/text.c src/mime/text.h
