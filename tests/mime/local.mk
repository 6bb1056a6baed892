check_PROGRAMS += tests/mime/test_mime tests/mime/test_sets tests/mime/test_html_corpus
tests_mime_test_mime_SOURCES = tests/mime/test_mime.c tests/mime/test_mime.h tests/mime/check.c \
	tests/mime/test_corpus.c tests/mime/test_document.c \
	tests/mime/test_encoded.c tests/mime/test_hostile.c \
	tests/mime/test_html.c tests/mime/test_quote.c tests/mime/test_sender.c \
	tests/mime/test_shapes.c tests/mime/test_summary.c tests/mime/test_text.c
tests_mime_test_mime_LDADD = $(test_ldadd)
tests_mime_test_mime_CFLAGS = $(test_cflags)
tests_mime_test_mime_CPPFLAGS = $(test_cppflags)
tests_mime_test_sets_SOURCES = tests/mime/test_sets.c tests/mime/test_mime.h tests/mime/check.c \
	tests/mime/set.c tests/mime/set.h tests/mime/set_calendar.c tests/mime/set_cpython.c \
	tests/mime/set_json.c tests/mime/set_lowquality.c tests/mime/set_mime4j.c \
	tests/mime/set_tnef.c tests/mime/set_unicode.c
tests_mime_test_sets_LDADD = $(test_ldadd)
tests_mime_test_sets_CFLAGS = $(test_cflags)
tests_mime_test_sets_CPPFLAGS = $(test_cppflags)
EXTRA_DIST += tests/data/mime tests/mime/cpython_oracle.py
tests_mime_test_html_corpus_SOURCES = tests/mime/test_html_corpus.c
tests_mime_test_html_corpus_LDADD = $(test_ldadd)
tests_mime_test_html_corpus_CFLAGS = $(test_cflags)
tests_mime_test_html_corpus_CPPFLAGS = $(test_cppflags)
EXTRA_DIST += tests/data/html-to-text tests/data/html-hostile

# Not part of the suite: make tests/bench/htmlbench (tests/bench/html.py)
EXTRA_PROGRAMS += tests/bench/htmlbench
tests_bench_htmlbench_SOURCES = tests/bench/htmlbench.c
tests_bench_htmlbench_CPPFLAGS = $(test_cppflags)
