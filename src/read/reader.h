/*
 * The reader: opens messages in a process that can do nothing else.
 *
 * Everything in a mail is chosen by strangers, and parsers have bugs.  So the
 * program never parses a mail itself: it hands the descriptor of the stored
 * file to a child process (jail.h), which has no other file, no network and a
 * limit of time and memory, and gets back a document as plain bytes (wire.h).
 * If the child dies, that mail is "too complex to show", the next one gets a
 * new child, and nothing of the program is harmed.
 *
 * Beside the documents, the reader decodes parts into files and finds out
 * whether signatures hold (seal.h); that runs here and not in the child,
 * because gpg has to be started.
 *
 * Threads: one thread of its own talks to the child.  Calls marked "asks"
 * return at once; the answer is an EV_DOCUMENT with the ticket as its message,
 * and code < 0 if it failed; reader_take gets it.  The newest question goes
 * first, at most READER_ASKED_MAX wait (the oldest is answered ERR_CANCELED), and
 * as many answers are kept until somebody takes them.  A fuller answer replaces
 * the first one if that was not taken yet.
 */
#ifndef TERN_READ_READER_H
#define TERN_READ_READER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/cancel.h"
#include "base/err.h"
#include "base/queue.h"
#include "mime/document.h"
#include "read/seal.h"

enum {
	READER_ASKED_MAX = 16,
	READER_CPU_S = 2,            /* of one message ... */
	READER_WALL_S = 15,          /* ... and by the clock, on a machine that is busy; */
	READER_CPU_MIB = 32,         /* a second more for each so many MiB of the message ... */
	READER_WALL_MIB = 4,         /* ... and by the clock */
	READER_MEMORY = 256 << 20,   /* bytes of the child */
	READER_FIRST = 256 * 1024,   /* larger messages are answered twice: their beginning, then all */
};

struct reader;

/* What the reader is to do with an open message file. */
struct reader_question {
	int fd;                       /* of the stored message; taken, also on failure */
	struct document_how how;      /* holes are copied */
	bool seal;                    /* find out whether a signature holds; decrypt what is encrypted */
	char *from;                   /* the address that a signature must be of; copied; may be NULL */
	int part;                     /* export: which part; -1 = a document is wanted */
	int out;                      /* export: where its decoded bytes go; taken */
};

struct reader_answer {
	struct document *doc;         /* NULL for an export */
	struct seal_verdict verdict;  /* of seal; verdict.kind SEAL_NONE: nothing was found out */
	int plain;                    /* of seal: the file that doc was read from, if not the message
	                                 itself (decrypted text); 0 = none; the owner closes it */
	uint64_t bytes;               /* export: written */
	bool more;                    /* a fuller answer with the same ticket follows */
};
void reader_answer_release(struct reader_answer *a);

/* The child is started with the first question, or by reader_warm.  events may be NULL. */
struct reader *reader_new(struct queue *events);

/* What a test may have otherwise than the program; 0 or NULL = as in the program. */
struct reader_limits {
	int cpu_ms, wall_ms;          /* of one message of any size */
	uint64_t memory, first;       /* bytes */
	const char *word;             /* borrowed; in place of READER_CHILD_WORD */
};
struct reader *reader_new_limited(struct queue *events, const struct reader_limits *limits);
void reader_free(struct reader **r);
/* How seals are checked; copied.  Before the first question. */
void reader_seals(struct reader *r, const struct seal_config *config);
/* The reader's own program for HTML (htmlfilter.h), copied; NULL = none.  Before the first question. */
void reader_set_html_filter(struct reader *r, const char *command);
/* Starts the child in the background, so that the first message does not wait for it. */
void reader_warm(struct reader *r);

/* Asks; returns the ticket, > 0. */
int64_t reader_ask(struct reader *r, const struct reader_question *q);
/* The answer: 1 = taken, 0 = not there yet, else the error. */
int reader_take(struct reader *r, int64_t ticket, struct reader_answer *out, struct err *err);
/* Waits at most ms for an answer (the screen: a few, so that a usual mail opens in one step). */
bool reader_wait(struct reader *r, int64_t ticket, int ms);
/* Nobody wants the answer any more; what runs is ended. */
void reader_forget(struct reader *r, int64_t ticket);

/* Blocking, for the command line. */
int reader_read(struct reader *r, const struct reader_question *q, struct cancel *cancel,
	struct reader_answer *out, struct err *err);

/*
 * What main() runs instead of everything else when it is started as the child, as soon as the
 * locale is set: never returns.  The child is the same program file, found as /proc/self/exe, so
 * a test program that uses a reader does likewise.
 */
_Noreturn void reader_child(void);
/* The only argument, by which the child is told that it is one. */
#define READER_CHILD_WORD "--reader-child"

#endif
