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

/* A part of a message: BODY[2.1.MIME] and what it holds; p = NULL: NIL. */
struct fetch_section {
	struct slice name, value;
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
	struct slice structure; /* the text of BODYSTRUCTURE, for structure_tree */
	struct fetch_section *sections; /* fetch_sections: where they go */
	size_t n_sections, sections_max;
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
/* The same, with all sections that are named by a number; more than max are left out. */
bool fetch_sections(uint64_t seq, struct scan *s, struct fetch *out, struct fetch_section *sections,
	size_t max);

/* One address of a list: (name route mailbox host). */
struct address {
	struct slice name, mailbox, host;
};
bool address_next(struct scan *s, struct address *out);

/* BODYSTRUCTURE: true if it could be read; *attachment tells whether there is one. */
bool structure_parse(struct scan *s, bool *attachment);

enum structure_kind { STRUCTURE_LEAF, STRUCTURE_MULTI, STRUCTURE_MESSAGE };

/* One part as BODYSTRUCTURE tells it; the slices point into its text. */
struct structure_part {
	enum structure_kind kind;
	int parent;		     /* index of the container, -1: it is the message's own body */
	int number;		     /* among its siblings, from 1 */
	int depth;
	struct slice type, subtype;  /* of a multipart only the subtype */
	struct slice boundary;	     /* of a multipart, p = NULL: not told */
	uint64_t octets;	     /* as transferred */
	bool attached;		     /* Content-Disposition: attachment */
};
/*
 * The whole tree, containers before what is in them, as far as the fields stand
 * where RFC 3501, section 7.4.2, puts them; how many parts, 0 = it cannot be read
 * so, or is larger than max.
 */
size_t structure_tree(struct slice text, struct structure_part *out, size_t max);

/* "17-Jul-1996 02:44:25 -0700" (day maybe blank-padded) as unix seconds; 0 if it is none. */
int64_t internaldate_parse(struct slice s);

#endif
