/*
 * The wire: answers of an IMAP server, one at a time, and bytes to it.
 *
 * All bytes pass the transport guard (net/guard.h) before anything looks at
 * them.  wire_next returns one whole answer (its line and the literals in it)
 * that stays in place until the next call; nothing is copied.  After an error
 * the connection is unusable and has to be freed.
 * Owner: the thread of the provider.
 */
#ifndef TERN_PROVIDER_IMAP_WIRE_H
#define TERN_PROVIDER_IMAP_WIRE_H

#include "net/guard.h"
#include "net/stream.h"
#include "provider/imap/scan.h"

enum {
	WIRE_BUFFER = 128 * 1024,
	WIRE_READ_MIN = 17 * 1024,   /* room for one TLS record before the buffer is moved */
	WIRE_RESPONSE_MAX = 4 << 20, /* bytes of one answer with its literals */
};

enum response_kind {
	RESPONSE_DATA,	   /* "* ..." */
	RESPONSE_TAGGED,   /* "TAG OK ..." */
	RESPONSE_CONTINUE, /* "+ ..." */
	RESPONSE_JUNK,	   /* a line that is none of them */
};

struct response {
	enum response_kind kind;
	const char *p, *end; /* the whole answer, line end included */
	uint32_t tag;	     /* RESPONSE_TAGGED: the number behind our 'T' */
	uint64_t number;     /* "* 5 FETCH": 5, else 0 */
	struct slice word;   /* "FETCH", "OK", "LIST", ... */
	struct scan rest;    /* what follows the word */
};

struct wire;

struct wire *wire_new(struct stream **s); /* takes the stream */
void wire_free(struct wire **w);
/* Only commands that read may leave (guard.h). */
void wire_reading(struct wire *w);
struct stream *wire_stream(struct wire *w);
size_t wire_pending(const struct wire *w); /* bytes read from the stream and not yet handed out */

/* Waits for the next answer, each piece of it at most timeout_ms. */
int wire_next(struct wire *w, int timeout_ms, struct response *out, struct err *err);

/* A command is about to be written; literals up to literal_max (0 = the usual) may come back. */
void wire_command(struct wire *w, uint64_t literal_max);
/* One of the commands in flight was answered: the guard counts anew. */
void wire_answered(struct wire *w);
int wire_write(struct wire *w, const void *p, size_t len, struct err *err);

/*
 * The answer to the command that was just sent decides about compression: it is
 * read byte by byte, so that nothing behind it is taken for plain text.
 */
void wire_careful(struct wire *w, bool on);
/* Behind such an answer: both directions are compressed from now on. */
int wire_compress(struct wire *w, struct err *err);

/*
 * While fd >= 0, the literal of a "BODY[]" item goes to fd in pieces and never
 * stands in memory; in the answer it is replaced by NIL.  wire_body_bytes says
 * how many bytes went there since, -1 for none.
 */
void wire_body_to(struct wire *w, int fd);
int64_t wire_body_bytes(const struct wire *w);

/* Takes an answer apart; also for tests, on any buffer that holds one whole answer. */
void response_parse(const char *p, const char *end, struct response *out);

#endif
