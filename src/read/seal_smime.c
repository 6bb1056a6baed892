/*
 * S/MIME by OpenSSL's CMS (RFC 8551, 5652).
 *
 * The signatures are first checked against the bytes, then each certificate
 * against the authorities, so that the two failures are told apart.  Nothing
 * is asked of the network: certificates that were revoked are not known.
 */
#include "read/seal_layer.h"

#include <unistd.h>

#include <glib.h>
#include <openssl/cms.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/pkcs12.h>
#include <openssl/x509v3.h>

#include "base/clock.h"
#include "base/i18n.h"
#include "base/mem.h"
#include "base/spawn.h"

enum {
	PASSWORD_MAX = 512,
	PASSWORD_MS = 10 * 1000,   /* of the command that prints it */
	AUTH_LEVEL = 1,            /* of a certificate: 80 bits, no SHA-1 (SSL_CTX_set_security_level) */
};

static void say(struct seal_finding *out, enum seal_result result, const char *words)
{
	out->result = result;
	g_strlcpy(out->words, words, sizeof out->words);
}

/* --- files as OpenSSL reads them ------------------------------------------------- */

static BIO *bio_of(int fd)
{
	return lseek(fd, 0, SEEK_SET) == 0 ? BIO_new_fd(fd, BIO_NOCLOSE) : NULL;
}

static void bio_release(BIO **b)
{
	BIO_free_all(*b);
}

static void cms_release(CMS_ContentInfo **c)
{
	CMS_ContentInfo_free(*c);
}

static CMS_ContentInfo *cms_of(int fd)
{
	AUTO(bio_release) BIO *in = bio_of(fd);

	return in ? d2i_CMS_bio(in, NULL) : NULL;
}

/* --- whom a certificate is of ------------------------------------------------------ */

/* True if one of its addresses is From, which then stands in `address`; else its first one. */
static bool is_senders(X509 *cert, const char *from, char *address, size_t cap)
{
	STACK_OF(OPENSSL_STRING) *all = X509_get1_email(cert);
	bool found = false;

	for (int i = 0; i < sk_OPENSSL_STRING_num(all) && !found; i++) {
		const char *one = sk_OPENSSL_STRING_value(all, i);

		found = seal_same_address(one, from);
		if ((i == 0 || found) && g_utf8_validate(one, -1, NULL))
			g_strlcpy(address, one, cap);
	}
	X509_email_free(all);
	return found;
}

/* "Name <address>" */
static void name_signer(X509 *cert, const char *address, char *out, size_t cap)
{
	X509_NAME *subject = X509_get_subject_name(cert);
	int at = X509_NAME_get_index_by_NID(subject, NID_commonName, -1);
	unsigned char *name = NULL;

	if (at >= 0)
		ASN1_STRING_to_UTF8(&name, X509_NAME_ENTRY_get_data(X509_NAME_get_entry(subject, at)));
	if (name && g_utf8_validate((char *)name, -1, NULL))
		g_snprintf(out, (gulong)cap, *address ? "%s <%s>" : "%s", (char *)name, address);
	else
		g_strlcpy(out, address, cap);
	OPENSSL_free(name);
	if (!g_utf8_validate(out, -1, NULL))
		*out = '\0'; /* a long name was cut inside of a character */
}

/* --- whether it is trusted ----------------------------------------------------------- */

static X509_STORE *store_new(const struct seal_config *c)
{
	X509_STORE *store = X509_STORE_new();

	if (!store)
		return NULL;
	X509_STORE_set_default_paths(store);
	if (c->ca_file)
		X509_STORE_load_file(store, c->ca_file);
	return store;
}

/* now: the time at which it must be valid, 0 = any. */
static int chain_error(X509 *cert, STACK_OF(X509) *others, X509_STORE *store, int64_t now)
{
	X509_STORE_CTX *ctx = X509_STORE_CTX_new();
	int error = X509_V_ERR_UNSPECIFIED;
	X509_VERIFY_PARAM *p;

	if (ctx && X509_STORE_CTX_init(ctx, store, cert, others)) {
		p = X509_STORE_CTX_get0_param(ctx);
		X509_VERIFY_PARAM_set_purpose(p, X509_PURPOSE_SMIME_SIGN);
		X509_VERIFY_PARAM_set_auth_level(p, AUTH_LEVEL);
		if (now)
			X509_VERIFY_PARAM_set_time(p, (time_t)now);
		else
			X509_VERIFY_PARAM_set_flags(p, X509_V_FLAG_NO_CHECK_TIME);
		error = X509_verify_cert(ctx) == 1 ? X509_V_OK : X509_STORE_CTX_get_error(ctx);
		if (error == X509_V_OK && X509_STORE_CTX_get_error(ctx) != X509_V_OK)
			error = X509_STORE_CTX_get_error(ctx);
	}
	X509_STORE_CTX_free(ctx);
	return error;
}

