/*
 * The transport guard (every limit at one below, at, and one above it, and in
 * every chunking) and the stream (trust, cancel, ends) against real servers.
 */
#include <arpa/inet.h>
#include <check.h>
#include <glib.h>
#include <netinet/in.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "net/guard.h"
#include "net/stream.h"
#include "net/test_sasl.h"

static char certs[80];

/* --- guard: from the server ------------------------------------------------------------- */

static int feed(const char *p, size_t len, size_t chunk, uint64_t literal_max)
{
	struct guard g;
	struct err err;
	int r = 0;

	guard_init(&g);
	guard_command(&g, literal_max);
	for (size_t at = 0; r == 0 && at < len; at += chunk)
		r = guard_in(&g, p + at, MIN(chunk, len - at), &err);
	return r;
}

/* In one piece and in small ones: always the same verdict. */
static void expect(const GString *s, uint64_t literal_max, int want)
{
	const size_t chunks[] = { 1, 2, 3, 7, 13, 24, 25, 1000, 16384 };

	ck_assert_int_eq(feed(s->str, s->len, s->len, literal_max), want);
	for (size_t i = 0; i < G_N_ELEMENTS(chunks); i++)
		if (s->len / chunks[i] < 3000000)
			ck_assert_int_eq(feed(s->str, s->len, chunks[i], literal_max), want);
}

static GString *filled(const char *head, size_t n, char c, const char *tail)
{
	GString *s = g_string_new(head);
	size_t at = s->len;

	g_string_set_size(s, at + n);
	memset(s->str + at, c, n);
	g_string_append(s, tail);
	return s;
}

START_TEST(guard_line)
{
	for (int d = -1; d <= 1; d++) {
		g_autoptr(GString) s =
			filled("* ", GUARD_LINE_MAX - 4 + (size_t)(d + 1) - 1, 'x', "\r\n");

		ck_assert_uint_eq(s->len, (size_t)(GUARD_LINE_MAX + d));
		expect(s, 0, d > 0 ? ERR_LIMIT : 0);
	}
}
END_TEST

START_TEST(guard_literal)
{
	for (int d = -1; d <= 1; d++) {
		g_autofree char *head =
			g_strdup_printf("* 1 FETCH (X {%d}\r\n", GUARD_LITERAL_MAX + d);
		g_autoptr(GString) s = filled(head, (size_t)(GUARD_LITERAL_MAX + d), '(', ")\r\n");

		expect(s, 0, d > 0 ? ERR_LIMIT : 0);
		expect(s, GUARD_BODY_MAX, 0);
	}
}
END_TEST

START_TEST(guard_body)
{
	for (int d = -1; d <= 1; d++) {
		g_autofree char *head =
			g_strdup_printf("* 1 FETCH (BODY[] {%d}\r\n", GUARD_BODY_MAX + d);
		g_autoptr(GString) s = g_string_new(head);

		expect(s, GUARD_BODY_MAX, d > 0 ? ERR_LIMIT : 0);
	}
}
END_TEST

START_TEST(guard_digits)
{
	const struct {
		const char *digits;
		int want;
	} rows[] = {
		{ "000000007", 0 },
		{ "0000000007", 0 },
		{ "00000000007", ERR_LIMIT },
		{ "4294967296", ERR_LIMIT },
		{ "99999999999999999999999999999999999999", ERR_LIMIT },
	};

	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autofree char *text =
			g_strdup_printf("* X {%s}\r\n1234567 Y\r\n", rows[i].digits);
		g_autoptr(GString) s = g_string_new(text);

		expect(s, 0, rows[i].want);
	}
}
END_TEST

START_TEST(guard_depth)
{
	for (int d = -1; d <= 1; d++) {
		g_autoptr(GString) s =
			filled("* 1 FETCH ", (size_t)(GUARD_DEPTH_MAX + d), '(', "\r\n");
		g_autoptr(GString) hidden = filled("* 1 FETCH \"\\\"", 500, '(', "\"\r\n");
		g_autoptr(GString) lines = filled("", 0, ' ', "");

		expect(s, 0, d > 0 ? ERR_LIMIT : 0);
		expect(hidden, 0, 0);
		for (int n = 0; n < 3; n++)
			g_string_append_printf(
				lines, "* ((((((((((((((((((((((((((((((((((((((((((((((\r\n");
		expect(lines, 0, 0);
	}
}
END_TEST

