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

/* What is asked of a message: what everybody has, and what a row of the list is made of. */
#define PULL_FACTS "UID FLAGS INTERNALDATE RFC822.SIZE"
#define PULL_WORDS "ENVELOPE BODYSTRUCTURE BODY.PEEK[HEADER.FIELDS (REFERENCES)]"

enum {
	PULL_CURSOR_MAX = 160,
	PULL_ITEMS_MAX = 200,
	PULL_SPANS_MAX = 65536, /* pieces of sets kept at once; of more, the mailbox is listed */
	PULL_GONE_MAX = 100000, /* uids found gone kept at once; of more, likewise */
	PULL_NEWEST = 500,	/* messages whose flags are looked at in every call on a plain server */
	PULL_FLAGS_S = 3600,	/* ... and all of them after so many seconds */
	PULL_FLAGS_NOTE_S = 600, /* the time of that is kept to this many: a call without news writes nothing */
	PULL_LOSS_FLOOR = 100,	/* so many messages may vanish without a second proof ... */
	PULL_LOSS_SHARE = 5,	/* ... or less than 1/5 of those known */
};

struct position {
	uint32_t uidvalidity, uidnext;
	uint64_t low;	  /* lowest uid covered; 1 = complete */
	uint64_t modseq;  /* HIGHESTMODSEQ whose flags are in the store; 0 = unknown */
	uint64_t exists;  /* messages below uidnext when that was so, rather too many than too few */
	int64_t flags_at; /* unix seconds: when all flags were compared last, 0 = never */
};

/* What the answers of the first flight prove about the coverage. */
enum pull_proof {
	PROOF_NONE,    /* nothing: it has to be listed */
	PROOF_FLAGS,   /* all changed flags were reported (CONDSTORE) */
	PROOF_QRESYNC, /* and what vanished was told */
};

struct pull {
	struct imap *imap;
	const char *path;
	struct sink *out;
	unsigned flags; /* enum changes_flags */
	struct position at;
	char items[PULL_ITEMS_MAX];	/* what is asked of each message */
	char items_new[PULL_ITEMS_MAX]; /* ... of new mail */
	uint64_t from;	  /* what is below was not asked for in the command under way */
	uint64_t max_uid; /* the highest uid reported */
	uint64_t n_new;	  /* messages reported that came since the cursor */
	uint64_t fetched; /* messages brought in by earlier calls */
	uint32_t covered; /* the cursor's uidnext: flags and expunges are settled below it */
	uint64_t modseq;  /* HIGHESTMODSEQ at SELECT */
	enum pull_proof proof;
	bool news_read;	  /* new mail was asked for in the first flight, and came */
	GArray *vanished; /* of struct span, inside the coverage; NULL = none */
	bool strays;	  /* the store has messages that the cursor does not cover: we put them there */
	bool fresh;	  /* nothing was covered at the start of this call */
	bool paused;	  /* the sink wants a pause */
	bool proved;	  /* a heavy loss was seen twice, on two connections */
	GHashTable *came; /* uids reported during a rescue, NULL outside of one */
};

/* A HIGHESTMODSEQ that says something, else 0: 1 is where counting begins, in an empty mailbox, and
 * what a server says that only pretends to count. */
static inline uint64_t pull_modseq(uint64_t told, uint64_t exists)
{
	return told == 1 && exists > 0 ? 0 : told;
}

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

/*
 * Opens the mailbox, and asks in the same flight for all that the cursor allows
 * to ask (`had`: there is one): what changed since, and new mail.  If the
 * numbers turn out to be void, those answers are ignored.  (qresync.c)
 */
int pull_open(struct pull *p, bool had, struct err *err);
/* Was it opened along with the login, and told nothing since?  Then its numbers are fresh. */
bool pull_is_open(const struct pull *p);
/* Reports what VANISHED named and the store knows; *heavy = nothing was reported: too much, too
 * many to keep, or not what the number of messages says. */
int pull_vanished(struct pull *p, bool *heavy, struct err *err);
/* Asks which of the covered messages are there and reports those that are not; *heavy likewise,
 * or there is one that the store does not know. */
int pull_members(struct pull *p, bool *heavy, struct err *err);
/* Behind new mail: which of the strays went before they were covered?  No other answer tells. */
int pull_strays(struct pull *p, struct err *err);
/*
 * Appends to `gone` the known messages in low .. high that lie in the spans
 * (joined), or, `inverse`, in none of them; stops at PULL_GONE_MAX.  Counts in
 * *n_known what it looked at.
 */
int pull_gone(struct pull *p, const GArray *spans, bool inverse, uint64_t low, uint64_t high,
	GArray *gone, uint64_t *n_known, struct err *err);
int pull_report_gone(struct pull *p, const GArray *gone, struct err *err);
/* Is the loss so heavy that one answer does not prove it? */
bool pull_heavy(uint64_t gone, uint64_t known);

/* From low down to 1, newest first. */
int pull_backfill(struct pull *p, struct err *err);
/* Flags and expunges inside the coverage, and what the store misses there. */
int pull_refresh(struct pull *p, struct err *err);
/* The same for the newest messages only. */
int pull_refresh_newest(struct pull *p, struct err *err);

#endif
