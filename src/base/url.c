#include "base/url.h"

#include <stdio.h>
#include <string.h>

#include <glib.h>

#include "base/host.h"

/* What stands where in a cleaned address; all lead into it. */
struct pieces {
	const char *authority, *host, *host_end, *path;
};

static size_t scheme_length(const char *url)
{
	size_t n = 0;

	if (!g_ascii_isalpha(url[0]))
		return 0;
	while (n < URL_SCHEME_MAX &&
		(g_ascii_isalnum(url[n]) || (url[n] && strchr("+-.", url[n]))))
		n++;
	return n < URL_SCHEME_MAX && url[n] == ':' ? n : 0;
}

void url_scheme(const char *url, char *out, size_t cap)
{
	size_t n = scheme_length(url);

	g_strlcpy(out, url, MIN(cap, n + 1));
	for (char *p = out; *p; p++)
		*p = g_ascii_tolower(*p);
}

/* false if there is no "//" with a host behind the scheme. */
static bool split(const char *url, struct pieces *p)
{
	const char *s = url + scheme_length(url), *at;

	if (strncmp(s, "://", 3) != 0)
		return false;
	p->authority = s + 3;
	p->path = p->authority + strcspn(p->authority, "/?#");
	at = memrchr(p->authority, '@', (size_t)(p->path - p->authority));
	p->host = at ? at + 1 : p->authority;
	if (*p->host == '[')
		p->host_end = memchr(p->host, ']', (size_t)(p->path - p->host));
	else
		p->host_end = memchr(p->host, ':', (size_t)(p->path - p->host));
	if (*p->host == '[' && !p->host_end)
		return false;
	if (!p->host_end)
		p->host_end = p->path;
	else if (*p->host == '[')
		p->host_end++;
	return p->host_end > p->host;
}

void url_host(const char *url, char *out, size_t cap)
{
	struct pieces p;
	bool literal;

	*out = '\0';
	if (!split(url, &p))
		return;
	literal = *p.host == '[';
	g_strlcpy(out, p.host + literal, MIN(cap, (size_t)(p.host_end - p.host) + 1 - 2 * literal));
}

bool url_has_user(const char *url)
{
	struct pieces p;

	return split(url, &p) && p.host > p.authority;
}

/* --- cleaning ------------------------------------------------------------- */

static bool allowed(char c)
{
	return g_ascii_isalnum(c) || (c && strchr("-._~:/?#[]@!$&'()*+,;=", c));
}

static bool escaped(const char *s, size_t left)
{
	return left > 2 && s[0] == '%' && g_ascii_isxdigit(s[1]) && g_ascii_isxdigit(s[2]);
}

static void append_clean(GString *out, const char *s, size_t len)
{
	for (size_t i = 0; i < len && out->len < URL_MAX; i++)
		if (allowed(s[i]) || escaped(s + i, len - i))
			g_string_append_c(out, s[i]);
		else
			g_string_append_printf(out, "%%%02X", (unsigned char)s[i]);
}

/* The host as a name of the DNS; false if it is none. */
static bool append_host(GString *out, const char *s, size_t len)
{
	g_autofree char *raw = g_strndup(s, len);
	g_autofree char *plain = g_uri_unescape_string(raw, NULL);
	char ascii[HOST_MAX];

	if (*s == '[') {
		for (size_t i = 1; i + 1 < len; i++)
			if (!g_ascii_isxdigit(s[i]) && s[i] != ':' && s[i] != '.')
				return false;
		g_string_append_len(out, s, (gssize)len);
		return len > 3;
	}
	if (!plain || !host_ascii(plain, ascii, sizeof ascii))
		return false;
	g_string_append(out, ascii);
	return true;
}

static bool all_digits(const char *s, const char *end)
{
	while (s < end && g_ascii_isdigit(*s))
		s++;
	return s == end;
}

/* "//user@host:port" of the web; what is behind it is cleaned like everything else. */
static bool append_web(GString *out, const char *url, const char *end)
{
	struct pieces p;

	if (!split(url, &p) || strcspn(p.authority, "\\") < (size_t)(p.path - p.authority) ||
		(p.host_end < p.path && (*p.host_end != ':' || !all_digits(p.host_end + 1, p.path))))
		return false;
	g_string_append(out, "//");
	append_clean(out, p.authority, (size_t)(p.host - p.authority));
	if (!append_host(out, p.host, (size_t)(p.host_end - p.host)))
		return false;
	append_clean(out, p.host_end, (size_t)(end - p.host_end));
	return true;
}

bool url_clean(const char *url, char *out, size_t cap)
{
	g_autoptr(GString) s = g_string_new(NULL);
	char scheme[URL_SCHEME_MAX];
	const char *end;
	size_t n;

	url += strspn(url, " \t\r\n");
	n = scheme_length(url);
	end = url + strlen(url);
	while (end > url && strchr(" \t\r\n", end[-1]))
		end--;
	if (n == 0 || end - url >= URL_MAX)
		return false;
	url_scheme(url, scheme, sizeof scheme);
	g_string_printf(s, "%s:", scheme);
	if (strcmp(scheme, "http") != 0 && strcmp(scheme, "https") != 0)
		append_clean(s, url + n + 1, (size_t)(end - url) - n - 1);
	else if (!append_web(s, url, end))
		return false;
	if (s->len >= MIN(cap, (size_t)URL_MAX))
		return false;
	g_strlcpy(out, s->str, cap);
	return true;
}

void url_shown(const char *url, char *out, size_t cap)
{
	char host[HOST_MAX], shown[HOST_SHOWN_MAX];
	struct pieces p;

	if (!split(url, &p) || *p.host == '[') {
		g_strlcpy(out, url, cap);
		return;
	}
	url_host(url, host, sizeof host);
	host_shown(host, shown, sizeof shown);
	snprintf(out, cap, "%.*s%s%s", (int)(p.host - url), url, shown, p.host_end);
}
