/*
 * Whether a signature holds, and what is inside an encryption.
 *
 * PGP by gpg through GMime's context (RFC 3156), S/MIME by OpenSSL's CMS (RFC
 * 8551).  Both work on bytes that the reader's child took out of the message;
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

#endif
