/*
 * HTML of other projects' test suites (tests/data/html-to-text, html-hostile).
 *
 * For pages with an expected text: all of its words are in ours, in order; for
 * tables and lists also its lines.  What differs on purpose is listed with the
 * reason in `disagreements`; the list must stay true, so a listed page that
 * agrees fails too.  Hostile pages are rendered in a process that dies when it
 * opens anything.  Ends with "name: passed/total" for each set.  M-80, C-20.
 */
#include <locale.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <glib.h>
#include <linux/filter.h>
#include <linux/seccomp.h>

#include "base/text.h"
#include "mime/body.h"
#include "mime/charset.h"
#include "mime/document.h"
#include "mime/html.h"
#include "mime/text.h"

enum { WIDTH = 80, LISTED_MAX = 200 };

static int failures;

static char *folder(const char *name)
{
	return g_build_filename(TEST_DATA, name, NULL);
}

static GString *load(const char *path)
{
	g_autofree char *bytes = NULL;
	gsize len;
	GString *utf8;

	if (!g_file_get_contents(path, &bytes, &len, NULL))
		return NULL;
	utf8 = g_string_new(NULL);
	charset_append(utf8, NULL, bytes, len);
	return utf8;
}

static void render(const GString *html, struct body_text *b)
{
	struct html_how how = { .width = WIDTH };
	struct html_out out;

	body_text_init(b);
	out = (struct html_out){ .text = b->text, .spans = b->spans, .links = b->links };
	html_to_text(html->str, html->len, &how, &out);
}

/* --- words --------------------------------------------------------------------------- */

/* Takes out what each program writes in its own way: "[words](target)", marks of items and quotes. */
static GString *plain(const char *s)
{
	GString *out = g_string_new(NULL);
	bool begin = true;

	while (*s) {
		const char *end = g_str_has_prefix(s, "](") ? strchr(s, ')') : NULL;
		gunichar c = g_utf8_get_char(s);

		if (end) {
			s = end;
			c = ' ';
		}
		s = g_utf8_next_char(s);
		if (begin && strchr("*+-o> ", (int)(c < 0x80 ? c : 'x')) && strchr(" >\n\t-", *s))
			continue;
		if (c == 0x2022 || c == 0x2500 || c == '[' || c == ']' || c == '^' || c == 0xA0)
			c = ' ';
		if (c == 0x200C || c == 0x200D || c == 0xAD)
			continue;
		begin = c == '\n' || (begin && c == ' ');
		g_string_append_unichar(out, c);
	}
	return out;
}

static char **words_of(const char *s)
{
	g_autoptr(GString) text = plain(s);
	g_auto(GStrv) all = g_strsplit_set(text->str, " \t\r\n", -1);
	GPtrArray *words = g_ptr_array_new();

	for (int i = 0; all[i]; i++)
		if (*all[i])
			g_ptr_array_add(words, g_strdup(all[i]));
	g_ptr_array_add(words, NULL);
	return (char **)g_ptr_array_free(words, FALSE);
}

/* The first of `wanted` that does not follow in `have`; NULL if all do. */
static const char *missing(char **wanted, char **have)
{
	for (; *wanted; wanted++) {
		while (*have && strcmp(*have, *wanted) != 0)
			have++;
		if (!*have)
			return *wanted;
		have++;
	}
	return NULL;
}

static char **lines_of(const char *s)
{
	g_auto(GStrv) all = g_strsplit(s, "\n", -1);
	GPtrArray *lines = g_ptr_array_new();

	for (int i = 0; all[i]; i++) {
		g_auto(GStrv) words = words_of(all[i]);
		g_autofree char *line = g_strjoinv(" ", words);

		if (*line)
			g_ptr_array_add(lines, g_steal_pointer(&line));
	}
	g_ptr_array_add(lines, NULL);
	return (char **)g_ptr_array_free(lines, FALSE);
}

/* --- the list ---------------------------------------------------------------------------- */

/* "NAME: why" a line; NAME as it is printed. */
static GHashTable *disagreements(void)
{
	g_autofree char *path = folder("html-to-text/disagreements");
	GHashTable *all = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	g_autofree char *text = NULL;
	g_auto(GStrv) lines = NULL;

	if (!g_file_get_contents(path, &text, NULL, NULL))
		exit(1);
	lines = g_strsplit(text, "\n", LISTED_MAX);
	for (int i = 0; lines[i]; i++) {
		char *colon = strstr(lines[i], ": ");

		if (colon && strlen(colon) > 4)
			g_hash_table_add(all, g_strndup(lines[i], (gsize)(colon - lines[i])));
	}
	return all;
}

struct score {
	int passed, total, listed;
};

