#include "net/netwatch.h"

#include <arpa/inet.h>
#include <errno.h>
#include <glib.h>
#include <ifaddrs.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "base/mem.h"

enum {
	DATAGRAM_MAX = 8192, /* bytes; what is cut off is news, too */
	READS_MAX = 256,     /* in one go: what comes later wakes us again */
	ROUTES_MAX = 20000,  /* lines read of a table */
	WAYS_MAX = 32,       /* default routes that count */
};

/* --- the way to the outside ------------------------------------------------ */

/* Sums do not depend on the order in which the kernel lists things. */
struct way {
	unsigned sum;
	size_t n;
	char interfaces[WAYS_MAX][IFNAMSIZ];
};

static void add_route(struct way *w, const char *interface, const char *gateway)
{
	g_autofree char *words = g_strdup_printf("%s %s", interface, gateway);

	w->sum += g_str_hash(words);
	if (w->n < WAYS_MAX)
		g_strlcpy(w->interfaces[w->n++], interface, IFNAMSIZ);
}

/* interface destination gateway flags refs use metric mask ... */
static void read_route4(struct way *w, const char *line)
{
	char interface[64], to[64], gateway[64], mask[64];

	if (sscanf(line, "%63s %63s %63s %*s %*s %*s %*s %63s", interface, to, gateway, mask) == 4 &&
		strcmp(to, "00000000") == 0 && strcmp(mask, "00000000") == 0)
		add_route(w, interface, gateway);
}

/* destination length source length gateway metric refs use flags interface */
static void read_route6(struct way *w, const char *line)
{
	char length[8], gateway[64], interface[64];

	if (sscanf(line, "%*s %7s %*s %*s %63s %*s %*s %*s %*s %63s", length, gateway, interface) ==
			3 &&
		strcmp(length, "00") == 0 && strcmp(interface, "lo") != 0)
		add_route(w, interface, gateway);
}

static void read_table(struct way *w, const char *path, void (*read_line)(struct way *, const char *))
{
	FILE *f = fopen(path, "re");
	char line[512];

	for (int i = 0; f && i < ROUTES_MAX && fgets(line, sizeof line, f); i++)
		read_line(w, line);
	if (f)
		fclose(f);
}

/* An address with a label of its own ("eth0:1") belongs to the interface before the colon. */
static bool leads_out(const struct way *w, const char *label)
{
	size_t len = strcspn(label, ":");

	for (size_t i = 0; i < w->n; i++)
		if (strlen(w->interfaces[i]) == len && strncmp(w->interfaces[i], label, len) == 0)
			return true;
	return false;
}

static void add_address(struct way *w, const struct ifaddrs *a)
{
	char text[INET6_ADDRSTRLEN] = "";
	const void *bytes = NULL;

	if (!a->ifa_addr || !leads_out(w, a->ifa_name))
		return;
	if (a->ifa_addr->sa_family == AF_INET)
		bytes = &((const struct sockaddr_in *)(const void *)a->ifa_addr)->sin_addr;
	else if (a->ifa_addr->sa_family == AF_INET6)
		bytes = &((const struct sockaddr_in6 *)(const void *)a->ifa_addr)->sin6_addr;
	if (bytes && inet_ntop(a->ifa_addr->sa_family, bytes, text, sizeof text))
		w->sum += g_str_hash(text) * 31 + g_str_hash(a->ifa_name);
}

static unsigned way_out(void)
{
	struct ifaddrs *all = NULL;
	struct way w = { 0 };

	read_table(&w, "/proc/net/route", read_route4);
	read_table(&w, "/proc/net/ipv6_route", read_route6);
	if (getifaddrs(&all) < 0)
		return w.sum;
	for (const struct ifaddrs *a = all; a; a = a->ifa_next)
		add_address(&w, a);
	freeifaddrs(all);
	return w.sum;
}

/* --- listening ------------------------------------------------------------- */

void netwatch_open(struct netwatch *n)
{
	struct sockaddr_nl at = { .nl_family = AF_NETLINK,
		.nl_groups = RTMGRP_LINK | RTMGRP_IPV4_IFADDR | RTMGRP_IPV6_IFADDR |
			     RTMGRP_IPV4_ROUTE | RTMGRP_IPV6_ROUTE };

	n->fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_ROUTE);
	if (n->fd >= 0 && bind(n->fd, (struct sockaddr *)&at, sizeof at) < 0)
		fd_close(&n->fd);
	n->way = n->fd >= 0 ? way_out() : 0;
}

void netwatch_close(struct netwatch *n)
{
	fd_close(&n->fd);
}

bool netwatch_stirred(struct netwatch *n)
{
	char datagram[DATAGRAM_MAX];
	bool stirred = false;

	for (int i = 0; n->fd >= 0 && i < READS_MAX; i++) {
		ssize_t got = recv(n->fd, datagram, sizeof datagram, 0);

		if (got <= 0 && !(got < 0 && errno == ENOBUFS)) /* so much that some of it was lost */
			break;
		stirred = true;
	}
	return stirred;
}

bool netwatch_moved(struct netwatch *n)
{
	unsigned before = n->way;

	if (n->fd < 0)
		return false;
	n->way = way_out();
	return n->way != before;
}
