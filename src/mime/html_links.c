#include "mime/html_links.h"

#include <string.h>

#include <libxml/uri.h>
#include <libxml/xmlmemory.h>

#include "mime/document.h"
#include "mime/html.h"

enum { LABEL_MAX = 200, WORDS_LOOKED_AT = 16, HOST_MAX = 255 };

void html_links_init(struct html_links *l, GPtrArray *list)
{
	*l = (struct html_links){ .list = list,
		.numbers = g_hash_table_new(g_str_hash, g_str_equal),
		.hinted = g_array_new(FALSE, FALSE, sizeof(guint)) };
}

void html_links_clear(struct html_links *l)
{
	g_hash_table_unref(l->numbers);
	g_array_unref(l->hinted);
}

/* --- targets ------------------------------------------------------------------------ */

/* Without the line ends and tabs that browsers pass over, blanks at the ends; what cannot be seen
 * becomes %XX. */
static GString *clean(const char *s, size_t len)
{
	GString *out = g_string_sized_new(len + 1);
	const char *end = s + len;

	while (s < end && (unsigned char)*s <= ' ')
		s++;
	while (end > s && (unsigned char)end[-1] <= ' ')
		end--;
	while (s < end && out->len <= HTML_LINK_MAX) {
		const char *next = g_utf8_next_char(s);
		gunichar c = g_utf8_get_char(s);
		bool seen = c < 0x80 ? c > ' ' && c < 0x7F : g_unichar_isgraph(c) &&
				g_unichar_type(c) != G_UNICODE_FORMAT;

		if (seen)
			g_string_append_len(out, s, next - s);
		else if (c != '\n' && c != '\r' && c != '\t')
			for (; s < next; s++)
				g_string_append_printf(out, "%%%02X", (unsigned char)*s);
		s = next;
	}
	return out;
}

static bool may_be_opened(const char *scheme, size_t len)
{
	static const char *const good[] = { "http", "https", "mailto", "ftp", "ftps", "tel", "sms",
		"news", "nntp", "xmpp", "sip", "sips", "irc", "ircs", "geo", "webcal", "matrix" };

	for (size_t i = 0; i < G_N_ELEMENTS(good); i++)
		if (strlen(good[i]) == len && g_ascii_strncasecmp(good[i], scheme, len) == 0)
			return true;
	return false;
}

