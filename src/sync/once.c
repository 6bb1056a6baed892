/*
 * The blocking forms, for the command line: in the caller's thread, with a
 * store handle and a connection of their own.  Account 0 means all of them, one
 * after the other; the first error is the answer, but the others have their
 * turn all the same, unless the caller stopped us or the disk failed.
 */
#include "base/clock.h"
#include "base/i18n.h"
#include "base/log.h"
#include "base/mem.h"
#include "sync/priv.h"

struct errand {
	int (*run)(struct session *s, struct errand *j, struct err *err);
	unsigned flags;          /* pass: changes_flags */
	message_id message;      /* body ... */
	bool whole;              /* ... with its attachments */
	int64_t left;            /* drain: rows that did not leave; bodies: that came */
	struct err why;          /* drain: why they did not */
};

/* --- running an errand -------------------------------------------------------- */

static int run_one(struct sync *sync, struct lane *l, struct errand *j, struct cancel *cancel,
	struct err *err)
{
	AUTO(session_close) struct session s;
	int r;

	session_init(&s, sync, l->account, cancel);
	s.board = &l->board; /* who waits may look */
	r = session_open(&s, STORE_CLI, err);
	if (r >= 0 && store_was_unclean(s.store))
		r = store_recover(s.store, err);
	return r < 0 ? r : j->run(&s, j, err);
}

static int run_chosen(struct sync *sync, account_id a, struct errand *j, struct cancel *cancel,
	struct err *err)
{
	struct err first = { 0 };
	size_t n = 0;

	for (size_t i = 0; i < sync->n; i++) {
		const struct account *account = sync->lanes[i].account;
		struct err one = { 0 };

		if (a.v != 0 && account->id.v != a.v)
			continue;
		n++;
		if (run_one(sync, &sync->lanes[i], j, cancel, &one) >= 0)
			continue;
		if (first.code == ERR_OK)
			first = one;
		if (one.code == ERR_CANCELED || one.code == ERR_STORAGE)
			break;
	}
	if (a.v != 0 && n == 0)
		return err_set(err, ERR_USAGE, _("There is no such account."));
	if (first.code != ERR_OK)
		*err = first;
	return first.code;
}

/* The caller's latch, or one that nobody sets: a provider always has one to watch. */
static int run(struct engine *e, account_id a, struct errand *j, struct cancel *cancel,
	struct err *err)
{
	struct cancel never;
	struct err unread = { 0 };
	int r;

	cancel_init(&never);
	r = run_chosen((struct sync *)e, a, j, cancel ? cancel : &never, err ? err : &unread);
	cancel_release(&never);
	return r;
}

static void unlease(struct session *s)
{
	session_drop(s);
	lease_drop(s);
}

/* --- pass ----------------------------------------------------------------- */

static void note_pass(struct session *s, int64_t began, const struct err *why)
{
	char words[120];

	job_words(s, words, sizeof words);
	job_note(s->store, s->account->id,
		&(struct job){ .name = "incremental", .began = began, .result = why,
			.cadence_s = s->sync->timing.poll / 1000, .words = words });
}

/* What a pass of the command line is: everything that the limits allow, not only the newest. */
static int whole_pass(struct session *s, unsigned flags, struct err *err)
{
	int r;

	r = expand_all(s, err);
	if (r < 0)
		return r;
	s->scan_next = push_due_in(s) != 0;
	r = session_connect(s, err);
	if (r >= 0)
		r = push_due(s, err);
	if (r >= 0)
		r = pull_pass(s, flags, err);
	if (r < 0 || !history_open(s))
		return r;
	r = backfill_all(s, err);
	return r < 0 ? r : pull_clean(s, err);
}

static int pass_leased(struct session *s, struct errand *j, struct err *err)
{
	int64_t began = clock_unix();
	struct cache_caps caps;
	int r = store_queue_recover(s->store, s->account->id, err);

	log_event(LOG_INFO, "pass-start", "s:s, s:s, s:s, s:b", "account", s->account->name,
		"sync_id", s->id, "trigger", s->trigger, "full", (j->flags & CHANGES_FULL) != 0);
	if (r >= 0)
		r = whole_pass(s, j->flags, err);
	if (r < 0 && r != ERR_CANCELED)
		session_result(s, err);
	note_pass(s, began, r < 0 ? err : NULL);
	caps = caps_of(s->sync, 0);
	job_clean_cache(s->store, tuning_of(s), &caps);
	return r;
}

static int run_pass(struct session *s, struct errand *j, struct err *err)
{
	int r = lease_take(s, err);

	if (r < 0)
		return r;
	s->keeps = true;
	r = pass_leased(s, j, err);
	lease_drop(s); /* what follows may take long, and changes nothing that others know */
	if (r >= 0 && warm_affords(s->sync))
		r = offline_all(s, err);
	session_drop(s);
	return r;
}

