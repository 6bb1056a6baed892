/*
 * What opens an attachment.
 *
 * The order: the reader's own table ([open] in tern.conf), the mailcap files,
 * xdg-open where there is a display.  The type is the one that the mail claims,
 * or, where that says nothing, what the name's extension says.  Types that can
 * act on their own are asked about first.  All functions are pure, but for
 * opener_choose, which reads files and runs the rules' tests: any thread but
 * the screen's.
 */
#ifndef TERN_UI_OPENER_H
#define TERN_UI_OPENER_H

#include <stdbool.h>

#include <glib.h>

#include "base/cancel.h"
#include "base/err.h"

enum { OPENER_TEST_MS = 2000, OPENER_TESTS_MAX = 20, OPENER_EXTENSION_MAX = 10 };

enum opener_way {
	OPENER_DETACHED, /* a window of its own */
	OPENER_TERMINAL, /* it needs the terminal */
	OPENER_OUTPUT,   /* its output is to be shown */
};

struct opener {
	char *command;       /* as in the rule */
	char *extension;     /* that the file's name must have; "" = none */
	char *type;          /* safe characters only */
	enum opener_way way;
	const char *from;    /* where the rule stands, for people; translated */
};
void opener_release(struct opener *o);

/* A type that is worth looking up: lower case, safe characters, guessed from the name if it must be (g_free). */
char *opener_type(const char *type, const char *filename);
/* NULL, or why opening such a file needs a second thought (translated). */
const char *opener_danger(const char *type, const char *filename);
/*
 * own: of struct mailcap_rule, borrowed.  ERR_GONE: nothing opens it, with the
 * next step; ERR_CANCELED.
 */
int opener_choose(const GPtrArray *own, const char *type, const char *filename,
	struct cancel *cancel, struct opener *out, struct err *err);

#endif