static enum seal_result trust_of(const struct seal_bytes *b, X509 *cert, STACK_OF(X509) *others)
{
	X509_STORE *store = store_new(b->config);
	int64_t now = b->config->now ? b->config->now : clock_unix();
	enum seal_result result = SEAL_UNTRUSTED;

	if (store && chain_error(cert, others, store, now) == X509_V_OK)
		result = SEAL_GOOD;
	else if (store && chain_error(cert, others, store, 0) == X509_V_OK)
		result = SEAL_EXPIRED;
	X509_STORE_free(store);
	return result;
}

/* --- one signature --------------------------------------------------------------------- */

static bool is_weak(CMS_SignerInfo *s)
{
	X509_ALGOR *digest = NULL;
	const ASN1_OBJECT *name = NULL;

	CMS_SignerInfo_get0_algs(s, NULL, NULL, &digest, NULL);
	X509_ALGOR_get0(&name, NULL, NULL, digest);
	switch (OBJ_obj2nid(name)) {
	case NID_sha1:
	case NID_md5:
	case NID_md4:
	case NID_md2:
		return true;
	default:
		return false;
	}
}

static int64_t made_at(CMS_SignerInfo *s)
{
	int at = CMS_signed_get_attr_by_NID(s, NID_pkcs9_signingTime, -1);
	X509_ATTRIBUTE *attr = at >= 0 ? CMS_signed_get_attr(s, at) : NULL;
	ASN1_TYPE *value = attr ? X509_ATTRIBUTE_get0_type(attr, 0) : NULL;
	struct tm tm;

	if (!value || (value->type != V_ASN1_UTCTIME && value->type != V_ASN1_GENERALIZEDTIME) ||
		!ASN1_TIME_to_tm(value->value.asn1_string, &tm))
		return 0;
	return (int64_t)timegm(&tm);
}

static enum seal_result judge_one(const struct seal_bytes *b, CMS_SignerInfo *s,
	STACK_OF(X509) *certs, char *signer, size_t cap)
{
	char address[SEAL_SIGNER_MAX] = "";
	enum seal_result result;
	X509 *cert = NULL;
	bool mine;

	CMS_SignerInfo_get0_algs(s, NULL, &cert, NULL, NULL);
	if (!cert)
		return SEAL_NO_KEY;
	mine = is_senders(cert, b->from, address, sizeof address);
	name_signer(cert, address, signer, cap);
	result = trust_of(b, cert, certs);
	if (!mine)
		result = seal_worse(result, SEAL_OTHER);
	return is_weak(s) ? seal_worse(result, SEAL_WEAK) : result;
}

/* All signatures hold: the worst of them. */
static void judge(const struct seal_bytes *b, CMS_ContentInfo *cms, struct seal_finding *out)
{
	STACK_OF(CMS_SignerInfo) *all = CMS_get0_SignerInfos(cms);
	STACK_OF(X509) *certs = CMS_get1_certs(cms);

	out->result = SEAL_GOOD;
	for (int i = 0; i < sk_CMS_SignerInfo_num(all); i++) {
		CMS_SignerInfo *s = sk_CMS_SignerInfo_value(all, i);
		char signer[SEAL_SIGNER_MAX] = "";
		enum seal_result one = judge_one(b, s, certs, signer, sizeof signer);

		if (i == 0 || seal_worse(out->result, one) != out->result) {
			g_strlcpy(out->signer, signer, sizeof out->signer);
			out->made_at = made_at(s);
		}
		out->result = seal_worse(out->result, one);
	}
	sk_X509_pop_free(certs, X509_free);
}

/* Why CMS_verify failed. */
static void explain(struct seal_finding *out)
{
	switch (ERR_GET_REASON(ERR_peek_error())) {
	case CMS_R_SIGNER_CERTIFICATE_NOT_FOUND:
		out->result = SEAL_NO_KEY;
		break;
	case CMS_R_UNKNOWN_DIGEST_ALGORITHM:
	case CMS_R_UNSUPPORTED_TYPE:
	case CMS_R_NO_SIGNERS:
	case CMS_R_NO_CONTENT:
		say(out, SEAL_UNKNOWN, _("It is signed in a way that is not known here."));
		break;
	default:
		out->result = SEAL_BAD;
	}
}

/* text: the bytes that were signed, -1 = they are inside. */
static int verify(const struct seal_bytes *b, CMS_ContentInfo *cms, int text,
	struct seal_finding *out, struct err *err)
{
	AUTO(fd_close) int plain = text < 0 ? seal_file(err) : -1;
	AUTO(bio_release) BIO *in = text < 0 ? NULL : bio_of(text);
	AUTO(bio_release) BIO *to = plain < 0 ? NULL : BIO_new_fd(plain, BIO_NOCLOSE);
	ASN1_OCTET_STRING **inside = CMS_get0_content(cms);

