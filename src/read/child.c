#include "read/child.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <glib.h>

#include "base/i18n.h"
#include "base/mem.h"
#include "read/jail.h"
#include "read/wire.h"

extern char **environ;

int request_files(enum request_kind kind)
{
	static const int files[] = { [REQUEST_DOCUMENT] = 1, [REQUEST_EXPORT] = 2,
		[REQUEST_EXTRACT] = 3, [REQUEST_TEXT] = 2 };

	return (size_t)kind < G_N_ELEMENTS(files) ? files[kind] : 0;
}

/* --- starting and ending ----------------------------------------------------------- */

/* A child is never started by a child: a program whose main does not know the word would go on
 * and start more of itself, without end. */
static const char mark[] = "TERN_IS_READER_CHILD=1";

static bool is_child(void)
{
	for (char **e = environ; *e; e++)
		if (strcmp(*e, mark) == 0)
			return true;
	return false;
}

/* What the child may know of the environment: language and time zone. */
static GPtrArray *its_environment(void)
{
	static const char *const names[] = { "LANG=", "LANGUAGE=", "LC_", "TZ=", "ASAN_OPTIONS=",
		"UBSAN_OPTIONS=", "TSAN_OPTIONS=" };
	size_t n = JAIL_SANITIZED ? G_N_ELEMENTS(names) : 4;
	GPtrArray *list = g_ptr_array_new();

	for (char **e = environ; *e; e++)
		for (size_t i = 0; i < n; i++)
			if (g_str_has_prefix(*e, names[i]))
				g_ptr_array_add(list, *e);
	g_ptr_array_add(list, (char *)(uintptr_t)mark);
	g_ptr_array_add(list, NULL);
	return list;
}

static void set_files(posix_spawn_file_actions_t *files, int socket_end)
{
	posix_spawn_file_actions_init(files);
	posix_spawn_file_actions_addopen(files, 0, "/dev/null", O_RDONLY, 0);
	posix_spawn_file_actions_addopen(files, 1, "/dev/null", O_WRONLY, 0);
	if (!JAIL_SANITIZED) /* what a sanitizer finds is worth reading */
		posix_spawn_file_actions_addopen(files, 2, "/dev/null", O_WRONLY, 0);
	posix_spawn_file_actions_adddup2(files, socket_end, CHILD_FD);
	posix_spawn_file_actions_addclosefrom_np(files, CHILD_FD + 1);
}

/* No signal is blocked or ignored in it, and none from the terminal reaches it. */
static void set_signals(posix_spawnattr_t *attr)
{
	sigset_t none, all;

	sigemptyset(&none);
	sigfillset(&all);
	posix_spawnattr_init(attr);
	posix_spawnattr_setsigmask(attr, &none);
	posix_spawnattr_setsigdefault(attr, &all);
	posix_spawnattr_setflags(attr,
		POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSID);
}

static int spawn(const char *word, int socket_end, pid_t *pid)
{
	char *const argv[] = { (char *)"tern", (char *)word, NULL };
	g_autoptr(GPtrArray) env = its_environment();
	posix_spawn_file_actions_t files;
	posix_spawnattr_t attr;
	int r;

	set_files(&files, socket_end);
	set_signals(&attr);
	r = posix_spawn(pid, "/proc/self/exe", &files, &attr, argv, (char **)env->pdata);
	posix_spawnattr_destroy(&attr);
	posix_spawn_file_actions_destroy(&files);
	return r;
}

int child_start(struct child *c, const char *word, uint64_t memory, struct err *err)
{
	AUTO(fd_close) int theirs = -1;
	struct setup setup = { .memory = memory };
	int p[2], r;

	*c = (struct child){ .fd = -1 };
	if (is_child())
		return err_set(err, ERR_UNSUPPORTED, _("A process that reads mail starts no other."));
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, p))
		return err_set(err, ERR_STORAGE, _("No process for reading can be started: %s."),
			g_strerror(errno));
	c->fd = p[0];
	theirs = p[1];
	r = spawn(word, theirs, &c->pid);
	if (r == 0 && send(c->fd, &setup, sizeof setup, MSG_NOSIGNAL) != (ssize_t)sizeof setup)
		r = errno;
	if (r == 0)
		return 0;
	child_end(c);
	return err_set(err, ERR_STORAGE, _("No process for reading can be started: %s."),
		g_strerror(r));
}