static void judge(struct score *s, GHashTable *listed, const char *name, const char *lost)
{
	bool known = g_hash_table_remove(listed, name);

	s->total++;
	s->passed += lost == NULL;
	s->listed += lost && known;
	if (lost && !known)
		printf("FAIL %s: not there, or not in order: \"%s\"\n", name, lost);
	if (!lost && known)
		printf("FAIL %s: agrees, though it is listed as a disagreement\n", name);
	failures += (lost != NULL) != known;
}

static bool wants_lines(const char *file)
{
	return strstr(file, "table") || strstr(file, "list") || strstr(file, "enumer") ||
	       g_str_has_prefix(file, "br");
}

static void compare_page(const char *set, const char *file, const char *html, const char *txt,
	struct score *words, struct score *lines, GHashTable *listed)
{
	g_autoptr(GString) page = load(html), expected = load(txt);
	g_autofree char *name = g_strconcat(set, "/", file, NULL);
	struct body_text b;

	if (!page || !expected)
		return;
	render(page, &b);
	{
		g_auto(GStrv) want = words_of(expected->str), have = words_of(b.text->str);

		judge(words, listed, name,
			want[0] || !have[0] ? missing(want, have) : "(nothing at all)");
	}
	if (strcmp(set, "inscriptis") == 0 && wants_lines(file)) {
		g_auto(GStrv) want = lines_of(expected->str), have = lines_of(b.text->str);
		g_autofree char *row = g_strconcat("lines of ", name, NULL);

		judge(lines, listed, row, missing(want, have));
	}
	body_text_clear(&b);
}

static void compare_set(const char *set, const char *html_in, const char *txt_in,
	struct score *words, struct score *lines, GHashTable *listed)
{
	g_autofree char *htmls = folder(html_in), *txts = folder(txt_in);
	GDir *dir = g_dir_open(htmls, 0, NULL);
	const char *entry;

	if (!dir)
		exit(1);
	while ((entry = g_dir_read_name(dir))) {
		g_autofree char *html = g_build_filename(htmls, entry, NULL);
		g_autofree char *file = g_strndup(entry, strcspn(entry, "."));
		g_autofree char *base = g_strconcat(file, ".txt", NULL);
		g_autofree char *txt = g_build_filename(txts, base, NULL);

		if (g_str_has_suffix(entry, ".html"))
			compare_page(set, file, html, txt, words, lines, listed);
	}
	g_dir_close(dir);
}

static void compare_all(void)
{
	GHashTable *listed = disagreements();
	struct score words = { 0 }, lines = { 0 };
	GHashTableIter it;
	gpointer left;

	compare_set("html2text", "html-to-text/html2text/html", "html-to-text/html2text/txt", &words,
		&lines, listed);
	compare_set("inscriptis", "html-to-text/inscriptis", "html-to-text/inscriptis", &words, &lines,
		listed);
	g_hash_table_iter_init(&it, listed);
	while (g_hash_table_iter_next(&it, &left, NULL)) {
		printf("FAIL %s: listed, but there is no such page\n", (char *)left);
		failures++;
	}
	g_hash_table_unref(listed);
	if (words.total < 50 || lines.total < 15) {
		printf("FAIL: pages are missing\n");
		failures++;
	}
	printf("html-to-text words: %d/%d (%d listed)\n", words.passed, words.total, words.listed);
	printf("html-to-text lines: %d/%d (%d listed)\n", lines.passed, lines.total, lines.listed);
}

/* --- hostile pages ----------------------------------------------------------------------- */

/* What stands in <script> or <style>, if it is long enough to be told from other text. */
static char *inner(const char **p)
{
	const char *script = strcasestr(*p, "<script"), *style = strcasestr(*p, "<style");
	const char *from = script && (!style || script < style) ? script : style, *begin, *end;

	if (!from)
		return NULL;
	begin = strchr(from, '>');
	end = begin ? strcasestr(begin, from == script ? "</script" : "</style") : NULL;
	*p = from + 1;
	if (!begin || !end)
		return g_strdup("");
	*p = end;
	return g_strstrip(g_strndup(begin + 1, (gsize)(end - begin - 1)));
}

static const char *judge_text(const GString *html, const struct body_text *b)
{
	const char *p = html->str;
	char *code;

	if (!text_is_utf8(b->text->str, b->text->len))
		return "is no UTF-8";
	for (size_t i = 0; i < b->text->len; i++) {
		unsigned char c = (unsigned char)b->text->str[i];

		if ((c < 0x20 && c != '\n') || c == 0x7F ||
			(c == 0xC2 && (unsigned char)b->text->str[i + 1] < 0xA0))
			return "shows a control character";
	}
	while ((code = inner(&p))) {
		bool shown = strlen(code) > 6 && strstr(b->text->str, code);

		g_free(code);
		if (shown)
			return "shows the text of a script or a style";
	}
	return NULL;
}

