/*
 * A program that reads a message, an attachment or a file, and whose output is
 * shown as a text.
 *
 * Its standard input is a file, so nothing has to be fed to it; its output and
 * its complaints come through one pipe, which the loop polls beside the
 * terminal.  What it prints is kept up to FILTER_MAX bytes (then the pipe is
 * closed, as `head` does), it may take FILTER_MS, and Esc ends it.  One at a
 * time.  Main thread only.
 */
#ifndef TERN_UI_FILTER_H
#define TERN_UI_FILTER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"

enum {
	FILTER_MAX = 8 << 20,
	FILTER_MS = 10 * 60 * 1000,
	FILTER_LOOK_MS = 20,       /* has it ended? asked this often once it has closed its output */
	FILTER_TURN = 1 << 20,     /* bytes read in one turn of the loop */
};

struct filter;
struct ui;

/* title: outside text, may be.  in: borrowed; -1 = nothing to read.  ERR_USAGE: one is running. */
int filter_start(struct ui *ui, const char *title, const char *const *argv, int in, struct err *err);
/* Reads what is there; shows it at the end.  Milliseconds until the next look, -1 = none runs. */
int64_t filter_tick(struct ui *ui);
/* What the loop is to poll for POLLIN, -1 = nothing. */
int filter_fd(const struct ui *ui);
bool filter_running(const struct ui *ui);
/* Ends it; false if none runs. */
bool filter_stop(struct ui *ui);

#endif