void child_end(struct child *c)
{
	if (c->pid > 0) {
		kill(c->pid, SIGKILL);
		while (waitpid(c->pid, NULL, 0) < 0 && errno == EINTR)
			;
		fd_close(&c->fd);
	} else if (c->fd > 0) {
		fd_close(&c->fd);
	}
	*c = (struct child){ .fd = -1 };
}

/* Bytes that wait are the first reply, or else nobody asked for them. */
bool child_alive(const struct child *c)
{
	char byte;
	ssize_t n = recv(c->fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT);

	return n < 0 ? errno == EAGAIN || errno == EINTR : n > 0 && !c->ready;
}

/* --- asking ------------------------------------------------------------------------ */

static int too_complex(struct err *err)
{
	return err_set(err, ERR_LIMIT, _("This message is too complex to show; it can be saved."));
}

/* 0 or errno. */
static int send_request(const struct child *c, const struct request *q, const int *files)
{
	union {
		struct cmsghdr head;
		char room[CMSG_SPACE(CHILD_FILES_MAX * sizeof(int))];
	} control = { 0 };
	size_t bytes = (size_t)request_files(q->kind) * sizeof(int);
	struct iovec data = { .iov_base = (void *)(uintptr_t)q, .iov_len = sizeof *q };
	struct msghdr m = { .msg_iov = &data, .msg_iovlen = 1, .msg_control = &control,
		.msg_controllen = CMSG_SPACE(bytes) };
	struct cmsghdr *head = CMSG_FIRSTHDR(&m);

	ssize_t n;

	if (!head)
		return EINVAL;
	head->cmsg_level = SOL_SOCKET;
	head->cmsg_type = SCM_RIGHTS;
	head->cmsg_len = CMSG_LEN(bytes);
	memcpy(CMSG_DATA(head), files, bytes);
	/* a request fits into the empty buffer of the socket */
	n = sendmsg(c->fd, &m, MSG_NOSIGNAL | MSG_DONTWAIT);
	return n == (ssize_t)sizeof *q ? 0 : n < 0 ? errno : EMSGSIZE;
}

static int left_of(int64_t end_us)
{
	int64_t left = (end_us - g_get_monotonic_time()) / 1000;

	return (int)CLAMP(left, 0, INT32_MAX);
}

/* All len bytes before the time is over. */
static int receive(const struct child *c, void *into, size_t len, int64_t end_us,
	const struct cancel *cancel, struct err *err)
{
	char *p = into;

	while (len > 0) {
		int ready = cancel_poll(cancel, c->fd, POLLIN, left_of(end_us));
		ssize_t n;

		if (ready < 0)
			return err_set(err, ERR_CANCELED, _("Stopped."));
		if (ready == 0)
			return too_complex(err);
		n = recv(c->fd, p, len, MSG_DONTWAIT);
		if (n < 0 && (errno == EAGAIN || errno == EINTR))
			continue;
		if (n <= 0)
			return too_complex(err);
		p += n;
		len -= (size_t)n;
	}
	return 0;
}

/* It has not seen the message, so that is not what it failed at. */
static int never_began(struct err *err)
{
	return err_set(err, ERR_UNSUPPORTED,
		_("The process that reads mail did not start as it should.  Start tern again if the "
		  "system was updated meanwhile; mail can be saved."));
}

static int64_t time_after(int64_t ms)
{
	return g_get_monotonic_time() + ms * 1000;
}

