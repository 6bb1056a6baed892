/*
 * mime-lowquality: badly made mail (tests/data/mime/lowquality).  Each must open,
 * show what can be read and list what is attached; delivery reports must read
 * as sentences.  expected: "FILE<tab>words in the text<tab>attachment names".
 */
#include <string.h>

#include "base/mem.h"
#include "set.h"
#include "test_mime.h"

/* Something is shown or offered, unless every part is empty. */
static bool is_visible(const struct document *d)
{
	uint64_t bytes = 0;
	bool offered = *d->text || d->note;

	for (guint i = 0; i < d->parts->len; i++) {
		const struct document_part *p = d->parts->pdata[i];

		offered |= p->attachment;
		bytes += p->size;
	}
	return offered || bytes == 0;
}

static bool lists(const struct document *d, const char *name)
{
	for (guint i = 0; i < d->parts->len; i++) {
		const struct document_part *p = d->parts->pdata[i];

		if (p->attachment && (*name == '*' || g_strcmp0(p->filename, name) == 0))
			return true;
	}
	return false;
}

static guint attachments(const struct document *d)
{
	guint n = 0;

	for (guint i = 0; i < d->parts->len; i++)
		n += ((const struct document_part *)d->parts->pdata[i])->attachment;
	return n;
}

static void check(const struct document *d, char **want, GString *why)
{
	g_auto(GStrv) words = g_strsplit(want[1], "|", -1);
	g_auto(GStrv) names = g_strsplit(want[2], "|", -1);

	for (char **w = words; *w; w++)
		if (!strstr(d->text, *w))
			g_string_append_printf(why, "\"%s\" is not in the text; ", *w);
	for (char **n = names; *n; n++)
		if (**n && !lists(d, *n))
			g_string_append_printf(why, "no attachment %s; ", *n);
	if (attachments(d) != (*want[2] ? g_strv_length(names) : 0))
		g_string_append_printf(why, "%u attachments; ", attachments(d));
}

bool set_lowquality(void)
{
	struct set *s = set_open("lowquality");
	g_autofree char *path = g_build_filename(TEST_DATA, "mime/lowquality/expected", NULL);
	g_autofree char *text = set_read(path, NULL);
	g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
	g_autoptr(GPtrArray) files = set_files("lowquality", ".raw");
	guint told = 0;

	for (char **l = lines; *l; l++) {
		g_auto(GStrv) want = g_strsplit(*l, "\t", 3);
		g_autofree char *file = NULL, *bytes = NULL;
		g_autoptr(GString) why = g_string_new(NULL);
		AUTO(document_free) struct document *d = NULL;
		gsize len;

		if (**l == '#' || g_strv_length(want) < 3)
			continue;
		told++;
		file = g_build_filename(TEST_DATA, "mime/lowquality", want[0], NULL);
		bytes = set_read(file, &len);
		d = document_of(bytes, len);
		if (!is_visible(d))
			g_string_append(why, "nothing to see; ");
		check(d, want, why);
		set_case(s, want[0], why->len == 0, why->str);
	}
	ck_assert_uint_eq(told, files->len);
	return set_close(&s);
}
