/*
 * Inside of read/ only: one layer of protection, checked.
 *
 * A layer is a signed or an encrypted part; seal.c goes through the layers of
 * a message and puts together what was found.  The two ways (seal_pgp.c,
 * seal_smime.c) never parse mail: they are given bytes in files without names,
 * and give back a finding and, where the bytes of the text are not in the
 * message itself, a file with them.  Blocking; the reader's thread.
 */
#ifndef TERN_READ_SEAL_LAYER_H
#define TERN_READ_SEAL_LAYER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/cancel.h"
#include "base/err.h"
#include "read/seal.h"

enum {
	SEAL_WALL_MS = 20 * 1000,      /* of gpg for one layer ... */
	SEAL_ASK_MS = 60 * 1000,       /* ... when a person may be asked for a passphrase */
	SEAL_BYTES_MAX = 256 << 20,    /* of a protected part, and of what it becomes */
};

/* What one layer is made of. */
struct seal_bytes {
	enum seal_kind kind;
	int body;                      /* a signed text has CRLF line ends already */
	int signature;                 /* of a signature that stands apart */
	const char *from;              /* the one address of From, "" = there is not exactly one */
	const struct seal_config *config;
	struct cancel *cancel;
};

struct seal_finding {
	enum seal_result result;       /* SEAL_DECRYPTED: no signature was in it */
	bool decrypted;
	int content;                   /* file of the text inside, -1 = there is none; the caller's */
	char signer[SEAL_SIGNER_MAX];
	char words[SEAL_WORDS_MAX];
	int64_t made_at;
};

/* ERR_CANCELED; everything else is a finding. */
int seal_pgp(const struct seal_bytes *b, struct seal_finding *out, struct err *err);
int seal_smime(const struct seal_bytes *b, struct seal_finding *out, struct err *err);

/* The worse of two: what holds is worse than what holds better. */
enum seal_result seal_worse(enum seal_result a, enum seal_result b);
/* The same mailbox: the domain in any case.  False if one is "". */
bool seal_same_address(const char *a, const char *b);
/* A file without a name, in memory.  ERR_STORAGE. */
int seal_file(struct err *err);

#endif