static int receive_ready(struct child *c, const struct cancel *cancel, struct err *err)
{
	struct reply first = { 0 };

	if (c->ready)
		return 0;
	if (receive(c, &first, sizeof first, time_after(CHILD_START_MS), cancel, err) < 0)
		return err->code == ERR_CANCELED ? err->code : never_began(err);
	if (first.code != 0)
		return err_set(err, ERR_UNSUPPORTED,
			_("Mail cannot be read safely on this system (%s); it can be saved."),
			g_strerror(first.code < 0 && first.code > -4096 ? -first.code : EPROTO));
	c->ready = true;
	return 0;
}

/* The child says a number, the words are ours: it has no way to speak for the program. */
static int its_error(const struct reply *r, struct err *err)
{
	switch (r->code) {
	case ERR_GONE:
		return err_set(err, ERR_GONE,
			_("The message has no such part, or its content is still at the server."));
	case ERR_STORAGE:
		return err_set(err, ERR_STORAGE,
			_("The part cannot be written, or the message not be read: %s."),
			g_strerror(r->error > 0 && r->error < 4096 ? r->error : EIO));
	case ERR_UNSUPPORTED:
		return err_set(err, ERR_UNSUPPORTED,
			_("This part only holds other parts; choose one of them."));
	case ERR_PROTOCOL:
		return err_set(err, ERR_PROTOCOL, _("It is not clear what was signed."));
	default:
		return too_complex(err);
	}
}

/* What is taken out of a message for a check is kept in memory: it is not larger than the message. */
static void limit_files(const struct child *c, const struct request *q, const int *files)
{
	struct rlimit most = { 0, 0 };
	struct stat st;

	if (prlimit(c->pid, RLIMIT_FSIZE, NULL, &most) < 0)
		return;
	most.rlim_cur = most.rlim_max;
	if (q->kind == REQUEST_EXTRACT && fstat(files[0], &st) == 0)
		most.rlim_cur = MIN(most.rlim_max, (rlim_t)st.st_size + CHILD_EXTRA_BYTES);
	prlimit(c->pid, RLIMIT_FSIZE, &most, NULL);
}

/* Nor is this the message's fault. */
static int not_asked(int error, struct err *err)
{
	return err_set(err, ERR_STORAGE,
		_("The process that reads mail cannot be asked: %s.  Try again; mail can be saved."),
		g_strerror(error));
}

/* An answer that is there before its question can only be to another one. */
static bool is_answer(const struct reply *reply, const struct request *q)
{
	return reply->nonce == q->nonce && reply->len <= WIRE_BYTES_MAX;
}

static int exchange(struct child *c, struct request *q, const int *files, int64_t wall_ms,
	const struct cancel *cancel, struct reply *reply, void **payload, struct err *err)
{
	g_autofree void *body = NULL;
	int64_t end_us;
	int r;

	if (receive_ready(c, cancel, err) < 0)
		return err->code;
	end_us = time_after(wall_ms);
	limit_files(c, q, files);
	if (getrandom(&q->nonce, sizeof q->nonce, 0) != (ssize_t)sizeof q->nonce)
		return not_asked(errno, err);
	r = send_request(c, q, files);
	if (r != 0)
		return not_asked(r, err);
	if (receive(c, reply, sizeof *reply, end_us, cancel, err) < 0)
		return err->code;
	if (!is_answer(reply, q))
		return too_complex(err);
	if (reply->len > 0) {
		body = g_malloc(reply->len);
		if (receive(c, body, reply->len, end_us, cancel, err) < 0)
			return err->code;
	}
	*payload = g_steal_pointer(&body);
	return 0;
}

int child_ask(struct child *c, struct request *q, const int *files, int64_t wall_ms,
	const struct cancel *cancel, struct reply *reply, void **payload, struct err *err)
{
	int r;

	*payload = NULL;
	r = exchange(c, q, files, wall_ms, cancel, reply, payload, err);
	if (r < 0 || reply->leaving || q->kind == REQUEST_EXPORT ||
		++c->answers >= CHILD_ANSWERS_MAX)
		child_end(c);
	if (r == 0 && reply->code != 0)
		r = its_error(reply, err);
	return r;
}
