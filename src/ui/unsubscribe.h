/*
 * Leaving a mailing list, by the way that the message names.
 *
 * What will happen is asked first; the answer of a one-click request comes with
 * EV_ONE_CLICK.  Main thread only.
 */
#ifndef TERN_UI_UNSUBSCRIBE_H
#define TERN_UI_UNSUBSCRIBE_H

#include <stdint.h>

#include "base/err.h"
#include "base/host.h"

struct ui;

enum { LEAVING_MAX = 8 }; /* requests whose answers are awaited */

struct leaving {
	int64_t ticket;       /* of engine.one_click; 0 = none */
	char host[HOST_MAX];
};

/* ERR_USAGE: the open message names no way. */
int unsubscribe_ask(struct ui *ui, struct err *err);
/* Tells the answers that came. */
void unsubscribe_event(struct ui *ui);

#endif
