/*
 * A pass: what is new at the server comes into the store.
 *
 * The list of mailboxes first; then every mailbox, INBOX first.  Of one that was
 * never read the newest slice comes first, so that all of them are usable within
 * seconds; then, in turns, the rest of the newest messages that are brought in
 * at once.  Older history is the backfill's.  Between two slices comes an
 * interlude for whatever is more urgent.
 *
 * A mailbox that cannot be read (it vanished, its answer is nonsense, it is
 * beyond a limit) is logged and left for the next pass; the others go on.  What
 * concerns the whole account ends the pass.  Only a pass that heard every
 * mailbox that can be heard may clean up messages that are in none of them.
 */
#include <stdio.h>

#include "base/clock.h"
#include "base/i18n.h"
#include "base/log.h"
#include "base/mem.h"
#include "sync/priv.h"

struct place {
	mailbox_id id;
	struct mailbox *fresh;   /* as the pass found it, for the first call; then NULL */
	bool open;               /* not up to date yet */
	int calls;
};

struct pass {
	struct session *s;
	unsigned flags;
	bool outdated;           /* the rows were made by an older tern: compare all of them once (L-10) */
	GArray *places;          /* of struct place, INBOX first */
	size_t n_open;
	unsigned broken;         /* mailboxes that broke the connection */
	unsigned breaks;         /* connections that broke and were made anew */
	unsigned booted;         /* mailboxes whose newest messages came for the first time */
	int64_t began;           /* unix seconds */
	struct err noted;        /* the first error of a single mailbox */
};

static void drop_place(void *place)
{
	mailbox_free(&((struct place *)place)->fresh);
}

static void pass_release(struct pass *p)
{
	g_clear_pointer(&p->places, g_array_unref);
}

static bool chosen(const GArray *only, mailbox_id id)
{
	if (!only)
		return true;
	for (guint i = 0; i < only->len; i++)
		if (g_array_index(only, int64_t, i) == id.v)
			return true;
	return false;
}

/* The mailboxes that can be read; of these only those named, if `only` is given. */
static int choose(struct pass *p, const GArray *only, struct err *err)
{
	g_autoptr(GPtrArray) all = NULL;
	int r = store_mailboxes(p->s->store, p->s->account->id, &all, err);

	p->began = clock_unix();
	p->places = g_array_new(FALSE, TRUE, sizeof(struct place));
	g_array_set_clear_func(p->places, drop_place);
	if (r < 0)
		return r;
	for (guint i = 0; i < all->len; i++) {
		struct mailbox *m = g_ptr_array_index(all, i);
		struct place at = { .id = m->id, .fresh = m, .open = true };

		if ((m->attrs & MAILBOX_NOSELECT) || !chosen(only, m->id))
			continue;
		all->pdata[i] = NULL; /* the place has it now */
		if (m->role == ROLE_INBOX)
			g_array_prepend_val(p->places, at);
		else
			g_array_append_val(p->places, at);
	}
	p->n_open = p->places->len;
	return 0;
}

/* An error of one mailbox: noted, unless it must end the pass. */
static int isolate(struct pass *p, const struct mailbox *m, const struct err *why)
{
	log_event(LOG_WARN, "mailbox-failed", "s:s, s:s, s:I, s:s, s:s", "account",
		p->s->account->name, "sync_id", p->s->id, "mailbox", (long long)m->id.v, "result",
		err_name(why->code), "words", why->text);
	p->broken += why->code == ERR_PROTOCOL;
	if (retry_is_wide(why) || p->broken >= BROKEN_MAX || p->s->lost)
		return why->code;
	if (why->code == ERR_REFUSED || why->code == ERR_UNSUPPORTED)
		return 0; /* the server's last word: waiting for better would be for ever */
	if (p->noted.code == ERR_OK || p->noted.code == ERR_GONE)
		p->noted = *why;
	return 0;
}

/* When the turn of a mailbox ends: its newest slice first, then by time. */
static int64_t turn_end(const struct pass *p, const struct place *at)
{
	if ((p->flags & CHANGES_FULL) || p->n_open < 2)
		return INT64_MAX;
	return at->calls == 0 ? 0 : clock_mono_ms() + p->s->sync->timing.turn;
}

static void note_visit(const struct session *s, const struct place *at, const char *state, int r)
{
	log_event(LOG_DEBUG, "mailbox", "s:s, s:s, s:I, s:i, s:s, s:b, s:I, s:I, s:I", "account",
		s->account->name, "sync_id", s->id, "mailbox", (long long)at->id.v, "turn",
		at->calls, "state", state, "more", r > 0, "added", (long long)s->added, "changed",
		(long long)s->changed, "removed", (long long)s->removed);
}

/* How the call is made: newest messages only, until there are enough of them. */
static unsigned how(const struct pass *p, const struct place *at, const struct mailbox *m,
	struct stop *stop)
{
	unsigned flags = at->calls < FULL_CALLS_MAX ? p->flags : p->flags & ~(unsigned)CHANGES_FULL;

