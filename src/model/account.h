/*
 * An account as the reader configured it.  Immutable after it was loaded;
 * strings belong to the struct.
 */
#ifndef TERN_MODEL_ACCOUNT_H
#define TERN_MODEL_ACCOUNT_H

#include <stdbool.h>

#include "model/id.h"

enum tls_mode {
	TLS_IMPLICIT, /* TLS from the first byte (RFC 8314), the default */
	TLS_STARTTLS, /* upgraded before any secret is sent, else refused */
	TLS_PLAIN,    /* no TLS: only to a loopback address */
};

/* How to sign in; the order is the order of the words of the option. */
enum auth_method {
	AUTH_AUTO, /* the best that the server offers for a password */
	AUTH_PLAIN,
	AUTH_LOGIN,
	AUTH_SCRAM_SHA_1,
	AUTH_SCRAM_SHA_256,
	AUTH_XOAUTH2,     /* password_command prints an access token; likewise below */
	AUTH_OAUTHBEARER,
};

enum compress_mode {
	COMPRESS_AUTO, /* not to this machine itself */
	COMPRESS_YES,
	COMPRESS_NO,
};

struct account {
	account_id id;   /* given by the store, 0 until store_account_bind */
	char *name;      /* unique, fit for a file name: [A-Za-z0-9._-]+ */
	char *type;      /* the provider's name: "imap", "maildir" */
	char *host;      /* imap */
	int port;        /* imap; 0 = the usual one for the TLS mode */
	enum tls_mode tls;
	char *user;
	char *password_command; /* prints the password on its first line */
	char *ca_file;   /* PEM; NULL = the system's certificate authorities */
	char *path;      /* maildir: the root of the tree */
	enum auth_method auth;        /* imap */
	enum compress_mode compress;  /* imap: RFC 4978, before much is read */
	bool cache;      /* messages may be fetched before they are opened */
	char *authserv_id; /* whose Authentication-Results count; NULL or "auto": mime/authres.h finds out */
	bool two_way;    /* false: strictly read-only, nothing is ever sent but reading commands */
};

void account_free(struct account **a);

#endif
