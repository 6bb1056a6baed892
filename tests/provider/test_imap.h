/* What the parts of test_imap share. */
#ifndef TESTS_PROVIDER_TEST_IMAP_H
#define TESTS_PROVIDER_TEST_IMAP_H

#include <check.h>

#include "provider/imap_rig.h"
#include "provider/imap_server.h"

struct rig {
	struct account account;
	struct recorder rec;
	struct cancel cancel;
	struct provider *p;
	struct err err;
};

void rig_init(struct rig *r);				/* over TLS to the server */
void rig_through(struct rig *r, const struct proxy *p); /* in the clear to a proxy */
void rig_release(struct rig *r);
int rig_connect(struct rig *r);
int rig_changes(struct rig *r, const char *path, unsigned flags); /* connects if needed */

Suite *imap_apply_suite(void);
Suite *imap_delta_suite(void);
Suite *imap_trust_suite(void);
Suite *imap_verbs_suite(void);
Suite *imap_doubt_suite(void);
Suite *imap_literal_suite(void);
Suite *imap_watch_suite(void);
Suite *imap_partial_suite(void);

#endif
