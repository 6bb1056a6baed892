/*
 * Every wait of a stream goes through cancel_poll or, where a second latch is
 * watched, through wait_both; there is no other place that can block.  The
 * socket is non-blocking from its first moment.
 */
#include "net/stream.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/i18n.h"
#include "base/mem.h"
#include "net/press.h"
#include "net/resolve.h"
#include "net/trust.h"

enum {
	KEEPALIVE_IDLE_S = 60,
	KEEPALIVE_INTERVAL_S = 20,
	KEEPALIVE_COUNT = 3,
	UNACKED_MS = 60 * 1000, /* TCP_USER_TIMEOUT: sent bytes that nobody acknowledges */
	ADDRESS_MS = 6 * 1000,	/* for one of several addresses before the next is tried */
	READ_ONCE_MAX = 1 << 20,
};

struct stream {
	int fd;
	SSL *ssl;	     /* NULL: no TLS (yet) */
	struct press *press; /* NULL: not compressed */
	struct cancel *cancel;
	char *host;
	bool broken; /* TLS reported a fatal error: no close_notify any more */
};

static int stopped(struct err *err)
{
	return err_set(err, ERR_CANCELED, _("Stopped."));
}

static int lost(struct stream *s, int code, struct err *err)
{
	s->broken = true;
	if (code)
		return err_set(err, ERR_OFFLINE, _("The connection to %s broke: %s."), s->host,
			g_strerror(code));
	return err_set(err, ERR_OFFLINE, _("The server %s closed the connection."), s->host);
}

static int ms_left(int64_t end)
{
	int64_t left = end - clock_mono_ms();

	return left > 0 ? (int)MIN(left, INT32_MAX) : 0;
}

/*
 * Waits for the socket until `end`; 0 = ready.  Some servers send an answer in
 * pieces and each only when the one before is acknowledged (Nagle), which our
 * side would put off by 40 ms: so that is done before the wait (tcp(7)).
 */
static int await(struct stream *s, short events, int64_t end, struct err *err)
{
	int now = 1, r;

	if (events & POLLIN)
		(void)setsockopt(s->fd, IPPROTO_TCP, TCP_QUICKACK, &now, sizeof now);
	r = cancel_poll(s->cancel, s->fd, events, ms_left(end));

	if (r < 0)
		return stopped(err);
	if (r == 0)
		return err_set(err, ERR_OFFLINE, _("The server %s does not answer."), s->host);
	return 0;
}

/* --- connecting ------------------------------------------------------------ */

/* Options that a socket may lack without harm. */
static void tune(int fd)
{
	const struct {
		int level, name, value;
	} options[] = {
		{ IPPROTO_TCP, TCP_NODELAY, 1 },
		{ SOL_SOCKET, SO_KEEPALIVE, 1 },
		{ IPPROTO_TCP, TCP_KEEPIDLE, KEEPALIVE_IDLE_S },
		{ IPPROTO_TCP, TCP_KEEPINTVL, KEEPALIVE_INTERVAL_S },
		{ IPPROTO_TCP, TCP_KEEPCNT, KEEPALIVE_COUNT },
		{ IPPROTO_TCP, TCP_USER_TIMEOUT, UNACKED_MS },
	};

	for (size_t i = 0; i < G_N_ELEMENTS(options); i++)
		(void)setsockopt(fd, options[i].level, options[i].name, &options[i].value,
			sizeof options[i].value);
}

/* One address; returns 0, ERR_CANCELED, or a positive errno. */
static int try_address(struct stream *s, const struct addrinfo *a, int timeout_ms)
{
	int problem = 0, r;
	socklen_t len = sizeof problem;

	s->fd = socket(a->ai_family, a->ai_socktype | SOCK_CLOEXEC | SOCK_NONBLOCK, a->ai_protocol);
	if (s->fd < 0)
		return errno;
	tune(s->fd);
	if (connect(s->fd, a->ai_addr, a->ai_addrlen) == 0)
		return 0;
	if (errno != EINPROGRESS && errno != EINTR)
		return errno;
	r = cancel_poll(s->cancel, s->fd, POLLOUT, timeout_ms);
	if (r < 0)
		return ERR_CANCELED;
	if (r == 0)
		return ETIMEDOUT;
	if (getsockopt(s->fd, SOL_SOCKET, SO_ERROR, &problem, &len))
		return errno;
	return problem;
}

