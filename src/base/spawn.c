#include "base/spawn.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/i18n.h"
#include "base/mem.h"

enum { REAP_MS = 5 };

extern char **environ;

/* Starts the shell with its output on *out_fd; the child stands in a process group of its own. */
static int start(const char *command, int *out_fd, pid_t *pid, struct err *err)
{
	char *const argv[] = { "sh", "-c", (char *)command, NULL };
	posix_spawn_file_actions_t files;
	posix_spawnattr_t attr;
	sigset_t none;
	int p[2], r;

	if (pipe2(p, O_CLOEXEC))
		return err_set(err, ERR_AUTH, _("The password command cannot be started: %s."),
			g_strerror(errno));
	posix_spawn_file_actions_init(&files);
	posix_spawn_file_actions_addopen(&files, 0, "/dev/null", O_RDONLY, 0);
	posix_spawn_file_actions_adddup2(&files, p[1], 1);
	posix_spawn_file_actions_addopen(&files, 2, "/dev/null", O_WRONLY, 0);
	posix_spawnattr_init(&attr);
	sigemptyset(&none);
	posix_spawnattr_setsigmask(&attr, &none);
	posix_spawnattr_setpgroup(&attr, 0);
	posix_spawnattr_setflags(&attr, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETPGROUP);
	r = posix_spawn(pid, "/bin/sh", &files, &attr, argv, environ);
	posix_spawnattr_destroy(&attr);
	posix_spawn_file_actions_destroy(&files);
	close(p[1]);
	*out_fd = p[0];
	if (r) {
		fd_close(out_fd);
		return err_set(err, ERR_AUTH, _("The password command cannot be started: %s."),
			g_strerror(r));
	}
	return 0;
}

/* Reads until end of file, a full buffer, the deadline or the latch; what does not fit is dropped. */
static int drain(int fd, struct cancel *cancel, int64_t end, char *out, size_t cap, size_t *len)
{
	char spill[512];

	for (;;) {
		int64_t left = end - clock_mono_ms();
		int ready = cancel_poll(cancel, fd, POLLIN, left > 0 ? (int)left : 0);
		ssize_t n;

		if (ready <= 0)
			return ready < 0 ? ERR_CANCELED : ERR_RETRY;
		if (*len < cap - 1)
			n = read(fd, out + *len, cap - 1 - *len);
		else
			n = read(fd, spill, sizeof spill);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return 0;
		if (*len < cap - 1)
			*len += (size_t)n;
	}
}

/* Waits for the end of the child; one that has closed its output may still be at work. */
static int await_end(pid_t pid, struct cancel *cancel, int64_t end, int *status)
{
	for (;;) {
		pid_t done = waitpid(pid, status, WNOHANG);

		if (done == pid || (done < 0 && errno != EINTR))
			return 0;
		if (cancel_poll(cancel, -1, 0, REAP_MS) < 0)
			return ERR_CANCELED;
		if (clock_mono_ms() >= end)
			return ERR_RETRY;
	}
}

static void kill_group(pid_t pid, int *status)
{
	kill(-pid, SIGKILL);
	while (waitpid(pid, status, 0) < 0 && errno == EINTR)
		;
}

int spawn_first_line(const char *command, struct cancel *cancel, int timeout_ms, char *out,
	size_t cap, struct err *err)
{
	AUTO(fd_close) int fd = -1;
	int64_t end = clock_mono_ms() + timeout_ms;
	size_t len = 0;
	int status = 0, r;
	pid_t pid = -1;

	if (start(command, &fd, &pid, err) < 0)
		return err->code;
	r = drain(fd, cancel, end, out, cap, &len);
	if (r == 0)
		r = await_end(pid, cancel, end, &status);
	if (r < 0)
		kill_group(pid, &status);
	out[len] = '\0';
	out[strcspn(out, "\r\n")] = '\0';
	if (r == ERR_CANCELED)
		return err_set(err, ERR_CANCELED, _("Stopped."));
	if (r < 0)
		return err_set(err, ERR_AUTH,
			_("The password command gave no answer within %d seconds; it was ended."),
			timeout_ms / 1000);
	if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
		return err_set(err, ERR_AUTH,
			_("The password command failed (exit status %d); try it in a shell."),
			WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status));
	if (!out[0])
		return err_set(err, ERR_AUTH, _("The password command printed nothing."));
	return (int)strlen(out);
}
