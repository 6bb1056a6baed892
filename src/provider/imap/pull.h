/*
 * The parts of changes(): what they share while one mailbox is brought up to
 * date.
 *
 * The cursor says which part of the mailbox the store covers: uids from `low`
 * up to but not including `uidnext`.  Backfill moves `low` down to 1, new mail
 * moves `uidnext` up, refresh compares what lies between.
 */
#ifndef TERN_PROVIDER_IMAP_PULL_H
#define TERN_PROVIDER_IMAP_PULL_H

#include "provider/imap/command.h"

#define PULL_ITEMS                                                                                 \
	"(UID FLAGS INTERNALDATE RFC822.SIZE ENVELOPE BODYSTRUCTURE "                              \
	"BODY.PEEK[HEADER.FIELDS (REFERENCES)])"

enum { PULL_CURSOR_MAX = 128 };

struct position {
	uint32_t uidvalidity, uidnext;
	uint64_t low;	 /* lowest uid covered; 1 = complete */
	uint64_t modseq; /* HIGHESTMODSEQ whose flags are in the store; 0 = unknown */
	uint64_t exists; /* messages there were then */
};

struct pull {
	struct imap *imap;
	const char *path;
	struct sink *out;
	struct position at;
	uint64_t from;	  /* what is below was not asked for in the command under way */
	uint64_t max_uid; /* the highest uid reported */
	bool fresh;	  /* nothing was covered at the start of this call */
	bool paused;	  /* the sink wants a pause */
	bool proved;	  /* a heavy loss was seen twice, on two connections */
	GHashTable *came; /* uids reported during a rescue, NULL outside of one */
};

/* Reads a cursor; false if it is none ("" or of another version). */
bool position_read(const char *cursor, struct position *out);

/* Tells the sink that all before p->at is complete. */
int pull_point(struct pull *p, uint64_t done, struct err *err);

/* An untagged_fn with a struct pull as ctx: reports whole messages. */
int pull_on_message(struct imap *i, const struct response *r, void *ctx, struct err *err);
/* Reports f as a message if it is one. */
int pull_report(struct pull *p, const struct fetch *f, struct err *err);

/* A new connection with the same mailbox selected. */
int pull_reconnect(struct pull *p, struct err *err);
/* The uids, ascending, of what such a command names: "FETCH 1:9", "UID FETCH 7:*" into uids
 * (of uint64_t). */
int pull_list_uids(struct pull *p, const char *what, GArray *uids, struct err *err);
/* Reports these messages (ascending), after a command for them ended with ERR_LIMIT; needs a
 * new connection. */
int pull_rescue(struct pull *p, const uint64_t *uids, size_t n, struct err *err);

/* From low down to 1, newest first. */
int pull_backfill(struct pull *p, struct err *err);
/* Flags and expunges inside the coverage, and what the store misses there. */
int pull_refresh(struct pull *p, struct err *err);

#endif
