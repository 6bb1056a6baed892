/*
 * STATUS: what the server tells of mailboxes that are not selected (RFC 3501,
 * 7162, 8474; with LIST by RFC 5819).
 */
#ifndef TERN_PROVIDER_IMAP_STATUS_H
#define TERN_PROVIDER_IMAP_STATUS_H

#include "provider/imap/command.h"

enum {
	STATUS_IN_FLIGHT = 32,	/* commands that wait for their answers */
	STATUS_SCAN_MAX = 2000, /* mailboxes that are asked one by one in a scan */
};

/*
 * Reads "* STATUS name (...)"; false if it is none.  name and id (MAILBOXID,
 * p = NULL if it was not told) point into the answer.
 */
bool status_read(
	const struct response *r, struct slice *name, struct box_status *out, struct slice *id);

/* The items that this server can tell, with brackets: "(MESSAGES UIDNEXT ...)". */
const char *status_items(const struct plan *p);

#endif
