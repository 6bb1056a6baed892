#include "net/scram.h"

#include <glib.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <stdlib.h>
#include <string.h>

#include "base/i18n.h"
#include "base/text.h"
#include "net/sasl.h"

static void wipe(char **text)
{
	sasl_wipe(text);
}

/*
 * SASLprep (RFC 4013) as far as passwords need it: other blanks become a blank,
 * what is "commonly mapped to nothing" goes, NFKC, no controls.  ASCII stays.
 */
static char *prepare(const char *text)
{
	g_autoptr(GString) mapped = g_string_new(NULL);
	char *out;

	if (!g_utf8_validate(text, -1, NULL))
		return NULL;
	for (const char *p = text; *p; p = g_utf8_next_char(p)) {
		gunichar c = g_utf8_get_char(p);

		if (g_unichar_type(c) == G_UNICODE_SPACE_SEPARATOR)
			c = ' ';
		if (c < ' ' || (c >= 0x7f && c < 0xa0))
			return NULL;
		if (c == 0xad || c == 0x34f || (c >= 0x200b && c <= 0x200d) || c == 0x2060 ||
			(c >= 0xfe00 && c <= 0xfe0f) || c == 0xfeff)
			continue;
		g_string_append_unichar(mapped, c);
	}
	out = g_utf8_normalize(mapped->str, (gssize)mapped->len, G_NORMALIZE_NFKC);
	explicit_bzero(mapped->str, mapped->len);
	return out;
}

/* A user name inside a message: "," and "=" are escaped. */
static char *escape_name(const char *user)
{
	g_autoptr(GString) out = g_string_new(user);

	g_string_replace(out, "=", "=3D", 0);
	g_string_replace(out, ",", "=2C", 0);
	return g_strdup(out->str);
}

int scram_init(struct scram *s, const char *digest, const char *user, const char *password,
	const char *nonce, struct err *err)
{
	g_autofree char *name = prepare(user), *escaped = name ? escape_name(name) : NULL;

	*s = (struct scram){ .digest = digest };
	s->hash = strcmp(digest, "SHA1") == 0 ? 20 : 32;
	s->password = prepare(password);
	if (!escaped || !s->password) {
		scram_release(s);
		return err_set(err, ERR_USAGE,
			_("User name or password hold characters that cannot be sent to this "
			  "server."));
	}
	s->nonce = g_strdup(nonce);
	s->first = g_strdup_printf("n=%s,r=%s", escaped, nonce);
	return 0;
}

void scram_release(struct scram *s)
{
	wipe(&s->password);
	g_clear_pointer(&s->nonce, g_free);
	g_clear_pointer(&s->first, g_free);
	OPENSSL_cleanse(s->expected, sizeof s->expected);
}

char *scram_first(const struct scram *s)
{
	return g_strconcat("n,,", s->first, NULL);
}

static int nonsense(struct err *err)
{
	return err_set(err, ERR_PROTOCOL, _("The server's part of the login makes no sense."));
}

/* The value of an attribute "x=..." of a message; false if it is not there. */
static bool attribute(const char *message, char name, char **out)
{
	g_auto(GStrv) parts = g_strsplit(message, ",", 16);

	for (char **p = parts; *p; p++)
		if ((*p)[0] == name && (*p)[1] == '=') {
			*out = g_strdup(*p + 2);
			return true;
		}
	return false;
}

static bool hmac(const struct scram *s, const unsigned char *key, const char *text, size_t n,
	unsigned char *out)
{
	unsigned int len = 0;

	return HMAC(EVP_get_digestbyname(s->digest), key, (int)s->hash, (const unsigned char *)text,
		       n, out, &len) &&
	       len == s->hash;
}

