/*
 * Links that a terminal lets people click on: the escape sequence OSC 8
 * (https://gist.github.com/egmontkob/eb114294efbcd5adb1944c9f3cb5feda).
 *
 * Curses does not know it, so term.c lets curses paint the screen and then
 * writes the cells of links once more, itself: between "save cursor" and
 * "restore cursor" (DECSC, DECRC: place and attributes), so that curses finds
 * the terminal as it left it; each with its own place and colours, so that
 * nothing depends on what curses did.  All links on the screen are written
 * again whenever anything changed, for curses may have scrolled rows with
 * their links, or written over one without need.  A terminal that does not
 * know the sequence would ignore it at best: only those that are known to have
 * it get it.
 *
 * Targets are outside text: http, https and mailto only, every byte that is
 * not a visible ASCII character percent-encoded, at most HYPERLINK_MAX bytes.
 */
#ifndef TERN_UI_HYPERLINK_H
#define TERN_UI_HYPERLINK_H

#include <stdbool.h>

#include <glib.h>

#include "ui/canvas.h"

enum { HYPERLINK_MAX = 2048 };

/* The values of the option "hyperlinks". */
enum hyperlinks_option { HYPERLINKS_AUTO, HYPERLINKS_YES, HYPERLINKS_NO };

/* Does the terminal have them, by what the environment says of it?  env: getenv. */
bool hyperlink_known(char *(*env)(const char *name));
/* Appends the target as it may be sent to a terminal; false if it may not. */
bool hyperlink_target(GString *out, const char *target);
/* Appends what is to be written after curses painted c over `painted`; "" if there is nothing. */
void hyperlink_paint(GString *out, const struct canvas *c, const struct canvas *painted, int colors);

#endif
