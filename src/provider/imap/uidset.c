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

static bool range(struct scan *s, GArray *out)
{
	uint64_t from, to;

	if (!scan_number(s, &from))
		return false;
	to = from;
	if (scan_char(s, ':') && !scan_number(s, &to))
		return false;
	if (from == 0 || to == 0 || MAX(from, to) > INT64_MAX)
		return false;
	if ((from > to ? from - to : to - from) >= UIDSET_EXPAND_MAX - out->len)
		return false;
	for (uint64_t uid = MIN(from, to); uid <= MAX(from, to); uid++)
		g_array_append_val(out, uid);
	return true;
}

bool uidset_read(struct scan *s, GArray *out)
{
	do {
		if (!range(s, out))
			return false;
	} while (scan_char(s, ','));
	return true;
}

static int ascending(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return x < y ? -1 : x > y;
}

size_t uidset_sort(uint64_t *uids, size_t n)
{
	size_t kept = 0;

	qsort(uids, n, sizeof *uids, ascending);
	for (size_t i = 0; i < n; i++)
		if (kept == 0 || uids[kept - 1] != uids[i])
			uids[kept++] = uids[i];
	return kept;
}
