/*
 * What is remembered of a server from one connection to the next: one line of
 * JSON in provider.memory.
 *
 * It is a guess, never a truth: what a new connection is told wins (C-13).
 * Capabilities are kept as words, cut at MEMORY_WORDS_MAX.  A text that cannot
 * be read counts as no memory.
 */
#ifndef TERN_PROVIDER_IMAP_MEMORY_H
#define TERN_PROVIDER_IMAP_MEMORY_H

#include "provider/imap/evidence.h"

enum {
	MEMORY_WORDS_MAX = 4096,
	MEMORY_STUMBLES_MAX = 2, /* then commands are no longer sent along with the login */
};

struct memory {
	char *before;  /* capabilities when the login began, NULL = not known */
	char *after;   /* ... and behind it */
	bool told;     /* the answer to the login told `after` */
	char *server;  /* what it calls itself (ID), for people; NULL = it did not */
	char *enabled; /* what ENABLED answered last, "" = nothing */
	char letter;
	int connections; /* that it allows at a time */
	int stumbles;	 /* connections that broke after an early flight since one landed */
	bool deaf;	 /* what leaves before the login is answered gets lost; until the next probe */
	int slice; /* messages of history that one answer may hold, 0 = as configured: connections broke in more */
	struct evidence evidence;
};

/* text may be NULL; what m held before is released. */
void memory_read(struct memory *m, const char *text);
char *memory_write(const struct memory *m); /* g_free */
void memory_release(struct memory *m);

const char *evidence_name(enum evidence_kind kind); /* "modseq-stuck", ... */

struct imap;

/* Loads the memory at the beginning of a connection and forgives what is old enough (M-78). */
void imap_recall(struct imap *i);
/* Puts what was learned into the memory. */
void imap_keep(struct imap *i);

#endif
