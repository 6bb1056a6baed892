/*
 * What opens an address of the web: the option browser, the first program of
 * $BROWSER that there is, xdg-open where there is a display.  Any thread.
 */
#ifndef TERN_CONFIG_BROWSER_H
#define TERN_CONFIG_BROWSER_H

#include <stdbool.h>

#include <glib.h>

#include "config/config.h"

/*
 * The argument vector for an address, which becomes the last argument or stands
 * where the command has %s; no shell is asked.  NULL: nothing opens it here.
 * *terminal_out: the program needs the terminal.
 */
char **browser_argv(const struct config *c, const char *url, bool *terminal_out);

#endif
