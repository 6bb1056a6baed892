/*
 * A libFuzzer target: any bytes as the value of an Authentication-Results header
 * (RFC 8601), and each of its lines as a header of a message.  The names that come
 * out end within their bounds and are such that a host can have.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <glib.h>

#include "mime/authres.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static void check_name(const char *name)
{
	char again[HOST_MAX];

	if (!memchr(name, '\0', HOST_MAX) ||
		(*name && (!host_ascii(name, again, sizeof again) || strcmp(name, again) != 0)))
		abort();
}

static void check(const struct authres *a)
{
	if (!memchr(a->server, '\0', sizeof a->server) || a->spf > AUTHRES_UNCLEAR ||
		a->dkim > AUTHRES_UNCLEAR || a->dmarc > AUTHRES_UNCLEAR || a->arc > AUTHRES_UNCLEAR)
		abort();
	check_name(a->dkim_domain);
	check_name(a->spf_domain);
	check_name(a->from_domain);
}

/* "Name: value" lines; without a name it is what the account's own server would write. */
static void add_header(struct document *d, const char *line)
{
	const char *colon = strchr(line, ':');
	struct document_header *h = g_new0(struct document_header, 1);

	h->name = colon ? g_strndup(line, (size_t)(colon - line)) : g_strdup("Authentication-Results");
	h->value = colon ? g_strdup(colon + 1) : g_strconcat("mx.host.example;", line, NULL);
	g_ptr_array_add(d->headers, h);
}

static void message(const char *text)
{
	char type[] = "imap", host[] = "imap.host.example", said[200];
	struct account account = { .type = type, .host = host };
	struct document *d = document_new();
	g_auto(GStrv) lines = g_strsplit(text, "\n", 2 * AUTHRES_HEADERS_MAX);
	struct authres a;

	for (char **l = lines; *l; l++)
		add_header(d, *l);
	if (authres_read(d, &account, &a))
		check(&a);
	if (authres_line(d, &account, said, sizeof said) != 0 && !g_utf8_validate(said, -1, NULL))
		abort();
	document_free(&d);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	g_autofree char *text = g_utf8_make_valid((const char *)data, (gssize)len);
	struct authres a;

	if (authres_parse(text, "example.org", &a))
		check(&a);
	message(text);
	return 0;
}
