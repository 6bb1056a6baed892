/*
 * mime-cpython: the test messages of Python's email package, and what that
 * package makes of them (expected.json, by cpython_oracle.py).
 */
#include <string.h>

#include <jansson.h>

#include "base/mem.h"
#include "mime/content.h"
#include "set.h"
#include "test_mime.h"

static const char *string_at(json_t *o, const char *key)
{
	return json_string_value(json_object_get(o, key));
}

/* Decoded bytes as the oracle tells them: without CR and the blanks at the end. */
static bool same_content(const char *latin1, const struct node *n)
{
	g_autoptr(GString) have = content_bytes(n, 16 << 20, NULL);
	g_autofree char *utf8 = NULL;
	gsize to = 0;

	for (gsize i = 0; i < have->len; i++)
		if (have->str[i] != '\r')
			have->str[to++] = have->str[i];
	while (to > 0 && strchr(" \t\n\v\f", have->str[to - 1]))
		to--;
	utf8 = g_convert(have->str, (gssize)to, "UTF-8", "ISO-8859-1", NULL, NULL, NULL);
	return utf8 && strcmp(utf8, latin1) == 0;
}

static void check_part(json_t *want, const struct document_part *p, const struct node *n, guint i,
	GString *why)
{
	const char *name = string_at(want, "name"), *content = string_at(want, "content");

	if (strcmp(string_at(want, "type"), p->type) != 0)
		g_string_append_printf(why, "part %u is %s; ", i, p->type);
	if (g_strcmp0(name, p->filename) != 0)
		g_string_append_printf(why, "the name of part %u is %s; ", i, p->filename);
	if (content && !same_content(content, n))
		g_string_append_printf(why, "the content of part %u; ", i);
}

static void run(struct set *s, const char *path, json_t *want)
{
	g_autofree char *bytes = NULL;
	g_autoptr(GString) why = g_string_new(NULL);
	AUTO(document_free) struct document *d = NULL;
	json_t *parts = json_object_get(want, "parts");
	const char *subject = string_at(want, "subject");
	struct tree t;
	gsize len;

	bytes = set_read(path, &len);
	d = document_of(bytes, len);
	if (!tree_open(&t, bytes, len))
		g_string_append(why, "no header; ");
	else if (json_array_size(parts) != d->parts->len)
		g_string_append_printf(why, "%u parts and not %zu; ", d->parts->len,
			json_array_size(parts));
	for (guint i = 0; why->len == 0 && i < d->parts->len; i++)
		check_part(json_array_get(parts, i), d->parts->pdata[i],
			outline_node(t.nodes, (int)i), i, why);
	if (subject && g_strcmp0(subject, document_header(d, "Subject")) != 0)
		g_string_append_printf(why, "the subject is %s; ", document_header(d, "Subject"));
	set_case(s, set_name("cpython", path), why->len == 0, why->str);
	tree_close(&t);
}

bool set_cpython(void)
{
	struct set *s = set_open("cpython");
	g_autofree char *path = g_build_filename(TEST_DATA, "mime/cpython/expected.json", NULL);
	json_t *want = json_load_file(path, JSON_ALLOW_NUL, NULL);
	const char *name;
	json_t *one;

	ck_assert_ptr_nonnull(want);
	json_object_foreach(want, name, one) {
		g_autofree char *file = g_build_filename(TEST_DATA, "mime/cpython", name, NULL);

		run(s, file, one);
	}
	json_decref(want);
	return set_close(&s);
}
