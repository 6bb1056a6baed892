/*
 * Inbound facts: what a provider says about one message in one mailbox.
 *
 * All pointers are borrowed for the time of the call that carries the change.
 * Strings are valid UTF-8 without NUL (the provider decodes RFC 2047 and
 * charsets), still outside text: they are cleaned when they are shown.
 */
#ifndef TERN_MODEL_CHANGE_H
#define TERN_MODEL_CHANGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum change_kind {
	CHANGE_MESSAGE, /* a whole row: all fields count; seeing it again changes nothing */
	CHANGE_FLAGS,   /* uid, flags and keywords only */
	CHANGE_GONE,    /* uid only: it is no longer in this mailbox */
};

enum {
	CHANGE_REFERENCES_MAX = 100, /* of a longer References header the first and the last count */
	CHANGE_SUBJECT_MAX = 1000,   /* bytes kept of a field; the provider cuts at a character */
	CHANGE_NAME_MAX = 300,
	CHANGE_ADDRESSES_MAX = 4000,
	CHANGE_MESSAGE_ID_MAX = 900,
	CHANGE_PREVIEW_MAX = 800,    /* RFC 8970: at most 200 characters */
};

struct change {
	enum change_kind kind;
	uint64_t uid;            /* number inside the mailbox, > 0, < 2^63: IMAP's UID; elsewhere the provider's own stable number */
	unsigned flags;          /* enum flags, as the server has them */
	const char *keywords;    /* normal form of model/flags.h; NULL = "" */

	/* CHANGE_MESSAGE only */
	const char *canonical;   /* the provider's stable id of the message, NULL if it has none */
	const char *message_id;  /* RFC 5322 Message-ID without <>, NULL if missing */
	const char *const *references; /* ids without <>: References, then In-Reply-To, oldest first */
	size_t n_references;
	const char *subject;     /* NULL = missing; likewise below */
	const char *from_name, *from_addr;
	const char *to, *cc;     /* "Name <addr>, ..." for people */
	int64_t sent_at;         /* Date header, unix seconds; 0 = missing or unreadable */
	int64_t received_at;     /* INTERNALDATE or its like, unix seconds; 0 = unknown */
	uint64_t size;           /* bytes of the raw message */
	bool has_attachment;
	const char *preview;     /* the server's first words of the text (RFC 8970), NULL = not told */
};

#endif
