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
};

static void listing_release(struct listing *l)
{
	batch_free(&l->batch);
	g_clear_pointer(&l->paths, g_hash_table_unref);
}

static int on_mailbox(struct sink *sink, const struct mailbox *m, struct err *err)
{
	struct listing *l = (struct listing *)sink;

	if (g_hash_table_size(l->paths) >= MAILBOXES_MAX)
		return err_set(err, ERR_LIMIT, _("Account %s has more than %d mailboxes."),
			l->s->account->name, MAILBOXES_MAX);
	if (g_hash_table_add(l->paths, g_strdup(m->path)))
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
	board_stage(s->board, STAGE_DISCOVERING, NULL);
	r = session_heard(s, s->provider->ops->mailboxes(s->provider, &l->sink, err));
	return r < 0 ? r : 0;
}

/* Adds to lost the stored mailboxes that the list does not have. */
static int missing(struct listing *l, GPtrArray *lost, struct err *err)
{
	g_autoptr(GPtrArray) stored = NULL;
	int r = store_mailboxes(l->s->store, l->s->account->id, &stored, err);

	if (r < 0)
		return r;
	for (guint i = stored->len; i > 0; i--) {
		const struct mailbox *m = g_ptr_array_index(stored, i - 1);

		if (!g_hash_table_contains(l->paths, m->path))
			g_ptr_array_add(lost, g_ptr_array_steal_index(stored, i - 1));
	}
	return 0;
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
	g_autoptr(GPtrArray) lost = g_ptr_array_new_with_free_func(mailbox_drop);
	int r;

	log_event(LOG_WARN, "second-witness", "s:s, s:s, s:s, s:i", "account",
		l->s->account->name, "sync_id", l->s->id, "about", "mailboxes", "missing",
		(int)lost_first->len);
	session_drop(l->s);
	r = list(l, err);
	if (r == 0)
		r = missing(l, lost, err);
	if (r < 0)
		return r;
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
	g_autoptr(GPtrArray) lost = g_ptr_array_new_with_free_func(mailbox_drop);
	int r = list(&l, err);

	if (r == 0)
		r = missing(&l, lost, err);
	if (r == 0 && (lost->len > 0 || g_hash_table_size(l.paths) == 0))
		r = ask_again(&l, lost, err);
	if (r < 0)
		return r;
	batch_replace_mailboxes(l.batch);
	return batch_apply(s->store, l.batch, NULL, err);
}
