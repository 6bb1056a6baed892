#include "set.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "test_mime.h"

struct set {
	char *folder;
	GHashTable *reasons; /* case -> reason, taken out when it failed */
	int cases, passed, reasoned, wrong;
};

char *set_read(const char *path, gsize *len)
{
	char *bytes = NULL;

	ck_assert_msg(g_file_get_contents(path, &bytes, len, NULL), "%s", path);
	return bytes;
}

struct set *set_open(const char *folder)
{
	struct set *s = g_new0(struct set, 1);
	g_autofree char *path = g_build_filename(TEST_DATA, "mime", folder, "disagreements", NULL);
	g_autofree char *text = NULL;
	g_auto(GStrv) lines = NULL;

	s->folder = g_strdup(folder);
	s->reasons = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
	if (!g_file_get_contents(path, &text, NULL, NULL))
		return s;
	lines = g_strsplit(text, "\n", -1);
	for (char **l = lines; *l; l++) {
		size_t n = strcspn(*l, " \t");

		if (**l == '#' || n == 0)
			continue;
		ck_assert_msg((*l)[n] != '\0', "%s: no reason: %s", path, *l);
		g_hash_table_insert(s->reasons, g_strndup(*l, n), g_strdup(*l + n + 1));
	}
	return s;
}

void set_case(struct set *s, const char *name, bool holds, const char *why)
{
	bool listed = g_hash_table_contains(s->reasons, name);

	s->cases++;
	s->passed += holds;
	if (holds && listed) {
		s->wrong++;
		printf("%s: %s is listed as a disagreement, but holds\n", s->folder, name);
	} else if (!holds && !listed) {
		s->wrong++;
		printf("%s: %s: %s\n", s->folder, name, why ? why : "differs");
	}
	s->reasoned += !holds && listed;
	g_hash_table_remove(s->reasons, name);
}

bool set_close(struct set **s)
{
	GHashTableIter it;
	gpointer name;
	bool well;

	g_hash_table_iter_init(&it, (*s)->reasons);
	while (g_hash_table_iter_next(&it, &name, NULL)) {
		(*s)->wrong++;
		printf("%s: %s is listed as a disagreement, but there is no such case\n",
			(*s)->folder, (char *)name);
	}
	printf("mime-%s: %d/%d (%d reasoned disagreements)\n", (*s)->folder, (*s)->passed,
		(*s)->cases, (*s)->reasoned);
	fflush(stdout);
	well = (*s)->wrong == 0;
	g_hash_table_unref((*s)->reasons);
	g_free((*s)->folder);
	g_clear_pointer(s, g_free);
	return well;
}

static int by_name(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static void find(const char *dir, const char *end, GPtrArray *out)
{
	g_autoptr(GDir) d = g_dir_open(dir, 0, NULL);
	const char *name;

	while (d && (name = g_dir_read_name(d))) {
		char *path = g_build_filename(dir, name, NULL);

		if (g_file_test(path, G_FILE_TEST_IS_DIR))
			find(path, end, out);
		if (g_str_has_suffix(name, end) && g_file_test(path, G_FILE_TEST_IS_REGULAR))
			g_ptr_array_add(out, path);
		else
			g_free(path);
	}
}

GPtrArray *set_files(const char *folder, const char *end)
{
	GPtrArray *files = g_ptr_array_new_with_free_func(g_free);
	g_autofree char *dir = g_build_filename(TEST_DATA, "mime", folder, NULL);

	find(dir, end, files);
	g_ptr_array_sort(files, by_name);
	ck_assert_msg(files->len > 0, "nothing in %s", dir);
	return files;
}

const char *set_name(const char *folder, const char *path)
{
	g_autofree char *dir = g_build_filename(TEST_DATA, "mime", folder, NULL);

	return path + strlen(dir) + 1;
}

bool tree_open(struct tree *t, const char *bytes, gsize len)
{
	bool cut = false;

	*t = (struct tree){ .fd = file_of(bytes, len) };
	ck_assert_int_eq(opened_parse(t->fd, 0, &t->opened, NULL), 0);
	if (!t->opened.message)
		return false;
	t->nodes = outline_build(g_mime_message_get_mime_part(t->opened.message),
		DOCUMENT_DEPTH_MAX, DOCUMENT_PARTS_MAX, &cut);
	return true;
}

void tree_close(struct tree *t)
{
	if (t->nodes)
		g_array_unref(t->nodes);
	opened_release(&t->opened);
	close(t->fd);
}
