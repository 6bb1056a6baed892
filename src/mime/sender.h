/*
 * The address in a header as the document shows it: "Name <user@domain>".
 *
 * The value was decoded already, and names that need it are quoted; of several
 * addresses the first counts.  Pure; any thread.
 */
#ifndef TERN_MIME_SENDER_H
#define TERN_MIME_SENDER_H

#include <stdbool.h>

#include "base/host.h"

enum { SENDER_NAME_MAX = 512, SENDER_ADDRESS_MAX = 512 };

struct sender {
	char name[SENDER_NAME_MAX];       /* without its quotes; "" if there is none */
	char address[SENDER_ADDRESS_MAX];
	char domain[HOST_MAX];            /* ASCII */
};

/* false: no address with a domain in it; value may be NULL. */
bool sender_read(const char *value, struct sender *out);

#endif
