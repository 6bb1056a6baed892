#include "mime/uuencode.h"

#include <string.h>

enum { LINE_MAX_BYTES = 45 };

/* The end of the line at p, behind its '\n'; *n: its length without the line end. */
static const char *line_end(const char *p, const char *end, size_t *n)
{
	const char *nl = memchr(p, '\n', (size_t)(end - p));

	*n = (size_t)((nl ? nl : end) - p);
	if (*n > 0 && p[*n - 1] == '\r')
		(*n)--;
	return nl ? nl + 1 : end;
}

/* "begin 644 name" */
static bool is_begin(const char *p, size_t n, char name[UUENCODE_NAME_MAX])
{
	size_t at = 6;

	if (n < 11 || memcmp(p, "begin ", 6) != 0)
		return false;
	while (at < n && p[at] >= '0' && p[at] <= '7')
		at++;
	if (at < 9 || at > 10 || at + 1 >= n || p[at] != ' ' || n - at - 1 >= UUENCODE_NAME_MAX)
		return false;
	memcpy(name, p + at + 1, n - at - 1);
	name[n - at - 1] = '\0';
	return true;
}

static unsigned value(const char *p, size_t n, size_t i)
{
	return i < n ? (unsigned)(p[i] - ' ') & 63 : 0; /* blanks at line ends get lost on the way */
}

/* One line of data; false = it is none. */
static bool read_line(const char *p, size_t n, GByteArray *data)
{
	size_t want = n > 0 ? value(p, n, 0) : 0;
	guint8 bytes[LINE_MAX_BYTES + 3];

	if (n == 0 || want > LINE_MAX_BYTES || n > 1 + (want + 2) / 3 * 4 + 2)
		return false;
	for (size_t i = 0; i < n; i++)
		if (p[i] < ' ' || p[i] > '`')
			return false;
	for (size_t i = 0, q = 1; i < want; i += 3, q += 4) {
		unsigned a = value(p, n, q), b = value(p, n, q + 1), c = value(p, n, q + 2),
			 d = value(p, n, q + 3);

		bytes[i] = (guint8)(a << 2 | b >> 4);
		bytes[i + 1] = (guint8)(b << 4 | c >> 2);
		bytes[i + 2] = (guint8)(c << 6 | d);
	}
	if (data)
		g_byte_array_append(data, bytes, (guint)want);
	return true;
}

/* The lines behind "begin" up to "end"; NULL if they are not all data. */
static const char *read_block(const char *p, const char *end, GByteArray *data)
{
	while (p < end) {
		size_t n;
		const char *next = line_end(p, end, &n);

		if (n == 3 && memcmp(p, "end", 3) == 0)
			return next;
		if (!read_line(p, n, data))
			return NULL;
		p = next;
	}
	return NULL;
}

bool uuencode_next(const char *text, size_t len, size_t *from, struct uu_block *out,
	GByteArray *data)
{
	const char *end = text + len, *p = text + *from;
	guint before = data ? data->len : 0;

	while (p < end && (p = memmem(p, (size_t)(end - p), "begin ", 6))) {
		size_t n;
		const char *body = line_end(p, end, &n), *stop = NULL;

		if ((p == text || p[-1] == '\n') && is_begin(p, n, out->name))
			stop = read_block(body, end, data);
		if (stop) {
			out->at = (size_t)(p - text);
			out->len = (size_t)(stop - p);
			*from = out->at + out->len;
			return true;
		}
		if (data)
			g_byte_array_set_size(data, before);
		p = body;
	}
	*from = len;
	return false;
}
