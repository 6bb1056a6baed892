/*
 * Notices that the machine's network changed: a link came or went, an address
 * or a route is another one (rtnetlink(7)).
 *
 * A connection that was made over the old network may be dead without a sign.
 * Where netlink is not to be had (a sandbox), nothing is ever noticed.
 */
#ifndef TERN_NET_NETWATCH_H
#define TERN_NET_NETWATCH_H

#include <stdbool.h>

/* A descriptor that is readable after a change, non-blocking; -1 = not to be had.  Close it. */
int netwatch_open(void);
/* Reads what is waiting; true if something changed that matters to a connection. */
bool netwatch_changed(int fd);

#endif