static int try_all(
	struct stream *s, const struct addrinfo *list, int port, int64_t end, struct err *err)
{
	int r = EHOSTUNREACH;

	for (const struct addrinfo *a = list; a && ms_left(end) > 0; a = a->ai_next) {
		r = try_address(s, a, a->ai_next ? MIN(ADDRESS_MS, ms_left(end)) : ms_left(end));
		if (r == 0)
			return 0;
		fd_close(&s->fd);
		if (r < 0)
			return stopped(err);
	}
	return err_set(err, ERR_OFFLINE, _("No connection to %s, port %d: %s."), s->host, port,
		g_strerror(r));
}

int stream_connect(
	const char *host, int port, struct cancel *cancel, struct stream **out, struct err *err)
{
	int64_t end = clock_mono_ms() + STREAM_CONNECT_MS;
	AUTO(stream_close) struct stream *s = g_new0(struct stream, 1);
	struct addrinfo *list = NULL;
	int r;

	s->fd = -1;
	s->cancel = cancel;
	s->host = g_strdup(host);
	r = resolve_host(host, port, cancel, STREAM_CONNECT_MS, &list, err);
	if (r < 0)
		return r;
	r = try_all(s, list, port, end, err);
	freeaddrinfo(list);
	if (r < 0)
		return r;
	*out = TAKE(s);
	return 0;
}

/* --- TLS --------------------------------------------------------------------- */

/* May a read go on?  A peer that always has one more record for TLS itself never makes us wait. */
static int in_time(struct stream *s, int64_t end, struct err *err)
{
	if (cancel_is_set(s->cancel))
		return stopped(err);
	if (ms_left(end) > 0)
		return 0;
	return err_set(err, ERR_OFFLINE, _("The server %s does not answer."), s->host);
}

/*
 * After a TLS call that did not succeed: 0 = waited as TLS wished, call again;
 * < 0 = over.  `end` bounds the wait.
 */
static int tls_again(struct stream *s, int result, int64_t end, struct err *err)
{
	int saved = errno;

	switch (SSL_get_error(s->ssl, result)) {
	case SSL_ERROR_WANT_READ:
		return await(s, POLLIN, end, err);
	case SSL_ERROR_WANT_WRITE:
		return await(s, POLLOUT, end, err);
	case SSL_ERROR_ZERO_RETURN:
		return lost(s, 0, err);
	case SSL_ERROR_SYSCALL:
		return lost(s, saved, err);
	default:
		if (ERR_GET_REASON(ERR_peek_last_error()) == SSL_R_UNEXPECTED_EOF_WHILE_READING)
			return lost(s, 0, err);
		s->broken = true;
		return trust_verdict(s->ssl, s->host, err);
	}
}

int stream_start_tls(struct stream *s, const char *ca_file, struct err *err)
{
	int64_t end = clock_mono_ms() + STREAM_CONNECT_MS;
	int r = trust_setup(s->host, ca_file, &s->ssl, err);

	if (r < 0)
		return r;
	if (!SSL_set_fd(s->ssl, s->fd))
		return err_set(err, ERR_PROTOCOL, _("TLS to %s cannot be set up."), s->host);
	for (;;) {
		if (cancel_is_set(s->cancel))
			return stopped(err);
		ERR_clear_error();
		errno = 0;
		r = SSL_connect(s->ssl);
		if (r == 1)
			return 0;
		r = tls_again(s, r, end, err);
		if (r < 0) {
			s->broken = true;
			return r;
		}
	}
}

