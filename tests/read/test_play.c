/*
 * Children that are not as they should be.  The program must survive each of
 * them, and a witness tells what a child finds around itself.
 */
#include "test_read.h"

#include <dirent.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/file.h"
#include "base/mem.h"
#include "read/child.h"
#include "read/wire.h"

extern char **environ;

static void say(int fd, const void *bytes, size_t len)
{
	if (fd_write_all(fd, bytes, len) < 0)
		_exit(1);
}

static void say_reply(struct reply reply)
{
	say(CHILD_FD, &reply, sizeof reply);
}

/* Takes a request with its files; returns its nonce. */
static uint64_t hear(int *files)
{
	struct request q;
	char control[256];
	struct iovec data = { .iov_base = &q, .iov_len = sizeof q };
	struct msghdr m = { .msg_iov = &data, .msg_iovlen = 1, .msg_control = control,
		.msg_controllen = sizeof control };

	if (recvmsg(CHILD_FD, &m, MSG_WAITALL) != (ssize_t)sizeof q)
		_exit(0);
	memcpy(files, CMSG_DATA(CMSG_FIRSTHDR(&m)), CMSG_FIRSTHDR(&m)->cmsg_len - CMSG_LEN(0));
	return q.nonce;
}

/* Writes its environment and its descriptors into the file that it was given. */
static void witness(int out)
{
	DIR *d = opendir("/proc/self/fd");
	struct dirent *e;

	for (char **v = environ; *v; v++) {
		say(out, *v, strlen(*v));
		say(out, "\n", 1);
	}
	while (d && (e = readdir(d))) {
		char target[200];
		ssize_t n = readlinkat(dirfd(d), e->d_name, target, sizeof target);

		if (n < 0 || atoi(e->d_name) == dirfd(d))
			continue;
		say(out, "fd ", 3);
		say(out, e->d_name, strlen(e->d_name));
		say(out, " ", 1);
		say(out, target, (size_t)n);
		say(out, "\n", 1);
	}
	if (d)
		closedir(d);
}

/* An answer as it should be, a document whose text is this, so many times in one breath. */
static void send_documents(const char *text, uint64_t nonce, int times)
{
	AUTO(document_free) struct document *d = document_new();
	g_autoptr(GByteArray) bytes = g_byte_array_new(), all = g_byte_array_new();
	struct reply reply = { .nonce = nonce };

	g_free(d->text);
	d->text = g_strdup(text);
	if (strstr(text, "herald")) {
		struct document_header *h = g_new0(struct document_header, 1);

		h->name = g_strdup("Authentication-Results");
		h->value = g_strdup("mx.example.org; dkim=pass header.d=bank.example");
		g_ptr_array_add(d->headers, h);
	}
	if (strstr(text, "sealed")) {
		g_ptr_array_add(d->parts, g_new0(struct document_part, 1));
		((struct document_part *)d->parts->pdata[0])->type = g_strdup("text/plain");
		d->seal = (struct document_seal){ SEAL_PGP_SIGNED, 0, true };
	}
	wire_pack(d, bytes);
	reply.len = bytes->len;
	for (int i = 0; i < times; i++) {
		g_byte_array_append(all, (const void *)&reply, sizeof reply);
		g_byte_array_append(all, bytes->data, bytes->len);
	}
	say(CHILD_FD, all->data, all->len);
}

/* Gives away what nobody wants: its own descriptors, as many as go. */
static void send_files(int fd)
{
	union {
		struct cmsghdr head;
		char room[CMSG_SPACE(200 * sizeof(int))];
	} control = { 0 };
	struct reply nothing = { 0 };
	struct iovec data = { .iov_base = &nothing, .iov_len = 1 };
	struct msghdr m = { .msg_iov = &data, .msg_iovlen = 1, .msg_control = &control,
		.msg_controllen = sizeof control };
	struct cmsghdr *head = CMSG_FIRSTHDR(&m);

	head->cmsg_level = SOL_SOCKET;
	head->cmsg_type = SCM_RIGHTS;
	head->cmsg_len = CMSG_LEN(200 * sizeof(int));
	for (size_t i = 0; i < 200; i++)
		memcpy(CMSG_DATA(head) + i * sizeof fd, &fd, sizeof fd);
	for (int i = 0; i < 100; i++)
		sendmsg(CHILD_FD, &m, MSG_NOSIGNAL | MSG_DONTWAIT);
}

