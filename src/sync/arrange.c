/*
 * The reader's wishes about the tree of mailboxes, in the order in which they
 * were made and before the wishes about messages, which may need them.  A wish
 * is an end state, so that one that was tried before and is true already is a
 * success.
 */
#include <string.h>

#include "base/i18n.h"
#include "base/log.h"
#include "base/mem.h"
#include "sync/priv.h"

/* The mailbox as the store has it now; NULL = not there. */
static struct mailbox *known_box(struct session *s, const struct tree_wish *w)
{
	struct mailbox *box = NULL;
	struct err ignored;

	if (w->path && store_mailbox_find(s->store, s->account->id, w->path, &box, &ignored) == 0 &&
		strcmp(box->path, w->path) != 0)
		mailbox_free(&box);
	return box;
}

static int try_wish(struct session *s, const struct tree_wish *w, struct err *err)
{
	AUTO(mailbox_free) struct mailbox *box = NULL;
	struct mailbox_wish wish = { .verb = w->verb, .path = w->path ? w->path : "",
		.name = w->name };
	int r = session_connect(s, err);

	if (r < 0)
		return r;
	if (!s->provider->ops->arrange)
		return err_set(err, ERR_UNSUPPORTED,
			_("Account %s cannot change its mailboxes."), s->account->name);
	if (w->verb == MAILBOX_DELETE)
		box = known_box(s, w);
	wish.cursor = box ? box->cursor : NULL;
	return session_heard(s, s->provider->ops->arrange(s->provider, &wish, err));
}

/* One wish; its failure is the wish's, unless it concerns the whole account. */
static int arrange_one(struct session *s, const struct tree_wish *w, struct err *err)
{
	struct err why = { 0 };
	bool wide;

	board_stage(s->board, STAGE_STORING, w->name ? w->name : w->path);
	if (try_wish(s, w, &why) >= 0)
		why = (struct err){ 0 };
	wide = retry_is_wide(&why) || why.code == ERR_PROTOCOL;
	if (why.code == ERR_RETRY && why.after_s == 0)
		why.after_s = PUSH_LATER_S;
	log_event(why.code ? LOG_WARN : LOG_INFO, "arrange", "s:s, s:s, s:s, s:I, s:s, s:s",
		"account", s->account->name, "sync_id", s->id, "verb",
		mailbox_verb_name(w->verb), "wish", (long long)w->id, "result",
		err_name(why.code), "words", why.text);
	if (session_stored(s, store_tree_settle(s->store, w->id, &why, err)) < 0)
		return err->code;
	if (!wide)
		return why.code == ERR_OK;
	*err = why;
	return why.code;
}

int64_t arrange_due_in(struct session *s)
{
	return s->account->two_way ? store_tree_due_in(s->store, s->account->id) : -1;
}

int arrange_due(struct session *s, struct err *err)
{
	int done = 0;

	for (int i = 0; s->account->two_way && i < ARRANGE_MAX; i++) {
		AUTO(tree_wish_free) struct tree_wish *w = NULL;
		int r = store_tree_due(s->store, s->account->id, &w, err);

		if (r < 0)
			return r;
		if (!w)
			break;
		r = arrange_one(s, w, err);
		if (r < 0)
			return r;
		done += r;
	}
	return done;
}
