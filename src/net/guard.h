/*
 * The transport guard: limits on what an IMAP connection may carry, below
 * every parser and in both directions.
 *
 * It watches the bytes as they pass, in pieces of any size, without keeping or
 * changing them, and knows only lines, literals, quotes and parentheses
 * (RFC 3501, section 4).  A breach is for good: the caller closes the
 * connection and applies nothing of the answer.  No allocation, no I/O.
 * Owner: the thread of the connection.
 */
#ifndef TERN_NET_GUARD_H
#define TERN_NET_GUARD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

enum {
	GUARD_LINE_MAX = 1 << 20,    /* bytes of one line, literals not counted */
	GUARD_LITERAL_MAX = 1 << 20, /* bytes of a literal that is not a body */
	GUARD_BODY_MAX = 256 << 20,  /* bytes of a body literal, where one is awaited */
	GUARD_DIGITS_MAX = 10,	     /* of a literal's size */
	GUARD_DEPTH_MAX = 100,	     /* parentheses */
	GUARD_LINES_MAX = 2000000,   /* untagged lines for one command */
	GUARD_BYTES_MAX = 256 << 20, /* bytes for one command, one body literal not counted */
	GUARD_TAIL = 24,	     /* of a line, enough for "{DIGITS+}" CRLF */
	GUARD_WORDS = 64,	     /* of a command, enough for its tag and its name */
	GUARD_HEAD = 12,	     /* of a line, enough to tell "* OK " from data */
};

struct guard {
	/* from the server */
	uint64_t literal_max, literal_left;
	uint64_t line, lines, bytes;
	unsigned depth;
	bool quoted, escaped;
	bool continued; /* the line goes on behind a literal */
	unsigned n_head, n_tail;
	char head[GUARD_HEAD], tail[GUARD_TAIL];
	/* to the server */
	uint64_t out_literal_left;
	bool out_open; /* a command may be written */
	bool out_cr;
	unsigned n_out_tail;
	char out_tail[GUARD_TAIL];
	bool out_reading;	/* only commands that read may leave */
	bool out_judged;	/* the command's name was found good */
	bool out_fetches;	/* ... and is FETCH */
	unsigned n_out_words;
	char out_words[GUARD_WORDS];
};

void guard_init(struct guard *g);

/*
 * From now on only commands leave that change no mail (the table in guard.c;
 * FETCH with PEEK only): the last line of defence of an account that is
 * read-only.  A line without a blank is no command but an answer to "+".
 */
void guard_reading(struct guard *g);

/*
 * A command is about to be written: the counters start anew, and literals up
 * to literal_max (0: GUARD_LITERAL_MAX) may come back.
 */
void guard_command(struct guard *g, uint64_t literal_max);

/* One of several commands in flight was answered: the counters start anew.  The caller sees to it
 * that there was such a command. */
void guard_answered(struct guard *g);

/* Bytes that came from the server.  ERR_LIMIT or ERR_PROTOCOL. */
int guard_in(struct guard *g, const char *p, size_t len, struct err *err);

/* Bytes that are about to be sent.  ERR_PROTOCOL: a stray CR, LF or NUL, more than one line,
 * or a command that guard_reading forbids. */
int guard_out(struct guard *g, const char *p, size_t len, struct err *err);

/*
 * Does the line that ends at `end` (behind its LF) announce a literal?  1 yes,
 * with its size; 0 no; -1 its size has too many digits.  The reader uses the
 * same rule, so that both agree where a line ends.
 */
int guard_announces(const char *line, const char *end, uint64_t *size);

/* True for a status line ("* OK ...", "tag NO ...", "+ ..."), whose text is free and holds no
 * literals.  Judged by the first GUARD_HEAD bytes, on the first line of an answer only. */
bool guard_is_status(const char *line, size_t len);

#endif
