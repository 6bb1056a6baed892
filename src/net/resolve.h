/*
 * Looking up a host name without being held up by it.
 *
 * getaddrinfo cannot be interrupted, so it runs in a detached helper thread
 * that shares a reference-counted box with the caller.  When the caller stops
 * waiting, it lets go of its reference; the helper finishes alone and frees
 * the box.  Any thread.
 */
#ifndef TERN_NET_RESOLVE_H
#define TERN_NET_RESOLVE_H

#include <netdb.h>

#include "base/cancel.h"
#include "base/err.h"

/*
 * Puts the stream addresses of host into *out (freeaddrinfo).  ERR_OFFLINE when
 * there are none or timeout_ms passed, ERR_CANCELED.
 */
int resolve_host(const char *host, int port, struct cancel *cancel, int timeout_ms,
	struct addrinfo **out, struct err *err);

#endif
