/*
 * mime-mime4j: messages with broken boundaries, mixed line ends and bad
 * encodings, the tree that Apache James makes of each, and the decoded bytes of
 * its leaves (tests/data/mime/mime4j).
 */
#include <string.h>

#include <libxml/parser.h>

#include "mime/content.h"
#include "set.h"
#include "test_mime.h"

struct walk {
	struct tree *tree;
	char *dir;
	int next;
	GString *why;
};

static bool is_called(xmlNode *e, const char *name)
{
	return e->type == XML_ELEMENT_NODE && strcmp((const char *)e->name, name) == 0;
}

/* Bytes without CR and line ends at the end: what differs between systems. */
static void level(GString *s)
{
	gsize to = 0;

	for (gsize i = 0; i < s->len; i++)
		if (s->str[i] != '\r')
			s->str[to++] = s->str[i];
	g_string_truncate(s, to);
	while (s->len > 0 && strchr(" \t\n", s->str[s->len - 1]))
		g_string_truncate(s, s->len - 1);
}

static void check_leaf(struct walk *w, xmlNode *e)
{
	struct node *n = outline_node(w->tree->nodes, w->next);
	xmlChar *file = xmlGetProp(e, (const xmlChar *)"name");
	g_autofree char *path = g_build_filename(w->dir, (const char *)file, NULL);
	g_autoptr(GString) want = NULL, have = NULL;
	gsize len;
	char *bytes = set_read(path, &len);

	want = g_string_new_len(bytes, (gssize)len);
	g_free(bytes);
	have = content_bytes(n, 16 << 20, NULL);
	level(want);
	level(have);
	if (!g_string_equal(want, have))
		g_string_append_printf(w->why, "%s: %zu bytes and not %zu; ", (const char *)file,
			have->len, want->len);
	xmlFree(file);
}

/* A part: the children of its element are a header and a body. */
static void check_part(struct walk *w, xmlNode *part)
{
	for (xmlNode *e = part->children; e; e = e->next) {
		if (!is_called(e, "multipart") && !is_called(e, "message") &&
			!is_called(e, "text-body") && !is_called(e, "binary-body"))
			continue;
		if (w->next >= (int)w->tree->nodes->len) {
			g_string_append(w->why, "a part less; ");
			return;
		}
		if (is_called(e, "multipart")) {
			w->next++;
			for (xmlNode *c = e->children; c; c = c->next)
				if (is_called(c, "body-part"))
					check_part(w, c);
		} else if (is_called(e, "message")) {
			w->next++;
			check_part(w, e);
		} else {
			check_leaf(w, e);
			w->next++;
		}
	}
}

static void run(struct set *s, const char *path)
{
	g_autofree char *xml = g_strdup_printf("%.*s_decoded.xml", (int)strlen(path) - 4, path);
	g_autofree char *bytes = NULL;
	xmlDoc *doc = xmlReadFile(xml, NULL, XML_PARSE_NONET | XML_PARSE_NOERROR);
	struct tree t;
	struct walk w = { .tree = &t, .dir = g_path_get_dirname(path), .why = g_string_new(NULL) };
	gsize len;

	bytes = set_read(path, &len);
	if (!doc)
		g_string_append(w.why, "no expectation; ");
	else if (!tree_open(&t, bytes, len))
		g_string_append(w.why, "no header; ");
	else
		check_part(&w, xmlDocGetRootElement(doc));
	if (w.why->len == 0 && w.next < (int)t.nodes->len && !outline_node(t.nodes, 0)->made)
		g_string_append(w.why, "a part more; ");
	set_case(s, set_name("mime4j", path), w.why->len == 0, w.why->str);
	if (doc)
		tree_close(&t);
	xmlFreeDoc(doc);
	g_free(w.dir);
	g_string_free(w.why, TRUE);
}

bool set_mime4j(void)
{
	struct set *s = set_open("mime4j");
	g_autoptr(GPtrArray) files = set_files("mime4j", ".msg");

	for (guint i = 0; i < files->len; i++)
		run(s, files->pdata[i]);
	return set_close(&s);
}