/* The length of the scheme that s begins with, 0 if there is none. */
static size_t scheme_of(const char *s)
{
	size_t n = strspn(s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789+.-");

	return n > 0 && s[n] == ':' && g_ascii_isalpha(*s) ? n : 0;
}

char *html_target(const char *href, size_t len, const char *base)
{
	g_autoptr(GString) s = clean(href, len);
	size_t scheme = scheme_of(s->str);
	xmlChar *joined;
	char *out = NULL;

	if (s->len == 0 || s->len > HTML_LINK_MAX || s->str[0] == '#')
		return NULL;
	if (scheme > 0)
		return may_be_opened(s->str, scheme) && s->str[scheme + 1]
			       ? g_string_free(g_steal_pointer(&s), FALSE)
			       : NULL;
	if (strncmp(s->str, "//", 2) == 0)
		return g_strconcat("https:", s->str, NULL);
	if (g_ascii_strncasecmp(s->str, "www.", 4) == 0)
		return g_strconcat("http://", s->str, NULL);
	if (!base)
		return NULL;
	joined = xmlBuildURI((const xmlChar *)s->str, (const xmlChar *)base);
	if (joined && may_be_opened((const char *)joined, scheme_of((const char *)joined)))
		out = g_strdup((const char *)joined);
	xmlFree(joined);
	return out;
}

guint html_links_number(struct html_links *l, const char *target)
{
	gpointer known = g_hash_table_lookup(l->numbers, target);
	struct document_link *link;

	if (known)
		return GPOINTER_TO_UINT(known);
	if (l->list->len >= HTML_LINKS_MAX) {
		l->cut = true;
		return 0;
	}
	link = g_new0(struct document_link, 1);
	link->target = g_strdup(target);
	link->label = g_strdup("");
	g_ptr_array_add(l->list, link);
	g_hash_table_insert(l->numbers, link->target, GUINT_TO_POINTER(l->list->len));
	return l->list->len;
}

/* --- what the words say ------------------------------------------------------------------ */

/* The host of an address with or without scheme, lower case, without "www." */
static void host_of(const char *s, char *out)
{
	size_t scheme = scheme_of(s), n;
	const char *at;

	if (scheme > 0 && strchr("/\\", s[scheme + 1]))
		s += scheme + 1;
	s += strspn(s, "/\\");
	n = strcspn(s, "/\\?#");
	at = g_strrstr_len(s, (gssize)n, "@");
	if (at) {
		n -= (size_t)(at + 1 - s);
		s = at + 1;
	}
	if (g_ascii_strncasecmp(s, "www.", 4) == 0) {
		s += 4;
		n -= MIN(n, (size_t)4);
	}
	n = MIN(n, strcspn(s, ":"));
	n = MIN(n, (size_t)HOST_MAX - 1);
	for (size_t i = 0; i < n; i++)
		out[i] = g_ascii_tolower(s[i]);
	while (n > 0 && out[n - 1] == '.')
		n--;
	out[n] = '\0';
}

/* A file's name has a dot too, and so has "e.g." */
static bool is_host(const char *s)
{
	static const char *const files[] = { "asp", "bmp", "csv", "doc", "docx", "exe", "gif", "htm",
		"html", "ics", "jpeg", "jpg", "js", "pdf", "php", "png", "ppt", "pptx", "txt", "xls",
		"xlsx", "xml", "zip" };
	const char *dot = strrchr(s, '.');

	if (!dot || dot == s || strlen(dot) < 3 || strstr(s, ".."))
		return false;
	for (const char *p = dot + 1; *p; p++)
		if ((unsigned char)*p < 0x80 && !g_ascii_isalpha(*p))
			return false;
	for (const char *p = s; *p; p++)
		if ((unsigned char)*p < 0x80 && !g_ascii_isalnum(*p) && !strchr(".-_", *p))
			return false;
	for (size_t i = 0; i < G_N_ELEMENTS(files); i++)
		if (strcmp(dot + 1, files[i]) == 0)
			return false;
	return true;
}

/* Whether host is the one that was named, or below it. */
static bool belongs(const char *host, const char *named)
{
	size_t h = strlen(host), n = strlen(named);

	return h >= n && strcmp(host + h - n, named) == 0 && (h == n || host[h - n - 1] == '.');
}

/* Whether one word looks like an address that is not the target's. */
static bool word_differs(const char *word, bool alone, const char *target)
{
	char named[HOST_MAX], host[HOST_MAX];
	bool sure = strstr(word, "://") || g_ascii_strncasecmp(word, "www.", 4) == 0;
	bool mail = strchr(word, '@') && !sure;
	const char *address = strchr(target, ':') + 1;

	if (!sure && !mail && !alone)
		return false;
	host_of(word, named);
	if (!is_host(named))
		return false;
	if (g_ascii_strncasecmp(target, "mailto:", 7) == 0 || strncmp(address, "//", 2) != 0) {
		g_autofree char *plain = g_strndup(address, strcspn(address, "?,"));

		host_of(plain, host);
	} else {
		host_of(target, host);
		if (mail)
			return true;
	}
	return !belongs(host, named);
}

static bool differs(const char *label, const char *target)
{
	g_auto(GStrv) words = g_strsplit(label, " ", WORDS_LOOKED_AT);
	bool alone = words[0] && !words[1];

	for (int i = 0; words[i]; i++) {
		char *word = words[i] + strspn(words[i], "<([\"'");
		size_t n = strlen(word);

		while (n > 0 && strchr(">)]\"'.,;:!", word[n - 1]))
			word[--n] = '\0';
		if (n > 0 && word_differs(word, alone, target))
			return true;
	}
	return false;
}

/* The words on one line, at most LABEL_MAX bytes. */
static char *label_of(const char *words, size_t len)
{
	GString *out = g_string_sized_new(MIN(len, (size_t)LABEL_MAX) + 4);
	const char *end = words + len;

	while (words < end && out->len < LABEL_MAX) {
		const char *next = g_utf8_next_char(words);

		if (*words == '\n' || *words == ' ') {
			if (out->len > 0 && out->str[out->len - 1] != ' ')
				g_string_append_c(out, ' ');
		} else {
			g_string_append_len(out, words, next - words);
		}
		words = next;
	}
	while (out->len > 0 && out->str[out->len - 1] == ' ')
		g_string_truncate(out, out->len - 1);
	return g_string_free(out, FALSE);
}

/* Without what a person leaves out: "http://a.b/" and "a.b" are the same. */
static bool says_it_all(const char *label, const char *target)
{
	const char *bare = target;
	size_t n;

	if (strcmp(label, target) == 0)
		return true;
	if (g_ascii_strncasecmp(target, "mailto:", 7) == 0 || g_ascii_strncasecmp(target, "tel:", 4) == 0)
		bare = strchr(target, ':') + 1;
	else if (g_ascii_strncasecmp(target, "http", 4) == 0 && strstr(target, "://"))
		bare = strstr(target, "://") + 3;
	n = strlen(bare);
	n -= n > 0 && bare[n - 1] == '/';
	if (g_str_has_prefix(label, "http://") || g_str_has_prefix(label, "https://"))
		label = strstr(label, "://") + 3;
	return n > 0 && g_ascii_strncasecmp(label, bare, n) == 0 &&
	       (label[n] == '\0' || strcmp(label + n, "/") == 0);
}

bool html_links_words(struct html_links *l, guint n, const char *words, size_t len)
{
	struct document_link *link = l->list->pdata[n - 1];
	g_autofree char *label = label_of(words, len);
	bool other = differs(label, link->target);
	bool all = says_it_all(label, link->target) ||
		   (strlen(link->target) == len && strncmp(link->target, words, len) == 0);

	if (!*link->label || (other && !link->differs)) {
		g_free(link->label);
		link->label = g_steal_pointer(&label);
	}
	link->differs = link->differs || other;
	return all;
}
