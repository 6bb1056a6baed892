#include "provider/imap_script.h"

#include <arpa/inet.h>
#include <check.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { PAUSE_MS = 60 }; /* so long a silence ends a flight */

static void say(int fd, const char *text, size_t n)
{
	while (n > 0) {
		ssize_t k = send(fd, text, n, MSG_NOSIGNAL);

		if (k <= 0)
			return;
		text += k;
		n -= (size_t)k;
	}
}

/* The answer of the rule for it, "%T" replaced; does it ask for more? */
static bool answer(struct script *s, int fd, const char *tag, const char *command)
{
	g_autofree char *text = NULL;
	const char *words = "%T OK done\r\n";

	for (int k = 0; s->rules[k].command; k++) {
		const struct script_rule *r = &s->rules[k];

		if (strncmp(command, r->command, strlen(r->command)) != 0 ||
			(r->times && s->used[k] >= r->times))
			continue;
		s->used[k]++;
		words = r->answer;
		break;
	}
	if (strncmp(command, "ENABLE ", 7) == 0)
		text = g_strdup_printf("* ENABLED %s\r\n%s OK\r\n", command + 7, tag);
	else {
		g_auto(GStrv) parts = g_strsplit(words, "%T", -1);

		text = g_strjoinv(tag, parts);
	}
	say(fd, text, strlen(text));
	s->leaving |= g_str_has_prefix(text, "* BYE");
	return *text == '+';
}

/* Behind a line "... {SIZE}" or "... {SIZE+}": what comes is no line.  False if there is none. */
static bool literal(struct script *s, int fd, const char *tag, const char *command)
{
	const char *brace = g_str_has_suffix(command, "}") ? strrchr(command, '{') : NULL;
	bool ahead = g_str_has_suffix(command, "+}");

	if (!brace || (!ahead && !answer(s, fd, tag, command)))
		return brace != NULL;
	s->literal = (size_t)g_ascii_strtoull(brace + 1, NULL, 10);
	g_strlcpy(s->literal_tag, tag, sizeof s->literal_tag);
	g_strlcpy(s->literal_of, ahead ? command : "(literal)", sizeof s->literal_of);
	return true;
}

/* Takes what came of a literal and of the command behind it; false if more of it must come. */
static bool swallow(struct script *s, int fd, GString *in)
{
	size_t n = MIN(s->literal, in->len);
	const char *end;

	if (!*s->literal_of)
		return true;
	g_string_erase(in, 0, (gssize)n);
	s->literal -= n;
	end = s->literal ? NULL : strstr(in->str, "\r\n");
	if (!end)
		return false;
	g_string_erase(in, 0, end + 2 - in->str);
	answer(s, fd, s->literal_tag, s->literal_of);
	*s->literal_of = '\0';
	return true;
}

/* All complete lines of one flight. */
static void obey(struct script *s, int fd, GString *in, char *idle)
{
	char *end;

	g_mutex_lock(&s->lock);
	s->flights++;
	while (swallow(s, fd, in) && (end = strstr(in->str, "\r\n"))) {
		g_autofree char *line = g_strndup(in->str, (gsize)(end - in->str));
		char *space = strchr(line, ' ');

		g_string_erase(in, 0, end + 2 - in->str);
		if (strcmp(line, "DONE") == 0) {
			g_string_append_printf(s->heard, "%d DONE\n", s->flights);
			answer(s, fd, idle, "DONE");
			continue;
		}
		ck_assert_ptr_nonnull(space);
		*space = '\0';
		g_string_append_printf(s->heard, "%d %s\n", s->flights, space + 1);
		if (strcmp(space + 1, "IDLE") == 0)
			g_strlcpy(idle, line, 20);
		if (!literal(s, fd, line, space + 1))
			answer(s, fd, line, space + 1);
	}
	g_mutex_unlock(&s->lock);
}

static void serve(struct script *s, int fd)
{
	g_autofree char *hello = g_strdup_printf(
		"* PREAUTH [CAPABILITY IMAP4rev1 %s] hello\r\n", s->capabilities);
	GString *in = g_string_new(NULL);
	char idle[20] = "", buf[65536];
	ssize_t n;

	say(fd, hello, strlen(hello));
	s->leaving = false;
	while (!s->leaving && (n = recv(fd, buf, sizeof buf, 0)) > 0) {
		struct pollfd p = { .fd = fd, .events = POLLIN };

		g_string_append_len(in, buf, n);
		if (poll(&p, 1, PAUSE_MS) == 0)
			obey(s, fd, in, idle);
	}
	g_string_free(in, TRUE);
	close(fd);
}

static void *work(void *arg)
{
	struct script *s = arg;
	int fd;

	while ((fd = accept(s->listener, NULL, NULL)) >= 0)
		serve(s, fd);
	return NULL;
}

void script_start(struct script *s, const char *capabilities, const struct script_rule *rules)
{
	struct sockaddr_in at = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t n = sizeof at;

	*s = (struct script){ .capabilities = capabilities, .rules = rules };
	s->heard = g_string_new(NULL);
	g_mutex_init(&s->lock);
	s->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	ck_assert_int_eq(bind(s->listener, (struct sockaddr *)&at, sizeof at), 0);
	ck_assert_int_eq(listen(s->listener, 8), 0);
	ck_assert_int_eq(getsockname(s->listener, (struct sockaddr *)&at, &n), 0);
	s->port = ntohs(at.sin_port);
	ck_assert_int_eq(pthread_create(&s->thread, NULL, work, s), 0);
}

/* After the client has closed its connection. */
void script_stop(struct script *s)
{
	shutdown(s->listener, SHUT_RDWR);
	pthread_join(s->thread, NULL);
	close(s->listener);
	g_string_free(s->heard, TRUE);
	g_mutex_clear(&s->lock);
}

void script_reset(struct script *s)
{
	g_mutex_lock(&s->lock);
	g_string_truncate(s->heard, 0);
	s->flights = 0;
	g_mutex_unlock(&s->lock);
}

int script_flights(struct script *s)
{
	int n;

	g_mutex_lock(&s->lock);
	n = s->flights;
	g_mutex_unlock(&s->lock);
	return n;
}

int script_heard(struct script *s, const char *text)
{
	int n = 0;

	g_mutex_lock(&s->lock);
	for (const char *p = s->heard->str; (p = strstr(p, text)); p += strlen(text))
		n++;
	g_mutex_unlock(&s->lock);
	return n;
}
