/*
 * The sync side: per account one sync worker and one body worker, each a
 * thread with its own connection and store handle, and the blocking forms for
 * the command line.
 *
 * sync_new makes the engine; no thread runs until sync_start.  The engine's
 * asynchronous calls are safe from the UI thread; its blocking calls open a
 * store handle and a connection of their own and need no started workers.
 */
#ifndef TERN_SYNC_SYNC_H
#define TERN_SYNC_SYNC_H

#include "base/err.h"
#include "base/queue.h"
#include "config/config.h"
#include "model/engine.h"

struct sync;

/* Borrows all of its arguments until sync_free.  Accounts must be bound (account.id). */
struct sync *sync_new(const struct places *places, const struct config *config, struct queue *events);
/* What ui/ and cli/ may ask; borrowed. */
struct engine *sync_engine(struct sync *s);
/* Starts all threads; if one cannot, none runs. */
int sync_start(struct sync *s, struct err *err);
/* Stops and joins all workers (each within 300 ms) and frees; NULL-safe. */
void sync_free(struct sync **s);

#endif
