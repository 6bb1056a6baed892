/* What the parts of test_session share. */
#ifndef TESTS_PROVIDER_TEST_SESSION_H
#define TESTS_PROVIDER_TEST_SESSION_H

#include <check.h>

#include "provider/imap/imap.h"
#include "provider/imap_rig.h"
#include "provider/imap_server.h"
#include "provider/script.h"

/* A client in the clear on a port of 127.0.0.1. */
struct desk {
	struct account account;
	struct recorder rec;
	struct cancel cancel;
	struct provider *p;
	struct err err;
};

void desk_init(struct desk *d, int port);
void desk_release(struct desk *d);
int desk_connect(struct desk *d);
int desk_list(struct desk *d); /* mailboxes() */
int desk_arrange(struct desk *d, enum mailbox_verb verb, const char *path, const char *name);
/* The same client as after a restart: a new provider with the memory of the old one. */
void desk_restart(struct desk *d);

static inline void must(struct desk *d, int r)
{
	ck_assert_msg(r == 0, "%s", d->err.text);
}

/* Most scripts begin so. */
#define CAPS "IMAP4rev1 SASL-IR AUTH=PLAIN"
#define AFTER                                                                                      \
	"IMAP4rev1 IDLE CONDSTORE QRESYNC UIDPLUS ENABLE ID LIST-EXTENDED LIST-STATUS "            \
	"SPECIAL-USE MOVE"
#define SECRET "AHVzZXIAc2VjcmV0" /* user, secret */

Suite *server_suite(void);
Suite *arrange_suite(void);
Suite *wire_suite(void);

#endif
