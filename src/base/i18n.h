/* The words a person reads: every one of them goes through gettext. */
#ifndef TERN_BASE_I18N_H
#define TERN_BASE_I18N_H

#include <libintl.h>

#define _(s)  gettext(s)
#define N_(s) s

#endif
