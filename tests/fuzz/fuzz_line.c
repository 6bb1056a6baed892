/*
 * A libFuzzer target: one text and the one reader it is meant for, chosen by
 * the first byte.  fuzz_imap.c goes through whole dialogues; here the fuzzer
 * gets deep into single parsers, and what they promise is checked:
 * what was read can be written and is read alike again, a set stays within its
 * bounds, and nothing outside the text is looked at (the text stands in a block
 * of its own, without a NUL behind it).
 */
#include <stdlib.h>
#include <string.h>

#include "mime/text.h"
#include "provider/imap/command.h"
#include "provider/imap/memory.h"
#include "provider/imap/pull.h"
#include "provider/imap/select.h"
#include "provider/imap/status.h"
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

static void promise(bool kept)
{
	if (!kept)
		abort();
}

/* --- capabilities and ENABLED -------------------------------------------------------- */

static void capabilities(struct scan s)
{
	struct plan a = { .known = false }, b = { .known = false };
	struct scan again = s;

	plan_read(&a, &s);
	plan_read(&b, &again);
	promise(s.p == again.p && memcmp(&a, &b, sizeof a) == 0);
	promise(s.p <= s.end);
}

static void enabled(struct scan s)
{
	struct plan p = { .known = false };

	plan_enabled(&p, &s);
	promise(s.p <= s.end);
}

/* --- numbers ------------------------------------------------------------------------- */

static void set(struct scan s)
{
	g_autoptr(GArray) uids = g_array_new(FALSE, FALSE, sizeof(uint64_t));
	g_autoptr(GArray) again = g_array_new(FALSE, FALSE, sizeof(uint64_t));
	g_autoptr(GString) text = g_string_new(NULL);
	struct scan back;
	size_t n;

	if (s.end - s.p > 64 || !uidset_read(&s, uids) || uids->len == 0)
		return;
	promise(uids->len <= UIDSET_EXPAND_MAX);
	n = uidset_sort((uint64_t *)(void *)uids->data, uids->len);
	n = uidset_write(text, (uint64_t *)(void *)uids->data, n);
	back = (struct scan){ text->str, text->str + text->len };
	promise(n >= 1 && uidset_read(&back, again) && again->len == n);
	promise(memcmp(uids->data, again->data, n * sizeof(uint64_t)) == 0);
}

static int by_first(const void *a, const void *b)
{
	const struct span *x = a, *y = b;

	return x->first < y->first ? -1 : x->first > y->first;
}

/* A set of any size stays pieces; they are within the bounds, and no more than were allowed. */
static void spans(struct scan s)
{
	enum { LOW = 3, HIGH = 4294967295, MAX = 50 };
	g_autoptr(GArray) a = g_array_new(FALSE, FALSE, sizeof(struct span));
	struct scan count = s;
	uint64_t n = uidset_count(&count, LOW, HIGH), sum = 0;
	bool whole = uidset_spans(&s, LOW, HIGH, MAX, a);

	promise(a->len <= MAX);
	for (guint i = 0; i < a->len; i++) {
		const struct span *x = &g_array_index(a, struct span, i);

		promise(x->first >= LOW && x->first <= x->last && x->last <= HIGH);
		sum += x->last - x->first + 1;
	}
	promise(!whole || sum == n);
	g_array_sort(a, by_first);
	uidset_spans_join(a);
	for (guint i = 1; i < a->len; i++)
		promise(g_array_index(a, struct span, i - 1).last <
			g_array_index(a, struct span, i).first);
}

static void cursor(const char *text)
{
	struct position p = { 0 }, again = { 0 };
	bool read = position_read(text, &p);

	promise(read == position_read(text, &again));
	promise(!read || (p.uidvalidity == again.uidvalidity && p.low == again.low));
}

static void date(struct scan s)
{
	(void)internaldate_parse((struct slice){ s.p, (size_t)(s.end - s.p), false });
}

/* What was remembered and is written again is remembered alike. */
static void memory(const char *text)
{
	struct memory m = { 0 }, again = { 0 };
	g_autofree char *first = NULL, *second = NULL;

	memory_read(&m, text);
	first = memory_write(&m);
	memory_read(&again, first);
	second = memory_write(&again);
	promise(strcmp(first, second) == 0);
	promise(!m.before || strlen(m.before) <= MEMORY_WORDS_MAX);
	memory_release(&m);
	memory_release(&again);
}

/* --- answers ------------------------------------------------------------------------- */

static void untagged(const char *p, const char *end)
{
	struct selecting sel = { .path = "INBOX" };
	struct box_status status;
	struct slice box = { 0 }, id = { 0 };
	struct response r;
	struct fetch f;
	struct scan s;

	response_parse(p, end, &r);
	promise(r.rest.p <= r.rest.end && r.rest.end <= end);
	(void)status_read(&r, &box, &status, &id);
	promise(!box.p || (box.p >= p && box.p + box.n <= end));
	select_note(&sel, &r);
	s = r.rest;
	if (slice_is(r.word, "FETCH") && fetch_parse(r.number, &s, &f) && f.uid)
		(void)row_message(row, &f);
	s = r.rest;
	while (!scan_at_end(&s) && (scan_skip(&s) || scan_char(&s, ' ')))
		;
	promise(s.p <= end);
}

static void tagged(const char *p, const char *end)
{
	g_autofree char *line = g_strdup_printf("T1 %.*s", (int)(end - p), p);
	struct response r;
	struct answer a;
	struct resp_text t;

	response_parse(line, line + strlen(line), &r);
	answer_parse(&r, &a);
	resp_text_parse(r.rest, &t);
	promise(memchr(a.code, '\0', sizeof a.code) && memchr(a.text, '\0', sizeof a.text));
	promise(g_utf8_validate(a.text, -1, NULL));
}

static void name(const char *text)
{
	char *plain = utf7_name(text, '/');

	promise(plain && g_utf8_validate(plain, -1, NULL));
	g_free(plain);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *copy;
	const char *end;
	struct scan s;

	if (size < 2)
		return 0;
	copy = malloc(size - 1);
	memcpy(copy, data + 1, size - 1);
	end = copy + size - 1;
	s = (struct scan){ copy, end };
	switch (data[0]) {
	case 'c':
		capabilities(s);
		break;
	case 'e':
		enabled(s);
		break;
	case 'u':
		set(s);
		spans(s);
		break;
	case 'd':
		date(s);
		break;
	case 'v':
		untagged(copy, end);
		break;
	case 't':
		tagged(copy, end);
		break;
	default: {
		g_autofree char *text = g_strndup(copy, size - 1);

		if (data[0] == 'p')
			cursor(text);
		else if (data[0] == 'n')
			name(text);
		else if (data[0] == 'm')
			memory(text);
	}
	}
	free(copy);
	return 0;
}
