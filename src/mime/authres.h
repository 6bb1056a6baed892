/*
 * What the reader's own mail server found out about the sender
 * (Authentication-Results, RFC 8601).
 *
 * Anybody can write such a header, so it counts only if its authserv-id belongs
 * to the server that the account reads from, and only in the block of headers
 * which that server itself put on top.  Which id that is, stands in the
 * account's option authserv-id; without it, in a small table of providers, or
 * it must lie in the registered domain of the IMAP host.  In the last case the
 * server may add no such header at all and one from outside would pass for its
 * own: then only what stands above the first hop from outside counts.  When in
 * doubt nothing is known and nothing is said.
 *
 * The values are read once, without recursion, in the length that
 * DOCUMENT_HEADER_MAX leaves.  Pure; any thread.
 */
#ifndef TERN_MIME_AUTHRES_H
#define TERN_MIME_AUTHRES_H

#include <stdbool.h>
#include <stddef.h>

#include "base/host.h"
#include "mime/document.h"
#include "model/account.h"

enum {
	AUTHRES_RESULTS_MAX = 50,    /* of one header; the rest is not read */
	AUTHRES_HEADERS_MAX = 20,    /* of one message that are looked at */
	AUTHRES_COMMENT_DEPTH = 20,  /* comments in comments */
};

enum authres_verdict {
	AUTHRES_NONE,     /* not tested, or nothing to test */
	AUTHRES_PASS,
	AUTHRES_FAIL,
	AUTHRES_UNCLEAR,  /* softfail, neutral, policy, temperror, permerror */
};

/* One header, or what several of one server say together; a method that is named twice keeps its pass. */
struct authres {
	char server[HOST_MAX];        /* the authserv-id, "" if it had none */
	enum authres_verdict spf, dkim, dmarc, arc;
	char dkim_domain[HOST_MAX];   /* whose signature passed (header.d, else header.i) */
	char spf_domain[HOST_MAX];    /* whose name it was (smtp.mailfrom, else smtp.helo) */
	char from_domain[HOST_MAX];   /* header.from of DMARC */
};

/*
 * Reads one value; domains are compared with `aligned` (may be ""): of several
 * signatures that passed the one of that site is kept.  false: not such a header.
 */
bool authres_parse(const char *value, const char *aligned, struct authres *out);

/* What the account's own server says of the message; false: nothing that can be trusted. */
bool authres_read(const struct document *d, const struct account *account, struct authres *out);

/*
 * A line for the reader, "Sender checked: example.com (DKIM, SPF)"; returns 0 if
 * there is nothing to say, 1 confirmed, -1 not confirmed.
 */
int authres_line(const struct document *d, const struct account *account, char *out, size_t cap);

#endif
