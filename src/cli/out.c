/*
 * Data to standard output, talk to standard error.  Every string of either
 * that a terminal may see has gone through text_clean.
 */
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/text.h"
#include "cli/command.h"
#include "model/flags.h"

enum { CHUNK = 64 * 1024 };

void say(const char *fmt, ...)
{
	g_autofree char *raw = NULL, *clean = NULL;
	va_list ap;

	va_start(ap, fmt);
	raw = g_strdup_vprintf(fmt, ap);
	va_end(ap);
	clean = text_clean(raw, -1, true);
	fprintf(stderr, "tern: %s\n", clean);
}

static int exit_of(const struct err *err)
{
	if (err->code == ERR_USAGE)
		return EXIT_USAGE;
	return err->code == ERR_GONE ? EXIT_NOTHING : EXIT_FAILED;
}

int say_error(const struct err *err)
{
	if (err->code != ERR_CANCELED)
		say("%s", err->text);
	return exit_of(err);
}

bool out_abandoned(void)
{
	struct pollfd fd = { .fd = STDOUT_FILENO };

	return poll(&fd, 1, 0) > 0 && fd.revents & (POLLERR | POLLHUP | POLLNVAL);
}

bool out_alive(void)
{
	return fflush(stdout) == 0 && !ferror(stdout) && !out_abandoned();
}

int out_bytes(int fd)
{
	char chunk[CHUNK];
	ssize_t n;

	while ((n = read(fd, chunk, sizeof chunk)) > 0 && out_alive())
		fwrite(chunk, 1, (size_t)n, stdout);
	return n < 0 ? -1 : 0;
}

/* Controls, marks that turn the direction of a line, and invisible ones that a terminal may obey. */
static bool obeyed(gunichar c)
{
	switch (g_unichar_type(c)) {
	case G_UNICODE_CONTROL:
	case G_UNICODE_FORMAT:
	case G_UNICODE_LINE_SEPARATOR:
	case G_UNICODE_PARAGRAPH_SEPARATOR:
		return true;
	default:
		return false;
	}
}

/* As JSON writes it: in two halves beyond the first plane. */
static void escape(gunichar c)
{
	if (c >= 0x10000)
		printf("\\u%04x\\u%04x", 0xD7C0 + (c >> 10), 0xDC00 + (c & 0x3FF));
	else
		printf("\\u%04x", c);
}

void out_line(const char *json)
{
	const char *from = json, *next;

	for (const char *p = json; *p; p = next) {
		next = g_utf8_next_char(p);
		if (!obeyed(g_utf8_get_char(p)))
			continue;
		fwrite(from, 1, (size_t)(p - from), stdout);
		escape(g_utf8_get_char(p));
		from = next;
	}
	puts(from);
}

void out_json(json_t *line)
{
	char *text = json_dumps(line, JSON_COMPACT);

	if (text)
		out_line(text);
	free(text);
	json_decref(line);
}

json_t *json_text(const char *s)
{
	g_autofree char *valid = s ? g_utf8_make_valid(s, -1) : NULL;

	return valid ? json_string(valid) : json_null();
}

char *time_text(int64_t unix_s)
{
	time_t t = (time_t)unix_s;
	struct tm tm;
	char out[40];

	if (!gmtime_r(&t, &tm) || strftime(out, sizeof out, "%Y-%m-%dT%H:%M:%SZ", &tm) == 0)
		return NULL;
	return g_strdup(out);
}

json_t *json_time(int64_t unix_s)
{
	g_autofree char *s = unix_s ? time_text(unix_s) : NULL;

	return json_text(s);
}

json_t *json_words(const char *words)
{
	g_auto(GStrv) all = g_strsplit(words ? words : "", " ", -1);
	json_t *list = json_array();

	for (size_t i = 0; all[i]; i++)
		if (*all[i])
			json_array_append_new(list, json_text(all[i]));
	return list;
}

json_t *json_flags(unsigned flags)
{
	char names[FLAGS_NAMES_MAX];

	flags_to_imap(flags, names);
	return json_text(names);
}

json_t *json_id(int64_t id)
{
	return id ? json_integer(id) : json_null();
}

/* --- columns ------------------------------------------------------------- */

struct table {
	size_t columns;
	const int *max;
	int *width;
	GPtrArray *cells; /* of char *, row after row, cleaned */
};

struct table *table_new(size_t columns, const int *max)
{
	struct table *t = g_new0(struct table, 1);

	t->columns = columns;
	t->max = max;
	t->width = g_new0(int, columns);
	t->cells = g_ptr_array_new_with_free_func(g_free);
	return t;
}

/* Cuts a cleaned text to at most `cells`. */
static char *cut(char *s, int cells)
{
	struct text_iter it;
	GString *out;
	int width, used = 0;
	uint32_t c;

	if (cells <= 0 || text_width(s) <= cells)
		return s;
	out = g_string_new(NULL);
	text_iter_init(&it, s, -1);
	while ((c = text_next(&it, &width)) && used + width < cells) {
		g_string_append_unichar(out, c);
		used += width;
	}
	g_string_append_unichar(out, 0x2026); /* ... */
	g_free(s);
	return g_string_free(out, FALSE);
}

void table_row(struct table *t, const char *const *cells)
{
	for (size_t i = 0; i < t->columns; i++) {
		char *cell = cut(text_clean(cells[i] ? cells[i] : "", -1, false), t->max[i]);

		t->width[i] = MAX(t->width[i], text_width(cell));
		g_ptr_array_add(t->cells, cell);
	}
}

void table_print(struct table *t)
{
	for (guint i = 0; i < t->cells->len && !ferror(stdout); i++) {
		const char *cell = t->cells->pdata[i];
		size_t column = i % t->columns;
		bool last = column + 1 == t->columns;

		fputs(cell, stdout);
		if (last)
			putchar('\n');
		else
			printf("%*s", t->width[column] - text_width(cell) + 2, "");
	}
}

void table_free(struct table **t)
{
	if (!*t)
		return;
	g_free((*t)->width);
	g_ptr_array_unref((*t)->cells);
	g_free(*t);
	*t = NULL;
}
