/*
 * Inside of read/ only: the child process and what is said to it.
 *
 * One stream socket.  First the program sends a struct setup and gets a reply
 * without payload ("the doors are closed", or why they are not); then each
 * struct request, with its descriptors, gets one struct reply and `len` bytes
 * (of a document: wire.h).  The child serves one request at a time.
 *
 * Both ends are one program file, so the structs need no versions; the program
 * checks every field of a reply all the same.
 */
#ifndef TERN_READ_CHILD_H
#define TERN_READ_CHILD_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/cancel.h"
#include "base/err.h"
#include "mime/document.h"

enum {
	CHILD_FD = 3,              /* the child's end of the socket */
	CHILD_ANSWERS_MAX = 1000,  /* then it is replaced, whatever it may have gathered: both ends count */
	CHILD_GROWN = 48 << 20,    /* bytes of memory beyond the start: replaced after the answer */
	CHILD_FILES_MAX = 3,
	CHILD_START_MS = 15 * 1000, /* until it is in jail: no message answers for that time */
	CHILD_EXTRA_BYTES = 1 << 20, /* by which what is extracted may exceed its message */
};

struct setup {
	uint64_t memory;           /* bytes (jail.h) */
};

enum request_kind {
	REQUEST_DOCUMENT,          /* files: message */
	REQUEST_EXPORT,            /* files: message, out */
	REQUEST_EXTRACT,           /* files: message, body, signature */
	REQUEST_TEXT,              /* files: message, out: the part's text as UTF-8 */
};

struct request {
	uint64_t nonce;            /* drawn by chance for each question; child_ask fills it in */
	enum request_kind kind;
	struct document_how how;   /* its holes stand below */
	int part;
	int cpu_ms;
	struct body_hole holes[BODY_HOLES_MAX];
};
/* How many descriptors go with a request. */
int request_files(enum request_kind kind);

struct reply {
	uint64_t nonce;            /* of the question that it answers; 0 in the first reply */
	int code;                  /* 0, enum err_code; of the first reply -errno */
	int error;                 /* errno that belongs to the code, 0 = none */
	uint32_t len;              /* bytes that follow */
	uint64_t bytes;            /* of an export */
	bool leaving;              /* the child ends behind this answer */
};

/* The program's end.  One thread. */
struct child {
	pid_t pid;                 /* 0 = none */
	int fd;
	bool ready;                /* it has said that it is in jail */
	int answers;               /* that it gave */
};

/* Starts this program's own file as `word`, with nothing but the socket, /dev/null and the language.
 * It works its way into the jail while the caller goes on.  ERR_STORAGE: no process can be had;
 * ERR_UNSUPPORTED: this is a child itself. */
int child_start(struct child *c, const char *word, uint64_t memory, struct err *err);
void child_end(struct child *c);
/* False once it has ended, for whatever reason, or has spoken without being asked. */
bool child_alive(const struct child *c);

/*
 * Asks and waits.  *payload (g_free) holds reply->len bytes, NULL for none.  Returns 0; the code of
 * the child's error, in words of the program's own; ERR_CANCELED, ERR_LIMIT (it died, spoke
 * nonsense, answered another question or took longer than wall_ms once it was in jail) or ERR_UNSUPPORTED (no jail on
 * this system, or it never got there), ERR_STORAGE (it cannot be asked): after these it is ended.  It is also ended behind an export, because it might keep
 * the descriptor and write into the file of somebody who thinks that it is complete.
 */
int child_ask(struct child *c, struct request *q, const int *files, int64_t wall_ms,
	const struct cancel *cancel, struct reply *reply, void **payload, struct err *err);

#endif
