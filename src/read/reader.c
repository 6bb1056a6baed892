/*
 * Questions are jobs in a list, by ticket; one thread takes the newest that
 * waits and asks the child.  Everything of a job but what the thread works with
 * (its question and files) is guarded by the lock.
 */
#include "read/reader.h"

#include <poll.h>
#include <pthread.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/i18n.h"
#include "base/mem.h"
#include "base/scratch.h"
#include "read/child.h"
#include "read/htmlfilter.h"
#include "read/trace.h"
#include "read/wire.h"

enum { MIB = 1 << 20 };

enum job_state { JOB_WAITS, JOB_RUNS, JOB_DONE };

struct job {
	int64_t ticket;
	struct request request;
	int files[CHILD_FILES_MAX];
	bool seal;
	char *from;
	uint64_t first;               /* as it was asked for */
	bool first_due;               /* the beginning is to be answered before the whole */
	enum job_state state;
	bool forgotten;
	bool answered;                /* `answer` was not taken yet */
	struct reader_answer answer;
	struct err err;               /* code < 0: it failed */
	struct cancel *done;          /* somebody blocks for it; NULL = nobody */
};

struct reader {
	struct queue *events;
	struct reader_limits limits;
	struct seal_config seals;     /* its strings are copies */
	pthread_mutex_t lock;         /* a leaf but for the event queue's */
	pthread_cond_t work, news;    /* for the thread; for reader_wait */
	GPtrArray *jobs;              /* of struct job, oldest first */
	struct job *running;
	int64_t last;
	bool warm;                    /* a child is wanted before there is a question ... */
	bool warmed;                  /* ... and was tried since the last one */
	bool stop;
	bool begun;                   /* the thread is there */
	pthread_t thread;
	struct cancel abandon;        /* nobody wants what runs */
	struct child child;           /* the thread's own */
	char *html_filter;            /* NULL = none */
};

void reader_answer_release(struct reader_answer *a)
{
	document_free(&a->doc);
	if (a->plain > 0)
		fd_close(&a->plain);
}

static void close_files(struct job *j)
{
	for (int i = 0; i < CHILD_FILES_MAX; i++)
		fd_close(&j->files[i]);
}

static void job_free(void *p)
{
	struct job *j = p;

	reader_answer_release(&j->answer);
	close_files(j);
	g_free(j->from);
	g_free(j);
}

/* --- working: no lock is held ------------------------------------------------------- */

/* Milliseconds that a message of this size may take: base, and a second for each so many MiB. */
static int64_t time_for(const struct job *j, int base_ms, int mib_a_second)
{
	struct stat st;
	int64_t size = fstat(j->files[0], &st) == 0 ? st.st_size : 0;

	return base_ms + MIN(size / MIB / mib_a_second, (int64_t)3600) * 1000;
}

static int64_t wall_ms(const struct reader *r, const struct job *j)
{
	if (r->limits.wall_ms)
		return r->limits.wall_ms;
	return time_for(j, READER_WALL_S * 1000, READER_WALL_MIB);
}

static int cpu_ms(const struct reader *r, const struct job *j)
{
	if (r->limits.cpu_ms)
		return r->limits.cpu_ms;
	return (int)time_for(j, READER_CPU_S * 1000, READER_CPU_MIB);
}

static int start_child(struct reader *r, struct err *err)
{
	if (r->child.pid > 0 && child_alive(&r->child))
		return 0;
	child_end(&r->child);
	return child_start(&r->child, r->limits.word, r->limits.memory, err);
}

static int ask_child(struct reader *r, struct job *j, struct reply *reply, void **payload,
	struct err *err)
{
	j->request.cpu_ms = cpu_ms(r, j);
	if (start_child(r, err) < 0)
		return err->code;
	return child_ask(&r->child, &j->request, j->files, wall_ms(r, j), &r->abandon, reply,
		payload, err);
}

static int unpack(struct reader *r, const void *payload, size_t len, struct document **out,
	struct err *err)
{
	*out = payload ? wire_unpack(payload, len) : NULL;
	if (*out)
		return 0;
	child_end(&r->child); /* whatever speaks there, it is not our program any more */
	err_set(err, ERR_LIMIT, _("This message is too complex to show; it can be saved."));
	return ERR_LIMIT;
}

/* A question of the work itself about a file that it has, on the way to the answer. */
static int ask_aside(struct reader *r, struct request *q, const int *files,
	struct reply *reply, void **payload, struct err *err)
{
	struct job aside = { .files = { files[0], files[1], files[2] } };

