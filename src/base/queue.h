/*
 * The event queue between the workers and the screen.
 *
 * Workers post small events (ids only, never data); the screen's loop polls
 * queue_fd() and pops them.  A wake byte is written only when the queue goes
 * from empty to non-empty (edge-triggered), so a burst costs one write.  The
 * queue never blocks and never drops silently: an event equal to the newest
 * waiting one is merged into it, and a full queue collapses to ONE event of
 * kind EV_RESYNC ("read everything again").
 *
 * queue_post: any thread.  queue_pop, queue_fd: the one reading thread.
 */
#ifndef TERN_BASE_QUEUE_H
#define TERN_BASE_QUEUE_H

#include <stddef.h>
#include <stdint.h>

enum { QUEUE_MAX = 1024 };

enum event_kind {
	EV_RESYNC,    /* read everything again; also what a full queue collapses to */
	EV_ACCOUNT,   /* state, error or progress of an account changed */
	EV_MAILBOXES, /* the folder tree or a counter changed */
	EV_MESSAGES,  /* rows of a mailbox changed */
	EV_BODY,      /* a body arrived (code 0) or could not be had (code < 0) */
	EV_DOCUMENT,  /* the reader process answered; message: the ticket (read/reader.h) */
	EV_ONE_CLICK, /* a list was told (engine.one_click); message: the ticket */
	EV_MUTATION,  /* a queued change moved on; code < 0: it failed or conflicts */
	EV_NEW_MAIL,  /* new unread messages arrived in an inbox */
};

struct event {
	enum event_kind kind;
	int code;          /* 0, or the enum err_code of a failure */
	int64_t account;   /* 0: all */
	int64_t mailbox;   /* 0: none or all */
	int64_t message;   /* 0: none or many */
};

struct queue;

struct queue *queue_new(void);
void queue_free(struct queue **q);
void queue_post(struct queue *q, const struct event *e);
/* Takes the oldest event; 1 = one was there, 0 = empty.  Resets the wake byte when it empties the queue. */
int queue_pop(struct queue *q, struct event *out);
int queue_fd(const struct queue *q); /* readable while events wait */

#endif
