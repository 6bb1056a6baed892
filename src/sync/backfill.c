/*
 * The backfill job: older messages, newest first, a run now and then (M-36, M-66).
 *
 * A run has a budget of time and takes up to BACKFILL_MAILBOXES mailboxes, each
 * claimed and for its share of the budget; the one that the reader opened goes
 * first.  It works in slices, so that whoever runs it can do everything more
 * urgent between two of them, and what it brought is kept by the mailbox's
 * cursor: a run that dies is continued by the next.
 */
#include <stdio.h>

#include "base/clock.h"
#include "base/i18n.h"
#include "base/log.h"
#include "base/mem.h"
#include "sync/priv.h"

static int64_t budget_ms(const struct session *s)
{
	int64_t seconds = tuning_of(s)->backfill_job_budget_seconds;
	const struct traits *t = s->provider ? &s->provider->traits : NULL;

	if (t && t->run_s > 0)
		seconds = MIN(seconds, t->run_s);
	return MAX(seconds, 1) * 1000;
}

void backfill_begin(struct session *s, struct backfill *b)
{
	int64_t messages = s->provider ? s->provider->traits.run_messages : 0;
	bool limited = s->provider && (messages > 0 || s->provider->traits.run_s > 0);

	*b = (struct backfill){ .first = b->first, .until = clock_mono_ms() + budget_ms(s),
		.room = messages > 0 ? messages : INT64_MAX, .began = clock_unix(),
		.limited = limited };
}

/* --- choosing ------------------------------------------------------------- */

/* Takes the mailbox that the reader opened, if its history is open. */
static bool take_first(struct session *s, struct backfill *b)
{
	AUTO(mailbox_free) struct mailbox *m = NULL;
	mailbox_id id = b->first;

	b->first.v = 0;
	if (id.v == 0 || store_mailbox(s->store, id, &m, NULL) < 0 ||
		m->state != MAILBOX_INCREMENTAL || (m->attrs & MAILBOX_NOSELECT))
		return false;
	b->at = id;
	return true;
}

/* 1 = there is a mailbox at work, 0 = none is left for this run. */
static int choose(struct session *s, struct backfill *b, struct err *err)
{
	int64_t now = clock_mono_ms();
	int r = 0;

	if (b->at.v != 0 && b->first.v != 0 && b->first.v != b->at.v) {
		r = history_release(s, b->at, err);
		b->at.v = 0;
	}
	if (r < 0 || b->at.v != 0)
		return r < 0 ? r : 1;
	if (b->taken >= BACKFILL_MAILBOXES && b->first.v == 0)
		return 0;
	if (!take_first(s, b)) {
		struct err why = { 0 };

		b->at = store_mailbox_claim_backfill(s->store, s->account->id, &why);
		if (b->at.v == 0 && why.code != ERR_OK) {
			*err = why;
			return session_stored(s, why.code);
		}
	}
	b->share_until = now + budget_ms(s) / BACKFILL_MAILBOXES;
	b->taken += b->at.v != 0;
	return b->at.v != 0;
}

/* --- a slice -------------------------------------------------------------- */

/* What was wrong with the mailbox alone; an error of the whole account is handed on. */
static int isolate(struct session *s, struct backfill *b, const struct mailbox *m,
	const struct err *why)
{
	log_event(LOG_WARN, "mailbox-failed", "s:s, s:s, s:I, s:s, s:s", "account",
		s->account->name, "sync_id", s->id, "mailbox", (long long)m->id.v, "result",
		err_name(why->code), "words", why->text);
	b->broken += why->code == ERR_PROTOCOL;
	return retry_is_wide(why) || b->broken >= BROKEN_MAX || s->lost ? (int)why->code : 0;
}

/* How long and how far the next call may go. */
static struct stop stop_of(const struct session *s, const struct backfill *b, int64_t known)
{
	int64_t cap = history_limit(s, true);
	struct stop stop = { .at = MIN(clock_mono_ms() + s->sync->timing.turn, b->until) };

	stop.at = MIN(stop.at, b->share_until);
	stop.known = cap;
	if (b->room < INT64_MAX)
		stop.known = cap > 0 ? MIN(cap, known + b->room) : known + b->room;
	return stop;
}