	q->cpu_ms = cpu_ms(r, &aside);
	if (start_child(r, err) < 0)
		return err->code;
	return child_ask(&r->child, q, files, wall_ms(r, &aside), &r->abandon, reply, payload, err);
}

static int extract(void *ctx, int fd, int part, int body, int signature, struct err *err)
{
	g_autofree struct request *q = g_new0(struct request, 1);
	g_autofree void *payload = NULL;
	struct reply reply = { 0 };

	q->kind = REQUEST_EXTRACT;
	q->part = part;
	return ask_aside(ctx, q, (int[]){ fd, body, signature }, &reply, &payload, err);
}

static int read_aside(void *ctx, int fd, const struct document_how *how, struct document **out,
	struct err *err)
{
	g_autofree struct request *q = g_new0(struct request, 1);
	g_autofree void *payload = NULL;
	struct reply reply = { 0 };

	q->kind = REQUEST_DOCUMENT;
	q->how = *how;
	if (ask_aside(ctx, q, (int[]){ fd, -1, -1 }, &reply, &payload, err) < 0)
		return err->code;
	return unpack(ctx, payload, reply.len, out, err);
}

/* Finds out what is proved, once all of the message is there. */
static int judge(struct reader *r, const struct job *j, struct reader_answer *a, struct err *err)
{
	struct document_how how = j->request.how;
	struct seal_question q = { .config = &r->seals, .reader = { r, extract, read_aside },
		.cancel = &r->abandon, .from = j->from, .fd = j->files[0], .how = &how };
	int plain = -1;

	if (!j->seal || !a->doc || a->doc->partial)
		return 0;
	how.holes = j->request.holes;
	if (seal_check(&q, &a->doc, &plain, &a->verdict, err) < 0) {
		fd_close(&plain);
		return err->code;
	}
	a->plain = plain < 0 ? 0 : plain;
	return 0;
}

/* The source of a part, as UTF-8, into a file. */
static int fetch_source(struct reader *r, const struct job *j, int mail, int part, int out,
	struct err *err)
{
	struct request q = j->request;
	g_autofree void *payload = NULL;
	struct reply reply = { 0 };

	q.kind = REQUEST_TEXT;
	q.part = part;
	if (mail != j->files[0])
		q.how.n_holes = 0; /* they are those of the stored file */
	return ask_aside(r, &q, (int[]){ mail, out, -1 }, &reply, &payload, err);
}

/* A file for the source of a part: what was decrypted stays in memory. */
static int source_file(bool secret, int *fd, struct err *err)
{
	if (!secret)
		return scratch_nameless(fd, err);
	*fd = memfd_create("source", MFD_CLOEXEC);
	return *fd < 0 ? err_set(err, ERR_STORAGE, _("There is no memory for a part: %s."),
				 g_strerror(errno))
		       : 0;
}

static int words_width(const struct document_how *how)
{
	return how->text_width > 0 && how->width > how->text_width ? how->text_width : how->width;
}

/* Shows the HTML of a whole document as the reader's own program does; what fails is told in it.
 * mail: the message, or what was decrypted. */
static void filter_html(struct reader *r, const struct job *j, int mail, struct document *d)
{
	const struct document_span *span = r->html_filter ? htmlfilter_span(d) : NULL;
	AUTO(fd_close) int file = -1;
	g_autofree char *text = NULL;
	struct err err = { 0 };

	if (!span || d->partial)
		return;
	if (source_file(mail != j->files[0], &file, &err) == 0 &&
		fetch_source(r, j, mail, span->value, file, &err) == 0 &&
		htmlfilter_run(r->html_filter, words_width(&j->request.how), file, &r->abandon, &text,
			&err) == 0)
		htmlfilter_replace(d, span, text);
	else
		htmlfilter_failed(d, &err);
}

static int ask_document(struct reader *r, struct job *j, struct document **out, struct err *err)
{
	g_autofree void *payload = NULL;
	struct reply reply = { 0 };

	if (ask_child(r, j, &reply, &payload, err) < 0)
		return err->code;
	return unpack(r, payload, reply.len, out, err);
}

/* A verdict is found with a child that has seen no other mail: one that another mail has taken over
 * could bring the signed text of a third. */
static bool needs_fresh_child(const struct reader *r, const struct job *j, const struct document *d)
{
	return j->seal && d->seal.kind != SEAL_NONE && !d->partial && r->child.answers > 1;
}

