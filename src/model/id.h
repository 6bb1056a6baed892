/*
 * Local ids: integers given by the store, never by a server.
 *
 * Each kind is a one-member struct of its own, so that the compiler refuses a
 * mailbox where a message is expected.  0 means "none".
 */
#ifndef TERN_MODEL_ID_H
#define TERN_MODEL_ID_H

#include <stdint.h>

typedef struct {
	int64_t v;
} account_id;
typedef struct {
	int64_t v;
} mailbox_id;
typedef struct {
	int64_t v;
} message_id;
typedef struct {
	int64_t v;
} location_id; /* one message in one mailbox: what a list row shows */

#endif