	if (text >= 0 && inside && *inside) { /* another text than the one that is shown */
		out->result = SEAL_BAD;
		return 0;
	}
	if (text < 0 && !to)
		return err->code;
	if (CMS_verify(cms, NULL, NULL, in, to, CMS_BINARY | CMS_NO_SIGNER_CERT_VERIFY) == 1)
		judge(b, cms, out);
	else
		explain(out);
	out->content = g_steal_fd(&plain);
	return 0;
}

static void bad_object(struct seal_finding *out, enum seal_result result)
{
	say(out, result, _("It is damaged, or is not what it says."));
}

static int open_signed(const struct seal_bytes *b, struct seal_finding *out, struct err *err)
{
	bool apart = b->kind == SEAL_SMIME_SIGNED;
	AUTO(cms_release) CMS_ContentInfo *cms = cms_of(apart ? b->signature : b->body);

	if (cms && OBJ_obj2nid(CMS_get0_type(cms)) == NID_pkcs7_signed)
		return verify(b, cms, apart ? b->body : -1, out, err);
	bad_object(out, SEAL_UNKNOWN);
	return 0;
}

/* --- opening ------------------------------------------------------------------------------ */

struct key {
	EVP_PKEY *secret;
	X509 *cert;
};

static void key_release(struct key *k)
{
	EVP_PKEY_free(k->secret);
	X509_free(k->cert);
}

static int give_password(char *buf, int size, int writing, void *password)
{
	(void)writing;
	return (int)g_strlcpy(buf, password, (gsize)size);
}

static bool parse_key(BIO *in, char *password, struct key *k)
{
	PKCS12 *p12 = d2i_PKCS12_bio(in, NULL);

	if (p12) {
		PKCS12_parse(p12, password, &k->secret, &k->cert, NULL);
		PKCS12_free(p12);
	} else {
		BIO_reset(in);
		k->secret = PEM_read_bio_PrivateKey(in, NULL, give_password, password);
		BIO_reset(in);
		k->cert = PEM_read_bio_X509(in, NULL, give_password, password);
	}
	return k->secret && k->cert;
}

static int load_key(const struct seal_bytes *b, struct key *k, struct err *err)
{
	const struct seal_config *c = b->config;
	char password[PASSWORD_MAX] = "";
	AUTO(bio_release) BIO *in = NULL;
	bool loaded;

	if (!c->key_file)
		return err_set(err, ERR_USAGE,
			_("To open S/MIME, name the file of your key: smime-key in tern.conf."));
	if (c->key_command && spawn_first_line(c->key_command, b->cancel, PASSWORD_MS, password,
				      sizeof password, err) < 0)
		return err->code;
	in = BIO_new_file(c->key_file, "rb");
	loaded = in && parse_key(in, password, k);
	OPENSSL_cleanse(password, sizeof password);
	return loaded ? 0 : err_set(err, ERR_USAGE,
		_("The key in %s could not be read: is its password what smime-key-password-command "
		  "prints?"), c->key_file);
}

static int decrypt(const struct seal_bytes *b, struct seal_finding *out, struct err *err)
{
	AUTO(cms_release) CMS_ContentInfo *cms = cms_of(b->body);
	AUTO(fd_close) int plain = seal_file(err);
	AUTO(bio_release) BIO *to = plain < 0 ? NULL : BIO_new_fd(plain, BIO_NOCLOSE);
	AUTO(key_release) struct key key = { 0 };

	if (plain < 0)
		return err->code;
	if (!cms) {
		bad_object(out, SEAL_LOCKED);
		return 0;
	}
	if (load_key(b, &key, err) < 0)
		return err->code;
	if (CMS_decrypt(cms, key.secret, key.cert, NULL, to, CMS_BINARY) != 1) {
		say(out, SEAL_LOCKED, _("Your key does not open it."));
		return 0;
	}
	out->result = SEAL_DECRYPTED;
	out->decrypted = true;
	out->content = g_steal_fd(&plain);
	return 0;
}

int seal_smime(const struct seal_bytes *b, struct seal_finding *out, struct err *err)
{
	bool closed = b->kind == SEAL_SMIME_ENCRYPTED;
	int rc;

	ERR_clear_error();
	rc = closed ? decrypt(b, out, err) : open_signed(b, out, err);
	ERR_clear_error();
	if (rc == ERR_CANCELED || rc == 0)
		return rc;
	say(out, closed ? SEAL_LOCKED : SEAL_UNKNOWN, err->text);
	return 0;
}