static int run_document(struct reader *r, struct job *j, struct reader_answer *out,
	struct err *err)
{
	j->request.how.first = j->first_due ? r->limits.first : j->first;
	if (ask_document(r, j, &out->doc, err) < 0)
		return err->code;
	if (needs_fresh_child(r, j, out->doc)) {
		document_free(&out->doc);
		child_end(&r->child);
		if (ask_document(r, j, &out->doc, err) < 0)
			return err->code;
	}
	out->more = j->first_due;
	if (judge(r, j, out, err) < 0) {
		reader_answer_release(out);
		return err->code;
	}
	trace_check(j->files[0], out->doc);
	filter_html(r, j, out->plain > 0 ? out->plain : j->files[0], out->doc);
	return 0;
}

/* Whether the child wrote what it says; what is no plain file cannot be asked. */
static bool holds(int fd, uint64_t bytes)
{
	struct stat st;

	return fstat(fd, &st) == 0 && (!S_ISREG(st.st_mode) || (uint64_t)st.st_size == bytes);
}

static int run_export(struct reader *r, struct job *j, struct reader_answer *out, struct err *err)
{
	g_autofree void *payload = NULL;
	struct reply reply = { 0 };

	if (ask_child(r, j, &reply, &payload, err) < 0)
		return err->code;
	if (!holds(j->files[1], reply.bytes))
		return err_set(err, ERR_PROTOCOL,
			_("The part was not written completely; it can be tried again."));
	out->bytes = reply.bytes;
	return 0;
}

static int run(struct reader *r, struct job *j, struct reader_answer *out, struct err *err)
{
	if (j->request.kind == REQUEST_EXPORT)
		return run_export(r, j, out, err);
	return run_document(r, j, out, err);
}

/* --- the list: the lock is held ------------------------------------------------------- */

static struct job *job_of(const struct reader *r, int64_t ticket)
{
	for (guint i = 0; i < r->jobs->len; i++) {
		struct job *j = r->jobs->pdata[i];

		if (j->ticket == ticket)
			return j;
	}
	return NULL;
}

static struct job *newest_waiting(const struct reader *r)
{
	for (guint i = r->jobs->len; i > 0; i--) {
		struct job *j = r->jobs->pdata[i - 1];

		if (j->state == JOB_WAITS)
			return j;
	}
	return NULL;
}

/* Tells everybody that the job has an answer or has failed. */
static void announce(struct reader *r, struct job *j)
{
	struct event e = { .kind = EV_DOCUMENT, .code = j->err.code, .message = j->ticket };

	pthread_cond_broadcast(&r->news);
	if (j->done)
		cancel_set(j->done);
	else if (r->events)
		queue_post(r->events, &e);
}

static void finish(struct reader *r, struct job *j, const struct err *err)
{
	j->state = JOB_DONE;
	j->err = *err;
	close_files(j);
	announce(r, j);
}

/* Takes the result of one turn of a job. */
static void settle(struct reader *r, struct job *j, struct reader_answer *got, const struct err *err)
{
	r->running = NULL;
	r->warmed = false;
	if (j->forgotten) {
		reader_answer_release(got);
		g_ptr_array_remove(r->jobs, j);
		return;
	}
	if (err->code < 0) {
		finish(r, j, err);
		return;
	}
	reader_answer_release(&j->answer);
	j->answer = *got;
	j->answered = true;
	j->first_due = false;
	j->state = got->more ? JOB_WAITS : JOB_DONE;
	if (!got->more)
		close_files(j);
	announce(r, j);
}

/* Makes room: the oldest that wait are not waited for any more, nor are the oldest answers kept. */
static void make_room(struct reader *r)
{
	static const enum job_state states[] = { JOB_WAITS, JOB_DONE };

	for (size_t s = 0; s < G_N_ELEMENTS(states); s++) {
		struct job *oldest = NULL;
		int n = 0;

		for (guint i = 0; i < r->jobs->len; i++) {
			struct job *j = r->jobs->pdata[i];

			if (j->state != states[s] || j->done)
				continue;
			oldest = oldest ? oldest : j;
			n++;
		}
		if (n <= READER_ASKED_MAX)
			continue;
		if (states[s] == JOB_WAITS) {
			struct err err;

			err_set(&err, ERR_CANCELED, _("Stopped."));
			finish(r, oldest, &err);
		} else {
			g_ptr_array_remove(r->jobs, oldest);
		}
	}
}

