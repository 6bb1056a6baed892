#include "mime/unsubscribe.h"

#include <string.h>

#include "base/url.h"
#include "model/engine.h"

/* The next <address> behind *s, without the blanks that folding left; NULL = no more. */
static char *next_target(const char **s)
{
	const char *open = strchr(*s, '<'), *close = open ? strchr(open, '>') : NULL;
	g_autofree char *raw = NULL;
	g_auto(GStrv) pieces = NULL;

	if (!close)
		return NULL;
	*s = close + 1;
	raw = g_strndup(open + 1, (size_t)(close - open - 1));
	pieces = g_strsplit_set(raw, " \t\r\n", -1);
	return g_strjoinv("", pieces);
}

static void take_target(struct unsubscribe *u, const char *target)
{
	char url[URL_MAX], scheme[URL_SCHEME_MAX];
	bool have_https = u->web && g_str_has_prefix(u->web, "https:");

	if (!url_clean(target, url, sizeof url))
		return;
	url_scheme(url, scheme, sizeof scheme);
	if (strcmp(scheme, "mailto") == 0 && !u->mail) {
		u->mail = g_strdup(url);
	} else if ((strcmp(scheme, "https") == 0 && !have_https) ||
		   (strcmp(scheme, "http") == 0 && !u->web)) {
		g_free(u->web);
		u->web = g_strdup(url);
	}
}

/* The value of a tag of a DKIM-Signature (RFC 6376, 3.2), blanks taken out; NULL = it has none. */
static char *signature_tag(const char *value, const char *tag)
{
	g_auto(GStrv) tags = g_strsplit(value, ";", 50);
	size_t n = strlen(tag);

	for (size_t i = 0; tags[i]; i++) {
		g_auto(GStrv) words = g_strsplit_set(tags[i], " \t\r\n", -1);
		g_autofree char *plain = g_strjoinv("", words);

		if (strncmp(plain, tag, n) == 0 && plain[n] == '=')
			return g_ascii_strdown(plain + n + 1, -1);
	}
	return NULL;
}

static bool covers(const char *value)
{
	g_autofree char *names = signature_tag(value, "h");
	g_auto(GStrv) all = names ? g_strsplit(names, ":", -1) : NULL;

	return all && g_strv_contains((const char *const *)all, "list-unsubscribe") &&
	       g_strv_contains((const char *const *)all, "list-unsubscribe-post");
}

static void find_signature(const struct document *d, struct unsubscribe *out)
{
	for (guint i = 0; i < d->headers->len && !out->signed_; i++) {
		const struct document_header *h = d->headers->pdata[i];

		if (g_ascii_strcasecmp(h->name, "DKIM-Signature") != 0 || !covers(h->value))
			continue;
		out->signed_ = true;
		out->signer = signature_tag(h->value, "d");
	}
}

bool unsubscribe_read(const struct document *d, struct unsubscribe *out)
{
	const char *s = document_header(d, "List-Unsubscribe");
	const char *post = document_header(d, "List-Unsubscribe-Post");

	*out = (struct unsubscribe){ 0 };
	for (int i = 0; s && i < UNSUBSCRIBE_TARGETS_MAX; i++) {
		g_autofree char *target = next_target(&s);

		if (!target)
			break;
		take_target(out, target);
	}
	if (out->web && g_str_has_prefix(out->web, "https:") && post) {
		g_autofree char *word = g_strstrip(g_strdup(post));

		out->one_click = g_ascii_strcasecmp(word, ONE_CLICK_FORM) == 0;
	}
	find_signature(d, out);
	return out->web || out->mail;
}

void unsubscribe_clear(struct unsubscribe *u)
{
	g_free(u->web);
	g_free(u->mail);
	g_free(u->signer);
	*u = (struct unsubscribe){ 0 };
}
