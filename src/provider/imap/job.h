/*
 * What the parts of apply() share: a batch on its way to the server.
 *
 * A struct job holds one struct pick for each item, ascending by uid, so that
 * sets are short and answers are found by search.  Whatever was not decided
 * when an error ends the call keeps its state in the caller's array.
 *
 * A verb leaves as few commands as it can, and those that do not depend on
 * each other in one flight; what the answer to the verb itself proves is not
 * asked before it.
 */
#ifndef TERN_PROVIDER_IMAP_JOB_H
#define TERN_PROVIDER_IMAP_JOB_H

#include "provider/imap/command.h"

enum { JOB_DIGEST = 65 }; /* SHA-256 in hex and a NUL */

struct pick {
	uint64_t uid;
	const struct mutation_item *item;
	struct applied *out;
	bool there;	     /* in the source, as last looked */
	bool open;	     /* still to be acted on */
	bool told;	     /* FLAGS: the answer to the change named it: it is there */
	bool modified;	     /* FLAGS: somebody changed it since the reader saw it */
	uint64_t since;	     /* FLAGS: newest mod-sequence that the reader's wish is based on, 0 = any */
	uint64_t modseq;     /* FLAGS: as last told, 0 = not */
	unsigned flags;	     /* FLAGS: as last told, with `flags_told` */
	bool flags_told;
	uint64_t target_uid; /* where it was found or put, 0 = not known */
	bool doomed;	     /* in doubt: \Deleted in the source, which the reader had not seen */
	struct pick *twin;   /* the next one with the same Message-ID and size */
	char digest[JOB_DIGEST]; /* in doubt, without a Message-ID: of its header in the source, "" = not known */
};

/*
 * One message whose flags are about to change, seen before and after: does its
 * mod-sequence rise, as RFC 7162 demands (C-12)?
 */
struct witness {
	uint64_t uid; /* 0 = none is needed */
	uint32_t tag; /* of the first look; what is told behind its answer is the second */
	bool after;
	unsigned flags[2];
	uint64_t modseq[2]; /* 0 = not seen */
};

struct job {
	struct imap *imap;
	const struct mutation_batch *batch;
	struct pick *picks; /* n of them */
	size_t n;
	struct witness witness;
	uint64_t vanished; /* in doubt: messages that came to the target since the mark and are gone */
};

/* A command that was sent: its tag, 0 = none was, and what came of it. */
struct sent {
	uint32_t tag;
	bool done;
	struct answer answer;
};

void job_init(struct job *j, struct imap *i, const struct mutation_batch *b, struct applied *out);
void job_release(struct job *j);

/* Selects the source for writing and holds its UIDVALIDITY against the batch. */
int job_select(struct job *j, bool fresh, struct err *err);

/*
 * Writes the uids of the open picks from *at on into set, as many as fit in a
 * command, moves *at behind them; returns the index of the first, and *at == n
 * when there are no more.  An empty set means that nothing was open.
 */
size_t job_set(struct job *j, size_t *at, GString *set);
/* The same of [from, to) alone; false if nothing is open there. */
bool job_rest(struct job *j, size_t from, size_t to, GString *set);

/* Sends the words `verb`, `set` and `tail`, in this order. */
int job_send(struct job *j, const char *verb, const char *set, const char *tail, struct sent *out,
	struct err *err);
/* Reads until all n of them (those with a tag) are answered.  fn gets their tagged answers, too. */
int job_hear(struct job *j, struct sent *sent, size_t n, untagged_fn fn, void *ctx, struct err *err);

/* Sends the question which of the set are there: `there` of picks [from, to) is cleared, and set by
 * job_there when the answer is heard. */
int job_ask(struct job *j, size_t from, size_t to, const char *set, struct sent *out,
	struct err *err);
/* An untagged answer that may name messages of the source. */
void job_there(struct job *j, const struct response *r);
/* Both, and waits for the answer. */
int job_look(struct job *j, size_t from, size_t to, const char *set, struct err *err);

/* Decides all open picks of [from, to). */
void job_decide(
	struct job *j, size_t from, size_t to, enum applied_state state, const struct answer *a);
/* ... as refused, in our own words. */
void job_refuse(struct job *j, const char *words);
/* Decides those of [from, to) that are not there. */
void job_drop_gone(struct job *j, size_t from, size_t to);

/* The first pick with that uid, NULL if there is none; job_next: the next one of the same. */
struct pick *job_find(struct job *j, uint64_t uid);
struct pick *job_next(struct job *j, struct pick *p);

/* ERR_RETRY with words if the server only wants to be asked later, else 0. */
int job_postponed(const struct answer *a, struct err *err);

/* The verbs. */
int job_flags(struct job *j, struct err *err);
int job_move(struct job *j, struct err *err); /* and COPY */
int job_expunge(struct job *j, struct err *err);
int job_append(struct job *j, struct err *err);

/*
 * Takes the open picks of [from, to) out of the source: marks them, and removes
 * exactly them; without UIDPLUS they stay marked.  `look`: tells apart what was
 * not there any more.  (expunge.c)
 */
int job_remove(struct job *j, size_t from, size_t to, bool look, struct err *err);

/* MOVE and COPY in doubt: decides what has happened already, removes from the source what was only
 * copied; what is left open has not happened.  (doubt.c) */
int job_doubt(struct job *j, struct err *err);
/* What came to the target since the mark: target_uid of the picks that are recognised, and how many
 * have vanished again.  Leaves the target selected.  (doubt.c) */
int job_search(struct job *j, struct err *err);
/* "UIDVALIDITY UIDNEXT" of the target into b->mark; with the source opened on the way.  (mark.c) */
int job_mark(struct imap *i, struct mutation_batch *b, struct err *err);

#endif
