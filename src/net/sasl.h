/*
 * Proving who one is: the client's side of SASL (RFC 4422), for IMAP and SMTP.
 *
 * A state machine without I/O: the caller carries base64 text between it and
 * the server.  PLAIN (RFC 4616), LOGIN, SCRAM-SHA-1 and SCRAM-SHA-256 (RFC
 * 5802, 7677, without channel binding), XOAUTH2 and OAUTHBEARER (RFC 7628).
 * With the last two the secret is an access token.  The caller makes sure that
 * the connection may carry a secret.  Secrets are wiped when they are no longer
 * needed.  Owner: one thread.
 */
#ifndef TERN_NET_SASL_H
#define TERN_NET_SASL_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"

enum sasl_mechanism {
	SASL_PLAIN,
	SASL_LOGIN,
	SASL_SCRAM_SHA_1,
	SASL_SCRAM_SHA_256,
	SASL_XOAUTH2,
	SASL_OAUTHBEARER,
};

enum {
	SASL_STEPS_MAX = 6,	       /* challenges that one conversation takes */
	SASL_CHALLENGE_MAX = 8 * 1024, /* bytes of base64 */
	SASL_ITERATIONS_MIN = 4096,    /* RFC 7677; fewer make a stolen exchange easy to guess */
	SASL_ITERATIONS_MAX = 600000,  /* a cancel waits for them: about 0.3 s */
	SASL_NONCE = 24,	       /* random bytes */
};

struct sasl;

/* What the conversation is about; the strings are read by sasl_new only. */
struct sasl_who {
	const char *user;
	const char *secret; /* the password, or the access token */
	const char *host;   /* OAUTHBEARER: the server */
	int port;
};

/* NULL, with *err, if user or secret hold what the mechanism cannot carry. */
struct sasl *sasl_new(enum sasl_mechanism m, const struct sasl_who *who, struct err *err);
void sasl_free(struct sasl **s);

const char *sasl_name(enum sasl_mechanism m); /* "SCRAM-SHA-256" */

/*
 * The next response, as base64 without line end (*out: sasl_wipe), for the
 * server's challenge (base64; n 0 = an empty one).  With challenge NULL the
 * initial response is asked for: *out is NULL if the mechanism has none.  An
 * error means that the caller cancels the exchange ("*") and gives up:
 * ERR_PROTOCOL, ERR_LIMIT, or ERR_TRUST if the server could not prove itself.
 */
int sasl_step(struct sasl *s, const char *challenge, size_t n, char **out, struct err *err);

/* True if after the last response the server can only accept or refuse: no further one follows. */
bool sasl_is_last(const struct sasl *s);

/* The server said yes: has it proved itself as far as the mechanism wants that?  ERR_TRUST if not.
 */
int sasl_accept(const struct sasl *s, struct err *err);

/* The server's own reason for a refusal (OAuth: its JSON status), cleaned; "" if it gave none. */
const char *sasl_reason(const struct sasl *s);

/* Wipes and frees a response, clears the pointer. */
void sasl_wipe(char **text);

/* Tests only: the nonce instead of a random one; NULL ends it. */
void sasl_fake_nonce(const char *nonce);

#endif
