#include "provider/imap/uidset.h"

#include <inttypes.h>
#include <stdlib.h>

enum { RANGE_BYTES = 42 }; /* two 20-digit numbers, a colon and a comma */

size_t uidset_write(GString *out, const uint64_t *uids, size_t n)
{
	size_t start = out->len, i = 0;

	while (i < n && out->len - start + RANGE_BYTES <= UIDSET_BYTES_MAX) {
		size_t first = i;

		while (i + 1 < n && uids[i + 1] == uids[i] + 1)
			i++;
		if (out->len > start)
			g_string_append_c(out, ',');
		g_string_append_printf(out, "%" PRIu64, uids[first]);
		if (i > first)
			g_string_append_printf(out, ":%" PRIu64, uids[i]);
		i++;
	}
	return i;
}

bool uidset_next(struct scan *s, struct span *out)
{
	uint64_t from, to;

	(void)scan_char(s, ',');
	if (!scan_number(s, &from))
		return false;
	to = from;
	if (scan_char(s, ':') && !scan_number(s, &to))
		return false;
	if (from == 0 || to == 0 || MAX(from, to) > INT64_MAX)
		return false;
	*out = (struct span){ MIN(from, to), MAX(from, to) };
	return true;
}

bool uidset_read(struct scan *s, GArray *out)
{
	struct span x;

	do {
		if (!uidset_next(s, &x) || x.last - x.first >= UIDSET_EXPAND_MAX - out->len)
			return false;
		for (uint64_t uid = x.first; uid <= x.last; uid++)
			g_array_append_val(out, uid);
	} while (scan_peek(s, ','));
	return true;
}

/* What of x lies in low .. high; false if nothing does. */
static bool cut(struct span *x, uint64_t low, uint64_t high)
{
	x->first = MAX(x->first, low);
	x->last = MIN(x->last, high);
	return x->first <= x->last;
}

uint64_t uidset_count(struct scan *s, uint64_t low, uint64_t high)
{
	struct span x;
	uint64_t n = 0;

	while (uidset_next(s, &x))
		n += cut(&x, low, high) ? x.last - x.first + 1 : 0;
	return n;
}

bool uidset_spans(struct scan *s, uint64_t low, uint64_t high, size_t max, GArray *spans)
{
	struct span x;

	do {
		if (!uidset_next(s, &x) || spans->len >= max)
			return false;
		if (cut(&x, low, high))
			g_array_append_val(spans, x);
	} while (scan_peek(s, ','));
	return true;
}

static int by_first(const void *a, const void *b)
{
	const struct span *x = a, *y = b;

	return x->first < y->first ? -1 : x->first > y->first;
}

void uidset_spans_join(GArray *spans)
{
	struct span *x = (struct span *)(void *)spans->data;
	guint kept = 0;

	g_array_sort(spans, by_first);
	for (guint n = 0; n < spans->len; n++)
		if (kept > 0 && x[n].first <= x[kept - 1].last + 1)
			x[kept - 1].last = MAX(x[kept - 1].last, x[n].last);
		else
			x[kept++] = x[n];
	g_array_set_size(spans, kept);
}

static int ascending(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return x < y ? -1 : x > y;
}

bool uidset_has(const uint64_t *uids, size_t n, uint64_t uid)
{
	return n > 0 && bsearch(&uid, uids, n, sizeof uid, ascending) != NULL;
}

size_t uidset_sort(uint64_t *uids, size_t n)
{
	size_t kept = 0;

	if (n > 0) /* an empty array may be NULL */
		qsort(uids, n, sizeof *uids, ascending);
	for (size_t i = 0; i < n; i++)
		if (kept == 0 || uids[kept - 1] != uids[i])
			uids[kept++] = uids[i];
	return kept;
}
