/*
 * One FETCH answer, taken apart in place (RFC 3501, section 7.4.2).
 *
 * All slices point into the answer and live as long as it.  The reader is
 * tolerant: an item that it cannot read ends neither the answer nor the
 * connection; it looks for the next item that it knows, and what was read
 * before counts (`has` tells).  Pure; no allocation.
 */
#ifndef TERN_PROVIDER_IMAP_FETCH_H
#define TERN_PROVIDER_IMAP_FETCH_H

#include <stdbool.h>
#include <stdint.h>

#include "provider/imap/scan.h"

enum fetch_has {
	FETCH_UID = 1 << 0,
	FETCH_FLAGS = 1 << 1,
	FETCH_DATE = 1 << 2,
	FETCH_SIZE = 1 << 3,
	FETCH_ENVELOPE = 1 << 4,
	FETCH_STRUCTURE = 1 << 5,
	FETCH_HEADER = 1 << 6,
	FETCH_BODY = 1 << 7,
	FETCH_DAMAGED = 1 << 8, /* an item could not be read */
};

struct envelope {
	struct slice date, subject, in_reply_to, message_id;
	struct slice from, to, cc; /* address lists, brackets included */
};

struct fetch {
	unsigned has; /* enum fetch_has */
	uint64_t seq, uid, size;
	uint64_t modseq;	/* MODSEQ (RFC 7162), 0 = not told */
	unsigned flags;		/* enum flags */
	struct slice flag_list; /* what stood in the brackets: for keywords */
	bool keywords;		/* there is at least one among them */
	int64_t internaldate;	/* unix seconds, 0 = unreadable */
	struct envelope envelope;
	bool attachment;
	struct slice header; /* of BODY[HEADER.FIELDS ...] or BODY[HEADER] */
	struct slice body;   /* of BODY[] or its first piece, BODY[]<0> */
	struct slice email_id, gmail_id; /* EMAILID (RFC 8474), X-GM-MSGID; p = NULL: not told */
	struct slice preview;		 /* PREVIEW (RFC 8970) */
};

/* An answer to a question for whole messages, not news of flags: it has what no news has. */
static inline bool fetch_is_whole(const struct fetch *f)
{
	return f->has & (FETCH_SIZE | FETCH_DATE | FETCH_ENVELOPE);
}

/* Reads what follows "* SEQ FETCH "; false if there is no list of items at all. */
bool fetch_parse(uint64_t seq, struct scan *s, struct fetch *out);

/* One address of a list: (name route mailbox host). */
struct address {
	struct slice name, mailbox, host;
};
bool address_next(struct scan *s, struct address *out);

/* BODYSTRUCTURE: true if it could be read; *attachment tells whether there is one. */
bool structure_parse(struct scan *s, bool *attachment);

/* "17-Jul-1996 02:44:25 -0700" (day maybe blank-padded) as unix seconds; 0 if it is none. */
int64_t internaldate_parse(struct slice s);

#endif
