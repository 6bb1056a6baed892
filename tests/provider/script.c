#include "provider/script.h"

#include <arpa/inet.h>
#include <check.h>
#include <glib.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include <zlib.h>

enum { STEP_MS = 5000, TAGS = 10 };

struct playing {
	struct script *script;
	int fd; /* -1: no connection */
	char tags[TAGS][24];
	int n_tags;
};

static bool readable(int fd, int ms)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };

	return poll(&p, 1, ms) > 0;
}

static void failed(struct playing *p, const char *step, const char *what)
{
	g_snprintf(p->script->failure, sizeof p->script->failure, "at \"%s\": %s", step, what);
}

/* A line without its end; literals of the form {n+} are part of it. */
static bool line_of(struct playing *p, GString *line)
{
	char c;

	g_string_truncate(line, 0);
	while (readable(p->fd, STEP_MS) && read(p->fd, &c, 1) == 1) {
		if (c == '\n' && line->len && line->str[line->len - 1] == '\r') {
			g_string_truncate(line, line->len - 1);
			if (!g_str_has_suffix(line->str, "+}"))
				return true;
			g_string_append(line, "\r");
		}
		g_string_append_c(line, c);
	}
	return false;
}

static bool send_line(struct playing *p, const char *text)
{
	g_autoptr(GString) out = g_string_new(NULL);

	for (; *text; text++) {
		if (*text == '$' && text[1] >= '1' && text[1] <= '9')
			g_string_append(out, p->tags[*++text - '1']);
		else
			g_string_append_c(out, *text);
	}
	g_string_append(out, "\r\n");
	return send(p->fd, out->str, out->len, MSG_NOSIGNAL) == (ssize_t)out->len;
}

static void expect(struct playing *p, const char *step)
{
	g_autoptr(GString) line = g_string_new(NULL);
	const char *at = line->str, *want = step + 2;

	if (!line_of(p, line)) {
		failed(p, step, "nothing came");
		return;
	}
	at = line->str;
	if (*step == 'C' && strchr(at, ' ') && p->n_tags < TAGS) {
		size_t n = (size_t)(strchr(at, ' ') - at);

		g_strlcpy(p->tags[p->n_tags++], at, MIN(n + 1, sizeof p->tags[0]));
		at += n + 1;
	}
	if (*step == 'C' ? !g_str_has_prefix(at, want) : strcmp(want, "*") && strcmp(at, want))
		failed(p, step, line->str);
}

/* A little that stands for much. */
static void bomb(struct playing *p, size_t mib)
{
	g_autofree unsigned char *plain = g_malloc(mib << 20), *packed = g_malloc(mib << 14);
	z_stream z = { 0 };

	memset(plain, 'a', mib << 20);
	memcpy(plain, "* X ", 4);
	ck_assert_int_eq(deflateInit2(&z, 9, Z_DEFLATED, -15, 8, 0), Z_OK);
	z.next_in = plain;
	z.avail_in = (uInt)(mib << 20);
	z.next_out = packed;
	z.avail_out = (uInt)(mib << 14);
	deflate(&z, Z_SYNC_FLUSH);
	(void)!send(p->fd, packed, (mib << 14) - z.avail_out, MSG_NOSIGNAL);
	deflateEnd(&z);
}

static void nothing(struct playing *p, int ms)
{
	static const unsigned char empty[] = { 0, 0, 0, 0xff, 0xff };

	for (; ms > 0; ms--, g_usleep(1000))
		(void)!send(p->fd, empty, sizeof empty, MSG_NOSIGNAL);
}

static void next_connection(struct playing *p)
{
	if (p->fd >= 0)
		close(p->fd);
	p->n_tags = 0;
	p->fd = readable(p->script->fd, STEP_MS) ? accept(p->script->fd, NULL, NULL) : -1;
	if (p->fd < 0)
		failed(p, "=", "nobody connected");
}

static void step(struct playing *p, const char *text)
{
	char c;

	if (*text == '=')
		next_connection(p);
	else if (*text == 'S' && !send_line(p, text + 2))
		failed(p, text, "the client is gone");
	else if (*text == 'L')
		(void)!send_line(p, text + 2);
	else if (*text == 'Q' && readable(p->fd, (int)g_ascii_strtoll(text + 2, NULL, 10)))
		failed(p, text, "something came");
	else if (*text == 'B')
		bomb(p, (size_t)g_ascii_strtoll(text + 2, NULL, 10));
	else if (*text == 'N')
		nothing(p, (int)g_ascii_strtoll(text + 2, NULL, 10));
	else if (*text == 'E' && (!readable(p->fd, STEP_MS) || read(p->fd, &c, 1) > 0))
		failed(p, text, "something came");
	else if (*text == 'C' || *text == 'R')
		expect(p, text);
}

static void *play(void *data)
{
	struct playing p = { .script = data, .fd = -1 };
	char rest[512];

	next_connection(&p);
	for (const char *const *s = p.script->steps; *s && !*p.script->failure; s++)
		step(&p, *s);
	while (p.fd >= 0 && !*p.script->failure && readable(p.fd, STEP_MS) &&
		read(p.fd, rest, sizeof rest) > 0)
		;
	if (p.fd >= 0)
		close(p.fd);
	if (*p.script->failure)
		shutdown(p.script->fd, SHUT_RDWR); /* nobody shall wait for what does not come */
	return NULL;
}

void script_start(struct script *s, const char *const *steps)
{
	struct sockaddr_in a = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t len = sizeof a;

	*s = (struct script){ .steps = steps,
		.fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0) };
	ck_assert_int_eq(bind(s->fd, (struct sockaddr *)&a, sizeof a), 0);
	ck_assert_int_eq(listen(s->fd, 4), 0);
	ck_assert_int_eq(getsockname(s->fd, (struct sockaddr *)&a, &len), 0);
	s->port = ntohs(a.sin_port);
	ck_assert_int_eq(pthread_create(&s->thread, NULL, play, s), 0);
}

void script_stop(struct script *s)
{
	pthread_join(s->thread, NULL);
	close(s->fd);
	ck_assert_msg(!*s->failure, "%s", s->failure);
}
