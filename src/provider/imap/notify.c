#include "provider/imap/notify.h"

#include <string.h>

#include "base/log.h"
#include "base/mem.h"
#include "provider/imap/status.h"

bool notify_wanted(const struct imap *i)
{
	return i->plan.notify && !i->notify_on && !imap_distrusted(i);
}

/* The selected mailbox as IDLE would tell it: with SELECTED-DELAYED no number shifts in the middle
 * of a command that names numbers (RFC 5465, section 6.2). */
int notify_send(struct imap *i, uint32_t *tag, struct err *err)
{
	AUTO(command_release) struct command c = { 0 };

	command_init(&c, i,
		"NOTIFY SET (SELECTED-DELAYED (MessageNew MessageExpunge FlagChange)) "
		"(PERSONAL (MessageNew MessageExpunge FlagChange MailboxName SubscriptionChange))");
	return imap_send(i, &c, 0, tag, err);
}

void notify_answered(struct imap *i, const struct answer *a)
{
	i->notify_on = a->status == ANSWER_OK;
	if (i->notify_on)
		return;
	i->plan.notify = false;
	log_event(LOG_INFO, "imap-notify-refused", "s:s, s:s", "account", i->base.account->name,
		"text", a->text);
}

void notify_lost(struct imap *i)
{
	i->notify_on = i->plan.notify = false;
	i->tree = true;
	log_event(LOG_INFO, "imap-notify-overflow", "s:s", "account", i->base.account->name);
}

/* Do the numbers say no more than what changes() has seen? */
static bool is_old(const struct imap *i, const char *path, const struct box_status *now)
{
	const struct seen *seen = imap_seen(i, path);

	return seen && now->modseq && now->uidnext == seen->uidnext &&
	       now->messages == seen->exists && now->modseq == seen->modseq;
}

static void stir(struct imap *i, const struct response *r)
{
	struct box_status now;
	struct slice name, id;
	g_autofree char *path =
		status_read(r, &name, &now, &id) ? imap_path(i, name) : NULL;

	if (!path || is_old(i, path, &now) || (i->sel.path && strcmp(i->sel.path, path) == 0))
		return;
	if (!i->stirred)
		i->stirred = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	if (g_hash_table_size(i->stirred) < IMAP_STIRRED_MAX)
		g_hash_table_add(i->stirred, g_steal_pointer(&path));
	else
		i->tree = true;
}

void notify_heard(struct imap *i, const struct response *r)
{
	if (!i->notify_on)
		return;
	if (slice_is(r->word, "STATUS"))
		stir(i, r);
	else
		i->tree = true;
}

void notify_forget(struct imap *i, const char *path)
{
	if (i->stirred)
		g_hash_table_remove(i->stirred, path);
}

void notify_collect(struct imap *i, struct watch *w)
{
	GHashTableIter it;
	gpointer path;

	w->tree |= i->tree;
	i->tree = false;
	if (!i->stirred)
		return;
	g_hash_table_iter_init(&it, i->stirred);
	while (g_hash_table_iter_next(&it, &path, NULL)) {
		if (w->stirred)
			g_ptr_array_add(w->stirred, g_strdup(path));
		g_hash_table_iter_remove(&it);
	}
}
