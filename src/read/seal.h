/*
 * Whether a signature holds, and what is inside an encryption.
 *
 * PGP by gpg (RFC 3156), S/MIME by OpenSSL's CMS (RFC 8551).  Both work on bytes that the reader's child took out of the message;
 * nothing is parsed as mail here.  A verdict is about a part; it is shown as
 * good only if all text of the message lies in that part and an address of the
 * key is the one in From.  Blocking, any thread but the screen's.
 */
#ifndef TERN_READ_SEAL_H
#define TERN_READ_SEAL_H

#include <stdbool.h>
#include <stdint.h>

#include "base/cancel.h"
#include "base/err.h"
#include "mime/document.h"

enum seal_result {
	SEAL_UNKNOWN,     /* nothing was found out: err words in `words` */
	SEAL_GOOD,        /* the signature holds, the key is trusted and is the sender's */
	SEAL_UNTRUSTED,   /* it holds, but nothing says whose key it is */
	SEAL_OTHER,       /* it holds, but the key is of another address than From */
	SEAL_PARTLY,      /* it holds for a part of what is shown only */
	SEAL_MISDATED,    /* it holds, but was made long before or after the date of the message */
	SEAL_WEAK,        /* it holds by a digest that no longer proves anything (SHA-1, MD5) */
	SEAL_NO_KEY,      /* the key that is needed is not here */
	SEAL_EXPIRED,     /* it held when it was made; key or certificate has expired or was revoked */
	SEAL_BAD,         /* the text is not what was signed */
	SEAL_DECRYPTED,   /* encrypted and not signed: opened */
	SEAL_LOCKED,      /* encrypted, and it cannot be opened here */
};

enum { SEAL_SIGNER_MAX = 256, SEAL_WORDS_MAX = 300 };

struct seal_verdict {
	enum seal_kind kind;
	enum seal_result result;
	bool encrypted;               /* it had to be decrypted */
	char signer[SEAL_SIGNER_MAX]; /* of the key; outside text, UTF-8 */
	char words[SEAL_WORDS_MAX];   /* a sentence for people */
	int64_t made_at;              /* unix seconds, 0 = unknown */
};

/* What the reader's configuration says; strings may be NULL. */
struct seal_config {
	const char *ca_file;          /* PEM: trusted for S/MIME beside the system's authorities */
	const char *key_file;         /* PKCS#12 or PEM: certificate and key that open S/MIME */
	const char *key_command;      /* prints its password */
	const char *terminal;         /* where gpg may ask for a passphrase: a path */
	bool display;                 /* it may ask in a window */
	int64_t now;                  /* unix seconds, of tests; 0 = the clock */
};

/* The two things that are done to a message in the child. */
struct seal_reader {
	void *ctx;
	int (*extract)(void *ctx, int fd, int part, int body, int signature, struct err *err);
	int (*read)(void *ctx, int fd, const struct document_how *how, struct document **out,
		struct err *err);
};

/* A message that was read as its document says. */
struct seal_question {
	const struct seal_config *config;
	struct seal_reader reader;
	struct cancel *cancel;
	const char *from;             /* whose signature it must be; NULL = whoever the header says */
	int fd;                       /* of the message; borrowed */
	const struct document_how *how;
};

/*
 * Finds out what of *doc is proved.  What is encrypted as a whole is opened:
 * *doc then becomes the document of what was inside, with the headers of the
 * message, and *plain the file that its parts are numbered in (the caller's;
 * else it stays negative).  ERR_CANCELED only; everything else is a verdict.
 */
int seal_check(const struct seal_question *q, struct document **doc, int *plain,
	struct seal_verdict *out, struct err *err);

#endif
