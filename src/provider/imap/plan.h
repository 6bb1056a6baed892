/*
 * What the server can do, as far as tern makes use of it.
 *
 * Read anew at every login (capabilities differ before and after it and change
 * with upgrades) and asked in one place only: this struct is the door through
 * which later planning by evidence comes.
 */
#ifndef TERN_PROVIDER_IMAP_PLAN_H
#define TERN_PROVIDER_IMAP_PLAN_H

#include <stdbool.h>

#include "provider/imap/scan.h"

struct plan {
	bool known;					   /* a capability list was read */
	bool starttls, logindisabled, auth_plain, sasl_ir; /* for the session */
	bool idle;					   /* RFC 2177 */
	bool move;					   /* RFC 6851 */
	bool uidplus;					   /* RFC 4315 */
	bool special_use;				   /* RFC 6154 */
	bool list_extended;				   /* RFC 5258 */
	bool literal_plus;				   /* RFC 7888 */
	bool condstore;					   /* RFC 7162 */
	bool qresync;					   /* RFC 7162 */
	bool enable;					   /* RFC 5161 */
	bool esearch;					   /* RFC 4731 */
	bool compress;					   /* RFC 4978 */
	bool objectid;					   /* RFC 8474 */
	bool gmail;					   /* X-GM-EXT-1 */
};

/* Reads the words of a capability list up to the end of the line or a ']'. */
void plan_read(struct plan *p, struct scan *s);

#endif
