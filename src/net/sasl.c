#include "net/sasl.h"

#include <glib.h>
#include <openssl/rand.h>
#include <string.h>

#include "base/i18n.h"
#include "base/mem.h"
#include "base/text.h"
#include "net/scram.h"

struct sasl {
	enum sasl_mechanism mechanism;
	struct scram scram;
	char *user, *secret;
	char *opening; /* PLAIN, XOAUTH2, OAUTHBEARER: all that there is to say */
	size_t n_opening;
	int step; /* responses given */
	char reason[ERR_TEXT_MAX];
};

static const char *fake_nonce;

void sasl_fake_nonce(const char *nonce)
{
	fake_nonce = nonce;
}

const char *sasl_name(enum sasl_mechanism m)
{
	static const char *const names[] = { "PLAIN", "LOGIN", "SCRAM-SHA-1", "SCRAM-SHA-256",
		"XOAUTH2", "OAUTHBEARER" };

	return names[m];
}

void sasl_wipe(char **text)
{
	if (*text)
		explicit_bzero(*text, strlen(*text));
	g_clear_pointer(text, g_free);
}

static bool is_scram(const struct sasl *s)
{
	return s->mechanism == SASL_SCRAM_SHA_1 || s->mechanism == SASL_SCRAM_SHA_256;
}

static bool is_oauth(const struct sasl *s)
{
	return s->mechanism == SASL_XOAUTH2 || s->mechanism == SASL_OAUTHBEARER;
}

/* --- beginning -------------------------------------------------------------------- */

static void open_plain(struct sasl *s, const struct sasl_who *who)
{
	size_t nu = strlen(who->user), np = strlen(who->secret);

	s->n_opening = nu + np + 2;
	s->opening = g_malloc0(s->n_opening + 1);
	memcpy(s->opening + 1, who->user, nu);
	memcpy(s->opening + nu + 2, who->secret, np);
}

static void open_bearer(struct sasl *s, const struct sasl_who *who)
{
	g_autoptr(GString) user = g_string_new(who->user);

	g_string_replace(user, "=", "=3D", 0);
	g_string_replace(user, ",", "=2C", 0);
	s->opening = g_strdup_printf("n,a=%s,\001host=%s\001port=%d\001auth=Bearer %s\001\001",
		user->str, who->host, who->port, who->secret);
	s->n_opening = strlen(s->opening);
}

static int open_scram(struct sasl *s, const struct sasl_who *who, struct err *err)
{
	g_autofree char *nonce = NULL;
	unsigned char random[SASL_NONCE];

	if (RAND_bytes(random, sizeof random) != 1)
		return err_set(err, ERR_UNSUPPORTED, _("This machine has no random numbers."));
	nonce = fake_nonce ? g_strdup(fake_nonce) : g_base64_encode(random, sizeof random);
	return scram_init(&s->scram, s->mechanism == SASL_SCRAM_SHA_1 ? "SHA1" : "SHA256",
		who->user, who->secret, nonce, err);
}

struct sasl *sasl_new(enum sasl_mechanism m, const struct sasl_who *who, struct err *err)
{
	AUTO(sasl_free) struct sasl *s = g_new0(struct sasl, 1);

	s->mechanism = m;
	if (strpbrk(who->user, "\r\n\001") || strpbrk(who->secret, "\r\n\001")) {
		err_set(err, ERR_USAGE, _("User name and password must be one line each."));
		return NULL;
	}
	if (is_scram(s)) {
		if (open_scram(s, who, err) < 0)
			return NULL;
	} else if (m == SASL_PLAIN) {
		open_plain(s, who);
	} else if (m == SASL_OAUTHBEARER) {
		open_bearer(s, who);
	} else if (m == SASL_XOAUTH2) {
		s->opening = g_strdup_printf(
			"user=%s\001auth=Bearer %s\001\001", who->user, who->secret);
		s->n_opening = strlen(s->opening);
	} else {
		s->user = g_strdup(who->user);
		s->secret = g_strdup(who->secret);
	}
	return TAKE(s);
}

static void drop_opening(struct sasl *s)
{
	if (s->opening)
		explicit_bzero(s->opening, s->n_opening);
	g_clear_pointer(&s->opening, g_free);
}

