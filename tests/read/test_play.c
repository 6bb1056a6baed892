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
#include "read/child.h"

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

/* Takes a request with its files. */
static void hear(int *files)
{
	struct request q;
	char control[256];
	struct iovec data = { .iov_base = &q, .iov_len = sizeof q };
	struct msghdr m = { .msg_iov = &data, .msg_iovlen = 1, .msg_control = control,
		.msg_controllen = sizeof control };

	if (recvmsg(CHILD_FD, &m, MSG_WAITALL) != (ssize_t)sizeof q)
		_exit(0);
	memcpy(files, CMSG_DATA(CMSG_FIRSTHDR(&m)), CMSG_FIRSTHDR(&m)->cmsg_len - CMSG_LEN(0));
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

_Noreturn void play(const char *word)
{
	struct setup setup;
	struct reply reply = { 0 };
	int files[CHILD_FILES_MAX];

	if (recv(CHILD_FD, &setup, sizeof setup, MSG_WAITALL) != (ssize_t)sizeof setup)
		_exit(0);
	if (strcmp(word, "no-jail") == 0)
		reply.code = -38;
	say_reply(reply);
	hear(files);
	if (strcmp(word, "hangs") == 0)
		poll(NULL, 0, 60 * 1000);
	if (strcmp(word, "witness") == 0)
		witness(files[1]);
	if (strcmp(word, "huge") == 0)
		reply.len = UINT32_MAX;
	if (strcmp(word, "half") == 0)
		reply.len = 1000;
	if (strcmp(word, "nonsense") == 0)
		reply.len = 5;
	if (strcmp(word, "dies") == 0)
		raise(SIGKILL);
	if (strcmp(word, "lies") == 0) {
		reply.code = -4711;
		memset(reply.text, '\x9b', sizeof reply.text - 1);
	}
	say_reply(reply);
	if (strcmp(word, "nonsense") == 0 || strcmp(word, "half") == 0)
		say(CHILD_FD, "tern!", 5);
	if (strcmp(word, "witness") == 0)
		hear(files);
	_exit(0);
}
