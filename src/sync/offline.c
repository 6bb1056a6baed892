/*
 * Mailboxes that are to be readable without a network: what their policies want
 * and is not here is fetched, whole, by the fast way of bulk.c.
 *
 * It does not ask the governor: the reader wished for it, and waits for the
 * end.  But it takes small steps (OFFLINE_STEP_BYTES), and between two of them a
 * mail that is opened and a change that waits have their turn.  The caps are the
 * store's matter: what they leave out is no gap.
 */
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/i18n.h"
#include "base/log.h"
#include "base/mem.h"
#include "sync/priv.h"

enum {
	OFFLINE_GAPS = 200,          /* messages looked at in one turn */
	OFFLINE_STEP_BYTES = 1 << 20, /* in one command: the reader may wait for so much */
	OFFLINE_STEP = 50,           /* ... and so many messages */
	OFFLINE_NOTE_S = 10,         /* counting costs the whole mailbox: no more often while it goes well */
};

/* A missing message and where it is. */
struct lack {
	int64_t mailbox;
	uint32_t uidvalidity; /* of the mailbox, when it had this uid */
	uint64_t uid;
	message_id message;
	int64_t bytes;
};

static int by_place(const void *a, const void *b)
{
	const struct lack *x = a, *y = b;

	if (x->mailbox != y->mailbox)
		return x->mailbox < y->mailbox ? -1 : 1;
	return (x->uid > y->uid) - (x->uid < y->uid);
}

/* The next ones behind *after, by place; what has no place at the server now is left out.
 * *end: there are none. */
static int find_lacks(struct session *s, message_id *after, struct lack *out, bool *end,
	struct err *err)
{
	g_autofree struct cache_pick *picks = g_new(struct cache_pick, OFFLINE_GAPS);
	int n = store_offline_gaps(s->store, s->account->id, *after, picks, OFFLINE_GAPS, err);
	int found = 0;

	for (int i = 0; i < n; i++) {
		AUTO(body_place_release) struct body_place at = { 0 };

		*after = picks[i].message;
		if (store_body_place(s->store, picks[i].message, &at, NULL) >= 0)
			out[found++] = (struct lack){ at.mailbox.v, at.uidvalidity, at.uid,
				picks[i].message, picks[i].fetch_bytes };
	}
	qsort(out, (size_t)found, sizeof *out, by_place);
	*end = n <= 0;
	return n < 0 ? n : found;
}

/* How many of the first ones make one step: of one mailbox, and not too much. */
static size_t step_of(const struct lack *lacks, size_t n)
{
	int64_t bytes = 0;
	size_t i = 0;

	while (i < n && i < OFFLINE_STEP && lacks[i].mailbox == lacks[0].mailbox &&
		(i == 0 || bytes + lacks[i].bytes <= OFFLINE_STEP_BYTES))
		bytes += lacks[i++].bytes;
	return i;
}

/* Claims those that fit under the cap, which is the store's matter; how many.  Numbers from before the
 * mailbox was made anew are other messages' now: what they meant is found by the next round. */
static size_t claim_step(struct session *s, const struct mailbox *m, const struct lack *lacks, size_t n,
	struct body_gap *gaps)
{
	struct cache_caps caps = caps_of(s->sync, 1.0);
	struct err err = { 0 };
	size_t claimed = 0;

	for (size_t i = 0; i < n; i++) {
		const struct cache_pick pick = { .message = lacks[i].message,
			.account = s->account->id, .fetch_bytes = lacks[i].bytes, .whole = true };

		if (lacks[i].uidvalidity == m->uidvalidity &&
			store_cache_admit(s->store, &pick, &caps, true, &err) > 0)
			gaps[claimed++] = (struct body_gap){ lacks[i].uid, lacks[i].message };
	}
	return claimed;
}

/* What was not brought is given back; the ledger knows of its own failures already. */
static void unclaim(struct session *s, const struct body_gap *gaps, size_t n)
{
	const struct err stopped = { .code = ERR_CANCELED };

	for (size_t i = 0; i < n; i++)
		store_cache_failed(s->store, gaps[i].message, &stopped, NULL);
}

static int fetch_step(struct session *s, const struct lack *lacks, size_t n, struct err *err)
{
	AUTO(mailbox_free) struct mailbox *m = NULL;
	struct body_gap gaps[OFFLINE_STEP];
	int r = store_mailbox(s->store, (mailbox_id){ lacks[0].mailbox }, &m, err);
	size_t claimed = r < 0 ? 0 : claim_step(s, m, lacks, n, gaps);

	if (claimed > 0)
		r = bulk_some(s, m, gaps, claimed, err);
	if (r < (int)claimed)
		unclaim(s, gaps, claimed);
	return r;
}