/* --- the thread ------------------------------------------------------------------------ */

static void work_on(struct reader *r, struct job *j)
{
	struct reader_answer got = { 0 };
	struct err err = { 0 };

	j->state = JOB_RUNS;
	r->running = j;
	cancel_clear(&r->abandon);
	pthread_mutex_unlock(&r->lock);
	run(r, j, &got, &err);
	pthread_mutex_lock(&r->lock);
	settle(r, j, &got, &err);
}

/* A child for the next question; if none can be had, that question will say why. */
static void warm_up(struct reader *r)
{
	struct err err;

	r->warmed = true;
	pthread_mutex_unlock(&r->lock);
	start_child(r, &err);
	pthread_mutex_lock(&r->lock);
}

static void *reader_main(void *arg)
{
	struct reader *r = arg;

	pthread_mutex_lock(&r->lock);
	while (!r->stop) {
		struct job *j = newest_waiting(r);

		if (j)
			work_on(r, j);
		else if (r->warm && !r->warmed)
			warm_up(r);
		else
			pthread_cond_wait(&r->work, &r->lock);
	}
	pthread_mutex_unlock(&r->lock);
	child_end(&r->child);
	return NULL;
}

/* The lock is held. */
static void wake(struct reader *r)
{
	if (!r->begun) {
		int code = pthread_create(&r->thread, NULL, reader_main, r);

		if (code)
			g_error("pthread_create: %s", g_strerror(code));
		r->begun = true;
	}
	pthread_cond_signal(&r->work);
}

static void seals_release(struct seal_config *c)
{
	g_free((char *)c->ca_file);
	g_free((char *)c->key_file);
	g_free((char *)c->key_command);
	g_free((char *)c->terminal);
}

/* --- life -------------------------------------------------------------------------------- */

struct reader *reader_new_limited(struct queue *events, const struct reader_limits *limits)
{
	struct reader *r = g_new0(struct reader, 1);
	pthread_condattr_t clock;

	r->events = events;
	r->limits = *limits;
	r->limits.memory = limits->memory ? limits->memory : READER_MEMORY;
	r->limits.first = limits->first ? limits->first : READER_FIRST;
	r->limits.word = limits->word ? limits->word : READER_CHILD_WORD;
	r->child.fd = -1;
	r->jobs = g_ptr_array_new_with_free_func(job_free);
	pthread_mutex_init(&r->lock, NULL);
	pthread_condattr_init(&clock);
	pthread_condattr_setclock(&clock, CLOCK_MONOTONIC);
	pthread_cond_init(&r->work, NULL);
	pthread_cond_init(&r->news, &clock);
	pthread_condattr_destroy(&clock);
	cancel_init(&r->abandon);
	return r;
}

struct reader *reader_new(struct queue *events)
{
	return reader_new_limited(events, &(struct reader_limits){ 0 });
}

void reader_free(struct reader **p)
{
	struct reader *r = *p;

	if (!r)
		return;
	pthread_mutex_lock(&r->lock);
	r->stop = true;
	cancel_set(&r->abandon);
	pthread_cond_signal(&r->work);
	pthread_mutex_unlock(&r->lock);
	if (r->begun)
		pthread_join(r->thread, NULL);
	cancel_release(&r->abandon);
	pthread_cond_destroy(&r->work);
	pthread_cond_destroy(&r->news);
	pthread_mutex_destroy(&r->lock);
	g_ptr_array_unref(r->jobs);
	seals_release(&r->seals);
	g_free(r->html_filter);
	g_free(r);
	*p = NULL;
}

void reader_seals(struct reader *r, const struct seal_config *config)
{
	struct seal_config own = *config;

	own.ca_file = g_strdup(config->ca_file);
	own.key_file = g_strdup(config->key_file);
	own.key_command = g_strdup(config->key_command);
	own.terminal = g_strdup(config->terminal);
	seals_release(&r->seals);
	r->seals = own;
}

void reader_set_html_filter(struct reader *r, const char *command)
{
	g_free(r->html_filter);
	r->html_filter = g_strdup(command);
}

void reader_warm(struct reader *r)
{
	pthread_mutex_lock(&r->lock);
	r->warm = true;
	wake(r);
	pthread_mutex_unlock(&r->lock);
}

/* --- asking ------------------------------------------------------------------------------ */

static bool is_large(const struct reader *r, int fd)
{
	struct stat st;

	return fstat(fd, &st) == 0 && st.st_size > 0 && (uint64_t)st.st_size > r->limits.first;
}

