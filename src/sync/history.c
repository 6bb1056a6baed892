/*
 * How much of a mailbox's history is in the store (M-63..M-67).
 *
 *   pending -> bootstrapping -> incremental -> complete
 *                                          \-> capped
 *
 * The state is judged anew from what is there: the provider's word that nothing
 * older is missing, the number of messages, and the reader's limits.  So a
 * mailbox that lost its numbers (a new UIDVALIDITY) begins again by itself, and
 * one that was capped goes on when the limit was raised.
 */
#include "base/mem.h"
#include "sync/priv.h"

const struct tuning *tuning_of(const struct session *s)
{
	return &s->sync->config->tuning;
}

int64_t history_limit(const struct session *s, bool whole)
{
	const struct tuning *t = tuning_of(s);
	int64_t cap = t->backfill_max_total_per_folder, most = t->backfill_bootstrap_max;

	if (whole)
		return cap;
	return cap > 0 ? MIN(most, cap) : most;
}

/* How much history of the mailbox is in the store, judged by what is there now. */
static enum mailbox_state state_of(const struct session *s, const struct mailbox *m, int64_t known)
{
	int64_t cap = history_limit(s, true);

	if (m->complete)
		return MAILBOX_COMPLETE;
	if (!*m->cursor)
		return MAILBOX_PENDING;
	if (cap > 0 && known >= cap)
		return MAILBOX_CAPPED;
	return known >= history_limit(s, false) ? MAILBOX_INCREMENTAL : MAILBOX_BOOTSTRAPPING;
}

int history_note(struct session *s, mailbox_id id, bool ended, struct mailbox **out,
	struct err *err)
{
	AUTO(mailbox_free) struct mailbox *m = NULL;
	int r = store_mailbox(s->store, id, &m, err);
	enum mailbox_state now;
	int64_t known;

	if (r < 0)
		return r;
	known = store_known_count(s->store, id);
	now = state_of(s, m, known);
	if (ended && now < MAILBOX_INCREMENTAL)
		now = MAILBOX_INCREMENTAL; /* what the provider had to give is here */
	if (now != m->state)
		r = store_mailbox_state(s->store, id, now, known, err);
	if (r < 0)
		return r;
	m->state = now;
	if (out)
		*out = TAKE(m);
	return 0;
}

int history_release(struct session *s, mailbox_id id, struct err *err)
{
	AUTO(mailbox_free) struct mailbox *m = NULL;
	int r = store_mailbox(s->store, id, &m, err);
	enum mailbox_state now;
	int64_t known;

	if (r < 0)
		return r == ERR_GONE ? 0 : r;
	known = store_known_count(s->store, id);
	now = state_of(s, m, known);
	return store_mailbox_state(s->store, id, MAX(now, MAILBOX_INCREMENTAL), known, err);
}

bool history_none(struct session *s)
{
	g_autoptr(GPtrArray) all = NULL;

	if (store_mailboxes(s->store, s->account->id, &all, NULL) < 0)
		return false;
	for (guint i = 0; i < all->len; i++) {
		const struct mailbox *m = g_ptr_array_index(all, i);

		if (*m->cursor)
			return false;
	}
	return true;
}

bool history_open(struct session *s)
{
	bool to_the_end = tuning_of(s)->backfill_mode != BACKFILL_BOOTSTRAP_ONLY;
	g_autoptr(GPtrArray) all = NULL;

	if (store_mailboxes(s->store, s->account->id, &all, NULL) < 0)
		return true;
	for (guint i = 0; i < all->len; i++) {
		const struct mailbox *m = g_ptr_array_index(all, i);

		if (m->attrs & MAILBOX_NOSELECT)
			continue;
		if (m->state == MAILBOX_BOOTSTRAPPING ||
			(m->state == MAILBOX_INCREMENTAL && to_the_end))
			return true;
	}
	return false;
}
