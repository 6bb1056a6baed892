/* The watch over the network (M-77), in a network of our own where that is allowed. */
#include <arpa/inet.h>
#include <check.h>
#include <net/if.h>
#include <net/route.h>
#include <poll.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "net/netwatch.h"
#include "net/test_sasl.h"

enum { HEARD_MS = 2000 };

static bool heard(struct netwatch *n)
{
	struct pollfd p = { .fd = n->fd, .events = POLLIN };

	return poll(&p, 1, HEARD_MS) > 0 && netwatch_stirred(n);
}

static bool loopback_up(int fd)
{
	struct ifreq r = { .ifr_flags = IFF_UP | IFF_RUNNING };

	strcpy(r.ifr_name, "lo");
	return ioctl(fd, SIOCSIFFLAGS, &r) == 0;
}

static void address(struct sockaddr *out, const char *text)
{
	struct sockaddr_in in = { .sin_family = AF_INET };

	inet_pton(AF_INET, text, &in.sin_addr);
	memcpy(out, &in, sizeof in);
}

static bool default_route(int fd, unsigned long request)
{
	char lo[] = "lo";
	struct rtentry r = { .rt_flags = RTF_UP, .rt_dev = lo };

	address(&r.rt_dst, "0.0.0.0");
	address(&r.rt_genmask, "0.0.0.0");
	return ioctl(fd, request, &r) == 0;
}

static bool new_address(int fd, const char *text)
{
	struct ifreq r = { 0 };

	strcpy(r.ifr_name, "lo:1");
	address(&r.ifr_addr, text);
	return ioctl(fd, SIOCSIFADDR, &r) == 0;
}

START_TEST(only_another_way_out_counts)
{
	struct netwatch n;
	int fd;

	if (unshare(CLONE_NEWUSER | CLONE_NEWNET) < 0 && unshare(CLONE_NEWNET) < 0) {
		fprintf(stderr, "no network of our own: skipped\n");
		return;
	}
	fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	netwatch_open(&n);
	if (n.fd < 0 || !loopback_up(fd)) {
		fprintf(stderr, "no netlink: skipped\n");
		return;
	}
	ck_assert(heard(&n));
	ck_assert(!netwatch_moved(&n)); /* a link that leads nowhere */
	ck_assert(new_address(fd, "127.1.2.3") && heard(&n));
	ck_assert(!netwatch_moved(&n));
	ck_assert(default_route(fd, SIOCADDRT) && heard(&n));
	ck_assert(netwatch_moved(&n));
	ck_assert(!netwatch_moved(&n));
	ck_assert(new_address(fd, "127.1.2.4") && heard(&n));
	ck_assert(netwatch_moved(&n));
	ck_assert(default_route(fd, SIOCDELRT) && heard(&n));
	ck_assert(netwatch_moved(&n));
	netwatch_close(&n);
	close(fd);
}
END_TEST

START_TEST(without_netlink_nothing_happens)
{
	struct netwatch n = { .fd = -1 };

	ck_assert(!netwatch_stirred(&n));
	ck_assert(!netwatch_moved(&n));
	netwatch_close(&n);
}
END_TEST

Suite *netwatch_suite(void)
{
	Suite *s = suite_create("netwatch");
	TCase *c = tcase_create("netwatch");

	tcase_add_test(c, only_another_way_out_counts);
	tcase_add_test(c, without_netlink_nothing_happens);
	suite_add_tcase(s, c);
	return s;
}
