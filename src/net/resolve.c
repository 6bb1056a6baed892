#include "net/resolve.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <unistd.h>

#include "base/i18n.h"
#include "base/mem.h"

enum { RESOLVE_STACK = 1 << 20 };

/* What the caller and the helper share; the last one to let go frees it. */
struct box {
	_Atomic int refs;
	_Atomic bool done; /* answer and list are written; the pipe only wakes */
	char *host;
	char port[8];
	int pipe[2]; /* [1] is closed by the helper when the answer is there */
	int answer;  /* of getaddrinfo */
	struct addrinfo *list;
};

static void box_release(struct box **b)
{
	struct box *box = *b;

	*b = NULL;
	if (!box || atomic_fetch_sub(&box->refs, 1) > 1)
		return;
	if (box->list)
		freeaddrinfo(box->list);
	fd_close(&box->pipe[0]);
	fd_close(&box->pipe[1]);
	g_free(box->host);
	g_free(box);
}

static struct box *box_new(const char *host, int port)
{
	struct box *box = g_new0(struct box, 1);

	atomic_init(&box->refs, 2);
	box->host = g_strdup(host);
	snprintf(box->port, sizeof box->port, "%d", port & 0xffff);
	box->pipe[0] = box->pipe[1] = -1;
	if (pipe2(box->pipe, O_CLOEXEC))
		box->pipe[0] = box->pipe[1] = -1;
	return box;
}

static void *look_up(void *arg)
{
	AUTO(box_release) struct box *box = arg;
	struct addrinfo hints = {
		.ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICSERV
	};

	box->answer = getaddrinfo(box->host, box->port, &hints, &box->list);
	atomic_store(&box->done, true);
	fd_close(&box->pipe[1]);
	return NULL;
}

/* Starts the helper with all signals blocked: they belong to the main thread. */
static int helper_start(struct box *box)
{
	pthread_attr_t attr;
	sigset_t all, old;
	pthread_t thread;
	int r;

	if (box->pipe[0] < 0)
		return EMFILE;
	sigfillset(&all);
	pthread_attr_init(&attr);
	pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
	pthread_attr_setstacksize(&attr, RESOLVE_STACK);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	r = pthread_create(&thread, &attr, look_up, box);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	pthread_attr_destroy(&attr);
	return r;
}

int resolve_host(const char *host, int port, struct cancel *cancel, int timeout_ms,
	struct addrinfo **out, struct err *err)
{
	AUTO(box_release) struct box *box = box_new(host, port);
	int r = helper_start(box);

	if (r) {
		atomic_fetch_sub(&box->refs, 1);
		return err_set(err, ERR_RETRY,
			_("The name of the server cannot be looked up now: %s."), g_strerror(r));
	}
	r = cancel_poll(cancel, box->pipe[0], POLLIN, timeout_ms);
	if (r < 0)
		return err_set(err, ERR_CANCELED, _("Stopped."));
	if (r == 0 || !atomic_load(&box->done))
		return err_set(err, ERR_OFFLINE,
			_("The name %s was not found in time; is this machine online?"), host);
	if (box->answer)
		return err_set(err, ERR_OFFLINE, _("The name %s cannot be looked up: %s."), host,
			gai_strerror(box->answer));
	*out = TAKE(box->list);
	return 0;
}
