/*
 * The second thread of a long synchronisation.
 *
 * Reading and understanding what a server says takes about as long as writing
 * it down.  While the worker gathers the next batch, the writer applies the one
 * before it: at most one is in its hands, so that memory stays bounded and the
 * worker waits when the disk is slower than the network.
 *
 * Batches are applied in the order in which they were put.  After a failure
 * nothing more is applied, for a later cursor must not be committed without the
 * facts before it; put and wait tell the failure from then on.
 *
 * The thread has a store handle of its own.  The lock is a leaf, and is not held
 * while the store works.
 */
#include "base/mem.h"
#include "sync/priv.h"

struct writer {
	struct sync *sync;
	account_id account;
	bool leased;                 /* writes only while the lease is ours */
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t turned;       /* anything below has changed */
	struct batch *batch;         /* put and not applied yet, NULL = idle */
	bool stop;
	struct batch_result sum;     /* of what was applied since the last wait */
	struct err err;              /* code 0 = none so far */
};

/* Applies one batch; the lock is held at the call and on return. */
static void apply(struct writer *w, struct store *s)
{
	struct batch *b = w->batch;
	struct batch_result result = { 0 };
	struct err err = { 0 };

	pthread_mutex_unlock(&w->lock);
	batch_apply(s, b, &result, &err);
	batch_free(&b);
	pthread_mutex_lock(&w->lock);
	w->batch = NULL;
	w->err = err;
	w->sum.added += result.added;
	w->sum.changed += result.changed;
	w->sum.removed += result.removed;
	pthread_cond_broadcast(&w->turned);
}

static void *writer_main(void *arg)
{
	struct writer *w = arg;
	struct store *s = NULL;
	struct err err = { 0 };
	int r = store_open(w->sync->places->data, STORE_BULK, w->sync->events, &s, &err);

	if (r >= 0 && w->leased)
		store_lease_heed(s, w->account);
	pthread_mutex_lock(&w->lock);
	if (r < 0) {
		w->err = err;
		pthread_cond_broadcast(&w->turned);
	}
	while (!w->err.code && !(w->stop && !w->batch)) {
		if (w->batch)
			apply(w, s);
		else
			pthread_cond_wait(&w->turned, &w->lock);
	}
	pthread_mutex_unlock(&w->lock);
	store_close(&s);
	return NULL;
}

static void writer_free(struct writer **w)
{
	batch_free(&(*w)->batch);
	pthread_cond_destroy(&(*w)->turned);
	pthread_mutex_destroy(&(*w)->lock);
	g_clear_pointer(w, g_free);
}

int writer_start(const struct session *s, struct writer **out, struct err *err)
{
	struct writer *w = g_new0(struct writer, 1);
	int r;

	w->sync = s->sync;
	w->account = s->account->id;
	w->leased = s->store && store_lease_heeded(s->store, w->account);
	pthread_mutex_init(&w->lock, NULL);
	pthread_cond_init(&w->turned, NULL);
	r = sync_spawn(&w->thread, "write", s->account->name, writer_main, w, err);
	if (r < 0)
		writer_free(&w);
	else
		*out = w;
	return r;
}

/* The lock is held.  Until the thread has nothing in hand, or has failed. */
static int idle(struct writer *w, struct err *err)
{
	while (w->batch && !w->err.code)
		pthread_cond_wait(&w->turned, &w->lock);
	if (w->err.code && err)
		*err = w->err;
	return w->err.code;
}

int writer_put(struct writer *w, struct batch **b, struct err *err)
{
	int r;

	pthread_mutex_lock(&w->lock);
	r = idle(w, err);
	if (r == 0) {
		w->batch = TAKE(*b);
		pthread_cond_broadcast(&w->turned);
	}
	pthread_mutex_unlock(&w->lock);
	return r;
}

int writer_wait(struct writer *w, struct batch_result *sum, struct err *err)
{
	int r;

	pthread_mutex_lock(&w->lock);
	r = idle(w, err);
	*sum = w->sum;
	w->sum = (struct batch_result){ 0 };
	pthread_mutex_unlock(&w->lock);
	return r;
}

void writer_stop(struct writer **p)
{
	struct writer *w = TAKE(*p);

	if (!w)
		return;
	pthread_mutex_lock(&w->lock);
	w->stop = true;
	pthread_cond_broadcast(&w->turned);
	pthread_mutex_unlock(&w->lock);
	pthread_join(w->thread, NULL);
	writer_free(&w);
}
