/*
 * A latch that other threads can wait for: "stop what you are doing".
 *
 * A struct cancel carries an eventfd.  Every blocking wait of a worker polls
 * cancel_fd() beside its socket, so that cancel_set() from any thread ends it
 * at once, whatever the network does.  A second latch of the same type serves
 * as the worker's doorbell ("there is work"), which cancel_clear() resets.
 *
 * Owner: whoever called cancel_init, who also calls cancel_release after the
 * waiting threads were joined.  cancel_set, cancel_clear and cancel_is_set are
 * safe from any thread and from a signal handler.
 */
#ifndef TERN_BASE_CANCEL_H
#define TERN_BASE_CANCEL_H

#include <stdatomic.h>
#include <stdbool.h>

struct cancel {
	_Atomic bool set;
	int fd;
};

void cancel_init(struct cancel *c);
void cancel_release(struct cancel *c);
void cancel_set(struct cancel *c);
void cancel_clear(struct cancel *c);
bool cancel_is_set(const struct cancel *c);
int cancel_fd(const struct cancel *c);  /* readable while set */

/*
 * Waits until fd (or -1 for none) shows `events` (POLLIN, POLLOUT), at most
 * timeout_ms (negative: for ever).  Returns 1 ready, 0 timed out, -1 the latch
 * was set (also if it was set before).  c may be NULL.
 */
int cancel_poll(const struct cancel *c, int fd, short events, int timeout_ms);

#endif
