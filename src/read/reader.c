#include "read/reader.h"

#include <unistd.h>

#include "base/i18n.h"
#include "base/mem.h"

/* Answers at once, in the caller's thread and process: to be replaced by the child. */
struct reader {
	struct queue *events;
	int64_t last;
	struct reader_answer answer;
	struct err err;
};

void reader_answer_release(struct reader_answer *a)
{
	document_free(&a->doc);
}

struct reader *reader_new(struct queue *events)
{
	struct reader *r = g_new0(struct reader, 1);

	r->events = events;
	return r;
}

void reader_free(struct reader **r)
{
	if (!*r)
		return;
	reader_answer_release(&(*r)->answer);
	g_clear_pointer(r, g_free);
}

void reader_warm(struct reader *r)
{
	(void)r;
}

int reader_read(struct reader *r, const struct reader_question *q, struct cancel *cancel,
	struct reader_answer *out, struct err *err)
{
	int rc;

	(void)r;
	(void)cancel;
	*out = (struct reader_answer){ 0 };
	rc = q->part >= 0 ? err_set(err, ERR_UNSUPPORTED, "not yet")
			  : document_read(q->fd, &q->how, &out->doc, err);
	close(q->fd);
	return rc;
}

int64_t reader_ask(struct reader *r, const struct reader_question *q)
{
	struct event e = { .kind = EV_DOCUMENT, .message = ++r->last };

	reader_answer_release(&r->answer);
	r->err.code = 0;
	e.code = reader_read(r, q, NULL, &r->answer, &r->err);
	if (r->events)
		queue_post(r->events, &e);
	return r->last;
}

int reader_take(struct reader *r, int64_t ticket, struct reader_answer *out, struct err *err)
{
	if (ticket != r->last)
		return 0;
	if (r->err.code < 0) {
		*err = r->err;
		return err->code;
	}
	*out = r->answer;
	r->answer = (struct reader_answer){ 0 };
	return out->doc ? 1 : 0;
}

bool reader_wait(struct reader *r, int64_t ticket, int ms)
{
	(void)ms;
	return ticket == r->last;
}

void reader_forget(struct reader *r, int64_t ticket)
{
	(void)r;
	(void)ticket;
}
