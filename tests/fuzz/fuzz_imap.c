/*
 * A libFuzzer target: the reader of IMAP answers, from the guard to the row.
 * `make fuzz` builds and runs it.
 */
#include <stdlib.h>
#include <string.h>

#include "mime/text.h"
#include "net/guard.h"
#include "provider/imap/command.h"
#include "provider/imap/uidset.h"
#include "provider/imap/utf7.h"

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct row *row;

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc;
	(void)argv;
	mime_init();
	row = row_new();
	return 0;
}

/* The verdict of the guard must not depend on the pieces; of two faults, either may be told. */
static bool passes(const char *p, size_t len)
{
	struct guard whole, pieces;
	size_t step = len ? 1 + (unsigned char)p[0] % 13 : 1;
	int a, b = 0;

	guard_init(&whole);
	guard_init(&pieces);
	a = guard_in(&whole, p, len, NULL);
	for (size_t at = 0; b == 0 && at < len; at += step)
		b = guard_in(&pieces, p + at, MIN(step, len - at), NULL);
	if ((a == 0) != (b == 0))
		abort();
	return a == 0;
}

static void look_at(const char *p, const char *end)
{
	struct response r;
	struct resp_text t;
	struct answer a;
	struct fetch f;
	struct scan s;
	struct plan plan = { .known = false };
	g_autoptr(GArray) set = g_array_new(FALSE, FALSE, sizeof(uint64_t));

	response_parse(p, end, &r);
	answer_parse(&r, &a);
	resp_text_parse(r.rest, &t);
	s = r.rest;
	plan_read(&plan, &s);
	s = r.rest;
	if (end - p < 200)
		(void)uidset_read(&s, set);
	s = r.rest;
	if (fetch_parse(r.number, &s, &f) && f.uid)
		(void)row_message(row, &f);
	s = r.rest;
	while (!scan_at_end(&s) && (scan_skip(&s) || scan_char(&s, ' ')))
		;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *copy = malloc(size + 1), *name;
	const char *p = copy, *end = copy + size;

	memcpy(copy, data, size);
	copy[size] = '\0';
	(void)passes(copy, size);
	while (p < end) {
		const char *nl = memchr(p, '\n', (size_t)(end - p)), *line = p,
			   *stop = nl ? nl + 1 : end;
		uint64_t n;

		while (nl && guard_announces(line, stop, &n) > 0 && (uint64_t)(end - stop) > n) {
			line = stop + n;
			nl = memchr(line, '\n', (size_t)(end - line));
			stop = nl ? nl + 1 : end;
		}
		look_at(p, stop);
		p = stop;
	}
	name = utf7_name(copy, '.');
	g_free(name);
	free(copy);
	return 0;
}
