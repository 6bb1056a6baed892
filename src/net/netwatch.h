/*
 * Notices that the machine's network is another one than before.
 *
 * A connection that was made over the old network may be dead without a sign.
 * rtnetlink(7) says that something happened; whether it matters is judged by
 * the way to the outside: the default routes and the addresses of their
 * interfaces.  A renewed lease, a router's advertisement, a container that comes
 * and goes change neither.  Where netlink is not to be had (a sandbox), nothing
 * is ever noticed.
 *
 * Owner: one thread.
 */
#ifndef TERN_NET_NETWATCH_H
#define TERN_NET_NETWATCH_H

#include <stdbool.h>

struct netwatch {
	int fd;       /* readable when something happened; -1 = not to be had */
	unsigned way; /* what the way to the outside was: equal numbers, equal ways */
};

void netwatch_open(struct netwatch *n);
void netwatch_close(struct netwatch *n);
/* Reads what is waiting; true if something happened: wait until it settles, then ask netwatch_moved. */
bool netwatch_stirred(struct netwatch *n);
/* True if the way to the outside is another one than at the last call (or at open). */
bool netwatch_moved(struct netwatch *n);

#endif
