/*
 * A pass: what is new at the server comes into the store.
 *
 * The list of mailboxes first; then the newest slice of every mailbox, INBOX
 * first, so that all of them are usable within seconds; then the rest of their
 * history in turns, INBOX first in every round.  Between two slices the
 * reader's own due changes leave.
 *
 * A mailbox that cannot be read (it vanished, its answer is nonsense, it is
 * beyond a limit) is logged and left for the next pass; the others go on.  What
 * concerns the whole account ends the pass.  Only a pass that heard every
 * mailbox that can be heard may clean up messages that are in none of them.
 */
#include "base/clock.h"
#include "base/i18n.h"
#include "base/log.h"
#include "base/mem.h"
#include "sync/priv.h"

struct place {
	mailbox_id id;
	bool open;               /* not up to date yet */
	int calls;
};

struct pass {
	struct session *s;
	unsigned flags;
	GArray *places;          /* of struct place, INBOX first */
	size_t n_open;
	unsigned broken;         /* mailboxes that broke the connection */
	struct err noted;        /* the first error of a single mailbox */
};

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

	p->places = g_array_new(FALSE, TRUE, sizeof(struct place));
	if (r < 0)
		return r;
	for (guint i = 0; i < all->len; i++) {
		const struct mailbox *m = g_ptr_array_index(all, i);
		struct place at = { .id = m->id, .open = true };

		if ((m->attrs & MAILBOX_NOSELECT) || !chosen(only, m->id))
			continue;
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
	if (retry_is_wide(why) || p->broken >= BROKEN_MAX)
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

static void note_visit(const struct session *s, const struct place *at, int r)
{
	log_event(LOG_DEBUG, "mailbox", "s:s, s:s, s:I, s:i, s:b, s:I, s:I, s:I", "account",
		s->account->name, "sync_id", s->id, "mailbox", (long long)at->id.v, "turn",
		at->calls, "more", r > 0, "added", (long long)s->added, "changed",
		(long long)s->changed, "removed", (long long)s->removed);
}

/* One call for one mailbox; 1 = it has more, 0 = up to date or given up for this pass. */
static int visit(struct pass *p, struct place *at, struct err *err)
{
	AUTO(mailbox_free) struct mailbox *m = NULL;
	unsigned flags = at->calls < FULL_CALLS_MAX ? p->flags : p->flags & ~(unsigned)CHANGES_FULL;
	int r = store_mailbox(p->s->store, at->id, &m, err);

	if (r == ERR_GONE)
		return 0; /* it went while we were at another */
	if (r < 0)
		return r;
	r = gather_mailbox(p->s, m, flags, turn_end(p, at), err);
	at->calls++;
	note_visit(p->s, at, r);
	if (r < 0)
		r = isolate(p, m, err);
	return r;
}

/* The reader's own changes go first: the doorbell paused the provider for them. */
static int let_out(struct session *s, struct err *err)
{
	int r = cancel_is_set(s->cancel) ? err_set(err, ERR_CANCELED, _("Stopped.")) : 0;

	if (r < 0)
		return r;
	if (s->wake)
		cancel_clear(s->wake);
	r = push_due(s, err);
	return r < 0 ? r : 0;
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
			r = let_out(p->s, err);
			if (r < 0)
				return r;
		}
	}
	return 0;
}

/* Every mailbox was heard: clean up and write it down. */
static int complete(struct pass *p, struct err *err)
{
	struct session *s = p->s;
	int r = 0;

	board_stage(s->board, STAGE_STORING, NULL);
	if (p->noted.code == ERR_OK)
		r = store_pass_done(s->store, s->account->id, err);
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

	if (r >= 0)
		r = choose(&p, NULL, err);
	if (r >= 0)
		r = walk(&p, err);
	if (r >= 0)
		r = complete(&p, err);
	if (r >= 0)
		g_array_set_size(s->touched, 0);
	note(s, "pass-end", err, r);
	return r;
}

int pull_some(struct session *s, const GArray *mailboxes, struct err *err)
{
	AUTO(pass_release) struct pass p = { .s = s };
	int r = choose(&p, mailboxes, err);

	if (r >= 0)
		r = walk(&p, err);
	note(s, "look-end", err, r);
	return r;
}
