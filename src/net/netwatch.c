#include "net/netwatch.h"

#include <errno.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
	MESSAGE_MAX = 8192, /* bytes of one datagram; a longer one is cut and still read */
	READS_MAX = 256,    /* in one go: what comes later wakes us again */
};

int netwatch_open(void)
{
	struct sockaddr_nl at = { .nl_family = AF_NETLINK,
		.nl_groups = RTMGRP_LINK | RTMGRP_IPV4_IFADDR | RTMGRP_IPV6_IFADDR |
			     RTMGRP_IPV4_ROUTE | RTMGRP_IPV6_ROUTE };
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_ROUTE);

	if (fd < 0)
		return -1;
	if (bind(fd, (struct sockaddr *)&at, sizeof at) == 0)
		return fd;
	close(fd);
	return -1;
}

/* Neighbours, statistics and the like say nothing about the way to a server. */
static bool matters(const struct nlmsghdr *h)
{
	switch (h->nlmsg_type) {
	case RTM_NEWLINK:
	case RTM_DELLINK:
	case RTM_NEWADDR:
	case RTM_DELADDR:
	case RTM_NEWROUTE:
	case RTM_DELROUTE:
		return true;
	default:
		return false;
	}
}

bool netwatch_changed(int fd)
{
	_Alignas(struct nlmsghdr) char buffer[MESSAGE_MAX];
	bool changed = false;

	for (int i = 0; i < READS_MAX; i++) {
		ssize_t n = recv(fd, buffer, sizeof buffer, 0);
		struct nlmsghdr *h = (struct nlmsghdr *)buffer;
		size_t left = n > 0 ? (size_t)n : 0;

		if (n < 0 && errno == ENOBUFS)
			changed = true; /* so much happened that some of it was lost */
		else if (n <= 0)
			break;
		for (; NLMSG_OK(h, left); h = NLMSG_NEXT(h, left))
			changed = matters(h) || changed;
	}
	return changed;
}