START_TEST(guard_depth_through_literals)
{
	g_autoptr(GString) s = g_string_new("* 1 FETCH ");

	for (int n = 0; n < GUARD_DEPTH_MAX; n++)
		g_string_append(s, "({1}\r\n(");
	expect(s, 0, 0);
	g_string_append(s, "(");
	expect(s, 0, ERR_LIMIT);
}
END_TEST

START_TEST(guard_nul)
{
	g_autoptr(GString) in_line = g_string_new_len("* a\0b\r\n", 7);
	g_autoptr(GString) in_literal = g_string_new_len("* {3}\r\na\0b c\r\n", 14);

	expect(in_line, 0, ERR_PROTOCOL);
	expect(in_literal, 0, 0);
}
END_TEST

START_TEST(guard_status_text_is_no_literal)
{
	g_autoptr(GString) s = g_string_new(
		"* OK what {99999999999999}\r\nT1 NO x {5}\r\n+ {7}\r\n* 1 EXISTS\r\n");

	expect(s, 0, 0);
}
END_TEST

START_TEST(guard_lines_and_reset)
{
	struct guard g;
	struct err err;
	int r = 0;

	guard_init(&g);
	for (int n = 0; n < GUARD_LINES_MAX; n++)
		r = guard_in(&g, "* A\r\n", 5, &err);
	ck_assert_int_eq(r, 0);
	ck_assert_int_eq(guard_in(&g, "T1 OK\r\n", 7, &err), 0);
	ck_assert_int_eq(guard_in(&g, "* A\r\n", 5, &err), ERR_LIMIT);
	guard_command(&g, 0);
	ck_assert_int_eq(guard_in(&g, "* A\r\n", 5, &err), 0);
}
END_TEST

START_TEST(guard_bytes_and_reset)
{
	g_autoptr(GString) s = filled("T ", (1 << 19) - 4, 'x', "\r\n");
	struct guard g;
	struct err err;

	guard_init(&g);
	for (int n = 0; n < GUARD_BYTES_MAX >> 19; n++)
		ck_assert_int_eq(guard_in(&g, s->str, s->len, &err), 0);
	ck_assert_int_eq(guard_in(&g, "x", 1, &err), ERR_LIMIT);
	guard_command(&g, 0);
	ck_assert_int_eq(guard_in(&g, s->str, s->len, &err), 0);
}
END_TEST

/* --- guard: to the server --------------------------------------------------------------- */

START_TEST(guard_out_one_line_per_command)
{
	const struct {
		const char *text;
		size_t len;
		int want;
	} rows[] = {
		{ "T1 NOOP\r\n", 9, 0 },
		{ "T1 NOOP\r\nT2 NOOP\r\n", 18, ERR_PROTOCOL },
		{ "T1 A\rB\r\n", 8, ERR_PROTOCOL },
		{ "T1 A\nB\r\n", 8, ERR_PROTOCOL },
		{ "T1 A\0B\r\n", 8, ERR_PROTOCOL },
		{ "T1 A {3}\r\n\r\n\0 B\r\n", 17, 0 },
		{ "T1 A {3+}\r\n\r\n\0 B\r\n", 18, 0 },
		{ "T1 A {3}\r\n\r\n\0 B\r\nX", 18, ERR_PROTOCOL },
	};

	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++)
		for (size_t chunk = 1; chunk <= rows[i].len; chunk++) {
			struct guard g;
			struct err err;
			int r = 0;

			guard_init(&g);
			guard_command(&g, 0);
			for (size_t at = 0; r == 0 && at < rows[i].len; at += chunk)
				r = guard_out(
					&g, rows[i].text + at, MIN(chunk, rows[i].len - at), &err);
			ck_assert_msg(r == rows[i].want, "row %zu chunk %zu: %d", i, chunk, r);
		}
}
END_TEST

