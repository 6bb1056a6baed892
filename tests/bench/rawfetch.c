/*
 * rawfetch - how fast could a first sync be at all?
 *
 * Logs in over TLS, opens a mailbox, asks for the given items of all messages
 * and reads every byte of the answer without looking at it. What a client takes
 * beyond this is its own.
 *
 * build: cc -O2 -Wall -Wextra -o rawfetch rawfetch.c -lssl -lcrypto
 * usage: rawfetch [-m MAILBOX] [-c N] [-d N] [-p] HOST PORT CAFILE USER PASSWORD
 *                 [ITEMS]
 *
 *   -m MAILBOX  instead of INBOX (as it stands in IMAP, without quotes)
 *   -c N        N messages a command, instead of 1:* at once
 *   -d N        N such commands under way at a time (1)
 *   -p          in the clear; CAFILE is ignored
 *   ITEMS       what FETCH asks for; the header fields a list needs if not given
 *
 * Prints one JSON line: messages, bytes (decrypted, of the FETCHes alone),
 * seconds of connect (TCP, TLS, login), select, and fetch, and messages a second.
 *
 * exit: 0 done, 1 no connection, trust or login, 2 usage, 3 the server refused
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#define _GNU_SOURCE
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define ITEMS_LIST \
	"(UID FLAGS INTERNALDATE RFC822.SIZE BODY.PEEK[HEADER.FIELDS " \
	"(DATE FROM TO CC SUBJECT MESSAGE-ID IN-REPLY-TO REFERENCES REPLY-TO " \
	"LIST-ID CONTENT-TYPE)])"

enum {
	TAIL = 64,		/* kept of a chunk, a tagged line may span two */
	CHUNK = 256 * 1024
};

static SSL *ssl;
static int fd;
static char buf[TAIL + CHUNK + 1];

static void die(int code, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	fputs("rawfetch: ", stderr);
	vfprintf(stderr, fmt, ap);
	fputc('\n', stderr);
	va_end(ap);
	exit(code);
}

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void dial(const char *host, const char *port)
{
	struct addrinfo hints = { .ai_socktype = SOCK_STREAM }, *list, *a;
	int one = 1;

	if (getaddrinfo(host, port, &hints, &list))
		die(1, "no such host: %s", host);
	fd = -1;
	for (a = list; a; a = a->ai_next) {
		fd = socket(a->ai_family, a->ai_socktype, a->ai_protocol);
		if (fd >= 0 && connect(fd, a->ai_addr, a->ai_addrlen) == 0)
			break;
		if (fd >= 0)
			close(fd);
		fd = -1;
	}
	freeaddrinfo(list);
	if (fd < 0)
		die(1, "no connection to %s:%s", host, port);
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
}

static void start_tls(const char *host, const char *ca)
{
	SSL_CTX *ctx = SSL_CTX_new(TLS_client_method());
	X509_VERIFY_PARAM *param;

	if (!ctx || SSL_CTX_load_verify_locations(ctx, ca, NULL) != 1)
		die(1, "no authorities in %s", ca);
	SSL_CTX_set_verify(ctx, SSL_VERIFY_PEER, NULL);
	ssl = SSL_new(ctx);
	param = SSL_get0_param(ssl);
	if (X509_VERIFY_PARAM_set1_ip_asc(param, host) != 1) {
		SSL_set1_host(ssl, host);
		SSL_set_tlsext_host_name(ssl, host);
	}
	SSL_set_fd(ssl, fd);
	if (SSL_connect(ssl) != 1)
		die(1, "TLS: %s", ERR_error_string(ERR_get_error(), NULL));
}

static size_t receive(char *to, size_t size)
{
	long n = ssl ? SSL_read(ssl, to, (int)size) : read(fd, to, size);

	if (n <= 0)
		die(1, "connection lost");
	return (size_t)n;
}

static void transmit(const char *fmt, ...)
{
	char line[4096];
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(line, sizeof line, fmt, ap);
	va_end(ap);
	if (n < 0 || (size_t)n >= sizeof line)
		die(2, "command too long");
	if ((ssl ? SSL_write(ssl, line, n) : write(fd, line, (size_t)n)) != n)
		die(1, "connection lost");
}

/*
 * Read until the answer to tag has come. Counts the bytes; if exists is not
 * NULL, it gets the number of messages that SELECT tells. Lines are not looked
 * at, but for the first bytes of the one we wait for: tags are so chosen that
 * mail does not hold them. What follows the answer is the next one's beginning
 * and stays in buf, of which kept bytes are valid.
 */
