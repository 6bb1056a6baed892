/*
 * HTML to text: MB/s, and the text itself for a look.
 *
 *     htmlbench RUNS FILE...          one line a file: bytes, milliseconds of CPU, MB/s (best run)
 *     htmlbench 0 WIDTH FILE          the text, broken at WIDTH, as a terminal would show it
 */
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <glib.h>

#include "base/text.h"
#include "mime/body.h"
#include "mime/charset.h"
#include "mime/document.h"
#include "mime/html.h"
#include "mime/text.h"

static double cpu(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static GString *load(const char *path)
{
	GString *utf8 = g_string_new(NULL);
	g_autofree char *bytes = NULL;
	gsize len = 0;

	if (!g_file_get_contents(path, &bytes, &len, NULL))
		exit(1);
	charset_append(utf8, NULL, bytes, len);
	return utf8;
}

static double render(const GString *page, int width, struct body_text *b)
{
	struct html_how how = { .width = width };
	struct html_out out;
	double begin = cpu();

	body_text_init(b);
	out = (struct html_out){ .text = b->text, .spans = b->spans, .links = b->links };
	html_to_text(page->str, page->len, &how, &out);
	return cpu() - begin;
}

static void measure(const char *path, int runs)
{
	GString *page = load(path);
	double best = 1e9;

	for (int i = 0; i < runs; i++) {
		struct body_text b;
		double took = render(page, 80, &b);

		best = MIN(best, took);
		body_text_clear(&b);
	}
	printf("%zu %.3f %.1f %s\n", page->len, best * 1e3, (double)page->len / best / 1e6, path);
	g_string_free(page, TRUE);
}

/* The cells by which the continuation of the line at `at` is indented. */
static int indent_of(const struct body_text *b, size_t at)
{
	int cells = 0;

	for (guint i = 0; i < b->spans->len; i++) {
		const struct document_span *s = &g_array_index(b->spans, struct document_span, i);

		if (s->kind == SPAN_INDENT && s->at <= at && at < s->at + (size_t)s->len)
			cells = s->value;
	}
	return cells;
}

static void print_line(const char *s, int width, int indent)
{
	int used = 0;
	g_auto(GStrv) words = NULL;

	if (text_width(s) <= width) {
		puts(s);
		return;
	}
	words = g_strsplit(s, " ", -1);
	for (int i = 0; words[i]; i++) {
		int cells = text_width(words[i]);

		if (i > 0 && used + 1 + cells > width) {
			printf("\n%*s", indent, "");
			used = indent;
		} else if (i > 0) {
			putchar(' ');
			used++;
		}
		fputs(words[i], stdout);
		used += cells;
	}
	putchar('\n');
}

static void show(const char *path, int width)
{
	GString *page = load(path);
	struct body_text b;
	char *end;

	render(page, width, &b);
	for (char *line = b.text->str; (end = strchr(line, '\n')); line = end + 1) {
		*end = '\0';
		print_line(line, width, indent_of(&b, (size_t)(line - b.text->str)));
	}
	body_text_clear(&b);
	g_string_free(page, TRUE);
}

int main(int argc, char **argv)
{
	int runs = argc > 2 ? atoi(argv[1]) : -1;

	setlocale(LC_ALL, "C.UTF-8");
	mime_init();
	if (runs < 0 || (runs == 0 && argc != 4))
		return 2;
	if (runs == 0)
		show(argv[3], atoi(argv[2]));
	for (int i = 2; runs > 0 && i < argc; i++)
		measure(argv[i], runs);
	return 0;
}
