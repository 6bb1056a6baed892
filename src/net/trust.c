#include "net/trust.h"

#include <arpa/inet.h>
#include <openssl/err.h>
#include <openssl/x509v3.h>
#include <pthread.h>
#include <stdbool.h>

#include "base/i18n.h"
#include "base/mem.h"

static void ctx_free(SSL_CTX **ctx)
{
	SSL_CTX_free(*ctx);
	*ctx = NULL;
}

static void ssl_free(SSL **ssl)
{
	SSL_free(*ssl);
	*ssl = NULL;
}

int trust_context(SSL_CTX *ctx, const char *ca_file, struct err *err)
{
	int ok;

	if (!SSL_CTX_set_min_proto_version(ctx, TLS1_2_VERSION))
		return err_set(
			err, ERR_UNSUPPORTED, _("This machine's OpenSSL cannot do TLS 1.2."));
	SSL_CTX_set_options(ctx, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION);
	SSL_CTX_set_verify(ctx, SSL_VERIFY_PEER, NULL);
	ok = ca_file ? SSL_CTX_load_verify_file(ctx, ca_file)
		     : SSL_CTX_set_default_verify_paths(ctx);
	if (!ok && ca_file)
		return err_set(err, ERR_TRUST,
			_("The file of certificate authorities %s cannot be read; check ca-file."),
			ca_file);
	if (!ok)
		return err_set(err, ERR_TRUST,
			_("This machine's certificate authorities cannot be read."));
	return 0;
}

static int ctx_new(const char *ca_file, SSL_CTX **out, struct err *err)
{
	AUTO(ctx_free) SSL_CTX *ctx = SSL_CTX_new(TLS_client_method());
	int r;

	ERR_clear_error();
	if (!ctx)
		return err_set(
			err, ERR_UNSUPPORTED, _("This machine's OpenSSL cannot do TLS 1.2."));
	r = trust_context(ctx, ca_file, err);
	if (r < 0)
		return r;
	SSL_CTX_set_mode(ctx, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
				      SSL_MODE_RELEASE_BUFFERS);
	SSL_CTX_set_read_ahead(ctx, 1); /* servers send small records: not two reads for each */
	*out = TAKE(ctx);
	return 0;
}

/* The system's authorities take long to read: once per process; own files are small. */
static int ctx_get(const char *ca_file, SSL_CTX **out, struct err *err)
{
	static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
	static SSL_CTX *shared;
	int r = 0;

	if (ca_file)
		return ctx_new(ca_file, out, err);
	pthread_mutex_lock(&lock);
	if (!shared)
		r = ctx_new(NULL, &shared, err);
	if (r == 0 && SSL_CTX_up_ref(shared))
		*out = shared;
	pthread_mutex_unlock(&lock);
	return r;
}

/* The name that the certificate must bear: an address or a host name, the latter also as SNI. */
static bool expect_host(SSL *ssl, const char *host)
{
	unsigned char ip[16];

	if (inet_pton(AF_INET, host, ip) == 1 || inet_pton(AF_INET6, host, ip) == 1)
		return X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl), host);
	SSL_set_hostflags(ssl, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
	return SSL_set_tlsext_host_name(ssl, host) && SSL_set1_host(ssl, host);
}

int trust_setup(const char *host, const char *ca_file, SSL **out, struct err *err)
{
	AUTO(ctx_free) SSL_CTX *ctx = NULL;
	AUTO(ssl_free) SSL *ssl = NULL;
	int r = ctx_get(ca_file, &ctx, err);

	if (r < 0)
		return r;
	ssl = SSL_new(ctx);
	if (!ssl || !expect_host(ssl, host))
		return err_set(err, ERR_TRUST, _("TLS to %s cannot be set up."), host);
	*out = TAKE(ssl);
	return 0;
}

int trust_refuse(long verdict, const char *host, struct err *err)
{
	switch (verdict) {
	case X509_V_ERR_CERT_HAS_EXPIRED:
		return err_set(err, ERR_TRUST,
			_("The certificate of %s has expired; ask its operator."), host);
	case X509_V_ERR_CERT_NOT_YET_VALID:
		return err_set(err, ERR_TRUST,
			_("The certificate of %s is not valid yet; check this machine's clock."),
			host);
	case X509_V_ERR_HOSTNAME_MISMATCH:
	case X509_V_ERR_IP_ADDRESS_MISMATCH:
		return err_set(err, ERR_TRUST,
			_("The certificate was not issued for the name %s; check the host."), host);
	case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
		return err_set(err, ERR_TRUST,
			_("The certificate of %s is self-signed; if it is yours, name it in "
			  "ca-file."),
			host);
	case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
	case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
	case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
	case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
		return err_set(err, ERR_TRUST,
			_("The certificate of %s comes from an unknown authority; see ca-file."),
			host);
	default:
		return err_set(err, ERR_TRUST, _("The certificate of %s is not accepted: %s."),
			host, X509_verify_cert_error_string(verdict));
	}
}

int trust_verdict(const SSL *ssl, const char *host, struct err *err)
{
	long verdict = SSL_get_verify_result(ssl);
	const char *reason = ERR_reason_error_string(ERR_peek_last_error());

	if (verdict != X509_V_OK)
		return trust_refuse(verdict, host, err);
	return err_set(err, ERR_PROTOCOL,
		_("TLS with %s failed (%s); check port and security of the account."), host,
		reason ? reason : "?");
}