bool stream_is_tls(const struct stream *s)
{
	return s->ssl && SSL_is_init_finished(s->ssl);
}

/* --- bytes ------------------------------------------------------------------- */

static ssize_t read_tls(struct stream *s, void *buf, size_t cap, int64_t end, struct err *err)
{
	for (;;) {
		size_t got = 0;
		int r;

		ERR_clear_error();
		errno = 0;
		r = SSL_read_ex(s->ssl, buf, cap, &got);
		if (r == 1)
			return (ssize_t)got;
		r = tls_again(s, r, end, err);
		if (r == 0)
			r = in_time(s, end, err);
		if (r < 0)
			return r;
	}
}

static ssize_t read_plain(struct stream *s, void *buf, size_t cap, int64_t end, struct err *err)
{
	for (;;) {
		ssize_t n = recv(s->fd, buf, cap, 0);
		int r;

		if (n > 0)
			return n;
		if (n == 0)
			return lost(s, 0, err);
		if (errno != EAGAIN && errno != EINTR)
			return lost(s, errno, err);
		r = await(s, POLLIN, end, err);
		if (r < 0)
			return r;
	}
}

static ssize_t read_below(struct stream *s, void *buf, size_t cap, int64_t end, struct err *err)
{
	return s->ssl ? read_tls(s, buf, cap, end, err) : read_plain(s, buf, cap, end, err);
}

/* Brings compressed bytes to the press. */
static int read_packed(struct stream *s, int64_t end, struct err *err)
{
	size_t cap;
	void *space = press_space(s->press, &cap);
	ssize_t n = read_below(s, space, cap, end, err);

	if (n < 0)
		return (int)n;
	press_got(s->press, (size_t)n);
	return 0;
}

/* Packed data may stand for nothing at all, so that every turn looks at the clock. */
static ssize_t read_pressed(struct stream *s, void *buf, size_t cap, int64_t end, struct err *err)
{
	for (;;) {
		ssize_t n = press_unpack(s->press, buf, cap, err);
		int r;

		if (n != 0)
			return n;
		r = read_packed(s, end, err);
		if (r == 0)
			r = in_time(s, end, err);
		if (r < 0)
			return r;
	}
}

ssize_t stream_read(struct stream *s, void *buf, size_t cap, int timeout_ms, struct err *err)
{
	int64_t end = clock_mono_ms() + timeout_ms;

	if (cancel_is_set(s->cancel))
		return stopped(err);
	cap = MIN(cap, READ_ONCE_MAX);
	return s->press ? read_pressed(s, buf, cap, end, err) : read_below(s, buf, cap, end, err);
}

/* Writes a part; returns the bytes taken, 0 = try again. */
static ssize_t write_some(struct stream *s, const char *p, size_t len, int64_t end, struct err *err)
{
	size_t put = 0;
	ssize_t n;
	int r;

	if (s->ssl) {
		ERR_clear_error();
		errno = 0;
		r = SSL_write_ex(s->ssl, p, len, &put);
		return r == 1 ? (ssize_t)put : tls_again(s, r, end, err);
	}
	n = send(s->fd, p, len, MSG_NOSIGNAL);
	if (n >= 0)
		return n;
	if (errno != EAGAIN && errno != EINTR)
		return lost(s, errno, err);
	return await(s, POLLOUT, end, err);
}

static int write_below(struct stream *s, const void *buf, size_t len, struct err *err)
{
	const char *p = buf;

	while (len > 0) {
		ssize_t n;

		if (cancel_is_set(s->cancel))
			return stopped(err);
		n = write_some(s, p, len, clock_mono_ms() + STREAM_READ_MS, err);
		if (n < 0)
			return (int)n;
		p += n;
		len -= (size_t)n;
	}
	return 0;
}

