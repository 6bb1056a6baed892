/*
 * A libFuzzer target: any bytes as an address from a mail, and as the name of a
 * host.  What url_clean lets through must leave nothing to disagree about:
 * cleaning it again changes nothing, only RFC 3986's characters are in it, an
 * address of the web has a host, and what people see is UTF-8.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <glib.h>

#include "base/host.h"
#include "base/url.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static void promise(bool kept)
{
	if (!kept)
		abort();
}

static void name(const char *host)
{
	char ascii[HOST_MAX], again[HOST_MAX], shown[HOST_SHOWN_MAX], like[HOST_SHOWN_MAX];
	const char *site;

	if (!host_ascii(host, ascii, sizeof ascii))
		return;
	promise(host_ascii(ascii, again, sizeof again) && strcmp(ascii, again) == 0);
	host_shown(ascii, shown, sizeof shown);
	promise(*shown && g_utf8_validate(shown, -1, NULL));
	promise(host_ascii(shown, again, sizeof again) && strcmp(ascii, again) == 0);
	host_skeleton(ascii, like, sizeof like);
	promise(g_utf8_validate(like, -1, NULL));
	site = host_site(ascii);
	promise(site >= ascii && site <= ascii + strlen(ascii) && host_same_site(ascii, site));
	(void)host_deceives(ascii);
}

static void pieces(const char *clean)
{
	char scheme[URL_SCHEME_MAX], host[HOST_MAX], shown[2 * URL_MAX], few[8];

	url_scheme(clean, scheme, sizeof scheme);
	promise(*scheme && clean[strlen(scheme)] == ':');
	url_host(clean, host, sizeof host);
	promise(*host || (strcmp(scheme, "http") != 0 && strcmp(scheme, "https") != 0));
	url_shown(clean, shown, sizeof shown);
	promise(g_utf8_validate(shown, -1, NULL));
	url_host(clean, few, sizeof few);
	url_scheme(clean, few, sizeof few);
	(void)url_has_user(clean);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	g_autofree char *text = g_strndup((const char *)data, len);
	char clean[URL_MAX], again[URL_MAX];

	name(text);
	if (!url_clean(text, clean, sizeof clean))
		return 0;
	promise(url_clean(clean, again, sizeof again) && strcmp(clean, again) == 0);
	for (const char *p = clean; *p; p++)
		promise(g_ascii_isgraph(*p) && !strchr("\"<>\\^`{|}", *p));
	pieces(clean);
	return 0;
}