static struct job *job_new(const struct reader *r, const struct reader_question *q,
	struct cancel *done)
{
	struct job *j = g_new0(struct job, 1);
	bool export = q->part >= 0;

	j->files[0] = q->fd;
	j->files[1] = export ? q->out : -1;
	j->files[2] = -1;
	j->request.kind = export ? REQUEST_EXPORT : REQUEST_DOCUMENT;
	j->request.how = q->how;
	j->first = q->how.first;
	j->request.part = q->part;
	j->request.how.n_holes = q->how.holes ? MIN(q->how.n_holes, (size_t)BODY_HOLES_MAX) : 0;
	j->request.how.holes = NULL;
	for (size_t i = 0; i < j->request.how.n_holes; i++)
		j->request.holes[i] = q->how.holes[i];
	j->seal = q->seal;
	j->from = g_strdup(q->from);
	j->done = done;
	j->first_due = !done && !export && q->how.first == 0 && is_large(r, q->fd);
	return j;
}

static int64_t ask(struct reader *r, const struct reader_question *q, struct cancel *done)
{
	struct job *j = job_new(r, q, done);
	int64_t ticket;

	pthread_mutex_lock(&r->lock);
	ticket = j->ticket = ++r->last;
	g_ptr_array_add(r->jobs, j);
	make_room(r);
	wake(r);
	pthread_mutex_unlock(&r->lock);
	return ticket;
}

int64_t reader_ask(struct reader *r, const struct reader_question *q)
{
	return ask(r, q, NULL);
}

/* The lock is held. */
static int take(struct reader *r, int64_t ticket, struct reader_answer *out, struct err *err)
{
	struct job *j = job_of(r, ticket);
	int result = 0;

	if (!j || (!j->answered && j->state != JOB_DONE))
		return 0;
	if (j->err.code < 0) {
		*err = j->err;
		result = err->code;
	} else {
		*out = j->answer;
		j->answer = (struct reader_answer){ 0 };
		j->answered = false;
		result = 1;
	}
	if (j->state == JOB_DONE)
		g_ptr_array_remove(r->jobs, j);
	return result;
}

int reader_take(struct reader *r, int64_t ticket, struct reader_answer *out, struct err *err)
{
	int result;

	pthread_mutex_lock(&r->lock);
	result = take(r, ticket, out, err);
	pthread_mutex_unlock(&r->lock);
	return result;
}

bool reader_wait(struct reader *r, int64_t ticket, int ms)
{
	struct timespec end;
	struct job *j;
	int timed_out = 0;

	clock_gettime(CLOCK_MONOTONIC, &end);
	end.tv_sec += ms / 1000;
	end.tv_nsec += ms % 1000 * 1000000L;
	end.tv_sec += end.tv_nsec / 1000000000L;
	end.tv_nsec %= 1000000000L;
	pthread_mutex_lock(&r->lock);
	while ((j = job_of(r, ticket)) && !j->answered && j->state != JOB_DONE && !timed_out)
		timed_out = pthread_cond_timedwait(&r->news, &r->lock, &end);
	pthread_mutex_unlock(&r->lock);
	return j && !timed_out;
}

void reader_forget(struct reader *r, int64_t ticket)
{
	struct job *j;

	pthread_mutex_lock(&r->lock);
	j = job_of(r, ticket);
	if (j && j->state == JOB_RUNS) {
		j->forgotten = true;
		if (r->running == j)
			cancel_set(&r->abandon);
	} else if (j) {
		g_ptr_array_remove(r->jobs, j);
	}
	pthread_mutex_unlock(&r->lock);
}

int reader_read(struct reader *r, const struct reader_question *q, struct cancel *cancel,
	struct reader_answer *out, struct err *err)
{
	AUTO(cancel_release) struct cancel done;
	struct reader_answer got = { 0 };
	int64_t ticket;
	int result;

	cancel_init(&done);
	ticket = ask(r, q, &done);
	/* the reader has a clock of its own for every question: no other one is needed here */
	while (!cancel_is_set(&done) && cancel_poll(cancel, cancel_fd(&done), POLLIN, -1) >= 0)
		;
	result = reader_take(r, ticket, &got, err);
	if (result == 1) {
		*out = got;
		return 0;
	}
	if (result < 0)
		return result;
	reader_forget(r, ticket);
	return err_set(err, ERR_CANCELED, _("Stopped."));
}