/* The proof for the server into proof, its own signature into s->expected. */
static bool sign(struct scram *s, const char *message, const unsigned char *salt, size_t n_salt,
	int iterations, unsigned char *proof)
{
	unsigned char salted[SCRAM_HASH_MAX], key[SCRAM_HASH_MAX], stored[SCRAM_HASH_MAX];
	const EVP_MD *md = EVP_get_digestbyname(s->digest);
	bool ok = md &&
		  PKCS5_PBKDF2_HMAC(s->password, (int)strlen(s->password), salt, (int)n_salt,
			  iterations, md, (int)s->hash, salted) &&
		  hmac(s, salted, "Client Key", 10, key) &&
		  EVP_Digest(key, s->hash, stored, NULL, md, NULL) &&
		  hmac(s, stored, message, strlen(message), proof);

	for (size_t i = 0; ok && i < s->hash; i++)
		proof[i] ^= key[i];
	ok = ok && hmac(s, salted, "Server Key", 10, key) &&
	     hmac(s, key, message, strlen(message), s->expected);
	OPENSSL_cleanse(salted, sizeof salted);
	OPENSSL_cleanse(key, sizeof key);
	OPENSSL_cleanse(stored, sizeof stored);
	return ok;
}

static int iterations_of(const char *text, struct err *err)
{
	char *end = NULL;
	long n = strtol(text, &end, 10);

	if (!g_ascii_isdigit(*text) || *end)
		return nonsense(err);
	if (n < SASL_ITERATIONS_MIN)
		return err_set(err, ERR_TRUST,
			_("The server wants a login that is too weak (%ld iterations); nothing was "
			  "proved to it."),
			n);
	if (n > SASL_ITERATIONS_MAX)
		return err_set(err, ERR_LIMIT,
			_("The server wants more work for a login than tern does (%ld "
			  "iterations)."),
			n);
	return (int)n;
}

char *scram_final(struct scram *s, const char *server_first, struct err *err)
{
	g_autofree char *nonce = NULL, *salt64 = NULL, *count = NULL, *bare = NULL;
	g_autofree char *message = NULL, *proof64 = NULL;
	g_autofree unsigned char *salt = NULL;
	unsigned char proof[SCRAM_HASH_MAX];
	gsize n_salt = 0;
	int iterations;

	if (strncmp(server_first, "r=", 2) != 0 || !attribute(server_first, 'r', &nonce) ||
		!attribute(server_first, 's', &salt64) || !attribute(server_first, 'i', &count) ||
		!g_str_has_prefix(nonce, s->nonce) || strlen(nonce) == strlen(s->nonce)) {
		nonsense(err);
		return NULL;
	}
	iterations = iterations_of(count, err);
	if (iterations < 0)
		return NULL;
	salt = g_base64_decode(salt64, &n_salt);
	bare = g_strconcat("c=biws,r=", nonce, NULL);
	message = g_strconcat(s->first, ",", server_first, ",", bare, NULL);
	if (n_salt == 0 || n_salt > SCRAM_SALT_MAX ||
		!sign(s, message, salt, n_salt, iterations, proof)) {
		nonsense(err);
		return NULL;
	}
	wipe(&s->password);
	proof64 = g_base64_encode(proof, s->hash);
	return g_strconcat(bare, ",p=", proof64, NULL);
}

int scram_verify(struct scram *s, const char *server_final, struct err *err)
{
	g_autofree unsigned char *signature = NULL;
	g_autofree char *value = NULL;
	char words[128];
	gsize n = 0;

	if (attribute(server_final, 'e', &value)) {
		text_clean_into(value, -1, words, sizeof words);
		return err_set(err, ERR_AUTH, _("The login was refused: %s"), words);
	}
	if (strncmp(server_final, "v=", 2) == 0 && attribute(server_final, 'v', &value))
		signature = g_base64_decode(value, &n);
	if (s->password || n != s->hash || CRYPTO_memcmp(signature, s->expected, n) != 0)
		return err_set(err, ERR_TRUST,
			_("The server could not prove that it knows the password; it may not be "
			  "the right one."));
	s->verified = true;
	return 0;
}
