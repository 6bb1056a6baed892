libtern_a_SOURCES += \
	src/mime/address.c src/mime/address.h \
	src/mime/body.c src/mime/body.h \
	src/mime/calendar.c src/mime/calendar.h \
	src/mime/charset.c src/mime/charset.h \
	src/mime/document.c src/mime/document.h \
	src/mime/flowed.c src/mime/flowed.h \
	src/mime/header.c src/mime/header.h \
	src/mime/html.c src/mime/html.h \
	src/mime/html_trim.c \
	src/mime/outline.c src/mime/outline.h \
	src/mime/quote.c src/mime/quote.h \
	src/mime/structure.c src/mime/structure.h \
	src/mime/summary.c src/mime/summary.h \
	src/mime/text.c src/mime/text.h
