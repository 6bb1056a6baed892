/*
 * How fast messages are read: parsed and made into the text that a reader
 * sees, in this process, by CPU time.
 *
 * usage: readbench [MEGABYTES]     prints MB/s of the message file for each kind
 */
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

enum { TIMES = 5 };

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

static void measure(const char *kind, const char *header, const char *body, size_t len)
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
	printf("%-28s %6.1f MB  %7.1f MB/s\n", kind, (double)all / 1e6, (double)all / 1e6 / best);
}

int main(int argc, char **argv)
{
	size_t bytes = (argc > 1 ? strtoul(argv[1], NULL, 10) : 4) << 20;
	g_autoptr(GString) text = words(bytes), wrapped = g_string_new(NULL);
	g_autofree char *base64 = g_base64_encode((const guchar *)text->str, text->len);

	setlocale(LC_ALL, "C.UTF-8");
	mime_init();
	for (size_t i = 0, n = strlen(base64); i < n; i += 76)
		g_string_append_printf(wrapped, "%.76s\n", base64 + i);
	measure("plain text", "Subject: x\n\n", text->str, text->len);
	measure("plain text, flowed", "Content-Type: text/plain; format=flowed\n\n", text->str, text->len);
	measure("text in base64", "Content-Type: text/plain; charset=utf-8\n"
				  "Content-Transfer-Encoding: base64\n\n", wrapped->str, wrapped->len);
	measure("text in iso-8859-15", "Content-Type: text/plain; charset=iso-8859-15\n\n", text->str,
		text->len);
	measure("attachment in base64", "Content-Type: application/pdf; name=a.pdf\n"
					"Content-Transfer-Encoding: base64\n\n", wrapped->str, wrapped->len);
	return EXIT_SUCCESS;
}
