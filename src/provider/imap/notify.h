/*
 * News of all mailboxes on one connection (NOTIFY, RFC 5465).
 *
 * Asked for once per connection, by wait(); from then on the server may tell of
 * any mailbox at any time.  What comes while something else is at work is
 * remembered, so that the next wait() returns at once.  Mailboxes that changes()
 * or a scan has looked at since are no news.
 */
#ifndef TERN_PROVIDER_IMAP_NOTIFY_H
#define TERN_PROVIDER_IMAP_NOTIFY_H

#include "provider/imap/command.h"

/* True if it is worth sending: offered, not in force, not distrusted. */
bool notify_wanted(const struct imap *i);
/* Asks for it; the answer goes to notify_answered. */
int notify_send(struct imap *i, uint32_t *tag, struct err *err);
void notify_answered(struct imap *i, const struct answer *a);

/* An untagged STATUS or LIST; does nothing while NOTIFY is not in force. */
void notify_heard(struct imap *i, const struct response *r);
/* NOTIFICATIONOVERFLOW: the server told not everything and stops telling. */
void notify_lost(struct imap *i);
/* The mailbox was looked at. */
void notify_forget(struct imap *i, const char *path);
/* Hands what was heard to w, once. */
void notify_collect(struct imap *i, struct watch *w);

#endif
