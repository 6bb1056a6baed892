#include "mime/authres.h"

#include <stdio.h>
#include <string.h>

#include "base/i18n.h"
#include "base/text.h"
#include "mime/sender.h"

enum { WORD_MAX = 256 };

/* --- the grammar ---------------------------------------------------------- */

/* Behind a comment that begins at s; one that does not end takes the rest. */
static const char *skip_comment(const char *s)
{
	int depth = 0;

	for (; *s; s++)
		if (*s == '\\' && s[1])
			s++;
		else if (*s == '(' && ++depth > AUTHRES_COMMENT_DEPTH)
			return s + strlen(s);
		else if (*s == ')' && --depth == 0)
			return s + 1;
	return s;
}

static const char *skip_blank(const char *s)
{
	for (;;) {
		s += strspn(s, " \t\r\n");
		if (*s != '(')
			return s;
		s = skip_comment(s);
	}
}

/* A word or a quoted string in lower case, cut to cap; returns what is behind it. */
static const char *take_word(const char *s, const char *ends, char *out, size_t cap)
{
	bool quoted = *s == '"';
	size_t n = 0;

	for (s += quoted; *s; s++) {
		if (quoted ? *s == '"' : strchr(ends, *s) != NULL)
			break;
		if (quoted && *s == '\\' && s[1])
			s++;
		if (n + 1 < cap)
			out[n++] = g_ascii_tolower(*s);
	}
	out[n] = '\0';
	return *s && quoted ? s + 1 : s;
}

/* "method/1" or "ptype.prop" "=" value, blanks and comments around everything; false at ';' or the end. */
static bool take_pair(const char **s, char *name, char *value, size_t cap)
{
	const char *p = skip_blank(*s);

	p = take_word(p, " \t\r\n=;(/", name, cap);
	p = skip_blank(p);
	if (*p == '/') /* the version of a method */
		p = skip_blank(take_word(skip_blank(p + 1), " \t\r\n=;(", value, cap));
	*value = '\0';
	if (*p == '=') {
		p = take_word(skip_blank(p + 1), " \t\r\n;(", value, cap);
		p = skip_blank(p);
	}
	*s = p;
	return *name != '\0';
}

static enum authres_verdict verdict_of(const char *word)
{
	if (strcmp(word, "pass") == 0)
		return AUTHRES_PASS;
	if (strcmp(word, "fail") == 0 || strcmp(word, "hardfail") == 0)
		return AUTHRES_FAIL;
	return strcmp(word, "none") == 0 ? AUTHRES_NONE : AUTHRES_UNCLEAR;
}

/* "user@example.com", "@example.com" or "example.com" as a domain. */
static void domain_of(const char *value, char *out)
{
	const char *at = strrchr(value, '@');

	if (!host_ascii(at ? at + 1 : value, out, HOST_MAX) || !strchr(out, '.'))
		*out = '\0';
}

/* --- one result ----------------------------------------------------------- */

/* One "method=result ..." while it is read. */
struct result {
	char method[WORD_MAX], domain[HOST_MAX], second[HOST_MAX];
	enum authres_verdict verdict;
};

static void take_property(struct result *r, const char *name, const char *value)
{
	static const struct {
		const char *method, *first, *second;
	} wanted[] = {
		{ "dkim", "header.d", "header.i" },
		{ "spf", "smtp.mailfrom", "smtp.helo" },
		{ "dmarc", "header.from", "from" },
	};

	for (size_t i = 0; i < G_N_ELEMENTS(wanted); i++) {
		if (strcmp(wanted[i].method, r->method) != 0)
			continue;
		if (strcmp(wanted[i].first, name) == 0)
			domain_of(value, r->domain);
		else if (strcmp(wanted[i].second, name) == 0)
			domain_of(value, r->second);
	}
}

/* A pass outweighs everything, a failure what is unclear. */
static bool is_news(enum authres_verdict had, enum authres_verdict now)
{
	static const int weight[] = { [AUTHRES_NONE] = 0, [AUTHRES_UNCLEAR] = 1,
		[AUTHRES_FAIL] = 2, [AUTHRES_PASS] = 3 };

	return weight[now] > weight[had];
}

