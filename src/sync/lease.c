/*
 * The lease of an account: one process at a time talks to its server (M-24..M-27).
 *
 * It has a term.  Whoever works renews it when a third is over, between slices
 * and in the middle of waits; whoever was silent for longer has lost it, learns
 * that from the store (ERR_CONFLICT), drops the connection and waits like anyone.
 */
#include "base/i18n.h"
#include "base/log.h"
#include "sync/priv.h"

static int refuse(struct session *s, int holder, struct err *err)
{
	if (holder == 0)
		return err_set(err, ERR_RETRY,
			_("The mail store is busy; account %s has to wait for its turn."),
			s->account->name);
	return err_set(err, ERR_CONFLICT, _("Another tern (process %d) is synchronising account %s."),
		holder, s->account->name);
}

int lease_take(struct session *s, struct err *err)
{
	int holder = 0, r = 0;

	for (int i = 0; i < LEASE_BUSY_TRIES; i++) {
		r = store_lease_take(s->store, s->account->id, &holder, err);
		if (r != 0 || holder != 0)
			break;
		if (cancel_poll(s->cancel, -1, 0, LEASE_BUSY_MS) < 0)
			return err_set(err, ERR_CANCELED, _("Stopped."));
	}
	if (r > 0)
		s->lost = false;
	if (r > 0 || holder != 0) /* a busy store says nothing about whose it is */
		s->leased = r > 0;
	return r == 0 ? refuse(s, holder, err) : MIN(r, 0);
}

int lease_keep(struct session *s, struct err *err)
{
	int r;

	if (!s->leased || store_lease_renew_in(s->store, s->account->id) > 0)
		return 0;
	r = lease_take(s, err);
	if (r == ERR_RETRY)
		return 0; /* somebody writes: there is time for another try */
	s->lost = r == ERR_CONFLICT;
	return r;
}

void lease_drop(struct session *s)
{
	struct err err = { 0 };

	if (s->store && s->leased && store_lease_drop(s->store, s->account->id, &err) < 0)
		log_event(LOG_WARN, "lease-kept", "s:s, s:s", "account", s->account->name, "words",
			err.text);
	s->leased = false;
}
