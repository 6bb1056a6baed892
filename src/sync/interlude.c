/*
 * What comes between any two slices of long work.
 *
 * A first synchronisation or the history of a large mailbox takes minutes, on
 * the one connection that brings new mail, and but for aside.c carries the
 * reader's changes.  The doorbell pauses the provider behind a slice; here everything that
 * waited has its turn, and then the work goes on from its cursor.
 *
 * The reader's changes may be days of work themselves: between two batches of
 * them the others have the same turns.
 */
#include "base/clock.h"
#include "base/i18n.h"
#include "base/mem.h"
#include "sync/priv.h"

static const struct stop newest = { .at = 0 };

/* One mailbox out of turn.  What is wrong with it alone is told when its own turn comes. */
static int peek(struct session *s, mailbox_id id, unsigned flags, struct err *err)
{
	AUTO(mailbox_free) struct mailbox *m = NULL;
	struct err why = { 0 };
	int r = store_mailbox(s->store, id, &m, &why);

	if (r < 0 || (m->attrs & MAILBOX_NOSELECT))
		return 0;
	if (m->state >= MAILBOX_INCREMENTAL)
		flags |= CHANGES_NO_HISTORY;
	r = gather_mailbox(s, m, flags, &newest, &why);
	if (r >= 0)
		r = history_note(s, id, r == 0, NULL, &why);
	if (r >= 0 || (!retry_is_wide(&why) && !s->lost))
		return 0;
	*err = why;
	return r;
}

/* The mailboxes that the reader opened meanwhile. */
static int follow_reader(struct session *s, struct err *err)
{
	mailbox_id m;
	int r = 0;

	while (r == 0 && (m = looks_take(&s->lane->looks)).v != 0)
		r = peek(s, m, CHANGES_LOOKED_AT, err);
	return r;
}

/* Nobody listens for new mail while the connection is at work elsewhere. */
static int glance(struct session *s, struct err *err)
{
	int64_t now = clock_mono_ms();
	mailbox_id inbox;

	if (now - s->glanced_at < s->sync->timing.glance)
		return 0;
	s->glanced_at = now;
	inbox = store_mailbox_with_role(s->store, s->account->id, ROLE_INBOX);
	return inbox.v ? peek(s, inbox, 0, err) : 0;
}

int interlude_turns(struct session *s, int64_t lasts, struct err *err)
{
	int r;

	if (!s->lane)
		return 0;
	if (atomic_load(&s->lane->shared))
		bodies_serve(s->lane, s);
	r = follow_reader(s, err);
	return r < 0 || lasts < s->sync->timing.glance ? r : glance(s, err);
}

int interlude(struct session *s, struct err *err)
{
	int r = cancel_is_set(s->cancel) ? err_set(err, ERR_CANCELED, _("Stopped.")) : 0;

	if (r == 0 && s->wake)
		cancel_clear(s->wake);
	if (r == 0)
		r = lease_keep(s, err);
	if (r >= 0)
		r = push_due(s, err);
	return r < 0 ? r : interlude_turns(s, INT64_MAX, err);
}
