/*
 * Who is at the other end: the one place where certificates are judged.
 *
 * Every TLS connection of tern is set up by trust_setup and its verdict read
 * by trust_verdict; there is no second way.  TLS 1.2 or newer, the chain must
 * end at a trusted authority, and the certificate must name the host that the
 * reader configured (RFC 6125; no partial wildcards).  Requests over HTTP are
 * made by libcurl, which keeps the name of the host itself and gets everything
 * else from trust_context (net/http).  Any thread.
 */
#ifndef TERN_NET_TRUST_H
#define TERN_NET_TRUST_H

#include <openssl/ssl.h>

#include "base/err.h"

/* A new TLS object that will accept only host, vouched for by ca_file (NULL: the system's). */
int trust_setup(const char *host, const char *ca_file, SSL **out, struct err *err);

/* After a failed handshake: says in *err what was wrong; call before other OpenSSL calls. */
int trust_verdict(const SSL *ssl, const char *host, struct err *err);

/* What every TLS context must have: the versions, the authorities, that the peer is judged. */
int trust_context(SSL_CTX *ctx, const char *ca_file, struct err *err);
/* Words for an X509_V_ERR_ verdict; returns ERR_TRUST. */
int trust_refuse(long verdict, const char *host, struct err *err);

#endif
