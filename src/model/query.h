/*
 * A query: which messages?  Words that a person types, e.g.
 *
 *     from:ana subject:"march invoice" is:unread larger:100k -is:flagged
 *
 * All terms must hold.  A bare word is looked for in subject and sender, `-`
 * before a term turns it around, double quotes hold blanks together.  Letters
 * are compared without case.  Terms are about what lists know of a message;
 * one table in query.c has them all, so that a search of texts adds its own
 * there.  Plain values; any thread.
 */
#ifndef TERN_MODEL_QUERY_H
#define TERN_MODEL_QUERY_H

#include <stdbool.h>
#include <stdint.h>

#include <glib.h>

#include "base/err.h"

enum { QUERY_TERMS_MAX = 32, QUERY_TEXT_MAX = 2000 };

struct query;

/* What lists know of a message; borrowed, texts "" if missing. */
struct query_facts {
	const char *from_name, *from_addr, *to, *cc, *subject, *keywords;
	unsigned flags;       /* enum flags */
	bool attachment;
	int64_t date;         /* unix seconds */
	int64_t size;         /* bytes */
};

/*
 * Reads a query.  now: unix seconds, for `today` and `30d`; days begin at
 * local midnight.  ERR_USAGE with words that name the term and what would be
 * right; an empty text is such an error.
 */
int query_parse(const char *text, int64_t now, struct query **out, struct err *err);
void query_free(struct query **q);
bool query_match(const struct query *q, const struct query_facts *f);
/* Whole lines that continue the last term of what was typed (char *, owned by the array). */
GPtrArray *query_complete(const char *typed);

#endif