static void keep(struct authres *a, const struct result *r, const char *aligned)
{
	const char *domain = *r->domain ? r->domain : r->second;

	if (strcmp(r->method, "dkim") == 0) {
		if (is_news(a->dkim, r->verdict) ||
			(r->verdict == AUTHRES_PASS && host_same_site(domain, aligned)))
			g_strlcpy(a->dkim_domain, domain, sizeof a->dkim_domain);
		if (is_news(a->dkim, r->verdict))
			a->dkim = r->verdict;
	} else if (strcmp(r->method, "spf") == 0 && is_news(a->spf, r->verdict)) {
		a->spf = r->verdict;
		g_strlcpy(a->spf_domain, domain, sizeof a->spf_domain);
	} else if (strcmp(r->method, "dmarc") == 0 && a->dmarc == AUTHRES_NONE) {
		a->dmarc = r->verdict; /* one From has one verdict: the first */
		g_strlcpy(a->from_domain, domain, sizeof a->from_domain);
	} else if (strcmp(r->method, "arc") == 0 && a->arc == AUTHRES_NONE) {
		a->arc = r->verdict;
	}
}

static const char *take_result(const char *s, const char *aligned, struct authres *out)
{
	char name[WORD_MAX], value[WORD_MAX];
	struct result r = { .verdict = AUTHRES_NONE };

	if (take_pair(&s, name, value, sizeof name)) {
		g_strlcpy(r.method, name, sizeof r.method);
		r.verdict = verdict_of(value);
		for (int i = 0; i < AUTHRES_RESULTS_MAX && take_pair(&s, name, value, sizeof name); i++)
			take_property(&r, name, value);
		keep(out, &r, aligned);
	}
	return s + strcspn(s, ";");
}

bool authres_parse(const char *value, const char *aligned, struct authres *out)
{
	char word[WORD_MAX];
	const char *s = take_word(skip_blank(value), " \t\r\n;(", word, sizeof word);

	*out = (struct authres){ 0 };
	if (strchr(word, '=')) /* some servers leave their name out */
		s = value;
	else if (!*word)
		return false;
	else {
		g_strlcpy(out->server, word, sizeof out->server);
		s += strcspn(s, ";"); /* a version may stand here */
		s += *s == ';';
	}
	for (int i = 0; i < AUTHRES_RESULTS_MAX && *s; i++) {
		s = take_result(s, aligned, out);
		s += *s == ';';
	}
	return true;
}

/* --- whom to believe ------------------------------------------------------ */

/* Providers whose mail servers have another domain than the host that is read from. */
static const struct provider {
	const char *host, *server; /* sites */
	bool several;              /* says each method in a header of its own */
} providers[] = {
	{ "gmail.com", "google.com", false },
	{ "googlemail.com", "google.com", false },
	{ "fastmail.com", "messagingengine.com", false },
	{ "me.com", "icloud.com", true },
	{ "icloud.com", "icloud.com", true },
	{ "yahoo.com", "yahoo.com", false },
	{ "aol.com", "yahoo.com", false },
	{ "zoho.com", "zohomail.com", false },
	{ "yandex.com", "yandex.net", false },
	{ "yandex.ru", "yandex.net", false },
};

/* Whose headers count. */
struct trusted {
	const char *site;    /* a domain; the id is it, or lies below its site */
	bool exact;          /* the reader named it: the id must be just this */
	bool known;          /* it always adds the header, and takes away what pretends to be its own */
	bool several;
};

static bool find_trusted(const struct account *a, struct trusted *out)
{
	*out = (struct trusted){ 0 };
	if (a->authserv_id && g_ascii_strcasecmp(a->authserv_id, "auto") != 0) {
		*out = (struct trusted){ a->authserv_id, true, true, true };
		return true;
	}
	if (!a->host || !strchr(a->host, '.') || strspn(a->host, "0123456789.") == strlen(a->host))
		return false;
	for (size_t i = 0; i < G_N_ELEMENTS(providers); i++)
		if (host_same_site(providers[i].host, a->host)) {
			*out = (struct trusted){ providers[i].server, false, true,
				providers[i].several };
			return true;
		}
	*out = (struct trusted){ host_site(a->host), false, false, true };
	return true;
}

static bool is_trusted(const struct trusted *t, const char *server)
{
	return t->exact ? g_ascii_strcasecmp(t->site, server) == 0 : host_same_site(t->site, server);
}

/* The host behind "from" or "by" of a Received header; "" if there is none. */
static void hop(const char *value, const char *word, char *out, size_t cap)
{
	char name[WORD_MAX];
	const char *s = skip_blank(value);

	*out = '\0';
	for (int i = 0; i < AUTHRES_RESULTS_MAX && *s && *s != ';'; i++) {
		s = skip_blank(take_word(s, " \t\r\n;(", name, sizeof name));
		if (strcmp(name, word) == 0) {
			take_word(s, " \t\r\n;(", out, cap);
			return;
		}
	}
}

/* Names without a registered domain ("localhost", addresses) are of the server's own network. */
static bool is_inside(const char *host, const struct trusted *t, const struct account *a)
{
	return !*host || !strchr(host, '.') || strspn(host, "0123456789.[]") == strlen(host) ||
	       host_same_site(host, t->site) || (a->host && host_same_site(host, a->host));
}

