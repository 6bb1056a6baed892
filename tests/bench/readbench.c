/*
 * How long a mail takes through the reader's child, and what it costs.
 *
 * usage: readbench [MIB]     of the large mails (100)
 *
 * One line each, of a process of its own: wall clock and CPU in milliseconds,
 * the largest resident memory of the program and of the child in MiB.
 */
#include <fcntl.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/file.h"
#include "base/mem.h"
#include "read/reader.h"

enum { ROUNDS = 1000, SMALL = 5 * 1024 };

static size_t large = 100;

static double now_ms(void)
{
	return (double)g_get_monotonic_time() / 1000;
}

static double cpu_ms(int who)
{
	struct rusage u;

	getrusage(who, &u);
	return (double)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) * 1e3 +
	       (double)(u.ru_utime.tv_usec + u.ru_stime.tv_usec) / 1e3;
}

static double peak_mib(int who)
{
	struct rusage u;

	getrusage(who, &u);
	return (double)u.ru_maxrss / 1024;
}

/* head, then `line` until there are so many bytes. */
static int mail(const char *head, const char *line, size_t bytes)
{
	g_autoptr(GString) block = g_string_new(NULL);
	int fd = memfd_create("mail", MFD_CLOEXEC);
	size_t done;

	while (block->len < 64 * 1024)
		g_string_append(block, line);
	if (fd < 0 || fd_write_all(fd, head, strlen(head)) < 0)
		abort();
	for (done = 0; done < bytes; done += MIN(block->len, bytes - done))
		if (fd_write_all(fd, block->str, MIN(block->len, bytes - done)) < 0)
			abort();
	return fd;
}

static int small_mail(void)
{
	return mail("Subject: x\nFrom: A <a@example.org>\nTo: b@example.org\n"
		    "Content-Type: text/plain; charset=utf-8\n\n",
		"A line of text as people write it, with a word or two.\n", SMALL);
}

static int large_text(void)
{
	return mail("Subject: x\n\n", "A line of text as people write it, with a word or two.\n",
		large << 20);
}

static int large_attachment(void)
{
	return mail("Subject: x\nContent-Type: multipart/mixed; boundary=B\n\n--B\n\nHello.\n--B\n"
		    "Content-Type: image/png\nContent-Transfer-Encoding: base64\n\n",
		"iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9\n",
		large << 20);
}

static int large_html(void)
{
	return mail("Subject: x\nContent-Type: text/html\n\n",
		"<p>A line of <b>text</b> as <a href='http://example.org/'>people</a> write it.</p>\n",
		large << 20);
}

static void must(int code, const struct err *err)
{
	if (code >= 0)
		return;
	fprintf(stderr, "%s\n", err->text);
	exit(EXIT_FAILURE);
}

/* Asks as the screen does; the time until the first answer is returned. */
static double open_mail(struct reader *r, int fd)
{
	double begin = now_ms(), first = -1;
	int64_t t = reader_ask(r, &(struct reader_question){ .fd = fd, .part = -1, .out = -1 });
	struct reader_answer a = { .more = true };
	struct err err;

	while (a.more) {
		int got;

		reader_wait(r, t, 60 * 1000);
		got = reader_take(r, t, &a, &err);
		must(got, &err);
		if (got == 0)
			continue;
		first = first < 0 ? now_ms() - begin : first;
		document_free(&a.doc);
	}
	return first;
}

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static void bench_small(void)
{
	static double times[ROUNDS];
	AUTO(reader_free) struct reader *r = reader_new(NULL);
	double begin = now_ms(), cpu;

	open_mail(r, small_mail());
	printf("start of the child, and a first mail: %.1f ms\n", now_ms() - begin);
	cpu = cpu_ms(RUSAGE_SELF);
	for (int i = 0; i < ROUNDS; i++)
		times[i] = open_mail(r, small_mail());
	cpu = cpu_ms(RUSAGE_SELF) - cpu;
	qsort(times, ROUNDS, sizeof *times, by_value);
	reader_free(&r);
	printf("a mail of 5 KB: p50 %.2f ms, p99 %.2f ms; CPU %.3f ms here, %.3f ms there\n",
		times[ROUNDS / 2], times[ROUNDS * 99 / 100], cpu / ROUNDS,
		cpu_ms(RUSAGE_CHILDREN) / (ROUNDS + 1));
}

static void bench_start(void)
{
	enum { STARTS = 20 };
	double begin = now_ms();

	for (int i = 0; i < STARTS; i++) {
		AUTO(reader_free) struct reader *r = reader_new(NULL);

		open_mail(r, small_mail());
	}
	printf("20 children: %.1f ms each; CPU %.1f ms there\n", (now_ms() - begin) / STARTS,
		cpu_ms(RUSAGE_CHILDREN) / STARTS);
}

static void bench_large(const char *name, int (*make)(void))
{
	struct reader *r = reader_new(NULL);
	int fd = make();
	double first, begin;

	open_mail(r, small_mail());
	begin = now_ms();
	first = open_mail(r, fd);
	begin = now_ms() - begin;
	reader_free(&r);
	printf("%s of %zu MiB: first answer %.1f ms, whole %.0f ms; CPU %.0f ms there; "
	       "memory %.0f MiB here, %.0f MiB there\n",
		name, large, first, begin, cpu_ms(RUSAGE_CHILDREN), peak_mib(RUSAGE_SELF),
		peak_mib(RUSAGE_CHILDREN));
}

static void bench_attachment(void)
{
	bench_large("an attachment", large_attachment);
}

static void bench_text(void)
{
	bench_large("a text", large_text);
}

static void bench_html(void)
{
	bench_large("a page", large_html);
}

static void bench_export(void)
{
	struct reader *r = reader_new(NULL);
	struct reader_answer a = { 0 };
	struct reader_question q = { .fd = large_attachment(), .part = 2,
		.out = open("/dev/null", O_WRONLY | O_CLOEXEC) };
	struct err err;
	double begin = now_ms();

	must(reader_read(r, &q, NULL, &a, &err), &err);
	reader_free(&r);
	printf("its bytes: %.0f MiB in %.0f ms; CPU %.0f ms there; memory %.0f MiB there\n",
		(double)a.bytes / (1 << 20), now_ms() - begin, cpu_ms(RUSAGE_CHILDREN),
		peak_mib(RUSAGE_CHILDREN));
}

int main(int argc, char **argv)
{
	static void (*const all[])(void) = { bench_small, bench_start, bench_attachment, bench_text,
		bench_html, bench_export };

	setlocale(LC_ALL, "C.UTF-8");
	if (argc > 1 && strcmp(argv[1], READER_CHILD_WORD) == 0)
		reader_child();
	if (argc > 1)
		large = (size_t)g_ascii_strtoull(argv[1], NULL, 10);
	for (size_t i = 0; i < G_N_ELEMENTS(all); i++) {
		int status;

		if (fork() == 0) {
			all[i]();
			exit(EXIT_SUCCESS);
		}
		wait(&status);
		if (status)
			return EXIT_FAILURE;
	}
	return EXIT_SUCCESS;
}