int once_pass(struct engine *e, account_id a, bool full, struct cancel *cancel, struct err *err)
{
	struct errand j = { .run = run_pass, .flags = full ? CHANGES_FULL : 0 };
	int r = run(e, a, &j, cancel, err);

	return r < 0 ? r : 0;
}

/* --- drain ---------------------------------------------------------------- */

/* Wishes about the tree that still want to leave. */
static int waiting_wishes(struct session *s, int64_t *n, struct err *err)
{
	g_autoptr(GPtrArray) all = NULL;
	int r = store_tree_rows(s->store, s->account->id, &all, err);

	for (guint i = 0; r >= 0 && i < all->len; i++) {
		const struct tree_wish *w = g_ptr_array_index(all, i);

		*n += mutation_is_waiting(w->status);
	}
	return r;
}

/* Rows that still want to leave: neither settled nor waiting for the reader's decision. */
static int waiting_rows(struct session *s, int64_t *n, struct err *err)
{
	int64_t stuck;
	int r = store_queue_counts(s->store, s->account->id, n, &stuck, err);

	return r < 0 ? r : waiting_wishes(s, n, err);
}

static int push_leased(struct session *s, struct err *err)
{
	int r = lease_take(s, err);

	if (r < 0)
		return r;
	r = store_queue_recover(s->store, s->account->id, err);
	if (r >= 0)
		r = push_due(s, err);
	unlease(s);
	return r;
}

static int run_drain(struct session *s, struct errand *j, struct err *err)
{
	struct err why = { 0 };
	int64_t left = 0;
	int r = expand_all(s, err);

	if (r >= 0)
		r = waiting_rows(s, &left, err);
	if (r < 0 || left == 0)
		return r;
	push_leased(s, &why);
	r = waiting_rows(s, &left, err);
	if (r < 0)
		return r;
	j->left += left;
	if (left > 0 && j->why.code == ERR_OK)
		j->why = why;
	if (why.code == ERR_STORAGE || why.code == ERR_CANCELED)
		return err_set(err, why.code, "%s", why.text);
	return 0;
}

/*
 * Pushes what is due; returns how many rows still wait (0 = all left).  Rows
 * that wait safely are no failure: the number is returned and *err tells why
 * they wait (offline, another tern at work, ...; code 0: not due yet).
 */
int once_drain(struct engine *e, account_id a, struct cancel *cancel, struct err *err)
{
	struct errand j = { .run = run_drain };
	int r = run(e, a, &j, cancel, err);

	if (r < 0)
		return r;
	if (err)
		*err = j.why;
	return (int)MIN(j.left, INT_MAX);
}

/* --- body and check ------------------------------------------------------- */

static int run_body(struct session *s, struct errand *j, struct err *err)
{
	const struct cache_notice opened = { .kind = CACHE_OPENED, .message = j->message };
	bool here = store_body_cached(s->store, j->message);

	/* what the ledger learns of it is worth no failure */
	store_cache_notice(s->store, &opened, 1, NULL);
	store_cache_opened(s->store, j->message, here, NULL);
	return body_fetch(s, j->message, j->whole, err);
}

int once_body(struct engine *e, account_id a, message_id m, struct cancel *cancel,
	struct err *err)
{
	struct errand j = { .run = run_body, .message = m };

	return run(e, a, &j, cancel, err);
}

int once_whole(struct engine *e, account_id a, message_id m, struct cancel *cancel,
	struct err *err)
{
	struct errand j = { .run = run_body, .message = m, .whole = true };

	return run(e, a, &j, cancel, err);
}

static int run_bodies(struct session *s, struct errand *j, struct err *err)
{
	int64_t n = 0;
	int r = bulk_fetch(s, &n, err);

	j->left += n;
	return r;
}

/* The number of bodies that came, if all did that can be had. */
int once_bodies(struct engine *e, account_id a, struct cancel *cancel, struct err *err)
{
	struct errand j = { .run = run_bodies };
	int r = run(e, a, &j, cancel, err);

	return r < 0 ? r : (int)MIN(j.left, INT_MAX);
}

static int listed(struct sink *sink, const struct mailbox *m, struct err *err)
{
	(void)sink;
	(void)m;
	(void)err;
	return 0;
}

static void silent(struct sink *sink, enum engine_stage stage, int64_t done, int64_t of)
{
	(void)sink;
	(void)stage;
	(void)done;
	(void)of;
}

static int run_check(struct session *s, struct errand *j, struct err *err)
{
	struct sink sink = { .mailbox = listed, .progress = silent };
	int r = session_connect(s, err);

	(void)j;
	return r < 0 ? r : s->provider->ops->mailboxes(s->provider, &sink, err);
}

int once_check(struct engine *e, account_id a, struct cancel *cancel, struct err *err)
{
	struct errand j = { .run = run_check };
	int r = run(e, a, &j, cancel, err);

	return r < 0 ? r : 0;
}