/* Whether what stands below this Received may still be of the server itself. */
static bool goes_on(const char *received, const struct trusted *t, const struct account *a)
{
	char by[WORD_MAX], from[WORD_MAX];

	hop(received, "by", by, sizeof by);
	hop(received, "from", from, sizeof from);
	if (!is_inside(by, t, a))
		return false;
	return t->known || is_inside(from, t, a);
}

static void merge(struct authres *into, const struct authres *more)
{
	if (into->dkim == AUTHRES_NONE) {
		into->dkim = more->dkim;
		g_strlcpy(into->dkim_domain, more->dkim_domain, sizeof into->dkim_domain);
	}
	if (into->spf == AUTHRES_NONE) {
		into->spf = more->spf;
		g_strlcpy(into->spf_domain, more->spf_domain, sizeof into->spf_domain);
	}
	if (into->dmarc == AUTHRES_NONE) {
		into->dmarc = more->dmarc;
		g_strlcpy(into->from_domain, more->from_domain, sizeof into->from_domain);
	}
	if (into->arc == AUTHRES_NONE)
		into->arc = more->arc;
}

static bool says_something(const struct authres *a)
{
	return a->spf || a->dkim || a->dmarc || a->arc;
}

bool authres_read(const struct document *d, const struct account *account, struct authres *out)
{
	struct trusted t;
	struct sender sender;
	int seen = 0;
	bool any = false;

	*out = (struct authres){ 0 };
	if (!account || !find_trusted(account, &t))
		return false;
	sender_read(document_header(d, "From"), &sender);
	for (guint i = 0; i < d->headers->len && seen < AUTHRES_HEADERS_MAX; i++) {
		const struct document_header *h = d->headers->pdata[i];
		struct authres one;

		if (g_ascii_strcasecmp(h->name, "Received") == 0 && !goes_on(h->value, &t, account))
			break;
		if (g_ascii_strcasecmp(h->name, "Authentication-Results") != 0)
			continue;
		seen++;
		if (!authres_parse(h->value, sender.domain, &one) || !is_trusted(&t, one.server) ||
			!says_something(&one))
			continue;
		if (!any)
			*out = one;
		else
			merge(out, &one);
		any = true;
		if (!t.several)
			break;
	}
	return any;
}

/* --- in words ------------------------------------------------------------- */

/* "DKIM, SPF": what confirms the domain of the From itself. */
static void add_method(char *list, size_t cap, bool yes, const char *name)
{
	if (!yes)
		return;
	if (*list)
		g_strlcat(list, ", ", cap);
	g_strlcat(list, name, cap);
}

static int line_of(const struct authres *a, const char *domain, char *out, size_t cap)
{
	bool dkim = a->dkim == AUTHRES_PASS && host_same_site(a->dkim_domain, domain);
	bool spf = a->spf == AUTHRES_PASS && host_same_site(a->spf_domain, domain);
	bool dmarc = a->dmarc == AUTHRES_PASS && (!*a->from_domain || host_same_site(a->from_domain, domain));
	char shown[HOST_SHOWN_MAX], other[HOST_SHOWN_MAX], how[64] = "";

	host_shown(domain, shown, sizeof shown);
	host_shown(a->dkim_domain, other, sizeof other);
	add_method(how, sizeof how, dmarc, "DMARC");
	add_method(how, sizeof how, dkim, "DKIM");
	add_method(how, sizeof how, spf, "SPF");
	if (a->dmarc == AUTHRES_FAIL)
		snprintf(out, cap, _("Sender NOT confirmed: this may not come from %s (DMARC failed)"), shown);
	else if (*how)
		snprintf(out, cap, _("Sender checked: %s (%s)"), shown, how);
	else if (a->dkim == AUTHRES_PASS && *other)
		snprintf(out, cap, _("Sender not confirmed: signed by %s, not by %s"), other, shown);
	else if (a->dkim == AUTHRES_FAIL || a->spf == AUTHRES_FAIL)
		snprintf(out, cap, _("Sender NOT confirmed: %s failed for %s"),
			a->dkim == AUTHRES_FAIL ? "DKIM" : "SPF", shown);
	else
		snprintf(out, cap, _("Sender not confirmed: nothing proves that this comes from %s"), shown);
	return *how && a->dmarc != AUTHRES_FAIL ? 1 : -1;
}

int authres_line(const struct document *d, const struct account *account, char *out, size_t cap)
{
	struct authres a;
	struct sender sender;
	int said;

	*out = '\0';
	if (!sender_read(document_header(d, "From"), &sender) || !authres_read(d, account, &a))
		return 0;
	said = line_of(&a, sender.domain, out, cap);
	text_whole(out);
	return said;
}
