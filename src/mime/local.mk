libtern_a_SOURCES += \
	src/mime/address.c src/mime/address.h \
	src/mime/body.c src/mime/body.h \
	src/mime/calendar.c src/mime/calendar.h \
	src/mime/charset.c src/mime/charset.h \
	src/mime/document.c src/mime/document.h \
	src/mime/flowed.c src/mime/flowed.h \
	src/mime/header.c src/mime/header.h \
	src/mime/html.c src/mime/html.h \
	src/mime/html_columns.c src/mime/html_flow.c src/mime/html_flow.h \
	src/mime/html_links.c src/mime/html_links.h \
	src/mime/html_page.h src/mime/html_parse.c src/mime/html_style.c \
	src/mime/html_table.c src/mime/html_table.h src/mime/html_trim.c \
	src/mime/html_write.c src/mime/html_write.h \
	src/mime/outline.c src/mime/outline.h \
	src/mime/quote.c src/mime/quote.h \
	src/mime/structure.c src/mime/structure.h \
	src/mime/summary.c src/mime/summary.h \
	src/mime/text.c src/mime/text.h
