/*
 * mime-json: messages with the full parse that another reader makes of them
 * (tests/data/mime/json).  Compared are the parts, their types, names and
 * decoded contents, and the decoded headers of the message.
 */
#include <string.h>

#include <jansson.h>

#include "base/mem.h"
#include "mime/address.h"
#include "mime/content.h"
#include "mime/text.h"
#include "set.h"
#include "test_mime.h"

static const char *string_at(json_t *o, const char *key)
{
	return json_string_value(json_object_get(o, key));
}

/* The value of a header by its name and form; NULL if it is not there. */
static json_t *header_of(json_t *part, const char *name, const char *form)
{
	json_t *headers = json_object_get(part, "headers"), *h;
	size_t i;

	json_array_foreach(headers, i, h) {
		const char *have = string_at(h, "name");

		if (have && strcmp(have, name) == 0)
			return json_object_get(json_object_get(h, "value"), form);
	}
	return NULL;
}

static char *without_cr(const char *s)
{
	char *out = g_strdup(s), *to = out;

	for (const char *p = out; *p; p++)
		if (*p != '\r')
			*to++ = *p;
	*to = '\0';
	return out;
}

/* --- parts ------------------------------------------------------------------------ */

struct walk {
	struct tree *tree;
	int next;        /* node that is expected next */
	GString *why;
};

static bool same_type(json_t *part, const struct node *n)
{
	json_t *t = header_of(part, "content_type", "ContentType");
	const char *type = string_at(t, "c_type"), *sub = string_at(t, "c_subtype");
	g_autofree char *want = type && sub ? g_strdup_printf("%s/%s", type, sub) : NULL;

	/* without a header the type is the parent's affair */
	return !want || g_ascii_strcasecmp(want, n->type) == 0;
}

static bool same_bytes(json_t *bytes, const struct node *n)
{
	g_autoptr(GString) have = content_bytes(n, 1 << 20, NULL);
	bool same = json_array_size(bytes) == have->len;

	for (size_t i = 0; same && i < have->len; i++)
		same = json_integer_value(json_array_get(bytes, i)) == (guint8)have->str[i];
	return same;
}

static bool same_text(const char *want, struct node *n)
{
	unsigned notes = 0;
	g_autoptr(GString) have = content_text(n, 1 << 20, &notes);
	g_autofree char *a = without_cr(want), *b = without_cr(have->str);

	return strcmp(g_strchomp(a), g_strchomp(b)) == 0;
}

static void check_part(struct walk *w, json_t *message, json_t *part);

static void check_children(struct walk *w, json_t *message, json_t *children)
{
	json_t *c;
	size_t i;

	json_array_foreach(children, i, c)
		check_part(w, message,
			json_array_get(json_object_get(message, "parts"),
				(size_t)json_integer_value(c)));
}

static void check_part(struct walk *w, json_t *message, json_t *part)
{
	json_t *body = json_object_get(part, "body"), *in;
	struct node *n;
	bool same = true;

	if (w->next >= (int)w->tree->nodes->len) {
		g_string_append(w->why, "a part less; ");
		return;
	}
	n = outline_node(w->tree->nodes, w->next++);
	if (!same_type(part, n))
		g_string_append_printf(w->why, "part %d is %s; ", w->next - 1, n->type);
	if ((in = json_object_get(body, "Multipart"))) {
		check_children(w, message, in);
		return;
	}
	if ((in = json_object_get(body, "Message"))) {
		check_part(w, in, json_array_get(json_object_get(in, "parts"), 0));
		return;
	}
	if ((in = json_object_get(body, "Text")) || (in = json_object_get(body, "Html")))
		same = same_text(json_string_value(in), n);
	else if ((in = json_object_get(body, "Binary")) ||
		 (in = json_object_get(body, "InlineBinary")))
		same = same_bytes(in, n);
	if (!same)
		g_string_append_printf(w->why, "content of part %d; ", w->next - 1);
}

static void check_header(json_t *root, const struct document *d, const char *key,
	const char *name, GString *why)
{
	const char *want = json_string_value(header_of(root, key, "Text"));
	const char *have = document_header(d, name);

	if (want && (!have || strcmp(want, have) != 0))
		g_string_append_printf(why, "%s is \"%s\"; ", name, have ? have : "(none)");
}

static void run_message(struct set *s, const char *path)
{
	g_autofree char *json = g_strdup_printf("%.*s.json", (int)strlen(path) - 4, path);
	g_autofree char *bytes = NULL;
	g_autofree char *plain = NULL;
	json_t *want = json_load_file(json, JSON_ALLOW_NUL, NULL), *root;
	AUTO(document_free) struct document *d = NULL;
	struct tree t;
	struct walk w = { .tree = &t, .why = g_string_new(NULL) };
	gsize len;

	ck_assert_ptr_nonnull(want);
	root = json_array_get(json_object_get(want, "parts"), 0);
	bytes = set_read(path, &len);
	plain = without_cr(bytes);
	d = document_of(plain, strlen(plain));
	if (tree_open(&t, plain, strlen(plain))) {
		check_part(&w, want, root);
		if (w.next < (int)t.nodes->len)
			g_string_append(w.why, "a part more; ");
	} else {
		g_string_append(w.why, "no header; ");
	}
	check_header(root, d, "subject", "Subject", w.why);
	check_header(root, d, "comments", "Comments", w.why);
	set_case(s, set_name("json", path), w.why->len == 0, w.why->str);
	tree_close(&t);
	json_decref(want);
	g_string_free(w.why, TRUE);
}

