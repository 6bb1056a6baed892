/*
 * What the parts of apply() share: a batch on its way to the server.
 *
 * A struct job holds one struct pick for each item, ascending by uid, so that
 * sets are short and answers are found by search.  Whatever was not decided
 * when an error ends the call keeps its state in the caller's array.
 */
#ifndef TERN_PROVIDER_IMAP_JOB_H
#define TERN_PROVIDER_IMAP_JOB_H

#include "provider/imap/command.h"

struct pick {
	uint64_t uid;
	const struct mutation_item *item;
	struct applied *out;
	bool there;	     /* in the source, as last looked */
	bool open;	     /* still to be acted on */
	uint64_t target_uid; /* where it was found or put, 0 = not known */
	struct pick *twin;   /* the next one with the same Message-ID and size */
};

/*
 * One message whose flags are about to change, seen before and after: does its
 * mod-sequence rise, as RFC 7162 demands (C-12)?
 */
struct witness {
	uint64_t uid; /* 0 = none is needed */
	bool after;   /* what comes now is the second look */
	unsigned flags[2];
	uint64_t modseq[2]; /* 0 = not seen */
};

struct job {
	struct imap *imap;
	const struct mutation_batch *batch;
	struct pick *picks; /* batch->n of them */
	size_t n;
	struct witness witness;
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

/* Marks `there` for picks [from, to) by asking the server for the set. */
int job_look(struct job *j, size_t from, size_t to, const char *set, struct err *err);

/* Decides all open picks of [from, to). */
void job_decide(
	struct job *j, size_t from, size_t to, enum applied_state state, const struct answer *a);

/* The first pick with that uid, NULL if there is none. */
struct pick *job_find(struct job *j, uint64_t uid);

/* ERR_RETRY with words if the server only wants to be asked later, else 0. */
int job_postponed(const struct answer *a, struct err *err);

/* The verbs. */
int job_flags(struct job *j, struct err *err);
int job_move(struct job *j, struct err *err);

#endif
