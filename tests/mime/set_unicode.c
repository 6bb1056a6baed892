/*
 * unicode: ill-formed UTF-8 with what becomes of it when each ill-formed piece
 * is replaced by U+FFFD, and strings that break programs
 * (tests/data/mime/unicode).
 */
#include <string.h>

#include <jansson.h>

#include "base/mem.h"
#include "base/text.h"
#include "mime/charset.h"
#include "set.h"
#include "test_mime.h"

static void append_hex(GString *out, const char *s)
{
	if (g_str_has_prefix(s, "nothing"))
		return;
	for (; *s; s++)
		if (g_ascii_isxdigit(s[0]) && g_ascii_isxdigit(s[1])) {
			g_string_append_c(out, (char)(g_ascii_xdigit_value(s[0]) << 4 |
						      g_ascii_xdigit_value(s[1])));
			s++;
		}
}

/* NUL is no text in mail: it is left out. */
static void without_nul(GString *s)
{
	for (gsize i = 0; i < s->len;)
		if (s->str[i] == '\0')
			g_string_erase(s, (gssize)i, 1);
		else
			i++;
}

static void run(struct set *s, const char *number, const char *raw, gsize len, const char *want)
{
	g_autoptr(GString) in = g_string_new(NULL), out = g_string_new(NULL);
	gsize before;

	/* so many well-formed letters that nothing but UTF-8 can be guessed */
	for (int i = 0; i < 200; i++)
		g_string_append(in, "\u044f");
	before = in->len;
	g_string_append_len(in, raw, (gssize)len);
	charset_append(out, "utf-8", in->str, in->len);
	set_case(s, number, strcmp(out->str + before, want) == 0, out->str + before);
}

static void run_line(struct set *s, const char *line)
{
	g_auto(GStrv) f = g_strsplit(line, ":", 5);
	g_autoptr(GString) raw = g_string_new(NULL), want = g_string_new(NULL);
	guint n = g_strv_length(f);

	if (*line == '#' || n < 3)
		return;
	for (guint i = 1; i < n && strcmp(f[1], "valid") != 0; i++)
		g_strstrip(f[i]);
	if (strcmp(f[1], "valid") == 0) {
		g_string_append(raw, strchr(strchr(line, ':') + 1, ':') + 1);
		g_string_append(want, raw->str);
	} else if (strcmp(f[1], "valid hex") == 0) {
		append_hex(raw, f[2]);
		append_hex(want, f[2]);
	} else if (strcmp(f[1], "invalid hex") == 0 && n >= 5) {
		append_hex(raw, f[2]);
		append_hex(want, f[4]);
	} else {
		ck_abort_msg("%s", line);
	}
	without_nul(want);
	run(s, f[0], raw->str, raw->len, want->str);
}

bool set_unicode(void)
{
	struct set *s = set_open("unicode");
	g_autofree char *path = g_build_filename(TEST_DATA, "mime/unicode/utf8tests/utf8tests.txt",
		NULL);
	g_autofree char *text = set_read(path, NULL);
	g_auto(GStrv) lines = g_strsplit(text, "\n", -1);

	for (char **l = lines; *l; l++)
		if (**l)
			run_line(s, *l);
	return set_close(&s);
}

/* A header holds no line end: there the string comes as one line. */
static char *one_line(const char *string)
{
	char *line = g_strdup(string);

	return g_strstrip(g_strdelimit(line, "\r\n", ' '));
}

static char *mail_with(const char *line)
{
	g_autofree char *base64 = g_base64_encode((const guchar *)line, strlen(line));
	g_autofree char *percent = g_uri_escape_string(line, NULL, FALSE);

	return g_strdup_printf("Subject: =?utf-8?b?%s?=\nFrom: =?utf-8?b?%s?= <a@b.example>\n"
			       "Content-Type: application/pdf\n"
			       "Content-Disposition: attachment; filename*=utf-8''%s\n\nx\n",
		base64, base64, percent);
}

bool set_blns(void)
{
	struct set *s = set_open("unicode/blns");
	g_autofree char *path = g_build_filename(TEST_DATA, "mime/unicode/blns/blns.json", NULL);
	json_t *all = json_load_file(path, JSON_ALLOW_NUL, NULL), *one;
	size_t i;

	ck_assert_ptr_nonnull(all);
	json_array_foreach(all, i, one) {
		g_autofree char *line = one_line(json_string_value(one));
		g_autofree char *name = g_strdup_printf("%zu", i), *mail = mail_with(line);
		AUTO(document_free) struct document *d = document_of(mail, strlen(mail));
		const struct document_part *p = d->parts->pdata[0];
		bool same = g_strcmp0(document_header(d, "Subject"), line) == 0 &&
			    g_strcmp0(p->filename ? p->filename : "", line) == 0 &&
			    strstr(document_header(d, "From"), "a@b.example");

		set_case(s, name, same, mail);
	}
	json_decref(all);
	return set_close(&s);
}
