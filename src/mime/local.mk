libtern_a_SOURCES += \
	src/mime/address.c src/mime/address.h \
	src/mime/authres.c src/mime/authres.h \
	src/mime/body.c src/mime/body.h \
	src/mime/body_text.c \
	src/mime/calendar.c src/mime/calendar.h \
	src/mime/calendar_time.c src/mime/calendar_time.h \
	src/mime/ical.c src/mime/ical.h \
	src/mime/charset.c src/mime/charset.h \
	src/mime/content.c src/mime/content.h \
	src/mime/document.c src/mime/document.h \
	src/mime/enriched.c src/mime/enriched.h \
	src/mime/export.c src/mime/export.h \
	src/mime/flowed.c src/mime/flowed.h \
	src/mime/guess.c src/mime/guess.h \
	src/mime/header.c src/mime/header.h \
	src/mime/html.c src/mime/html.h \
	src/mime/html_columns.c \
	src/mime/html_flow.c src/mime/html_flow.h \
	src/mime/html_links.c src/mime/html_links.h \
	src/mime/html_page.h \
	src/mime/html_parse.c \
	src/mime/html_sheet.c \
	src/mime/html_style.c \
	src/mime/html_table.c src/mime/html_table.h \
	src/mime/html_trim.c \
	src/mime/html_write.c src/mime/html_write.h \
	src/mime/jis.c src/mime/jis.h \
	src/mime/linkify.c src/mime/linkify.h \
	src/mime/lookalike.c src/mime/lookalike.h \
	src/mime/name.c src/mime/name.h \
	src/mime/open.c src/mime/open.h \
	src/mime/outline.c src/mime/outline.h \
	src/mime/part_text.c src/mime/part_text.h \
	src/mime/protect.c src/mime/protect.h \
	src/mime/quote.c src/mime/quote.h \
	src/mime/region.c src/mime/region.h \
	src/mime/report.c src/mime/report.h \
	src/mime/rtf.c src/mime/rtf.h \
	src/mime/sender.c src/mime/sender.h \
	src/mime/structure.c src/mime/structure.h \
	src/mime/summary.c src/mime/summary.h \
	src/mime/text.c src/mime/text.h \
	src/mime/tnef.c src/mime/tnef.h \
	src/mime/unpack.c src/mime/unpack.h \
	src/mime/unsubscribe.c src/mime/unsubscribe.h \
	src/mime/uuencode.c src/mime/uuencode.h \
	src/mime/warm.c src/mime/warm.h \
	src/mime/words.c src/mime/words.h
