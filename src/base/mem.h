/*
 * Ownership in two macros.
 *
 * Every destructor of tern takes the ADDRESS of the variable and clears it:
 * the same function serves by hand (`stream_close(&s)`) and as a scope guard
 * (`AUTO(stream_close) struct stream *s = NULL;`).  NULL is always accepted.
 * TAKE moves ownership out of a guarded variable.  A function that uses AUTO
 * contains no goto.  GLib's own types use g_autofree and g_autoptr the same way.
 *
 * Out of memory ends the program (GLib's rule); sizes that come from outside
 * are bounded before they reach an allocation.
 */
#ifndef TERN_BASE_MEM_H
#define TERN_BASE_MEM_H

#include <glib.h>
#include <stddef.h>

#define AUTO(fn) __attribute__((cleanup(fn)))
#define TAKE(p)                                                                                    \
	({                                                                                         \
		__typeof__(p) took_ = (p);                                                         \
		(p) = NULL;                                                                        \
		took_;                                                                             \
	})

/* Closes *fd unless it is negative, and sets it to -1. */
void fd_close(int *fd);

#endif