int stream_write(struct stream *s, const void *buf, size_t len, struct err *err)
{
	const void *packed;
	size_t n;
	int r = 0;

	if (!s->press)
		return write_below(s, buf, len, err);
	press_put(s->press, buf, len);
	while (r == 0 && (n = press_packed(s->press, &packed)) > 0)
		r = write_below(s, packed, n, err);
	return r;
}

int stream_compress(struct stream *s, struct err *err)
{
	s->press = press_new(err);
	return s->press ? 0 : err->code;
}

/* --- waiting ----------------------------------------------------------------- */

/* A byte of a latch that was cleared while it was being set. */
static void swallow_late(const struct cancel *c)
{
	uint64_t n;

	if (c && !cancel_is_set(c) && read(cancel_fd(c), &n, sizeof n) < 0)
		return;
}

/* 1 = the socket shows something, 0 = time passed or wake, < 0 stopped. */
static int wait_both(struct stream *s, struct cancel *wake, int64_t end, struct err *err)
{
	for (;;) {
		struct pollfd p[3] = {
			{ .fd = s->fd, .events = POLLIN },
			{ .fd = s->cancel ? cancel_fd(s->cancel) : -1, .events = POLLIN },
			{ .fd = wake ? cancel_fd(wake) : -1, .events = POLLIN },
		};
		int n;

		if (cancel_is_set(s->cancel))
			return stopped(err);
		if (cancel_is_set(wake))
			return 0;
		n = poll(p, 3, ms_left(end));
		if (cancel_is_set(s->cancel))
			return stopped(err);
		if (n > 0 && p[0].revents)
			return 1;
		if (n == 0 || cancel_is_set(wake))
			return 0;
		if (n > 0 && p[1].revents)
			swallow_late(s->cancel);
		if (n > 0 && p[2].revents)
			swallow_late(wake);
	}
}

/* Is there a byte of the peer's, and not only TLS housekeeping?  1, 0, or < 0. */
static int tls_has_byte(struct stream *s, struct err *err)
{
	char c;
	size_t got = 0;
	int r;

	ERR_clear_error();
	errno = 0;
	r = SSL_peek_ex(s->ssl, &c, 1, &got);
	if (r == 1)
		return 1;
	if (SSL_get_error(s->ssl, r) == SSL_ERROR_WANT_READ)
		return 0;
	return tls_again(s, r, clock_mono_ms(), err);
}

static int wait_below(struct stream *s, struct cancel *wake, int64_t end, struct err *err)
{
	/* what was read ahead does not show at the socket any more */
	int r = s->ssl && SSL_has_pending(s->ssl) ? tls_has_byte(s, err) : 0;

	while (r == 0) {
		r = wait_both(s, wake, end, err);
		if (r <= 0 || !s->ssl)
			return r;
		r = tls_has_byte(s, err);
	}
	return r;
}

int stream_wait(struct stream *s, struct cancel *wake, int timeout_ms, struct err *err)
{
	int64_t end = clock_mono_ms() + timeout_ms;
	int r;

	if (!s->press)
		return wait_below(s, wake, end, err);
	while ((r = press_has(s->press, err)) == 0) {
		bool late = ms_left(end) == 0; /* packed data may stand for nothing, for ever */

		r = wait_below(s, wake, end, err);
		if (r > 0)
			r = late ? 0 : read_packed(s, clock_mono_ms() + STREAM_READ_MS, err);
		else
			return r;
		if (r < 0 || late)
			return r;
	}
	return r;
}

void stream_close(struct stream **s)
{
	struct stream *x = *s;

	*s = NULL;
	if (!x)
		return;
	if (x->ssl) {
		ERR_clear_error();
		if (!x->broken && SSL_is_init_finished(x->ssl))
			SSL_shutdown(
				x->ssl); /* the socket does not block: sent at once or not at all */
		SSL_free(x->ssl);
		ERR_clear_error();
	}
	press_free(&x->press);
	fd_close(&x->fd);
	g_free(x->host);
	g_free(x);
}
