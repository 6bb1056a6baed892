/*
 * SCRAM (RFC 5802, RFC 7677): the salted proof that both sides know a password.
 *
 * Pure but for the nonce; messages are plain text, base64 around them is the
 * business of sasl.c.
 */
#ifndef TERN_NET_SCRAM_H
#define TERN_NET_SCRAM_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"

enum { SCRAM_HASH_MAX = 32, SCRAM_SALT_MAX = 1024 };

struct scram {
	const char *digest;			/* "SHA1", "SHA256" */
	char *password;				/* prepared (RFC 4013); wiped with the proof */
	char *nonce, *first;			/* client-first-message-bare */
	unsigned char expected[SCRAM_HASH_MAX]; /* the server's signature */
	size_t hash;				/* bytes of a digest */
	bool verified;
};

/* ERR_USAGE if user or password cannot be prepared. */
int scram_init(struct scram *s, const char *digest, const char *user, const char *password,
	const char *nonce, struct err *err);
void scram_release(struct scram *s);

/* "n,,n=user,r=nonce" as a new string. */
char *scram_first(const struct scram *s);
/* The answer to the server's first message, as a new string; NULL with *err. */
char *scram_final(struct scram *s, const char *server_first, struct err *err);
/* Looks at the server's last message: 0 = it knows the password. */
int scram_verify(struct scram *s, const char *server_final, struct err *err);

#endif