/* Fetches; afterwards the mailbox stays at work, or its claim is given back. */
static int work(struct session *s, struct backfill *b, const struct mailbox *m, struct err *err)
{
	AUTO(mailbox_free) struct mailbox *after = NULL;
	int64_t known = store_known_count(s->store, m->id), now;
	struct stop stop = stop_of(s, b, known);
	bool failed = false;
	int r = gather_mailbox(s, m, 0, &stop, err);

	if (r < 0 && retry_at_once(s, &b->breaks, err)) {
		r = 1;
	} else if (r < 0) {
		failed = true;
		if (isolate(s, b, m, err) < 0)
			return err->code;
	}
	now = store_known_count(s->store, m->id);
	b->brought += MAX(now - known, 0);
	b->room -= b->room < INT64_MAX ? MAX(now - known, 0) : 0;
	log_event(LOG_DEBUG, "backfill-slice", "s:s, s:s, s:I, s:I, s:b", "account",
		s->account->name, "sync_id", s->id, "mailbox", (long long)m->id.v, "known",
		(long long)now, "more", r > 0);
	if (!failed && history_note(s, m->id, r == 0, &after, err) < 0)
		return err->code;
	if (!failed && r > 0 && after->state == MAILBOX_INCREMENTAL &&
		clock_mono_ms() < b->share_until)
		return 0;
	b->at.v = 0;
	if (!failed && after->state != MAILBOX_INCREMENTAL)
		return 0; /* noting its state gave the claim back */
	return history_release(s, m->id, err);
}

static int finish(struct session *s, struct backfill *b, struct err *err)
{
	char words[120];
	int64_t at = clock_unix();
	int r = b->at.v ? history_release(s, b->at, err) : 0;

	b->at.v = 0;
	b->until = 0;
	b->more = history_open(s);
	s->stalled = b->more && b->brought == 0;
	snprintf(words, sizeof words, _("messages: %lld, mailboxes: %d"), (long long)b->brought,
		b->taken);
	log_event(LOG_INFO, "backfill-end", "s:s, s:s, s:I, s:i, s:b", "account",
		s->account->name, "sync_id", s->id, "messages", (long long)b->brought, "mailboxes",
		b->taken, "more", (int)b->more);
	if (b->taken > 0)
		job_note(s->store, s->account->id,
			&(struct job){ .name = "backfill", .began = b->began,
				.cadence_s = s->sync->timing.backfill / 1000,
				.next_at = b->more ? at + s->sync->timing.backfill / 1000 : 0,
				.words = words });
	return MIN(r, 0);
}

int backfill_slice(struct session *s, struct backfill *b, struct err *err)
{
	AUTO(mailbox_free) struct mailbox *m = NULL;
	int r;

	if (tuning_of(s)->backfill_mode == BACKFILL_BOOTSTRAP_ONLY || b->room <= 0 ||
		clock_mono_ms() >= b->until)
		return finish(s, b, err);
	r = choose(s, b, err);
	if (r <= 0)
		return r < 0 ? r : finish(s, b, err);
	r = store_mailbox(s->store, b->at, &m, err);
	if (r == ERR_GONE)
		b->at.v = 0;
	if (r < 0)
		return r == ERR_GONE ? 1 : r;
	r = work(s, b, m, err);
	return r < 0 ? r : 1;
}

void backfill_abandon(struct session *s, struct backfill *b)
{
	struct err err = { 0 };

	if (b->at.v != 0 && s->store && history_release(s, b->at, &err) < 0)
		log_event(LOG_WARN, "claim-kept", "s:s, s:s", "account", s->account->name, "words",
			err.text);
	b->more = b->more || b->until != 0;
	b->at.v = 0;
	b->until = 0;
}

int backfill_all(struct session *s, struct err *err)
{
	struct backfill b = { 0 };
	int r = 0;

	do {
		backfill_begin(s, &b);
		while (r >= 0 && (r = backfill_slice(s, &b, err)) > 0)
			r = interlude(s, err);
	} while (r == 0 && b.more && b.brought > 0 && !b.limited);
	if (r < 0)
		backfill_abandon(s, &b);
	return r;
}
