/*
 * tern as a conformance case drives it: one account, the real store, the real
 * provider, and the blocking calls of the engine.  Every function fails the
 * running case if it cannot do its work, unless it says otherwise.
 */
#ifndef TESTS_PROVIDER_CLIENT_H
#define TESTS_PROVIDER_CLIENT_H

#include "config/config.h"
#include "store/store.h"
#include "sync/sync.h"

struct client {
	char *dir;
	struct places places;
	struct config config;
	struct queue *events;
	struct store *store;
	struct sync *sync;
	struct engine *engine;
	struct account *account;
};

void client_open(struct client *c, struct account *a); /* takes the account */
void client_close(struct client *c);

int client_try(struct client *c, struct err *err); /* one pass; hands on how it ended */
void client_pass(struct client *c);
int client_drain(struct client *c, struct err *err); /* rows that still wait, and why */

/* The message with that key in a mailbox; 0 if it is not shown there. */
location_id client_place(struct client *c, const char *box, const char *key);
message_id client_message(struct client *c, const char *box, const char *key);
void client_flag(struct client *c, const char *box, const char *key, unsigned add, unsigned remove);
void client_move(struct client *c, const char *box, const char *key, const char *target);
/* Any wish; target: the name of a mailbox, NULL = none. */
void client_want(struct client *c, const char *box, const char *key, struct want w, const char *target);
void client_role(struct client *c, const char *box, const char *key, enum mailbox_role role);
void client_undo(struct client *c);
/* Fetches if need be, and reads what is kept. */
char *client_body(struct client *c, message_id m, size_t *len);
int client_rows(struct client *c, enum mutation_status status);
int64_t client_total(struct client *c, const char *box);

/* What a reader sees, in the form of world.h. */
char *client_picture(struct client *c);
/* All of the store but clocks, cursors and settled wishes. */
char *client_dump(struct client *c);
/* Places that wait for something. */
int client_pending(struct client *c);

#endif
