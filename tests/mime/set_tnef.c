/*
 * tnef: winmail.dat files with the names and the bytes of what is in them
 * (tests/data/mime/tnef).  X.list names the files; X-body.rtf and X-body.html
 * stand for the message's own text, of which tern keeps the words.
 */
#include <string.h>

#include "base/mem.h"
#include "mime/content.h"
#include "set.h"
#include "test_mime.h"

static struct node *file_named(struct tree *t, const char *name)
{
	for (int i = 0; i < (int)t->nodes->len; i++) {
		struct node *n = outline_node(t->nodes, i);

		if (n->depth == 1 && n->attachment && g_strcmp0(n->filename, name) == 0)
			return n;
	}
	return NULL;
}

static void check_file(struct tree *t, const char *name, GString *why)
{
	g_autofree char *path = g_strdup_printf("%s/mime/tnef/baselines/%s.baseline", TEST_DATA, name);
	struct node *n = file_named(t, name);
	g_autoptr(GString) have = n ? content_bytes(n, 64 << 20, NULL) : NULL;
	g_autofree char *want = NULL;
	gsize len;

	if (!n)
		g_string_append_printf(why, "no file %s; ", name);
	else if (g_file_get_contents(path, &want, &len, NULL) &&
		 (len != have->len || memcmp(want, have->str, len) != 0))
		g_string_append_printf(why, "%s has other bytes; ", name);
}

static char *as_mail(const char *bytes, gsize len, gsize *n)
{
	static const char head[] = "Subject: x\nContent-Type: application/ms-tnef; "
				   "name=winmail.dat\n\n";
	char *mail = g_malloc(sizeof head + len);

	memcpy(mail, head, sizeof head - 1);
	memcpy(mail + sizeof head - 1, bytes, len);
	*n = sizeof head - 1 + len;
	return mail;
}

static void run(struct set *s, const char *path)
{
	g_autofree char *list = g_strdup_printf("%.*s.list", (int)strlen(path) - 5, path);
	g_autofree char *bytes = NULL, *mail = NULL, *names = set_read(list, NULL);
	g_auto(GStrv) lines = g_strsplit(names, "\n", -1);
	g_autoptr(GString) why = g_string_new(NULL);
	AUTO(document_free) struct document *d = NULL;
	struct tree t;
	gsize len, n;

	bytes = set_read(path, &len);
	mail = as_mail(bytes, len, &n);
	d = document_of(mail, n);
	ck_assert(tree_open(&t, mail, n));
	for (char **l = lines; *l; l++) {
		if (strstr(*l, "-body.") && !*d->text)
			g_string_append(why, "no text; ");
		else if (**l && !strstr(*l, "-body."))
			check_file(&t, *l, why);
	}
	set_case(s, set_name("tnef/datafiles", path), why->len == 0, why->str);
	tree_close(&t);
}

bool set_tnef(void)
{
	struct set *s = set_open("tnef");
	g_autoptr(GPtrArray) files = set_files("tnef/datafiles", ".tnef");

	for (guint i = 0; i < files->len; i++)
		run(s, files->pdata[i]);
	return set_close(&s);
}
