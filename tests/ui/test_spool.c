/* What is written in pieces goes out as one. */
#include <check.h>
#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/file.h"
#include "base/mem.h"
#include "screen.h"
#include "ui/spool.h"

/* Ends of a socket that keeps what each write() wrote apart. */
static void open_ends(struct spool *s, int *to, int *from)
{
	int ends[2];

	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends), 0);
	*to = ends[0];
	*from = ends[1];
	ck_assert(spool_open(s, *to));
}

/* One write by the library, through its stream or past it. */
static void put(struct spool *s, const char *text, bool stream)
{
	if (stream)
		ck_assert(fputs(text, s->stream) >= 0 && fflush(s->stream) == 0);
	else
		ck_assert_int_eq(fd_write_all(fileno(s->stream), text, strlen(text)), 0);
}

static void must_come(int from, const char *text)
{
	char packet[4096];
	ssize_t n = recv(from, packet, sizeof packet - 1, 0);

	ck_assert_msg(n >= 0, "\"%s\" did not come", text);
	packet[n] = '\0';
	ck_assert_str_eq(packet, text);
}

static void must_be_quiet(int from)
{
	char byte;

	ck_assert_int_lt(recv(from, &byte, 1, 0), 0);
}

START_TEST(many_pieces_are_one_write)
{
	AUTO(spool_close) struct spool s;
	AUTO(fd_close) int to = -1, from = -1;

	open_ends(&s, &to, &from);
	for (int round = 0; round < 3; round++) { /* a short one behind a long one, too */
		spool_begin(&s);
		put(&s, "one ", true);
		put(&s, "two ", false);
		put(&s, round == 1 ? "" : "and a long third ", true);
		put(&s, "end", false);
		must_be_quiet(from);
		spool_end(&s, "<", ">");
		must_come(from, round == 1 ? "<one two end>" : "<one two and a long third end>");
		must_be_quiet(from);
	}
}
END_TEST

START_TEST(outside_of_a_paint_it_is_the_terminal)
{
	AUTO(spool_close) struct spool s;
	AUTO(fd_close) int to = -1, from = -1;

	open_ends(&s, &to, &from);
	ck_assert_int_ne(fileno(s.stream), to);
	ck_assert_int_eq(fcntl(fileno(s.stream), F_GETFD), FD_CLOEXEC);
	put(&s, "before", true);
	must_come(from, "before");
	spool_begin(&s);
	ck_assert_int_eq(fcntl(fileno(s.stream), F_GETFD), FD_CLOEXEC);
	spool_end(&s, "<", ">");
	must_be_quiet(from);
	ck_assert_int_eq(fcntl(fileno(s.stream), F_GETFD), FD_CLOEXEC);
	put(&s, "behind", false);
	must_come(from, "behind");
	spool_end(&s, "<", ">"); /* of nothing */
	must_be_quiet(from);
}
END_TEST

START_TEST(without_memory_it_goes_as_it_comes)
{
	AUTO(spool_close) struct spool s;
	AUTO(fd_close) int to = -1, from = -1;

	open_ends(&s, &to, &from);
	fd_close(&s.memory);
	spool_begin(&s);
	put(&s, "one", true);
	must_come(from, "one");
	spool_end(&s, "<", ">");
	must_be_quiet(from);
}
END_TEST

static gpointer read_all(gpointer p)
{
	GString *all = g_string_new(NULL);
	char chunk[1000];
	ssize_t n;

	while ((n = read(GPOINTER_TO_INT(p), chunk, sizeof chunk)) > 0)
		g_string_append_len(all, chunk, n);
	return all;
}

/* A terminal that another program has set to O_NONBLOCK takes a part at a time. */
START_TEST(a_slow_terminal_gets_all)
{
	enum { SIZE = 300 * 1000 };
	AUTO(spool_close) struct spool s;
	g_autofree char *text = g_strnfill(SIZE, 'x');
	GThread *reader;
	GString *all;
	int p[2];

	ck_assert_int_eq(pipe2(p, O_CLOEXEC), 0);
	ck_assert_int_eq(fcntl(p[1], F_SETFL, O_NONBLOCK), 0);
	ck_assert(spool_open(&s, p[1]));
	reader = g_thread_new("terminal", read_all, GINT_TO_POINTER(p[0]));
	spool_begin(&s);
	put(&s, text, false);
	spool_end(&s, "<", ">");
	spool_close(&s);
	close(p[1]);
	all = g_thread_join(reader);
	ck_assert_int_eq((int)all->len, SIZE + 2);
	ck_assert(all->str[0] == '<' && all->str[SIZE + 1] == '>');
	g_string_free(all, TRUE);
	close(p[0]);
}
END_TEST

TCase *spool_cases(void)
{
	TCase *tc = tcase_create("spool");

	tcase_add_test(tc, many_pieces_are_one_write);
	tcase_add_test(tc, outside_of_a_paint_it_is_the_terminal);
	tcase_add_test(tc, without_memory_it_goes_as_it_comes);
	tcase_add_test(tc, a_slow_terminal_gets_all);
	return tc;
}
