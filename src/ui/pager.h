/*
 * A text as it is, scrolled and never interpreted: what the views of a program's
 * output and of a message's source have in common.
 *
 * Lines are made as far as the screen was scrolled, and the text may come in
 * pieces as they are needed; only the way to the end needs all of it.  One
 * thread.
 */
#ifndef TERN_UI_PAGER_H
#define TERN_UI_PAGER_H

#include <stdbool.h>
#include <stddef.h>

#include "ui/canvas.h"
#include "ui/flow.h"
#include "ui/view.h"

struct pager {
	struct flow flow;
	size_t top;              /* the first line shown */
	int height;              /* lines shown */
	bool (*more)(void *ctx); /* brings the next piece into the flow; false = that was all */
	void *ctx;
};

/* text: borrowed, as flow_init_spans and flow_extend say.  more may be NULL: all is here. */
void pager_init(struct pager *p, const char *text, size_t len, bool (*more)(void *ctx), void *ctx);
void pager_release(struct pager *p);
void pager_draw(struct pager *p, struct canvas *c, const struct area *a);
/* < 0 = the motion was up and there is nothing above, > 0 = down and nothing below, 0 = moved (and what
 * goes to either end always has). */
int pager_move(struct pager *p, enum motion m);
/* Are the last lines shown?  Brings all of the text. */
bool pager_at_end(struct pager *p);

#endif
