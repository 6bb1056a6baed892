/*
 * The full screen.  The only room that talks to the terminal; it reads the
 * store and asks the engine, and never meets the network.
 */
#ifndef TERN_UI_UI_H
#define TERN_UI_UI_H

#include "base/err.h"
#include "base/queue.h"
#include "config/config.h"
#include "model/engine.h"
#include "store/store.h"

struct ui_start {
	const struct places *places;
	const struct config *config;
	struct store *store;      /* the UI thread's own handle (STORE_UI) */
	struct queue *events;
	struct engine *engine;    /* borrowed */
	struct reader *reader;    /* opens messages; borrowed */
};

enum ui_end {
	UI_QUIT = 0,
	UI_RELOAD = 1, /* the accounts changed: load the configuration and start again */
};

/*
 * Runs until the reader quits.  Main thread only.  Restores the terminal on
 * every way out, fatal signals included.  Returns enum ui_end or an error
 * (no terminal, TERM unknown).
 *
 * main() blocks SIGWINCH, SIGTERM, SIGHUP, SIGINT, SIGTSTP, SIGCONT and
 * SIGPIPE with pthread_sigmask before it starts any thread, so that all of
 * them inherit it and only ui_run's signalfd sees these signals; ui_run blocks
 * them once more for its own thread and leaves them blocked.  setlocale has
 * been called, with a UTF-8 locale.
 */
int ui_run(const struct ui_start *start, struct err *err);

/*
 * The shipped keys and all commands as lines for the manual (g_free):
 * "key TAB context TAB keys TAB command line", then
 * "command TAB name TAB arguments TAB help".
 */
char *ui_keys_text(void);

#endif