/* Children that answer more than one question; the text of a document tells the file's first bytes. */
static void play_on(const char *word)
{
	static const char *const words[] = { "twice", "again", "giver", "clerk", "keeper", NULL };
	char first[100] = "", line[140];
	int files[CHILD_FILES_MAX];
	uint64_t nonce, before = 0;

	for (int i = 0; g_strv_contains(words, word); i++) {
		nonce = hear(files);
		if (strcmp(word, "again") != 0 || i == 0) /* else the first one's answer once more */
			g_snprintf(line, sizeof line, "%ld %.*s", (long)getpid(),
				(int)MAX(pread(files[0], first, sizeof first - 1, 0), 0), first);
		if (strcmp(word, "keeper") == 0) {
			say_reply((struct reply){ .nonce = nonce });
			for (int n = 0; n < 100; n++, g_usleep(10000))
				say(files[1], "changed", 7);
		}
		send_documents(line, strcmp(word, "again") == 0 && before ? before : nonce,
			strcmp(word, "twice") == 0 ? 2 : 1);
		before = nonce;
		if (strcmp(word, "giver") == 0)
			send_files(files[0]);
		close(files[0]);
	}
}

_Noreturn void play(const char *word)
{
	struct setup setup;
	struct reply reply = { 0 };
	int files[CHILD_FILES_MAX];

	if (recv(CHILD_FD, &setup, sizeof setup, MSG_WAITALL) != (ssize_t)sizeof setup ||
		strcmp(word, "stillborn") == 0)
		_exit(0);
	if (strcmp(word, "no-jail") == 0)
		reply.code = -38;
	if (strcmp(word, "early") == 0)
		send_documents("early", 0, 1);
	say_reply(reply);
	if (strcmp(word, "hasty") == 0)
		send_documents("hasty", 0, 1);
	play_on(word);
	reply.nonce = hear(files);
	if (strcmp(word, "filler") == 0) {
		char block[65536] = "";

		signal(SIGXFSZ, SIG_IGN);
		for (int n = 0; n < 1000 && write(files[1], block, sizeof block) > 0; n++)
			;
	}
	if (strcmp(word, "closes") == 0)
		close(CHILD_FD);
	if (strcmp(word, "hangs") == 0 || strcmp(word, "closes") == 0)
		poll(NULL, 0, 60 * 1000);
	if (strcmp(word, "drips") == 0) { /* always something, and never all */
		reply.len = 1 << 20;
		say_reply(reply);
		for (;; g_usleep(20 * 1000))
			say(CHILD_FD, "tern!", 5);
	}
	if (strcmp(word, "witness") == 0) {
		witness(files[1]);
		reply.bytes = (uint64_t)lseek(files[1], 0, SEEK_CUR);
	}
	if (strcmp(word, "huge") == 0)
		reply.len = UINT32_MAX;
	if (strcmp(word, "half") == 0)
		reply.len = 1000;
	if (strcmp(word, "nonsense") == 0)
		reply.len = 5;
	if (strcmp(word, "dies") == 0)
		raise(SIGKILL);
	if (strcmp(word, "lies") == 0)
		reply.code = -4711;
	if (strcmp(word, "judges") == 0)
		reply.code = ERR_TRUST;
	if (strcmp(word, "boasts") == 0)
		reply.bytes = UINT64_MAX;
	if (strcmp(word, "stranger") == 0)
		reply.nonce++;
	say_reply(reply);
	if (strcmp(word, "nonsense") == 0 || strcmp(word, "half") == 0)
		say(CHILD_FD, "tern!", 5);
	if (strcmp(word, "witness") == 0)
		hear(files);
	_exit(0);
}
