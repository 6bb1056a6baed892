/*
 * How fast messages are read: parsed and made into the text that a reader
 * sees, in this process, by CPU time; and by the clock, through the reader's
 * child, from the question to the answer.
 *
 * usage: readbench [MEGABYTES]     prints MB/s of the message file for each kind
 */
#include <fcntl.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>

#include <glib.h>

#include "base/file.h"
#include "base/mem.h"
#include "mime/document.h"
#include "mime/text.h"
#include "read/reader.h"

enum { TIMES = 5, HTML_BYTES = 1 << 20 };

static double seconds(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* Lines of words, with an address here and there. */
static GString *words(size_t bytes)
{
	GString *s = g_string_sized_new(bytes + 100);

	while (s->len < bytes)
		g_string_append_printf(s, "The quick brown fox %zu jumps over the lazy dog"
					  " and %s\n", s->len,
			s->len % 10 ? "rests a while." : "reads http://example.org/fox?n=1.");
	return s;
}

/* The best time from the question to the answer of the reader's child. */
static double asked(struct reader *reader, int fd)
{
	double best = 1e9;

	for (int i = 0; i < TIMES; i++) {
		struct reader_question q = { .fd = fcntl(fd, F_DUPFD_CLOEXEC, 0), .part = -1, .out = -1 };
		struct reader_answer answer = { 0 };
		gint64 begin = g_get_monotonic_time();

		if (reader_read(reader, &q, NULL, &answer, NULL) < 0)
			exit(EXIT_FAILURE);
		best = MIN(best, (double)(g_get_monotonic_time() - begin) / 1e6);
		reader_answer_release(&answer);
	}
	return best;
}

static void measure(struct reader *reader, const char *kind, const char *header, const char *body, size_t len)
{
	AUTO(fd_close) int fd = memfd_create("mail", MFD_CLOEXEC);
	size_t all = strlen(header) + len;
	double best = 1e9;

	if (fd < 0 || fd_write_all(fd, header, strlen(header)) < 0 || fd_write_all(fd, body, len) < 0)
		exit(EXIT_FAILURE);
	for (int i = 0; i < TIMES; i++) {
		AUTO(document_free) struct document *d = NULL;
		double begin = seconds();

		if (document_read(fd, NULL, &d, NULL) < 0)
			exit(EXIT_FAILURE);
		best = MIN(best, seconds() - begin);
	}
	printf("%-28s %6.1f MB  %7.1f MB/s, asked of the child %7.1f MB/s\n", kind, (double)all / 1e6,
		(double)all / 1e6 / best, (double)all / 1e6 / asked(reader, fd));
}

int main(int argc, char **argv)
{
	struct reader *reader;
	size_t bytes = (argc > 1 ? strtoul(argv[1], NULL, 10) : 4) << 20;
	g_autoptr(GString) text = words(bytes), wrapped = g_string_new(NULL),
			     page = g_string_new(NULL);
	g_autofree char *base64 = g_base64_encode((const guchar *)text->str, text->len);

	setlocale(LC_ALL, "C.UTF-8");
	if (argc > 1 && strcmp(argv[1], READER_CHILD_WORD) == 0)
		reader_child();
	mime_init();
	reader = reader_new(NULL);
	for (size_t i = 0, n = strlen(base64); i < n; i += 76)
		g_string_append_printf(wrapped, "%.76s\n", base64 + i);
	for (size_t i = 0; page->len < HTML_BYTES; i++)
		g_string_append_printf(page, "<div style=\"color:#333\"><p>Offer %zu <b>only</b> today:</p>"
					     "<a href=\"http://example.org/fox?n=%zu\">see it</a></div>\n", i, i);
	measure(reader, "plain text", "Subject: x\n\n", text->str, text->len);
	measure(reader, "plain text, flowed", "Content-Type: text/plain; format=flowed\n\n", text->str, text->len);
	measure(reader, "text in base64", "Content-Type: text/plain; charset=utf-8\n"
				  "Content-Transfer-Encoding: base64\n\n", wrapped->str, wrapped->len);
	measure(reader, "text in iso-8859-15", "Content-Type: text/plain; charset=iso-8859-15\n\n", text->str,
		text->len);
	measure(reader, "attachment in base64", "Content-Type: application/pdf; name=a.pdf\n"
					"Content-Transfer-Encoding: base64\n\n", wrapped->str, wrapped->len);
	measure(reader, "HTML", "Content-Type: text/html; charset=utf-8\n\n", page->str, page->len);
	reader_free(&reader);
	return EXIT_SUCCESS;
}
