#include "provider/world.h"

#include <string.h>

static int by_text(gconstpointer a, gconstpointer b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

void picture_box(GPtrArray *lines, const char *box)
{
	g_ptr_array_add(lines, g_strdup_printf("[%s]", box));
}

void picture_message(GPtrArray *lines, const char *box, const char *id, const char *words)
{
	g_autofree char *lower = g_ascii_strdown(words, -1), *bare = g_strdup(id ? id : "-");
	g_auto(GStrv) list = g_strsplit(lower, " ", 0);
	g_autoptr(GPtrArray) sorted = g_ptr_array_new();
	g_autofree char *joined = NULL;

	for (char **w = list; *w; w++)
		if (**w)
			g_ptr_array_add(sorted, *w);
	g_ptr_array_sort(sorted, by_text);
	g_ptr_array_add(sorted, NULL);
	joined = g_strjoinv(" ", (char **)sorted->pdata);
	if (*bare == '<')
		memmove(bare, bare + 1, strlen(bare));
	bare[strcspn(bare, ">")] = '\0';
	g_ptr_array_add(lines, g_strdup_printf("%s %s %s", box, bare, joined));
}

char *picture_end(GPtrArray *lines)
{
	char *text;

	g_ptr_array_sort(lines, by_text);
	g_ptr_array_add(lines, NULL);
	text = g_strjoinv("\n", (char **)lines->pdata);
	g_ptr_array_unref(lines);
	return text;
}