START_TEST(guard_of_a_read_only_account)
{
	const struct {
		const char *text;
		int want;
	} rows[] = {
		{ "T1 EXAMINE INBOX\r\n", 0 },
		{ "T1 EXAMINE \"BODY[]\"\r\n", 0 },
		{ "T1 LOGIN alice \"RFC822 BODY[]\"\r\n", 0 },
		{ "T1 LOGIN {5}\r\nalice {6}\r\nsecret\r\n", 0 },
		{ "T1 UID FETCH 1:* (UID FLAGS RFC822.SIZE BODY.PEEK[HEADER])\r\n", 0 },
		{ "T1 UID FETCH 1 BODY.PEEK[]<0.100>\r\n", 0 },
		{ "T1 uid search 1:5\r\n", 0 },
		{ "T1 NOOP\r\n", 0 },
		{ "DONE\r\n", 0 },
		{ "*\r\n", 0 },
		{ "AGFsaWNlAHNlY3JldAGFsaWNlAHNlY3JldAGFsaWNlAHNlY3JldAGFsaWNlAHNlY3JldA==\r\n", 0 },
		{ "T1 SELECT INBOX\r\n", ERR_PROTOCOL },
		{ "T1 UID FETCH 1 BODY[]\r\n", ERR_PROTOCOL },
		{ "T1 UID FETCH 1 (UID body[TEXT])\r\n", ERR_PROTOCOL },
		{ "T1 FETCH 1 RFC822\r\n", ERR_PROTOCOL },
		{ "T1 FETCH 1 (RFC822 UID)\r\n", ERR_PROTOCOL },
		{ "T1 FETCH 1 (RFC822.TEXT)\r\n", ERR_PROTOCOL },
		{ "T1 FETCH 1 BINARY[1]\r\n", ERR_PROTOCOL },
		{ "T1 UID STORE 1 +FLAGS (\\Seen)\r\n", ERR_PROTOCOL },
		{ "T1 STORE 1 +FLAGS (\\Seen)\r\n", ERR_PROTOCOL },
		{ "T1 UID MOVE 1 b\r\n", ERR_PROTOCOL },
		{ "T1 UID COPY 1 b\r\n", ERR_PROTOCOL },
		{ "T1 UID EXPUNGE 1\r\n", ERR_PROTOCOL },
		{ "T1 CLOSE\r\n", ERR_PROTOCOL },
		{ "T1 EXPUNGE\r\n", ERR_PROTOCOL },
		{ "T1 APPEND b {1+}\r\nx\r\n", ERR_PROTOCOL },
		{ "T1 CREATE b\r\n", ERR_PROTOCOL },
		{ "T1 LISTEN b\r\n", ERR_PROTOCOL },
		{ "T1  NOOP\r\n", ERR_PROTOCOL },
		{ "T1 UID\r\n", ERR_PROTOCOL },
		{ "T12345678901234567890123456789012345678901234567890123456789012345 NOOP\r\n",
			ERR_PROTOCOL },
	};

	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++)
		for (size_t chunk = 1; chunk <= strlen(rows[i].text); chunk++) {
			struct guard g;
			struct err err;
			int r = 0;

			guard_init(&g);
			guard_reading(&g);
			guard_command(&g, 0);
			for (size_t at = 0; r == 0 && at < strlen(rows[i].text); at += chunk)
				r = guard_out(&g, rows[i].text + at,
					MIN(chunk, strlen(rows[i].text) - at), &err);
			ck_assert_msg(r == rows[i].want, "row %zu chunk %zu: %d", i, chunk, r);
		}
}
END_TEST

/* A literal that the server did not want never leaves: what follows is looked at again. */
START_TEST(guard_forgets_a_refused_literal)
{
	struct guard g;
	struct err err;

	guard_init(&g);
	guard_command(&g, 0);
	ck_assert_int_eq(guard_out(&g, "T1 APPEND b {9}\r\n", 17, &err), 0);
	guard_command(&g, 0);
	ck_assert_int_eq(guard_out(&g, "T2 NO\nOP\r\n", 10, &err), ERR_PROTOCOL);
}
END_TEST

/* --- stream ------------------------------------------------------------------------------ */

static int free_port(int *fd)
{
	struct sockaddr_in a = { .sin_family = AF_INET };
	socklen_t len = sizeof a;

	*fd = socket(AF_INET, SOCK_STREAM, 0);
	a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	ck_assert_int_eq(bind(*fd, (struct sockaddr *)&a, len), 0);
	ck_assert_int_eq(listen(*fd, 5), 0);
	getsockname(*fd, (struct sockaddr *)&a, &len);
	return ntohs(a.sin_port);
}

