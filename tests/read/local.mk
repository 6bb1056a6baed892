check_PROGRAMS += tests/read/test_read
tests_read_test_read_SOURCES = tests/read/test_read.c tests/read/test_read.h \
	tests/read/test_export.c tests/read/test_failure.c tests/read/test_htmlfilter.c tests/read/test_jail.c tests/read/test_play.c \
	tests/read/test_reader.c tests/read/test_wire.c
tests_read_test_read_LDADD = $(test_ldadd)
tests_read_test_read_CFLAGS = $(test_cflags)
tests_read_test_read_CPPFLAGS = $(test_cppflags)
check_PROGRAMS += tests/read/test_seal
tests_read_test_seal_SOURCES = tests/read/test_seal.c
tests_read_test_seal_LDADD = $(test_ldadd)
tests_read_test_seal_CFLAGS = $(test_cflags)
tests_read_test_seal_CPPFLAGS = $(test_cppflags)
# Not part of the suite: make tests/bench/readbench
EXTRA_PROGRAMS += tests/bench/readbench
tests_bench_readbench_SOURCES = tests/bench/readbench.c
tests_bench_readbench_CPPFLAGS = $(test_cppflags)
tests_bench_readbench_LDADD = $(LDADD)