static size_t kept;

static unsigned long long until(const char *tag, unsigned long *exists)
{
	unsigned long long total = 0;
	char want[32], *at, *end, *p;
	size_t len = (size_t)snprintf(want, sizeof want, "\r\n%s ", tag);
	size_t n = kept, fresh = kept;

	if (n == 0 || (n >= 2 && memcmp(buf, "\r\n", 2) != 0)) {
		/* a line begins here, but its "\r\n" was taken before */
		memmove(buf + 2, buf, n);
		memcpy(buf, "\r\n", 2);
		n += 2;
	}
	for (;;) {
		total += fresh;
		buf[n] = '\0';
		if (exists && (p = strstr(buf, " EXISTS\r\n"))) {
			while (p > buf && p[-1] >= '0' && p[-1] <= '9')
				p--;
			*exists = strtoul(p, NULL, 10);
		}
		at = memmem(buf, n, want, len);
		if (at && (end = memmem(at + 2, n - (size_t)(at + 2 - buf),
					"\r\n", 2))) {
			if (strncmp(at + len, "OK", 2) != 0)
				die(3, "%.*s", (int)(end - at - 2), at + 2);
			end += 2;
			kept = n - (size_t)(end - buf);
			memmove(buf, end, kept);
			return total - kept;
		}
		/* An answer's line that is begun is kept whole. */
		size_t keep = at ? n - (size_t)(at - buf) : n < TAIL ? n : TAIL;

		if (keep > TAIL * 64)
			die(3, "endless line");
		memmove(buf, buf + n - keep, keep);
		fresh = receive(buf + keep, CHUNK + TAIL - keep);
		n = keep + fresh;
	}
}

int main(int argc, char **argv)
{
	const char *mailbox = "INBOX", *items = ITEMS_LIST;
	unsigned long chunk = 0, depth = 1, plain = 0, exists = 0;
	unsigned long sent = 0, done = 0, count, from, to;
	unsigned long long bytes = 0;
	double t0, t1, t2, t3;
	char tag[24];
	int o;

	while ((o = getopt(argc, argv, "m:c:d:p")) != -1) {
		switch (o) {
		case 'm': mailbox = optarg; break;
		case 'c': chunk = strtoul(optarg, NULL, 10); break;
		case 'd': depth = strtoul(optarg, NULL, 10); break;
		case 'p': plain = 1; break;
		default: argc = 0;
		}
	}
	argv += optind;
	argc -= optind;
	if (argc < 5 || argc > 6 || depth < 1) {
		fputs("usage: rawfetch [-m MAILBOX] [-c N] [-d N] [-p] HOST PORT "
		      "CAFILE USER PASSWORD [ITEMS]\n", stderr);
		return 2;
	}
	if (argc == 6)
		items = argv[5];

	t0 = now();
	dial(argv[0], argv[1]);
	if (!plain)
		start_tls(argv[0], argv[2]);
	transmit("zQ0 LOGIN \"%s\" \"%s\"\r\n", argv[3], argv[4]);
	until("zQ0", NULL);
	t1 = now();
	transmit("zQ1 EXAMINE \"%s\"\r\n", mailbox);
	until("zQ1", &exists);
	t2 = now();

	if (chunk == 0 || chunk > exists)
		chunk = exists;
	count = exists ? (exists + chunk - 1) / chunk : 0;
	while (done < count) {
		while (sent < count && sent - done < depth) {
			from = sent * chunk + 1;
			to = from + chunk - 1 < exists ? from + chunk - 1 : exists;
			transmit("zQf%lu FETCH %lu:%lu %s\r\n", sent, from, to, items);
			sent++;
		}
		snprintf(tag, sizeof tag, "zQf%lu", done);
		bytes += until(tag, NULL);
		done++;
	}
	t3 = now();
	printf("{\"what\": \"rawfetch\", \"messages\": %lu, \"bytes\": %llu, "
	       "\"connect_s\": %.4f, \"select_s\": %.4f, \"fetch_s\": %.4f, "
	       "\"per_s\": %.0f}\n", exists, bytes, t1 - t0, t2 - t1, t3 - t2,
	       t3 > t2 ? (double)exists / (t3 - t2) : 0.0);
	return 0;
}