/* "openssl s_server" with that certificate, echoing lines back in reverse. */
static pid_t tls_server(const char *cert, const char *options, int *port)
{
	g_autofree char *command = NULL;
	int fd;
	pid_t pid;

	*port = free_port(&fd);
	close(fd);
	command = g_strdup_printf(
		"exec openssl s_server -quiet -rev -accept 127.0.0.1:%d -cert %s/%s.pem "
		"-key %s/%s.key %s >/dev/null 2>&1 </dev/null",
		*port, certs, cert, certs, cert, options);
	pid = fork();
	if (pid == 0) {
		execl("/bin/sh", "sh", "-c", command, (char *)NULL);
		_exit(127);
	}
	return pid;
}

static int connect_tls(
	const char *host, int port, const char *ca, struct stream **s, struct err *err)
{
	int r = ERR_OFFLINE;

	for (int n = 0; n < 200 && r == ERR_OFFLINE; n++) { /* until the server listens */
		r = stream_connect(host, port, NULL, s, err);
		if (r < 0)
			g_usleep(20000);
	}
	return r < 0 ? r : stream_start_tls(*s, ca, err);
}

static void trust(const char *cert, const char *options, const char *host, const char *ca_name,
	int want, const char *words)
{
	g_autofree char *ca = g_strdup_printf("%s/%s.pem", certs, ca_name);
	struct stream *s = NULL;
	struct err err = { 0 };
	int port, r;
	pid_t pid = tls_server(cert, options, &port);

	r = connect_tls(host, port, ca, &s, &err);
	ck_assert_msg(r == want, "%s: %d %s", cert, r, err.text);
	ck_assert_msg(!words || strstr(err.text, words), "%s", err.text);
	stream_close(&s);
	kill(pid, SIGTERM);
	waitpid(pid, NULL, 0);
}

START_TEST(certificates_are_judged)
{
	trust("server", "", "127.0.0.1", "ca", 0, NULL);
	trust("server", "", "localhost", "ca", 0, NULL);
	trust("expired", "", "127.0.0.1", "ca", ERR_TRUST, "expired");
	trust("future", "", "127.0.0.1", "ca", ERR_TRUST, "not valid yet");
	trust("wronghost", "", "127.0.0.1", "ca", ERR_TRUST, "not issued for");
	trust("wronghost", "", "localhost", "ca", ERR_TRUST, "not issued for");
	trust("selfsigned", "", "127.0.0.1", "ca", ERR_TRUST, "self-signed");
	trust("otherca", "", "127.0.0.1", "ca", ERR_TRUST, "unknown authority");
	trust("server", "", "127.0.0.1", "nowhere", ERR_TRUST, "cannot be read");
	trust("server", "-tls1_1 -cipher ALL:@SECLEVEL=0", "127.0.0.1", "ca", ERR_PROTOCOL, NULL);
}
END_TEST

START_TEST(bytes_go_both_ways)
{
	g_autofree char *ca = g_strdup_printf("%s/ca.pem", certs);
	struct stream *s = NULL;
	struct err err;
	char buf[16] = "";
	int port;
	pid_t pid = tls_server("server", "", &port);

	ck_assert_int_eq(connect_tls("127.0.0.1", port, ca, &s, &err), 0);
	ck_assert(stream_is_tls(s));
	ck_assert_int_eq(stream_wait(s, NULL, 50, &err), 0); /* session tickets are no data */
	ck_assert_int_eq(stream_write(s, "abc\n", 4, &err), 0);
	ck_assert_int_eq(stream_wait(s, NULL, 5000, &err), 1);
	ck_assert_int_eq(stream_read(s, buf, 1, 1000, &err), 1);
	ck_assert_int_eq(stream_wait(s, NULL, 0, &err), 1); /* the rest waits inside TLS */
	ck_assert_int_gt(stream_read(s, buf + 1, sizeof buf - 2, 1000, &err), 0);
	ck_assert_str_eq(buf, "cba\n");
	kill(pid, SIGKILL); /* no close_notify */
	waitpid(pid, NULL, 0);
	ck_assert_int_eq(stream_read(s, buf, 1, 1000, &err), ERR_OFFLINE);
	stream_close(&s);
}
END_TEST