static const char *judge_links(const struct body_text *b)
{
	static const char *const good[] = { "http://", "https://", "mailto:", "ftp://", "tel:" };

	for (guint i = 0; i < b->links->len; i++) {
		const struct document_link *l = b->links->pdata[i];
		bool fine = false;

		for (size_t j = 0; j < G_N_ELEMENTS(good); j++)
			fine = fine || g_ascii_strncasecmp(l->target, good[j], strlen(good[j])) == 0;
		if (!fine)
			return "offers a link that runs something";
	}
	return NULL;
}

/* Spans lie in the text, in order, and do not overlap in part (mime/document.h). */
static const char *judge_spans(const struct body_text *b)
{
	uint32_t ends[64];
	int depth = 0;

	for (guint i = 0; i < b->spans->len; i++) {
		const struct document_span *s = &g_array_index(b->spans, struct document_span, i);

		if (s->at + (size_t)s->len > b->text->len || s->len == 0)
			return "has a span outside its text";
		if (i > 0 && s->at < g_array_index(b->spans, struct document_span, i - 1).at)
			return "has spans out of order";
		while (depth > 0 && ends[depth - 1] <= s->at)
			depth--;
		if ((depth > 0 && s->at + s->len > ends[depth - 1]) || depth == 64)
			return "has spans that overlap in part";
		ends[depth++] = s->at + s->len;
	}
	return NULL;
}

/* From here on, opening a file, a connection or a program is death. */
static void close_the_world(void)
{
	static const int calls[] = { SYS_openat, SYS_socket, SYS_connect, SYS_execve,
#ifdef SYS_open
		SYS_open,
#endif
		SYS_execveat, SYS_unlinkat };
	struct sock_filter code[2 * G_N_ELEMENTS(calls) + 2];
	unsigned short n = 0;

	code[n++] = (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
		offsetof(struct seccomp_data, nr));
	for (size_t i = 0; i < G_N_ELEMENTS(calls); i++) {
		code[n++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K,
			(unsigned)calls[i], 0, 1);
		code[n++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS);
	}
	code[n++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
	struct sock_fprog program = { .len = n, .filter = code };

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) ||
		prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program))
		_exit(3);
}

/* Whether rendering opens nothing. */
static bool opens_nothing(GPtrArray *pages)
{
	pid_t child = fork();
	int status = 1;

	if (child == 0) {
		close_the_world();
		for (guint i = 0; i < pages->len; i++) {
			struct body_text b;

			render(pages->pdata[i], &b);
			body_text_clear(&b);
		}
		_exit(0);
	}
	return child > 0 && waitpid(child, &status, 0) == child && status == 0;
}

static void free_page(void *p)
{
	g_string_free(p, TRUE);
}

static void judge_folder(const char *name, GPtrArray *pages, int *passed)
{
	g_autofree char *path = folder(name);
	GDir *dir = g_dir_open(path, 0, NULL);
	const char *entry;

	if (!dir)
		exit(1);
	while ((entry = g_dir_read_name(dir))) {
		g_autofree char *file = g_build_filename(path, entry, NULL);
		GString *page = strchr(entry, '.') ? load(file) : NULL;
		const char *end, *fault;
		struct body_text b;

		if (!page)
			continue;
		end = g_str_has_suffix(entry, ".test") ? strstr(page->str, "\n--\n") : NULL;
		if (end)
			g_string_truncate(page, (gsize)(end - page->str));
		render(page, &b);
		fault = judge_text(page, &b);
		fault = fault ? fault : judge_links(&b);
		fault = fault ? fault : judge_spans(&b);
		if (fault)
			printf("FAIL %s: %s:\n%s\n", entry, fault, b.text->str);
		failures += fault != NULL;
		*passed += fault == NULL;
		body_text_clear(&b);
		g_ptr_array_add(pages, page);
	}
	g_dir_close(dir);
}

static void judge_hostile(void)
{
	GPtrArray *hostile = g_ptr_array_new_with_free_func(free_page);
	GPtrArray *usual = g_ptr_array_new_with_free_func(free_page);
	int passed = 0, fine = 0;

	judge_folder("html-hostile/bleach", hostile, &passed);
	judge_folder("html-hostile/tokens", hostile, &passed);
	judge_folder("html-to-text/html2text/html", usual, &fine);
	judge_folder("html-to-text/inscriptis", usual, &fine);
	if (hostile->len < 25 || usual->len < 50 || !opens_nothing(hostile) || !opens_nothing(usual)) {
		printf("FAIL: pages are missing, or something was opened\n");
		failures++;
	}
	printf("html-hostile: %d/%u\n", passed, hostile->len);
	printf("html-to-text, judged alike: %d/%u\n", fine, usual->len);
	g_ptr_array_unref(hostile);
	g_ptr_array_unref(usual);
}

int main(void)
{
	if (!setlocale(LC_ALL, "C.UTF-8"))
		return 77;
	mime_init();
	compare_all();
	judge_hostile();
	return failures > 0;
}
