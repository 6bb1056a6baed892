#include "base/queue.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdbool.h>
#include <unistd.h>

#include "base/mem.h"

struct queue {
	pthread_mutex_t lock; /* a leaf: nothing else is locked while it is held */
	int pipe[2];
	size_t head, count;
	struct event ring[QUEUE_MAX];
};

struct queue *queue_new(void)
{
	struct queue *q = g_new0(struct queue, 1);

	pthread_mutex_init(&q->lock, NULL);
	if (pipe2(q->pipe, O_CLOEXEC | O_NONBLOCK))
		g_error("pipe: %s", g_strerror(errno));
	return q;
}

void queue_free(struct queue **q)
{
	if (!*q)
		return;
	fd_close(&(*q)->pipe[0]);
	fd_close(&(*q)->pipe[1]);
	pthread_mutex_destroy(&(*q)->lock);
	g_free(*q);
	*q = NULL;
}

static bool same(const struct event *a, const struct event *b)
{
	return a->kind == b->kind && a->code == b->code && a->account == b->account &&
	       a->mailbox == b->mailbox && a->message == b->message;
}

/* True if an equal event waits already: then there is nothing to add. */
static bool waiting(const struct queue *q, const struct event *e)
{
	for (size_t i = q->count; i > 0 && q->count - i < 8; i--)
		if (same(&q->ring[(q->head + i - 1) % QUEUE_MAX], e))
			return true;
	return false;
}

static void ring(const struct queue *q)
{
	if (write(q->pipe[1], "", 1) < 0)
		return; /* a byte is there already, which is enough */
}

void queue_post(struct queue *q, const struct event *e)
{
	bool wake;

	pthread_mutex_lock(&q->lock);
	wake = q->count == 0;
	if (q->count == QUEUE_MAX) {
		q->head = 0;
		q->count = 1;
		q->ring[0] = (struct event){ .kind = EV_RESYNC };
	} else if (!waiting(q, e)) {
		q->ring[(q->head + q->count++) % QUEUE_MAX] = *e;
	}
	if (wake)
		ring(q);
	pthread_mutex_unlock(&q->lock);
}

int queue_pop(struct queue *q, struct event *out)
{
	char drain[8];
	int got = 0;

	pthread_mutex_lock(&q->lock);
	if (q->count > 0) {
		*out = q->ring[q->head];
		q->head = (q->head + 1) % QUEUE_MAX;
		q->count--;
		got = 1;
	}
	if (q->count == 0)
		while (read(q->pipe[0], drain, sizeof drain) > 0)
			;
	pthread_mutex_unlock(&q->lock);
	return got;
}

int queue_fd(const struct queue *q)
{
	return q->pipe[0];
}
