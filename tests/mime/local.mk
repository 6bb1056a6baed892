check_PROGRAMS += tests/mime/test_mime
tests_mime_test_mime_SOURCES = tests/mime/test_mime.c tests/mime/test_mime.h \
	tests/mime/test_corpus.c tests/mime/test_document.c tests/mime/test_hostile.c \
	tests/mime/test_html.c tests/mime/test_quote.c tests/mime/test_summary.c tests/mime/test_text.c
tests_mime_test_mime_LDADD = $(test_ldadd)
tests_mime_test_mime_CFLAGS = $(test_cflags)
tests_mime_test_mime_CPPFLAGS = $(test_cppflags)
EXTRA_DIST += tests/data/mime
