/*
 * The list of mailboxes, with a second witness for losses.
 *
 * A server that is being restored, a share that is not mounted, a proxy that
 * answers for nobody: all of them list fewer mailboxes than there are, without
 * an error.  So a list that would drop a mailbox is asked for once more on a
 * new connection, and only what both lists miss is dropped.  An empty list
 * never drops anything.
 */
#include "base/i18n.h"
#include "base/log.h"
#include "base/mem.h"
#include "sync/priv.h"

struct listing {
	struct sink sink;        /* first: what the provider sees */
	struct session *s;
	struct batch *batch;
	GHashTable *paths;       /* listed this time */
	GHashTable *stored;      /* struct mailbox *, by path: what the store has */
	bool news;               /* the list says something that the store does not know */
};

static void listing_release(struct listing *l)
{
	batch_free(&l->batch);
	g_clear_pointer(&l->paths, g_hash_table_unref);
	g_clear_pointer(&l->stored, g_hash_table_unref);
}

static bool is_news(const struct listing *l, const struct mailbox *m)
{
	const struct mailbox *old = g_hash_table_lookup(l->stored, m->path);

	return !old || old->delimiter != m->delimiter || old->role != m->role ||
	       old->attrs != m->attrs || g_strcmp0(old->name, m->name) != 0 ||
	       g_strcmp0(old->object_id, m->object_id) != 0;
}

static int on_mailbox(struct sink *sink, const struct mailbox *m, struct err *err)
{
	struct listing *l = (struct listing *)sink;

	if (g_hash_table_size(l->paths) >= MAILBOXES_MAX)
		return err_set(err, ERR_LIMIT, _("Account %s has more than %d mailboxes."),
			l->s->account->name, MAILBOXES_MAX);
	if (!g_hash_table_add(l->paths, g_strdup(m->path)))
		return 0;
	l->news = l->news || is_news(l, m);
	batch_mailbox(l->batch, m);
	return 0;
}

static void on_progress(struct sink *sink, enum engine_stage stage, int64_t done, int64_t of)
{
	board_progress(((struct listing *)sink)->s->board, stage, done, of);
}

static int list(struct listing *l, struct err *err)
{
	struct session *s = l->s;
	int r = session_connect(s, err);

	batch_free(&l->batch);
	g_clear_pointer(&l->paths, g_hash_table_unref);
	l->batch = batch_new(s->account->id, (mailbox_id){ 0 });
	l->paths = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	if (r < 0)
		return r;
	s->provider->scan_bare = s->provider->scan_bare && history_none(s);
	board_stage(s->board, STAGE_DISCOVERING, NULL);
	log_event(LOG_INFO, "listing", "s:s, s:s", "account", s->account->name, "sync_id", s->id);
	r = session_heard(s, s->provider->ops->mailboxes(s->provider, &l->sink, err));
	return r < 0 ? r : 0;
}

/* What the store has, by path. */
static int recall(struct listing *l, struct err *err)
{
	g_autoptr(GPtrArray) all = NULL;
	int r = store_mailboxes(l->s->store, l->s->account->id, &all, err);

	l->stored = g_hash_table_new_full(g_str_hash, g_str_equal, NULL, mailbox_drop);
	for (guint i = 0; r >= 0 && i < all->len; i++) {
		struct mailbox *m = g_ptr_array_index(all, i);

		all->pdata[i] = NULL; /* the table has it now */
		g_hash_table_insert(l->stored, m->path, m);
	}
	return MIN(r, 0);
}

/* Adds to lost the stored mailboxes that the list does not have; they stay the table's. */
static void missing(struct listing *l, GPtrArray *lost)
{
	GHashTableIter i;
	void *path, *m;

	g_hash_table_iter_init(&i, l->stored);
	while (g_hash_table_iter_next(&i, &path, &m))
		if (!g_hash_table_contains(l->paths, path))
			g_ptr_array_add(lost, m);
}

static bool among(const GPtrArray *mailboxes, const char *path)
{
	for (guint i = 0; i < mailboxes->len; i++) {
		const struct mailbox *m = g_ptr_array_index(mailboxes, i);

		if (g_str_equal(m->path, path))
			return true;
	}
	return false;
}

/* Asks again on a new connection; what only one of the two lists misses stays. */
static int ask_again(struct listing *l, const GPtrArray *lost_first, struct err *err)
{
	g_autoptr(GPtrArray) lost = g_ptr_array_new();
	int r;

	log_event(LOG_WARN, "second-witness", "s:s, s:s, s:s, s:i", "account",
		l->s->account->name, "sync_id", l->s->id, "about", "mailboxes", "missing",
		(int)lost_first->len);
	session_drop(l->s);
	r = list(l, err);
	if (r < 0)
		return r;
	missing(l, lost);
	if (g_hash_table_size(l->paths) == 0)
		return err_set(err, ERR_RETRY,
			_("The server lists no mailboxes for account %s; nothing was removed."),
			l->s->account->name);
	for (guint i = 0; i < lost->len; i++) {
		const struct mailbox *m = g_ptr_array_index(lost, i);

		if (!among(lost_first, m->path))
			batch_mailbox(l->batch, m);
	}
	return 0;
}

int listing_refresh(struct session *s, struct err *err)
{
	AUTO(listing_release) struct listing l = {
		.sink = { .mailbox = on_mailbox, .progress = on_progress },
		.s = s,
	};
	g_autoptr(GPtrArray) lost = g_ptr_array_new();
	int r = recall(&l, err);

	if (r == 0)
		r = list(&l, err);
	if (r == 0)
		missing(&l, lost);
	if (r == 0 && (lost->len > 0 || g_hash_table_size(l.paths) == 0))
		r = ask_again(&l, lost, err);
	if (r < 0 || (!l.news && lost->len == 0))
		return r;
	batch_replace_mailboxes(l.batch);
	return session_stored(s, batch_apply(s->store, l.batch, NULL, err));
}

int listing_follow(struct session *s, struct err *err)
{
	g_autoptr(GPtrArray) all = NULL;
	int r = listing_refresh(s, err);

	if (r >= 0)
		r = store_mailboxes(s->store, s->account->id, &all, err);
	for (guint i = 0; r >= 0 && i < all->len; i++) {
		const struct mailbox *m = g_ptr_array_index(all, i);

		if (m->state < MAILBOX_INCREMENTAL && !(m->attrs & MAILBOX_NOSELECT))
			session_touch(s, m->id);
	}
	return MIN(r, 0);
}