	*stop = (struct stop){ .at = turn_end(p, at) };
	if (p->outdated && m->state >= MAILBOX_INCREMENTAL && at->calls < FULL_CALLS_MAX) {
		flags |= CHANGES_FULL;
		stop->at = INT64_MAX;
	}
	if (m->state >= MAILBOX_INCREMENTAL)
		return flags | CHANGES_NO_HISTORY;
	stop->known = history_limit(p->s, false);
	return flags;
}

/* One call for one mailbox; 1 = it has more, 0 = up to date or given up for this pass. */
static int visit(struct pass *p, struct place *at, struct err *err)
{
	AUTO(mailbox_free) struct mailbox *m = TAKE(at->fresh);
	AUTO(mailbox_free) struct mailbox *after = NULL;
	struct stop stop;
	unsigned flags;
	bool booting;
	int r = m ? 0 : store_mailbox(p->s->store, at->id, &m, err);

	if (r < 0)
		return r == ERR_GONE ? 0 : r; /* it went while we were at another */
	booting = m->state < MAILBOX_INCREMENTAL;
	flags = how(p, at, m, &stop);
	r = gather_mailbox(p->s, m, flags, &stop, err);
	at->calls++;
	if (r < 0)
		return retry_at_once(p->s, &p->breaks, err) ? 1 : isolate(p, m, err);
	if (history_note(p->s, at->id, r == 0 && booting, &after, err) < 0)
		return err->code;
	note_visit(p->s, at, mailbox_state_name(after->state), r);
	p->booted += booting && after->state >= MAILBOX_INCREMENTAL;
	return after->state < MAILBOX_INCREMENTAL || (r > 0 && !booting);
}

static int walk(struct pass *p, struct err *err)
{
	int r = 0;

	while (p->n_open > 0) {
		for (guint i = 0; i < p->places->len; i++) {
			struct place *at = &g_array_index(p->places, struct place, i);

			if (!at->open)
				continue;
			r = visit(p, at, err);
			if (r < 0)
				return r;
			at->open = r > 0;
			p->n_open -= !at->open;
			r = interlude(p->s, err);
			if (r < 0)
				return r;
		}
	}
	return 0;
}

static void note_bootstrap(const struct pass *p)
{
	char words[120];

	if (p->booted == 0)
		return;
	snprintf(words, sizeof words, _("mailboxes: %u"), p->booted);
	job_note(p->s->store, p->s->account->id,
		&(struct job){ .name = "bootstrap", .began = p->began, .words = words });
}

int pull_clean(struct session *s, struct err *err)
{
	if (history_open(s) && !s->stalled)
		return 0; /* what lost its place may be found again in what still comes */
	return session_stored(s, store_pass_done(s->store, s->account->id, err));
}

/* Every mailbox was heard: clean up and write it down. */
static int complete(struct pass *p, struct err *err)
{
	struct session *s = p->s;
	int r = 0;

	board_stage(s->board, STAGE_STORING, NULL);
	note_bootstrap(p);
	if (p->noted.code == ERR_OK && p->outdated)
		r = session_stored(s, store_metadata_done(s->store, s->account->id, err));
	if (r >= 0 && p->noted.code == ERR_OK)
		r = pull_clean(s, err);
	if (r < 0)
		return r;
	if (p->noted.code == ERR_GONE)
		p->noted = (struct err){ 0 }; /* removed between list and visit: nothing to tell */
	session_result(s, &p->noted);
	if (p->noted.code == ERR_OK)
		board_synced(s->board, clock_unix());
	board_error(s->board, &p->noted);
	return 0;
}

static void note(const struct session *s, const char *event, const struct err *err, int r)
{
	log_event(r < 0 ? LOG_WARN : LOG_INFO, event,
		"s:s, s:s, s:s, s:s, s:I, s:I, s:I", "account", s->account->name, "sync_id", s->id,
		"result", r < 0 ? err_name(err->code) : "ok", "words", r < 0 ? err->text : "",
		"added", (long long)s->added, "changed", (long long)s->changed, "removed",
		(long long)s->removed);
}

int pull_pass(struct session *s, unsigned flags, struct err *err)
{
	AUTO(pass_release) struct pass p = { .s = s, .flags = flags };
	int r = listing_refresh(s, err);

	p.outdated = store_metadata_outdated(s->store, s->account->id);
	g_array_set_size(s->touched, 0); /* all are heard; not what a move touches from here on */
	if (r >= 0)
		r = choose(&p, NULL, err);
	if (r >= 0)
		r = walk(&p, err);
	if (r >= 0)
		r = complete(&p, err);
	note(s, "pass-end", err, r);
	return r;
}

int pull_some(struct session *s, const GArray *mailboxes, unsigned flags, struct err *err)
{
	AUTO(pass_release) struct pass p = { .s = s, .flags = flags };
	int r = choose(&p, mailboxes, err);

	if (r >= 0)
		r = walk(&p, err);
	note(s, "look-end", err, r);
	return r;
}
