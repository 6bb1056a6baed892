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

/* Descriptor `to` of the child is `fd`, or /dev/null. */
static void give(posix_spawn_file_actions_t *files, int fd, int to)
{
	if (fd < 0)
		posix_spawn_file_actions_addopen(files, to, "/dev/null", to == 0 ? O_RDONLY : O_WRONLY, 0);
	else
		posix_spawn_file_actions_adddup2(files, fd, to);
}

/*
 * The descriptors from 3 on.  Giving one must not overwrite another that is
 * still to be given, so they are first copied to numbers above all of them.
 * 0 or errno: a program that got /dev/null instead would judge nothing.
 */
static int give_more(posix_spawn_file_actions_t *files, const struct spawn *how, int *copies)
{
	for (int i = 0; i < how->n_more; i++) {
		copies[i] = fcntl(how->more[i], F_DUPFD_CLOEXEC, 3 + SPAWN_MORE_MAX);
		if (copies[i] < 0)
			return errno;
		give(files, copies[i], 3 + i);
	}
	return 0;
}

static void set_attributes(posix_spawnattr_t *attr, enum spawn_place place)
{
	short flags = POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF;
	sigset_t none, all;

	sigemptyset(&none);
	sigfillset(&all);
	posix_spawnattr_setsigmask(attr, &none);
	posix_spawnattr_setsigdefault(attr, &all);
	posix_spawnattr_setpgroup(attr, 0);
	if (place == SPAWN_GROUP)
		flags |= POSIX_SPAWN_SETPGROUP;
	if (place == SPAWN_SESSION)
		flags |= POSIX_SPAWN_SETSID;
	posix_spawnattr_setflags(attr, flags);
}

int spawn_start(const struct spawn *how, pid_t *out, struct err *err)
{
	posix_spawn_file_actions_t files;
	posix_spawnattr_t attr;
	int copies[SPAWN_MORE_MAX] = { -1, -1 }, r;

	posix_spawn_file_actions_init(&files);
	give(&files, how->in, 0);
	give(&files, how->out, 1);
	give(&files, how->errors, 2);
	r = give_more(&files, how, copies);
	posix_spawnattr_init(&attr);
	set_attributes(&attr, how->place);
	if (r == 0)
		r = posix_spawnp(out, how->argv[0], &files, &attr, (char *const *)how->argv, environ);
	posix_spawnattr_destroy(&attr);
	posix_spawn_file_actions_destroy(&files);
	for (int i = 0; i < how->n_more; i++)
		fd_close(&copies[i]);
	if (r == ENOENT)
		return err_set(err, ERR_GONE, _("There is no program \"%s\" here."), how->argv[0]);
	if (r)
		return err_set(err, ERR_STORAGE, _("The program \"%s\" cannot be started: %s."),
			how->argv[0], g_strerror(r));
	return 0;
}

int spawn_ended(pid_t pid, int *status)
{
	pid_t done = waitpid(pid, status, WNOHANG);

	return done == pid || (done < 0 && errno != EINTR);
}

void spawn_wait_here(pid_t pid, int *status)
{
	for (;;) {
		pid_t done = waitpid(pid, status, WUNTRACED);

		if (done == pid && WIFSTOPPED(*status))
			raise(SIGSTOP);
		else if (done == pid || errno != EINTR)
			return;
	}
}

void spawn_kill(pid_t pid, int *status)
{
	kill(-pid, SIGKILL);
	while (waitpid(pid, status, 0) < 0 && errno == EINTR)
		;
}

int spawn_code(int status)
{
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

/* Starts the shell with its output on *out_fd. */
static int start_shell(const char *command, int *out_fd, pid_t *pid, struct err *err)
{
	const char *const argv[] = { "sh", "-c", command, NULL };
	struct spawn how = { .argv = argv, .in = -1, .errors = -1, .place = SPAWN_GROUP };
	struct err why = { 0 };
	int p[2], r;

	if (pipe2(p, O_CLOEXEC))
		return err_set(err, ERR_AUTH, _("The password command cannot be started: %s."),
			g_strerror(errno));
	how.out = p[1];
	r = spawn_start(&how, pid, &why);
	close(p[1]);
	*out_fd = p[0];
	if (r < 0) {
		fd_close(out_fd);
		return err_set(err, ERR_AUTH, _("The password command cannot be started: %s"), why.text);
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
	while (!spawn_ended(pid, status)) {
		if (cancel_poll(cancel, -1, 0, REAP_MS) < 0)
			return ERR_CANCELED;
		if (clock_mono_ms() >= end)
			return ERR_RETRY;
	}
	return 0;
}

int spawn_first_line(const char *command, struct cancel *cancel, int timeout_ms, char *out,
	size_t cap, struct err *err)
{
	AUTO(fd_close) int fd = -1;
	int64_t end = clock_mono_ms() + timeout_ms;
	size_t len = 0;
	int status = 0, r;
	pid_t pid = -1;

	if (start_shell(command, &fd, &pid, err) < 0)
		return err->code;
	r = drain(fd, cancel, end, out, cap, &len);
	if (r == 0)
		r = await_end(pid, cancel, end, &status);
	if (r < 0)
		spawn_kill(pid, &status);
	out[len] = '\0';
	out[strcspn(out, "\r\n")] = '\0';
	if (r == ERR_CANCELED)
		return err_set(err, ERR_CANCELED, _("Stopped."));
	if (r < 0)
		return err_set(err, ERR_AUTH,
			_("The password command gave no answer within %d seconds; it was ended."),
			timeout_ms / 1000);
	if (spawn_code(status) != 0)
		return err_set(err, ERR_AUTH,
			_("The password command failed (exit status %d); try it in a shell."),
			spawn_code(status));
	if (!out[0])
		return err_set(err, ERR_AUTH, _("The password command printed nothing."));
	return (int)strlen(out);
}

int spawn_wait(pid_t pid, struct cancel *cancel, int timeout_ms, int *status)
{
	int r = await_end(pid, cancel, clock_mono_ms() + timeout_ms, status);

	if (r < 0)
		spawn_kill(pid, status);
	return r;
}

int spawn_verdict(const char *const *argv, struct cancel *cancel, int timeout_ms, struct err *err)
{
	struct spawn how = { .argv = argv, .in = -1, .out = -1, .errors = -1, .place = SPAWN_GROUP };
	int status = 0, r;
	pid_t pid;

	if (spawn_start(&how, &pid, err) < 0)
		return err->code;
	r = spawn_wait(pid, cancel, timeout_ms, &status);
	if (r == 0)
		return spawn_code(status);
	return err_set(err, (enum err_code)r, _("The program \"%s\" was ended: it took too long."), argv[0]);
}