void sasl_free(struct sasl **s)
{
	struct sasl *x = TAKE(*s);

	if (!x)
		return;
	scram_release(&x->scram);
	drop_opening(x);
	sasl_wipe(&x->user);
	sasl_wipe(&x->secret);
	g_free(x);
}

/* --- the conversation --------------------------------------------------------------- */

static char *encode(const char *p, size_t n)
{
	return g_base64_encode((const guchar *)p, n);
}

static int unexpected(struct err *err)
{
	return err_set(err, ERR_PROTOCOL, _("The server asked for more than the login has."));
}

static int scram_step(struct sasl *s, const char *challenge, char **out, struct err *err)
{
	char *text = NULL;
	int r = 0;

	if (s->step == 0)
		text = scram_first(&s->scram);
	else if (s->step == 1)
		text = scram_final(&s->scram, challenge, err);
	else if (s->step == 2)
		r = scram_verify(&s->scram, challenge, err);
	else
		return unexpected(err);
	if (r < 0 || (s->step < 2 && !text))
		return err->code;
	*out = text ? encode(text, strlen(text)) : g_strdup("");
	sasl_wipe(&text);
	return 0;
}

static int login_step(struct sasl *s, char **out, struct err *err)
{
	char **say = s->step == 0 ? &s->user : &s->secret;

	if (s->step > 1)
		return unexpected(err);
	*out = encode(*say, strlen(*say));
	sasl_wipe(say);
	return 0;
}

/* All in one message; a challenge behind it is an OAuth server's reason to refuse. */
static int opening_step(struct sasl *s, const char *challenge, char **out, struct err *err)
{
	if (s->step == 0) {
		*out = encode(s->opening, s->n_opening);
		drop_opening(s);
		return 0;
	}
	if (!is_oauth(s) || s->step > 1)
		return unexpected(err);
	text_clean_into(challenge, -1, s->reason, sizeof s->reason);
	*out = s->mechanism == SASL_OAUTHBEARER ? encode("\001", 1) : g_strdup("");
	return 0;
}

/* The challenge in the clear, NUL-terminated; a new string, NULL if it is none. */
static char *decode(const char *challenge, size_t n)
{
	g_autofree char *text = g_strndup(challenge, n);
	gsize len = 0;
	char *plain;

	if (n == 0)
		return g_strdup("");
	plain = (char *)g_base64_decode(text, &len);
	if (!plain || len == 0 || memchr(plain, '\0', len)) {
		g_free(plain);
		return NULL;
	}
	plain = g_realloc(plain, len + 1);
	plain[len] = '\0';
	return plain;
}

int sasl_step(struct sasl *s, const char *challenge, size_t n, char **out, struct err *err)
{
	g_autofree char *plain = NULL;
	int r;

	*out = NULL;
	if (n > SASL_CHALLENGE_MAX || s->step >= SASL_STEPS_MAX)
		return err_set(err, ERR_LIMIT, _("The server's part of the login is too long."));
	if (!challenge && (s->mechanism == SASL_LOGIN || s->step > 0))
		return 0;
	plain = challenge ? decode(challenge, n) : g_strdup("");
	if (!plain)
		return err_set(
			err, ERR_PROTOCOL, _("The server's part of the login cannot be read."));
	if (is_scram(s))
		r = scram_step(s, plain, out, err);
	else if (s->mechanism == SASL_LOGIN)
		r = login_step(s, out, err);
	else
		r = opening_step(s, plain, out, err);
	s->step += r == 0;
	return r;
}

bool sasl_is_last(const struct sasl *s)
{
	if (is_scram(s))
		return s->step == 3;
	if (s->mechanism == SASL_LOGIN)
		return s->step == 2;
	return s->step == (is_oauth(s) ? 2 : 1);
}

int sasl_accept(const struct sasl *s, struct err *err)
{
	if (!is_scram(s) || s->scram.verified)
		return 0;
	return err_set(err, ERR_TRUST,
		_("The server accepted the login without proving that it knows the password; it "
		  "may not be the right one."));
}

const char *sasl_reason(const struct sasl *s)
{
	return s->reason;
}
