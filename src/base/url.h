/*
 * Addresses from mail, made fit to be handed to another program.
 *
 * RFC 3986 says what may stand in an address; programs that open them disagree
 * about everything else.  url_clean leaves nothing to disagree about, and the
 * other functions are asked about cleaned addresses only, so that the host that
 * is shown is the host that is opened.  Pure; any thread.
 */
#ifndef TERN_BASE_URL_H
#define TERN_BASE_URL_H

#include <stdbool.h>
#include <stddef.h>

enum {
	URL_MAX = 8192,      /* bytes of a cleaned address, NUL included */
	URL_SCHEME_MAX = 32,
};

/*
 * Percent-encodes what RFC 3986 does not allow, lowers the scheme, and writes
 * the host of http and https as lower-case ASCII (punycode).  false: no scheme,
 * a host that cannot be one, or too long.
 */
bool url_clean(const char *url, char *out, size_t cap);
/* "https"; "" if there is none. */
void url_scheme(const char *url, char *out, size_t cap);
/* The host without user, port and brackets; "" if it has none. */
void url_host(const char *url, char *out, size_t cap);
/* "https://münchen.example/path": for people, the host as host_shown gives it; UTF-8. */
void url_shown(const char *url, char *out, size_t cap);
/* Something before an '@' stands in front of the host: mostly there to deceive. */
bool url_has_user(const char *url);

#endif
