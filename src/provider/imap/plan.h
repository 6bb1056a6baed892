/*
 * What the server can do, as far as tern makes use of it.
 *
 * Read anew at every login (capabilities differ before and after it and change
 * with upgrades: C-13) and asked in one place only.  A feature is planned when
 * it is announced, not switched off by evidence (evidence.h), and, where RFC
 * 5161 wants that, was answered by ENABLED.
 */
#ifndef TERN_PROVIDER_IMAP_PLAN_H
#define TERN_PROVIDER_IMAP_PLAN_H

#include <stdbool.h>
#include <stdint.h>

#include "provider/imap/scan.h"

struct plan {
	bool known; /* a capability list was read */
	/* for the session */
	bool starttls, logindisabled, sasl_ir;
	bool auth_plain, auth_login, auth_scram_sha1, auth_scram_sha256, auth_xoauth2,
		auth_oauthbearer;
	bool enable;	    /* RFC 5161 */
	bool id;	    /* RFC 2971 */
	bool namespace;	    /* RFC 2342 */
	bool compress;	    /* RFC 4978 */
	bool literal_plus;  /* RFC 7888 */
	bool literal_minus; /* RFC 7888: up to 4096 bytes */
	bool utf8_accept;   /* RFC 6855 */
	/* for mailboxes */
	bool special_use;   /* RFC 6154 */
	bool create_special_use;
	bool list_extended; /* RFC 5258 */
	bool list_status;   /* RFC 5819 */
	bool objectid;	    /* RFC 8474 */
	bool sieve_mailbox; /* X-SIEVE-MAILBOX: a Cyrus, whose lists tell no usable MAILBOXID */
	bool gmail;	    /* X-GM-EXT-1 */
	bool preview;	    /* RFC 8970 */
	/* for changes */
	bool condstore; /* RFC 7162 */
	bool qresync;	/* RFC 7162 */
	bool esearch;	/* RFC 4731 */
	bool idle;	/* RFC 2177 */
	bool notify;	/* RFC 5465 */
	bool unselect;	/* RFC 3691 */
	bool move;	/* RFC 6851 */
	bool uidplus;	/* RFC 4315 */
	bool acl;	/* RFC 4314 */
	uint64_t append_max; /* bytes of a message (APPENDLIMIT=, RFC 7889), 0 = not told */
	/* answered by ENABLED on this connection */
	bool qresync_on, condstore_on, utf8_on;
};

/*
 * Reads the words of a capability list up to the end of the line or a ']'.  What
 * ENABLED answered stays.
 */
void plan_read(struct plan *p, struct scan *s);
/* Reads the words of an ENABLED answer. */
void plan_enabled(struct plan *p, struct scan *s);

#endif
