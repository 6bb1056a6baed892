# The tests of this room.
check_PROGRAMS += tests/net/test_net
tests_net_test_net_SOURCES = tests/net/test_net.c tests/net/test_netwatch.c tests/net/test_press.c \
	tests/net/test_sasl.c tests/net/test_sasl.h
tests_net_test_net_LDADD = $(test_ldadd)
tests_net_test_net_CFLAGS = $(test_cflags)
tests_net_test_net_CPPFLAGS = $(test_cppflags)
check_PROGRAMS += tests/net/test_http
tests_net_test_http_SOURCES = tests/net/test_http.c
tests_net_test_http_LDADD = $(test_ldadd)
tests_net_test_http_CFLAGS = $(test_cflags)
tests_net_test_http_CPPFLAGS = $(test_cppflags)
EXTRA_DIST += tests/net/httpserver.py