/* "Offline: 1,200 of 3,400" in the table of jobs. */
static void note_progress(struct session *s, const struct err *why)
{
	struct offline_progress all = { 0 };
	g_autoptr(GPtrArray) boxes = NULL;
	char words[120];

	if (store_mailboxes(s->store, s->account->id, &boxes, NULL) < 0)
		return;
	for (guint i = 0; i < boxes->len; i++) {
		const struct mailbox *m = g_ptr_array_index(boxes, i);
		struct offline_progress one = { 0 };

		if (store_offline_progress(s->store, m->id, &one, NULL) < 0)
			continue;
		all.here += one.here;
		all.of += one.of;
		all.capped += one.capped;
	}
	snprintf(words, sizeof words, _("Offline: %'lld of %'lld"), (long long)all.here,
		(long long)all.of);
	job_note(s->store, s->account->id,
		&(struct job){ .name = "offline", .began = clock_unix(), .words = words,
			.cadence_s = s->sync->timing.offline_idle / 1000, .result = why });
	log_event(LOG_INFO, "offline", "s:s, s:I, s:I, s:I, s:s", "account", s->account->name,
		"here", (long long)all.here, "of", (long long)all.of, "capped",
		(long long)all.capped, "words", why ? why->text : "");
}

/* All steps; stops when others wait (l NULL: when we are to end), and the same are found again by the
 * next turn. */
static int fetch_lacks(struct lane *l, struct session *s, const struct lack *lacks, size_t n,
	bool *yielded, struct err *err)
{
	int r = session_connect(s, err), came = 0;

	for (size_t at = 0, step; at < n && r >= 0 && !*yielded; at += step) {
		step = step_of(lacks + at, n - at);
		r = fetch_step(s, lacks + at, step, err);
		came += MAX(r, 0);
		*yielded = l ? warm_yields(l, s) : cancel_is_set(s->cancel);
	}
	return r < 0 ? r : came;
}

/* Now and then, at the end, and when it failed. */
static void note_turn(struct lane *l, struct session *s, bool end, const struct err *why)
{
	struct warm *w = &l->warm;
	int64_t now = clock_unix();

	w->offline_news |= !end;
	if (!w->offline_news || (!end && !why && ABS(now - w->offline_noted_at) < OFFLINE_NOTE_S))
		return;
	w->offline_news = false;
	w->offline_noted_at = now;
	note_progress(s, why);
}

bool offline_turn(struct lane *l, struct session *s)
{
	g_autofree struct lack *lacks = g_new(struct lack, OFFLINE_GAPS);
	message_id after = l->warm.offline_after;
	struct err err = { 0 };
	bool yielded = false, end;
	int n = find_lacks(s, &after, lacks, &end, &err), r;

	if (end) {
		l->warm.offline_after.v = 0; /* the end: what failed is tried again, later */
		note_turn(l, s, true, NULL);
		return false;
	}
	r = fetch_lacks(l, s, lacks, (size_t)n, &yielded, &err);
	if (r < 0 && !s->up)
		(void)lane_crowded(l, s, &err);
	if (!yielded)
		l->warm.offline_after = after;
	note_turn(l, s, false, r < 0 ? &err : NULL);
	return r >= 0;
}

/* One portion behind *after: 1 = there may be more, 0 = that was all. */
static int fetch_portion(struct session *s, message_id *after, int *came, struct err *err)
{
	g_autofree struct lack *lacks = g_new(struct lack, OFFLINE_GAPS);
	bool stopped = false, end;
	int n = find_lacks(s, after, lacks, &end, err), r = n;

	if (n > 0)
		r = fetch_lacks(NULL, s, lacks, (size_t)n, &stopped, err);
	if (r < 0)
		return r;
	if (stopped)
		return err_set(err, ERR_CANCELED, _("Stopped."));
	*came += r;
	board_progress(s->board, STAGE_FETCHING, *came, 0);
	return !end;
}

int offline_all(struct session *s, struct err *err)
{
	message_id after = { 0 };
	int came = 0, r = 1;

	board_stage(s->board, STAGE_FETCHING, _("mail to be read offline"));
	while (r > 0)
		r = fetch_portion(s, &after, &came, err);
	if (came > 0 || r < 0)
		note_progress(s, r < 0 ? err : NULL);
	return r < 0 ? r : came;
}
