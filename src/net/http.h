/*
 * One request over HTTPS, by libcurl.
 *
 * For addresses that come from mail: https only, TLS as net/trust wants it, no
 * cookies, no referer, no stored logins, no proxy, no redirect is followed, and
 * unless private_ok the other side must have a public address, judged when the
 * connection is made.  A request has a time limit, its answer a size limit.
 *
 * libcurl brings thirty libraries, which would double the time that tern takes
 * to start; so it is not linked but loaded with the first request.  A machine
 * without it answers ERR_UNSUPPORTED.
 *
 * Any thread; the call blocks and ends within 300 ms when cancel is set.
 */
#ifndef TERN_NET_HTTP_H
#define TERN_NET_HTTP_H

#include <stdbool.h>
#include <stddef.h>

#include "base/cancel.h"
#include "base/err.h"

enum {
	HTTP_TIME_MS = 15000,        /* a whole request */
	HTTP_ANSWER_MAX = 64 * 1024, /* bytes of the answer's body that are taken; then it is enough */
	HTTP_HEADERS_MAX = 64 * 1024, /* ... and of its headers; more is an error */
};

struct http_request {
	const char *url;        /* cleaned (base/url.h) */
	const char *form;       /* the body of a POST, application/x-www-form-urlencoded */
	const char *ca_file;    /* NULL = the system's authorities */
	bool private_ok;        /* loopback, link-local and private addresses are allowed */
	int time_ms;            /* 0 = HTTP_TIME_MS */
	struct cancel *cancel;  /* may be NULL */
};

struct http_answer {
	int status;             /* 200, 404, ... */
	size_t bytes;           /* of the body, at most HTTP_ANSWER_MAX */
	bool cut;               /* there was more */
};

/*
 * 0: the server answered, whatever its status.  ERR_OFFLINE not reached,
 * ERR_TRUST its certificate, ERR_REFUSED an address that is not allowed,
 * ERR_PROTOCOL, ERR_LIMIT, ERR_RETRY no answer in time, ERR_CANCELED,
 * ERR_UNSUPPORTED, ERR_USAGE not https.
 */
int http_post(const struct http_request *r, struct http_answer *out, struct err *err);

/* May the peer be reached by an address of this kind?  struct sockaddr; false for what is private. */
struct sockaddr;
bool http_is_public(const struct sockaddr *a);

#endif
