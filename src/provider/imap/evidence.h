/*
 * What a server was caught at, and the class that follows from it (M-78, M-79,
 * C-11, C-12).
 *
 * Planning is per feature (plan.h); the letter only says it in one word:
 *   A  IDLE, CONDSTORE, QRESYNC and UIDPLUS
 *   B  IDLE, but not A
 *   C  no IDLE
 *   D  what it announces cannot be trusted; tern then compares listings, uses
 *      one connection and small runs
 * Evidence is kept in the account's memory with the time it was found; a probe
 * a week later (PROBE_S, with jitter) forgives everything and looks again.
 */
#ifndef TERN_PROVIDER_IMAP_EVIDENCE_H
#define TERN_PROVIDER_IMAP_EVIDENCE_H

#include <stdbool.h>
#include <stdint.h>

struct imap;

enum evidence_kind {
	EVIDENCE_MODSEQ_STUCK,   /* HIGHESTMODSEQ did not rise after our own STORE */
	EVIDENCE_MODSEQ_BACK,    /* it went back under the same UIDVALIDITY */
	EVIDENCE_VALIDITY_BACK,  /* UIDVALIDITY went back */
	EVIDENCE_IDLE_SILENT,    /* a poll found mail that IDLE had not told; counts from EVIDENCE_SILENT_MAX on,
				    in a row: mail may come just behind the end of an IDLE */
	EVIDENCE_BAD_FEATURE,    /* BAD for a command that was announced, or OK and nothing done */
	EVIDENCE_KINDS,
};

enum {
	EVIDENCE_SILENT_MAX = 3,
	EVIDENCE_PROBE_S = 7 * 24 * 3600,
	EVIDENCE_RUN_S = 25,         /* traits of class D: one run of history in seconds */
	EVIDENCE_RUN_MESSAGES = 200, /* ... and in messages */
};

struct evidence {
	int count[EVIDENCE_KINDS];
	int64_t first_at[EVIDENCE_KINDS]; /* unix seconds, 0 = never */
	int64_t probed_at;                /* the last time that everything was forgiven */
};

/* Notes one observation; from then on imap_distrusted may be true. */
void imap_evidence(struct imap *i, enum evidence_kind kind);
/* The server was seen to do right: observations that are too few to count are forgotten. */
void imap_cleared(struct imap *i, enum evidence_kind kind);
/* True: class D. */
bool imap_distrusted(const struct imap *i);
/* What the caller may expect of the server (provider.h), by plan, memory and evidence. */
void imap_set_traits(struct imap *i);
/* 'A'..'D' */
char imap_letter(const struct imap *i);

#endif
