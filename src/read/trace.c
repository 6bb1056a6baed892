#include "read/trace.h"

#include <string.h>
#include <unistd.h>

#include "mime/header.h"

static bool counts(const char *name)
{
	return g_ascii_strcasecmp(name, "Received") == 0 ||
	       g_ascii_strcasecmp(name, "Authentication-Results") == 0;
}

/* On one line, one blank for many, as UTF-8 (g_free). */
static char *plain(const char *s, size_t len)
{
	g_autofree char *valid = g_utf8_make_valid(s, (gssize)len);
	GString *out = g_string_new(NULL);

	for (const char *p = valid; *p; p++)
		if (!strchr(" \t\r\n", *p))
			g_string_append_c(out, *p);
		else if (out->len > 0 && out->str[out->len - 1] != ' ')
			g_string_append_c(out, ' ');
	if (out->len > 0 && out->str[out->len - 1] == ' ')
		g_string_truncate(out, out->len - 1);
	return g_string_free(out, FALSE);
}

static void header_free(gpointer p)
{
	struct document_header *h = p;

	g_free(h->name);
	g_free(h->value);
	g_free(h);
}

/* Of the message itself, in order. */
static GPtrArray *own_fields(int fd)
{
	GPtrArray *list = g_ptr_array_new_with_free_func(header_free);
	g_autofree char *block = g_malloc(DOCUMENT_HEADER_MAX);
	ssize_t n = pread(fd, block, DOCUMENT_HEADER_MAX, 0);
	size_t len = n > 0 ? header_block_length(block, (size_t)n) : 0;
	const char *p = block, *end = block + (len ? len : (size_t)MAX(n, 0));
	struct header_field f;

	while (list->len < TRACE_FIELDS_MAX && header_next(&p, end, &f)) {
		g_autofree char *name = g_strndup(f.name, f.name_len);
		struct document_header *h;

		if (!counts(name))
			continue;
		h = g_new0(struct document_header, 1);
		h->name = g_steal_pointer(&name);
		h->value = plain(f.value, f.value_len);
		g_ptr_array_add(list, h);
	}
	return list;
}

static bool same(const struct document_header *own, const struct document_header *its)
{
	g_autofree char *value = plain(its->value, strlen(its->value));

	return g_ascii_strcasecmp(own->name, its->name) == 0 && strcmp(own->value, value) == 0;
}

/* The child's parser may find the end of the headers sooner: leaving out the last ones promotes none. */
static bool agree(const GPtrArray *own, const struct document *d)
{
	guint n = 0;

	for (guint i = 0; i < d->headers->len; i++) {
		const struct document_header *h = d->headers->pdata[i];

		if (counts(h->name) && (n == own->len || !same(own->pdata[n++], h)))
			return false;
	}
	return true;
}

void trace_check(int fd, struct document *d)
{
	g_autoptr(GPtrArray) own = own_fields(fd);

	if (agree(own, d))
		return;
	for (guint i = d->headers->len; i-- > 0;)
		if (counts(((struct document_header *)d->headers->pdata[i])->name))
			g_ptr_array_remove_index(d->headers, i);
	while (own->len > 0)
		g_ptr_array_insert(d->headers, 0, g_ptr_array_steal_index(own, own->len - 1));
}
