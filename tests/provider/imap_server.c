#include "provider/imap_server.h"

#include <check.h>
#include <glib.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

struct server server = { .user = "alice" };

static void take(const char *line)
{
	sscanf(line, "CA=%199s", server.ca);
	sscanf(line, "IMAP_PORT=%d", &server.imap_port);
	sscanf(line, "IMAPS_PORT=%d", &server.imaps_port);
	sscanf(line, "TLSONLY_PORT=%d", &server.tlsonly_port);
}

int server_resume(void)
{
	char command[400], line[400];
	FILE *f;
	int status;

	g_snprintf(command, sizeof command, "chmod 755 %s; bash '%s/dovecot.sh' start %s",
		server.dir, TEST_SUPPORT, server.dir);
	f = popen(command, "r");
	while (f && fgets(line, sizeof line, f))
		take(line);
	status = f ? pclose(f) : 1;
	return WIFEXITED(status) ? WEXITSTATUS(status) : 1;
}

int server_start(void)
{
	g_strlcpy(server.dir, "/tmp/tern-imap.XXXXXX", sizeof server.dir);
	return mkdtemp(server.dir) ? server_resume() : 1;
}

static int sh(const char *command)
{
	int status = system(command);

	return WIFEXITED(status) ? WEXITSTATUS(status) : 1;
}

/* Also outside of a test case, where Check's assertions do not work. */
void server_must(const char *command)
{
	if (sh(command) == 0)
		return;
	fprintf(stderr, "failed: %s\n", command);
	abort();
}

bool server_running(void)
{
	g_autofree char *command = g_strdup_printf(
		"bash '%s/dovecot.sh' adm %s who >/dev/null 2>&1", TEST_SUPPORT, server.dir);

	return sh(command) == 0;
}

void server_halt(void)
{
	g_autofree char *command =
		g_strdup_printf("bash '%s/dovecot.sh' stop %s", TEST_SUPPORT, server.dir);

	server_must(command);
}

void server_stop(void)
{
	g_autofree char *command = g_strdup_printf(
		"bash '%s/dovecot.sh' stop %s; rm -rf %s", TEST_SUPPORT, server.dir, server.dir);

	sh(command);
}

void server_adm(const char *fmt, ...)
{
	g_autofree char *what = NULL, *command = NULL;
	va_list ap;

	va_start(ap, fmt);
	what = g_strdup_vprintf(fmt, ap);
	va_end(ap);
	command = g_strdup_printf("bash '%s/dovecot.sh' adm %s %s", TEST_SUPPORT, server.dir, what);
	server_must(command);
}

void server_make(const char *mailbox)
{
	server_adm("mailbox create -u %s -s '%s'", server.user, mailbox);
}

void server_save(const char *mailbox, const char *mail, size_t len)
{
	g_autofree char *file = g_strdup_printf("%s/deliver", server.dir);

	ck_assert(g_file_set_contents(file, mail, (gssize)len, NULL));
	server_adm("save -u %s -m '%s' < %s", server.user, mailbox, file);
}

void server_deliver(const char *mailbox, const char *subject, int body_bytes)
{
	GString *mail = g_string_new(NULL);

	g_string_append_printf(mail,
		"From: Ann Example <ann@example.org>\r\nTo: \"Bob\" <bob@example.org>\r\n"
		"Subject: %s\r\nMessage-ID: <%s@test.example>\r\n"
		"References: <one@test.example>\r\n <two@test.example>\r\n"
		"Date: Tue, 01 Jul 2025 10:00:00 +0200\r\n\r\n",
		subject, subject);
	for (int i = 0; i < body_bytes; i++)
		g_string_append_c(mail, i % 72 == 71 ? '\n' : 'x');
	server_save(mailbox, mail->str, mail->len);
	g_string_free(mail, TRUE);
}

void server_fill(const char *mailbox, int n)
{
	bool inbox = strcmp(mailbox, "INBOX") == 0;
	g_autofree char *command = g_strdup_printf(
		"python3 '%s/mail.py' maildir %s/mail/%s/Maildir/%s%s %d > %s/fill.log && "
		"bash '%s/dovecot.sh' own %s",
		TEST_SUPPORT, server.dir, server.user, inbox ? "" : ".", inbox ? "" : mailbox, n,
		server.dir, TEST_SUPPORT, server.dir);

	server_must(command);
}

int server_count(const char *mailbox, const char *search)
{
	g_autofree char *command = g_strdup_printf(
		"bash '%s/dovecot.sh' adm %s search -u %s mailbox '%s' %s | wc -l", TEST_SUPPORT,
		server.dir, server.user, mailbox, search);
	FILE *f = popen(command, "r");
	int n = -1;

	ck_assert_ptr_nonnull(f);
	ck_assert_int_eq(fscanf(f, "%d", &n), 1);
	pclose(f);
	return n;
}

static void spawn_proxy(struct proxy *p, const char *upstream, const char *arguments)
{
	g_autofree char *command = NULL;
	static int count;
	int pipes[2], port = 0;
	FILE *f;

	g_snprintf(
		p->ledger, sizeof p->ledger, "%s/ledger.%d.%d", server.dir, (int)getpid(), ++count);
	command =
		g_strdup_printf("exec python3 '%s/../faults/imapfault.py' --upstream %s --life 60 "
				"--ledger %s %s",
			TEST_SUPPORT, upstream, p->ledger, arguments);
	ck_assert_int_eq(pipe(pipes), 0);
	p->pid = fork();
	if (p->pid == 0) {
		dup2(pipes[1], 1);
		close(pipes[0]);
		close(pipes[1]);
		execl("/bin/sh", "sh", "-c", command, (char *)NULL);
		_exit(127);
	}
	close(pipes[1]);
	f = fdopen(pipes[0], "r");
	ck_assert_int_eq(fscanf(f, "PORT=%d", &port), 1);
	p->port = port;
}

void proxy_before(struct proxy *p, int port, const char *arguments)
{
	g_autofree char *upstream = g_strdup_printf("127.0.0.1:%d", port);

	spawn_proxy(p, upstream, arguments);
}

void proxy_start(struct proxy *p, const char *arguments)
{
	proxy_before(p, server.imap_port, arguments);
}

void proxy_alone(struct proxy *p, const char *arguments)
{
	spawn_proxy(p, "none", arguments);
}

void proxy_stop(struct proxy *p)
{
	kill(p->pid, SIGTERM);
	waitpid(p->pid, NULL, 0);
}

bool proxy_saw(const struct proxy *p, const char *text)
{
	g_autofree char *ledger = NULL;

	return g_file_get_contents(p->ledger, &ledger, NULL, NULL) && strstr(ledger, text);
}
