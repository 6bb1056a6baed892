/*
 * tern, many times: a process that is asked for runs of the program and forks
 * for each.  What starts a process anew, and above all the linking of 40
 * libraries, costs more than most commands that a test gives.
 *
 * Packets come through standard input (SOCK_SEQPACKET), a request each: words
 * with a NUL behind each, first the files for standard output and standard
 * error, then the words for main().  The answers are the process id, and when
 * it has ended its wait status, as decimal numbers.  The end of the input is
 * the end of this.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "sync/ternfork.h"

#undef main

enum { REQUEST_MAX = 1 << 16, WORDS_MAX = 256, OUT = 0, ERR = 1, FIRST = 2 };

static void die(const char *what)
{
	perror(what);
	exit(EXIT_FAILURE);
}

static void put_file(const char *path, int flags, int as)
{
	int fd = open(path, flags, 0600);

	if (fd < 0 || dup2(fd, as) < 0)
		die(path);
	close(fd);
}

/* In the child. */
static void become(int n, char **words)
{
	put_file(words[OUT], O_WRONLY | O_CREAT | O_TRUNC, STDOUT_FILENO);
	put_file(words[ERR], O_WRONLY | O_CREAT | O_TRUNC, STDERR_FILENO);
	put_file("/dev/null", O_RDONLY, STDIN_FILENO);
	exit(tern_main(n - FIRST, words + FIRST));
}

static void answer(int number)
{
	char text[16];
	int n = snprintf(text, sizeof text, "%d", number);

	if (send(STDIN_FILENO, text, (size_t)n, 0) < 0)
		die("send");
}

static void run(int n, char **words)
{
	int status;
	pid_t pid = fork();

	if (pid < 0)
		die("fork");
	if (pid == 0)
		become(n, words);
	answer((int)pid);
	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			die("waitpid");
	answer(status);
}

/* The number of words, 0 if it is no request. */
static int split(char *request, size_t len, char **words)
{
	int n = 0;

	if (len == 0 || request[len - 1] != '\0')
		return 0;
	for (char *p = request; p < request + len && n < WORDS_MAX; p += strlen(p) + 1)
		words[n++] = p;
	words[n] = NULL;
	return n > FIRST ? n : 0;
}

int main(void)
{
	static char request[REQUEST_MAX];
	static char *words[WORDS_MAX + 1];
	ssize_t len;
	int n;

	while ((len = recv(STDIN_FILENO, request, sizeof request, 0)) > 0) {
		n = split(request, (size_t)len, words);
		if (n == 0) {
			fputs("ternfork: that is no request\n", stderr);
			return EXIT_FAILURE;
		}
		run(n, words);
	}
	return len < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}