START_TEST(a_silent_server_is_offline_and_an_end_is_an_error)
{
	struct stream *s = NULL;
	struct err err;
	char c;
	int listener, port = free_port(&listener), peer;

	ck_assert_int_eq(stream_connect("127.0.0.1", port, NULL, &s, &err), 0);
	ck_assert(!stream_is_tls(s));
	ck_assert_int_eq(stream_read(s, &c, 1, 30, &err), ERR_OFFLINE);
	peer = accept(listener, NULL, NULL);
	close(peer);
	ck_assert_int_eq(stream_read(s, &c, 1, 1000, &err), ERR_OFFLINE);
	stream_close(&s);
	close(listener);
	ck_assert_int_eq(stream_connect("127.0.0.1", port, NULL, &s, &err), ERR_OFFLINE);
	ck_assert_int_eq(stream_connect("no-such-host.invalid", port, NULL, &s, &err), ERR_OFFLINE);
}
END_TEST

static void *set_soon(void *latch)
{
	g_usleep(100000);
	cancel_set(latch);
	return NULL;
}

START_TEST(cancel_ends_tls_and_reading)
{
	struct cancel cancel;
	struct stream *s = NULL;
	struct err err;
	pthread_t t;
	char c;
	int listener, port = free_port(&listener);
	int64_t start = clock_mono_ms();

	cancel_init(&cancel);
	ck_assert_int_eq(stream_connect("127.0.0.1", port, &cancel, &s, &err), 0);
	pthread_create(&t, NULL, set_soon, &cancel);
	ck_assert_int_eq(stream_start_tls(s, NULL, &err), ERR_CANCELED);
	pthread_join(t, NULL);
	ck_assert_int_lt(clock_mono_ms() - start, 1000);
	ck_assert_int_eq(stream_read(s, &c, 1, 1000, &err), ERR_CANCELED);
	stream_close(&s);
	ck_assert_int_eq(stream_connect("127.0.0.1", port, &cancel, &s, &err), ERR_CANCELED);
	cancel_release(&cancel);
	close(listener);
}
END_TEST

static bool make_certs(void)
{
	g_autofree char *command = NULL;

	g_strlcpy(certs, "/tmp/tern-net.XXXXXX", sizeof certs);
	if (!mkdtemp(certs))
		return false;
	command = g_strdup_printf("sh '%s/certs.sh' %s", TEST_SUPPORT, certs);
	return system(command) == 0;
}

static void remove_certs(void)
{
	g_autofree char *command = g_strdup_printf("rm -rf %s", certs);

	if (system(command))
		fprintf(stderr, "left behind: %s\n", certs);
}

int main(void)
{
	Suite *suite = suite_create("net");
	TCase *guard = tcase_create("guard"), *stream = tcase_create("stream");
	SRunner *sr;
	int failed;

	signal(SIGPIPE, SIG_IGN);
	tcase_set_timeout(guard, 120);
	tcase_add_test(guard, guard_line);
	tcase_add_test(guard, guard_literal);
	tcase_add_test(guard, guard_body);
	tcase_add_test(guard, guard_digits);
	tcase_add_test(guard, guard_depth);
	tcase_add_test(guard, guard_depth_through_literals);
	tcase_add_test(guard, guard_nul);
	tcase_add_test(guard, guard_status_text_is_no_literal);
	tcase_add_test(guard, guard_lines_and_reset);
	tcase_add_test(guard, guard_bytes_and_reset);
	tcase_add_test(guard, guard_out_one_line_per_command);
	tcase_add_test(guard, guard_of_a_read_only_account);
	tcase_add_test(guard, guard_forgets_a_refused_literal);
	suite_add_tcase(suite, guard);
	tcase_set_timeout(stream, 120);
	tcase_add_test(stream, a_silent_server_is_offline_and_an_end_is_an_error);
	tcase_add_test(stream, cancel_ends_tls_and_reading);
	if (make_certs()) {
		tcase_add_test(stream, certificates_are_judged);
		tcase_add_test(stream, bytes_go_both_ways);
	}
	suite_add_tcase(suite, stream);
	sr = srunner_create(suite);
	srunner_add_suite(sr, sasl_suite());
	srunner_add_suite(sr, press_suite());
	srunner_add_suite(sr, netwatch_suite());
	srunner_run_all(sr, CK_ENV);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	remove_certs();
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