/* --- lists of headers ---------------------------------------------------------------- */

static bool same_string(const char *a, const char *b)
{
	return strcmp(a ? a : "", b ? b : "") == 0;
}

/* The field as a header block has it: up to a line end that is not folded. */
static size_t field_length(const char *raw)
{
	const char *p = raw;

	while (*p && !(*p == '\n' && p[1] != ' ' && p[1] != '\t'))
		p++;
	return (size_t)(p - raw);
}

static bool address_holds(const char *raw, json_t *want)
{
	json_t *list = json_object_get(want, "List"), *groups = json_object_get(want, "Group");
	g_autofree char *all = address_list_text(raw, field_length(raw), 100000);
	g_autofree char *name = NULL, *addr = NULL;
	json_t *first = json_array_get(list, 0), *group, *a;
	size_t g, i;

	address_first(raw, field_length(raw), 1000, &name, &addr);
	if (list)
		return same_string(string_at(first, "name"), name) &&
		       same_string(string_at(first, "address"), addr);
	json_array_foreach(groups, g, group) {
		json_array_foreach(json_object_get(group, "addresses"), i, a) {
			const char *one = string_at(a, "address");

			if (one && !strstr(all, one))
				return false;
		}
	}
	return true;
}

static bool text_holds(const char *raw, json_t *want)
{
	g_autofree char *have = mime_decode_text(raw, field_length(raw), 100000);

	return same_string(json_string_value(want), have);
}

static bool date_holds(const char *raw, json_t *want)
{
	int zone = (int)(json_integer_value(json_object_get(want, "tz_hour")) * 60 +
			 json_integer_value(json_object_get(want, "tz_minute")));
	g_autoptr(GTimeZone) tz = NULL;
	g_autoptr(GDateTime) t = NULL;
	gint64 unix_time;

	if (!json_is_object(want))
		return mime_parse_date(raw, field_length(raw)) == 0;
	if (json_is_true(json_object_get(want, "tz_before_gmt")))
		zone = -zone;
	tz = g_time_zone_new_offset(zone * 60);
	t = g_date_time_new(tz, (int)json_integer_value(json_object_get(want, "year")),
		(int)json_integer_value(json_object_get(want, "month")),
		(int)json_integer_value(json_object_get(want, "day")),
		(int)json_integer_value(json_object_get(want, "hour")),
		(int)json_integer_value(json_object_get(want, "minute")),
		(double)json_integer_value(json_object_get(want, "second")));
	unix_time = t ? g_date_time_to_unix(t) : 0;
	return mime_parse_date(raw, field_length(raw)) == MAX(unix_time, 0);
}

static void take_id(void *ctx, const char *id, size_t len)
{
	g_ptr_array_add(ctx, g_strndup(id, len));
}

static bool id_holds(const char *raw, json_t *want)
{
	g_autoptr(GPtrArray) ids = g_ptr_array_new_with_free_func(g_free);
	bool same;

	mime_each_message_id(raw, field_length(raw), 100, take_id, ids);
	same = ids->len == json_array_size(want);
	for (guint i = 0; same && i < ids->len; i++)
		same = same_string(ids->pdata[i], json_string_value(json_array_get(want, i)));
	return same;
}

/* Type, charset and name of a part whose header this is. */
static bool type_holds(const char *raw, json_t *want)
{
	g_autofree char *mail =
		g_strdup_printf("Content-Type:%.*s\n\nx\n", (int)field_length(raw), raw);
	const char *type = string_at(want, "c_type"), *sub = string_at(want, "c_subtype");
	g_autofree char *full = g_strdup_printf("%s/%s", type ? type : "", sub ? sub : "");
	AUTO(document_free) struct document *d = document_of(mail, strlen(mail));
	const struct document_part *p = d->parts->len > 0 ? d->parts->pdata[0] : NULL;
	json_t *attributes = json_object_get(want, "attributes"), *a;
	bool same = p && (!sub || g_ascii_strcasecmp(full, p->type) == 0);
	size_t i;

	json_array_foreach(attributes, i, a)
		if (same_string(json_string_value(json_array_get(a, 0)), "name"))
			same = same && same_string(json_string_value(json_array_get(a, 1)),
					       p->filename);
	return same;
}

static const struct {
	const char *file;
	bool (*holds)(const char *raw, json_t *want);
} lists[] = {
	{ "address", address_holds },
	{ "content_type", type_holds },
	{ "date", date_holds },
	{ "id", id_holds },
	{ "unstructured", text_holds },
};

bool set_json(void)
{
	struct set *s = set_open("json");
	g_autoptr(GPtrArray) files = set_files("json", ".eml");

	for (guint i = 0; i < files->len; i++)
		run_message(s, files->pdata[i]);
	return set_close(&s);
}

bool set_json_headers(void)
{
	struct set *s = set_open("json/headers");

	for (size_t l = 0; l < G_N_ELEMENTS(lists); l++) {
		g_autofree char *path = g_strdup_printf("%s/mime/json/headers/%s.json", TEST_DATA,
			lists[l].file);
		json_t *all = json_load_file(path, JSON_ALLOW_NUL, NULL), *one;
		size_t i;

		ck_assert_ptr_nonnull(all);
		json_array_foreach(all, i, one) {
			g_autofree char *name = g_strdup_printf("%s/%zu", lists[l].file, i);
			const char *raw = string_at(one, "header");

			set_case(s, name, lists[l].holds(raw, json_object_get(one, "expected")),
				raw);
		}
		json_decref(all);
	}
	return set_close(&s);
}
